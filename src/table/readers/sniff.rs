//! How a delimited file is laid out, judged by its first rows: the delimiter, whether quotes mean anything, and whether
//! the first row names the columns.

use std::collections::{BTreeMap, BTreeSet};

use super::above;
use super::cut::{Dialect, Piece, Rows, is_blank, line_end};
use super::names::{is_known_name, unique_names};
use super::{formulas, head};

/// All that is known of a file before its rows are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub dialect: Dialect,
    /// Where the first row of data begins, and its line.
    pub first_row: usize,
    pub first_line: usize,
    /// The names in the file, if it has any.
    pub header: Option<Vec<String>>,
    /// Columns of most rows.
    pub width: usize,
    /// Lines above the table that are no rows of it, with their numbers.
    pub above: Vec<(usize, String)>,
    /// A value of the first row that stands nowhere else among labels, where the row is read as one of data.
    pub odd_first: Option<String>,
}

/// Bytes that are looked at.
const SAMPLE_BYTES: usize = 1 << 20;

/// In the order of preference among delimiters that fit equally well.
const DELIMITERS: [u8; 4] = [b'\t', b',', b';', b'|'];
/// Signs that seldom separate values, and do where every row has as many: Hive's, the separator of units, and what people
/// take because no text has it.
const SELDOM: [u8; 4] = [0x01, 0x1F, b'^', b'~'];

/// Looks at the first rows of a file.
pub(super) fn layout(bytes: &[u8]) -> Layout {
    let (mut start, mut line, told) = skip_separator_line(bytes);
    let mut above = Vec::new();
    if let Some(skipped) = above::table_below(&bytes[start..], |rest| dialect(rest, told), sample) {
        let lines = numbered(&bytes[start..start + skipped], line);
        (start, line) = (start + skipped, line + lines.len());
        above = lines.into_iter().filter(|(_, text)| !text.trim().is_empty()).collect();
    }
    let dialect = dialect(&bytes[start..], told);
    let rows = sample(&bytes[start..], dialect);
    let width = common_width(&rows);
    let mut layout =
        Layout { dialect, first_row: start, first_line: line, header: None, width, above, odd_first: None };
    let cells: Vec<&[String]> = rows.iter().map(|row| row.cells.as_slice()).collect();
    let has_names = head::names_columns(&cells);
    if !has_names {
        layout.odd_first = head::odd_label(&cells);
    }
    let below = head::named_below(&cells);
    let told = head::described(&cells).filter(|_| has_names).map(|place| &rows[place]);
    let is_short = has_names && names_are_one_short(&rows);
    let last = told.map(|row| (row.next, row.line_ends));
    if let Some(first) = rows.into_iter().next().filter(|_| has_names) {
        let (next, line_ends) = last.unwrap_or((first.next, first.line_ends));
        if last.is_some() {
            let between = numbered(&bytes[start + first.next..start + next], line + first.line_ends);
            layout.above.extend(between.into_iter().filter(|(_, text)| !text.trim().is_empty()));
        }
        layout.first_row = start + next;
        layout.first_line = line + line_ends;
        let mut names = below.unwrap_or(first.cells);
        if is_short {
            names.insert(0, String::new());
        }
        layout.width = names.len();
        layout.header = Some(names);
    }
    layout
}

/// Whether the rows under the names have one value more, a number that counts them: R writes the names of its rows without a
/// name for their column. A text with a comma that is not quoted has no such number.
fn names_are_one_short(rows: &[SampleRow]) -> bool {
    let Some((first, below)) = rows.split_first() else { return false };
    let wider = below.iter().filter(|row| row.cells.len() == first.cells.len() + 1).count();
    let numbers = below.iter().map(|row| row.cells.first().and_then(|cell| cell.trim().parse::<u64>().ok()));
    let all: Option<BTreeSet<u64>> = numbers.collect();
    first.cells.len() > 1 && wider == below.len() && wider > 0 && all.is_some_and(|all| all.len() == wider)
}

