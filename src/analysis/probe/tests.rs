use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use super::*;
use crate::analysis::points::Points;
use crate::data::{LabelSet, Roles};
use crate::random::{Purpose, Stream, key};
use crate::table::Table;

/// Far closer than what is used: what is compared are weights.
const CLOSE: Until = Until { gradient: 1e-7, steps: 5000 };

fn doubles(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(values) => values.iter().flat_map(doubles).collect(),
        one => vec![one.as_f64().unwrap()],
    }
}

fn golden() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/probe.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn of_golden(case: &Value) -> (Matrix, Dataset) {
    let rows = case["features"].as_array().unwrap().len();
    let values: Vec<f32> = doubles(&case["features"]).into_iter().map(|value| value as f32).collect();
    let features = Matrix { rows, cols: values.len() / rows, values };
    let cell = |truth: &Value| match truth {
        Value::Array(has) => {
            let named = has.iter().enumerate().filter(|(_, has)| has.as_i64() == Some(1));
            named.map(|(label, _)| format!("l{label}")).collect::<Vec<String>>().join("|")
        }
        other => other.to_string(),
    };
    let cells: Vec<String> = case["truth"].as_array().unwrap().iter().map(cell).collect();
    let (task, names) = match case["kind"].as_str().unwrap() {
        "classes" => (Task::Classify, None),
        "labels" => (Task::MultiLabel, Some(vec!["l0".to_owned(), "l1".to_owned(), "l2".to_owned()])),
        _ => (Task::Regress, None),
    };
    (features, data(task, &cells, names.map(|names| LabelSet { names }).as_ref()))
}

/// Rows whose texts all differ.
fn data(task: Task, cells: &[String], names: Option<&LabelSet>) -> Dataset {
    let rows: Vec<String> = cells.iter().enumerate().map(|(row, cell)| format!("text {row},{cell}\n")).collect();
    of_csv(task, &(String::from("text,label\n") + &rows.concat()), names)
}

fn of_csv(task: Task, csv: &str, names: Option<&LabelSet>) -> Dataset {
    let table = Arc::new(Table::from_bytes(Path::new("rows.csv"), csv.as_bytes().to_vec()).unwrap());
    let roles = Roles { text: Some("text".into()), label: Some("label".into()), ..Roles::default() };
    Dataset::new(table, task, &roles, names).unwrap()
}

fn lesson(data: &Dataset, folds: usize) -> Result<Lesson, ProbeError> {
    let examples: Vec<usize> = (0..data.examples.len()).collect();
    Lesson::of(data, &labelled(data, examples), folds)
}

fn strength(case: &Value, rows: usize) -> f64 {
    let rows = rows as f64;
    case["c"].as_f64().map_or_else(|| case["alpha"].as_f64().unwrap() / rows, |c| 1.0 / (c * rows))
}

#[test]
fn weights_and_losses_are_those_of_scikit_learn() {
    for case in golden() {
        let (mut features, data) = of_golden(&case);
        Standard::of(&features).apply(&mut features);
        let all: Vec<usize> = (0..features.rows).collect();
        let learner = lesson(&data, 2).unwrap().learner(&all);
        let start = Linear::zero(learner.truth.outputs, features.cols);
        let strength = strength(&case, features.rows);
        let fit = start.fit(&features, &learner.truth, strength, CLOSE, &Stop::default());
        let expected: Vec<f64> = [doubles(&case["weights"]), doubles(&case["biases"])].concat();
        let mut found = fit.values.clone();
        if learner.truth.kind == linear::Kind::OneOf {
            // A number added to every bias changes nothing; scikit-learn's sum to nothing as ours do, up to rounding.
            let biases = &mut found[learner.truth.outputs * features.cols..];
            let mean = biases.iter().sum::<f64>() / biases.len() as f64;
            for bias in biases {
                *bias -= mean;
            }
        }
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(&expected) {
            assert!((found - expected).abs() < 2e-3, "{}: {found}, expected {expected}", case["kind"]);
        }
        let loss = fit.loss(&features, &learner.truth);
        assert!((loss - case["loss"].as_f64().unwrap()).abs() < 1e-5, "{}: {loss}", case["kind"]);
    }
}

