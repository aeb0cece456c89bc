//! The lock on a run's folder: two processes must not write one run.

use std::fs::File;
use std::path::Path;

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

/// Takes the lock. Where the file system knows no locks there is none.
pub(super) fn lock(dir: &Path) -> Result<Option<Lock>, TrainError> {
    let path = dir.join(LOCK);
    let file = files::create(&path).map_err(|source| TrainError::Unwritable { path, source })?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Lock(file))),
        Err(std::fs::TryLockError::WouldBlock) => Err(TrainError::Busy { path: dir.to_owned() }),
        Err(std::fs::TryLockError::Error(_)) => Ok(None),
    }
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
        drop(held);
        assert!(lock(dir.path()).unwrap().is_some());
        drop(copy);
    }
}
