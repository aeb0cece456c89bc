//! What each head does, in figures: the share of its attention that goes to the previous token, to the same word
//! elsewhere, to [SEP] and so on, as Clark et al. (2019) and Kovaleva et al. (2019) counted by hand.
//!
//! A figure is a mean over the tokens that could look so: only a word that stands twice can look at itself elsewhere.
//! Beside it stands what attention spread evenly over all tokens would have given, without which a figure says nothing:
//! every head looks at the previous token of a text of three.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::tokens::{Kind, Tokens};

/// What a head may look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    Previous,
    Next,
    Itself,
    SameWord,
    /// From the second text at the same word in the first.
    SameInFirst,
    SameInSecond,
    Start,
    Punctuation,
    Separator,
    First,
}

impl Role {
    pub const ALL: [Self; 10] = [
        Self::Previous,
        Self::Next,
        Self::Itself,
        Self::SameWord,
        Self::SameInFirst,
        Self::SameInSecond,
        Self::Start,
        Self::Punctuation,
        Self::Separator,
        Self::First,
    ];

    /// What comes after "looks at".
    pub fn words(self) -> &'static str {
        match self {
            Self::Previous => "the previous token",
            Self::Next => "the next token",
            Self::Itself => "the token itself",
            Self::SameWord => "the same word elsewhere",
            Self::SameInFirst => "the same word in the first text",
            Self::SameInSecond => "the same word in the second text",
            Self::Start => "the start of the sentence",
            Self::Punctuation => "punctuation",
            Self::Separator => "the separator",
            Self::First => "the first special token",
        }
    }

    /// Whether it is about what was put around the text.
    pub fn is_special(self) -> bool {
        matches!(self, Self::Separator | Self::First)
    }

    /// How other programs know it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Previous => "previous",
            Self::Next => "next",
            Self::Itself => "itself",
            Self::SameWord => "same_word",
            Self::SameInFirst => "same_word_in_first",
            Self::SameInSecond => "same_word_in_second",
            Self::Start => "sentence_start",
            Self::Punctuation => "punctuation",
            Self::Separator => "separator",
            Self::First => "first",
        }
    }
}

/// One figure, as sums over the tokens that could look so.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figure {
    sum: f64,
    even: f64,
    /// Tokens that could look so.
    pub of: u64,
}

impl Figure {
    /// Mean share of the attention.
    pub fn mean(&self) -> f64 {
        self.sum / self.of.max(1) as f64
    }

    /// What attention spread evenly would have given.
    pub fn even(&self) -> f64 {
        self.even / self.of.max(1) as f64
    }

    fn add(&mut self, sum: f64, even: f64) {
        self.sum += sum;
        self.even += even;
        self.of += 1;
    }
}

/// The figures of a head, in the order of [`Role::ALL`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures([Figure; Role::ALL.len()]);

/// From which share on a head is said to do something, and how many times as much as evenly spread.
const LEAST: f64 = 0.3;
const STANDS_OUT: f64 = 2.0;

impl Figures {
    pub fn of(&self, role: Role) -> &Figure {
        &self.0[role as usize]
    }

    /// Whether a head does something, so that it stands out from even attention.
    pub fn does(&self, role: Role) -> bool {
        let figure = self.of(role);
        figure.of > 0 && figure.mean() >= LEAST && figure.mean() >= STANDS_OUT * figure.even()
    }

    /// What the head does most, where it does anything that stands out.
    pub fn main(&self) -> Option<Role> {
        // The first of equals.
        Role::ALL
            .into_iter()
            .filter(|role| self.does(*role))
            .reduce(|best, next| if self.of(next).mean() > self.of(best).mean() { next } else { best })
    }

    /// In words.
    pub fn said(&self) -> String {
        match self.main() {
            Some(role) => format!("looks at {}, {:.2}", role.words(), self.of(role).mean()),
            None => "spreads its attention".to_owned(),
        }
    }

    /// Adds those of the same head over another text.
    pub fn add(&mut self, other: &Self) {
        for (own, other) in self.0.iter_mut().zip(&other.0) {
            own.sum += other.sum;
            own.even += other.even;
            own.of += other.of;
        }
    }
}

