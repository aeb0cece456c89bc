//! Attention: what the tokens of a text look at, in every head of every layer at a glance, in one head or an average of
//! them cell by cell, and what each head does.
//!
//! The text is gone through once ([`Attend`]); the squares of a layer are asked for when it is looked at ([`Look`]), and
//! a few layers are kept. What is drawn of a square is made a few rows a frame (`shown.rs`), so that a text of 512 tokens
//! moves as lightly as one of ten.

mod controls;
mod keep;
mod kept;
mod lines;
pub(super) mod matrix;
mod overview;
pub(super) mod pictures;
mod roles;
mod running;
mod score;
pub(super) mod shown;

use std::sync::Arc;

use egui::Ui;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::analysis::HeadsOf;
use crate::inspect::attention::{Attend, Lens, Look, Parts, Score, Seen, Squares, What};
use crate::inspect::{AnyInquiry, Reply, Request, Script, Subject};
use crate::ui::Cx;
use crate::ui::panels::explore::keeping::Unread;
use crate::ui::panels::explore::samples;
use crate::ui::panels::explore::told::{self, Told, can_answer};
use crate::ui::panels::explore::view::{Changed, Kind, SHARED, View};
use crate::ui::panels::explore::words::Words;
use crate::ui::theme::Palette;
use crate::ui::tiles::{Layout, Pane};
use crate::ui::widgets::slice::Slice;
use crate::ui::widgets::{state, text};
use crate::words;
use lines::{End, Pointed};
use matrix::MatrixView;
use overview::Overview;
use roles::Roles;
use running::Way;
use shown::{Of, Shown};

pub const KIND: Kind =
    Kind { name: "attention", title: "Attention", heads: &[], make: || Box::new(AttentionView::default()) };

const HEADS: Pane = Pane::new("attention heads", "All heads");
const ROLES: Pane = Pane::new("attention roles", "What heads do");
const ONE: Pane = Pane::new("attention", "Attention");

/// A head of a layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Chosen {
    pub layer: usize,
    pub head: usize,
}

impl Chosen {
    /// `Layer 3, head 5`.
    pub fn title(self) -> String {
        state::sentence(&words::head_of(self.layer, self.head))
    }
}

/// What is looked at, beside the layer and the head.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Scope {
    #[default]
    Head,
    /// The mean of the heads of a layer.
    Layer,
    All,
    Rollout,
    Flow,
}

/// How a square is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Drawn {
    #[default]
    Matrix,
    Lines,
    Text,
    /// What one number is made of.
    Score,
}

#[derive(Debug, Default)]
struct AttentionView {
    told: Told,
    seen: Option<(Request, Arc<Seen>)>,
    /// Those that were looked at last, the newest at the end.
    squares: Vec<Arc<Squares>>,
    chosen: Chosen,
    /// Whether a person chose the head; otherwise it is one that stands out.
    is_picked: bool,
    scope: Scope,
    lens: Lens,
    /// In percent.
    least: f64,
    drawn: Drawn,
    shown: Option<Shown>,
    matrix: MatrixView,
    /// The tokens whose score is looked at, and what it is made of.
    pair: (usize, usize),
    parts: Option<(Score, Arc<Parts>)>,
    /// Whether the model does not tell what a score is made of.
    has_no_parts: bool,
    line: Option<End>,
    running: usize,
    way: Way,
    overview: Overview,
    roles: Roles,
    /// What is to be pointed at once the text was gone through.
    to_point: Option<Pointed>,
}

/// Bytes of squares that are kept.
const MOST_KEPT: usize = 96 << 20;

impl View for AttentionView {
    fn layout(&self) -> Layout {
        let left = vec![(0.7, SHARED.into()), (1.6, Layout::Tabs(vec![HEADS.into(), ROLES.into()]))];
        Layout::Columns(vec![(1.0, Layout::Rows(left)), (1.45, ONE.into())])
    }

    fn pane_ui(&mut self, pane: Pane, ui: &mut Ui, cx: &mut Cx<'_>) -> Changed {
        if !can_answer(ui, cx) {
            return Changed::No;
        }
        let Some((_, seen)) = self.seen.clone() else {
            let asked = cx.workspace.explore.asked.as_ref().and_then(|asked| asked.get::<Attend>());
            let of = asked.map(|Attend(of)| Words { text: of.text.clone(), pair: of.pair.clone() });
            let words = told::waiting(cx, of.as_ref(), "Attention appears here once there is a text");
            ui.label(text::dim(words, cx.palette));
            return Changed::No;
        };
        match pane {
            HEADS => self.heads_ui(ui, &seen, cx),
            ROLES => self.roles_ui(ui, &seen, cx),
            _ => self.one_ui(ui, &seen, cx),
        }
    }

