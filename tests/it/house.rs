//! The rules of the house that a compiler does not know: which way the arrows point, and how long a file may be.

mod circles;
mod decisions;
mod imports;

use std::path::{Path, PathBuf};

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The lines of a file outside of what `#[cfg(test)]` stands over: an item with a block to the brace that closes it at
/// its own level, as the formatter has it, and any other to its end.
fn product(text: &str) -> Vec<&str> {
    let (mut kept, mut lines) = (Vec::new(), text.lines());
    while let Some(line) = lines.next() {
        if line.trim() != "#[cfg(test)]" {
            kept.push(line);
            continue;
        }
        let level = &line[..line.len() - line.trim_start().len()];
        let mut head = lines.by_ref().skip_while(|line| line.trim_start().starts_with(['#', '/']));
        let head = head.next().unwrap_or_default();
        if head.ends_with('{') {
            let is_end = |line: &str| line.strip_prefix(level).is_some_and(|rest| rest.starts_with('}'));
            lines.by_ref().find(|line| is_end(line));
        } else if !head.ends_with([';', ',', '}']) {
            lines.by_ref().find(|line| line.ends_with([';', ',', '}']));
        }
    }
    kept
}

/// What a file says outside comments and tests.
fn code(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    product(&text).into_iter().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// Files of a room that name one of the words.
fn offenders(room: &str, words: &[&str]) -> Vec<String> {
    let folder = src().join(room);
    let single = folder.with_extension("rs");
    let mut files = if folder.is_dir() { sources(&folder) } else { Vec::new() };
    files.extend(single.is_file().then_some(single));
    assert!(!files.is_empty(), "there is no room {room}");
    let named = files.iter().filter_map(|path| {
        let code = code(path);
        let word = words.iter().find(|word| code.contains(**word))?;
        Some(format!("{} names {word}", path.display()))
    });
    named.collect()
}

/// Which rooms of the house name which is `circles.rs`; here is what each may not know of the world outside.
#[test]
fn a_room_names_no_crate_that_is_not_its_own() {
    let unheard = ["egui", "crossbeam_channel"];
    let rules: [(&str, &[&str]); 20] = [
        ("table", &["candle_"]),
        ("data", &["candle_"]),
        ("text", &["candle_"]),
        ("corpus", &["candle_"]),
        ("metrics", &["candle_"]),
        ("table", &unheard),
        ("data", &unheard),
        ("text", &unheard),
        ("corpus", &unheard),
        ("model", &unheard),
        ("metrics", &unheard),
        ("hub", &unheard),
        ("train", &unheard),
        ("inspect", &unheard),
        ("export", &unheard),
        ("serve", &unheard),
        ("sweep", &unheard),
        ("worker", &["egui"]),
        ("ui", &["candle_"]),
        ("cli", &["egui"]),
    ];
    let broken: Vec<String> = rules.iter().flat_map(|(room, words)| offenders(room, words)).collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn the_engine_starts_no_threads_and_prints_nothing() {
    let words = ["thread::Builder", "println!", "eprintln!", "print!("];
    let rooms = ["table", "data", "text", "corpus", "model", "metrics", "hub", "train", "inspect", "export", "sweep"];
    let broken: Vec<String> = rooms.iter().flat_map(|room| offenders(room, &words)).collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// A pipe in the place of a file is waited for without end, and nothing can stop that.
#[test]
fn files_are_opened_by_whoever_looks_first_whether_they_are_some() {
    let words = ["fs::read(", "fs::read_to_string(", "File::open("];
    let rooms = [
        "table", "data", "text", "corpus", "model", "metrics", "hub", "train", "inspect", "analysis", "export",
        "serve", "sweep", "worker", "cli", "ui",
    ];
    let mut broken: Vec<String> = rooms.iter().flat_map(|room| offenders(room, &words)).collect();
    broken.retain(|told| !told.contains("/tests/"));
    assert!(broken.is_empty(), "use crate::files::open, read_note or read_whole\n{}", broken.join("\n"));
}

#[test]
fn files_open_with_their_purpose_and_stay_short() {
    for path in sources(&src()) {
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("//!"), "{} does not say what it is for", path.display());
        let lines = product(&text).len();
        assert!(lines <= 500, "{} has {lines} lines", path.display());
    }
}

#[test]
fn what_stands_below_tests_is_seen_too() {
    let text = "use a;\n#[cfg(test)]\nuse b;\nfn one() {}\n#[cfg(test)]\nmod tests {\n    fn two() {\n    }\n}\n\nfn three() {\n    \
                #[cfg(test)]\n    four();\n    five();\n}\n#[cfg(test)]\n#[path = \"x\"]\nmod more;\nfn six() {}\n";
    let seen = product(text).join("\n");
    for name in ["use a", "one", "three", "five", "six"] {
        assert!(seen.contains(name), "{name} is missing in {seen}");
    }
    for name in ["use b", "two", "four", "more", "tests"] {
        assert!(!seen.contains(name), "{name} is in {seen}");
    }
}

/// What goes out to the network goes through one file, which asks whether it may; and what comes in, through the room that
/// listens, to this machine alone.
#[test]
fn only_the_wire_of_the_hub_goes_out_and_only_the_server_listens() {
    const NOTHING: &[&str] = &[];
    let outward: &[&str] = &["ureq::", "UdpSocket", "hf_hub::api::sync", "hf_hub::api::tokio", "::connect("];
    let mut offenders = Vec::new();
    let mut check = |path: &Path, words: &[&str]| {
        let code = code(path);
        let named = words.iter().filter(|word| code.contains(**word));
        offenders.extend(named.map(|word| format!("{} names {word}", path.display())));
    };
    for path in sources(&src()) {
        // Which connections there are is kept beside, so that they can be shut down.
        let is_wire = path.ends_with("hub/wire.rs") || path.ends_with("hub/switch.rs");
        // Who accepts knocks at its own door to be woken.
        let (is_server, is_door) = (path.starts_with(src().join("serve")), path.ends_with("serve/listen.rs"));
        check(&path, if is_wire || is_door { NOTHING } else { outward });
        check(&path, if is_server { &["0.0.0.0", "UNSPECIFIED", "ToSocketAddrs"] } else { &["TcpListener"] });
        check(&path, if is_wire || is_server { NOTHING } else { &["TcpStream"] });
    }
    assert!(offenders.is_empty(), "{}", offenders.join("\n"));
    assert!(code(&src().join("hub/wire.rs")).contains("ureq::"), "the wire is elsewhere now");
    let door = code(&src().join("serve/listen.rs"));
    assert!(door.contains("TcpListener::bind((Ipv4Addr::LOCALHOST, port))"), "it listens to others as well");
    assert!(door.contains("TcpStream::connect(address)") && !door.contains("ureq::"), "it goes out");
}
