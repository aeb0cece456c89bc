//! Each task is trained on data as people have it, through the same road as in the window and on the command line: the loss
//! falls, the metrics are those of the task, and the folder that is left can be evaluated and opened.

use std::path::{Path, PathBuf};

use attune::corpus::masking::MaskStyle;
use attune::data::Target;
use attune::metrics::Evaluation;
use attune::task::Task;
use attune::text::Labels;
use attune::train::assess::{Assessed, assess};
use attune::train::config::{LanguageObjective, ModelChoice, RunConfig};
use attune::train::event::TrainEvent;
use attune::train::objective::Objective;
use attune::train::{Examples, prepare};
use std::ops::ControlFlow;

use crate::models_match_the_reference::golden;
use crate::runs_resume_exactly::go;

pub fn config(task: &str, model: &str, data: &Path, folder: &Path) -> RunConfig {
    let text = format!("task = {task:?}\n[model]\n[data]\ntrain = {data:?}\n");
    let mut config: RunConfig = toml::from_str(&text).unwrap();
    config.model = ModelChoice { path: Some(golden().join(model)), ..ModelChoice::default() };
    config.optim.lr = 5e-3;
    config.run.epochs = 6.0;
    config.run.batch = 8;
    config.run.out = folder.join("run");
    config.data.eval_fraction = Some(0.25);
    config.data.max_tokens = 32;
    config.data.stride = 8;
    config
}

pub fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// What a run told and left.
struct Ran {
    losses: Vec<f64>,
    evaluation: Evaluation,
    model: PathBuf,
}

impl Ran {
    fn loss_falls(&self) {
        let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
        let part = self.losses.len() / 4;
        let (first, last) = (mean(&self.losses[..part]), mean(&self.losses[self.losses.len() - part..]));
        // In the slowest of these runs it falls by three tenths.
        assert!(last < first * 0.8, "from {first} to {last}");
    }

    fn metric(&self, key: &str) -> f64 {
        *self.evaluation.metrics.get(key).unwrap_or_else(|| panic!("{key} in {:?}", self.evaluation.metrics))
    }
}

fn run(config: &RunConfig) -> Ran {
    let mut losses = Vec::new();
    let outcome = go(config, false, &mut || true, &mut |event| {
        if let TrainEvent::Step(step) = event {
            assert!(!step.skipped, "{step:?}");
            losses.push(step.loss);
        }
    });
    Ran { losses, evaluation: outcome.unwrap().evaluation.unwrap(), model: config.run.out.join("model") }
}

/// Evaluates what a run left over a file.
fn evaluated(ran: &Ran, data: &Path) -> Evaluation {
    let what = Assessed {
        model: ran.model.clone(),
        data: data.into(),
        max_tokens: Some(32),
        stride: Some(8),
        ..Assessed::default()
    };
    assess(&what, &mut |_, _, _| ControlFlow::Continue(())).unwrap().unwrap().evaluation
}

/// Sentences whose names and places differ by a word before them.
pub fn conll(folder: &Path) -> PathBuf {
    let mut text = String::from("-DOCSTART- -X- O\n\n");
    for row in 0..48 {
        let (name, place) = (["tom", "the wood"][row % 2], ["paris", "the river"][row / 2 % 2]);
        let filler = ["soup", "map", "ferry"][row % 3];
        text += "mister NN B-PER\n";
        let mut words = name.split(' ');
        text += &words.by_ref().map(|word| format!("{word} NN I-PER\n")).collect::<String>();
        text += &format!("went VB O\nto TO O\n{} NN B-LOC\n", place.split(' ').next().unwrap());
        text += &place.split(' ').skip(1).map(|word| format!("{word} NN I-LOC\n")).collect::<String>();
        text += &format!("{} NN O\n. . O\n\n", filler.to_string().repeat(row % 4 + 1));
    }
    // One sentence that is longer than any window.
    text += &"mister NN B-PER\ntom NN I-PER\nand CC O\n".repeat(30);
    write(folder, "names.conll", &(text + "\n"))
}

#[test]
fn entities_are_learned_and_every_word_is_predicted() {
    let folder = tempfile::tempdir().unwrap();
    let path = conll(folder.path());
    for model in ["bert-ner", "roberta-ner"] {
        let mut config = config("ner", model, &path, &folder.path().join(model));
        config.run.keep_best = "f1".into();
        let ran = run(&config);
        ran.loss_falls();
        assert!(ran.metric("f1") > 0.6, "{model}: {:?}", ran.evaluation.metrics);
        assert_eq!(ran.evaluation.labels.first().map(String::as_str), Some("O"), "{:?}", ran.evaluation.labels);
        let whole = evaluated(&ran, &path);
        assert_eq!(whole.predictions.len(), 49, "one a sentence, however many windows it has");
        let report = whole.entities.as_ref().unwrap();
        assert_eq!(report.types, ["LOC", "PER"]);
        assert!(whole.metrics["f1"] > 0.6, "{:?}", whole.metrics);
    }
}

