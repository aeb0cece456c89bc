//! The pooled states of texts are the model's own, after every layer: those that transformers computed, and to the bit
//! the same in any batches.

use std::collections::HashMap;
use std::ops::ControlFlow;

use attune::inspect::predictor::{Predictor, Sequence};
use attune::inspect::{InspectError, OpenModel, Pooling, Request, States};
use attune::model::{Input, Pass};
use attune::task::Task;
use candle_core::{DType, Device, Tensor};

use crate::models_match_the_reference::golden;

const FAMILIES: [&str; 5] =
    ["albert-classify", "bert-classify", "distilbert-classify", "electra-classify", "roberta-classify"];

fn states(predictor: Predictor<'_>, sequences: &[Sequence], pooling: Pooling) -> States {
    let sequences = sequences.iter().cloned().map(Ok);
    predictor.states(sequences, pooling, &mut |_| ControlFlow::Continue(())).unwrap().unwrap()
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

#[test]
fn states_are_those_that_transformers_computed() {
    for name in FAMILIES {
        let model = OpenModel::open(&golden().join(name), None).unwrap();
        let expected: HashMap<String, Tensor> =
            candle_core::safetensors::load(golden().join(name).join("expected.safetensors"), &Device::Cpu).unwrap();
        let ids = |key: &str| -> Option<Vec<Vec<i64>>> {
            Some(expected.get(key)?.to_dtype(DType::I64).unwrap().to_vec2().unwrap())
        };
        let (texts, mask) = (ids("input_ids").unwrap(), ids("attention_mask").unwrap());
        let types = ids("token_type_ids").unwrap_or_else(|| vec![vec![0; texts[0].len()]; texts.len()]);
        let lengths: Vec<usize> = mask.iter().map(|row| row.iter().filter(|bit| **bit == 1).count()).collect();
        let sequence = |row: usize| {
            let first = |ids: &[Vec<i64>]| ids[row][..lengths[row]].iter().map(|id| *id as u32).collect();
            Sequence { ids: first(&texts), types: first(&types), asked: None }
        };
        let sequences: Vec<Sequence> = (0..texts.len()).map(sequence).collect();
        let first = states(model.predictor(), &sequences, Pooling::First);
        let mean = states(model.predictor(), &sequences, Pooling::Mean);
        assert_eq!((first.texts(), mean.texts()), (texts.len(), texts.len()), "{name}");
        for layer in 0..first.layers {
            let hidden: Vec<Vec<Vec<f32>>> = expected[&format!("hidden_states.{layer}")].to_vec3().unwrap();
            for (text, hidden) in hidden.iter().enumerate() {
                for place in 0..first.hidden_size {
                    let of_all: f32 = hidden[..lengths[text]].iter().map(|state| state[place]).sum();
                    let expected = [hidden[0][place], of_all / lengths[text] as f32];
                    for (found, expected) in
                        [first.of(text, layer)[place], mean.of(text, layer)[place]].iter().zip(expected)
                    {
                        assert!(
                            (found - expected).abs() < 1e-5,
                            "{name}, text {text}, layer {layer}: {found}, {expected}"
                        );
                    }
                }
            }
        }
        assert!(!expected.contains_key(&format!("hidden_states.{}", first.layers)), "{name} has more layers");
    }
}

#[test]
fn how_texts_fall_into_batches_changes_no_bit() {
    for name in FAMILIES {
        let model = OpenModel::open(&golden().join(name), None).unwrap();
        let sequences: Vec<Sequence> = (0..9_u32)
            .map(|text| {
                let ids: Vec<u32> = (0..3 + text * 5 % 23).map(|place| 5 + (text * 37 + place * 11) % 380).collect();
                Sequence { types: vec![0; ids.len()], asked: (text == 4).then(|| vec![1, 2]), ids }
            })
            .collect();
        for pooling in [Pooling::First, Pooling::Mean] {
            let whole = states(model.predictor(), &sequences, pooling);
            for tokens_at_once in [1, 20, 50] {
                let cut = states(Predictor { tokens_at_once, ..model.predictor() }, &sequences, pooling);
                assert_eq!(bits(&cut.values), bits(&whole.values), "{name}, {tokens_at_once} tokens at once");
            }
            for (text, one) in sequences.iter().enumerate() {
                let input = Input::single(one.ids.clone(), one.types.clone());
                let pass = Pass { keep_hidden: true, ..Pass::default() };
                for (layer, hidden) in model.model.encode(&input, &pass).unwrap().hidden.iter().enumerate() {
                    let hidden: Vec<Vec<f32>> = hidden.to_vec2().unwrap();
                    let tokens = one.asked.clone().unwrap_or_else(|| (0..hidden.len()).collect());
                    let tokens = if pooling == Pooling::First { &tokens[..1] } else { &tokens };
                    let mean = |place: usize| {
                        tokens.iter().map(|token| f64::from(hidden[*token][place])).sum::<f64>() / tokens.len() as f64
                    };
                    let expected: Vec<f32> = (0..whole.hidden_size).map(|place| mean(place) as f32).collect();
                    assert_eq!(bits(whole.of(text, layer)), bits(&expected), "{name}, text {text}, layer {layer}");
                }
            }
        }
    }
}

#[test]
fn texts_are_told_as_they_are_done_and_may_be_left_undone() {
    let model = OpenModel::open(&golden().join("bert-classify"), None).unwrap();
    let texts: Vec<Request> =
        (0..80).map(|text| Request { text: format!("heavy rain closed the road {text}"), pair: None }).collect();
    let mut heard = Vec::new();
    let mut listen = |done, total| {
        heard.push((done, total));
        ControlFlow::Continue(())
    };
    let states = model.states(&texts, Pooling::Mean, &mut listen).unwrap().unwrap();
    assert_eq!((states.texts(), states.hidden_size), (80, model.model.config.hidden_size));
    assert!(heard.len() > 2 && heard.is_sorted() && heard[0] == (0, 80) && heard[heard.len() - 1] == (80, 80));
    let stop_at_half = &mut |done: usize, _: usize| {
        if done > 40 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    assert_eq!(model.states(&texts, Pooling::Mean, stop_at_half).unwrap(), None);
    let gone = || InspectError::NoPair { task: Task::Nsp };
    let failing = [Ok(Sequence::default()), Err(gone())].into_iter().skip(1);
    let found = model.predictor().states(failing, Pooling::Mean, &mut |_| ControlFlow::Continue(()));
    assert_eq!(found.unwrap_err().to_string(), gone().to_string());
}
