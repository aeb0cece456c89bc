//! A setting that varies, over values that are named or over a range.

use egui::{Label, TextEdit, Ui};
use egui_material_icons::icons::ICON_CLOSE;
use toml::{Table, Value};

use crate::train::config::{Dropout, RunConfig};
use crate::train::limits;
use crate::ui::format;
use crate::ui::theme::{Palette, space};
use crate::ui::widgets::form::toggle;
use crate::ui::widgets::segmented::segmented;
use crate::ui::widgets::{Button, Number, text};

/// Settings that are offered, by their keys in a run's file.
pub const KNOWN: [(&str, &str); 17] = [
    ("optim.lr", "Learning rate"),
    ("run.batch", "Batch size"),
    ("run.epochs", "Epochs"),
    ("strategy.kind", "Trainable layers"),
    ("strategy.top_layers", "Layers from the top"),
    ("strategy.lora.rank", "LoRA rank"),
    ("optim.weight_decay", "Weight decay"),
    ("run.dropout", "Dropout"),
    ("optim.warmup", "Warm-up"),
    ("optim.layer_decay", "Rate decay by layer"),
    ("optim.label_smoothing", "Label smoothing"),
    ("data.max_tokens", "Max length"),
    ("distill.temperature", "Temperature of the teacher"),
    ("distill.soft", "Soft share of the teacher"),
    ("distill.hidden", "Weight of the teacher's hidden states"),
    ("distill.attention", "Weight of the teacher's attention"),
    ("distill.cosine", "Weight of the angle to the teacher"),
];
pub const OTHER: &str = "Another key of run.toml";

/// How a setting stands among the others.
#[derive(Clone, Copy)]
pub struct Among {
    pub is_grid: bool,
    /// It is not the last one, and may be taken out.
    pub can_go: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    pub key: String,
    /// One that is not offered, whose key is typed.
    is_other: bool,
    is_range: bool,
    /// As they are typed, with commas between.
    values: String,
    low: f64,
    high: f64,
    log: bool,
    /// Points of a grid.
    steps: usize,
}

impl Setting {
    /// A setting with values around that of the form.
    pub fn of(key: &str, config: &RunConfig) -> Self {
        let (batch, lr) = (config.run.batch.max(1), config.optim.lr);
        let rank = config.strategy.lora.rank.max(1);
        let own = |value: f64| format::trimmed(value, 6);
        let (values, range) = match key {
            "optim.lr" => (
                format!("{}, {}, {}", format::rate(lr / 3.0), format::rate(lr), format::rate(lr * 3.0)),
                Some((short(lr / 5.0), short(lr * 5.0), true)),
            ),
            "run.batch" => (format!("{}, {batch}, {}", (batch / 2).max(1), batch * 2), None),
            "run.epochs" => (format!("{}, {}", own(config.run.epochs), own(config.run.epochs * 2.0)), None),
            "strategy.kind" => ("head, top, full".to_owned(), None),
            "strategy.top_layers" => ("1, 2, 4".to_owned(), None),
            "strategy.lora.rank" => (format!("{}, {rank}, {}", (rank / 2).max(1), rank * 2), None),
            "optim.weight_decay" => ("0.0, 0.01, 0.1".to_owned(), Some((0.0, 0.1, false))),
            "run.dropout" => (dropout_values(config.run.dropout), Some((0.0, 0.3, false))),
            "optim.warmup" => ("0.0, 0.1, 0.2".to_owned(), Some((0.0, 0.3, false))),
            "optim.layer_decay" => ("0.8, 0.9, 1.0".to_owned(), Some((0.7, 1.0, false))),
            "optim.label_smoothing" => ("0.0, 0.05, 0.1".to_owned(), Some((0.0, 0.2, false))),
            "data.max_tokens" => {
                let tokens = config.data.max_tokens;
                (format!("{}, {tokens}", (tokens / 2).max(limits::FEWEST_TOKENS)), None)
            }
            "distill.temperature" => ("1.0, 2.0, 4.0".to_owned(), Some((1.0, 8.0, true))),
            "distill.soft" => ("0.0, 0.5, 1.0".to_owned(), Some((0.0, 1.0, false))),
            "distill.hidden" | "distill.attention" | "distill.cosine" => {
                ("0.0, 0.1, 1.0".to_owned(), Some((0.01, 10.0, true)))
            }
            _ => (String::new(), None),
        };
        let (low, high, log) = range.unwrap_or((0.0, 1.0, false));
        let is_other = !KNOWN.iter().any(|(known, _)| *known == key);
        Self { key: key.to_owned(), is_other, is_range: key == "optim.lr", values, low, high, log, steps: 3 }
    }

    fn title(&self) -> &str {
        KNOWN.iter().find(|(key, _)| *key == self.key).map_or(self.key.as_str(), |(_, title)| title)
    }

