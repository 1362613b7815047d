//! Random numbers of the operating system's, drawn many at a time: nobody's to compute again.

use crate::error::raise;

/// Random numbers, of which so many have not been used.
pub struct Random {
    bytes: Box<[u8; 4096]>,
    unused: usize,
}

impl Random {
    pub fn new() -> Self {
        Self {
            bytes: Box::new([0; 4096]),
            unused: 0,
        }
    }

    /// The next.
    pub fn next(&mut self) -> u64 {
        if self.unused == 0 {
            if getrandom::fill(&mut self.bytes[..]).is_err() {
                raise(
                    pgrx::PgSqlErrorCode::ERRCODE_SYSTEM_ERROR,
                    "could not draw random numbers".to_owned(),
                    Some("Try again.".to_owned()),
                );
            }
            self.unused = self.bytes.len() / 8;
        }
        self.unused -= 1;
        let mut number = [0; 8];
        number.copy_from_slice(&self.bytes[self.unused * 8..self.unused * 8 + 8]);
        u64::from_ne_bytes(number)
    }

    /// One below `end`, or 0.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }
}
