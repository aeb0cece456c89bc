//! The texts by which parts of a model are measured: read once, as they are read in training, with what is right of each.

use std::sync::Arc;

use super::aim::Aim;
use super::error::BoardError;
use crate::analysis::pooled::OnProgress;
use crate::analysis::sample::{Sampling, of_places};
use crate::corpus::masking::{MaskStyle, Masking};
use crate::corpus::{Segments, lines_of_rows};
use crate::data::{Dataset, Target};
use crate::inspect::predictor::Sequence;
use crate::inspect::{InspectError, OpenModel};
use crate::model::outputs::class_key;
use crate::random::{Purpose, key};
use crate::task::{Mismatch, Reads, Targets, Task};
use crate::text::windows::{QUESTION_TOKENS, SHARED_TOKENS};
use crate::text::{Alignment, Features, Labels, Length, Tokens, features};
use crate::words::plural;

/// Share of the words that is hidden, as in most work.
const HIDDEN: f64 = 0.15;

/// Texts with what is right of each.
#[derive(Debug)]
pub struct Sample {
    pub task: Task,
    pub(super) data: Arc<Dataset>,
    /// In the order of the examples; of one that is read in windows they follow each other.
    pub(super) lessons: Vec<Lesson>,
    /// The outputs of the head.
    pub labels: Vec<String>,
    /// Rows that were looked at, and those that there were to choose from.
    pub rows: usize,
    pub among: usize,
    /// Rows whose label the model does not know.
    pub unknown: usize,
    /// Texts of which the draw hid nothing.
    pub silent: usize,
    /// Texts that were cut, and how long they may be.
    pub cut: usize,
    pub max_tokens: usize,
}

/// A text, or a window of it, as a model reads it, and what is right of it.
#[derive(Clone, Debug)]
pub(super) struct Lesson {
    pub features: Features,
    pub aim: Aim,
}

impl Lesson {
    pub fn sequence(&self) -> Sequence {
        let tokens = &self.features.tokens;
        Sequence { ids: tokens.ids().into_owned(), types: tokens.types().into_owned(), asked: self.aim.asked() }
    }
}

/// Refuses what there is nothing to measure by.
pub(super) fn check(data: &Dataset, among: &[usize]) -> Result<(), BoardError> {
    if data.task.targets() == Targets::Replaced {
        return Err(BoardError::Unmeasured { task: data.task });
    }
    let none = || BoardError::NoLabels { path: data.table.path.clone() };
    let is_labelled = among.iter().any(|one| is_labelled(data, *one));
    if data.makes_its_own_labels() || is_labelled { Ok(()) } else { Err(none()) }
}

fn is_labelled(data: &Dataset, example: usize) -> bool {
    data.makes_its_own_labels() || data.examples[example].target != Target::None
}

