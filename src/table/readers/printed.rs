//! Tables as programs print them for people: with lines around their cells (`MySQL`, psql, Spark, `DuckDB`, polars, grids of
//! tabulate), over a rule of dashes (sqlite, sqlcmd), or aligned by blanks alone under their names (pandas, R).
//!
//! They are read only where every line fits: where cells begin and end is told by the lines that are drawn, or by the ends
//! of all rows under the ends of the names. What is printed and left out (`...`) is no table any more, and is refused, as
//! is what is aligned in another way.

use super::lines::numbered;
use super::names::is_known_name;
use super::tidied::Tidied;

const ALIGNED: &str = "a table whose columns are aligned by blanks";
const SHORTENED: &str = "a table as it is printed, with rows left out";
const DRAWN: &str = "a table as it is printed, with lines of another form";
const SAVE: &str = "; save the table as CSV from the program that printed it";

/// Why a printed table is not read, and what to do about it.
type Refused = (&'static str, &'static str);

/// Lines by which a text is judged.
const LOOKED_AT: usize = 500;

struct Line {
    number: usize,
    letters: Vec<char>,
}

impl Line {
    fn at(&self, place: usize) -> char {
        self.letters.get(place).copied().unwrap_or(' ')
    }

    fn between(&self, from: usize, to: usize) -> String {
        let to = to.min(self.letters.len());
        self.letters.get(from.min(to)..to).unwrap_or_default().iter().collect::<String>().trim().to_owned()
    }

    fn text(&self) -> String {
        self.between(0, self.letters.len())
    }
}

/// The table that a text shows, if it shows one.
pub(super) fn table(text: &str) -> Option<Result<Tidied, Refused>> {
    // Nearly every file is told by its first lines that it is none.
    let mut first = text.lines().filter(|line| !line.trim().is_empty()).take(4);
    let begins = first.clone().any(|line| rule(line).is_some() || is_in_pieces(line));
    let is_indented = first.next().is_some_and(|line| line.starts_with("  "));
    let lines = || {
        let line = |(number, line): (usize, &str)| Line { number, letters: line.trim_end().chars().collect() };
        numbered(text).map(line).filter(|line| !line.letters.is_empty())
    };
    let looks_so = || under_names(&lines().take(LOOKED_AT).filter(|line| !is_dots(line)).collect::<Vec<_>>()).is_some();
    if !begins && !(is_indented && (tells_a_shape(text.trim_end().lines().next_back()?) || looks_so())) {
        return None;
    }
    let mut lines: Vec<Line> = lines().collect();
    // pandas says so much below a table that it does not print whole.
    if is_indented && lines.last().is_some_and(|line| tells_a_shape(&line.text())) {
        lines.pop();
        if lines.iter().any(is_dots) {
            return Some(Err((SHORTENED, SAVE)));
        }
    }
    let found = drawn(&lines).or_else(|| ruled(&lines)).or_else(|| under_names(&lines).map(Ok))?;
    Some(found.and_then(|(rows, what)| {
        let is_left_out =
            |cells: &Vec<String>| cells.iter().all(|cell| matches!(cell.as_str(), "..." | "…" | "·" | ".."));
        if rows.iter().any(|(_, cells)| is_left_out(cells)) {
            return Err((SHORTENED, SAVE));
        }
        Ok(Tidied { text: written(&rows), note: Some(note(&rows, what)) })
    }))
}

/// Whether a line stands for rows that are not printed.
fn is_dots(line: &Line) -> bool {
    line.letters.iter().all(|letter| matches!(letter, '.' | ' '))
}

/// Whether a line is `[99 rows x 2 columns]`.
fn tells_a_shape(line: &str) -> bool {
    let inside = line.strip_prefix('[').and_then(|line| line.strip_suffix(" columns]"));
    inside
        .and_then(|inside| inside.split_once(" rows x "))
        .is_some_and(|(rows, columns)| [rows, columns].iter().all(|count| count.parse::<u64>().is_ok()))
}

/// Whether a line is `(3 rows)`.
fn tells_a_count(line: &str) -> bool {
    let inside = line.strip_prefix('(').and_then(|line| line.strip_suffix(')'));
    let count = inside.and_then(|inside| inside.strip_suffix(" rows").or_else(|| inside.strip_suffix(" row")));
    count.is_some_and(|count| count.parse::<u64>().is_ok())
}

