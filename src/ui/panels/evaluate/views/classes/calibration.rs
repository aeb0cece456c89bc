//! Whether confidences can be believed, as they are and with the best temperature.

use egui::{Ui, vec2};

use crate::metrics::{Calibration, FEWEST, Reliability};
use crate::ui::format;
use crate::ui::theme::{Palette, space};
use crate::ui::widgets::reliability::{Range, reliability};
use crate::ui::widgets::segmented::segmented;
use crate::ui::widgets::stat::{Stat, stat};
use crate::ui::widgets::text;

/// `after` is whether the temperature is applied; returns what it is from now on.
pub fn ui(ui: &mut Ui, calibration: &Calibration, after: bool, palette: &Palette) -> bool {
    let Some(held) = &calibration.held else {
        without_ui(ui, calibration, palette);
        return false;
    };
    let mut after = after;
    let temperature = format!("Temperature {:.2}", calibration.temperature);
    ui.horizontal(|ui| {
        let choices = [(false, "As it is"), (true, temperature.as_str())];
        if let Some(chosen) = segmented(ui, palette, after, &choices, false) {
            after = chosen;
        }
        let hint = if after {
            "Each half of the texts judged with the temperature that fits the other half"
        } else if calibration.temperature > 1.0 {
            "Red is missing accuracy or confidence; this model is overconfident"
        } else {
            "Red is missing accuracy or confidence; this model is underconfident"
        };
        ui.add(egui::Label::new(text::faint(hint, palette)).truncate());
    });
    ui.add_space(space::XS);
    diagram_ui(ui, calibration, if after { held } else { &calibration.before }, after, palette);
    after
}

/// Where there is no temperature to be tried, and why.
fn without_ui(ui: &mut Ui, calibration: &Calibration, palette: &Palette) {
    let count = calibration.before.bins.iter().map(|bin| bin.count).sum::<u64>();
    let words = if count < FEWEST as u64 {
        format!("{} are too few to find a temperature by; it takes {FEWEST}", format::plural(count, "text", "texts"))
    } else {
        "A temperature takes texts of two classes or more; of an older evaluation, evaluate again".to_owned()
    };
    ui.add(egui::Label::new(text::dim(words, palette)).wrap());
    ui.add_space(space::XS);
    diagram_ui(ui, calibration, &calibration.before, false, palette);
}

fn diagram_ui(ui: &mut Ui, calibration: &Calibration, shown: &Reliability, after: bool, palette: &Palette) {
    numbers_ui(ui, calibration, shown, after, palette);
    ui.add_space(space::XS);
    let ranges: Vec<Range> = shown
        .bins
        .iter()
        .map(|bin| Range { count: bin.count, accuracy: bin.accuracy, confidence: bin.confidence })
        .collect();
    let name = format!("Reliability diagram, calibration error {}", format::percent(shown.ece));
    reliability(ui, ui.available_size(), &ranges, &name, palette);
}

fn numbers_ui(ui: &mut Ui, calibration: &Calibration, shown: &Reliability, after: bool, palette: &Palette) {
    let was = &calibration.before;
    let share = |value: f64| format!("{:.2} %", value * 100.0);
    let plain = |value: f64| format!("{value:.4}");
    let numbers = [
        ("Calibration error", share(shown.ece), share(was.ece), shown.ece < was.ece),
        ("Largest gap", share(shown.mce), share(was.mce), shown.mce < was.mce),
        ("Brier", plain(shown.brier), plain(was.brier), shown.brier < was.brier),
        ("Log loss", plain(shown.nll), plain(was.nll), shown.nll < was.nll),
    ];
    let width = (ui.available_width() / 4.0 - 8.0).max(60.0);
    ui.allocate_ui(vec2(ui.available_width(), 36.0), |ui| {
        ui.horizontal(|ui| {
            for (title, value, before, better) in numbers {
                let note = if after { format!("was {before}") } else { String::new() };
                let color = (after && better).then_some(palette.good);
                stat(ui, &Stat { title, value: &value, note: &note, color }, width, palette)
                    .on_hover_text(explain(title));
            }
        });
    });
}

fn explain(title: &str) -> &'static str {
    match title {
        "Calibration error" => "Mean distance of confidence and accuracy over the ranges, by their texts (ECE)",
        "Largest gap" => "The range with the largest distance (MCE)",
        "Brier" => "Mean squared distance of the probabilities from the truth",
        _ => "Mean negative logarithm of the true class's probability",
    }
}