/// The same of a file whose first row is one of data, though it may look like names.
pub(super) fn layout_without_head(bytes: &[u8]) -> Layout {
    let (start, line, told) = skip_separator_line(bytes);
    let dialect = dialect(&bytes[start..], told);
    let width = common_width(&sample(&bytes[start..], dialect));
    Layout { dialect, first_row: start, first_line: line, header: None, width, above: Vec::new(), odd_first: None }
}

/// The same of rows with tabs between their cells and the names above.
pub(super) fn layout_under_head(bytes: &[u8]) -> Layout {
    let dialect = Dialect::of(bytes, b'\t');
    let (mut at, mut line, mut pieces) = (0, 1, Vec::new());
    let mut rows = Rows::new(dialect, bytes.len());
    while at < bytes.len() {
        let row = rows.row(bytes, at, &mut pieces);
        (at, line) = (row.next, line + row.line_ends);
        if !is_blank(&pieces) {
            break;
        }
    }
    let names: Vec<String> = pieces.iter().map(|piece| cell(bytes, piece)).collect();
    let width = names.len();
    Layout { dialect, first_row: at, first_line: line, header: Some(names), width, above: Vec::new(), odd_first: None }
}

/// The names of the columns, each different.
pub(super) fn column_names(layout: &Layout) -> Vec<String> {
    let given = layout.header.clone().unwrap_or_else(|| vec![String::new(); layout.width]);
    unique_names(&given)
}

pub(super) struct SampleRow {
    pub cells: Vec<String>,
    /// Where the next row begins, and the line ends up to there, from the start of the sample.
    next: usize,
    line_ends: usize,
    quotes: Quotes,
}

/// What quotes do in a row, from least to most telling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Quotes {
    None,
    /// A cell stands in quotes.
    Around,
    /// A cell could not stand without its quotes: it holds a delimiter, a line end or a doubled quote.
    Needed,
    /// A quote is not closed, or closed only on a later line and past a delimiter, where another row is likelier.
    Broken,
}

/// The first rows in a dialect; a row that could not be read has no cells.
pub(super) fn sample(bytes: &[u8], dialect: Dialect) -> Vec<SampleRow> {
    let whole = bytes.len() <= SAMPLE_BYTES;
    let bytes = &bytes[..bytes.len().min(SAMPLE_BYTES)];
    let mut rows = Rows::new(dialect, bytes.len());
    let mut pieces: Vec<Piece> = Vec::new();
    let (mut at, mut line_ends) = (0, 0);
    let mut sampled = Vec::new();
    while at < bytes.len() && sampled.len() < head::SAMPLE_ROWS {
        let row = rows.row(bytes, at, &mut pieces);
        (at, line_ends) = (row.next, line_ends + row.line_ends);
        // The last row of a sample may be cut through.
        if at >= bytes.len() && !whole && !sampled.is_empty() {
            break;
        }
        if row.fault.is_none() && is_blank(&pieces) {
            continue;
        }
        if row.fault.is_some() {
            pieces.clear();
        }
        sampled.push(SampleRow {
            quotes: pieces.iter().map(|piece| quotes(bytes, piece, dialect.delimiter)).max().unwrap_or(Quotes::Broken),
            cells: pieces.iter().map(|piece| cell(bytes, piece)).collect(),
            next: at,
            line_ends,
        });
    }
    sampled
}

fn quotes(bytes: &[u8], piece: &Piece, delimiter: u8) -> Quotes {
    if !piece.quoted {
        return Quotes::None;
    }
    let content = &bytes[piece.content.clone()];
    let has_delimiter = content.contains(&delimiter);
    let has_line_end = content.iter().any(|byte| matches!(byte, b'\n' | b'\r'));
    if has_delimiter && has_line_end && delimiter != b'\n' {
        Quotes::Broken
    } else if has_delimiter || has_line_end || piece.doubled {
        Quotes::Needed
    } else {
        Quotes::Around
    }
}

fn cell(bytes: &[u8], piece: &Piece) -> String {
    let text = String::from_utf8_lossy(&bytes[piece.content.clone()]);
    let text = if piece.doubled { text.replace("\"\"", "\"") } else { text.into_owned() };
    formulas::text(&text).unwrap_or(text)
}

