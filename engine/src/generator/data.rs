//! The tables of `data/*.csv`, compiled in; `data/README.md` gives source and licence of each.

include!(concat!(env!("OUT_DIR"), "/data.rs"));
