//! What is to be learned from the states of some examples, and how what a probe says of a row is judged.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::error::ProbeError;
use super::linear::{Kind, Truth};
use super::scores::{Counts, Judged};
use crate::data::folds::{groups, strata};
use crate::data::{Dataset, Target};
use crate::metrics::EntityCounter;
use crate::table::notation::tags::is_outside;

/// What the rows teach, one after the other.
#[derive(Clone, Debug)]
enum Taught {
    Classes(Vec<usize>),
    /// (rows, labels)
    Labels {
        count: usize,
        values: Vec<bool>,
    },
    Numbers(Vec<f32>),
}

#[derive(Clone, Debug)]
pub struct Lesson {
    pub judged: Judged,
    taught: Taught,
    /// The class of each row, for even folds: a set of labels, or how high a number is.
    pub strata: Vec<usize>,
    /// What of the rows belongs together: a group of the data, or the same text.
    pub groups: Vec<usize>,
    /// Where the rows are words, the sentences that they are of.
    sentences: Option<Sentences>,
}

/// Sentences whose words are the rows.
#[derive(Clone, Debug)]
struct Sentences {
    /// The sentence of each row, and the place of the word in it.
    words: Arc<[(usize, usize)]>,
    /// The tags of each, in order.
    gold: Vec<Vec<u32>>,
    outside: u32,
    counter: Arc<EntityCounter>,
}

/// What a probe learns of some rows, and how what it says is read.
pub struct Learner {
    pub truth: Truth,
    reading: Reading,
}

enum Reading {
    /// The classes that were there to learn, in the order of the outputs.
    Classes(Vec<usize>),
    Labels,
    /// Numbers were moved to a mean of 0 and a spread of 1.
    Numbers {
        mean: f64,
        spread: f64,
    },
}

/// Whether an example has something to teach.
pub fn is_labelled(data: &Dataset, example: usize) -> bool {
    match data.examples[example].target {
        Target::Class(_) | Target::Classes(_) | Target::Value(_) | Target::Tags(_) => true,
        Target::Answers(_) | Target::None => false,
    }
}

impl Lesson {
    /// Of examples that are labelled; what cannot be probed for in so many folds is refused.
    pub fn of(data: &Dataset, examples: &[usize], folds: usize) -> Result<Self, ProbeError> {
        if !data.task.is_sequence() {
            return Err(ProbeError::NotOfTexts { task: data.task });
        }
        let targets: Vec<&Target> = examples.iter().map(|example| &data.examples[*example].target).collect();
        let (judged, taught) = match targets.first() {
            Some(Target::Class(_)) => (Judged::Accuracy, Taught::Classes(classes(&targets))),
            Some(Target::Classes(_)) => (Judged::F1, labels(&targets, data.labels.len())),
            Some(Target::Value(_)) => (Judged::R2, Taught::Numbers(numbers(&targets))),
            Some(Target::Tags(_) | Target::Answers(_) | Target::None) | None => {
                return Err(ProbeError::NoLabels { path: data.table.path.clone() });
            }
        };
        let (strata, groups) = (strata(data, examples), groups(data, examples));
        let lesson = Self { judged, taught, strata, groups, sentences: None };
        lesson.check(data, folds)?;
        Ok(lesson)
    }

    /// Of the words of sentences: `words` has the sentence of each, by its place among the examples, and its place in that.
    /// The words of a sentence are held out together.
    pub fn of_words(
        data: &Dataset,
        examples: &[usize],
        words: &[(usize, usize)],
        folds: usize,
    ) -> Result<Self, ProbeError> {
        let tags = |example: &usize| match &data.examples[*example].target {
            Target::Tags(tags) => tags.clone(),
            Target::Class(_) | Target::Classes(_) | Target::Value(_) | Target::Answers(_) | Target::None => Vec::new(),
        };
        let gold: Vec<Vec<u32>> = examples.iter().map(tags).collect();
        let tag = |(sentence, word): &(usize, usize)| gold[*sentence].get(*word).map_or(0, |tag| *tag as usize);
        let taught = Taught::Classes(words.iter().map(tag).collect());
        let (strata, groups) = (strata(data, examples), groups(data, examples));
        let of = |all: &[usize]| words.iter().map(|(sentence, _)| all[*sentence]).collect::<Vec<usize>>();
        let (strata, groups) = (of(&strata), of(&groups));
        let names = &data.labels.names;
        let sentences = Sentences {
            words: words.into(),
            gold,
            outside: names.iter().position(|name| is_outside(name)).unwrap_or(0) as u32,
            counter: Arc::new(EntityCounter::new(names)),
        };
        let lesson = Self { judged: Judged::Entities, taught, strata, groups, sentences: Some(sentences) };
        if lesson.rows() == 0 {
            return Err(ProbeError::NoLabels { path: data.table.path.clone() });
        }
        lesson.check(data, folds)?;
        Ok(lesson)
    }

