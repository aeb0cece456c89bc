//! Which of many files are meant, by their names alone, whether they lie in a folder or in an archive. What is not taken
//! is told; where names leave it open, nothing is taken.

use std::collections::{BTreeMap, BTreeSet};

use super::names::{Kind, Split, folders, in_order, numbered, own, stem, tells_of_others, unpacked};

/// Which files are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Those to learn from: where names say train and test, the part to train on.
    Learn,
    /// All there are.
    All,
}

/// How rows are made of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::table) enum Layout {
    /// Each file has rows.
    Rows,
    /// Each file is a text, and the folder it lies in its label.
    Texts,
    /// Each file is a text, with a file of labelled places beside it.
    Notes,
}

/// Places of names in their list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::table) struct Chosen {
    pub layout: Layout,
    pub read: Vec<usize>,
    /// What the names say is held out.
    pub held_out: Vec<usize>,
    pub notes: Vec<String>,
}

/// Names that are shown at most.
const SHOWN: usize = 6;

/// Chooses among the files that lie in a place. `Err` says what is there instead of files that could be chosen.
pub(in crate::table) fn choose(names: &[String], part: Part) -> Result<Chosen, String> {
    choose_beside(names, part, || false)
}

/// Chooses among files of which `has_classes_beside` says whether another part of the same data has folders for classes:
/// then one text in each folder is enough.
pub(super) fn choose_beside(
    names: &[String],
    part: Part,
    has_classes_beside: impl Fn() -> bool,
) -> Result<Chosen, String> {
    let kinds: Vec<Kind> = names.iter().map(|name| Kind::of(name)).collect();
    let of_kind = |test: &dyn Fn(Kind) -> bool| -> Vec<usize> {
        let mut places: Vec<usize> = (0..names.len()).filter(|place| test(kinds[*place])).collect();
        places.sort_by(|one, other| in_order(&names[*one], &names[*other]));
        places
    };
    let tables = of_kind(&|kind| matches!(kind, Kind::Table(_)));
    let texts = of_kind(&|kind| kind == Kind::Text);
    let loose = of_kind(&|kind| matches!(kind, Kind::Text | Kind::Bare));
    let (layout, candidates) = if let Some(noted) = noted(names, &kinds, &texts) {
        (Layout::Notes, noted)
    } else if !tables.is_empty() {
        (Layout::Rows, tables)
    } else if let Some(classed) = classed(names, &loose, has_classes_beside) {
        (Layout::Texts, classed)
    } else {
        // Some data sets are a file without an ending.
        (Layout::Rows, if texts.is_empty() { loose } else { texts })
    };
    if candidates.is_empty() {
        return Err(format!("holds no data{}", others(names)));
    }
    let mut chosen = parted(names, layout, candidates, part)?;
    if layout == Layout::Rows {
        one_kind(names, &kinds, &mut chosen)?;
        packed_once(names, &mut chosen)?;
        one_folder(names, &mut chosen)?;
    }
    if layout == Layout::Texts {
        one_level(names, &mut chosen)?;
    }
    told(names, &mut chosen);
    Ok(chosen)
}

/// What lies in a place that has no data, for a message.
fn others(names: &[String]) -> String {
    let own_names: Vec<&String> =
        names.iter().filter(|name| !name.split('/').any(|part| part.starts_with('.'))).collect();
    if own_names.is_empty() {
        String::new()
    } else {
        format!(", but {}", listed(own_names.into_iter().map(String::as_str)))
    }
}

/// The texts beside which files of labelled places lie, where there are such.
fn noted(names: &[String], kinds: &[Kind], texts: &[usize]) -> Option<Vec<usize>> {
    let stem_of = |name: &str| name.strip_suffix(".ann").or_else(|| name.strip_suffix(".txt")).map(str::to_owned);
    let noted = |place: &usize| kinds[*place] == Kind::Notes;
    let stems: BTreeSet<String> = (0..names.len()).filter(noted).filter_map(|place| stem_of(&names[place])).collect();
    let has_notes = |place: &usize| stem_of(&names[*place]).is_some_and(|stem| stems.contains(&stem));
    let found: Vec<usize> = texts.iter().copied().filter(has_notes).collect();
    (!found.is_empty()).then_some(found)
}

