//! The samples keep what they promise: as many rows as the window says, balanced, without doubles, each answer where it
//! is said to stand, and nothing in the evaluation file that was trained on.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use attune::data::{Dataset, Target};
use attune::samples::{self, Sample};
use attune::table::Table;
use attune::table::contents::Format;
use attune::table::notation::tags::Scheme;
use serde_json::Value;

fn written(sample: Sample) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    sample.write_to(folder.path()).unwrap();
    folder
}

/// The texts of a sample's file to train on and of its evaluation file.
fn texts(sample: Sample) -> Vec<String> {
    let folder = written(sample);
    let names = [Some(sample.file()), sample.dev_file()];
    names.into_iter().flatten().map(|name| std::fs::read_to_string(folder.path().join(name)).unwrap()).collect()
}

fn rows(csv: &str) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

/// Each sentence as its words and tags.
fn sentences(conll: &str) -> Vec<Vec<(&str, &str)>> {
    let line = |line| str::split_once(line, '\t').unwrap();
    conll.trim_end().split("\n\n").map(|sentence| sentence.lines().map(line).collect()).collect()
}

fn words(sentence: &[(&str, &str)]) -> String {
    sentence.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(" ")
}

/// Each question with its id, its context and its entry.
fn questions(squad: &Value) -> Vec<(&str, &str, &Value)> {
    let mut found = Vec::new();
    for article in squad["data"].as_array().unwrap() {
        for paragraph in article["paragraphs"].as_array().unwrap() {
            let context = paragraph["context"].as_str().unwrap();
            found.extend(paragraph["qas"].as_array().unwrap().iter().map(|q| (q["id"].as_str().unwrap(), context, q)));
        }
    }
    found
}

fn counts<'a>(names: impl Iterator<Item = &'a str>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for name in names {
        *counts.entry(name.to_owned()).or_default() += 1;
    }
    counts
}

/// How often two texts, written without case and blanks, are the same.
fn doubles<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut seen = HashSet::new();
    let plain =
        |text: &str| text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    texts.filter(|text| !seen.insert(plain(text))).map(str::to_owned).collect()
}

fn assert_says(sample: Sample, number: usize) {
    let text = sample.description();
    let said = text.split(|c: char| !c.is_ascii_digit()).any(|part| part == number.to_string());
    assert!(said, "{sample:?} has {number}, but is described as \"{text}\"");
}

#[test]
fn reviews_and_pairs_are_balanced_and_told_apart_by_more_than_their_second_sentence() {
    for (sample, classes) in [(Sample::Reviews, 3), (Sample::Pairs, 3)] {
        let files: Vec<_> = texts(sample).iter().map(|text| rows(text)).collect();
        assert_says(sample, files[0].len());
        for file in &files {
            let counts = counts(file.iter().map(|row| row.last().unwrap().as_str()));
            let (least, most) = (counts.values().min().unwrap(), counts.values().max().unwrap());
            assert!(counts.len() == classes && most * 3 <= least * 4, "{sample:?}: {counts:?}");
        }
        let lines: Vec<String> = files.iter().flatten().map(|row| row[..row.len() - 1].join(" ")).collect();
        assert!(doubles(lines.iter().map(String::as_str)).is_empty(), "{sample:?}");
    }
    let pairs: Vec<_> = texts(Sample::Pairs).iter().map(|text| rows(text)).collect();
    let premises: HashSet<&String> = pairs[0].iter().map(|row| &row[0]).collect();
    assert!(pairs[1].iter().all(|row| !premises.contains(&row[0])), "a premise is in both files");
    let mut lengths: HashMap<&str, Vec<f64>> = HashMap::new();
    for row in &pairs[0] {
        lengths.entry(&row[2]).or_default().push(row[1].split(' ').count() as f64);
    }
    let means: Vec<f64> = lengths.values().map(|all| all.iter().sum::<f64>() / all.len() as f64).collect();
    let spread = means.iter().copied().fold(0.0, f64::max) - means.iter().copied().fold(f64::MAX, f64::min);
    assert!(spread < 2.0, "the length of the second sentence gives the label away: {means:?}");
}

