//! Other columns of a row that a rule reads: companions of a mask, and the column of a condition.

use std::cmp::Ordering;
use std::ffi::{CStr, CString};
use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::StringBuilder;
use pgrx::PgSqlErrorCode::*;
use pgrx::pg_sys::{self, Datum, Oid};
use synth_engine::mask::Literal;
use synth_engine::mask::condition::{Comparison, Test};

use crate::boundary::relation_name;
use crate::column;
use crate::error::raise;
use crate::rule::{Refusal, read_as};

/// A column that is read besides the masked one.
pub struct Other {
    /// Position among the table's attributes, from 0.
    pub index: usize,
    name: String,
    type_oid: Oid,
    typmod: i32,
    collation: Oid,
}

impl Other {
    /// Looks a column up by its exact name.
    pub fn find(relid: Oid, name: &str) -> Result<Self, Refusal> {
        let text = CString::new(name).unwrap_or_default();
        // SAFETY: syscache look-ups.
        unsafe {
            let attnum = pg_sys::get_attnum(relid, text.as_ptr());
            if attnum <= 0 {
                return Err(Refusal::new(
                    ERRCODE_UNDEFINED_COLUMN,
                    format!(
                        "the rule reads column \"{name}\", which {} does not have",
                        relation_name(relid)
                    ),
                    "Rules do not follow renames of other columns: set the rule anew with the column's name, in double quotes if it is not in lower case.",
                ));
            }
            let (mut type_oid, mut typmod, mut collation) =
                (pg_sys::InvalidOid, 0, pg_sys::InvalidOid);
            pg_sys::get_atttypetypmodcoll(
                relid,
                attnum,
                &raw mut type_oid,
                &raw mut typmod,
                &raw mut collation,
            );
            let generated = pg_sys::get_attgenerated(relid, attnum) != 0;
            if generated {
                return Err(Refusal::new(
                    ERRCODE_FEATURE_NOT_SUPPORTED,
                    format!("the rule reads column \"{name}\", which is generated"),
                    "Name a column that it is computed from.",
                ));
            }
            Ok(Self {
                index: usize::from(attnum.unsigned_abs()) - 1,
                name: name.to_owned(),
                type_oid,
                typmod,
                collation,
            })
        }
    }

    /// What reads its values as text.
    ///
    /// # Safety
    /// What is prepared lives in the current memory context.
    pub unsafe fn reader(&self) -> Reader {
        // SAFETY: the type exists while the column does.
        unsafe {
            let base = pg_sys::getBaseType(self.type_oid);
            let text = matches!(
                base,
                pg_sys::TEXTOID | pg_sys::VARCHAROID | pg_sys::BPCHAROID
            );
            let output = if text {
                std::ptr::null_mut()
            } else {
                output_function(base)
            };
            Reader {
                index: self.index,
                output,
                trim: base == pg_sys::BPCHAROID,
            }
        }
    }

    /// A value of the column's type from its text form.
    ///
    /// # Safety
    /// The value lives in the current memory context.
    pub unsafe fn value(&self, text: Option<&str>) -> Option<Datum> {
        let text = CString::new(text?).unwrap_or_default();
        // SAFETY: the type exists while the column does.
        unsafe {
            let base = pg_sys::getBaseType(self.type_oid);
            Some(read_as(base, -1, &text))
        }
    }

    /// What tests its values.
    ///
    /// # Safety
    /// What is prepared lives in the current memory context.
    pub unsafe fn tester(&self, test: &Test) -> Tester {
        let comparison = match test {
            Test::IsNull => None,
            Test::IsNotNull => {
                return Tester {
                    index: self.index,
                    null: false,
                    comparison: None,
                };
            }
            // SAFETY: by the caller's promise.
            Test::Compare(comparison, literal) => {
                Some(unsafe { self.compared(*comparison, literal) })
            }
        };
        Tester {
            index: self.index,
            null: comparison.is_none(),
            comparison,
        }
    }

