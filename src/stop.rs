//! A request to stop that is heard deep inside long work: a reader in the middle of one huge file, a count over a million
//! rows.
//!
//! Whoever starts the work says on this thread who may ask for its end ([`Stop::heeding`]). The work calls [`heed`]
//! between its pieces and, where the end was asked for, is left by unwinding, as salsa leaves a query that was cancelled;
//! so no function on the way has to speak of it. What must be completed once it was begun, such as the writing of a run,
//! is never done in there. Elsewhere [`heed`] does nothing.

use std::any::Any;
use std::cell::RefCell;
use std::io::{self, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

thread_local! {
    static HEEDED: RefCell<Option<Stop>> = const { RefCell::new(None) };
    static OFFERED: RefCell<Option<Stop>> = const { RefCell::new(None) };
}

/// A request that can be made from any thread, and is final.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<Asked>);

#[derive(Debug, Default)]
struct Asked {
    asked: AtomicBool,
    #[cfg(test)]
    after: tests::After,
}

/// The work was left because its end was asked for.
#[derive(Debug, PartialEq, Eq)]
pub struct Stopped;

impl Stop {
    pub fn ask(&self) {
        self.0.asked.store(true, Ordering::Relaxed);
    }

    fn is_asked(&self) -> bool {
        #[cfg(test)]
        if self.0.after.is_over() {
            return true;
        }
        self.0.asked.load(Ordering::Relaxed)
    }

    /// Does work that may be left at every [`heed`] on this thread.
    pub fn heeding<T>(&self, work: impl FnOnce() -> T) -> Result<T, Stopped> {
        let before = HEEDED.replace(Some(self.clone()));
        let outcome = catch_unwind(AssertUnwindSafe(work));
        HEEDED.set(before);
        outcome.map_err(|payload| if is_stop(payload.as_ref()) { Stopped } else { resume_unwind(payload) })
    }

    /// Does work of which only some pieces may be left anywhere, those that it does with [`piece`].
    pub fn offering<T>(&self, work: impl FnOnce() -> T) -> T {
        /// Takes the offer back also where the work panics.
        struct Before(Option<Stop>);
        impl Drop for Before {
            fn drop(&mut self) {
                OFFERED.set(self.0.take());
            }
        }
        let _before = Before(OFFERED.replace(Some(self.clone())));
        work()
    }

    /// The same for a piece of the work that another thread does.
    pub fn heed(&self) {
        if self.is_asked() {
            // A panic would be told; this is none.
            resume_unwind(Box::new(Stopped));
        }
    }
}

/// Leaves the work if its end was asked for.
#[inline]
pub fn heed() {
    if HEEDED.with_borrow(|stop| stop.as_ref().is_some_and(Stop::is_asked)) {
        resume_unwind(Box::new(Stopped));
    }
}

/// Does a piece of work that leaves nothing half done: where somebody may ask for the end of such pieces
/// ([`Stop::offering`]) it is left as soon as it is asked for.
pub fn piece<T>(work: impl FnOnce() -> T) -> Result<T, Stopped> {
    let offered = OFFERED.with_borrow(Clone::clone);
    match offered {
        Some(stop) => stop.heeding(work),
        None => Ok(work()),
    }
}

/// Who may ask for the end of what this thread does, for the threads that help it.
pub fn here() -> Stop {
    HEEDED.with_borrow(|stop| stop.clone().unwrap_or_default())
}

/// Whether what unwinds is a stop, which is to be passed on.
pub fn is_stop(payload: &(dyn Any + Send)) -> bool {
    payload.is::<Stopped>()
}

/// A source whose reading can be stopped.
pub struct Heeded<R>(pub R);

impl<R: Read> Read for Heeded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        /// Read at once; a slow disk gives as much in a tenth of a second.
        const PIECE: usize = 1 << 18;
        heed();
        let length = buffer.len().min(PIECE);
        self.0.read(&mut buffer[..length])
    }
}

impl<R: Seek> Seek for Heeded<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

#[cfg(test)]
pub mod tests {
    use std::sync::atomic::AtomicU64;

    use super::*;
    use crate::guard::guarded;

    /// Asks by itself when it was looked at so often.
    #[derive(Debug)]
    pub struct After {
        limit: u64,
        looks: AtomicU64,
    }

    impl Default for After {
        fn default() -> Self {
            Self { limit: u64::MAX, looks: AtomicU64::new(0) }
        }
    }

    impl After {
        pub fn is_over(&self) -> bool {
            self.looks.fetch_add(1, Ordering::Relaxed) >= self.limit
        }
    }

    impl Stop {
        /// A request that comes when the work asks for the time after `looks`.
        pub fn after(looks: u64) -> Self {
            let after = After { limit: looks, ..After::default() };
            Self(Arc::new(Asked { after, ..Asked::default() }))
        }

        /// How often the work asked.
        pub fn looks(&self) -> u64 {
            self.0.after.looks.load(Ordering::Relaxed)
        }
    }

    #[test]
    fn work_is_left_where_it_asks_and_nowhere_else() {
        let stop = Stop::default();
        assert_eq!(stop.heeding(heed), Ok(()));
        let mut done = 0;
        let outcome = stop.heeding(|| {
            for piece in 0..10 {
                heed();
                done += 1;
                if piece == 3 {
                    stop.ask();
                }
            }
        });
        assert_eq!((outcome, done), (Err(Stopped), 4));
        heed();
        assert_eq!(stop.heeding(|| 7), Ok(7), "what does not ask is completed");
    }

    #[test]
    fn of_work_that_must_be_completed_only_pieces_are_left() {
        let stop = Stop::default();
        stop.ask();
        let outcome = stop.offering(|| {
            heed();
            (piece(heed), piece(|| 7))
        });
        assert_eq!(outcome, (Err(Stopped), Ok(7)), "between pieces nothing is left");
        assert_eq!(piece(heed), Ok(()), "nobody may ask here");
    }

    #[test]
    fn a_stop_passes_through_what_catches_panics() {
        let stop = Stop::default();
        stop.ask();
        assert_eq!(stop.heeding(|| guarded(heed)), Err(Stopped));
        assert_eq!(guarded(|| stop.heeding(|| -> u8 { panic!("other") })), Err("other".to_owned()));
        let inner = Stop::default();
        assert_eq!(stop.heeding(|| inner.heeding(heed).map(|()| 1)), Ok(Ok(1)), "the innermost is asked");
    }
}
