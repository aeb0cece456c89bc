//! Examples → features: tokenized, cut to a length or laid in windows, with their labels aligned to tokens, and with a count
//! of what was cut.

mod questions;
mod tokens;

use std::ops::ControlFlow;

use rayon::prelude::*;

use super::tokenizer::Encoded;
use super::windows::{NoRoom, word_windows};
use super::{Labels, Tokenizer, TokenizerError};
use crate::data::{Dataset, Target};
use crate::stop;
use crate::task::{Reads, Targets};
use crate::text::TextError;
use questions::Contexts;
pub(super) use questions::shortened;
pub use questions::window_lengths;
pub use tokens::{Offsets, Tokens};

/// One tokenized example, or one window of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    /// Index into the dataset's examples.
    pub example: usize,
    pub tokens: Tokens,
    /// Tokens that the length limit cut off.
    pub cut: usize,
    pub labels: Labels,
    pub alignment: Alignment,
}

/// What the tokens of features stand for in their example.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Alignment {
    /// Nothing needs to be known.
    #[default]
    Whole,
    /// Words that are predicted here: the first token of each, and its place in the example.
    Words(Vec<(u32, u32)>),
    /// The word each token is part of, where it is part of one.
    WordOf(Vec<Option<u32>>),
    /// The first token of the context, and the characters of each of its tokens from there on.
    Context { first: u32, offsets: Offsets },
}

/// How long features may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Length {
    /// Tokens with special tokens.
    pub max_tokens: usize,
    /// Tokens that neighbouring windows of a long example share.
    pub stride: usize,
}

/// Examples between two reports of progress: enough to keep all cores busy, few enough to stop at once.
const CHUNK: usize = 1024;

/// Tokenizes some examples of a dataset, in the given order; words with tags, and contexts of questions, that are too long
/// are laid in windows, other texts are cut. `on_progress` hears how many examples are done and may stop the work, which
/// gives `None`.
pub fn features(
    dataset: &Dataset,
    which: &[usize],
    tokenizer: &Tokenizer,
    length: Length,
    on_progress: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Result<Option<Vec<Features>>, TextError> {
    let mut contexts = Contexts::new();
    in_steps(which, on_progress, |rest| {
        let made: Result<Vec<Vec<Features>>, TextError> = if dataset.task.reads() == Reads::Question {
            questions::first(dataset, rest, &mut contexts, tokenizer, length)
        } else {
            for_each(chunk(rest), |example| one(dataset, example, tokenizer, length))
        };
        made.map(|made| (made.len(), made.into_iter().flatten()))
    })
}

/// Does examples in order: `some` does the first of those that are left and says how many they are.
fn in_steps<T, I: IntoIterator<Item = T>, E>(
    which: &[usize],
    on_progress: &mut dyn FnMut(usize) -> ControlFlow<()>,
    mut some: impl FnMut(&[usize]) -> Result<(usize, I), E>,
) -> Result<Option<Vec<T>>, E> {
    let mut all = Vec::with_capacity(which.len());
    let mut done = 0;
    while done < which.len() {
        let (count, made) = some(&which[done..])?;
        all.extend(made);
        done += count;
        if on_progress(done).is_break() {
            return Ok(None);
        }
    }
    Ok(Some(all))
}

/// Does examples on all cores. Some texts are books, so the end can be asked for between any two.
fn for_each<T: Send, E: Send>(examples: &[usize], one: impl Fn(usize) -> Result<T, E> + Sync) -> Result<Vec<T>, E> {
    let stop = stop::here();
    let heeding = |&example: &usize| {
        stop.heed();
        one(example)
    };
    examples.par_iter().map(heeding).collect()
}

fn chunk(examples: &[usize]) -> &[usize] {
    &examples[..examples.len().min(CHUNK)]
}

/// How long an example is before any limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measured {
    /// Tokens with special tokens.
    pub tokens: usize,
    /// Tokens of it that would stand in each of several windows: special tokens, and a question.
    pub fixed: usize,
    /// Tokens that the vocabulary does not know.
    pub unknown: usize,
}

