//! Questions over windows of their contexts. Many questions share a context, which is tokenized once.

use std::collections::HashMap;
use std::sync::Arc;

use rayon::prelude::*;

use super::tokens::{Around, Context, Offsets, Part};
use super::{Alignment, CHUNK, Features, Length, Measured, Tokens, Unfit};
use crate::data::{Dataset, Target};
use crate::table::GoldAnswer;
use crate::text::windows::{ranges, sequence_lengths};
use crate::text::{Labels, TextError, Tokenizer, TokenizerError};

/// Bytes of contexts after which no further one is read before the next report of progress.
const CHUNK_BYTES: usize = 16 << 20;

/// What contexts came to, one entry for each text.
pub(super) struct Contexts<'a, T> {
    places: HashMap<&'a str, usize>,
    read: Vec<T>,
}

impl<'a, T: Clone + Send> Contexts<'a, T> {
    pub fn new() -> Self {
        Self { places: HashMap::new(), read: Vec::new() }
    }

    /// What the contexts of the examples that come first came to, as many as are done between two reports. `make` is
    /// given an example with each text that was not met before.
    fn of_first<E: Send>(
        &mut self,
        dataset: &'a Dataset,
        examples: &[usize],
        make: impl Fn(usize, &str) -> Result<T, E> + Sync,
    ) -> Result<Vec<T>, E> {
        let (mut places, mut unread, mut bytes) = (Vec::new(), Vec::new(), 0);
        for &example in examples.iter().take(CHUNK) {
            let text = dataset.pair(example).unwrap_or_default();
            let next = self.places.len();
            let place = *self.places.entry(text).or_insert(next);
            places.push(place);
            if place == next {
                unread.push((example, text));
                bytes += text.len();
            }
            if bytes >= CHUNK_BYTES {
                break;
            }
        }
        let made: Result<Vec<T>, E> = unread.into_par_iter().map(|(example, text)| make(example, text)).collect();
        self.read.extend(made?);
        Ok(places.into_iter().map(|place| self.read[place].clone()).collect())
    }
}

/// The features of the questions that come first, as many as are made between two reports.
pub(super) fn first<'a>(
    dataset: &'a Dataset,
    examples: &[usize],
    contexts: &mut Contexts<'a, Arc<Context>>,
    tokenizer: &Tokenizer,
    length: Length,
) -> Result<Vec<Vec<Features>>, TextError> {
    let read = contexts.of_first(dataset, examples, |example, text| {
        Context::read(text, tokenizer).map(Arc::new).map_err(|error| Unfit::from(error).in_row(dataset, example))
    })?;
    let one = |example: usize, context: &Arc<Context>| {
        asked(dataset, example, context, tokenizer, length).map_err(|unfit| unfit.in_row(dataset, example))
    };
    read.par_iter().zip(examples).map(|(context, example)| one(*example, context)).collect()
}

/// How long the questions that come first are, as many as are counted between two reports.
pub(super) fn measure_first<'a>(
    dataset: &'a Dataset,
    examples: &[usize],
    contexts: &mut Contexts<'a, Counted>,
    tokenizer: &Tokenizer,
) -> Result<Vec<Measured>, TokenizerError> {
    let counts = contexts.of_first(dataset, examples, |_, text| Counted::of(text, tokenizer))?;
    counts.par_iter().zip(examples).map(|(context, example)| measured(dataset, *example, *context, tokenizer)).collect()
}

/// How long a question is with its context.
pub(super) fn measure(dataset: &Dataset, example: usize, tokenizer: &Tokenizer) -> Result<Measured, TokenizerError> {
    let context = Counted::of(dataset.pair(example).unwrap_or_default(), tokenizer)?;
    measured(dataset, example, context, tokenizer)
}

/// Tokens of a text without special ones, and how many of them the vocabulary does not know.
#[derive(Clone, Copy)]
pub(super) struct Counted {
    tokens: usize,
    unknown: usize,
}

impl Counted {
    fn of(text: &str, tokenizer: &Tokenizer) -> Result<Self, TokenizerError> {
        let (tokens, unknown) = tokenizer.count(text, None)?;
        Ok(Self { tokens: tokens - tokenizer.special_tokens(false), unknown })
    }
}

fn measured(
    dataset: &Dataset,
    example: usize,
    context: Counted,
    tokenizer: &Tokenizer,
) -> Result<Measured, TokenizerError> {
    let question = Counted::of(dataset.text(example).trim_start(), tokenizer)?;
    let fixed = tokenizer.special_tokens(true) + question.tokens;
    Ok(Measured { tokens: fixed + context.tokens, fixed, unknown: question.unknown + context.unknown })
}

/// Tokens of each sequence that an example comes to: one where it fits, else its windows. `fixed` of its tokens stand
/// in every window: `specials` special ones and those of a question, which is cut as in training.
pub fn window_lengths(tokens: usize, fixed: usize, specials: usize, length: Length) -> Vec<usize> {
    let question = fixed.saturating_sub(specials);
    let cut = question.saturating_sub(most_of_question(specials, length.max_tokens));
    sequence_lengths(tokens - cut, fixed - cut, length.max_tokens, length.stride)
}

