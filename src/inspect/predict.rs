//! Texts → predictions, by the definitions of transformers' pipelines.
//!
//! Tokenizing ([`OpenModel::prepare`]) and computing ([`OpenModel::predict`]) are two steps, so that a caller can say
//! which of many texts cannot be read, and have many computed at once; how many changes no number.

use std::ops::ControlFlow;
use std::path::Path;

use super::open::OpenModel;
use super::output::{LabelScore, Logits, Output, Predicted, Replaced};
use super::predictor::{GoOn, Predictor, Rows, Sequence};
use super::request::{Options, Prepared, Request};
use super::{InspectError, answers, entities, masks, pairs};
use crate::model::probability::{sigmoid, softmax};
use crate::model::{Decisions, Model};
use crate::task::{Reads, Targets, Task};
use crate::text::Tokenizer;
use crate::text::tokenizer::Encoded;
use crate::text::windows::{QUESTION_TOKENS, SHARED_TOKENS, windows};

/// A model with all by which its answers are read: one of a folder, or one that is being trained.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    pub model: &'a Model,
    pub task: Task,
    pub tokenizer: &'a Tokenizer,
    /// Names of the head's outputs, where they have names.
    pub labels: &'a [String],
    /// Tokens a sequence may have.
    pub max_tokens: usize,
    /// Where the line is drawn between yes and no.
    pub decisions: &'a Decisions,
    /// Whether it learned from pairs of texts, where that is known.
    pub reads_pairs: Option<bool>,
    /// Where its tokenizer is from.
    pub dir: &'a Path,
}

impl OpenModel {
    /// The same, borrowed.
    pub fn borrowed(&self) -> Asked<'_> {
        Asked {
            model: &self.model,
            task: self.task,
            tokenizer: &self.tokenizer,
            labels: &self.labels,
            max_tokens: self.max_tokens,
            decisions: &self.decisions,
            reads_pairs: self.reads_pairs,
            dir: &self.dir,
        }
    }

    /// What is odd about a request, where the model learned from the other kind.
    pub fn misfit(&self, request: &Request) -> Option<&'static str> {
        self.borrowed().misfit(request)
    }

    /// Refuses options with which no text can be answered.
    pub fn check(&self, options: &Options) -> Result<(), InspectError> {
        self.borrowed().check(options)
    }

    /// Tokenizes a request.
    pub fn prepare(&self, request: Request, options: &Options) -> Result<Prepared, InspectError> {
        self.borrowed().prepare(request, options)
    }

    /// Predicts, in order.
    pub fn predict(&self, prepared: &[&Prepared], options: &Options) -> Result<Vec<Predicted>, InspectError> {
        self.borrowed().predict(prepared, options)
    }

    /// The head's rows for every window, one request after another; nothing where `go_on`, which hears of windows, ended
    /// it.
    pub(super) fn rows(
        &self,
        prepared: &[&Prepared],
        options: &Options,
        go_on: GoOn<'_>,
    ) -> Result<Option<Vec<Rows>>, InspectError> {
        self.borrowed().rows(prepared, options, go_on)
    }
}

