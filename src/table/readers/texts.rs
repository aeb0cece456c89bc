//! Files that are a text each → one row a file: its label is the folder it lies in (as in the Large Movie Review Dataset),
//! or its labelled places stand in a file beside it, as brat writes them.
//!
//! How the files are encoded is one answer for all of them, asked of those that are not UTF-8. A folder of texts without
//! a label is passed over and told; it is read when it is named itself.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use serde_json::Value;

use super::elements::Place;
use super::encoding::{self, Decoded};
use super::finish::finish_export;
use super::marks::{self, Mark, Object};
use super::objects::Rows;
use super::unpack::{self, Packing, SIZE_LIMIT, size};
use crate::files;
use crate::stop::heed;
use crate::table::{Charset, Format, Origin, ReadError, RowProblem, Table};
use crate::words::{noun, plural};

/// Folders of texts that nobody labelled.
const UNLABELLED: [&str; 6] = ["unsup", "unsupervised", "unlabeled", "unlabelled", "unlab", "no_label"];
/// Bytes by which the encoding is recognised.
const SAMPLE: usize = 1 << 20;

/// Reads a file by its name.
pub(super) type Fetch<'a> = &'a mut dyn FnMut(&str) -> Result<Vec<u8>, ReadError>;

/// The texts of folders that are their classes.
pub(super) fn read_classes(
    root: &Path,
    names: &[String],
    told: Option<Charset>,
    fetch: Fetch<'_>,
) -> Result<Table, ReadError> {
    let class = |name: &str| name.rsplit('/').nth(1).unwrap_or_default().to_owned();
    let classes: BTreeSet<String> = names.iter().map(|name| class(name)).collect();
    let is_unlabelled = |class: &str| UNLABELLED.contains(&class.to_lowercase().as_str());
    let has_labels = classes.iter().any(|class| !is_unlabelled(class));
    let taken = |name: &&String| !has_labels || !is_unlabelled(&class(name));
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for name in names {
        *counts.entry(class(name)).or_default() += 1;
    }
    let kept: Vec<&String> = names.iter().filter(taken).collect();
    let texts = Texts::read(root, &kept, told, fetch)?;
    let mut rows = Rows::default();
    for (name, text) in kept.iter().zip(&texts.all) {
        match text {
            Ok(text) => {
                let fields = [("text", text.trim_end()), ("label", &class(name)), ("file", name)];
                let fields = fields.map(|(key, value)| (key.to_owned(), Value::String(value.to_owned())));
                rows.add_object(Object::from_iter(fields), Place::of_line(1));
            }
            Err(reason) => rows.leave_out(problem(name, reason)),
        }
    }
    let told = |(class, count): (&String, &usize)| format!("{class:?} ({count})");
    let shown: Vec<String> =
        counts.iter().filter(|(class, _)| !has_labels || !is_unlabelled(class)).take(20).map(told).collect();
    let mut notes = vec![format!("each file is a text and its folder the label: {}", shown.join(", "))];
    for (class, count) in counts.iter().filter(|(class, _)| has_labels && is_unlabelled(class)) {
        let texts = if *count == 1 { "text".to_owned() } else { format!("{count} texts") };
        let [have, are] = [noun(*count, "has", "have"), noun(*count, "is", "are")];
        notes.push(format!("the {texts} in {class:?} {have} no label and {are} not read"));
    }
    notes.extend(texts.notes());
    let mut table = rows.into_table(root, Format::TextFolders, &texts.decoded());
    table.notes = notes;
    finish_export(table, &[])
}

/// The texts beside which brat wrote their labelled places.
pub(super) fn read_brat(
    root: &Path,
    names: &[String],
    told: Option<Charset>,
    fetch: Fetch<'_>,
) -> Result<Table, ReadError> {
    let kept: Vec<&String> = names.iter().collect();
    let texts = Texts::read(root, &kept, told, fetch)?;
    let mut rows = Rows::default();
    let mut passed = Passed::default();
    for (name, text) in kept.iter().zip(&texts.all) {
        let notes = fetch(&format!("{}.ann", name.strip_suffix(".txt").unwrap_or(name)));
        let read = text.clone().and_then(|text| {
            let notes = notes.map_err(|error| error.to_string())?;
            Ok((text, passed.marks(&texts.like(notes)?)?))
        });
        match read {
            Ok((text, marks)) => {
                let file = Object::from_iter([("file".to_owned(), Value::String((*name).clone()))]);
                rows.add_object(marks::row(text, &marks, file), Place::of_line(1));
            }
            Err(reason) => rows.leave_out(problem(name, &reason)),
        }
    }
    let mut table = rows.into_table(root, Format::Brat, &texts.decoded());
    table.notes = passed.notes();
    table.notes.extend(texts.notes());
    finish_export(table, &[])
}

