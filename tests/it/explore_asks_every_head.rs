//! What Explore shows is what the pipelines say, with the places, windows and probabilities that make it visible.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use attune::corpus::masking::{Cover, MaskStyle};
use attune::inspect::filling::{Fill, Filling};
use attune::inspect::objectives::{Kind, Lab, LabAsk, LabToken, Objective, Standing};
use attune::inspect::reading::Reading;
use attune::inspect::tagging::{Span, Tagging};
use attune::inspect::{
    Aggregation, Answer, AnyInquiry, Ask, OpenModel, Options, Output, Predicted, Prediction, Question, Request, explore,
};
use attune::model::Precision;
use attune::task::Task;
use attune::worker::protocol::{Command, EventKind, JobId, Payload};
use attune::worker::spawn;

use crate::models_match_the_reference::golden;

pub fn open(folder: &str) -> OpenModel {
    OpenModel::open_whole(&golden().join(folder)).unwrap()
}

fn ask(predictor: &mut OpenModel, question: &Question) -> Answer {
    explore(predictor, question, &mut |_, _| ControlFlow::Continue(())).unwrap().expect("nobody stopped it")
}

fn question(task: Task, text: &str, pair: Option<&str>) -> Question {
    Question { task: Some(task), ..Question::of(text, pair.map(str::to_owned)) }
}

fn predict(predictor: &OpenModel, text: &str, pair: Option<&str>, options: &Options) -> Predicted {
    let request = Request { text: text.into(), pair: pair.map(str::to_owned) };
    let prepared = predictor.prepare(request, options).unwrap();
    predictor.predict(&[&prepared], options).unwrap().remove(0)
}

fn tagging(answer: Answer) -> Tagging {
    let Prediction::Tagging(tagging) = answer.result else { panic!("{answer:?}") };
    *tagging
}

#[test]
fn entities_come_by_every_strategy_from_one_pass() {
    let text = "Maria Okafor joined Northwind Labs in Lisbon. ".repeat(9);
    for folder in ["bert-ner", "roberta-ner", "albert-ner"] {
        let mut predictor = open(folder);
        let found = tagging(ask(&mut predictor, &question(Task::Ner, &text, None)));
        assert!(found.windows > 1);
        assert_eq!(found.types, ["LOC", "MISC", "ORG", "PER"]);
        for aggregation in Aggregation::ALL {
            let options = Options { aggregation, ..Options::default() };
            let expected: Vec<Span> = match predict(&predictor, &text, None, &options).output {
                Output::Tokens(tokens) => tokens
                    .into_iter()
                    .map(|one| Span { start: one.start, end: one.end, label: one.entity, score: one.score })
                    .collect(),
                Output::Entities(entities) => entities
                    .into_iter()
                    .map(|one| Span { start: one.start, end: one.end, label: one.entity_group, score: one.score })
                    .collect(),
                other => panic!("{other:?}"),
            };
            assert_eq!(found.spans(aggregation), expected, "{folder} {aggregation:?}");
        }
        let letters = text.trim_end().chars().count();
        assert!(found.tokens.last().unwrap().end >= letters, "the last token is told");
        assert!(found.tokens.iter().all(|token| token.labels.is_sorted_by(|a, b| a.1 >= b.1)));
    }
}

fn reading(answer: &Answer) -> &Reading {
    let Prediction::Reading(reading) = &answer.result else { panic!("{answer:?}") };
    reading
}

