//! Examples → features: tokenized, cut to a length or laid in windows, with their labels aligned to tokens, and with a count
//! of what was cut.

use std::ops::ControlFlow;

use rayon::prelude::*;

use super::tokenizer::Encoded;
use super::windows::{NoRoom, windows, word_windows};
use super::{DataError, Dataset, GoldAnswer, Target, Tokenizer, TokenizerError};
use crate::task::Task;

/// One tokenized example, or one window of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    /// Index into the dataset's examples.
    pub example: usize,
    /// Token ids with special tokens.
    pub ids: Vec<u32>,
    /// Segment of each token.
    pub types: Vec<u32>,
    /// Tokens that the length limit cut off.
    pub cut: usize,
    pub target: Target,
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
    Context { first: u32, offsets: Vec<(u32, u32)> },
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
) -> Result<Option<Vec<Features>>, DataError> {
    let mut all = Vec::with_capacity(which.len());
    for (index, chunk) in which.chunks(CHUNK).enumerate() {
        let done: Result<Vec<Vec<Features>>, DataError> =
            chunk.par_iter().map(|&example| one(dataset, example, tokenizer, length)).collect();
        all.extend(done?.into_iter().flatten());
        if on_progress((index * CHUNK + chunk.len()).min(which.len())).is_break() {
            return Ok(None);
        }
    }
    Ok(Some(all))
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

/// Counts the tokens of an example.
pub fn measure(dataset: &Dataset, example: usize, tokenizer: &Tokenizer) -> Result<Measured, TokenizerError> {
    if dataset.task == Task::Ner {
        let pieces = tokenizer.encode_words(&dataset.words(example))?;
        let (unk, fixed) = (tokenizer.unk_id(), tokenizer.special_tokens(false));
        let unknown = pieces.iter().flatten().filter(|id| Some(**id) == unk).count();
        return Ok(Measured { tokens: pieces.iter().map(Vec::len).sum::<usize>() + fixed, fixed, unknown });
    }
    let pair = dataset.pair(example);
    let (tokens, unknown) = tokenizer.count(dataset.text(example), pair)?;
    let mut fixed = tokenizer.special_tokens(pair.is_some());
    if dataset.task == Task::Qa {
        fixed += tokenizer.count(dataset.text(example).trim_start(), None)?.0 - tokenizer.special_tokens(false);
    }
    Ok(Measured { tokens, fixed, unknown })
}

/// Why an example has no features.
pub(super) enum Unfit {
    Tokenizer(TokenizerError),
    NoRoom(NoRoom),
}

impl Unfit {
    pub fn in_row(self, dataset: &Dataset, example: usize) -> DataError {
        let (path, line) = (dataset.table.path.clone(), dataset.line(example));
        match self {
            Self::Tokenizer(source) => DataError::TokenizeRow { path, line, source },
            Self::NoRoom(source) => DataError::NoRoom { path, line, source },
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

fn one(dataset: &Dataset, example: usize, tokenizer: &Tokenizer, length: Length) -> Result<Vec<Features>, DataError> {
    let made = match dataset.task {
        Task::Ner => tagged(dataset, example, tokenizer, length),
        Task::Qa => asked(dataset, example, tokenizer, length),
        _ => cut(dataset, example, tokenizer, length.max_tokens).map(|one| vec![one]).map_err(Unfit::from),
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
        ids: encoded.ids,
        types: encoded.types,
        cut: encoded.cut,
        target: dataset.examples[example].target.clone(),
        alignment: Alignment::Whole,
    })
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
        let target = tags.map_or(Target::None, |tags| {
            let mut of_tokens = vec![None; ids.len()];
            for &(token, word) in &places {
                of_tokens[token as usize] = tags.get(word as usize).copied();
            }
            Target::Tokens(of_tokens)
        });
        Features { example, ids, types, cut, target, alignment: Alignment::Words(places) }
    });
    Ok(windows.collect())
}

/// A question over windows of its context, as in transformers' `run_qa.py`: the question loses its leading blanks, and an
/// answer that does not lie wholly inside a window is the window's first token. A question that would fill more than half
/// of a window is cut.
fn asked(dataset: &Dataset, example: usize, tokenizer: &Tokenizer, length: Length) -> Result<Vec<Features>, Unfit> {
    let context = dataset.pair(example).unwrap_or_default();
    let question = dataset.text(example).trim_start();
    let (question, cut) = shortened(question, tokenizer, length.max_tokens)?;
    let encoded = tokenizer.encode(question, Some(context), usize::MAX)?;
    // Where there is no answer, the window's first token is.
    let first = |answers: &Vec<GoldAnswer>| answers.first().cloned();
    let answer = match &dataset.examples[example].target {
        Target::Answers(answers) => Asked::Answered(first(answers)),
        _ => Asked::Unlabelled,
    };
    let windows = windows(&encoded, 1, length.max_tokens, length.stride)?;
    Ok(windows.iter().map(|window| of_context(example, &encoded, window, &answer, cut)).collect())
}

/// A question of at most half a window, and how many of its tokens were cut.
pub(super) fn shortened<'a>(
    question: &'a str,
    tokenizer: &Tokenizer,
    max_tokens: usize,
) -> Result<(&'a str, usize), Unfit> {
    let most = (max_tokens.saturating_sub(tokenizer.special_tokens(true)) / 2).max(1);
    // Every token has at least one byte, so that most questions need not be looked at.
    if question.len() <= most {
        return Ok((question, 0));
    }
    let encoded = tokenizer.encode(question, None, usize::MAX)?;
    let own: Vec<usize> = (0..encoded.ids.len()).filter(|index| encoded.sequence[*index] == Some(0)).collect();
    if own.len() <= most {
        return Ok((question, 0));
    }
    let end = encoded.offsets[own[most - 1]].1;
    let byte = question.char_indices().nth(end).map_or(question.len(), |(byte, _)| byte);
    Ok((&question[..byte], own.len() - most))
}

