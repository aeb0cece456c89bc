//! What the runs of a recipe come to, before the first of them starts: the values that were left open, steps and time.
//!
//! The teacher of a run may not be trained yet. Its student is then planned by its shape, half of the layers of the encoder
//! that the teacher begins from, with the teacher's one pass over the rows beside.

use std::error::Error;

use super::{Form, Student};
use crate::model::{self, EncoderConfig};
use crate::train::config::{Distill, ModelChoice, RunConfig, StrategyKind};
use crate::train::plan::{Facts, PlanSummary, flops_per_sec, plan};
use crate::train::prepare::output_names;
use crate::train::prepared::OnProgress;
use crate::train::{Prepared, TrainError, prepare, with_layers};

/// A run with all values that it is started with, but its place and its teacher's.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    pub config: RunConfig,
    pub plan: PlanSummary,
}

/// Plans runs one after the other; data that two of them share are read once.
#[derive(Default)]
pub struct Planner {
    known: Option<(RunConfig, Prepared)>,
}

/// What a pass forward costs of an epoch that is learned from, which goes forward and back.
const FORWARD: f64 = 1.0 / 3.0;

impl Planner {
    /// What is prepared for a run, read once for all that read alike; nothing where it was told to stop.
    pub fn data(&mut self, config: &RunConfig, on_progress: OnProgress<'_>) -> Result<Option<&Prepared>, TrainError> {
        if !self.known.as_ref().is_some_and(|(known, _)| reads_alike(known, config)) {
            let Some(data) = prepare(config, on_progress)? else { return Ok(None) };
            self.known = Some((config.clone(), data));
        }
        Ok(self.known.as_ref().map(|(_, data)| data))
    }

    /// The run, of which a share of the recommended epochs is trained; nothing where it was told to stop. `earlier` are the
    /// runs of the recipe that come before it.
    pub fn plan(
        &mut self,
        form: &Form,
        share: f64,
        earlier: &[Option<&Planned>],
        on_progress: OnProgress<'_>,
    ) -> Result<Option<Planned>, Box<dyn Error + Send + Sync>> {
        let Some(data) = self.data(&form.config, on_progress)? else { return Ok(None) };
        form.config.check()?;
        let mut config = data.settled(&form.config)?;
        config.run.epochs = lessened(config.run.epochs, share);
        let encoder = model::read_config(&config.model_dir()?)?;
        let Some(student) = form.run.student else {
            let plan = planned(&config, &encoder, data)?;
            return Ok(Some(Planned { config, plan }));
        };
        let teacher = earlier.get(student.of).copied().flatten().ok_or("its teacher cannot be planned")?;
        Ok(Some(taught(config, encoder, student, teacher, data)?))
    }
}

/// A share of some epochs, to a thousandth of one: more digits would say nothing.
fn lessened(epochs: f64, share: f64) -> f64 {
    ((epochs * share * 1000.0).round() / 1000.0).max(0.001)
}

fn taught(
    mut config: RunConfig,
    encoder: EncoderConfig,
    student: Student,
    teacher: &Planned,
    data: &Prepared,
) -> Result<Planned, Box<dyn Error + Send + Sync>> {
    let layers = encoder.num_hidden_layers / 2;
    if layers == 0 {
        return Err("the teacher has one layer, and no student can be cut from it".into());
    }
    let mut plan = planned(&config, &with_layers(encoder, layers), data)?;
    plan.seconds += teacher.plan.seconds / teacher.config.run.epochs.max(1.0) * FORWARD;
    config.model = ModelChoice::default();
    config.distill = Some(Distill { layers: Some(layers), soft: student.soft, ..Distill::default() });
    Ok(Planned { config, plan })
}

/// A run over prepared data, with an encoder of this shape.
pub fn planned(config: &RunConfig, encoder: &EncoderConfig, data: &Prepared) -> Result<PlanSummary, TrainError> {
    let (train, eval) = (data.train.lengths(), data.eval.lengths());
    let labels = output_names(config.task, &data.labels).len();
    let facts = Facts { encoder, train_tokens: &train, eval_tokens: &eval, labels, flops_per_sec: flops_per_sec() };
    Ok(PlanSummary { truncated: data.truncated(), ..plan(config, &facts)? })
}

/// Whether what is prepared for the one is what would be prepared for the other.
fn reads_alike(one: &RunConfig, other: &RunConfig) -> bool {
    let adapts = |config: &RunConfig| config.strategy.kind == StrategyKind::Lora;
    one.task == other.task
        && one.model == other.model
        && one.data == other.data
        && one.language == other.language
        && one.open.max_tokens == other.open.max_tokens
        && adapts(one) == adapts(other)
}
