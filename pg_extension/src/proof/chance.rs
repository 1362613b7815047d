//! What is looked for, and how much of it chance would show.
//!
//! A masked column may hold values that were originals of others, because the mask draws from what
//! people have: first names, digits, round numbers. How often is measured: the mask is applied to
//! the rows that are there under secrets that are nobody's. Values that it gives then are *producible*:
//! finding one says nothing. Under yet other such secrets, the share of results that are originals
//! and not known as producible is what chance shows in spite of that.
//!
//! Masks without a secret (functions, shuffle), and those whose results depend on more than a value,
//! cannot be tried so. There it is known which originals they gave to some row: these were noted
//! while they were written, and finding one of them says nothing.

use std::collections::HashSet;

use arrow_array::ArrayRef;
use pgrx::PgMemoryContexts;
use pgrx::pg_sys::{self, Datum};
use synth_engine::mask::{self, Mask, Rule, SHUFFLE};
use synth_engine::proof::{ValueHash, ValueSet};
use synth_engine::schema::ColumnType;
use synth_engine::secret::Secret;

use super::elsewhere::begin_quiet_scan;
use super::kind::Form;
use super::stored::Stored;
use crate::boundary::check_for_interrupts;
use crate::mask::carry;
use crate::mask::codec::{Codec, Shapes};
use crate::mask::other::Other;
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
    pub form: Form,
    /// What is looked for.
    pub originals: ValueSet,
    /// Values that the mask gives whatever the original.
    pub producible: HashSet<u64>,
    /// Originals that it gave to some row.
    pub given: Option<ValueSet>,
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
    /// What that share is at most, as it is measured on some rows only.
    pub kept_bound: f64,
    /// Rows that kept their value, and how many would by chance, where the mask has no secret.
    pub dealt: Option<(u64, f64)>,
    /// The fingerprint is of an edition that hashed values of this type otherwise.
    pub is_outdated: bool,
}

