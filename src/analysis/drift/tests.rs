//! Golden checkpoints beside each other, held to what was recorded of them from the published definitions.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use super::*;
use crate::inspect::Request;

const TOLERANCE: f64 = 1e-5;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn open(name: &str) -> OpenModel {
    OpenModel::open_whole(&golden(name)).unwrap()
}

fn recorded() -> (Arc<[Request]>, Vec<Value>) {
    let recorded: Value = serde_json::from_slice(&std::fs::read(golden("drift.json")).unwrap()).unwrap();
    let request = |text: &Value| Request {
        text: text[0].as_str().unwrap().to_owned(),
        pair: text[1].as_str().map(str::to_owned),
    };
    let texts = recorded["texts"].as_array().unwrap().iter().map(request).collect();
    (texts, recorded["pairs"].as_array().unwrap().clone())
}

fn compared(before: &OpenModel, after: &OpenModel, texts: &Arc<[Request]>, pooled: Option<Pooling>) -> Drift {
    let sample = Sample { texts: texts.clone(), pooled, max_tokens: None };
    drift(before, after, &sample, &mut |_, _| ControlFlow::Continue(())).unwrap().unwrap()
}

fn near(found: f64, expected: &Value, what: &str) {
    let expected = expected.as_f64().unwrap();
    assert!((found - expected).abs() < TOLERANCE, "{what}: {found}, expected {expected}");
}

#[test]
fn states_heads_and_weights_differ_as_recorded() {
    let (texts, pairs) = recorded();
    assert!(pairs.len() > 4);
    for pair in pairs {
        let [before, after] = ["before", "after"].map(|side| open(pair[side].as_str().unwrap()));
        let name = before.dir.display().to_string();
        for (key, pooled) in [("tokens", None), ("first", Some(Pooling::First)), ("mean", Some(Pooling::Mean))] {
            let found = compared(&before, &after, &texts, pooled);
            let expected = pair["cka"][key].as_array().unwrap();
            assert_eq!(found.layers.len(), expected.len());
            for (layer, (found, expected)) in found.layers.iter().zip(expected).enumerate() {
                match found {
                    Some(cka) => near(*cka, expected, &format!("{name}, {key}, layer {layer}")),
                    None => assert!(expected.is_null(), "{name}, {key}, layer {layer}"),
                }
            }
        }
        let found = compared(&before, &after, &texts, None);
        assert_eq!(found.tokens, pair["tokens"].as_u64().unwrap(), "{name}");
        let heads = found.heads.as_ref().unwrap();
        for layer in 0..heads.layers {
            for head in 0..heads.heads {
                let own = heads.of(layer, head).unwrap();
                near(own.mean(), &pair["heads"][layer][head], &format!("{name}, layer {layer} head {head}"));
                assert_eq!(own.most.unwrap().0 as u64, pair["shown_by"][layer][head].as_u64().unwrap());
            }
        }
        let expected = pair["weights"].as_object().unwrap();
        let known = found.weights.both.iter().filter(|weight| expected.contains_key(&weight.stored_name));
        assert_eq!(known.clone().count(), expected.len(), "{name}");
        for weight in known {
            near(weight.change.unwrap(), &expected[&weight.stored_name], &weight.name);
        }
    }
}

#[test]
fn a_model_beside_itself_has_not_moved() {
    let (texts, _) = recorded();
    let model = open("bert-classify");
    let found = compared(&model, &model, &texts, None);
    assert!(found.layers.iter().all(|cka| (cka.unwrap() - 1.0).abs() < 1e-9), "{:?}", found.layers);
    assert!(found.heads.unwrap().each.iter().all(|head| head.mean() == 0.0));
    assert!(found.weights.both.iter().all(|weight| weight.change == Some(0.0)));
    assert_eq!(found.weights.apart, [Vec::<String>::new(), Vec::new()]);
}

#[test]
fn the_order_and_the_number_of_texts_in_a_batch_change_no_head() {
    let (texts, _) = recorded();
    let [before, after] = ["bert-classify", "bert-nsp"].map(open);
    let many: Arc<[Request]> = texts.iter().cycle().take(90).cloned().collect();
    let (few, many) = (compared(&before, &after, &texts, None), compared(&before, &after, &many, None));
    let means = |drift: &Drift| drift.heads.as_ref().unwrap().each.iter().map(Divergence::mean).collect::<Vec<_>>();
    for (few, many) in means(&few).into_iter().zip(means(&many)) {
        assert!((few - many).abs() < 1e-12);
    }
    for (few, many) in few.layers.iter().zip(&many.layers) {
        assert!((few.unwrap() - many.unwrap()).abs() < 1e-9, "repeated texts weigh the same");
    }
}

