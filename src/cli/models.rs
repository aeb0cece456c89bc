//! `attune models`: the models that are here, those that people fine-tune, and with words to search for those that the
//! hub finds.

use clap::Args;
use serde_json::{Value, json};

use super::data::task;
use super::output::{bytes, grouped, print_json, print_lines};
use crate::hub::embedded::Shipped;
use crate::hub::{Access, FoundModel, Hub, Query, Usable, catalog};
use crate::task::Task;

#[derive(Debug, Args)]
pub struct Models {
    /// Words to search the hub for; without them no request is made
    query: Option<String>,
    /// Only models for a task
    #[arg(long, value_parser = task)]
    task: Option<Task>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Models {
    pub fn run(self) -> anyhow::Result<()> {
        let hub = Hub::from_env();
        let models = match (&self.query, self.task) {
            (None, None) => known(&hub),
            (text, task) => {
                let query = Query { text: text.clone().unwrap_or_default(), task, ..Query::default() };
                hub.search_models(&query, None)?.items.iter().map(found).collect()
            }
        };
        if self.json {
            return print_json(&models);
        }
        print_lines(&models.iter().map(line).collect::<Vec<_>>())
    }
}

/// What can be named without asking anyone.
fn known(hub: &Hub) -> Vec<Value> {
    let embedded = Shipped::ALL.into_iter().map(inside);
    let cached = hub.cached_models().into_iter().map(
        |cached| json!({ "name": cached.name, "where": "in the cache", "revision": cached.revision, "bytes": cached.bytes }),
    );
    let listed = catalog::models().map(|known| {
        json!({
            "name": known.name, "where": "on the hub", "family": known.family,
            "parameters": (known.millions * 1e6) as u64, "languages": known.languages, "licence": known.licence,
            "good_for": known.good_for,
        })
    });
    embedded.chain(cached).chain(listed).collect()
}

/// A model inside the program, with the word that stands for its folder.
fn inside(shipped: Shipped) -> Value {
    let promise = shipped.promise();
    json!({
        "name": shipped.name(), "where": "in Attune", "usable": true, "model": shipped.word(),
        "tasks": promise.map(|promise| [promise.task]), "f1": promise.map(|promise| promise.f1),
        "measured_on": promise.map(|promise| promise.on),
    })
}

fn found(model: &FoundModel) -> Value {
    let FoundModel { about, family, parameters, weight_bytes, usable, base } = model;
    let (usable, why) = match usable {
        Usable::Yes => (json!(true), Vec::new()),
        Usable::Perhaps => (Value::Null, Vec::new()),
        Usable::No(obstacles) => (json!(false), obstacles.iter().map(ToString::to_string).collect()),
    };
    let access = match about.access {
        Access::Open => "open",
        Access::Gated | Access::GatedByHand => "gated",
        Access::Private => "private",
    };
    json!({
        "name": about.name, "where": "on the hub", "family": family, "parameters": parameters, "bytes": weight_bytes,
        "languages": about.languages, "licence": about.licence, "tasks": about.tasks, "downloads": about.downloads,
        "likes": about.likes, "access": access, "adapter_for": base, "usable": usable, "why": why,
    })
}

/// A model in one line: its name, and what is known of it.
fn line(model: &Value) -> String {
    let text = |key: &str| model[key].as_str().map(str::to_owned);
    let number = |key: &str, words: fn(u64) -> String| model[key].as_u64().map(words);
    let why = model["why"].as_array().into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>().join("; ");
    let facts = [
        text("where"),
        text("model").map(|word| format!("--model {word}")),
        model["f1"].as_f64().map(|f1| format!("F1 {f1:.1} on {}", model["measured_on"].as_str().unwrap_or_default())),
        text("family"),
        text("adapter_for").map(|base| format!("adapter for {base}")),
        number("parameters", |count| format!("{} weights", grouped(count))),
        number("bytes", bytes),
        number("downloads", |count| format!("{} downloads", grouped(count))),
        text("licence"),
        text("access").filter(|access| access != "open"),
        text("good_for"),
        (!why.is_empty()).then(|| format!("cannot be used: {why}")),
    ];
    let facts = facts.into_iter().flatten().collect::<Vec<_>>().join(" · ");
    format!("{}  {facts}", text("name").unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_told_in_one_line() {
        let model =
            json!({ "name": "a/b", "where": "on the hub", "parameters": 1_000, "access": "gated", "why": ["x", "y"] });
        assert_eq!(line(&model), "a/b  on the hub · 1,000 weights · gated · cannot be used: x; y");
    }
}
