//! Postgres memory for the time of a closure.
//!
//! What our own code allocates through Postgres (arrays of parameters, quoted names) stays until the
//! call ends. A call that does the same thing a million times has to give it back in between, or its
//! memory grows with the number of rows and tables.

use pgrx::pg_sys::{self, MemoryContext};

/// The context in which a closure allocates.
struct Scratch {
    own: MemoryContext,
    previous: MemoryContext,
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // SAFETY: the previous context is this one's parent and lives longer. After an error, what was
        // allocated may still be looked at while the transaction is aborted: it goes with its parent.
        unsafe {
            pg_sys::CurrentMemoryContext = self.previous;
            if !std::thread::panicking() {
                pg_sys::MemoryContextDelete(self.own);
            }
        }
    }
}

/// Runs a closure; what it allocates through Postgres is freed when it ends. Its result must be Rust's
/// own.
pub fn freed<T>(run: impl FnOnce() -> T) -> T {
    // SAFETY: a child of the current context, made current until the guard is dropped.
    let _scratch = unsafe {
        let previous = pg_sys::CurrentMemoryContext;
        let own = pg_sys::AllocSetContextCreateExtended(
            previous,
            c"pg_synth scratch".as_ptr(),
            pg_sys::ALLOCSET_DEFAULT_MINSIZE as usize,
            pg_sys::ALLOCSET_DEFAULT_INITSIZE as usize,
            pg_sys::ALLOCSET_DEFAULT_MAXSIZE as usize,
        );
        pg_sys::CurrentMemoryContext = own;
        Scratch { own, previous }
    };
    run()
}
