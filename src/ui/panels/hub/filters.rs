//! What narrows a search: task, family and language.

use egui::Ui;

use super::words::language;
use crate::hub::{Query, RepoKind, catalog};
use crate::model::Family;
use crate::task::Task;
use crate::ui::theme::space;
use crate::ui::widgets::choice::{choice, named};
use crate::ui::{Cx, format};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filters {
    pub task: Option<Task>,
    pub family: Option<Family>,
    pub language: Option<String>,
}

impl Filters {
    /// Draws them side by side; returns whether one was changed.
    pub fn ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, kind: RepoKind) -> bool {
        let before = self.clone();
        let with_family = kind == RepoKind::Model;
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = space::XS;
            // The names of languages are the longest.
            let (shares, gaps) = if with_family { ([0.32, 0.32, 0.36], 2.0) } else { ([0.5, 0.0, 0.5], 1.0) };
            let room = ui.available_width() - gaps * space::XS - 2.0;
            let own = cx.workspace.data.loaded.as_ref().map(|loaded| loaded.dataset.task);
            self.task_ui(ui, room * shares[0], own);
            if with_family {
                self.family_ui(ui, room * shares[1]);
            }
            self.language_ui(ui, room * shares[2], kind);
        });
        *self != before
    }

    fn task_ui(&mut self, ui: &mut Ui, width: f32, own: Option<Task>) {
        let shown = self.task.map_or("Task", Task::title);
        let tasks = Task::ALL.into_iter().filter(|task| task.pipeline().is_some());
        filter_ui(ui, ("Task", "Any task"), width, shown, &mut self.task, tasks, |task| {
            if own == Some(*task) { format!("{}, as your data", task.title()) } else { task.title().into() }
        });
    }

    fn family_ui(&mut self, ui: &mut Ui, width: f32) {
        let shown = self.family.map_or_else(|| "Family".into(), |family| format::family(family.model_type()));
        filter_ui(ui, ("Family", "Any family"), width, &shown, &mut self.family, Family::ALL, |family| {
            format::family(family.model_type())
        });
    }

    fn language_ui(&mut self, ui: &mut Ui, width: f32, kind: RepoKind) {
        let shown = self.language.as_deref().map_or_else(|| "Language".into(), language);
        let codes = languages(kind).into_iter().map(str::to_owned);
        filter_ui(ui, ("Language", "Any language"), width, &shown, &mut self.language, codes, |code| language(code));
    }

    pub fn query(&self, text: &str) -> Query {
        Query {
            text: text.to_owned(),
            task: self.task,
            family: self.family.map(|family| family.model_type().to_owned()),
            language: self.language.clone(),
            ..Query::default()
        }
    }

    /// Whether something in these languages is meant; none stands for very many.
    pub fn speaks(&self, languages: &[String]) -> bool {
        self.language.as_ref().is_none_or(|code| languages.is_empty() || languages.contains(code))
    }
}

/// A choice of one of some values or of any.
fn filter_ui<T: PartialEq>(
    ui: &mut Ui,
    (name, any): (&str, &str),
    width: f32,
    shown: &str,
    filter: &mut Option<T>,
    values: impl IntoIterator<Item = T>,
    words: impl Fn(&T) -> String,
) {
    choice(ui, name, width, shown, |ui| {
        if named(ui, filter.is_none(), any) {
            *filter = None;
        }
        for value in values {
            if named(ui, filter.as_ref() == Some(&value), &words(&value)) {
                *filter = Some(value);
            }
        }
    });
}

/// The languages of what is suggested, and a few that many search for.
fn languages(kind: RepoKind) -> Vec<&'static str> {
    let mut codes: Vec<&str> = match kind {
        RepoKind::Model => catalog::models().flat_map(|known| known.languages.iter().map(String::as_str)).collect(),
        RepoKind::DataSet => {
            catalog::data_sets().flat_map(|known| known.languages.iter().map(String::as_str)).collect()
        }
    };
    codes.extend(["ar", "de", "es", "fr", "hi", "it", "ja", "ko", "nl", "pl", "pt", "ru", "tr", "uk", "zh"]);
    codes.sort_by_key(|code| (*code != "en", language(code)));
    codes.dedup();
    codes
}
