//! What a mask is worth is what PyTorch's autograd says, and what is said without a part is what it says there; what is
//! switched off is zeros in the output weights, and nothing at all is to the bit the model.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Value, json};

use super::aim::Aim;
use super::*;
use crate::data::{Dataset, Roles, Target};
use crate::inspect::predictor::Sequence;
use crate::model::ops::Backend;
use crate::table::Table;
use crate::task::{Targets, Task};
use crate::text::{Alignment, Features, Labels, Tokens};

const CLOSE: f64 = 1e-5;

#[derive(Deserialize)]
struct Recorded {
    heads_off: Vec<(usize, usize)>,
    feed_forward_off: usize,
    models: std::collections::BTreeMap<String, Vec<Case>>,
}

#[derive(Deserialize)]
struct Case {
    text: String,
    pair: Option<String>,
    label: Value,
    loss: f64,
    heads: Vec<Vec<f64>>,
    feed_forward: Vec<f64>,
    off: Vec<f64>,
}

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn recorded() -> Recorded {
    serde_json::from_slice(&std::fs::read(golden("heads.json")).unwrap()).unwrap()
}

/// A model that is asked its recorded head; one that was trained to tell orders has another beside it.
fn opened(name: &str) -> OpenModel {
    let mut model = OpenModel::open_whole(&golden(name)).unwrap();
    if name.ends_with("-sop") {
        model.turn_to(Task::Sop).unwrap();
    }
    model
}

/// The cases as a data set.
fn data(cases: &[Case], model: &OpenModel) -> Arc<Dataset> {
    let rows: Vec<String> = cases.iter().map(|case| row(case, model).to_string()).collect();
    let table = Arc::new(Table::from_bytes(Path::new("rows.jsonl"), rows.join("\n").into_bytes()).unwrap());
    let named = |name: &str| table.column(name).map(|_| name.to_owned());
    let roles = match model.task.targets() {
        Targets::Span => Roles::guess(&table, model.task),
        _ => Roles {
            text: named("text"),
            pair: named("pair"),
            label: named("label"),
            tokens: named("tokens"),
            tags: named("tags"),
            ..Roles::default()
        },
    };
    Arc::new(Dataset::new(table, model.task, &roles, None).unwrap())
}

fn row(case: &Case, model: &OpenModel) -> Value {
    let name = |place: &Value| model.labels[place.as_u64().unwrap() as usize].clone();
    match model.task.targets() {
        Targets::Class => match &case.pair {
            Some(pair) => json!({ "text": case.text, "pair": pair, "label": name(&case.label) }),
            None => json!({ "text": case.text, "label": name(&case.label) }),
        },
        Targets::Number => json!({ "text": case.text, "label": case.label }),
        Targets::Classes => {
            let names: Vec<String> = case.label.as_array().unwrap().iter().map(name).collect();
            json!({ "text": case.text, "label": names })
        }
        Targets::Tags => {
            let words: Vec<&str> = case.text.split(' ').collect();
            json!({ "tokens": words, "tags": case.label })
        }
        Targets::Span => {
            let context = case.pair.as_deref().unwrap();
            let (text, answer_start) = case
                .label
                .as_str()
                .map_or_else(Default::default, |answer| (vec![answer.to_owned()], vec![context.find(answer).unwrap()]));
            let answers = json!({ "text": text, "answer_start": answer_start });
            json!({ "id": case.text, "question": case.text, "context": context, "answers": answers })
        }
        Targets::Hidden | Targets::Replaced => json!({ "text": case.text }),
    }
}

