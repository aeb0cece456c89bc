//! Text files that have another structure than rows or paragraphs: documents of XML, subtitles, letters, programs' own
//! files. Read line by line they would be nonsense that nobody hears of, so each is refused by what it is, with what to do.
//! A file that is named like source code is read as plain text, which is what a model of code learns from, and told.

use std::path::Path;

const SAVE_ROWS: &str = "; save its texts as CSV or JSONL";
const SAVE_TABLE: &str = "; save the table as CSV";
const SAVE_LINES: &str = "; save its text alone, one paragraph a line";

/// Bytes of the beginning that are looked at.
const HEAD: usize = 64 << 10;

/// How files begin that are another kind of text, what they are, and what to do about it.
const BEGINNINGS: [(&str, &str, &str); 24] = [
    ("-[ RECORD 1 ]", "rows as psql prints them below each other", SAVE_TABLE),
    ("*************************** 1. row", "rows as MySQL prints them below each other", SAVE_TABLE),
    ("WEBVTT", "subtitles (WebVTT)", SAVE_LINES),
    ("[Script Info]", "subtitles (SubStation Alpha)", SAVE_LINES),
    ("BEGIN:VCARD", "contacts (vCard)", SAVE_TABLE),
    ("BEGIN:VCALENDAR", "a calendar (iCalendar)", SAVE_TABLE),
    ("%YAML", "a YAML file", SAVE_ROWS),
    ("%!PS", "a PostScript document", SAVE_LINES),
    ("\\documentclass", "a LaTeX document", SAVE_LINES),
    ("\\begin{document}", "a LaTeX document", SAVE_LINES),
    ("-- MySQL dump", "a dump of a database (SQL)", SAVE_TABLE),
    ("-- MariaDB dump", "a dump of a database (SQL)", SAVE_TABLE),
    ("-- phpMyAdmin SQL Dump", "a dump of a database (SQL)", SAVE_TABLE),
    ("--\n-- PostgreSQL database dump", "a dump of a database (SQL)", SAVE_TABLE),
    ("CREATE TABLE ", "a dump of a database (SQL)", SAVE_TABLE),
    ("INSERT INTO ", "a dump of a database (SQL)", SAVE_TABLE),
    ("diff --git ", "a patch", ""),
    ("$FL2@(#)", "a file of SPSS", SAVE_TABLE),
    ("<stata_dta>", "a file of Stata", SAVE_TABLE),
    ("msgid \"\"\nmsgstr \"\"", "translations (gettext)", SAVE_ROWS),
    ("MIME-Version:", "an e-mail message", SAVE_ROWS),
    ("Return-Path: <", "an e-mail message", SAVE_ROWS),
    ("Delivered-To: ", "an e-mail message", SAVE_ROWS),
    ("{\\rtf", "an RTF document", SAVE_LINES),
];

/// The elements that documents of XML begin with.
const ROOTS: [(&str, &str); 12] = [
    ("TEI", "a TEI document"),
    ("teiCorpus", "a TEI document"),
    ("tmx", "a translation memory (TMX)"),
    ("xliff", "translations (XLIFF)"),
    ("rss", "a feed (RSS)"),
    ("feed", "a feed (Atom)"),
    ("svg", "a picture (SVG)"),
    ("mediawiki", "a dump of a wiki (MediaWiki)"),
    ("GateDocument", "a document of GATE"),
    ("xmi", "annotations of UIMA (XMI)"),
    ("PubmedArticleSet", "articles of PubMed (XML)"),
    ("collection", "a collection of documents (XML, perhaps BioC)"),
];

const OF_PAGES: [&str; 16] = [
    "html", "head", "body", "div", "p", "table", "ul", "ol", "span", "section", "article", "main", "meta", "style",
    "script", "center",
];

