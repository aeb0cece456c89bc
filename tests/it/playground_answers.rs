//! What a model says of a text is what transformers' pipelines say with it: the same labels, words, offsets and order,
//! and scores within 1e-5.

use std::path::{Path, PathBuf};

use attune::inspect::{self, Aggregation, Logits, OpenModel, Options, Output, Prediction, Request};
use attune::task::Task;
use serde_json::Value;

use crate::models_match_the_reference::golden;

const CLOSE: f64 = 1e-5;

/// Every recorded folder with what the pipeline of this kind said.
pub fn recorded(kind: &str) -> Vec<(PathBuf, Value)> {
    let folders = |dir: PathBuf| std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<(PathBuf, Value)> = folders(golden())
        .chain(folders(golden().join("variants")))
        .chain(folders(golden().join("frozen")))
        .filter_map(|dir| {
            let text = std::fs::read_to_string(dir.join("expected.json")).ok()?;
            let mut notes: Value = serde_json::from_str(&text).unwrap();
            let answers = notes.get_mut("pipelines")?.get_mut(kind)?.take();
            Some((dir, answers))
        })
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    assert!(!found.is_empty(), "nothing is recorded of {kind}");
    found
}

/// The same keys, texts and order; numbers with a fraction may differ a little.
pub fn assert_same(found: &Value, expected: &Value, place: &str) {
    match (found, expected) {
        (Value::Array(found), Value::Array(expected)) => {
            assert_eq!(found.len(), expected.len(), "{place}: {found:?} instead of {expected:?}");
            for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
                assert_same(found, expected, &format!("{place}[{index}]"));
            }
        }
        (Value::Object(found), Value::Object(expected)) => {
            assert_eq!(found.len(), expected.len(), "{place}: {found:?} instead of {expected:?}");
            for (key, expected) in expected {
                assert_same(&found[key], expected, &format!("{place}.{key}"));
            }
        }
        (Value::Number(found), Value::Number(expected)) if expected.is_f64() => {
            let (found, expected) = (found.as_f64().unwrap(), expected.as_f64().unwrap());
            assert!((found - expected).abs() < CLOSE, "{place}: {found} instead of {expected}");
        }
        _ => assert_eq!(found, expected, "{place}"),
    }
}

fn name(dir: &Path) -> String {
    dir.file_name().unwrap().to_string_lossy().into_owned()
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap().to_owned()
}

fn ask(predictor: &OpenModel, request: Request, options: &Options) -> Value {
    let prepared = predictor.prepare(request, options).unwrap();
    let mut predicted = predictor.predict(&[&prepared], options).unwrap();
    serde_json::to_value(predicted.remove(0).output).unwrap()
}

#[test]
fn texts_are_classified_as_the_pipeline_does() {
    for (dir, asked) in recorded("text-classification") {
        let predictor = OpenModel::open(&dir, None).unwrap();
        for (index, one) in asked.as_array().unwrap().iter().enumerate() {
            let pair = one.get("text_pair").map(|pair| pair.as_str().unwrap().to_owned());
            let found = ask(&predictor, Request { text: text(one, "text"), pair }, &Options::default());
            let expected = &one["result"][0];
            let place = format!("{} {index}", name(&dir));
            if predictor.task == Task::Regress {
                assert_same(&found["value"], &expected[0]["score"], &place);
            } else {
                assert_same(&found, expected, &place);
            }
        }
    }
}

#[test]
fn masks_are_filled_as_the_pipeline_does() {
    for (dir, asked) in recorded("fill-mask") {
        let predictor = OpenModel::open(&dir, Some(Task::Mlm)).unwrap();
        for (index, one) in asked.as_array().unwrap().iter().enumerate() {
            let found = ask(&predictor, Request { text: text(one, "text"), pair: None }, &Options::default());
            // The pipeline leaves out the outer list where there is one mask.
            let expected = match &one["result"] {
                Value::Array(list) if list[0].is_array() => one["result"].clone(),
                list => Value::Array(vec![list.clone()]),
            };
            assert_same(&found, &expected, &format!("{} {index}", name(&dir)));
        }
    }
}