/// The sample that was recorded: of hidden words those that were hidden there, and not those of a draw.
fn as_recorded(cases: &[Case], mut found: Board, model: &OpenModel) -> Board {
    if model.task.targets() != Targets::Hidden {
        return found;
    }
    let mask = model.tokenizer.mask_id().unwrap();
    let sample = Arc::get_mut(&mut found.sample).unwrap();
    sample.lessons = cases
        .iter()
        .map(|case| {
            let encoded = model.tokenizer.encode(&case.text, None, 64).unwrap();
            let places = case.label.as_array().unwrap().iter().map(|place| place.as_u64().unwrap() as usize);
            let asked: Vec<(usize, usize)> = places.map(|place| (place, encoded.ids[place] as usize)).collect();
            let mut ids = encoded.ids.clone();
            for (place, _) in &asked {
                ids[*place] = mask;
            }
            let tokens = Tokens::Own { ids, types: encoded.types };
            let features = Features { example: 0, tokens, cut: 0, labels: Labels::None, alignment: Alignment::Whole };
            Lesson { features, aim: Aim::Tokens(asked) }
        })
        .collect();
    (found.of_heads, found.of_feed_forward) =
        importance(&mut OpenModel::open_whole(&model.dir).unwrap(), sample, &mut go_on).unwrap().unwrap();
    found.whole = score::score(model, sample, &mut on).unwrap().unwrap();
    found
}

fn question(model: &str, data: &Arc<Dataset>, exact: bool) -> Question {
    Question {
        wanted: Sampling { rows: 100, seed: 1, max_tokens: 64, ..Sampling::all(golden(model), data.clone()) },
        exact,
    }
}

fn go_on(_: &str, _: u64, _: u64) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn on(_: usize, _: usize) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn close(found: &[f64], expected: &[f64], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!((found - expected).abs() < CLOSE, "{what}, {place}: {found}, expected {expected}");
    }
}

#[test]
fn what_a_mask_is_worth_is_what_autograd_says() {
    let recorded = recorded();
    for (name, cases) in &recorded.models {
        let mut model = opened(name);
        let data = data(cases, &model);
        let found = board(&question(name, &data, false), &mut go_on).unwrap().unwrap();
        assert_eq!(found.sample.rows + found.sample.silent, cases.len(), "{name}");
        let found = as_recorded(cases, found, &model);
        // Each text by itself, with its sign.
        let lessons = &found.sample.lessons;
        let asked = slopes(&model, lessons, &mut on).unwrap().unwrap();
        let rows = model.predictor().rows(lessons.iter().map(Lesson::sequence).collect(), &mut on).unwrap().unwrap();
        let measured = model.mask_derivatives(&asked, &mut on).unwrap().unwrap();
        for ((case, measured), (lesson, rows)) in cases.iter().zip(&measured).zip(lessons.iter().zip(&rows)) {
            let what = format!("{name}, {}", case.text);
            close(&[lesson.aim.loss(rows)], &[case.loss], &what);
            let heads: Vec<f64> = measured.iter().flat_map(|layer| layer.heads.clone()).collect();
            close(&heads, &case.heads.concat(), &what);
            let feed_forward: Vec<f64> = measured.iter().flat_map(|layer| layer.feed_forward.clone()).collect();
            close(&feed_forward, &case.feed_forward, &what);
        }
        let mean =
            |of: &dyn Fn(&Case) -> f64| cases.iter().map(|case| of(case).abs()).sum::<f64>() / cases.len() as f64;
        for layer in 0..found.layers {
            for head in 0..found.heads {
                close(&[found.of_head(layer, head)], &[mean(&|case| case.heads[layer][head])], name);
            }
            close(&[found.of_feed_forward[layer]], &[mean(&|case| case.feed_forward[layer])], name);
        }
        close(&[found.whole.loss], &[mean(&|case| case.loss)], name);
    }
}