impl Sought {
    /// Whether a value is what the mask gives by itself.
    #[inline]
    pub fn gives(&self, hash: u64) -> bool {
        self.producible.contains(&hash)
            || self
                .given
                .as_ref()
                .is_some_and(|given| given.contains(hash))
    }
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
        let is_current = stored.is_current();
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
            let rule: Option<Rule> = known.rule.parse().ok();
            let whole = Form::of(attribute.atttypid).whole();
            let form = if is_current {
                Form::ruled(attribute.atttypid, rule.as_ref())
            } else {
                Form::Whole(whole)
            };
            let mut sought = Sought {
                name: known.name,
                index,
                is_outdated: !is_current && whole.is_new(),
                form,
                originals: known.originals,
                producible: HashSet::new(),
                given: known.given,
                false_positives,
                chance: false_positives,
                bound: false_positives,
                measured: true,
                kept: known.kept,
                kept_chance: 0.0,
                kept_bound: 0.0,
                dealt: known.dealt,
            };
            let column = Column::from_attribute((*relation).rd_id, attribute);
            if let (Some(rule), Ok(column)) = (rule, column) {
                memory.switch_to(|_| measure(&mut sought, &rule, &column, &rows, hash));
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
/// The rows are those of the column's table.
unsafe fn measure(
    sought: &mut Sought,
    rule: &Rule,
    column: &Column,
    rows: &[Vec<Option<Datum>>],
    hash: &ValueHash,
) {
    match rule {
        Rule::Mask { name, .. } if name != SHUFFLE && name != "null" => {}
        Rule::Value(literal) => {
            // SAFETY: read as the column's type.
            if let Some(value) = unsafe { column.input(literal) } {
                // SAFETY: as above.
                unsafe {
                    sought.form.each(hash, value, |part| {
                        sought.producible.insert(part);
                    });
                }
            }
            (sought.kept_chance, sought.kept_bound) = (1.0, 1.0);
            return;
        }
        Rule::Mask { .. } => {
            (sought.kept_chance, sought.kept_bound) = (1.0, 1.0);
            return;
        }
        // Nothing can be tried: what they gave was noted, unless by an earlier version.
        _ => {
            sought.measured = sought.given.is_some();
            return;
        }
    }
    // SAFETY: by the caller's promise.
    let trial = unsafe { Trial::new(sought, rule, column, rows, hash) };
    let Some(trial) = trial else {
        sought.measured = false;
        return;
    };
    if trial.own.is_empty() {
        return;
    }
    let injective = mask::properties(rule)
        .ok()
        .flatten()
        .is_some_and(|properties| properties.injective);
    let tries = (RESULTS / trial.own.len()).clamp(16, 1024);
    let (mut results, mut originals, mut kept, mut compared) = (0_u64, 0_u64, 0_u64, 0_u64);
    let mut is_known = false;
    for number in 0..tries {
        check_for_interrupts();
        // SAFETY: as above.
        let Some(masked) = (unsafe { trial.run(sought, number, hash) }) else {
            sought.measured = false;
            return;
        };
        for (at, result) in masked.into_iter().enumerate() {
            kept += u64::from(trial.own.get(at) == Some(&result));
            compared += 1;
            // Three quarters show what the mask gives, the others how well that is known.
            if number % 4 != 3 {
                is_known |= sought.originals.contains(result);
                sought.producible.insert(result);
            }
        }
    }
    for number in (3..tries).step_by(4) {
        // SAFETY: as above.
        let Some(masked) = (unsafe { trial.run(sought, number, hash) }) else {
            return;
        };
        for result in masked {
            results += 1;
            let surprising = sought.originals.contains(result) && !sought.gives(result);
            originals += u64::from(surprising);
        }
    }
    if results == 0 || compared == 0 {
        return;
    }
    // A share itself is a count: four standard deviations. None seen in n may still be 3 in n (the rule
    // of three), unless the mask gives no originals at all.
    let unseen = |seen: f64, of: f64| {
        if seen == 0.0 && is_known && !injective {
            3.0 / of
        } else {
            4.0 * seen.sqrt() / of
        }
    };
    let (kept, compared) = (kept as f64, compared as f64);
    sought.kept_chance = kept / compared;
    sought.kept_bound = sought.kept_chance + unseen(kept, compared);
    let (results, originals) = (results as f64, originals as f64);
    let false_positives = sought.chance;
    sought.chance = (originals / results).max(false_positives);
    sought.bound = sought.chance + unseen(originals, results);
}

/// Values that a mask is tried on.
struct Trial<'a> {
    rule: &'a Rule,
    column: &'a Column,
    codec: Codec,
    values: ArrayRef,
    shapes: Shapes,
    companions: Vec<ArrayRef>,
    /// Hashes of the values.
    own: Vec<u64>,
}

impl<'a> Trial<'a> {
    /// # Safety
    /// The rows are those of the column's table, and live as long as the trial.
    unsafe fn new(
        sought: &Sought,
        rule: &'a Rule,
        column: &'a Column,
        rows: &[Vec<Option<Datum>>],
        hash: &ValueHash,
    ) -> Option<Self> {
        let secret = Secret::new([0x5A; 32]);
        let mask = carry::build(rule, column, &secret).ok()?;
        // SAFETY: readers live in the current memory context, as the rows do.
        let readers = mask
            .companions()
            .iter()
            .map(|name| {
                let other = Other::find(column.relid(), name).ok()?;
                Some(unsafe { other.reader() })
            })
            .collect::<Option<Vec<_>>>()?;
        // Each value once, where the mask gives one result for it, however many rows have it.
        let is_alone = readers.is_empty() && matches!(sought.form, Form::Whole(_));
        let mut known = HashSet::new();
        let mut bytes = 0;
        let mut chosen: Vec<&Vec<Option<Datum>>> = Vec::new();
        let mut cells: Vec<Option<Datum>> = Vec::new();
        let mut own = Vec::new();
        for row in rows {
            let Some(value) = row[sought.index] else {
                continue;
            };
            // SAFETY: a value of the column; a varlena by its form.
            unsafe {
                if sought.form.is_varlena() {
                    bytes += pg_sys::toast_raw_datum_size(value);
                }
                if bytes > BYTES {
                    break;
                }
                if is_alone && !known.insert(sought.form.whole().hash(hash, value)) {
                    continue;
                }
                sought.form.each(hash, value, |part| own.push(part));
            }
            chosen.push(row);
            cells.push(Some(value));
        }
        let column_type = column.target.column_type.unwrap_or(ColumnType::Text);
        // SAFETY: the column's type; values and readers as above.
        unsafe {
            let codec = Codec::new(
                column.base_oid,
                column.base_typmod,
                column_type,
                column.padded_to,
            );
            let (values, shapes) = codec.decode(cells.into_iter());
            let companions = readers
                .iter()
                .map(|reader| reader.read(chosen.iter().map(|row| row[reader.index])))
                .map(|companion| shapes.spread(&companion))
                .collect();
            Some(Self {
                rule,
                column,
                codec,
                values,
                shapes,
                companions,
                own,
            })
        }
    }

    /// Hashes of the mask's results under a secret that is nobody's, always the same.
    ///
    /// # Safety
    /// As for `new`.
    unsafe fn run(&self, sought: &Sought, number: usize, hash: &ValueHash) -> Option<Vec<u64>> {
        let seed = Secret::new([0x5A; 32]).key("pg_synth proof");
        let secret = Secret::new(seed.digest(&number.to_le_bytes()));
        let mask: Box<dyn Mask> = carry::build(self.rule, self.column, &secret).ok()?;
        let masked = mask.apply(&self.values, &self.companions).ok()?;
        let mut memory = PgMemoryContexts::new("pg_synth verification trial");
        let mut out = Vec::with_capacity(self.own.len());
        let mut scratch = Vec::new();
        // SAFETY: a mask gives as many values of the same type; cells live until they are hashed.
        unsafe {
            memory.switch_to(|_| {
                let (cells, array) = self.codec.encode(masked, &self.shapes, &mut scratch);
                for cell in cells.into_iter().flatten() {
                    sought.form.each(hash, cell, |part| out.push(part));
                }
                drop(array);
            });
        }
        Some(out)
    }
}
