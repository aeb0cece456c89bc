//! What is on the map: the rows, where they lie now, and what is known of them.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;

use super::kinds::{ColourBy, Hue, Kinds, Told};
use super::search::Search;
use crate::analysis::map::Map;
use crate::data::Dataset;
use crate::worker::protocol::LoadedDataset;
use crate::worker::works::map::{Known, Mapped, OnTheWay};

/// Rows on the plane, on their way or where they belong.
#[derive(Debug)]
pub struct Shown {
    pub data: Arc<LoadedDataset>,
    pub model: PathBuf,
    pub known: Known,
    pub points: Arc<[[f32; 2]]>,
    /// None while they are on their way.
    pub map: Option<Arc<Map>>,
    /// Where they were before, for whoever changes their mind.
    before: Option<Arc<Map>>,
    pub ways: Vec<ColourBy>,
    pub by: ColourBy,
    pub kinds: Kinds,
    /// The model was changed since it read the rows.
    pub is_outdated: bool,
}

/// Rows that were chosen on the map.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Ascending.
    pub rows: Vec<u32>,
    has: Vec<bool>,
    pub why: String,
}

impl Selection {
    pub fn new(total: usize, rows: impl Iterator<Item = usize>, why: impl Into<String>) -> Option<Self> {
        let mut has = vec![false; total];
        rows.for_each(|row| has[row] = true);
        let rows: Vec<u32> = (0..total as u32).filter(|row| has[*row as usize]).collect();
        (!rows.is_empty()).then(|| Self { rows, has, why: why.into() })
    }

    pub fn has(&self, row: usize) -> bool {
        self.has.get(row).copied().unwrap_or(false)
    }
}

impl Shown {
    /// Points that begin to move.
    pub fn moving(data: Arc<LoadedDataset>, model: PathBuf, way: OnTheWay, by: Option<ColourBy>) -> Self {
        let OnTheWay { known, points } = way;
        let mut shown = Self {
            data,
            model,
            known,
            points,
            map: None,
            before: None,
            ways: Vec::new(),
            by: by.unwrap_or_default(),
            kinds: Kinds::default(),
            is_outdated: false,
        };
        shown.look_again(by);
        shown
    }

    /// The same rows on their way to somewhere else.
    pub fn depart(&mut self, way: OnTheWay, by: Option<ColourBy>) {
        (self.known, self.points) = (way.known, way.points);
        if let Some(map) = self.map.take() {
            self.before = Some(map);
            self.look_again(by);
        }
    }

    /// Back to where they were, if they were anywhere.
    pub fn turn_back(&mut self, by: Option<ColourBy>) -> Option<&Arc<Map>> {
        if let Some(map) = self.before.take() {
            self.points = map.points.clone();
            self.map = Some(map);
            self.look_again(by);
        }
        self.map.as_ref()
    }

    pub fn arrive(&mut self, mapped: &Mapped, by: Option<ColourBy>) {
        self.known = mapped.known();
        self.points = mapped.map.points.clone();
        (self.map, self.before) = (Some(mapped.map.clone()), None);
        self.look_again(by);
    }

    /// Colours the rows by what was chosen, or by the first that is there.
    pub fn look_again(&mut self, by: Option<ColourBy>) {
        let told =
            Told { facts: &self.known.facts, said: &self.known.read.said, map: self.map.as_deref(), data: &self.data };
        let ways = told.ways();
        let by = by.filter(|by| ways.contains(by)).or(ways.first().copied()).unwrap_or_default();
        let mut kinds = told.kinds(by);
        if by == self.by && kinds.all.len() == self.kinds.all.len() {
            kinds.all.iter_mut().zip(&self.kinds.all).for_each(|(new, old)| new.hidden = old.hidden);
        }
        (self.ways, self.by, self.kinds) = (ways, by, kinds);
    }

    pub fn dataset(&self) -> &Dataset {
        &self.data.dataset
    }

    pub fn rows(&self) -> usize {
        self.points.len()
    }

    pub fn text(&self, row: usize) -> Cow<'_, str> {
        self.data.dataset.readable(row)
    }

    /// Both texts in one line.
    pub fn line(&self, row: usize) -> String {
        let text = self.text(row);
        match self.data.dataset.pair(row) {
            Some(pair) => format!("{text} · {pair}"),
            None => text.into_owned(),
        }
    }

    pub fn is_seen(&self, row: usize) -> bool {
        !self.kinds.all[usize::from(self.kinds.of[row])].hidden
    }

    /// The rows in the order in which they are drawn: those that stand back and of which little is known
    /// first, mistakes and what was looked for last.
    pub fn order(&self, selected: Option<&Selection>, search: &Search) -> Vec<u32> {
        let mut ranks: [Vec<u32>; 8] = Default::default();
        for row in (0..self.rows()).filter(|row| self.is_seen(*row)) {
            let hue = self.kinds.all[usize::from(self.kinds.of[row])].hue;
            let last = [hue != Hue::Quiet, hue == Hue::Wrong, stands_out(row, selected, search)];
            let rank = (0..).zip(last).map(|(place, is_last)| usize::from(is_last) << place).sum::<usize>();
            ranks[rank].push(row as u32);
        }
        ranks.concat()
    }

    /// The seen row nearest to a place on the map.
    pub fn nearest(&self, at: [f32; 2]) -> Option<(usize, f32)> {
        let distance = |row: usize| {
            let point = self.points[row];
            (point[0] - at[0]).hypot(point[1] - at[1])
        };
        let seen = (0..self.rows()).filter(|row| self.is_seen(*row)).map(|row| (row, distance(row)));
        seen.reduce(|near, next| if next.1 < near.1 { next } else { near })
    }
}

/// Whether a row is among those that were chosen and looked for; all are where nothing was.
pub fn stands_out(row: usize, selected: Option<&Selection>, search: &Search) -> bool {
    selected.is_none_or(|selected| selected.has(row)) && (!search.is_on() || search.has(row))
}