#[test]
fn a_long_document_is_read_in_windows_and_every_answer_knows_its_own() {
    let document = "The first lighthouse was built by Anders Holm in 1768. It fell in a storm. ".repeat(12);
    for folder in ["bert-qa", "distilbert-qa", "roberta-qa"] {
        let mut predictor = open(folder);
        let answer = ask(&mut predictor, &question(Task::Qa, "Who built it?", Some(&document)));
        let found = reading(&answer);
        let options = Options { top_k: Some(10), allow_no_answer: false, ..Options::default() };
        let Output::Answers(expected) = predict(&predictor, "Who built it?", Some(&document), &options).output else {
            panic!()
        };
        assert_eq!(found.answers.len(), expected.len());
        for (one, expected) in found.answers.iter().zip(&expected) {
            assert_eq!(one.text.to_lowercase(), expected.answer.to_lowercase());
            let there: String = document.chars().skip(one.start).take(one.end - one.start).collect();
            assert_eq!(there, one.text, "what is marked is what is said");
            let shown =
                |window: &usize| (found.windows[*window].start..found.windows[*window].end).contains(&one.start);
            assert!(one.windows.iter().any(|(window, _)| shown(window)), "it stands where it was seen");
            assert!((one.score - expected.score).abs() < 1e-12);
            let parts: f64 = one.windows.iter().map(|(_, share)| share).sum();
            assert!((parts - one.score).abs() < 1e-9, "the windows make up the score");
            assert!(one.windows.iter().all(|(window, _)| *window < found.windows.len()));
        }
        assert!(found.windows.len() > 3);
        // The windows overlap and cover every token of the document.
        let mut covered = vec![false; found.tokens.len()];
        for window in &found.windows {
            assert_eq!(window.starts.len(), window.last + 1 - window.first);
            covered[window.first..=window.last].fill(true);
            let sum: f32 = window.starts.iter().sum();
            assert!(sum <= 1.0 + 1e-5, "{sum}");
            for (place, share) in window.starts.iter().enumerate() {
                assert!(found.tokens[window.first + place].starts >= *share);
            }
        }
        assert!(covered.iter().all(|seen| *seen));
        let allowed = Options { top_k: Some(50_000), allow_no_answer: true, ..Options::default() };
        let Output::Answers(all) = predict(&predictor, "Who built it?", Some(&document), &allowed).output else {
            panic!()
        };
        let same = |score: f64| (score - found.no_answer).abs() < 1e-12;
        assert!(all.iter().any(|one| one.answer.is_empty() && same(one.score)), "{folder}");
        assert!(found.margin.is_finite());
    }
}