#[test]
fn messages_have_none_to_three_of_seven_topics() {
    let files: Vec<_> = texts(Sample::Topics).iter().map(|text| rows(text)).collect();
    assert_says(Sample::Topics, files[0].len());
    for file in &files {
        let topics: Vec<Vec<&str>> =
            file.iter().map(|row| row[1].split('|').filter(|topic| !topic.is_empty()).collect()).collect();
        let of_each = counts(topics.iter().flatten().copied());
        assert_eq!(of_each.len(), 7, "{of_each:?}");
        assert!(of_each.values().all(|count| count * 8 >= file.len()), "{of_each:?} of {}", file.len());
        let lengths: HashSet<usize> = topics.iter().map(Vec::len).collect();
        assert_eq!(lengths, HashSet::from([0, 1, 2, 3]));
        assert!(topics.iter().all(|topics| topics.is_sorted() && doubles(topics.iter().copied()).is_empty()));
    }
    assert!(doubles(files.iter().flatten().map(|row| row[0].as_str())).is_empty());
}

#[test]
fn names_are_marked_in_valid_iob2() {
    let texts = texts(Sample::Entities);
    let files: Vec<_> = texts.iter().map(|text| sentences(text)).collect();
    assert_says(Sample::Entities, files[0].len());
    assert!(files[1].len() >= 80);
    let mut adjacent = 0;
    for sentence in files.iter().flatten() {
        let mut before = "O";
        for (word, tag) in sentence {
            assert!(!word.is_empty() && !word.contains(char::is_whitespace), "{sentence:?}");
            let kind = tag.get(2..).unwrap_or_default();
            match tag.split_at(1).0 {
                "O" => assert_eq!(*tag, "O"),
                "B" => adjacent += usize::from(before != "O"),
                "I" => assert!(before.get(2..) == Some(kind), "{tag} follows {before} in {sentence:?}"),
                _ => panic!("{tag} is no IOB2 tag"),
            }
            before = tag;
        }
        assert!((4..=40).contains(&sentence.len()), "{} words: {sentence:?}", sentence.len());
    }
    for file in &files {
        let starts = file.iter().flatten().filter_map(|(_, tag)| tag.strip_prefix("B-"));
        let of_each = counts(starts);
        assert_eq!(of_each.keys().map(String::as_str).collect::<Vec<_>>(), ["LOC", "MISC", "ORG", "PER"]);
        assert!(of_each.values().all(|count| count * 4 >= file.len()), "{of_each:?} in {} sentences", file.len());
        let without = file.iter().filter(|sentence| sentence.iter().all(|(_, tag)| *tag == "O")).count();
        assert!(without * 20 >= file.len(), "{without} sentences without a name");
    }
    assert!(adjacent >= 5, "{adjacent} names that follow another at once");
    let lines: Vec<String> = files.iter().flatten().map(|sentence| words(sentence)).collect();
    assert!(doubles(lines.iter().map(String::as_str)).is_empty());
}

#[test]
fn answers_stand_where_they_are_said_to() {
    let files: Vec<Value> = texts(Sample::Questions).iter().map(|text| serde_json::from_str(text).unwrap()).collect();
    let mut ids = HashSet::new();
    for (file, least) in files.iter().zip([170, 40]) {
        assert_eq!(file["version"], "v2.0");
        let asked = questions(file);
        let unanswerable = asked.iter().filter(|(.., q)| q["is_impossible"] == true).count();
        assert!(asked.len() >= least && unanswerable * 10 >= asked.len(), "{} with {unanswerable}", asked.len());
        assert!(asked.iter().any(|(.., q)| q["answers"].as_array().unwrap().len() > 1));
        for (id, context, question) in asked {
            assert!(ids.insert(id.to_owned()), "{id} twice");
            let answers = question["answers"].as_array().unwrap();
            assert_eq!(question["is_impossible"] == true, answers.is_empty(), "{question}");
            let plausible = question["plausible_answers"].as_array().into_iter().flatten();
            for answer in answers.iter().chain(plausible) {
                let (text, start) = (answer["text"].as_str().unwrap(), answer["answer_start"].as_u64().unwrap());
                let there: String = context.chars().skip(start as usize).take(text.chars().count()).collect();
                assert_eq!(there, text, "{question}");
            }
        }
    }
    let (asked, all) = (questions(&files[0]), files.iter().flat_map(questions).collect::<Vec<_>>());
    let contexts: HashSet<&str> = asked.iter().map(|(_, context, _)| *context).collect();
    assert_says(Sample::Questions, asked.len());
    assert_says(Sample::Questions, contexts.len());
    assert_says(Sample::Questions, asked.iter().filter(|(.., q)| q["is_impossible"] == true).count());
    assert!(questions(&files[1]).iter().all(|(_, context, _)| !contexts.contains(context)));
    assert!(doubles(all.iter().map(|(.., q)| q["question"].as_str().unwrap())).is_empty());
}

