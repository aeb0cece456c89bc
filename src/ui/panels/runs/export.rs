//! What can be taken away of a run: the formats with what each will weigh, a receipt, a script, and where to.

use std::path::{Path, PathBuf};

use egui::{Checkbox, Label, Margin, ScrollArea, TextEdit, Ui};
use egui_material_icons::icons::{ICON_CONTENT_COPY, ICON_FOLDER_OPEN, ICON_IOS_SHARE};

use crate::export::{Format, Offer, Plan, Written};
use crate::ui::theme::space;
use crate::ui::widgets::line::{self, line};
use crate::ui::widgets::modal::modal;
use crate::ui::widgets::{Button, divider, path_field, state, text};
use crate::ui::workspace::Workspace;
use crate::ui::{Action, Cx, format};
use crate::worker::work::AnyWork;
use crate::worker::works::export::{OfferExport, WriteExport};

/// The dialog over one run.
#[derive(Debug)]
pub struct ExportView {
    from: PathBuf,
    name: String,
    /// Whether it was asked what can be written.
    is_asked: bool,
    formats: Vec<Format>,
    receipt: bool,
    script: bool,
    to: String,
    /// What was told to be written, until it is changed.
    written: Option<Plan>,
}

const WIDTH: f32 = 520.0;

impl ExportView {
    pub fn new(from: &Path, runs: &Path) -> Self {
        let name = format::file_name(from);
        let to = runs.parent().unwrap_or(runs).join("exports").join(&name);
        Self {
            from: from.to_owned(),
            name,
            is_asked: false,
            formats: vec![Format::Hf],
            receipt: true,
            script: false,
            to: to.display().to_string(),
            written: None,
        }
    }

    /// Returns whether it stays open.
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) -> bool {
        if !std::mem::replace(&mut self.is_asked, true) {
            cx.act(Action::Work(AnyWork::new(OfferExport { from: self.from.clone() })));
        }
        let shown = modal(ui, "export", cx.palette).show(ui.ctx(), |ui| {
            ui.set_width(WIDTH.min(ui.ctx().content_rect().width() - 80.0));
            ui.spacing_mut().item_spacing.y = space::S;
            ui.add(Label::new(text::head(format!("Export {}", self.name), cx.palette)).truncate());
            self.content_ui(ui, cx)
        });
        shown.inner && !shown.should_close()
    }

    fn content_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) -> bool {
        match (self.outcome(cx.workspace), self.offer(cx.workspace)) {
            (Some(Ok(written)), _) => written_ui(ui, cx, written),
            (_, Some(Ok(offer))) => self.choices_ui(ui, cx, offer),
            (_, Some(Err(reason))) => {
                let reason = state::sentence(reason);
                state::error(ui, cx.palette, "This cannot be exported", &reason, |_| ());
                close_ui(ui, cx, "Close")
            }
            (_, None) => {
                state::loading(ui, cx.palette, "Looking at what the run has", None);
                close_ui(ui, cx, "Cancel")
            }
        }
    }

    fn offer<'a>(&self, workspace: &'a Workspace) -> Option<&'a Result<Offer, String>> {
        let (work, offer) = workspace.worked::<OfferExport>()?;
        (work.from == self.from).then_some(offer)
    }

    /// What came of what was told to be written last.
    fn outcome<'a>(&self, workspace: &'a Workspace) -> Option<&'a Result<Written, String>> {
        if is_writing(workspace) {
            return None;
        }
        let (work, outcome) = workspace.worked::<WriteExport>()?;
        (Some(&work.plan) == self.written.as_ref()).then_some(outcome)
    }

    fn choices_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, offer: &Offer) -> bool {
        let writing = is_writing(cx.workspace);
        ui.add_enabled_ui(!writing, |ui| {
            self.formats_ui(ui, cx, offer);
            divider(ui, cx.palette);
            self.extras_ui(ui, cx, offer);
            divider(ui, cx.palette);
            self.place_ui(ui, cx);
        });
        if let Some(Err(reason)) = self.outcome(cx.workspace) {
            state::error(ui, cx.palette, "Nothing was exported", &state::sentence(reason), |_| ());
        }
        self.end_ui(ui, cx, offer, writing)
    }

    fn formats_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, offer: &Offer) {
        for (format, bytes) in &offer.formats {
            let mut ticked = self.formats.contains(format);
            let before = ticked;
            let size = format!("about {}", format::bytes(*bytes));
            tick_ui(ui, cx, &mut ticked, format.title(), about(*format), Some(size));
            if ticked != before {
                self.formats.retain(|one| one != format);
                self.formats.extend(ticked.then_some(*format));
                self.formats.sort_unstable();
            }
        }
    }

    fn extras_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, offer: &Offer) {
        let is_proved = self.formats.contains(&Format::Hf);
        let words = if is_proved {
            "Texts with token ids, logits and answers, and a script that asks transformers for the same"
        } else {
            "Checks a Hugging Face folder, which is not ticked"
        };
        ui.add_enabled_ui(is_proved, |ui| tick_ui(ui, cx, &mut self.receipt, "Receipt", words, None));
        let words = match &offer.no_script {
            None => "Trains the same with transformers’ Trainer; the rows are written beside it".to_owned(),
            Some(reason) => state::sentence(reason),
        };
        let has_script = offer.no_script.is_none();
        self.script &= has_script;
        ui.add_enabled_ui(has_script, |ui| tick_ui(ui, cx, &mut self.script, "Python script", &words, None));
    }

    fn place_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>) {
        ui.label(text::label("Folder", cx.palette));
        let field = TextEdit::singleline(&mut self.to).margin(Margin::symmetric(8, 6)).desired_width(f32::INFINITY);
        ui.add(field).accessible_name("Folder to export to");
        let words = match self.formats.len() {
            0 | 1 => "A new folder, or an earlier export of the same kind",
            _ => "A new folder, with a subfolder for each format",
        };
        ui.label(text::faint(words, cx.palette));
    }

    fn end_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, offer: &Offer, writing: bool) -> bool {
        let mut stays = true;
        let palette = cx.palette;
        let is_chosen = !self.formats.is_empty() || self.script;
        let can = is_chosen && !writing && !self.to.trim().is_empty();
        line(ui, space::ROW, |ui| {
            let button = Button::new("Export").icon(ICON_IOS_SHARE).primary().enabled(can);
            let response = button.show(ui, palette);
            if response.clicked() {
                self.export(cx);
            }
            response.on_disabled_hover_text(if writing { "It is being written" } else { "Tick what is to be written" });
            if Button::new(if writing { "Close" } else { "Cancel" }).quiet().show(ui, palette).clicked() {
                stays = false;
            }
            line::left(ui, |ui| {
                if writing {
                    writing_ui(ui, cx);
                } else {
                    let chosen = offer.formats.iter().filter(|(format, _)| self.formats.contains(format));
                    let bytes: u64 = chosen.map(|(_, bytes)| bytes).sum();
                    ui.label(text::dim(format!("About {}", format::bytes(bytes)), palette));
                }
            });
        });
        stays
    }

    fn export(&mut self, cx: &mut Cx<'_>) {
        let plan = Plan {
            from: self.from.clone(),
            to: path_field::parse(&self.to),
            formats: self.formats.clone(),
            receipt: self.receipt && self.formats.contains(&Format::Hf),
            script: self.script,
        };
        self.written = Some(plan.clone());
        cx.act(Action::Work(AnyWork::new(WriteExport { plan })));
    }
}