#[test]
fn what_is_said_with_parts_switched_off_is_what_is_said_with_their_masks_at_zero() {
    let recorded = recorded();
    let mut switches = Switches { heads: recorded.heads_off.iter().copied().collect(), ..Switches::default() };
    switches.turn_feed_forward(recorded.feed_forward_off);
    for (name, cases) in &recorded.models {
        for backend in [Backend::Fused, Backend::Plain] {
            let mut model = opened(name);
            model.model.backend = backend;
            for case in cases {
                let encoded = model.tokenizer.encode(&case.text, case.pair.as_deref(), 64).unwrap();
                let mut sequence = Sequence::from(&encoded);
                let hides = model.task.targets() == Targets::Hidden;
                if hides {
                    let places = case.label.as_array().unwrap().iter().map(|place| place.as_u64().unwrap() as usize);
                    let asked: Vec<usize> = places.collect();
                    for place in &asked {
                        sequence.ids[*place] = model.tokenizer.mask_id().unwrap();
                    }
                    sequence.asked = Some(asked);
                }
                // Of the vocabulary every tenth word was recorded.
                let every = if hides { 10 } else { 1 };
                let ask = |model: &OpenModel| -> Vec<f32> {
                    let rows = model.predictor().rows(vec![sequence.clone()], &mut on).unwrap().unwrap().concat();
                    rows.iter().flat_map(|row| row.iter().step_by(every).copied()).collect()
                };
                let before = ask(&model);
                let off = model.switched(&switches, |model| ask(model));
                let off: Vec<f64> = off.into_iter().map(f64::from).collect();
                close(&off, &case.off, &format!("{name}, {backend:?}, {}", case.text));
                assert_eq!(ask(&model), before, "the model is whole again");
                let none = model.switched(&Switches::default(), |model| ask(model));
                assert_eq!(none, before, "nothing is off: not a bit is another");
            }
        }
    }
}

#[test]
fn a_head_that_is_off_is_zeros_in_the_columns_of_the_output_weights() {
    for name in ["bert-classify", "distilbert-classify"] {
        let mut model = OpenModel::open_whole(&golden(name)).unwrap();
        let encoded = model.tokenizer.encode("the jury believed the witness", None, 64).unwrap();
        let ask = |model: &OpenModel| {
            model.predictor().rows(vec![Sequence::from(&encoded)], &mut on).unwrap().unwrap().concat()
        };
        let off = model.switched(&Switches { heads: [(1, 2)].into(), ..Switches::default() }, |model| ask(model));
        let weight = "layers.1.attention.output.weight";
        let param = model.model.params.iter().find(|param| param.name.ends_with(weight)).unwrap();
        let size = model.model.config.hidden_size / model.model.config.num_attention_heads;
        let (shape, mut values) =
            (param.shape().to_vec(), param.tensor().flatten_all().unwrap().to_vec1::<f32>().unwrap());
        values.chunks_mut(shape[1]).for_each(|row| row[2 * size..3 * size].fill(0.0));
        let zeroed = candle_core::Tensor::from_vec(values, shape, model.model.device()).unwrap();
        param.var().set(&zeroed).unwrap();
        assert_eq!(ask(&model), off, "{name}: to the bit");
    }
}