/// What is told of a table, and of cells that may have been cut when they were printed.
fn note(rows: &[Row], what: &str) -> String {
    let is_cut = |cell: &&String| cell.chars().count() > 12 && (cell.ends_with("...") || cell.ends_with('…'));
    let cut = rows.iter().filter(|(_, cells)| cells.iter().any(|cell| is_cut(&cell))).count();
    let cut = if cut > 1 {
        format!("; {cut} rows end in dots, as texts do that were cut when they were printed")
    } else {
        String::new()
    };
    format!("the rows are a table as programs print it, {what}{cut}")
}

/// A row with the line that it begins in.
type Row = (usize, Vec<String>);

/// The rows with tabs between their cells, each in its line.
fn written(rows: &[Row]) -> String {
    let mut out = String::new();
    let mut line = 1;
    for (number, cells) in rows {
        while line < *number {
            out.push('\n');
            line += 1;
        }
        let cell = |cell: &String| {
            let cell = cell.replace('\t', " ");
            if cell.contains(['\n', '"']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
        };
        let row = cells.iter().map(cell).collect::<Vec<_>>().join("\t");
        line += row.matches('\n').count() + 1;
        out.push_str(&row);
        out.push('\n');
    }
    out
}

const UPRIGHT: [char; 8] = ['|', '│', '┃', '║', '┆', '╎', '┊', '╵'];
const FLAT: [char; 10] = ['-', '=', '─', '━', '═', '╌', '┄', '╍', '┈', '_'];

fn is_crossing(letter: char) -> bool {
    letter == '+'
        || (('\u{250c}'..='\u{257f}').contains(&letter) && !UPRIGHT.contains(&letter) && !FLAT.contains(&letter))
}

/// The places of the crossings of a line that is nothing but drawn.
fn rule(line: &str) -> Option<Vec<usize>> {
    let line = line.trim_end();
    let is_drawn = |letter: char| FLAT.contains(&letter) || is_crossing(letter) || UPRIGHT.contains(&letter);
    if !line.chars().all(is_drawn) || line.chars().filter(|letter| FLAT.contains(letter)).count() < 2 {
        return None;
    }
    Some(line.chars().enumerate().filter(|(_, letter)| is_crossing(*letter)).map(|(place, _)| place).collect())
}

/// A table with lines around its cells, or between them alone, as psql draws it.
fn drawn(lines: &[Line]) -> Option<Result<(Vec<Row>, &'static str), Refused>> {
    let rules: Vec<Option<Vec<usize>>> =
        lines.iter().map(|line| rule(&line.letters.iter().collect::<String>())).collect();
    let top = rules.iter().take(4).position(|rule| rule.as_ref().is_some_and(|crossings| !crossings.is_empty()))?;
    let crossings = rules[top].clone()?;
    let is_closed = crossings.first() == Some(&0) && crossings.len() > 1;
    // In Emacs the rule below the names alone is drawn, and strokes stand around.
    let is_open = UPRIGHT.contains(&lines[top].at(0));
    let is_around = is_closed || is_open;
    let (names, body) = if is_closed {
        let below = top + 1 + rules.get(top + 1..)?.iter().position(Option::is_some)?;
        // What else stands in the head are the types of the columns.
        (lines.get(top + 1).filter(|_| below > top + 1)?, below + 1)
    } else {
        (top.checked_sub(1).and_then(|place| lines.get(place))?, top + 1)
    };
    let (first, end) = (is_open.then_some(0), is_open.then(|| lines[top].letters.len() - 1));
    let edges: Vec<usize> = first.into_iter().chain(crossings).chain(end).collect();
    if !names.letters.iter().any(|letter| UPRIGHT.contains(letter)) {
        return None;
    }
    let last = rules.iter().rposition(Option::is_some).filter(|last| is_closed && *last >= body).unwrap_or(lines.len());
    let is_grid = is_closed && rules.get(body..last).is_some_and(|rules| rules.iter().any(Option::is_some));
    let mut rows: Vec<Row> = vec![(names.number, cells_between(names, &edges, is_around)?)];
    // psql has a sign before the edge of a cell that goes on in the next line.
    let ends = edges.iter().copied().chain([lines[top].letters.len()]);
    let marks: Vec<usize> = if is_around { Vec::new() } else { ends.filter_map(|end| end.checked_sub(1)).collect() };
    let mut goes_on = false;
    for (line, rule) in lines.iter().zip(&rules).take(last).skip(body) {
        if rule.is_some() {
            goes_on = false;
            continue;
        }
        if !is_around && tells_a_count(&line.text()) {
            break;
        }
        let marked: Vec<usize> = marks.iter().copied().filter(|mark| line.at(*mark) == '+').collect();
        let mut letters = line.letters.clone();
        for mark in &marked {
            letters[*mark] = ' ';
        }
        let line = Line { number: line.number, letters };
        let Some(cells) = cells_between(&line, &edges, is_around) else { return Some(Err((DRAWN, SAVE))) };
        match rows.last_mut().filter(|_| goes_on) {
            Some((_, above)) => {
                for (above, more) in above.iter_mut().zip(cells).filter(|(_, more)| !more.is_empty()) {
                    above.push('\n');
                    above.push_str(&more);
                }
            }
            None => rows.push((line.number, cells)),
        }
        // In a grid each row ends with a rule.
        goes_on = is_grid || !marked.is_empty();
    }
    (rows.len() > 1).then_some(Ok((rows, "with lines around its cells")))
}

/// The cells of a line between the edges, if it has its strokes there, or as many of them.
fn cells_between(line: &Line, edges: &[usize], is_around: bool) -> Option<Vec<String>> {
    let is_upright = |place: usize| UPRIGHT.contains(&line.at(place));
    if edges.iter().all(|edge| is_upright(*edge)) {
        let inner = if is_around { &edges[1..edges.len() - 1] } else { edges };
        let (first, end) = if is_around { (edges[0] + 1, edges[edges.len() - 1]) } else { (0, line.letters.len()) };
        let mut from = first;
        let mut cells = Vec::new();
        for edge in inner {
            cells.push(line.between(from, *edge));
            from = edge + 1;
        }
        cells.push(line.between(from, end));
        return Some(cells);
    }
    // Letters that are wide on a screen move the strokes.
    let strokes: Vec<usize> = (0..line.letters.len()).filter(|place| is_upright(*place)).collect();
    (strokes.len() == edges.len() && !line.text().is_ascii())
        .then(|| cells_between(line, &strokes, is_around))
        .flatten()
}

/// Whether a line is dashes with blanks between them.
fn is_in_pieces(line: &str) -> bool {
    let line = line.trim_end();
    line.contains(' ') && line.chars().all(|letter| matches!(letter, '-' | '=' | ' '))
}

/// A table over a rule of several pieces, each as wide as its column.
fn ruled(lines: &[Line]) -> Option<Result<(Vec<Row>, &'static str), Refused>> {
    let is_rule = |line: &Line| {
        line.letters.iter().all(|letter| matches!(letter, '-' | '=' | ' '))
            && line.letters.iter().filter(|letter| **letter != ' ').count() > 3
    };
    let place = lines.iter().take(3).position(is_rule)?;
    let (names, body) = match place {
        0 if lines.get(2).is_some_and(is_rule) => (lines.get(1)?, 3),
        0 => return None,
        place => (&lines[place - 1], place + 1),
    };
    let rule = &lines[place];
    let starts: Vec<usize> =
        (0..rule.letters.len()).filter(|at| rule.at(*at) != ' ' && (*at == 0 || rule.at(at - 1) == ' ')).collect();
    let cells = |line: &Line| -> Option<Vec<String>> {
        let is_apart = starts.iter().skip(1).all(|start| line.at(start - 1) == ' ');
        let ends = starts.iter().skip(1).copied().chain([line.letters.len()]);
        is_apart.then(|| starts.iter().zip(ends).map(|(start, end)| line.between(*start, end)).collect())
    };
    // A line under a title is no rule of columns, but for one column of which psql counts the rows.
    let is_counted = lines.last().is_some_and(|line| tells_a_count(&line.text()));
    let pieces = rule.text();
    if (starts.len() < 2 && !is_counted) || pieces.split(' ').any(|piece| piece.len() == 1) {
        return None;
    }
    let head = cells(names).filter(|head| head.iter().all(|name| !name.is_empty()))?;
    let is_row =
        |line: &&Line| !is_rule(line) && !tells_a_count(&line.text()) && !line.text().ends_with("rows affected)");
    let mut rows = vec![(names.number, head)];
    for line in lines[body..].iter().take_while(is_row) {
        match cells(line) {
            Some(cells) => rows.push((line.number, cells)),
            None => return Some(Err((ALIGNED, SAVE))),
        }
    }
    (rows.len() > 1).then_some(Ok((rows, "over a rule")))
}

/// A table whose rows end under the ends of its names, perhaps behind their numbers, as pandas and R print it.
fn under_names(lines: &[Line]) -> Option<(Vec<Row>, &'static str)> {
    const FEWEST: usize = 3;
    const MANY: usize = 8;
    let (head, body) = lines.split_first()?;
    let ends: Vec<usize> =
        (0..head.letters.len()).filter(|at| head.at(*at) != ' ' && head.at(at + 1) == ' ').map(|at| at + 1).collect();
    let names: Vec<String> = head.text().split_whitespace().map(str::to_owned).collect();
    let (first, last) = (*ends.first()?, *ends.last()?);
    let is_told = names.iter().any(|name| is_known_name(name));
    if names.len() != ends.len() || body.len() < if is_told { FEWEST } else { MANY } || head.at(0) != ' ' {
        return None;
    }
    let numbers: Option<Vec<u64>> =
        body.iter().map(|line| line.text().split_whitespace().next()?.parse().ok()).collect();
    let width = numbers
        .filter(|numbers| numbers.is_sorted_by(|a, b| a < b))
        .map(|numbers| numbers.last().map_or(0, |most| most.to_string().len()));
    let begins = first - names[0].chars().count();
    let from = width.filter(|width| begins >= *width && body.iter().all(|line| line.at(*width) == ' ')).unwrap_or(0);
    if from == 0 && (names.len() < 2 || !is_told) {
        return None;
    }
    let fits = |line: &Line| {
        line.letters.len() == last && ends.iter().all(|end| line.at(*end) == ' ' && line.at(end - 1) != ' ')
    };
    if !body.iter().all(fits) {
        return None;
    }
    let cells = |line: &Line| {
        let mut start = from;
        let mut cells = Vec::new();
        for end in &ends {
            cells.push(line.between(start, *end));
            start = *end;
        }
        (line.number, cells)
    };
    let rows: Vec<Row> = std::iter::once((head.number, names)).chain(body.iter().map(cells)).collect();
    Some((rows, if from > 0 { "aligned by blanks; the numbers of its rows are left out" } else { "aligned by blanks" }))
}

/// Whether lines that are no table otherwise are aligned by blanks: they all have one at the same place, with more blanks
/// beside it in most, and something before and behind.
pub(super) fn aligned(text: &str) -> Option<Refused> {
    const FEWEST: usize = 4;
    const LONGEST: usize = 4096;
    let lines: Vec<Line> = numbered(text)
        .filter(|(_, line)| !line.trim().is_empty())
        .take(LOOKED_AT)
        .map(|(number, line)| Line { number, letters: line.trim_end().chars().take(LONGEST).collect() })
        .collect();
    if lines.len() < FEWEST || lines.iter().any(|line| line.letters.contains(&'\t')) {
        return None;
    }
    let most = lines.iter().map(|line| line.letters.len()).min()?;
    let begin = |line: &Line| line.letters.iter().position(|letter| *letter != ' ').unwrap_or(0);
    let from = lines.iter().map(begin).max()?;
    let is_gap = |place: usize| {
        let has_more = |line: &&Line| line.at(place - 1) == ' ' || line.at(place + 1) == ' ';
        let blank = lines.iter().filter(|line| line.at(place) == ' ').count();
        // A line or two in a hundred may say something else.
        blank + lines.len() / 50 >= lines.len() && lines.iter().filter(has_more).count() * 2 > lines.len()
    };
    (from + 1..most.saturating_sub(1)).any(is_gap).then_some((ALIGNED, SAVE))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::table::Table;

    fn open(text: &str) -> Result<Table, String> {
        Table::from_bytes(Path::new("a.txt"), text.as_bytes().to_vec()).map_err(|error| error.to_string())
    }

    fn check(text: &str, lines: [usize; 3]) {
        let table = open(text).unwrap();
        assert_eq!(table.columns, ["text", "label"], "{text}");
        let expected = [["a good film", "pos"], ["good", "pos"], ["a bad, bad film", "neg"]];
        assert_eq!(table.all_cells(), expected, "{text}");
        assert_eq!([0, 1, 2].map(|row| table.line(row)), lines, "{text}");
        assert!(table.notes[0].starts_with("the rows are a table as programs print it"), "{:?}", table.notes);
    }

    #[test]
    fn tables_with_lines_around_their_cells_are_read() {
        let mysql = "\
+-----------------+-------+
| text            | label |
+-----------------+-------+
| a good film     | pos   |
| good            | pos   |
| a bad, bad film | neg   |
+-----------------+-------+
3 rows in set (0.00 sec)
";
        check(mysql, [4, 5, 6]);
        let psql = "      text       | label \n-----------------+-------\n a good film     | pos\n good            | pos\n a bad, bad film | neg\n(3 rows)\n\n";
        check(psql, [3, 4, 5]);
        let duckdb = "\
┌─────────────────┬─────────┐
│      text       │  label  │
│     varchar     │ varchar │
├─────────────────┼─────────┤
│ a good film     │ pos     │
│ good            │ pos     │
│ a bad, bad film │ neg     │
└─────────────────┴─────────┘
";
        check(duckdb, [5, 6, 7]);
        let polars = "\
shape: (3, 2)
┌─────────────────┬───────┐
│ text            ┆ label │
│ ---             ┆ ---   │
│ str             ┆ str   │
╞═════════════════╪═══════╡
│ a good film     ┆ pos   │
│ good            ┆ pos   │
│ a bad, bad film ┆ neg   │
└─────────────────┴───────┘
";
        check(polars, [7, 8, 9]);
        let spark = "\
+---------------+-----+
|           text|label|
+---------------+-----+
|    a good film|  pos|
|           good|  pos|
|a bad, bad film|  neg|
+---------------+-----+

";
        check(spark, [4, 5, 6]);
        let grid = "\
+-----------------+---------+
| text            | label   |
+=================+=========+
| a good film     | pos     |
+-----------------+---------+
| good            | pos     |
+-----------------+---------+
| a bad, bad film | neg     |
+-----------------+---------+
";
        check(grid, [4, 6, 8]);
        let emacs = "\
| text            | label |
|-----------------+-------|
| a good film     | pos   |
| good            | pos   |
| a bad, bad film | neg   |
";
        check(emacs, [3, 4, 5]);
        assert!(open("+---+\n| a |\n+---+\n").is_ok_and(|table| table.rows() == 3));
    }

    #[test]
    fn cells_of_several_lines_stay_whole() {
        let one = "    text     \n-------------\n a good film\n good\n(2 rows)\n";
        assert_eq!(open(one).unwrap().all_cells(), [["a good film"], ["good"]]);
        let text = "  text  | label \n--------+-------\n a good+| pos\n film   | \n bad    | neg\n(2 rows)\n";
        assert_eq!(open(text).unwrap().all_cells(), [["a good\nfilm", "pos"], ["bad", "neg"]]);
    }

    #[test]
    fn columns_that_are_aligned_are_read_where_it_is_sure() {
        let pandas =
            "              text label\n0      a good film   pos\n1             good   pos\n2  a bad, bad film   neg";
        check(pandas, [2, 3, 4]);
        let bare = "           text label\n    a good film   pos\n           good   pos\na bad, bad film   neg";
        check(bare, [2, 3, 4]);
        let sqlite = "text             label\n---------------  -----\na good film      pos  \ngood             pos  \na bad, bad film  neg  \n";
        check(sqlite, [3, 4, 5]);
    }

    #[test]
    fn what_is_not_sure_is_refused() {
        let refused = |text: &str, what: &str| {
            let error = open(text).unwrap_err();
            assert!(error.contains(what) && error.ends_with("from the program that printed it"), "{error}");
        };
        let left = "text             label\na good film      pos\ngood             pos\na bad film       neg\nso so            neg\n";
        refused(left, "a table whose columns are aligned by blanks");
        let dots = "                text label\n0        a good film   pos\n1               good   pos\n..               ...   ...\n98       a bad film   neg\n\n[99 rows x 2 columns]\n";
        refused(dots, "a table as it is printed, with rows left out");
        let polars = "\
┌──────┬───────┐
│ text ┆ label │
╞══════╪═══════╡
│ good ┆ pos   │
│ …    ┆ …     │
│ bad  ┆ neg   │
└──────┴───────┘
";
        refused(polars, "a table as it is printed, with rows left out");
    }

    #[test]
    fn prose_stays_prose() {
        let rows = |text: &str| open(text).unwrap().rows();
        assert_eq!(rows("Title\n-----\n\nIt was late.\nHe went home.\n"), 4);
        assert_eq!(rows("  It was late, and\n  he went home.\n  She stayed.\n  So it ended.\n"), 4);
        assert_eq!(rows("One.  Two.\nThis is one.  That is two.\nNo.  Yes, it is.\nSo it goes.  On.\n"), 4);
        assert_eq!(rows("---\nIt was late.\n---\nHe went home.\n"), 4);
    }
}
