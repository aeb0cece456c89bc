//! Tables of several files → one. Rows keep the file that they are from. A column that only some files have is empty in
//! the rows of the others, which is told; files that share no column are not parts of one table.

use std::path::{Path, PathBuf};

use super::classes;
use super::unpack::{SIZE_LIMIT, size};
use crate::stop::heed;
use crate::table::find::listed;
use crate::table::{Format, Inputs, Origin, ReadError, Table, name_list};
use crate::words::plural;

/// A table with the file it is from.
pub(super) struct Piece {
    pub table: Table,
    /// The file on the disk.
    pub path: PathBuf,
    /// Its name in an archive, where it lies in one.
    pub inside: Option<String>,
}

/// Columns that readers make of the place of a row in its file.
const OF_PLACE: [&str; 1] = ["document"];

/// Puts pieces together. The first decides what the columns are called.
pub(super) fn join(inputs: &Inputs, mut pieces: Vec<Piece>, notes: Vec<String>) -> Result<Table, ReadError> {
    if pieces.len() == 1
        && let Some(Piece { mut table, path, inside }) = pieces.pop()
    {
        // What lies in an archive is none on the disk.
        if let ([only], Some(_)) = (table.origins.files.as_mut_slice(), &inside) {
            only.path = path;
        }
        table.origins.inputs = inputs.clone();
        table.notes.splice(0..0, notes);
        table.notes.extend(inside.map(|name| format!("{name:?} in the archive is read")));
        return Ok(table);
    }
    let names = names(&pieces);
    let columns = columns(&mut pieces, &names)?;
    let mut told = vec![counted(&pieces, &names)];
    told.extend(notes);
    told.extend(columns.notes);
    told.extend(own_notes(&pieces, &names));
    let bytes: u64 = pieces.iter().map(|piece| piece.table.text.len() as u64).sum();
    if bytes > SIZE_LIMIT {
        return Err(ReadError::TooLarge { path: inputs.place().into_owned(), limit: size(SIZE_LIMIT) });
    }
    let mut all = empty(inputs, &pieces, columns.names);
    all.text.reserve_exact(bytes as usize);
    for (piece, name) in pieces.into_iter().zip(names) {
        append(&mut all, piece, &name);
    }
    all.notes = told;
    even(&mut all);
    Ok(all)
}

/// What tells each file from the others: its path below the folder that holds all.
fn names(pieces: &[Piece]) -> Vec<String> {
    let paths: Inputs = pieces.iter().map(|piece| piece.path.clone()).collect();
    let is_one = pieces.iter().all(|piece| piece.path == pieces[0].path);
    let root =
        if is_one { pieces[0].path.parent().unwrap_or(Path::new("")).to_owned() } else { paths.place().into_owned() };
    let name = |piece: &Piece| {
        let own = piece.path.strip_prefix(&root).unwrap_or(&piece.path).to_string_lossy().into_owned();
        piece
            .inside
            .as_ref()
            .map_or(own.clone(), |inside| if is_one { inside.clone() } else { format!("{own}/{inside}") })
    };
    pieces.iter().map(name).collect()
}

/// How many rows are from which file.
fn counted(pieces: &[Piece], names: &[String]) -> String {
    const SHOWN: usize = 6;
    let rows = |(name, piece): (&String, &Piece)| format!("{name} ({})", plural(piece.table.rows(), "row", "rows"));
    let mut shown = names.iter().zip(pieces).take(SHOWN).map(rows).collect::<Vec<_>>().join(", ");
    if pieces.len() > SHOWN {
        shown.push_str(&format!(" and {} more", pieces.len() - SHOWN));
    }
    format!("{} files are read as one: {shown}", pieces.len())
}

struct Columns {
    names: Vec<String>,
    notes: Vec<String>,
}

