//! The rules of SQuAD for comparing an answer with what annotators marked (Rajpurkar et al. 2016, 2018).
//!
//! Case, punctuation, articles and blanks do not count. Punctuation is that of ASCII, articles are English, and a word is
//! made of letters and digits of any script.

use std::collections::BTreeMap;

/// Which of the two official scripts decides. They differ where an answer is nothing but articles and punctuation: v1.1
/// sees two of them agree exactly with an F1 of 0, v2.0 takes them for no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rules {
    V1,
    V2,
}

/// Exact match and F1 of an answer, each the best over all that count as right.
pub(super) fn score(rules: Rules, gold: &[String], answer: &str) -> [f64; 2] {
    let answer = normalized(answer);
    let mut known: Vec<String> = gold.iter().map(|gold| normalized(gold)).collect();
    if rules == Rules::V2 {
        known.retain(|gold| !gold.is_empty());
        if known.is_empty() {
            known.push(String::new());
        }
    }
    let exact = known.contains(&answer);
    let f1 = known.iter().map(|gold| f1(rules, gold, &answer)).fold(0.0, f64::max);
    [f64::from(u8::from(exact)), f1]
}

/// Overlap of the words of two normalised answers.
fn f1(rules: Rules, gold: &str, answer: &str) -> f64 {
    if rules == Rules::V2 && (gold.is_empty() || answer.is_empty()) {
        return f64::from(u8::from(gold == answer));
    }
    let mut left: BTreeMap<&str, usize> = BTreeMap::new();
    for word in gold.split(' ') {
        *left.entry(word).or_default() += 1;
    }
    let mut same = 0;
    for word in answer.split(' ').filter(|word| !word.is_empty()) {
        if let Some(count) = left.get_mut(word).filter(|count| **count > 0) {
            *count -= 1;
            same += 1;
        }
    }
    if same == 0 {
        return 0.0;
    }
    let share = |text: &str| f64::from(same) / text.split(' ').count() as f64;
    let (precision, recall) = (share(answer), share(gold));
    2.0 * precision * recall / (precision + recall)
}

/// Lower case, without ASCII punctuation and English articles, one blank between words.
pub fn normalized(text: &str) -> String {
    let lower = text.to_lowercase();
    let bare: String = lower.chars().filter(|character| !character.is_ascii_punctuation()).collect();
    let mut spaced = String::with_capacity(bare.len());
    let mut rest = bare.as_str();
    while !rest.is_empty() {
        let end = rest.find(|character: char| !is_word(character)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        spaced.push_str(if matches!(word, "a" | "an" | "the") { " " } else { word });
        let next = after.find(is_word).unwrap_or(after.len());
        let (between, after) = after.split_at(next);
        spaced.push_str(between);
        rest = after;
    }
    let words: Vec<&str> = spaced.split(is_blank).filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// What `\w` matches: letters and digits. Circled and squared letters, which Unicode counts as alphabetic, are symbols
/// there.
fn is_word(character: char) -> bool {
    character.is_alphanumeric() && !matches!(character, '\u{345}' | 'ⓐ'..='ⓩ' | 'Ⓐ'..='Ⓩ' | '\u{1F130}'..='\u{1F189}')
}

/// What Python takes for white space: Unicode's and the four separators of ASCII.
fn is_blank(character: char) -> bool {
    character.is_whitespace() || matches!(character, '\u{1c}'..='\u{1f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_punctuation_articles_and_blanks_do_not_count() {
        let check = |text: &str, expected: &str| assert_eq!(normalized(text), expected, "{text:?}");
        check("The  Eiffel Tower!", "eiffel tower");
        check("a.m. and an (A)-team", "am and ateam");
        check("theatre, anthem\u{a0}the\u{1c}end", "theatre anthem end");
        check("the", "");
        check("L'été—a Ä", "lété— ä");
        check("İ", "i\u{307}");
    }

    #[test]
    fn the_two_scripts_differ_about_answers_without_words() {
        let gold = ["The".to_owned()];
        assert_eq!(score(Rules::V1, &gold, "a"), [1.0, 0.0]);
        assert_eq!(score(Rules::V2, &gold, "a"), [1.0, 1.0]);
        assert_eq!(score(Rules::V2, &[], ""), [1.0, 1.0]);
        assert_eq!(score(Rules::V1, &[], ""), [0.0, 0.0]);
        assert_eq!(score(Rules::V2, &["cat".into()], ""), [0.0, 0.0]);
    }

    #[test]
    fn the_best_of_several_right_answers_counts() {
        let gold = ["a big dog".to_owned(), "dog dog".to_owned()];
        let [exact, f1] = score(Rules::V2, &gold, "the dog");
        assert!(exact.abs() < f64::EPSILON);
        assert!((f1 - 2.0 / 3.0).abs() < 1e-15);
    }
}
