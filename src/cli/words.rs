//! `attune words`: which words of a file push a model towards each of its outputs, as the window shows it.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::data::{Columns, Drawn, warn_of_rows};
use super::output::{plural, print_json, print_lines};
use crate::analysis::words::{LEAST, Order, Question, ROWS, Told, Words};
use crate::batch::destination;
use crate::files::csv::csv;
use crate::files::write_atomically;
use crate::hub::embedded;
use crate::inspect::why::Pull;
use crate::model::read_config;
use crate::task::{Reads, Task};
use crate::train::learned::{self, LearnedKept};

#[derive(Debug, Args)]
pub struct WordsOf {
    /// A model's folder, a run, an adapter, or embedded, embedded:names or embedded:answers for one inside the program
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// A file with texts, and with labels where it has them
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    /// classify, multilabel, regress or ner; without it the model's architectures decide
    #[arg(long, value_parser = super::data::task)]
    task: Option<Task>,
    #[command(flatten)]
    columns: Columns,
    /// Attribution method
    #[arg(long, value_enum, default_value = "gradient-input")]
    method: MethodName,
    /// Maximum number of rows, sampled by class
    #[arg(long, value_name = "N", default_value_t = ROWS as u64, value_parser = clap::value_parser!(u64).range(1..))]
    rows: u64,
    #[command(flatten)]
    drawn: Drawn,
    /// Minimum number of texts with the word
    #[arg(long, value_name = "N", default_value_t = LEAST)]
    least: u32,
    /// Sort order
    #[arg(long, value_parser = order(), default_value = Order::default().name())]
    sort: Order,
    /// The class, label or tag that words push to. Default: each
    #[arg(long, value_name = "LABEL")]
    target: Option<String>,
    /// Maximum number of words per label. Default: 20 as text, otherwise all
    #[arg(long, value_name = "N")]
    most: Option<usize>,
    /// Output CSV: a row for each word and label
    #[arg(long, value_name = "FILE.csv", conflicts_with = "json", value_parser = super::data::csv_file)]
    out: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum MethodName {
    GradientInput,
    Occlusion,
}

/// An order by its name.
fn order() -> impl TypedValueParser<Value = Order> {
    let named = |name: String| Order::ALL.into_iter().find(|order| order.name() == name).unwrap_or_default();
    PossibleValuesParser::new(Order::ALL.map(Order::name)).map(named)
}

/// The words of each output.
type Lists = Vec<(usize, Vec<Told>)>;
/// Words of each output where they are printed for people.
const PRINTED: usize = 20;

impl WordsOf {
    pub fn run(self) -> anyhow::Result<()> {
        let model = embedded::resolve(&self.model)?;
        let table = Arc::new(self.columns.table(&self.data)?);
        if let Some(out) = &self.out {
            let inputs = [destination::of_table(&table), destination::of_model(&self.model)].concat();
            destination::check(out, &inputs)?;
        }
        let own = read_config(&model)?.task().filter(|task| task.reads() != Reads::Running);
        let (data, columns) = self.columns.dataset_of(table, self.task.or(own), Some(&model))?;
        warn_of_rows(&data);
        let question = Question {
            wanted: self.drawn.of(self.rows, model, Arc::new(data)),
            by: match self.method {
                MethodName::GradientInput => Pull::GradientInput,
                MethodName::Occlusion => Pull::Occlusion,
            },
        };
        let go_on = &mut |_: &str, _: u64, _: u64| ControlFlow::Continue(());
        let found = learned::words(&question, &LearnedKept::default(), go_on)?;
        let found = found.context("the computation was stopped")?;
        let lists = self.lists(&found)?;
        columns.tell();
        if lists.iter().all(|(_, list)| list.is_empty()) {
            let most = found.words.iter().map(|word| word.rows).max().unwrap_or(0);
            let texts = plural(self.least as usize, "text", "texts");
            eprintln!("attune: warning: no word stands in {texts} or more; --least {most} and below finds some");
        }
        for note in found.notes() {
            eprintln!("attune: warning: {note}");
        }
        if self.json {
            return print_json(&self.facts(&found, &lists));
        }
        let Some(out) = &self.out else { return print_lines(&self.lines(&found, &lists)) };
        let rows = csv(&found.table(&lists));
        write_atomically(out, |file| file.write_all(rows.as_bytes()))
            .with_context(|| format!("cannot write \"{}\"", out.display()))
    }