    fn meet(&mut self, subject: &Subject) {
        self.has_no_parts = subject.is_frozen;
        if self.has_no_parts && self.drawn == Drawn::Score {
            self.drawn = Drawn::Matrix;
        }
    }

    fn wanted(&self, shared: &Words) -> Option<AnyInquiry> {
        if shared.are_blank() {
            return None;
        }
        let pair = shared.pair.clone().filter(|pair| !pair.trim().is_empty());
        let request = Request { text: shared.text.clone(), pair };
        let Some((_, seen)) = self.seen.as_ref().filter(|(of, _)| *of == request) else {
            return Some(AnyInquiry::new(Attend(request)));
        };
        let what = self.what();
        if self.kept(what).is_none() && can_be(what, seen) {
            return Some(AnyInquiry::new(Look { seen: seen.clone(), what }));
        }
        if let Some(score) = self.score(seen).filter(|score| self.parts.as_ref().is_none_or(|(of, _)| of != score)) {
            return Some(AnyInquiry::new(score));
        }
        self.roles.wanted().map(|texts| AnyInquiry::new(HeadsOf(texts)))
    }

    fn told(&mut self) -> Option<&mut Told> {
        Some(&mut self.told)
    }

    fn take(&mut self, reply: &Arc<Reply>) {
        if let (Some(seen), Some(Attend(request))) = (reply.to::<Attend>(), reply.inquiry.get()) {
            self.told.take(reply);
            self.see(request.clone(), seen.clone());
        } else if let (Some(squares), Some(look)) = (reply.to::<Look>(), reply.inquiry.get::<Look>()) {
            if self.seen.as_ref().is_some_and(|(_, seen)| Arc::ptr_eq(seen, &look.seen)) {
                self.keep(squares.clone());
            }
        } else if let (Some(parts), Some(score)) = (reply.to::<Score>(), reply.inquiry.get::<Score>()) {
            self.parts = Some((score.clone(), parts.clone()));
        } else if let (Some(over), Some(HeadsOf(texts))) = (reply.to::<HeadsOf>(), reply.inquiry.get()) {
            self.roles.take(texts, over);
        }
    }

    fn forget(&mut self) {
        let (scope, lens, drawn) = (self.scope, self.lens, self.drawn);
        let has_no_parts = self.has_no_parts;
        *self = Self { scope, lens, drawn, has_no_parts, least: self.least, way: self.way, ..Self::default() };
    }

    fn kept(&self, _: &Words) -> Map<String, Value> {
        self.written()
    }

    fn restore(&mut self, kept: Map<String, Value>, _: &Words) -> Result<(), Unread> {
        self.take_up(kept)
    }

    fn samples(&self, subject: &Subject) -> Vec<Words> {
        match subject.script {
            Script::Words => samples::pairs(&samples::PAIRS),
            script => vec![Words::of(samples::lesson(script))],
        }
    }
}

/// Whether it can be computed of a text; where it cannot, that is said in its place.
fn can_be(what: What, seen: &Seen) -> bool {
    !matches!(what, What::Flow(_)) || seen.tokens.count() <= crate::inspect::attention::MOST_TOKENS_OF_FLOW
}

impl AttentionView {
    fn what(&self) -> What {
        match self.scope {
            Scope::Head | Scope::Layer => What::Layer(self.chosen.layer),
            Scope::All => What::All,
            Scope::Rollout => What::Rollout(self.chosen.layer),
            Scope::Flow => What::Flow(self.chosen.layer),
        }
    }

    /// The score that is looked at, if one is: that of a single head.
    fn score(&self, seen: &Arc<Seen>) -> Option<Score> {
        let (Chosen { layer, head }, (from, to)) = (self.chosen, self.pair);
        let is_looked_at = self.drawn == Drawn::Score && self.scope == Scope::Head;
        is_looked_at.then(|| Score { seen: seen.clone(), layer, head, from, to })
    }

