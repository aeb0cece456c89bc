//! Texts that were tried, and texts to try.

use egui::{Align2, Response, Role, ScrollArea, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};
use egui_material_icons::icons::{ICON_KEEP, ICON_REFRESH};

use super::words::Words;
use crate::task::Task;
use crate::ui::Cx;
use crate::ui::theme::{self, Palette, size};
use crate::ui::widgets::text::elided;
use crate::ui::widgets::{Button, text};
use crate::worker::protocol::LoadedDataset;

/// Seconds a text has to stand before it counts as tried: what is only passed through while typing does not.
const SETTLED: f64 = 1.2;
const KEPT: usize = 60;

/// A text, and what was said of it in a few words and how sure it was.
#[derive(Clone, Debug)]
struct Tried {
    words: Words,
    verdict: (String, String),
    /// What the model that said it is called.
    by: String,
    pinned: bool,
    /// The model is another now, or was changed, and may say something else.
    is_outdated: bool,
}

#[derive(Debug, Default)]
pub struct History {
    /// Newest first.
    tried: Vec<Tried>,
    waiting: Option<(Tried, f64)>,
    /// Which of the data's examples are offered.
    page: usize,
}

impl History {
    pub fn answered(&mut self, words: Words, verdict: (String, String), by: String, now: f64) {
        self.waiting = Some((Tried { words, verdict, by, pinned: false, is_outdated: false }, now));
    }

    /// Keeps the waiting answer once its text has stood long enough; otherwise says how long that still takes.
    pub fn settle(&mut self, now: f64, current: Option<&Words>) -> Option<f64> {
        let (tried, since) = self.waiting.as_ref()?;
        if current.is_none_or(|current| current.text != tried.words.text) {
            self.waiting = None;
            return None;
        }
        let rest = since + SETTLED - now;
        if rest > 0.0 {
            return Some(rest);
        }
        if let Some((tried, _)) = self.waiting.take() {
            self.keep(tried);
        }
        None
    }

    /// What was said so far was said by another model, or by this one before it was changed.
    pub fn outdate(&mut self) {
        self.waiting = None;
        for tried in &mut self.tried {
            tried.is_outdated = true;
        }
    }

    fn keep(&mut self, mut answered: Tried) {
        self.tried.retain(|tried| {
            // What another model, or another state of a run, said of the same text stays beside it.
            let same = tried.words == answered.words && tried.by == answered.by;
            answered.pinned |= same && tried.pinned;
            !same
        });
        // What is still being written replaces its own beginning.
        if let Some(newest) = self.tried.first()
            && !newest.pinned
            && answered.words.text.starts_with(newest.words.text.trim_end())
            && answered.words.pair == newest.words.pair
            && answered.by == newest.by
        {
            self.tried.remove(0);
        }
        self.tried.insert(0, answered);
        while self.tried.len() > KEPT {
            let Some(oldest) = self.tried.iter().rposition(|tried| !tried.pinned) else { break };
            self.tried.remove(oldest);
        }
    }

