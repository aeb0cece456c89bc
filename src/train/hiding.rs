//! Words hidden from a text whose label is learned, so that hiding words explains the model that comes out: what it says of
//! a text with holes is then no guess about something it never saw (Madsen, Reddy and Chandar, 2023, "Faithfulness
//! Measurable Masked Language Models", arXiv 2310.07819).
//!
//! As there, some of the texts are learned whole and of the others a share of the words is hidden that is drawn anew each
//! time, from none to all. `hide_words` is what that comes to in the mean: at 0.25 every second text has holes, at 0.5 every
//! one. Words are known by their tokens alone, so that any sequence can be asked, windows of documents too; the tokens of
//! an answer that is learned are never hidden. A draw is a pure function of what chance is drawn from.

use crate::random::{Purpose, Stream, key};
use crate::text::{Features, Labels, Tokenizer, TokenizerError};

/// What is hidden of each text.
#[derive(Clone, Debug)]
pub struct Hiding {
    /// The share of the words, in the mean.
    share: f64,
    mask_id: u32,
    /// By id: whether a token goes on with the word of the one before it, and whether it is never hidden.
    goes_on: Vec<bool>,
    special: Vec<bool>,
}

impl Hiding {
    /// Nothing where the tokenizer has no mask.
    pub fn new(share: f64, tokenizer: &Tokenizer) -> Result<Option<Self>, TokenizerError> {
        let Some(mask_id) = tokenizer.known_mask_id()? else { return Ok(None) };
        let ids = 0..=tokenizer.max_id();
        let tokens: Vec<String> = ids.map(|id| tokenizer.id_to_token(id).unwrap_or_default()).collect();
        let goes_on = going_on(&tokens);
        let mut special = vec![false; goes_on.len()];
        for id in tokenizer.special_ids() {
            if let Some(special) = special.get_mut(id as usize) {
                *special = true;
            }
        }
        Ok(Some(Self { share, mask_id, goes_on, special }))
    }

    /// The ids of a text with some of its words hidden; nothing where it stays whole.
    pub fn draw(&self, features: &Features, chance: u64) -> Option<Vec<u32>> {
        let mut lots = Stream::new(key(chance, Purpose::Hiding, &[]));
        if lots.unit() >= 2.0 * self.share {
            return None;
        }
        let share = lots.unit();
        let kept = match features.labels {
            Labels::Span { start, end } => Some(start as usize..=end as usize),
            _ => None,
        };
        let mut ids = features.tokens.ids().into_owned();
        let mut is_hidden = false;
        let mut between = true;
        for (place, id) in ids.iter_mut().enumerate() {
            let of = |list: &[bool]| list.get(*id as usize).copied().unwrap_or(false);
            if of(&self.special) {
                between = true;
                continue;
            }
            if between || !of(&self.goes_on) {
                is_hidden = lots.unit() < share;
            }
            between = false;
            // The first token of a question stands for "no answer", and is special.
            if is_hidden && kept.as_ref().is_none_or(|kept| !kept.contains(&place)) {
                *id = self.mask_id;
            }
        }
        Some(ids)
    }
}

/// Which tokens go on with a word. Word-piece marks those, byte-pair and sentence-piece what begins one; a mark of
/// punctuation is a word of its own.
fn going_on(tokens: &[String]) -> Vec<bool> {
    let marked = |mark: &str| tokens.iter().filter(|token| token.starts_with(mark)).count();
    let begins = ["Ġ", "▁"].into_iter().max_by_key(|mark| marked(mark)).filter(|mark| marked(mark) > marked("##"));
    let goes_on = |token: &String| match begins {
        Some(mark) => !token.starts_with(mark) && token.chars().next().is_some_and(char::is_alphanumeric),
        None => token.starts_with("##"),
    };
    tokens.iter().map(goes_on).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::text::{Alignment, Tokens};

    const TEXT: &str = "The jury believed the witness, not the map of Montréal.";

    fn features(tokenizer: &Tokenizer, labels: Labels) -> (Features, Vec<Option<u32>>) {
        let encoded = tokenizer.encode(TEXT, None, 64).unwrap();
        let tokens = Tokens::Own { ids: encoded.ids, types: encoded.types };
        let features = Features { example: 0, tokens, cut: 0, labels, alignment: Alignment::Whole };
        (features, encoded.words)
    }

    fn each(check: impl Fn(&str, &Tokenizer)) {
        for name in ["bert-classify", "roberta-classify", "albert-classify"] {
            let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
            check(name, &Tokenizer::open(&dir).unwrap());
        }
    }

    #[test]
    fn whole_words_are_hidden_and_special_tokens_never() {
        each(|name, tokenizer| {
            let hiding = Hiding::new(0.5, tokenizer).unwrap().unwrap();
            let (features, words) = features(tokenizer, Labels::Class(0));
            let ids = features.tokens.ids();
            let mut partly = 0;
            for chance in 0..200 {
                let drawn = hiding.draw(&features, chance).expect("at one half every text has holes");
                assert_eq!(hiding.draw(&features, chance).as_ref(), Some(&drawn), "the same chance hides the same");
                let hidden = |place: usize| drawn[place] != ids[place];
                for place in 0..ids.len() {
                    assert!(!hidden(place) || drawn[place] == hiding.mask_id, "{name}");
                    assert!(words[place].is_some() || !hidden(place), "{name} hides a special token");
                }
                let count = (0..ids.len()).filter(|place| hidden(*place)).count();
                partly += usize::from(count > 0 && count + 2 < ids.len());
                if name == "bert-classify" {
                    let split = (1..ids.len())
                        .any(|at| words[at].is_some() && words[at] == words[at - 1] && hidden(at) != hidden(at - 1));
                    assert!(!split, "a word is hidden whole");
                }
            }
            assert!(partly > 100, "{name}: shares lie between none and all");
        });
    }

    #[test]
    fn the_share_is_that_in_the_mean() {
        each(|name, tokenizer| {
            for share in [0.1, 0.25, 0.5] {
                let hiding = Hiding::new(share, tokenizer).unwrap().unwrap();
                let (features, words) = features(tokenizer, Labels::Class(0));
                let ids = features.tokens.ids();
                let inside = words.iter().flatten().count();
                let (draws, mut hidden, mut whole) = (4000, 0, 0);
                for chance in 0..draws {
                    match hiding.draw(&features, chance) {
                        Some(drawn) => hidden += (0..ids.len()).filter(|place| drawn[*place] != ids[*place]).count(),
                        None => whole += 1,
                    }
                }
                let mean = hidden as f64 / (draws * inside as u64) as f64;
                // The share of a text is uniform: its deviation is below 0.3, and words of a text add little.
                assert!((mean - share).abs() < 5.0 * 0.35 / (draws as f64).sqrt(), "{name}: {mean} for {share}");
                let expected = (1.0 - 2.0 * share) * draws as f64;
                let off = (2.0 * share * (1.0 - 2.0 * share) * draws as f64).sqrt();
                assert!((f64::from(whole) - expected).abs() <= 5.0 * off, "{name}: {whole} whole texts");
            }
        });
    }

    #[test]
    fn an_answer_that_is_learned_stays_in_sight() {
        each(|name, tokenizer| {
            let hiding = Hiding::new(0.5, tokenizer).unwrap().unwrap();
            let (features, _) = features(tokenizer, Labels::Span { start: 3, end: 5 });
            let ids = features.tokens.ids();
            for chance in 0..100 {
                let drawn = hiding.draw(&features, chance).unwrap();
                assert_eq!(drawn[3..=5], ids[3..=5], "{name}");
            }
        });
    }
}