#[test]
fn reading_can_be_ended_between_windows() {
    let mut predictor = open("bert-qa");
    let document = "It fell in a storm and was built again. ".repeat(400);
    let mut heard = 0;
    let stopped = explore(&mut predictor, &question(Task::Qa, "What fell?", Some(&document)), &mut |done, total| {
        heard += 1;
        assert!(done < total && total > 50);
        if heard == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!((stopped.unwrap(), heard), (None, 2));
}

fn fill(predictor: &mut OpenModel, text: &str, fill: Fill) -> Filling {
    let question = Question { ask: Ask::Fill(fill), ..question(Task::Mlm, text, None) };
    let answer = ask(predictor, &question);
    let Prediction::Filling(filling) = answer.result else { panic!("{answer:?}") };
    *filling
}

/// The characters of a word in a text.
fn place(text: &str, word: &str) -> (usize, usize) {
    let start = text[..text.find(word).unwrap()].chars().count();
    (start, start + word.chars().count())
}

#[test]
fn a_word_that_is_hidden_by_a_click_is_a_mask_written_in_the_text() {
    let text = "é the soup was warm and the map is old";
    for folder in ["bert-mlm", "roberta-mlm", "albert-mlm", "distilbert-mlm", "electra-mlm"] {
        let mut predictor = open(folder);
        let mask = predictor.tokenizer.mask_token().unwrap().to_owned();
        let hidden = vec![place(text, "soup"), place(text, "old")];
        let clicked = fill(&mut predictor, text, Fill { hidden, one_mask: true, ..Fill::default() });
        let written = text.replace("soup", &mask).replace("old", &mask);
        let typed = fill(&mut predictor, &written, Fill::default());
        let places: Vec<_> = clicked.blanks.iter().map(|blank| (blank.start, blank.end)).collect();
        assert_eq!(places, [place(text, "soup"), place(text, "old")], "{folder}");
        for (one, two) in clicked.blanks.iter().zip(&typed.blanks) {
            assert_eq!(one.masks[0].best, two.masks[0].best, "{folder}");
        }
        let options = Options { top_k: Some(10), ..Options::default() };
        let Output::Masks(expected) = predict(&predictor, &written, None, &options).output else { panic!() };
        let best: Vec<_> = typed.blanks.iter().map(|blank| blank.masks[0].best.clone()).collect();
        assert_eq!(best, expected, "{folder}: the pipeline says the same");
        assert!(typed.words.iter().filter(|word| word.blank.is_some()).count() == 2);
    }
}

#[test]
fn nothing_hidden_is_no_error_and_shows_the_words() {
    let filling = fill(&mut open("bert-mlm"), "the soup was warm", Fill::default());
    assert!(filling.blanks.is_empty());
    let places: Vec<(usize, usize)> = filling.words.iter().map(|word| (word.start, word.end)).collect();
    assert_eq!(places, [(0, 3), (4, 8), (9, 12), (13, 17)]);
}

#[test]
fn own_words_are_scored_by_the_product_of_their_pieces() {
    let text = "the soup was warm and old";
    let mut predictor = open("bert-mlm");
    let mask = "[MASK]";
    let words = ["map", "xylophone", "map", "日本"].map(String::from).to_vec();
    let asked = Fill { hidden: vec![place(text, "soup")], one_mask: true, candidates: words, top_k: 0 };
    let filling = fill(&mut predictor, text, asked);
    let scored = &filling.blanks[0].candidates;
    let of = |word: &str| scored.iter().find(|one| one.word == word).unwrap();
    let chance = |predictor: &mut OpenModel, written: &str, which: usize, piece: &str| {
        let wanted = Fill { top_k: 5000, ..Fill::default() };
        let filling = fill(predictor, written, wanted);
        let id = predictor.tokenizer.token_to_id(piece).unwrap();
        let best = &filling.blanks[which].masks[0].best;
        best.iter().find(|one| one.token == id).unwrap().score
    };
    let alone = chance(&mut predictor, &text.replace("soup", mask), 0, "map");
    assert!((of("map").score - alone).abs() < 1e-7, "{} {alone}", of("map").score);
    let pieces = of("xylophone").pieces.clone();
    assert!(pieces.len() > 1, "{pieces:?}");
    // The first piece with masks for all; each next with those before it in place.
    let masks = vec![mask; pieces.len()].join(" ");
    let first = chance(&mut predictor, &text.replace("soup", &masks), 0, &pieces[0]);
    assert!(of("xylophone").score <= first, "a product is no more than its first part");
    assert!(of("xylophone").score > 0.0);
    assert!(of("日本").problem.is_some() || of("日本").score > 0.0);
    assert!(scored.is_sorted_by(|a, b| (a.problem.is_none() && b.problem.is_some()) || a.score >= b.score));
}

#[test]
fn pairs_are_asked_in_both_orders() {
    for (folder, task) in [("bert-nsp", Task::Nsp), ("albert-sop", Task::Sop)] {
        let mut predictor = open(folder);
        let answer = ask(&mut predictor, &question(task, "the soup was warm", Some("she waited for the ferry")));
        let Prediction::Orders(orders) = answer.result else { panic!() };
        for (pair, said) in [
            (("the soup was warm", "she waited for the ferry"), &orders.given),
            (("she waited for the ferry", "the soup was warm"), &orders.swapped),
        ] {
            let expected = predict(&predictor, pair.0, Some(pair.1), &Options::default());
            let Output::Labels(labels) = expected.output else { panic!() };
            for one in labels {
                let share = said.iter().find(|(name, _)| *name == one.label).unwrap().1;
                assert!((share - one.score).abs() < 1e-6, "{folder}");
            }
        }
        let alone = explore(&mut predictor, &question(task, "x", None), &mut |_, _| ControlFlow::Continue(()));
        assert!(alone.unwrap_err().to_string().contains("expected a second one"));
    }
}

#[test]
fn a_pretraining_folder_answers_with_each_of_its_heads() {
    let mut predictor = open("variants/bert-pretraining");
    assert_eq!(predictor.subject().heads, [Task::Mlm, Task::Nsp]);
    let text = "the soup was [MASK]";
    assert!(matches!(ask(&mut predictor, &question(Task::Mlm, text, None)).result, Prediction::Filling(_)));
    assert!(matches!(ask(&mut predictor, &question(Task::Nsp, text, Some("b"))).result, Prediction::Orders(_)));
    assert!(matches!(ask(&mut predictor, &question(Task::Mlm, text, None)).result, Prediction::Filling(_)));
    let missing = explore(&mut predictor, &question(Task::Qa, text, Some("b")), &mut |_, _| ControlFlow::Continue(()));
    assert!(missing.is_err());
    assert!(open("variants/bert-encoder").subject().heads.is_empty(), "an encoder alone opens and has no head");
}

#[test]
fn tokens_are_judged_with_their_places() {
    let mut predictor = open("electra-rtd");
    let text = "The chef cooked a délicious laptop.";
    let answer = ask(&mut predictor, &question(Task::Rtd, text, None));
    let Prediction::Judged(judged) = answer.result else { panic!() };
    let Output::Replaced(expected) = predict(&predictor, text, None, &Options::default()).output else { panic!() };
    let expected: Vec<_> = expected.iter().filter(|one| !one.token.starts_with('[')).collect();
    assert_eq!(judged.len(), expected.len());
    for (one, expected) in judged.iter().zip(expected) {
        assert_eq!(one.token, expected.token);
        assert!((one.replaced - 1.0 / (1.0 + (-expected.score).exp())).abs() < 1e-6);
    }
    assert_eq!(judged.last().unwrap().end, text.chars().count());
}

#[test]
fn the_newest_question_ends_one_that_reads_a_long_document() {
    let client = spawn(Arc::new(|_| {})).unwrap();
    let model = golden().join("bert-qa");
    let ask = |job: u64, document: &str| {
        let inquiry = AnyInquiry::new(question(Task::Qa, "What fell?", Some(document)));
        client
            .commands
            .send(Command::Ask { job: JobId(job), model: model.clone(), precision: Precision::F32, inquiry })
            .unwrap();
    };
    ask(1, &"It fell in a storm and was built again. ".repeat(20_000));
    let (mut ended, mut answered) = (None, false);
    loop {
        let event = client.events.recv_timeout(Duration::from_mins(2)).expect("the newest question is answered");
        match (event.job.0, event.kind) {
            // It is under way: now comes the next.
            (1, EventKind::Progress { done: 0, .. }) => ask(2, "It fell."),
            (1, EventKind::Stopped) => ended = Some("stopped"),
            (1, EventKind::Done) => ended = Some("done"),
            (2, EventKind::Payload(Payload::Answer(reply))) => {
                answered = matches!(reply.to::<Question>().unwrap().result, Prediction::Reading(_));
            }
            (2, EventKind::Done) => break,
            _ => {}
        }
    }
    assert_eq!((ended, answered), (Some("stopped"), true));
}

fn lab(predictor: &mut OpenModel, text: &str, pair: Option<&str>, how: LabAsk) -> Lab {
    let question = Question { ask: Ask::Objectives(how), ..Question::of(text, pair.map(str::to_owned)) };
    let Prediction::Lab(lab) = ask(predictor, &question).result else { panic!() };
    *lab
}

fn of(lab: &Lab, kind: Kind) -> &Objective {
    lab.objectives.iter().find(|one| one.kind == kind).unwrap()
}

const LESSON: &str = "The soup was warm and the map is old. She waited for the ferry and found it.";

#[test]
fn the_lab_hides_what_training_would_hide_and_a_draw_can_be_seen_again() {
    let mut predictor = open("bert-mlm");
    let how = LabAsk { seed: 3, share: 0.4 };
    let first = lab(&mut predictor, LESSON, None, how);
    assert_eq!(first, lab(&mut predictor, LESSON, None, how));
    assert_ne!(first, lab(&mut predictor, LESSON, None, LabAsk { seed: 4, ..how }));
    for style in MaskStyle::ALL {
        let objective = of(&first, Kind::Masked(style));
        assert_eq!(objective.standing, Standing::Answered);
        let case = &objective.cases[0];
        let asked: Vec<&LabToken> = case.tokens.iter().filter(|token| token.target.is_some()).collect();
        assert!(!asked.is_empty());
        for token in &case.tokens {
            assert_eq!(token.cover.is_some(), token.target.is_some(), "what is chosen is asked for, and nothing else");
            match token.cover {
                Some(Cover::Mask) => assert_eq!(token.fed, "[MASK]"),
                Some(Cover::Keep) | None => assert_eq!(token.fed, token.original),
                Some(Cover::Random) => {}
            }
            assert!(!token.special || token.cover.is_none());
            assert!(token.target.as_ref().is_none_or(|target| *target == token.original));
        }
        let mean: f64 = asked.iter().map(|token| -token.right.unwrap().ln()).sum::<f64>() / asked.len() as f64;
        assert!((case.loss.unwrap() - mean).abs() < 1e-9);
    }
}

#[test]
fn left_to_right_no_token_knows_what_comes() {
    let mut predictor = open("bert-mlm");
    let said = |predictor: &mut OpenModel, text: &str| -> Vec<Option<(String, f64)>> {
        let lab = lab(predictor, text, None, LabAsk::default());
        of(&lab, Kind::Causal).cases[0].tokens.iter().map(|token| token.said.clone()).collect()
    };
    let (one, two) = (said(&mut predictor, "the soup was warm"), said(&mut predictor, "the soup was old"));
    assert_eq!(one[..4], two[..4], "the last word is not seen before it");
    let lab = lab(&mut predictor, "the soup was warm", None, LabAsk::default());
    let tokens = &of(&lab, Kind::Causal).cases[0].tokens;
    assert_eq!(tokens[1].target.as_deref(), Some(tokens[2].fed.as_str()));
}

#[test]
fn a_translation_has_positions_of_its_own() {
    let mut predictor = open("bert-mlm");
    let lab = lab(&mut predictor, "the soup was warm", Some("die Suppe war warm"), LabAsk { seed: 1, share: 0.5 });
    let objective = of(&lab, Kind::Translation);
    assert_eq!(objective.standing, Standing::Answered);
    let tokens = &objective.cases[0].tokens;
    let second = tokens.iter().position(|token| token.segment == 1).unwrap();
    assert_eq!(tokens[second].position, 0);
    assert!(tokens[..second].iter().zip(0..).all(|(token, place)| token.position == place));
    assert!(tokens[second..].iter().any(|token| token.cover.is_some()), "both texts are masked");
}

#[test]
fn heads_that_are_missing_are_named_and_those_that_are_there_answer() {
    let standing =
        |folder: &str, kind: Kind| of(&lab(&mut open(folder), LESSON, None, LabAsk::default()), kind).standing.clone();
    assert_eq!(standing("bert-nsp", Kind::NextSentence), Standing::Answered);
    assert_eq!(standing("bert-nsp", Kind::Causal), Standing::NoHead);
    assert_eq!(standing("bert-nsp", Kind::Replaced), Standing::NotInFamily);
    assert_eq!(standing("albert-sop", Kind::SentenceOrder), Standing::Answered);
    assert_eq!(standing("electra-rtd", Kind::Replaced), Standing::Answered);
    assert!(matches!(standing("bert-nsp", Kind::Translation), Standing::NotThisText(_)));
    let mut encoder = open("variants/bert-encoder");
    let alone = lab(&mut encoder, LESSON, None, LabAsk { seed: 2, share: 0.5 });
    let objective = of(&alone, Kind::Masked(MaskStyle::Tokens));
    assert_eq!(objective.standing, Standing::NoHead);
    assert!(objective.cases[0].tokens.iter().any(|token| token.target.is_some() && token.said.is_none()));
    assert_eq!(objective.cases[0].loss, None);
}

#[test]
fn pairs_in_the_lab_are_what_the_head_says_of_the_same_pair() {
    let mut predictor = open("bert-nsp");
    let lab = lab(&mut predictor, LESSON, None, LabAsk::default());
    let case = &of(&lab, Kind::NextSentence).cases[0];
    let whole = case.whole.as_ref().unwrap();
    let (first, second) = LESSON.split_at(LESSON.find("She").unwrap());
    let Output::Labels(labels) = predict(&predictor, first.trim(), Some(second), &Options::default()).output else {
        panic!()
    };
    for one in labels {
        let share = whole.said.iter().find(|(name, _)| *name == one.label).unwrap().1;
        assert!((share - one.score).abs() < 1e-6);
    }
    assert_eq!(whole.target, "is_next");
}

#[test]
fn a_token_that_is_drawn_for_itself_is_real() {
    let mut predictor = open("electra-rtd");
    let lab = lab(&mut predictor, "no no no no old", None, LabAsk { seed: 5, share: 0.9 });
    let tokens = &of(&lab, Kind::Replaced).cases[0].tokens;
    for token in tokens.iter().filter(|token| !token.special) {
        let expected = if token.fed == token.original { "real" } else { "replaced" };
        assert_eq!(token.target.as_deref(), Some(expected));
    }
    assert!(tokens.iter().any(|token| token.cover.is_some() && token.target.as_deref() == Some("real")));
}
