//! What the columns mean, and what is to be learned from them.

use egui::Ui;

use crate::data::Roles;
use crate::table::Table;
use crate::task::{Mismatch, Reads, Task};
use crate::ui::widgets::choice::{choice, named};
use crate::ui::widgets::segmented::segmented;
use crate::ui::widgets::{Card, form, state, text};
use crate::ui::{Action, Cx};

/// Width of a choice, so that all of them stand in one column.
const WIDTH: f32 = 164.0;

/// A role in the form.
struct Field {
    title: &'static str,
    hint: &'static str,
    /// The name that is read aloud.
    name: &'static str,
    /// What stands there while no column is chosen; a role that must be there asks for one.
    absent: &'static str,
    of: fn(&mut Roles) -> &mut Option<String>,
}

const NONE: &str = "None";
const CHOOSE: &str = "Choose…";

impl Field {
    /// One that must be there.
    const fn needed(
        title: &'static str,
        hint: &'static str,
        name: &'static str,
        of: fn(&mut Roles) -> &mut Option<String>,
    ) -> Self {
        Self { title, hint, name, absent: CHOOSE, of }
    }
}

const TEXT: Field = Field::needed("Text", "What the model reads", "Text column", |roles| &mut roles.text);
const PAIR: Field = Field {
    title: "Pair",
    hint: "A second text, such as a premise and a hypothesis",
    name: "Second text column",
    absent: NONE,
    of: |roles| &mut roles.pair,
};
const LABEL: Field =
    Field::needed("Label", "What the model learns to predict", "Label column", |roles| &mut roles.label);
const TOKENS: Field =
    Field::needed("Words", "A list of words for each sentence", "Words column", |roles| &mut roles.tokens);
const TAGS: Field =
    Field::needed("Tags", "A list with one tag for each word, such as B-PER", "Tags column", |roles| &mut roles.tags);
const SPANS: Field =
    Field::needed("Spans", "A list of start, end and label in characters of the text", "Spans column", |roles| {
        &mut roles.spans
    });
const QUESTION: Field =
    Field::needed("Question", "The question itself", "Question column", |roles| &mut roles.question);
const CONTEXT: Field =
    Field::needed("Context", "The text in which the answer stands", "Context column", |roles| &mut roles.context);
const ANSWERS: Field = Field::needed(
    "Answers",
    "The text of the answer, or SQuAD's lists of texts and starts; empty where there is none",
    "Answers column",
    |roles| &mut roles.answers,
);

pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, table: &Table) {
    let palette = cx.palette;
    Card::titled("Columns").show(ui, palette, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        form::row(ui, "Task", "What the model learns from these columns", palette, |ui| task_ui(ui, cx));
        let roles = cx.workspace.data.roles.clone();
        let mut changed = roles.clone();
        let task = cx.workspace.data.task;
        if task.reads() == Reads::Words {
            words_ui(ui, cx, &mut changed);
        }
        for field in fields(task, &changed) {
            form::row(ui, field.title, field.hint, palette, |ui| {
                column_ui(ui, field.name, WIDTH, (field.of)(&mut changed), table, field.absent);
            });
        }
        if changed != roles {
            cx.act(Action::SetRoles(changed));
        }
        if let Some(words) = note(cx) {
            ui.add_space(4.0);
            ui.add(egui::Label::new(text::small(words, palette)).wrap());
        }
    });
}

fn fields(task: Task, roles: &Roles) -> &'static [Field] {
    match task.reads() {
        Reads::Texts => &[TEXT, PAIR, LABEL],
        Reads::Words if roles.tokens.is_some() || roles.text.is_none() => &[TOKENS, TAGS],
        Reads::Words => &[TEXT, SPANS],
        Reads::Question => &[QUESTION, CONTEXT, ANSWERS],
        Reads::Running => &[TEXT],
        Reads::Neighbours(_) if roles.pair.is_some() => &[TEXT, PAIR, LABEL],
        Reads::Neighbours(_) => &[TEXT, PAIR],
    }
}

/// Entities are told by tags of words or by spans in a text.
fn words_ui(ui: &mut Ui, cx: &Cx<'_>, roles: &mut Roles) {
    let in_text = roles.tokens.is_none() && roles.text.is_some();
    let choices = [(false, "Words and tags"), (true, "Text and spans")];
    ui.add_space(2.0);
    if let Some(in_text) = segmented(ui, cx.palette, in_text, &choices, true) {
        let table = cx.workspace.data.table.as_ref();
        let first = table.and_then(|table| table.columns.first().cloned());
        if in_text {
            roles.text = roles.tokens.take().or(first);
            roles.tags = None;
        } else {
            roles.tokens = roles.text.take().or(first);
            roles.spans = None;
        }
    }
    ui.add_space(2.0);
}

pub fn column_ui(ui: &mut Ui, name: &str, width: f32, chosen: &mut Option<String>, table: &Table, absent: &str) {
    let shown = chosen.as_deref().unwrap_or(absent).to_owned();
    choice(ui, name, width, &shown, |ui| {
        if absent != CHOOSE || chosen.is_some() {
            ui.selectable_value(chosen, None, NONE);
        }
        for column in &table.columns {
            if named(ui, chosen.as_ref() == Some(column), column) {
                *chosen = Some(column.clone());
            }
        }
    });
}

fn task_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let task = cx.workspace.data.task;
    let mut chosen = task;
    choice(ui, "Task", WIDTH, task.title(), |ui| {
        for task in Task::ALL {
            ui.selectable_value(&mut chosen, task, task.title());
        }
    });
    if chosen != task {
        cx.act(Action::SetTask(chosen));
    }
}

/// What was recognised that the columns do not show.
fn note(cx: &Cx<'_>) -> Option<String> {
    let dataset = &cx.workspace.data.loaded.as_ref()?.dataset;
    let task = cx.workspace.data.task;
    let is_own = dataset.makes_its_own_labels();
    match task.reads() {
        Reads::Texts | Reads::Words | Reads::Question => Some(state::sentence(&dataset.reading()?)),
        Reads::Running if task.has_generator() => {
            Some("Words are replaced in these texts, and the model learns to notice".into())
        }
        Reads::Running => Some("Words are hidden in these texts, and the model learns to find them".into()),
        Reads::Neighbours(Mismatch::Elsewhere) => {
            is_own.then(|| "Pairs are made of lines that follow each other and of lines that do not".into())
        }
        Reads::Neighbours(Mismatch::Swapped) => {
            is_own.then(|| "Pairs are made of lines that follow each other, half of them swapped".into())
        }
    }
}
