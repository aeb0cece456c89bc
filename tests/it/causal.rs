//! Left-to-right attention and given positions: a token hears nothing of what comes after it, the fused operations and
//! their plain twins agree, and only wanted rows cost what they cost.

use attune::model::ops::Backend;
use attune::model::{self, Input, Model, Pass, PassDropout, Want};
use attune::task::Task;
use attune::train::loss::CrossEntropy;
use candle_core::Device;

use crate::models_match_the_reference::golden;

const FAMILIES: [&str; 4] = ["bert-mlm", "roberta-mlm", "distilbert-mlm", "albert-mlm"];

fn open(name: &str) -> Model {
    model::open(&golden().join(name), Want::AsSaved, &Device::Cpu, 0).unwrap().0
}

/// Texts of these lengths end to end, causal.
fn input(lengths: &[usize]) -> Input {
    let mut input = Input { starts: vec![0], causal: true, ..Input::default() };
    for (slot, (text, length)) in (0..).zip(lengths.iter().enumerate()) {
        input.ids.extend((0..*length).map(|place| (5 + (text * 31 + place * 7) % 380) as u32));
        input.starts.push(input.ids.len());
        input.slots.push(slot);
    }
    input.types = vec![0; input.ids.len()];
    input
}

fn hidden(model: &Model, input: &Input) -> Vec<Vec<f32>> {
    model.encode(input, &Pass::default()).unwrap().last.to_vec2().unwrap()
}

fn bits(rows: &[Vec<f32>]) -> Vec<Vec<u32>> {
    rows.iter().map(|row| row.iter().map(|value| value.to_bits()).collect()).collect()
}

fn apart(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).fold(0.0, |largest, (a, b)| largest.max((a - b).abs()))
}

#[test]
fn what_comes_later_changes_no_bit_of_what_came_before() {
    for name in FAMILIES {
        for backend in [Backend::Fused, Backend::Plain] {
            let mut model = open(name);
            model.backend = backend;
            let mut changed = input(&[19, 40, 7]);
            let before = hidden(&model, &changed);
            for token in [23, 58, 65] {
                changed.ids[token] = 391 - changed.ids[token] % 300;
            }
            let after = hidden(&model, &changed);
            for (untouched, touched) in [(0..23, 23..59), (59..65, 65..66)] {
                assert_eq!(bits(&before[untouched.clone()]), bits(&after[untouched]), "{name} {backend:?}");
                assert!(touched.clone().all(|token| before[token] != after[token]), "{name} {backend:?}: {touched:?}");
            }
        }
    }
}

#[test]
fn a_shorter_text_has_the_same_states_as_the_beginning_of_a_longer_one() {
    for name in FAMILIES {
        let model = open(name);
        let whole = hidden(&model, &input(&[40]));
        for length in [1, 2, 9, 31] {
            let part = hidden(&model, &input(&[length]));
            for (a, b) in part.iter().zip(&whole) {
                assert!(apart(a, b) < 1e-5, "{name} at {length}");
            }
        }
        let mut both = input(&[40]);
        both.causal = false;
        assert!(apart(&hidden(&model, &both)[0], &whole[0]) > 1e-3, "{name}: the first token hears the others");
    }
}

/// Logits and all gradients of a causal update with dropout, where some rows are wanted.
fn update(model: &Model, input: &Input, rows: Option<&[u32]>) -> (Vec<f32>, Vec<(String, Vec<f32>)>) {
    let dropout = Some(PassDropout { key: 3, rate: Some(0.2) });
    let pass = Pass { graph: true, dropout, rows: rows.map(Into::into), ..Pass::default() };
    let logits = model.run(Task::Mlm, input, &pass).unwrap();
    let targets: Vec<Option<u32>> = (0..logits.dims()[0] as u32).map(|row| (row % 3 > 0).then_some(row + 9)).collect();
    let store = CrossEntropy::default().loss(&logits, &targets, 10.0).unwrap().backward().unwrap();
    let mut gradients = Vec::new();
    for param in model.params.iter() {
        param.collect(&store).unwrap();
        gradients.push((param.name.clone(), param.gradient().unwrap().unwrap_or_default()));
    }
    model.params.clear_gradients();
    (logits.flatten_all().unwrap().to_vec1().unwrap(), gradients)
}

