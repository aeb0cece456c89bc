//! Layers that the files have and the configuration does not. What is left of them is another model than the files are of,
//! which nothing in its answers shows.

use std::collections::BTreeSet;

use super::card::LoadReport;
use super::config::EncoderConfig;
use super::family::{Family, Naming};
use crate::words::plural;

impl LoadReport {
    /// Whole layers that are not used, in words.
    pub fn layers_left_out(&self, config: &EncoderConfig) -> Option<String> {
        let naming = Naming { family: config.family, inner_group_num: config.inner_group_num };
        let place = |name: &String| {
            let mut parts = naming.bare(name).strip_prefix(naming.layers())?.split('.');
            let first: usize = parts.next()?.parse().ok()?;
            // ALBERT numbers the layers of each group by themselves.
            let inner = parts.nth(1).filter(|_| config.family == Family::Albert).and_then(|inner| inner.parse().ok());
            let inner: usize = inner.unwrap_or(0);
            let is_known = match config.family {
                Family::Albert => first < config.num_hidden_groups && inner < config.inner_group_num,
                _ => first < config.num_hidden_layers,
            };
            (!is_known).then_some((first, inner))
        };
        let places: BTreeSet<(usize, usize)> = self.left_over.iter().filter_map(place).collect();
        if places.is_empty() {
            return None;
        }
        let key = match config.family {
            Family::Albert => "num_hidden_groups or inner_group_num",
            _ => config.family.config_key("num_hidden_layers"),
        };
        let has = if config.family == Family::Albert { config.stored_layers() } else { config.num_hidden_layers };
        let (more, known) = (plural(places.len(), "layer", "layers"), plural(has, "layer", "layers"));
        Some(format!("the files have {more} beyond the {known} of config.json ({key}), which the model is without"))
    }
}
