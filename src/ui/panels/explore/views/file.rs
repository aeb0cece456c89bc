//! A whole file: every row of it predicted into a file of its own. What the file is and which columns are asked about is
//! shown first and can be changed, with what is said of the first rows in the very columns that are written; then the
//! worker writes, and can be stopped and gone on with.

mod done;
mod first;
mod form;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

use egui::{ScrollArea, Ui};
use egui_material_icons::icons::{ICON_BATCH_PREDICTION, ICON_CLOSE, ICON_FILE_OPEN};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::batch::{Chosen, FirstAnswers, FirstRow, Kind as FileKind, Place, Plan, Survey, Written, has_probabilities};
use crate::files;
use crate::inspect::{AnyInquiry, Options, Reply};
use crate::table::Inputs;
use crate::task::Task;
use crate::ui::panels::explore::keeping::{self, Unread};
use crate::ui::panels::explore::view::{Changed, Kind, View};
use crate::ui::panels::explore::words::Words;
use crate::ui::panels::is_same;
use crate::ui::theme::space;
use crate::ui::tiles::{Layout, Pane};
use crate::ui::widgets::line::{self, line};
use crate::ui::widgets::path_field::{self, path_field};
use crate::ui::widgets::{Button, Chip, state, text};
use crate::ui::workspace::{Job, Level, Shown, Workspace};
use crate::ui::{Action, Cx, format};
use crate::worker::work::{AnyWork, Work as _};
use crate::worker::works::predict::{DiscardPart, LookAtPlace, PredictFile, SurveyFile};

pub const KIND: Kind = Kind { name: "file", title: "File", heads: &[], make: || Box::new(FileView::default()) };

const FILE: Pane = Pane::new("file", "A file");
const FIRST: Pane = Pane::new("first answers", "First answers");

/// Lines of the log among which a failure that has just happened stands.
const RECENT: usize = 8;

#[derive(Debug, Default)]
struct FileView {
    /// The head that is asked, where a person or the screen before has chosen it.
    head: Option<Task>,
    typed: String,
    inputs: Option<Inputs>,
    /// The columns that a person chose.
    chosen: Option<Chosen>,
    /// What was last asked of the file.
    surveyed: Option<SurveyFile>,
    /// Its first rows.
    rows: Arc<[FirstRow]>,
    out: Out,
    probabilities: bool,
    /// Whether a question may have no answer.
    no_answer: bool,
    /// The plan whose place was looked at last.
    looked: Option<Plan>,
    /// What was begun last.
    begun: Option<PredictFile>,
    was_running: bool,
    /// Why nothing came of it.
    failed: Option<String>,
    said: Option<(AnyInquiry, Arc<Reply>)>,
    error: Option<String>,
    taken: Option<Weak<Shown>>,
}

/// Where to, as it is typed.
#[derive(Debug, Default)]
struct Out {
    typed: String,
    /// Whether a person wrote it.
    is_own: bool,
}

/// What is kept of it.
#[derive(Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct KeptFile {
    task: Option<Task>,
    file: Option<Inputs>,
    column: Option<String>,
    second_column: Option<String>,
    /// Where a person said that it is written.
    out: Option<String>,
    probabilities: bool,
    no_answer: bool,
}

impl View for FileView {
    fn layout(&self) -> Layout {
        Layout::Columns(vec![(1.0, FILE.into()), (1.25, FIRST.into())])
    }