/// What a text is that is neither a table nor prose, and what to do about it.
pub(super) fn known(path: &Path, text: &str) -> Option<(&'static str, &'static str)> {
    let text = text.trim_start();
    let head = &text[..text.floor_char_boundary(HEAD)];
    let begins = |(beginning, what, advice): &(&str, &'static str, &'static str)| {
        head.starts_with(beginning).then_some((*what, *advice))
    };
    BEGINNINGS
        .iter()
        .find_map(begins)
        .or_else(|| xml(text).map(|what| (what, SAVE_ROWS)))
        .or_else(|| head.starts_with("<?xml").then_some(("an XML document", SAVE_ROWS)))
        .or_else(|| sgml(head).then_some(("documents of SGML", SAVE_ROWS)))
        .or_else(|| subtitles(head).then_some(("subtitles (SubRip)", SAVE_LINES)))
        .or_else(|| mailbox(head).then_some(("a mailbox", SAVE_ROWS)))
        .or_else(|| of_lines(head))
        .or_else(|| is_called(path, &["yml", "yaml"]).then_some(("a YAML file", SAVE_ROWS)))
        .or_else(|| is_called(path, &["toml", "ini", "cfg", "conf"]).then_some(("a file of settings", "")))
}

/// What is told of a file that is named like a program's source.
pub(super) fn source(path: &Path) -> Option<String> {
    const ENDINGS: [&str; 24] = [
        "py", "js", "ts", "jsx", "tsx", "java", "c", "h", "cpp", "hpp", "cc", "cs", "go", "rs", "rb", "php", "sh",
        "sql", "kt", "swift", "scala", "pl", "lua", "css",
    ];
    is_called(path, &ENDINGS)
        .then(|| "the file is named like source code and is read as plain text, each line a text of its own".to_owned())
}

fn is_called(path: &Path, endings: &[&str]) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    endings.iter().any(|own| ending.eq_ignore_ascii_case(own))
}

/// A document that is one element from its beginning to its end, as no table is whose cells hold some.
fn xml(text: &str) -> Option<&'static str> {
    let mut rest = text;
    // Comments and the type of the document stand before its element.
    while let Some(after) = ["<?", "<!--", "<!"].iter().find_map(|begin| rest.strip_prefix(begin)) {
        let end = if rest.starts_with("<!--") { "-->" } else { ">" };
        rest = after.split_once(end)?.1.trim_start();
    }
    let name = rest.strip_prefix('<')?;
    let name = &name[..name.find(|letter: char| letter.is_whitespace() || matches!(letter, '>' | '/'))?];
    let is_name = |letter: char| letter.is_alphanumeric() || matches!(letter, ':' | '_' | '-' | '.');
    if name.is_empty() || !name.chars().all(is_name) {
        return None;
    }
    let own = name.rsplit(':').next().unwrap_or(name);
    // Of these the beginning is enough, as a longer file may be seen no further.
    if let Some((_, what)) = ROOTS.iter().find(|(root, _)| *root == own) {
        return Some(what);
    }
    let end = text.trim_end().strip_suffix('>')?.trim_end().strip_suffix(name)?;
    let is_one = end.ends_with("</") && !text[..text.trim_end().len() - 1].contains(&format!("</{name}>"));
    let head = &rest[..rest.floor_char_boundary(HEAD)];
    if own == "annotations" && (head.contains("<image ") || head.contains("<track ") || head.contains("cvat")) {
        return is_one.then_some("annotations of CVAT, of pictures and not of texts");
    }
    if OF_PAGES.contains(&own.to_ascii_lowercase().as_str()) {
        // Many short ones, a line each, are texts.
        return (is_one && text.trim_end().contains('\n')).then_some("a piece of a web page");
    }
    is_one.then_some("an XML document")
}

/// Documents one behind the other, as collections of news have them.
fn sgml(head: &str) -> bool {
    let begin = head.get(..9).unwrap_or_default();
    let is_page = head.get(9..14).is_some_and(|kind| kind.trim().eq_ignore_ascii_case("html"));
    (begin.eq_ignore_ascii_case("<!doctype") && !is_page)
        || (head.starts_with("<DOC>") && (head.contains("<DOCNO>") || head.contains("<DOCID>")))
}

