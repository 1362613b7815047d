//! What ANALYZE remembers: `pg_statistic`, dead rows too, and extended statistics.

use std::collections::{BTreeMap, HashMap};
use std::panic::AssertUnwindSafe;

use pgrx::pg_sys::{self, Datum, Oid};
use pgrx::{IntoDatum, PgMemoryContexts, PgTryBuilder};
use synth_engine::proof::{Class, ValueHash};

use super::chance::Sought;
use super::kind::Form;
use super::pages;
use super::report::{Line, Tally};
use super::totals::is_external;
use crate::boundary::relation_name;
use crate::query::query;

/// Where `stavalues1` to `stavalues5` stand (catalog/pg_statistic.h), from 0.
const VALUES: std::ops::Range<usize> = 26..31;

/// What is looked for in the statistics of a relation: its own columns by number, and in anything
/// computed from them.
pub struct Subject<'a> {
    /// The relation.
    pub relid: Oid,
    /// By attribute number.
    pub columns: HashMap<i16, &'a Sought>,
    /// All of the table.
    pub all: Vec<&'a Sought>,
}

impl<'a> Subject<'a> {
    fn sought(&self, attnum: i16, class: Class) -> Vec<&'a Sought> {
        match self.columns.get(&attnum) {
            Some(sought) => vec![sought],
            None => of_class(&self.all, class),
        }
    }
}

impl Subject<'_> {
    /// What to look at in values of a column: documents as their rule does.
    fn form(&self, attnum: i16, form: Form) -> Form {
        let own = self.columns.get(&attnum).map(|sought| &sought.form);
        match own {
            Some(leaves @ Form::Leaves { .. }) if leaves.whole() == form.whole() => leaves.clone(),
            _ => form,
        }
    }
}

fn of_class<'a>(all: &[&'a Sought], class: Class) -> Vec<&'a Sought> {
    all.iter()
        .copied()
        .filter(|sought| sought.form.class() == class)
        .collect()
}

/// Reads every tuple version of `pg_statistic` that is about these relations.
pub fn columns(subjects: &[Subject<'_>], hash: &ValueHash) -> Vec<Line> {
    let by_relation: HashMap<u32, &Subject<'_>> = subjects
        .iter()
        .map(|subject| (subject.relid.to_u32(), subject))
        .collect();
    let mut tallies: BTreeMap<(u32, i16), (Tally, Vec<&Sought>)> = BTreeMap::new();
    let mut memory = PgMemoryContexts::new("pg_synth verification statistics");
    // SAFETY: tuples lie within their page's copy; arrays are those of the catalog.
    unsafe {
        let lock = pg_sys::AccessShareLock as i32;
        let relation = pg_sys::table_open(pg_sys::StatisticRelationId, lock);
        let desc = (*relation).rd_att;
        let columns = (*desc).natts as usize;
        let (mut values, mut nulls) = (vec![Datum::null(); columns], vec![true; columns]);
        pages::each(relation, |_, page| {
            memory.switch_to(|_| {
                for item in page.items() {
                    let bytes = page.item(item);
                    let header = bytes.as_mut_ptr().cast::<pg_sys::HeapTupleHeaderData>();
                    if bytes.len() < size_of::<pg_sys::HeapTupleHeaderData>()
                        || usize::from((*header).t_hoff) > bytes.len()
                    {
                        continue;
                    }
                    let mut tuple = pg_sys::HeapTupleData {
                        t_len: bytes.len() as u32,
                        t_data: header,
                        ..Default::default()
                    };
                    let (cells, flags) = (values.as_mut_ptr(), nulls.as_mut_ptr());
                    pg_sys::heap_deform_tuple(&raw mut tuple, desc, cells, flags);
                    let (relid, attnum) = (values[0].value() as u32, values[1].value() as i16);
                    let Some(subject) = by_relation.get(&relid) else {
                        continue;
                    };
                    for index in VALUES {
                        if nulls[index] {
                            continue;
                        }
                        let Some((form, elements)) = elements(values[index]) else {
                            continue;
                        };
                        let form = subject.form(attnum, form);
                        let (tally, sought) = tallies.entry((relid, attnum)).or_insert_with(|| {
                            (Tally::default(), subject.sought(attnum, form.class()))
                        });
                        for element in elements {
                            form.each(hash, element, |part| tally.see(part, sought));
                        }
                    }
                }
            });
            memory.reset();
        });
        pg_sys::table_close(relation, lock);
    }
    tallies
        .into_iter()
        .filter(|(_, (_, sought))| !sought.is_empty())
        .map(|((relid, attnum), (tally, sought))| {
            let relid = Oid::from(relid);
            // SAFETY: catalog look-up; NULL for a column that is gone.
            let column =
                unsafe { crate::boundary::string(pg_sys::get_attname(relid, attnum, true)) };
            Line::of(
                "statistics",
                &relation_name(relid),
                Some(&column),
                &tally,
                &sought,
            )
        })
        .collect()
}

/// What a value is, fetched; `None` if it is dead and its chunks are gone.
///
/// # Safety
/// The value is a varlena.
unsafe fn fetched(value: Datum) -> Option<*mut pg_sys::varlena> {
    // SAFETY: by the caller's promise; a missing chunk raises an error that is caught.
    unsafe {
        let fetch = AssertUnwindSafe(|| pg_sys::pg_detoast_datum(value.cast_mut_ptr()));
        let found = if is_external(value) {
            PgTryBuilder::new(fetch)
                .catch_others(|_| std::ptr::null_mut())
                .execute()
        } else {
            pg_sys::pg_detoast_datum(value.cast_mut_ptr())
        };
        (!found.is_null()).then_some(found)
    }
}

/// The elements of an array of any type that are not NULL.
///
/// # Safety
/// The value is an array.
unsafe fn elements(array: Datum) -> Option<(Form, Vec<Datum>)> {
    // SAFETY: an array by the caller's promise.
    unsafe {
        let array = fetched(array)?.cast::<pg_sys::ArrayType>();
        let element = (*array).elemtype;
        let (mut length, mut by_value, mut align) = (0, false, 0);
        pg_sys::get_typlenbyvalalign(element, &raw mut length, &raw mut by_value, &raw mut align);
        let (mut values, mut nulls, mut count) = (std::ptr::null_mut(), std::ptr::null_mut(), 0);
        pg_sys::deconstruct_array(
            array,
            element,
            i32::from(length),
            by_value,
            align,
            &raw mut values,
            &raw mut nulls,
            &raw mut count,
        );
        let cells = (0..count as usize)
            .filter(|index| !*nulls.add(*index))
            .map(|index| *values.add(index));
        Some((Form::of(element), cells.collect()))
    }
}

/// Statistics objects of tables: the table's number among the subjects, its name, and its columns;
/// expressions come after them.
struct Object {
    subject: usize,
    name: String,
    columns: Vec<i16>,
}

/// `pg_statistic_ext_data` (catalog/pg_statistic_ext_data.h).
pub const EXTENDED: Oid = Oid::from_u32(3429);

/// What was found, what was looked for, and the subject.
type Found<'a> = (Tally, Vec<&'a Sought>, usize);

