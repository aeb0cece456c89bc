//! What Explore can show: each a file in this folder, which is named nowhere else but in the list below.

mod attention;
mod document;
mod drift;
mod entities;
mod file;
mod map;
mod masks;
mod objectives;
mod orders;
mod probe;
mod replaced;
mod switchboard;
mod texts;
mod why;
mod words;

use super::view::Kind;

/// Those that are for every model stand on the switch in this order, after the model's heads; to the first of them a model
/// without a head leads.
pub const ALL: &[Kind] = &[
    texts::KIND,
    entities::KIND,
    document::KIND,
    masks::KIND,
    orders::KIND,
    replaced::KIND,
    objectives::KIND,
    file::KIND,
    attention::KIND,
    why::KIND,
    switchboard::KIND,
    words::KIND,
    probe::KIND,
    map::KIND,
    drift::KIND,
];
