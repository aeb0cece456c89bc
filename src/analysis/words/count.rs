//! Sums over texts: how often each word stands in one, what it adds to each output, and what the labels say of it.

use std::collections::HashMap;

use super::outputs::{Known, Tagged};
use crate::inspect::why::Unit;

/// Different words that there is room for.
pub(super) const MOST_WORDS: usize = 200_000;
/// Rows that are kept of a word.
const MOST_ROWS: usize = 50_000;

/// A word in whatever case, without the signs around it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Word {
    pub text: String,
    /// Whether it stands in the first (0) or the second text of a pair.
    pub sequence: u8,
    /// Texts that it stands in, and how often in all.
    pub rows: u32,
    pub times: u32,
    /// Those texts by their examples, ascending; of a word in very many texts the first of them.
    pub examples: Vec<u32>,
    /// By output, ascending.
    pub pulls: Vec<Pulled>,
    pub labels: Labels,
}

/// What a word adds to one output: in a text the sum over all its places.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pulled {
    pub output: u32,
    /// Texts with the word in which the output was asked about.
    pub rows: u32,
    pub sum: f64,
    pub squares: f64,
    /// The texts in which it adds most and least, by their examples.
    pub most: (f64, u32),
    pub least: (f64, u32),
}

/// What is known of labels where a word stands, or of all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Labels {
    /// Labelled texts, or where each word has a tag labelled words.
    pub count: u32,
    /// How many of them have each output for their label, by output, ascending.
    pub hits: Vec<(u32, u32)>,
    /// Sums of the numbers that are learned, and of their squares.
    pub values: f64,
    pub squares: f64,
}

impl Labels {
    pub fn of(&self, output: usize) -> u32 {
        self.hits.binary_search_by_key(&(output as u32), |hit| hit.0).map_or(0, |at| self.hits[at].1)
    }

    fn hit(&mut self, output: usize) {
        match self.hits.binary_search_by_key(&(output as u32), |hit| hit.0) {
            Ok(at) => self.hits[at].1 += 1,
            Err(at) => self.hits.insert(at, (output as u32, 1)),
        }
    }

    /// Adds what is known of a text.
    fn add(&mut self, known: &Known) {
        match known {
            Known::Nothing | Known::Each(_) => {}
            Known::Outputs(outputs) => {
                self.count += 1;
                for output in outputs {
                    self.hit(*output);
                }
            }
            Known::Value(value) => {
                self.count += 1;
                self.values += value;
                self.squares += value * value;
            }
        }
    }

    /// Adds what is known of the word at a place of a text.
    fn add_at(&mut self, known: &Known, place: usize) {
        let Known::Each(each) = known else { return };
        match each.get(place) {
            None | Some(Tagged::Unknown) => {}
            Some(Tagged::Outside) => self.count += 1,
            Some(Tagged::As(output)) => {
                self.count += 1;
                self.hit(*output);
            }
        }
    }
}

/// What stands in the texts and in no list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Words that came when there was no room for others.
    pub words: u64,
    /// Punctuation marks, alone or several together.
    pub punctuation: u64,
}

#[derive(Default)]
pub(super) struct Counting {
    places: HashMap<(u8, String), usize>,
    words: Vec<Word>,
    labels: Labels,
    outputs: usize,
    passed_over: u64,
    punctuation: u64,
}

impl Counting {
    pub fn of(outputs: usize) -> Self {
        Self { outputs, ..Self::default() }
    }

    /// Adds a text: its words, what the data say of it, the outputs that were asked about, and what each word adds to each.
    pub fn add(&mut self, example: usize, units: &[Unit], known: &Known, outputs: &[usize], pulls: &[Vec<f64>]) {
        debug_assert!(outputs.iter().all(|output| *output < self.outputs));
        self.labels.add(known);
        // A word that stands in a text several times adds all of it there, and is in one text more.
        let mut in_text: HashMap<usize, Vec<f64>> = HashMap::new();
        let mut order = Vec::new();
        let mut next = 0;
        while next < units.len() {
            let place = next;
            next += parts(&units[place..]);
            let own = &units[place..next];
            if own.iter().all(|unit| is_punctuation(&unit.word)) {
                self.punctuation += 1;
                continue;
            }
            self.labels.add_at(known, place);
            let Some(word) = self.place_of(own) else {
                self.passed_over += 1;
                continue;
            };
            self.words[word].times += 1;
            self.words[word].labels.add_at(known, place);
            let sums = in_text.entry(word).or_insert_with(|| {
                order.push(word);
                vec![0.0; outputs.len()]
            });
            sums.iter_mut().zip(pulls).for_each(|(sum, pulls)| *sum += pulls[place..next].iter().sum::<f64>());
        }
        for word in order {
            let one = &mut self.words[word];
            one.rows += 1;
            one.labels.add(known);
            if one.examples.len() < MOST_ROWS {
                one.examples.push(example as u32);
            }
            for (output, pull) in outputs.iter().zip(&in_text[&word]) {
                one.pulled(*output as u32, *pull, example as u32);
            }
        }
    }

