//! What a view was told last, and what stands in its place where there is nothing or the model cannot answer.

use std::sync::Arc;

use egui::Ui;

use super::words::Words;
use crate::inspect::{Answer, Inquiry, Question, Reply};
use crate::ui::Cx;
use crate::ui::theme::Palette;
use crate::ui::widgets::{line, state, text};

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
        let is_asked = cx.workspace.explore.pending.is_some();
        let words = if is_asked { "Predicting…" } else { "The prediction appears here while you type" };
        ui.vertical_centered(|ui| ui.label(text::dim(words, cx.palette)));
        return false;
    }
    // The old answer stays in sight while the next one is on its way: emptiness would flicker at every key.
    if told.answer_to(words).is_none() {
        ui.multiply_opacity(0.75);
    }
    true
}

/// What there is to show; where there is nothing, `words` stand in its place.
pub fn or_words<T>(ui: &mut Ui, said: Option<T>, words: &str, palette: &Palette) -> Option<T> {
    if said.is_none() {
        ui.label(text::dim(words, palette));
    }
    said
}
