//! How much memory and disk there is, and how much memory this process took at most.

use std::path::Path;

use sysinfo::{Disk, DiskRefreshKind, Disks};

/// Physical memory that is free now, in bytes; within the limit of a container where there is one.
pub fn available() -> u64 {
    let mut system = sysinfo::System::new();
    system.refresh_memory();
    let free = system.available_memory();
    system.cgroup_limits().map_or(free, |limits| free.min(limits.free_memory))
}

/// The most memory this process has had resident, in bytes; 0 where the system does not tell.
pub fn peak() -> u64 {
    status("VmHWM:")
}

/// The memory this process has resident now, in bytes; 0 where the system does not tell.
pub fn resident() -> u64 {
    status("VmRSS:")
}

fn status(key: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(key));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}

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