#[test]
fn held_out_rows_are_judged_as_scikit_learn_judges_them_on_the_same_folds() {
    for case in golden() {
        let (features, data) = of_golden(&case);
        let lesson = lesson(&data, 2).unwrap();
        let held_by = doubles(&case["held_by"]);
        let mut counts = vec![[0.0; 3]; features.rows];
        for fold in 0..4 {
            let (held, learned): (Vec<usize>, Vec<usize>) =
                (0..features.rows).partition(|row| held_by[*row] as usize == fold);
            let mut seen = features.of(&learned);
            let standard = Standard::of(&seen);
            standard.apply(&mut seen);
            let learner = lesson.learner(&learned);
            let start = Linear::zero(learner.truth.outputs, features.cols);
            let strength = strength(&case, learned.len());
            let fit = start.fit(&seen, &learner.truth, strength, CLOSE, &Stop::default());
            let mut unseen = features.of(&held);
            standard.apply(&mut unseen);
            for (row, said) in held.iter().zip(fit.say(&unseen).chunks_exact(fit.outputs)) {
                counts[*row] = lesson.judge(&learner, *row, said);
            }
        }
        let found = scores::value(lesson.judged, &counts);
        let expected = case["score"].as_f64().unwrap();
        let tolerance = if lesson.judged == Judged::R2 { 1e-5 } else { 1e-12 };
        assert!((found - expected).abs() < tolerance, "{}: {found}, expected {expected}", case["kind"]);
    }
}

/// States of two layers after embeddings that never change: noise, and what tells three classes apart. Only the mean has
/// them.
fn planted(rows: usize) -> (Pooled, Dataset) {
    let (layers, width) = (3, 8);
    let mut chance = Stream::new(key(5, Purpose::Init, &[]));
    let mut of_layers = [vec![0.7_f32; rows * width], Vec::new(), Vec::new()];
    for row in 0..rows {
        of_layers[1].extend((0..width).map(|_| chance.unit() as f32));
        of_layers[2].extend((0..width).map(|place| chance.unit() as f32 + if place == row % 3 { 2.0 } else { 0.0 }));
    }
    let of = |pooling, values: &[Vec<f32>; 3]| {
        let points = |values: &Vec<f32>| Arc::new(Points { width, values: values.clone() });
        let planes = values.iter().map(points).enumerate();
        planes.map(|(layer, points)| (Plane { pooling, layer }, points)).collect::<Vec<_>>()
    };
    let nothing = [0; 3].map(|_| vec![0.0; rows * width]);
    let planes = [of(Pooling::First, &nothing), of(Pooling::Mean, &of_layers)].concat();
    let cells: Vec<String> = (0..rows).map(|row| ["no", "perhaps", "yes"][row % 3].to_owned()).collect();
    (Pooled::of_planes(rows, layers, planes.into_iter().collect()), data(Task::Classify, &cells, None))
}

fn judge(lesson: &Lesson, stop: Stop) -> Judge<'_> {
    Judge { lesson, folds: 5, seed: 1, stop }
}

#[test]
fn a_layer_is_as_good_as_what_it_knows() {
    let (states, data) = planted(150);
    let lesson = lesson(&data, 5).unwrap();
    let mut told = Vec::new();
    let found = judge(&lesson, Stop::default()).all(&states, &mut |what, done, of| {
        told.push(format!("{what} {done} of {of}"));
        ControlFlow::Continue(())
    });
    let (first, mean) = found.unwrap();
    let third = 1.0 / 3.0;
    assert!((mean[0].value - third).abs() < 0.02, "what never changes knows only how frequent classes are: {mean:?}");
    assert!(mean[1].value < 0.5 && mean[2].value > 0.95, "{mean:?}");
    assert!(first.iter().all(|score| (score.value - third).abs() < 0.02), "{first:?}");
    assert!((scores::value(Judged::Accuracy, &lesson.majority()) - third).abs() < 1e-12);
    assert_eq!(better(&first, &mean), Pooling::Mean);
    assert_eq!(better(&mean, &first), Pooling::First);
    assert_eq!(told.first().map(String::as_str), Some("probing the layers 0 of 3"));
    assert_eq!(told.len(), 4);
}

