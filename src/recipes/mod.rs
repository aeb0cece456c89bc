//! Comparisons that are run by one press: which there are, and the runs that each comes to.
//!
//! A recipe is data (`assets/recipes.toml`): what it is about, what it needs, and two or more runs that differ in a few keys
//! of `RUN.toml`. Nothing else is special about its runs: each is planned, trained and kept like any other.

mod forms;
mod plan;

use std::sync::LazyLock;

use serde::Deserialize;

use crate::hub::catalog::{self, Suggestion};
use crate::samples::Sample;
use crate::task::{Reads, Task};

pub use forms::{Form, forms};
pub use plan::{Planned, Planner, planned};

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// By which it is remembered, and its runs are called.
    pub name: String,
    pub title: String,
    /// A few words beside the title.
    pub gist: String,
    pub about: String,
    /// What to see in the comparison.
    pub look_at: String,
    /// Without which the comparison says little.
    pub needs: String,
    /// The name of the sample that it is tried on.
    sample: String,
    fits: Fits,
    /// The encoders that it compares; without any there is one, the same for all runs.
    #[serde(default)]
    encoder: Vec<Slot>,
    run: Vec<Run>,
}

/// Of which tasks the data may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Fits {
    Labels,
    Words,
    Questions,
}

/// An encoder that has to be there.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slot {
    /// What it is in the comparison.
    pub role: String,
    /// `model_type` of those that are of the kind; none where any is.
    #[serde(default)]
    pub families: Vec<String>,
    /// One that can be fetched, by its name on the hub.
    pub suggest: Option<String>,
    /// What takes its place where none is there.
    pub instead: Option<Instead>,
}

/// What can be had without a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Instead {
    /// The encoder inside the program.
    Mini,
    /// The same with half of its layers.
    Half,
}

/// One of the runs that are compared.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    pub name: String,
    /// In which keys of a configuration it differs from the others.
    #[serde(default)]
    pub set: toml::Table,
    /// Which of the encoders it has.
    #[serde(default)]
    pub encoder: usize,
    pub student: Option<Student>,
}

/// A run that learns from the model of another, with half of its layers.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Student {
    /// Which of the runs is its teacher.
    pub of: usize,
    /// What the teacher counts in its loss.
    pub soft: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Recipes {
    recipe: Vec<Recipe>,
}

static RECIPES: LazyLock<Vec<Recipe>> = LazyLock::new(|| {
    let list: Result<Recipes, _> = toml::from_str(include_str!("../../assets/recipes.toml"));
    // A test reads the list; an empty one would be seen at once.
    list.map(|list| list.recipe).unwrap_or_default()
});

static ANY: LazyLock<Vec<Slot>> = LazyLock::new(|| {
    vec![Slot { role: "Encoder".into(), families: Vec::new(), suggest: None, instead: Some(Instead::Mini) }]
});

/// All recipes, in the order in which they are offered.
pub fn all() -> &'static [Recipe] {
    &RECIPES
}

pub fn find(name: &str) -> Option<&'static Recipe> {
    all().iter().find(|recipe| recipe.name == name)
}

impl Recipe {
    pub fn sample(&self) -> Sample {
        Sample::from_name(&self.sample).unwrap_or(Sample::Reviews)
    }

    /// Whether data of a task can be used in place of the sample.
    pub fn fits(&self, task: Task) -> bool {
        match self.fits {
            Fits::Labels => !task.is_self_supervised(),
            Fits::Words => task.reads() == Reads::Words,
            Fits::Questions => task.reads() == Reads::Question,
        }
    }

    /// Which data can be used, in words.
    pub fn wants(&self) -> &'static str {
        match self.fits {
            Fits::Labels => "data with labels",
            Fits::Words => "sentences with names in them",
            Fits::Questions => "questions about texts",
        }
    }

    pub fn encoders(&self) -> &[Slot] {
        if self.encoder.is_empty() { &ANY } else { &self.encoder }
    }

    pub fn runs(&self) -> &[Run] {
        &self.run
    }
}

impl Slot {
    /// Whether an encoder of this `model_type` is of the kind that is compared.
    pub fn is_of(&self, family: &str) -> bool {
        self.families.is_empty() || self.families.iter().any(|known| known == family)
    }

    /// What can be fetched for it.
    pub fn suggestion(&self) -> Option<&'static Suggestion> {
        let name = self.suggest.as_ref()?;
        catalog::models().find(|suggestion| suggestion.name == *name)
    }
}

impl Run {
    /// The keys in which it differs, with their values, as they stand in `RUN.toml`.
    pub fn differs(&self) -> Vec<String> {
        let mut found = Vec::new();
        collect("", &self.set, &mut found);
        if let Some(student) = self.student {
            found.push(format!("distill.soft = {}", student.soft));
        }
        found
    }
}

fn collect(above: &str, table: &toml::Table, found: &mut Vec<String>) {
    for (name, value) in table {
        let key = if above.is_empty() { name.clone() } else { format!("{above}.{name}") };
        match value {
            toml::Value::Table(inner) => collect(&key, inner, found),
            toml::Value::String(word) => found.push(format!("{key} = {word}")),
            value => found.push(format!("{key} = {value}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_list_is_read_and_every_recipe_compares_two_runs_or_more_that_differ() {
        let read: Result<Recipes, _> = toml::from_str(include_str!("../../assets/recipes.toml"));
        assert_eq!(read.unwrap().recipe.len(), 8);
        let names: BTreeSet<_> = all().iter().map(|recipe| &recipe.name).collect();
        assert_eq!(names.len(), all().len());
        for recipe in all() {
            let (name, slots) = (&recipe.name, recipe.encoders());
            assert!(Sample::from_name(&recipe.sample).is_some_and(|sample| recipe.fits(sample.task())), "{name}");
            assert!((2..=3).contains(&recipe.runs().len()), "{name}");
            let told: BTreeSet<_> = recipe.runs().iter().map(|run| (run.differs(), run.encoder)).collect();
            assert_eq!(told.len(), recipe.runs().len(), "{name}: two runs are the same");
            for (place, run) in recipe.runs().iter().enumerate() {
                assert!(run.encoder < slots.len(), "{name}");
                assert!(run.student.is_none_or(|student| student.of < place), "{name}: a teacher is trained first");
            }
            for slot in slots.iter().filter(|slot| slot.suggest.is_some()) {
                let suggestion =
                    slot.suggestion().unwrap_or_else(|| panic!("{name}: {:?} is not listed", slot.suggest));
                assert!(slot.is_of(&suggestion.family), "{name}");
            }
        }
    }

    #[test]
    fn what_differs_is_told_as_it_stands_in_a_file() {
        let told = |name: &str| find(name).unwrap().runs().iter().flat_map(Run::differs).collect::<Vec<_>>();
        assert_eq!(told("features"), ["strategy.kind = head", "strategy.kind = full"]);
        assert_eq!(told("rates"), ["optim.layer_decay = 0.8", "optim.layer_decay = 1.0"]);
        assert_eq!(told("teacher"), ["strategy.kind = full", "distill.soft = 0.5", "distill.soft = 0"]);
    }
}
