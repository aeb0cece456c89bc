//! The tokens of a text as attention is read: what stands where, which make a word, and which of two sides each is on.

use crate::text::Tokenizer;
use crate::text::tokenizer::Encoded;

/// What parts the two sides of a reaction, where a text is one.
const ARROW: &str = ">>";

/// One entry a token in every list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// As the vocabulary has them.
    pub names: Vec<String>,
    /// As they stand in the text; empty for those that were put around it.
    pub letters: Vec<String>,
    /// The word each is part of, counted through both texts; none for special tokens.
    pub words: Vec<Option<u32>>,
    /// 0 for the first text of a pair and 1 for the second, or what stands before and behind the arrow of a reaction; 0
    /// throughout where there are no sides, and none for what is on neither.
    pub sides: Vec<Option<u8>>,
    pub kinds: Vec<Kind>,
    /// Whether nothing stands in the text between a token and the one before.
    pub touches: Vec<bool>,
    /// Tokens that did not fit the model and were cut off.
    pub cut: usize,
    /// Whether there are two sides.
    pub has_sides: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Word,
    Punctuation,
    /// Before the text, such as `[CLS]`.
    First,
    /// Behind a text, such as `[SEP]`.
    Separator,
}

impl Kind {
    pub fn is_special(self) -> bool {
        matches!(self, Self::First | Self::Separator)
    }
}

impl Tokens {
    pub fn of(encoded: &Encoded, tokenizer: &Tokenizer, text: &str, pair: Option<&str>) -> Self {
        let texts: [Vec<char>; 2] = [text, pair.unwrap_or_default()].map(|text| text.chars().collect());
        let count = encoded.ids.len();
        let letters: Vec<String> = (0..count).map(|token| letters(encoded, token, &texts)).collect();
        let kind = |token: usize| match encoded.special[token] {
            true if token == 0 || Some(encoded.ids[token]) == tokenizer.cls_id() => Kind::First,
            true => Kind::Separator,
            false if is_punctuation(&letters[token]) => Kind::Punctuation,
            false => Kind::Word,
        };
        let kinds = (0..count).map(kind).collect();
        let touches = (0..count).map(|token| touches(encoded, token, &texts)).collect();
        let (sides, has_sides) = sides(encoded, &letters);
        Self {
            words: words(encoded),
            names: encoded.tokens.clone(),
            letters,
            sides,
            has_sides,
            kinds,
            touches,
            cut: encoded.cut,
        }
    }

    pub fn count(&self) -> usize {
        self.names.len()
    }

    /// Runs of tokens that make a word; a special token is one by itself.
    pub fn word_runs(&self) -> Vec<std::ops::Range<usize>> {
        let mut runs: Vec<std::ops::Range<usize>> = Vec::new();
        for token in 0..self.count() {
            let goes_on = token > 0 && self.words[token].is_some() && self.words[token] == self.words[token - 1];
            match runs.last_mut().filter(|_| goes_on) {
                Some(run) => run.end = token + 1,
                None => runs.push(token..token + 1),
            }
        }
        runs
    }

    /// What stands for some neighbouring tokens: the letters of the text, or the name of one that is not in it.
    pub fn label(&self, run: &std::ops::Range<usize>) -> String {
        let letters = self.letters[run.clone()].concat();
        if letters.is_empty() { self.names[run.start].clone() } else { letters }
    }
}

fn touches(encoded: &Encoded, token: usize, texts: &[Vec<char>; 2]) -> bool {
    let Some(side) = encoded.sequence[token].filter(|side| token > 0 && encoded.sequence[token - 1] == Some(*side))
    else {
        return false;
    };
    let own = texts[usize::from(side > 0)].get(encoded.offsets[token].0..encoded.offsets[token].1).unwrap_or_default();
    // Some tokenizers give a token the blank before it.
    encoded.offsets[token - 1].1 == encoded.offsets[token].0 && own.first().is_none_or(|letter| !letter.is_whitespace())
}

fn letters(encoded: &Encoded, token: usize, texts: &[Vec<char>; 2]) -> String {
    let Some(side) = encoded.sequence[token] else { return String::new() };
    let (start, end) = encoded.offsets[token];
    let letters: String = texts[usize::from(side > 0)].get(start..end).unwrap_or_default().iter().collect();
    letters.trim().to_owned()
}

/// The words of the pair are counted on from those of the text.
fn words(encoded: &Encoded) -> Vec<Option<u32>> {
    let of = |side| encoded.words.iter().zip(&encoded.sequence).filter(move |(_, own)| **own == Some(side));
    let first = of(0).filter_map(|(word, _)| *word).max().map_or(0, |last| last + 1);
    let number =
        |(word, side): (&Option<u32>, &Option<u8>)| word.map(|word| word + if *side == Some(1) { first } else { 0 });
    encoded.words.iter().zip(&encoded.sequence).map(number).collect()
}

fn sides(encoded: &Encoded, letters: &[String]) -> (Vec<Option<u8>>, bool) {
    let has_pair = encoded.sequence.contains(&Some(1));
    let mut arrows = (0..letters.len()).filter(|token| letters[*token] == ARROW);
    let (Some(arrow), None, false) = (arrows.next(), arrows.next(), has_pair) else {
        return (encoded.sequence.clone(), has_pair);
    };
    let side = |token: usize| encoded.sequence[token].filter(|_| token != arrow).map(|_| u8::from(token > arrow));
    ((0..letters.len()).map(side).collect(), true)
}

fn is_punctuation(letters: &str) -> bool {
    !letters.is_empty() && !letters.chars().any(char::is_alphanumeric)
}
