//! `attune drift`: what fine-tuning changed between two models of one shape.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::output::{grouped, plural, print_json, print_lines};
use super::predict::tell_columns;
use crate::analysis::drift::{Called, Divergence, Drift, Heads, SLOTS, Sample, drift, percent};
use crate::analysis::sample::of_places;
use crate::batch::{By, How, Item, Texts, texts};
use crate::hub::embedded;
use crate::inspect::{OpenModel, Pooling, Request};
use crate::table::Inputs;
use crate::task::Task;
use crate::train::columns::Learned;
use crate::train::run;
use crate::words::noun;

#[derive(Debug, Args)]
pub struct DriftBetween {
    /// The first model: its folder, a run, an adapter, or embedded, embedded:names or embedded:answers for one inside the program
    #[arg(long, value_name = "DIR")]
    before: PathBuf,
    /// The second model
    #[arg(long, value_name = "DIR")]
    after: PathBuf,
    /// A file with texts
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    /// The task to read the file for. Default: that of the second model, or of the first
    #[arg(long, value_parser = super::data::task)]
    task: Option<Task>,
    /// What an example of CKA is: a token, or a text by the state of its first token or by the mean over its tokens
    #[arg(long, value_enum, default_value = "tokens")]
    states: States,
    /// Compare over so many rows, drawn by the seed. Default: all
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    rows: Option<u64>,
    /// The seed by which rows are drawn
    #[arg(long, value_name = "N", default_value_t = 42)]
    seed: u64,
    /// Maximum tokens of a text, special ones included. Default: as many as both models take
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(3..))]
    max_tokens: Option<u64>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum States {
    Tokens,
    First,
    Mean,
}

impl States {
    fn pooling(self) -> Option<Pooling> {
        match self {
            Self::Tokens => None,
            Self::First => Some(Pooling::First),
            Self::Mean => Some(Pooling::Mean),
        }
    }

    fn name(pooled: Option<Pooling>) -> &'static str {
        match pooled {
            None => "tokens",
            Some(Pooling::First) => "first",
            Some(Pooling::Mean) => "mean",
        }
    }
}

/// How often a person is told how far it is.
const OFTEN: Duration = Duration::from_secs(10);

impl DriftBetween {
    pub fn run(self) -> anyhow::Result<()> {
        let [before, after] = [opened(&self.before)?, opened(&self.after)?];
        let own = |model: &OpenModel| model.model.config.task();
        let task = self.task.or_else(|| own(&after)).or_else(|| own(&before)).unwrap_or(Task::Classify);
        let learned = Learned::of(&after.dir).or_else(|| Learned::of(&before.dir));
        let input = Inputs::from(&self.data);
        let read = texts::read(Some(&input), task, How::Table, By { chosen: None, learned: learned.as_ref() })?;
        let columns = (read.name.clone(), read.columns.clone(), read.missing.clone());
        let (places, texts): (Vec<String>, Vec<Request>) = self.texts(read)?.into_iter().unzip();
        let max_tokens = self.max_tokens.map(|tokens| tokens as usize);
        let sample = Sample { texts: texts.into(), pooled: self.states.pooling(), max_tokens };
        let mut told = Instant::now();
        let mut go_on = |done: usize, total: usize| {
            if told.elapsed() > OFTEN {
                told = Instant::now();
                eprintln!("attune: {} of {} texts", grouped(done as u64), grouped(total as u64));
            }
            ControlFlow::Continue(())
        };
        let Some(found) = drift(&before, &after, &sample, &mut go_on)? else { return Ok(()) };
        tell_columns(&columns.0, columns.1.as_deref(), &columns.2);
        if self.json {
            return print_json(&self.facts(&found, &places));
        }
        for note in &found.notes {
            eprintln!("attune: note: {note}");
        }
        print_lines(&told_to_people(&found))
    }

    /// The texts that are compared over, each with its place in the file.
    fn texts(&self, read: Texts) -> anyhow::Result<Vec<(String, Request)>> {
        let Texts { name, items, .. } = read;
        let (mut rows, mut left_out) = (Vec::new(), 0);
        for item in items {
            let Item { place, request, .. } = item?;
            match request {
                Ok(request) if !request.text.trim().is_empty() => rows.push((place, request)),
                _ => left_out += 1,
            }
        }
        if rows.is_empty() {
            bail!("{name} has no text to compare the models over");
        }
        if left_out > 0 {
            let were = noun(left_out, "was", "were");
            let rows = plural(left_out, "row", "rows");
            eprintln!("attune: warning: {rows} of {name} without a text {were} left out");
        }
        let count = self.rows.map_or(rows.len(), |rows| rows as usize);
        let mut taken = of_places(rows.len(), count, self.seed).into_iter().peekable();
        let is_taken = |(place, row)| taken.next_if_eq(&place).map(|_| row);
        Ok(rows.into_iter().enumerate().filter_map(is_taken).collect())
    }

