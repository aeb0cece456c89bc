//! Which colour a class has: the same in every view, and that of Data and Evaluate, where classes stand in the order of
//! their names.

use egui::Color32;

use crate::data::sort_names;
use crate::inspect::why::Explained;
use crate::task::Targets;
use crate::ui::theme::Palette;

/// The classes that are told apart, in the order that gives them their colours.
#[derive(Clone, Debug, Default)]
pub struct Classes(Vec<String>);

impl Classes {
    pub fn new<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let mut names = sort_names(names.map(str::to_owned).collect());
        names.dedup();
        Self(names)
    }

    /// Those that an answer is chosen from; none where it is chosen from something else than classes.
    pub fn of(explained: &Explained) -> Self {
        match explained.task.targets() {
            Targets::Class | Targets::Classes => {
                let others = explained.choices.iter().map(|choice| choice.label.as_str());
                Self::new(others.chain([explained.label.as_str()]))
            }
            Targets::Number | Targets::Tags | Targets::Span | Targets::Hidden | Targets::Replaced => Self::default(),
        }
    }

    /// Of a name that is none of them, the other colour.
    pub fn color(&self, name: &str, other: Color32, palette: &Palette) -> Color32 {
        self.0.iter().position(|known| known == name).map_or(other, |place| palette.label(place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::theme::DARK;

    #[test]
    fn a_class_has_its_colour_whatever_order_it_comes_in() {
        let palette = &DARK;
        let other = palette.text;
        for names in [["positive", "negative"], ["negative", "positive"]] {
            let classes = Classes::new(names.into_iter());
            assert_eq!(classes.color("negative", other, palette), palette.label(0));
            assert_eq!(classes.color("positive", other, palette), palette.label(1));
            assert_eq!(classes.color("neutral", other, palette), other);
        }
        let stars = Classes::new(["10", "2", "1"].into_iter());
        assert_eq!(stars.color("10", other, palette), palette.label(2), "as the data sort numbers");
    }
}
