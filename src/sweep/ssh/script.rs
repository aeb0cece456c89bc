//! What a host is told and asked before anything is sent to it, in the language of every shell there is, and what it
//! answers.
//!
//! The first command is `sh -s` with a script on standard input: it makes the folder of the sweep, writes `there.sh` into
//! it, and tells what there is. All later commands are plain words, which mean the same to whatever shell a person has.

use std::collections::BTreeSet;

/// The other end, as it is written to a host.
const THERE: &str = include_str!("there.sh");
/// Before every line that is meant for us: what a person's shell prints at its start is not.
const MARK: &str = "ATTUNE ";

/// Makes the folder of a sweep below `root` and tells what is there. `sent` is the sum of the program that would be sent.
pub(super) fn asks(root: &str, id: &str, sent: Option<&str>) -> String {
    let sent = sent.map(|sum| format!("../../program/{sum}/attune ")).unwrap_or_default();
    format!(
        "set -u\n\
         mkdir -p {root}/files {root}/program {root}/sweeps/{id}/trials {root}/sweeps/{id}/runs || exit 73\n\
         cd {root}/sweeps/{id} || exit 73\n\
         cat > there.sh <<'END_OF_THERE' || exit 73\n{THERE}END_OF_THERE\n\
         echo \"{MARK}folder $(pwd -P)\"\n\
         echo \"{MARK}system $(uname -s) $(uname -m)\"\n\
         echo \"{MARK}cores $(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)\"\n\
         df -Pk . | awk 'NR == 2 {{ print \"{MARK}free \" $4 }}'\n\
         for tool in tar awk find ps; do command -v $tool >/dev/null 2>&1 || echo \"{MARK}lacks $tool\"; done\n\
         command -v sha256sum >/dev/null 2>&1 || command -v shasum >/dev/null 2>&1 || echo \"{MARK}lacks sha256sum\"\n\
         for program in {sent}attune \"$HOME/.cargo/bin/attune\" \"$HOME/.local/bin/attune\" /usr/local/bin/attune; do\n\
         \x20 version=$(\"$program\" --version 2>/dev/null </dev/null) && echo \"{MARK}program $(command -v \"$program\")\" && \
         echo \"{MARK}version $version\"\n\
         done\n\
         ls ../../files | awk '{{ print \"{MARK}has \" $1 }}'\n\
         for run in runs/*/run.toml; do\n\
         \x20 run=${{run%/run.toml}}; [ -d \"$run\" ] && echo \"{MARK}run ${{run#runs/}}\"\n\
         done\n\
         exit 0\n"
    )
}

/// What a host answers.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Told {
    /// That of the sweep, by its whole path.
    pub folder: String,
    /// System and machine, as in `Linux x86_64`.
    pub system: String,
    pub cores: usize,
    /// Bytes.
    pub free: Option<u64>,
    pub lacks: Vec<String>,
    /// Programs that answer, with what they say of their version.
    pub programs: Vec<(String, String)>,
    /// Sums of the files that are there.
    pub has: BTreeSet<String>,
    /// Runs that were not fetched.
    pub runs: BTreeSet<String>,
}

impl Told {
    pub fn read(text: &str) -> Self {
        let mut told = Self::default();
        for line in text.lines().filter_map(|line| line.strip_prefix(MARK)) {
            let (key, value) = line.split_once(' ').unwrap_or((line, ""));
            let value = value.trim();
            match key {
                "folder" => value.clone_into(&mut told.folder),
                "system" => value.clone_into(&mut told.system),
                "cores" => told.cores = value.parse().unwrap_or(1),
                "free" => told.free = value.parse::<u64>().ok().map(|kilobytes| kilobytes << 10),
                "lacks" => told.lacks.push(value.to_owned()),
                "program" => told.programs.push((value.to_owned(), String::new())),
                "version" => {
                    if let Some((_, version)) = told.programs.last_mut() {
                        value.clone_into(version);
                    }
                }
                "has" => drop(told.has.insert(value.to_owned())),
                "run" => drop(told.runs.insert(value.to_owned())),
                _ => {}
            }
        }
        told
    }
}

/// The sums that a host found wrong in what it was sent.
pub(super) fn wrong(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| line.strip_prefix(MARK)?.strip_prefix("wrong ")).collect()
}

/// System and machine of this program, as `uname` calls them; what it is sent to must be called the same.
pub(super) fn own_system() -> String {
    let system = match std::env::consts::OS {
        "linux" => "Linux",
        "macos" => "Darwin",
        "freebsd" => "FreeBSD",
        other => other,
    };
    let machine = match (std::env::consts::OS, std::env::consts::ARCH) {
        ("macos", "aarch64") => "arm64",
        ("freebsd", "x86_64") => "amd64",
        (_, other) => other,
    };
    format!("{system} {machine}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_host_tells_is_read_among_what_its_shell_prints() {
        let text = "Welcome to alpha!\nATTUNE folder /home/me/.cache/attune/sweeps/1\nATTUNE system Linux x86_64\n\
                    ATTUNE cores 8\nATTUNE free 1024\nATTUNE program /usr/bin/attune\nATTUNE version attune 0.0.9\n\
                    ATTUNE program /home/me/.cargo/bin/attune\nATTUNE version attune 0.1.0\nATTUNE has 00ff\nATTUNE run \
                    trial-001\nbye\n";
        let told = Told::read(text);
        assert_eq!(told.folder, "/home/me/.cache/attune/sweeps/1");
        assert_eq!((told.system.as_str(), told.cores, told.free), ("Linux x86_64", 8, Some(1 << 20)));
        assert_eq!(told.programs[1], ("/home/me/.cargo/bin/attune".to_owned(), "attune 0.1.0".to_owned()));
        assert!(told.has.contains("00ff") && told.runs.contains("trial-001") && told.lacks.is_empty());
    }
}
