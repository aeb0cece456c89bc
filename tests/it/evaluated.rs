//! Evaluations of every task, as the scripted worker would send them.
#![expect(clippy::unwrap_used, reason = "a broken scene is a broken test")]

use std::path::Path;

use attune::metrics::{
    AnsweredQuestion, Answers, CandidateAnswer, Evaluation, MaskedTally, TaggedSentence, evaluate_answers,
    evaluate_classes, evaluate_entities, evaluate_masked, evaluate_multilabel,
};
use attune::model::{Decisions, Precision};
use attune::task::Task;
use attune::worker::protocol::EvaluatedData;

use crate::script::noise;

/// An evaluation as it comes from a model that was opened for it.
fn evaluated(model: &Path, evaluation: Evaluation, texts: Vec<(String, Option<String>)>) -> EvaluatedData {
    EvaluatedData {
        model: model.into(),
        on: None,
        evaluation,
        decisions: Decisions::default(),
        precision: Precision::F32,
        texts,
        told: Vec::new(),
    }
}

/// Entities, some of them missed, spurious, misnamed or cut.
pub fn of_entities(model: &Path) -> EvaluatedData {
    let names = ["O", "B-LOC", "I-LOC", "B-MISC", "I-MISC", "B-ORG", "I-ORG", "B-PER", "I-PER"].map(String::from);
    let templates: [(&str, [u32; 9]); 4] = [
        ("Ada Lovelace wrote to Charles Babbage in London .", [7, 8, 0, 0, 7, 8, 0, 1, 0]),
        ("The Royal Society of Edinburgh met on Tuesday again", [0, 5, 6, 6, 6, 0, 0, 3, 0]),
        ("Nothing at all happened in that small quiet village", [0; 9]),
        ("Grace Hopper left Yale for the navy in Boston", [7, 8, 0, 5, 0, 0, 0, 0, 1]),
    ];
    let sentences = (0..140).map(|example| {
        let (words, gold) = templates[example % templates.len()];
        let predicted = gold.iter().enumerate().map(|(word, &tag)| {
            let chance = noise((example * 31 + word) as u64);
            if chance < 0.9 { tag } else { [0, 1, 3, 5, 7][((chance - 0.9) * 50.0) as usize % 5] }
        });
        TaggedSentence {
            example,
            words: words.split(' ').map(String::from).collect(),
            gold: gold.to_vec(),
            predicted: predicted.collect(),
            scores: (0..9).map(|word| (0.5 + 0.5 * noise((example * 57 + word) as u64)) as f32).collect(),
        }
    });
    let sentences: Vec<_> = sentences.collect();
    let texts = sentences.iter().map(|sentence| (sentence.words.join(" "), None)).collect();
    let evaluation = evaluate_entities(&names, sentences, 0.21);
    evaluated(model, evaluation, texts)
}

/// Questions about one paragraph, every third without an answer.
pub fn of_answers(model: &Path, allow_no_answer: bool) -> EvaluatedData {
    let context = "The blue whale is the largest animal that is known to have ever lived. It can reach a length of thirty \
                   metres and weighs up to two hundred tonnes. Its heart is about as large as a small car, and it eats \
                   krill, which it strains out of the sea with its baleen.";
    let asked = [
        ("What is the largest animal?", "blue whale"),
        ("How long can a whale get?", "thirty metres"),
        ("Who discovered the blue whale?", ""),
        ("What does it eat?", "krill"),
    ];
    let said = ["blue whale", "a length of thirty metres", "a small car", "krill", "baleen", "two hundred tonnes"];
    let place = |text: &str| context.find(text).unwrap();
    let questions = (0..90).map(|example| {
        let (_, gold) = asked[example % asked.len()];
        let right = said.iter().position(|text| !gold.is_empty() && text.ends_with(gold)).unwrap_or(2);
        let first = if noise(example as u64) < 0.7 { right } else { (right + 1 + example % 4) % said.len() };
        let candidates = (0..4).map(|rank| {
            let text = said[(first + rank) % said.len()];
            CandidateAnswer {
                text: text.into(),
                score: (0.4 + 0.5 * noise(example as u64 + 400)) as f32 / (rank * rank + 1) as f32,
                start: place(text),
                end: place(text) + text.len(),
                window: rank / 3,
            }
        });
        let lean = if gold.is_empty() { 1.5 } else { -2.5 };
        AnsweredQuestion {
            example,
            id: format!("q{example}"),
            gold: if gold.is_empty() { Vec::new() } else { vec![gold.into()] },
            gold_starts: if gold.is_empty() { Vec::new() } else { vec![place(gold)] },
            candidates: candidates.collect(),
            null_score: lean + 6.0 * (noise(example as u64 + 70) - 0.5),
        }
    });
    let evaluation = evaluate_answers(questions.collect(), 0.0, allow_no_answer, 1.02);
    let texts =
        (0..90).map(|example| (format!("{} ({example})", asked[example % 4].0), Some(context.to_owned()))).collect();
    evaluated(model, evaluation, texts)
}

