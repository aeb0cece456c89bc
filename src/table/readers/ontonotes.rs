//! The files of `OntoNotes` as the CoNLL-2012 shared task has them (`*.gold_conll`): a word a line with its part of speech,
//! and its entity in brackets, `(PERSON*`, `*`, `*)` or `(GPE)`, which become tags in IOB2. How many columns a line has
//! depends on the verbs of its sentence; those that are read stand at fixed places.
//!
//! Pradhan et al., CoNLL-2012 Shared Task: Modeling Multilingual Unrestricted Coreference in `OntoNotes`.

use std::path::Path;

use super::builder::Builder;
use super::encoding::Decoded;
use super::lines::numbered;
use crate::stop::heed;
use crate::table::notation::quoted::push_list;
use crate::table::{Format, ReadError, Table, shorten};
use crate::words::plural;

const WORD: usize = 3;
const POS: usize = 4;
const ENTITY: usize = 10;
/// Columns of a sentence without a verb.
const FEWEST: usize = 12;

/// Whether a file is one of these.
pub(super) fn is_one(text: &str) -> bool {
    let mut lines = numbered(text).map(|(_, line)| line.trim()).filter(|line| !line.is_empty());
    lines.next().is_some_and(|first| first.starts_with("#begin document"))
        && lines.next().is_some_and(|second| {
            let fields: Vec<&str> = second.split_whitespace().collect();
            fields.len() >= FEWEST && is_bracket(fields[ENTITY])
        })
}

fn is_bracket(cell: &str) -> bool {
    cell.contains('*') || (cell.starts_with('(') && cell.ends_with(')'))
}

#[derive(Default)]
struct Sentence<'a> {
    first: usize,
    words: Vec<&'a str>,
    parts_of_speech: Vec<&'a str>,
    tags: Vec<String>,
    /// The type of the entity that is open.
    open: Option<&'a str>,
    fault: Option<(usize, String)>,
}

impl<'a> Sentence<'a> {
    fn word(&mut self, number: usize, fields: &[&'a str]) {
        if self.words.is_empty() {
            self.first = number;
        }
        self.words.push(fields.get(WORD).copied().unwrap_or_default());
        self.parts_of_speech.push(fields.get(POS).copied().unwrap_or_default());
        let tag = match fields.get(ENTITY).filter(|_| fields.len() >= FEWEST) {
            Some(cell) => self.tag(cell),
            None => Err(format!("has {}, expected {FEWEST} or more", plural(fields.len(), "column", "columns"))),
        };
        match tag {
            Ok(tag) => self.tags.push(tag),
            Err(reason) => drop(self.fault.get_or_insert((number, reason))),
        }
    }

    fn tag(&mut self, cell: &'a str) -> Result<String, String> {
        let unreadable = || format!("has {:?} for its entity, expected (TYPE*, *, *) or (TYPE)", shorten(cell, 40));
        if let Some(begun) = cell.strip_prefix('(') {
            let kind = begun.trim_end_matches([')', '*']);
            let is_closed = begun.ends_with(')');
            if kind.is_empty() || kind.contains(['(', '*']) || self.open.is_some() {
                return Err(unreadable());
            }
            self.open = (!is_closed).then_some(kind);
            return Ok(format!("B-{kind}"));
        }
        match (self.open, cell) {
            (Some(kind), "*") => Ok(format!("I-{kind}")),
            (Some(kind), "*)") => {
                self.open = None;
                Ok(format!("I-{kind}"))
            }
            (None, "*" | "-") => Ok("O".to_owned()),
            _ => Err(unreadable()),
        }
    }

    fn end(&mut self, rows: &mut Builder, document: &str) {
        let done = std::mem::take(self);
        if let Some((line, reason)) = done.fault {
            let (words, first) = (plural(done.words.len(), "word", "words"), done.first);
            rows.problem(line, format!("{reason}; its sentence of {words} from line {first} is left out"));
        } else if !done.words.is_empty() {
            push_list(&mut rows.text, done.words);
            rows.end_cell();
            push_list(&mut rows.text, done.parts_of_speech);
            rows.end_cell();
            push_list(&mut rows.text, done.tags.iter().map(String::as_str));
            rows.end_cell();
            rows.cell(document);
            rows.end_row(done.first);
        }
    }
}

pub(super) fn read(path: &Path, decoded: &Decoded, text: &str) -> Result<Table, ReadError> {
    let mut rows = Builder::new(["tokens", "pos", "tags", "document"].map(str::to_owned).to_vec());
    let mut sentence = Sentence::default();
    let mut document = "";
    let mut hidden = 0;
    for (number, line) in numbered(text) {
        heed();
        if line.starts_with('#') || line.trim().is_empty() {
            sentence.end(&mut rows, document);
            if let Some(begun) = line.strip_prefix("#begin document") {
                document = begun.trim().trim_end_matches(';').trim();
            }
        } else {
            let fields: Vec<&str> = line.split_whitespace().collect();
            hidden += usize::from(fields.get(WORD) == Some(&"[WORD]"));
            sentence.word(number, &fields);
        }
    }
    sentence.end(&mut rows, document);
    let mut table = rows.finish(path, Format::Conll, decoded)?;
    if hidden > 0 {
        let words = plural(hidden, "word is", "words are");
        table.notes.push(format!("{words} hidden as [WORD]; the words of OntoNotes come with its licence"));
    }
    Ok(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_in_brackets_become_tags() {
        let text = "#begin document (bc/cctv/00/cctv_0000); part 000\n\
            bc/cctv/00/cctv_0000   0   0        In   IN   (TOP(S(PP*   -   -   -   Speaker#1        *   *   -\n\
            bc/cctv/00/cctv_0000   0   1       New  NNP      (NP*      -   -   -   Speaker#1   (GPE*   *   (4\n\
            bc/cctv/00/cctv_0000   0   2      York  NNP        *))     -   -   -   Speaker#1       *)   *   4)\n\
            bc/cctv/00/cctv_0000   0   3      Ines  NNP      (NP*)     -   -   -   Speaker#1  (PERSON)   *   -\n\n\
            bc/cctv/00/cctv_0000   0   0        ran  VBD   (TOP(VP*))   run   01   1   Speaker#1   *   (V*)   -\n\n\
            #end document\n\
            #begin document (nw/x); part 001\n\
            nw/x 1 0 [WORD] NN * - - - - * -\n\n\
            nw/x 1 0 a NN * - - - - (X* -\nnw/x 1 1 b NN * - - - - (Y) -\n#end document\n";
        let table = Table::from_bytes(Path::new("x.gold_conll"), text.as_bytes().to_vec()).unwrap();
        assert_eq!((table.format, table.columns.join(" ").as_str()), (Format::Conll, "tokens pos tags document"));
        let cells = |row| [0, 1, 2, 3].map(|column| table.cell(row, column));
        assert_eq!(
            cells(0),
            [
                r#"["In","New","York","Ines"]"#,
                r#"["IN","NNP","NNP","NNP"]"#,
                r#"["O","B-GPE","I-GPE","B-PERSON"]"#,
                "(bc/cctv/00/cctv_0000); part 000",
            ]
        );
        assert_eq!((cells(1)[0], cells(1)[2], table.line(1)), (r#"["ran"]"#, r#"["O"]"#, 7));
        assert_eq!((table.rows(), table.problems[0].line), (3, 14));
        assert!(table.problems[0].reason.contains("\"(Y)\" for its entity"), "{:?}", table.problems);
        assert!(table.notes[0].contains("1 word is hidden as [WORD]"), "{:?}", table.notes);
    }
}