/// Excel writes `sep=;` as a first line of its own.
fn skip_separator_line(bytes: &[u8]) -> (usize, usize, Option<u8>) {
    match bytes {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter, ..]
            if line_end(bytes, 5) > 0 && (DELIMITERS.contains(delimiter) || SELDOM.contains(delimiter)) =>
        {
            (5 + line_end(bytes, 5), 2, Some(*delimiter))
        }
        _ => (0, 1, None),
    }
}

/// Lines with their numbers, from the first.
fn numbered(bytes: &[u8], first: usize) -> Vec<(usize, String)> {
    let mut lines = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let end = bytes[at..].iter().position(|byte| matches!(byte, b'\n' | b'\r')).map_or(bytes.len(), |end| at + end);
        lines.push((first + lines.len(), String::from_utf8_lossy(&bytes[at..end]).into_owned()));
        at = end + line_end(bytes, end).max(1);
    }
    lines
}

/// Finds the delimiter at which most rows have as many fields as the first.
fn dialect(bytes: &[u8], told: Option<u8>) -> Dialect {
    let candidates = told.map_or(DELIMITERS.to_vec(), |delimiter| vec![delimiter]);
    let mut best: Option<(u32, usize, Dialect)> = None;
    for delimiter in candidates {
        let dialect = Dialect::of(bytes, delimiter);
        let rows = sample(bytes, dialect);
        let Some(first) = rows.iter().map(|row| row.cells.len()).find(|&count| count > 0) else { continue };
        let percent_of = |columns: usize| {
            let alike = rows.iter().skip(1).filter(|row| row.cells.len() == columns).count();
            (alike * 100).checked_div(rows.len() - 1).unwrap_or(100) as u32
        };
        // A first row without names may itself have a delimiter too many.
        let common = common_width(&rows);
        let first_is_odd = first > 1 && common > 1 && percent_of(first) < 50 && percent_of(common) >= 50;
        let columns = if first_is_odd { common } else { first };
        let percent = percent_of(columns);
        if columns < 2 || (percent < 50 && !reads_like_a_header(&rows[0].cells)) {
            continue;
        }
        if best.is_none_or(|(most, wide, _)| (percent / 5, columns) > (most / 5, wide)) {
            best = Some((percent, columns, dialect));
        }
    }
    // What fits every row is not asked any further.
    if told.is_none()
        && best.is_none_or(|(percent, ..)| percent < 100)
        && let Some(delimiter) = SELDOM.into_iter().find(|delimiter| is_separated_by(bytes, *delimiter))
    {
        return Dialect::of(bytes, delimiter);
    }
    best.map_or_else(|| Dialect::of(bytes, b'\n'), |(.., dialect)| dialect)
}

/// What is told of a delimiter that is none of the usual ones.
pub(super) fn seldom(dialect: Dialect) -> Option<String> {
    let sign = char::from(dialect.delimiter).to_string();
    SELDOM.contains(&dialect.delimiter).then(|| format!("{SEPARATED}{sign:?}"))
}

/// How the note begins that says what separates the columns.
pub(super) const SEPARATED: &str = "the columns are separated by ";

/// Whether rows are plainly separated by a sign that stands in texts too: each has as many of it, with something at both
/// sides. Under a head that is known, and of signs that no text has, a few rows may be broken.
pub(super) fn is_separated_by(bytes: &[u8], delimiter: u8) -> bool {
    const FEWEST: usize = 3;
    if !bytes[..bytes.len().min(SAMPLE_BYTES)].contains(&delimiter) {
        return false;
    }
    let rows = sample(bytes, Dialect::of(bytes, delimiter));
    let Some(first) = rows.first().filter(|first| first.cells.len() > 1) else { return false };
    let width = first.cells.len();
    let even: Vec<&SampleRow> = rows.iter().filter(|row| row.cells.len() == width).collect();
    let is_sure = delimiter.is_ascii_control() || reads_like_a_header(&first.cells);
    let (fewest, broken) = if is_sure { (2, rows.len() / 20) } else { (FEWEST, 0) };
    // A delimiter may stand at the end of each row too.
    let columns = width - usize::from(width > 2);
    let is_filled = |column: usize| even.iter().any(|row| !row.cells[column].trim().is_empty());
    even.len() >= fewest && rows.len() - even.len() <= broken && (0..columns).all(is_filled)
}

