//! Tokens of texts that are already cut into words, and of texts that are cut later.

use tokenizers::PreTokenizerWrapper;

use super::unspaced::{self, Place};
use super::{Tokenizer, TokenizerError, caught, frame};

/// The tokens of a text, uncut and without special tokens: one entry a token in every list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    pub ids: Vec<u32>,
    /// Whether a word begins with the token, where words are what the tokenizer splits a text into; a punctuation mark
    /// is one in most families, and so is each token of a script that is written without blanks.
    pub starts_word: Vec<bool>,
}

/// A text and its translation, with special tokens: one entry a token in every list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Translation {
    pub ids: Vec<u32>,
    /// Segment of each token, which is its language where the model has two segments.
    pub types: Vec<u32>,
    /// Places that begin anew in the second language.
    pub positions: Vec<u32>,
    /// Tokens of both that the limit cut off.
    pub cut: usize,
}

impl Tokenizer {
    /// The ids of each word, uncut and without special tokens, as transformers' `is_split_into_words` gives them: each
    /// word is tokenized for itself, and where a family marks a word by the space before it, every word has one. A word
    /// that leaves no token, such as a lone control character, has an empty list.
    pub fn encode_words<S: AsRef<str>>(&self, words: &[S]) -> Result<Vec<Vec<u32>>, TokenizerError> {
        let inner = self.for_words();
        let ids = |word: &S| Ok(inner.encode_fast(word.as_ref(), false)?.get_ids().to_vec());
        let all: Vec<Vec<u32>> = caught(|| words.iter().map(ids).collect())?;
        all.into_iter().map(|ids| self.known(ids, |ids| ids)).collect()
    }

    /// The ids of a text, uncut and without special tokens.
    pub fn encode_ids_bare(&self, text: &str) -> Result<Vec<u32>, TokenizerError> {
        caught(|| Ok(self.inner.encode_fast(text, false)?.get_ids().to_vec()))
            .and_then(|ids| self.known(ids, |ids| ids))
    }

    /// Ids and segments of texts that are already cut, with special tokens around them.
    pub fn frame_ids(&self, text: &[u32], pair: Option<&[u32]>) -> (Vec<u32>, Vec<u32>) {
        self.frame(pair.is_some()).wrap(text, pair.unwrap_or_default())
    }

    /// Two languages one after the other, each with places of its own, at most `max_tokens` with special tokens.
    pub fn encode_translation(&self, text: &str, pair: &str, max_tokens: usize) -> Result<Translation, TokenizerError> {
        let room = self.room(true, max_tokens)?;
        caught(|| {
            let (text, pair) = (self.inner.encode_fast(text, false)?, self.inner.encode_fast(pair, false)?);
            let (text, pair) = (text.get_ids(), pair.get_ids());
            let (keep_text, keep_pair) = frame::kept(text.len(), Some(pair.len()), room);
            let frame = self.frame(true);
            let (ids, types) = frame.wrap(self.cut.kept(text, keep_text), self.cut.kept(pair, keep_pair));
            let cut = text.len() + pair.len() - keep_text - keep_pair;
            Ok(Translation { ids, types, positions: frame.places(keep_text, keep_pair), cut })
        })
        .and_then(|both| self.known(both, |both| &both.ids))
    }

    /// The tokens of a text of any length.
    pub fn encode_run(&self, text: &str) -> Result<Run, TokenizerError> {
        caught(|| {
            let marks = unspaced::marks(text);
            let encoding = if marks.is_empty() {
                self.inner.encode(text, false)?
            } else {
                self.inner.encode_char_offsets(text, false)?
            };
            let ids = encoding.get_word_ids();
            let place = |(word, characters): (&Option<u32>, &(usize, usize))| Place {
                word: *word,
                sequence: 0,
                characters: *characters,
            };
            let parted = (!marks.is_empty())
                .then(|| unspaced::part(ids.iter().zip(encoding.get_offsets()).map(place), [&marks, &[]]));
            let words = parted.as_deref().unwrap_or(ids);
            let starts_word = (0..words.len()).map(|at| at == 0 || words[at] != words[at - 1]);
            Ok(Run { ids: encoding.get_ids().to_vec(), starts_word: starts_word.collect() })
        })
        .and_then(|run| self.known(run, |run| &run.ids))
    }

    /// The tokenizer with a space before every word, where the file leaves it out before the first of a text.
    fn for_words(&self) -> &tokenizers::Tokenizer {
        let spaced = self.spaced.get_or_init(|| match self.inner.get_pre_tokenizer() {
            Some(PreTokenizerWrapper::ByteLevel(bytes)) if !bytes.add_prefix_space => {
                let mut bytes = *bytes;
                bytes.add_prefix_space = true;
                let mut spaced = self.inner.clone();
                spaced.with_pre_tokenizer(Some(bytes));
                Some(Box::new(spaced))
            }
            _ => None,
        });
        spaced.as_deref().unwrap_or(&self.inner)
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use serde_json::Value;

    use super::*;

    fn golden() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
    }

    fn tokenizer(family: &str) -> Tokenizer {
        Tokenizer::open(&golden().join(format!("{family}-classify"))).unwrap()
    }

