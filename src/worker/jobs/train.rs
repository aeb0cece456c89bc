//! Training, and the plan before it.

use std::path::Path;
use std::sync::Arc;

use super::job::{Ended, Job};
use super::kept::{Card, Last, read_card};
use crate::data::Fold;
use crate::data::choices::Exclude;
use crate::model::{self, EncoderConfig};
use crate::text::features::window_lengths;
use crate::text::{Length, Tokenizer};
use crate::train::config::RunConfig;
use crate::train::event::TrainEvent;
use crate::train::folds;
use crate::train::opened;
use crate::train::plan::{Facts, PlanSummary, Shape, flops_per_sec, plan as make_plan};
use crate::train::prepare::{self, open_model};
use crate::train::recommend;
use crate::train::rows;
use crate::train::run::{self, Opened, Recorder, RunStatus};
use crate::train::teacher::{self, Wanted};
use crate::train::{TrainError, make_fit, precision, preflight, prepare as prepare_data, student_shape, train_from};
use crate::worker::protocol::{EventKind, Lengths, LoadedDataset, Payload};
use crate::worker::work::Failure;

/// Goes on with the run in a folder.
pub fn resume(job: &Job<'_>, dir: &Path) -> Result<Ended, Failure> {
    train(job, &run::kept_config(dir)?, true)
}

pub fn train(job: &Job<'_>, config: &RunConfig, resume: bool) -> Result<Ended, Failure> {
    if config.run.folds > 0 { in_folds(job, config, resume) } else { one(job, config, resume) }
}

/// A run for each fold, one after the other, and then what they come to together. What is done already stays.
fn in_folds(job: &Job<'_>, config: &RunConfig, resume: bool) -> Result<Ended, Failure> {
    config.check()?;
    if !resume {
        run::check_folder(config, false)?;
    }
    folds::begin(config)?;
    for number in 1..=config.run.folds {
        let own = folds::of_fold(config, number);
        let begun = run::status(&own.run.out);
        if begun == Some(RunStatus::Finished) {
            continue;
        }
        if let Ended::Stopped = one(job, &own, begun.is_some())? {
            return Ok(Ended::Stopped);
        }
    }
    if job.progress("putting the folds together", 0, 0).is_break() {
        return Ok(Ended::Stopped);
    }
    folds::gather(config)?;
    // What is a warning of all folds was told with each of them.
    let is_new = |event: &TrainEvent| !matches!(event, TrainEvent::Warning { .. });
    for event in run::read(&config.run.out)?.events.into_iter().filter(is_new) {
        job.send(EventKind::Train(Box::new(event)));
    }
    Ok(Ended::Done)
}

fn one(job: &Job<'_>, config: &RunConfig, resume: bool) -> Result<Ended, Failure> {
    let goes_on = run::check_folder(config, resume)?;
    let config = &if goes_on { run::as_it_began(config)? } else { config.clone() };
    precision::check(config)?;
    let on_progress = &mut |what: &str, done, total| job.progress(what, done, total);
    let prepared = job.control.heeding(|| prepare_data(config, on_progress)).unwrap_or(Ok(None))?;
    let Some(mut data) = prepared else { return Ok(Ended::Stopped) };
    let config = &data.settled(config)?;
    if job.progress("opening the model", 0, 0).is_break() {
        return Ok(Ended::Stopped);
    }
    let device = prepare::device(config.run.device)?;
    let (model, report) = open_model(config, &data.labels, &device)?;
    data.warnings.extend(opened::words(config, &data.labels, &model, &report)?);
    preflight(config, goes_on, &mut data, &model)?;
    let Opened { folder, checkpoint, history } = run::open(config, goes_on, &data, &model)?;
    for event in history {
        job.send(EventKind::Train(Box::new(event)));
    }
    let mut recorder = Recorder {
        folder,
        data: &data,
        on_event: &mut |event| {
            // That one of several folds is finished is not that the run is.
            if config.data.fold.is_none() || !matches!(event, TrainEvent::Finished(_)) {
                job.send(EventKind::Train(Box::new(event)));
            }
        },
        on_pause: &mut || job.go_on(),
        is_paused: &|| job.is_paused(),
        orders: &mut || job.control.take_orders(),
        interrupt: &|| job.control.interrupt(),
    };
    let outcome = train_from(checkpoint.as_ref(), &model, &data, config, &mut recorder)?;
    Ok(if outcome.stopped { Ended::Stopped } else { Ended::Done })
}

