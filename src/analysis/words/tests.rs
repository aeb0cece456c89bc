//! What is summed is what Why says of each text, for the families and tasks whose words can be weighed.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::*;
use crate::data::Roles;
use crate::inspect::why::{Asked, Explain, Hide, Place, Scene, Target as Wanted};
use crate::table::Table;
use crate::task::Task;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn data(csv: &str, task: Task) -> Arc<Dataset> {
    let table = Arc::new(Table::from_bytes(Path::new("rows.csv"), csv.as_bytes().to_vec()).unwrap());
    let roles = Roles::guess(&table, task);
    Arc::new(Dataset::new(table, task, &roles, None).unwrap())
}

fn question(model: &str, data: &Arc<Dataset>, by: Pull) -> Question {
    Question {
        wanted: Sampling { rows: 100, seed: 1, max_tokens: 64, ..Sampling::all(golden(model), data.clone()) },
        by,
    }
}

fn weighed(question: &Question) -> Words {
    words(question, &mut |_, _, _| ControlFlow::Continue(())).unwrap().unwrap()
}

const REVIEWS: &str = "text,label\n\
    the film was great and great,positive\n\
    the film was dull,negative\n\
    a great cast and a dull film,neutral\n\
    the cast was great,positive\n";

/// What Why says of a text: its words in lower case, each with the sum over its places.
fn why(model: &str, text: &str, target: Wanted, method: crate::inspect::why::Method) -> BTreeMap<String, f64> {
    let mut model = OpenModel::open_whole(&golden(model)).unwrap();
    let asked = Asked { task: None, text: text.to_owned(), pair: None, target };
    let go_on = &mut |_: usize, _: usize| ControlFlow::Continue(());
    let scene = Scene::open(&mut model, &asked, go_on).unwrap().unwrap();
    let explain = Explain { hide: Hide::Mask, ..Explain::of(asked, method) };
    let found = scene.explain(&explain, go_on).unwrap().unwrap();
    let mut sums = BTreeMap::new();
    for (unit, weight) in found.units.iter().zip(&found.map.words) {
        *sums.entry(unit.word.to_lowercase()).or_insert(0.0) += weight;
    }
    sums
}

#[test]
fn what_a_word_adds_over_texts_is_the_sum_of_what_why_says_of_each() {
    let data = data(REVIEWS, Task::Classify);
    for model in ["bert-classify", "roberta-classify", "distilbert-classify", "albert-classify", "electra-classify"] {
        for by in Pull::ALL {
            let found = weighed(&question(model, &data, by));
            assert_eq!((found.rows, found.among, found.asks_all, found.labels.count), (4, 4, true, 4));
            let names: Vec<&str> = found.outputs.iter().map(|output| output.name.as_str()).collect();
            assert_eq!(names, ["negative", "neutral", "positive"]);
            for (output, name) in names.iter().enumerate() {
                let target = || Wanted { place: None, label: Some((*name).to_owned()) };
                let each: Vec<BTreeMap<String, f64>> =
                    (0..4).map(|row| why(model, data.text(row), target(), by.method())).collect();
                for word in &found.words {
                    let own: Vec<f64> = each.iter().filter_map(|text| text.get(&word.text).copied()).collect();
                    let pulled = word.pull(output).unwrap();
                    assert_eq!((pulled.rows as usize, word.rows as usize), (own.len(), own.len()), "{}", word.text);
                    let sum: f64 = own.iter().sum();
                    let what = format!("{model} {by:?} {name} {}", word.text);
                    assert!((pulled.sum - sum).abs() < 1e-5, "{what}: {} expected {sum}", pulled.sum);
                    let most = own.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                    assert!((pulled.most.0 - most).abs() < 1e-5, "{what}");
                }
            }
            let great = found.words.iter().position(|word| word.text == "great").unwrap();
            assert_eq!((found.words[great].rows, found.words[great].times), (3, 4));
            assert_eq!(found.words[great].labels.of(2), 2);
            assert_eq!(found.rows_with(great, &data), [0, 2, 3]);
        }
    }
}

#[test]
fn of_tags_the_logits_at_all_words_that_have_one_or_are_given_it_are_added_up() {
    let csv = "tokens,tags\n\
        \"[\"\"Maria\"\", \"\"met\"\", \"\"Okafor\"\", \"\"in\"\", \"\"Lisbon\"\"]\",\
        \"[\"\"B-PER\"\", \"\"O\"\", \"\"B-PER\"\", \"\"O\"\", \"\"B-LOC\"\"]\"\n";
    let data = data(csv, Task::Ner);
    let text = "Maria met Okafor in Lisbon";
    let found = weighed(&question("bert-ner", &data, Pull::GradientInput));
    assert!(found.outputs.iter().all(|output| output.name != "O") && !found.asks_all);
    let person = found.outputs.iter().position(|output| output.name == "B-PER").unwrap();
    // The two words that have the tag, and those that the model gives it.
    let model = OpenModel::open(&golden("bert-ner"), None).unwrap();
    let units =
        model.read_texts(&[Request { text: text.into(), pair: None }], 64, &mut |_, _| ControlFlow::Continue(()));
    let units = units.unwrap().unwrap().remove(0);
    let said = |token: usize| {
        let row = &units.rows[token];
        (0..row.len()).reduce(|best, next| if row[next] > row[best] { next } else { best }).unwrap()
    };
    let is_person = |unit: &&crate::inspect::why::Unit| {
        ["Maria", "Okafor"].contains(&unit.word.as_str()) || model.labels[said(unit.tokens.start)] == "B-PER"
    };
    let mut sums = BTreeMap::new();
    for unit in units.units.iter().filter(is_person) {
        let Place { sequence, start, end } = unit.place;
        let target = Wanted { place: Some(Place { sequence, start, end }), label: Some("B-PER".into()) };
        for (word, weight) in why("bert-ner", text, target, Pull::GradientInput.method()) {
            *sums.entry(word).or_insert(0.0) += weight;
        }
    }
    for word in &found.words {
        let (sum, expected) = (word.pull(person).unwrap().sum, sums[&word.text]);
        assert!((sum - expected).abs() < 1e-5, "{}: {sum} expected {expected}", word.text);
    }
    let maria = found.words.iter().find(|word| word.text == "maria").unwrap();
    assert_eq!(
        (maria.labels.count, maria.labels.of(person), found.labels.count, found.labels.of(person)),
        (1, 1, 5, 2)
    );
}