/// What is known of a question's answer.
enum Asked {
    Unlabelled,
    /// The first of its answers, or that there is none.
    Answered(Option<GoldAnswer>),
}

fn of_context(example: usize, encoded: &Encoded, window: &[usize], asked: &Asked, cut: usize) -> Features {
    let in_context = |index: &usize| encoded.sequence[*index] == Some(1);
    let first = window.iter().position(in_context).unwrap_or(0);
    let offsets: Vec<(u32, u32)> = window
        .iter()
        .skip(first)
        .take_while(|index| in_context(index))
        .map(|index| (encoded.offsets[*index].0 as u32, encoded.offsets[*index].1 as u32))
        .collect();
    let target = match asked {
        Asked::Unlabelled => Target::None,
        Asked::Answered(answer) => {
            let found = answer.as_ref().and_then(|answer| span(answer, &offsets));
            let (start, end) = found.map_or((0, 0), |(start, end)| (first as u32 + start, first as u32 + end));
            Target::Span { start, end }
        }
    };
    Features {
        example,
        ids: window.iter().map(|index| encoded.ids[*index]).collect(),
        types: window.iter().map(|index| encoded.types[*index]).collect(),
        cut,
        target,
        alignment: Alignment::Context { first: first as u32, offsets },
    }
}

/// The tokens of an answer among those of a context, by their characters; `None` where it is not wholly inside.
fn span(answer: &GoldAnswer, offsets: &[(u32, u32)]) -> Option<(u32, u32)> {
    let start = answer.start as u32;
    let end = start + answer.text.chars().count() as u32;
    let inside = offsets.first()?.0 <= start && offsets.last()?.1 >= end;
    if !inside {
        return None;
    }
    let first = offsets.iter().rposition(|token| token.0 <= start)?;
    let last = offsets.iter().position(|token| token.1 >= end)?;
    Some((first as u32, last as u32))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
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
            assert_eq!(one.target, dataset.examples[one.example].target);
            assert_eq!(one.ids.len(), one.types.len());
            assert!(one.ids.len() <= 6);
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
    fn an_error_names_the_line() {
        let error =
            features(&dataset(2), &[1], &tokenizer(), length(1), &mut |_| ControlFlow::Continue(())).unwrap_err();
        assert!(error.to_string().starts_with(r#"cannot tokenize the row at line 3 of "train.csv": "#), "{error}");
    }
}
