//! Two texts in both orders: does the second follow the first, are they as they stood?

use egui::{RichText, Ui, vec2};
use serde_json::{Map, Value};

use crate::inspect::explore::Orders as Said;
use crate::inspect::{AnyInquiry, Prediction, Question, Reply, Subject};
use crate::task::{Mismatch, Reads, Task};
use crate::ui::panels::explore::keeping::{self, Nothing, Unread};
use crate::ui::panels::explore::samples;
use crate::ui::panels::explore::text_box::TextBox;
use crate::ui::panels::explore::told::{self, Told};
use crate::ui::panels::explore::view::{Changed, Kind, View, beside, tried};
use crate::ui::panels::explore::words::Words;
use crate::ui::theme::{self, Palette, size};
use crate::ui::tiles::{Layout, Pane};
use crate::ui::widgets::bars::{Bar, bars};
use crate::ui::widgets::text;
use crate::ui::{Cx, format};

pub const KIND: Kind =
    Kind { name: "", title: "", heads: &[Task::Nsp, Task::Sop], make: || Box::new(Orders::default()) };

const TEXT: Pane = Pane::new("text", "Text");
const ANSWER: Pane = Pane::new("answer", "Prediction");

#[derive(Debug, Default)]
struct Orders {
    text_box: TextBox,
    told: Told,
    /// None until a model with such a head is looked at.
    head: Option<Task>,
}

impl View for Orders {
    fn layout(&self) -> Layout {
        beside(vec![(1.1, TEXT.into()), (1.0, ANSWER.into())], tried())
    }

    fn pane_ui(&mut self, pane: Pane, ui: &mut Ui, cx: &mut Cx<'_>) -> Changed {
        match pane {
            TEXT => return self.text_box.ui(ui, cx, self.head, true, &self.told),
            _ => self.answer_ui(ui, cx),
        }
        Changed::No
    }

    fn turn_to(&mut self, head: Task) {
        if self.head.is_none() && self.text_box.words.text.is_empty() {
            self.text_box.words = texts(head).swap_remove(0);
        }
        self.head = Some(head);
    }

    fn wanted(&self, _: &Words) -> Option<AnyInquiry> {
        let has_pair = |words: &Words| words.pair.as_ref().is_some_and(|pair| !pair.trim().is_empty());
        Some(self.words().filter(|words| !words.are_blank() && has_pair(words))?.ask(self.head?))
    }

    fn told(&mut self) -> Option<&mut Told> {
        Some(&mut self.told)
    }

    fn words(&self) -> Option<Words> {
        Some(self.text_box.words.clone()).filter(|words| !words.say_the_same(&Words::default()))
    }

    fn set(&mut self, words: Words) {
        self.text_box.words = words;
    }

    fn kept(&self, _: &Words) -> Map<String, Value> {
        keeping::written(&Nothing {})
    }

    fn restore(&mut self, kept: Map<String, Value>, _: &Words) -> Result<(), Unread> {
        keeping::read::<Nothing>(kept).map(|_| ())
    }

    fn samples(&self, _: &Subject) -> Vec<Words> {
        self.head.map_or_else(Vec::new, texts)
    }

    fn verdict(&self, reply: &Reply) -> (String, String) {
        let Some(Prediction::Orders(orders)) = reply.to::<Question>().map(|answer| &answer.result) else {
            return <_>::default();
        };
        let surest = orders.given.iter().max_by(|a, b| a.1.total_cmp(&b.1));
        surest.map_or_else(Default::default, |(name, share)| (name.replace('_', " "), format::percent(*share)))
    }
}

impl Orders {
    fn answer_ui(&self, ui: &mut Ui, cx: &Cx<'_>) {
        if !told::begin(ui, cx, &self.told, &self.text_box.words) {
            return;
        }
        if let Some(Prediction::Orders(orders)) = self.told.answer().map(|answer| &answer.result) {
            self.orders_ui(ui, orders, cx.palette);
        }
    }

    /// Both orders side by side, so that one sees whether the order is what the model goes by.
    fn orders_ui(&self, ui: &mut Ui, orders: &Said, palette: &Palette) {
        let hoped = orders.given.first().map_or(0.0, |(_, share)| *share);
        self.told.head_ui(ui, palette, |ui| {
            let (yes, no) = if self.head.is_some_and(is_of_elsewhere) {
                ("The second follows the first", "The second does not follow")
            } else {
                ("In their order", "Swapped")
            };
            let (words, color) = if hoped >= 0.5 { (yes, palette.good) } else { (no, palette.warn) };
            ui.label(RichText::new(words).font(theme::semibold(size::TITLE)).color(color));
            let sure = format::percent(hoped.max(1.0 - hoped));
            ui.label(RichText::new(sure).font(theme::number(size::HEAD)).color(palette.text_dim));
        });
        ui.add_space(4.0);
        let both = [("In this order", &orders.given), ("In reverse order", &orders.swapped)];
        ui.spacing_mut().item_spacing = vec2(24.0, 2.0);
        ui.columns(2, |columns| {
            for (ui, (name, shares)) in columns.iter_mut().zip(both) {
                order_ui(ui, name, shares, palette);
            }
        });
    }
}

/// Whether a head tells texts that follow each other from others, and not from the same in the other order.
fn is_of_elsewhere(head: Task) -> bool {
    head.reads() == Reads::Neighbours(Mismatch::Elsewhere)
}

fn texts(head: Task) -> Vec<Words> {
    samples::pairs(if is_of_elsewhere(head) { &samples::PAIRS } else { &samples::ORDERS })
}

fn order_ui(ui: &mut Ui, name: &str, shares: &[(String, f64)], palette: &Palette) {
    ui.label(text::label(name, palette));
    let bars_of = shares
        .iter()
        .enumerate()
        .map(|(place, (name, share))| Bar::of(title(name), *share, palette.label(2 - 2 * place.min(1)), *share >= 0.5));
    let list: Vec<Bar<'_>> = bars_of.collect();
    ui.push_id(name, |ui| bars(ui, &list, ui.available_width() * 0.35, false, palette));
}

/// The name of an output of the two heads on the order of texts.
pub fn title(label: &str) -> &str {
    match label {
        "is_next" => "follows",
        "not_next" => "does not follow",
        "in_order" => "in order",
        other => other,
    }
}