#[test]
fn entities_are_found_as_the_pipeline_does_by_every_aggregation() {
    let strategies = [
        ("none", Aggregation::None),
        ("simple", Aggregation::Simple),
        ("first", Aggregation::First),
        ("average", Aggregation::Average),
        ("max", Aggregation::Max),
    ];
    for (dir, asked) in recorded("token-classification") {
        let predictor = OpenModel::open(&dir, None).unwrap();
        for (strategy, aggregation) in strategies {
            let options = Options { aggregation, ..Options::default() };
            for (index, one) in asked[strategy].as_array().unwrap().iter().enumerate() {
                let found = ask(&predictor, Request { text: text(one, "text"), pair: None }, &options);
                assert_same(&found, &one["result"], &format!("{} {strategy} {index}", name(&dir)));
            }
        }
    }
}

#[test]
fn questions_are_answered_as_the_pipeline_does_over_all_windows() {
    for (dir, asked) in recorded("question-answering") {
        let predictor = OpenModel::open(&dir, None).unwrap();
        for (index, one) in asked.as_array().unwrap().iter().enumerate() {
            let number = |key: &str| one["args"].get(key).map(|value| value.as_u64().unwrap() as usize);
            let options = Options {
                top_k: number("top_k"),
                max_tokens: number("max_seq_len"),
                stride: number("doc_stride"),
                max_answer_tokens: number("max_answer_len").unwrap_or(15),
                allow_no_answer: one["args"]["handle_impossible_answer"] == true,
                ..Options::default()
            };
            let request = Request { text: text(one, "question"), pair: Some(text(one, "context")) };
            let found = ask(&predictor, request, &options);
            assert_same(&found, &one["result"], &format!("{} {index}", name(&dir)));
        }
    }
}

#[test]
fn texts_asked_together_get_the_same_numbers_as_alone() {
    for folder in ["bert-classify", "roberta-ner", "albert-mlm", "electra-rtd", "distilbert-qa"] {
        let predictor = OpenModel::open(&golden().join(folder), None).unwrap();
        let mask = predictor.tokenizer.mask_token().unwrap();
        let requests: Vec<Request> = ["short", "a text of some more words, and then some", "", "12 ½ 日本"]
            .into_iter()
            .map(|text| Request {
                text: format!("{text} {mask}"),
                pair: (folder.ends_with("qa")).then(|| "the context".into()),
            })
            .collect();
        let options = Options { logits: true, ..Options::default() };
        let prepared: Vec<_> =
            requests.iter().map(|request| predictor.prepare(request.clone(), &options).unwrap()).collect();
        let together = predictor.predict(&prepared.iter().collect::<Vec<_>>(), &options).unwrap();
        for (one, together) in prepared.iter().zip(together) {
            assert_eq!(predictor.predict(&[one], &options).unwrap(), [together], "{folder}");
        }
    }
}

#[test]
fn long_texts_are_read_in_windows_and_short_ones_alike() {
    let predictor = OpenModel::open(&golden().join("bert-ner"), None).unwrap();
    let sentence = "Maria Okafor joined Northwind Labs in Lisbon. ";
    let long = sentence.repeat(20);
    let request = Request { text: long.clone(), pair: None };
    for aggregation in [Aggregation::None, Aggregation::Average] {
        let options = Options { aggregation, ..Options::default() };
        let found = ask(&predictor, request.clone(), &options);
        let found = found.as_array().unwrap();
        let starts: Vec<u64> = found.iter().map(|one| one["start"].as_u64().unwrap()).collect();
        assert!(starts.is_sorted(), "{starts:?}");
        assert!(starts.last().unwrap() + 50 > long.len() as u64, "the end of the text was not read");
        for one in found {
            let (start, end) = (one["start"].as_u64().unwrap() as usize, one["end"].as_u64().unwrap() as usize);
            assert!(start < end && end <= long.len());
        }
    }
}

#[test]
fn a_token_that_two_windows_see_is_told_once_and_none_is_lost() {
    let predictor = OpenModel::open(&golden().join("albert-ner"), None).unwrap();
    let request = Request { text: "x".repeat(150), pair: None };
    let prepared = predictor.prepare(request, &Options::default()).unwrap();
    let options = Options { logits: true, ..Options::default() };
    let seen = predictor.predict(&[&prepared], &options).unwrap().remove(0);
    let (Output::Tokens(tokens), Some(Logits::Rows(rows))) = (seen.output, seen.logits) else { panic!() };
    assert!(rows.len() > prepared.tokens().len(), "the windows overlap");
    let places: Vec<usize> = tokens.iter().map(|token| token.index).collect();
    assert!(places.is_sorted_by(|a, b| a < b), "{places:?}");
    // This model calls every such token an entity.
    assert_eq!(places, (1..prepared.tokens().len() - 1).collect::<Vec<_>>());
}

