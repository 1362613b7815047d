//! What is looked for, and how much of it chance would show.
//!
//! A masked column may hold values that were originals of others, because the mask draws from what
//! people have: first names, digits, round numbers. How often is measured: the mask is applied to
//! the rows that are there under secrets that are nobody's. Values that it gives then are *producible*:
//! finding one says nothing. Under yet other such secrets, the share of results that are originals
//! and not known as producible is what chance shows in spite of that.

use std::collections::HashSet;

use arrow_array::{Array, ArrayRef};
use pgrx::PgMemoryContexts;
use pgrx::pg_sys::{self, Datum};
use synth_engine::mask::{self, Rule};
use synth_engine::proof::{ValueHash, ValueSet};
use synth_engine::schema::ColumnType;
use synth_engine::secret::Secret;

use super::elsewhere::begin_quiet_scan;
use super::fingerprint::Stored;
use super::kind::Kind;
use crate::boundary::check_for_interrupts;
use crate::column;
use crate::rule::Column;

/// Rows that masks are tried on.
const ROWS: usize = 4096;
/// Text that masks are tried on, in bytes.
const BYTES: usize = 16 << 20;
/// About so many results of a mask are looked at.
const RESULTS: usize = 1 << 16;

/// The originals of a column.
pub struct Sought {
    /// Name of the column.
    pub name: String,
    /// Position among the attributes, from 0.
    pub index: usize,
    /// How its values are hashed.
    pub kind: Kind,
    /// What is looked for.
    pub originals: ValueSet,
    /// Values that the mask gives whatever the original.
    pub producible: HashSet<u64>,
    /// The chance that a value of any origin seems to be an original.
    pub false_positives: f64,
    /// The chance that a masked value seems to survive.
    pub chance: f64,
    /// What that chance is at most, as it is measured on some rows only.
    pub bound: f64,
    /// Whether the mask could be tried, so that chance is known.
    pub measured: bool,
    /// Distinct values that came out of the mask as they went in.
    pub kept: u64,
    /// The share of values that any secret would keep so.
    pub kept_chance: f64,
}

/// What is looked for in a table: the columns of its fingerprint that are still there.
///
/// # Safety
/// `relation` is open.
pub unsafe fn sought(relation: pg_sys::Relation, stored: Stored, hash: &ValueHash) -> Vec<Sought> {
    let mut memory = PgMemoryContexts::new("pg_synth verification sample");
    // SAFETY: by the caller's promise; rows live in `memory` until all columns are done.
    unsafe {
        let attributes = (*(*relation).rd_att)
            .attrs
            .as_slice((*(*relation).rd_att).natts as usize);
        let rows = memory.switch_to(|_| sample(relation));
        let mut out = Vec::new();
        for known in stored.columns {
            let attribute = attributes.iter().find(|a| {
                !a.attisdropped && crate::boundary::string(a.attname.data.as_ptr()) == known.name
            });
            let Some(attribute) = attribute else {
                continue;
            };
            let index = usize::from(attribute.attnum.unsigned_abs()) - 1;
            let false_positives = known.originals.false_positives();
            let mut sought = Sought {
                name: known.name,
                index,
                kind: Kind::of(attribute.atttypid),
                originals: known.originals,
                producible: HashSet::new(),
                false_positives,
                chance: false_positives,
                bound: false_positives,
                measured: true,
                kept: known.kept,
                kept_chance: 0.0,
            };
            let column = Column::from_attribute((*relation).rd_id, attribute);
            if let (Ok(rule), Ok(column)) = (known.rule.parse::<Rule>(), column) {
                let cells = rows.iter().map(|row| row[index]);
                memory.switch_to(|_| measure(&mut sought, &rule, &column, cells, hash));
            }
            out.push(sought);
        }
        out
    }
}

/// The first rows of a table.
///
/// # Safety
/// `relation` is open; the rows live in the current memory context.
unsafe fn sample(relation: pg_sys::Relation) -> Vec<Vec<Option<Datum>>> {
    let mut rows = Vec::new();
    // SAFETY: what is made here is freed here; tuples are copied.
    unsafe {
        let desc = (*relation).rd_att;
        let columns = (*desc).natts as usize;
        let (mut values, mut nulls) = (vec![Datum::null(); columns], vec![true; columns]);
        let snapshot = pg_sys::RegisterSnapshot(pg_sys::GetLatestSnapshot());
        let scan = begin_quiet_scan(relation, snapshot);
        let slot = pg_sys::table_slot_create(relation, std::ptr::null_mut());
        let forward = pg_sys::ScanDirection::ForwardScanDirection;
        while rows.len() < ROWS && pg_sys::table_scan_getnextslot(scan, forward, slot) {
            let tuple = pg_sys::ExecCopySlotHeapTuple(slot);
            pg_sys::heap_deform_tuple(tuple, desc, values.as_mut_ptr(), nulls.as_mut_ptr());
            let row = values.iter().zip(&nulls);
            rows.push(row.map(|(value, null)| (!null).then_some(*value)).collect());
        }
        pg_sys::ExecDropSingleTupleTableSlot(slot);
        pg_sys::table_endscan(scan);
        pg_sys::UnregisterSnapshot(snapshot);
    }
    rows
}

