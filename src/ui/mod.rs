//! What is seen: the window, its panels and widgets. It computes nothing and waits for nothing; what it knows stands in
//! [`workspace::Workspace`], what a person can do in [`action::Action`].

pub mod action;
pub mod app;
pub mod dialog;
mod display;
pub mod fonts;
pub mod format;
pub mod frame;
pub mod guide;
pub mod link;
pub mod palette;
pub mod panels;
pub mod picture;
pub mod places;
pub mod saving;
pub mod settings;
pub mod theme;
pub mod tiles;
pub mod widgets;
pub mod workspace;

pub use action::Action;
pub use theme::Palette;
pub use workspace::{Screen, Workspace};

/// What a panel may read and where it puts what a person did. Nothing else reaches a panel.
pub struct Cx<'a> {
    pub workspace: &'a Workspace,
    pub actions: &'a mut Vec<Action>,
    pub palette: &'a Palette,
}

impl Cx<'_> {
    pub fn act(&mut self, action: Action) {
        self.actions.push(action);
    }
}
