//! What is hidden from a model that learns to fill in words, and what it has to say: pure functions of the tokens and a
//! key, so that a new epoch hides other words and a repeated one the same.
//!
//! The shares are those of BERT (Devlin et al., 2018): of the chosen tokens 80 % give way to the mask, 10 % to a random
//! token of the whole vocabulary, special ones included, and 10 % stay. A text in which nothing was chosen teaches
//! nothing and has a loss of 0; no token is chosen just so that there is one, as in transformers' collator.

use serde::{Deserialize, Serialize};

use crate::random::{Stream, mix};

/// How the tokens to be hidden are chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum MaskStyle {
    /// Each token for itself.
    #[default]
    #[serde(rename = "tokens")]
    Tokens,
    /// Each word with all its tokens. What happens to a chosen token is still decided for each, as transformers 4 does;
    /// version 5 masks them all.
    #[serde(rename = "words")]
    WholeWords,
    /// Runs of words, with lengths from a geometric distribution, until the share is reached. What happens is decided
    /// for the run as a whole (`SpanBERT`, Joshi et al., 2020).
    #[serde(rename = "spans")]
    Spans,
}

impl MaskStyle {
    pub const ALL: [Self; 3] = [Self::Tokens, Self::WholeWords, Self::Spans];

    /// The name on the command line and in `RUN.toml`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tokens => "tokens",
            Self::WholeWords => "words",
            Self::Spans => "spans",
        }
    }
}

/// What stands in the place of a chosen token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cover {
    Mask,
    /// Some token of the vocabulary.
    Random,
    /// The token itself, which has to be predicted all the same.
    Keep,
}

/// How texts are masked.
#[derive(Clone, Debug, PartialEq)]
pub struct Masking {
    pub style: MaskStyle,
    /// Share of the tokens that is chosen, 0.15 in most work.
    pub share: f64,
    pub mask_id: u32,
    /// Ids a random token is drawn from, counted from 0.
    pub vocab_size: usize,
    /// Ids that are never chosen: those with a special part, unknown words among them.
    pub specials: Vec<u32>,
}

/// A masked text: one entry a token in every list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Masked {
    /// What the model reads.
    pub ids: Vec<u32>,
    /// What it has to say; `None` where nothing is asked.
    pub targets: Vec<Option<u32>>,
    /// What was done to each token, for those who watch.
    pub covers: Vec<Option<Cover>>,
}

const MASK_SHARE: f64 = 0.8;
const RANDOM_SHARE: f64 = 0.1;
/// Chance that a span ends after any of its words, and the most words it has.
const SPAN_END: f64 = 0.2;
const SPAN_WORDS: usize = 10;

/// Independent numbers of one draw.
struct Lots {
    choose: Stream,
    cover: Stream,
    replace: Stream,
}

impl Lots {
    fn new(key: u64) -> Self {
        let stream = |part: u64| Stream::new(mix(key ^ mix(part)));
        Self { choose: stream(1), cover: stream(2), replace: stream(3) }
    }

    fn cover(&mut self) -> Cover {
        let lot = self.cover.unit();
        if lot < MASK_SHARE {
            Cover::Mask
        } else if lot < MASK_SHARE + RANDOM_SHARE {
            Cover::Random
        } else {
            Cover::Keep
        }
    }
}

impl Masking {
    /// Masks a text. `words` has the number of each token's word; where it is missing, every token is a word.
    pub fn draw(&self, ids: &[u32], words: Option<&[Option<u32>]>, key: u64) -> Masked {
        let mut lots = Lots::new(key);
        let units = self.words(ids, words);
        let covers = match self.style {
            MaskStyle::Tokens => self.tokens(ids, &mut lots),
            MaskStyle::WholeWords => self.whole_words(ids.len(), &units, &mut lots),
            MaskStyle::Spans => self.spans(ids.len(), &units, &mut lots),
        };
        let mut masked = Masked { ids: ids.to_vec(), targets: vec![None; ids.len()], covers };
        for (place, cover) in masked.covers.iter().enumerate() {
            let Some(cover) = cover else { continue };
            masked.targets[place] = Some(ids[place]);
            masked.ids[place] = match cover {
                Cover::Mask => self.mask_id,
                Cover::Random => lots.replace.below(self.vocab_size as u64) as u32,
                Cover::Keep => ids[place],
            };
        }
        masked
    }

