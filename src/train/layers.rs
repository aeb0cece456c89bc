//! What of a teacher's layers a student is compared with: which layer with which, by what its states are made as wide as the
//! teacher's, and what cannot be compared.
//!
//! The embeddings are compared with the embeddings, and layer m of M with layer m · N / M of the teacher's N (Jiao et al.,
//! 2020, "`TinyBERT`", arXiv 1909.10351), or with the nearest where that is none. Where the widths differ one projection with
//! a bias, shared by all layers as in `TinyBERT`'s program, is learned along. It is trained like a head, is in checkpoints, and
//! is no part of the model.
//!
//! All that is compared is computed anew in every update: the states of one pass over a data set would fill a disk.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use candle_core::{DType, Tensor, Var};

use super::TrainError;
use super::config::Distill;
use super::states::{Compared, Counts};
use crate::model::ops::weights::Dense;
use crate::model::{Block, EncoderConfig, Input, Model, Param, Scores, normal};

/// What can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    Hidden,
    Attention,
    /// The angle between the last states.
    Cosine,
}

impl Look {
    pub const ALL: [Self; 3] = [Self::Hidden, Self::Attention, Self::Cosine];

    pub fn key(self) -> &'static str {
        match self {
            Self::Hidden => "distill.hidden",
            Self::Attention => "distill.attention",
            Self::Cosine => "distill.cosine",
        }
    }

    /// What it counts in the loss.
    pub fn counts(self, distill: &Distill) -> f64 {
        match self {
            Self::Hidden => distill.hidden,
            Self::Attention => distill.attention,
            Self::Cosine => distill.cosine,
        }
    }

    /// Why it cannot be compared, where it cannot.
    pub fn why_not(self, student: &EncoderConfig, teacher: &EncoderConfig, reads_alike: bool) -> Option<String> {
        if !reads_alike {
            return Some("the teacher reads other tokens than the student".to_owned());
        }
        if student.frozen.is_some() {
            let family = student.family.model_type();
            return Some(format!("a student's {family} encoder is used as it is here and learns nothing"));
        }
        let heads = [teacher, student].map(|encoder| encoder.num_attention_heads);
        let widths = [teacher, student].map(|encoder| encoder.hidden_size);
        match self {
            Self::Attention if teacher.frozen.is_some() => {
                let family = teacher.family.model_type();
                Some(format!("the scores of a teacher's {family} encoder are not computed here"))
            }
            Self::Attention if heads[0] != heads[1] => Some(format!(
                "the teacher has {} heads in a layer and the student {}, and scores are compared head by head",
                heads[0], heads[1]
            )),
            Self::Cosine if widths[0] != widths[1] => Some(format!(
                "the teacher's states have {} numbers and the student's {}, and there is no angle between them",
                widths[0], widths[1]
            )),
            Self::Hidden | Self::Attention | Self::Cosine => None,
        }
    }
}

/// Refuses what is to be compared and cannot be.
pub fn check(
    distill: &Distill,
    student: &EncoderConfig,
    teacher: &EncoderConfig,
    reads_alike: bool,
) -> Result<(), TrainError> {
    for look in Look::ALL {
        let counts = look.counts(distill);
        if let Some(why) = look.why_not(student, teacher, reads_alike).filter(|_| counts > 0.0) {
            return Err(TrainError::setting(look.key(), counts.to_string(), &format!("0, as {why}")));
        }
    }
    Ok(())
}

/// For what enters the student's first layer and for each of its layers the state of the teacher, where 0 is what enters its
/// first layer.
pub fn mapped(layers: usize, teacher: usize) -> Vec<usize> {
    let nearest = |layer: usize| (2 * layer * teacher + layers) / (2 * layers.max(1));
    // A layer is never compared with the embeddings, however many there are.
    (0..=layers).map(|layer| nearest(layer).max(layer.min(1))).collect()
}

/// Whether a student's states have to be made as wide as the teacher's.
fn is_projected(distill: &Distill, student: &EncoderConfig, teacher: &EncoderConfig) -> bool {
    distill.hidden > 0.0 && student.hidden_size != teacher.hidden_size
}

/// Numbers of the projection; 0 where none is needed.
pub fn projected(distill: &Distill, student: &EncoderConfig, teacher: &EncoderConfig) -> u64 {
    let numbers = (student.hidden_size + 1) * teacher.hidden_size;
    if is_projected(distill, student, teacher) { numbers as u64 } else { 0 }
}

/// Operations beside those of both models, for each token of an update: scores of both, and the projection.
pub fn operations(distill: &Distill, student: &EncoderConfig, teacher: &EncoderConfig) -> f64 {
    // Queries and keys; of the student's also their gradients by inputs and by weights.
    let scores = |encoder: &EncoderConfig| 4.0 * (encoder.hidden_size as f64).powi(2);
    let layers = student.num_hidden_layers as f64;
    let attention = if distill.attention > 0.0 { layers * (3.0 * scores(student) + scores(teacher)) } else { 0.0 };
    attention + (layers + 1.0) * 6.0 * projected(distill, student, teacher) as f64
}

