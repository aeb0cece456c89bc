//! Panics of a dependency on hostile input, turned into values.
//!
//! Files a person downloads are read by libraries that panic on some malformed ones. The work runs here; the panic is
//! returned as its message, and nothing is printed about it. An abort or an endless loop is not caught: callers bound
//! sizes and depths first.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Once;

use crate::stop::is_stop;

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

static HOOK: Once = Once::new();

/// Runs the work; a panic in it comes back as its message. A stop goes on to whoever asked for it.
pub(crate) fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    // The hook is global and the question is local: one hook for the process asks the thread whether to be quiet.
    HOOK.call_once(|| {
        let loud = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                loud(info);
            }
        }));
    });
    let before = QUIET.replace(true);
    let outcome = catch_unwind(AssertUnwindSafe(work));
    QUIET.set(before);
    outcome
        .map_err(|payload| if is_stop(payload.as_ref()) { resume_unwind(payload) } else { message(payload.as_ref()) })
}

fn message(payload: &(dyn Any + Send)) -> String {
    payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_its_message() {
        assert_eq!(guarded(|| 7), Ok(7));
        assert_eq!(guarded(|| -> u8 { panic!("row {}", 3) }), Err("row 3".to_owned()));
        assert_eq!(guarded(|| -> u8 { panic!("plain") }), Err("plain".to_owned()));
    }

    #[test]
    fn guards_can_be_nested() {
        let outer = guarded(|| {
            let inner = guarded(|| -> u8 { panic!("inner") });
            assert_eq!(inner, Err("inner".to_owned()));
            panic!("outer")
        });
        assert_eq!(outer, Err::<(), _>("outer".to_owned()));
    }
}