    fn may_hide(&self, id: u32) -> bool {
        !self.specials.contains(&id)
    }

    fn tokens(&self, ids: &[u32], lots: &mut Lots) -> Vec<Option<Cover>> {
        let one = |id: &u32| (self.may_hide(*id) && lots.choose.unit() < self.share).then(|| lots.cover());
        ids.iter().map(one).collect()
    }

    fn whole_words(&self, tokens: usize, words: &[Vec<usize>], lots: &mut Lots) -> Vec<Option<Cover>> {
        let mut covers = vec![None; tokens];
        for word in words {
            if lots.choose.unit() < self.share {
                for place in word {
                    covers[*place] = Some(lots.cover());
                }
            }
        }
        covers
    }

    fn spans(&self, tokens: usize, words: &[Vec<usize>], lots: &mut Lots) -> Vec<Option<Cover>> {
        let mut covers: Vec<Option<Cover>> = vec![None; tokens];
        // The word of each place that may be hidden; an anchor is drawn among places, so that long words are as likely
        // as their tokens.
        let mut free: Vec<(usize, usize)> = Vec::new();
        for (word, places) in words.iter().enumerate() {
            free.extend(places.iter().map(|place| (*place, word)));
        }
        // Rounded up or down by chance, so that the share is right on average in short texts too.
        let budget = (free.len() as f64 * self.share + lots.choose.unit()).floor() as usize;
        let mut left = budget.min(free.len());
        while left > 0 {
            let (_, first) = free[lots.choose.below(free.len() as u64) as usize];
            let length = span_length(&mut lots.choose);
            let cover = lots.cover();
            for (index, word) in words[first..].iter().take(length).enumerate() {
                // Where a special token stands between two words, the span ends.
                let follows = index == 0 || words[first + index - 1].last().is_some_and(|last| last + 1 == word[0]);
                if !follows {
                    break;
                }
                for place in word {
                    if left > 0 && covers[*place].is_none() {
                        covers[*place] = Some(cover);
                        left -= 1;
                    }
                }
            }
            free.retain(|(place, _)| covers[*place].is_none());
        }
        covers
    }

    /// Places of the tokens of each word that may be hidden.
    fn words(&self, ids: &[u32], words: Option<&[Option<u32>]>) -> Vec<Vec<usize>> {
        let mut units: Vec<Vec<usize>> = Vec::new();
        let mut before = None;
        for (place, id) in ids.iter().enumerate() {
            let word = words.and_then(|words| words[place]);
            if !self.may_hide(*id) {
                before = None;
                continue;
            }
            match units.last_mut() {
                Some(unit) if word.is_some() && word == before => unit.push(place),
                _ => units.push(vec![place]),
            }
            before = word;
        }
        units
    }
}

/// Words of a span: 1 with a chance of 0.2, else one more by the same chance, up to ten; longer ones are not drawn.
fn span_length(stream: &mut Stream) -> usize {
    let all = 1.0 - (1.0 - SPAN_END).powi(SPAN_WORDS as i32);
    let lot = stream.unit() * all;
    let length = ((1.0 - lot).ln() / (1.0 - SPAN_END).ln()).floor() as usize + 1;
    length.min(SPAN_WORDS)
}

