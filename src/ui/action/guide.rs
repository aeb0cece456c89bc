//! What a person can do about the guided path.

use crate::ui::guide::{Part, Step};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum GuideAction {
    Show(bool),
    /// Puts an experiment into the screen where it happens.
    SetUp(Part),
    /// How long the runs of a step take on this machine.
    Time(Step),
}

impl GuideAction {
    pub fn title(&self) -> &'static str {
        match self {
            Self::Show(true) => "Show the guided path",
            Self::Show(false) => "Hide the guided path",
            Self::SetUp(_) => "Set up the experiment",
            Self::Time(_) => "Estimate how long it takes",
        }
    }
}
