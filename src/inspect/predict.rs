//! Texts → predictions, by the definitions of transformers' pipelines.
//!
//! Tokenizing ([`Predictor::prepare`]) and computing ([`Predictor::predict`]) are two steps, so that a caller can say
//! which of many texts cannot be read, and have many computed at once; how many changes no number.

use std::ops::ControlFlow;

use candle_core::Tensor;
use serde::Serialize;

use super::answers::{self, FoundAnswer};
use super::entities::{self, Aggregation, Entity, TokenLabel};
use super::masks::{self, Filled};
use super::{InspectError, Predictor};
use crate::model::probability::{sigmoid, softmax};
use crate::model::{HeadKind, Input, Pass};
use crate::task::Task;
use crate::text::tokenizer::Encoded;
use crate::text::windows::{QUESTION_TOKENS, SHARED_TOKENS, windows};

/// What is asked: a text and perhaps a second one; or a question, whose context is the second.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    pub text: String,
    pub pair: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// How many of the best; as many as the pipelines where it is open.
    pub top_k: Option<usize>,
    pub aggregation: Aggregation,
    /// Tokens a sequence or a window may have, at most the model's.
    pub max_tokens: Option<usize>,
    /// Tokens that neighbouring windows share.
    pub stride: Option<usize>,
    pub max_answer_tokens: usize,
    /// Whether "there is no answer" may be the answer.
    pub allow_no_answer: bool,
    /// From which lead over the best span on (see [`Decisions::no_answer`]) it is; otherwise what is decided for the model,
    /// and where nothing is, its probability is compared with theirs, as the pipeline does.
    ///
    /// [`Decisions::no_answer`]: crate::model::Decisions::no_answer
    pub no_answer_threshold: Option<f64>,
    pub logits: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            top_k: None,
            aggregation: Aggregation::None,
            max_tokens: None,
            stride: None,
            max_answer_tokens: 15,
            allow_no_answer: false,
            no_answer_threshold: None,
            logits: false,
        }
    }
}

/// A prediction, as it is written to JSON.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Output {
    /// Labels with their probabilities, best first.
    Labels(Vec<LabelScore>),
    Value {
        value: f64,
    },
    Tokens(Vec<TokenLabel>),
    Entities(Vec<Entity>),
    Answers(Vec<FoundAnswer>),
    /// For each mask the words that may stand there, best first.
    Masks(Vec<Vec<Filled>>),
    Replaced(Vec<Replaced>),
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LabelScore {
    pub label: String,
    pub score: f64,
    /// Where thresholds are kept with the model: whether the score reaches that of the label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub applies: Option<bool>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Replaced {
    pub token: String,
    /// The logit that the token was replaced.
    pub score: f64,
    pub replaced: bool,
}

/// What came out of the head.
#[derive(Clone, Debug, PartialEq)]
pub enum Logits {
    /// One number for each label, or for each token.
    Row(Vec<f32>),
    /// One row for each token; the windows one after the other.
    Rows(Vec<Vec<f32>>),
    /// For each window one number for each token.
    Spans { start: Vec<Vec<f32>>, end: Vec<Vec<f32>> },
}

#[derive(Clone, Debug, PartialEq)]
pub struct Predicted {
    pub output: Output,
    /// Tokens of the text that were cut off.
    pub cut: usize,
    /// Present when it was asked for.
    pub logits: Option<Logits>,
}

/// A tokenized request, in as many windows as it needs.
#[derive(Clone, Debug)]
pub struct Prepared {
    pub(super) request: Request,
    pub(super) encoded: Encoded,
    /// Indices of tokens.
    pub(super) windows: Vec<Vec<usize>>,
}

impl Prepared {
    /// Each token as the vocabulary has it.
    pub fn tokens(&self) -> &[String] {
        &self.encoded.tokens
    }
}

/// What a head says of one window: a row for the window, for each token, or for each mask.
pub(super) type WindowRows = Vec<Vec<f32>>;

/// Tokens that are computed at once.
const TOKENS_AT_ONCE: usize = 2048;

