//! `WebAnno` TSV 3, as `WebAnno` and `INCEpTION` export it: a word a line behind its place, with a column for each feature of
//! each layer. The labels of one layer become tags in IOB2; pieces of one annotation bear its number, `PER[1]`. Which layer
//! is read is told: that of named entities, or else the first with labels that not every word has. A word may bear several
//! labels (`PER[1]|LOC[2]`); the first is read and that is told.

use std::path::Path;

use super::builder::Builder;
use super::encoding::Decoded;
use super::lines::numbered;
use crate::stop::heed;
use crate::table::notation::quoted::push_list;
use crate::table::{Format, ReadError, Table};
use crate::words::{noun, plural};

/// Columns before those of layers: the number of a word, its characters, and the word.
const BEFORE: usize = 3;

pub(super) fn is_one(text: &str) -> bool {
    text.trim_start().starts_with("#FORMAT=WebAnno TSV 3")
}

/// A column of labels.
#[derive(Clone, Debug)]
struct Feature {
    layer: String,
    name: String,
    place: usize,
}

/// The columns of spans; those of relations and chains take their places too.
fn features(text: &str) -> Vec<Feature> {
    let mut found = Vec::new();
    let mut place = BEFORE;
    for (_, line) in numbered(text).take_while(|(_, line)| line.starts_with('#') || line.trim().is_empty()) {
        let Some((kind, rest)) = line.strip_prefix("#T_").and_then(|rest| rest.split_once('=')) else { continue };
        let mut names = rest.split('|');
        let layer = names.next().unwrap_or_default().to_owned();
        let names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
        if kind == "SP" {
            let named = names.iter().enumerate();
            found.extend(named.map(|(at, name)| Feature {
                layer: layer.clone(),
                name: (*name).to_owned(),
                place: place + at,
            }));
        }
        // A relation has a column for its other end, which stands among the names.
        place += names.len().max(1);
    }
    found
}

struct Word<'a> {
    line: usize,
    fields: Vec<&'a str>,
}

/// Sentences of words; a line about a part of a word is none.
fn sentences(text: &str) -> (Vec<Vec<Word<'_>>>, usize) {
    let (mut all, mut parts) = (vec![Vec::new()], 0);
    for (line, content) in numbered(text) {
        heed();
        if content.starts_with('#') || content.trim().is_empty() {
            if all.last().is_some_and(|last| !last.is_empty()) {
                all.push(Vec::new());
            }
            continue;
        }
        let fields: Vec<&str> = content.split('\t').collect();
        if fields[0].contains('.') {
            parts += 1;
        } else if let Some(last) = all.last_mut() {
            last.push(Word { line, fields });
        }
    }
    all.retain(|sentence| !sentence.is_empty());
    (all, parts)
}

/// The first label of a cell with the number of its annotation, and whether there are others.
fn label(cell: &str) -> Option<(String, Option<&str>, bool)> {
    if matches!(cell, "_" | "" | "*") {
        return None;
    }
    let is_border = |(at, letter): (usize, char)| letter == '|' && !cell[..at].ends_with('\\');
    let end = cell.char_indices().find(|place| is_border(*place)).map_or(cell.len(), |(at, _)| at);
    let (first, has_others) = (&cell[..end], end < cell.len());
    let numbered = first.strip_suffix(']').and_then(|first| first.rsplit_once('['));
    let (name, number) = match numbered {
        Some((name, number)) if !name.ends_with('\\') => (name, Some(number)),
        _ => (first, None),
    };
    (!matches!(name, "_" | "*" | "")).then(|| (unescaped(name), number, has_others))
}

fn unescaped(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut letters = name.chars();
    while let Some(letter) = letters.next() {
        out.push(if letter == '\\' { letters.next().unwrap_or(letter) } else { letter });
    }
    out
}

