//! Explore: ask a model and see what it says while typing.
//!
//! What can be looked at are the views in `explore/views`; here is what they share and nothing that knows one of them:
//! which model is asked, which view is looked at, and when its question goes out. An answer to anything but the text in
//! the box is drawn faintly, or moved with its words, until its own comes.

mod asker;
mod colours;
mod course;
mod head;
mod history;
mod keeping;
mod linked;
mod over_rows;
mod rows;
mod samples;
mod strip;
mod text_box;
mod tokens;
mod told;
mod view;
mod views;
mod words;
mod working;
mod written;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Weak};
use std::time::Duration;

use egui::{Frame, Margin, Panel, Ui};

use super::is_same;
use crate::inspect::Subject;
use crate::model::Precision;
use crate::task::{Reads, Task};
use crate::ui::Cx;
use crate::ui::link::Link;
use crate::ui::tiles::{Layout, Pane, Tiled};
use crate::ui::workspace::{Offered, Shown, Workspace};
use asker::Asker;
use history::History;
use rows::LookUp;
use strip::{Asks, Strip};
use text_box::TextBox;
use told::Told;
use view::{Changed, EXAMPLES, HISTORY, Kind, Mode, SHARED, View};
use words::Words;
use written::{Reading, Written};

#[derive(Debug)]
pub struct ExplorePanel {
    /// The model that everything here is about, and in which numbers it is asked.
    model: Option<PathBuf>,
    precision: Precision,
    subject: Option<Weak<Subject>>,
    views: Vec<(Kind, Box<dyn View>)>,
    /// What a person chose, which counts while the model has it.
    chosen: Option<Mode>,
    mode: Option<Mode>,
    /// The head that was asked last; at first the model's own.
    head: Option<Task>,
    /// The text of views that have none of their own, and whether it is one to look at.
    shared: TextBox,
    is_lent: bool,
    /// What a person wrote, which every view that is turned to goes on with.
    written: Written,
    /// How the model writes what is hidden.
    mask: Option<String>,
    /// The text as it was when what is looked at was turned to.
    met: Words,
    asker: Asker,
    strip: Strip,
    look_up: LookUp,
    history: BTreeMap<Mode, History>,
    taken_offer: Option<Weak<Offered>>,
    taken_view: Option<Weak<Shown>>,
    taken_link: Option<Weak<Link>>,
    /// What of a link could not be followed, until it is said.
    unfollowed: Option<String>,
}

impl Default for ExplorePanel {
    fn default() -> Self {
        Self::of(views::ALL)
    }
}

impl Tiled for ExplorePanel {
    fn prepare(&mut self, cx: &Cx<'_>) {
        let explore = &cx.workspace.explore;
        if self.model != explore.model || self.precision != cx.workspace.precision {
            self.model.clone_from(&explore.model);
            self.precision = cx.workspace.precision;
            self.forget();
        }
        self.refuse_link(cx.workspace);
        let Some(subject) = &explore.subject else { return };
        if !is_same(self.subject.as_ref(), subject) {
            self.subject = Some(Arc::downgrade(subject));
            // What was said before may be said otherwise by what is decided now.
            self.forget();
            self.leave();
            self.views.iter_mut().for_each(|(_, view)| view.meet(subject));
            self.head = self.head.filter(|head| subject.heads.contains(head)).or(subject.heads.first().copied());
            self.turn_mask(subject);
            if let Some(mode) = self.mode {
                self.go_on(mode);
            }
            self.meet();
        }
        self.take_offer(cx.workspace, subject);
        self.take_view(cx.workspace);
        self.take_link(cx.workspace, subject);
        let chosen = self.chosen.filter(|mode| mode.head.is_none_or(|head| subject.heads.contains(&head)));
        let first = || subject.heads.iter().find_map(|head| self.mode_of(*head));
        self.turn_to(chosen.or_else(first));
        self.begin(subject);
    }