/// [`measure`] of all examples. `on_progress` hears how many are done and may stop the work, which gives `None`.
pub fn measure_all(
    dataset: &Dataset,
    tokenizer: &Tokenizer,
    on_progress: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Result<Option<Vec<Measured>>, TokenizerError> {
    let which: Vec<usize> = (0..dataset.examples.len()).collect();
    let mut contexts = Contexts::new();
    in_steps(&which, on_progress, |rest| {
        let made: Result<Vec<Measured>, TokenizerError> = if dataset.task.reads() == Reads::Question {
            questions::measure_first(dataset, rest, &mut contexts, tokenizer)
        } else {
            for_each(chunk(rest), |example| measure(dataset, example, tokenizer))
        };
        made.map(|made| (made.len(), made))
    })
}

/// Counts the tokens of an example.
pub fn measure(dataset: &Dataset, example: usize, tokenizer: &Tokenizer) -> Result<Measured, TokenizerError> {
    if dataset.task.reads() == Reads::Question {
        return questions::measure(dataset, example, tokenizer);
    }
    if dataset.task.reads() == Reads::Words {
        let pieces = tokenizer.encode_words(&dataset.words(example))?;
        let (unk, fixed) = (tokenizer.unk_id(), tokenizer.special_tokens(false));
        let unknown = pieces.iter().flatten().filter(|id| Some(**id) == unk).count();
        return Ok(Measured { tokens: pieces.iter().map(Vec::len).sum::<usize>() + fixed, fixed, unknown });
    }
    let pair = dataset.pair(example);
    let (tokens, unknown) = tokenizer.count(dataset.text(example), pair)?;
    Ok(Measured { tokens, fixed: tokenizer.special_tokens(pair.is_some()), unknown })
}

/// Why an example has no features.
pub(super) enum Unfit {
    Tokenizer(TokenizerError),
    NoRoom(NoRoom),
}

impl Unfit {
    pub fn in_row(self, dataset: &Dataset, example: usize) -> TextError {
        let (path, line) = (dataset.table.path.clone(), dataset.line(example));
        match self {
            Self::Tokenizer(source) => TextError::TokenizeRow { path, line, source },
            Self::NoRoom(source) => TextError::NoRoom { path, line, source },
        }
    }
}

impl From<TokenizerError> for Unfit {
    fn from(error: TokenizerError) -> Self {
        Self::Tokenizer(error)
    }
}

impl From<NoRoom> for Unfit {
    fn from(error: NoRoom) -> Self {
        Self::NoRoom(error)
    }
}

fn one(dataset: &Dataset, example: usize, tokenizer: &Tokenizer, length: Length) -> Result<Vec<Features>, TextError> {
    let made = match dataset.task.targets() {
        Targets::Tags => tagged(dataset, example, tokenizer, length),
        Targets::Hidden => {
            in_words(dataset, example, tokenizer, length.max_tokens).map(|one| vec![one]).map_err(Unfit::from)
        }
        Targets::Class | Targets::Classes | Targets::Number | Targets::Span | Targets::Replaced => {
            cut(dataset, example, tokenizer, length.max_tokens).map(|one| vec![one]).map_err(Unfit::from)
        }
    };
    made.map_err(|unfit| unfit.in_row(dataset, example))
}

/// A text or a pair, cut to the limit.
fn cut(
    dataset: &Dataset,
    example: usize,
    tokenizer: &Tokenizer,
    max_tokens: usize,
) -> Result<Features, TokenizerError> {
    let encoded = tokenizer.encode_ids(dataset.text(example), dataset.pair(example), max_tokens)?;
    Ok(Features {
        example,
        tokens: Tokens::Own { ids: encoded.ids, types: encoded.types },
        cut: encoded.cut,
        labels: Labels::of_text(&dataset.examples[example].target),
        alignment: Alignment::Whole,
    })
}

/// The same where words are to be hidden: it is known of each token which word it is part of.
fn in_words(
    dataset: &Dataset,
    example: usize,
    tokenizer: &Tokenizer,
    max_tokens: usize,
) -> Result<Features, TokenizerError> {
    let encoded = tokenizer.encode(dataset.text(example), dataset.pair(example), max_tokens)?;
    let alignment = Alignment::WordOf(numbered_through(&encoded));
    let Encoded { ids, types, cut, .. } = encoded;
    let labels = Labels::of_text(&dataset.examples[example].target);
    Ok(Features { example, tokens: Tokens::Own { ids, types }, cut, labels, alignment })
}

/// The word of each token, where the words of the second text are numbered after those of the first.
fn numbered_through(encoded: &Encoded) -> Vec<Option<u32>> {
    let all = encoded.words.iter().zip(&encoded.sequence);
    let of_first = all.clone().filter(|(_, text)| **text == Some(0)).filter_map(|(word, _)| *word);
    let before = of_first.max().map_or(0, |last| last + 1);
    all.map(|(word, text)| word.map(|word| if *text == Some(1) { before + word } else { word })).collect()
}

/// Words with tags: the first token of each word carries its tag, as in transformers' `run_ner.py`. Every word is predicted
/// in exactly one window; a word that the tokenizer makes nothing of in none.
fn tagged(dataset: &Dataset, example: usize, tokenizer: &Tokenizer, length: Length) -> Result<Vec<Features>, Unfit> {
    let words = dataset.words(example);
    let pieces = tokenizer.encode_words(&words)?;
    let special = tokenizer.special_tokens(false);
    let room = length.max_tokens.saturating_sub(special);
    if room == 0 {
        return Err(NoRoom { tokens: special, max_tokens: length.max_tokens }.into());
    }
    let tags = match &dataset.examples[example].target {
        Target::Tags(tags) => Some(tags.as_slice()),
        _ => None,
    };
    let lengths: Vec<usize> = pieces.iter().map(Vec::len).collect();
    let before = tokenizer.specials_before_text() as u32;
    let windows = word_windows(&lengths, room, length.stride).into_iter().map(|window| {
        let (mut text, mut places, mut cut) = (Vec::new(), Vec::new(), 0);
        for word in window.words.clone() {
            let kept = &pieces[word][..pieces[word].len().min(room)];
            if window.own.contains(&word) {
                cut += pieces[word].len() - kept.len();
                if !kept.is_empty() {
                    places.push((before + text.len() as u32, word as u32));
                }
            }
            text.extend_from_slice(kept);
        }
        let (ids, types) = tokenizer.frame_ids(&text, None);
        let labels = tags.map_or(Labels::None, |tags| {
            let mut of_tokens = vec![None; ids.len()];
            for &(token, word) in &places {
                of_tokens[token as usize] = tags.get(word as usize).copied();
            }
            Labels::Tokens(of_tokens)
        });
        Features { example, tokens: Tokens::Own { ids, types }, cut, labels, alignment: Alignment::Words(places) }
    });
    Ok(windows.collect())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::data::Roles;
    use crate::data::dataset::tests::{roles, table};
    use crate::task::Task;

    fn tokenizer() -> Tokenizer {
        Tokenizer::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/bert-classify")).unwrap()
    }

    fn length(max_tokens: usize) -> Length {
        Length { max_tokens, stride: 2 }
    }

    fn dataset(rows: usize) -> Dataset {
        let rows: Vec<String> =
            (0..rows).map(|row| format!("{},{}\n", "the film ".repeat(row % 7 + 1), row % 2)).collect();
        let table = table(&(String::from("text,label\n") + &rows.concat()));
        Dataset::new(table, Task::Classify, &roles("text", Some("label")), None).unwrap()
    }

    #[test]
    fn features_keep_the_order_they_were_asked_in() {
        let dataset = dataset(3000);
        let which: Vec<usize> = (0..3000).rev().collect();
        let mut reports = Vec::new();
        let mut on_progress = |done| {
            reports.push(done);
            ControlFlow::Continue(())
        };
        let found = features(&dataset, &which, &tokenizer(), length(6), &mut on_progress).unwrap().unwrap();
        assert_eq!(reports, [1024, 2048, 3000]);
        assert_eq!(found.iter().map(|one| one.example).collect::<Vec<_>>(), which);
        for one in &found {
            assert_eq!(one.labels, Labels::of_text(&dataset.examples[one.example].target));
            assert_eq!(one.tokens.ids().len(), one.tokens.types().len());
            assert!(one.tokens.len() <= 6);
            assert_eq!(one.cut > 0, one.example % 7 >= 2, "{one:?}");
        }
    }

    #[test]
    fn a_stopped_job_gives_nothing() {
        let dataset = dataset(3000);
        let which: Vec<usize> = (0..3000).collect();
        let stopped = features(&dataset, &which, &tokenizer(), length(64), &mut |_| ControlFlow::Break(())).unwrap();
        assert_eq!(stopped, None);
    }

    #[test]
    fn the_words_of_a_translation_are_numbered_through() {
        let table = table("text,pair\nthe unbelievable film,le film incroyablement long\n");
        let roles = Roles { pair: Some("pair".into()), ..roles("text", None) };
        let dataset = Dataset::new(table, Task::Mlm, &roles, None).unwrap();
        let found = features(&dataset, &[0], &tokenizer(), length(64), &mut |_| ControlFlow::Continue(()));
        let one = found.unwrap().unwrap().remove(0);
        let plain = tokenizer().encode_ids(dataset.text(0), dataset.pair(0), 64).unwrap();
        assert_eq!(one.tokens, Tokens::Own { ids: plain.ids, types: plain.types });
        let Alignment::WordOf(words) = &one.alignment else { panic!("{one:?}") };
        assert_eq!(words.len(), one.tokens.len());
        let mut numbers: Vec<u32> = words.iter().flatten().copied().collect();
        assert!(numbers.is_sorted() && numbers.len() > 7, "{words:?}");
        numbers.dedup();
        assert_eq!(numbers, (0..7).collect::<Vec<u32>>());
    }

    #[test]
    fn an_error_names_the_line() {
        let error =
            features(&dataset(2), &[1], &tokenizer(), length(1), &mut |_| ControlFlow::Continue(())).unwrap_err();
        assert!(error.to_string().starts_with(r#"cannot tokenize the row at line 3 of "train.csv": "#), "{error}");
    }
}