    /// Returns the text that was clicked.
    pub fn list_ui(&mut self, ui: &mut Ui, palette: &Palette) -> Option<Words> {
        if self.tried.is_empty() {
            ui.add_space(12.0);
            ui.add(egui::Label::new(text::dim("What you try is kept here until the window closes", palette)).wrap());
            return None;
        }
        let mut chosen = None;
        let mut turned = None;
        let mut order: Vec<usize> = (0..self.tried.len()).collect();
        order.sort_by_key(|place| !self.tried[*place].pinned);
        ScrollArea::vertical().id_salt("tried").auto_shrink([false, false]).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for place in order {
                let tried = &self.tried[place];
                let (row, pin) = tried_ui(ui, tried, place, palette);
                if row.clicked() {
                    chosen = Some(tried.words.clone());
                }
                if pin.clicked() {
                    turned = Some(place);
                }
            }
        });
        if let Some(tried) = turned.and_then(|place| self.tried.get_mut(place)) {
            tried.pinned = !tried.pinned;
        }
        chosen
    }

    /// Some of the loaded data of this task, or the samples. Returns the text that was clicked.
    pub fn examples_ui(
        &mut self,
        ui: &mut Ui,
        cx: &Cx<'_>,
        task: Option<Task>,
        samples: impl FnOnce() -> Vec<Words>,
    ) -> Option<Words> {
        let palette = cx.palette;
        let loaded = of_data(cx, task);
        let offered = loaded.map_or_else(samples, |loaded| self.of_page(loaded));
        let mut chosen = None;
        if loaded.is_some()
            && Button::new("Other examples").icon(ICON_REFRESH).quiet().small().show(ui, palette).clicked()
        {
            self.page += 1;
        }
        ScrollArea::vertical().id_salt("offered").auto_shrink([false, false]).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for words in offered {
                if offered_ui(ui, &words.line(), palette).clicked() {
                    chosen = Some(words);
                }
            }
        });
        chosen
    }

    fn of_page(&self, loaded: &LoadedDataset) -> Vec<Words> {
        // Held-out examples of the same file; strides of a prime number look mixed and need no generator.
        let held_out = &loaded.split.eval;
        let data = loaded.eval.as_ref().unwrap_or(&loaded.dataset);
        let count = if held_out.is_empty() { data.examples.len() } else { held_out.len() };
        let at = |place: usize| held_out.get(place).copied().unwrap_or(place);
        (0..count.min(8))
            .map(|place| at(((self.page * 8 + place) * 7919) % count))
            .map(|example| Words {
                text: data.readable(example).into_owned(),
                pair: data.pair(example).map(str::to_owned),
            })
            .collect()
    }
}

/// The loaded data, where they are read for a task of this kind.
fn of_data<'a>(cx: &Cx<'a>, task: Option<Task>) -> Option<&'a LoadedDataset> {
    let task = task?;
    let loaded = cx.workspace.data.loaded.as_deref()?;
    let of = loaded.dataset.task;
    (of == task || (of.is_sequence() && task.is_sequence())).then_some(loaded)
}

fn tried_ui(ui: &mut Ui, tried: &Tried, place: usize, palette: &Palette) -> (Response, Response) {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 46.0), Sense::click());
    let (verdict, sure) = &tried.verdict;
    let by = if tried.is_outdated { format!(", {verdict} {sure} by {}", tried.by) } else { String::new() };
    let label = format!("Try again {}{by}", tried.words.text);
    response.widget_info(|| WidgetInfo::labeled(Role::ListItem, true, &label));
    let pin_rect = egui::Rect::from_center_size(pos2(rect.right() - 14.0, rect.center().y), vec2(24.0, 24.0));
    let pin = ui.interact(pin_rect, response.id.with(("pin", place)), Sense::click());
    let painter = ui.painter();
    let lively = response.hovered() || response.has_focus();
    if lively || pin.hovered() {
        painter.rect_filled(rect.shrink2(vec2(0.0, 1.0)), 5.0, palette.hover.gamma_multiply(0.6));
    }
    let inner = rect.shrink2(vec2(8.0, 6.0));
    let line = elided(painter, &tried.words.line(), theme::regular(size::BODY), palette.text, inner.width() - 28.0);
    painter.galley(inner.min, line, palette.text);
    let share = if tried.is_outdated { format!("{sure} \u{b7} {}", tried.by) } else { sure.clone() };
    let color = if tried.is_outdated { palette.text_dim } else { palette.accent };
    let below = inner.bottom() - 14.0;
    let room = inner.width() * 0.5;
    let name = elided(painter, verdict, theme::medium(size::SMALL), color, room);
    let after = inner.left() + name.size().x + 6.0;
    painter.galley(pos2(inner.left(), below), name, color);
    let rest = (inner.right() - 28.0 - after).max(0.0);
    let share = elided(painter, &share, theme::number(size::SMALL), palette.text_faint, rest);
    painter.galley(pos2(after, below), share, palette.text_faint);
    let words = if tried.pinned { "Unpin" } else { "Pin" };
    let label = format!("{words} {}", tried.words.text);
    pin.widget_info(|| WidgetInfo::selected(Role::Button, true, tried.pinned, &label));
    if tried.pinned || lively || pin.hovered() || pin.has_focus() {
        let color = match (tried.pinned, pin.hovered()) {
            (true, _) => palette.accent,
            (_, true) => palette.text,
            _ => palette.text_faint,
        };
        let font = egui::FontId::new(16.0, ICON_KEEP.font_family());
        painter.text(pin_rect.center(), Align2::CENTER_CENTER, ICON_KEEP.codepoint, font, color);
    }
    painter.hline(rect.x_range().shrink(8.0), rect.bottom(), Stroke::new(1.0, palette.line.gamma_multiply(0.5)));
    let pin = pin.on_hover_text(words);
    (response, pin)
}

