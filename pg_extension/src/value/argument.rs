//! Arguments of a call as literals of the engine.

use std::fmt::Write;

use pgrx::PgSqlErrorCode::ERRCODE_PROGRAM_LIMIT_EXCEEDED;
use pgrx::pg_sys::{self, Datum, FunctionCallInfo, Oid};
use synth_engine::generator::Scalar;

use crate::boundary::string;
use crate::column::{date_from_postgres, timestamp_from_postgres};
use crate::error::raise;

/// The longest argument, in bytes as it is stored.
const MOST_BYTES: usize = 4 << 20;

/// A parameter of a generator among the arguments of an SQL function.
pub struct Slot {
    /// Position of the argument.
    pub at: usize,
    /// Name of the parameter.
    pub name: &'static str,
    /// Type of the argument.
    pub type_oid: Oid,
}

impl Slot {
    /// Reads the arguments of a call; NULL is nothing.
    ///
    /// # Safety
    /// The slots are arguments of the function called, of the types they say.
    pub unsafe fn literals(
        slots: &[Self],
        fcinfo: FunctionCallInfo,
    ) -> Vec<(&'static str, Option<String>)> {
        slots
            .iter()
            .map(|slot| {
                // SAFETY: by the caller's promise.
                let value = unsafe { super::argument(fcinfo, slot.at) };
                (slot.name, value.map(|value| unsafe { slot.literal(value) }))
            })
            .collect()
    }

    /// The literal of a value.
    ///
    /// # Safety
    /// `value` is of the slot's type.
    unsafe fn literal(&self, value: Datum) -> String {
        let mut out = String::new();
        let scalar = match self.type_oid {
            pg_sys::BOOLOID => Scalar::Boolean(value.value() != 0),
            pg_sys::INT4OID => Scalar::Integer(value.value() as i32),
            pg_sys::INT8OID => Scalar::BigInt(value.value() as i64),
            pg_sys::FLOAT8OID => {
                let _ = write!(out, "{}", f64::from_bits(value.value() as u64));
                return out;
            }
            pg_sys::DATEOID => Scalar::Date(date_from_postgres(value.value() as i32)),
            pg_sys::TIMESTAMPTZOID => {
                Scalar::TimestampTz(timestamp_from_postgres(value.value() as i64))
            }
            // SAFETY: what remains are texts and documents, which are varlena; their size is
            // looked at before they are read, and their own output function writes them.
            _ => unsafe {
                if pg_sys::toast_raw_datum_size(value) > MOST_BYTES {
                    raise(
                        ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                        format!("{} is too long", self.name),
                        Some("Pass at most 1 MiB.".to_owned()),
                    );
                }
                let (mut output, mut varlena) = (Oid::INVALID, false);
                pg_sys::getTypeOutputInfo(self.type_oid, &raw mut output, &raw mut varlena);
                let text = pg_sys::OidOutputFunctionCall(output, value);
                let copy = string(text);
                pg_sys::pfree(text.cast());
                return copy;
            },
        };
        // A String accepts every write.
        let _ = scalar.write(&mut out);
        out
    }
}
