//! Rates of single weights: a line for each pattern of names, with its own rate or a factor on the one that its weights
//! would have.

use egui::{Align, Layout, TextEdit, Ui, vec2};
use egui_material_icons::icons::{ICON_ADD, ICON_CLOSE};

use crate::train::config::{Optim, WeightRate};
use crate::train::limits;
use crate::ui::Palette;
use crate::ui::widgets::form::{LINE, row};
use crate::ui::widgets::number::said_ui;
use crate::ui::widgets::{Button, Number};

const NAMES: &str = "Names of weights, with * for any letters: *.attention.*, layers.8-11, *.bias. \
    There layers.0 is layer 1. Where several name a weight, the last one counts.";

pub fn by_pattern_ui(ui: &mut Ui, optim: &mut Optim, palette: &Palette) {
    row(ui, "Rates by weight name", NAMES, palette, |ui| {
        if Button::new("Add")
            .icon(ICON_ADD)
            .quiet()
            .small()
            .name("Add a rate by weight name")
            .show(ui, palette)
            .clicked()
        {
            // A factor of 1 changes nothing until it is typed over.
            optim.rates.push(WeightRate { pattern: "*.attention.*".to_owned(), lr: None, factor: Some(1.0) });
        }
    });
    let lr = optim.lr;
    let mut gone = None;
    for (place, own) in optim.rates.iter_mut().enumerate() {
        ui.push_id(("weight rate", place), |ui| {
            if line_ui(ui, place + 1, own, lr, palette) {
                gone = Some(place);
            }
        });
        said_ui(ui, palette);
    }
    if let Some(place) = gone {
        optim.rates.remove(place);
    }
}

/// One line; returns whether it is to be removed.
fn line_ui(ui: &mut Ui, number: usize, own: &mut WeightRate, lr: f64, palette: &Palette) -> bool {
    let width = ui.available_width();
    ui.allocate_ui_with_layout(vec2(width, LINE), Layout::right_to_left(Align::Center), |ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        let remove = Button::icon_only(ICON_CLOSE, format!("Remove rate {number}")).quiet().small();
        let gone = remove.show(ui, palette).clicked();
        let (factor, name) = (format!("Factor {number}"), format!("Rate {number}"));
        match (&mut own.lr, &mut own.factor) {
            (Some(rate), _) => drop(Number::new(&name, limits::LEARNING_RATE).width(76.0).show(ui, rate)),
            (None, held) => {
                let value = held.get_or_insert(1.0);
                Number::new(&factor, limits::RATE_FACTOR).width(76.0).show(ui, value);
            }
        }
        let (shown, hint) = match own.lr {
            Some(_) => ("=", "A rate of their own; click for a factor instead"),
            None => ("×", "A factor on the rate they would have; click for a rate of their own instead"),
        };
        let kind = Button::new(shown).quiet().small().name(format!("Kind of rate {number}"));
        if kind.show(ui, palette).on_hover_text(hint).clicked() {
            (own.lr, own.factor) = if own.lr.is_some() { (None, Some(1.0)) } else { (Some(lr), None) };
        }
        let edit = TextEdit::singleline(&mut own.pattern)
            .margin(egui::Margin::symmetric(8, 5))
            .hint_text("*.attention.*")
            .desired_width(ui.available_width().max(60.0));
        ui.add(edit).on_hover_text(NAMES).accessible_name(format!("Weights of rate {number}"));
        gone
    })
    .inner
}
