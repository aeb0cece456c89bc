//! What is kept of the view for a link: the head, how it is drawn, and what is pointed at in it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::lines::{End, Pointed};
use super::matrix::{Cell, Zoom};
use super::running::Way;
use super::{AttentionView, Chosen, Drawn, Scope};
use crate::inspect::attention::{Between, Lens, Role};
use crate::ui::panels::explore::keeping::{self, Head, Layer, Unread};

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Kept {
    /// Without them it is a head that stands out in the text.
    layer: Option<Layer>,
    head: Option<Head>,
    scope: Scope,
    drawn: Drawn,
    whole_words: bool,
    no_specials: bool,
    between: Between,
    /// In percent.
    shares_from: f64,
    way: Way,
    looks_at: Option<Role>,
    over_data: bool,
    /// The tokens whose score is looked at.
    score: Cell,
    line: Option<End>,
    token: usize,
    cell: Cell,
    zoom: Option<Zoom>,
}

impl Kept {
    fn of(view: &AttentionView) -> Self {
        let chosen = view.is_picked.then_some(view.chosen);
        let pointed = view.to_point.unwrap_or_else(|| view.pointed());
        let Pointed { score, line, token, cell, zoom } = pointed;
        Self {
            layer: chosen.map(|chosen| Layer(chosen.layer)),
            head: chosen.map(|chosen| Head(chosen.head)),
            scope: view.scope,
            drawn: view.drawn,
            whole_words: view.lens.words,
            no_specials: view.lens.no_specials,
            between: view.lens.between,
            shares_from: view.least,
            way: view.way,
            looks_at: view.roles.filter,
            over_data: view.roles.over_data,
            score,
            line,
            token,
            cell,
            zoom,
        }
    }

    /// The text is gone through once more, so that what is pointed at can be found in it.
    fn put_into(self, view: &mut AttentionView) {
        let has_no_parts = view.has_no_parts;
        let Self { score, line, token, cell, zoom, .. } = self;
        *view = AttentionView {
            is_picked: self.layer.is_some() || self.head.is_some(),
            chosen: Chosen { layer: self.layer.map_or(0, |layer| layer.0), head: self.head.map_or(0, |head| head.0) },
            scope: self.scope,
            drawn: if has_no_parts && self.drawn == Drawn::Score { Drawn::Matrix } else { self.drawn },
            lens: Lens { words: self.whole_words, no_specials: self.no_specials, between: self.between },
            least: self.shares_from.clamp(0.0, 100.0),
            way: self.way,
            has_no_parts,
            to_point: Some(Pointed { score, line, token, cell, zoom }),
            ..AttentionView::default()
        };
        view.roles.filter = self.looks_at;
        view.roles.over_data = self.over_data;
    }
}

impl AttentionView {
    pub(super) fn written(&self) -> Map<String, Value> {
        keeping::written(&Kept::of(self))
    }

    pub(super) fn take_up(&mut self, kept: Map<String, Value>) -> Result<(), Unread> {
        let kept: Kept = keeping::read(kept)?;
        kept.put_into(self);
        Ok(())
    }

    fn pointed(&self) -> Pointed {
        Pointed {
            score: self.pair,
            line: self.line,
            token: self.running,
            cell: self.matrix.cursor,
            zoom: self.matrix.zoomed(),
        }
    }

    /// Points at places of the text that was gone through, where they lie in it.
    pub(super) fn point(&mut self, pointed: Pointed) {
        let count = self.seen.as_ref().map_or(0, |(_, seen)| seen.tokens.count());
        let Pointed { score, line, token, cell, zoom } = pointed;
        let is_there = |(one, other): Cell| one < count && other < count;
        if is_there(score) {
            self.pair = score;
        }
        self.line = line.filter(|(End::From(token) | End::To(token))| *token < count);
        if token < count {
            self.running = token;
        }
        self.matrix.restore(if is_there(cell) { cell } else { (0, 0) }, zoom);
    }
}