/// What each token of a text has to predict when it is read from left to right: the next one.
pub fn next_tokens(ids: &[u32]) -> Vec<Option<u32>> {
    ids.iter().skip(1).copied().map(Some).chain(ids.first().map(|_| None)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, key};

    const CLS: u32 = 2;
    const SEP: u32 = 3;
    const MASK: u32 = 4;

    fn masking(style: MaskStyle) -> Masking {
        Masking { style, share: 0.15, mask_id: MASK, vocab_size: 1000, specials: vec![0, 1, CLS, SEP, MASK] }
    }

    /// A text of 60 tokens in words of 1, 2, 3, 1, 2, 3 … tokens, and the word of each.
    fn text() -> (Vec<u32>, Vec<Option<u32>>) {
        let mut words = vec![None];
        for word in 0..30_u32 {
            words.extend(vec![Some(word); word as usize % 3 + 1]);
        }
        words.push(None);
        let inner = words.len() - 2;
        let ids = [vec![CLS], (0..inner as u32).map(|i| 100 + i).collect(), vec![SEP]].concat();
        (ids, words)
    }

    /// Whether a count of chances lies within five standard deviations of what is expected.
    fn likely(count: usize, of: usize, share: f64, what: &str) {
        let (expected, deviation) = (of as f64 * share, (of as f64 * share * (1.0 - share)).sqrt());
        let off = (count as f64 - expected).abs();
        assert!(off <= 5.0 * deviation, "{what}: {count} of {of}, expected {expected:.0} ± {deviation:.0}");
    }

    fn draws(style: MaskStyle, count: u64) -> Vec<Masked> {
        let (ids, words) = text();
        (0..count).map(|n| masking(style).draw(&ids, Some(&words), key(7, Purpose::Masking, &[n]))).collect()
    }

    #[test]
    fn tokens_are_chosen_and_covered_in_the_shares_of_the_reference() {
        let drawn = draws(MaskStyle::Tokens, 2000);
        let places = drawn.len() * 60;
        let chosen = drawn.iter().flat_map(|masked| &masked.covers).flatten().count();
        likely(chosen, places, 0.15, "chosen");
        for (cover, share) in [(Cover::Mask, 0.8), (Cover::Random, 0.1), (Cover::Keep, 0.1)] {
            let count = drawn.iter().flat_map(|masked| &masked.covers).filter(|one| **one == Some(cover)).count();
            likely(count, chosen, share, &format!("{cover:?}"));
        }
        for place in [1, 17, 60] {
            let count = drawn.iter().filter(|masked| masked.covers[place].is_some()).count();
            likely(count, drawn.len(), 0.15, "each place");
        }
        let nothing = drawn.iter().filter(|masked| masked.targets.iter().all(Option::is_none)).count();
        likely(nothing, drawn.len(), 0.85_f64.powi(60), "texts in which nothing is hidden");
    }

    #[test]
    fn random_tokens_come_from_the_whole_vocabulary() {
        let drawn = draws(MaskStyle::Tokens, 4000);
        let random: Vec<u32> = drawn
            .iter()
            .flat_map(|masked| masked.ids.iter().zip(&masked.covers))
            .filter(|(_, cover)| **cover == Some(Cover::Random))
            .map(|(id, _)| *id)
            .collect();
        likely(random.iter().filter(|id| **id < 500).count(), random.len(), 0.5, "the lower half");
        assert!(random.iter().any(|id| *id < 5), "special tokens are among them");
        assert!(random.iter().all(|id| *id < 1000));
    }

    #[test]
    fn what_is_hidden_is_asked_and_nothing_else_changes() {
        let (ids, _) = text();
        for style in MaskStyle::ALL {
            for masked in draws(style, 200) {
                for (place, id) in ids.iter().enumerate() {
                    let expected = match masked.covers[place] {
                        None | Some(Cover::Keep) => *id,
                        Some(Cover::Mask) => MASK,
                        Some(Cover::Random) => masked.ids[place],
                    };
                    assert_eq!(masked.ids[place], expected);
                    assert_eq!(masked.targets[place], masked.covers[place].map(|_| *id));
                }
                assert!(masked.covers[0].is_none() && masked.covers[ids.len() - 1].is_none(), "special tokens");
            }
        }
    }

    #[test]
    fn whole_words_are_hidden_whole() {
        let (_, words) = text();
        let drawn = draws(MaskStyle::WholeWords, 2000);
        for masked in &drawn {
            for word in 0..30 {
                let of_word = words.iter().zip(&masked.covers).filter(|(of, _)| **of == Some(word));
                let hidden: Vec<bool> = of_word.map(|(_, cover)| cover.is_some()).collect();
                assert!(hidden.iter().all(|one| *one == hidden[0]), "word {word}");
            }
        }
        // Words are independent, their tokens are not.
        for tokens in 1..4 {
            let of_size = (0..30).filter(|word| word % 3 + 1 == tokens).collect::<Vec<u32>>();
            let hidden = drawn.iter().flat_map(|masked| {
                of_size.iter().map(|word| masked.covers[words.iter().position(|of| *of == Some(*word)).unwrap()])
            });
            likely(hidden.flatten().count(), drawn.len() * 10, 0.15, "words");
        }
        let first = words.iter().position(|of| *of == Some(2)).unwrap();
        let chosen: Vec<&Masked> = drawn.iter().filter(|masked| masked.covers[first].is_some()).collect();
        let masks =
            chosen.iter().flat_map(|masked| &masked.covers[first..first + 3]).filter(|c| **c == Some(Cover::Mask));
        likely(masks.count(), chosen.len() * 3, 0.8, "masks within chosen words");
    }

    #[test]
    fn spans_reach_the_share_in_runs_that_are_covered_alike() {
        let drawn = draws(MaskStyle::Spans, 2000);
        let mut runs = Vec::new();
        for masked in &drawn {
            let hidden = masked.covers.iter().flatten().count();
            assert_eq!(hidden, 9, "15 % of 60 tokens");
            let mut run = 0;
            for (place, cover) in masked.covers.iter().enumerate() {
                run = if cover.is_some() { run + 1 } else { 0 };
                let ends = run > 0 && masked.covers.get(place + 1).is_none_or(Option::is_none);
                if ends {
                    runs.push(run);
                }
            }
        }
        let mean = runs.iter().sum::<usize>() as f64 / runs.len() as f64;
        assert!((3.5..7.5).contains(&mean), "runs of {mean} tokens");
        // Short texts: the budget is rounded by chance.
        let masking = masking(MaskStyle::Spans);
        let chosen: usize = (0..4000)
            .map(|n| {
                let masked = masking.draw(&[CLS, 100, 101, 102, SEP], None, key(1, Purpose::Masking, &[n]));
                masked.covers.iter().flatten().count()
            })
            .sum();
        likely(chosen, 4000, 0.45, "one of three tokens");
    }

    #[test]
    fn span_lengths_are_geometric_up_to_ten() {
        let mut stream = Stream::new(3);
        let lengths: Vec<usize> = (0..100_000).map(|_| span_length(&mut stream)).collect();
        let all = 1.0 - 0.8_f64.powi(10);
        for length in 1..=10 {
            let count = lengths.iter().filter(|one| **one == length).count();
            likely(count, lengths.len(), 0.2 * 0.8_f64.powi(length as i32 - 1) / all, &format!("{length} words"));
        }
        let mean = lengths.iter().sum::<usize>() as f64 / lengths.len() as f64;
        assert!((mean - 3.8).abs() < 0.05, "SpanBERT's mean is 3.8 words, here {mean}");
    }

    #[test]
    fn spans_do_not_cross_special_tokens() {
        let masking = Masking { share: 0.5, ..masking(MaskStyle::Spans) };
        let ids = [CLS, 100, 101, SEP, 102, 103, SEP];
        let mut pairs = 0;
        for n in 0..2000 {
            let masked = masking.draw(&ids, None, key(1, Purpose::Masking, &[n]));
            assert_eq!(masked.covers.iter().flatten().count(), 2);
            pairs += usize::from(masked.covers[2].is_some() && masked.covers[4].is_some());
        }
        // Only two anchors can hide both neighbours of the separator: one time in ten, not one in four.
        assert!(pairs < 400, "{pairs}");
    }

    #[test]
    fn the_same_key_hides_the_same_and_another_something_else() {
        for style in MaskStyle::ALL {
            let (twice, other) = (draws(style, 50), draws(style, 50));
            assert_eq!(twice, other);
            assert!(twice.windows(2).any(|two| two[0] != two[1]));
        }
    }

    #[test]
    fn shares_of_nothing_and_of_everything_work() {
        let (ids, words) = text();
        for style in MaskStyle::ALL {
            let none = Masking { share: 0.0, ..masking(style) }.draw(&ids, Some(&words), 1);
            assert_eq!(none.ids, ids);
            let all = Masking { share: 1.0, ..masking(style) }.draw(&ids, Some(&words), 1);
            assert_eq!(all.targets.iter().flatten().count(), 60);
            assert_eq!(Masking { share: 1.0, ..masking(style) }.draw(&[CLS, SEP], None, 1).ids, [CLS, SEP]);
        }
    }

    #[test]
    fn the_next_token_is_asked_of_each_but_the_last() {
        assert_eq!(next_tokens(&[CLS, 7, 8, SEP]), [Some(7), Some(8), Some(SEP), None]);
        assert_eq!(next_tokens(&[]), []);
    }
}
