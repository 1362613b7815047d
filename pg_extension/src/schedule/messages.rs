//! NOTICEs and WARNINGs of a command that has no client: they are kept for the history.
//!
//! Postgres sends them to whoever stands behind `PqCommMethods`; while a command runs, that is the
//! code here.

use std::cell::RefCell;
use std::ffi::{CStr, c_char, c_int};

use pgrx::pg_sys;

/// The most bytes kept.
const MOST: usize = 16_384;

/// libpq/libpq.h
#[repr(C)]
struct PQcommMethods {
    comm_reset: unsafe extern "C-unwind" fn(),
    flush: unsafe extern "C-unwind" fn() -> c_int,
    flush_if_writable: unsafe extern "C-unwind" fn() -> c_int,
    is_send_pending: unsafe extern "C-unwind" fn() -> bool,
    putmessage: unsafe extern "C-unwind" fn(c_char, *const c_char, usize) -> c_int,
    putmessage_noblock: unsafe extern "C-unwind" fn(c_char, *const c_char, usize),
}

unsafe extern "C-unwind" {
    /// libpq/libpq.h
    static mut PqCommMethods: *const PQcommMethods;

    /// libpq/libpq-be.h, the version of the protocol: its major number in the upper half.
    static mut FrontendProtocol: u32;
}

static METHODS: PQcommMethods = PQcommMethods {
    comm_reset: nothing,
    flush: zero,
    flush_if_writable: zero,
    is_send_pending: no,
    putmessage: keep,
    putmessage_noblock: keep_noblock,
};

thread_local! {
    static KEPT: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Runs a closure; gives what it said besides.
pub fn kept<T>(run: impl FnOnce() -> T) -> (T, Option<String>) {
    KEPT.take();
    // SAFETY: variables of the process, whose only thread this is; they are as they were afterwards,
    // and the closure lets no error out.
    let value = unsafe {
        let before = (PqCommMethods, FrontendProtocol, pg_sys::whereToSendOutput);
        PqCommMethods = &raw const METHODS;
        FrontendProtocol = 3 << 16;
        pg_sys::whereToSendOutput = pg_sys::CommandDest::DestRemote;
        let value = run();
        (PqCommMethods, FrontendProtocol, pg_sys::whereToSendOutput) = before;
        value
    };
    let kept = KEPT.take();
    (value, (!kept.is_empty()).then_some(kept))
}

unsafe extern "C-unwind" fn nothing() {}

unsafe extern "C-unwind" fn zero() -> c_int {
    0
}

unsafe extern "C-unwind" fn no() -> bool {
    false
}

unsafe extern "C-unwind" fn keep_noblock(kind: c_char, text: *const c_char, length: usize) {
    // SAFETY: as called.
    unsafe { keep(kind, text, length) };
}

/// # Safety
/// Called by Postgres with a message of the protocol.
unsafe extern "C-unwind" fn keep(kind: c_char, text: *const c_char, length: usize) -> c_int {
    if kind as u8 == b'N' && !text.is_null() {
        // SAFETY: so many bytes by the protocol.
        let fields = unsafe { std::slice::from_raw_parts(text.cast::<u8>(), length) };
        // Nothing here may panic, or an error would be raised while one is reported.
        KEPT.with(|kept| {
            if let Ok(mut kept) = kept.try_borrow_mut() {
                append(&mut kept, fields);
            }
        });
    }
    0
}

/// Appends severity and message of a NoticeResponse: fields of a type and a NUL-terminated text.
fn append(kept: &mut String, mut fields: &[u8]) {
    let (mut severity, mut message) = (None, None);
    while let [kind, rest @ ..] = fields {
        let Ok(value) = CStr::from_bytes_until_nul(rest) else {
            break;
        };
        match kind {
            b'S' => severity = Some(value.to_string_lossy()),
            b'M' => message = Some(value.to_string_lossy()),
            _ => {}
        }
        fields = rest.get(value.count_bytes() + 1..).unwrap_or_default();
    }
    let Some((severity, message)) = severity.zip(message) else {
        return;
    };
    let room = MOST.saturating_sub(kept.len());
    let line = format!("{severity}: {message}\n");
    if line.len() <= room {
        kept.push_str(&line);
    } else if !kept.ends_with("...\n") {
        kept.push_str("...\n");
    }
}
