//! The texts by which parts of a model are measured: read once, with what is right of each.

use super::aim::Aim;
use super::error::BoardError;
use crate::analysis::pooled::OnProgress;
use crate::analysis::sample::{Sampling, request};
use crate::data::{Dataset, Target};
use crate::inspect::why::Text;
use crate::inspect::{OpenModel, Request};
use crate::model::outputs::class_key;
use crate::task::{Reads, Task};
use crate::words::plural;

/// Texts with what is right of each.
#[derive(Debug)]
pub struct Sample {
    pub task: Task,
    /// In the order of the examples.
    pub(super) texts: Vec<(Text, Aim)>,
    pub(super) words: Vec<Words>,
    pub(super) examples: Vec<usize>,
    /// The outputs of the head.
    pub labels: Vec<String>,
    /// Labelled rows that there were to choose from.
    pub among: usize,
    /// Rows whose label the model does not know.
    pub unknown: usize,
    /// Texts that were cut, and how long they may be.
    pub cut: usize,
    pub max_tokens: usize,
}

/// The words of a sentence with tags, by the outputs: what is right, and the first token of each, where it was not cut off.
#[derive(Clone, Debug, Default)]
pub(super) struct Words {
    pub written: Vec<String>,
    pub gold: Vec<u32>,
    pub tokens: Vec<Option<usize>>,
}

/// Texts that are read together.
const AT_ONCE: usize = 64;

/// Refuses what there is nothing to measure by.
pub(super) fn check(data: &Dataset, among: &[usize]) -> Result<(), BoardError> {
    match data.task.reads() {
        Reads::Texts | Reads::Words => {}
        Reads::Question | Reads::Running | Reads::Neighbours(_) => {
            return Err(BoardError::NotOfWords { task: data.task });
        }
    }
    let is_labelled = |example: &usize| data.examples[*example].target != Target::None;
    let none = || BoardError::NoLabels { path: data.table.path.clone() };
    among.iter().any(is_labelled).then_some(()).ok_or_else(none)
}

impl Sample {
    pub fn rows(&self) -> usize {
        self.texts.len()
    }

    /// What a person should know of the rows, in sentences.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.rows() + self.unknown < self.among {
            notes.push(format!("{} of {} labelled rows were looked at", self.rows(), self.among));
        }
        if self.unknown > 0 {
            let rows = plural(self.unknown, "row has", "rows have");
            notes.push(format!("{rows} a label that the model does not know, and took no part"));
        }
        if self.cut > 0 {
            let texts = plural(self.cut, "text was", "texts were");
            notes.push(format!("{texts} cut at {} tokens", self.max_tokens));
        }
        notes
    }

    /// Reads the rows that a question is about; nothing where `tell` ended it.
    pub(super) fn read(model: &OpenModel, of: &Sampling, tell: OnProgress<'_>) -> Result<Option<Self>, BoardError> {
        let data = &*of.data;
        let labelled = of.among.iter().copied().filter(|one| data.examples[*one].target != Target::None);
        let of = &Sampling { among: labelled.collect(), ..of.clone() };
        let examples = of.examples();
        let mut read = Self {
            task: data.task,
            texts: Vec::new(),
            words: Vec::new(),
            examples: Vec::new(),
            labels: model.labels.clone(),
            among: of.among.len(),
            unknown: 0,
            cut: 0,
            max_tokens: of.max_tokens.min(model.max_tokens),
        };
        let output_of = |class: &String| model.labels.iter().position(|name| class_key(name) == class_key(class));
        let outputs: Vec<Option<usize>> = data.labels.names.iter().map(output_of).collect();
        let total = examples.len() as u64;
        for (place, chunk) in examples.chunks(AT_ONCE).enumerate() {
            let requests: Vec<Request> = chunk.iter().map(|example| request(data, *example)).collect();
            let mut go_on = |_, _| tell("reading the sample", (place * AT_ONCE) as u64, total);
            let texts = model.read_texts(&requests, read.max_tokens, &mut go_on)?;
            let Some(texts) = texts else { return Ok(None) };
            for (text, example) in texts.into_iter().zip(chunk) {
                read.add(data, *example, text, &outputs);
            }
        }
        if read.texts.is_empty() {
            return Err(BoardError::OtherLabels { path: data.table.path.clone(), known: read.labels });
        }
        Ok(Some(read))
    }

    fn add(&mut self, data: &Dataset, example: usize, text: Text, outputs: &[Option<usize>]) {
        let output = |class: &u32| outputs.get(*class as usize).copied().flatten();
        let mut words = Words::default();
        let aim = match &data.examples[example].target {
            Target::Class(class) => output(class).map(Aim::Class),
            Target::Classes(classes) => classes.iter().map(output).collect::<Option<Vec<usize>>>().map(Aim::Classes),
            Target::Value(value) => Some(Aim::Value(*value)),
            Target::Tags(tags) => tags.iter().map(output).collect::<Option<Vec<usize>>>().map(|tags| {
                words = tagged(data.words(example), &tags, &text);
                let seen = words.tokens.iter().zip(&tags).filter_map(|(token, tag)| Some(((*token)?, *tag)));
                Aim::Tags(seen.collect())
            }),
            Target::None | Target::Answers(_) => None,
        };
        let Some(aim) = aim else {
            self.unknown += 1;
            return;
        };
        self.cut += usize::from(text.cut > 0);
        self.texts.push((text, aim));
        self.words.push(words);
        self.examples.push(example);
    }
}

/// The words of a sentence, each with its first token.
fn tagged(words: Vec<String>, tags: &[usize], text: &Text) -> Words {
    let mut start = 0;
    let token = |word: &String| {
        // The words of the text are joined by blanks.
        let (from, to) = (start, start + word.chars().count());
        start = to + 1;
        let unit = text.units.iter().find(|unit| (from..to).contains(&unit.place.start));
        unit.map(|unit| unit.tokens.start)
    };
    let tokens = words.iter().map(token).collect();
    Words { gold: tags.iter().map(|tag| *tag as u32).collect(), tokens, written: words }
}
