//! The same rows with their classes in another order, or as some of more classes.

use super::{Dataset, LabelSet, Target};

/// The place of each class among those that are kept.
pub(super) fn places_of(kept: &[bool]) -> Vec<u32> {
    kept.iter()
        .scan(0, |next, kept| {
            let place = *next;
            *next += u32::from(*kept);
            Some(place)
        })
        .collect()
}

impl Dataset {
    /// The dataset under other classes: `places` has for each class of this one its place among `labels`.
    #[must_use]
    pub fn under(mut self, labels: LabelSet, places: &[u32]) -> Self {
        for example in &mut self.examples {
            match &mut example.target {
                Target::Class(class) => *class = places[*class as usize],
                Target::Classes(classes) => {
                    for class in classes.iter_mut() {
                        *class = places[*class as usize];
                    }
                    classes.sort_unstable();
                }
                Target::Tags(tags) => tags.iter_mut().for_each(|tag| *tag = places[*tag as usize]),
                Target::None | Target::Value(_) | Target::Answers(_) => {}
            }
        }
        self.labels = labels;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::super::dataset::tests::{roles, table};
    use super::*;
    use crate::task::Task;

    #[test]
    fn rows_keep_their_classes_under_any_order_of_them() {
        let names = |names: &[&str]| LabelSet { names: names.iter().map(|&name| name.to_owned()).collect() };
        let named = |dataset: &Dataset, target: &Target| match target {
            Target::Class(class) => dataset.labels.names[*class as usize].clone(),
            Target::Classes(classes) => {
                assert!(classes.is_sorted());
                let names: Vec<&str> = classes.iter().map(|class| &*dataset.labels.names[*class as usize]).collect();
                names.join("+")
            }
            other => panic!("{other:?}"),
        };
        for (task, text, expected) in [
            (Task::Classify, "text,label\na,neg\nb,pos\nc,neg\n", ["neg", "pos", "neg"]),
            (Task::MultiLabel, "text,label\na,neg|pos\nb,pos\nc,\n", ["pos+neg", "pos", ""]),
        ] {
            let dataset = Dataset::new(table(text), task, &roles("text", Some("label")), None).unwrap();
            let under = dataset.under(names(&["none", "pos", "neg"]), &[2, 1]);
            let found: Vec<String> = under.examples.iter().map(|example| named(&under, &example.target)).collect();
            assert_eq!(found, expected);
        }
    }
}
