//! Where in the shadow each row of a table is: a row a block of the table, with eight bytes for each
//! line of the block, zero where there is none. Two of them name the part of the run whose shadow it
//! is: rows may move to other partitions when they are masked.
//!
//! So a change is carried over by place. Tables need no key, keys may be masked, and the log holds
//! no value.

use pgrx::pg_sys::{self, Datum, ItemPointerData, Oid};

/// Bytes of a place.
const WIDTH: usize = 8;

/// Where a masked row is.
#[derive(Clone, Copy, Default)]
pub struct Place {
    /// The part of the group whose shadow it is, by number.
    pub part: u16,
    /// Where in the shadow.
    pub tid: ItemPointerData,
}

/// A place as bytes.
fn encode(Place { part, tid }: Place) -> [u8; WIDTH] {
    let mut bytes = [0; WIDTH];
    bytes[0..2].copy_from_slice(&tid.ip_blkid.bi_hi.to_ne_bytes());
    bytes[2..4].copy_from_slice(&tid.ip_blkid.bi_lo.to_ne_bytes());
    bytes[4..6].copy_from_slice(&tid.ip_posid.to_ne_bytes());
    bytes[6..8].copy_from_slice(&part.to_ne_bytes());
    bytes
}

/// A place from its block and line.
pub fn tid(block: u32, line: u16) -> ItemPointerData {
    ItemPointerData {
        ip_blkid: pg_sys::BlockIdData {
            bi_hi: (block >> 16) as u16,
            bi_lo: block as u16,
        },
        ip_posid: line,
    }
}

/// The block and the line of a place.
pub fn parts(tid: ItemPointerData) -> (u32, u16) {
    let block = u32::from(tid.ip_blkid.bi_hi) << 16 | u32::from(tid.ip_blkid.bi_lo);
    (block, tid.ip_posid)
}

/// The places of the rows of one block.
#[derive(Default)]
pub struct Places(Vec<u8>);

impl Places {
    /// Where the row of a line is; lines count from 1.
    pub fn find(&self, line: u16) -> Option<Place> {
        let start = usize::from(line.checked_sub(1)?) * WIDTH;
        let bytes = self.0.get(start..start + WIDTH)?;
        let part = |at: usize| u16::from_ne_bytes([bytes[at], bytes[at + 1]]);
        let tid = ItemPointerData {
            ip_blkid: pg_sys::BlockIdData {
                bi_hi: part(0),
                bi_lo: part(2),
            },
            ip_posid: part(4),
        };
        let place = Place { part: part(6), tid };
        (tid.ip_posid != 0).then_some(place)
    }

    /// Whether nothing has been noted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The lines whose rows are somewhere.
    pub fn lines(&self) -> impl Iterator<Item = u16> + '_ {
        let count = u16::try_from(self.0.len() / WIDTH).unwrap_or(u16::MAX);
        (1..=count).filter(|line| self.find(*line).is_some())
    }

    /// Notes where the row of a line is, or that it is nowhere.
    pub fn set(&mut self, line: u16, place: Option<Place>) {
        let start = usize::from(line.saturating_sub(1)) * WIDTH;
        if self.0.len() < start + WIDTH {
            self.0.resize(start + WIDTH, 0);
        }
        self.0[start..start + WIDTH].copy_from_slice(&place.map_or([0; WIDTH], encode));
    }
}

/// The map of one table.
pub struct Map {
    relation: pg_sys::Relation,
    index: Oid,
    indexes: pg_sys::CatalogIndexState,
}

impl Map {
    /// Opens a map; it is closed by `close`, or by the end of the transaction.
    pub fn open(relid: Oid, index: Oid) -> Self {
        // SAFETY: the map is a table of the extension's own, with one plain index.
        unsafe {
            let relation = pg_sys::table_open(relid, pg_sys::RowExclusiveLock as i32);
            Self {
                relation,
                index,
                indexes: pg_sys::CatalogOpenIndexes(relation),
            }
        }
    }

