//! SP-GiST as it is stored and spoken: tuples, and what functions of operator classes are given.

#![allow(missing_docs, reason = "the fields of Postgres, by their meaning")]

use pgrx::pg_sys::{self, Datum, Oid};

/// Pages of the root (access/spgist_private.h); that of NULLs holds no values.
pub const ROOT: u32 = 1;
pub const LEAF_PAGE: u16 = 1 << 2;
pub const NULLS_PAGE: u16 = 1 << 3;
pub const LIVE: u32 = 0;
pub const REDIRECT: u32 = 1;
/// Bytes of a leaf tuple before its data, with or without flags for NULLs.
pub const LEAF_HEADER: usize = 16;

/// access/spgist.h
#[repr(C)]
pub struct Config {
    pub prefix_type: Oid,
    pub label_type: Oid,
    pub leaf_type: Oid,
    pub can_return_data: bool,
    pub long_values_ok: bool,
}

/// access/spgist_private.h
#[repr(C)]
#[derive(Clone, Copy)]
pub struct TypeDesc {
    pub oid: Oid,
    pub length: i16,
    pub by_value: bool,
    pub align: std::ffi::c_char,
    pub storage: std::ffi::c_char,
}

/// The beginning of `SpGistCache`.
#[repr(C)]
pub struct Cache {
    pub config: Config,
    pub value: TypeDesc,
    pub leaf: TypeDesc,
    pub prefix: TypeDesc,
    pub label: TypeDesc,
}

/// access/spgist.h
#[repr(C)]
pub struct InnerIn {
    pub scankeys: *mut std::ffi::c_void,
    pub orderbys: *mut std::ffi::c_void,
    pub nkeys: i32,
    pub norderbys: i32,
    pub reconstructed: Datum,
    pub traversal: *mut std::ffi::c_void,
    pub traversal_context: pg_sys::MemoryContext,
    pub level: i32,
    pub return_data: bool,
    pub all_the_same: bool,
    pub has_prefix: bool,
    pub prefix: Datum,
    pub nodes: i32,
    pub labels: *mut Datum,
}

#[repr(C)]
pub struct InnerOut {
    pub nodes: i32,
    pub numbers: *mut i32,
    pub level_adds: *mut i32,
    pub reconstructed: *mut Datum,
    pub traversal: *mut *mut std::ffi::c_void,
    pub distances: *mut *mut f64,
}

#[repr(C)]
pub struct LeafIn {
    pub scankeys: *mut std::ffi::c_void,
    pub orderbys: *mut std::ffi::c_void,
    pub nkeys: i32,
    pub norderbys: i32,
    pub reconstructed: Datum,
    pub traversal: *mut std::ffi::c_void,
    pub level: i32,
    pub return_data: bool,
    pub datum: Datum,
}

#[repr(C)]
pub struct LeafOut {
    pub value: Datum,
    pub recheck: bool,
    pub recheck_distances: bool,
    pub distances: *mut f64,
}

/// The datum of a leaf.
///
/// # Safety
/// The bytes are those of a datum of this type, in a page that stays.
pub unsafe fn datum(kind: &TypeDesc, bytes: &[u8]) -> Datum {
    if !kind.by_value {
        return Datum::from(bytes.as_ptr());
    }
    let mut value = [0_u8; 8];
    let length = usize::try_from(kind.length)
        .unwrap_or(8)
        .min(8)
        .min(bytes.len());
    value[..length].copy_from_slice(&bytes[..length]);
    Datum::from(u64::from_le_bytes(value))
}

/// A word of a tuple.
pub fn word(bytes: &[u8], at: usize) -> u32 {
    let four = bytes.get(at..at + 4).unwrap_or(&[0; 4]);
    u32::from_ne_bytes([four[0], four[1], four[2], four[3]])
}

/// Half a word of a tuple.
pub fn half(bytes: &[u8], at: usize) -> u16 {
    let two = bytes.get(at..at + 2).unwrap_or(&[0; 2]);
    u16::from_ne_bytes([two[0], two[1]])
}

/// The place that stands at some bytes of a tuple.
pub fn place(bytes: &[u8], at: usize) -> (u32, u16) {
    let block = u32::from(half(bytes, at)) << 16 | u32::from(half(bytes, at + 2));
    (block, half(bytes, at + 4))
}