#[test]
fn probing_ends_as_soon_as_its_end_is_asked_for() {
    let (pooled, data) = planted(60);
    let lesson = lesson(&data, 5).unwrap();
    let stop = Stop::default();
    stop.ask();
    let left = stop.heeding(|| judge(&lesson, stop.clone()).all(&pooled, &mut |_, _, _| ControlFlow::Continue(())));
    assert!(left.is_err());
    let told = judge(&lesson, Stop::default()).all(&pooled, &mut |_, done, _| {
        if done == 1 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert!(told.is_none());
}

#[test]
fn what_cannot_be_probed_for_is_refused_by_name() {
    let check = |task, csv: &str, folds, expected: &str| {
        let error = lesson(&of_csv(task, csv, None), folds).unwrap_err().to_string();
        assert_eq!(error, expected);
    };
    let one = "text,label\na,x\nb,x\n";
    check(Task::Classify, one, 2, r#"all 2 rows of "rows.csv" have the label "x", expected two classes or more"#);
    let two = "text,label\na,x\nb,x\nc,y\n";
    check(Task::Classify, two, 1, "1 fold holds nothing out, expected 2 or more");
    let few = r#"no class of "rows.csv" has more than 2 rows with a text of its own, too few for 5 folds; expected at most 2 folds"#;
    check(Task::Classify, two, 5, few);
    let repeated = "text,label\na,x\na,x\na,x\nc,y\n";
    let none = r#"no class of "rows.csv" has more than one row with a text of its own, too few for 2 folds; expected two rows of a class or more"#;
    check(Task::Classify, repeated, 2, none);
    check(
        Task::Regress,
        "text,label\na,1.5\nb,1.5\n",
        2,
        r#"all 2 rows of "rows.csv" have the number 1.5, expected different ones"#,
    );
    let unlabelled = Roles { text: Some("text".into()), ..Roles::default() };
    let table = Arc::new(Table::from_bytes(Path::new("rows.csv"), b"text\na\nb\n".to_vec()).unwrap());
    let names = LabelSet { names: vec!["x".into(), "y".into()] };
    let data = Dataset::new(table, Task::Classify, &unlabelled, Some(&names)).unwrap();
    let error = lesson(&data, 2).unwrap_err().to_string();
    assert_eq!(error, r#"no row of "rows.csv" has a label, expected a column with the label of each text"#);
}

#[test]
fn classes_that_some_folds_do_not_hold_out_are_named() {
    let data = of_csv(Task::Classify, "text,label\na,x\nb,x\nc,x\nd,y\ne,y\nf,y\ng,z\n", None);
    let lesson = lesson(&data, 3).unwrap();
    assert_eq!(lesson.rare(3), [(2, 1)]);
    let words = rare_words(&[("z".to_owned(), 1)], 3);
    assert_eq!(words, r#"1 class has fewer rows than the 3 folds, so that some folds hold none of it out: "z" (1)"#);
}

#[test]
fn a_file_is_probed_from_its_texts_on_and_the_states_are_kept() {
    let model: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/bert-classify");
    let words = ["rain", "snow"];
    let cells: Vec<String> =
        (0..40).map(|row| format!("the {} of day {row},{}\n", words[row % 2], words[row % 2])).collect();
    let data = Arc::new(of_csv(Task::Classify, &(String::from("text,label\n") + &cells.concat()), None));
    let among = labelled(&data, 0..40).into();
    let question = Question { wanted: Sampling { model, data, among, rows: 30, seed: 1, max_tokens: 64 }, folds: 5 };
    let kept = StatesKept::default();
    let mut told = Vec::new();
    let mut tell = |what: &str, _: u64, _: u64| {
        told.push(what.to_owned());
        ControlFlow::Continue(())
    };
    let found = probe(&question, &kept, &mut tell).unwrap().unwrap();
    assert_eq!((found.rows, found.among, found.classes, found.majority), (30, 40, 2, 0.5));
    assert_eq!(found.first.len(), found.mean.len());
    // The word itself is in the mean of the embeddings.
    assert!(found.mean[0].value > 0.9 && found.mean[0].low > 0.5, "{:?}", found.mean);
    assert_eq!(found.notes(), ["30 of 40 labelled rows were looked at, each class with its share"]);
    assert!(told.contains(&"reading the texts".to_owned()));
    told.clear();
    let mut tell = |what: &str, _: u64, _: u64| {
        told.push(what.to_owned());
        ControlFlow::Continue(())
    };
    let again = probe(&Question { folds: 3, ..question }, &kept, &mut tell).unwrap().unwrap();
    assert!(again.folds == 3 && !told.contains(&"reading the texts".to_owned()), "{told:?}");
}

/// Sentences in which a word says its tag by itself, no two alike.
fn tagged(sentences: usize) -> Arc<Dataset> {
    let names = ["Maria", "Okafor", "Lisbon"];
    let row = |sentence: usize| {
        let filler = ["the", "jury", "believed", "a", "map"];
        let mut words: Vec<&str> =
            (0..4 + sentence % 3).map(|at| filler[(sentence * 7 + at * at + sentence / 5) % 5]).collect();
        let mut tags = vec!["O"; words.len()];
        let at = sentence % words.len();
        if sentence.is_multiple_of(2) {
            words.splice(at..at, names[..2].iter().copied());
            tags.splice(at..at, ["B-PER", "I-PER"]);
        } else {
            words.insert(at, names[2]);
            tags.insert(at, "B-LOC");
        }
        serde_json::json!({ "tokens": words, "tags": tags }).to_string()
    };
    let lines: Vec<String> = (0..sentences).map(row).collect();
    let table = Arc::new(Table::from_bytes(Path::new("rows.jsonl"), lines.join("\n").into_bytes()).unwrap());
    Arc::new(Dataset::new(table.clone(), Task::Ner, &Roles::guess(&table, Task::Ner), None).unwrap())
}

#[test]
fn words_that_say_their_tag_are_told_by_the_embeddings_already() {
    let data = tagged(60);
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/bert-ner");
    let among = labelled(&data, 0..60).into();
    let wanted = Sampling { model, data: data.clone(), among, rows: 50, seed: 1, max_tokens: 64 };
    let question = Question { wanted, folds: 5 };
    let go_on = &mut |_: &str, _: u64, _: u64| ControlFlow::Continue(());
    let probed = probe(&question, &StatesKept::default(), go_on).unwrap().unwrap();
    assert_eq!((probed.judged, probed.rows, probed.majority), (Judged::Entities, 50, 0.0));
    assert!(probed.words.unwrap() > 250, "{:?}", probed.words);
    assert_eq!(probed.first.len(), 4, "the embeddings and three layers");
    for score in [probed.first[0], probed.mean[0]] {
        assert!(score.value > 0.9 && score.low <= score.value && score.value <= score.high, "{score:?}");
    }
    let mut heard = 0;
    let stopped = probe(&question, &StatesKept::default(), &mut |_, _, _| {
        heard += 1;
        if heard > 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert!(stopped.unwrap().is_none());
}

#[test]
fn the_states_of_words_are_those_of_their_tokens_in_whatever_window() {
    let data = tagged(6);
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/bert-ner");
    let wanted = |max_tokens: usize| Sampling {
        model: model.clone(),
        data: data.clone(),
        among: (0..6).collect(),
        rows: 6,
        seed: 1,
        max_tokens,
    };
    let go_on = &mut |_: &str, _: u64, _: u64| ControlFlow::Continue(());
    let found = pooled::words(&wanted(64), go_on).unwrap().unwrap();
    let opened = crate::inspect::OpenModel::open_whole(&model).unwrap();
    let plane = |pooling: Pooling| Plane { pooling, layer: 2 };
    for (row, (sentence, word)) in found.words.iter().enumerate() {
        let words = data.words(*sentence);
        let pieces = opened.tokenizer.encode_words(&words).unwrap();
        let before: usize = 1 + pieces[..*word].iter().map(Vec::len).sum::<usize>();
        let (ids, types) = opened.tokenizer.frame_ids(&pieces.concat(), None);
        let of = |asked: Vec<usize>, pooling: Pooling| {
            let sequence =
                crate::inspect::predictor::Sequence { ids: ids.clone(), types: types.clone(), asked: Some(asked) };
            let planes = [plane(pooling)];
            let go_on = &mut |_: usize| ControlFlow::Continue(());
            opened.predictor().pass([Ok(sequence)], &planes, false, go_on).unwrap().unwrap().planes.remove(0)
        };
        let own: Vec<usize> = (before..before + pieces[*word].len()).collect();
        assert_eq!(
            found.pooled.state(plane(Pooling::First), row),
            of(own.clone(), Pooling::First),
            "{sentence} {word}"
        );
        assert_eq!(found.pooled.state(plane(Pooling::Mean), row), of(own, Pooling::Mean), "{sentence} {word}");
    }
    let all: usize = (0..6).map(|sentence| data.words(sentence).len()).sum();
    assert_eq!(found.words.len(), all);
    let windows = pooled::words(&wanted(8), go_on).unwrap().unwrap();
    let mut both = [found.words, windows.words];
    for words in &mut both {
        words.sort_unstable();
    }
    assert_eq!(both[0], both[1], "in windows each word is there once too");
}

#[test]
fn the_score_of_words_is_that_of_an_evaluation_of_entities() {
    let data = tagged(40);
    let examples: Vec<usize> = (0..40).collect();
    let words: Vec<(usize, usize)> =
        examples.iter().flat_map(|one| (0..data.words(*one).len()).map(move |word| (*one, word))).collect();
    let lesson = Lesson::of_words(&data, &examples, &words, 5).unwrap();
    let tags = data.labels.len();
    let drawn = |place: usize| Stream::new(key(3, Purpose::Sample, &[place as u64])).below(3 * tags as u64) as usize;
    let gold = |(sentence, word): &(usize, usize)| match &data.examples[*sentence].target {
        crate::data::Target::Tags(tags) => tags[*word],
        _ => panic!(),
    };
    let said: Vec<u32> = words
        .iter()
        .enumerate()
        .map(|(place, word)| {
            let other = drawn(place);
            if other < tags { other as u32 } else { gold(word) }
        })
        .collect();
    let rows = said.iter().map(|tag| [f64::from(*tag), 0.0, 0.0]).collect();
    let found = scores::value(Judged::Entities, &lesson.gathered(rows));
    let mut sentences: Vec<crate::metrics::TaggedSentence> = examples
        .iter()
        .map(|example| crate::metrics::TaggedSentence {
            example: *example,
            words: data.words(*example),
            gold: Vec::new(),
            predicted: Vec::new(),
            scores: Vec::new(),
        })
        .collect();
    for (word, said) in words.iter().zip(&said) {
        let sentence = &mut sentences[word.0];
        sentence.gold.push(gold(word));
        sentence.predicted.push(*said);
        sentence.scores.push(1.0);
    }
    let evaluated = crate::metrics::evaluate_entities(&data.labels.names, sentences, 0.0);
    assert!((found - evaluated.metrics["f1"]).abs() < 1e-12 && found > 0.2 && found < 0.95, "{found}");
}