    /// Adds the places of a block that has none yet.
    pub fn insert(&mut self, block: u32, places: &Places) {
        // SAFETY: the tuple is formed for this table.
        unsafe {
            let tuple = self.tuple(block, places);
            pg_sys::CatalogTupleInsertWithInfo(self.relation, tuple, self.indexes);
            pg_sys::heap_freetuple(tuple);
        }
    }

    /// Replaces the places of a block, or adds them.
    pub fn put(&mut self, block: u32, places: &Places) {
        // SAFETY: as above; the old tuple's place is that of a row of this table.
        unsafe {
            let tuple = self.tuple(block, places);
            match self.look_up(block) {
                Some((mut old, _)) => pg_sys::CatalogTupleUpdateWithInfo(
                    self.relation,
                    &raw mut old,
                    tuple,
                    self.indexes,
                ),
                None => {
                    pg_sys::CatalogTupleInsertWithInfo(self.relation, tuple, self.indexes);
                }
            }
            pg_sys::heap_freetuple(tuple);
        }
    }

    /// The places of a block; none if it has no row.
    pub fn find(&self, block: u32) -> Places {
        self.look_up(block)
            .map_or_else(Places::default, |(_, places)| places)
    }

    fn look_up(&self, block: u32) -> Option<(ItemPointerData, Places)> {
        // SAFETY: the key compares the first column, a bigint; the tuple is read before the scan ends.
        unsafe {
            let mut key = pg_sys::ScanKeyData::default();
            pg_sys::ScanKeyInit(
                &raw mut key,
                1,
                pg_sys::BTEqualStrategyNumber as u16,
                pg_sys::F_INT8EQ.into(),
                Datum::from(i64::from(block)),
            );
            let none = std::ptr::null_mut();
            let scan =
                pg_sys::systable_beginscan(self.relation, self.index, true, none, 1, &raw mut key);
            let tuple = pg_sys::systable_getnext(scan);
            let found = (!tuple.is_null()).then(|| {
                let mut values = [Datum::null(); 2];
                let mut nulls = [true; 2];
                pg_sys::heap_deform_tuple(
                    tuple,
                    (*self.relation).rd_att,
                    values.as_mut_ptr(),
                    nulls.as_mut_ptr(),
                );
                let varlena = pg_sys::pg_detoast_datum(values[1].cast_mut_ptr());
                let bytes = std::slice::from_raw_parts(
                    pgrx::vardata_any(varlena).cast::<u8>(),
                    pgrx::varsize_any_exhdr(varlena),
                );
                ((*tuple).t_self, Places(bytes.to_vec()))
            });
            pg_sys::systable_endscan(scan);
            found
        }
    }

    /// # Safety
    /// The tuple is freed by the caller.
    unsafe fn tuple(&self, block: u32, places: &Places) -> pg_sys::HeapTuple {
        // SAFETY: a palloc'd varlena of the size that it says; the table has these two columns.
        unsafe {
            let size = places.0.len() + pg_sys::VARHDRSZ;
            let varlena = pg_sys::palloc(size).cast::<pg_sys::varlena>();
            pgrx::set_varsize_4b(varlena, size as i32);
            std::ptr::copy_nonoverlapping(
                places.0.as_ptr(),
                varlena.cast::<u8>().add(pg_sys::VARHDRSZ),
                places.0.len(),
            );
            let mut values = [Datum::from(i64::from(block)), Datum::from(varlena)];
            let mut nulls = [false; 2];
            let tuple = pg_sys::heap_form_tuple(
                (*self.relation).rd_att,
                values.as_mut_ptr(),
                nulls.as_mut_ptr(),
            );
            pg_sys::pfree(varlena.cast());
            tuple
        }
    }

    /// Closes the map.
    pub fn close(self) {
        // SAFETY: opened by `open`.
        unsafe {
            pg_sys::CatalogCloseIndexes(self.indexes);
            pg_sys::table_close(self.relation, pg_sys::NoLock as i32);
        }
    }
}
