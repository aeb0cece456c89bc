//! What a task asks of a batch: the loss in training, and scores with the loss of each example in evaluation.

use std::borrow::Cow;
use std::sync::Arc;

use candle_core::Tensor;

use super::TrainError;
use super::config::{Language, LanguageObjective, RunConfig};
use super::groups::class_weights;
use super::hiding::Hiding;
use super::loss::{self, CrossEntropy};
use super::soft::Taught;
use super::states::{Compared, Part};
use crate::corpus::masking::{Masking, next_tokens};
use crate::model::probability::{sigmoid, softmax};
use crate::model::{HeadKind, Input};
use crate::random::{Purpose, key};
use crate::task::{Targets, Task};
use crate::text::{Batch, Features, Labels, Tokenizer};

/// The loss of a run.
#[derive(Clone, Debug)]
pub struct Objective {
    pub task: Task,
    pub labels: usize,
    pub entropy: CrossEntropy,
    /// How a text is masked, for the tasks that make their own labels.
    masking: Option<Masking>,
    /// What is hidden of texts whose labels are given, in training.
    hiding: Option<Hiding>,
    language: LanguageObjective,
    /// Stands between a text and its translation, whose positions begin anew.
    separator: Option<u32>,
}

/// A batch as the model takes it, with what is asked of it.
#[derive(Debug)]
pub struct Work {
    pub input: Input,
    /// The tokens that the head is asked about, or `None` for all.
    pub rows: Option<Arc<[u32]>>,
    pub asked: Asked,
    /// What a teacher says of it.
    pub taught: Option<Taught>,
    /// What the layers of a teacher make of it.
    pub compared: Option<Compared>,
}

/// What is asked, one entry for each of the head's rows unless said otherwise.
#[derive(Clone, Debug, PartialEq)]
pub enum Asked {
    /// One target for each sequence, which is a row.
    Sequences(Vec<Labels>),
    Classes(Vec<Option<u32>>),
    /// First and last token of each sequence's answer, counted from the sequence's first token; all tokens are rows.
    Spans(Vec<Option<(u32, u32)>>),
    /// Whether each token was replaced.
    Replaced(Vec<Option<f32>>),
}

impl Work {
    /// Whether nothing is asked: no token of the batch was masked, say.
    pub fn is_empty(&self) -> bool {
        self.asked.is_empty() || self.rows.as_ref().is_some_and(|rows| rows.is_empty())
    }
}

impl Asked {
    fn is_empty(&self) -> bool {
        match self {
            Self::Sequences(targets) => targets.is_empty(),
            Self::Classes(classes) => classes.is_empty(),
            Self::Spans(spans) => spans.is_empty(),
            Self::Replaced(cells) => cells.is_empty(),
        }
    }
}

/// What the model says of one sequence, and the loss of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scored {
    /// A text: the probability of each class, or the value. Words with tags: the probabilities of the tags of each word,
    /// one after the other. A question: the logits of the start at each token, then those of the end.
    pub scores: Vec<f32>,
    /// The sum over what is asked.
    pub loss: f64,
    /// What the loss is divided by for a mean.
    pub weight: f64,
    /// Masked words and replaced tokens: what was said of each token that was asked about.
    pub tokens: Vec<SaidToken>,
}

/// What was said of one token.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SaidToken {
    /// The token's id, or 1 where it was replaced and 0 where it is real.
    pub gold: u32,
    pub right: bool,
    pub loss: f64,
}

/// The seed of the masks of an evaluation, so that all runs are asked the same.
const EVALUATION_SEED: u64 = 0;

/// What chance is drawn from for one sequence of an epoch.
pub fn chance(seed: u64, epoch: u64, index: usize) -> u64 {
    key(seed, Purpose::Masking, &[epoch, index as u64])
}

/// What chance is drawn from for one sequence of an evaluation: the same every time.
pub fn evaluation_chance(index: usize) -> u64 {
    key(EVALUATION_SEED, Purpose::Masking, &[index as u64])
}

/// What chance is drawn from for the words that a generator puts in during an evaluation: one key for all of it, as each
/// draw is addressed by the place of its sequence and of its token.
pub fn evaluation_draws() -> u64 {
    key(EVALUATION_SEED, Purpose::Generator, &[])
}

impl Objective {
    /// `counts` are the examples of each class, for balanced class weights.
    pub fn new(config: &RunConfig, labels: usize, counts: &[u64], tokenizer: &Tokenizer) -> Result<Self, TrainError> {
        let class_weights = class_weights(config.optim.class_weights, counts);
        let optim = &config.optim;
        let entropy = CrossEntropy { smoothing: optim.label_smoothing, class_weights, focal: optim.focal };
        let share = config.data.hide_words;
        let hides = share > 0.0;
        let hiding = hides.then(|| Hiding::new(share, tokenizer)?.ok_or(TrainError::NoMaskToken)).transpose()?;
        Ok(Self { entropy, hiding, ..Self::unweighted(config.task, labels, &config.language, tokenizer)? })
    }

