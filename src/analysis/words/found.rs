//! What was found out about the words of a data set, and what a person should know of it.

use super::count::{Labels, LeftOut, MOST_WORDS, Word};
use super::outputs::Output;
use crate::analysis::training_set::InTraining;
use crate::data::Dataset;
use crate::inspect::why::Pull;
use crate::task::Task;
use crate::words::plural;

/// The words of a data set with what they add.
#[derive(Clone, Debug, PartialEq)]
pub struct Words {
    pub task: Task,
    pub by: Pull,
    pub outputs: Vec<Output>,
    /// In the order in which they were met.
    pub words: Vec<Word>,
    /// What the labels say of all rows, or of all words where each has a tag.
    pub labels: Labels,
    /// Rows that were looked at, and those that there were.
    pub rows: usize,
    pub among: usize,
    /// Whether every output was asked about in every text, or only those that its label and the answer name.
    pub asks_all: bool,
    /// Texts that were cut, and how long they may be.
    pub cut: usize,
    pub max_tokens: usize,
    pub left_out: LeftOut,
    /// How many of the rows the run of the model learned from, where it is of one.
    pub training: Option<InTraining>,
}

impl Words {
    /// What a person should know of the rows, in sentences.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.rows < self.among {
            notes.push(format!("{} of {} rows were looked at, each class with its share", self.rows, self.among));
        }
        if !self.asks_all && !self.task.has_windows() {
            notes.push(format!(
                "The model has {} outputs; in each text the words were weighed for its label and for what the model says",
                self.outputs.len()
            ));
        }
        if self.cut > 0 {
            let texts = plural(self.cut, "text was", "texts were");
            notes.push(format!("{texts} cut at {} tokens", self.max_tokens));
        }
        let unknown: Vec<&str> = self.outputs.iter().filter(|one| !one.in_data).map(|one| one.name.as_str()).collect();
        if self.labels.count > 0 && !unknown.is_empty() {
            notes.push(format!("No label of the data is called {}, so nothing is expected there", unknown.join(", ")));
        }
        notes.extend(self.training.as_ref().map(InTraining::said));
        let LeftOut { words, punctuation } = self.left_out;
        if words > 0 {
            notes.push(format!(
                "More than {MOST_WORDS} different words were met; those that came after are not counted, {words} in all"
            ));
        }
        if punctuation > 0 {
            notes.push(format!(
                "Punctuation is not listed; it stands at {}",
                plural(punctuation as usize, "place", "places")
            ));
        }
        notes
    }

    /// The example rows of the data that a word stands in, by their place in the table, ascending.
    pub fn rows_with(&self, word: usize, data: &Dataset) -> Vec<usize> {
        let examples = self.words.get(word).map_or(&[][..], |word| &word.examples);
        let mut rows: Vec<usize> = examples.iter().map(|one| data.examples[*one as usize].row).collect();
        rows.sort_unstable();
        rows
    }
}
