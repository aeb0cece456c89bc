//! The card of a model or data set: its README, with the front matter taken off and read.
//!
//! Front matter is YAML, of which cards use little: words, lists of words, and deeper structures that nobody needs here.
//! What is read is that; what is deeper is left out.

use super::markdown::{self, Block};
use super::name::{Repo, encoded};
use super::wire::{Rest, Subject, Wire};
use super::{Hub, HubError};

const MAX_BYTES: u64 = 4 << 20;

/// What a repository says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Card {
    /// Markdown, without the front matter.
    pub text: String,
    /// The same as it can be drawn.
    pub blocks: Vec<Block>,
    /// The front matter: each key with its value or values.
    pub facts: Vec<(String, Vec<String>)>,
}

impl Hub {
    /// The card of a repository; `None` where it has none.
    pub fn card(&self, repo: &Repo, revision: &str) -> Result<Option<Card>, HubError> {
        let wire = Wire::new(self, &repo.name)?;
        let path = format!("{}/resolve/{}/README.md", repo.page(), encoded(revision));
        let subject = Subject::of(repo, revision, "README.md");
        let read = || wire.read(wire.get(&path, Rest::default(), subject)?, MAX_BYTES, subject);
        match wire.patiently(read) {
            Err(HubError::NoFile { .. }) => Ok(None),
            text => Ok(Some(Card::read(&String::from_utf8_lossy(&text?)))),
        }
    }
}

impl Card {
    /// Reads a README as it lies in a repository.
    pub fn read(readme: &str) -> Self {
        let readme = readme.trim_start_matches('\u{feff}').replace("\r\n", "\n");
        let ends = |rest: &str| rest.find("\n---\n").or_else(|| rest.ends_with("\n---").then(|| rest.len() - 4));
        let Some((front, text)) = readme.strip_prefix("---\n").and_then(|rest| {
            let end = ends(&format!("\n{rest}"))?;
            Some((rest.get(..end.saturating_sub(1))?, rest.get(end + 4..).unwrap_or_default()))
        }) else {
            return Self::of(readme.trim(), Vec::new());
        };
        Self::of(text.trim(), facts(front))
    }

    fn of(text: &str, facts: Vec<(String, Vec<String>)>) -> Self {
        Self { text: text.to_owned(), blocks: markdown::blocks(text), facts }
    }

    /// The values of a key, none where it is not there.
    pub fn values(&self, key: &str) -> &[String] {
        self.facts.iter().find(|(known, _)| known == key).map_or(&[], |(_, values)| values)
    }
}

/// The keys at the left edge with their words.
fn facts(front: &str) -> Vec<(String, Vec<String>)> {
    let mut facts: Vec<(String, Vec<String>)> = Vec::new();
    // How far the items of the list that is being read are from the left edge.
    let mut depth = None;
    for line in front.lines().filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#')) {
        let indent = line.len() - line.trim_start().len();
        if let Some(item) = line.trim_start().strip_prefix("- ") {
            let is_plain = !item.contains(": ") && !item.trim_end().ends_with(':');
            if let Some((_, values)) = facts.last_mut().filter(|_| is_plain && *depth.get_or_insert(indent) == indent) {
                values.push(word(item));
            }
        } else if let Some((key, value)) = line.split_once(':').filter(|_| indent == 0) {
            facts.push((word(key), words(value)));
            depth = None;
        }
    }
    facts.retain(|(_, values)| !values.is_empty());
    facts
}

/// The word or words behind a key.
fn words(value: &str) -> Vec<String> {
    let value = value.trim();
    let list = value.strip_prefix('[').and_then(|list| list.strip_suffix(']'));
    let words: Vec<String> = list.map_or_else(|| vec![word(value)], |list| list.split(',').map(word).collect());
    words
        .into_iter()
        .filter(|word| !word.is_empty() && !matches!(word.as_str(), "|" | ">" | "|-" | ">-" | "null" | "{}"))
        .collect()
}

/// A word without its quotes and without a comment behind it.
fn word(text: &str) -> String {
    let text = text.trim();
    for quote in ['"', '\''] {
        if let Some((word, _)) = text.strip_prefix(quote).and_then(|rest| rest.split_once(quote)) {
            return word.to_owned();
        }
    }
    text.split(" #").next().unwrap_or_default().trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_front_matter_is_taken_off_and_read() {
        let card = Card::read(
            "---\r\nlanguage: en\r\ntags:\r\n- exbert\r\n- 'two words' # why\r\nlicense: \"apache-2.0\"\r\ndatasets: [a, b]\r\n\
             model-index:\r\n- name: x\r\n  results:\r\n  - task:\r\n      type: y\r\nwidget:\r\n- text: \"Hi: you\"\r\nempty:\r\n\
             # a comment\r\n---\r\n\r\n# BERT\r\n\r\n---\r\nbelow a rule\r\n",
        );
        assert_eq!(card.text, "# BERT\n\n---\nbelow a rule");
        assert_eq!(card.values("language"), ["en"]);
        assert_eq!(card.values("tags"), ["exbert", "two words"]);
        assert_eq!(card.values("license"), ["apache-2.0"]);
        assert_eq!(card.values("datasets"), ["a", "b"]);
        for key in ["model-index", "widget", "empty", "task"] {
            assert!(card.values(key).is_empty(), "{key}");
        }
    }

    #[test]
    fn a_card_without_front_matter_is_all_text() {
        for (readme, text) in [
            ("# A\n", "# A"),
            ("", ""),
            ("---\nlicense: mit\nnever closed", "---\nlicense: mit\nnever closed"),
            ("---\n---\nx", "x"),
            ("---\na: b\n---", ""),
        ] {
            assert_eq!(Card::read(readme).text, text, "{readme:?}");
        }
    }
}