/// The columns of all. Those of a file without names of its own take the names of the first by their places.
fn columns(pieces: &mut [Piece], names: &[String]) -> Result<Columns, ReadError> {
    let mut notes = Vec::new();
    let Some((first, others)) = pieces.split_first_mut() else { return Ok(Columns { names: Vec::new(), notes }) };
    let of_first = first.table.columns.clone();
    let mut unnamed = Vec::new();
    for (piece, name) in others.iter_mut().zip(&names[1..]) {
        let table = &mut piece.table;
        if table.columns.iter().any(|column| of_first.contains(column)) {
            continue;
        }
        if is_unnamed(&table.columns) && table.columns.len() == of_first.len() {
            table.columns.clone_from(&of_first);
            unnamed.push(name.as_str());
            continue;
        }
        return Err(ReadError::NothingShared {
            path: piece.path.clone(),
            columns: name_list(&table.columns),
            first: first.path.clone(),
            expected: name_list(&of_first),
        });
    }
    if !unnamed.is_empty() {
        let files = listed(unnamed.iter().copied());
        notes.push(format!("{files} has no names of columns, so these are taken in the order of the first file"));
    }
    let mut all = of_first;
    for column in pieces.iter().flat_map(|piece| &piece.table.columns) {
        if !all.contains(column) {
            all.push(column.clone());
        }
    }
    for column in all.iter().filter(|column| !OF_PLACE.contains(&column.as_str())) {
        let lacks = |(_, piece): &(&String, &Piece)| !piece.table.columns.contains(column);
        let without = names.iter().zip(pieces.iter()).filter(lacks).map(|(name, _)| name.as_str());
        if without.clone().next().is_some() {
            notes.push(format!("the column {column:?} is not in {}, so it is empty in those rows", listed(without)));
        }
    }
    Ok(Columns { names: all, notes })
}

pub(super) fn is_unnamed(columns: &[String]) -> bool {
    columns.iter().enumerate().all(|(place, name)| *name == format!("column {}", place + 1))
}

/// What was told of each file; what holds for all is said once.
fn own_notes(pieces: &[Piece], names: &[String]) -> Vec<String> {
    let mut notes = Vec::new();
    let formats: Vec<String> = pieces.iter().map(|piece| piece.table.format.title()).collect();
    if formats.iter().any(|format| *format != formats[0]) {
        let mut kinds = formats.clone();
        kinds.sort();
        kinds.dedup();
        notes.push(format!("the files are of several formats: {}", kinds.join(", ")));
    }
    for note in &pieces[0].table.notes {
        if pieces.iter().all(|piece| piece.table.notes.contains(note)) {
            notes.push(note.clone());
        }
    }
    for (piece, name) in pieces.iter().zip(names) {
        let own: Vec<&String> = piece.table.notes.iter().filter(|note| !notes.contains(note)).collect();
        notes.extend(own.into_iter().map(|note| format!("{name}: {note}")).collect::<Vec<_>>());
    }
    notes
}

fn empty(inputs: &Inputs, pieces: &[Piece], columns: Vec<String>) -> Table {
    let first = &pieces[0].table;
    let is_one_archive = pieces.iter().all(|piece| piece.path == pieces[0].path);
    let path = if is_one_archive { pieces[0].path.clone() } else { inputs.place().into_owned() };
    let encodings = || pieces.iter().map(|piece| piece.table.encoding);
    // The one that is not the usual one is what a person would want to know of.
    let encoding = encodings().find(|encoding| *encoding != "UTF-8").unwrap_or(first.encoding);
    let mut origins = first.origins.clone();
    (origins.inputs, origins.files, origins.held_out) = (inputs.clone(), Vec::new(), None);
    Table {
        path,
        origins,
        format: first.format,
        encoding,
        columns,
        notes: Vec::new(),
        problems: Vec::new(),
        replaced_characters: 0,
        span_columns: Vec::new(),
        text: String::new(),
        ends: Vec::new(),
        lines: Vec::new(),
    }
}