impl Asked<'_> {
    /// Refuses options with which no text can be answered.
    pub fn check(&self, options: &Options) -> Result<(), InspectError> {
        let positive = [
            ("top-k", options.top_k),
            ("max-tokens", options.max_tokens),
            ("max-answer-tokens", Some(options.max_answer_tokens)),
        ];
        if let Some((name, _)) = positive.into_iter().find(|(_, value)| *value == Some(0)) {
            return Err(InspectError::Zero { name });
        }
        let (max_tokens, stride) = self.window_size(options);
        let is_pair = matches!(self.task.reads(), Reads::Question | Reads::Neighbours(_));
        let special = self.tokenizer.special_tokens(is_pair);
        if options.max_tokens.is_some() && max_tokens <= special {
            return Err(InspectError::NoTokens { max_tokens, special });
        }
        if self.task.has_windows() && stride >= max_tokens {
            return Err(InspectError::Stride { stride, max_tokens });
        }
        Ok(())
    }

    /// Tokens of a sequence or a window, and those that neighbouring windows share.
    pub(super) fn window_size(&self, options: &Options) -> (usize, usize) {
        let most = options.max_tokens.unwrap_or(usize::MAX).min(self.max_tokens);
        let is_usual = options.max_tokens.is_none() && self.task.reads() == Reads::Question;
        let max_tokens = if is_usual { most.min(QUESTION_TOKENS) } else { most };
        (max_tokens, options.stride.unwrap_or((max_tokens / 2).min(SHARED_TOKENS)))
    }

    /// Tokenizes a request. A text for named entities, and a question's context, is laid in windows if it is too long
    /// for the model; others are cut.
    pub fn prepare(&self, request: Request, options: &Options) -> Result<Prepared, InspectError> {
        self.check(options)?;
        let has_pair = request.has_pair();
        match self.task.reads() {
            Reads::Neighbours(_) if !has_pair => return Err(InspectError::NoPair { task: self.task }),
            Reads::Question if !has_pair => return Err(InspectError::NoContext),
            Reads::Words if has_pair => return Err(InspectError::OneText { task: self.task }),
            Reads::Neighbours(_) | Reads::Question | Reads::Words | Reads::Texts | Reads::Running => {}
        }
        let (max_tokens, stride) = self.window_size(options);
        let pair = request.pair.as_deref();
        let (encoded, windows) = if self.task.has_windows() {
            let is_question = self.task.reads() == Reads::Question;
            let encoded = self.tokenizer.encode(&request.text, pair, usize::MAX)?;
            let windows = windows(&encoded, u8::from(is_question), max_tokens, stride)?;
            (encoded, windows)
        } else {
            let encoded = self.tokenizer.encode(&request.text, pair, max_tokens)?;
            let all = (0..encoded.ids.len()).collect();
            (encoded, vec![all])
        };
        if self.task.targets() == Targets::Hidden {
            self.check_masks(&request, &encoded)?;
        }
        Ok(Prepared { request, encoded, windows, listed: None })
    }

    /// What is odd about a request, where the model learned from the other kind.
    pub fn misfit(&self, request: &Request) -> Option<&'static str> {
        pairs::misfit(self.task, self.reads_pairs, request)
    }

    fn check_masks(&self, request: &Request, encoded: &Encoded) -> Result<(), InspectError> {
        let tokenizer = self.tokenizer;
        let (Some(mask), Some(token)) = (tokenizer.mask_id(), tokenizer.mask_token()) else {
            return Err(InspectError::NoMaskToken { dir: self.dir.to_owned() });
        };
        if encoded.ids.contains(&mask) {
            return Ok(());
        }
        let whole = tokenizer.encode_ids(&request.text, request.pair.as_deref(), usize::MAX)?;
        Err(if whole.ids.contains(&mask) {
            InspectError::MaskCutOff { limit: encoded.ids.len(), side: tokenizer.cut_side() }
        } else {
            InspectError::NoMask { token: token.to_owned() }
        })
    }

    /// Predicts, in order.
    pub fn predict(&self, prepared: &[&Prepared], options: &Options) -> Result<Vec<Predicted>, InspectError> {
        let go_on = &mut |_: usize, _: usize| ControlFlow::Continue(());
        let mut rows = self.rows(prepared, options, go_on)?.unwrap_or_default().into_iter();
        let mut take = |count: usize| rows.by_ref().take(count).collect::<Vec<_>>();
        prepared.iter().map(|one| self.read(one, &take(one.windows.len()), options)).collect()
    }

    /// The head's rows for every window.
    fn rows(
        &self,
        prepared: &[&Prepared],
        options: &Options,
        go_on: GoOn<'_>,
    ) -> Result<Option<Vec<Rows>>, InspectError> {
        let windows =
            prepared.iter().flat_map(|one| one.windows.iter().map(|window| self.window(one, window, options)));
        Predictor::new(self.model, self.task).rows(windows.collect(), go_on)
    }

    /// One window as the model takes it. Of masked words only the masks are asked about, unless all is to be kept.
    fn window(&self, one: &Prepared, window: &[usize], options: &Options) -> Sequence {
        let ids: Vec<u32> = window.iter().map(|index| one.encoded.ids[*index]).collect();
        let mask = self.tokenizer.mask_id().filter(|_| self.task.targets() == Targets::Hidden && !options.logits);
        let asked = mask.map(|mask| (0..ids.len()).filter(|place| ids[*place] == mask).collect());
        Sequence { types: window.iter().map(|index| one.encoded.types[*index]).collect(), ids, asked }
    }

    /// Turns the rows of a request's windows into its prediction.
    fn read(&self, one: &Prepared, rows: &[Rows], options: &Options) -> Result<Predicted, InspectError> {
        let output = match self.task.targets() {
            Targets::Number => Output::Value { value: f64::from(first(rows)[0]) },
            // One output has no other class beside it, and is read as transformers' pipeline reads it.
            Targets::Class if self.labels.len() == 1 => self.labelled(&sigmoid(first(rows)), options),
            Targets::Class => self.labelled(&softmax(first(rows)), options),
            Targets::Classes => self.labelled(&sigmoid(first(rows)), options),
            Targets::Replaced => Output::Replaced(replaced(&one.encoded, rows)),
            Targets::Hidden => {
                Output::Masks(masks::fill(self.tokenizer, &one.encoded, rows.first().map(Vec::as_slice), options)?)
            }
            Targets::Span => Output::Answers(answers::answers(self, one, rows, options)),
            Targets::Tags => match &one.listed {
                Some(listed) => self.word_tags(listed, rows),
                None => entities::entities(self, one, rows, options.aggregation)?,
            },
        };
        let logits = options.logits.then(|| self.kept(rows));
        Ok(Predicted { output, cut: one.encoded.cut, misfit: self.misfit(&one.request), logits })
    }

    fn labelled(&self, scores: &[f32], options: &Options) -> Output {
        let scored = self.labels.iter().zip(scores);
        let is_decided = self.task.targets() == Targets::Classes && !self.decisions.thresholds.is_empty();
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

    fn kept(&self, rows: &[Rows]) -> Logits {
        let column = |place: usize| rows.iter().map(|rows| rows.iter().map(|row| row[place]).collect()).collect();
        match self.task.targets() {
            Targets::Span => Logits::Spans { start: column(0), end: column(1) },
            Targets::Replaced => Logits::Row(rows.concat().concat()),
            Targets::Tags | Targets::Hidden => Logits::Rows(rows.concat()),
            Targets::Class | Targets::Classes | Targets::Number => Logits::Row(first(rows).to_vec()),
        }
    }
}

/// The only row of the only window.
fn first(rows: &[Rows]) -> &[f32] {
    rows.first().and_then(|rows| rows.first()).map_or(&[f32::NAN], Vec::as_slice)
}

fn replaced(encoded: &Encoded, rows: &[Rows]) -> Vec<Replaced> {
    let logits = rows.iter().flatten().map(|row| f64::from(row[0]));
    let tokens = encoded.tokens.iter().zip(logits);
    tokens.map(|(token, score)| Replaced { token: token.clone(), score, replaced: score > 0.0 }).collect()
}
