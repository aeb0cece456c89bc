//! Why the model answers so: the words that an answer comes from, how far to believe that on this very text, and what would
//! change the answer.

mod about;
mod change;
mod keep;
mod known;
mod map;
mod nearest;
mod ranked;
mod trial;

use std::sync::Arc;

use egui::Ui;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::inspect::why::{Asked, Baseline, Explanation, Hide, Method, Place, Target, Ways};
use crate::inspect::{AnyInquiry, Reply, Subject};
use crate::task::Task;
use crate::ui::Cx;
use crate::ui::panels::explore::keeping::{self, States, Unread};
use crate::ui::panels::explore::told::Told;
use crate::ui::panels::explore::view::{Changed, Kind, SHARED, View};
use crate::ui::panels::explore::words::Words;
use crate::ui::tiles::{Layout, Pane};
use crate::ui::widgets::{marked, state, text};
use known::Known;
use nearest::NearestRows;

pub const KIND: Kind = Kind { name: "why", title: "Why", heads: &[], make: || Box::new(Why::default()) };

const MAP: Pane = Pane::new("why", "Why");
const RANKED: Pane = Pane::new("ranked words", "Words by weight");
const TRIAL: Pane = Pane::new("trial", "How far to trust it");
const CHANGE: Pane = Pane::new("change", "What changes it");
const NEAREST: Pane = Pane::new("nearest", "Where it learned it");

#[derive(Debug, Default)]
struct Why {
    /// The heads that the model has, and the one whose answer is explained.
    heads: Vec<Task>,
    head: Option<Task>,
    /// What a person chose to have explained, and in which text; otherwise what the model says.
    target: Target,
    target_in: Words,
    /// Why what was chosen is not there any longer.
    gone: Option<String>,
    /// The map that a person chose; otherwise the most faithful.
    method: Option<Method>,
    ways: Ways,
    /// Whether the ways are those that a person chose last, or that a link says.
    has_ways: bool,
    /// Pieces instead of words.
    pieces: bool,
    /// What is shown of the trial: the best words alone instead of all others.
    kept: bool,
    known: Known,
    told: Told,
    /// The word that is pointed at, in whichever part.
    pointed: Option<usize>,
    pointed_next: Option<usize>,
    /// The frame now, and the one in which what would change the answer was last in sight.
    frame: u64,
    change_seen: Option<u64>,
    nearest: NearestRows,
}

/// What is kept of it.
#[derive(Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Kept {
    task: Option<Task>,
    place: Option<Place>,
    output: Option<String>,
    method: Option<Method>,
    baseline: Baseline,
    hide: Hide,
    pieces: bool,
    /// The best words alone in the trial.
    alone: bool,
    /// Of the nearest rows.
    layer: Option<States>,
}

impl View for Why {
    fn layout(&self) -> Layout {
        let left = Layout::Rows(vec![(0.9, SHARED.into()), (2.1, MAP.into())]);
        let right = Layout::Rows(vec![
            (1.0, RANKED.into()),
            (1.15, Layout::Tabs(vec![TRIAL.into(), CHANGE.into(), NEAREST.into()])),
        ]);
        Layout::Columns(vec![(1.75, left), (1.0, right)])
    }

    fn pane_ui(&mut self, pane: Pane, ui: &mut Ui, cx: &mut Cx<'_>) -> Changed {
        self.turn_frame(ui);
        if !std::mem::replace(&mut self.has_ways, true) {
            self.ways = cx.workspace.ways;
        }
        if self.heads.is_empty() {
            ui.label(text::dim("This model has no head whose answer could be explained", cx.palette));
            return Changed::No;
        }
        if pane == MAP && self.shows_error(ui, cx) {
            return Changed::No;
        }
        match pane {
            MAP => self.map_ui(ui, cx),
            RANKED => self.ranked_ui(ui, cx.palette),
            TRIAL => self.trial_ui(ui, cx.palette),
            NEAREST => self.nearest_ui(ui, cx),
            _ => {
                self.change_seen = Some(self.frame);
                self.change_ui(ui, cx)
            }
        }
    }

    fn meet(&mut self, subject: &Subject) {
        self.heads.clone_from(&subject.heads);
        if self.head.is_none_or(|head| !subject.heads.contains(&head)) {
            self.head = subject.heads.first().copied();
            self.target = Target::default();
        }
    }

    fn turn_to(&mut self, head: Task) {
        if self.head != Some(head) && self.heads.contains(&head) {
            self.head = Some(head);
            self.target = Target::default();
        }
    }

    /// What is asked of a word goes with it, edit by edit.
    fn see(&mut self, shared: &Words) {
        if self.target_in != *shared {
            (self.target, self.target_in) = (self.target_in(shared), shared.clone());
            self.gone = None;
        }
        if let Some(asked) = self.asked(shared) {
            self.known.turn_to(&asked);
        }
    }

    fn wanted(&self, shared: &Words) -> Option<AnyInquiry> {
        let asked = self.asked(shared)?;
        let is_in_sight = |seen: Option<u64>| seen.is_some_and(|seen| seen + 2 >= self.frame);
        let nearest = self.nearest.wanted(&asked, is_in_sight(self.nearest.seen));
        self.known.next(&asked, self.ways, nearest.as_ref(), is_in_sight(self.change_seen))
    }

