//! What a view was told last, and what stands in its place where there is nothing or the model cannot answer.

use std::sync::Arc;
use std::time::Duration;

use egui::Ui;

use super::words::Words;
use crate::inspect::{Answer, Inquiry, Question, Reply};
use crate::ui::Cx;
use crate::ui::theme::Palette;
use crate::ui::widgets::{line, state, text};
use crate::ui::workspace::Job;

/// Seconds after which it is said that an answer is on its way.
const MOMENT: f64 = 0.4;

#[derive(Clone, Debug, Default)]
pub struct Told(Option<Arc<Reply>>);

impl Told {
    pub fn take(&mut self, reply: &Arc<Reply>) {
        self.0 = Some(reply.clone());
    }

    pub fn forget(&mut self) {
        self.0 = None;
    }

    /// What was said to an inquiry of this kind.
    pub fn to<Q: Inquiry>(&self) -> Option<&Q::Answer> {
        self.0.as_ref()?.to::<Q>()
    }

    /// What a head said of a text.
    pub fn answer(&self) -> Option<&Answer> {
        self.to::<Question>()
    }

    /// The same, where it is of these words.
    pub fn answer_to(&self, words: &Words) -> Option<&Answer> {
        self.answer().filter(|answer| answer.question.text == words.text && answer.question.pair == words.pair)
    }

    /// Milliseconds it took.
    pub fn millis(&self) -> Option<f64> {
        self.0.as_ref().map(|reply| reply.millis)
    }

    /// How long it took.
    pub fn millis_ui(&self, ui: &mut Ui, palette: &Palette) {
        let Some(millis) = self.millis() else { return };
        let words = if millis < 100.0 { format!("{millis:.1} ms") } else { format!("{millis:.0} ms") };
        ui.label(text::number_dim(words, palette)).on_hover_text("From taking the request to the answer");
    }

    /// How long it took at the right end of a line, and the verdict at its left.
    pub fn head_ui(&self, ui: &mut Ui, palette: &Palette, verdict: impl FnOnce(&mut Ui)) {
        line::line(ui, 34.0, |ui| {
            self.millis_ui(ui, palette);
            line::left(ui, verdict);
        });
    }
}

/// Whether something takes so long that it is said; until then the window is drawn again when it does.
pub fn is_slow(ui: &Ui, cx: &Cx<'_>, job: &Job) -> bool {
    let rest = MOMENT - (cx.workspace.now - job.since);
    if rest > 0.0 {
        ui.ctx().request_repaint_after(Duration::from_secs_f64(rest));
    }
    rest <= 0.0
}

/// Draws why the model cannot answer, where it cannot. Returns whether it can.
pub fn can_answer(ui: &mut Ui, cx: &Cx<'_>) -> bool {
    let Some(error) = &cx.workspace.explore.error else { return true };
    state::error(ui, cx.palette, "The model cannot answer", error, |_| {});
    false
}

/// Begins to draw what was said of a text: draws why the model cannot answer, or that nothing was said yet, and returns
/// whether there is something else to draw.
pub fn begin(ui: &mut Ui, cx: &Cx<'_>, told: &Told, words: &Words) -> bool {
    if !can_answer(ui, cx) {
        return false;
    }
    if told.answer().is_none() || words.are_blank() {
        ui.add_space((ui.available_height() - 40.0).max(0.0) * 0.4);
        let words = waiting(cx, Some(words), "The prediction appears here while you type");
        ui.vertical_centered(|ui| ui.label(text::dim(words, cx.palette)));
        return false;
    }
    faint_ui(ui, cx, told, words);
    true
}

/// What stands where nothing is known of a text yet: that it is being worked on, or `empty` where it is not. Without the
/// words only how many they are is not told.
pub fn waiting(cx: &Cx<'_>, words: Option<&Words>, empty: &str) -> String {
    match (pending(cx), words) {
        (Some(job), _) if !job.begun && cx.workspace.training.is_some() => {
            "Waits until the training has ended".to_owned()
        }
        (Some(_), None) => "Working on the text…".to_owned(),
        (Some(_), Some(words)) if !words.are_blank() => format!("Working on {}…", words.size()),
        _ => empty.to_owned(),
    }
}

fn pending<'a>(cx: &Cx<'a>) -> Option<&'a Job> {
    cx.workspace.explore.pending.and_then(|job| cx.workspace.job(job))
}

/// The old answer stays in sight, faintly, while the next one is on its way: emptiness would flicker at every key. Where
/// that takes longer, it is said.
fn faint_ui(ui: &mut Ui, cx: &Cx<'_>, told: &Told, words: &Words) {
    if told.answer_to(words).is_some() {
        return;
    }
    if pending(cx).is_some_and(|job| is_slow(ui, cx, job)) {
        ui.label(text::dim(waiting(cx, Some(words), ""), cx.palette));
    }
    ui.multiply_opacity(0.75);
}

/// What was said of these words: drawn faintly where it is of older ones. Where there is nothing, `empty` stands in its
/// place, or that the words are being worked on.
pub fn said<T>(ui: &mut Ui, cx: &Cx<'_>, said: Option<T>, told: &Told, words: &Words, empty: &str) -> Option<T> {
    let said = said.filter(|_| !words.are_blank());
    if said.is_some() {
        faint_ui(ui, cx, told, words);
        return said;
    }
    ui.label(text::dim(waiting(cx, Some(words), empty), cx.palette));
    None
}

/// What there is to show; where there is nothing, `words` stand in its place.
pub fn or_words<T>(ui: &mut Ui, said: Option<T>, words: &str, palette: &Palette) -> Option<T> {
    if said.is_none() {
        ui.label(text::dim(words, palette));
    }
    said
}
