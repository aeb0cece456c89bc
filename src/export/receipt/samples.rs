//! Texts of our own for a receipt: accents, both apostrophes, emoji of several code points, double blanks, scripts without
//! blanks, what has no end. Tokenizers differ over these first.

use crate::inspect::Request;
use crate::task::{Reads, Targets, Task};

const TEXTS: [&str; 12] = [
    "The hinge is stiff, but the lamp itself works.",
    "C'est déjà l'été à Besançon : quelle chaleur !",
    "I don’t know whether they'd've come, and you shouldn't ask.",
    "Two  blanks   here, and a tab\tthere.",
    "We went home 🏠 and had 🍜 with the 👩‍👩‍👧‍👦!",
    "Naïve café; “quoted”, 50 % off — from 3.14 to 1,000,000 € (or £7)…",
    "Αθήνα, Москва, Kraków, Đà Nẵng, straße, İstanbul",
    "東京は今日も晴れです。",
    "مرحبا بالعالم",
    "e\u{301}clair and éclair are spelt in two ways.",
    "supercalifragilisticexpialidocious-and-on-and-on",
    "A sentence\nover two lines.",
];

const PAIRS: [(&str, &str); 5] = [
    ("The ferry leaves at noon.", "It reaches the island an hour later."),
    ("C'est déjà l'été.", "Il fait 32 °C à l'ombre !"),
    ("Two  blanks here", "and   three there"),
    ("We don’t  have 🍜.", "They'd like some 🏠."),
    ("東京は晴れです。", "Moscow – Москва"),
];

const NAMES: [&str; 6] = [
    "Zoë O'Neill-García flew from São Paulo to Zürich for Northwind Labs.",
    "In Besançon, Mme d'Arc met J. R. R. Tolkien’s  nephew.",
    "The U.N. asked Kraków's mayor – and 東京 – about COVID-19.",
    "@maria_ok saw #Rome 😀 on https://example.org/a?b=c",
    "no name at all stands here",
    "Müller & Söhne GmbH,Berlin",
];

const QUESTIONS: [(&str, &str); 5] = [
    ("When does the ferry leave?", "The ferry to the island leaves at noon, and comes back at six."),
    ("Who founded the café?", "The café “Zum Löwen” was founded by Zoë O'Neill-García in 1921."),
    ("What  is  served?", "They serve 🍜 for 7 €, and  tea  for 3."),
    ("Où est-ce ?", "C'est à Besançon, près de l'église Sainte-Madeleine."),
    ("Is there an answer?", "The river was dammed, and nobody asked."),
];

/// Words that are hidden stand between braces.
const MASKED: [&str; 6] = [
    "She poured the tea into a {cup} and sat down.",
    "C'est déjà l'{été} à Besançon.",
    "I don’t {know}  whether they'd come.",
    "The {ferry} leaves at {noon}.",
    "We went home 🏠 and had {soup}.",
    "{Nobody} asked",
];

/// The texts for a task.
pub fn texts(task: Task, mask: Option<&str>) -> Vec<Request> {
    let alone = |text: &str| Request { text: text.to_owned(), pair: None };
    let both = |(text, pair): &(&str, &str)| Request { text: (*text).to_owned(), pair: Some((*pair).to_owned()) };
    match task.reads() {
        Reads::Question => QUESTIONS.iter().map(both).collect(),
        Reads::Neighbours(_) => PAIRS.iter().map(both).collect(),
        Reads::Words => NAMES.iter().chain(&TEXTS).map(|text| alone(text)).collect(),
        Reads::Running if task.targets() == Targets::Hidden => {
            let mask = mask.unwrap_or_default();
            MASKED.iter().map(|text| alone(&hidden(text, mask))).collect()
        }
        Reads::Running => TEXTS.iter().map(|text| alone(text)).collect(),
        Reads::Texts => TEXTS.iter().map(|text| alone(text)).chain(PAIRS.iter().map(both)).collect(),
    }
}

/// The text with the mask in the place of what stands between braces.
fn hidden(text: &str, mask: &str) -> String {
    let mut parts = text.split(['{', '}']);
    let mut shown = parts.next().unwrap_or_default().to_owned();
    while let (Some(_), Some(after)) = (parts.next(), parts.next()) {
        shown = shown + mask + after;
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_between_braces_are_hidden() {
        assert_eq!(hidden("a {b} c {d}.", "[M]"), "a [M] c [M].");
        assert_eq!(hidden("{a}", "[M]"), "[M]");
        for task in Task::ALL {
            assert!(texts(task, Some("[MASK]")).iter().all(|one| !one.text.contains(['{', '}'])), "{task}");
        }
    }
}
