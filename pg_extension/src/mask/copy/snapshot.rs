//! One view of the database for all tables of a copy, and statements that see it: they run with the
//! rights of the caller, and may write to temporary tables only.

use std::ffi::CString;

use pgrx::pg_sys::{self, Datum, Oid};
use pgrx::spi::Spi;

use super::condition::{self, Condition};
use crate::boundary::check_for_interrupts;
use crate::error::defect;
use crate::query::Parameter;

/// Rows fetched at a time.
const FETCH: std::ffi::c_long = 1024;

/// A registered snapshot.
pub struct Snapshot(pub pg_sys::Snapshot);

/// A row of a table: the table that stores it, and where.
#[derive(Clone, Copy)]
pub struct Place {
    pub relid: Oid,
    pub tid: u64,
}

impl Snapshot {
    /// What is committed now; in a transaction of isolation REPEATABLE READ or above, what it sees.
    /// The locks on the tables are taken before.
    pub fn take() -> Self {
        // SAFETY: registered for the current resource owner; Drop or an abort unregisters it.
        unsafe {
            pg_sys::CommandCounterIncrement();
            Self(pg_sys::RegisterSnapshot(pg_sys::GetTransactionSnapshot()))
        }
    }

    /// Runs a statement that may write to temporary tables; gives how many rows it touched. `$1`
    /// stands for the condition, if there is one, and else for the first parameter.
    pub fn execute(
        &self,
        sql: &str,
        parameters: &[Parameter],
        condition: Option<&Condition>,
    ) -> u64 {
        let _reading = ReadOnly::begin();
        // SAFETY: the plan and its parameters live until the call ends.
        connected(|| unsafe {
            let plan = prepare(sql, parameters, condition);
            let mut values = values(parameters);
            let status = pg_sys::SPI_execute_snapshot(
                plan,
                values.as_mut_ptr(),
                std::ptr::null(),
                self.0,
                std::ptr::null_mut(),
                false,
                false,
                0,
            );
            if let Err(error) = Spi::check_status(status) {
                fail(&error);
            }
            pg_sys::SPI_processed
        })
    }

    /// The number that a query gives.
    pub fn number(&self, sql: &str) -> i64 {
        let _reading = ReadOnly::begin();
        // SAFETY: the plan lives until the call ends; the query gives one row of one bigint.
        connected(|| unsafe {
            let plan = prepare(sql, &[], None);
            let none = std::ptr::null_mut();
            let other = std::ptr::null_mut();
            let status = pg_sys::SPI_execute_snapshot(
                plan,
                none,
                std::ptr::null(),
                self.0,
                other,
                true,
                false,
                1,
            );
            if let Err(error) = Spi::check_status(status) {
                fail(&error);
            }
            let table = pg_sys::SPI_tuptable;
            if table.is_null() || (*table).numvals == 0 {
                return 0;
            }
            let mut null = false;
            let tuple = *(*table).vals;
            pg_sys::SPI_getbinval(tuple, (*table).tupdesc, 1, &raw mut null).value() as i64
        })
    }

