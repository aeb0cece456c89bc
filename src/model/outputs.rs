//! What the outputs of a head mean, and whether a head that was trained for some classes can go on for others.
//!
//! Outputs are known by their names alone. A head of as many but other classes is never taken: its first answers would
//! be those of the old classes under the names of the new ones.

use serde_json::{Value, json};

use super::config::EncoderConfig;
use super::kinds::HeadKind;
use crate::task::{Labels, Targets, Task};

/// A key of ours in `config.json`: the heads of a folder that were never trained, each by a task of it.
const UNTRAINED: &str = "attune_untrained_heads";

/// The place of an output that has no name of its own: transformers calls it `LABEL_0`.
pub fn unnamed_place(name: &str) -> Option<usize> {
    let (word, place) = name.trim().split_at_checked("LABEL_".len())?;
    let is_number = !place.is_empty() && place.bytes().all(|byte| byte.is_ascii_digit());
    (word.eq_ignore_ascii_case("LABEL_") && is_number).then(|| place.parse().ok()).flatten()
}

/// What is the same for all spellings of a class: the case of letters does not count, `1.0` is `1`, and so is
/// `LABEL_1`, which names an output by its place as a number does.
pub fn class_key(name: &str) -> String {
    if let Some(place) = unnamed_place(name) {
        return place.to_string();
    }
    let name = name.trim();
    match name.parse::<f64>() {
        Ok(number) if number.fract() == 0.0 && number.abs() < 1e9 => (number as i64).to_string(),
        _ => name.to_lowercase(),
    }
}

impl EncoderConfig {
    /// The heads that the folder's `architectures` name.
    pub fn named_heads(&self) -> Vec<HeadKind> {
        self.architectures.iter().flat_map(|name| self.family.heads_of(name)).collect()
    }

    /// The heads that the folder says it has only because its class has them, and that were never trained.
    pub fn untrained_heads(&self) -> Vec<HeadKind> {
        let named = self.raw.get(UNTRAINED).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let tasks = named.iter().filter_map(|name| Task::from_name(name.as_str()?));
        tasks.map(HeadKind::for_task).collect()
    }

    /// Says which heads were never trained, by a task of each.
    pub fn set_untrained_heads(&mut self, kinds: &[HeadKind]) {
        let task = |kind: &HeadKind| Task::ALL.into_iter().find(|task| HeadKind::for_task(*task) == *kind);
        let tasks: Vec<&str> = kinds.iter().filter_map(task).map(Task::name).collect();
        if tasks.is_empty() {
            self.raw.remove(UNTRAINED);
        } else {
            self.raw.insert(UNTRAINED.to_owned(), json!(tasks));
        }
    }

    /// Whether the folder says of itself that it holds a head for a task, which may be under other names of its outputs.
    pub fn names_head(&self, task: Task) -> bool {
        let is_number = |task: Task| task.targets() == Targets::Number;
        self.named_heads().contains(&HeadKind::for_task(task))
            && (!task.is_sequence() || self.task().is_some_and(is_number) == is_number(task))
    }

    /// Whether the head that a folder holds goes on being trained or asked for a task under these names of its outputs.
    /// Heads of other kinds can have weights of the same name and shape.
    pub fn keeps_head(&self, task: Task, names: &[String]) -> bool {
        if !self.named_heads().is_empty() && !self.names_head(task) {
            return false;
        }
        match (task.labels(), task.targets()) {
            (Labels::OfData, _) => {
                let own = self.output_names(task);
                let same = |(own, name): (&String, &String)| class_key(own) == class_key(name);
                own.len() == names.len() && own.iter().zip(names).all(same)
            }
            (Labels::None, Targets::Number) => self.labels.len() <= 1,
            (Labels::Fixed(_) | Labels::None, _) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(more: &str) -> EncoderConfig {
        let text = format!(
            r#"{{"model_type":"bert","vocab_size":100,"hidden_size":32,"num_hidden_layers":1,"num_attention_heads":4,
            "intermediate_size":64,"max_position_embeddings":64{more}}}"#
        );
        EncoderConfig::parse(&text).unwrap()
    }

    #[test]
    fn spellings_of_one_class_have_one_key() {
        for (one, other) in
            [("Positive", "POSITIVE"), ("1", "LABEL_1"), ("1.0", "1"), ("label_3", "LABEL_3"), (" neg", "neg")]
        {
            assert_eq!(class_key(one), class_key(other), "{one} and {other}");
        }
        for (one, other) in [("1", "2"), ("LABEL_x", "x"), ("1.5", "1"), ("B-PER", "I-PER"), ("LABEL_", "LABEL_0")] {
            assert_ne!(class_key(one), class_key(other), "{one} and {other}");
        }
    }

    #[test]
    fn a_head_is_kept_for_its_own_classes_in_their_order_and_for_no_others() {
        let named = r#","architectures":["BertForSequenceClassification"],"id2label":{"0":"pos","1":"neg"}"#;
        let check = |more: &str, task: Task, names: &[&str], kept: bool| {
            let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
            assert_eq!(config(more).keeps_head(task, &names), kept, "{task} {names:?} of {more}");
        };
        check(named, Task::Classify, &["pos", "neg"], true);
        check(named, Task::Classify, &["POS", "Neg"], true);
        check(named, Task::MultiLabel, &["pos", "neg"], true);
        check(named, Task::Classify, &["neg", "pos"], false);
        check(named, Task::Classify, &["cat", "dog"], false);
        check(named, Task::Classify, &["pos", "neg", "new"], false);
        check(named, Task::Ner, &["pos", "neg"], false);
        check(named, Task::Regress, &["LABEL_0"], false);
        let tags = r#","architectures":["BertForTokenClassification"],"id2label":{"0":"pos","1":"neg"}"#;
        check(tags, Task::Classify, &["pos", "neg"], false);
        let unnamed = r#","architectures":["BertForSequenceClassification"]"#;
        check(unnamed, Task::Classify, &["0", "1"], true);
        check(unnamed, Task::Classify, &["neg", "pos"], false);
        let number = r#","architectures":["BertForSequenceClassification"],"id2label":{"0":"LABEL_0"}"#;
        check(number, Task::Regress, &["LABEL_0"], true);
        check(number, Task::Classify, &["0"], false);
        // What says nothing of its heads is known by the names of their outputs.
        check(r#","id2label":{"0":"pos","1":"neg"}"#, Task::Classify, &["pos", "neg"], true);
        check(r#","architectures":["BertForMaskedLM"]"#, Task::Mlm, &[], true);
        check(r#","architectures":["BertForSequenceClassification"]"#, Task::Mlm, &[], false);
    }
}