#[test]
fn each_word_of_a_long_sentence_has_its_label_in_one_window() {
    let folder = tempfile::tempdir().unwrap();
    let path = conll(folder.path());
    let mut config = config("ner", "bert-ner", &path, folder.path());
    config.data.eval_fraction = Some(0.0);
    let data = prepare(&config, &mut |_, _, _| ControlFlow::Continue(())).unwrap().unwrap();
    let Examples::Features(features) = &data.train else { panic!("{:?}", data.train) };
    let dataset = data.train_data.as_ref().unwrap();
    for (example, one) in dataset.examples.iter().enumerate() {
        let Target::Tags(tags) = &one.target else { panic!("{one:?}") };
        let windows = features.iter().filter(|features| features.example == example);
        let mut labels = Vec::new();
        for window in windows {
            assert!(window.tokens.len() <= 32);
            let Labels::Tokens(tokens) = &window.labels else { panic!("{window:?}") };
            labels.extend(tokens.iter().flatten().copied());
        }
        assert_eq!(&labels, tags, "example {example}");
    }
    assert!(features.len() > dataset.examples.len(), "the long sentence has several windows");
}

pub fn squad(folder: &Path) -> PathBuf {
    let mut paragraphs = Vec::new();
    for row in 0..24 {
        let animal = ["cat", "dog", "bird", "horse"][row % 4];
        let filler = "the map is not here and the soup was not there . ".repeat(row % 5);
        let context = format!("{filler}the {animal} ran to the river . it was {row} .");
        let start = context.find(animal).unwrap();
        paragraphs.push(serde_json::json!({
            "context": context,
            "qas": [
                {"id": format!("{row}a"), "question": "what ran to the river ?", "is_impossible": false,
                 "answers": [{"text": animal, "answer_start": start}]},
                {"id": format!("{row}b"), "question": "who sang ?", "is_impossible": true, "answers": []},
            ],
        }));
    }
    let whole = serde_json::json!({"version": "v2.0", "data": [{"title": "animals", "paragraphs": paragraphs}]});
    write(folder, "animals.json", &whole.to_string())
}

#[test]
fn answers_are_learned_over_windows_and_so_is_that_there_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = squad(folder.path());
    for model in ["bert-qa", "roberta-qa"] {
        let mut config = config("qa", model, &path, &folder.path().join(model));
        config.run.epochs = 10.0;
        config.run.keep_best = "f1".into();
        let ran = run(&config);
        ran.loss_falls();
        let whole = evaluated(&ran, &path);
        assert_eq!(whole.predictions.len(), 48);
        assert!(whole.metrics["no_answer_accuracy"] > 0.9, "{model}: {:?}", whole.metrics);
        assert!(whole.metrics.contains_key("exact_match") && whole.metrics.contains_key("best_f1"));
    }
}

pub fn prose(folder: &Path) -> PathBuf {
    let sentences = [
        "the cat sat on the map and the soup was warm .",
        "tom found it by the river , and so did the dog .",
        "a ferry and a bird went to the wood , but no one saw .",
        "it was not the horse that ran ; it was the child .",
    ];
    let mut text = String::new();
    for document in 0..12 {
        for line in 0..10 {
            text += sentences[(document + line) % 4];
            text += " ";
            text += sentences[(document * line + 1) % 4];
            text += "\n";
        }
        text += "\n";
    }
    write(folder, "prose.txt", &text)
}

#[test]
fn masked_words_are_learned_in_every_family() {
    let folder = tempfile::tempdir().unwrap();
    let path = prose(folder.path());
    for model in ["bert-mlm", "roberta-mlm", "distilbert-mlm", "albert-mlm", "electra-mlm"] {
        let config = config("mlm", model, &path, &folder.path().join(model));
        let ran = run(&config);
        ran.loss_falls();
        let (loss, perplexity) = (ran.metric("eval_loss"), ran.metric("perplexity"));
        assert!((loss.exp() - perplexity).abs() < 1e-9 * perplexity, "{loss} and {perplexity}");
        assert!(ran.metric("accuracy") > 0.05, "{model}: {:?}", ran.evaluation.metrics);
        // The masks of an evaluation are the same each time.
        assert_eq!(evaluated(&ran, &path).metrics, evaluated(&ran, &path).metrics);
    }
}

