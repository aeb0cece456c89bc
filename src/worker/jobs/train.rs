//! Training, and the plan before it.

use std::sync::{Arc, LazyLock};
use std::time::Instant;

use super::cards::Cards;
use super::{Ended, Failure, Job};
use crate::data::{Dataset, Split, SplitRule};
use crate::model::ops::matrix::{Into, Mat, MatMut, Threads, matmul};
use crate::train::config::RunConfig;
use crate::train::plan::{Facts, plan as make_plan};
use crate::train::prepare::{self, open_model};
use crate::train::run::{Recorder, RunFolder};
use crate::train::{prepare as prepare_data, train as run_training};
use crate::worker::protocol::{EventKind, Lengths, Payload};

pub fn train(job: &Job<'_>, config: &RunConfig) -> Result<Ended, Failure> {
    let Some(data) = prepare_data(config, &mut |what, done, total| job.progress(what, done, total))? else {
        return Ok(Ended::Stopped);
    };
    if job.progress("opening the model", 0, 0).is_break() {
        return Ok(Ended::Stopped);
    }
    let device = prepare::device(config.run.device)?;
    let (model, _) = open_model(config, &data.labels, &device)?;
    let mut recorder = Recorder {
        folder: RunFolder::create(config)?,
        data: &data,
        on_event: &mut |event| job.send(EventKind::Train(Box::new(event))),
        on_pause: &mut || job.go_on(),
    };
    let outcome = run_training(&model, &data, config, &mut recorder)?;
    Ok(if outcome.stopped { Ended::Stopped } else { Ended::Done })
}

/// What a training step reaches of what a product alone does, as measured with `attune bench`.
const REACHED: f64 = 0.7;

/// Operations a second in a product of training's shape, measured once.
static FLOPS: LazyLock<f64> = LazyLock::new(|| {
    const N: usize = 512;
    let (a, b) = (vec![0.5_f32; N * N], vec![0.25_f32; N * N]);
    let mut c = vec![0.0_f32; N * N];
    let mut fastest = f64::INFINITY;
    for _ in 0..4 {
        let begun = Instant::now();
        matmul(MatMut::new(&mut c, N, N), Into::Set, Mat::new(&a, N, N), Mat::new(&b, N, N), Threads::All);
        fastest = fastest.min(begun.elapsed().as_secs_f64());
    }
    REACHED * 2.0 * (N * N * N) as f64 / fastest
});

pub fn plan(
    job: &Job<'_>,
    cards: &mut Cards,
    config: &RunConfig,
    lengths: Option<&Lengths>,
    dataset: Option<&Dataset>,
) -> Result<Ended, Failure> {
    let dir = config.model_dir()?;
    let (card, encoder) = cards.read(&dir)?;
    let (mut train_tokens, mut eval_tokens, mut labels) = (Vec::new(), Vec::new(), 2);
    if let (Some(lengths), Some(dataset)) = (lengths, dataset) {
        let split = if config.data.eval.is_some() {
            Split { train: (0..dataset.examples.len()).collect(), eval: Vec::new() }
        } else {
            let eval_fraction = config.data.eval_fraction.unwrap_or(prepare::DEFAULT_EVAL_FRACTION);
            Split::new(dataset, &SplitRule { eval_fraction, seed: config.run.seed, stratified: true })
        };
        let of = |which: &[usize]| which.iter().filter_map(|i| lengths.tokens.get(*i).copied()).collect();
        (train_tokens, eval_tokens) = (of(&split.train), of(&split.eval));
        labels = prepare::output_names(config.task, &dataset.labels).len();
    }
    let facts =
        Facts { card, encoder, train_tokens: &train_tokens, eval_tokens: &eval_tokens, labels, flops_per_sec: *FLOPS };
    job.payload(Payload::Plan(Arc::new(make_plan(config, &facts)?)));
    Ok(Ended::Done)
}
