//! Which words of a data set push a model towards each of its outputs, and which of them surprise: words whose pull is not
//! what the labels of their texts would have one expect (for why those are the ones to look at, arXiv 2406.03594).
//!
//! What a word adds to an output in one text is its weight in a map of that text, the very number that Why shows, so who
//! goes from here to there finds it again. Over the texts only sums are kept, and which texts a word stands in. Every
//! ordering and every least count is read off what was summed, and computes nothing of the model again.

mod count;
mod error;
mod found;
mod listed;
mod outputs;
mod table;

use super::pooled::OnProgress;
use super::sample::{Sampling, request};
use crate::data::{Dataset, Target};
use crate::inspect::why::{Pull, Terms, Text};
use crate::inspect::{GoOn, OpenModel, Request};
use crate::task::Reads;

use count::Counting;
pub use count::{Labels, LeftOut, Pulled, Word};
pub use error::WordsError;
pub use found::Words;
pub use listed::{Order, Told};
pub use outputs::Output;
use outputs::Outputs;

/// Rows that are looked at where nothing else is said.
pub const ROWS: usize = 2000;
/// Texts that a word has to stand in, where nothing else is said.
pub const LEAST: u32 = 5;
/// Texts that are read together.
const AT_ONCE: usize = 32;

/// Whose words are weighed, by which model and which map.
#[derive(Clone, Debug)]
pub struct Question {
    pub wanted: Sampling,
    pub by: Pull,
}

/// Weighs the words of a data set; nothing where `tell` ended it. What has no words to weigh is refused before the model is
/// opened.
pub fn words(question: &Question, tell: OnProgress<'_>) -> Result<Option<Words>, WordsError> {
    let Question { wanted, by } = question;
    let data = &wanted.data;
    match data.task.reads() {
        Reads::Texts | Reads::Words => {}
        Reads::Question | Reads::Running | Reads::Neighbours(_) => {
            return Err(WordsError::NotOfWords { task: data.task });
        }
    }
    if tell("opening the model", 0, 0).is_break() {
        return Ok(None);
    }
    let mut model = OpenModel::open_whole(&wanted.model)?;
    model.turn_to(data.task)?;
    let examples = wanted.examples();
    let outputs = Outputs::of(&model, data);
    let mut weighing = Weighing {
        model: &model,
        data,
        by: *by,
        max_tokens: wanted.max_tokens.min(model.max_tokens),
        counting: Counting::of(outputs.all.len()),
        outputs,
        cut: 0,
    };
    let total = examples.len();
    for (place, chunk) in examples.chunks(AT_ONCE).enumerate() {
        let mut go_on = |_, _| tell("weighing words", (place * AT_ONCE) as u64, total as u64);
        if weighing.add(chunk, &mut go_on)?.is_none() {
            return Ok(None);
        }
    }
    if tell("weighing words", total as u64, total as u64).is_break() {
        return Ok(None);
    }
    let Weighing { counting, outputs, cut, max_tokens, .. } = weighing;
    let (words, labels, left_out) = counting.done();
    Ok(Some(Words {
        task: data.task,
        by: *by,
        asks_all: outputs.asks_all(),
        outputs: outputs.all,
        words,
        labels,
        rows: total,
        among: wanted.among.len(),
        cut,
        max_tokens,
        left_out,
        training: None,
    }))
}

struct Weighing<'a> {
    model: &'a OpenModel,
    data: &'a Dataset,
    by: Pull,
    max_tokens: usize,
    outputs: Outputs,
    counting: Counting,
    cut: usize,
}

impl Weighing<'_> {
    /// Adds some examples; nothing where `go_on` ended it.
    fn add(&mut self, examples: &[usize], go_on: GoOn<'_>) -> Result<Option<()>, WordsError> {
        let requests: Vec<Request> = examples.iter().map(|example| request(self.data, *example)).collect();
        let Some(texts) = self.model.read_texts(&requests, self.max_tokens, go_on)? else { return Ok(None) };
        self.cut += texts.iter().filter(|text| text.cut > 0).count();
        let mut asked: Vec<(Text, Vec<Terms>)> = Vec::with_capacity(examples.len());
        let mut of = Vec::with_capacity(examples.len());
        for (text, example) in texts.into_iter().zip(examples) {
            let tags = self.tags(*example, &text);
            let target = &self.data.examples[*example].target;
            let (outputs, terms): (Vec<usize>, Vec<Terms>) =
                self.outputs.asked(self.model, &text, target, &tags).into_iter().unzip();
            asked.push((text, terms));
            of.push((outputs, tags));
        }
        let Some(pulls) = self.model.pulls(&asked, self.by, go_on)? else { return Ok(None) };
        for (((text, _), (outputs, tags)), (pulls, example)) in asked.iter().zip(&of).zip(pulls.iter().zip(examples)) {
            let target = &self.data.examples[*example].target;
            let known = self.outputs.known(target, tags);
            self.counting.add(*example, &text.units, &known, outputs, pulls);
        }
        Ok(Some(()))
    }

    /// The tag of each word of a text, where its data words have tags.
    fn tags(&self, example: usize, text: &Text) -> Vec<Option<u32>> {
        let Target::Tags(tags) = &self.data.examples[example].target else { return Vec::new() };
        let mut end = 0;
        // The words of the text are joined by blanks, so each ends one before the next begins.
        let ends: Vec<usize> = self
            .data
            .words(example)
            .iter()
            .map(|word| {
                end += word.chars().count() + 1;
                end - 1
            })
            .collect();
        let tag = |start: usize| tags.get(ends.partition_point(|end| *end <= start)).copied();
        text.units.iter().map(|unit| tag(unit.place.start)).collect()
    }
}

#[cfg(test)]
mod tests;