/// Tokens of the longest question that is not cut.
fn most_of_question(specials: usize, max_tokens: usize) -> usize {
    (max_tokens.saturating_sub(specials) / 2).max(1)
}

/// A question over windows of its context, as in transformers' `run_qa.py`: the question loses its leading blanks, and
/// an answer that does not lie wholly inside a window is the window's first token. A question that would fill more than
/// half of a window is cut.
fn asked(
    dataset: &Dataset,
    example: usize,
    context: &Arc<Context>,
    tokenizer: &Tokenizer,
    length: Length,
) -> Result<Vec<Features>, Unfit> {
    let (question, cut) = shortened(dataset.text(example).trim_start(), tokenizer, length.max_tokens)?;
    let around = Arc::new(Around::new(tokenizer.frame(true), &tokenizer.encode_ids_bare(question)?));
    let answer = match &dataset.examples[example].target {
        // Where there is no answer, the window's first token is.
        Target::Answers(answers) => Asked::Answered(answers.first().cloned()),
        _ => Asked::Unlabelled,
    };
    let windows = ranges(context.tokens(), around.tokens(), length.max_tokens, length.stride)?;
    let window = |tokens| of_context(example, &around, Part::new(context, tokens), &answer, cut);
    Ok(windows.into_iter().map(window).collect())
}