    /// Runs a query whose first two columns are `tableoid` and `ctid`, and whose third, if there is
    /// one, is a text; gives each row to the closure.
    pub fn rows(
        &self,
        sql: &str,
        condition: Option<&Condition>,
        mut each: impl FnMut(Place, Option<&[u8]>),
    ) {
        // SAFETY: the portal is opened and closed here, under a copy of the snapshot that sees what
        // this transaction has put into temporary tables meanwhile; the columns are of these types
        // by the caller's promise.
        connected(|| unsafe {
            let reading = ReadOnly::begin();
            let plan = prepare(sql, &[], condition);
            pg_sys::CommandCounterIncrement();
            pg_sys::PushCopiedSnapshot(self.0);
            pg_sys::UpdateActiveSnapshotCommandId();
            let none = std::ptr::null_mut();
            let portal =
                pg_sys::SPI_cursor_open(std::ptr::null(), plan, none, std::ptr::null(), true);
            pg_sys::PopActiveSnapshot();
            drop(reading);
            loop {
                check_for_interrupts();
                let reading = ReadOnly::begin();
                pg_sys::SPI_cursor_fetch(portal, true, FETCH);
                drop(reading);
                let table = pg_sys::SPI_tuptable;
                if table.is_null() || (*table).numvals == 0 {
                    break;
                }
                for index in 0..(*table).numvals as usize {
                    let tuple = *(*table).vals.add(index);
                    let cell = |number| {
                        let mut null = false;
                        let desc = (*table).tupdesc;
                        let value = pg_sys::SPI_getbinval(tuple, desc, number, &raw mut null);
                        (!null).then_some(value)
                    };
                    let (Some(relid), Some(tid)) = (cell(1), cell(2)) else {
                        continue;
                    };
                    let place = Place {
                        relid: Oid::from(relid.value() as u32),
                        tid: pgrx::itemptr::item_pointer_to_u64(*tid.cast_mut_ptr()),
                    };
                    let third = ((*(*table).tupdesc).natts > 2).then(|| cell(3)).flatten();
                    match third {
                        None => each(place, None),
                        Some(text) => {
                            let varlena = pg_sys::pg_detoast_datum_packed(text.cast_mut_ptr());
                            let bytes = std::slice::from_raw_parts(
                                pgrx::vardata_any(varlena).cast::<u8>(),
                                pgrx::varsize_any_exhdr(varlena),
                            );
                            each(place, Some(bytes));
                        }
                    }
                }
                pg_sys::SPI_freetuptable(table);
            }
            pg_sys::SPI_cursor_close(portal);
        });
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        // SAFETY: registered in `take`. While an error unwinds, the transaction's end does it.
        if !std::thread::panicking() {
            unsafe { pg_sys::UnregisterSnapshot(self.0) };
        }
    }
}

/// Runs a closure with SPI connected.
fn connected<T>(run: impl FnOnce() -> T) -> T {
    let result = Spi::connect(|_| Ok::<_, pgrx::spi::Error>(run()));
    result.unwrap_or_else(|error| fail(&error))
}

fn fail(error: &pgrx::spi::Error) -> ! {
    defect(format!("could not run a query: {error}"))
}

fn values(parameters: &[Parameter]) -> Vec<Datum> {
    let values = parameters.iter();
    values
        .map(|(_, value)| value.unwrap_or_else(Datum::null))
        .collect()
}

/// # Safety
/// SPI is connected; the condition outlives the plan.
unsafe fn prepare(
    sql: &str,
    parameters: &[Parameter],
    condition: Option<&Condition>,
) -> pg_sys::SPIPlanPtr {
    let text = CString::new(sql).unwrap_or_default();
    let mut types: Vec<Oid> = parameters.iter().map(|(kind, _)| *kind).collect();
    // SAFETY: the text is NUL-terminated; SPI copies it.
    let plan = unsafe {
        match condition {
            Some(wish) => pg_sys::SPI_prepare_params(
                text.as_ptr(),
                Some(condition::setup),
                wish.as_argument(),
                0,
            ),
            None => pg_sys::SPI_prepare(text.as_ptr(), types.len() as i32, types.as_mut_ptr()),
        }
    };
    if plan.is_null() {
        defect("could not plan a query".to_owned());
    }
    plan
}

/// Until dropped, the transaction is read-only: what the caller's conditions and the policies of
/// tables call cannot write, except to temporary tables.
struct ReadOnly(bool);

impl ReadOnly {
    fn begin() -> Self {
        // SAFETY: a variable of the backend; Drop sets it back, and so does an abort.
        unsafe {
            let before = pg_sys::XactReadOnly;
            pg_sys::XactReadOnly = true;
            Self(before)
        }
    }
}

impl Drop for ReadOnly {
    fn drop(&mut self) {
        // SAFETY: as it was.
        unsafe { pg_sys::XactReadOnly = self.0 };
    }
}
