//! `attune map`: the rows of a file as points of the plane, by their states in a model.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};

use super::data::{Columns, warn_of_rows};
use super::output::plural;
use crate::analysis::map::{About, Map, Method, Read, Watch, lay_out, rows};
use crate::analysis::pooled::{Which, once};
use crate::analysis::sample::Sampling;
use crate::analysis::training_set::TrainingSet;
use crate::batch::destination;
use crate::data::{Dataset, Roles, guess_task};
use crate::files::csv::csv;
use crate::files::write_atomically;
use crate::hub::embedded;
use crate::inspect::{OpenModel, Plane, Pooling};
use crate::table::Table;
use crate::task::{Reads, Task};
use crate::train::learned::LearnedKept;

#[derive(Debug, Args)]
pub struct MapRows {
    /// A model's folder, a run, an adapter, or embedded, embedded:names or embedded:answers for one inside the program
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// A file with texts, and with labels where it has them
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    /// Output CSV with a row for each text: its line, its coordinates, its label, the model's prediction, whether its run
    /// learned from it, and the text
    #[arg(long, value_name = "FILE.csv", value_parser = super::data::csv_file)]
    out: PathBuf,
    /// The layer whose states are projected; 0 for the embeddings. Default: the last
    #[arg(long, value_name = "N")]
    layer: Option<usize>,
    /// Projection method
    #[arg(long, value_enum, default_value = "pca")]
    method: MethodName,
    /// Pooling of a text's token states
    #[arg(long, value_enum, default_value = "mean")]
    pooling: PoolingName,
    /// Neighbours of a row: for umap how many, the row itself among them, default 15; for tsne the perplexity, default 30
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(2..=1000))]
    neighbors: Option<u64>,
    /// The same seed gives the same map
    #[arg(long, value_name = "N", default_value_t = 42)]
    seed: u64,
    /// What the file is read for. Default: the task of the model's architecture, or what the file seems to be for
    #[arg(long, value_parser = super::data::task)]
    task: Option<Task>,
    #[command(flatten)]
    columns: Columns,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum MethodName {
    Pca,
    Umap,
    Tsne,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum PoolingName {
    First,
    Mean,
}

impl MapRows {
    pub fn run(self) -> anyhow::Result<()> {
        let mut model = OpenModel::open_whole(&embedded::resolve(&self.model)?)?;
        let last = model.model.config.num_hidden_layers;
        let layer = self.layer.unwrap_or(last);
        if layer > last {
            bail!("there is no layer {layer} in \"{}\", expected 0 to {last}", self.model.display());
        }
        for misfit in model.tokenizer.misfits(model.model.config.vocab_size, &model.model.config.special_ids()) {
            eprintln!("attune: warning: {misfit}");
        }
        let table = Arc::new(self.columns.table(&self.data)?);
        let inputs = [destination::of_table(&table), destination::of_model(&self.model)].concat();
        destination::check(&self.out, &inputs)?;
        // A model of masked words says nothing of what a file is for, and its labels are to be seen all the same.
        let own = model.heads.first().copied().filter(|task| task.reads() != Reads::Running);
        let task = self.task.or(own).unwrap_or_else(|| guess_task(&table, &Roles::guess(&table, Task::Classify)));
        let (roles, columns) = self.columns.read(&table, task, Some(&model.dir));
        let data = all_rows(&table, &roles, task)?;
        warn_of_rows(&data);
        let pooling = self.pooling();
        let data = Arc::new(data);
        let wanted = Sampling::all(model.dir.clone(), data.clone());
        let which = Which::Plane(Plane { pooling, layer });
        let pooled = once(&mut model, &wanted, which, &mut |_, _, _| ControlFlow::Continue(()))?;
        let read = Arc::new(Read::of(pooled.context("the computation was stopped")?, pooling));
        if read.cut > 0 {
            eprintln!("attune: warning: {} truncated to fit the model", plural(read.cut, "text was", "texts were"));
        }
        if let Some(reason) = model.refused.as_ref().filter(|_| task.is_of_whole_texts()) {
            eprintln!("attune: warning: nothing is predicted: {reason}");
        }
        let about = self.about(layer, data.examples.len());
        let texts: Vec<_> = (0..data.examples.len()).map(|example| data.readable(example)).collect();
        let map = lay_out(&read, about, texts.iter().map(|text| &**text), &mut Quiet)
            .context("the computation was stopped")?;
        let training = LearnedKept::default().training_set(&model.dir, &data);
        write(&self.out, &map, &data, training.as_ref())?;
        columns.tell();
        self.tell(&map);
        if let Some(training) = training {
            eprintln!("attune: {}", training.among(0..data.examples.len()).said());
        }
        Ok(())
    }

    fn pooling(&self) -> Pooling {
        match self.pooling {
            PoolingName::First => Pooling::First,
            PoolingName::Mean => Pooling::Mean,
        }
    }

    fn about(&self, layer: usize, texts: usize) -> About {
        let method = match self.method {
            MethodName::Pca => Method::Pca,
            MethodName::Umap => Method::Umap,
            MethodName::Tsne => Method::Tsne,
        };
        let neighbors = self.neighbors.map_or_else(|| method.usual_neighbors(), |neighbors| neighbors as usize);
        if method != Method::Pca && neighbors >= texts {
            let texts = plural(texts, "text", "texts");
            eprintln!("attune: warning: there are only {texts}, so each has fewer neighbours than {neighbors}");
        }
        About { layer, method, neighbors, seed: self.seed }
    }

    /// What was written, and how far to believe it.
    fn tell(&self, map: &Map) {
        let About { layer, method, .. } = map.about;
        let pooling = match map.read.pooling {
            Pooling::First => "the first token",
            Pooling::Mean => "the mean over all tokens",
        };
        let last = map.read.layers - 1;
        eprintln!(
            "attune: {} laid out by {} from layer {layer} of {last}, {pooling}, in \"{}\"",
            plural(map.points.len(), "text", "texts"),
            method.title(),
            self.out.display()
        );
        let trust = map.trust;
        if trust.neighbors == 0 {
            eprintln!("attune: how far to believe the map cannot be measured on so few texts");
            return;
        }
        eprintln!(
            "attune: trustworthiness {:.4} by {}, measured on {}",
            trust.value,
            plural(trust.neighbors, "neighbour", "neighbours"),
            plural(trust.measured_on, "text", "texts")
        );
    }
}

struct Quiet;

impl Watch for Quiet {
    fn go_on(&mut self, _: &'static str, _: usize, _: usize) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// All rows with a text. Rows that lack a label are no examples to learn from, but they are rows: where there are such, all
/// are read without labels and those that have one are given theirs.
fn all_rows(table: &Arc<Table>, roles: &Roles, task: Task) -> anyhow::Result<Dataset> {
    let plain = Roles { label: None, tags: None, answers: None, ..roles.clone() };
    let mut all = Dataset::new(table.clone(), task, &plain, None)?;
    let Ok(labelled) = Dataset::new(table.clone(), task, roles, None) else { return Ok(all) };
    let mut given = labelled.examples.into_iter().peekable();
    for example in &mut all.examples {
        if let Some(own) = given.next_if(|own| own.row == example.row) {
            example.target = own.target;
        }
    }
    all.labels = labelled.labels;
    Ok(all)
}

fn write(path: &Path, map: &Map, data: &Dataset, training: Option<&TrainingSet>) -> anyhow::Result<()> {
    let table = csv(&rows::table(map, data, training));
    write_atomically(path, |file| file.write_all(table.as_bytes()))
        .with_context(|| format!("cannot write \"{}\"", path.display()))
}