    /// Without smoothing or weights, for evaluation.
    pub fn unweighted(
        task: Task,
        labels: usize,
        language: &Language,
        tokenizer: &Tokenizer,
    ) -> Result<Self, TrainError> {
        let masks = match task.targets() {
            Targets::Hidden => language.objective != LanguageObjective::Causal,
            Targets::Replaced => true,
            Targets::Class | Targets::Classes | Targets::Number | Targets::Tags | Targets::Span => false,
        };
        let masking = masks.then(|| masking(language, tokenizer)).transpose()?;
        let asks_tokens = task.targets() == Targets::Hidden;
        let objective = if asks_tokens { language.objective } else { LanguageObjective::Masked };
        let separator = (objective == LanguageObjective::Translation).then(|| tokenizer.sep_id()).flatten();
        Ok(Self {
            task,
            labels,
            entropy: CrossEntropy::default(),
            masking,
            hiding: None,
            language: objective,
            separator,
        })
    }

    /// The same without smoothing or weights, and with every word in sight.
    #[must_use]
    pub fn for_evaluation(&self) -> Self {
        Self { entropy: CrossEntropy::default(), hiding: None, ..self.clone() }
    }

    /// A sequence as it is asked this time: masked words and next tokens are drawn here, all else is as it was prepared.
    pub fn draw<'a>(&self, features: Cow<'a, Features>, chance: u64) -> Cow<'a, Features> {
        if let Some(ids) = self.hiding.as_ref().and_then(|hiding| hiding.draw(&features, chance)) {
            let mut drawn = features.into_owned();
            drawn.tokens.set_ids(ids);
            return Cow::Owned(drawn);
        }
        if self.language == LanguageObjective::Causal {
            let next = next_tokens(&features.tokens.ids());
            let mut drawn = features.into_owned();
            drawn.labels = Labels::Tokens(next);
            return Cow::Owned(drawn);
        }
        let Some(masking) = &self.masking else { return features };
        let words = match &features.alignment {
            crate::text::Alignment::WordOf(words) => Some(words.as_slice()),
            _ => None,
        };
        let masked = masking.draw(&features.tokens.ids(), words, chance);
        let mut drawn = features.into_owned();
        drawn.tokens.set_ids(masked.ids);
        drawn.labels = Labels::Tokens(masked.targets);
        Cow::Owned(drawn)
    }

    /// What the loss of an update is divided by: its valid labels.
    pub fn denominator<'a>(&self, update: impl IntoIterator<Item = &'a Features>) -> f64 {
        update.into_iter().map(|features| self.weight(features)).sum()
    }

    fn weight(&self, features: &Features) -> f64 {
        match &features.labels {
            Labels::Class(class) => self.entropy.weight(*class),
            Labels::Classes(_) => self.labels as f64,
            Labels::Value(_) | Labels::Span { .. } => 1.0,
            // Replaced tokens are asked about at every token, not only where one was masked.
            Labels::Tokens(_) if self.task.targets() == Targets::Replaced => features.tokens.len() as f64,
            Labels::Tokens(classes) => classes.iter().flatten().map(|class| self.entropy.weight(*class)).sum(),
            Labels::None => 0.0,
        }
    }

    /// A batch made ready for the model.
    pub fn work(&self, batch: Batch) -> Work {
        let Batch { ids, types, starts, slots, labels: targets } = batch;
        let positions = self.separator.map(|separator| restarted(&ids, &starts, separator));
        let causal = self.language == LanguageObjective::Causal;
        let input = Input { ids, types, starts, slots, visible: None, positions, causal };
        match self.task.targets() {
            Targets::Tags | Targets::Hidden => {
                let (rows, classes) = labelled(&targets, &input.starts);
                Work { input, rows: Some(rows.into()), asked: Asked::Classes(classes), taught: None, compared: None }
            }
            Targets::Span => {
                let span = |target: &Labels| match target {
                    Labels::Span { start, end } => Some((*start, *end)),
                    _ => None,
                };
                let asked = Asked::Spans(targets.iter().map(span).collect());
                Work { input, rows: None, asked, taught: None, compared: None }
            }
            Targets::Replaced => {
                let asked = Asked::Replaced(vec![None; input.ids.len()]);
                Work { input, rows: None, asked, taught: None, compared: None }
            }
            Targets::Class | Targets::Classes | Targets::Number => {
                let rows = HeadKind::for_task(self.task).input().rows(&input).map(Into::into);
                Work { input, rows, asked: Asked::Sequences(targets), taught: None, compared: None }
            }
        }
    }

    /// The parts of the batch's share of the update's loss, which add up to it: that of the labels, and that of a teacher's
    /// outputs where there is one.
    pub fn losses(&self, logits: &Tensor, work: &Work, denominator: f64) -> Result<Vec<Part>, TrainError> {
        let hard = self.of_labels(logits, work, denominator)?;
        Ok(match &work.taught {
            Some(taught) => taught.shared(&hard, self.task, logits, work)?.into(),
            None => vec![("labels", hard)],
        })
    }

    fn of_labels(&self, logits: &Tensor, work: &Work, denominator: f64) -> Result<Tensor, TrainError> {
        Ok(match &work.asked {
            Asked::Sequences(targets) => match self.task.targets() {
                Targets::Classes => loss::binary(logits, &self.cells(targets), denominator)?,
                Targets::Number => loss::squared_error(logits, &values(targets), denominator)?,
                Targets::Class | Targets::Tags | Targets::Span | Targets::Hidden | Targets::Replaced => {
                    self.entropy.loss(logits, &classes(targets), denominator)?
                }
            },
            Asked::Classes(classes) => self.entropy.loss(logits, classes, denominator)?,
            Asked::Spans(spans) => loss::spans(logits, &work.input.starts, spans, denominator)?,
            Asked::Replaced(cells) => loss::binary(logits, cells, denominator)?,
        })
    }

    /// Every labelled class of every example as a cell.
    fn cells(&self, targets: &[Labels]) -> Vec<Option<f32>> {
        let mut cells = Vec::with_capacity(targets.len() * self.labels);
        for target in targets {
            match target {
                Labels::Classes(present) => {
                    cells.extend(
                        (0..self.labels as u32).map(|label| Some(f32::from(u8::from(present.contains(&label))))),
                    );
                }
                _ => cells.extend(std::iter::repeat_n(None, self.labels)),
            }
        }
        cells
    }

    /// Scores and losses from logits: (rows, outputs).
    pub fn scored(&self, logits: &Tensor, work: &Work) -> Result<Vec<Scored>, TrainError> {
        let rows: Vec<Vec<f32>> = logits.to_vec2()?;
        let starts = &work.input.starts;
        Ok(match &work.asked {
            Asked::Sequences(targets) => {
                rows.iter().zip(targets).map(|(row, target)| self.score_row(row, target)).collect()
            }
            Asked::Classes(classes) => {
                let mut scored = vec![Scored::default(); work.input.sequences()];
                let tokens = work.rows.as_deref().unwrap_or_default();
                for ((row, class), token) in rows.iter().zip(classes).zip(tokens) {
                    let sequence = starts.partition_point(|start| *start <= *token as usize) - 1;
                    self.score_token(&mut scored[sequence], row, *class);
                }
                scored
            }
            Asked::Spans(spans) => {
                let sequences = starts.windows(2).zip(spans);
                sequences.map(|(bounds, span)| score_span(&rows[bounds[0]..bounds[1]], *span)).collect()
            }
            Asked::Replaced(cells) => {
                let sequences = starts.windows(2);
                sequences
                    .map(|bounds| score_replaced(&rows[bounds[0]..bounds[1]], &cells[bounds[0]..bounds[1]]))
                    .collect()
            }
        })
    }

    fn score_token(&self, scored: &mut Scored, row: &[f32], class: Option<u32>) {
        if self.task.targets() == Targets::Tags {
            scored.scores.extend(softmax(row));
        }
        let Some(class) = class else { return };
        let loss = cross_entropy(row, class as usize);
        scored.loss += loss;
        scored.weight += 1.0;
        if self.task.targets() != Targets::Tags {
            scored.tokens.push(SaidToken { gold: class, right: best_class(row) == class as usize, loss });
        }
    }

    fn score_row(&self, row: &[f32], target: &Labels) -> Scored {
        let (scores, loss) = match self.task.targets() {
            Targets::Number => {
                let loss = match target {
                    Labels::Value(value) => f64::from(row[0] - value).powi(2),
                    _ => 0.0,
                };
                (row.to_vec(), loss)
            }
            Targets::Classes => {
                let loss = match target {
                    Labels::Classes(present) => {
                        let each = row.iter().enumerate().map(|(label, logit)| {
                            let (x, y) = (f64::from(*logit), f64::from(u8::from(present.contains(&(label as u32)))));
                            x.max(0.0) - x * y + (-x.abs()).exp().ln_1p()
                        });
                        each.sum::<f64>() / row.len() as f64
                    }
                    _ => 0.0,
                };
                (sigmoid(row), loss)
            }
            Targets::Class | Targets::Tags | Targets::Span | Targets::Hidden | Targets::Replaced => {
                let loss = match target {
                    Labels::Class(class) => cross_entropy(row, *class as usize),
                    _ => 0.0,
                };
                (softmax(row), loss)
            }
        };
        Scored { scores, loss, weight: 1.0, tokens: Vec::new() }
    }
}