    fn lists(&self, found: &Words) -> anyhow::Result<Lists> {
        let outputs: Vec<usize> = match &self.target {
            None => (0..found.outputs.len()).collect(),
            Some(name) => {
                let known = || found.outputs.iter().map(|one| one.name.as_str()).collect::<Vec<_>>().join(", ");
                let place = found.outputs.iter().position(|one| one.name == *name);
                let Some(place) = place else { bail!("there is no \"{name}\" to push to, expected {}", known()) };
                vec![place]
            }
        };
        let most = self.most.unwrap_or(if self.json || self.out.is_some() { usize::MAX } else { PRINTED });
        let list = |output: usize| {
            let mut list = found.listed(output, self.least, self.sort);
            list.truncate(most);
            (output, list)
        };
        Ok(outputs.into_iter().map(list).collect())
    }

    fn facts(&self, found: &Words, lists: &Lists) -> Value {
        let paired = found.is_paired();
        let word = |told: &Told| {
            let word = &found.words[told.word];
            let mut facts = json!({
                "word": word.text, "rows": told.rows, "times": word.times, "mean": told.mean,
                "low": told.interval.map(|ends| ends.0), "high": told.interval.map(|ends| ends.1),
                "total": told.total, "expected": told.labels, "surprise": told.surprise,
            });
            if let Value::Object(facts) = &mut facts
                && paired
            {
                facts.insert("sequence".into(), json!(word.sequence));
            }
            facts
        };
        let output = |(output, list): &(usize, Vec<Told>)| {
            json!({
                "label": found.outputs[*output].name,
                "labelled": found.labels.of(*output),
                "words": list.iter().map(word).collect::<Vec<_>>(),
            })
        };
        json!({
            "task": found.task,
            "method": found.by.method(),
            "rows": found.rows,
            "of": found.among,
            "in_training": found.training.as_ref().and_then(|training| training.rows.as_ref().ok()),
            "seed": self.drawn.seed,
            "least": self.least,
            "sort": self.sort.name(),
            "interval": "normal 95 %",
            "truncated": found.cut,
            "max_tokens": found.max_tokens,
            "labels": lists.iter().map(output).collect::<Vec<_>>(),
        })
    }

    fn lines(&self, found: &Words, lists: &Lists) -> Vec<String> {
        let mut lines = vec![format!(
            "{} over {}, words in {} and more",
            found.by.method().title(),
            plural(found.rows, "row", "rows"),
            plural(self.least as usize, "text", "texts"),
        )];
        for (output, list) in lists {
            lines.push(String::new());
            lines.push(format!("towards {}", found.outputs[*output].name));
            lines.push(format!(
                "{:<20}{:>7}{:>10}{:>22}{:>10}{:>10}{:>10}",
                "word", "rows", "mean", "95 % interval", "total", "expected", "surprise"
            ));
            lines.extend(list.iter().map(|told| line(found, told)));
        }
        lines
    }
}

fn line(found: &Words, told: &Told) -> String {
    let name = found.shown(told.word);
    let interval = told.interval.map_or_else(String::new, |(low, high)| format!("{low:+.3} to {high:+.3}"));
    let number = |value: Option<f64>| value.map_or_else(String::new, |value| format!("{value:+.2}"));
    let (mean, total) = (format!("{:+.3}", told.mean), format!("{:+.1}", told.total));
    let (expected, surprise) = (number(told.labels), number(told.surprise));
    format!("{name:<20}{:>7}{mean:>10}{interval:>22}{total:>10}{expected:>10}{surprise:>10}", told.rows)
}