/// What a run comes to; where it does not fit, what would make it fit follows.
pub fn plan(
    job: &Job<'_>,
    cards: &mut Last<Card>,
    config: &RunConfig,
    texts: Option<(&Lengths, &LoadedDataset)>,
    limit: Option<u64>,
) -> Result<Ended, Failure> {
    let dir = config.model_dir()?;
    // A student is cut when its run begins, and planned by the shape that it will have.
    let cut = student_shape(config)?;
    let encoder = match &cut {
        Some(shape) => shape,
        None => &read_card(cards, &dir)?.1,
    };
    check_teacher(config, &dir, texts.map(|(_, loaded)| loaded))?;
    let plan = planned(config, encoder, texts)?;
    job.payload(Payload::Plan(Arc::new(plan.clone())));
    let known = make_fit::Known {
        config: &settled(config, &plan),
        plan: &plan,
        tokens: texts.map_or(&[], |(lengths, _)| &lengths.tokens),
        layers: encoder.stored_layers(),
        takes_adapters: !model::adapter::is_one(&dir),
        limit,
    };
    let again = |config: &RunConfig| planned(config, encoder, texts);
    job.payload(Payload::Offers(Arc::new(make_fit::offers(&known, &again))));
    Ok(Ended::Done)
}

/// Refuses a teacher before the run does.
fn check_teacher(config: &RunConfig, student: &Path, loaded: Option<&LoadedDataset>) -> Result<(), TrainError> {
    let (Some(distill), Some(loaded)) = (&config.distill, loaded) else { return Ok(()) };
    let own = distill.layers.is_none().then(|| Tokenizer::open(&model::tokenizer_folder(student))).transpose()?;
    let shape = distill.layers.is_none().then(|| model::read_config(student)).transpose()?;
    let labels = prepare::output_names(config.task, &loaded.dataset.labels);
    let has_pairs = loaded.dataset.roles.pair.is_some();
    config.check()?;
    teacher::facts(config, distill, Wanted { labels: &labels, student: own.as_ref().zip(shape.as_ref()), has_pairs })
        .map(drop)
}

/// A configuration with the values that its plan has; what was left open stays open for others.
fn settled(config: &RunConfig, plan: &PlanSummary) -> RunConfig {
    let mut settled = config.clone();
    plan.settings.fill(&mut settled);
    settled
}

fn planned(
    config: &RunConfig,
    encoder: &EncoderConfig,
    texts: Option<(&Lengths, &LoadedDataset)>,
) -> Result<PlanSummary, TrainError> {
    let (mut train, mut eval, mut labels) = (Sequences::default(), Sequences::default(), 2);
    let config = &mut config.clone();
    if let Some((lengths, loaded)) = texts {
        let first = (config.run.folds > 0).then_some(Fold { number: 1, of: config.run.folds });
        let fold = config.data.fold.or(first);
        let asked = recommend::rows_asked(&loaded.split, fold);
        let tokens = asked.iter().filter_map(|example| lengths.tokens.get(*example).copied()).collect();
        let most = lengths.allowed.unwrap_or(usize::MAX).min(encoder.max_tokens());
        recommend::fill_length(config, tokens, most);
        let limit = config.data.max_tokens.min(encoder.max_tokens());
        let learned = rows::learned(config, &loaded.dataset, &loaded.split.train);
        train = Sequences::of(config, lengths, &learned, limit);
        if loaded.eval.is_none() {
            eval = Sequences::of(config, lengths, &loaded.split.eval, limit);
        }
        let once = || Sequences::of(config, lengths, &loaded.split.train, limit).tokens.len();
        let in_folds = fold.map(|fold| recommend::of_one_fold(once() + eval.tokens.len(), fold));
        recommend::fill(config, in_folds.unwrap_or(train.tokens.len()), encoder.hidden_size);
        labels = prepare::output_names(config.task, &loaded.dataset.labels).len();
    }
    let flops_per_sec = flops_per_sec();
    let facts = Facts { encoder, train_tokens: &train.tokens, eval_tokens: &eval.tokens, labels, flops_per_sec };
    let plan = make_plan(config, &facts)?;
    Ok(match Shape::of(config) {
        // What a person counts are the texts, however many windows they come to.
        Shape::Cut | Shape::Windows => PlanSummary {
            train_examples: train.examples,
            eval_examples: eval.examples,
            windowed: train.windowed + eval.windowed,
            ..plan
        },
        Shape::Blocks | Shape::Chunks => plan,
    })
}

/// What examples come to once they are cut or laid in windows.
#[derive(Default)]
struct Sequences {
    examples: usize,
    /// Examples of more than one window.
    windowed: usize,
    /// Of each sequence; texts that will be cut are still whole.
    tokens: Vec<u32>,
}

impl Sequences {
    fn of(config: &RunConfig, lengths: &Lengths, which: &[usize], limit: usize) -> Self {
        let mut sequences = Self::default();
        let leave_out = config.data.exclude.contains(&Exclude::OverLong);
        let in_windows = Shape::of(config) == Shape::Windows;
        let length = Length { max_tokens: limit, stride: config.data.stride };
        for (&tokens, &fixed) in which.iter().filter_map(|i| Some((lengths.tokens.get(*i)?, lengths.fixed.get(*i)?))) {
            if in_windows {
                let parts = window_lengths(tokens as usize, fixed as usize, lengths.specials, length);
                sequences.windowed += usize::from(parts.len() > 1);
                sequences.tokens.extend(parts.into_iter().map(|tokens| tokens as u32));
            } else if leave_out && tokens as usize > limit {
                continue;
            } else {
                sequences.tokens.push(tokens);
            }
            sequences.examples += 1;
        }
        sequences
    }
}