/// The masking that a run or an evaluation asks for.
fn masking(language: &Language, tokenizer: &Tokenizer) -> Result<Masking, TrainError> {
    let mask_id = tokenizer.known_mask_id()?.ok_or(TrainError::NoMaskToken)?;
    Ok(Masking {
        style: language.masking,
        share: language.share,
        mask_id,
        vocab_size: tokenizer.drawable(),
        specials: tokenizer.special_ids().collect(),
    })
}

/// The labelled tokens of a batch and their classes.
fn labelled(targets: &[Labels], starts: &[usize]) -> (Vec<u32>, Vec<Option<u32>>) {
    let (mut rows, mut classes) = (Vec::new(), Vec::new());
    for (target, start) in targets.iter().zip(starts) {
        let Labels::Tokens(tokens) = target else { continue };
        for (place, class) in tokens.iter().enumerate().filter(|(_, class)| class.is_some()) {
            rows.push((start + place) as u32);
            classes.push(*class);
        }
    }
    (rows, classes)
}

/// Positions that begin anew with the second text of each sequence, which stands after the first separators.
fn restarted(ids: &[u32], starts: &[usize], separator: u32) -> Vec<u32> {
    let mut positions = Vec::with_capacity(ids.len());
    for bounds in starts.windows(2) {
        let ids = &ids[bounds[0]..bounds[1]];
        let separators = ids.iter().position(|id| *id == separator).unwrap_or(ids.len());
        let second = separators + ids[separators..].iter().take_while(|id| **id == separator).count();
        positions.extend((0..ids.len()).map(|place| if place < second { place } else { place - second } as u32));
    }
    positions
}

