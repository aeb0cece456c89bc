//! Files that name each other in a ring cannot be understood one at a time, nor taken apart. What two of them share
//! belongs below both.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use super::imports::{Arrows, Imports};
use super::src;

/// The rooms from the ground up. A room names what stands in lines above its own, and none of its neighbours.
const FLOORS: [&[&str]; 15] = [
    &["stop"],
    &["task", "json", "random", "guard", "signals", "memory", "protobuf", "words"],
    &["files"],
    &["table"],
    &["data", "metrics", "model"],
    &["text"],
    &["corpus", "hub"],
    &["inspect"],
    &["analysis"],
    &["train"],
    &["samples", "batch", "bench", "export", "serve", "sweep"],
    &["recipes"],
    &["worker"],
    &["ui", "cli"],
    &["main"],
];

/// How many files of one folder may name each other in a ring.
const LARGEST: usize = 3;

fn imports() -> Imports {
    Imports::read(&["lib.rs", "main.rs"], &|path| std::fs::read_to_string(src().join(path)).ok())
}

/// The room that a file is part of: its first folder, or its own name.
fn room(file: &str) -> &str {
    file.split('/').next().unwrap_or(file).trim_end_matches(".rs")
}

fn floor(file: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room(file)))
}

/// The arrows that do not point to the ground.
fn upward(files: &[String], arrows: &Arrows) -> Vec<String> {
    let between = arrows.iter().map(|((from, to), names)| (&files[*from], &files[*to], names));
    let wrong = between.filter(|(from, to, _)| room(from) != room(to) && floor(to) >= floor(from));
    wrong.map(|(from, to, names)| format!("{from} names {names:?} of {to}")).collect()
}

/// Files that reach each other, each ring in the order of the files.
fn circles(count: usize, arrows: &Arrows) -> Vec<Vec<usize>> {
    let reached: Vec<BTreeSet<usize>> = (0..count).map(|from| reach(from, arrows)).collect();
    let mut seen = BTreeSet::new();
    let mut circles = Vec::new();
    for file in 0..count {
        let ring: Vec<usize> = reached[file].iter().copied().filter(|other| reached[*other].contains(&file)).collect();
        if ring.len() > 1 && seen.insert(ring.clone()) {
            circles.push(ring);
        }
    }
    circles
}

/// All files that one comes to along the arrows, itself only on a way around.
fn reach(from: usize, arrows: &Arrows) -> BTreeSet<usize> {
    let (mut found, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(file) = open.pop() {
        let next = arrows.range((file, 0)..(file + 1, 0)).map(|((_, to), _)| *to);
        open.extend(next.filter(|to| found.insert(*to)));
    }
    found
}

/// The folder of a file; that of a file with parts of its own is where these lie.
fn folder<'a>(file: &'a str, with_parts: &BTreeSet<&str>) -> &'a str {
    let stem = file.trim_end_matches(".rs").trim_end_matches("/mod");
    if with_parts.contains(stem) { stem } else { file.rsplit_once('/').map_or("", |(folder, _)| folder) }
}

/// Whether a ring is small and in one folder, where the face of a folder is at home in it and beside it.
fn is_allowed(ring: &[&str], with_parts: &BTreeSet<&str>) -> bool {
    let inner = |file: &str| folder(file, with_parts).to_owned();
    let outer = |file: &str| file.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
    let homes = ring.iter().flat_map(|file| [inner(file), outer(file)]);
    ring.len() <= LARGEST
        && homes.into_iter().any(|home| ring.iter().all(|file| inner(file) == home || outer(file) == home))
}

/// What ties a ring, for people.
fn told(ring: &[usize], files: &[String], arrows: &Arrows) -> String {
    let names: Vec<&String> = ring.iter().map(|file| &files[*file]).collect();
    let mut text = format!("a circle of {} files: {names:?}\n", ring.len());
    for ((from, to), names) in arrows.iter().filter(|((from, to), _)| ring.contains(from) && ring.contains(to)) {
        writeln!(text, "  {} names {names:?} of {}", files[*from], files[*to]).ok();
    }
    text
}

