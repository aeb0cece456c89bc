//! What programs and people put around JSON and tables that their formats do not have: comments, signs between records,
//! dictionaries as Python prints them, objects one behind the other, tables of Markdown, and delimiters of several
//! characters. Such a text is written anew as the plain format, each row still in its line, and it is told.

use std::fmt::Write as _;

use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::json::is_json;
use super::lines::numbered;
use super::sniff;
use crate::stop::heed;
use crate::table::notation::literal;

/// A text in the plain format, with what is told of it.
pub(super) struct Tidied {
    pub text: String,
    pub note: Option<String>,
}

/// The text in a plain format, where it is in none.
pub(super) fn tidied(text: &str) -> Option<Tidied> {
    let begins = |signs: &[&str]| signs.iter().any(|sign| text.trim_start().starts_with(sign));
    if begins(&["\u{1e}"]) {
        // RFC 7464 has a separator before each object.
        return Some(Tidied { text: text.replace('\u{1e}', " "), note: None });
    }
    if begins(&["{", "[", "//", "/*", "#"])
        && leads_to_json(text)
        && let Some(bare) = without_comments(text)
        && is_json(bare.as_bytes())
    {
        let note = Some("comments stand in the JSON, which has none, and are left out".to_owned());
        return Some(Tidied { text: bare, note });
    }
    if begins(&["{'", "{ '", "{u'"]) {
        return dictionaries(text);
    }
    if begins(&["{"]) {
        return one_a_line(text);
    }
    markdown(text).or_else(|| separated(text)).or_else(|| separated_by_a_sign(text)).or_else(|| in_single_quotes(text))
}

/// Whether JSON, or a longer comment, stands behind the lines that are comments.
fn leads_to_json(text: &str) -> bool {
    let mut lines = numbered(text).map(|(_, line)| line.trim_start());
    let first = lines.find(|line| !(line.is_empty() || line.starts_with('#') || line.starts_with("//")));
    first.is_some_and(|line| line.starts_with(['{', '[', '(']) || line.starts_with("/*"))
}

/// JSON with blanks in the place of comments; nothing where it has none.
fn without_comments(text: &str) -> Option<String> {
    // Addresses have such signs too, and a long file is not to be gone through for them.
    let begins = |line: &str| ["//", "/*", "#"].iter().any(|sign| line.trim_start().starts_with(sign));
    let ends = |line: &str| {
        line.contains('/')
            && ["//", "/*"].iter().any(|sign| {
                line.rsplit_once(sign).is_some_and(|(before, _)| before.trim_end().ends_with(['}', ']', ',', '[']))
            })
    };
    if !text.lines().any(|line| begins(line) || ends(line)) {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let (mut in_string, mut is_found, mut before) = (false, false, '\n');
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let begins_value = matches!(before, '\n' | ',' | '[' | '{' | ']' | '}' | ':' | '"');
        let end = if in_string || !begins_value {
            None
        } else if rest.starts_with("/*") {
            rest.find("*/").map(|end| end + 2)
        } else if rest.starts_with("//") || (next == '#' && before == '\n') {
            Some(rest.find(['\n', '\r']).unwrap_or(rest.len()))
        } else {
            None
        };
        if let Some(end) = end {
            heed();
            is_found = true;
            // Lines stay where they are.
            out.extend(rest[..end].chars().map(|letter| if matches!(letter, '\n' | '\r') { letter } else { ' ' }));
            rest = &rest[end..];
            continue;
        }
        let mut length = next.len_utf8();
        match next {
            '\\' if in_string => length += rest[1..].chars().next().map_or(0, char::len_utf8),
            '"' => in_string = !in_string,
            '\n' | '\r' => in_string = false,
            _ => {}
        }
        out.push_str(&rest[..length]);
        before = match next {
            '\r' => '\n',
            ' ' | '\t' => before,
            other => other,
        };
        rest = &rest[length..];
    }
    is_found.then_some(out)
}

/// Objects as Python prints them, one a line.
fn dictionaries(text: &str) -> Option<Tidied> {
    let object = |line: &str| literal::value(line.trim().trim_end_matches(',')).filter(Value::is_object);
    let first = numbered(text).map(|(_, line)| line).find(|line| !line.trim().is_empty())?;
    object(first)?;
    let mut out = String::with_capacity(text.len());
    for (_, line) in numbered(text) {
        heed();
        match object(line) {
            Some(object) => write!(out, "{object}").ok()?,
            None => out.push_str(line),
        }
        out.push('\n');
    }
    let note = Some("the rows are dictionaries as Python prints them".to_owned());
    Some(Tidied { text: out, note })
}