fn is_writing(workspace: &Workspace) -> bool {
    workspace.job_of::<WriteExport>().is_some()
}

fn about(format: Format) -> &'static str {
    match format {
        Format::Hf => "Opens in transformers 4 and 5, with a model card filled from the run",
        Format::Onnx => "Runs in any ONNX runtime, without Python; inputs and outputs as optimum names them",
        Format::OnnxInt8 => "The same with weights of 8 bits: smaller and often faster, and a few answers may change",
        Format::SentenceTransformers => "One vector a text, by the mean over its tokens, for sentence-transformers",
        Format::Peft => "Only what was learned, to be used with the base model",
    }
}

/// A check box with what it means below, and something at the right end.
fn tick_ui(ui: &mut Ui, cx: &Cx<'_>, ticked: &mut bool, title: &str, words: &str, end: Option<String>) {
    /// Of the check box, so that what it means begins below its title.
    const INDENT: f32 = 22.0;
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        line(ui, 24.0, |ui| {
            if let Some(end) = end {
                ui.label(text::number_dim(end, cx.palette));
            }
            line::left(ui, |ui| {
                ui.add(Checkbox::new(ticked, text::body(title, cx.palette)));
            });
        });
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 0.0;
            ui.spacing_mut().interact_size.y = 0.0;
            ui.add_space(INDENT);
            ui.add(Label::new(text::small(words, cx.palette)).wrap());
        });
    });
}

fn writing_ui(ui: &mut Ui, cx: &Cx<'_>) {
    let progress = cx.workspace.job_of::<WriteExport>().and_then(|job| job.progress.as_ref());
    let words = progress.map_or_else(|| "Waiting".to_owned(), |progress| format!("Writing: {}", progress.what));
    state::loading(ui, cx.palette, &words, progress.and_then(crate::ui::workspace::Progress::share));
}

/// What was written, and how to get there.
fn written_ui(ui: &mut Ui, cx: &mut Cx<'_>, written: &Written) -> bool {
    let palette = cx.palette;
    let bytes: u64 = written.files.iter().map(|(_, bytes)| bytes).sum();
    let files = format::plural(written.files.len() as u64, "file", "files");
    ui.label(text::body(format!("{files}, {}", format::bytes(bytes)), palette));
    ui.add(Label::new(text::number_dim(format::path(&written.to), palette)).truncate());
    ScrollArea::vertical().max_height(220.0).auto_shrink([false, true]).show(ui, |ui| {
        for (name, bytes) in &written.files {
            line(ui, 20.0, |ui| {
                ui.label(text::number_dim(format::bytes(*bytes), palette));
                line::left(ui, |ui| drop(ui.add(Label::new(text::small(name, palette)).truncate())));
            });
        }
    });
    for note in &written.notes {
        ui.add(Label::new(text::dim(state::sentence(note), palette)).wrap());
    }
    let mut stays = true;
    line(ui, space::ROW, |ui| {
        if Button::new("Open folder").icon(ICON_FOLDER_OPEN).primary().show(ui, palette).clicked() {
            cx.act(Action::OpenFolder(written.to.clone()));
        }
        if Button::new("Copy path").icon(ICON_CONTENT_COPY).show(ui, palette).clicked() {
            cx.act(Action::CopyText(written.to.display().to_string()));
        }
        stays = !Button::new("Close").quiet().show(ui, palette).clicked();
    });
    stays
}

fn close_ui(ui: &mut Ui, cx: &Cx<'_>, words: &str) -> bool {
    let mut stays = true;
    line(ui, space::ROW, |ui| stays = !Button::new(words).quiet().show(ui, cx.palette).clicked());
    stays
}