/// Five labels, rarer from one to the next.
pub fn of_labels(model: &Path) -> EvaluatedData {
    let labels = ["battery", "price", "screen", "service", "shipping"].map(String::from);
    let has = |example: usize, label: usize| noise((example * 7 + label) as u64) < 0.6 / (label + 1) as f64;
    let gold: Vec<Vec<u32>> = (0..160)
        .map(|example| (0..5).filter(|&label| has(example, label)).map(|label| label as u32).collect())
        .collect();
    let score = |example: usize, label: usize| {
        let lean = if has(example, label) { 0.35 } else { 0.0 };
        ((noise((example * 13 + label + 900) as u64) * 0.6 + lean) / (1.0 + label as f64 * 0.25)) as f32
    };
    let scores = (0..160).map(|example| (0..5).map(|label| score(example, label)).collect()).collect();
    let examples: Vec<usize> = (0..160).collect();
    let losses = vec![0.3; 160];
    let answers = Answers { examples: &examples, gold: &gold, scores, losses: &losses };
    let evaluation = evaluate_multilabel(&labels, answers);
    let texts = (0..160).map(|example| (format!("A review of many things ({example})"), None)).collect();
    evaluated(model, evaluation, texts)
}

/// Classes with confidences that are too high.
pub fn of_classes(model: &Path) -> EvaluatedData {
    let labels = ["mixed", "negative", "positive"].map(String::from);
    let gold: Vec<u32> = (0..400_u32).map(|example| example % 3).collect();
    let scores = gold.iter().enumerate().map(|(example, &gold)| {
        let right = noise(example as u64 + 5) < 0.6;
        let said = if right { gold } else { (gold + 1) % 3 };
        let sure = (0.75 + 0.24 * noise(example as u64 + 700)) as f32;
        (0..3).map(|class| if class == said { sure } else { (1.0 - sure) / 2.0 }).collect()
    });
    let scores: Vec<Vec<f32>> = scores.collect();
    let examples: Vec<usize> = (0..400).collect();
    let losses = vec![0.7; 400];
    let answers = Answers { examples: &examples, gold: &gold, scores, losses: &losses };
    let evaluation = evaluate_classes(Task::Classify, &labels, answers);
    let texts = (0..400).map(|example| (format!("A review ({example})"), None)).collect();
    evaluated(model, evaluation, texts)
}

/// Masked words of a small vocabulary.
pub fn of_masks(model: &Path) -> EvaluatedData {
    let words = ["the", "whale", "of", "sea", "##s", "krill", "and", "heart", "blue", "metre"];
    let mut tally = MaskedTally::default();
    for mask in 0..900_u64 {
        let token = (noise(mask) * noise(mask + 5000) * 10.0) as u32;
        let loss = 0.2 + 4.0 * noise(mask + 9000) * f64::from(token + 1) / 10.0;
        tally.add(token, loss, loss < 0.8);
    }
    let mut evaluation = evaluate_masked(&tally);
    evaluation.masked = Some(tally.report(|id| words[id as usize].into()));
    evaluated(model, evaluation, Vec::new())
}
