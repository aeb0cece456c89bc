//! `attune explain`: why a model says what it says of one text, as the window shows it.

use std::ops::ControlFlow;
use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::nearest::{Beside, Found};
use super::output::{print_json, print_lines, warn_of_cut};
use crate::hub::embedded;
use crate::inspect::why::{
    Asked, Baseline, Curve, Explain, Explanation, Hide, Map, Method, Place, Scene, Target, Trial,
};
use crate::inspect::{OpenModel, Request};
use crate::task::Task;
use crate::train::columns::informed;

#[derive(Debug, Args)]
pub struct ExplainAnswer {
    /// A model's folder, a run, an adapter, or embedded, embedded:names or embedded:answers for one inside the program
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// classify, multilabel, regress, ner, qa, mlm, nsp, sop or rtd; without it the model's architectures decide
    #[arg(long, value_parser = super::data::task)]
    task: Option<Task>,
    /// The text, or a question
    #[arg(long, visible_alias = "question", value_name = "S")]
    text: String,
    /// The second text, or a question's context
    #[arg(long, visible_alias = "context", value_name = "S")]
    pair: Option<String>,
    /// What is explained: a class, a tag, the word behind a mask; of an answer its start, its end or answer for both.
    /// Without it, what the model says
    #[arg(long, value_name = "LABEL")]
    target: Option<String>,
    /// The word whose tag, mask or part of an answer is meant: the word itself, or its characters as START-END
    #[arg(long, value_name = "WORD")]
    at: Option<String>,
    /// Attribution method
    #[arg(long, value_enum, default_value = "integrated-gradients")]
    method: MethodName,
    /// Baseline of integrated gradients
    #[arg(long, value_enum, default_value = "mask")]
    baseline: BaselineName,
    /// Maximum number of integration steps
    #[arg(long, value_name = "N", default_value_t = Explain::STEPS as u64, value_parser = clap::value_parser!(u64).range(4..=4096))]
    steps: u64,
    /// How words are hidden: each piece replaced by the mask token, or removed
    #[arg(long, value_enum, default_value = "mask")]
    hide: HideName,
    /// A file with rows such as the model was trained with, of which the nearest to the text are listed
    #[arg(long, value_name = "DATA")]
    nearest: Option<PathBuf>,
    /// The layer whose states are compared; 0 for the embeddings. Default: the last
    #[arg(long, value_name = "N", requires = "nearest")]
    layer: Option<usize>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum MethodName {
    GradientInput,
    IntegratedGradients,
    Occlusion,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum BaselineName {
    Mask,
    Pad,
    Zero,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum HideName {
    Mask,
    Remove,
}

impl ExplainAnswer {
    pub fn run(self) -> anyhow::Result<()> {
        let dir = embedded::resolve(&self.model)?;
        let mut model = informed(OpenModel::open(&dir, self.task)?);
        let place = self.at.as_deref().map(|at| self.place(at, model.task)).transpose()?;
        let target = Target { place, label: self.target.clone() };
        let asked = Asked { task: None, text: self.text.clone(), pair: self.pair.clone(), target };
        let (method, baseline, hide) = (self.method(), self.baseline(), self.hide());
        let explain = Explain { asked, method, baseline, steps: self.steps as usize, hide };
        let misfit = model.misfit(&Request { text: self.text.clone(), pair: self.pair.clone() });
        let go_on = &mut |_: usize, _: usize| ControlFlow::Continue(());
        let stopped = || anyhow::anyhow!("the computation was stopped");
        let scene = Scene::open(&mut model, &explain.asked, go_on)?.ok_or_else(stopped)?;
        let explained = &scene.explained;
        warn_of_cut("", explained.cut);
        if let Some(misfit) = misfit {
            eprintln!("attune: warning: {misfit}");
        }
        if explained.elsewhere > 0 {
            eprintln!(
                "attune: warning: {} tokens stand in other windows and are not explained by",
                explained.elsewhere
            );
        }
        let explanation = scene.explain(&explain, go_on)?.ok_or_else(stopped)?;
        let trial = scene.trial(std::slice::from_ref(&explanation.map.words), hide, go_on)?.ok_or_else(stopped)?;
        let nearest = self.nearest.as_deref().map(|data| {
            let beside = Beside { dir: &dir, data, layer: self.layer, asked: &explain.asked };
            beside.find(&mut model)
        });
        let nearest = nearest.transpose()?;
        if self.json {
            let mut facts = facts(&explanation, &trial);
            if let (Value::Object(facts), Some(nearest)) = (&mut facts, &nearest) {
                facts.insert("nearest".into(), nearest.facts());
            }
            return print_json(&facts);
        }
        let mut lines = lines(&explanation, &trial);
        lines.extend(nearest.iter().flat_map(Found::lines));
        print_lines(&lines)
    }

    fn method(&self) -> Method {
        match self.method {
            MethodName::GradientInput => Method::GradientInput,
            MethodName::IntegratedGradients => Method::IntegratedGradients,
            MethodName::Occlusion => Method::Occlusion,
        }
    }

    fn baseline(&self) -> Baseline {
        match self.baseline {
            BaselineName::Mask => Baseline::Mask,
            BaselineName::Pad => Baseline::Pad,
            BaselineName::Zero => Baseline::Zero,
        }
    }

    fn hide(&self) -> Hide {
        match self.hide {
            HideName::Mask => Hide::Mask,
            HideName::Remove => Hide::Remove,
        }
    }

    /// Where a word stands: by its characters, or the first place where its letters are. Answers stand in the context.
    fn place(&self, at: &str, task: Task) -> anyhow::Result<Place> {
        let sequence = u8::from(task.reads() == crate::task::Reads::Question);
        let text = if sequence == 1 { self.pair.as_deref().unwrap_or_default() } else { &self.text };
        let range = at.split_once('-').and_then(|(start, end)| Some((start.parse().ok()?, end.parse().ok()?)));
        if let Some((start, end)) = range {
            return Ok(Place { sequence, start, end });
        }
        let byte =
            text.find(at).with_context(|| format!("there is no \"{at}\" in the text, expected one of its words"))?;
        let start = text[..byte].chars().count();
        Ok(Place { sequence, start, end: start + at.chars().count() })
    }
}

fn facts(explanation: &Explanation, trial: &Trial) -> Value {
    let Explanation { explained, units, tokens, map } = explanation;
    let words: Vec<Value> = units
        .iter()
        .zip(&map.words)
        .map(|(unit, weight)| {
            json!({
                "word": unit.word, "sequence": unit.place.sequence,
                "start": unit.place.start, "end": unit.place.end, "weight": weight,
            })
        })
        .collect();
    let tokens: Vec<Value> =
        tokens.iter().zip(&map.tokens).map(|(token, weight)| json!({ "token": token, "weight": weight })).collect();
    let mut facts = json!({
        "task": explained.task,
        "target": explained.label,
        "at": explained.place,
        "score": explained.score,
        "probability": explained.share,
        "method": map.method,
        "words": words,
        "tokens": tokens,
    });
    let curve =
        |curve: &Curve| json!({ "comprehensiveness": curve.comprehensiveness, "sufficiency": curve.sufficiency });
    if let Value::Object(facts) = &mut facts {
        if let Some(known) = &map.completeness {
            facts.insert("gap".into(), json!(known.gap));
            facts.insert("baseline_score".into(), json!(known.baseline));
            facts.insert("steps".into(), json!(known.steps));
        }
        if let Some(own) = trial.maps.first() {
            facts.insert("comprehensiveness".into(), json!(own.comprehensiveness));
            facts.insert("sufficiency".into(), json!(own.sufficiency));
        }
        facts.insert("random".into(), curve(&trial.random));
    }
    facts
}

fn lines(explanation: &Explanation, trial: &Trial) -> Vec<String> {
    let Explanation { explained, units, map, .. } = explanation;
    let of = if explained.word.is_empty() { String::new() } else { format!(" of \"{}\"", explained.word) };
    let mut lines = vec![
        format!("{}{of}: logit {:.4}, {:.4}", explained.label, explained.score, explained.share),
        completeness(map),
    ];
    let mut order: Vec<usize> = (0..units.len()).collect();
    order.sort_by(|a, b| map.words[*b].abs().total_cmp(&map.words[*a].abs()).then(a.cmp(b)));
    let most = order.first().map_or(0.0, |unit| map.words[*unit].abs());
    for unit in order {
        let weight = map.words[unit];
        let bar = "▇".repeat((weight.abs() / most.max(f64::MIN_POSITIVE) * 20.0).round() as usize);
        lines.push(format!("{weight:>9.4}  {:<18} {bar}", units[unit].word).trim_end().to_owned());
    }
    if let Some(own) = trial.maps.first() {
        lines.push(format!(
            "comprehensiveness {:.4} (chance {:.4}), sufficiency {:.4} (chance {:.4})",
            own.comprehensiveness, trial.random.comprehensiveness, own.sufficiency, trial.random.sufficiency
        ));
    }
    lines
}

fn completeness(map: &Map) -> String {
    let title = map.method.title();
    match &map.completeness {
        Some(known) => format!("{title}, {} steps, completeness gap {:+.2e}", known.steps, known.gap),
        None => title.to_owned(),
    }
}
