//! Queries of our own: fixed text or quoted identifiers, parameters, and a search path that user
//! objects cannot enter.

use std::ffi::CString;

use pgrx::pg_sys::{self, Datum, Oid};
use pgrx::spi::{Result, Spi, SpiHeapTupleData};

use crate::error::defect;

/// Settings under which a closure runs; they are back afterwards, also after an error.
pub fn with_settings<T>(
    settings: &[(&std::ffi::CStr, &std::ffi::CStr)],
    run: impl FnOnce() -> T,
) -> T {
    // SAFETY: the nest level is closed below; an error closes it with the transaction.
    let level = unsafe {
        let level = pg_sys::NewGUCNestLevel();
        for (name, value) in settings {
            pg_sys::set_config_option(
                name.as_ptr(),
                value.as_ptr(),
                pg_sys::GucContext::PGC_USERSET,
                pg_sys::GucSource::PGC_S_SESSION,
                pg_sys::GucAction::GUC_ACTION_SAVE,
                true,
                0,
                false,
            );
        }
        level
    };
    let result = run();
    // SAFETY: opened above.
    unsafe { pg_sys::AtEOXact_GUC(false, level) };
    result
}

/// Runs a closure under a search path that holds nothing of a user's.
pub fn with_safe_path<T>(run: impl FnOnce() -> T) -> T {
    with_settings(&[(c"search_path", c"pg_catalog, pg_temp")], run)
}

/// A parameter of a query: its type and value; none is NULL.
pub type Parameter = (Oid, Option<Datum>);

/// Runs a query under the safe search path and reads each row. What it sees is the state now,
/// whatever the transaction's snapshot: locks may have been waited for since that was taken.
pub fn query<T>(
    sql: &str,
    parameters: &[Parameter],
    read: impl FnMut(&SpiHeapTupleData) -> Result<Option<T>>,
) -> Vec<T> {
    with_safe_path(|| rows(sql, parameters, true, read).1)
}

/// Rows fetched at a time.
const FETCHED: i64 = 10_000;

/// Runs a query without parameters like [`query`], but holds a part of its rows only.
pub fn scan(sql: &str, mut read: impl FnMut(&SpiHeapTupleData) -> Result<()>) {
    let text = CString::new(sql).unwrap_or_default();
    let run = || {
        Spi::connect(|_| {
            // SAFETY: SPI is connected; the text is NUL-terminated and has no parameters; the
            // snapshot, the cursor and each part of its rows end here, or with the transaction
            // where an error is raised.
            unsafe {
                pg_sys::CommandCounterIncrement();
                pg_sys::PushActiveSnapshot(pg_sys::GetLatestSnapshot());
                let portal = pg_sys::SPI_cursor_open_with_args(
                    std::ptr::null(),
                    text.as_ptr(),
                    0,
                    std::ptr::null_mut(),
                    std::ptr::null_mut(),
                    std::ptr::null(),
                    true,
                    0,
                );
                loop {
                    crate::boundary::check_for_interrupts();
                    pg_sys::SPI_cursor_fetch(portal, true, FETCHED);
                    let table = pg_sys::SPI_tuptable;
                    if pg_sys::SPI_processed == 0 || table.is_null() {
                        break;
                    }
                    for index in 0..(*table).numvals as usize {
                        let tuple = *(*table).vals.add(index);
                        if let Some(row) = SpiHeapTupleData::new((*table).tupdesc, tuple)? {
                            read(&row)?;
                        }
                    }
                    pg_sys::SPI_freetuptable(table);
                }
                pg_sys::SPI_cursor_close(portal);
                pg_sys::PopActiveSnapshot();
            }
            Ok::<_, pgrx::spi::Error>(())
        })
    };
    with_safe_path(run).unwrap_or_else(|error| defect(format!("could not run a query: {error}")));
}

/// Runs a statement that may write, under the search path that is set; gives the number of rows it
/// touched.
pub fn execute(sql: &str, parameters: &[Parameter]) -> u64 {
    rows(sql, parameters, false, |_| Ok(None::<()>)).0
}

/// The same, and reads the rows that the statement returns.
pub fn write<T>(
    sql: &str,
    parameters: &[Parameter],
    read: impl FnMut(&SpiHeapTupleData) -> Result<Option<T>>,
) -> Vec<T> {
    rows(sql, parameters, false, read).1
}

fn rows<T>(
    sql: &str,
    parameters: &[Parameter],
    read_only: bool,
    mut read: impl FnMut(&SpiHeapTupleData) -> Result<Option<T>>,
) -> (u64, Vec<T>) {
    let text = CString::new(sql).unwrap_or_default();
    let mut types: Vec<Oid> = parameters.iter().map(|parameter| parameter.0).collect();
    let mut values: Vec<Datum> = parameters
        .iter()
        .map(|parameter| parameter.1.unwrap_or_else(Datum::null))
        .collect();
    let nulls: Vec<std::ffi::c_char> = parameters
        .iter()
        .map(|parameter| {
            if parameter.1.is_none() {
                b'n' as _
            } else {
                b' ' as _
            }
        })
        .collect();
    let result = Spi::connect(|_| {
        let mut out = Vec::new();
        // SAFETY: SPI is connected; the text is NUL-terminated and has as many parameters as there
        // are; a read-only query runs under the snapshot that is pushed and popped here.
        let processed = unsafe {
            if read_only {
                pg_sys::CommandCounterIncrement();
                pg_sys::PushActiveSnapshot(pg_sys::GetLatestSnapshot());
            }
            let status = pg_sys::SPI_execute_with_args(
                text.as_ptr(),
                types.len() as i32,
                types.as_mut_ptr(),
                values.as_mut_ptr(),
                nulls.as_ptr(),
                read_only,
                0,
            );
            if read_only {
                pg_sys::PopActiveSnapshot();
            }
            Spi::check_status(status)?;
            let processed = pg_sys::SPI_processed;
            if !pg_sys::SPI_tuptable.is_null() {
                let table = &*pg_sys::SPI_tuptable;
                for index in 0..table.numvals as usize {
                    let row = SpiHeapTupleData::new(table.tupdesc, *table.vals.add(index))?;
                    if let Some(row) = row {
                        out.extend(read(&row)?);
                    }
                }
            }
            processed
        };
        Ok::<_, pgrx::spi::Error>((processed, out))
    });
    result.unwrap_or_else(|error| defect(format!("could not run a query: {error}")))
}