/// For each role and token what it could look at; made once for a text and asked for each head.
#[derive(Debug)]
pub struct Gaze {
    tokens: usize,
    asked: Vec<(usize, Role, Vec<usize>)>,
}

impl Gaze {
    pub fn of(tokens: &Tokens) -> Self {
        let count = tokens.count();
        let special = |token: usize| tokens.kinds[token].is_special();
        let places = |kind: Kind| (0..count).filter(|token| tokens.kinds[*token] == kind).collect::<Vec<_>>();
        let fixed = [
            (Role::Punctuation, places(Kind::Punctuation)),
            (Role::Separator, places(Kind::Separator)),
            (Role::First, places(Kind::First)),
        ];
        let (starts, same) = (starts(tokens), Same::of(tokens));
        let mut asked = Vec::new();
        for token in (0..count).filter(|token| !special(*token)) {
            let mut ask = |role, targets: Vec<usize>| {
                if !targets.is_empty() {
                    asked.push((token, role, targets));
                }
            };
            let near = |place: Option<usize>| place.filter(|place| *place < count).into_iter().collect::<Vec<_>>();
            ask(Role::Previous, near(token.checked_sub(1)));
            ask(Role::Next, near(Some(token + 1)));
            ask(Role::Itself, vec![token]);
            ask(Role::Start, starts[token].into_iter().filter(|start| *start != token).collect());
            let (elsewhere, across) = same.to(tokens, token);
            ask(Role::SameWord, elsewhere);
            ask(if tokens.sides[token] == Some(1) { Role::SameInFirst } else { Role::SameInSecond }, across);
            for (role, places) in &fixed {
                // A full stop that looks at itself looks at the token itself.
                ask(*role, places.iter().copied().filter(|place| *place != token).collect());
            }
        }
        Self { tokens: count, asked }
    }

    /// The figures of a head: `attention` is (tokens, tokens).
    pub fn figures(&self, attention: &[f32]) -> Figures {
        let mut figures = Figures::default();
        for (token, role, targets) in &self.asked {
            let row = &attention[token * self.tokens..(token + 1) * self.tokens];
            let sum = targets.iter().map(|target| f64::from(row[*target])).sum();
            figures.0[*role as usize].add(sum, targets.len() as f64 / self.tokens as f64);
        }
        figures
    }
}

/// Where the sentence of each token begins.
fn starts(tokens: &Tokens) -> Vec<Option<usize>> {
    let mut starts = Vec::with_capacity(tokens.count());
    let (mut start, mut ended) = (None, true);
    for (token, kind) in tokens.kinds.iter().enumerate() {
        if kind.is_special() {
            ended = true;
            starts.push(None);
            continue;
        }
        if ended {
            (start, ended) = (Some(token), false);
        }
        starts.push(start);
        ended |= matches!(tokens.letters[token].as_str(), "." | "!" | "?" | "…" | "。" | "！" | "？");
    }
    starts
}

/// The places of every word, punctuation left out: everything looks like a comma.
struct Same {
    words: Vec<Option<String>>,
    places: BTreeMap<String, Vec<usize>>,
}

impl Same {
    fn of(tokens: &Tokens) -> Self {
        let mut words = vec![None; tokens.count()];
        let mut places: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for run in tokens.word_runs() {
            let word = tokens.letters[run.clone()].concat().to_lowercase();
            if word.is_empty() || run.clone().all(|token| tokens.kinds[token] != Kind::Word) {
                continue;
            }
            for token in run {
                words[token] = Some(word.clone());
                places.entry(word.clone()).or_default().push(token);
            }
        }
        Self { words, places }
    }