/// Numbers and times above each text.
fn subtitles(head: &str) -> bool {
    let mut lines = head.lines();
    let is_number = |line: Option<&str>| {
        line.is_some_and(|line| !line.trim().is_empty() && line.trim().bytes().all(|byte| byte.is_ascii_digit()))
    };
    let is_time = |time: &str| {
        let time = time.trim();
        time.len() >= 12
            && time.bytes().zip(b"00:00:00,000").all(|(byte, like)| match like {
                b'0' => byte.is_ascii_digit(),
                b',' => matches!(byte, b',' | b'.'),
                _ => byte == *like,
            })
    };
    is_number(lines.next())
        && lines.next().and_then(|line| line.split_once("-->")).is_some_and(|(from, to)| is_time(from) && is_time(to))
}

/// Letters one behind the other, each under a line that says whom it is from.
fn mailbox(head: &str) -> bool {
    let Some((first, rest)) = head.split_once('\n') else { return false };
    let headers = ["Return-Path:", "Received:", "From:", "Date:", "Message-ID:", "Message-Id:", "X-", "Subject:"];
    first.starts_with("From ")
        && rest.lines().count() > 2
        && rest.lines().take(3).all(|line| headers.iter().any(|own| line.starts_with(own)))
}

/// Kinds that are told by all their first lines.
fn of_lines(head: &str) -> Option<(&'static str, &'static str)> {
    const LOOKED_AT: usize = 50;
    let lines = || head.lines().map(str::trim).filter(|line| !line.is_empty()).take(LOOKED_AT);
    let lowered = || lines().map(str::to_ascii_lowercase);
    if lowered().find(|line| !line.starts_with('%')).is_some_and(|line| line.starts_with("@relation"))
        && lowered().any(|line| line.starts_with("@attribute"))
    {
        return Some(("a file of Weka (ARFF)", SAVE_TABLE));
    }
    let is_entry = |line: &str| {
        let entry = line.strip_prefix('@').and_then(|line| line.split_once('{'));
        entry.is_some_and(|(kind, key)| {
            kind.bytes().all(|byte| byte.is_ascii_alphabetic()) && key.trim_end().ends_with(',')
        })
    };
    if lines().find(|line| !line.starts_with('%')).is_some_and(is_entry) {
        return Some(("a bibliography (BibTeX)", SAVE_TABLE));
    }
    let is_sequence =
        |line: &str| line.len() > 20 && line.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'*');
    let first = lines().next()?;
    if first.starts_with('>') && lines().nth(1).is_some_and(is_sequence) {
        return Some(("sequences (FASTA)", "; save them as a table with a column for the sequence"));
    }
    let is_features = |line: &str| {
        let mut words = line.split_ascii_whitespace();
        let is_label = words.next().is_some_and(|label| label.parse::<f64>().is_ok());
        let mut features = words.peekable();
        let is_feature = |word: &str| {
            let pair = word.split_once(':');
            pair.is_some_and(|(index, value)| index.parse::<u64>().is_ok() && value.parse::<f64>().is_ok())
        };
        is_label && features.peek().is_some() && features.all(is_feature)
    };
    (lines().count() > 1 && lines().all(is_features)).then_some(("rows of numbered features (LIBSVM)", SAVE_TABLE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Table;

    fn refused(name: &str, text: &str) -> String {
        match Table::from_bytes(Path::new(name), text.as_bytes().to_vec()) {
            Ok(table) => panic!("{name} is read as {:?}", table.format),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn files_of_other_structures_are_refused_by_what_they_are() {
        let check = |name: &str, text: &str, what: &str| {
            let error = refused(name, text);
            assert!(error.starts_with(&format!("{name:?} is {what}, expected a CSV")), "{error}");
        };
        check(
            "a.srt",
            "1\r\n00:00:01,000 --> 00:00:02,500\r\nHello, you\r\n\r\n2\r\n00:00:03,000 --> 00:00:04,000\r\nBye\r\n",
            "subtitles (SubRip)",
        );
        check("a.vtt", "WEBVTT\n\n00:01.000 --> 00:04.000\nHello\n", "subtitles (WebVTT)");
        check("a.xml", "<TEI xmlns=\"x\">\n<text>a, b</text>\n</TEI>\n", "a TEI document");
        check(
            "a.xml",
            "<?xml version=\"1.0\"?>\n<annotations><version>1.1</version><image id=\"0\"/></annotations>",
            "annotations of CVAT, of pictures and not of texts",
        );
        check("a.txt", "<!-- made by us -->\n<corpus>\n<text>a</text>\n<text>b</text>\n</corpus>\n", "an XML document");
        check("a.xml", "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>", "an XML document");
        check("a.xls", "<table>\n<tr><td>text</td><td>label</td></tr>\n</table>\n", "a piece of a web page");
        check("a.yaml", "train:\n  - a\n  - b\n", "a YAML file");
        check(
            "a.sgm",
            "<!DOCTYPE lewis SYSTEM \"lewis.dtd\">\n<REUTERS>\na\n</REUTERS>\n<REUTERS>\nb\n</REUTERS>\n",
            "documents of SGML",
        );
        check(
            "a.txt",
            "<DOC>\n<DOCNO> 1 </DOCNO>\na\n</DOC>\n<DOC>\n<DOCNO> 2 </DOCNO>\n</DOC>\n",
            "documents of SGML",
        );
        check("a.tex", "\\documentclass{article}\n\\begin{document}\nHello\n", "a LaTeX document");
        check("a.sql", "INSERT INTO reviews VALUES (1, 'good'), (2, 'bad');\n", "a dump of a database (SQL)");
        check("a.bib", "@article{x2020,\n  title = {A, B},\n}\n", "a bibliography (BibTeX)");
        check(
            "a.arff",
            "% made\n@RELATION reviews\n@ATTRIBUTE text string\n@DATA\n'a b',pos\n",
            "a file of Weka (ARFF)",
        );
        check("a.fasta", ">sp|P1\nMKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQ\n>sp|P2\nMKTA\n", "sequences (FASTA)");
        check("a.mbox", "From a@b Mon Jan 1\nReturn-Path: <a@b>\nReceived: x\nFrom: a\n\nHello\n", "a mailbox");
        check(
            "a.txt",
            "-[ RECORD 1 ]------\ntext  | a good film\nlabel | pos\n-[ RECORD 2 ]------\ntext  | bad\n",
            "rows as psql prints them below each other",
        );
        check("a.txt", "1 3:0.5 7:1\n0 2:1 9:0.25\n", "rows of numbered features (LIBSVM)");
        check("a.po", "msgid \"\"\nmsgstr \"\"\n\nmsgid \"a\"\nmsgstr \"b\"\n", "translations (gettext)");
    }

    #[test]
    fn tables_and_prose_with_some_of_it_are_read() {
        let check = |name: &str, text: &str, rows: usize| {
            let table = Table::from_bytes(Path::new(name), text.as_bytes().to_vec());
            assert_eq!(table.map(|table| table.rows()).map_err(|error| error.to_string()), Ok(rows), "{text}");
        };
        check("a.csv", "<p>a</p>,spam\n<p>b</p>,ham\n<p>c</p>,spam\n", 3);
        check("a.txt", "<p>one</p>\n<p>two</p>\n", 2);
        check("a.txt", "<p>only one</p>\n", 1);
        check("a.txt", "From here it is far\nTo there too\n", 2);
        check("a.txt", "Use WEBVTT\nand \\documentclass\n", 2);
        check("a.txt", "> a quote\nand an answer\n", 2);
        check("a.txt", "1\nOnce upon a time\n", 2);
        check("a.txt", "train:\nall aboard\n", 2);
    }

    #[test]
    fn source_code_is_plain_text_and_told() {
        let code = "import os\n\ndef main(a, b):\n    return a\n";
        let table = Table::from_bytes(Path::new("a.py"), code.as_bytes().to_vec()).unwrap();
        assert!(table.notes.iter().any(|note| note.contains("named like source code")), "{:?}", table.notes);
    }
}
