//! The time machine: a slider over the states that a run kept of its course. What is moved to is the model from then on, and
//! all that Explore shows follows.

use egui::{Ui, vec2};

use super::strip::{Asks, Strip};
use crate::inspect::Subject;
use crate::ui::theme::Palette;
use crate::ui::widgets::course_slider::course_slider;
use crate::ui::widgets::help::{Help, help};
use crate::ui::widgets::line::{self, line};
use crate::ui::widgets::{Button, text};
use crate::ui::{Action, Cx, format};

const HOW: Help<'_> = Help {
    title: "Time machine",
    paragraphs: &[
        "The run kept what it trains as it was before the first update, after the last, and evenly spaced between. The point \
         that is chosen is the model from then on: every answer, map and picture here is that of the state.",
        "What is not trained is the same in all states and is read from the run's model. Thresholds that were decided for \
         that model are not those of a state.",
        "Every state opens them one after the other and asks each the text that is looked at: where the answer turned is \
         marked, and a press goes there. Of a class the bar is its probability, of a number where it lies between the \
         least and the most of the states.",
    ],
    papers: &[],
};
/// Room for the words beside the slider.
const WORDS: f32 = 168.0;

pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, subject: &Subject, strip: &mut Strip, asks: &Asks<'_>) {
    let Some(course) = &subject.course else { return };
    let palette = cx.palette;
    let steps: Vec<u64> = course.states.iter().map(|state| state.step).collect();
    let at = course.at.and_then(|at| steps.iter().position(|step| *step == at));
    ui.add_space(4.0);
    line(ui, 26.0, |ui| {
        let whole = Button::new("Run's model").small().selected(at.is_none()).enabled(at.is_some());
        let hint = "The weights that the run kept as its model: the best, or the last";
        if whole.show(ui, palette).on_hover_text(hint).clicked() {
            cx.act(Action::ExploreWith(course.whole.clone()));
        }
        help(ui, &HOW, palette);
        strip.press_ui(ui, cx, course, asks);
        words_ui(ui, &steps, at, palette);
        line::left(ui, |ui| {
            ui.label(text::dim("Time machine", palette));
            if let Some(place) = course_slider(ui, "State of the run", &steps, at, palette) {
                cx.act(Action::LookAtState(course.states[place].dir.clone()));
            }
        });
    });
    strip.ui(ui, cx, course, asks);
}

/// Which step is looked at, of how many, with room for any of them so that nothing moves under the pointer.
fn words_ui(ui: &mut Ui, steps: &[u64], at: Option<usize>, palette: &Palette) {
    let last = steps.last().copied().unwrap_or_default();
    let words = match at {
        Some(at) => format!("step {} of {}", format::count(steps[at]), format::count(last)),
        None => "the kept weights".to_owned(),
    };
    ui.allocate_ui_with_layout(vec2(WORDS, 24.0), egui::Layout::right_to_left(egui::Align::Center), |ui| {
        ui.label(text::number_dim(words, palette))
    });
}
