//! Values as the caller sees them: privileges and row-level security apply.
//!
//! Row security may run functions of somebody's, as it does in every SELECT of the caller's. Here
//! they run in a security-restricted operation and a read-only transaction: detection can be
//! called on a schema of strangers, and nothing of theirs writes with the caller's rights.

use std::ffi::CStr;

use pgrx::pg_sys;
use pgrx::spi::quote_identifier;
use synth_engine::detect::Sample;

use super::attempt;
use super::catalog::{Column, Reading, Table};
use crate::boundary::{check_for_interrupts, string};
use crate::defect;
use crate::query::{query, with_settings};

/// Settings under which values are read: dates read alike everywhere, and nobody waits for long.
const SETTINGS: &[(&CStr, &CStr)] = &[
    (c"transaction_read_only", c"on"),
    (c"datestyle", c"ISO, YMD"),
    (c"lock_timeout", c"1s"),
];

/// The most elements of an array that are looked at.
const MOST_ELEMENTS: usize = 64;

/// Until dropped, a security-restricted operation of the same user.
struct Restricted {
    user: pg_sys::Oid,
    context: i32,
}

impl Restricted {
    fn enter() -> Self {
        let (mut user, mut context) = (pg_sys::InvalidOid, 0);
        // SAFETY: reads and sets the backend's user; Drop restores it, and so does an abort.
        unsafe {
            pg_sys::GetUserIdAndSecContext(&raw mut user, &raw mut context);
            pg_sys::SetUserIdAndSecContext(
                user,
                context | pg_sys::SECURITY_RESTRICTED_OPERATION as i32,
            );
        }
        Self { user, context }
    }
}

impl Drop for Restricted {
    fn drop(&mut self) {
        // SAFETY: undoes what `enter` did.
        unsafe { pg_sys::SetUserIdAndSecContext(self.user, self.context) }
    }
}

/// A sample of each column that can be read, and why the table could not be.
pub fn samples(
    table: &Table,
    columns: &[Column],
    rows: i64,
) -> (Vec<Option<Sample>>, Option<String>) {
    let mut samples: Vec<Option<Sample>> = columns.iter().map(|_| None).collect();
    let read: Vec<usize> = (0..columns.len())
        .filter(|&at| columns[at].is_readable && columns[at].reading != Reading::Not)
        .collect();
    if rows == 0 {
        return (samples, None);
    }
    if table.is_elsewhere {
        let why = "a part of the table is a foreign table: judged by names";
        return (samples, Some(why.to_owned()));
    }
    if columns.iter().all(|column| !column.is_readable) {
        let why = "no SELECT privilege: judged by names";
        return (samples, Some(why.to_owned()));
    }
    if read.is_empty() {
        return (samples, None);
    }
    let taken = attempt(false, || {
        let _restricted = Restricted::enter();
        let share = share(table.rows, rows);
        let taken = take(table, columns, &read, rows, share);
        // Pages may be emptier than the planner believes.
        let enough = taken
            .first()
            .is_some_and(|sample| i64::from(sample.sampled()) >= rows / 4);
        if share.is_some() && !enough {
            take(table, columns, &read, rows, None)
        } else {
            taken
        }
    });
    match taken {
        Ok(taken) => {
            for (place, sample) in read.into_iter().zip(taken) {
                samples[place] = Some(sample);
            }
            (samples, None)
        }
        // The message may hold values.
        Err(stopped) => {
            let why = match stopped.code.as_str() {
                "42501" => "no privilege to read it: judged by names".to_owned(),
                "55P03" => "locked by another session: judged by names".to_owned(),
                code => format!("could not be read (SQLSTATE {code}): judged by names"),
            };
            (samples, Some(why))
        }
    }
}

/// Per cent of the pages to read for so many rows; `None`: the first rows do.
fn share(known: f32, wanted: i64) -> Option<f64> {
    let (known, wanted) = (f64::from(known), wanted as f64);
    (known > wanted * 4.0).then(|| (wanted * 150.0 / known).clamp(0.000_1, 100.0))
}

fn take(
    table: &Table,
    columns: &[Column],
    read: &[usize],
    rows: i64,
    share: Option<f64>,
) -> Vec<Sample> {
    let mut taken: Vec<Sample> = read
        .iter()
        .map(|&at| Sample::new(columns[at].kind))
        .collect();
    let elements: Vec<bool> = read
        .iter()
        .map(|&at| columns[at].reading == Reading::Element)
        .collect();
    let list: Vec<String> = read.iter().map(|&at| expression(&columns[at])).collect();
    // SAFETY: catalog look-ups; names are palloc'd.
    let name = unsafe {
        let name = pg_sys::get_rel_name(table.relid);
        let schema = pg_sys::get_namespace_name(pg_sys::get_rel_namespace(table.relid));
        if name.is_null() || schema.is_null() {
            return taken;
        }
        format!(
            "{}.{}",
            quote_identifier(string(schema)),
            quote_identifier(string(name))
        )
    };
    // The same pages every time: the same call gives the same findings.
    let sampling = share.map_or_else(String::new, |share| {
        format!(" TABLESAMPLE system ({share}) REPEATABLE (0)")
    });
    let sql = format!(
        "SELECT {} FROM {name} AS t{sampling} LIMIT {rows}",
        list.join(", ")
    );
    with_settings(SETTINGS, || {
        query(&sql, &[], |row| {
            check_for_interrupts();
            for (place, sample) in taken.iter_mut().enumerate() {
                if elements[place] {
                    let elements: Vec<Option<String>> = row.get(place + 1)?.unwrap_or_default();
                    defect::contained("looking at values", || {
                        if elements.is_empty() {
                            sample.add(None);
                        }
                        for value in &elements {
                            sample.add(value.as_deref());
                        }
                    });
                    continue;
                }
                let value = row.get::<&str>(place + 1)?;
                defect::contained("looking at a value", || sample.add(value));
            }
            Ok(None::<()>)
        })
    });
    taken
}

fn expression(column: &Column) -> String {
    let name = format!("t.{}", quote_identifier(&column.name));
    match column.reading {
        Reading::Whole => {
            format!("CASE WHEN pg_column_size({name}) <= 200000 THEN {name}::text END")
        }
        Reading::Element => format!(
            "CASE WHEN pg_column_size({name}) <= 200000 THEN
                 ARRAY(SELECT left(e::text, 2000) FROM unnest({name}) AS e LIMIT {MOST_ELEMENTS}) END"
        ),
        Reading::Text | Reading::Not => format!("left({name}::text, 2000)"),
    }
}
