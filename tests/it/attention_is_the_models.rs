//! What the window shows of attention is what the model computes, to the bit, whichever way it is asked for; and what the
//! masked-word head says after the last layer is what the model says.

use std::ops::ControlFlow;
use std::sync::Arc;

use attune::analysis::HeadsOf;
use attune::inspect::attention::{Attend, Look, Role, Score, Seen, Squares, What, figures, quantized};
use attune::inspect::filling::{Fill, Filling};
use attune::inspect::guesses::{Guesses, Guessing};
use attune::inspect::{
    Ask, Attention, GoOn, Inquiry, InspectError, OpenModel, Prediction, Question, Request, attention, explore,
};
use attune::task::Task;

use crate::explore_asks_every_head::open;

const FAMILIES: [&str; 5] =
    ["albert-classify", "bert-classify", "distilbert-classify", "electra-classify", "roberta-mlm"];

fn request(text: &str, pair: Option<&str>) -> Request {
    Request { text: text.to_owned(), pair: pair.map(str::to_owned) }
}

fn texts() -> [Request; 3] {
    let long = "heavy rain closed the old road, and the jury said no. ".repeat(6);
    [
        request("heavy rain closed the road", None),
        request("the jury closed the map", Some("the map of the road")),
        request(&long, None),
    ]
}

pub fn ask<Q: Inquiry>(model: &mut OpenModel, inquiry: &Q) -> Q::Answer {
    inquiry.put_to(model, &mut |_, _| ControlFlow::Continue(())).unwrap().expect("nobody stopped it")
}

fn look(model: &mut OpenModel, seen: &Arc<Seen>, what: What) -> Arc<Squares> {
    ask(model, &Look { seen: seen.clone(), what })
}

