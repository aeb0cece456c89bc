//! Which columns are asked about, what is written, and where to.

use std::path::PathBuf;

use egui::{Label, Margin, TextEdit, Ui};
use egui_material_icons::icons::{ICON_BATCH_PREDICTION, ICON_DELETE, ICON_REPLAY};

use super::FileView;
use crate::batch::{Chosen, Kept, Kind, Place, Plan, Survey, has_probabilities};
use crate::task::{Reads, Task};
use crate::ui::theme::space;
use crate::ui::widgets::choice::{choice, choose, named};
use crate::ui::widgets::form;
use crate::ui::widgets::segmented::segmented;
use crate::ui::widgets::{Button, state, text};
use crate::ui::{Cx, format};

/// Width of a choice.
const CHOICE: f32 = 190.0;
const NONE: &str = "none";

impl FileView {
    pub(super) fn form_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, survey: &Survey) {
        let Some(task) = self.task(cx.workspace) else { return };
        let place = self.place(cx.workspace).cloned();
        let plan = self.plan(cx.workspace, survey).filter(|_| survey.chosen.is_ok());
        let kept = place.as_ref().filter(|place| place.refused.is_none()).and_then(|place| place.kept.clone());
        if let (Some(plan), Some(kept)) = (&plan, &kept) {
            // Above the form, which a small window does not show whole.
            self.kept_ui(ui, cx, plan.clone(), kept);
        }
        notes_ui(ui, cx, survey);
        form::heading(ui, "What is asked", cx.palette, |_| ());
        self.task_ui(ui, cx, task);
        self.columns_ui(ui, cx, survey, task);
        form::heading(ui, "What is written", cx.palette, |_| ());
        self.kind_ui(ui, cx, survey, task);
        self.extras_ui(ui, cx, task);
        self.out_ui(ui, cx);
        ui.add_space(space::XS);
        if let Some(plan) = plan.filter(|_| kept.is_none()) {
            self.press_ui(ui, cx, survey, plan, place.as_ref());
        }
    }

    /// Which head is asked, where there are several.
    fn task_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, mut task: Task) {
        let heads = cx.workspace.explore.subject.as_ref().map(|subject| subject.heads.clone()).unwrap_or_default();
        if heads.len() < 2 {
            return;
        }
        form::row(ui, "Task", "", cx.palette, |ui| {
            if choose(ui, "Task to predict", CHOICE, &mut task, heads, |head| head.title()) {
                self.head = Some(task);
            }
        });
    }

    fn columns_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, survey: &Survey, task: Task) {
        let palette = cx.palette;
        let (first, second) = column_names(task);
        let now = survey.chosen.clone().ok();
        let mut wanted = now.clone();
        let shown = now.as_ref().map_or("choose a column", |now| now.first.as_str());
        form::row(ui, first, "The column that is asked about", palette, |ui| {
            choice(ui, first, CHOICE, shown, |ui| {
                for column in survey.columns.iter() {
                    if named(ui, now.as_ref().is_some_and(|now| now.first == *column), column) {
                        let second = now.as_ref().and_then(|now| now.second.clone()).filter(|second| second != column);
                        wanted = Some(Chosen { first: column.clone(), second });
                    }
                }
            });
        });
        if let (Some(second), Some(now)) = (second, &now) {
            let shown = now.second.as_deref().unwrap_or(NONE);
            form::row(ui, second, "", palette, |ui| {
                choice(ui, second, CHOICE, shown, |ui| {
                    let none = Chosen { second: None, ..now.clone() };
                    if task.reads() == Reads::Texts && named(ui, now.second.is_none(), NONE) {
                        wanted = Some(none);
                    }
                    for column in survey.columns.iter().filter(|column| **column != now.first) {
                        if named(ui, now.second.as_ref() == Some(column), column) {
                            wanted = Some(Chosen { second: Some(column.clone()), ..now.clone() });
                        }
                    }
                });
            });
        }
        if wanted != now {
            self.chosen = wanted;
        }
        if let Err(reason) = &survey.chosen {
            state::warning(ui, palette, "Choose what is asked about", reason, |_| ());
        }
    }

    fn kind_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, survey: &Survey, task: Task) {
        let now = Kind::of(&PathBuf::from(self.out.typed.trim())).ok();
        let fitting = Kind::ALL.into_iter().filter(|kind| kind.check(task, survey.has_ids).is_ok());
        let choices: Vec<(Option<Kind>, &str)> = fitting.map(|kind| (Some(kind), kind.title())).collect();
        form::row(ui, "Format", "As the ending of the file says", cx.palette, |ui| {
            if let Some(Some(kind)) = segmented(ui, cx.palette, now, &choices, false) {
                let path = PathBuf::from(self.out.typed.trim()).with_extension(kind.ending());
                self.out.typed = path.display().to_string();
                self.out.is_own = true;
            }
        });
        let words = match now {
            Some(Kind::Csv) => "All columns of the file, and those of the prediction beside them",
            Some(Kind::Lines) => "One object a line, as attune predict prints it, without the columns of the file",
            Some(Kind::Conll) => "Each word with its tag",
            Some(Kind::Answers) => "The best answer by the id of its question, as the scripts of SQuAD read it",
            None => "The ending says how it is written: .csv, .jsonl, .conll or .json",
        };
        ui.add(Label::new(text::faint(words, cx.palette)).wrap());
    }

    fn extras_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, task: Task) {
        let palette = cx.palette;
        let is_sheet = Kind::of(&PathBuf::from(self.out.typed.trim())).is_ok_and(|kind| kind == Kind::Csv);
        if has_probabilities(task) && is_sheet {
            form::row(ui, "Probability of every label", "A column for each label", palette, |ui| {
                form::toggle(ui, "Probability of every label", &mut self.probabilities, palette);
            });
        }
        if task.reads() == Reads::Question {
            form::row(ui, "May say that there is no answer", "", palette, |ui| {
                form::toggle(ui, "May say that there is no answer", &mut self.no_answer, palette);
            });
        }
    }

    fn out_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>) {
        ui.label(text::label("File", cx.palette));
        let field =
            TextEdit::singleline(&mut self.out.typed).margin(Margin::symmetric(8, 6)).desired_width(f32::INFINITY);
        if ui.add(field).accessible_name("File to write").changed() {
            self.out.is_own = true;
        }
    }

    /// What lies there, and the press that begins.
    fn press_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, survey: &Survey, plan: Plan, place: Option<&Place>) {
        let palette = cx.palette;
        let refused = place.and_then(|place| place.refused.as_ref());
        if let Some(reason) = refused {
            state::warning(ui, palette, "It cannot be written there", reason, |_| ());
        }
        let is_taken = place.is_some_and(|place| place.is_taken && refused.is_none());
        if is_taken {
            let words = "A file of this name is there. It is replaced once the new one is whole.";
            ui.add(Label::new(text::dim(words, palette)).wrap());
        }
        let rows = format::plural((survey.rows + survey.unreadable) as u64, "row", "rows");
        let words = if is_taken { format!("Predict {rows} and replace it") } else { format!("Predict {rows}") };
        // Until it is known what lies there, nothing is begun.
        let can = place.is_some() && refused.is_none();
        let button = Button::new(words).icon(ICON_BATCH_PREDICTION).name("Predict all rows").enabled(can);
        // Where it was just written, the next step is to look at it.
        let button = if self.written(cx.workspace).is_some() { button } else { button.primary() };
        if button.show(ui, palette).clicked() {
            self.begin(plan, cx);
        }
    }

    /// What was interrupted is there.
    fn kept_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, plan: Plan, kept: &Kept) {
        let palette = cx.palette;
        let of = kept.total.map(|total| format!(" of {}", format::count(total as u64))).unwrap_or_default();
        let rows = format!("{}{of} rows", format::count(kept.rows as u64));
        let words = match kept.another {
            None => format!("{rows} are there from before, and the rest can follow."),
            Some(what) => format!("{rows} are there, predicted with {what}, so the rest cannot follow them."),
        };
        let title = "This prediction was interrupted";
        let out = plan.out.clone();
        let (goes_on, discards) = state::warning(ui, palette, title, &words, |ui| {
            ui.horizontal(|ui| {
                let on = Button::new("Resume").icon(ICON_REPLAY).primary();
                let goes_on = kept.another.is_none() && on.show(ui, palette).clicked();
                let anew = Button::new("Discard it").icon(ICON_DELETE).name("Discard what was interrupted");
                (goes_on, anew.show(ui, palette).clicked())
            })
            .inner
        });
        if goes_on {
            self.begin(Plan { resumes: true, ..plan }, cx);
        } else if discards {
            self.discard(&out, cx);
        }
    }
}

/// What the columns are called that are asked about.
fn column_names(task: Task) -> (&'static str, Option<&'static str>) {
    match task.reads() {
        Reads::Question => ("Question", Some("Context")),
        Reads::Texts | Reads::Neighbours(_) => ("Text", Some("Second text")),
        Reads::Words => ("Text or words", None),
        Reads::Running => ("Text", None),
    }
}

/// How it was read, where that is not plain to see.
fn notes_ui(ui: &mut Ui, cx: &Cx<'_>, survey: &Survey) {
    let palette = cx.palette;
    let read = &survey.read;
    let unreadable = (survey.unreadable > 0).then(|| {
        let rows = format::plural(survey.unreadable as u64, "row cannot", "rows cannot");
        format!("{rows} be read and will have the reason in place of a prediction")
    });
    let encoding = read.encoding.map(|encoding| format!("It is read as {encoding}"));
    let replaced = (read.replaced > 0)
        .then(|| format!("{} mean nothing in its encoding", format::plural(read.replaced as u64, "byte", "bytes")));
    let notes = read.notes.iter().map(|note| state::sentence(note));
    for note in notes.chain(encoding).chain(replaced).chain(unreadable) {
        ui.add(Label::new(text::dim(note, palette)).wrap());
    }
}