#[test]
fn the_playground_gets_classes_labels_and_numbers_and_says_what_was_cut() {
    let ask = |folder: &str, text: &str, pair: Option<&str>| {
        let predictor = OpenModel::open(&golden().join(folder), None).unwrap();
        inspect::answer(&predictor, text, pair)
    };
    let answer = ask("bert-classify", "a careful editor", None).unwrap();
    let Prediction::Classes(classes) = &answer.result else { panic!("{answer:?}") };
    assert_eq!(classes.len(), 3);
    assert!((classes.iter().map(|(_, score)| score).sum::<f64>() - 1.0).abs() < 1e-6);
    assert!(classes.is_sorted_by(|a, b| a.1 >= b.1));
    assert_eq!((answer.cut, answer.tokens.first().map(String::as_str)), (0, Some("[CLS]")));
    let long = ask("bert-classify", &"word ".repeat(500), None).unwrap();
    assert!(long.cut > 400);
    let Prediction::Labels(labels) = ask("variants/bert-multilabel", "x", None).unwrap().result else { panic!() };
    assert_eq!(labels.len(), 4);
    assert!(labels.iter().all(|one| one.threshold == 0.5 && one.applies() == (one.share >= 0.5)), "{labels:?}");
    assert!(matches!(ask("variants/bert-regress", "x", None).unwrap().result, Prediction::Value(_)));
    assert!(matches!(ask("variants/bert-pair-classify", "x", Some("y")).unwrap().result, Prediction::Classes(_)));
    let error = ask("bert-ner", "x", None).unwrap_err().to_string();
    assert!(error.ends_with("is a model for ner, expected one for classify, multilabel or regress"), "{error}");
}

#[test]
fn a_mask_that_is_missing_or_cut_off_is_told() {
    let predictor = OpenModel::open(&golden().join("bert-mlm"), None).unwrap();
    let ask = |text: &str| predictor.prepare(Request { text: text.into(), pair: None }, &Options::default());
    assert_eq!(ask("no blank").unwrap_err().to_string(), "the text has no mask, expected at least one [MASK]");
    let words = "word ".repeat(200);
    let far = ask(&format!("{words}[MASK]")).unwrap_err().to_string();
    assert!(far.starts_with("only the first 64 tokens of the text are read, and they have no mask"), "{far}");
    assert!(ask("a [MASK]").is_ok());
    // A tokenizer may keep the end.
    let folder = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(golden().join("bert-mlm")).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
    }
    let path = folder.path().join("tokenizer_config.json");
    let kept = std::fs::read_to_string(&path).unwrap_or_else(|_| "{}".to_owned());
    let mut config: Value = serde_json::from_str(&kept).unwrap();
    config["truncation_side"] = "left".into();
    std::fs::write(&path, config.to_string()).unwrap();
    let predictor = OpenModel::open(folder.path(), None).unwrap();
    let ask = |text: &str| predictor.prepare(Request { text: text.into(), pair: None }, &Options::default());
    let early = ask(&format!("[MASK] {words}")).unwrap_err().to_string();
    assert!(early.starts_with("only the last 64 tokens of the text are read"), "{early}");
    assert!(ask(&format!("{words}[MASK]")).is_ok());
}

#[test]
fn every_token_is_judged_by_a_detector_of_replaced_tokens() {
    let predictor = OpenModel::open(&golden().join("electra-rtd"), None).unwrap();
    let options = Options { logits: true, ..Options::default() };
    let prepared = predictor.prepare(Request { text: "the jury believed".into(), pair: None }, &options).unwrap();
    let tokens = prepared.tokens().to_vec();
    let predicted = predictor.predict(&[&prepared], &options).unwrap().remove(0);
    let Output::Replaced(found) = predicted.output else { panic!() };
    assert_eq!(found.iter().map(|one| one.token.clone()).collect::<Vec<_>>(), tokens);
    assert!(found.iter().all(|one| one.replaced == (one.score > 0.0)));
}