impl Predictor {
    /// Tokenizes a request. A text for named entities, and a question's context, is laid in windows if it is too long
    /// for the model; others are cut.
    pub fn prepare(&self, request: Request, options: &Options) -> Result<Prepared, InspectError> {
        let positive = [
            ("top-k", options.top_k),
            ("max-tokens", options.max_tokens),
            ("max-answer-tokens", Some(options.max_answer_tokens)),
        ];
        if let Some((name, _)) = positive.into_iter().find(|(_, value)| *value == Some(0)) {
            return Err(InspectError::Zero { name });
        }
        let max_tokens = options.max_tokens.unwrap_or(usize::MAX).min(self.max_tokens);
        let pair = request.pair.as_deref();
        let (encoded, windows) = match self.task {
            Task::Ner | Task::Qa => {
                let is_question = self.task == Task::Qa;
                if is_question && pair.is_none_or(|context| context.trim().is_empty()) {
                    return Err(InspectError::NoContext);
                }
                let usual = if is_question { max_tokens.min(QUESTION_TOKENS) } else { max_tokens };
                let max_tokens = if options.max_tokens.is_some() { max_tokens } else { usual };
                let stride = options.stride.unwrap_or((max_tokens / 2).min(SHARED_TOKENS));
                if stride >= max_tokens {
                    return Err(InspectError::Stride { stride, max_tokens });
                }
                let encoded = self.tokenizer.encode(&request.text, pair, usize::MAX)?;
                let windows = windows(&encoded, u8::from(is_question), max_tokens, stride)?;
                (encoded, windows)
            }
            _ => {
                let encoded = self.tokenizer.encode(&request.text, pair, max_tokens)?;
                let all = (0..encoded.ids.len()).collect();
                (encoded, vec![all])
            }
        };
        if self.task == Task::Mlm {
            self.check_masks(&request, &encoded)?;
        }
        Ok(Prepared { request, encoded, windows })
    }

    fn check_masks(&self, request: &Request, encoded: &Encoded) -> Result<(), InspectError> {
        let tokenizer = &self.tokenizer;
        let (Some(mask), Some(token)) = (tokenizer.mask_id(), tokenizer.mask_token()) else {
            return Err(InspectError::NoMaskToken { dir: self.dir.clone() });
        };
        if encoded.ids.contains(&mask) {
            return Ok(());
        }
        let whole = tokenizer.encode_ids(&request.text, request.pair.as_deref(), usize::MAX)?;
        Err(if whole.ids.contains(&mask) {
            InspectError::MaskCutOff { limit: encoded.ids.len() }
        } else {
            InspectError::NoMask { token: token.to_owned() }
        })
    }

    /// Predicts, in order.
    pub fn predict(&self, prepared: &[&Prepared], options: &Options) -> Result<Vec<Predicted>, InspectError> {
        let go_on = &mut |_: usize, _: usize| ControlFlow::Continue(());
        let mut rows = self.rows(prepared, TOKENS_AT_ONCE, options, go_on)?.unwrap_or_default().into_iter();
        let mut take = |count: usize| rows.by_ref().take(count).collect::<Vec<_>>();
        prepared.iter().map(|one| self.read(one, &take(one.windows.len()), options)).collect()
    }

    /// The head's rows for every window, about `at_once` tokens at a time. `go_on` hears how many windows of how many
    /// are done, and may end it; then there are none.
    pub(super) fn rows(
        &self,
        prepared: &[&Prepared],
        at_once: usize,
        options: &Options,
        go_on: &mut dyn FnMut(usize, usize) -> ControlFlow<()>,
    ) -> Result<Option<Vec<WindowRows>>, InspectError> {
        let windows: Vec<(&Prepared, &[usize])> =
            prepared.iter().flat_map(|one| one.windows.iter().map(|window| (*one, window.as_slice()))).collect();
        let mut rows = Vec::with_capacity(windows.len());
        let mut rest = windows.as_slice();
        while !rest.is_empty() {
            if go_on(windows.len() - rest.len(), windows.len()).is_break() {
                return Ok(None);
            }
            let mut tokens = 0;
            let fits = rest.iter().take_while(|(_, window)| {
                tokens += window.len();
                tokens <= at_once
            });
            let (chunk, after) = rest.split_at(fits.count().max(1));
            rows.extend(self.logits_of(chunk, options)?);
            rest = after;
        }
        Ok(Some(rows))
    }

