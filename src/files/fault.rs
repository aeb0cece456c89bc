//! The one place where writing can be made to fail, so that tests can ask what a full disk or a broken one does at every
//! single operation. In the program itself these are the operations and nothing else.

use std::fs::File;
use std::io::{self, Write};

/// What can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    Create,
    Write,
    Sync,
    Rename,
    Cut,
    Remove,
    Read,
}

#[cfg(not(test))]
mod plain {
    use super::{File, Operation, Write, io};

    #[expect(clippy::unnecessary_wraps, reason = "under test it fails where it is told to")]
    pub fn ask(_: Operation) -> io::Result<()> {
        Ok(())
    }

    pub fn write(to: &mut impl Write, bytes: &[u8]) -> io::Result<usize> {
        ask(Operation::Write)?;
        to.write(bytes)
    }

    pub fn sync(file: &File) -> io::Result<()> {
        ask(Operation::Sync)?;
        file.sync_all()
    }
}

#[cfg(not(test))]
pub use plain::{ask, sync, write};

#[cfg(test)]
pub use injected::{ask, plan, sync, write};

#[cfg(test)]
mod injected {
    use std::cell::RefCell;

    use super::{File, Operation, Write, io};

    thread_local! {
        static PLAN: RefCell<Option<Plan>> = const { RefCell::new(None) };
    }

    /// Which operations of this thread fail.
    struct Plan {
        /// Number of the first one, from 0; `None` only counts.
        at: Option<usize>,
        for_ever: bool,
        seen: Vec<Operation>,
    }

    /// Does some work during which the operation `at` fails, and for ever all after it; returns what was asked for. While
    /// a plan holds nothing is brought to the disk, because no power is cut.
    pub fn plan<T>(at: Option<usize>, for_ever: bool, work: impl FnOnce() -> T) -> (T, Vec<Operation>) {
        PLAN.set(Some(Plan { at, for_ever, seen: Vec::new() }));
        let done = work();
        let plan = PLAN.take();
        (done, plan.map(|plan| plan.seen).unwrap_or_default())
    }

    pub fn ask(operation: Operation) -> io::Result<()> {
        PLAN.with_borrow_mut(|plan| {
            let Some(plan) = plan else { return Ok(()) };
            let number = plan.seen.len();
            plan.seen.push(operation);
            match plan.at {
                Some(at) if at == number || at < number && plan.for_ever => {
                    Err(io::Error::other("no space left on this device, says the test"))
                }
                _ => Ok(()),
            }
        })
    }

    /// A write that fails has often written a part.
    pub fn write(to: &mut impl Write, bytes: &[u8]) -> io::Result<usize> {
        if let Err(error) = ask(Operation::Write) {
            to.write_all(&bytes[..bytes.len() / 2])?;
            return Err(error);
        }
        to.write(bytes)
    }

    pub fn sync(file: &File) -> io::Result<()> {
        ask(Operation::Sync)?;
        if PLAN.with_borrow(Option::is_some) { Ok(()) } else { file.sync_all() }
    }
}