    fn told(&mut self) -> Option<&mut Told> {
        Some(&mut self.told)
    }

    fn take(&mut self, reply: &Arc<Reply>) {
        // How long it takes until something is seen.
        if reply.inquiry.is_quick() {
            self.told.take(reply);
        }
        self.known.take(reply);
    }

    /// What another model does not say, or has no room for, gives way to what it does say.
    fn fail(&mut self, inquiry: &AnyInquiry, error: &str) {
        let is_new = self.known.fail(inquiry, error);
        if is_new && inquiry.is_quick() && self.target != Target::default() {
            (self.target, self.gone) = (Target::default(), Some(error.to_owned()));
        }
    }

    fn forget(&mut self) {
        self.told.forget();
        self.known = Known::default();
        self.nearest.forget();
    }

    fn kept(&self, words: &Words) -> Map<String, Value> {
        let Target { place, label: output } = self.target_in(words);
        let Ways { baseline, hide } = self.ways;
        let (method, pieces, alone) = (self.method, self.pieces, self.kept);
        let layer = self.nearest.layer.map(States);
        keeping::written(&Kept { task: self.head, place, output, method, baseline, hide, pieces, alone, layer })
    }

    fn restore(&mut self, kept: Map<String, Value>, words: &Words) -> Result<(), Unread> {
        let Kept { task, place, output, method, baseline, hide, pieces, alone, layer } = keeping::read(kept)?;
        if let Some(Place { sequence, start, end }) = place {
            let of = if sequence == 0 { Some(&words.text) } else { words.pair.as_ref() };
            keeping::within(&[(start, end)], of.map_or("", String::as_str))?;
        }
        if let Some(task) = task {
            keeping::among(task, &self.heads)?;
            self.turn_to(task);
        }
        (self.target, self.target_in) = (Target { place, label: output }, words.clone());
        (self.method, self.ways, self.pieces, self.kept) = (method, Ways { baseline, hide }, pieces, alone);
        self.has_ways = true;
        self.nearest.layer = layer.map(|layer| layer.0);
        Ok(())
    }
}

impl Why {
    /// Once a frame, whichever part is drawn first: what was pointed at in the one before is drawn in all of them.
    fn turn_frame(&mut self, ui: &Ui) {
        let frame = ui.ctx().cumulative_frame_nr();
        if frame != self.frame {
            self.frame = frame;
            self.pointed = self.pointed_next.take();
        }
    }

    fn point(&mut self, word: Option<usize>) {
        self.pointed_next = word.or(self.pointed_next);
    }

    /// What was chosen, where the text is as it was or was changed around it.
    fn target_in(&self, words: &Words) -> Target {
        let moved = |place: Place| {
            let (before, now) = match place.sequence {
                0 => (Some(&self.target_in.text), Some(&words.text)),
                _ => (self.target_in.pair.as_ref(), words.pair.as_ref()),
            };
            let (start, end) = marked::shifted(&[(place.start, place.end)], before?, now?).first().copied()??;
            Some(Place { start, end, ..place })
        };
        match self.target.place {
            None => self.target.clone(),
            Some(place) => match moved(place) {
                Some(place) => Target { place: Some(place), ..self.target.clone() },
                // The word is gone, and with it what was asked of it.
                None => Target::default(),
            },
        }
    }

    fn asked(&self, shared: &Words) -> Option<Asked> {
        let task = self.head.filter(|_| !shared.are_blank())?;
        let target = self.target_in(shared);
        Some(Asked { task: Some(task), text: shared.text.clone(), pair: shared.pair.clone(), target })
    }

    /// Explains something that stands in the text that was explained; what was edited since takes it along.
    fn choose(&mut self, target: Target) -> Changed {
        let now = self.target_in.clone();
        if let Some(asked) = self.known.asked() {
            self.target_in = Words { text: asked.text.clone(), pair: asked.pair.clone() };
        }
        (self.target, self.gone) = (target, None);
        (self.target, self.target_in) = (self.target_in(&now), now);
        Changed::Chosen
    }

    /// The map that is most faithful on this text, where that is known.
    fn best(&self) -> Option<Method> {
        let trial = self.known.trial(self.ways)?;
        trial.best().map(|best| Method::ALL[best])
    }

    /// The map that is shown: the chosen one or the most faithful; until it is there, the quick one.
    fn shown(&self) -> Option<&Arc<Explanation>> {
        let wanted = self.method.or_else(|| self.best()).unwrap_or(Method::GradientInput);
        let map = |method| self.known.map(self.ways, method);
        map(wanted).or_else(|| map(Method::GradientInput))
    }

    fn shows_error(&self, ui: &mut Ui, cx: &Cx<'_>) -> bool {
        let Some(error) = self.known.error() else { return false };
        state::error(ui, cx.palette, "This cannot be explained", error, |_| {});
        true
    }
}

/// A weight as it is written everywhere in this view.
fn weight_words(weight: f64) -> String {
    format!("{weight:+.4}").replace('-', "\u{2212}")
}