fn append(all: &mut Table, piece: Piece, name: &str) {
    let Piece { table, path, .. } = piece;
    let first = all.rows();
    if table.origins.files.len() > 1 {
        let moved = table.origins.files.iter().map(|file| Origin { first: file.first + first, ..file.clone() });
        all.origins.files.extend(moved);
    } else {
        all.origins.files.push(Origin { path, name: name.into(), first });
    }
    let place = |column: usize| all.columns.iter().position(|own| *own == table.columns[column]);
    let spans: Vec<(usize, usize)> =
        table.span_columns.iter().filter_map(|(spans, text)| place(*spans).zip(place(*text))).collect();
    for pair in spans {
        if !all.span_columns.contains(&pair) {
            all.span_columns.push(pair);
        }
    }
    all.problems.extend(table.problems.iter().cloned().map(|mut problem| {
        problem.file.get_or_insert_with(|| name.into());
        problem.rows_before = problem.rows_before.map(|rows| rows + first);
        problem
    }));
    all.replaced_characters += table.replaced_characters;
    if all.columns == table.columns {
        let before = all.text.len();
        all.text.push_str(&table.text);
        all.ends.extend(table.ends.iter().map(|end| end + before));
    } else {
        let from: Vec<Option<usize>> = all.columns.iter().map(|name| table.column(name)).collect();
        for row in 0..table.rows() {
            for column in &from {
                all.text.push_str(column.map_or("", |column| table.cell(row, column)));
                all.ends.push(all.text.len());
            }
        }
    }
    heed();
    all.lines.extend_from_slice(&table.lines);
}

/// Where one file has one class a text and another several, the column holds lists.
fn even(table: &mut Table) {
    let is_of_objects =
        matches!(table.format, Format::JsonLines | Format::Prodigy | Format::LabelStudio | Format::Doccano);
    if is_of_objects {
        for column in ["label", "labels"].into_iter().filter_map(|name| table.column(name)).collect::<Vec<_>>() {
            classes::even(table, column);
        }
    }
}

