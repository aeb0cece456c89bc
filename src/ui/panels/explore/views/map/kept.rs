//! What is kept of a map for a link: how the rows are laid out, and what is seen of them.

use serde::de::Error as _;
use serde::{Deserialize, Serialize};

use super::MapView;
use super::kinds::ColourBy;
use super::lists::List;
use super::plot::Moved;
use crate::analysis::map::Method;
use crate::inspect::Pooling;
use crate::ui::panels::explore::keeping::{States, Unread};
use crate::worker::works::map::Wish;

#[derive(Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Kept {
    method: Method,
    pooling: Pooling,
    layer: Option<States>,
    neighbors: Option<usize>,
    seed: u64,
    colour: Option<ColourBy>,
    search: String,
    list: List,
    without_names: bool,
    /// Kinds of the legend.
    hidden: Vec<String>,
    row: Option<usize>,
    moved: Option<Moved>,
}

impl Default for Kept {
    fn default() -> Self {
        Self::of(&MapView::default())
    }
}

/// What can be seen only of rows that are there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    hidden: Vec<String>,
    row: Option<usize>,
    moved: Option<Moved>,
}

impl Kept {
    pub fn of(view: &MapView) -> Self {
        let Wish { pooling, layer, method, neighbors, seed } = view.wish;
        let Seen { hidden, row, moved } = view.to_see.clone().unwrap_or_else(|| view.seen());
        Self {
            method,
            pooling,
            layer: layer.map(States),
            neighbors: Some(neighbors).filter(|neighbors| *neighbors != method.usual_neighbors()),
            seed,
            colour: view.by,
            search: view.search.words.clone(),
            list: view.list,
            without_names: view.plot.no_names,
            hidden,
            row,
            moved,
        }
    }

    pub fn put_into(self, view: &mut MapView) -> Result<(), Unread> {
        let neighbors = self.neighbors.unwrap_or_else(|| self.method.usual_neighbors());
        if neighbors == 0 {
            return Err(Unread::custom("neighbors is 0, expected at least 1"));
        }
        let wish = Wish {
            pooling: self.pooling,
            layer: self.layer.map(|layer| layer.0),
            method: self.method,
            neighbors,
            seed: self.seed,
        };
        let is_other = view.wish != wish;
        view.wish = wish;
        view.by = self.colour;
        view.search.words = self.search;
        view.list = self.list;
        view.plot.no_names = self.without_names;
        view.to_see = Some(Seen { hidden: self.hidden, row: self.row, moved: self.moved });
        // Rows that are there are laid out at once, since they need no reading.
        let (has_map, colour) = (view.map().is_some(), view.by);
        if let Some(shown) = view.shown.as_mut().filter(|_| has_map) {
            shown.look_again(colour);
            if is_other {
                view.asks = true;
            } else {
                view.see_again();
            }
        }
        Ok(())
    }
}

impl MapView {
    fn seen(&self) -> Seen {
        let kinds = self.shown.iter().flat_map(|shown| &shown.kinds.all);
        Seen {
            hidden: kinds.filter(|kind| kind.hidden).map(|kind| kind.name.clone()).collect(),
            row: self.opened,
            moved: self.plot.moved(),
        }
    }

    /// Sees what is to be seen of the rows that are there.
    pub(super) fn see_again(&mut self) {
        let Some(Seen { hidden, row, moved }) = self.to_see.take() else { return };
        let Some(shown) = &mut self.shown else { return };
        for kind in &mut shown.kinds.all {
            kind.hidden = hidden.contains(&kind.name);
        }
        self.opened = row.filter(|row| *row < shown.rows());
        self.plot.move_to(moved);
        self.plot.change();
    }
}