/// Texts in folders that are their classes: some folders side by side, with several texts in some of them, unless it is
/// known that such folders are classes.
fn classed(names: &[String], loose: &[usize], is_known: impl Fn() -> bool) -> Option<Vec<usize>> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for place in loose {
        *counts.entry(folders(&names[*place])).or_default() += 1;
    }
    // What lies beside the folders of the classes is about them.
    let is_class = |folder: &str| !folder.is_empty() && Split::of_folders(own(folder)).is_none();
    let classes: BTreeSet<&str> = counts.keys().copied().filter(|folder| is_class(folder)).collect();
    let beside = |folder: &str| classes.iter().filter(|other| folders(other) == folders(folder)).count();
    let deepest = classes.iter().map(|folder| folder.matches('/').count()).max()?;
    let taken = |folder: &str| classes.contains(folder) && folder.matches('/').count() == deepest && beside(folder) > 1;
    let most = counts.iter().filter(|(folder, _)| taken(folder)).map(|(_, count)| *count).max()?;
    let found: Vec<usize> = loose.iter().copied().filter(|place| taken(folders(&names[*place]))).collect();
    (most > 1 || is_known()).then_some(found)
}

/// What a name says of the part that its file belongs to.
fn split_of(name: &str, layout: Layout) -> Option<Split> {
    match layout {
        Layout::Rows => Split::of_path(name),
        // The name of a text and that of its class are about the text.
        Layout::Texts => Split::of_folders(folders(folders(name))),
        Layout::Notes => Split::of_folders(folders(name)),
    }
}

fn parted(names: &[String], layout: Layout, candidates: Vec<usize>, part: Part) -> Result<Chosen, String> {
    let of = |wanted: Option<Split>| -> Vec<usize> {
        candidates.iter().copied().filter(|place| split_of(&names[*place], layout) == wanted).collect()
    };
    let [train, dev, test] = [Split::Train, Split::Dev, Split::Test].map(|split| of(Some(split)));
    let unnamed = of(None);
    let or = |first: Vec<usize>, other: Vec<usize>| if first.is_empty() { other } else { first };
    let has_both = !dev.is_empty() && !test.is_empty();
    let (learned, held_out) = (or(train, unnamed), or(dev, test));
    let (read, held_out) = match part {
        Part::All => (candidates, Vec::new()),
        Part::Learn if learned.is_empty() && has_both => {
            let all = listed(candidates.iter().map(|place| names[*place].as_str()));
            return Err(format!("holds files for development and testing and none to learn from: {all}"));
        }
        Part::Learn if learned.is_empty() => (held_out, Vec::new()),
        Part::Learn => (learned, held_out),
    };
    Ok(Chosen { layout, read, held_out, notes: Vec::new() })
}

/// One table is made of files of one kind: of two kinds they are likely the same rows twice, or not of one table.
fn one_kind(names: &[String], kinds: &[Kind], chosen: &mut Chosen) -> Result<(), String> {
    let ending = |place: usize| match kinds[place] {
        Kind::Table(kind) => kind,
        Kind::Text | Kind::Bare | Kind::Notes | Kind::Other => "txt",
    };
    let kinds_of = |places: &[usize]| {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for place in places {
            *counts.entry(ending(*place)).or_default() += 1;
        }
        counts
    };
    let mut counts = kinds_of(&chosen.read);
    if counts.len() > 1 {
        // What tells of the rows beside it has none, but may be all there is of a data set.
        let has_rows: Vec<usize> =
            chosen.read.iter().copied().filter(|place| !tells_of_others(&names[*place])).collect();
        let others = kinds_of(&has_rows);
        if others.len() == 1 {
            (chosen.read, counts) = (has_rows, others);
        }
    }
    if counts.len() > 1 {
        let found: Vec<String> = counts.iter().map(|(kind, count)| format!("{count} of .{kind}")).collect();
        let example = chosen.read.first().map_or("", |place| names[*place].as_str());
        return Err(format!(
            "holds files of several kinds ({}), which may be the same rows twice; name those that are meant, such as {example:?} in it",
            found.join(", ")
        ));
    }
    let kind = chosen.read.first().map(|place| ending(*place));
    chosen.held_out.retain(|place| Some(ending(*place)) == kind);
    Ok(())
}