    fn place_of(&mut self, own: &[Unit]) -> Option<usize> {
        let whole: String = own.iter().map(|unit| unit.word.as_str()).collect();
        let key = (own[0].place.sequence, plain(&whole));
        if let Some(place) = self.places.get(&key) {
            return Some(*place);
        }
        if self.words.len() == MOST_WORDS {
            return None;
        }
        let place = self.words.len();
        self.words.push(Word { text: key.1.clone(), sequence: key.0, ..Word::default() });
        self.places.insert(key, place);
        Some(place)
    }

    /// The words, what the labels say of all, and how many words were passed over and marks left out.
    pub fn done(self) -> (Vec<Word>, Labels, LeftOut) {
        (self.words, self.labels, LeftOut { words: self.passed_over, punctuation: self.punctuation })
    }
}

impl Word {
    /// What it adds to an output, where that was asked about in a text with it.
    pub fn pull(&self, output: usize) -> Option<&Pulled> {
        self.pulls.binary_search_by_key(&(output as u32), |one| one.output).ok().map(|at| &self.pulls[at])
    }

    fn pulled(&mut self, output: u32, pull: f64, example: u32) {
        let at = match self.pulls.binary_search_by_key(&output, |one| one.output) {
            Ok(at) => at,
            Err(at) => {
                let (most, least) = ((f64::NEG_INFINITY, example), (f64::INFINITY, example));
                self.pulls.insert(at, Pulled { output, rows: 0, sum: 0.0, squares: 0.0, most, least });
                at
            }
        };
        let one = &mut self.pulls[at];
        one.rows += 1;
        one.sum += pull;
        one.squares += pull * pull;
        if pull > one.most.0 {
            one.most = (pull, example);
        }
        if pull < one.least.0 {
            one.least = (pull, example);
        }
    }
}

/// How many units are one word from the first on: a contraction that the tokenizer parts at its apostrophe is one.
fn parts(units: &[Unit]) -> usize {
    let touch =
        |one: &Unit, other: &Unit| one.place.sequence == other.place.sequence && one.place.end == other.place.start;
    let goes_on = |last: usize| {
        let mark = units.get(last + 1).filter(|mark| touch(&units[last], mark))?;
        let behind = mark.word.strip_prefix(['\'', '’'])?;
        if behind.is_empty() {
            let next = units.get(last + 2).filter(|next| touch(mark, next))?;
            return next.word.starts_with(char::is_alphabetic).then_some(2);
        }
        behind.starts_with(char::is_alphabetic).then_some(1)
    };
    let mut last = 0;
    while units[last].word.ends_with(char::is_alphanumeric)
        && let Some(more) = goes_on(last)
    {
        last += more;
    }
    last + 1
}

/// Whether there is nothing but what parts sentences and their parts; an emoji or another picture is a word.
fn is_punctuation(word: &str) -> bool {
    word.chars().all(|sign| {
        sign.is_ascii_punctuation()
            || matches!(sign, '¡' | '§' | '«' | '¶' | '·' | '»' | '¿' | '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}')
            || matches!(sign, '\u{3001}'..='\u{3003}' | '\u{3008}'..='\u{3011}' | '\u{3014}'..='\u{301f}' | '\u{30fb}')
            || matches!(sign, '\u{ff01}'..='\u{ff0f}' | '\u{ff1a}'..='\u{ff20}' | '\u{ff3b}'..='\u{ff40}' | '\u{ff5b}'..='\u{ff65}')
    })
}