/// The file of each row.
pub(super) fn origins(root: &Path, table: &Table) -> Vec<Origin> {
    let Some(column) = table.column("file") else { return Vec::new() };
    let origin = |row: usize| {
        let name = table.cell(row, column);
        Origin { path: root.join(name), name: name.into(), first: row }
    };
    (0..table.rows()).map(origin).collect()
}

fn problem(name: &str, reason: &str) -> RowProblem {
    RowProblem { file: Some(name.into()), ..RowProblem::new(1, reason.to_owned()) }
}

/// What brat's files tell beside labelled places, which is not read.
#[derive(Default)]
struct Passed {
    /// Places that consist of several pieces.
    broken: usize,
    relations: usize,
    events: usize,
    attributes: usize,
}

impl Passed {
    /// The places of one file: `T1<tab>PER 0 9<tab>Ines Kaya`.
    fn marks(&mut self, notes: &str) -> Result<Vec<Mark>, String> {
        let mut marks = Vec::new();
        for line in notes.lines().map(|line| line.trim_end_matches('\r')) {
            match line.as_bytes().first() {
                Some(b'T') => marks.extend(self.mark(line)?),
                Some(b'R' | b'*') => self.relations += 1,
                Some(b'E') => self.events += 1,
                Some(b'A' | b'M') => self.attributes += 1,
                _ => {}
            }
        }
        Ok(marks)
    }

    fn mark(&mut self, line: &str) -> Result<Option<Mark>, String> {
        let mut fields = line.splitn(3, '\t').skip(1);
        let (place, words) = (fields.next().unwrap_or_default(), fields.next());
        if place.contains(';') {
            self.broken += 1;
            return Ok(None);
        }
        let parts: Vec<&str> = place.split(' ').collect();
        let read = match parts[..] {
            [label, start, end] => start.parse().ok().zip(end.parse().ok()).map(|(start, end)| (label, start, end)),
            _ => None,
        };
        let Some((label, start, end)) = read else {
            let shown = crate::table::shorten(line, 60);
            return Err(format!("has a place that cannot be read, expected a label, a start and an end: {shown}"));
        };
        Ok(Some(Mark { start, end, label: label.to_owned(), text: words.map(str::to_owned) }))
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.broken > 0 {
            let places = plural(self.broken, "labelled place consists", "labelled places consist");
            let are = noun(self.broken, "is", "are");
            notes.push(format!("{places} of several pieces and {are} not read"));
        }
        let others = [
            (self.relations, ["relation", "relations"]),
            (self.events, ["event", "events"]),
            (self.attributes, ["attribute", "attributes"]),
        ];
        let there = others.iter().filter(|(count, _)| *count > 0);
        let told: Vec<String> = there.map(|(count, [one, many])| plural(*count, one, many)).collect();
        if !told.is_empty() {
            notes.push(format!("not read of the annotations: {}", told.join(", ")));
        }
        notes
    }
}

/// Files as text, all in one way.
struct Texts {
    all: Vec<Result<String, String>>,
    charset: Charset,
    /// How sure the encoding is, where it was guessed.
    words: String,
    /// Files that are not UTF-8, and characters that could not be read.
    others: usize,
    replaced: usize,
    is_told: bool,
    /// What marks of files say against the encoding that was named.
    against: Option<String>,
}

impl Texts {
    fn read(root: &Path, names: &[&String], told: Option<Charset>, fetch: Fetch<'_>) -> Result<Self, ReadError> {
        let mut all = Vec::with_capacity(names.len());
        let mut total = 0;
        for name in names {
            heed();
            let bytes = fetch(name)?;
            total += bytes.len() as u64;
            if total > SIZE_LIMIT {
                return Err(ReadError::TooLarge { path: root.to_path_buf(), limit: size(SIZE_LIMIT) });
            }
            all.push(bytes);
        }
        let is_other = |bytes: &&Vec<u8>| {
            std::str::from_utf8(bytes).is_err()
                && encoding::marked(bytes).is_none()
                && encoding::not_text(bytes).is_none()
        };
        let mut sample = Vec::new();
        let mut others = 0;
        for bytes in all.iter().filter(is_other) {
            others += 1;
            if sample.len() < SAMPLE {
                sample.extend_from_slice(&bytes[..bytes.len().min(SAMPLE)]);
            }
        }
        let guessed = if told.is_none() { encoding::of_sample(&sample, true) } else { None };
        let charset = told.or(guessed.as_ref().map(|guess| guess.charset)).unwrap_or(Charset::UTF_8);
        let words = guessed.map_or_else(|| charset.name().to_owned(), |guess| guess.words());
        // What a mark says against what was named is told once.
        let against = told.and_then(|told| {
            let mut marks = all.iter().filter_map(|bytes| encoding::against(bytes, told));
            let first = marks.next()?;
            let files = plural(1 + marks.count(), "file", "files");
            Some(format!("of {files} is to be told: {first}"))
        });
        let mut replaced = 0;
        let read = |bytes| text(bytes, charset, told.is_some(), &mut replaced);
        let all = all.into_iter().map(read).collect();
        Ok(Self { all, charset, is_told: told.is_some(), words, others, replaced, against })
    }