impl Sample {
    /// What a person should know of the rows, in sentences.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.rows + self.unknown + self.silent < self.among {
            notes.push(format!("{} of {} labelled rows were looked at", self.rows, self.among));
        }
        if self.unknown > 0 {
            let rows = plural(self.unknown, "row has", "rows have");
            notes.push(format!("{rows} a label that the model does not know, and took no part"));
        }
        if self.task.targets() == Targets::Hidden {
            notes.push(format!("{:.0} % of the tokens are hidden, as in training, drawn by the seed", HIDDEN * 100.0));
        }
        if self.silent > 0 {
            let rows = plural(self.silent, "row has", "rows have");
            notes.push(format!("{rows} no hidden word, and took no part"));
        }
        if self.cut > 0 {
            let texts = plural(self.cut, "text was", "texts were");
            notes.push(format!("{texts} cut at {} tokens", self.max_tokens));
        }
        notes
    }

    /// Reads the rows that a question is about; nothing where `tell` ended it.
    pub(super) fn read(model: &OpenModel, of: &Sampling, tell: OnProgress<'_>) -> Result<Option<Self>, BoardError> {
        let data = &of.data;
        let is_question = data.task.reads() == Reads::Question;
        let usual = if is_question && of.max_tokens == usize::MAX { QUESTION_TOKENS } else { of.max_tokens };
        let max_tokens = usual.min(model.max_tokens);
        let read = Self {
            task: data.task,
            data: data.clone(),
            lessons: Vec::new(),
            labels: model.labels.clone(),
            rows: 0,
            among: 0,
            unknown: 0,
            silent: 0,
            cut: 0,
            max_tokens,
        };
        match data.task.reads() {
            Reads::Neighbours(mismatch) if data.makes_its_own_labels() => {
                read.of_running_text(model, of, mismatch, tell)
            }
            Reads::Texts | Reads::Words | Reads::Question | Reads::Running | Reads::Neighbours(_) => {
                read.of_rows(model, of, tell)
            }
        }
    }

    /// Rows, each with its label.
    fn of_rows(mut self, model: &OpenModel, of: &Sampling, tell: OnProgress<'_>) -> Result<Option<Self>, BoardError> {
        let data = &*of.data;
        let labelled = of.among.iter().copied().filter(|example| is_labelled(data, *example));
        let of = &Sampling { among: labelled.collect(), ..of.clone() };
        self.among = of.among.len();
        let output_of = |class: &String| model.labels.iter().position(|name| class_key(name) == class_key(class));
        let outputs: Vec<Option<usize>> = data.labels.names.iter().map(output_of).collect();
        let mut which = of.examples();
        let drawn = which.len();
        which.retain(|example| knows(&data.examples[*example].target, &outputs));
        self.unknown = drawn - which.len();
        if which.is_empty() {
            return Err(BoardError::OtherLabels { path: data.table.path.clone(), known: self.labels });
        }
        let total = which.len() as u64;
        let length = Length { max_tokens: self.max_tokens, stride: (self.max_tokens / 2).min(SHARED_TOKENS) };
        let mut heard = |done: usize| tell("reading the sample", done as u64, total);
        let Some(found) = features(data, &which, &model.tokenizer, length, &mut heard)? else { return Ok(None) };
        let hides = data.task.targets() == Targets::Hidden;
        let masking = if hides { Some(masking(model)?) } else { None };
        for mut features in found {
            if let Some(masking) = &masking {
                hide(&mut features, masking, of.seed);
            }
            self.add(features, &outputs);
        }
        self.silent = self.silent.min(which.len());
        self.rows = which.len() - self.silent;
        if self.lessons.is_empty() {
            return Err(BoardError::NothingHidden { path: data.table.path.clone() });
        }
        Ok(Some(self))
    }

    /// Pairs that are cut from running text, as training cuts them.
    fn of_running_text(
        mut self,
        model: &OpenModel,
        of: &Sampling,
        mismatch: Mismatch,
        tell: OnProgress<'_>,
    ) -> Result<Option<Self>, BoardError> {
        let lines = lines_of_rows(&of.data).map(Ok);
        let mut heard = |lines: u64| tell("reading the text", lines, 0);
        let built = Segments::build(lines, &model.tokenizer, self.max_tokens, &mut heard)?;
        let Some(segments) = built else { return Ok(None) };
        self.among = segments.len();
        for chunk in of_places(segments.len(), of.rows, of.seed) {
            let chance = key(of.seed, Purpose::Pairing, &[chunk as u64]);
            let pair = segments.get(mismatch, chunk, chance)?;
            let tokens = Tokens::Own { ids: pair.ids, types: pair.types };
            let labels = Labels::Class(pair.class);
            let features = Features { example: chunk, tokens, cut: 0, labels, alignment: Alignment::Whole };
            self.lessons.push(Lesson { features, aim: Aim::Class(pair.class as usize) });
        }
        self.rows = self.lessons.len();
        Ok(Some(self))
    }

    fn add(&mut self, features: Features, outputs: &[Option<usize>]) {
        self.cut += usize::from(features.cut > 0);
        let output = |class: &u32| outputs.get(*class as usize).copied().flatten();
        let aim = match &features.labels {
            Labels::Class(class) => output(class).map(Aim::Class),
            Labels::Classes(classes) => classes.iter().map(output).collect::<Option<_>>().map(Aim::Classes),
            Labels::Value(value) => Some(Aim::Value(*value)),
            Labels::Span { start, end } => Some(Aim::Span(*start as usize, *end as usize)),
            Labels::Tokens(classes) => {
                let is_tag = self.task.targets() == Targets::Tags;
                let class = |class: &u32| if is_tag { output(class) } else { Some(*class as usize) };
                let asked = classes.iter().enumerate().filter_map(|(token, one)| Some((token, class(one.as_ref()?)?)));
                Some(Aim::Tokens(asked.collect()))
            }
            Labels::None => None,
        };
        match aim {
            Some(aim) if !aim.is_empty() => self.lessons.push(Lesson { features, aim }),
            // A window of a sentence may have no word of its own; of a text in which nothing is hidden there is no other.
            Some(_) | None => self.silent += usize::from(self.task.targets() == Targets::Hidden),
        }
    }
}

/// Whether each label of a row is an output of the model.
fn knows(target: &Target, outputs: &[Option<usize>]) -> bool {
    let known = |class: &u32| outputs.get(*class as usize).copied().flatten().is_some();
    match target {
        Target::Class(class) => known(class),
        Target::Classes(classes) | Target::Tags(classes) => classes.iter().all(known),
        Target::Value(_) | Target::Answers(_) | Target::None => true,
    }
}

/// How words are hidden.
fn masking(model: &OpenModel) -> Result<Masking, InspectError> {
    let mask = model.tokenizer.mask_id().ok_or_else(|| InspectError::NoMaskToken { dir: model.dir.clone() })?;
    Ok(Masking {
        style: MaskStyle::Tokens,
        share: HIDDEN,
        mask_id: mask,
        vocab_size: model.tokenizer.drawable(),
        specials: model.tokenizer.special_ids().collect(),
    })
}

/// Hides words of a text, which are then what it is asked.
fn hide(features: &mut Features, masking: &Masking, seed: u64) {
    let words = match &features.alignment {
        Alignment::WordOf(words) => Some(words.as_slice()),
        Alignment::Whole | Alignment::Words(_) | Alignment::Context { .. } => None,
    };
    let chance = key(seed, Purpose::Masking, &[features.example as u64]);
    let drawn = masking.draw(&features.tokens.ids(), words, chance);
    features.tokens = Tokens::Own { ids: drawn.ids, types: features.tokens.types().into_owned() };
    features.labels = Labels::Tokens(drawn.targets);
}
