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

/// How many processes the system has killed since it was started because memory ran out; nothing where it does not tell.
pub fn ran_out() -> Option<u64> {
    let counts = std::fs::read_to_string("/proc/vmstat").ok()?;
    counts.lines().find_map(|line| line.strip_prefix("oom_kill ")).and_then(|count| count.trim().parse().ok())
}

/// Lets the system choose this process before others where memory runs out, as far as it can be asked to.
pub fn offer_first() {
    std::fs::write("/proc/self/oom_score_adj", "500").ok();
}

fn status(key: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(key));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}