/// Numbers that are kept for each token of a micro-batch: states and scores of the teacher, what is made of the student's, and
/// their gradients.
pub fn numbers(distill: &Distill, student: &EncoderConfig, teacher: &EncoderConfig) -> u64 {
    let (own, of_teacher) = (student.hidden_size as u64, teacher.hidden_size as u64);
    let layers = student.num_hidden_layers as u64;
    let hidden = match (distill.hidden > 0.0, is_projected(distill, student, teacher)) {
        (false, _) => 0,
        (true, false) => (layers + 1) * 2 * of_teacher,
        (true, true) => (layers + 1) * (3 * of_teacher + own),
    };
    let attention = if distill.attention > 0.0 { layers * (2 * of_teacher + 4 * own) } else { 0 };
    let cosine = if distill.cosine > 0.0 { 2 * of_teacher } else { 0 };
    hidden + attention + cosine
}

/// The layers of a teacher that a student is compared with.
#[derive(Debug)]
pub struct Layers {
    map: Vec<usize>,
    counts: Counts,
    projection: Option<Dense>,
}

impl Layers {
    /// Of a run; nothing where nothing is compared.
    pub fn of(distill: &Distill, student: &Model, teacher: &Model, seed: u64) -> Result<Option<Self>, TrainError> {
        if !distill.compares() {
            return Ok(None);
        }
        let is_projected = is_projected(distill, &student.config, &teacher.config);
        let projection = is_projected.then(|| projection(student, &teacher.config, seed)).transpose()?;
        Ok(Some(Self {
            map: mapped(student.config.num_hidden_layers, teacher.config.num_hidden_layers),
            counts: Counts { hidden: distill.hidden, attention: distill.attention, cosine: distill.cosine },
            projection,
        }))
    }

    pub fn params(&self) -> impl Iterator<Item = &Arc<Param>> {
        self.projection.iter().flat_map(Dense::params)
    }

    /// What a teacher makes of a batch, with its last states of all tokens. `tokens` are those of the whole update.
    pub fn look(&self, teacher: &Model, input: &Input, tokens: f64) -> Result<(Compared, Tensor), TrainError> {
        let (mut states, mut scores) = (BTreeMap::new(), BTreeMap::new());
        let schedule = teacher.config.schedule();
        // The last of the states is that of the last layer.
        let number = |step: usize| schedule.get(step).map_or(teacher.config.num_hidden_layers, |step| step.depth);
        let mut last = None;
        let walked = teacher.walk(input, |step, x| -> Result<ControlFlow<()>, TrainError> {
            let number = number(step);
            if self.counts.hidden > 0.0 && self.map.contains(&number) {
                // The first step of a layer enters it.
                states.entry(number).or_insert_with(|| x.clone());
            }
            match schedule.get(step) {
                Some(of) if self.counts.attention > 0.0 && of.ends_layer && self.map.contains(&(number + 1)) => {
                    scores.insert(number + 1, teacher.scores_at(step, x)?);
                }
                Some(_) => {}
                None => last = Some(x.clone()),
            }
            Ok(ControlFlow::Continue(()))
        })?;
        let Some(last) = last.filter(|_| walked.is_continue()) else {
            return Err(candle_core::Error::Msg("the teacher was left before its last layer".to_owned()).into());
        };
        let compared = Compared {
            hidden: self.map.iter().filter_map(|place| states.get(place).cloned()).collect(),
            scores: self.map[1..].iter().filter_map(|place| scores.get(place).cloned()).collect::<Vec<Scores>>(),
            last: (self.counts.cosine > 0.0).then(|| last.clone()),
            counts: self.counts,
            projection: self.projection.clone(),
            tokens,
        };
        Ok((compared, last))
    }
}

/// A new projection, normal with the deviation of the student's new weights: a function of the seed.
fn projection(student: &Model, teacher: &EncoderConfig, seed: u64) -> Result<Dense, TrainError> {
    const NAME: &str = "teacher.projection";
    let (inputs, outputs) = (student.config.hidden_size, teacher.hidden_size);
    let [weight, bias] = ["weight", "bias"].map(|part| format!("{NAME}.{part}"));
    let values = normal(seed, &weight, student.config.initializer_range, inputs * outputs);
    let values = Tensor::from_vec(values, (outputs, inputs), student.device())?;
    let zeros = Tensor::zeros(outputs, DType::F32, student.device())?;
    let param = |name: String, tensor: &Tensor| -> Result<Arc<Param>, TrainError> {
        let block = Block::of(&name);
        Ok(Arc::new(Param::new(name.clone(), name, block, Var::from_tensor(tensor)?)))
    };
    Ok(Dense::new(param(weight, &values)?, param(bias, &zeros)?))
}

#[cfg(test)]
mod tests;
