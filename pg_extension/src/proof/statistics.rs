//! What ANALYZE remembers: `pg_statistic`, dead rows too, and extended statistics.

use std::collections::{BTreeMap, HashMap};
use std::ffi::CString;
use std::panic::AssertUnwindSafe;

use pgrx::pg_sys::{self, Datum, Oid};
use pgrx::{IntoDatum, PgMemoryContexts, PgTryBuilder};
use synth_engine::proof::{Class, ValueHash};

use super::chance::Sought;
use super::fingerprint::is_external;
use super::kind::Kind;
use super::pages;
use super::report::{Line, Tally};
use crate::boundary::relation_name;
use crate::mask::owner::AsOwner;
use crate::own;
use crate::query::query;

/// Where `stavalues1` to `stavalues5` stand (catalog/pg_statistic.h), from 0.
const VALUES: std::ops::Range<usize> = 26..31;

/// What was found, and what was looked for.
type Found<'a> = (Tally, Vec<&'a Sought>);

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

fn of_class<'a>(all: &[&'a Sought], class: Class) -> Vec<&'a Sought> {
    all.iter()
        .copied()
        .filter(|sought| sought.kind.class == class)
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
                        for (kind, element) in elements(values[index]) {
                            let (tally, sought) =
                                tallies.entry((relid, attnum)).or_insert_with(|| {
                                    (Tally::default(), subject.sought(attnum, kind.class))
                                });
                            tally.see(kind.hash(hash, element), sought);
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

/// The elements of an array of any type; none if it is dead and its chunks are gone.
///
/// # Safety
/// The value is an array.
unsafe fn elements(array: Datum) -> Vec<(Kind, Datum)> {
    // SAFETY: an array by the caller's promise; a missing chunk raises an error that is caught.
    unsafe {
        let fetch = AssertUnwindSafe(|| pg_sys::pg_detoast_datum(array.cast_mut_ptr()));
        let array = if is_external(array) {
            PgTryBuilder::new(fetch)
                .catch_others(|_| std::ptr::null_mut())
                .execute()
        } else {
            pg_sys::pg_detoast_datum(array.cast_mut_ptr())
        };
        if array.is_null() {
            return Vec::new();
        }
        let array = array.cast::<pg_sys::ArrayType>();
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
        let kind = Kind::of(element);
        (0..count as usize)
            .filter(|index| !*nulls.add(*index))
            .map(|index| (kind, *values.add(index)))
            .collect()
    }
}

/// Reads extended statistics of a table: most common combinations, and values of expressions.
pub fn extended(subject: &Subject<'_>, hash: &ValueHash) -> Vec<Line> {
    let parameter = [(pg_sys::OIDOID, subject.relid.into_datum())];
    let (combinations, expressions) = {
        let _owner = AsOwner::of(own::relid(c"fingerprint"));
        (
            query(
                "SELECT e.stxname::text,
                        ARRAY(SELECT a.attnum FROM pg_catalog.pg_attribute a
                              WHERE a.attrelid = e.stxrelid AND a.attnum = ANY (e.stxkeys)
                              ORDER BY a.attnum),
                        m.values
                 FROM pg_catalog.pg_statistic_ext e
                 JOIN pg_catalog.pg_statistic_ext_data d ON d.stxoid = e.oid,
                 LATERAL pg_catalog.pg_mcv_list_items(d.stxdmcv) m
                 WHERE e.stxrelid = $1 AND d.stxdmcv IS NOT NULL",
                &parameter,
                |row| {
                    let name: Option<String> = row.get(1)?;
                    let columns: Option<Vec<i16>> = row.get(2)?;
                    let values: Option<Vec<Option<String>>> = row.get(3)?;
                    Ok(name.zip(columns).zip(values))
                },
            ),
            query(
                "SELECT e.stxname::text, v.value
                 FROM pg_catalog.pg_statistic_ext e
                 JOIN pg_catalog.pg_statistic_ext_data d ON d.stxoid = e.oid,
                 LATERAL pg_catalog.unnest(d.stxdexpr) s,
                 LATERAL (SELECT pg_catalog.unnest(s.stavalues1::text::text[])
                          UNION ALL SELECT pg_catalog.unnest(s.stavalues2::text::text[])
                          UNION ALL SELECT pg_catalog.unnest(s.stavalues3::text::text[])
                          UNION ALL SELECT pg_catalog.unnest(s.stavalues4::text::text[])
                          UNION ALL SELECT pg_catalog.unnest(s.stavalues5::text::text[])) v (value)
                 WHERE e.stxrelid = $1 AND v.value IS NOT NULL",
                &parameter,
                |row| Ok(row.get::<String>(1)?.zip(row.get::<String>(2)?)),
            ),
        )
    };
    let mut tallies: BTreeMap<(String, Option<i16>), Found<'_>> = BTreeMap::new();
    let text = of_class(&subject.all, Class::Text);
    for ((name, columns), values) in combinations {
        for (position, value) in values.into_iter().enumerate() {
            let Some(value) = value else { continue };
            let attnum = columns.get(position).copied();
            let sought = match attnum.map(|attnum| subject.columns.get(&attnum)) {
                // A column that is not masked.
                Some(None) => continue,
                Some(Some(sought)) => vec![*sought],
                None => text.clone(),
            };
            let Some(found) = parsed(subject.relid, attnum, &value, hash) else {
                continue;
            };
            let (tally, sought) = tallies
                .entry((name.clone(), attnum))
                .or_insert((Tally::default(), sought));
            tally.see(found, sought);
        }
    }
    for (name, value) in expressions {
        let (tally, sought) = tallies
            .entry((name, None))
            .or_insert_with(|| (Tally::default(), text.clone()));
        tally.see(hash.value(Class::Text, value.as_bytes()), sought);
    }
    tallies
        .into_iter()
        .map(|((name, attnum), (tally, sought))| {
            // SAFETY: catalog look-up; NULL for a column that is gone.
            let column = attnum.map(|attnum| unsafe {
                crate::boundary::string(pg_sys::get_attname(subject.relid, attnum, true))
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

/// The hash of a value given as text: an expression's as text, a column's as its base type reads it.
fn parsed(relid: Oid, attnum: Option<i16>, value: &str, hash: &ValueHash) -> Option<u64> {
    let Some(attnum) = attnum else {
        return Some(hash.value(Class::Text, value.as_bytes()));
    };
    let text = CString::new(value).ok()?;
    // SAFETY: the input function of a base type is code of whoever made the type; the text is what
    // its output function gave. Modifiers and domains were checked when it was stored.
    unsafe {
        let type_oid = pg_sys::getBaseType(pg_sys::get_atttype(relid, attnum));
        let (mut function, mut param) = (pg_sys::InvalidOid, pg_sys::InvalidOid);
        pg_sys::getTypeInputInfo(type_oid, &raw mut function, &raw mut param);
        let text = text.as_ptr().cast_mut();
        let datum = pg_sys::OidInputFunctionCall(function, text, param, -1);
        Some(Kind::of(type_oid).hash(hash, datum))
    }
}