impl Dialect {
    fn of(bytes: &[u8], delimiter: u8) -> Self {
        let usual = Self { delimiter, quoted: quotes_mean_something(bytes, delimiter), indented: false };
        if delimiter != b'\n' && are_indented(bytes, delimiter) {
            return Self { quoted: true, indented: true, ..usual };
        }
        usual
    }
}

/// Whether quotes stand behind blanks in most rows, and close in all of them.
fn are_indented(bytes: &[u8], delimiter: u8) -> bool {
    let bytes = &bytes[..bytes.len().min(SAMPLE_BYTES)];
    let signs = [delimiter, b' ', b'"'];
    if !bytes.windows(signs.len()).any(|three| three == signs) {
        return false;
    }
    let mut rows = Rows::new(Dialect { delimiter, quoted: true, indented: true }, bytes.len());
    let mut pieces: Vec<Piece> = Vec::new();
    let (mut at, mut all, mut indented) = (0, 0, 0);
    while at < bytes.len() && all < head::SAMPLE_ROWS {
        let row = rows.row(bytes, at, &mut pieces);
        at = row.next;
        // The last row of a sample may be cut through.
        if row.fault.is_some() && at < bytes.len() {
            return false;
        }
        let is_indented = |piece: &Piece| {
            let before = piece.content.start.checked_sub(2).map(|before| bytes[before]);
            piece.quoted && before.is_some_and(|before| before == b' ')
        };
        all += 1;
        indented += usize::from(pieces.iter().any(is_indented));
    }
    indented * 2 >= all
}

/// Files separated by tabs, or by other signs that no text has, are often written without quoting, and then a text may begin with a quote that is part of it. So
/// quotes count there only if each one that opens is closed, or if more were clearly needed than are broken. The same holds where each
/// line is a cell.
fn quotes_mean_something(bytes: &[u8], delimiter: u8) -> bool {
    if !delimiter.is_ascii_control() {
        return true;
    }
    let rows = sample(bytes, Dialect { delimiter, quoted: true, indented: false });
    let count = |kind: Quotes| rows.iter().filter(|row| row.quotes == kind).count();
    let (around, needed, broken) = (count(Quotes::Around), count(Quotes::Needed), count(Quotes::Broken));
    if broken > 0 { needed > broken } else { around + needed > 0 }
}

fn reads_like_a_header(cells: &[String]) -> bool {
    cells.len() > 1 && cells.iter().any(|cell| is_known_name(cell))
}

