//! What can be ordered of a run while it trains, in a row: rates, the next layer, an evaluation, a checkpoint, its end.

use std::path::PathBuf;

use egui::Ui;

use crate::train::config::{Group, LastEpoch, What};
use crate::train::limits;
use crate::ui::widgets::choice::choose;
use crate::ui::widgets::number::Number;
use crate::ui::widgets::state::sentence;
use crate::ui::widgets::{Button, text};
use crate::ui::workspace::RunView;
use crate::ui::{Action, Cx};
use crate::words;

/// What is chosen for the next order.
#[derive(Debug, Default)]
pub struct OrdersView {
    /// Of which run.
    dir: PathBuf,
    group: Option<Group>,
    /// The rate that was typed; the run's where none was.
    lr: Option<f64>,
}

impl OrdersView {
    pub fn ui(&mut self, ui: &mut Ui, run: &RunView, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        if self.dir != run.dir {
            *self = Self { dir: run.dir.clone(), ..Self::default() };
        }
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = egui::vec2(6.0, 4.0);
            ui.label(text::small("While it runs", palette));
            self.rates_ui(ui, run, cx);
            let next = run.orders.frozen.first().map_or("the next layer".to_owned(), |block| words::block(block));
            order_ui(ui, &format!("Thaw {next}"), What::Thaw, cx);
            order_ui(ui, "Evaluate now", What::Evaluate, cx);
            order_ui(ui, "Save a checkpoint", What::Checkpoint, cx);
            match run.orders.last_epoch {
                None => order_ui(ui, "Stop after this epoch", What::StopAfter(LastEpoch::This), cx),
                Some(last) => {
                    let what = What::StopAfter(LastEpoch::AsConfigured);
                    let button = Button::new(format!("Stops after epoch {last}")).small().selected(true);
                    let hint = "Press to train as long as it was configured";
                    if button.show(ui, palette).on_hover_text(hint).clicked() {
                        cx.act(Action::Order(what));
                    }
                }
            }
            if !run.orders.waiting.is_empty() {
                let words: Vec<String> = run.orders.waiting.iter().map(|what| what.words()).collect();
                let label = ui.label(text::small(sentence(&words.join(", ")), palette));
                label.on_hover_text("Followed when the step under way is done");
            }
        });
    }

    fn rates_ui(&mut self, ui: &mut Ui, run: &RunView, cx: &mut Cx<'_>) {
        let groups = std::iter::once(None).chain(Group::ALL.map(Some));
        let words = |group: &Option<Group>| group.map_or("all weights", Group::name);
        choose(ui, "Rate of", 128.0, &mut self.group, groups, words);
        let group = self.group;
        order_ui(ui, "Rate ×½", What::Factor { factor: 0.5, group }, cx);
        order_ui(ui, "Rate ×2", What::Factor { factor: 2.0, group }, cx);
        let mut lr = self.lr.unwrap_or(run.config.optim.lr);
        if Number::new("New rate", limits::PEAK_RATE).width(76.0).show(ui, &mut lr).changed() {
            self.lr = Some(lr);
        }
        order_ui(ui, "Set rate", What::Rate { lr, group }, cx);
    }
}

fn order_ui(ui: &mut Ui, words: &str, what: What, cx: &mut Cx<'_>) {
    let why_not = cx.workspace.why_not_order(what);
    let action = Action::Order(what);
    let response = Button::new(words).small().enabled(why_not.is_none()).show(ui, cx.palette);
    let response = match why_not {
        None => response.on_hover_text(action.tooltip()),
        Some(why) => response.on_disabled_hover_text(sentence(why)),
    };
    if response.clicked() {
        cx.act(action);
    }
}
