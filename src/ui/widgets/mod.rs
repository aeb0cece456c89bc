//! Parts that are drawn: one file each. They know nothing of the workspace; they are given what they show and the
//! palette.

pub mod button;
pub mod card;
pub mod chip;
pub mod path_field;
pub mod state;
pub mod words;

pub use button::Button;
pub use card::{Card, divider, section};
pub use chip::Chip;
