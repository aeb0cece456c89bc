//! Parts that are drawn: one file each. They know nothing of the workspace; they are given what they show and the
//! palette. What keeps drawing quick, whatever is shown, stands here too: work by the slice, texts by the page.

pub mod bars;
pub mod button;
pub mod card;
pub mod chip;
pub mod choice;
pub mod confusion;
pub mod count_grid;
pub mod curve;
pub mod deletion_curve;
pub mod drop_card;
pub mod entity_lanes;
pub mod fold;
pub mod form;
pub mod freeze_map;
pub mod help;
pub mod highlight;
pub mod histogram;
pub mod line;
pub mod marked;
pub mod needle;
pub mod number;
pub mod pages;
pub mod path_field;
pub mod pieces;
pub mod reader;
pub mod reliability;
pub mod save;
pub mod scatter;
pub mod schedule_curve;
pub mod segmented;
pub mod slice;
pub mod span_curves;
pub mod sparkline;
pub mod split_bar;
pub mod stat;
pub mod state;
pub mod table_lines;
pub mod text;
pub mod threshold_curve;
pub mod word_bars;

pub use button::Button;
pub use card::{Card, divider, section};
pub use chip::Chip;
pub use number::Number;
