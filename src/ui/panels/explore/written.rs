//! What a person wrote last, for every view that reads a text: whatever is turned to goes on with it, whichever model is
//! asked. A view that reads one text has that, one that reads two has both, and a question stays with the text that it is
//! about.

use super::words::Words;

/// What a view reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// One text.
    Text,
    /// A text, and a second one where there is one.
    Pair,
    /// A question, and the text that it is about.
    Question,
    /// As the last, where there is a question, and otherwise as a pair.
    QuestionOrPair,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    text: String,
    second: Option<String>,
    question: Option<String>,
}

impl Written {
    /// Whether there is no text to go on with, whatever is beside it.
    pub fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// Takes what was written in a view. What else was written stays as long as it is of the same text, if that was edited.
    pub fn take(&mut self, words: Words, reading: Reading) {
        let pair = words.pair.filter(|pair| !pair.trim().is_empty());
        let asks = reading == Reading::Question || reading == Reading::QuestionOrPair && self.question.is_some();
        let (text, beside) = if asks { (pair.unwrap_or_default(), Some(words.text)) } else { (words.text, pair) };
        if !is_edited(&self.text, &text) {
            *self = Self::default();
        }
        self.text = text;
        match reading {
            Reading::Text => {}
            _ if asks => self.question = beside.filter(|question| !question.trim().is_empty()),
            _ => self.second = beside,
        }
    }

    /// What a view is to read.
    pub fn words(&self, reading: Reading) -> Words {
        let Self { text, second, question } = self;
        let pair = || Words { text: text.clone(), pair: second.clone() };
        match (reading, question) {
            (Reading::Text, _) => Words::of(text),
            (Reading::Question | Reading::QuestionOrPair, Some(question)) => {
                Words { text: question.clone(), pair: Some(text.clone()) }
            }
            // A pair can be asked as it stands.
            (Reading::Question, None) if second.is_none() => Words { text: String::new(), pair: Some(text.clone()) },
            (Reading::Pair | Reading::Question | Reading::QuestionOrPair, _) => pair(),
        }
    }

    /// The mask of one model is not that of another.
    pub fn turn_mask(&mut self, from: &str, to: &str) {
        for text in [&mut self.text].into_iter().chain(&mut self.second).chain(&mut self.question) {
            *text = text.replace(from, to);
        }
    }
}

/// Whether most of a text is still there, so that it is the same one with something changed.
fn is_edited(before: &str, now: &str) -> bool {
    let same = |(a, b): &(char, char)| a == b;
    let (first, second) = (before.chars().count(), now.chars().count());
    let least = first.min(second);
    let start = before.chars().zip(now.chars()).take_while(same).count();
    let end = before.chars().rev().zip(now.chars().rev()).take_while(same).count().min(least - start);
    least > 0 && 2 * (start + end) >= least
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(text: &str, pair: &str) -> Words {
        Words { text: text.into(), pair: Some(pair.into()) }
    }

    #[test]
    fn a_second_text_and_a_question_stay_while_the_text_is_edited_and_go_with_another() {
        let mut written = Written::default();
        assert!(written.is_blank());
        written.take(pair("The kettle had boiled dry.", "She filled it."), Reading::Pair);
        written.take(Words::of("The kettle has boiled dry."), Reading::Text);
        assert_eq!(written.words(Reading::Pair), pair("The kettle has boiled dry.", "She filled it."));
        assert_eq!(written.words(Reading::Text), Words::of("The kettle has boiled dry."));
        written.take(Words::of("A ferry crossed the bay."), Reading::Text);
        assert_eq!(written.words(Reading::Pair), Words::of("A ferry crossed the bay."));
        written.take(pair("What crossed?", "A ferry crossed the bay."), Reading::Question);
        assert_eq!(written.words(Reading::Text), Words::of("A ferry crossed the bay."));
        assert_eq!(written.words(Reading::Pair), Words::of("A ferry crossed the bay."));
        assert_eq!(written.words(Reading::QuestionOrPair), pair("What crossed?", "A ferry crossed the bay."));
        written.take(Words::of("A ferry crossed the bay at noon."), Reading::Text);
        assert_eq!(written.words(Reading::Question), pair("What crossed?", "A ferry crossed the bay at noon."));
        written.take(pair("Who crossed?", "A ferry crossed the bay at noon."), Reading::QuestionOrPair);
        assert_eq!(written.words(Reading::Question), pair("Who crossed?", "A ferry crossed the bay at noon."));
        written.take(Words::of("Rain."), Reading::Pair);
        assert_eq!(written.words(Reading::Question), pair("", "Rain."), "a question about another text is not asked");
        assert_eq!(written.words(Reading::QuestionOrPair), Words::of("Rain."));
    }

    #[test]
    fn a_pair_that_is_read_as_a_question_comes_back_as_it_was() {
        let mut written = Written::default();
        written.take(pair("One text.", "Another."), Reading::Pair);
        assert_eq!(written.words(Reading::Question), pair("One text.", "Another."));
        assert_eq!(written.words(Reading::QuestionOrPair), pair("One text.", "Another."));
        written.turn_mask("text", "word");
        assert_eq!(written.words(Reading::Pair), pair("One word.", "Another."));
        written.take(Words::default(), Reading::Pair);
        assert!(written.is_blank());
    }

    #[test]
    fn a_text_is_the_same_as_long_as_half_of_it_is() {
        for (before, now, expected) in [
            ("She poured the tea", "She poured the coffee", true),
            ("She poured the tea", "So she poured the tea", true),
            ("She poured the tea", "A ferry", false),
            ("tea", "tea and cake for everybody", true),
            ("", "tea", false),
            ("aaaa", "aa", true),
        ] {
            assert_eq!(is_edited(before, now), expected, "{before} {now}");
        }
    }
}