/// Whether a table has what another learns from: its columns, and something in those that are filled there.
pub(super) fn can_judge(learned: &Table, judged: &Table) -> Result<(), String> {
    // What hardly any row has is not what is learned from.
    const NEARLY_ALL: (usize, usize) = (9, 10);
    let is_filled = |column: usize| {
        let filled = (0..learned.rows()).filter(|row| !learned.cell(*row, column).is_empty()).count();
        filled * NEARLY_ALL.1 >= learned.rows() * NEARLY_ALL.0
    };
    let is_told = |(place, column): &(usize, &String)| !OF_PLACE.contains(&column.as_str()) && is_filled(*place);
    for (place, column) in learned.columns.iter().enumerate().filter(is_told) {
        let Some(other) = judged.column(column) else { return Err(format!("has no column {column:?}")) };
        let says = |table: &Table, column: usize| {
            (0..table.rows()).any(|row| !matches!(table.cell(row, column).trim(), "" | "-1" | "?" | "_"))
        };
        if says(learned, place) && !says(judged, other) {
            return Err(format!("has nothing in its column {column:?}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::folder_with;
    use crate::table::Part;

    #[test]
    fn several_files_are_one_table_and_each_row_knows_its_own() {
        let dir = folder_with(&[("a.csv", "text,label\na b,x\nc d,y\n"), ("b.csv", "text,label\n\ne f,x\nbroken\n")]);
        let table = Table::open(&dir.path().join("*.csv")).unwrap();
        assert_eq!(table.all_cells(), [["a b", "x"], ["c d", "y"], ["e f", "x"]]);
        assert_eq!([0, 1, 2].map(|row| table.place(row)), ["line 2 of a.csv", "line 3 of a.csv", "line 3 of b.csv"]);
        assert_eq!(table.problems[0].place(), "line 4 of b.csv");
        assert_eq!(table.notes, ["2 files are read as one: a.csv (2 rows), b.csv (1 row)"]);
        let listed: Inputs = ["b.csv", "a.csv"].iter().map(|name| dir.path().join(name)).collect();
        let table = Table::open_inputs(&listed, Part::Learn).unwrap();
        assert_eq!((table.cell(0, 0), table.path.as_path(), &table.origins.inputs), ("e f", dir.path(), &listed));
    }

    #[test]
    fn columns_that_differ_are_told() {
        let dir = folder_with(&[("a.csv", "text,label\na b,x\nc d,y\n"), ("b.csv", "label,source,text\ny,web,e f\n")]);
        let table = Table::open(dir.path()).unwrap();
        assert_eq!(table.columns, ["text", "label", "source"]);
        assert_eq!(table.all_cells(), [["a b", "x", ""], ["c d", "y", ""], ["e f", "y", "web"]]);
        assert_eq!(table.notes[1], r#"the column "source" is not in "a.csv", so it is empty in those rows"#);
        let dir = folder_with(&[("a.csv", "text,label\na b,x\nc d,y\n"), ("b.csv", "id,price\n1,2\n3,4\n")]);
        let error = Table::open(dir.path()).unwrap_err().to_string();
        assert!(error.contains("has the columns id, price") && error.contains("they share none"), "{error}");
    }

    #[test]
    fn files_cut_from_one_have_their_names_in_the_first() {
        let dir = folder_with(&[
            ("part-1.csv", "text,label\na good film,pos\na bad film,neg\n"),
            ("part-2.csv", "a long film,neg\na short film,pos\n"),
            ("part-3.csv", "it was nice,pos\n"),
        ]);
        let table = Table::open(dir.path()).unwrap();
        assert_eq!(table.columns, ["text", "label"]);
        assert_eq!(table.rows(), 5);
        assert_eq!((table.cell(4, 0), table.cell(4, 1)), ("it was nice", "pos"));
        let note =
            r#""part-2.csv", "part-3.csv" has no names of columns, so these are taken in the order of the first file"#;
        assert!(table.notes.contains(&note.to_owned()), "{:?}", table.notes);
    }

    #[test]
    fn the_names_in_a_folder_propose_what_is_held_out() {
        let rows = "text,label\na b,x\nc d,y\n";
        let dir =
            folder_with(&[("train.csv", rows), ("dev.csv", rows), ("test.csv", "text\na b\n"), ("README.md", "about")]);
        let table = Table::open(dir.path()).unwrap();
        assert_eq!(table.origins.held_out, Some(dir.path().join("dev.csv").into()));
        assert_eq!(table.origins.inputs, Inputs::from(dir.path()));
        assert!(table.notes[0].starts_with("by name: \"train.csv\" to learn from"), "{:?}", table.notes);
        std::fs::remove_file(dir.path().join("dev.csv")).unwrap();
        let table = Table::open(dir.path()).unwrap();
        assert_eq!(table.origins.held_out, None);
        let note = r#"it is not evaluated on "test.csv", which has no column "label""#;
        assert!(table.notes.contains(&note.to_owned()), "{:?}", table.notes);
    }

    #[test]
    fn lists_of_classes_in_one_file_make_lists_of_the_names_in_another() {
        let dir = folder_with(&[
            ("a.jsonl", "{\"text\":\"a b\",\"label\":[\"x\"]}\n{\"text\":\"c d\",\"label\":[\"y\"]}\n"),
            ("b.jsonl", "{\"text\":\"e f\",\"label\":[\"x\",\"y\"]}\n"),
        ]);
        let table = Table::open(dir.path()).unwrap();
        assert_eq!([0, 1, 2].map(|row| table.cell(row, 1)), [r#"["x"]"#, r#"["y"]"#, r#"["x","y"]"#]);
    }

    #[test]
    fn a_part_without_rows_is_told_and_a_broken_one_refused() {
        let dir =
            folder_with(&[("p-1.csv", "text,label\na b,x\nc d,y\n"), ("p-2.csv", ""), ("p-3.csv", "text,label\n")]);
        let table = Table::open(dir.path()).unwrap();
        assert_eq!(table.rows(), 2);
        let notes = table.notes.join("\n");
        assert!(notes.contains("p-2.csv\" is empty") && notes.contains("p-3.csv\" has column names"), "{notes}");
    }
}