fn score_span(rows: &[Vec<f32>], span: Option<(u32, u32)>) -> Scored {
    let [start, end] = [0, 1].map(|column| rows.iter().map(|row| row[column]).collect::<Vec<f32>>());
    let loss = span.map_or(0.0, |(first, last)| {
        f64::midpoint(cross_entropy(&start, first as usize), cross_entropy(&end, last as usize))
    });
    let weight = f64::from(u8::from(span.is_some()));
    Scored { scores: [start, end].concat(), loss, weight, tokens: Vec::new() }
}

fn score_replaced(rows: &[Vec<f32>], cells: &[Option<f32>]) -> Scored {
    let mut scored = Scored::default();
    for (row, replaced) in rows.iter().zip(cells) {
        let Some(replaced) = replaced else { continue };
        let (x, y) = (f64::from(row[0]), f64::from(*replaced));
        let loss = x.max(0.0) - x * y + (-x.abs()).exp().ln_1p();
        scored.loss += loss;
        scored.weight += 1.0;
        let is_replaced = *replaced > 0.5;
        scored.tokens.push(SaidToken { gold: u32::from(is_replaced), right: (row[0] > 0.0) == is_replaced, loss });
    }
    scored
}

/// The class with the highest logit, the first of equal ones.
fn best_class(row: &[f32]) -> usize {
    let better = |best: usize, (class, logit): (usize, &f32)| if *logit > row[best] { class } else { best };
    row.iter().enumerate().fold(0, better)
}

/// Texts as the model takes them, without anything asked.
pub fn input(batch: Batch) -> Input {
    let Batch { ids, types, starts, slots, .. } = batch;
    Input { ids, types, starts, slots, ..Input::default() }
}

fn classes(targets: &[Labels]) -> Vec<Option<u32>> {
    let class = |target: &Labels| match target {
        Labels::Class(class) => Some(*class),
        _ => None,
    };
    targets.iter().map(class).collect()
}

fn values(targets: &[Labels]) -> Vec<Option<f32>> {
    let value = |target: &Labels| match target {
        Labels::Value(value) => Some(*value),
        _ => None,
    };
    targets.iter().map(value).collect()
}

fn cross_entropy(row: &[f32], class: usize) -> f64 {
    let largest = f64::from(row.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    let sum: f64 = row.iter().map(|x| (f64::from(*x) - largest).exp()).sum();
    largest + sum.ln() - f64::from(row[class])
}