#[test]
fn what_cannot_be_compared_is_left_out_and_told() {
    let (texts, _) = recorded();
    let [words, bytes] = ["bert-classify", "roberta-classify"].map(open);
    let found = compared(&words, &bytes, &texts, None);
    assert_eq!((found.pooled, &found.heads), (Some(Pooling::Mean), &None));
    assert!(found.layers.iter().all(Option::is_some));
    assert!(found.notes[0].starts_with("the two models read these texts as different tokens"), "{:?}", found.notes);
    assert!(side_by_side([&words, &bytes], &texts[0], 0, None).unwrap().is_none());

    let [classify, other] = ["bert-classify", "bert-mlm"].map(open);
    let found = compared(&classify, &other, &texts, None);
    assert!(found.weights.apart[0].iter().any(|name| name.starts_with("head.")), "{:?}", found.weights.apart);
    assert!(found.notes.iter().any(|note| note.contains("other heads on top")), "{:?}", found.notes);
    let found = compared(&classify, &open("bert-nsp"), &texts, None);
    assert_eq!(found.weights.apart[1].len(), 2, "{:?}", found.weights.apart);
}

#[test]
fn a_comparison_is_left_where_nobody_waits_for_it() {
    let (texts, _) = recorded();
    let model = open("bert-classify");
    let sample = Sample { texts: texts.iter().cycle().take(200).cloned().collect(), ..Sample::default() };
    let mut heard = Vec::new();
    let mut stop = |done, total| {
        heard.push((done, total));
        if done > 60 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    assert_eq!(drift(&model, &model, &sample, &mut stop).unwrap(), None);
    assert!(heard.len() > 1 && heard.is_sorted() && heard[0] == (0, 200), "{heard:?}");
}

#[test]
fn side_by_side_are_the_very_squares_that_were_compared() {
    let (texts, _) = recorded();
    let [before, after] = ["albert-classify", "albert-ner"].map(open);
    let found = compared(&before, &after, &texts, None);
    let heads = found.heads.unwrap();
    for layer in 0..heads.layers {
        for head in 0..heads.heads {
            let (text, most) = heads.of(layer, head).unwrap().most.unwrap();
            let both = side_by_side([&before, &after], &texts[text], layer, None).unwrap().unwrap();
            assert_eq!(both.squares.len(), heads.heads);
            assert!((both.divergence[head] - most).abs() < 1e-9, "layer {layer} head {head}");
            let own = crate::inspect::attention(
                &after.model,
                &after.tokenizer,
                &texts[text].text,
                texts[text].pair.as_deref(),
            );
            let count = both.tokens.count() * both.tokens.count();
            let at = (layer * heads.heads + head) * count;
            assert_eq!(both.squares[head][1][..], own.unwrap().attentions[at..at + count]);
        }
    }
}

fn told(layers: &[f64], heads: &[f64], weights: &[(&str, f64)]) -> Vec<String> {
    let mut each = vec![Divergence::default(); heads.len()];
    for (own, bits) in each.iter_mut().zip(heads) {
        *own = Divergence::of(*bits);
    }
    let weight = |(name, change): &(&str, f64)| Weight {
        name: (*name).to_owned(),
        stored_name: String::new(),
        shape: vec![2, 2],
        change: Some(*change),
    };
    Drift {
        layers: layers.iter().map(|cka| Some(*cka)).collect(),
        heads: Some(Heads { layers: heads.len() / 2, heads: 2, each }),
        weights: Weights { both: weights.iter().map(weight).collect(), ..Weights::default() },
        ..Drift::default()
    }
    .said(Called::ForPeople)
}

#[test]
fn what_changed_most_is_said_in_words() {
    let query = "layers.1.attention.query.weight";
    assert_eq!(
        told(&[0.999, 0.99, 0.8, 0.6], &[0.0, 0.02, 0.3, 0.1], &[("embeddings.word.weight", 0.001), (query, 0.0312)]),
        [
            "The states of the top two layers changed most (CKA 0.80 and 0.60)",
            "Of the heads layer 2, head 1 looks elsewhere most (0.30 bits)",
            "Of the weights the query matrix of layer 2 moved most, by 3.1 % of its norm",
        ]
    );
    assert_eq!(
        told(&[1.0, 0.9, 0.995], &[0.001, 0.0], &[(query, 0.0)]),
        [
            "The states after layer 1 of 2 changed most (CKA 0.90)",
            "Every head looks where it looked (at most 0.001 bits apart)",
            "No weight that both models have has changed",
        ]
    );
    assert_eq!(told(&[1.0, 0.992], &[], &[])[0], "The states are nearly the same in every layer (CKA 0.992 or more)");
    let head = "head.sequence.weight";
    let alone = ["Only the head differs: nothing in the encoder changed"];
    assert_eq!(told(&[1.0, 1.0], &[0.0, 0.0], &[(query, 0.0), (head, 0.2)]), alone);
    assert_eq!(told(&[1.0, 1.0], &[0.0, 0.0], &[(query, 0.0), (head, 0.0)]).len(), 3, "nothing differs");
    assert_eq!(told(&[1.0, 1.0], &[0.0, 0.0], &[(query, 0.01), (head, 0.2)]).len(), 3, "the encoder does too");
    assert_eq!(told(&[1.0, 0.9], &[0.0, 0.0], &[(query, 0.0), (head, 0.2)]).len(), 3, "other tokens, other states");
}
