//! Reading masked rows where they have been written.

use pgrx::PgMemoryContexts;
use pgrx::pg_sys::{self, Datum, Oid};

use super::super::batch::Batch;
use super::group::Group;
use super::map::{Map, Place, Places};
use crate::boundary::datumCopy;

/// The shadows of a group, whose rows are read as those of one of its tables.
pub struct Shadows {
    /// The shadows of the parts; those that are open, with what turns their rows into the table's.
    relations: Vec<(Oid, Option<Open>)>,
    table: pg_sys::Relation,
}

#[derive(Clone, Copy)]
struct Open {
    relation: pg_sys::Relation,
    to_table: *mut pg_sys::TupleConversionMap,
}

impl Shadows {
    /// # Safety
    /// The table is open.
    pub unsafe fn new(group: &Group, table: pg_sys::Relation) -> Self {
        let relations = group.parts.iter().map(|part| (part.shadow, None));
        Self {
            relations: relations.collect(),
            table,
        }
    }

    /// The shadow that a place is in.
    pub fn relation(&mut self, part: u16) -> Option<pg_sys::Relation> {
        self.open(part).map(|open| open.relation)
    }

    fn open(&mut self, part: u16) -> Option<Open> {
        let table = self.table;
        let (shadow, open) = self.relations.get_mut(usize::from(part))?;
        // SAFETY: the shadows of a run are there as long as it is. The map outlives the rows' memory.
        let open = open.get_or_insert_with(|| unsafe {
            let relation = pg_sys::table_open(*shadow, pg_sys::RowExclusiveLock as i32);
            let to_table = PgMemoryContexts::CurTransactionContext
                .switch_to(|_| pg_sys::convert_tuples_by_name((*relation).rd_att, (*table).rd_att));
            Open { relation, to_table }
        });
        Some(*open)
    }

    /// Shows the row at a place, if there is one.
    ///
    /// # Safety
    /// What is shown is gone after the call.
    pub unsafe fn read(&mut self, place: Place, show: impl FnOnce(&[Datum], &[bool])) {
        let Some(Open { relation, to_table }) = self.open(place.part) else {
            return;
        };
        let mut tuple = pg_sys::HeapTupleData {
            t_self: place.tid,
            ..Default::default()
        };
        // SAFETY: the buffer stays pinned until the row has been read.
        unsafe {
            let mut buffer = 0;
            // Whether a snapshot sees it does not matter: nobody else writes here.
            let snapshot = &raw mut pg_sys::SnapshotSelfData;
            if !pg_sys::heap_fetch(relation, snapshot, &raw mut tuple, &raw mut buffer, false) {
                return;
            }
            let desc = (*self.table).rd_att;
            let own = if to_table.is_null() {
                &raw mut tuple
            } else {
                pg_sys::execute_attr_map_tuple(&raw mut tuple, to_table)
            };
            let columns = (*desc).natts as usize;
            let (mut values, mut nulls) = (vec![Datum::null(); columns], vec![true; columns]);
            pg_sys::heap_deform_tuple(own, desc, values.as_mut_ptr(), nulls.as_mut_ptr());
            show(&values, &nulls);
            pg_sys::ReleaseBuffer(buffer);
        }
    }

    /// Puts what rows of a batch were dealt in place of their own values.
    ///
    /// # Safety
    /// The map and the batch are those of the table, and the lines are the batch's; values lie in the
    /// current memory context.
    pub unsafe fn look_up(
        &mut self,
        map: &Map,
        lines: &[(u32, u16)],
        columns: &[usize],
        batch: &mut Batch,
    ) {
        let mut known: Option<(u32, Places)> = None;
        for (row, &(block, line)) in lines.iter().enumerate() {
            let places = match &mut known {
                Some((of, places)) if *of == block => places,
                other => &other.insert((block, map.find(block))).1,
            };
            let Some(place) = places.find(line) else {
                continue;
            };
            // SAFETY: by the caller's promise; the cells are of the table's columns.
            unsafe {
                let desc = (*self.table).rd_att;
                self.read(place, |values, nulls| {
                    for &index in columns {
                        let attribute = (*desc).attrs.as_slice(index + 1)[index];
                        let value = (!nulls[index]).then(|| {
                            let length = i32::from(attribute.attlen);
                            datumCopy(values[index], attribute.attbyval, length)
                        });
                        batch.set(row, index, value);
                    }
                });
            }
        }
    }

    /// Closes them.
    pub fn close(self) {
        for (_, open) in self.relations {
            if let Some(Open { relation, to_table }) = open {
                // SAFETY: opened by `open`.
                unsafe {
                    if !to_table.is_null() {
                        pg_sys::free_conversion_map(to_table);
                    }
                    pg_sys::table_close(relation, pg_sys::NoLock as i32);
                }
            }
        }
    }
}
