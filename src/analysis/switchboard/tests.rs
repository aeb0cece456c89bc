//! What a mask is worth is what PyTorch's autograd says, and what is said without a part is what it says there; what is
//! switched off is zeros in the output weights, and nothing at all is to the bit the model.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use super::*;
use crate::data::{Dataset, Roles, Target};
use crate::inspect::predictor::Sequence;
use crate::model::ops::Backend;
use crate::table::Table;
use crate::task::{Targets, Task};

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

/// The cases as a data set.
fn data(cases: &[Case], model: &OpenModel) -> Arc<Dataset> {
    let name = |place: &Value| model.labels[place.as_u64().unwrap() as usize].clone();
    let quoted = |cell: &Value| format!("\"{}\"", cell.to_string().replace('"', "\"\""));
    let row = |case: &Case| match model.task.targets() {
        Targets::Class => format!("{},{}\n", case.text, name(&case.label)),
        Targets::Number => format!("{},{}\n", case.text, case.label),
        Targets::Classes => {
            let names: Vec<String> = case.label.as_array().unwrap().iter().map(name).collect();
            format!("{},\"{}\"\n", case.text, Value::from(names).to_string().replace('"', "\"\""))
        }
        _ => {
            let words: Vec<&str> = case.text.split(' ').collect();
            format!("{},{}\n", quoted(&words.into()), quoted(&case.label))
        }
    };
    let head = if model.task.targets() == Targets::Tags { "tokens,tags\n" } else { "text,label\n" };
    let csv = head.to_owned() + &cases.iter().map(row).collect::<String>();
    let table = Arc::new(Table::from_bytes(Path::new("rows.csv"), csv.into_bytes()).unwrap());
    Arc::new(Dataset::new(table.clone(), model.task, &Roles::guess(&table, model.task), None).unwrap())
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
        let mut model = OpenModel::open_whole(&golden(name)).unwrap();
        let data = data(cases, &model);
        let found = board(&question(name, &data, false), &mut go_on).unwrap().unwrap();
        assert_eq!(found.sample.rows(), cases.len(), "{name}");
        // Each text by itself, with its sign.
        let asked: Vec<(&Text, Vec<Slope>)> =
            found.sample.texts.iter().map(|(text, aim)| (text, aim.slopes(&text.rows))).collect();
        let measured = model.mask_derivatives(&asked, &mut on).unwrap().unwrap();
        for ((case, measured), (text, aim)) in cases.iter().zip(&measured).zip(&found.sample.texts) {
            let what = format!("{name}, {}", case.text);
            close(&[aim.loss(&text.rows)], &[case.loss], &what);
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
            let mut model = OpenModel::open_whole(&golden(name)).unwrap();
            model.model.backend = backend;
            for case in cases {
                let encoded = model.tokenizer.encode(&case.text, None, 64).unwrap();
                let ask = |model: &OpenModel| {
                    model.predictor().rows(vec![Sequence::from(&encoded)], &mut on).unwrap().unwrap().concat().concat()
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
    check("bert-mlm", "text\nthe first\nthe second\n", Task::Mlm, "cannot be measured, expected classify");
    let one_known = "text,label\na b,joy\nc d,positive\n";
    let table = Arc::new(Table::from_bytes(Path::new("rows.csv"), one_known.as_bytes().to_vec()).unwrap());
    let roles = Roles::guess(&table, Task::Classify);
    let data = Arc::new(Dataset::new(table, Task::Classify, &roles, None).unwrap());
    assert!(data.examples.iter().all(|example| matches!(example.target, Target::Class(_))));
    let found = board(&question("bert-classify", &data, false), &mut go_on).unwrap().unwrap();
    assert_eq!((found.sample.rows(), found.sample.unknown), (1, 1));
    assert_eq!(found.sample.notes(), ["1 row has a label that the model does not know, and took no part"]);
}