    fn facts(&self, found: &Drift, places: &[String]) -> Value {
        let layer = |(layer, cka): (usize, &Option<f64>)| json!({ "layer": layer, "cka": cka });
        let heads = found.heads.as_ref();
        json!({
            "before": self.before,
            "after": self.after,
            "texts": found.texts,
            "tokens": found.tokens,
            "states": States::name(found.pooled),
            "layers": found.layers.iter().enumerate().map(layer).collect::<Vec<_>>(),
            "unit": "bits",
            "heads": heads.map(|heads| square(heads, |head| json!(head.mean()))),
            "shown_by": heads.map(|heads| square(heads, |head| json!(head.most.and_then(|(text, _)| places.get(text))))),
            "weights": found.weights.both.iter().map(|weight| json!({
                "name": weight.name,
                "stored_name": weight.stored_name,
                "shape": weight.shape,
                "relative_change": weight.change,
            })).collect::<Vec<_>>(),
            "not_compared": { "before": found.weights.apart[0], "after": found.weights.apart[1] },
            "said": found.said(Called::AsWeights),
            "notes": found.notes,
        })
    }
}

fn opened(named: &Path) -> anyhow::Result<OpenModel> {
    let dir = run::model_folder(&embedded::resolve(named)?);
    OpenModel::open_whole(&dir).with_context(|| format!("cannot open \"{}\"", named.display()))
}

/// Something of every head: a list for each layer.
fn square(heads: &Heads, of: impl Fn(&Divergence) -> Value) -> Vec<Vec<Value>> {
    heads.each.chunks(heads.heads.max(1)).map(|layer| layer.iter().map(&of).collect()).collect()
}

fn told_to_people(found: &Drift) -> Vec<String> {
    let example = match found.pooled {
        None => "each token an example of CKA",
        Some(Pooling::First) => "each text an example of CKA by its first token",
        Some(Pooling::Mean) => "each text an example of CKA by the mean over its tokens",
    };
    let mut lines = vec![
        format!("{}, {} tokens, {example}", plural(found.texts, "text", "texts"), grouped(found.tokens)),
        String::new(),
    ];
    let dashed = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
    // States are those after so many layers; heads and weights have the names of their layers, which begin at 0.
    lines.push(format!("{:<22}{:>8}", "states after layers", "CKA"));
    for (place, cka) in found.layers.iter().enumerate() {
        let name = if place == 0 { "0, the embeddings".to_owned() } else { place.to_string() };
        lines.push(format!("{name:<22}{:>8}", dashed(cka.map(|cka| format!("{cka:.4}")))));
    }
    if let Some(heads) = &found.heads {
        lines.push(String::new());
        let head = (0..heads.heads).map(|head| format!("{head:>8}")).collect::<String>();
        lines.push(format!("{:<12}{head}", "heads, bits"));
        for (layer, values) in heads.each.chunks(heads.heads.max(1)).enumerate() {
            let values = values.iter().map(|head| format!("{:>8.4}", head.mean())).collect::<String>();
            lines.push(format!("{:<12}{values}", format!("layers.{layer}")));
        }
    }
    lines.push(String::new());
    let head = SLOTS.iter().map(|(_, words)| format!("{words:>20}")).collect::<String>();
    lines.push(format!("{:<12}{head}", "weights"));
    for layer in 0..found.layers.len().saturating_sub(1) {
        let change =
            |(slot, _): &(&str, &str)| dashed(found.moved(layer, slot).and_then(|weight| weight.change).map(percent));
        let values = SLOTS.iter().map(|slot| format!("{:>20}", change(slot))).collect::<String>();
        lines.push(format!("{:<12}{values}", format!("layers.{layer}")));
    }
    let others =
        found.weights.both.iter().filter(|weight| weight.shape.len() > 1 && !weight.name.starts_with("layers."));
    lines.extend(others.map(|weight| format!("{:<30}{:>20}", weight.name, dashed(weight.change.map(percent)))));
    lines.push(String::new());
    lines.extend(found.said(Called::AsWeights));
    lines
}