    fn pane_ui(&mut self, pane: Pane, ui: &mut Ui, cx: &mut Cx<'_>) -> Changed {
        self.follow(cx);
        if pane == FILE {
            ScrollArea::vertical().id_salt("predict a file").auto_shrink(false).show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = space::S;
                self.file_ui(ui, cx);
            });
        } else {
            self.first_ui(ui, cx);
        }
        Changed::No
    }

    fn turn_to(&mut self, head: Task) {
        self.head = Some(head);
    }

    fn wanted(&self, _: &Words) -> Option<AnyInquiry> {
        let task = self.surveyed.as_ref()?.task;
        let asked = FirstAnswers {
            task,
            rows: self.rows.clone(),
            options: self.options(),
            probabilities: self.probabilities && has_probabilities(task),
        };
        (!self.rows.is_empty()).then(|| AnyInquiry::new(asked))
    }

    fn take(&mut self, reply: &Arc<Reply>) {
        (self.said, self.error) = (Some((reply.inquiry.clone(), reply.clone())), None);
    }

    fn fail(&mut self, _: &AnyInquiry, error: &str) {
        self.error = Some(error.to_owned());
    }

    /// What was said of the rows was said by another model; the file stays.
    fn forget(&mut self) {
        (self.said, self.error, self.looked) = (None, None, None);
    }

    fn kept(&self, _: &Words) -> Map<String, Value> {
        let chosen = self.chosen.as_ref();
        keeping::written(&KeptFile {
            task: self.head,
            file: self.inputs.clone(),
            column: chosen.map(|chosen| chosen.first.clone()),
            second_column: chosen.and_then(|chosen| chosen.second.clone()),
            out: self.out.is_own.then(|| self.out.typed.clone()),
            probabilities: self.probabilities,
            no_answer: self.no_answer,
        })
    }

    fn restore(&mut self, kept: Map<String, Value>, _: &Words) -> Result<(), Unread> {
        let kept: KeptFile = keeping::read(kept)?;
        let chosen = kept.column.map(|first| Chosen { first, second: kept.second_column });
        let out = Out { is_own: kept.out.is_some(), typed: kept.out.unwrap_or_default() };
        let (probabilities, no_answer, inputs) = (kept.probabilities, kept.no_answer, kept.file);
        let taken = self.taken.take();
        *self = Self { head: kept.task, taken, inputs, chosen, out, probabilities, no_answer, ..Self::default() };
        Ok(())
    }
}

impl FileView {
    fn options(&self) -> Options {
        Options { allow_no_answer: self.no_answer, ..Options::default() }
    }

    /// The head that is asked of a model.
    fn task(&self, workspace: &Workspace) -> Option<Task> {
        let heads = &workspace.explore.subject.as_ref()?.heads;
        self.head.filter(|head| heads.contains(head)).or_else(|| heads.first().copied())
    }

    /// Asks what has to be known of the file and its place, and takes what was answered.
    fn follow(&mut self, cx: &mut Cx<'_>) {
        self.take_shown(cx.workspace);
        let (Some(task), Some(inputs)) = (self.task(cx.workspace), self.inputs.clone()) else { return };
        let Some(model) = cx.workspace.explore.model.clone() else { return };
        let survey = SurveyFile { model, inputs, task, chosen: self.chosen.clone() };
        if self.surveyed.as_ref() != Some(&survey) {
            // Columns of a question are not those of a sentence.
            if self.surveyed.as_ref().is_some_and(|before| before.task != task) && self.chosen.take().is_some() {
                return;
            }
            self.rows = Arc::default();
            self.surveyed = Some(survey.clone());
            cx.act(Action::Work(AnyWork::new(survey)));
        }
        let is_running = running(cx.workspace).is_some();
        // What lies there is another when it has ended.
        if std::mem::replace(&mut self.was_running, is_running) && !is_running {
            self.looked = None;
            self.failed = self.begun.as_ref().filter(|_| self.written(cx.workspace).is_none()).and_then(|begun| {
                let before = format!("{}: ", begun.title());
                let mut told = cx.workspace.log.iter().rev().take(RECENT).filter(|line| line.level == Level::Error);
                told.find_map(|line| line.text.strip_prefix(&before)).map(str::to_owned)
            });
        }
        let Some(survey) = self.survey(cx.workspace).and_then(|survey| survey.as_ref().ok()) else { return };
        if !Arc::ptr_eq(&self.rows, &survey.first) {
            self.rows = survey.first.clone();
        }
        if !self.out.is_own {
            self.out.typed = usual_place(&survey.inputs).display().to_string();
        }
        let plan = self.plan(cx.workspace, survey).filter(|plan| self.looked.as_ref() != Some(plan));
        if let Some(plan) = plan.filter(|_| !is_running) {
            self.looked = Some(plan.clone());
            cx.act(Action::Work(AnyWork::new(LookAtPlace { plan })));
        }
    }