/// Where `stxdmcv` and `stxdexpr` stand (catalog/pg_statistic_ext_data.h), from 0.
const COMBINATIONS: usize = 4;
const EXPRESSIONS: usize = 5;

#[pgrx::pg_guard]
unsafe extern "C-unwind" {
    /// statistics/extended_stats_internal.h
    fn statext_mcv_deserialize(data: *mut pg_sys::varlena) -> *mut pg_sys::MCVList;
}

/// Reads every tuple version of `pg_statistic_ext_data` that is about these tables: most common
/// combinations, and statistics of expressions.
pub fn extended(subjects: &[Subject<'_>], hash: &ValueHash) -> Vec<Line> {
    let objects = objects(subjects);
    let mut tallies: BTreeMap<(String, Option<i16>), Found<'_>> = BTreeMap::new();
    let mut memory = PgMemoryContexts::new("pg_synth verification statistics");
    // SAFETY: tuples lie within their page's copy; values are those of the catalog's columns.
    unsafe {
        let lock = pg_sys::AccessShareLock as i32;
        let plain = pg_sys::table_open(pg_sys::StatisticRelationId, lock);
        let relation = pg_sys::table_open(EXTENDED, lock);
        let desc = (*relation).rd_att;
        let columns = (*desc).natts as usize;
        let (mut values, mut nulls) = (vec![Datum::null(); columns], vec![true; columns]);
        pages::each(relation, |_, page| {
            memory.switch_to(|_| {
                for item in page.items() {
                    let bytes = page.item(item);
                    let header = bytes.as_mut_ptr().cast::<pg_sys::HeapTupleHeaderData>();
                    if bytes.len() < size_of::<pg_sys::HeapTupleHeaderData>()
                        || usize::from((*header).t_hoff) > bytes.len()
                    {
                        continue;
                    }
                    let mut tuple = pg_sys::HeapTupleData {
                        t_len: bytes.len() as u32,
                        t_data: header,
                        ..Default::default()
                    };
                    let (cells, flags) = (values.as_mut_ptr(), nulls.as_mut_ptr());
                    pg_sys::heap_deform_tuple(&raw mut tuple, desc, cells, flags);
                    let Some(object) = objects.get(&(values[0].value() as u32)) else {
                        continue;
                    };
                    let subject = &subjects[object.subject];
                    let mut see = |attnum: Option<i16>, form: Form, value: Datum| {
                        let sought = || match attnum {
                            Some(attnum) => subject
                                .columns
                                .get(&attnum)
                                .map_or_else(Vec::new, |s| vec![*s]),
                            None => of_class(&subject.all, form.class()),
                        };
                        let (tally, sought, _) = tallies
                            .entry((object.name.clone(), attnum))
                            .or_insert_with(|| (Tally::default(), sought(), object.subject));
                        form.each(hash, value, |part| tally.see(part, sought));
                    };
                    if !nulls[COMBINATIONS]
                        && let Some(stored) = fetched(values[COMBINATIONS])
                    {
                        each_of_combinations(stored, |dimension, form, value| {
                            match object.columns.get(dimension) {
                                // A column that is not masked.
                                Some(attnum) if !subject.columns.contains_key(attnum) => {}
                                Some(attnum) => {
                                    see(Some(*attnum), subject.form(*attnum, form), value);
                                }
                                None => see(None, form, value),
                            }
                        });
                    }
                    if !nulls[EXPRESSIONS] {
                        each_of_expressions(values[EXPRESSIONS], (*plain).rd_att, |form, value| {
                            see(None, form, value);
                        });
                    }
                }
            });
            memory.reset();
        });
        pg_sys::table_close(relation, lock);
        pg_sys::table_close(plain, lock);
    }
    tallies
        .into_iter()
        .map(|((name, attnum), (tally, sought, subject))| {
            // SAFETY: catalog look-up; NULL for a column that is gone.
            let column = attnum.map(|attnum| unsafe {
                crate::boundary::string(pg_sys::get_attname(subjects[subject].relid, attnum, true))
            });
            Line::of(
                "extended statistics",
                &name,
                column.as_deref(),
                &tally,
                &sought,
            )
        })
        .collect()
}

/// The statistics objects of the subjects.
fn objects(subjects: &[Subject<'_>]) -> HashMap<u32, Object> {
    let relids: Vec<Oid> = subjects.iter().map(|subject| subject.relid).collect();
    query(
        "SELECT e.oid, e.stxrelid, e.stxname::text,
                ARRAY(SELECT a.attnum FROM pg_catalog.pg_attribute a
                      WHERE a.attrelid = e.stxrelid AND a.attnum = ANY (e.stxkeys)
                      ORDER BY a.attnum)
         FROM pg_catalog.pg_statistic_ext e WHERE e.stxrelid = ANY ($1)",
        &[(pg_sys::OIDARRAYOID, relids.into_datum())],
        |row| {
            let (oid, relid) = (row.get::<Oid>(1)?, row.get::<Oid>(2)?);
            let (name, columns) = (row.get::<String>(3)?, row.get::<Vec<i16>>(4)?);
            Ok(oid.zip(relid).zip(name.zip(columns)))
        },
    )
    .into_iter()
    .filter_map(|((oid, relid), (name, columns))| {
        let subject = subjects.iter().position(|subject| subject.relid == relid)?;
        let object = Object {
            subject,
            name,
            columns,
        };
        Some((oid.to_u32(), object))
    })
    .collect()
}

/// Values of most common combinations, each with its dimension.
///
/// # Safety
/// `stored` is a `pg_mcv_list`, fetched.
unsafe fn each_of_combinations(
    stored: *mut pg_sys::varlena,
    mut see: impl FnMut(usize, Form, Datum),
) {
    // SAFETY: by the caller's promise; as many items and dimensions follow as the list says.
    unsafe {
        let list = &*statext_mcv_deserialize(stored);
        let dimensions = list.ndimensions.max(0) as usize;
        let forms: Vec<Form> = (0..dimensions).map(|at| Form::of(list.types[at])).collect();
        for item in list.items.as_slice(list.nitems as usize) {
            for (dimension, form) in forms.iter().enumerate() {
                if !*item.isnull.add(dimension) {
                    see(dimension, form.clone(), *item.values.add(dimension));
                }
            }
        }
    }
}

/// Values of the statistics of expressions: an array of rows of `pg_statistic`.
///
/// # Safety
/// The value is such an array, the descriptor that of the catalog.
unsafe fn each_of_expressions(
    value: Datum,
    desc: pg_sys::TupleDesc,
    mut see: impl FnMut(Form, Datum),
) {
    // SAFETY: by the caller's promise.
    unsafe {
        let Some((_, rows)) = elements(value) else {
            return;
        };
        let columns = (*desc).natts as usize;
        let (mut values, mut nulls) = (vec![Datum::null(); columns], vec![true; columns]);
        for row in rows {
            let header =
                pg_sys::pg_detoast_datum(row.cast_mut_ptr()).cast::<pg_sys::HeapTupleHeaderData>();
            let mut tuple = pg_sys::HeapTupleData {
                t_len: pgrx::varsize_any(header.cast()) as u32,
                t_data: header,
                ..Default::default()
            };
            pg_sys::heap_deform_tuple(
                &raw mut tuple,
                desc,
                values.as_mut_ptr(),
                nulls.as_mut_ptr(),
            );
            for index in VALUES.filter(|index| !nulls[*index]) {
                if let Some((form, cells)) = elements(values[index]) {
                    for cell in cells {
                        see(form.clone(), cell);
                    }
                }
            }
        }
    }
}
