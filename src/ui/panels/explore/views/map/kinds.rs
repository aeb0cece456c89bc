//! What the colours of the points say: each row is of one kind, and a kind has a colour and a shape, which stand in the
//! legend and can be hidden there. Numbers are cut into steps of a ramp, so that they are kinds as well.

use egui::Color32;
use serde::{Deserialize, Serialize};

use crate::analysis::map::Map;
use crate::analysis::map::rows::{Facts, Groups};
use crate::analysis::pooled::Said;
use crate::analysis::training_set::MARK;
use crate::ui::format;
use crate::ui::theme::Palette;
use crate::worker::protocol::LoadedDataset;

/// What rows are coloured by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ColourBy {
    #[default]
    Label,
    Predicted,
    Error,
    Confidence,
    Cluster,
    Part,
    /// Whether the run of the model learned from it.
    Training,
}

impl ColourBy {
    pub const ALL: [Self; 7] =
        [Self::Label, Self::Predicted, Self::Error, Self::Confidence, Self::Cluster, Self::Part, Self::Training];

    pub fn title(self) -> &'static str {
        match self {
            Self::Label => "Label",
            Self::Predicted => "Prediction",
            Self::Error => "Right or wrong",
            Self::Confidence => "Confidence",
            Self::Cluster => "Cluster",
            Self::Part => "Part of the data",
            Self::Training => "Training set",
        }
    }
}

/// How a point of a kind is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Disk,
    Square,
    Diamond,
    Triangle,
}

/// A kind of rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Kind {
    pub name: String,
    pub hue: Hue,
    pub rows: usize,
    pub hidden: bool,
}

/// A colour of either theme.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Hue {
    Class(usize),
    /// A share of the ramp.
    Step(f32),
    Right,
    Wrong,
    /// Nothing is known.
    Quiet,
}

impl Kind {
    fn new(name: impl Into<String>, hue: Hue) -> Self {
        Self { name: name.into(), hue, rows: 0, hidden: false }
    }

    pub fn color(&self, palette: &Palette) -> Color32 {
        match self.hue {
            Hue::Class(place) => palette.label(place),
            // The lowest steps would be lost on the background.
            Hue::Step(share) => palette.heat(0.3 + 0.7 * share),
            Hue::Right => palette.for_and_against()[0],
            Hue::Wrong => palette.for_and_against()[1],
            Hue::Quiet => palette.text_faint,
        }
    }

    /// The colours come again after six; then the shapes differ.
    pub fn shape(&self) -> Shape {
        match self.hue {
            Hue::Class(place) => [Shape::Disk, Shape::Square, Shape::Diamond, Shape::Triangle][place / 6 % 4],
            Hue::Wrong => Shape::Diamond,
            _ => Shape::Disk,
        }
    }
}

/// Kinds that have a colour and a shape of their own; others are one.
const MOST: usize = 24;
const STEPS: usize = 8;

/// Of which kind each row is.
#[derive(Clone, Debug, Default)]
pub struct Kinds {
    pub all: Vec<Kind>,
    pub of: Vec<u16>,
}

/// What can be told of rows, while they are laid out and after that.
pub struct Told<'a> {
    pub facts: &'a Facts,
    pub said: &'a [Said],
    pub map: Option<&'a Map>,
    pub data: &'a LoadedDataset,
}

