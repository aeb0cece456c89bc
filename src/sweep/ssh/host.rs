//! Hosts as a person names them, how they are reached, and what it means that they are not.
//!
//! They are reached by the system's `ssh`, with whatever a person's own configuration says of them, and never with a
//! question: nobody sits there to type a password.

use std::process::Command;

use super::super::SweepError;
use crate::signals;

/// Another machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// What `ssh` takes: a name, or `user@name`.
    pub name: String,
    /// Trials at once.
    pub jobs: usize,
}

/// More at once than any machine trains.
const MOST_JOBS: usize = 256;

impl Host {
    /// `host`, `host:jobs`, or several with commas between. `jobs` is that of hosts which have none of their own.
    pub fn read(words: &[String], jobs: usize) -> Result<Vec<Self>, SweepError> {
        let mut hosts: Vec<Self> = Vec::new();
        for word in words.iter().flat_map(|word| word.split(',')).map(str::trim).filter(|word| !word.is_empty()) {
            let wrong = |expected: &str| SweepError::setting("--ssh", word, expected);
            let host = match word.rsplit_once(':') {
                Some((name, digits)) if !name.contains(':') => match digits.parse() {
                    Ok(jobs @ 1..=MOST_JOBS) => Self { name: name.to_owned(), jobs },
                    _ => return Err(wrong("HOST or HOST:N, where N is how many trials it trains at once")),
                },
                _ => Self { name: word.to_owned(), jobs },
            };
            // A name that begins so would be an option of ssh.
            let is_plain = |sign: char| !sign.is_whitespace() && !sign.is_control();
            if host.name.is_empty() || host.name.starts_with('-') || !host.name.chars().all(is_plain) {
                return Err(wrong("a name that ssh reaches, as in ssh NAME"));
            }
            if hosts.iter().any(|other| other.name == host.name) {
                return Err(wrong("each host once; HOST:N trains N trials at once"));
            }
            hosts.push(host);
        }
        if hosts.is_empty() { Err(SweepError::setting("--ssh", "empty", "one host or several")) } else { Ok(hosts) }
    }

    /// A command there, of plain words.
    pub(super) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new("ssh");
        command.args(["-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=15"]);
        // A host that does not answer for a minute is gone.
        command.args(["-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=4"]);
        command.arg(&self.name).args(words);
        signals::set_apart(&mut command);
        command
    }
}

/// Why a host cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub reason: String,
    /// Another attempt would meet the same.
    pub is_final: bool,
}

/// What `ssh` says when it comes to no connection or loses one, in the words of somebody who knows what to do.
pub(super) fn fault(host: &str, said: &str) -> Fault {
    let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("the connection was cut").trim();
    let is = |words: &str| said.contains(words);
    let advice = if is("Could not resolve hostname") {
        Some(format!("it is not known here; ssh {host} must reach it"))
    } else if is("REMOTE HOST IDENTIFICATION HAS CHANGED") {
        Some(format!(
            "its host key is another than it was; if that is right, remove the old one with ssh-keygen -R {host}"
        ))
    } else if is("Host key verification failed") {
        Some(format!("its host key is not known here yet; log in once with ssh {host} and accept it"))
    } else if is("Permission denied") {
        Some(format!(
            "it refuses the key; ssh {host} must let you in without a password, which ssh-copy-id {host} sees to"
        ))
    } else {
        None
    };
    match advice {
        Some(advice) => Fault { reason: format!("{advice} ({last})"), is_final: true },
        None => Fault { reason: last.to_owned(), is_final: false },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_named_as_ssh_names_them() {
        let read = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            let told = |hosts: Vec<Host>| hosts.into_iter().map(|host| (host.name, host.jobs)).collect::<Vec<_>>();
            Host::read(&words, 2).map(told).map_err(|error| error.to_string())
        };
        let host = |name: &str, jobs| (name.to_owned(), jobs);
        assert_eq!(read(&["a,me@b:3", "fe80::1"]).unwrap(), [host("a", 2), host("me@b", 3), host("fe80::1", 2)]);
        for (words, expected) in [
            (&["a:0"][..], "HOST or HOST:N"),
            (&["a:many"], "HOST or HOST:N"),
            (&["-oProxyCommand=x"], "a name that ssh reaches"),
            (&["a b"], "a name that ssh reaches"),
            (&["a", "a:2"], "each host once"),
            (&[","], "one host or several"),
        ] {
            let error = read(words).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn what_ssh_says_is_told_with_what_would_help() {
        let check = |said: &str, words: &str, is_final: bool| {
            let fault = fault("alpha", said);
            assert!(fault.reason.contains(words) && fault.is_final == is_final, "{fault:?}");
        };
        check("ssh: Could not resolve hostname alpha: Name or service not known\n", "ssh alpha must reach it", true);
        check("me@alpha: Permission denied (publickey,password).\n", "ssh-copy-id alpha", true);
        check("Host key verification failed.\n", "log in once with ssh alpha", true);
        check("ssh: connect to host alpha port 22: Connection refused\n", "Connection refused", false);
        check("", "the connection was cut", false);
    }
}