    /// Returns whether it is taken out.
    pub fn ui(&mut self, ui: &mut Ui, palette: &Palette, among: Among) -> bool {
        let Among { is_grid, can_go } = among;
        let mut is_taken = false;
        ui.push_id(("setting", self.title().to_owned()), |ui| {
            ui.horizontal(|ui| {
                ui.set_min_height(space::ROW);
                let title = if self.is_other { OTHER.to_owned() } else { self.title().to_owned() };
                ui.label(text::strong(&title, palette));
                if self.is_other {
                    let field = TextEdit::singleline(&mut self.key).hint_text("optim.clip").desired_width(150.0);
                    ui.add(field).accessible_name("Key of run.toml");
                } else {
                    ui.add(Label::new(text::number_dim(&self.key, palette)).truncate());
                }
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    let take = Button::icon_only(ICON_CLOSE, format!("Do not vary {}", title.to_lowercase())).small();
                    is_taken = take.enabled(can_go).show(ui, palette).clicked();
                    let choices = [(false, "Values"), (true, "Range")];
                    if let Some(is_range) = segmented(ui, palette, self.is_range, &choices, false) {
                        self.is_range = is_range;
                    }
                });
            });
            if self.is_range { self.range_ui(ui, palette, is_grid) } else { self.values_ui(ui) }
        });
        is_taken
    }

    fn values_ui(&mut self, ui: &mut Ui) {
        let name = format!("Values of {}", self.title().to_lowercase());
        let field = TextEdit::singleline(&mut self.values).hint_text("Values with commas between");
        ui.add(field.desired_width(f32::INFINITY)).accessible_name(name);
    }

    fn range_ui(&mut self, ui: &mut Ui, palette: &Palette, is_grid: bool) {
        let name = self.title().to_lowercase();
        ui.horizontal(|ui| {
            ui.label(text::dim("From", palette));
            Number::new(&format!("Lowest {name}"), limits::ANY).show(ui, &mut self.low);
            ui.label(text::dim("to", palette));
            Number::new(&format!("Highest {name}"), limits::ANY).show(ui, &mut self.high);
            if is_grid {
                ui.label(text::dim("in", palette));
                let steps = limits::between(2.0, 100.0);
                Number::new(&format!("Points of {name}"), steps).width(52.0).show(ui, &mut self.steps);
                ui.label(text::dim("points", palette));
            }
            toggle(ui, &format!("Orders of magnitude of {name}"), &mut self.log, palette);
            ui.label(text::dim("evenly over orders of magnitude", palette));
        });
    }

    /// As it stands in a description: the key, and its values or its range.
    pub fn written(&self, is_grid: bool) -> Result<(String, Value), String> {
        let key = self.key.trim();
        if key.is_empty() {
            return Err("name the key of run.toml that varies".to_owned());
        }
        if !self.is_range {
            return Ok((key.to_owned(), Value::Array(values(self.title(), &self.values)?)));
        }
        let mut range = Table::from_iter([
            ("low".to_owned(), Value::Float(self.low)),
            ("high".to_owned(), Value::Float(self.high)),
            ("log".to_owned(), Value::Boolean(self.log)),
        ]);
        if is_grid {
            range.insert("steps".to_owned(), Value::Integer(self.steps as i64));
        }
        Ok((key.to_owned(), Value::Table(range)))
    }
}

/// With as many digits as a person reads.
fn short(value: f64) -> f64 {
    format::rate(value).parse().unwrap_or(value)
}

fn dropout_values(dropout: Dropout) -> String {
    let own = if let Dropout::Rate(rate) = dropout { rate } else { 0.1 };
    let all = [0.0, own, (own * 2.0).min(0.5)];
    all.map(|rate| format!("{rate:?}")).join(", ")
}

/// Values with commas between: numbers, true and false, and words with quotes or without.
fn values(title: &str, typed: &str) -> Result<Vec<Value>, String> {
    let all: Vec<Value> = typed.split(',').map(str::trim).filter(|one| !one.is_empty()).map(value).collect();
    if all.is_empty() { Err(format!("name at least one value of {}", title.to_lowercase())) } else { Ok(all) }
}

fn value(typed: &str) -> Value {
    let read = toml::from_str::<Table>(&format!("v = {typed}")).ok();
    read.and_then(|mut table| table.remove("v")).unwrap_or_else(|| Value::String(typed.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::workspace::draft;

    #[test]
    fn values_are_read_as_they_stand_in_a_file_and_words_without_quotes_too() {
        let check = |typed: &str, expected: &[Value]| assert_eq!(values("Rate", typed).unwrap(), expected, "{typed}");
        check("1e-5, 3e-5 ,0.1", &[Value::Float(1e-5), Value::Float(3e-5), Value::Float(0.1)]);
        check("8,16,", &[Value::Integer(8), Value::Integer(16)]);
        check("head, \"top\", true", &["head".into(), "top".into(), Value::Boolean(true)]);
        assert_eq!(values("Rate", " , ").unwrap_err(), "name at least one value of rate");
    }

    #[test]
    fn a_setting_begins_around_what_the_form_has() {
        let mut config = draft::empty();
        (config.optim.lr, config.run.batch) = (2e-4, 16);
        let batch = Setting::of("run.batch", &config);
        assert_eq!((batch.values.as_str(), batch.is_range), ("8, 16, 32", false));
        let rate = Setting::of("optim.lr", &config);
        assert_eq!((rate.low, rate.high, rate.log), (4e-5, 1e-3, true));
        let (key, range) = rate.written(true).unwrap();
        assert_eq!((key.as_str(), range.get("steps").and_then(Value::as_integer)), ("optim.lr", Some(3)));
        assert!(rate.written(false).unwrap().1.get("steps").is_none());
        assert!(Setting::of("", &config).written(false).is_err());
    }
}
