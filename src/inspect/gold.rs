//! What a row of a data set says is right, as marks in its text, and how a prediction compares with it.

use super::tagging::{Span, kind};
use crate::data::{Dataset, Target};
use crate::table::GoldAnswer;

/// A row as Explore takes it, with what the data say of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub text: String,
    pub pair: Option<String>,
    pub gold: Gold,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Gold {
    Nothing,
    /// Names of the classes that are right.
    Labels(Vec<String>),
    Value(f32),
    Entities(Vec<Span>),
    /// Every answer that counts as right; none where there is no answer.
    Answers(Vec<GoldAnswer>),
}

/// An example with its truth.
pub fn row(data: &Dataset, example: usize) -> Row {
    let name = |class: u32| data.labels.names.get(class as usize).cloned().unwrap_or_default();
    let pair = data.pair(example).map(str::to_owned);
    let gold = match &data.examples[example].target {
        Target::Tags(tags) => {
            let tags: Vec<String> = tags.iter().map(|tag| name(*tag)).collect();
            let (text, spans) = entities(&data.words(example), &tags);
            return Row { text, pair, gold: Gold::Entities(spans) };
        }
        Target::Class(class) => Gold::Labels(vec![name(*class)]),
        Target::Classes(classes) => Gold::Labels(classes.iter().map(|class| name(*class)).collect()),
        Target::Value(value) => Gold::Value(*value),
        Target::Answers(answers) => Gold::Answers(answers.clone()),
        Target::None => Gold::Nothing,
    };
    Row { text: data.readable(example).into_owned(), pair, gold }
}

/// Words joined to a text, and the entities their tags say, with characters of that text. Tags are IOB2; an `I-` that
/// begins an entity is taken for its beginning.
pub fn entities<W: AsRef<str>, T: AsRef<str>>(words: &[W], tags: &[T]) -> (String, Vec<Span>) {
    let mut text = String::new();
    let mut spans: Vec<Span> = Vec::new();
    let (mut at, mut open) = (0, false);
    for (place, word) in words.iter().enumerate() {
        if place > 0 {
            text.push(' ');
            at += 1;
        }
        text.push_str(word.as_ref());
        let end = at + word.as_ref().chars().count();
        let tag = tags.get(place).map_or("O", AsRef::as_ref);
        let begins = tag.starts_with("B-") || !open || spans.last().is_none_or(|last| last.label != kind(tag));
        if tag == "O" {
            open = false;
        } else if begins {
            spans.push(Span { start: at, end, label: kind(tag).to_owned(), score: 1.0 });
            open = true;
        } else if let Some(last) = spans.last_mut() {
            last.end = end;
        }
        at = end;
    }
    (text, spans)
}

/// How a predicted entity stands to the gold ones, or a gold one to the predicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    Right,
    /// The same characters under another type.
    WrongType,
    /// Some of the same characters, under the same or another type.
    WrongBoundary,
    /// Nothing on the other side: missed, or spurious.
    Alone,
}

/// For each span of `these` how it stands to `others`.
pub fn compare(these: &[Span], others: &[Span]) -> Vec<Match> {
    let one = |span: &Span| {
        let same = others.iter().find(|other| (other.start, other.end) == (span.start, span.end));
        match same {
            Some(other) if kind(&other.label) == kind(&span.label) => Match::Right,
            Some(_) => Match::WrongType,
            None if others.iter().any(|other| other.start < span.end && span.start < other.end) => Match::WrongBoundary,
            None => Match::Alone,
        }
    };
    these.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: usize, end: usize, label: &str) -> Span {
        Span { start, end, label: label.into(), score: 1.0 }
    }

    #[test]
    fn tags_become_stretches_of_the_joined_text() {
        let (text, spans) =
            entities(&["Zoë", "Ng", "met", "EU", "UN", "x"], &["B-PER", "I-PER", "O", "B-ORG", "B-ORG", "I-LOC"]);
        assert_eq!(text, "Zoë Ng met EU UN x");
        assert_eq!(spans, [span(0, 6, "PER"), span(11, 13, "ORG"), span(14, 16, "ORG"), span(17, 18, "LOC")]);
        let (_, spans) = entities(&["a", "b", "c"], &["I-X", "O", "I-X"]);
        assert_eq!(spans, [span(0, 1, "X"), span(4, 5, "X")]);
    }

    #[test]
    fn a_prediction_is_right_or_wrong_in_type_or_boundary_or_alone() {
        let gold = [span(0, 6, "PER"), span(11, 13, "ORG"), span(20, 25, "LOC")];
        let said = [span(0, 6, "PER"), span(11, 13, "LOC"), span(22, 25, "LOC"), span(30, 31, "PER")];
        assert_eq!(compare(&said, &gold), [Match::Right, Match::WrongType, Match::WrongBoundary, Match::Alone]);
        assert_eq!(compare(&gold, &said[..1]), [Match::Right, Match::Alone, Match::Alone]);
    }
}
