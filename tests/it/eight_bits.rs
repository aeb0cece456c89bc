//! A model asked in eight bits answers nearly as it does in f32, alone as in any company; and it is asked that way only
//! where somebody says so.

use attune::inspect::{OpenModel, Options, Request};
use attune::model::{self, Input, Model, Pass, Precision, Want};
use attune::task::Task;
use candle_core::Device;
use serde_json::Value;

use crate::command_line::{done, model as folder, objects, reviews};
use crate::models_match_the_reference::golden;

fn open(name: &str, precision: Precision) -> Model {
    model::open(&golden().join(name), Want::AsSaved, &Device::Cpu, 0).unwrap().0.asked_in(precision).unwrap()
}

fn texts() -> Vec<Vec<u32>> {
    (0..7_u32).map(|i| (0..3 + i * 5).map(|j| 5 + (i * 31 + j * 7) % 380).collect()).collect()
}

fn pack(texts: &[Vec<u32>]) -> Input {
    let mut input = Input { starts: vec![0], ..Input::default() };
    for (slot, text) in (0..).zip(texts) {
        input.ids.extend(text);
        input.types.extend(vec![0; text.len()]);
        input.starts.push(input.ids.len());
        input.slots.push(slot);
    }
    input
}

fn hidden(model: &Model, texts: &[Vec<u32>]) -> Vec<Vec<f32>> {
    model.encode(&pack(texts), &Pass::default()).unwrap().last.to_vec2().unwrap()
}

#[test]
fn states_are_nearly_those_of_every_family_in_f32_and_not_quite() {
    for name in ["bert-classify", "roberta-classify", "distilbert-mlm", "albert-classify", "electra-rtd"] {
        let exact = hidden(&open(name, Precision::F32), &texts());
        let rounded = hidden(&open(name, Precision::Int8), &texts());
        assert_ne!(exact, rounded, "{name} is computed in eight bits");
        let norm = |values: &mut dyn Iterator<Item = f32>| values.map(|x| f64::from(x).powi(2)).sum::<f64>().sqrt();
        let apart = norm(&mut exact.iter().flatten().zip(rounded.iter().flatten()).map(|(a, b)| a - b));
        let all = norm(&mut exact.iter().flatten().copied());
        assert!(apart < 0.05 * all, "{name}: {apart} of {all}");
    }
}

#[test]
fn a_text_alone_equals_the_same_text_in_a_batch() {
    let model = open("bert-classify", Precision::Int8);
    let texts = texts();
    let together = hidden(&model, &texts);
    let mut rows = together.iter();
    for text in &texts {
        for row in hidden(&model, std::slice::from_ref(text)) {
            let same = rows.next().unwrap().iter().zip(&row).all(|(a, b)| a.to_bits() == b.to_bits());
            assert!(same, "a text of {} tokens", text.len());
        }
    }
}

#[test]
fn a_model_of_eight_bits_is_asked_for_gradients_of_its_input_and_learns_nothing() {
    let model = open("bert-classify", Precision::Int8);
    assert_eq!(model.params.trainable_count(), 0);
    let logits = model.run(Task::Classify, &pack(&texts()), &Pass { graph: true, ..Pass::default() }).unwrap();
    assert!(!logits.track_op(), "there is no graph where nothing is trained");
}

#[test]
fn an_opened_model_answers_alike_with_nearly_the_same_scores() {
    let ask = |precision| {
        let model = OpenModel::open(&golden().join("bert-classify"), None).unwrap().asked_in(precision).unwrap();
        let options = Options::default();
        let request = Request { text: "the soup was wonderful and the staff were kind".into(), pair: None };
        let prepared = model.prepare(request, &options).unwrap();
        serde_json::to_value(&model.predict(&[&prepared], &options).unwrap()[0]).unwrap()
    };
    let scores = |said: &Value| -> Vec<(String, f64)> {
        let labels = said["result"].as_array().unwrap();
        labels.iter().map(|one| (one["label"].to_string(), one["score"].as_f64().unwrap())).collect()
    };
    let (exact, rounded) = (scores(&ask(Precision::F32)), scores(&ask(Precision::Int8)));
    assert_ne!(exact, rounded);
    for (label, score) in &exact {
        let near = rounded.iter().find(|(other, _)| other == label).unwrap().1;
        assert!((score - near).abs() < 0.02, "{label}: {score} and {near}");
    }
}

#[test]
fn the_command_line_rounds_where_it_is_told_to_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let data = reviews(&dir.path().join("reviews.csv"));
    let model = folder("bert-classify");
    let predict = |more: &[&str]| {
        let arguments = [&["predict", "--model", &model, "--text", "the queue was endless", "--json"], more].concat();
        objects(&done(&arguments))
    };
    assert_ne!(predict(&[]), predict(&["--int8"]));
    assert_eq!(predict(&["--int8"]), predict(&["--int8"]));
    let evaluate = |more: &[&str]| -> Value {
        let arguments = [&["evaluate", "--model", &model, "--data", &data, "--json"], more].concat();
        serde_json::from_str(&done(&arguments)).unwrap()
    };
    assert_eq!(evaluate(&[])["precision"], "f32");
    assert_eq!(evaluate(&["--int8"])["precision"], "int8");
}