/// Finds out what a mask gives whatever the original.
///
/// # Safety
/// The cells are of the column's type.
unsafe fn measure(
    sought: &mut Sought,
    rule: &Rule,
    column: &Column,
    cells: impl Iterator<Item = Option<Datum>>,
    hash: &ValueHash,
) {
    // What depends on other columns, and types that the engine holds as text only, are not measured.
    let by_value = column.target.column_type.is_none_or(|column_type| {
        !matches!(
            column_type,
            ColumnType::Json | ColumnType::Numeric | ColumnType::Inet | ColumnType::Enum
        )
    });
    let reads_others = |mask: Box<dyn mask::Mask>| !mask.companions().is_empty();
    let secret = Secret::new([0x5A; 32]);
    if matches!(rule, Rule::When { .. } | Rule::Function { .. })
        || column.target.array
        || !by_value
        || mask::build(rule, &column.target, &secret).is_ok_and(reads_others)
    {
        sought.measured = false;
        return;
    }
    let Rule::Mask { .. } = rule else {
        if let Rule::Value(literal) = rule {
            // SAFETY: read as the column's type.
            if let Some(value) = unsafe { column.input(literal) } {
                // SAFETY: as above.
                sought
                    .producible
                    .insert(unsafe { sought.kind.hash(hash, value) });
            }
        }
        sought.kept_chance = 1.0;
        return;
    };
    // Each value once: the mask gives one result for it, however many rows have it.
    let mut known = HashSet::new();
    let mut bytes = 0;
    let cells: Vec<Option<Datum>> = cells
        .filter(Option::is_some)
        .take_while(|cell| {
            if let (Some(value), true) = (cell, sought.kind.is_varlena()) {
                // SAFETY: a varlena by its kind.
                bytes += unsafe { pg_sys::toast_raw_datum_size(*value) };
            }
            bytes <= BYTES
        })
        .filter(|cell| {
            // SAFETY: by the caller's promise.
            cell.is_none_or(|value| known.insert(unsafe { sought.kind.hash(hash, value) }))
        })
        .collect();
    let Some(column_type) = column.target.column_type.filter(|_| !cells.is_empty()) else {
        return;
    };
    // SAFETY: by the caller's promise.
    let values: ArrayRef =
        unsafe { column::array(column_type, column.is_bpchar, cells.into_iter()) };
    let own = hashes(&values, column, sought.kind, hash);
    let injective = mask::properties(rule)
        .ok()
        .flatten()
        .is_some_and(|properties| properties.injective);
    let tries = (RESULTS / own.len()).clamp(16, 1024);
    let (mut results, mut originals, mut kept) = (0_u64, 0_u64, 0_u64);
    let mut is_known = false;
    for number in 0..tries {
        check_for_interrupts();
        let Some(masked) = masked(rule, column, &values, number) else {
            sought.measured = false;
            return;
        };
        for (result, input) in hashes(&masked, column, sought.kind, hash)
            .into_iter()
            .zip(&own)
        {
            kept += u64::from(result == *input);
            // Three quarters show what the mask gives, the others how well that is known.
            if number % 4 != 3 {
                is_known |= sought.originals.contains(result);
                sought.producible.insert(result);
            }
        }
    }
    for number in (3..tries).step_by(4) {
        let Some(masked) = masked(rule, column, &values, number) else {
            return;
        };
        for result in hashes(&masked, column, sought.kind, hash) {
            results += 1;
            let surprising =
                sought.originals.contains(result) && !sought.producible.contains(&result);
            originals += u64::from(surprising);
        }
    }
    let (results, originals) = (results as f64, originals as f64);
    sought.kept_chance = kept as f64 / (own.len() * tries) as f64;
    let false_positives = sought.chance;
    let measured = originals / results;
    // The share itself is a count: four standard deviations. None seen in n may still be 3 in n (the
    // rule of three), unless the mask gives no originals at all.
    let unseen = if originals == 0.0 && is_known && !injective {
        3.0 / results
    } else {
        4.0 * originals.sqrt() / results
    };
    sought.chance = measured.max(false_positives);
    sought.bound = sought.chance + unseen;
}

/// The mask's results under a secret that is nobody's, always the same.
fn masked(rule: &Rule, column: &Column, values: &ArrayRef, number: usize) -> Option<ArrayRef> {
    let seed = Secret::new([0x5A; 32]).key("pg_synth proof");
    let secret = Secret::new(seed.digest(&number.to_le_bytes()));
    let mask = mask::build(rule, &column.target, &secret).ok()?;
    mask.apply(values, &[]).ok()
}

fn hashes(values: &ArrayRef, column: &Column, kind: Kind, hash: &ValueHash) -> Vec<u64> {
    let values = match column.padded_to {
        Some(width) => column::pad(values, width),
        None => values.clone(),
    };
    let mut scratch = Vec::new();
    let mut datums = vec![Datum::null(); values.len()];
    column::datums(&values, &mut scratch, datums.iter_mut());
    datums
        .into_iter()
        // SAFETY: Datums of the column's type, made from the array.
        .map(|datum| unsafe { kind.hash(hash, datum) })
        .collect()
}
