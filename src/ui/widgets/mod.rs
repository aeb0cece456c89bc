//! Parts that are drawn: one file each. They know nothing of the workspace; they are given what they show and the
//! palette.

pub mod bars;
pub mod confusion;
pub mod curve;
pub mod form;
pub mod freeze_map;
pub mod histogram;
pub mod scatter;
pub mod schedule_curve;
pub mod segmented;
pub mod sparkline;
pub mod stat;
pub mod text;