/// Objects that are written over several lines or share one, each in the line that it begins in.
fn one_a_line(text: &str) -> Option<Tidied> {
    let first = text.trim_start().lines().next()?.trim_end().trim_end_matches(',');
    if serde_json::from_str::<IgnoredAny>(first).is_ok() {
        return None;
    }
    let mut whole = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
    whole.next()?.ok()?;
    if text[whole.byte_offset()..].trim().is_empty() {
        return None;
    }
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Map<String, Value>>();
    let mut keys: Option<Vec<String>> = None;
    let mut out = String::with_capacity(text.len());
    let (mut at, mut waiting) = (0, 0);
    while let Some(value) = values.next() {
        heed();
        let own: Vec<String> = value.ok()?.into_iter().map(|(key, _)| key).collect();
        let is_first = keys.is_none();
        // Documents of several kinds are no rows.
        if *keys.get_or_insert_with(|| own.clone()) != own {
            return None;
        }
        let (begin, end) = (at, values.byte_offset());
        let object = text[begin..end].trim_start();
        waiting += text[begin..end - object.len()].matches('\n').count();
        // Two of one line need a line each.
        out.push_str(&"\n".repeat(waiting.max(usize::from(!is_first))));
        waiting = object.matches('\n').count();
        out.extend(object.chars().map(|letter| if matches!(letter, '\n' | '\r') { ' ' } else { letter }));
        at = end;
    }
    Some(Tidied { text: out, note: None })
}