    /// A file that another screen or a dialog has sent.
    fn take_shown(&mut self, workspace: &Workspace) {
        let shown = workspace.explore.shown.as_ref().filter(|shown| shown.view == KIND.name);
        let Some(shown) = shown.filter(|shown| !is_same(self.taken.as_ref(), shown)) else { return };
        self.taken = Some(Arc::downgrade(shown));
        if let Some(inputs) = &shown.file {
            self.open(inputs.clone());
        }
    }

    fn open(&mut self, inputs: Inputs) {
        let (head, taken) = (self.head, self.taken.take());
        *self = Self { head, taken, inputs: Some(inputs), ..Self::default() };
    }

    fn survey<'a>(&self, workspace: &'a Workspace) -> Option<&'a Result<Survey, String>> {
        let (work, survey) = workspace.worked::<SurveyFile>()?;
        (Some(work) == self.surveyed.as_ref()).then_some(survey)
    }

    fn place<'a>(&self, workspace: &'a Workspace) -> Option<&'a Place> {
        let (work, place) = workspace.worked::<LookAtPlace>()?;
        (Some(&work.plan) == self.looked.as_ref()).then_some(place)
    }

    /// What came of what was begun last.
    fn written<'a>(&self, workspace: &'a Workspace) -> Option<&'a Written> {
        let (work, written) = workspace.worked::<PredictFile>()?;
        (Some(work) == self.begun.as_ref()).then_some(written)
    }

    /// What a press would write, as far as that is known.
    fn plan(&self, workspace: &Workspace, survey: &Survey) -> Option<Plan> {
        let task = self.surveyed.as_ref()?.task;
        let is_named = !self.out.typed.trim().is_empty();
        is_named.then_some(())?;
        let out = path_field::parse(&self.out.typed);
        let is_sheet = self.writes_sheet();
        Some(Plan {
            model: workspace.explore.model.clone()?,
            task,
            input: Some(survey.inputs.clone()),
            chosen: self.chosen.clone(),
            options: self.options(),
            precision: workspace.precision,
            probabilities: self.probabilities && is_sheet && has_probabilities(task),
            out,
            resumes: false,
        })
    }

    fn writes_sheet(&self) -> bool {
        FileKind::of(&path_field::parse(&self.out.typed)).is_ok_and(|kind| kind == FileKind::Csv)
    }

    fn begin(&mut self, plan: Plan, cx: &mut Cx<'_>) {
        let work = PredictFile { plan };
        (self.begun, self.failed) = (Some(work.clone()), None);
        cx.act(Action::Work(AnyWork::new(work)));
    }

    fn file_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        if let Some(job) = running(cx.workspace).cloned() {
            return done::running_ui(ui, cx, &job);
        }
        if self.inputs.is_none() {
            return self.none_ui(ui, cx);
        }
        self.head_ui(ui, cx);
        match self.survey(cx.workspace).cloned() {
            None => state::loading(ui, cx.palette, "Reading the file", None),
            Some(Err(error)) => state::error(ui, cx.palette, "The file could not be read", &error, |_| ()),
            Some(Ok(survey)) => {
                if let Some(written) = self.written(cx.workspace).cloned() {
                    done::written_ui(ui, cx, &written);
                }
                if let Some(error) = &self.failed {
                    state::error(ui, cx.palette, "The file was not written", error, |_| ());
                }
                self.form_ui(ui, cx, &survey);
            }
        }
    }

    /// Nothing is chosen yet.
    fn none_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        let words = "Every row gets its prediction, in a new file that keeps the columns of yours.";
        let open = cx.workspace.data.table.as_ref().map(|table| table.origins.inputs.clone());
        let chosen = state::empty(ui, palette, ICON_BATCH_PREDICTION, "Predict a whole file", words, |ui| {
            let mut chosen = None;
            if Button::new("Choose a file…").icon(ICON_FILE_OPEN).primary().min_width(220.0).show(ui, palette).clicked()
            {
                cx.act(Action::ChoosePredict);
            }
            if let Some(open) = &open {
                let name = text::short_name(&format::inputs(open), 32);
                let button =
                    Button::new(format!("The open data, {name}")).min_width(220.0).name("Predict the open data");
                chosen = button.show(ui, palette).clicked().then(|| open.clone());
            }
            ui.add_space(space::S);
            ui.set_max_width(420.0);
            let hint = "or paste a path, a folder or a pattern";
            chosen.or_else(|| path_field(ui, palette, &mut self.typed, hint, "file to predict").map(Inputs::from))
        });
        if let Some(inputs) = chosen {
            self.open(inputs);
        }
    }

    /// The file, and a way to another.
    fn head_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        let Some(inputs) = self.inputs.clone() else { return };
        let survey = self.survey(cx.workspace).and_then(|survey| survey.as_ref().ok());
        let closes = line(ui, space::ROW, |ui| {
            let closes = Button::icon_only(ICON_CLOSE, "Another file").show(ui, palette).clicked();
            line::left(ui, |ui| {
                let name = text::strong(text::short_name(&format::inputs(&inputs), 40), palette);
                ui.label(name).on_hover_text(format::input_paths(&inputs));
                for fact in survey.map(facts).unwrap_or_default() {
                    if ui.available_width() > 90.0 {
                        Chip::neutral(fact, palette).show(ui);
                    }
                }
            });
            closes
        });
        if closes {
            let head = self.head;
            *self = Self { head, taken: self.taken.take(), ..Self::default() };
        }
    }

    fn discard(&mut self, out: &Path, cx: &mut Cx<'_>) {
        self.looked = None;
        self.was_running = true;
        cx.act(Action::Work(AnyWork::new(DiscardPart { out: out.to_owned() })));
    }
}

