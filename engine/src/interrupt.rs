//! How whoever calls the engine ends long work within one call.
//!
//! A call over one large value can take seconds. The caller may set a check for its thread, which is
//! then made now and then; a check that is to end the work panics, and the panic passes through.

use std::cell::Cell;

thread_local! {
    static CHECK: Cell<Option<fn()>> = const { Cell::new(None) };
}

/// Sets what is called now and then in long work of this thread.
pub fn set_check(check: fn()) {
    CHECK.set(Some(check));
}

/// Gives the caller the occasion to end the work.
#[inline]
pub(crate) fn check() {
    if let Some(check) = CHECK.get() {
        check();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::catch_unwind;

    #[test]
    fn a_check_ends_the_work_of_its_thread_only() {
        set_check(|| std::panic::panic_any(7_u8));
        let ended = catch_unwind(check).unwrap_err();
        assert_eq!(ended.downcast_ref::<u8>(), Some(&7));
        std::thread::spawn(check).join().unwrap();
    }
}
