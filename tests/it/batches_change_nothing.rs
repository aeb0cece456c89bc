//! A text gives the same numbers alone and in any company, to the bit; and an update gives the same gradient however it
//! is cut into micro-batches and on however many threads.

use attune::model::{self, Input, Model, Pass, PassDropout, Precision, Want};
use attune::task::Task;
use attune::train::loss::CrossEntropy;
use candle_core::Device;
use proptest::prelude::*;

use crate::models_match_the_reference::golden;

fn open(name: &str) -> Model {
    model::open(&golden().join(name), Want::AsSaved, &Device::Cpu, 0).unwrap().0
}

fn pack(texts: &[Vec<u32>], first_slot: u32) -> Input {
    let mut input = Input { starts: vec![0], ..Input::default() };
    for (slot, text) in (first_slot..).zip(texts) {
        input.ids.extend(text);
        input.types.extend(vec![0; text.len()]);
        input.starts.push(input.ids.len());
        input.slots.push(slot);
    }
    input
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

fn hidden(model: &Model, input: &Input) -> Vec<Vec<f32>> {
    model.encode(input, &Pass::default()).unwrap().last.to_vec2().unwrap()
}

/// Gradients by name, in bits or as numbers, of one update cut into micro-batches.
fn gradients(model: &Model, texts: &[Vec<u32>], micro_batch: usize, dropout: Option<f64>) -> Vec<(String, Vec<f32>)> {
    let labels: Vec<Option<u32>> = (0..texts.len() as u32).map(|i| Some(i % 3)).collect();
    let mut slot = 0;
    for (texts, labels) in texts.chunks(micro_batch).zip(labels.chunks(micro_batch)) {
        let input = pack(texts, slot);
        slot += texts.len() as u32;
        let dropout = dropout.map(|rate| PassDropout { key: 9, rate: Some(rate) });
        let logits = model.run(Task::Classify, &input, &Pass { graph: true, dropout, ..Pass::default() }).unwrap();
        let loss = CrossEntropy::default().loss(&logits, labels, 6.0).unwrap();
        loss.backward().unwrap();
    }
    let found = model.params.iter().map(|param| (param.name.clone(), param.gradient().unwrap().unwrap())).collect();
    model.params.clear_gradients();
    found
}

fn texts() -> impl Strategy<Value = Vec<Vec<u32>>> {
    prop::collection::vec(prop::collection::vec(5_u32..390, 1..40), 1..9)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_text_alone_equals_the_same_text_in_any_batch(texts in texts(), which in 0_usize..5) {
        let model = open(["bert-classify", "roberta-classify", "distilbert-mlm", "albert-classify", "electra-rtd"][which]);
        let together = pack(&texts, 0);
        let all = hidden(&model, &together);
        for (index, text) in texts.iter().enumerate() {
            let alone = hidden(&model, &pack(std::slice::from_ref(text), 0));
            for (row, values) in alone.iter().enumerate() {
                prop_assert_eq!(bits(values), bits(&all[together.starts[index] + row]));
            }
        }
    }
}

#[test]
fn a_model_that_is_asked_has_the_bits_of_one_that_is_trained() {
    let texts: Vec<Vec<u32>> = (0..6_u32).map(|i| (0..=i * 9).map(|j| 5 + (i * 31 + j * 7) % 380).collect()).collect();
    for name in ["bert-classify", "roberta-classify", "distilbert-mlm", "albert-classify", "electra-rtd"] {
        let (trained, asked) = (open(name), open(name).asked_in(Precision::F32).unwrap());
        for texts in [&texts[..], &texts[..1], &texts[3..4]] {
            let input = pack(texts, 0);
            let (one, two) = (hidden(&trained, &input).concat(), hidden(&asked, &input).concat());
            assert_eq!(bits(&one), bits(&two), "{name}, {} texts", texts.len());
        }
    }
}

#[test]
fn any_cut_into_micro_batches_gives_the_same_gradient_with_dropout() {
    let model = open("bert-classify");
    let texts: Vec<Vec<u32>> =
        (0..6_u32).map(|i| (0..5 + i * 3).map(|j| 5 + (i * 31 + j * 7) % 600).collect()).collect();
    for dropout in [None, Some(0.3)] {
        let whole = gradients(&model, &texts, 6, dropout);
        let all = whole.iter().flat_map(|(_, values)| values).map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
        for micro_batch in [1, 2, 4] {
            for ((name, a), (_, b)) in whole.iter().zip(gradients(&model, &texts, micro_batch, dropout)) {
                let apart = a.iter().zip(&b).map(|(x, y)| f64::from(x - y).powi(2)).sum::<f64>().sqrt();
                assert!(apart <= 1e-6 * all, "{name} at {micro_batch}, dropout {dropout:?}: {apart} of {all}");
            }
        }
    }
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let model = open("bert-classify");
            let texts: Vec<Vec<u32>> =
                (0..6_u32).map(|i| (0..9 + i * 7).map(|j| 5 + (i * 31 + j * 7) % 600).collect()).collect();
            gradients(&model, &texts, 6, Some(0.1))
                .into_iter()
                .map(|(name, values)| (name, bits(&values)))
                .collect::<Vec<_>>()
        })
    };
    let one = run(1);
    assert_eq!(one, run(2));
    assert_eq!(one, run(5));
}