#[test]
fn prose_has_documents_of_several_paragraphs() {
    let text = texts(Sample::Prose).remove(0);
    let documents: Vec<Vec<&str>> = text.trim_end().split("\n\n").map(|text| text.lines().collect()).collect();
    let paragraphs: Vec<&str> = documents.iter().flatten().copied().collect();
    assert_says(Sample::Prose, documents.len());
    assert_says(Sample::Prose, paragraphs.len());
    let words: usize = paragraphs.iter().map(|paragraph| paragraph.split_whitespace().count()).sum();
    assert!((8_000..=12_000).contains(&words), "{words} words");
    assert!(documents.iter().all(|paragraphs| paragraphs.len() >= 4));
    assert!(paragraphs.iter().all(|paragraph| !paragraph.is_empty() && paragraph.trim() == *paragraph));
    assert!(doubles(paragraphs.into_iter()).is_empty());
}

#[test]
fn samples_are_recognised_and_read_without_a_row_lost() {
    for sample in Sample::ALL {
        let folder = written(sample);
        let read = |name: &str, labels: Option<&_>| {
            let table = Table::open(&folder.path().join(name)).unwrap();
            let right = match sample {
                Sample::Entities => Format::Conll,
                Sample::Questions => Format::Squad,
                Sample::Prose => Format::PlainText,
                _ => Format::Delimited { delimiter: b',' },
            };
            assert_eq!(table.format, right, "{name}");
            assert!(table.problems.is_empty() && table.replaced_characters == 0, "{:?}", table.problems);
            let rows = table.rows();
            let dataset = Dataset::new(table.into(), sample.task(), &sample.roles(), labels).unwrap();
            assert_eq!((dataset.examples.len(), dataset.excluded.len()), (rows, 0), "{name}: {:?}", dataset.excluded);
            dataset
        };
        let train = read(sample.file(), None);
        assert_says(sample, train.examples.len());
        if let Some(name) = sample.dev_file() {
            read(name, Some(&train.labels));
        }
        if sample == Sample::Entities {
            let names = ["O", "B-LOC", "I-LOC", "B-MISC", "I-MISC", "B-ORG", "I-ORG", "B-PER", "I-PER"];
            assert_eq!(
                (train.labels.names.as_slice(), train.notation.scheme),
                (names.map(str::to_owned).as_slice(), Scheme::Iob2)
            );
        }
        if sample == Sample::Questions {
            let without = train.examples.iter().filter(|e| e.target == Target::Answers(Vec::new())).count();
            assert_says(sample, without);
        }
    }
}

#[test]
fn a_sample_is_written_whole_and_mended_where_it_was_changed() {
    let folder = tempfile::tempdir().unwrap();
    for sample in Sample::ALL {
        assert_eq!(Sample::from_name(sample.name()), Some(sample));
        let path = folder.path().join("deep").join(sample.file());
        samples::write(sample.file(), &path).unwrap();
        let first = std::fs::read(&path).unwrap();
        assert!(sample.dev_file().is_none_or(|name| path.with_file_name(name).is_file()));
        std::fs::write(&path, "an older version").unwrap();
        samples::write(sample.file(), &path).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), first);
    }
    assert!(samples::write("nothing.csv", &folder.path().join("nothing.csv")).is_err());
    let own = folder.path().join(samples::REVIEWS);
    samples::ensure(&own).unwrap();
    assert!(!Path::new(&own).exists(), "a person's own file of that name is not touched");
}
