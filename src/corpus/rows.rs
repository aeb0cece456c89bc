//! Rows of a table → the lines of documents, for pairs of segments.
//!
//! What is next comes from one document, and what is not from another, so it matters which rows belong together.

use super::segments::sentences;
use crate::data::Dataset;

/// What one document of a table is.
#[derive(Clone, Copy)]
enum Document {
    Group,
    Row,
    Table,
}

/// The lines of a table's rows with the lines they came from, and an empty one wherever a document ends:
///
/// - with a column of groups, rows of one group that follow each other are a document, and a row without a group is one;
/// - without it each row is a document where most rows hold several sentences or paragraphs;
/// - else rows are single sentences, of which alone no pair could be made: all rows are one document, in their order.
pub fn lines_of_rows(data: &Dataset) -> impl Iterator<Item = (usize, String)> {
    let document = document_of(data);
    (0..data.examples.len()).flat_map(move |example| {
        let begins = example > 0
            && match document {
                Document::Group => group(data, example).is_none_or(|name| group(data, example - 1) != Some(name)),
                Document::Row => true,
                Document::Table => false,
            };
        let number = data.line(example);
        let end = begins.then(String::new);
        end.into_iter().chain(paragraphs(data.text(example)).map(str::to_owned)).map(move |line| (number, line))
    })
}

fn document_of(data: &Dataset) -> Document {
    if data.roles.group.as_deref().is_some_and(|name| data.table.column(name).is_some()) {
        return Document::Group;
    }
    let rows = data.examples.len();
    let several = (0..rows).filter(|example| holds_several(data.text(*example))).count();
    if are_documents(several, rows) { Document::Row } else { Document::Table }
}

/// Whether rows are documents when so many of them hold several sentences.
pub(super) fn are_documents(several: usize, rows: usize) -> bool {
    2 * several > rows
}

fn holds_several(text: &str) -> bool {
    paragraphs(text).map(|line| sentences(line).len()).sum::<usize>() > 1
}

/// The lines of a cell that say something: an empty one does not end the row.
fn paragraphs(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.trim().is_empty())
}

fn group(data: &Dataset, example: usize) -> Option<&str> {
    data.group(example).map(str::trim).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::super::tests::tokenizer;
    use super::*;
    use crate::corpus::Segments;
    use crate::data::Roles;
    use crate::data::dataset::tests::{roles, table};
    use crate::task::Task;

    /// The lines of a table, a bar between documents, and how many documents segments find in them.
    fn documents(csv: &str, group: Option<&str>) -> (String, u64) {
        let roles = Roles { group: group.map(Into::into), ..roles("text", None) };
        let data = Dataset::new(table(csv), Task::Nsp, &roles, None).unwrap();
        let lines: Vec<(usize, String)> = lines_of_rows(&data).collect();
        let numbers: Vec<usize> = lines.iter().map(|(number, _)| *number).collect();
        assert!(numbers.is_sorted() && numbers[0] == data.line(0));
        let shown: Vec<&str> =
            lines.iter().map(|(_, line)| if line.is_empty() { "|" } else { line.as_str() }).collect();
        let shown = shown.join(" ");
        let on_progress = &mut |_| ControlFlow::Continue(());
        let segments = Segments::build(lines.into_iter().map(Ok), &tokenizer("bert"), 32, on_progress);
        (shown, segments.unwrap().unwrap().counts().documents)
    }

    #[test]
    fn rows_of_a_group_that_follow_each_other_are_a_document() {
        let csv = "text,story\nRain fell.,a\nIt was old. It was cold.,a\nThe road closed.,b\nThe ferry left.,\nShe went.,\n\
                   He went.,a\n";
        let expected =
            "Rain fell. It was old. It was cold. | The road closed. | The ferry left. | She went. | He went.";
        assert_eq!(documents(csv, Some("story")), (expected.to_owned(), 5));
    }

    #[test]
    fn rows_of_several_sentences_or_paragraphs_are_documents() {
        let csv = "id,text\n1,\"Rain fell\n \nThe road closed\"\n2,\"It was old. It was cold.\"\n3,\"She went.\"\n";
        let expected = "Rain fell The road closed | It was old. It was cold. | She went.";
        assert_eq!(documents(csv, None), (expected.to_owned(), 3));
    }

    #[test]
    fn rows_of_single_sentences_are_one_document_in_their_order() {
        let csv = "text,label\nRain fell.,0\nThe road closed.,1\nIt was old. It was cold.,0\nShe went.,1\n";
        let expected = "Rain fell. The road closed. It was old. It was cold. She went.";
        for group in [None, Some("absent")] {
            assert_eq!(documents(csv, group), (expected.to_owned(), 1));
        }
    }
}
