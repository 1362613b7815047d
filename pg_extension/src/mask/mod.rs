//! Masking inside Postgres.
//!
//! | file | subject |
//! |---|---|
//! | `value` | `synth_mask` on one value |
//! | `plan` | the rules that hold for a table, resolved over its inheritance tree, and what they would break |
//! | `rewrite` | `synth_mask_table`: one pass into a new heap |
//! | `batch` | rows taken apart and masked, some at a time |
//! | `codec` | values of a column as arrays and back |
//! | `other` | other columns that a rule reads: companions and conditions |
//! | `function` | trusted functions of the user's |
//! | `shuffle` | the values of a column dealt out to other rows |
//! | `writer` | masked rows into a new heap |
//! | `dependents` | what else holds copies: statistics and materialized views |
//! | `owner` | running as the table's owner |
//! | `catalog` | catalog queries under a safe search path |

mod batch;
mod catalog;
mod codec;
mod dependents;
pub mod function;
pub mod other;
pub mod owner;
mod plan;
mod rewrite;
mod shuffle;
mod value;
mod writer;
