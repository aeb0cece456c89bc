//! What explains an answer is what PyTorch's autograd and predicting by hand say, for every family and head; and the sums
//! come out.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use attune::inspect::why::{
    Asked, Baseline, Explain, Hide, Method, Place, Scene, SwapsOf, Target, Trial, TrialOf, TurningOf,
};
use attune::inspect::{Inquiry, InspectError, OpenModel, Options, Output, Request};
use attune::task::{Reads, Task};
use serde::Deserialize;

use crate::attention_is_the_models::ask as put;
use crate::explore_asks_every_head::open;
use crate::models_match_the_reference::golden;

/// Largest difference from what was recorded.
const CLOSE: f64 = 1e-5;
/// Largest share of what is to be explained that 64 steps may leave.
const GAP: f64 = 0.01;

#[derive(Deserialize)]
struct Case {
    text: String,
    pair: Option<String>,
    place: usize,
    column: usize,
    offsets: (usize, usize),
    score: f64,
    gradient_input: Vec<f64>,
    integrated: BTreeMap<String, Integrated>,
    occlusion: Vec<f64>,
    share: f64,
    comprehensiveness: f64,
    sufficiency: f64,
}

#[derive(Deserialize)]
struct Integrated {
    weights: Vec<f64>,
    from: f64,
}

impl Case {
    fn asked(&self, model: &OpenModel) -> Asked {
        let task = model.task;
        let sequence = u8::from(task.reads() == Reads::Question);
        let (start, end) = self.offsets;
        let token_heads = matches!(task, Task::Ner | Task::Qa | Task::Rtd);
        let place = token_heads.then_some(Place { sequence, start, end });
        let label = match task {
            Task::Qa => Some(["start", "end"][self.column].to_owned()),
            Task::Mlm => model.tokenizer.id_to_token(self.column as u32),
            _ => model.labels.get(self.column).cloned(),
        };
        let target = Target { place, label: label.filter(|_| !matches!(task, Task::Rtd | Task::Regress)) };
        Asked { task: Some(task), text: self.text.clone(), pair: self.pair.clone(), target }
    }
}

fn each(mut check: impl FnMut(&str, &Case, &mut OpenModel, Asked)) {
    let text = std::fs::read_to_string(golden().join("why.json")).unwrap();
    let cases: BTreeMap<String, Vec<Case>> = serde_json::from_str(&text).unwrap();
    assert!(cases.len() > 20);
    for (folder, cases) in cases {
        let mut model = open(&folder);
        for case in cases {
            let asked = case.asked(&model);
            check(&folder, &case, &mut model, asked);
        }
    }
}