fn whole(model: &OpenModel, of: &Request) -> Attention {
    attention(&model.model, &model.tokenizer, &of.text, of.pair.as_deref()).unwrap()
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

#[test]
fn every_head_that_is_looked_at_has_the_numbers_of_the_model() {
    for folder in FAMILIES {
        let mut model = open(folder);
        for request in texts() {
            let expected = whole(&model, &request);
            let seen = ask(&mut model, &Attend(request));
            let size = seen.tokens.count() * seen.tokens.count();
            assert_eq!((seen.layers, seen.heads), (expected.layers, expected.heads), "{folder}");
            assert_eq!(seen.tokens.names, expected.tokens, "{folder}");
            let mut heads = expected.attentions.chunks(size);
            for layer in 0..seen.layers {
                let squares = look(&mut model, &seen, What::Layer(layer));
                assert_eq!(squares.values.len(), seen.heads + 1, "{folder}: the heads and their mean");
                for head in 0..seen.heads {
                    let found = &squares.values[head];
                    assert_eq!(bits(found), bits(heads.next().unwrap()), "{folder}, layer {layer} head {head}");
                    let small = &seen.small.values[(layer * seen.heads + head) * seen.small.side * seen.small.side..];
                    let most = found.iter().copied().fold(0.0, f32::max);
                    let side = seen.small.side * seen.small.side;
                    assert_eq!(small[..side].iter().max(), Some(&quantized(most)), "{folder}: the picture is of it");
                }
            }
        }
    }
}

#[test]
fn scores_add_up_to_what_the_softmax_makes_of_them() {
    for folder in FAMILIES {
        let mut model = open(folder);
        let seen = ask(&mut model, &Attend(texts()[1].clone()));
        let (tokens, layer, head, from) = (seen.tokens.count(), seen.layers - 1, seen.heads - 1, 2);
        let row = look(&mut model, &seen, What::Layer(layer)).values[head][from * tokens..(from + 1) * tokens].to_vec();
        let scores: Vec<f64> = (0..tokens)
            .map(|to| {
                let parts = ask(&mut model, &Score { seen: seen.clone(), layer, head, from, to });
                let size = model.model.config.hidden_size / seen.heads;
                assert_eq!((parts.query.len(), parts.key.len(), parts.products.len()), (size, size, size), "{folder}");
                let pairs = parts.query.iter().zip(&parts.key);
                let sum: f64 = pairs.map(|(query, key)| f64::from(*query) * f64::from(*key)).sum();
                assert!((parts.score - sum / (size as f64).sqrt()).abs() < 1e-5, "{folder}");
                parts.score
            })
            .collect();
        let total: f64 = scores.iter().map(|score| score.exp()).sum();
        for (score, share) in scores.iter().zip(row) {
            assert!((score.exp() / total - f64::from(share)).abs() < 1e-5, "{folder}: {share}");
        }
    }
}

/// Two squares multiplied.
fn product(a: &[f64], b: &[f64], tokens: usize) -> Vec<f64> {
    let cell =
        |place: usize| (0..tokens).map(|k| a[place / tokens * tokens + k] * b[k * tokens + place % tokens]).sum();
    (0..tokens * tokens).map(cell).collect()
}

#[test]
fn averages_and_rollout_are_those_of_their_definitions() {
    for folder in FAMILIES {
        let mut model = open(folder);
        for request in texts() {
            let all = whole(&model, &request);
            let seen = ask(&mut model, &Attend(request));
            let tokens = seen.tokens.count();
            let size = tokens * tokens;
            let mean_of = |squares: &[f32]| -> Vec<f64> {
                let heads = squares.len() / size;
                let cell = |place: usize| (0..heads).map(|head| f64::from(squares[head * size + place])).sum::<f64>();
                (0..size).map(|place| cell(place) / heads as f64).collect()
            };
            let close = |found: &[f32], expected: &[f64], what: &str| {
                for (found, expected) in found.iter().zip(expected) {
                    assert!((f64::from(*found) - expected).abs() < 1e-6, "{folder}, {what}: {found} {expected}");
                }
            };
            let mut rolled: Option<Vec<f64>> = None;
            for (layer, heads) in all.attentions.chunks(size * all.heads).enumerate() {
                let mean = mean_of(heads);
                close(look(&mut model, &seen, What::Layer(layer)).values.last().unwrap(), &mean, "mean of a layer");
                let own = |place: usize| if place / tokens == place % tokens { 0.5 } else { 0.0 };
                let mixed: Vec<f64> = mean.iter().enumerate().map(|(place, value)| 0.5 * value + own(place)).collect();
                let next = rolled.take().map_or(mixed.clone(), |before| product(&mixed, &before, tokens));
                close(&look(&mut model, &seen, What::Rollout(layer)).values[0], &next, "rollout");
                rolled = Some(next);
            }
            close(&look(&mut model, &seen, What::All).values[0], &mean_of(&all.attentions), "mean of all");
            let flow = Look { seen: seen.clone(), what: What::Flow(0) };
            match flow.put_to(&mut model, &mut |_, _| ControlFlow::Continue(())) {
                Ok(found) => {
                    // Through one layer nothing but its own pipe leads from one token to another.
                    let mean = mean_of(&all.attentions[..size * all.heads]);
                    let own = |place: usize| if place / tokens == place % tokens { 0.5 } else { 0.0 };
                    let mixed: Vec<f64> = mean.iter().enumerate().map(|(at, value)| 0.5 * value + own(at)).collect();
                    close(&found.unwrap().values[0], &mixed, "flow");
                }
                Err(error) => assert!(matches!(error, InspectError::TooLongForFlow { .. }) && tokens > 48, "{error}"),
            }
        }
    }
}

#[test]
fn what_heads_do_adds_up_over_texts_and_can_be_stopped() {
    let mut model = open("bert-classify");
    let texts: Arc<[Request]> = texts().into();
    let over = ask(&mut model, &HeadsOf(texts.clone()));
    assert_eq!((over.texts, over.figures.len()), (3, 12));
    let go_on: GoOn<'_> = &mut |_, _| ControlFlow::Continue(());
    let each: Vec<_> = texts.iter().map(|text| figures(&model, text, go_on).unwrap().unwrap()).collect();
    for (head, found) in over.figures.iter().enumerate() {
        for role in Role::ALL {
            let own = |text: usize| each[text][head].of(role);
            let of: u64 = (0..3).map(|text| own(text).of).sum();
            let sum: f64 = (0..3).map(|text| own(text).mean() * own(text).of as f64).sum();
            assert_eq!(found.of(role).of, of, "{role:?}");
            assert!((found.of(role).mean() * of as f64 - sum).abs() < 1e-9, "{role:?}");
        }
    }
    let stop = &mut |done: usize, _: usize| if done > 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    assert!(HeadsOf(texts.clone()).put_to(&mut model, stop).unwrap().is_none());
    assert!(Attend(texts[2].clone()).put_to(&mut model, stop).unwrap().is_none());
}

fn fill(model: &mut OpenModel, of: &Guessing) -> Filling {
    let fill = Fill { hidden: of.hidden.clone(), one_mask: of.one_mask, top_k: 5, ..Fill::default() };
    let question = Question { task: Some(Task::Mlm), text: of.text.clone(), pair: None, ask: Ask::Fill(fill) };
    let answer = explore(model, &question, &mut |_, _| ControlFlow::Continue(())).unwrap().unwrap();
    let Prediction::Filling(filling) = answer.result else { panic!("{question:?}") };
    *filling
}

#[test]
fn after_the_last_layer_the_masks_hold_what_the_model_says() {
    for folder in ["bert-mlm", "albert-mlm", "distilbert-mlm", "electra-mlm", "roberta-mlm"] {
        let mut model = open(folder);
        for one_mask in [false, true] {
            let text = "heavy rain closed the old road".to_owned();
            let guessing = Guessing { text, hidden: vec![(0, 5), (22, 25)], one_mask };
            let found: Arc<Guesses> = ask(&mut model, &guessing);
            let said = fill(&mut model, &guessing);
            let masks: Vec<_> = said.blanks.iter().flat_map(|blank| &blank.masks).collect();
            assert!(!masks.is_empty() && masks.len() == found.masks.len(), "{folder}");
            for (way, mask) in found.masks.iter().zip(masks) {
                let layers = model.model.config.num_hidden_layers;
                assert_eq!((way.best.len(), way.looks.len()), (layers + 1, layers), "{folder}");
                let last = way.best.last().unwrap();
                assert_eq!(*last, mask.best.iter().map(|one| one.token).collect::<Vec<_>>(), "{folder}");
                for one in &mask.best {
                    let word = way.word(one.token).unwrap();
                    assert_eq!(f64::from(word.shares[layers]).to_bits(), one.score.to_bits(), "{folder}: to the bit");
                    assert_eq!(word.word, one.token_str, "{folder}");
                }
                if let Some(was) = &mask.was {
                    let word = way.word(way.was.unwrap()).unwrap();
                    assert_eq!((f64::from(word.shares[layers]), word.ranks[layers]), (was.score, was.rank), "{folder}");
                }
                for layer in 0..=layers {
                    let shares: Vec<f32> =
                        way.best[layer].iter().map(|token| way.word(*token).unwrap().shares[layer]).collect();
                    assert!(shares.is_sorted_by(|a, b| a >= b), "{folder}: best first");
                }
                for looks in (0..layers).map(|layer| way.looks_at(Some(layer))).chain([way.looks_at(None)]) {
                    assert!((looks.iter().sum::<f32>() - 1.0).abs() < 1e-5, "{folder}");
                }
            }
        }
    }
}