impl Told<'_> {
    /// What they can be coloured by.
    pub fn ways(&self) -> Vec<ColourBy> {
        let can = |by: &ColourBy| match by {
            ColourBy::Label => self.facts.labels.of.iter().any(|place| *place != Groups::NONE),
            ColourBy::Predicted => !self.facts.said.names.is_empty(),
            ColourBy::Error => self.facts.agrees.iter().any(Option::is_some),
            ColourBy::Confidence => self.said.iter().any(|said| said.confidence.is_some()),
            ColourBy::Cluster => self.map.is_some(),
            ColourBy::Part => self.data.eval.is_none() && !self.data.split.eval.is_empty(),
            ColourBy::Training => self.facts.training.as_ref().is_some_and(|training| training.rows.is_ok()),
        };
        ColourBy::ALL.into_iter().filter(can).collect()
    }

    pub fn kinds(&self, by: ColourBy) -> Kinds {
        let count = self.data.dataset.examples.len();
        let numbers = |said: &Said| said.answer.parse().unwrap_or(f32::NAN);
        let mut kinds = match (by, &self.facts.values) {
            (ColourBy::Label, Some(values)) => steps(values),
            (ColourBy::Label, None) => named(&self.facts.labels, "no label"),
            (ColourBy::Predicted, Some(_)) => steps(&self.said.iter().map(numbers).collect::<Vec<f32>>()),
            (ColourBy::Predicted, None) => named(&self.facts.said, "nothing"),
            (ColourBy::Error, _) => self.errors(),
            (ColourBy::Confidence, _) => {
                steps(&self.said.iter().map(|said| said.confidence.unwrap_or(f32::NAN)).collect::<Vec<f32>>())
            }
            (ColourBy::Cluster, _) => self.map.map_or_else(Kinds::default, clusters),
            (ColourBy::Part, _) => self.parts(),
            (ColourBy::Training, _) => self.training(),
        };
        // Facts that are not there are of the kind of those that are not known.
        if kinds.of.len() < count {
            let quiet = kinds.all.len() as u16;
            kinds.all.push(Kind::new("not known", Hue::Quiet));
            kinds.of.resize(count, quiet);
        }
        for kind in &kinds.of {
            kinds.all[usize::from(*kind)].rows += 1;
        }
        kinds
    }

    fn errors(&self) -> Kinds {
        let all =
            vec![Kind::new("right", Hue::Right), Kind::new("wrong", Hue::Wrong), Kind::new("no label", Hue::Quiet)];
        let kind = |agrees: &Option<bool>| match agrees {
            Some(true) => 0,
            Some(false) => 1,
            None => 2,
        };
        Kinds { all, of: self.facts.agrees.iter().map(kind).collect() }
    }

    fn training(&self) -> Kinds {
        let all = vec![Kind::new(MARK, Hue::Class(0)), Kind::new("not in it", Hue::Class(1))];
        let has = |example: usize| self.facts.training.as_ref().and_then(|training| training.has(example));
        let kind = |example: usize| u16::from(has(example) != Some(true));
        Kinds { all, of: (0..self.data.dataset.examples.len()).map(kind).collect() }
    }

    fn parts(&self) -> Kinds {
        let names = [("for training", Hue::Class(0)), ("held out", Hue::Class(1)), ("left out", Hue::Quiet)];
        let mut of = vec![2; self.data.dataset.examples.len()];
        let parts = [&self.data.split.train, &self.data.split.eval];
        for (part, rows) in (0..).zip(parts) {
            for row in rows {
                of[*row] = part;
            }
        }
        Kinds { all: names.map(|(name, hue)| Kind::new(name, hue)).to_vec(), of }
    }
}

/// The most frequent names by themselves, in their own order, and the others together.
fn named(groups: &Groups, nothing: &str) -> Kinds {
    let mut counts = vec![0_usize; groups.names.len()];
    groups.of.iter().filter(|place| **place != Groups::NONE).for_each(|place| counts[*place as usize] += 1);
    let mut kept: Vec<usize> = (0..counts.len()).filter(|place| counts[*place] > 0).collect();
    kept.sort_by_key(|place| (std::cmp::Reverse(counts[*place]), *place));
    let others = kept.len().saturating_sub(MOST);
    kept.truncate(MOST);
    kept.sort_unstable();
    // Classes of the data have the colours that they have everywhere.
    let is_small = groups.names.len() <= MOST;
    let hue = |(slot, place): (usize, &usize)| Hue::Class(if is_small { *place } else { slot });
    let mut all: Vec<Kind> =
        kept.iter().enumerate().map(|one| Kind::new(shown(&groups.names[*one.1]), hue(one))).collect();
    let rest = all.len() as u16;
    if others > 0 {
        all.push(Kind::new(format!("{others} others"), Hue::Quiet));
    }
    let none = all.len() as u16;
    if groups.of.contains(&Groups::NONE) {
        all.push(Kind::new(nothing, Hue::Quiet));
    }
    let mut slot = vec![rest; groups.names.len()];
    (0..).zip(&kept).for_each(|(kind, place)| slot[*place] = kind);
    let kind = |place: &u32| slot.get(*place as usize).copied().unwrap_or(none);
    Kinds { of: groups.of.iter().map(kind).collect(), all }
}

