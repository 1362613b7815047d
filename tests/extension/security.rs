//! To come.

use super::tests;

tests![];
