//! What the server takes and says, as `OpenAPI` 3.1 has it, for the model that it serves.

use serde_json::{Value, json};

use super::routes::{CUT, MAX_TEXTS, WARNING, limits};
use crate::inspect::{Aggregation, OpenModel, Options};
use crate::task::{Reads, Targets, Task};

/// The document at `/openapi.json`.
pub fn document(model: &OpenModel, options: &Options) -> Value {
    let (asked, answered) = (reference("Request"), reference("Prediction"));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": format!("Attune: {}", model.task.title()),
            "version": env!("CARGO_PKG_VERSION"),
            "description": format!("Answers as `attune predict --json` prints them. {}", limits()),
        },
        "paths": {
            "/predict": { "post": {
                "summary": "Ask about one object or a list of objects",
                "requestBody": { "required": true, "content": content(&one_or_many(&asked)) },
                "responses": {
                    "200": {
                        "description": "One prediction, or one for each object in the order of the list",
                        "headers": {
                            CUT: {
                                "description": "How many tokens of the texts did not fit and were cut off",
                                "schema": { "type": "integer" },
                            },
                            WARNING: {
                                "description": "That the model learned from pairs of texts and is asked about one alone, \
                                                or the other way round",
                                "schema": { "type": "string" },
                            },
                        },
                        "content": content(&one_or_many(&answered)),
                    },
                    "400": refusal("What was sent cannot be read"),
                    "413": refusal("What was sent is too large"),
                    "500": refusal("The model could not answer"),
                    "503": refusal("Too many connections are open, or the server is ending"),
                },
            } },
            "/health": { "get": {
                "summary": "Whether the server answers, and what it serves",
                "responses": { "200": { "description": "It answers", "content": content(&object(&[
                    ("status", text()),
                    ("task", text()),
                    ("labels", list(&text())),
                    ("reads_pairs", json!({ "type": ["boolean", "null"] })),
                ])) } },
            } },
            "/openapi.json": { "get": {
                "summary": "This document",
                "responses": { "200": { "description": "OpenAPI 3.1", "content": content(&json!({ "type": "object" })) } },
            } },
        },
        "components": { "schemas": {
            "Request": request(model.task),
            "Prediction": object(&[("result", result(model.task, options.aggregation))]),
            "Error": object(&[("error", text())]),
        } },
    })
}

fn request(task: Task) -> Value {
    let (keys, required): (&[&str], usize) = match task.reads() {
        Reads::Question => (&["question", "context"], 2),
        Reads::Neighbours(_) => (&["text", "pair"], 2),
        Reads::Texts | Reads::Running => (&["text", "pair"], 1),
        Reads::Words => (&["text"], 1),
    };
    let properties: serde_json::Map<String, Value> = keys.iter().map(|key| ((*key).to_owned(), text())).collect();
    json!({
        "type": "object",
        "required": keys[..required],
        "properties": properties,
        "additionalProperties": true,
    })
}

/// What stands under `result`.
fn result(task: Task, aggregation: Aggregation) -> Value {
    let place = ("start", integer());
    match task.targets() {
        Targets::Class => list(&object(&[("label", text()), ("score", number())])),
        Targets::Classes => {
            let mut label = object(&[("label", text()), ("score", number())]);
            label["properties"]["applies"] = json!({
                "type": "boolean",
                "description": "Whether the score reaches the label's threshold, where the model has any",
            });
            list(&label)
        }
        Targets::Number => object(&[("value", number())]),
        Targets::Tags if aggregation == Aggregation::None => list(&object(&[
            ("entity", text()),
            ("score", number()),
            ("index", integer()),
            ("word", text()),
            place,
            ("end", integer()),
        ])),
        Targets::Tags => {
            list(&object(&[("entity_group", text()), ("score", number()), ("word", text()), place, ("end", integer())]))
        }
        Targets::Span => list(&object(&[("answer", text()), ("score", number()), place, ("end", integer())])),
        Targets::Hidden => list(&list(&object(&[
            ("token", integer()),
            ("token_str", text()),
            ("score", number()),
            ("sequence", text()),
        ]))),
        Targets::Replaced => {
            list(&object(&[("token", text()), ("score", number()), ("replaced", json!({ "type": "boolean" }))]))
        }
    }
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn content(schema: &Value) -> Value {
    json!({ "application/json": { "schema": schema } })
}

fn refusal(description: &str) -> Value {
    json!({ "description": description, "content": content(&reference("Error")) })
}

fn one_or_many(schema: &Value) -> Value {
    json!({ "oneOf": [schema, { "type": "array", "maxItems": MAX_TEXTS, "items": schema }] })
}

fn object(fields: &[(&str, Value)]) -> Value {
    let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    let properties: serde_json::Map<String, Value> =
        fields.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    json!({ "type": "object", "required": names, "properties": properties })
}

fn list(items: &Value) -> Value {
    json!({ "type": "array", "items": items })
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn number() -> Value {
    json!({ "type": "number" })
}

fn integer() -> Value {
    json!({ "type": "integer" })
}
