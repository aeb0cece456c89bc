//! Parts that are drawn: one file each. They know nothing of the workspace; they are given what they show and the
//! palette.

pub mod curve;
