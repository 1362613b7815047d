//! Masking inside Postgres.
//!
//! | file | subject |
//! |---|---|
//! | `value` | `synth_mask` on one value |
//! | `rulebook` | which rule holds for which column: over inheritance trees and references to keys |
//! | `references` | `synth_reference`: references that no foreign key declares |
//! | `plan` | what masking some tables will do, and what it would break |
//! | `table` | `synth_mask_table` and `synth_mask_schema` |
//! | `reading` | every row of a table, masked, a batch at a time |
//! | `rewrite` | a table in one pass into a new heap |
//! | `route` | the same for partitions whose rows move |
//! | `triggers` | rows updated by UPDATE, so that triggers fire |
//! | `online` | `synth_mask_table_online`: in batches that commit, while the table is used |
//! | `batch` | rows taken apart and masked, some at a time |
//! | `codec` | values of a column as arrays and back |
//! | `other` | other columns that a rule reads: companions and conditions |
//! | `function` | trusted functions of the user's |
//! | `shuffle` | the values of a column dealt out to other rows |
//! | `random` | random numbers of the operating system's |
//! | `carry` | a referring column masked as its key is, where their types differ |
//! | `writer` | masked rows into a new heap |
//! | `demands` | what a table demands of a row: domains, generated columns, constraints |
//! | `withheld` | errors without their details, which hold rows |
//! | `copy` | `synth_copy_masked`: masked copies of schemas |
//! | `verify` | foreign keys checked again |
//! | `dependents` | what else holds copies: statistics and materialized views |
//! | `unmask` | `synth_unmask` and who may |
//! | `owner` | running as the table's owner |
//! | `catalog` | catalog queries under a safe search path |
//! | `protect` | tables in which no column goes without a decision |
//! | `validate` | `synth_validate_rules`: what would break |
//! | `findings` | what the catalogs know about masked columns |
//! | `report` | `synth_plan_mask`: what masking a table would do |

pub mod batch;
pub mod carry;
pub mod catalog;
pub mod codec;
mod copy;
mod demands;
mod dependents;
mod findings;
pub mod function;
mod online;
pub mod other;
pub mod owner;
pub mod plan;
pub mod protect;
mod random;
mod reading;
mod references;
mod report;
mod rewrite;
mod route;
mod rulebook;
mod shuffle;
mod table;
mod triggers;
mod unmask;
mod validate;
mod value;
mod verify;
mod withheld;
mod writer;