    #[test]
    fn words_have_the_tokens_that_transformers_gives_them() {
        let expected: Value = serde_json::from_slice(&std::fs::read(golden().join("words.json")).unwrap()).unwrap();
        for (family, cases) in expected.as_object().unwrap() {
            let tokenizer = tokenizer(family);
            let cases = cases.as_array().unwrap();
            assert_eq!(cases.len(), 50);
            for case in cases {
                let numbers = |key: &str| -> Vec<u32> {
                    case[key].as_array().unwrap().iter().map(|number| number.as_u64().unwrap() as u32).collect()
                };
                let words: Vec<&str> =
                    case["words"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
                let found = tokenizer.encode_words(&words).unwrap();
                assert_eq!(found.concat(), numbers("ids"), "{family}: {words:?}");
                let of_words = (0_u32..).zip(&found).flat_map(|(word, ids)| ids.iter().map(move |_| word));
                assert_eq!(of_words.collect::<Vec<_>>(), numbers("word_ids"), "{family}: {words:?}");
            }
        }
    }

    #[test]
    fn a_frame_around_cut_ids_is_that_of_a_text() {
        for family in ["bert", "roberta", "distilbert", "albert", "electra"] {
            let tokenizer = tokenizer(family);
            let (text, pair) = ("The old harbour.", "Copper conducts heat");
            let (a, b) = (tokenizer.encode_run(text).unwrap().ids, tokenizer.encode_run(pair).unwrap().ids);
            for (second, ids) in [(None, None), (Some(pair), Some(&b[..]))] {
                let whole = tokenizer.encode_ids(text, second, usize::MAX).unwrap();
                assert_eq!(tokenizer.frame_ids(&a, ids), (whole.ids, whole.types), "{family}");
            }
        }
    }

    #[test]
    fn a_translation_is_a_pair_whose_second_half_counts_anew() {
        for family in ["bert", "roberta", "albert"] {
            let tokenizer = tokenizer(family);
            let (text, pair) = ("The old harbour.", "Le vieux port de Lisbonne est grand.");
            for limit in [12, 64] {
                let pair_of_texts = tokenizer.encode_ids(text, Some(pair), limit).unwrap();
                let found = tokenizer.encode_translation(text, pair, limit).unwrap();
                assert_eq!((&found.ids, &found.types), (&pair_of_texts.ids, &pair_of_texts.types), "{family}");
                assert_eq!(found.cut, pair_of_texts.cut);
                assert_eq!(found.positions.len(), found.ids.len());
                let begins = found.positions.windows(2).filter(|two| two[1] != two[0] + 1).count();
                assert_eq!(begins, 1, "{family}: {:?}", found.positions);
            }
        }
    }

    #[test]
    fn words_of_a_script_without_blanks_are_its_tokens() {
        let japanese = "彼女は東京から京都まで行きました。 Kyoto station";
        for folder in ["sentencepiece/xlm-roberta", "bert-classify", "roberta-classify", "albert-classify"] {
            let tokenizer = Tokenizer::open(&golden().join(folder)).unwrap();
            let encoded = tokenizer.encode(japanese, Some("Le port. ไทย"), 512).unwrap();
            let run = tokenizer.encode_run(japanese).unwrap();
            let of_text = (0..encoded.ids.len()).filter(|at| encoded.sequence[*at] == Some(0));
            let words: Vec<Option<u32>> = of_text.clone().map(|at| encoded.words[at]).collect();
            let starts: Vec<bool> = (0..words.len()).map(|at| at == 0 || words[at] != words[at - 1]).collect();
            assert_eq!(run.starts_word, starts, "{folder}");
            for at in of_text.skip(1).filter(|at| encoded.offsets[*at].1 <= 17) {
                let (before, now) = (encoded.offsets[at - 1], encoded.offsets[at]);
                let shares = now.0 < before.1 || before.0 == before.1;
                assert_eq!(encoded.words[at] == encoded.words[at - 1], shares, "{folder}: token {at} of {encoded:?}");
            }
            let kyoto: Vec<_> = (0..encoded.ids.len())
                .filter(|at| {
                    encoded.sequence[*at] == Some(0) && encoded.offsets[*at].0 >= 19 && encoded.offsets[*at].1 <= 23
                })
                .map(|at| encoded.words[at])
                .collect();
            assert!(kyoto.windows(2).all(|two| two[0] == two[1]), "{folder}: {kyoto:?}");
        }
    }

    #[test]
    fn a_run_knows_where_words_begin() {
        // ALBERT's words are what stands between spaces; the others part punctuation, and RoBERTa keeps `'s` whole.
        for (family, words) in [("bert", 6), ("roberta", 5), ("albert", 3)] {
            let run = tokenizer(family).encode_run("Northwind's labs, unbelievably").unwrap();
            let found = run.starts_word.iter().filter(|starts| **starts).count();
            assert!(run.ids.len() > found && run.starts_word.len() == run.ids.len(), "{family}: {run:?}");
            assert_eq!(found, words, "{family}: {run:?}");
        }
    }
}