#[test]
fn the_next_token_and_a_translation_are_learned_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut causal = config("mlm", "bert-mlm", &prose(folder.path()), &folder.path().join("causal"));
    causal.language.objective = LanguageObjective::Causal;
    causal.data.eval =
        Some(write(folder.path(), "held-out.txt", "the cat sat by the river .\na dog saw the soup .\n").into());
    causal.data.eval_fraction = None;
    let ran = run(&causal);
    ran.loss_falls();
    // Evaluated again it is asked what it was trained for, in sequences as long, and not for words behind masks.
    let held_out = causal.data.eval.clone().unwrap();
    let what = Assessed { model: ran.model.clone(), data: held_out, ..Assessed::default() };
    let again = assess(&what, &mut |_, _, _| ControlFlow::Continue(())).unwrap().unwrap().evaluation;
    let (first, second) = (ran.metric("eval_loss"), again.metrics["eval_loss"]);
    assert!((first - second).abs() < 1e-5, "{first} and {second}");
    let rows: String = (0..40)
        .map(|row| {
            let (english, other) =
                [("the cat", "le chat"), ("the river", "la riviere"), ("a map", "une carte")][row % 3];
            format!("{english} is here {row},{other} est ici {row}\n")
        })
        .collect();
    let pairs = write(folder.path(), "pairs.csv", &format!("text,pair\n{rows}"));
    let mut translation = config("mlm", "bert-mlm", &pairs, &folder.path().join("translation"));
    translation.data.columns.text = Some("text".into());
    translation.data.columns.pair = Some("pair".into());
    translation.language.objective = LanguageObjective::Translation;
    run(&translation).loss_falls();
}

#[test]
fn whole_words_of_a_translation_are_hidden_whole() {
    let folder = tempfile::tempdir().unwrap();
    let row = "the unbelievable harbour of Northwind,le merveilleux port de Northwind\n";
    let pairs = write(folder.path(), "pairs.csv", &format!("text,pair\n{}", row.repeat(4)));
    let mut config = config("mlm", "bert-mlm", &pairs, folder.path());
    config.data.columns.text = Some("text".into());
    config.data.columns.pair = Some("pair".into());
    config.data.eval_fraction = Some(0.0);
    config.data.max_tokens = 128;
    config.language.objective = LanguageObjective::Translation;
    config.language.masking = MaskStyle::WholeWords;
    config.language.share = 0.5;
    let data = prepare(&config, &mut |_, _, _| ControlFlow::Continue(())).unwrap().unwrap();
    let objective = Objective::new(&config, 0, &[], &data.tokenizer).unwrap();
    let pieces = data.train.get(0, 0).unwrap().tokens.ids().into_owned();
    let goes_on = |id: u32| data.tokenizer.id_to_token(id).unwrap().starts_with("##");
    assert!(pieces.iter().filter(|id| goes_on(**id)).count() > 3, "words of several pieces");
    let mut asked = 0;
    for chance in 0..100 {
        let drawn = objective.draw(data.train.get(0, chance).unwrap(), chance);
        let Labels::Tokens(targets) = &drawn.labels else { panic!("{drawn:?}") };
        for place in (1..pieces.len()).filter(|place| goes_on(pieces[*place])) {
            assert_eq!(targets[place].is_some(), targets[place - 1].is_some(), "piece {place} of {targets:?}");
        }
        asked += targets.iter().flatten().count();
    }
    assert!(asked > 100 && asked < 100 * pieces.len(), "some words are asked for and others not");
}

#[test]
fn the_order_of_sentences_is_learned_from_plain_text() {
    let folder = tempfile::tempdir().unwrap();
    let path = prose(folder.path());
    for (task, model) in [("nsp", "bert-nsp"), ("sop", "albert-sop")] {
        let mut config = config(task, model, &path, &folder.path().join(model));
        config.run.epochs = 2.0;
        let ran = run(&config);
        assert_eq!(ran.evaluation.labels.len(), 2);
        let counted: u64 = ran.evaluation.confusion.iter().flatten().sum();
        assert!(counted > 0 && ran.metric("accuracy") >= 0.0);
        assert_eq!(Task::from_name(task), Some(ran.evaluation.task));
    }
}

#[test]
fn replaced_tokens_are_learned_with_a_generator_that_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = prose(folder.path());
    let ran = run(&config("rtd", "electra-rtd", &path, folder.path()));
    ran.loss_falls();
    assert!(ran.metric("accuracy") > 0.5, "{:?}", ran.evaluation.metrics);
    let again = evaluated(&ran, &path);
    assert!(again.metrics.contains_key("recall"), "{:?}", again.metrics);
}