/// A file beside its packed form is the same rows twice.
fn packed_once(names: &[String], chosen: &mut Chosen) -> Result<(), String> {
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for place in &chosen.read {
        let name = names[*place].as_str();
        if let Some(other) = seen.insert(unpacked(name), name) {
            return Err(format!(
                "holds {other:?} and {name:?}, which may be the same rows twice; name the one that is meant"
            ));
        }
    }
    let mut seen = BTreeSet::new();
    chosen.held_out.retain(|place| seen.insert(unpacked(&names[*place])));
    Ok(())
}

/// Files in folders beside each other are different data sets, unless the names of the folders only say the part.
fn one_folder(names: &[String], chosen: &mut Chosen) -> Result<(), String> {
    let home = |place: usize| home(folders(&names[place]));
    let homes: BTreeSet<String> = chosen.read.iter().map(|place| home(*place)).collect();
    if homes.len() > 1 {
        let shown = homes.iter().map(|home| if home.is_empty() { "itself" } else { home.as_str() });
        return Err(format!("holds data in several folders ({}); name one of them", listed(shown)));
    }
    let own = homes.into_iter().next().unwrap_or_default();
    chosen.held_out.retain(|place| home(*place) == own);
    Ok(())
}

/// A folder without those in its path that only say the part.
fn home(folder: &str) -> String {
    let is_own = |part: &&str| Split::of_folders(part).is_none() && !part.eq_ignore_ascii_case("data");
    folder.split('/').filter(is_own).collect::<Vec<_>>().join("/")
}

/// Folders of classes lie beside each other: where there are several levels, each could be the one of the classes.
fn one_level(names: &[String], chosen: &mut Chosen) -> Result<(), String> {
    let outer_of = |place: &usize| home(folders(folders(&names[*place])));
    let outer: BTreeSet<String> = chosen.read.iter().map(outer_of).collect();
    if outer.len() > 1 {
        let inner: BTreeSet<&str> = chosen.read.iter().map(|place| own(folders(&names[*place]))).collect();
        return Err(format!(
            "holds texts in several levels of folders, of which it is open which are the classes: {}, and in them {}; \
             name a folder in which each folder is a class",
            listed(outer.iter().map(|folder| if folder.is_empty() { "itself" } else { folder })),
            listed(inner.iter().copied())
        ));
    }
    let own = outer.into_iter().next().unwrap_or_default();
    chosen.held_out.retain(|place| outer_of(place) == own);
    Ok(())
}

/// Says what names decided, and what was not taken.
fn told(names: &[String], chosen: &mut Chosen) {
    let called = |places: &[usize]| match chosen.layout {
        Layout::Rows => listed(places.iter().map(|place| names[*place].as_str())),
        Layout::Texts | Layout::Notes => {
            let above = |place: &usize| match chosen.layout {
                Layout::Texts => folders(folders(&names[*place])),
                _ => folders(&names[*place]),
            };
            let places: BTreeSet<&str> = places.iter().map(above).collect();
            listed(places.iter().copied())
        }
    };
    let taken: BTreeSet<usize> = chosen.read.iter().chain(&chosen.held_out).copied().collect();
    let is_left = |place: &usize| !taken.contains(place) && is_data(&names[*place], chosen.layout);
    let left: Vec<usize> = (0..names.len()).filter(is_left).collect();
    let mut notes = Vec::new();
    if !chosen.held_out.is_empty() {
        let (read, held_out) = (called(&chosen.read), called(&chosen.held_out));
        notes.push(format!("by name: {read} to learn from, and {held_out} proposed to evaluate on"));
    }
    if !left.is_empty() {
        notes.push(format!("not read: {}", listed(left.iter().map(|place| names[*place].as_str()))));
    }
    notes.extend(missing(chosen.read.iter().map(|place| names[*place].as_str())));
    chosen.notes = notes;
}

