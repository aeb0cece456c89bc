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
    /// Words to search the hub for; without them and without --task no request is made
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
                let mut models: Vec<Value> =
                    here(&hub).into_iter().filter(|model| suits(model, &query.text, task)).collect();
                match hub.search_models(&query, None) {
                    Ok(page) => models.extend(page.items.iter().map(found)),
                    // What is here can be named all the same.
                    Err(error) if !models.is_empty() => eprintln!("attune: warning: the hub was not searched: {error}"),
                    Err(error) => return Err(error.into()),
                }
                models
            }
        };
        if self.json {
            return print_json(&models);
        }
        print_lines(&models.iter().map(line).collect::<Vec<_>>())
    }
}

/// What is on this machine.
fn here(hub: &Hub) -> Vec<Value> {
    let embedded = Shipped::ALL.into_iter().map(inside);
    let cached = hub.cached_models().into_iter().map(
        |cached| json!({ "name": cached.name, "where": "in the cache", "revision": cached.revision, "bytes": cached.bytes }),
    );
    embedded.chain(cached).collect()
}

/// Whether a model that is here is looked for: its name has all the words, and it does the task or can learn it.
fn suits(model: &Value, words: &str, task: Option<Task>) -> bool {
    let name = model["name"].as_str().unwrap_or_default().to_lowercase();
    let does = |task: Task| model["tasks"].as_array().is_none_or(|tasks| tasks.contains(&json!(task)));
    words.to_lowercase().split_whitespace().all(|word| name.contains(word)) && task.is_none_or(does)
}

/// What can be named without asking anyone.
fn known(hub: &Hub) -> Vec<Value> {
    let listed = catalog::models().map(|known| {
        json!({
            "name": known.name, "where": "on the hub", "family": known.family,
            "parameters": (known.millions * 1e6) as u64, "languages": known.languages, "licence": known.licence,
            "good_for": known.good_for,
        })
    });
    here(hub).into_iter().chain(listed).collect()
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
    fn models_that_are_here_are_found_by_their_name_and_task() {
        let found = |words: &str, task: Option<Task>| {
            let all = Shipped::ALL.into_iter().map(inside);
            let names = all.filter(|model| suits(model, words, task)).map(|model| model["model"].clone());
            names.collect::<Vec<Value>>()
        };
        assert_eq!(found("", Some(Task::Ner)), ["embedded", "embedded:names"]);
        assert_eq!(found("Mini ANSWERS", None), ["embedded:answers"]);
        assert_eq!(found("answers", Some(Task::Ner)), [""; 0]);
    }

    #[test]
    fn a_model_is_told_in_one_line() {
        let model =
            json!({ "name": "a/b", "where": "on the hub", "parameters": 1_000, "access": "gated", "why": ["x", "y"] });
        assert_eq!(line(&model), "a/b  on the hub · 1,000 weights · gated · cannot be used: x; y");
    }
}