    fn variant(&self) -> &'static str {
        self.mode.map_or("", |mode| self.views[mode.view].0.name)
    }

    fn layout(&self) -> Layout {
        self.views[self.mode.map_or(0, |mode| mode.view)].1.layout()
    }

    fn has_content(&self, cx: &Cx<'_>) -> bool {
        let explore = &cx.workspace.explore;
        explore.model.is_some() && explore.subject.is_some() && self.mode.is_some()
    }

    fn empty_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        if cx.workspace.explore.model.is_some() {
            self.head_panel_ui(ui, cx);
        }
        self.tell_unfollowed(cx);
        if head::nothing_ui(ui, cx) {
            let lab = self.of_every_model().next();
            self.chosen = lab;
        }
    }

    fn around_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        self.take_answer(ui, cx.workspace);
        self.ask(ui, cx);
        self.look_up.ask(cx);
        self.head_panel_ui(ui, cx);
        self.tell_unfollowed(cx);
    }

    fn pane_ui(&mut self, pane: Pane, ui: &mut Ui, cx: &mut Cx<'_>) {
        let Some(mode) = self.mode else { return };
        let (_, view) = &mut self.views[mode.view];
        let changed = match pane {
            HISTORY => Changed::tried(self.history.entry(mode).or_default().list_ui(ui, cx.palette)),
            EXAMPLES => {
                let subject = cx.workspace.explore.subject.as_deref();
                let samples = || subject.map_or_else(Vec::new, |subject| view.samples(subject));
                Changed::tried(self.history.entry(mode).or_default().examples_ui(ui, cx, mode.head, samples))
            }
            SHARED => self.shared.ui(ui, cx, self.head, false, &Told::default()),
            _ => view.pane_ui(pane, ui, cx),
        };
        match changed {
            Changed::No => return,
            Changed::Typed => self.asker.typed(ui),
            Changed::Chosen => self.asker.chosen(ui),
            Changed::Try(words) => {
                self.set(mode, words);
                self.asker.chosen(ui);
            }
            Changed::Show(name, words) => {
                let shown = self.of_every_model().find(|mode| self.views[mode.view].0.name == name);
                if let Some(mode) = shown {
                    self.leave();
                    self.write(mode, words);
                    self.chosen = shown;
                }
                self.asker.chosen(ui);
            }
        }
        // With this very frame: the answer can be there for the next.
        self.ask(ui, cx);
    }
}

impl ExplorePanel {
    /// Another screen is looked at: what is being answered is not waited for.
    pub fn rest(&mut self, cx: &mut Cx<'_>) {
        self.asker.end(cx);
    }

    fn of(kinds: &[Kind]) -> Self {
        Self {
            model: None,
            precision: Precision::default(),
            subject: None,
            views: kinds.iter().map(|kind| (*kind, (kind.make)())).collect(),
            chosen: None,
            mode: None,
            head: None,
            shared: TextBox::default(),
            is_lent: false,
            written: Written::default(),
            mask: None,
            met: Words::default(),
            asker: Asker::default(),
            strip: Strip::default(),
            look_up: LookUp::default(),
            history: BTreeMap::new(),
            taken_offer: None,
            taken_view: None,
            taken_link: None,
            unfollowed: None,
        }
    }

    /// The view that asks a head.
    fn mode_of(&self, head: Task) -> Option<Mode> {
        let view = self.views.iter().position(|(kind, _)| kind.heads.contains(&head))?;
        Some(Mode { view, head: Some(head) })
    }

