//! Requests to end that come from outside: Ctrl-C, a terminal that goes away, a system that shuts down.
//!
//! The first lets what runs come to an end that loses nothing. A second Ctrl-C, or request, ends the program at once; a
//! second hang-up does not, because a closed terminal sends two.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// Whether somebody asked the program to end.
#[derive(Clone, Debug, Default)]
pub struct AskedToEnd(Arc<AtomicBool>);

impl AskedToEnd {
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Whether it was asked for since this was asked last.
    pub fn take(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }

    pub fn ask(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Heeds requests to end from now on. One that cannot be heard ends the program, and a run goes on from its last
/// checkpoint.
pub fn heed() -> AskedToEnd {
    let (asked, twice) = (AskedToEnd::default(), Arc::new(AtomicBool::new(false)));
    for signal in [SIGINT, SIGTERM] {
        flag::register_conditional_shutdown(signal, 1, twice.clone()).ok();
        flag::register(signal, twice.clone()).ok();
        flag::register(signal, asked.0.clone()).ok();
    }
    #[cfg(unix)]
    if !hang_ups_are_ignored() {
        flag::register(signal_hook::consts::SIGHUP, asked.0.clone()).ok();
    }
    asked
}

/// Lets a process that is about to start hear no Ctrl-C at the terminal: it reaches this one alone, which asks each that
/// it started once, where a second request would end it at once.
#[cfg(unix)]
pub fn set_apart(command: &mut std::process::Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

#[cfg(not(unix))]
pub fn set_apart(_command: &mut std::process::Command) {}

/// What a signal is called.
#[cfg(unix)]
pub fn name(signal: i32) -> String {
    signal_hook::low_level::signal_name(signal).map_or_else(|| format!("signal {signal}"), str::to_owned)
}

/// Calls a function after every request to end, which [`heed`] was told of before.
#[cfg(unix)]
pub fn wake(then: impl Fn() + Send + 'static) -> std::io::Result<()> {
    use std::io::Read;
    use std::os::unix::net::UnixStream;

    let (mut heard, end) = UnixStream::pair()?;
    let mut signals = vec![SIGINT, SIGTERM];
    if !hang_ups_are_ignored() {
        signals.push(signal_hook::consts::SIGHUP);
    }
    for signal in signals {
        signal_hook::low_level::pipe::register(signal, end.try_clone()?)?;
    }
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        while heard.read(&mut [0]).is_ok_and(|read| read > 0) {
            then();
        }
    })?;
    Ok(())
}

/// A window is closed by other means there.
#[cfg(not(unix))]
pub fn wake(_then: impl Fn() + Send + 'static) -> std::io::Result<()> {
    Ok(())
}

/// Whether whoever started the program wants it to outlive the terminal, as `nohup` does.
#[cfg(unix)]
fn hang_ups_are_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|digits| u64::from_str_radix(digits.trim(), 16).ok());
    ignored.is_some_and(|signals| signals >> (signal_hook::consts::SIGHUP - 1) & 1 == 1)
}
