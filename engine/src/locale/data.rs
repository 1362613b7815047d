//! The files of `data/locale/`, compiled in.

include!(concat!(env!("OUT_DIR"), "/locale.rs"));