/// A word as it is counted.
fn plain(word: &str) -> String {
    let bare = word.trim_matches(|letter: char| !letter.is_alphanumeric());
    if bare.is_empty() { word.to_owned() } else { bare.to_lowercase() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::why::Place;

    fn unit(word: &str, sequence: u8) -> Unit {
        Unit { word: word.into(), place: Place { sequence, start: 0, end: 1 }, tokens: 0..1 }
    }

    #[test]
    fn a_word_adds_all_it_adds_in_a_text_and_is_counted_once_for_it() {
        let mut counting = Counting::of(2);
        let units = [unit("Bad", 0), unit("film", 0), unit("bad.", 0), unit("bad", 1)];
        let pulls = [vec![1.0, 0.5, 0.25, -1.0], vec![-1.0, 0.0, -1.0, 2.0]];
        counting.add(7, &units, &Known::Outputs(vec![0]), &[0, 1], &pulls);
        counting.add(9, &units[..1], &Known::Outputs(vec![1]), &[1], &[vec![3.0]]);
        let (words, labels, left_out) = counting.done();
        let named: Vec<(&str, u8, u32, u32)> =
            words.iter().map(|word| (word.text.as_str(), word.sequence, word.rows, word.times)).collect();
        assert_eq!(named, [("bad", 0, 2, 3), ("film", 0, 1, 1), ("bad", 1, 1, 1)]);
        let bad = &words[0];
        assert_eq!(bad.examples, [7, 9]);
        let pull = |output| bad.pull(output).map(|pull| (pull.rows, pull.sum, pull.squares));
        assert_eq!((pull(0), pull(1)), (Some((1, 1.25, 1.5625)), Some((2, 1.0, 13.0))));
        assert_eq!((bad.pull(1).unwrap().most, bad.pull(1).unwrap().least), ((3.0, 9), (-2.0, 7)));
        assert_eq!((bad.labels.count, bad.labels.of(0), bad.labels.of(1)), (2, 1, 1));
        assert_eq!((labels.count, labels.of(0), words[1].labels.of(1), left_out), (2, 1, 0, LeftOut::default()));
    }

    #[test]
    fn where_each_word_has_a_tag_a_word_is_labelled_at_each_of_its_places() {
        let mut counting = Counting::of(1);
        let units = [unit("May", 0), unit("met", 0), unit("may", 0), unit("Ng", 0)];
        let known = Known::Each(vec![Tagged::As(0), Tagged::Outside, Tagged::Outside, Tagged::Unknown]);
        counting.add(0, &units, &known, &[], &[]);
        let (words, labels, _) = counting.done();
        assert_eq!((words[0].labels.count, words[0].labels.of(0), words[0].rows), (2, 1, 1));
        assert_eq!((labels.count, labels.of(0), words[2].labels.count), (3, 1, 0), "the last is not labelled");
    }

    /// The parts of a text where they stand in it.
    fn parted(text: &str, parts: &[&str]) -> Vec<Unit> {
        let mut from = 0;
        let place_of = |part: &&str| {
            let start = from + text[from..].find(*part).unwrap();
            from = start + part.len();
            let [start, end] = [start, from].map(|at| text[..at].chars().count());
            Unit { word: (*part).into(), place: Place { sequence: 0, start, end }, tokens: 0..1 }
        };
        parts.iter().map(place_of).collect()
    }

    #[test]
    fn a_contraction_is_one_word_however_it_is_parted_and_punctuation_is_none() {
        let check = |text: &str, parts: &[&str], expected: &[&str], marks: u64| {
            let mut counting = Counting::of(1);
            let units = parted(text, parts);
            let pulls: Vec<f64> = (0..units.len()).map(|place| f64::from(1 << place)).collect();
            counting.add(0, &units, &Known::Outputs(vec![0]), &[0], &[pulls]);
            let (words, _, left_out) = counting.done();
            let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
            assert_eq!((texts.as_slice(), left_out), (expected, LeftOut { words: 0, punctuation: marks }), "{text}");
            words.iter().map(|word| word.pull(0).unwrap().sum).collect::<Vec<_>>()
        };
        let sums = check("I don't!", &["I", "don", "'", "t", "!"], &["i", "don't"], 1);
        assert_eq!(sums, [1.0, 14.0], "the word adds what its parts add");
        let typed = ["We", "don", "\u{2019}t", "--", "do", "so", "?"];
        check("We don\u{2019}t -- do so?", &typed, &["we", "don\u{2019}t", "do", "so"], 2);
        check("rock'n'roll", &["rock", "'", "n", "'", "roll"], &["rock'n'roll"], 0);
        check("the 'old' x", &["the", "'", "old", "'", "x"], &["the", "old", "x"], 2);
        check("boys' x 5' tall", &["boys", "'", "x", "5", "'", "tall"], &["boys", "x", "5", "tall"], 2);
        check("\u{2026}fine \u{1f600}", &["\u{2026}", "fine", "\u{1f600}"], &["fine", "\u{1f600}"], 1);
    }

    #[test]
    fn case_and_signs_around_a_word_do_not_count() {
        for (word, expected) in
            [("Great!", "great"), ("\u{201c}İstanbul\u{201d}", "i\u{307}stanbul"), ("!!", "!!"), ("don't", "don't")]
        {
            assert_eq!(plain(word), expected);
        }
    }
}