fn facts(survey: &Survey) -> Vec<String> {
    let rows = format::plural((survey.rows + survey.unreadable) as u64, "row", "rows");
    let files = (survey.files > 1).then(|| format::plural(survey.files as u64, "file", "files"));
    [rows].into_iter().chain(files).chain([survey.title.clone()]).collect()
}

/// The job that writes, or takes away what was written.
fn running(workspace: &Workspace) -> Option<&Job> {
    workspace.job_of::<PredictFile>().or_else(|| workspace.job_of::<DiscardPart>())
}

/// Beside the file, under its name.
fn usual_place(inputs: &Inputs) -> PathBuf {
    let place = inputs.place();
    let name = files::name(&place);
    let stem = name.split('.').next().unwrap_or_default();
    let is_plain = inputs.one().is_some() && !stem.is_empty() && !stem.contains(['*', '?', '[']);
    // Of several it is the folder already.
    let folder = if inputs.one().is_some() { place.parent().unwrap_or(Path::new("")) } else { &place };
    if is_plain { folder.join(format!("{stem}-predicted.csv")) } else { folder.join("predicted.csv") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn predictions_lie_beside_their_file_at_first() {
        let check = |paths: &[&str], expected: &str| {
            let inputs: Inputs = paths.iter().map(PathBuf::from).collect();
            assert_eq!(usual_place(&inputs), PathBuf::from(expected), "{paths:?}");
        };
        check(&["data/new.csv"], "data/new-predicted.csv");
        check(&["data/new.jsonl.gz"], "data/new-predicted.csv");
        check(&["data/texts"], "data/texts-predicted.csv");
        check(&["data/new-*.csv"], "data/predicted.csv");
        check(&["data/a.csv", "data/b.csv"], "data/predicted.csv");
    }
}
