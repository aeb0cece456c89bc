//! Tables with one tagged word a row and the sentence it belongs to in a column → one row a sentence, with lists of words
//! and of tags, as Kaggle's NER corpus and exports of annotation tools have them. The sentence may be named in each row or
//! only in its first.

use super::names::plain_name;
use crate::table::Table;
use crate::table::notation::quoted::push_quoted;
use crate::table::notation::schemes::{has_letter, may_be_outside};

const SENTENCES: &str = "sentence# sentence sentenceid sentid sent senteceno sentenceno sentencenumber sentencenum \
                         sentenceidx sentenceindex sentno satz satznr satzid";
const WORDS: &str = "word words token tokens form";
const TAGS: &str = "tag tags label labels ner nertag nertags nerlabel iob bio entity entitytag";
/// Words that a sentence has on average, at the least.
const FEWEST: usize = 2;
/// Share of the rows that must be so.
const NEARLY_ALL: (usize, usize) = (19, 20);

/// Brings the words of each sentence into one row, where the table has one word a row.
pub(super) fn join(table: &mut Table) {
    let find = |names: &str| {
        let named = |name: &str| table.columns.iter().position(|column| plain_name(column) == name);
        names.split_ascii_whitespace().find_map(named)
    };
    let (Some(sentence), Some(word), Some(tag)) = (find(SENTENCES), find(WORDS), find(TAGS)) else { return };
    if word == sentence || tag == word || !are_words(table, word) || !are_tags(table, tag) {
        return;
    }
    let Some(starts) = starts(table, sentence) else { return };
    let name = table.columns[sentence].clone();
    rewrite(table, sentence, &starts);
    for problem in &mut table.problems {
        problem.rows_before = problem.rows_before.map(|row| starts.partition_point(|start| *start < row));
    }
    table.notes.push(format!("each row has one word, and rows are put together by the column \"{name}\""));
}

fn is_nearly_all(count: usize, of: usize) -> bool {
    of > 0 && count * NEARLY_ALL.1 >= of * NEARLY_ALL.0
}

fn are_words(table: &Table, column: usize) -> bool {
    let is_word =
        |cell: &str| !cell.starts_with("['") && !cell.starts_with("[\"") && !cell.contains(char::is_whitespace);
    is_nearly_all((0..table.rows()).filter(|row| is_word(table.cell(*row, column).trim())).count(), table.rows())
}

/// Whether all cells are tags of one word, some of which are of none.
fn are_tags(table: &Table, column: usize) -> bool {
    let cells = || (0..table.rows()).map(|row| table.cell(row, column).trim());
    let is_tag = |cell: &str| may_be_outside(cell) || has_letter(cell);
    let tags = cells().filter(|cell| is_tag(cell)).count();
    is_nearly_all(tags, table.rows()) && cells().any(has_letter) && cells().any(may_be_outside)
}

/// The rows with which sentences begin.
fn starts(table: &Table, column: usize) -> Option<Vec<usize>> {
    let cells = || (0..table.rows()).map(|row| table.cell(row, column).trim());
    let empty = cells().filter(|cell| cell.is_empty()).count();
    let mut last = None;
    let mut starts = Vec::new();
    for (row, cell) in cells().enumerate() {
        if row == 0 || (!cell.is_empty() && last != Some(cell)) {
            starts.push(row);
        }
        if !cell.is_empty() {
            last = Some(cell);
        }
    }
    // A sentence that goes on elsewhere is none of this kind.
    let mut names: Vec<&str> = starts.iter().map(|row| table.cell(*row, column).trim()).collect();
    names.sort_unstable();
    let is_repeated = names.windows(2).any(|pair| pair[0] == pair[1]);
    let is_blank_first = empty > 0 && table.cell(0, column).trim().is_empty();
    let is_joined = starts.len() > 1 && starts.len() * FEWEST <= table.rows();
    (is_joined && !is_repeated && !is_blank_first).then_some(starts)
}

/// Writes one row a sentence: the sentence's own cell as it is, and lists of all others.
fn rewrite(table: &mut Table, sentence: usize, starts: &[usize]) {
    let (mut text, mut ends, mut lines) = (String::with_capacity(table.text.len() * 2), Vec::new(), Vec::new());
    for (place, &start) in starts.iter().enumerate() {
        let end = starts.get(place + 1).copied().unwrap_or(table.rows());
        for column in 0..table.columns.len() {
            if column == sentence {
                text.push_str(table.cell(start, column));
            } else {
                text.push('[');
                for row in start..end {
                    if row > start {
                        text.push_str(", ");
                    }
                    push_quoted(&mut text, table.cell(row, column).trim());
                }
                text.push(']');
            }
            ends.push(text.len());
        }
        lines.push(table.lines[start]);
    }
    (table.text, table.ends, table.lines) = (text, ends, lines);
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::table::Table;

    fn open(text: &str) -> Table {
        Table::from_bytes(Path::new("a.csv"), text.as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn words_are_put_together_by_their_sentence() {
        let blank = "Sentence #,Word,POS,Tag\nSentence: 1,Ada,NNP,B-per\n,ran,VB,O\n,.,.,O\nSentence: 2,Rain,NN,O\n,fell,VB,O\n";
        let ids = "sentence_id,words,labels\n0,Ada,B-PER\n0,ran,O\n1,\"\"\"\",O\n1,Bob,B-PER\n1,sat,O\n";
        let table = open(blank);
        let cells = |table: &Table, row: usize| -> Vec<String> {
            (0..table.columns.len()).map(|column| table.cell(row, column).to_owned()).collect()
        };
        assert_eq!((table.rows(), table.line(1)), (2, 5));
        assert_eq!(
            cells(&table, 0),
            ["Sentence: 1", r#"["Ada", "ran", "."]"#, r#"["NNP", "VB", "."]"#, r#"["B-per", "O", "O"]"#]
        );
        assert_eq!(table.notes, ["each row has one word, and rows are put together by the column \"Sentence #\""]);
        let table = open(ids);
        assert_eq!(cells(&table, 1), ["1", r#"["\"", "Bob", "sat"]"#, r#"["O", "B-PER", "O"]"#]);
    }

    #[test]
    fn other_tables_stay_as_they_are() {
        for text in [
            "sentence,word,label\nThe bank is near,bank,1\nThe bank lent it,bank,2\n",
            "sentence_id,word,tag\n0,Ada,NN\n0,ran,VB\n1,Bob,NN\n1,sat,VB\n",
            "sentence_id,word,tag\n0,Ada,B-PER\n1,ran,O\n0,Bob,B-PER\n1,sat,O\n",
        ] {
            assert_eq!(open(text).rows(), text.lines().count() - 1, "{text}");
        }
    }
}