#[test]
fn numbers_have_one_output_and_what_has_no_classes_is_refused() {
    let rows: String = (0..12).map(|row| format!("the film number {row},{}\n", f64::from(row) / 4.0)).collect();
    let numbers = data(&format!("text,score\n{rows}"), Task::Regress);
    let found = weighed(&question("variants/bert-regress", &numbers, Pull::GradientInput));
    assert_eq!((found.outputs.len(), found.outputs[0].name.as_str()), (1, "value"));
    assert_eq!((found.labels.count, found.labels.values), (12, 16.5));
    let list = found.listed(0, 12, Order::Rows);
    assert_eq!(list.iter().map(|told| found.shown(told.word)).collect::<Vec<_>>(), ["film", "number", "the"]);
    assert!(list.iter().all(|told| told.labels.is_none()), "all rows have them, so there is nothing to compare with");

    let csv =
        "question,context,answers\nWho?,Ann was here.,\"{\"\"text\"\": [\"\"Ann\"\"], \"\"answer_start\"\": [0]}\"\n";
    let asked = data(csv, Task::Qa);
    let refused = words(&question("bert-qa", &asked, Pull::GradientInput), &mut |_, _, _| ControlFlow::Continue(()));
    let refused = refused.unwrap_err().to_string();
    assert!(refused.starts_with("qa has no classes") && refused.contains("expected classify"), "{refused}");
    let reviews = data(REVIEWS, Task::Classify);
    let refused = words(&question("bert-ner", &reviews, Pull::GradientInput), &mut |_, _, _| ControlFlow::Continue(()));
    assert!(matches!(refused, Err(WordsError::Inspect(_))), "{refused:?}");
}

#[test]
fn a_sample_is_told_and_who_is_to_stop_gets_nothing() {
    let rows: String =
        (0..200).map(|row| format!("the film number {row},{}\n", ["negative", "positive"][row % 2])).collect();
    let data = data(&format!("text,label\n{rows}"), Task::Classify);
    let all = question("bert-classify", &data, Pull::GradientInput);
    let few = Question { wanted: Sampling { rows: 40, max_tokens: 5, ..all.wanted }, by: all.by };
    let found = weighed(&few);
    assert_eq!((found.rows, found.among, found.cut, found.labels.of(0)), (40, 200, 40, 20));
    let notes = found.notes();
    assert!(notes.contains(&"40 of 200 rows were looked at, each class with its share".to_owned()), "{notes:?}");
    assert!(notes.contains(&"40 texts were cut at 5 tokens".to_owned()), "{notes:?}");
    assert!(notes.iter().any(|note| note.contains("neutral")), "the data have no such label: {notes:?}");
    let neutral = found.listed(1, 1, Order::Surprise);
    assert!(!neutral.is_empty() && neutral.iter().all(|told| told.surprise.is_none()));
    assert_eq!(weighed(&few), found, "there is no chance in it but the seed");

    let all = question("bert-classify", &data, Pull::Occlusion);
    let mut heard = 0;
    let stopped = words(&all, &mut |_, _, _| {
        heard += 1;
        if heard > 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert!(stopped.unwrap().is_none() && heard == 4);
}

#[test]
fn the_table_has_a_row_for_each_word_and_says_which_text_of_two() {
    let csv = "text,pair,label\nthe jury met,the jury slept,negative\nthe film,a film,positive\n";
    let found = weighed(&question("variants/bert-pair-classify", &data(csv, Task::Classify), Pull::GradientInput));
    let table = found.table(&[(0, found.listed(0, 1, Order::Word))]);
    assert_eq!(
        table[0],
        ["label", "word", "text", "rows", "times", "mean", "low", "high", "total", "expected", "surprise"]
    );
    let of = |word: &str| table.iter().filter(|row| row[1] == word).map(|row| row[2].clone()).collect::<Vec<_>>();
    assert_eq!((of("jury"), of("slept")), (vec!["1".to_owned(), "2".to_owned()], vec!["2".to_owned()]));
    assert!(table.iter().all(|row| row.len() == table[0].len()));
}