    /// The tokens of a token's word elsewhere, and those on the other side.
    fn to(&self, tokens: &Tokens, token: usize) -> (Vec<usize>, Vec<usize>) {
        let places = self.words[token].as_ref().and_then(|word| self.places.get(word));
        let others = places.into_iter().flatten().copied().filter(|other| tokens.words[*other] != tokens.words[token]);
        let elsewhere: Vec<usize> = others.collect();
        let is_across = |other: &&usize| match (tokens.sides[**other], tokens.sides[token]) {
            (Some(there), Some(here)) => there != here,
            _ => false,
        };
        let across = elsewhere.iter().filter(is_across).copied().collect();
        (elsewhere, across)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// "a dog . a cat" beside "the dog": [CLS] a dog . a cat [SEP] the dog [SEP]
    fn tokens() -> Tokens {
        let letters = ["", "a", "dog", ".", "A", "cat", "", "the", "dog", ""];
        let kinds = letters.iter().enumerate().map(|(place, letters)| match *letters {
            "" if place == 0 => Kind::First,
            "" => Kind::Separator,
            "." => Kind::Punctuation,
            _ => Kind::Word,
        });
        let side = |place: usize| Some(u8::from(place > 6)).filter(|_| !letters[place].is_empty());
        Tokens {
            names: letters.iter().map(|letters| (*letters).to_owned()).collect(),
            letters: letters.iter().map(|letters| (*letters).to_owned()).collect(),
            words: (0..10).map(|place| side(place).map(|_| place as u32)).collect(),
            sides: (0..10).map(side).collect(),
            kinds: kinds.collect(),
            touches: vec![false; 10],
            cut: 0,
            has_sides: true,
        }
    }

    /// Every token looks at one place.
    fn looking(at: impl Fn(usize) -> usize) -> Figures {
        let mut attention = vec![0.0; 100];
        for token in 0..10 {
            attention[token * 10 + at(token)] = 1.0;
        }
        Gaze::of(&tokens()).figures(&attention)
    }

    #[test]
    fn a_head_is_called_by_what_it_looks_at() {
        let check = |figures: Figures, role: Role, words: &str| {
            assert_eq!(figures.main(), Some(role), "{figures:?}");
            assert_eq!(figures.said(), words);
        };
        check(looking(|token| token.saturating_sub(1)), Role::Previous, "looks at the previous token, 1.00");
        check(looking(|token| (token + 1).min(9)), Role::Next, "looks at the next token, 1.00");
        check(looking(|token| token), Role::Itself, "looks at the token itself, 1.00");
        check(looking(|_| 6), Role::Separator, "looks at the separator, 1.00");
        check(looking(|_| 0), Role::First, "looks at the first special token, 1.00");
        check(looking(|_| 3), Role::Punctuation, "looks at punctuation, 1.00");
        let sentence = looking(|token| [0, 1, 1, 1, 4, 4, 6, 7, 7, 9][token]);
        check(sentence, Role::Start, "looks at the start of the sentence, 1.00");
        let words = |token: usize| [0, 4, 8, 0, 1, 0, 0, 0, 2, 0][token];
        check(looking(words), Role::SameWord, "looks at the same word elsewhere, 1.00");
        let across = |token: usize| if token == 8 { 2 } else { [5, 4, 3, 5][token % 4] };
        check(looking(across), Role::SameInFirst, "looks at the same word in the first text, 1.00");
    }

    #[test]
    fn only_a_token_that_could_look_so_is_counted() {
        let figures = looking(|token| if token == 2 { 8 } else { 0 });
        assert_eq!(figures.of(Role::SameWord).of, 4, "a, dog, A and dog");
        assert_eq!(figures.of(Role::SameWord).mean(), 0.25);
        assert_eq!((figures.of(Role::SameInSecond).of, figures.of(Role::SameInSecond).mean()), (1, 1.0));
        assert_eq!(figures.of(Role::Start).of, 4, "dog, the first full stop, cat and the second dog");
    }

    #[test]
    fn attention_that_is_spread_does_nothing_and_texts_add_up() {
        let even = Gaze::of(&tokens()).figures(&[0.1; 100]);
        assert_eq!(even.main(), None);
        assert_eq!(even.said(), "spreads its attention");
        for role in Role::ALL {
            assert!((even.of(role).mean() - even.of(role).even()).abs() < 1e-7, "{role:?}");
        }
        let mut both = looking(|token| token);
        both.add(&even);
        assert!((both.of(Role::Itself).mean() - 0.55).abs() < 1e-7);
        assert_eq!(both.of(Role::Itself).of, 14);
    }
}
