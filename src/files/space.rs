//! How much room there is on a disk.

use std::path::Path;

use sysinfo::{Disk, DiskRefreshKind, Disks};

/// Bytes that are free for this person where a folder is or will be; `None` where the system does not tell.
pub fn free_disk(folder: &Path) -> Option<u64> {
    let folder = std::path::absolute(folder).ok()?;
    let existing = folder.ancestors().find(|folder| folder.exists())?;
    // A link may lead to another disk; on Windows the real path has a form that no disk's name begins with.
    let real = existing.canonicalize().ok()?;
    let disks = Disks::new_with_refreshed_list_specifics(DiskRefreshKind::nothing().with_storage());
    let holds = |disk: &&Disk| {
        real.starts_with(disk.mount_point()) || existing.starts_with(disk.mount_point()) && cfg!(windows)
    };
    let disk = disks.list().iter().filter(holds).max_by_key(|disk| disk.mount_point().components().count())?;
    (disk.total_space() > 0).then(|| disk.available_space())
}
