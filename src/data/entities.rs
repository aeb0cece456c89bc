//! Entities in the tags of words: where they begin and end, which sequences cannot be, and how one is put right.

use std::collections::HashMap;
use std::ops::Range;

use super::rows::Content;
use super::{Dataset, LabelSet};
use crate::table::notation::tags;
use crate::table::notation::tags::{is_outside, split_names};

/// What the tags of a label set mean.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kinds {
    /// The types of entities, in the order of the labels.
    pub names: Vec<String>,
    /// Of each tag: its type, and whether it begins an entity. `None` outside of one.
    tags: Vec<Option<(usize, bool)>>,
    /// The tag that begins an entity of each type.
    begins: Vec<Option<u32>>,
}

/// An entity: its words, and its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entity {
    pub words: Range<usize>,
    pub kind: usize,
}

impl Kinds {
    pub fn of(labels: &LabelSet) -> Self {
        let mut kinds = Self::default();
        let mut known: HashMap<&str, usize> = HashMap::new();
        for ((label, (prefix, name)), tag) in labels.names.iter().zip(split_names(&labels.names)).zip(0_u32..) {
            if is_outside(label) {
                kinds.tags.push(None);
                continue;
            }
            let kind = *known.entry(name).or_insert_with(|| {
                kinds.names.push(name.to_owned());
                kinds.begins.push(None);
                kinds.names.len() - 1
            });
            let begins = prefix == Some('B');
            kinds.tags.push(Some((kind, begins)));
            if begins {
                kinds.begins[kind] = Some(tag);
            }
        }
        kinds
    }

    /// The type of a tag; `None` outside of an entity.
    pub fn of_tag(&self, tag: u32) -> Option<usize> {
        self.tags.get(tag as usize).copied().flatten().map(|(kind, _)| kind)
    }

    /// The entities of a sentence. One that begins with an `I-` begins all the same, as in conlleval.
    pub fn entities(&self, tags: &[u32]) -> Vec<Entity> {
        let mut entities: Vec<Entity> = Vec::new();
        let mut open = false;
        for (word, tag) in tags.iter().enumerate() {
            let Some(Some((kind, begins))) = self.tags.get(*tag as usize).copied() else {
                open = false;
                continue;
            };
            match entities.last_mut().filter(|last| open && !begins && last.kind == kind) {
                Some(last) => last.words.end = word + 1,
                None => entities.push(Entity { words: word..word + 1, kind }),
            }
            open = true;
        }
        entities
    }

    /// The words whose tag goes on with an entity that is not there: `I-X` after `O` or after another type.
    pub fn impossible<'a>(&'a self, tags: &'a [u32]) -> impl Iterator<Item = usize> + 'a {
        // Where labels have no `B-` of a type, its `I-` is how its entities begin.
        let goes_on = |tag: u32| {
            let (kind, begins) = self.tags.get(tag as usize).copied().flatten()?;
            (!begins && self.begins[kind].is_some()).then_some(kind)
        };
        (0..tags.len()).filter(move |&word| {
            let before = word.checked_sub(1).and_then(|before| self.of_tag(tags[before]));
            goes_on(tags[word]).is_some_and(|kind| before != Some(kind))
        })
    }

    /// Lets every entity begin with its `B-`; returns whether a tag was changed.
    pub fn repair(&self, tags: &mut [u32]) -> bool {
        let wrong: Vec<usize> = self.impossible(tags).collect();
        for &word in &wrong {
            let begin = self.of_tag(tags[word]).and_then(|kind| self.begins[kind]);
            tags[word] = begin.unwrap_or(tags[word]);
        }
        !wrong.is_empty()
    }
}

impl Dataset {
    /// The bytes of each word in the text of an example, where its words are cut out of a text.
    pub fn word_ranges(&self, example: usize) -> Vec<Range<usize>> {
        let Content::Spans { text, spans } = self.content else { return Vec::new() };
        let row = self.examples[example].row;
        let spans = spans.and_then(|spans| tags::spans(self.table.cell(row, spans)).ok()).unwrap_or_default();
        let words = tags::tag_text(self.table.cell(row, text), &spans).unwrap_or_default();
        words.into_iter().map(|(range, _)| range).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(names: &[&str]) -> LabelSet {
        LabelSet { names: names.iter().map(|&name| name.to_owned()).collect() }
    }

    fn read(labels: &LabelSet, tags: &str) -> Vec<u32> {
        tags.split(' ').map(|tag| labels.index(tag).unwrap() as u32).collect()
    }

    #[test]
    fn entities_begin_and_end_as_conlleval_has_it() {
        let labels = labels(&["O", "B-LOC", "I-LOC", "B-PER", "I-PER"]);
        let kinds = Kinds::of(&labels);
        assert_eq!(kinds.names, ["LOC", "PER"]);
        let check = |tags: &str, expected: &[(Range<usize>, usize)]| {
            let found = kinds.entities(&read(&labels, tags));
            let found: Vec<_> = found.into_iter().map(|entity| (entity.words, entity.kind)).collect();
            assert_eq!(found, expected, "{tags}");
        };
        check("O B-PER I-PER O B-LOC", &[(1..3, 1), (4..5, 0)]);
        check("B-PER B-PER I-PER", &[(0..1, 1), (1..3, 1)]);
        check("O I-PER I-LOC I-LOC", &[(1..2, 1), (2..4, 0)]);
        check("I-PER O I-PER", &[(0..1, 1), (2..3, 1)]);
        check("O O", &[]);
    }

    #[test]
    fn a_repaired_sentence_has_the_same_entities_and_nothing_impossible() {
        let labels = labels(&["O", "B-LOC", "I-LOC", "B-PER", "I-PER"]);
        let kinds = Kinds::of(&labels);
        let check = |tags: &str, wrong: &[usize], repaired: &str| {
            let mut read_tags = read(&labels, tags);
            assert_eq!(kinds.impossible(&read_tags).collect::<Vec<_>>(), wrong, "{tags}");
            let before = kinds.entities(&read_tags);
            assert_eq!(kinds.repair(&mut read_tags), !wrong.is_empty());
            assert_eq!(read_tags, read(&labels, repaired), "{tags}");
            assert_eq!(kinds.entities(&read_tags), before);
            assert_eq!(kinds.impossible(&read_tags).count(), 0);
        };
        check("O I-PER I-PER O", &[1], "O B-PER I-PER O");
        check("B-PER I-LOC I-LOC", &[1], "B-PER B-LOC I-LOC");
        check("I-LOC B-PER I-PER", &[0], "B-LOC B-PER I-PER");
        check("B-LOC I-LOC O B-LOC B-LOC", &[], "B-LOC I-LOC O B-LOC B-LOC");
    }

    #[test]
    fn labels_without_types_are_of_one_type() {
        let labels = labels(&["B", "I", "O"]);
        let kinds = Kinds::of(&labels);
        assert_eq!(kinds.names, ["entity"]);
        assert_eq!(kinds.entities(&read(&labels, "B I O B B")).len(), 3);
    }

    #[test]
    fn where_there_is_no_b_its_i_begins() {
        let labels = labels(&["I-MISC", "O", "I-PER"]);
        let kinds = Kinds::of(&labels);
        let mut tags = read(&labels, "O I-PER I-MISC");
        assert_eq!(kinds.impossible(&tags).count(), 0);
        assert!(!kinds.repair(&mut tags));
        assert_eq!(kinds.entities(&tags).len(), 2);
    }
}
