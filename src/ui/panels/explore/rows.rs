//! A row taken from the loaded data: the next, the one before, or any, with what the data says is right.

use std::path::PathBuf;
use std::sync::{Arc, Weak};

use egui::Ui;
use egui_material_icons::icons::{ICON_CHEVRON_LEFT, ICON_CHEVRON_RIGHT, ICON_SHUFFLE};

use crate::data::Dataset;
use crate::inspect::gold::{self, Row};
use crate::task::Task;
use crate::ui::widgets::{Button, text};
use crate::ui::workspace::Workspace;
use crate::ui::{Action, Cx, format};
use crate::worker::protocol::LoadedDataset;
use crate::worker::work::AnyWork;
use crate::worker::works::unseen::FindUnseen;

/// The examples that are offered: of an evaluation file, where there is one of its own.
fn offered(loaded: &LoadedDataset) -> &Arc<Dataset> {
    loaded.eval.as_ref().unwrap_or(&loaded.dataset)
}

/// The rows that the run of the model in Explore held out; nothing where that is not known, or where it learned from none
/// of a file that is not kept to judge models by.
fn held_out<'a>(workspace: &'a Workspace, loaded: &LoadedDataset) -> Option<&'a [usize]> {
    let (work, unseen) = workspace.worked::<FindUnseen>()?;
    let data = offered(loaded);
    if workspace.explore.model.as_ref() != Some(&work.model) || !Arc::ptr_eq(&work.data, data) {
        return None;
    }
    let is_of_it = |unseen: &&Vec<usize>| loaded.eval.is_some() || unseen.len() < data.examples.len();
    unseen.as_ref().filter(is_of_it).filter(|unseen| !unseen.is_empty()).map(Vec::as_slice)
}

/// Has it looked up, once for each model and data, which rows the model has learned from.
#[derive(Debug, Default)]
pub struct LookUp {
    asked: Option<(PathBuf, Weak<Dataset>)>,
}

impl LookUp {
    pub fn ask(&mut self, cx: &mut Cx<'_>) {
        let data = &cx.workspace.data;
        let (Some(model), Some(loaded)) = (&cx.workspace.explore.model, &data.loaded) else { return };
        let rows = offered(loaded);
        let is_asked = |(of, data): &(PathBuf, Weak<Dataset>)| of == model && Weak::as_ptr(data) == Arc::as_ptr(rows);
        if !self.asked.as_ref().is_some_and(is_asked) {
            self.asked = Some((model.clone(), Arc::downgrade(rows)));
            let work = FindUnseen { model: model.clone(), data: rows.clone(), learned: data.learned.clone() };
            cx.act(Action::Work(AnyWork::new(work)));
        }
    }
}

#[derive(Debug, Default)]
pub struct DataRows {
    /// Place among the examples that are offered.
    at: Option<usize>,
    of: Weak<LoadedDataset>,
    /// How many of them are.
    count: usize,
}

impl DataRows {
    /// Draws the buttons where data for this task is loaded. Returns the row that was taken.
    pub fn ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, task: Task) -> Option<Row> {
        let palette = cx.palette;
        let loaded = cx.workspace.data.loaded.as_ref().filter(|loaded| loaded.dataset.task == task)?;
        let data = offered(loaded);
        let places = held_out(cx.workspace, loaded);
        let count = places.map_or(data.examples.len(), <[usize]>::len);
        if Weak::as_ptr(&self.of) != Arc::as_ptr(loaded) || self.count != count {
            *self = Self { at: None, of: Arc::downgrade(loaded), count };
        }
        if count == 0 {
            return None;
        }
        let mut next = None;
        let button = |icon, name: &str| Button::icon_only(icon, name).small();
        if button(ICON_CHEVRON_LEFT, "Previous row from the data").show(ui, palette).clicked() {
            next = Some(self.at.map_or(count - 1, |at| (at + count - 1) % count));
        }
        if button(ICON_CHEVRON_RIGHT, "Next row from the data").show(ui, palette).clicked() {
            next = Some(self.at.map_or(0, |at| (at + 1) % count));
        }
        if button(ICON_SHUFFLE, "Any row from the data").show(ui, palette).clicked() {
            // Steps of a large prime look mixed and need no generator.
            next = Some((self.at.unwrap_or(0) + 7919) % count);
        }
        let held_out = if places.is_some() { "held-out " } else { "" };
        let words = match self.at {
            Some(at) => format!("{held_out}row {} of {}", format::count(at as u64 + 1), format::count(count as u64)),
            None if places.is_none() => format!("{} in the data", format::plural(count as u64, "row", "rows")),
            None => format::plural(count as u64, "held-out row", "held-out rows"),
        };
        let words = text::number_dim(words, palette);
        // In a narrow window the buttons and what the data say have the room.
        if text::width(ui, words.clone()) <= ui.available_width() {
            ui.label(words);
        }
        let at = next?;
        self.at = Some(at);
        Some(gold::row(data, places.and_then(|places| places.get(at).copied()).unwrap_or(at)))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::data::{Roles, Split};
    use crate::table::Table;
    use crate::train::learned::LearnedKept;
    use crate::worker::work::Worked;

    fn rows(count: usize) -> Arc<Dataset> {
        let text: String = (0..count).map(|row| format!("text number {row},c{}\n", row % 2)).collect();
        let table = Table::from_bytes(Path::new("rows.csv"), format!("text,label\n{text}").into_bytes()).unwrap();
        let table = Arc::new(table);
        let roles = Roles::guess(&table, Task::Classify);
        Arc::new(Dataset::new(table, Task::Classify, &roles, None).unwrap())
    }

    #[test]
    fn held_out_rows_are_those_of_the_model_and_not_of_the_form() {
        let data = rows(6);
        let split = Split { train: vec![0, 1, 2], eval: vec![3, 4, 5] };
        let loaded = LoadedDataset::new(data.clone(), split, None, Vec::new());
        let mut workspace = Workspace::new(Vec::new(), "/runs".into());
        let model = PathBuf::from("/runs/a/model");
        workspace.explore.model = Some(model.clone());
        assert_eq!(held_out(&workspace, &loaded), None, "what the form holds out was learned from by another run");
        let told = |workspace: &mut Workspace, of: &Path, data: &Arc<Dataset>, unseen| {
            let work = FindUnseen { model: of.to_owned(), data: data.clone(), learned: LearnedKept::default() };
            workspace.take_worked(Worked::new(work, unseen));
        };
        told(&mut workspace, &model, &data, Some(vec![1, 4]));
        assert_eq!(held_out(&workspace, &loaded), Some(&[1, 4][..]));
        told(&mut workspace, &model, &data, None);
        assert_eq!(held_out(&workspace, &loaded), None, "a model of no run held nothing out");
        told(&mut workspace, &model, &data, Some((0..6).collect()));
        assert_eq!(held_out(&workspace, &loaded), None, "it learned from another file");
        told(&mut workspace, Path::new("/runs/b/model"), &data, Some(vec![1]));
        assert_eq!(held_out(&workspace, &loaded), None, "another model's");
    }
}
