//! What the heads matter for the loaded data, how that is measured, and how the model does on the sample with parts switched
//! off.

use std::sync::Arc;

use egui::{Label, Ui};

use super::Switchboard;
use crate::analysis::sample::Sampling;
use crate::analysis::switchboard::{Board, Question, ROWS, Scored};
use crate::data::Dataset;
use crate::metrics::Measure;
use crate::task::Targets;
use crate::ui::panels::explore::working;
use crate::ui::saving::Saving;
use crate::ui::theme::{Palette, space};
use crate::ui::widgets::choice::choose;
use crate::ui::widgets::line::{self, line};
use crate::ui::widgets::save::save_menu;
use crate::ui::widgets::{Button, text};
use crate::ui::workspace::{Screen, Workspace};
use crate::ui::{Action, Cx, format};
use crate::worker::protocol::LoadedDataset;
use crate::worker::work::AnyWork;
use crate::worker::works::switchboard::MeasureHeads;

/// Rows of a sample.
const ROW_CHOICES: [usize; 4] = [100, ROWS, 1000, 3000];

/// How the heads are measured.
#[derive(Clone, Copy, Debug)]
pub struct Measuring {
    pub rows: usize,
    pub exact: bool,
}

impl Default for Measuring {
    fn default() -> Self {
        Self { rows: ROWS, exact: false }
    }
}

impl Switchboard {
    pub(super) fn sample_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        if let Some(job) = cx.workspace.job_of::<MeasureHeads>().cloned() {
            return working::ui(ui, cx, &job);
        }
        let palette = cx.palette;
        let Some(loaded) = cx.workspace.data.loaded.clone() else {
            note(
                ui,
                "Open data with labels, and each head is measured by what the task would lose without it",
                palette,
            );
            if Button::new("Go to Data").show(ui, palette).clicked() {
                cx.act(Action::Go(Screen::Data));
            }
            return;
        };
        if let Some(words) = cannot_measure(&loaded) {
            note(ui, words, palette);
            return;
        }
        if let Some(board) = self.board.clone() {
            self.scores_ui(ui, cx, &board);
            ui.add_space(space::M);
        } else if let Some(why) = why_not(cx.workspace) {
            note(ui, why, palette);
        } else {
            note(
                ui,
                "A sample of the data goes through the model, and each head is coloured by how fast the loss changes with it. \
                 From then on the metric follows what is switched off.",
                palette,
            );
        }
        self.measuring.ui(ui, cx, &loaded, self.board.is_some());
    }

    /// How the model does, whole and as it is switched.
    fn scores_ui(&self, ui: &mut Ui, cx: &mut Cx<'_>, board: &Arc<Board>) {
        let palette = cx.palette;
        let key = Measure::main(board.task);
        line(ui, 26.0, |ui| {
            let kept = board.clone();
            let numbers = move || {
                let kept = kept.clone();
                Saving::csv("heads", move || kept.table())
            };
            save_menu(ui, cx, &[("Heads as CSV…", &numbers)]);
            line::left(ui, |ui| {
                let rows = format::plural(board.sample.rows as u64, "row", "rows");
                ui.label(text::strong(format!("{} on {rows}", format::metric_title(key)), palette));
            });
        });
        let says = |scored: Scored| format!("{}, loss {:.4}", format::metric(key, scored.metric), scored.loss);
        ui.add(Label::new(text::body(format!("Whole {}", says(board.whole)), palette)).wrap());
        if let Some(asked) = self.score_of() {
            let words = match (self.score(&asked), self.failure(&asked)) {
                (Some(scored), _) => format!("As it is switched {}", says(scored)),
                (None, Some(error)) => error.to_owned(),
                (None, None) => "Predicting the sample as it is switched…".to_owned(),
            };
            ui.add(Label::new(text::strong(words, palette)).wrap());
        }
        for words in board.sample.notes() {
            ui.add(Label::new(text::faint(words, palette)).wrap());
        }
    }
}

impl Measuring {
    fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, loaded: &Arc<LoadedDataset>, again: bool) {
        let palette = cx.palette;
        ui.horizontal_wrapped(|ui| {
            ui.label(text::dim("Rows", palette));
            let words = |rows: &usize| format::count(*rows as u64);
            choose(ui, "Rows of the sample", 88.0, &mut self.rows, ROW_CHOICES, words);
            ui.checkbox(&mut self.exact, "Each off by itself")
                .on_hover_text("Predicts the sample once for each head and feed-forward");
        });
        let words = if again { "Measure again" } else { "Measure the heads" };
        let button = if again { Button::new(words) } else { Button::new(words).primary() };
        if button.show(ui, palette).clicked() {
            let Some(model) = cx.workspace.explore.model.clone() else { return };
            let (data, among) = sampled(loaded);
            let (seed, max_tokens) = (cx.workspace.data.rule.seed, cx.workspace.length().max_tokens);
            let wanted = Sampling { model, data, among, rows: self.rows, seed, max_tokens };
            let question = Question { wanted, exact: self.exact };
            cx.act(Action::Work(AnyWork::new(MeasureHeads { question })));
        }
    }
}

/// The rows that are held out, where there are any: the model has not learned them.
fn sampled(loaded: &LoadedDataset) -> (Arc<Dataset>, Arc<[usize]>) {
    let data = loaded.eval.as_ref().unwrap_or(&loaded.dataset).clone();
    let held_out = &loaded.split.eval;
    let among = if held_out.is_empty() { (0..data.examples.len()).collect() } else { held_out.as_slice().into() };
    (data, among)
}

/// What was measured of the model that is asked and the data that are open.
pub fn found(workspace: &Workspace) -> Option<Arc<Board>> {
    answer(workspace)?.as_ref().ok().cloned()
}

fn why_not(workspace: &Workspace) -> Option<&str> {
    answer(workspace)?.as_ref().err().map(String::as_str)
}

fn answer(workspace: &Workspace) -> Option<&Result<Arc<Board>, String>> {
    let (work, answer) = workspace.worked::<MeasureHeads>()?;
    let wanted = &work.question.wanted;
    let loaded = workspace.data.loaded.as_ref()?;
    let is_same = Arc::ptr_eq(&sampled(loaded).0, &wanted.data);
    (is_same && workspace.explore.model.as_ref() == Some(&wanted.model)).then_some(answer)
}

/// Why the heads cannot be measured on these data, where they cannot.
fn cannot_measure(loaded: &LoadedDataset) -> Option<&'static str> {
    let data = &loaded.dataset;
    match data.task.targets() {
        Targets::Class | Targets::Classes | Targets::Number | Targets::Tags | Targets::Span | Targets::Hidden => {
            let is_said = data.is_labelled() || data.makes_its_own_labels();
            (!is_said).then_some(
                "Heads are measured by what is right of each row. These rows do not say it, or their columns are not \
                 chosen: choose them in Data.",
            )
        }
        Targets::Replaced => Some(
            "Heads that tell replaced tokens cannot be measured on a sample: the words that stand in for others in \
             training come from a generator, which the model no longer has. What it says of the text follows the switches.",
        ),
    }
}

fn note(ui: &mut Ui, words: &str, palette: &Palette) {
    ui.add(Label::new(text::dim(words, palette)).wrap());
    ui.add_space(space::XS);
}