    /// # Safety
    /// What is prepared lives in the current memory context.
    unsafe fn compared(&self, comparison: Comparison, literal: &Literal) -> Compared {
        let text = literal.as_input().and_then(|text| CString::new(text).ok());
        let Some(text) = text else {
            raise(
                ERRCODE_INVALID_PARAMETER_VALUE,
                "a literal must not hold a NUL character".to_owned(),
                Some("Leave the character out.".to_owned()),
            );
        };
        // SAFETY: the type exists while the column does; the cache entry is permanent.
        unsafe {
            let base = pg_sys::getBaseType(self.type_oid);
            let entry = pg_sys::lookup_type_cache(base, pg_sys::TYPECACHE_CMP_PROC as i32);
            if (*entry).cmp_proc == pg_sys::InvalidOid {
                raise(
                    ERRCODE_DATATYPE_MISMATCH,
                    format!(
                        "column \"{}\" cannot be compared: its type has no order",
                        self.name
                    ),
                    Some("Use IS NULL or IS NOT NULL, or another column.".to_owned()),
                );
            }
            // char(n) is compared without its blanks, varchar(n) must not cut the literal.
            let typmod = match base {
                pg_sys::VARCHAROID | pg_sys::BPCHAROID => -1,
                _ => self.typmod,
            };
            Compared {
                comparison,
                literal: read_as(base, typmod, &text),
                function: prepared((*entry).cmp_proc),
                collation: self.collation,
            }
        }
    }
}

/// A function ready to be called, in the current memory context.
///
/// # Safety
/// The function exists.
pub unsafe fn prepared(function: Oid) -> *mut pg_sys::FmgrInfo {
    // SAFETY: by the caller's promise.
    unsafe {
        let info = pg_sys::palloc0(size_of::<pg_sys::FmgrInfo>()).cast::<pg_sys::FmgrInfo>();
        pg_sys::fmgr_info(function, info);
        info
    }
}

/// The output function of a type.
///
/// # Safety
/// The type exists.
pub unsafe fn output_function(type_oid: Oid) -> *mut pg_sys::FmgrInfo {
    let (mut function, mut varlena) = (pg_sys::InvalidOid, false);
    // SAFETY: by the caller's promise.
    unsafe {
        pg_sys::getTypeOutputInfo(type_oid, &raw mut function, &raw mut varlena);
        prepared(function)
    }
}

/// Reads a column as text.
pub struct Reader {
    /// Position among the table's attributes, from 0.
    pub index: usize,
    /// NULL for text, which is read as it is.
    output: *mut pg_sys::FmgrInfo,
    trim: bool,
}

impl Reader {
    /// The text forms of values.
    ///
    /// # Safety
    /// The values are of the column.
    pub unsafe fn read(&self, values: impl Iterator<Item = Option<Datum>>) -> ArrayRef {
        let mut out = StringBuilder::new();
        for value in values {
            // SAFETY: by the caller's promise; the builder copies what is read.
            unsafe {
                match value {
                    None => out.append_null(),
                    Some(datum) if self.output.is_null() => {
                        out.append_value(column::text_of(datum, self.trim));
                    }
                    Some(datum) => {
                        let text = pg_sys::OutputFunctionCall(self.output, datum);
                        out.append_value(CStr::from_ptr(text).to_string_lossy());
                    }
                }
            }
        }
        Arc::new(out.finish())
    }
}

/// Tests a column.
pub struct Tester {
    /// Position among the table's attributes, from 0.
    pub index: usize,
    /// What NULL gives.
    null: bool,
    /// `None`: a value that is not NULL gives the opposite of NULL.
    comparison: Option<Compared>,
}

struct Compared {
    comparison: Comparison,
    literal: Datum,
    function: *mut pg_sys::FmgrInfo,
    collation: Oid,
}

impl Tester {
    /// Whether the rule holds for a row with this value.
    ///
    /// # Safety
    /// The value is of the column.
    pub unsafe fn holds(&self, value: Option<Datum>) -> bool {
        match (value, &self.comparison) {
            (None, _) => self.null,
            (Some(_), None) => !self.null,
            (Some(value), Some(compared)) => {
                // SAFETY: the order's function of the type, prepared by `tester`.
                let order = unsafe {
                    pg_sys::FunctionCall2Coll(
                        compared.function,
                        compared.collation,
                        value,
                        compared.literal,
                    )
                };
                let order: Ordering = (order.value() as i32).cmp(&0);
                compared.comparison.holds(order)
            }
        }
    }
}