    /// What lies beside the texts, which one program wrote in one encoding. It may be empty.
    fn like(&self, bytes: Vec<u8>) -> Result<String, String> {
        if bytes.is_empty() { Ok(String::new()) } else { text(bytes, self.charset, self.is_told, &mut 0) }
    }

    fn notes(&self) -> impl Iterator<Item = String> {
        let (count, encoding) = (self.others, &self.words);
        let (files, were) = (plural(count, "file is", "files are"), noun(count, "was", "were"));
        let others = (count > 0).then(|| format!("{files} not UTF-8 and {were} read as {encoding}"));
        others.into_iter().chain(self.against.clone())
    }

    fn decoded(&self) -> Decoded {
        let is_one = self.is_told || self.others == self.all.len();
        let encoding = if is_one { self.charset.name() } else { "UTF-8" };
        Decoded { encoding, replaced: self.replaced, ..Decoded::nothing() }
    }
}

/// The text of a file, in an encoding that a person named, or where it is not UTF-8 in the one that was guessed.
fn text(bytes: Vec<u8>, charset: Charset, is_told: bool, replaced: &mut usize) -> Result<String, String> {
    if let Some((what, _)) = encoding::not_text(&bytes).filter(|_| !bytes.is_empty()) {
        return Err(format!("is {what}, expected a text"));
    }
    let bytes = match String::from_utf8(bytes) {
        Ok(text) if !is_told => return Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text)),
        Ok(text) => text.into_bytes(),
        Err(error) => error.into_bytes(),
    };
    let (charset, mark) =
        if is_told { encoding::as_told(&bytes, charset) } else { encoding::marked(&bytes).unwrap_or((charset, 0)) };
    let mut text = String::new();
    *replaced += charset.decoder().decode(&bytes[mark..], true, &mut text);
    Ok(text)
}