fn is_data(name: &str, layout: Layout) -> bool {
    match Kind::of(name) {
        Kind::Table(_) | Kind::Text => true,
        Kind::Bare => layout == Layout::Texts,
        Kind::Notes => layout != Layout::Notes,
        Kind::Other => false,
    }
}

/// The files that are missing among numbered ones that say how many there are.
pub(in crate::table) fn missing<'a>(names: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut sets: BTreeMap<(String, usize), BTreeSet<usize>> = BTreeMap::new();
    for (name, (before, number, count)) in names.filter_map(|name| Some((name, numbered(name)?))) {
        sets.entry((format!("{}/{before}", folders(name)), count)).or_default().insert(number);
    }
    let lost: Vec<String> = sets
        .iter()
        .flat_map(|((before, count), found)| {
            let lost = (0..*count).filter(move |number| !found.contains(number));
            lost.map(move |number| format!("{} {number} of {count}", own(before)))
        })
        .take(SHOWN + 1)
        .collect();
    (!lost.is_empty()).then(|| format!("parts are missing: {}", listed(lost.iter().map(String::as_str))))
}

/// Names in quotes, the first few of them.
pub(in crate::table) fn listed<'a>(names: impl Iterator<Item = &'a str> + Clone) -> String {
    let count = names.clone().count();
    let mut shown = names.take(SHOWN).map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
    if count > SHOWN {
        shown.push_str(&format!(" and {} more", count - SHOWN));
    }
    shown
}