    fn check(&self, data: &Dataset, folds: usize) -> Result<(), ProbeError> {
        let (path, rows) = (data.table.path.clone(), self.rows());
        if folds < 2 {
            return Err(ProbeError::FewFolds { folds });
        }
        match &self.taught {
            Taught::Classes(classes) if classes.iter().all(|class| *class == classes[0]) => {
                let label = data.labels.names.get(classes[0]).cloned().unwrap_or_default();
                return Err(ProbeError::OneClass { path, rows, label });
            }
            Taught::Labels { values, .. } if !values.contains(&true) => return Err(ProbeError::NoLabels { path }),
            Taught::Numbers(numbers) if numbers.iter().all(|number| *number == numbers[0]) => {
                return Err(ProbeError::OneNumber { path, rows, value: numbers[0] });
            }
            _ => {}
        }
        // Numbers and sets of labels are in folds of any rows.
        let most = if self.judged == Judged::Accuracy { self.most_apart() } else { self.apart(None) };
        if most < folds { Err(ProbeError::FewRows { path, most, folds }) } else { Ok(()) }
    }

    pub fn rows(&self) -> usize {
        self.strata.len()
    }

    /// Rows that a score is of: texts, or the sentences whose words are the rows.
    pub fn judged_rows(&self) -> usize {
        self.sentences.as_ref().map_or(self.rows(), |sentences| sentences.gold.len())
    }

    /// Rows of a class, or of all, that can be in different folds.
    fn apart(&self, stratum: Option<usize>) -> usize {
        let of = self.groups.iter().zip(&self.strata).filter(|(_, own)| stratum.is_none_or(|one| one == **own));
        of.map(|(group, _)| *group).collect::<std::collections::BTreeSet<usize>>().len()
    }

    fn most_apart(&self) -> usize {
        let strata = self.strata.iter().max().map_or(0, |most| most + 1);
        (0..strata).map(|stratum| self.apart(Some(stratum))).max().unwrap_or(0)
    }

    /// Classes with fewer rows than there are folds, with how many they have: in some folds none of them is held out.
    pub fn rare(&self, folds: usize) -> Vec<(usize, usize)> {
        let Taught::Classes(classes) = &self.taught else { return Vec::new() };
        counted(classes).into_iter().filter(|(_, count)| *count < folds).collect()
    }

    /// What costs nothing comes to: always the most frequent class, the labels that most rows have, the mean.
    pub fn majority(&self) -> Vec<Counts> {
        match &self.taught {
            Taught::Classes(classes) => {
                let counts = counted(classes);
                let best = counts.iter().max_by_key(|(class, count)| (**count, std::cmp::Reverse(**class)));
                let best = best.map_or(0, |(class, _)| *class);
                let said = classes.iter().map(|class| self.of_class(*class, best)).collect();
                self.gathered(said)
            }
            Taught::Labels { count, values } => {
                let rows: Vec<&[bool]> = values.chunks_exact(*count).collect();
                let has = |label: usize| 2 * rows.iter().filter(|row| row[label]).count() > rows.len();
                let usual: Vec<bool> = (0..*count).map(has).collect();
                rows.iter().map(|row| of_labels(row, &usual)).collect()
            }
            Taught::Numbers(numbers) => {
                let mean = mean(numbers.iter());
                numbers.iter().map(|number| of_number(f64::from(*number), mean)).collect()
            }
        }
    }

    /// How many classes or labels there are among the rows.
    pub fn classes(&self) -> usize {
        match &self.taught {
            Taught::Classes(classes) => counted(classes).len(),
            Taught::Labels { count, .. } => *count,
            Taught::Numbers(_) => 0,
        }
    }

    /// What these rows teach.
    pub fn learner(&self, rows: &[usize]) -> Learner {
        match &self.taught {
            Taught::Classes(classes) => of_classes(classes, rows),
            Taught::Labels { count, values } => {
                let row =
                    |row: &usize| values[row * count..(row + 1) * count].iter().map(|has| f32::from(u8::from(*has)));
                let truth = Truth { kind: Kind::AnyOf, outputs: *count, values: rows.iter().flat_map(row).collect() };
                Learner { truth, reading: Reading::Labels }
            }
            Taught::Numbers(numbers) => of_numbers(numbers, rows),
        }
    }

    /// What a row adds to the score, by what was said of it.
    pub fn judge(&self, learner: &Learner, row: usize, said: &[f32]) -> Counts {
        match (&self.taught, &learner.reading) {
            (Taught::Classes(classes), Reading::Classes(known)) => self.of_class(classes[row], read_class(known, said)),
            (Taught::Labels { count, values }, _) => {
                let predicted: Vec<bool> = said.iter().map(|said| *said > 0.0).collect();
                of_labels(&values[row * count..(row + 1) * count], &predicted)
            }
            (Taught::Numbers(numbers), Reading::Numbers { mean, spread }) => {
                let said = said.first().map_or(*mean, |said| f64::from(*said) * spread + mean);
                of_number(f64::from(numbers[row]), said)
            }
            _ => [0.0; 3],
        }
    }