#[test]
fn fused_and_plain_causal_updates_agree_also_where_few_rows_are_wanted_and_padding_is_there() {
    for name in FAMILIES {
        let (fused, mut plain) = (open(name), open(name));
        plain.backend = Backend::Plain;
        // Also where nothing of the last or of the first sequence is wanted.
        for rows in [None, Some(&[0, 3, 12, 20, 21, 32][..]), Some(&[0, 3, 12]), Some(&[21, 32])] {
            for visible in [None, Some(vec![9, 11, 14])] {
                let mut input = input(&[13, 11, 20]);
                input.visible = visible;
                let (a, b) = (update(&fused, &input, rows), update(&plain, &input, rows));
                assert!(apart(&a.0, &b.0) < 1e-5, "{name} {rows:?}: logits");
                for ((weight, a), (_, b)) in a.1.iter().zip(&b.1) {
                    let largest = b.iter().fold(1e-2_f32, |largest, value| largest.max(value.abs()));
                    assert!(apart(a, b) < 1e-4 * largest, "{name} {rows:?}: gradient of {weight}");
                }
            }
        }
    }
}

#[test]
fn wanted_rows_equal_those_of_the_whole() {
    let model = open("bert-mlm");
    let input = input(&[13, 20]);
    let all = hidden(&model, &input);
    let rows = [0, 5, 12, 13, 32];
    let pass = Pass { rows: Some(rows[..].into()), ..Pass::default() };
    let some: Vec<Vec<f32>> = model.encode(&input, &pass).unwrap().last.to_vec2().unwrap();
    for (row, found) in rows.iter().zip(&some) {
        assert!(apart(found, &all[*row as usize]) < 1e-5, "row {row}");
    }
}

#[test]
fn attention_shown_is_zero_towards_later_tokens() {
    for backend in [Backend::Fused, Backend::Plain] {
        let mut model = open("bert-mlm");
        model.backend = backend;
        let pass = Pass { keep_attention: true, ..Pass::default() };
        let encoded = model.encode(&input(&[6]), &pass).unwrap();
        for layer in &encoded.attentions {
            for (query, row) in layer[0].chunks(6).enumerate() {
                let query = query % 6;
                assert!((row[..=query].iter().sum::<f32>() - 1.0).abs() < 1e-6, "{backend:?}: {row:?}");
                assert!(row[query + 1..].iter().all(|share| *share == 0.0), "{backend:?}: {row:?}");
            }
        }
    }
}

#[test]
fn given_positions_are_those_of_a_text_that_counts_alike() {
    for name in FAMILIES {
        let model = open(name);
        let pass = Pass { keep_hidden: true, ..Pass::default() };
        let embeddings = |input: &Input| model.encode(input, &pass).unwrap().hidden[0].to_vec2::<f32>().unwrap();
        let mut counted = input(&[12]);
        let plain = embeddings(&counted);
        counted.positions = Some((0..12).collect());
        assert_eq!(bits(&embeddings(&counted)), bits(&plain), "{name}");
        // The second half begins anew at 1, where the same tokens stand in a text of their own.
        counted.positions = Some((0..6).chain(1..7).collect());
        let reset = embeddings(&counted);
        let mut alone = Input::single([&[2], &counted.ids[6..]].concat(), vec![0; 7]);
        alone.causal = true;
        assert_eq!(bits(&reset[..6]), bits(&plain[..6]), "{name}");
        assert_eq!(bits(&reset[6..]), bits(&embeddings(&alone)[1..]), "{name}");
        assert_ne!(bits(&reset[6..]), bits(&plain[6..]), "{name}");
    }
}

#[test]
fn positions_beyond_the_table_or_not_one_a_token_are_errors() {
    let model = open("roberta-mlm");
    let mut long = input(&[70]);
    let message = |input: &Input| model.encode(input, &Pass::default()).map(|_| ()).unwrap_err().to_string();
    assert_eq!(message(&long), "a sequence of 70 tokens does not fit the model, which takes 64");
    long.positions = Some((0..64).chain(1..7).collect());
    assert!(model.encode(&long, &Pass::default()).is_ok(), "a text longer than the table, each half within it");
    long.positions = Some((0..70).collect());
    assert_eq!(message(&long), "position 64 is not below the 64 positions of the model");
    long.positions = Some(vec![0; 69]);
    assert_eq!(message(&long), "69 positions were given for 70 tokens, expected one each");
}

#[test]
fn a_model_that_is_causal_by_its_file_stays_so_when_saved() {
    let (causal, mut masked) = (open("variants/bert-causal"), open("bert-mlm"));
    let mut input = input(&[9]);
    input.causal = false;
    let first = hidden(&causal, &input)[0].clone();
    input.ids[8] += 1;
    assert_eq!(first, hidden(&causal, &input)[0], "the last token is not heard by the first");
    masked.config.causal = true;
    for model in [causal, masked] {
        let dir = tempfile::tempdir().unwrap();
        model.save(dir.path()).unwrap();
        let config = model::read_config(dir.path()).unwrap();
        assert!(config.causal);
        assert_eq!(config.architectures, ["BertLMHeadModel"]);
        assert_eq!(config.task(), Some(Task::Mlm));
    }
}