/// The feature whose labels are read.
fn chosen(features: &[Feature], sentences: &[Vec<Word<'_>>]) -> Option<usize> {
    let words = || sentences.iter().flatten();
    let all = words().count();
    let labelled = |feature: &Feature| {
        words().filter(|word| word.fields.get(feature.place).is_some_and(|cell| label(cell).is_some())).count()
    };
    let rank = |feature: &Feature| {
        let count = labelled(feature);
        let is_entity = feature.layer.ends_with("NamedEntity") && feature.name == "value";
        match (is_entity, count) {
            (_, 0) => 0,
            (true, _) => 3,
            (false, count) if count < all => 2,
            _ => 1,
        }
    };
    let best = features.iter().map(rank).max().filter(|best| *best > 0)?;
    features.iter().position(|feature| rank(feature) == best)
}

pub(super) fn read(path: &Path, decoded: &Decoded, text: &str) -> Result<Table, ReadError> {
    let features = features(text);
    let (sentences, parts) = sentences(text);
    let chosen = chosen(&features, &sentences);
    let mut rows = Builder::new(vec!["tokens".to_owned(), "tags".to_owned()]);
    let (mut stacked, width) = (0, BEFORE + usize::from(chosen.is_some()));
    for sentence in &sentences {
        if let Some(short) = sentence.iter().find(|word| word.fields.len() < width) {
            let first = sentence[0].line;
            let reason = format!("has {}, expected {width} or more", plural(short.fields.len(), "column", "columns"));
            rows.problem(short.line, format!("{reason}; its sentence from line {first} is left out"));
            continue;
        }
        let mut before: Option<(String, Option<&str>)> = None;
        let mut tags = Vec::with_capacity(sentence.len());
        for word in sentence {
            let cell = chosen.and_then(|chosen| word.fields.get(features[chosen].place)).copied().unwrap_or("_");
            let found = label(cell);
            tags.push(match &found {
                None => "O".to_owned(),
                Some((name, number, has_others)) => {
                    stacked += usize::from(*has_others);
                    let goes_on =
                        number.is_some() && before.as_ref().is_some_and(|(kind, of)| kind == name && of == number);
                    format!("{}-{name}", if goes_on { "I" } else { "B" })
                }
            });
            before = found.map(|(name, number, _)| (name, number));
        }
        push_list(&mut rows.text, sentence.iter().map(|word| word.fields[2]));
        rows.end_cell();
        push_list(&mut rows.text, tags.iter().map(String::as_str));
        rows.end_cell();
        rows.end_row(sentence[0].line);
    }
    let mut table = rows.finish(path, Format::WebAnno, decoded)?;
    table.notes.extend(notes(&features, chosen, parts, stacked));
    Ok(table)
}

fn notes(features: &[Feature], chosen: Option<usize>, parts: usize, stacked: usize) -> Vec<String> {
    let called =
        |feature: &Feature| format!("{}|{}", feature.layer.rsplit('.').next().unwrap_or_default(), feature.name);
    let mut notes = Vec::new();
    match chosen {
        None => notes.push("no layer has labels, so every word is outside".to_owned()),
        Some(chosen) => {
            let others: Vec<String> =
                features.iter().enumerate().filter(|(place, _)| *place != chosen).map(|(_, one)| called(one)).collect();
            let rest = if others.is_empty() { String::new() } else { format!("; not read: {}", others.join(", ")) };
            notes.push(format!("the tags are the labels of {}{rest}", called(&features[chosen])));
        }
    }
    if stacked > 0 {
        let words = plural(stacked, "word bears", "words bear");
        notes.push(format!("{words} several labels, of which the first is read"));
    }
    if parts > 0 {
        let labels = plural(parts, "label is of a part", "labels are of parts");
        notes.push(format!("{labels} of a word and {} not read", noun(parts, "is", "are")));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_labels_of_a_layer_become_tags() {
        let text = "#FORMAT=WebAnno TSV 3.3\n#T_SP=de.tudarmstadt.ukp.dkpro.core.api.lexmorph.type.pos.POS|PosValue\n\
            #T_SP=de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity|identifier|value\n\n\n\
            #Text=Ines Kaya met Bob Lee-Smith.\n\
            1-1\t0-4\tInes\tNNP\t*[1]\tPER[1]\t\n1-2\t5-9\tKaya\tNNP\t*[1]\tPER[1]\t\n1-3\t10-13\tmet\tVBD\t_\t_\t\n\
            1-4\t14-17\tBob\tNNP\t_\tPER\t\n1-5\t18-27\tLee-Smith\tNNP\t*[3]|*[4]\tPER[3]|O\\_TH[4]\t\n\
            1-5.1\t18-21\tLee\t_\t_\tPER\t\n1-6\t27-28\t.\t.\t_\t_\t\n\n\
            #Text=Torn\n2-1\t29-33\tTorn\n\n#Text=Rain\n3-1\t40-44\tRain\tNN\t_\t_\t\n";
        let table = Table::from_bytes(Path::new("x.tsv"), text.as_bytes().to_vec()).unwrap();
        assert_eq!((table.format, table.rows(), table.line(1)), (Format::WebAnno, 2, 19));
        assert_eq!(table.cell(0, 0), r#"["Ines","Kaya","met","Bob","Lee-Smith","."]"#);
        assert_eq!(table.cell(0, 1), r#"["B-PER","I-PER","O","B-PER","B-PER","O"]"#);
        assert_eq!(table.problems[0].line, 16);
        assert_eq!(
            table.notes,
            [
                "the tags are the labels of NamedEntity|value; not read: POS|PosValue, NamedEntity|identifier",
                "1 word bears several labels, of which the first is read",
                "1 label is of a part of a word and is not read",
            ]
        );
    }
}
