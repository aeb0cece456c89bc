//! The words that tell a cluster from all other rows: by log odds with an informative prior (Monroe, Colaresi, Quinn
//! 2008), so that a rare word does not win by chance and a word that all have wins nowhere.

use std::collections::{HashMap, HashSet};

use crate::stop::heed;

/// Words that name a cluster.
const MOST: usize = 3;
/// Standard errors by which a word has to be more frequent.
const SURE: f64 = 2.0;
/// Rows of a cluster that a word has to be in.
const LEAST_ROWS: u32 = 3;
/// Letters of a text that are read for names.
const READ: usize = 4000;
/// How much the words of all rows count beside those of a cluster.
const PRIOR: f64 = 200.0;

/// The telling words of each of `clusters` clusters, the most telling first; `of` says in which each text is.
pub fn telling<'a>(texts: impl Iterator<Item = &'a str>, of: &[u32], clusters: usize) -> Vec<Vec<String>> {
    let counts = Counts::of(texts, of, clusters);
    (0..clusters).map(|cluster| counts.telling(cluster)).collect()
}

/// In how many rows each word is.
struct Counts {
    texts: f64,
    words: Vec<String>,
    all: Vec<u32>,
    /// By cluster: each of its words with its rows.
    within: Vec<HashMap<u32, u32>>,
}

impl Counts {
    fn of<'a>(texts: impl Iterator<Item = &'a str>, of: &[u32], clusters: usize) -> Self {
        let mut places: HashMap<String, u32> = HashMap::new();
        let within = vec![HashMap::new(); clusters];
        let mut counts = Self { texts: of.len() as f64, words: Vec::new(), all: Vec::new(), within };
        for (text, cluster) in texts.zip(of) {
            heed();
            let mut seen = HashSet::new();
            for word in words(text) {
                let place = *places.entry(word).or_insert_with_key(|word| {
                    counts.words.push(word.clone());
                    counts.all.push(0);
                    counts.words.len() as u32 - 1
                });
                if seen.insert(place) {
                    counts.all[place as usize] += 1;
                    if let Some(own) = counts.within.get_mut(*cluster as usize) {
                        *own.entry(place).or_default() += 1;
                    }
                }
            }
        }
        counts
    }

    fn telling(&self, cluster: usize) -> Vec<String> {
        let total: f64 = self.all.iter().map(|count| f64::from(*count)).sum();
        let own_total: f64 = self.within[cluster].values().map(|count| f64::from(*count)).sum();
        let score = |place: u32, own: u32| {
            let (own, all) = (f64::from(own), f64::from(self.all[place as usize]));
            let prior = PRIOR * all / total;
            let log_odds = |count: f64, of: f64| ((count + prior) / (of + PRIOR - count - prior).max(1e-9)).ln();
            let more = log_odds(own, own_total) - log_odds(all - own, total - own_total);
            more / (1.0 / (own + prior) + 1.0 / (all - own + prior)).sqrt()
        };
        let mut found: Vec<(f64, u32)> = self.within[cluster]
            .iter()
            .filter(|(_, rows)| **rows >= LEAST_ROWS)
            .map(|(place, rows)| (score(*place, *rows), *place))
            .filter(|(score, _)| *score >= SURE)
            // Of words as sure, the one that fewer rows have says more.
            .map(|(score, place)| (score * (self.texts / f64::from(self.all[place as usize])).ln(), place))
            .collect();
        found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        found.truncate(MOST);
        found.into_iter().map(|(_, place)| self.words[place as usize].clone()).collect()
    }
}

/// The words of a text in lower case; numbers and single Latin letters tell nothing.
fn words(text: &str) -> impl Iterator<Item = String> {
    let end = text.floor_char_boundary(READ);
    let parts = text[..end].split(|letter: char| !letter.is_alphanumeric() && letter != '\'' && letter != '’');
    let parts = parts.map(|word| word.trim_matches(['\'', '’']));
    let tells = |word: &&str| word.chars().any(char::is_alphabetic) && (word.chars().count() > 1 || !word.is_ascii());
    parts.filter(tells).map(str::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_is_named_by_what_it_has_and_others_lack() {
        let texts: Vec<String> = (0..60)
            .map(|row| match row % 3 {
                0 => format!("The film was dull, and the actor {row} slept"),
                1 => "The kettle isn't hot, the KETTLE leaks".to_owned(),
                _ => format!("The train to town {row} was late"),
            })
            .collect();
        let of: Vec<u32> = (0..60).map(|row| row % 3).collect();
        let found = telling(texts.iter().map(String::as_str), &of, 3);
        for (cluster, expected) in [(0, "film"), (1, "kettle"), (2, "train")] {
            assert!(found[cluster].iter().any(|word| word == expected), "{found:?}");
        }
        assert!(found.iter().flatten().all(|word| word != "the" && word.parse::<u32>().is_err()), "{found:?}");
    }

    #[test]
    fn rows_that_say_the_same_have_no_telling_words() {
        let of: Vec<u32> = (0..40).map(|row| row % 2).collect();
        assert_eq!(telling(std::iter::repeat_n("all the same", 40), &of, 2), vec![Vec::<String>::new(); 2]);
        assert_eq!(telling(["rare word"].into_iter(), &[0], 1), vec![Vec::<String>::new()]);
    }
}
