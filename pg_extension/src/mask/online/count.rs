//! Fingerprints and control totals of the tables of a run, taken while they hold their originals, some
//! blocks at a time.

use pgrx::PgMemoryContexts;
use pgrx::pg_sys;

use super::super::batch::{Batch, column_masks};
use super::super::owner::AsOwner;
use super::super::plan::Rules;
use super::copy::{open_table, scan_blocks};
use super::deal;
use super::group::Group;
use super::map::{self, Map};
use super::shadows::Shadows;
use crate::proof::Fingerprint;

/// Fingerprints of a group's tables in the making, and up to which block each has been read: of what
/// changes before it, it is told.
pub struct Counting {
    pub fingerprints: Vec<Fingerprint>,
    pub counted: Vec<u32>,
}

impl Counting {
    /// Begins with nothing read.
    pub fn new(group: &Group, rules: &Rules) -> Self {
        let parts = group.parts.iter();
        // SAFETY: the tables are locked; opened and closed here.
        let fingerprints = parts.map(|part| unsafe {
            let table = open_table(part);
            let owner = AsOwner::of(part.relid);
            let masks = column_masks(table, rules);
            let fingerprint = Fingerprint::new(table, &masks, rules);
            drop(owner);
            pg_sys::table_close(table, pg_sys::NoLock as i32);
            fingerprint
        });
        Self {
            fingerprints: fingerprints.collect(),
            counted: vec![0; group.parts.len()],
        }
    }

    /// Whether a part has been read to its end.
    pub fn is_complete(&self, number: usize) -> bool {
        self.counted[number] == u32::MAX
    }

    /// The fingerprint of a part, if it has been read up to behind this block.
    pub fn told(&mut self, number: usize, block: u32) -> Option<&mut Fingerprint> {
        (block < self.counted[number]).then(|| &mut self.fingerprints[number])
    }

    /// The last block that is told as this one is, or is not.
    pub fn end_of(&self, number: usize, block: u32) -> u32 {
        let counted = self.counted[number];
        if block < counted {
            counted - 1
        } else {
            u32::MAX
        }
    }

    /// Reads the next blocks of a part, while it holds its originals, until so many rows are read: as
    /// the active snapshot sees them, under which changes have been carried over. Gives the number of rows.
    pub fn count_batch(
        &mut self,
        group: &Group,
        number: usize,
        rules: &Rules,
        most: usize,
    ) -> usize {
        let part = &group.parts[number];
        let fingerprint = &mut self.fingerprints[number];
        let mut seen = 0;
        // SAFETY: the table is locked; all is opened and closed here.
        unsafe {
            let table = open_table(part);
            let owner = AsOwner::of(part.relid);
            let mut masks = column_masks(table, rules);
            let dealt = deal::keep(&mut masks);
            let map = Map::open(part.map, part.map_index);
            let mut shadows = Shadows::new(group, table);
            let mut batch = Batch::new(table, &masks);
            let mut lines: Vec<(u32, u16)> = Vec::new();
            let mut memory = PgMemoryContexts::new("pg_synth masking batch");
            let mut count =
                |batch: &mut Batch, lines: &mut Vec<(u32, u16)>, memory: &mut PgMemoryContexts| {
                    memory.switch_to(|_| {
                        fingerprint.before(batch);
                        batch.mask(&masks);
                        if !dealt.is_empty() {
                            shadows.look_up(&map, lines, &dealt, batch);
                        }
                        fingerprint.after(batch);
                    });
                    lines.clear();
                    batch.clear();
                    memory.reset();
                };
            self.counted[number] =
                scan_blocks(table, self.counted[number], u32::MAX, |slot, is_further| {
                    if is_further && seen >= most {
                        return false;
                    }
                    seen += 1;
                    lines.push(map::parts((*slot).tts_tid));
                    memory.switch_to(|_| batch.push(slot));
                    if batch.is_full() {
                        count(&mut batch, &mut lines, &mut memory);
                    }
                    true
                });
            count(&mut batch, &mut lines, &mut memory);
            shadows.close();
            map.close();
            drop(owner);
            pg_sys::table_close(table, pg_sys::NoLock as i32);
        }
        seen
    }
}