    /// What that score is made of, once it was told.
    fn parts_of(&self, seen: &Arc<Seen>) -> Option<Arc<Parts>> {
        let score = self.score(seen)?;
        self.parts.as_ref().filter(|(of, _)| *of == score).map(|(_, parts)| parts.clone())
    }

    fn kept(&self, what: What) -> Option<&Arc<Squares>> {
        self.squares.iter().find(|squares| squares.what == what)
    }

    /// The square that is looked at, where it is there.
    fn square(&self) -> Option<Arc<[f32]>> {
        let squares = self.kept(self.what())?;
        let place = if self.scope == Scope::Head { self.chosen.head } else { squares.values.len() - 1 };
        squares.values.get(place).cloned()
    }

    fn keep(&mut self, squares: Arc<Squares>) {
        let bytes = |squares: &Arc<Squares>| squares.values.iter().map(|square| square.len() * 4).sum::<usize>();
        self.squares.push(squares);
        while self.squares.len() > 1 && self.squares.iter().map(bytes).sum::<usize>() > MOST_KEPT {
            self.squares.remove(0);
        }
    }

    /// Another text was gone through.
    fn see(&mut self, request: Request, seen: Arc<Seen>) {
        if !self.is_picked {
            self.chosen = standing_out(&seen);
        }
        self.chosen.layer = self.chosen.layer.min(seen.layers.saturating_sub(1));
        self.chosen.head = self.chosen.head.min(seen.heads.saturating_sub(1));
        let first = seen.tokens.kinds.iter().position(|kind| !kind.is_special());
        self.seen = Some((request, seen));
        self.squares.clear();
        let first = first.unwrap_or(0);
        (self.line, self.running, self.parts) = (None, first, None);
        self.pair = (first, first);
        self.matrix.forget();
        if let Some(pointed) = self.to_point.take() {
            self.point(pointed);
        }
    }

    fn choose(&mut self, chosen: Chosen) -> Changed {
        self.is_picked = true;
        self.chosen = chosen;
        if matches!(self.scope, Scope::All) {
            self.scope = Scope::Head;
        }
        Changed::Chosen
    }

    fn heads_ui(&mut self, ui: &mut Ui, seen: &Arc<Seen>, cx: &Cx<'_>) -> Changed {
        let palette = cx.palette;
        self.roles.choices_ui(ui, cx);
        let words = "Layers from top to bottom, heads from left to right. In each picture a row is a token that looks, a column one \
                     that it looks at";
        ui.add(egui::Label::new(text::faint(words, palette)).wrap());
        let figures = self.roles.figures(seen);
        let role = self.roles.filter;
        let is_found = move |figures: &crate::inspect::attention::Figures| role.is_none_or(|role| figures.does(role));
        let told = overview::Told { figures, is_found: &is_found };
        match self.overview.ui(ui, seen, self.chosen, &told, palette) {
            Some(chosen) => self.choose(chosen),
            None => Changed::No,
        }
    }

    fn roles_ui(&mut self, ui: &mut Ui, seen: &Arc<Seen>, cx: &Cx<'_>) -> Changed {
        match self.roles.ui(ui, seen, self.chosen, cx) {
            Some(chosen) => self.choose(chosen),
            None => Changed::No,
        }
    }

    /// Makes what is looked at ready to be drawn. Returns whether it is.
    fn prepare(&mut self, ui: &Ui, seen: &Seen, palette: &Palette) -> bool {
        let Some(square) = self.square() else { return false };
        let of = Of { square, lens: self.lens, least: (self.least / 100.0) as f32, dark: palette.dark };
        if self.shown.as_ref().is_none_or(|shown| shown.of != of) {
            self.shown = Some(Shown::new(of, &seen.tokens));
        }
        let is_ready = self.shown.as_mut().is_some_and(|shown| shown.build(ui.ctx(), palette, &mut Slice::begin()));
        if !is_ready {
            ui.ctx().request_repaint();
        }
        is_ready
    }
}

/// The head that most clearly looks at something in the text, special tokens aside.
fn standing_out(seen: &Seen) -> Chosen {
    let clear = |place: &usize| {
        let figures = &seen.figures[*place];
        figures.main().filter(|role| !role.is_special()).map_or(0.0, |role| figures.of(role).mean())
    };
    let best = (0..seen.figures.len()).reduce(|best, next| if clear(&next) > clear(&best) { next } else { best });
    let best = best.unwrap_or(0);
    Chosen { layer: best / seen.heads.max(1), head: best % seen.heads.max(1) }
}