#[test]
fn every_path_of_the_house_is_followed() {
    let mut imports = imports();
    let arrows = imports.arrows();
    assert!(imports.lost.is_empty(), "{}", imports.lost.join("\n"));
    let reached: BTreeSet<_> = imports.files.iter().map(|file| src().join(file)).collect();
    let is_test = |path: &Path| std::fs::read_to_string(path).unwrap().contains("#[test]");
    for path in super::sources(&src()) {
        assert!(reached.contains(&path) || is_test(&path), "{} is not reached", path.display());
    }
    assert!(arrows.len() > 2 * reached.len(), "{} arrows between {} files", arrows.len(), reached.len());
}

#[test]
fn rooms_name_only_what_stands_below_them() {
    let mut imports = imports();
    let arrows = imports.arrows();
    let unplaced: Vec<&String> =
        imports.files.iter().filter(|file| *file != "lib.rs" && floor(file).is_none()).collect();
    assert!(unplaced.is_empty(), "write in FLOORS where these stand: {unplaced:?}");
    let wrong = upward(&imports.files, &arrows);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_name_each_other_in_no_large_ring() {
    let mut imports = imports();
    let arrows = imports.arrows();
    let files = &imports.files;
    let with_parts: BTreeSet<&str> = files.iter().filter_map(|file| Some(file.rsplit_once('/')?.0)).collect();
    let mut wrong = String::new();
    for ring in circles(files.len(), &arrows) {
        let names: Vec<&str> = ring.iter().map(|file| files[*file].as_str()).collect();
        if !is_allowed(&names, &with_parts) {
            wrong += &told(&ring, files, &arrows);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_ring_is_found_with_what_ties_it() {
    let sources = [
        ("lib.rs", "mod a;\nmod b;\nmod c;\nmod d;"),
        ("a.rs", "pub struct A;\nuse crate::b::B;"),
        ("b.rs", "pub struct B;\nuse crate::c;\nfn f() { c::g() }"),
        ("c.rs", "pub fn g(a: crate::a::A) {}"),
        ("d.rs", "use crate::a::A;"),
    ];
    let read = |path: &str| sources.iter().find(|(name, _)| *name == path).map(|(_, text)| (*text).to_owned());
    let mut imports = Imports::read(&["lib.rs"], &read);
    let arrows = imports.arrows();
    let found = circles(imports.files.len(), &arrows);
    assert_eq!(found.len(), 1);
    let told = told(&found[0], &imports.files, &arrows);
    assert_eq!(told.lines().count(), 4, "{told}");
    for line in [r#"a.rs names {"B"} of b.rs"#, r#"b.rs names {"g"} of c.rs"#, r#"c.rs names {"A"} of a.rs"#] {
        assert!(told.contains(line), "{line} in {told}");
    }
}

#[test]
fn a_small_ring_stays_in_its_folder() {
    let with_parts = BTreeSet::from(["data", "data/health", "ui"]);
    let check = |ring: &[&str], allowed: bool| assert_eq!(is_allowed(ring, &with_parts), allowed, "{ring:?}");
    check(&["data/a.rs", "data/b.rs"], true);
    check(&["data/health.rs", "data/health/kinds.rs"], true);
    check(&["data/health.rs", "data/labels.rs"], true);
    check(&["data/mod.rs", "data/labels.rs"], true);
    check(&["data/health/kinds.rs", "data/labels.rs"], false);
    check(&["data/a.rs", "ui/b.rs"], false);
    check(&["data/a.rs", "data/b.rs", "data/c.rs", "data/d.rs"], false);
}

#[test]
fn an_arrow_up_or_aside_is_seen() {
    let files: Vec<String> =
        ["model/open.rs", "train/run.rs", "data/dataset.rs", "task.rs"].map(str::to_owned).to_vec();
    let check = |from: usize, to: usize, wrong: bool| {
        let arrows = Arrows::from([((from, to), BTreeSet::from(["Name".to_owned()]))]);
        assert_eq!(!upward(&files, &arrows).is_empty(), wrong, "{} to {}", files[from], files[to]);
    };
    check(1, 0, false);
    check(0, 3, false);
    check(0, 1, true);
    check(0, 2, true);
    check(3, 1, true);
}
