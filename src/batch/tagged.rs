//! Words with the tags of the entities that they are in.

use std::collections::BTreeSet;

use crate::inspect::Entity;

/// A word with the characters it stands at.
pub type Word = (String, usize, usize);

/// Words as they stand in a text with blanks between them.
pub fn places(words: &[String]) -> Vec<Word> {
    let mut at = 0;
    let place = |word: &String| {
        let start = at;
        at += word.chars().count() + 1;
        (word.clone(), start, at - 1)
    };
    words.iter().map(place).collect()
}

/// Words of a text: between blanks, signs apart, and never across the border of an entity.
pub fn cut(text: &str, entities: &[Entity]) -> Vec<Word> {
    let borders: BTreeSet<usize> = entities.iter().flat_map(|one| [one.start, one.end]).collect();
    let mut words: Vec<Word> = Vec::new();
    let mut is_open = false;
    for (at, letter) in text.chars().enumerate() {
        if letter.is_whitespace() {
            is_open = false;
            continue;
        }
        let is_word = letter.is_alphanumeric() || letter == '_';
        match words.last_mut().filter(|_| is_open && is_word && !borders.contains(&at)) {
            Some((word, _, end)) => {
                word.push(letter);
                *end = at + 1;
            }
            None => words.push((letter.to_string(), at, at + 1)),
        }
        is_open = is_word;
    }
    words
}

/// Each word with its tag in IOB2.
pub fn tagged(words: Vec<Word>, entities: &[Entity]) -> Vec<(String, String)> {
    let mut begun = None;
    let tag = |(word, start, end): Word| {
        let found = entities.iter().position(|one| one.start < end && one.end > start);
        let tag = found.map_or("O".to_owned(), |found| {
            let letter = if begun == Some(found) { "I" } else { "B" };
            format!("{letter}-{}", entities[found].entity_group)
        });
        begun = found;
        (word, tag)
    };
    words.into_iter().map(tag).collect()
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;
    use std::path::Path;

    use super::*;
    use crate::batch::{Plan, write};
    use crate::data::Roles;
    use crate::inspect::{OpenModel, Options};
    use crate::metrics::{TaggedSentence, evaluate_entities};
    use crate::model::Precision;
    use crate::train::assess::{Assessed, assess};

    #[test]
    fn the_tags_of_listed_words_are_those_that_an_evaluation_scores() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/bert-ner");
        let model = OpenModel::open(&folder, None).unwrap();
        let words = [
            "see",
            "http://www.kaya-kopp.org/a?b=1",
            "Ines-Kaya",
            "don't",
            "2019/2031",
            "film.",
            "(row)",
            "é",
            "copp's",
        ];
        let (mut rows, mut sentences) = (String::new(), Vec::new());
        for sentence in 0..40 {
            // Some are longer than a window.
            let length = if sentence % 8 == 0 { 40 } else { 3 + sentence % 9 };
            let said: Vec<&str> = (0..length).map(|at| words[(sentence * 5 + at * 7 + at / 4) % words.len()]).collect();
            let gold: Vec<u32> = (0..length).map(|at| ((sentence + at * at) % model.labels.len()) as u32).collect();
            for (word, tag) in said.iter().zip(&gold) {
                rows += &format!("{word}\t{}\n", model.labels[*tag as usize]);
            }
            rows.push('\n');
            sentences.push((said, gold));
        }
        let (input, out) = (dir.path().join("in.conll"), dir.path().join("out.conll"));
        std::fs::write(&input, rows).unwrap();
        let plan = Plan {
            model: folder.clone(),
            task: model.task,
            input: Some(input.as_path().into()),
            chosen: None,
            options: Options::default(),
            precision: Precision::F32,
            probabilities: false,
            out: out.clone(),
            resumes: false,
        };
        write(&model, &plan, &mut |_| ControlFlow::Continue(())).unwrap();
        let told = std::fs::read_to_string(&out).unwrap();
        let mut written = told.trim_end().split("\n\n");
        let tagged = sentences.into_iter().enumerate().map(|(example, (said, gold))| {
            let lines: Vec<(&str, &str)> =
                written.next().unwrap().lines().map(|line| line.split_once('\t').unwrap()).collect();
            assert_eq!(lines.iter().map(|(word, _)| *word).collect::<Vec<_>>(), said);
            let of = |tag: &str| model.labels.iter().position(|name| name == tag).unwrap() as u32;
            let predicted = lines.iter().map(|(_, tag)| of(tag)).collect();
            TaggedSentence { example, words: Vec::new(), scores: vec![0.0; gold.len()], gold, predicted }
        });
        let scored = evaluate_entities(&model.labels, tagged.collect(), 0.0).metrics;
        let what =
            Assessed { model: folder, data: input.as_path().into(), roles: Roles::default(), ..Assessed::default() };
        let assessed = assess(&what, &mut |_, _, _| ControlFlow::Continue(())).unwrap().unwrap();
        for metric in ["f1", "f1_strict", "precision", "recall", "accuracy"] {
            assert_eq!(scored[metric], assessed.evaluation.metrics[metric], "{metric}");
        }
        assert!(scored["f1"] > 0.0, "{scored:?}");
    }

    #[test]
    fn words_are_cut_at_blanks_signs_and_entities() {
        let entity = |start, end, label: &str| Entity {
            entity_group: label.into(),
            score: 1.0,
            word: String::new(),
            start,
            end,
        };
        let check = |text: &str, entities: &[Entity], expected: &str| {
            let words = tagged(cut(text, entities), entities);
            let told: Vec<String> = words.iter().map(|(word, tag)| format!("{word}/{tag}")).collect();
            assert_eq!(told.join(" "), expected);
        };
        check(
            "Ines Kaya's in Köln.",
            &[entity(0, 9, "PER"), entity(15, 19, "LOC")],
            "Ines/B-PER Kaya/I-PER '/O s/O in/O Köln/B-LOC ./O",
        );
        check("東京都に住む", &[entity(0, 3, "LOC")], "東京都/B-LOC に住む/O");
        check("A B", &[entity(0, 1, "X"), entity(2, 3, "X")], "A/B-X B/B-X");
        let words = ["New".to_owned(), "York".to_owned(), ".".to_owned()];
        let told = tagged(places(&words), &[entity(0, 8, "LOC")]);
        assert_eq!(told.iter().map(|(_, tag)| tag.as_str()).collect::<Vec<_>>(), ["B-LOC", "I-LOC", "O"]);
    }
}