/// Names of files with the numbers of the same set stand together; only their stems matter.
pub(super) fn is_first_of_several(name: &str) -> bool {
    let stem = stem(name);
    let is_zeros = stem.len() > 1 && stem.bytes().all(|byte| byte == b'0');
    is_zeros || numbered(name).is_some_and(|(_, number, count)| number == 0 && count > 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &str) -> Vec<String> {
        list.split_whitespace().map(str::to_owned).collect()
    }

    fn check(list: &str, part: Part, layout: Layout, read: &str, held_out: &str) -> Vec<String> {
        let all = names(list);
        let chosen = choose(&all, part).unwrap();
        let called = |places: &[usize]| places.iter().map(|place| all[*place].as_str()).collect::<Vec<_>>().join(" ");
        assert_eq!(
            (chosen.layout, called(&chosen.read), called(&chosen.held_out)),
            (layout, read.to_owned(), held_out.to_owned()),
            "{list}"
        );
        chosen.notes
    }

    #[test]
    fn parts_are_told_by_their_names() {
        let list = "README.md test.csv train.csv dev.csv";
        let notes = check(list, Part::Learn, Layout::Rows, "train.csv", "dev.csv");
        assert_eq!(notes[0], r#"by name: "train.csv" to learn from, and "dev.csv" proposed to evaluate on"#);
        assert_eq!(notes[1], r#"not read: "test.csv""#);
        check(list, Part::All, Layout::Rows, "dev.csv test.csv train.csv", "");
        let shards =
            "data/train-00001-of-00002.jsonl.gz data/train-00000-of-00002.jsonl.gz data/test-00000-of-00001.jsonl.gz";
        let read = "data/train-00000-of-00002.jsonl.gz data/train-00001-of-00002.jsonl.gz";
        check(shards, Part::Learn, Layout::Rows, read, "data/test-00000-of-00001.jsonl.gz");
        let notes = check(
            "train-00000-of-00003.csv train-00002-of-00003.csv",
            Part::Learn,
            Layout::Rows,
            "train-00000-of-00003.csv train-00002-of-00003.csv",
            "",
        );
        assert_eq!(notes, [r#"parts are missing: "train 1 of 3""#]);
        check("eng.train eng.testa eng.testb", Part::Learn, Layout::Rows, "eng.train", "eng.testa");
        check("part-2.csv part-10.csv part-1.csv", Part::Learn, Layout::Rows, "part-1.csv part-2.csv part-10.csv", "");
        check("SMSSpamCollection readme", Part::Learn, Layout::Rows, "SMSSpamCollection", "");
        check("data.csv test1.csv", Part::Learn, Layout::Rows, "data.csv", "test1.csv");
        check(
            "train2017/a.csv val2017/a.csv test2017/a.csv",
            Part::Learn,
            Layout::Rows,
            "train2017/a.csv",
            "val2017/a.csv",
        );
        check("train.csv test.csv test.csv.gz", Part::Learn, Layout::Rows, "train.csv", "test.csv");
        check("only/test.csv", Part::Learn, Layout::Rows, "only/test.csv", "");
        let notes = check("a.csv b.csv metadata.json", Part::All, Layout::Rows, "a.csv b.csv", "");
        assert_eq!(notes, [r#"not read: "metadata.json""#]);
        check("metadata.json README.md", Part::All, Layout::Rows, "metadata.json", "");
        check(
            "train/a.csv train/b.csv valid/a.csv",
            Part::Learn,
            Layout::Rows,
            "train/a.csv train/b.csv",
            "valid/a.csv",
        );
    }

    #[test]
    fn folders_of_texts_are_classes() {
        let imdb = "imdb/imdb.vocab imdb/README imdb/train/pos/0_9.txt imdb/train/pos/1_7.txt imdb/train/neg/0_3.txt imdb/train/unsup/0_0.txt imdb/train/urls_pos.txt imdb/test/pos/0_10.txt imdb/test/neg/0_2.txt";
        let read = "imdb/train/neg/0_3.txt imdb/train/pos/0_9.txt imdb/train/pos/1_7.txt imdb/train/unsup/0_0.txt";
        let notes = check(imdb, Part::Learn, Layout::Texts, read, "imdb/test/neg/0_2.txt imdb/test/pos/0_10.txt");
        assert_eq!(notes[0], r#"by name: "imdb/train" to learn from, and "imdb/test" proposed to evaluate on"#);
        assert_eq!(notes[1], r#"not read: "imdb/train/urls_pos.txt""#);
        let news = "alt.atheism/49960 alt.atheism/51060 sci.space/59848";
        check(news, Part::Learn, Layout::Texts, news, "");
        check("books/a.txt books/b.txt", Part::Learn, Layout::Rows, "books/a.txt books/b.txt", "");
        check("a.txt a.ann b.txt b.ann c.txt", Part::Learn, Layout::Notes, "a.txt b.txt", "");
    }

    #[test]
    fn what_names_leave_open_is_refused() {
        let check = |list: &str, expected: &str| {
            let reason = choose(&names(list), Part::Learn).unwrap_err();
            assert!(reason.contains(expected), "{list}: {reason}");
        };
        check("a.csv a.jsonl", "files of several kinds (1 of .csv, 1 of .jsonl)");
        check("cola/train.csv sst2/train.csv", r#"in several folders ("cola", "sst2"); name one of them"#);
        check("dev.csv test.csv", "none to learn from");
        check("train.csv train.csv.gz", r#"holds "train.csv" and "train.csv.gz", which may be the same rows twice"#);
        check(
            "a/x/1.txt a/x/2.txt a/y/1.txt b/x/1.txt b/y/1.txt",
            r#"which are the classes: "a", "b", and in them "x", "y"; name a folder"#,
        );
        check("a.png README.md", r#"holds no data, but "a.png", "README.md""#);
        check("", "holds no data");
    }
}
