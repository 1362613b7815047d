//! Masking inside Postgres.
//!
//! | file | subject |
//! |---|---|
//! | `value` | `synth_mask` on one value |
//! | `plan` | the rules that hold for a table, resolved over its inheritance tree, and what they would break |
//! | `rewrite` | `synth_mask_table`: one pass into a new heap |
//! | `online` | `synth_mask_table_online`: in batches that commit, while the table is used |
//! | `batch` | rows taken apart and masked, some at a time |
//! | `writer` | masked rows into a new heap |
//! | `dependents` | what else holds copies: statistics and materialized views |
//! | `owner` | running as the table's owner |
//! | `catalog` | catalog queries under a safe search path |

mod batch;
mod catalog;
mod dependents;
mod online;
pub mod owner;
mod plan;
mod rewrite;
mod value;
mod writer;