/// A table of Markdown as one with tabs.
fn markdown(text: &str) -> Option<Tidied> {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let (head, rule) = (lines.next()?.trim(), lines.next()?.trim());
    let is_rule = rule.contains("--") && rule.contains('|') && rule.chars().all(|sign| "|-: \t".contains(sign));
    let width = cells(head).len();
    if !is_rule || text.contains('\t') || width < 2 || cells(rule).len() != width {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut seen = 0;
    for (_, line) in numbered(text) {
        seen += usize::from(!line.trim().is_empty());
        if seen != 2 || line.trim().is_empty() {
            out.push_str(&cells(line.trim()).join("\t"));
        } else {
            seen += 1;
        }
        out.push('\n');
    }
    Some(Tidied { text: out, note: Some("the rows are a table of Markdown".to_owned()) })
}

fn cells(line: &str) -> Vec<String> {
    const BAR: char = '\u{1}';
    let line = line.replace("\\|", &BAR.to_string());
    let line = line.strip_prefix('|').unwrap_or(&line);
    let line = line.strip_suffix('|').unwrap_or(line);
    line.split('|').map(|cell| cell.trim().replace(BAR, "|")).collect()
}

/// A table whose delimiter is of several characters, as one with tabs.
fn separated(text: &str) -> Option<Tidied> {
    const SEPARATORS: [&str; 5] = [" +++$+++ ", " ||| ", "|||", "||", "::"];
    const LOOKED_AT: usize = 500;
    let lines = || text.lines().filter(|line| !line.trim().is_empty()).take(LOOKED_AT);
    let separator = SEPARATORS.into_iter().find(|separator| {
        let width = lines().next().map_or(0, |first| first.matches(separator).count());
        width > 0 && lines().count() > 1 && lines().all(|line| line.matches(separator).count() == width)
    })?;
    if text.contains('\t') {
        return None;
    }
    let note = Some(format!("{}{separator:?}", sniff::SEPARATED));
    Some(Tidied { text: text.replace(separator, "\t"), note })
}

/// A table whose delimiter is one sign beyond ASCII, as one with separators of units.
fn separated_by_a_sign(text: &str) -> Option<Tidied> {
    const SIGNS: [&str; 7] = ["¦", "│", "｜", "¬", "‡", "¤", "→"];
    const UNIT: char = '\u{1f}';
    const HEAD: usize = 1 << 20;
    let mut head = &text[..text.floor_char_boundary(HEAD)];
    if head.len() < text.len() {
        // The last line of it may be cut through.
        head = head.rsplit_once('\n')?.0;
    }
    let first = head.lines().find(|line| !line.trim().is_empty())?;
    let is_one = |sign: &&str| {
        first.contains(sign)
            && sniff::is_separated_by(head.replace(sign, UNIT.encode_utf8(&mut [0])).as_bytes(), UNIT as u8)
    };
    let sign = SIGNS.into_iter().find(is_one).filter(|_| !text.contains(UNIT))?;
    let note = Some(format!("{}{sign:?}", sniff::SEPARATED));
    Some(Tidied { text: text.replace(sign, UNIT.encode_utf8(&mut [0])), note })
}

/// A table whose cells all stand in single quotes, as one with double quotes.
fn in_single_quotes(text: &str) -> Option<Tidied> {
    const LOOKED_AT: usize = 500;
    let is_quoted = |cell: &str| cell.len() > 1 && cell.starts_with('\'') && cell.ends_with('\'');
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty()).take(LOOKED_AT);
    let head = lines().next().filter(|line| is_quoted(line))?;
    let is_one = |delimiter: &char| head.contains(*delimiter) && head.split(*delimiter).all(is_quoted);
    let delimiter = [',', ';', '\t', '|'].into_iter().find(is_one)?;
    let quoted = lines().filter(|line| line.starts_with('\'')).count();
    if quoted < 2 || quoted * 4 < lines().count() * 3 {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    let (mut is_open, mut begins) = (false, true);
    while let Some(letter) = letters.next() {
        heed();
        let ends = |next: Option<&char>| next.is_none_or(|next| *next == delimiter || matches!(next, '\n' | '\r'));
        match letter {
            '\'' if !is_open && begins => (is_open, begins) = (true, false),
            '\'' if is_open && ends(letters.peek()) => is_open = false,
            '\'' | '\\' if is_open && letters.next_if_eq(&'\'').is_some() => {
                out.push('\'');
                continue;
            }
            _ => {
                // A double quote within becomes two.
                out.extend(std::iter::repeat_n(letter, if letter == '"' && is_open { 2 } else { 1 }));
                begins = !is_open && (letter == delimiter || matches!(letter, '\n' | '\r'));
                continue;
            }
        }
        out.push('"');
    }
    Some(Tidied { text: out, note: Some("the cells stand in single quotes, which are no part of them".to_owned()) })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::table::Table;

    fn check(name: &str, text: &str, lines: &[usize], note: &str) {
        let table = Table::from_bytes(Path::new(name), text.as_bytes().to_vec()).unwrap();
        assert_eq!(table.columns, ["text", "label"], "{text}");
        let expected = [("a b", "x"), ("c // d", "y")];
        let rows: Vec<(&str, &str)> = (0..table.rows()).map(|row| (table.cell(row, 0), table.cell(row, 1))).collect();
        assert_eq!(rows, expected, "{text}");
        let found: Vec<usize> = (0..table.rows()).map(|row| table.line(row)).collect();
        assert_eq!((found.as_slice(), &table.problems), (lines, &Vec::new()), "{text}");
        assert!(table.notes.iter().any(|own| own.contains(note)) || note.is_empty(), "{:?}", table.notes);
    }

    #[test]
    fn json_is_read_with_what_it_does_not_have() {
        let (one, two) = (r#"{"text":"a b","label":"x"}"#, r#"{"text":"c // d","label":"y"}"#);
        let comments = "comments stand in the JSON";
        check("a.json", &format!("// by us\n[\n  {one}, // first\n  /* the\n last */ {two}\n]\n"), &[3, 5], comments);
        check("a.jsonl", &format!("# by us\n{one}\n// no\n{two}\n"), &[2, 4], comments);
        check("a.json", &format!("\u{1e}{one}\n\u{1e}{two}\n"), &[1, 2], "");
        check("a.jsonl", &format!("{one},\n{two},\n"), &[1, 2], "");
        check("a.jsonl", &format!("\u{feff}{one}\n{two}\n"), &[1, 2], "");
        let pretty = |object: &str| object.replace(",\"", ",\n  \"");
        check("a.json", &format!("{}\n{}\n", pretty(one), pretty(two)), &[1, 3], "");
        check(
            "a.jsonl",
            "{'text': 'a b', 'label': 'x'}\n\n{'text': 'c // d', 'label': 'y'}\n",
            &[1, 3],
            "as Python prints",
        );
    }

    #[test]
    fn tables_with_other_delimiters_are_read() {
        check(
            "a.md",
            "| text | label |\n|------|:-----|\n| a b | x |\n| c // d | y |\n",
            &[3, 4],
            "a table of Markdown",
        );
        check("a.csv", "text||label\na b||x\nc // d||y\n", &[2, 3], "separated by \"||\"");
        check("a.txt", "text +++$+++ label\na b +++$+++ x\nc // d +++$+++ y\n", &[2, 3], "separated by");
        check("a.dat", "text::label\na b::x\nc // d::y\n", &[2, 3], "separated by \"::\"");
        let single = "'text','label'\n'a b','x'\n'c // d','y'\n";
        check("a.csv", single, &[2, 3], "stand in single quotes");
        let table = Table::from_bytes(
            Path::new("a.csv"),
            b"'text';'label'\n'it''s \"so\"; yes';'x'\n'it\\'s\nlong';'y'\n'';'x'\n".to_vec(),
        );
        assert_eq!(table.unwrap().all_cells(), [["it's \"so\"; yes", "x"], ["it's\nlong", "y"], ["", "x"]]);
        check("a.csv", "text^label\na b^x\nc // d^y\n", &[2, 3], "separated by \"^\"");
        check("a.txt", "text~label\na b~x\nc // d~y\n", &[2, 3], "separated by \"~\"");
        check("a.txt", "text¦label\na b¦x\n\"c // d\"¦y\n", &[2, 3], "separated by \"¦\"");
        check("000000_0", "text\u{1}label\na b\u{1}x\nc // d\u{1}y\n", &[2, 3], "separated by \"\\u{1}\"");
        check("a.csv", "\"text\", \"label\"\n\"a b\", \"x\"\n\"c // d\", \"y\"\n", &[2, 3], "");
    }

    #[test]
    fn texts_with_such_signs_are_left() {
        let open = |text: &str| Table::from_bytes(Path::new("a.txt"), text.as_bytes().to_vec()).unwrap();
        assert_eq!(open("# A list\nsee http://x.org/a\nstd::vec is one\n").rows(), 3);
        assert_eq!(
            open("{\"text\":\"see http://x.org /* a */\",\"label\":\"x\"}\n").cell(0, 0),
            "see http://x.org /* a */"
        );
        assert!(!open("a | b\nc | d\n").notes.iter().any(|note| note.contains("separated by")));
    }
}