/// The content of a file of a folder, unpacked.
pub(super) fn content(path: &Path) -> Result<Vec<u8>, ReadError> {
    let cannot_read = |source: io::Error| ReadError::Read { path: path.to_path_buf(), source };
    let bytes = files::read_whole(path, SIZE_LIMIT).map_err(cannot_read)?;
    match Packing::of(&bytes) {
        Some(packing) => unpack::all(path, packing, io::Cursor::new(bytes)),
        None => Ok(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::folder_with;
    use crate::table::find::to_judge;

    #[test]
    fn a_folder_for_each_class_is_a_table() {
        let dir = folder_with::<[u8]>(&[
            ("train/pos/0_9.txt", b"A fine film.\n"),
            ("train/pos/1_7.txt", "Très bien.".as_bytes()),
            ("train/neg/0_3.txt", b"Dull.<br />Long."),
            ("train/unsup/0_0.txt", b"Who knows."),
            ("train/urls_pos.txt", b"http://x\n"),
            ("test/pos/0_10.txt", b"Good."),
            ("test/neg/0_2.txt", b"Bad."),
            ("test/neg/1_2.txt", b"Worse."),
            ("README", b"about"),
        ]);
        let table = Table::open(dir.path()).unwrap();
        assert_eq!((table.format, table.columns.join(" ").as_str()), (Format::TextFolders, "text label file"));
        let expected = [
            ["Dull.<br />Long.", "neg", "train/neg/0_3.txt"],
            ["A fine film.", "pos", "train/pos/0_9.txt"],
            ["Très bien.", "pos", "train/pos/1_7.txt"],
        ];
        assert_eq!(table.all_cells(), expected);
        assert_eq!(table.place(1), "line 1 of train/pos/0_9.txt");
        let notes = table.notes.join("\n");
        assert!(notes.contains(r#"each file is a text and its folder the label: "neg" (1), "pos" (2)"#), "{notes}");
        assert!(notes.contains(r#"the text in "unsup" has no label and is not read"#), "{notes}");
        assert_eq!(table.origins.held_out, Some(dir.path().join("test").into()));
        let held_out = Table::open(&dir.path().join("test")).unwrap();
        assert_eq!((held_out.rows(), held_out.cell(0, 0)), (3, "Bad."));
        assert_eq!(to_judge(&dir.path().into()).unwrap().0, dir.path().join("test").into());
    }

    #[test]
    fn one_encoding_is_found_for_all_texts() {
        let (western, ..) = encoding_rs::WINDOWS_1252.encode("Le café était très agréable, à côté du marché.");
        let dir = folder_with::<[u8]>(&[
            ("a/1", &western),
            ("a/2", b"plain"),
            ("b/1", "naïve".as_bytes()),
            ("b/2", b"\x89PNG\r\n\x1A\n\0\0"),
        ]);
        let table = Table::open(dir.path()).unwrap();
        let texts: Vec<&str> = table.all_cells().iter().map(|row| row[0]).collect();
        assert_eq!(texts, ["Le café était très agréable, à côté du marché.", "plain", "naïve"]);
        assert!(
            table.notes.iter().any(|note| note.starts_with("1 file is not UTF-8 and was read as windows-1252 (")),
            "{:?}",
            table.notes
        );
        assert_eq!(table.problems[0].place(), "line 1 of b/2");
    }

    #[test]
    fn an_encoding_that_is_named_holds_for_texts_too() {
        let wide: Vec<u8> = [0xFF, 0xFE].into_iter().chain("né".encode_utf16().flat_map(u16::to_le_bytes)).collect();
        let marked = "\u{feff}été".as_bytes();
        let dir = folder_with::<[u8]>(&[("a/1", b"caf\x8e"), ("a/2", marked), ("b/1", &wide)]);
        let read = |named: &str| {
            let inputs = crate::table::Inputs::from(dir.path()).read_as(Charset::named(named));
            Table::open_inputs(&inputs, crate::table::Part::Learn).unwrap()
        };
        let table = read("macintosh");
        let texts: Vec<&str> = table.all_cells().iter().map(|row| row[0]).collect();
        assert_eq!(texts[..2], ["café", "Ôªø√©t√©"]);
        assert_eq!(table.encoding, "macintosh");
        let told = "of 2 files is to be told: it begins with the mark of UTF-8 and is read as macintosh, as was said";
        assert!(table.notes.iter().any(|note| note == told), "{:?}", table.notes);
        let table = read("utf-8");
        assert_eq!((table.cell(1, 0), table.encoding), ("été", "UTF-8"));
        assert!(table.notes.iter().any(|note| note.contains("the mark of UTF-16LE")), "{:?}", table.notes);
    }

    #[test]
    fn the_places_of_brat_are_in_the_encoding_of_the_texts() {
        let dir = folder_with::<[u8]>(&[
            ("1.txt", b"Il est \xe0 Orl\xe9ans depuis l'\xe9t\xe9.\n"),
            ("1.ann", b"T1\tLIEU-PR\xc9CIS 9 16\tOrl\xe9ans\n"),
            ("2.txt", b"Nice"),
            ("2.ann", b"\xef\xbb\xbfT1\tLIEU 0 4\tNice\n"),
        ]);
        let table = Table::open(dir.path()).unwrap();
        assert_eq!(table.cell(0, 1), r#"[{"start":9,"end":16,"label":"LIEU-PRÉCIS"}]"#);
        assert_eq!(table.cell(1, 1), r#"[{"start":0,"end":4,"label":"LIEU"}]"#);
    }

    #[test]
    fn places_that_brat_labelled_are_spans() {
        let dir = folder_with::<[u8]>(&[
            ("doc-1.txt", "Ines Kaya lives in Köln.\n".as_bytes()),
            (
                "doc-1.ann",
                "T1\tPER 0 9\tInes Kaya\nT2\tLOC 19 23\tKöln\nR1\tLives Arg1:T1 Arg2:T2\n#1\tAnnotatorNotes T1\tx\n"
                    .as_bytes(),
            ),
            ("doc-2.txt", b"Nothing here."),
            ("doc-2.ann", b""),
            ("doc-3.txt", b"North and South America"),
            ("doc-3.ann", b"T1\tLOC 0 5;16 23\tNorth America\nT2\tLOC 10 23\tSouth America\n"),
            ("annotation.conf", b"[entities]\nPER\n"),
        ]);
        let table = Table::open(dir.path()).unwrap();
        assert_eq!((table.format, table.columns.join(" ").as_str()), (Format::Brat, "text spans file"));
        assert_eq!(
            (0..3).map(|row| table.cell(row, 1)).collect::<Vec<_>>(),
            [
                r#"[{"start":0,"end":9,"label":"PER"},{"start":19,"end":23,"label":"LOC"}]"#,
                "[]",
                r#"[{"start":10,"end":23,"label":"LOC"}]"#,
            ]
        );
        let notes = table.notes.join("\n");
        assert!(notes.contains("1 labelled place consists of several pieces and is not read"), "{notes}");
        assert!(notes.contains("not read of the annotations: 1 relation"), "{notes}");
    }
}