fn largest(found: &[f64], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

#[test]
fn gradient_times_input_is_that_of_autograd() {
    each(|folder, case, model, asked| {
        let found = put(model, &Explain::of(asked, Method::GradientInput));
        assert!((found.explained.score - case.score).abs() < CLOSE, "{folder}: {}", found.explained.score);
        assert!((found.explained.share - case.share).abs() < CLOSE, "{folder}: {}", found.explained.share);
        let off = largest(&found.map.tokens, &case.gradient_input);
        assert!(off < CLOSE, "{folder} is off by {off} at token {}", case.place);
        let in_words: f64 = found.map.words.iter().sum();
        let inside = found.units.iter().flat_map(|unit| unit.tokens.clone());
        let in_tokens: f64 = inside.map(|token| found.map.tokens[token]).sum();
        assert!((in_words - in_tokens).abs() < 1e-9, "{folder}: words have the sum of their pieces");
        assert!(model.model.params.iter().all(|param| param.gradient().unwrap().is_none()), "no weight got any");
    });
}

#[test]
fn integrated_gradients_are_those_of_many_more_steps_and_leave_no_gap() {
    each(|folder, case, model, asked| {
        for baseline in Baseline::ALL {
            let expected = &case.integrated[&baseline.title().to_lowercase().replace("padding", "pad")];
            let explain = Explain { baseline, ..Explain::of(asked.clone(), Method::IntegratedGradients) };
            let found = put(model, &explain);
            let known = found.map.completeness.unwrap();
            assert!(known.steps <= Explain::STEPS, "{folder}: {} steps", known.steps);
            assert!((known.baseline - expected.from).abs() < CLOSE, "{folder} {baseline:?}: {}", known.baseline);
            let all: f64 = expected.weights.iter().map(|weight| weight.abs()).sum();
            let off = largest(&found.map.tokens, &expected.weights);
            assert!(off < 0.01 * all, "{folder} {baseline:?} is off by {off} of {all}");
            // Where the words add up to next to nothing, a share of that says nothing.
            let is_nothing = (known.score - known.baseline).abs() < 0.01 * all;
            let share = if is_nothing { known.gap.abs() / all } else { known.share() };
            assert!(share < if is_nothing { 1e-3 } else { GAP }, "{folder} {baseline:?}: a gap of {share} ({known:?})");
            let sum: f64 = found.map.tokens.iter().sum();
            assert!((sum - (known.score - known.baseline) - known.gap).abs() < 1e-12);
        }
    });
}

#[test]
fn occlusion_and_its_trial_are_predicting_by_hand() {
    each(|folder, case, model, asked| {
        let found = put(model, &Explain::of(asked.clone(), Method::Occlusion));
        // What is asked about a mask cannot be hidden, and is no word of the recorded ones.
        let mask = model.tokenizer.mask_token().unwrap().to_owned();
        let words: Vec<usize> = (0..found.units.len()).filter(|unit| found.units[*unit].word.trim() != mask).collect();
        let weights: Vec<f64> = words.iter().map(|unit| found.map.words[*unit]).collect();
        let off = largest(&weights, &case.occlusion);
        assert!(off < CLOSE, "{folder} is off by {off}");
        let maps = vec![found.map.words.clone(), found.map.words.iter().map(|weight| -weight).collect()];
        let trial: Trial = put(model, &TrialOf { asked, hide: Hide::Mask, maps });
        assert!((trial.share - case.share).abs() < CLOSE);
        let own = &trial.maps[0];
        // A tie in f32 may be none in f64, so that the order is that of the recorded weights up to rounding.
        assert!((own.comprehensiveness - case.comprehensiveness).abs() < CLOSE, "{folder}: {own:?}");
        assert!((own.sufficiency - case.sufficiency).abs() < CLOSE, "{folder}: {own:?}");
        assert_eq!(trial.counts.last(), Some(&words.len()));
        assert!((own.deleted[0] - trial.share).abs() < 1e-12 && own.kept.last() == Some(&trial.share));
        let reversed = &trial.maps[1];
        let ends = [own.deleted.last(), trial.random.deleted.last(), reversed.deleted.last()];
        assert!(ends.iter().all(|end| (end.unwrap() - ends[0].unwrap()).abs() < 1e-9), "all orders end alike");
    });
}

#[test]
fn what_is_explained_where_nothing_is_named_is_what_the_model_says() {
    let text = "Maria Okafor joined Northwind Labs in Lisbon.";
    let mut model = open("bert-classify");
    let prepared = model.prepare(Request { text: text.into(), pair: None }, &Options::default()).unwrap();
    let Output::Labels(labels) = model.predict(&[&prepared], &Options::default()).unwrap().remove(0).output else {
        panic!()
    };
    let asked = Asked { text: text.into(), ..Asked::default() };
    let found = put(&mut model, &Explain::of(asked.clone(), Method::GradientInput)).explained.clone();
    assert_eq!((found.label.as_str(), found.choices.len()), (labels[0].label.as_str(), labels.len()));
    assert!((found.share - labels[0].score).abs() < 1e-6);
    let mut model = open("bert-mlm");
    let found = put(&mut model, &Explain::of(asked.clone(), Method::Occlusion));
    assert_eq!(found.explained.word, "Northwind", "without a mask the longest word is asked about");
    let hidden = found.units.iter().position(|unit| unit.word == "Northwind").unwrap();
    assert!(found.tokens[found.units[hidden].tokens.start].contains("MASK") && found.map.words[hidden] == 0.0);
    let mut model = open("bert-ner");
    let lisbon = Target { place: Some(Place { sequence: 0, start: 38, end: 44 }), label: None };
    let asked_lisbon = Asked { target: lisbon, ..asked.clone() };
    let found = put(&mut model, &Explain::of(asked_lisbon, Method::GradientInput)).explained.clone();
    assert_eq!(found.word, "Lisbon");
    let mut model = open("bert-qa");
    let asked = Asked { text: "Who joined?".into(), pair: Some(text.into()), ..asked };
    let found = put(&mut model, &Explain::of(asked, Method::GradientInput)).explained.clone();
    assert!(found.label == "answer" && text.contains(&found.word) && !found.word.is_empty());
    let product = found.choices[1].share * found.choices[2].share;
    assert!((found.share - product).abs() < 1e-9, "an answer is as likely as its start and its end together");
}

#[test]
fn a_long_document_is_explained_by_the_window_that_the_answer_stands_in() {
    let document = "The first lighthouse was built by Anders Holm in 1768. It fell in a storm. ".repeat(12);
    let mut model = open("bert-qa");
    let asked = Asked { text: "Who built it?".into(), pair: Some(document), ..Asked::default() };
    let found = put(&mut model, &Explain::of(asked.clone(), Method::GradientInput));
    assert!(found.explained.elsewhere > 100 && found.tokens.len() <= 64);
    let error = TurningOf { asked }.put_to(&mut model, &mut |_, _| ControlFlow::Continue(())).unwrap_err();
    assert!(matches!(error, InspectError::InWindows), "{error}");
}

#[test]
fn what_cannot_be_explained_is_said() {
    let mut model = open("bert-classify");
    let text = "The jury believed the witness.";
    let mut error = |text: &str, target: Target| {
        let asked = Asked { text: text.into(), target, ..Asked::default() };
        Explain::of(asked, Method::GradientInput)
            .put_to(&mut model, &mut |_, _| ControlFlow::Continue(()))
            .unwrap_err()
            .to_string()
    };
    let label = |label: &str| Target { label: Some(label.into()), place: None };
    assert_eq!(
        error(text, label("angry")),
        "there is no \"angry\" to explain, expected negative, neutral, positive".replace(
            "negative, neutral, positive",
            &{
                let mut model = open("bert-classify");
                let asked = Asked { text: text.into(), ..Asked::default() };
                let found = put(&mut model, &Explain::of(asked, Method::GradientInput)).explained.clone();
                found.choices.iter().map(|choice| choice.label.clone()).collect::<Vec<_>>().join(", ")
            }
        )
    );
    assert!(error("", Target::default()).contains("no word"));
    let mut model = open("bert-nsp");
    let asked = Asked { text: text.into(), ..Asked::default() };
    let error = Explain::of(asked, Method::Occlusion).put_to(&mut model, &mut |_, _| ControlFlow::Continue(()));
    assert!(error.unwrap_err().to_string().contains("two texts"));
}

#[test]
fn an_explanation_can_be_ended_between_batches() {
    let mut model = open("bert-classify");
    let text = "The ferry leaves the old harbour at seven and reaches the island. ".repeat(3);
    let asked = Asked { text, ..Asked::default() };
    let mut heard = 0;
    let explain = Explain::of(asked, Method::IntegratedGradients);
    let stopped = explain.put_to(&mut model, &mut |_, _| {
        heard += 1;
        if heard == 4 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!((stopped.unwrap(), heard), (None, 4));
}

/// The class that a model says of a text.
fn says(model: &OpenModel, text: &str, pair: Option<&str>) -> String {
    let request = Request { text: text.into(), pair: pair.map(str::to_owned) };
    let prepared = model.prepare(request, &Options::default()).unwrap();
    match model.predict(&[&prepared], &Options::default()).unwrap().remove(0).output {
        Output::Labels(labels) => labels[0].label.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_fewest_words_that_turn_the_answer_turn_it_and_no_fewer_do() {
    let texts = [
        "The jury believed the witness, not the map.",
        "The sequel is louder and duller than the film it copies.",
        "Prices rose in October, the fastest pace since 2008.",
        "Copper conducts heat.",
    ];
    let mut turned = 0;
    for folder in ["bert-classify", "roberta-classify", "albert-classify", "electra-classify", "distilbert-classify"] {
        let mut model = open(folder);
        for text in texts {
            let asked = Asked { text: text.into(), ..Asked::default() };
            let found = put(&mut model, &TurningOf { asked: asked.clone() });
            assert_eq!(found.says, says(&model, text, None), "{folder}");
            let explained = put(&mut model, &Explain::of(asked, Method::GradientInput));
            // By hand: every single word taken out of the text as a person would.
            let single = explained.units.iter().any(|unit| {
                let letters: Vec<char> = text.chars().collect();
                let (before, after) = (&letters[..unit.place.start], &letters[unit.place.end..]);
                let (before, after): (String, String) = (before.iter().collect(), after.iter().collect());
                let joined = if before.is_empty() || before.ends_with(' ') { after.trim_start() } else { &after };
                says(&model, format!("{before}{joined}").trim_end(), None) != found.says
            });
            match &found.turn {
                Some(turn) => {
                    turned += 1;
                    assert_eq!(says(&model, &turn.text, turn.pair.as_deref()), turn.says, "{folder}: {turn:?}");
                    assert_ne!(turn.says, found.says);
                    assert_eq!(single, turn.words.len() == 1, "{folder}: {turn:?}");
                    assert!(turn.words.iter().all(|word| text.contains(word.as_str())));
                }
                None => assert!(!single, "{folder} {text}"),
            }
        }
    }
    assert!(turned > 5, "{turned}");
}

#[test]
fn swapped_words_are_proposed_by_a_masked_word_head_and_turn_the_answer_where_they_say_so() {
    let proposer = OpenModel::open(&golden().join("bert-mlm"), Some(Task::Mlm)).unwrap();
    let text = "The sequel is louder and duller than the film it copies.";
    let mut seen = 0;
    for folder in ["bert-classify", "roberta-classify", "albert-classify"] {
        let mut model = open(folder);
        let asked = Asked { text: text.into(), ..Asked::default() };
        let before = says(&model, text, None);
        let go_on = &mut |_: usize, _: usize| ControlFlow::Continue(());
        let scene = Scene::open(&mut model, &asked, go_on).unwrap().unwrap();
        let found = scene.swaps(&asked, &proposer, true, go_on).unwrap().unwrap();
        assert_eq!((found.says.as_str(), found.by_other), (before.as_str(), true));
        for swap in &found.swaps {
            seen += 1;
            assert_eq!(says(&model, &swap.text, None), swap.says, "{folder}: {swap:?}");
            assert_eq!(swap.turns, swap.says != before, "{folder}: {swap:?}");
            assert!(text.contains(&swap.word) && swap.text.contains(&swap.becomes));
        }
        let turning: Vec<f64> = found.swaps.iter().filter(|swap| swap.turns).map(|swap| swap.chance).collect();
        assert!(turning.is_sorted_by(|a, b| a >= b), "likeliest first");
    }
    assert!(seen > 0);
    let mut model = open("bert-mlm");
    let asked = Asked { text: "The jury believed the [MASK].".into(), ..Asked::default() };
    let found = put(&mut model, &SwapsOf { asked });
    assert!(!found.by_other, "it has such a head of its own");
    assert!(found.swaps.iter().all(|swap| swap.text.contains("[MASK]")), "what is asked about stays");
}

/// `attune explain` with some arguments: its output as JSON, or what it says on standard error where it fails.
fn on_the_command_line(arguments: &[&str]) -> Result<serde_json::Value, String> {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_attune"));
    let output = command.arg("explain").args(arguments).arg("--json").output().unwrap();
    if output.status.success() {
        return Ok(serde_json::from_slice(&output.stdout).unwrap());
    }
    Err(String::from_utf8(output.stderr).unwrap())
}

#[test]
fn the_command_line_says_the_same_as_the_window() {
    let dir = golden().join("bert-classify").to_string_lossy().into_owned();
    let text = "Maria Okafor joined Northwind Labs in Lisbon.";
    let mut model = open("bert-classify");
    let asked = Asked { text: text.into(), ..Asked::default() };
    for (method, name) in Method::ALL.into_iter().zip(["gradient-input", "integrated-gradients", "occlusion"]) {
        let found = on_the_command_line(&["--model", &dir, "--text", text, "--method", name]).unwrap();
        let expected = put(&mut model, &Explain::of(asked.clone(), method));
        assert_eq!(found["method"], name);
        assert_eq!(found["target"], expected.explained.label.as_str());
        assert_eq!(found["score"].as_f64(), Some(expected.explained.score));
        let weights: Vec<f64> =
            found["words"].as_array().unwrap().iter().map(|word| word["weight"].as_f64().unwrap()).collect();
        assert_eq!(weights, expected.map.words, "to the last bit");
        assert_eq!(found["tokens"].as_array().unwrap().len(), expected.tokens.len());
        let letters: Vec<char> = text.chars().collect();
        for word in found["words"].as_array().unwrap() {
            let place = |key: &str| word[key].as_u64().unwrap() as usize;
            assert_eq!(word["word"], letters[place("start")..place("end")].iter().collect::<String>());
        }
        assert_eq!(found["gap"].as_f64(), expected.map.completeness.map(|known| known.gap));
        let maps = vec![expected.map.words.clone()];
        let trial = put(&mut model, &TrialOf { asked: asked.clone(), hide: Hide::Mask, maps });
        assert_eq!(found["comprehensiveness"].as_f64(), Some(trial.maps[0].comprehensiveness));
        assert_eq!(found["random"]["sufficiency"].as_f64(), Some(trial.random.sufficiency));
    }
    let ner = golden().join("bert-ner").to_string_lossy().into_owned();
    let found = on_the_command_line(&["--model", &ner, "--text", text, "--at", "Lisbon", "--target", "B-LOC"]).unwrap();
    assert_eq!((&found["target"], &found["at"]["start"]), (&"B-LOC".into(), &38.into()));
    let error = on_the_command_line(&["--model", &ner, "--text", text, "--at", "Paris"]).unwrap_err();
    assert!(error.contains("there is no \"Paris\" in the text"), "{error}");
    let error = on_the_command_line(&["--model", &dir, "--text", text, "--target", "angry"]).unwrap_err();
    assert!(error.contains("there is no \"angry\" to explain, expected"), "{error}");
}
