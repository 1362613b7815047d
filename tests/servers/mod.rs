//! Servers that the tests need, each private to this run.

pub mod postgres;