    /// For each window the head's rows: one for the window, one a token, or one a mask.
    fn logits_of(&self, chunk: &[(&Prepared, &[usize])], options: &Options) -> Result<Vec<WindowRows>, InspectError> {
        let mut input = Input { starts: vec![0], ..Input::default() };
        let (mut wanted, mut counts) = (Vec::new(), Vec::new());
        let mask = self.tokenizer.mask_id().filter(|_| self.task == Task::Mlm && !options.logits);
        let first_token = HeadKind::for_task(self.task).reads_first_token();
        for (slot, (one, window)) in (0..).zip(chunk) {
            let start = input.ids.len();
            input.ids.extend(window.iter().map(|index| one.encoded.ids[*index]));
            input.types.extend(window.iter().map(|index| one.encoded.types[*index]));
            input.starts.push(input.ids.len());
            input.slots.push(slot);
            let before = wanted.len();
            match mask {
                _ if first_token => wanted.push(start as u32),
                Some(mask) => {
                    wanted.extend((start..input.ids.len()).filter(|i| input.ids[*i] == mask).map(|i| i as u32));
                }
                None => wanted.extend(start as u32..input.ids.len() as u32),
            }
            counts.push(wanted.len() - before);
        }
        let pass = Pass { rows: (wanted.len() < input.ids.len()).then(|| wanted.into()), ..Pass::default() };
        let logits: Tensor = self.model.run(self.task, &input, &pass)?;
        let mut rows: std::vec::IntoIter<Vec<f32>> = logits.to_vec2::<f32>()?.into_iter();
        Ok(counts.into_iter().map(|count| rows.by_ref().take(count).collect()).collect())
    }

    /// Turns the rows of a request's windows into its prediction.
    fn read(&self, one: &Prepared, rows: &[WindowRows], options: &Options) -> Result<Predicted, InspectError> {
        let output = match self.task {
            Task::Regress => Output::Value { value: f64::from(first(rows)[0]) },
            Task::Classify | Task::Nsp | Task::Sop => self.labelled(&softmax(first(rows)), options),
            Task::MultiLabel => self.labelled(&sigmoid(first(rows)), options),
            Task::Rtd => Output::Replaced(replaced(&one.encoded, rows)),
            Task::Mlm => {
                Output::Masks(masks::fill(&self.tokenizer, &one.encoded, rows.first().map(Vec::as_slice), options)?)
            }
            Task::Qa => Output::Answers(answers::answers(self, one, rows, options)),
            Task::Ner => entities::entities(self, one, rows, options.aggregation)?,
        };
        let logits = options.logits.then(|| self.kept(rows));
        Ok(Predicted { output, cut: one.encoded.cut, logits })
    }

    fn labelled(&self, scores: &[f32], options: &Options) -> Output {
        let scored = self.labels.iter().zip(scores);
        let is_decided = self.task == Task::MultiLabel && !self.decisions.thresholds.is_empty();
        let mut labels: Vec<LabelScore> = scored
            .map(|(label, score)| LabelScore {
                label: label.clone(),
                score: f64::from(*score),
                applies: is_decided.then(|| *score >= self.decisions.threshold(label)),
            })
            .collect();
        labels.sort_by(|a, b| b.score.total_cmp(&a.score));
        labels.truncate(options.top_k.unwrap_or(usize::MAX));
        Output::Labels(labels)
    }

    fn kept(&self, rows: &[WindowRows]) -> Logits {
        let column = |place: usize| rows.iter().map(|rows| rows.iter().map(|row| row[place]).collect()).collect();
        match self.task {
            Task::Qa => Logits::Spans { start: column(0), end: column(1) },
            Task::Rtd => Logits::Row(rows.concat().concat()),
            Task::Ner | Task::Mlm => Logits::Rows(rows.concat()),
            _ => Logits::Row(first(rows).to_vec()),
        }
    }
}

/// The only row of the only window.
fn first(rows: &[WindowRows]) -> &[f32] {
    rows.first().and_then(|rows| rows.first()).map_or(&[f32::NAN], Vec::as_slice)
}

fn replaced(encoded: &Encoded, rows: &[WindowRows]) -> Vec<Replaced> {
    let logits = rows.iter().flatten().map(|row| f64::from(row[0]));
    let tokens = encoded.tokens.iter().zip(logits);
    tokens.map(|(token, score)| Replaced { token: token.clone(), score, replaced: score > 0.0 }).collect()
}
