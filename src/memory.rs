//! How much memory there is, and how much this process took at most.

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