    /// Whether a class is right; of a word which was said, since an entity is of several.
    fn of_class(&self, right: usize, said: usize) -> Counts {
        let one = if self.sentences.is_some() { said as f64 } else { f64::from(u8::from(said == right)) };
        [one, 0.0, 0.0]
    }

    /// What is added up of the rows: of words the entities of their sentences.
    pub fn gathered(&self, rows: Vec<Counts>) -> Vec<Counts> {
        let Some(sentences) = &self.sentences else { return rows };
        // A word that the tokenizer makes nothing of is outside, as in evaluations.
        let mut said: Vec<Vec<u32>> = sentences.gold.iter().map(|gold| vec![sentences.outside; gold.len()]).collect();
        for ((sentence, word), [tag, ..]) in sentences.words.iter().zip(&rows) {
            if let Some(place) = said[*sentence].get_mut(*word) {
                *place = *tag as u32;
            }
        }
        let of = |(gold, said): (&Vec<u32>, &Vec<u32>)| sentences.counter.count(gold, said).map(|count| count as f64);
        sentences.gold.iter().zip(&said).map(of).collect()
    }
}

/// How often each class is there.
fn counted(classes: &[usize]) -> BTreeMap<usize, usize> {
    let mut counts = BTreeMap::new();
    for class in classes {
        *counts.entry(*class).or_default() += 1;
    }
    counts
}

fn classes(targets: &[&Target]) -> Vec<usize> {
    targets.iter().map(|target| target.classes().first().map_or(0, |class| *class as usize)).collect()
}

fn labels(targets: &[&Target], count: usize) -> Taught {
    let values = targets.iter().flat_map(|target| (0..count).map(|label| target.classes().contains(&(label as u32))));
    Taught::Labels { count, values: values.collect() }
}

fn numbers(targets: &[&Target]) -> Vec<f32> {
    let value = |target: &&Target| if let Target::Value(value) = target { *value } else { 0.0 };
    targets.iter().map(value).collect()
}

/// The classes that are there, of which one output tells two apart.
fn of_classes(classes: &[usize], rows: &[usize]) -> Learner {
    let mut known: Vec<usize> = rows.iter().map(|row| classes[*row]).collect();
    known.sort_unstable();
    known.dedup();
    let is = |class: usize, row: usize| f32::from(u8::from(classes[row] == class));
    let truth = if let [_, second] = known[..] {
        Truth { kind: Kind::AnyOf, outputs: 1, values: rows.iter().map(|row| is(second, *row)).collect() }
    } else {
        let values = rows.iter().flat_map(|row| known.iter().map(|class| is(*class, *row))).collect();
        Truth { kind: Kind::OneOf, outputs: known.len(), values }
    };
    Learner { truth, reading: Reading::Classes(known) }
}

fn read_class(known: &[usize], said: &[f32]) -> usize {
    let place = match said {
        [one] if known.len() == 2 => usize::from(*one > 0.0),
        _ => crate::metrics::best_class(said),
    };
    known.get(place).copied().unwrap_or(usize::MAX)
}

fn of_numbers(numbers: &[f32], rows: &[usize]) -> Learner {
    let own: Vec<f32> = rows.iter().map(|row| numbers[*row]).collect();
    let mean = mean(own.iter());
    let square = own.iter().map(|number| (f64::from(*number) - mean).powi(2)).sum::<f64>() / own.len().max(1) as f64;
    let spread = if square > 0.0 { square.sqrt() } else { 1.0 };
    let values = own.iter().map(|number| ((f64::from(*number) - mean) / spread) as f32).collect();
    Learner { truth: Truth { kind: Kind::Number, outputs: 1, values }, reading: Reading::Numbers { mean, spread } }
}

fn mean<'a>(numbers: impl ExactSizeIterator<Item = &'a f32>) -> f64 {
    let count = numbers.len().max(1) as f64;
    numbers.map(|number| f64::from(*number)).sum::<f64>() / count
}

fn of_labels(right: &[bool], said: &[bool]) -> Counts {
    let count = |labels: &mut dyn Iterator<Item = bool>| labels.filter(|has| *has).count() as f64;
    let both = count(&mut right.iter().zip(said).map(|(right, said)| *right && *said));
    [both, count(&mut said.iter().copied()), count(&mut right.iter().copied())]
}

fn of_number(right: f64, said: f64) -> Counts {
    [(right - said).powi(2), right * right, right]
}
