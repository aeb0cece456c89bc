//! What stands around every screen: the rail, the top bar, the activity bar, toasts and questions.

pub mod activity;
pub mod ask;
pub mod downloads;
pub mod drop_zone;
pub mod logo;
pub mod queue;
pub mod rail;
pub mod toasts;
pub mod top_bar;