/// The name of a set of no labels.
fn shown(name: &str) -> &str {
    if name.is_empty() { "none applies" } else { name }
}

/// Numbers in steps of equal width between the least and the largest.
fn steps(values: &[f32]) -> Kinds {
    let known = || values.iter().copied().filter(|value| value.is_finite());
    let (low, high) =
        known().fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    let width = ((high - low) / STEPS as f32).max(f32::MIN_POSITIVE);
    let name = |step: usize| {
        let from = f64::from(low + width * step as f32);
        format!("{} to {}", format::trimmed(from, 2), format::trimmed(from + f64::from(width), 2))
    };
    let hue = |step: usize| Hue::Step(step as f32 / (STEPS - 1) as f32);
    let mut all: Vec<Kind> = (0..STEPS).map(|step| Kind::new(name(step), hue(step))).collect();
    let step = |value: &f32| {
        if value.is_finite() { (((value - low) / width) as usize).min(STEPS - 1) as u16 } else { STEPS as u16 }
    };
    let of: Vec<u16> = values.iter().map(step).collect();
    if of.contains(&(STEPS as u16)) {
        all.push(Kind::new("not known", Hue::Quiet));
    }
    Kinds { all, of }
}

fn clusters(map: &Map) -> Kinds {
    let name = |place: usize| {
        let words = &map.clusters[place].words;
        if words.is_empty() { format!("cluster {}", place + 1) } else { words.join(", ") }
    };
    let shown = map.clusters.len().min(MOST);
    let mut all: Vec<Kind> = (0..shown).map(|place| Kind::new(name(place), Hue::Class(place))).collect();
    if map.clusters.len() > shown {
        all.push(Kind::new(format!("{} others", map.clusters.len() - shown), Hue::Quiet));
    }
    Kinds { all, of: map.cluster_of.iter().map(|place| (*place as usize).min(shown) as u16).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(names: usize, of: &[u32]) -> Groups {
        Groups { names: (0..names).map(|name| format!("label {name}")).collect(), of: of.to_vec() }
    }

    #[test]
    fn many_labels_share_a_kind_and_few_keep_their_own_colours() {
        let few = named(&groups(3, &[2, 0, 2, Groups::NONE]), "no label");
        let names: Vec<(&str, Hue)> = few.all.iter().map(|kind| (kind.name.as_str(), kind.hue)).collect();
        assert_eq!(names, [("label 0", Hue::Class(0)), ("label 2", Hue::Class(2)), ("no label", Hue::Quiet)]);
        assert_eq!(few.of, [1, 0, 1, 2]);
        let of: Vec<u32> = (0..40).chain(30..40).collect();
        let many = named(&groups(40, &of), "no label");
        assert_eq!((many.all.len(), many.all[MOST].name.as_str()), (MOST + 1, "16 others"));
        assert!(of.iter().zip(&many.of).filter(|(place, _)| **place >= 30).all(|(_, kind)| usize::from(*kind) < MOST));
    }

    #[test]
    fn no_two_kinds_look_alike() {
        let kinds = named(&groups(MOST, &(0..MOST as u32).collect::<Vec<_>>()), "");
        let palette = Palette::of(true);
        for (place, one) in kinds.all.iter().enumerate() {
            for two in &kinds.all[place + 1..] {
                assert!((one.color(palette), one.shape()) != (two.color(palette), two.shape()), "{one:?} and {two:?}");
            }
        }
    }

    #[test]
    fn numbers_are_cut_into_steps_and_what_is_none_is_told() {
        let kinds = steps(&[0.0, 0.49, 1.0, f32::NAN]);
        assert_eq!(kinds.of, [0, 3, 7, 8]);
        assert_eq!((kinds.all[0].name.as_str(), kinds.all[8].name.as_str()), ("0 to 0.12", "not known"));
        assert_eq!(steps(&[2.0, 2.0]).of, [0, 0]);
    }
}
