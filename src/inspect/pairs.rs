//! Whether a model learned from single texts or from pairs of them. It answers the other in the same way, and nothing in the
//! answer shows that it means little, so that it is told.

use super::request::Request;
use crate::task::{Reads, Task};

/// Classes that only pairs of texts have.
const OF_PAIRS: [&str; 10] = [
    "entailment",
    "contradiction",
    "not_entailment",
    "non-entailment",
    "paraphrase",
    "not_paraphrase",
    "duplicate",
    "not_duplicate",
    "equivalent",
    "not_equivalent",
];

/// Whether the classes of a model are those of pairs of texts; nothing where they do not tell.
pub(super) fn by_labels(task: Task, labels: &[String]) -> Option<bool> {
    let is_of_pairs = |label: &String| OF_PAIRS.iter().any(|known| label.trim().eq_ignore_ascii_case(known));
    (task.reads() == Reads::Texts && labels.iter().any(is_of_pairs)).then_some(true)
}

/// What is odd about a request, where the model learned from the other.
pub(super) fn misfit(task: Task, reads_pairs: Option<bool>, request: &Request) -> Option<&'static str> {
    let has_pair = request.has_pair();
    match reads_pairs.filter(|_| task.reads() == Reads::Texts) {
        Some(true) if !has_pair => Some("the model learned from pairs of texts and is asked about one text alone"),
        Some(false) if has_pair => Some("the model learned from single texts and is asked about a pair"),
        Some(_) | None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_model_did_not_learn_from_is_told() {
        let asked = |pair: Option<&str>| Request { text: "a".into(), pair: pair.map(str::to_owned) };
        let told = |task, reads_pairs, pair| misfit(task, reads_pairs, &asked(pair)).is_some();
        assert!(told(Task::Classify, Some(true), None));
        assert!(told(Task::Regress, Some(true), Some(" ")));
        assert!(told(Task::Classify, Some(false), Some("b")));
        for (task, reads_pairs, pair) in [
            (Task::Classify, Some(true), Some("b")),
            (Task::Classify, Some(false), None),
            (Task::Classify, None, Some("b")),
            (Task::Ner, Some(true), None),
            (Task::Qa, Some(false), Some("b")),
        ] {
            assert!(!told(task, reads_pairs, pair), "{task} {reads_pairs:?} {pair:?}");
        }
        let labels = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        assert_eq!(by_labels(Task::Classify, &labels(&["CONTRADICTION", "NEUTRAL", "ENTAILMENT"])), Some(true));
        assert_eq!(by_labels(Task::Classify, &labels(&["neutral", "positive"])), None);
        assert_eq!(by_labels(Task::Ner, &labels(&["entailment"])), None);
    }
}