/// The number of columns that most rows have.
fn common_width(rows: &[SampleRow]) -> usize {
    let mut counts = BTreeMap::new();
    for row in rows.iter().filter(|row| !row.cells.is_empty()) {
        *counts.entry(row.cells.len()).or_insert(0_usize) += 1;
    }
    counts.into_iter().max_by_key(|&(_, count)| count).map_or(1, |(width, _)| width)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delimiter_is_the_one_that_gives_even_rows() {
        let check = |text: &str, delimiter: u8| {
            assert_eq!(char::from(layout(text.as_bytes()).dialect.delimiter), char::from(delimiter), "{text}");
        };
        check("text,label\na,b\n", b',');
        check("text;label\na, b; c\n1,5;d\n", b';');
        check("text\tlabel\nHello, you\t1\nGood, yes, fine\t0\n", b'\t');
        check("text|label\na, b|c\n", b'|');
        check("text,label\n\"one; two; three\",x\n\"a;b;c\",y\n", b',');
        check("text,labels\nfirst,a;b\nsecond,a;c\n", b',');
        check("text\nHello, my friend\nYes\nNo, never, ever\n", b'\n');
        check("just one line of text", b'\n');
        check("text,label\nno comma here\nnor here\n", b',');
        check("sep=;\na;b\n", b';');
        check("text,label", b',');
        check("Yes, of course,1\nno,0\nmaybe,1\nwell,0\n", b',');
        check("text^label\nHello, you^1\nGood; yes, fine^0\n", b'^');
        check("1^Hello, you^pos\n2^Bad, really^neg\n3^none here^neg\n", b'^');
        check("id~text~label\n1~a b, c~x\n2~\"c ~ d\"~y\n", b'~');
        check("a good film\u{1}pos\n\"bad\" film, \"so\u{1}neg\n", 0x01);
        check("a\u{1f}b c\u{1f}\nd\u{1f}e f\u{1f}\n", 0x1F);
        check("sep=^\na^b\n", b'^');
        check("text,label\nit costs ~5,a\nor ~6,b\n", b',');
        check("formula\nx^2\ny^2\nz^3\n", b'\n');
        check("so long~\nhello~\nbye~\n", b'\n');
    }

    #[test]
    fn quotes_in_tab_separated_text_count_only_if_they_close() {
        let quoted = |text: &str| layout(text.as_bytes()).dialect.quoted;
        assert!(!quoted("text\tlabel\n\"Great\" movie, \"bad\tx\nso so\ty\n"));
        assert!(!quoted("i\ttext\n0\t\"The film\t1\n1\t``fine'' \"yes\"\t0\n2\t\"Quoted\" start\t1\n"));
        assert!(quoted("text\tlabel\n\"Great\nmovie\"\tx\nso so\ty\n"));
        assert!(quoted("text\tlabel\n\"Great\tmovie\"\tx\nso so\ty\n"));
        assert!(quoted("text\tlabel\n\"Great \"\"movie\"\"\"\tx\n"));
        assert!(quoted("text,label\n\"open,x\n"));
    }

    #[test]
    fn blanks_may_stand_before_quotes() {
        let indented = |text: &str| layout(text.as_bytes()).dialect.indented;
        assert!(indented("tokens, tags\n\"a b\", \"O O\"\n\"c d\", \"O O\"\n"));
        assert!(indented("text, label\n1, \"a, b\"\n2, \"c, d\"\n"));
        assert!(!indented("text,label\nshe said, \"no\" and left,1\nso so,0\nfine,1\n"));
        assert!(!indented("text,label\na, \"open,x\nb, c\"d,y\n"));
        assert!(!indented("text,label\n\"a b\",x\n\"c d\",y\n"));
        let table = crate::table::readers::read_bytes(
            std::path::Path::new("a.csv"),
            b"text, label\n\"one, two\", \"a, b\"\n\"three\",  \"c\"\n".to_vec(),
        );
        let table = table.unwrap();
        assert_eq!(table.all_cells(), [["one, two", "a, b"], ["three", "c"]]);
        assert_eq!(table.columns, ["text", "label"]);
    }

    #[test]
    fn a_first_row_of_data_is_not_taken_for_names() {
        let check = |text: &str, header: bool| {
            assert_eq!(layout(text.as_bytes()).header.is_some(), header, "{text}");
        };
        check("text,label\na,b\n", true);
        check("Review_Text,y\na,b\n", true);
        check("foo,bar\nsome longer text here,1\nanother text there,0\n", true);
        check("foo,bar\nsome longer text here,pos\nanother text there,neg\n", true);
        check("a fine film,positive\na bad film,negative\n", false);
        check("good,pos\nbad,neg\nnice,pos\n", false);
        check("1,the first text\n0,the second text\n", false);
        check("fine,5\nbad,1\n", false);
        check("was denkst du,gut\nich weiss nicht recht,schlecht\n", false);
        check("nombre,apellido\n", true);
        let rows = "came late again,bad\nall was well,good\nit broke at once,bad\nas it should be,good\n";
        let under = |head: &str| format!("{head}\n{rows}");
        check(&under("Comment text here,Overall verdict"), true);
        check(&under("What did you like about it all in all this time round?,How was it?"), true);
        check(&under("0,1"), true);
        check(&under("fell apart,bad"), false);
        check("did it rain?,was it wet?\nis it on?,does it run?\nwho is he?,what is it?\n", false);
        check("Was gefiel Ihnen?,Und sonst?\nalles gut,nichts weiter\ndas Essen,der Weg war weit\n", true);
        check("3,1\n0,1\n", false);
    }
}