    fn of_every_model(&self) -> impl Iterator<Item = Mode> + use<'_> {
        let views = self.views.iter().enumerate();
        views.filter(|(_, (kind, _))| kind.heads.is_empty()).map(|(view, _)| Mode { view, head: None })
    }

    /// All that can be looked at, as the switch names it: heads of the model, and what is for every model.
    fn modes(&self, heads: &[Task]) -> Vec<(Mode, &'static str)> {
        let of_heads = heads.iter().filter_map(|head| Some((self.mode_of(*head)?, head.title())));
        of_heads.chain(self.of_every_model().map(|mode| (mode, self.views[mode.view].0.title))).collect()
    }

    /// Looks at something, if it is not looked at already, and goes on with the text that a person wrote. Where nobody has
    /// written one, a view without a text of its own takes that of the view before.
    fn turn_to(&mut self, mode: Option<Mode>) {
        if self.mode != mode {
            self.leave();
        }
        let was = std::mem::replace(&mut self.mode, mode);
        let Some(mode) = mode else { return };
        let before = was.filter(|before| *before != mode);
        // A view that is for every head goes on with the one that was asked before.
        if let Some(head) = mode.head.or_else(|| before?.head) {
            self.views[mode.view].1.turn_to(head);
        }
        self.head = mode.head.or(self.head);
        if was == Some(mode) {
            return;
        }
        match before {
            _ if !self.written.is_blank() => self.go_on(mode),
            None if self.shared.words.are_blank() => self.shared.words = Words::of(samples::SENTENCES[0]),
            Some(before) if self.has(mode, SHARED) && !self.has(before, SHARED) => {
                if let Some(words) = self.words(before) {
                    (self.shared.words, self.is_lent) = (words, true);
                }
            }
            _ => {}
        }
        self.meet();
    }

    /// What a person wrote in the view that is left is what others go on with.
    fn leave(&mut self) {
        let Some(mode) = self.mode.filter(|_| self.is_changed()) else { return };
        let words = self.words(mode).unwrap_or_default();
        self.written.take(words, self.reading(mode));
        self.meet();
    }

    /// Puts what a person wrote into a view, where it is not there already.
    fn go_on(&mut self, mode: Mode) {
        if self.written.is_blank() {
            return;
        }
        let words = self.written.words(self.reading(mode));
        if self.words(mode).is_none_or(|own| !own.say_the_same(&words)) {
            self.set(mode, words);
        }
    }

    /// Puts a text into a view as if a person had written it there.
    fn write(&mut self, mode: Mode, words: Words) {
        self.written.take(words.clone(), self.reading(mode));
        self.set(mode, words);
    }

    /// What a view reads; one of every model reads what the head reads that was asked last.
    fn reading(&self, mode: Mode) -> Reading {
        match (mode.head, self.head.map(Task::reads)) {
            (Some(head), _) => match head.reads() {
                Reads::Question => Reading::Question,
                Reads::Words | Reads::Running => Reading::Text,
                Reads::Texts | Reads::Neighbours(_) => Reading::Pair,
            },
            (None, Some(Reads::Question)) if self.has(mode, SHARED) => Reading::QuestionOrPair,
            (
                None,
                Some(Reads::Question | Reads::Words | Reads::Running | Reads::Texts | Reads::Neighbours(_)) | None,
            ) => Reading::Pair,
        }
    }

    /// Masks in a text are those of the model that is asked.
    fn turn_mask(&mut self, subject: &Subject) {
        let before = std::mem::replace(&mut self.mask, subject.mask_token.clone());
        if let (Some(from), Some(to)) = (before, &self.mask)
            && from != *to
        {
            self.written.turn_mask(&from, to);
            self.shared.words.text = self.shared.words.text.replace(&from, to);
        }
    }

    /// Whether the text is another than when its view was turned to.
    fn is_changed(&self) -> bool {
        let words = self.mode.and_then(|mode| self.words(mode)).unwrap_or_default();
        !words.say_the_same(&self.met)
    }

    fn meet(&mut self) {
        self.met = self.mode.and_then(|mode| self.words(mode)).unwrap_or_default();
    }

    /// A text to begin with for a view that shares one, where none was looked at before.
    fn begin(&mut self, subject: &Subject) {
        let Some(mode) = self.mode.filter(|mode| !self.is_lent && self.has(*mode, SHARED)) else { return };
        self.is_lent = true;
        if !self.written.is_blank() {
            return;
        }
        if let Some(words) = self.views[mode.view].1.samples(subject).into_iter().next() {
            self.shared.words = words;
            self.meet();
        }
    }

    fn forget(&mut self) {
        self.views.iter_mut().for_each(|(_, view)| view.forget());
        self.asker.forget();
        self.history.values_mut().for_each(History::outdate);
    }

    fn has(&self, mode: Mode, pane: Pane) -> bool {
        self.views[mode.view].1.layout().panes().contains(&pane)
    }

    /// The text that is looked at.
    fn words(&self, mode: Mode) -> Option<Words> {
        if self.has(mode, SHARED) { Some(self.shared.words.clone()) } else { self.views[mode.view].1.words() }
    }

    fn set(&mut self, mode: Mode, words: Words) {
        if self.has(mode, SHARED) { self.shared.words = words } else { self.views[mode.view].1.set(words) }
    }

    fn ask(&mut self, ui: &Ui, cx: &mut Cx<'_>) {
        let Some(mode) = self.mode else { return };
        let by = (mode, self.words(mode).unwrap_or_default());
        let (_, view) = &mut self.views[mode.view];
        view.see(&self.shared.words);
        self.asker.ask(ui, cx, by, view.wanted(&self.shared.words));
    }

    fn take_answer(&mut self, ui: &Ui, workspace: &Workspace) {
        let now = ui.input(|input| input.time);
        if let Some(((mode, words), reply)) = self.asker.news(workspace) {
            let (_, view) = &mut self.views[mode.view];
            view.take(&reply);
            let verdict = view.verdict(&reply);
            // What was asked beside says nothing in a few words.
            if self.has(mode, HISTORY) && !verdict.0.is_empty() {
                let by = workspace.model_name(&reply.model);
                self.history.entry(mode).or_default().answered(words, verdict, by, now);
            }
        }
        if let Some((mode, inquiry, error)) = self.asker.failed(workspace) {
            self.views[mode.view].1.fail(inquiry, error);
        }
        let Some(mode) = self.mode else { return };
        let current = self.words(mode);
        if let Some(rest) = self.history.entry(mode).or_default().settle(now, current.as_ref()) {
            ui.ctx().request_repaint_after(Duration::from_secs_f64(rest));
        }
    }

    fn head_panel_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let heads = cx.workspace.explore.subject.as_ref().map_or(&[][..], |subject| &subject.heads);
        let choices = self.modes(heads);
        let asked = self.mode.filter(|mode| mode.head.is_some()).map(|mode| &*self.views[mode.view].1);
        let asks = Asks {
            inquiry: asked.and_then(|view| view.wanted(&self.shared.words)),
            verdict: &|reply| asked.map_or_else(Default::default, |view| view.verdict(reply)),
        };
        let strip = &mut self.strip;
        let fill = Frame::new().inner_margin(Margin { left: 12, right: 12, top: 12, bottom: 0 });
        let head = Panel::top("explore head").show_separator_line(false).frame(fill).show(ui, |ui| {
            let room = ui.max_rect().bottom();
            let course = |ui: &mut Ui, cx: &mut Cx<'_>, subject: &Subject| course::ui(ui, cx, subject, strip, &asks);
            let chosen = head::ui(ui, cx, self.mode, &choices, course);
            (chosen, ui.min_rect().bottom() > room + 0.5)
        });
        let (chosen, is_higher) = head.inner;
        if chosen.is_some() {
            self.chosen = chosen;
            self.asker.chosen(ui);
        }
        // A panel is as high as it was in the frame before: where a narrower window takes a line more, that is in the next.
        if is_higher {
            ui.ctx().request_repaint();
        }
    }

    /// A view that another screen has asked for.
    fn take_view(&mut self, workspace: &Workspace) {
        let Some(shown) = workspace.explore.shown.as_ref().filter(|shown| !is_same(self.taken_view.as_ref(), shown))
        else {
            return;
        };
        self.taken_view = Some(Arc::downgrade(shown));
        let view = self.of_every_model().find(|mode| self.views[mode.view].0.name == shown.view);
        self.chosen = view.or(self.chosen);
    }

    /// A text that another screen has sent to be tried.
    fn take_offer(&mut self, workspace: &Workspace, subject: &Subject) {
        let Some(offered) = &workspace.explore.offered else { return };
        if is_same(self.taken_offer.as_ref(), offered) {
            return;
        }
        self.taken_offer = Some(Arc::downgrade(offered));
        // It was sent for this head, whatever was looked at before; without a head there is nobody to ask.
        if subject.heads.contains(&offered.task) {
            self.chosen = self.mode_of(offered.task);
            self.turn_to(self.chosen);
        }
        // Without a text only the view was meant.
        if let Some(mode) = self.mode.filter(|mode| mode.head.is_some() && !offered.text.is_empty()) {
            self.views[mode.view].1.offer(offered);
        }
    }
}

#[cfg(test)]
mod tests;