/// A question of at most half a window, and how many of its tokens were cut.
pub(in crate::text) fn shortened<'a>(
    question: &'a str,
    tokenizer: &Tokenizer,
    max_tokens: usize,
) -> Result<(&'a str, usize), Unfit> {
    let most = most_of_question(tokenizer.special_tokens(true), max_tokens);
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

fn of_context(example: usize, around: &Arc<Around>, part: Part, asked: &Asked, cut: usize) -> Features {
    let first = if part.is_empty() { 0 } else { around.first() as u32 };
    let offsets = Offsets(part.clone());
    let labels = match asked {
        Asked::Unlabelled => Labels::None,
        Asked::Answered(answer) => {
            let found = answer.as_ref().and_then(|answer| span(answer, &offsets));
            let (start, end) = found.map_or((0, 0), |(start, end)| (first + start, first + end));
            Labels::Span { start, end }
        }
    };
    Features {
        example,
        tokens: Tokens::Window { around: Arc::clone(around), part },
        cut,
        labels,
        alignment: Alignment::Context { first, offsets },
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
    use std::ops::ControlFlow;
    use std::path::Path;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::data::Roles;
    use crate::data::dataset::tests::table;
    use crate::task::Task;
    use crate::text::windows::windows;
    use crate::text::{features, measure_all};

    const CONTEXT: &str = "the river is long . the town lies on the river . it has a bridge and a wonderful old church";

    fn tokenizer(model: &str) -> Tokenizer {
        Tokenizer::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(model)).unwrap()
    }

    /// Questions with their contexts and answers.
    fn dataset(rows: &[(&str, &str, &str)]) -> Dataset {
        let rows: String =
            rows.iter().map(|(question, context, answer)| format!("{question}\t{context}\t{answer}\n")).collect();
        let roles = Roles {
            question: Some("question".into()),
            context: Some("context".into()),
            answers: Some("answers".into()),
            ..Roles::default()
        };
        Dataset::new(table(&format!("question\tcontext\tanswers\n{rows}")), Task::Qa, &roles, None).unwrap()
    }

    fn made(dataset: &Dataset, which: &[usize], tokenizer: &Tokenizer, length: Length) -> Vec<Features> {
        features(dataset, which, tokenizer, length, &mut |_| ControlFlow::Continue(())).unwrap().unwrap()
    }

    /// Windows cut from a question and its whole context, tokenized together: ids, segments, and where the context
    /// begins with the characters of each of its tokens.
    type Plain = (Vec<u32>, Vec<u32>, u32, Vec<(u32, u32)>);

    fn plain(dataset: &Dataset, example: usize, tokenizer: &Tokenizer, length: Length) -> Vec<Plain> {
        let question = dataset.text(example).trim_start();
        let question = shortened(question, tokenizer, length.max_tokens).ok().unwrap().0;
        let encoded = tokenizer.encode(question, dataset.pair(example), usize::MAX).unwrap();
        let windows = windows(&encoded, 1, length.max_tokens, length.stride).unwrap();
        let in_context = |index: usize| encoded.sequence[index] == Some(1);
        let one = |window: Vec<usize>| -> Plain {
            let first = window.iter().position(|index| in_context(*index)).unwrap() as u32;
            let own = window.iter().filter(|index| in_context(**index));
            let offsets = own.map(|index| (encoded.offsets[*index].0 as u32, encoded.offsets[*index].1 as u32));
            let ids = window.iter().map(|index| encoded.ids[*index]);
            let types = window.iter().map(|index| encoded.types[*index]);
            (ids.collect(), types.collect(), first, offsets.collect())
        };
        windows.into_iter().map(one).collect()
    }

    #[test]
    fn shared_contexts_come_to_the_windows_of_each_question_by_itself() {
        let other = "a map of the old town lies on the table . it was drawn by hand in the harbour";
        let long = "where in the whole long story of the river and the town does the church stand and why ?";
        let rows = [
            ("where is the town ?", CONTEXT, "on the river"),
            ("  who ?", other, "by hand"),
            (long, CONTEXT, "a bridge"),
            ("what was drawn ?", other, "a map"),
            // An empty list says that there is no answer; an empty cell would say nothing.
            ("what is long ?", CONTEXT, "[]"),
        ];
        let dataset = dataset(&rows);
        assert_eq!(dataset.examples.len(), rows.len());
        for model in ["bert-qa", "roberta-qa", "distilbert-qa", "albert-qa", "electra-qa"] {
            let tokenizer = tokenizer(model);
            for (max_tokens, stride) in [(16, 2), (20, 0), (24, 6), (40, 30), (256, 8)] {
                let length = Length { max_tokens, stride };
                let mut found = made(&dataset, &[3, 0, 1, 4, 2], &tokenizer, length).into_iter();
                for example in [3, 0, 1, 4, 2] {
                    for (ids, types, first, offsets) in plain(&dataset, example, &tokenizer, length) {
                        let window = found.next().unwrap();
                        assert_eq!(window.example, example, "{model}");
                        assert_eq!(window.tokens.len(), ids.len());
                        assert_eq!(window.tokens, Tokens::Own { ids, types }, "{model}");
                        let Alignment::Context { first: begins, offsets: own } = &window.alignment else {
                            panic!("{window:?}")
                        };
                        assert_eq!((*begins, own.to_vec()), (first, offsets), "{model}");
                        if let Labels::Span { start, end } = window.labels
                            && end > 0
                        {
                            let (from, to) = (own[(start - first) as usize].0, own[(end - first) as usize].1);
                            let (_, context, answer) = rows[example];
                            assert_eq!(context[from as usize..to as usize].trim(), answer, "{model}");
                        }
                    }
                }
                assert!(found.next().is_none(), "{model}");
            }
        }
    }

    #[test]
    fn each_context_is_read_once() {
        let dataset = dataset(&[("a ?", CONTEXT, ""), ("b ?", "the other", ""), ("c ?", CONTEXT, "")]);
        let (mut contexts, reads) = (Contexts::new(), AtomicUsize::new(0));
        let make = |_: usize, text: &str| {
            reads.fetch_add(1, Ordering::Relaxed);
            Ok::<usize, ()>(text.len())
        };
        assert_eq!(contexts.of_first(&dataset, &[2, 0], make), Ok(vec![CONTEXT.len(); 2]));
        assert_eq!(reads.load(Ordering::Relaxed), 1);
        assert_eq!(contexts.of_first(&dataset, &[1, 2], make), Ok(vec![9, CONTEXT.len()]));
        assert_eq!(reads.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn as_many_windows_are_made_as_were_estimated() {
        let tokenizer = tokenizer("bert-qa");
        let specials = tokenizer.special_tokens(true);
        let mut go_on = |_: usize| ControlFlow::Continue(());
        for question in [1, 4, 30, 100, 300, 381, 700] {
            for context in [3, 50, 400] {
                let (asked, about) = ("the ".repeat(question), "river ".repeat(context));
                let dataset = dataset(&[(asked.as_str(), about.as_str(), "")]);
                let measured = measure_all(&dataset, &tokenizer, &mut go_on).unwrap().unwrap()[0];
                assert_eq!(measure(&dataset, 0, &tokenizer).unwrap(), measured);
                for (max_tokens, stride) in [(8, 0), (24, 4), (64, 100), (384, 0), (384, 128)] {
                    let length = Length { max_tokens, stride };
                    let windows = made(&dataset, &[0], &tokenizer, length);
                    let lengths: Vec<usize> = windows.iter().map(|window| window.tokens.len()).collect();
                    let estimate = window_lengths(measured.tokens, measured.fixed, specials, length);
                    assert_eq!(estimate, lengths, "{question} over {context} at {length:?}");
                }
            }
        }
    }

    #[test]
    fn a_long_question_leaves_half_a_window_to_its_context() {
        let length = Length { max_tokens: 384, stride: 0 };
        // 190 tokens are the question's, half of what three special ones leave, and 191 the context's.
        for question in [300, 381, 2000] {
            let lengths = window_lengths(3 + question + 1000, 3 + question, 3, length);
            assert_eq!(lengths, [384, 384, 384, 384, 384, 193 + 45], "{question}");
        }
        assert_eq!(window_lengths(3 + 10 + 20, 3 + 10, 3, length), [33]);
    }
}