#[test]
fn each_part_switched_off_alone_is_scored_and_a_request_to_stop_is_heard() {
    let recorded = recorded();
    let name = "bert-classify";
    let mut model = OpenModel::open_whole(&golden(name)).unwrap();
    let data = data(&recorded.models[name], &model);
    let found = board(&question(name, &data, true), &mut go_on).unwrap().unwrap();
    let without = found.without.as_ref().unwrap();
    assert_eq!((without.heads.len(), without.feed_forward.len()), (found.layers * found.heads, found.layers));
    for (layer, head) in [(0, 3), (2, 1)] {
        let asked = ScoreWith {
            sample: found.sample.clone(),
            switches: Switches { heads: [(layer, head)].into(), ..Switches::default() },
        };
        let scored = crate::inspect::Inquiry::put_to(&asked, &mut model, &mut on).unwrap().unwrap();
        assert_eq!(found.without_head(layer, head), Some(scored));
        assert_ne!(scored.loss, found.whole.loss);
    }
    let order = found.least_first();
    assert!(order.windows(2).all(|pair| found.of_head(pair[0].0, pair[0].1) <= found.of_head(pair[1].0, pair[1].1)));
    let mut heard = 0;
    let stopped = board(&question(name, &data, true), &mut |_, _, _| {
        heard += 1;
        if heard > 6 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert!(stopped.unwrap().is_none());
}

#[test]
fn what_cannot_be_measured_is_refused_in_words() {
    let check = |model: &str, csv: &str, task: Task, expected: &str| {
        let table = Arc::new(Table::from_bytes(Path::new("rows.csv"), csv.as_bytes().to_vec()).unwrap());
        let data = Arc::new(Dataset::new(table.clone(), task, &Roles::guess(&table, task), None).unwrap());
        let refused = board(&question(model, &data, false), &mut go_on).unwrap_err().to_string();
        assert!(refused.contains(expected), "{refused}");
    };
    let unlabelled = "text\nthe first\nthe second\n";
    check("bert-classify", unlabelled, Task::Classify, "has a label, expected some to measure by");
    let other = "text,label\na b,joy\nc d,anger\n";
    check("bert-classify", other, Task::Classify, "that the model knows; it knows negative, neutral, positive");
    check("electra-rtd", "text\nthe first\nthe second\n", Task::Rtd, "cannot be measured, expected classify");
    let one_known = "text,label\na b,joy\nc d,positive\n";
    let table = Arc::new(Table::from_bytes(Path::new("rows.csv"), one_known.as_bytes().to_vec()).unwrap());
    let roles = Roles::guess(&table, Task::Classify);
    let data = Arc::new(Dataset::new(table, Task::Classify, &roles, None).unwrap());
    assert!(data.examples.iter().all(|example| matches!(example.target, Target::Class(_))));
    let found = board(&question("bert-classify", &data, false), &mut go_on).unwrap().unwrap();
    assert_eq!((found.sample.rows, found.sample.unknown), (1, 1));
    assert_eq!(found.sample.notes(), ["1 row has a label that the model does not know, and took no part"]);
}

#[test]
fn a_question_about_a_long_document_is_judged_over_all_its_windows() {
    let context = format!("{} She kept it with great care.", "The river rose in the night. ".repeat(30));
    let start = context.find("great care").unwrap();
    let row = json!({
        "id": "1", "question": "How did she keep it?", "context": context,
        "answers": { "text": ["great care"], "answer_start": [start] },
    });
    let table = Arc::new(Table::from_bytes(Path::new("rows.jsonl"), row.to_string().into_bytes()).unwrap());
    let data = Arc::new(Dataset::new(table.clone(), Task::Qa, &Roles::guess(&table, Task::Qa), None).unwrap());
    let found = board(&question("bert-qa", &data, false), &mut go_on).unwrap().unwrap();
    assert!(found.sample.lessons.len() > 3, "{} windows", found.sample.lessons.len());
    assert_eq!((found.sample.rows, found.sample.cut), (1, 0));
    let answered = found.sample.lessons.iter().filter(|lesson| lesson.aim != Aim::Span(0, 0));
    assert!((1..found.sample.lessons.len()).contains(&answered.count()), "the answer stands in some of them");
    assert!((0.0..=1.0).contains(&found.whole.metric), "one question: {}", found.whole.metric);
    assert!(found.of_heads.iter().all(|value| value.is_finite() && *value > 0.0));
}

#[test]
fn what_is_its_own_lesson_is_drawn_by_the_seed() {
    let text: String =
        (0..40).map(|line| format!("The jury believed witness number {line} and not the map.\n")).collect();
    for (model, task) in [("bert-mlm", Task::Mlm), ("bert-nsp", Task::Nsp), ("albert-sop", Task::Sop)] {
        let table = Arc::new(Table::from_bytes(Path::new("rows.txt"), text.clone().into_bytes()).unwrap());
        let roles = Roles { text: Some("text".into()), ..Roles::default() };
        let data = Arc::new(Dataset::new(table, task, &roles, None).unwrap());
        let asked = |seed: u64| {
            let of = question(model, &data, false);
            Question { wanted: Sampling { seed, rows: 20, ..of.wanted.clone() }, ..of }
        };
        let found = |seed: u64| board(&asked(seed), &mut go_on).unwrap().unwrap();
        let (one, same, other) = (found(1), found(1), found(2));
        assert!(one.sample.rows > 0 && one.whole.loss.is_finite(), "{task}");
        assert_eq!(one.of_heads, same.of_heads, "{task}");
        assert_ne!(one.of_heads, other.of_heads, "{task}");
    }
}
