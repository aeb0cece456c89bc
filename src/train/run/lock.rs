//! The lock on a run's folder: two processes must not write one run.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::Duration;

use crate::files;
use crate::train::TrainError;

/// Held by the process that writes the folder, and let go by the system when it dies.
pub(super) const LOCK: &str = ".lock";

/// A lock on a folder. It is let go by name: a process that is being started elsewhere in this program holds copies of all
/// open files for a moment, and with them a lock that was only closed.
pub(super) struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        self.0.unlock().ok();
    }
}

/// How often a lock is asked for, and how long is waited in between: whoever lists runs holds one for a moment.
const TRIES: usize = 5;
const BETWEEN: Duration = Duration::from_millis(4);

/// Takes the lock. Where the file system knows no locks there is none.
pub(super) fn lock(dir: &Path) -> Result<Option<Lock>, TrainError> {
    let path = dir.join(LOCK);
    let file = files::create(&path).map_err(|source| TrainError::Unwritable { path, source })?;
    for attempt in 1.. {
        match file.try_lock() {
            Ok(()) => return Ok(Some(Lock(file))),
            Err(TryLockError::WouldBlock) if attempt < TRIES => std::thread::sleep(BETWEEN),
            Err(TryLockError::WouldBlock) => break,
            Err(TryLockError::Error(_)) => return Ok(None),
        }
    }
    Err(TrainError::Busy { path: dir.to_owned() })
}

/// Whether a process holds the folder.
pub fn is_held(dir: &Path) -> bool {
    let Ok(file) = files::open(&dir.join(LOCK)) else { return false };
    // Shared, so that two who ask do not see each other.
    let is_held = matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock));
    file.unlock().ok();
    is_held
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_is_let_go_is_free_though_a_copy_of_its_file_is_open() {
        let dir = tempfile::tempdir().unwrap();
        let held = lock(dir.path()).unwrap().expect("this file system knows locks");
        let copy = held.0.try_clone().unwrap();
        assert!(matches!(lock(dir.path()), Err(TrainError::Busy { .. })));
        assert!(is_held(dir.path()));
        drop(held);
        assert!(!is_held(dir.path()));
        assert!(lock(dir.path()).unwrap().is_some());
        drop(copy);
    }
}