fn offered_ui(ui: &mut Ui, words: &str, palette: &Palette) -> Response {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 30.0), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::ListItem, true, words));
    let painter = ui.painter();
    let lively = response.hovered() || response.has_focus();
    if lively {
        painter.rect_filled(rect.shrink2(vec2(0.0, 1.0)), 5.0, palette.hover.gamma_multiply(0.6));
    }
    let color = if lively { palette.text } else { palette.text_dim };
    let line = elided(painter, words, theme::regular(size::BODY), color, rect.width() - 16.0);
    let cut = line.elided;
    painter.galley(pos2(rect.left() + 8.0, rect.center().y - line.size().y / 2.0), line, color);
    if cut { response.on_hover_text(words.chars().take(800).collect::<String>()) } else { response }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(text: &str) -> Tried {
        Tried { words: Words::of(text), verdict: <_>::default(), by: "one".into(), pinned: false, is_outdated: false }
    }

    fn settle(history: &mut History, now: f64, text: &str) -> Option<f64> {
        history.settle(now, Some(&Words::of(text)))
    }

    fn kept(history: &History) -> Vec<&str> {
        history.tried.iter().map(|tried| tried.words.text.as_str()).collect()
    }

    #[test]
    fn only_a_text_that_stood_for_a_while_is_kept() {
        let mut history = History::default();
        history.answered(Words::of("Go"), <_>::default(), "one".into(), 0.0);
        assert!(settle(&mut history, 0.5, "Go").is_some());
        history.answered(Words::of("Good"), <_>::default(), "one".into(), 0.6);
        assert_eq!(settle(&mut history, 1.0, "Good!"), None, "the text went on before it had settled");
        history.answered(Words::of("Good!"), <_>::default(), "one".into(), 1.1);
        assert_eq!(settle(&mut history, 3.0, "Good!"), None);
        assert_eq!(kept(&history), ["Good!"]);
    }

    #[test]
    fn what_another_model_said_is_not_taken_for_what_this_one_says() {
        let mut history = History::default();
        history.keep(answered("Good"));
        history.answered(Words::of("Bad"), <_>::default(), "one".into(), 0.0);
        history.outdate();
        assert_eq!(settle(&mut history, 9.0, "Bad"), None);
        assert_eq!(kept(&history), ["Good"], "what was waiting is not kept as news");
        assert!(history.tried[0].is_outdated);
        history.keep(answered("Good"));
        assert!(!history.tried[0].is_outdated, "asked again");
        history.outdate();
        history.keep(Tried { by: "one at step 20".into(), ..answered("Good") });
        let by: Vec<&str> = history.tried.iter().map(|tried| tried.by.as_str()).collect();
        assert_eq!(by, ["one at step 20", "one"], "what two states say of a text stands side by side");
    }

    #[test]
    fn a_text_that_grows_replaces_its_beginning_unless_that_is_pinned() {
        let mut history = History::default();
        history.keep(answered("Good"));
        history.keep(answered("Good value"));
        assert_eq!(kept(&history), ["Good value"]);
        history.tried[0].pinned = true;
        history.keep(answered("Good value indeed"));
        history.keep(answered("Bad"));
        assert_eq!(kept(&history), ["Bad", "Good value indeed", "Good value"]);
    }
}
