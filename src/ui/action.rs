//! Everything a person can do, in one enum: buttons, menus, shortcuts and the command palette all push these. What an
//! action does is written in [`super::app`].

mod guide;
mod hub;
mod link;
mod orders;
mod queue;
mod sweep;

use std::path::PathBuf;
use std::sync::Arc;

use crate::table::Inputs;

use egui::{Key, KeyboardShortcut, Modifiers};
use serde::{Deserialize, Serialize};

use super::saving::Saving;
use super::widgets::number::Wrong;
use super::workspace::Screen;
use crate::data::{Mends, Roles, SplitRule};
use crate::hub::embedded::Shipped;
use crate::inspect::AnyInquiry;
use crate::inspect::why::Ways;
use crate::model::{Decisions, Precision};
use crate::recipes;
use crate::samples::Sample;
use crate::task::Task;
use crate::train::config::{LastEpoch, RunConfig, What};
use crate::worker::protocol::JobId;
use crate::worker::work::AnyWork;

pub use guide::GuideAction;
pub use hub::HubAction;
pub use link::LinkAction;
pub use queue::{Picked, QueueAction, RecipeAction, Wish};
pub use sweep::SweepAction;

#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    Go(Screen),
    OpenPalette,
    SetTheme(ThemeChoice),
    ToggleTheme,
    /// Factor on all sizes.
    SetTextSize(f32),
    /// Bytes that a run may take at most; none are all that is free.
    SetMemoryLimit(Option<u64>),
    /// Whether runs that are started from now on have a process of their own.
    TrainApart(bool),
    ToggleLog,
    /// Puts the panels of Train, Evaluate and Explore back where they were at first.
    ResetLayout,

    /// Asks for a data file with the system's dialog.
    ChooseData,
    ChooseDataFolder,
    OpenData(Inputs),
    OpenSample(Sample),
    CloseData,
    /// Asks for files whose rows are to be predicted.
    ChoosePredict,
    /// Goes to where a whole file is predicted, with one where it is known.
    PredictFile(Option<Inputs>),
    SetRoles(Roles),
    SetTask(Task),
    SetSplit(SplitRule),
    /// What is put right in the data and left out of them.
    SetMends(Mends),
    /// Looks at an example as the model reads it.
    Look(usize),
    /// What is wrong with the data, where it can be put right.
    ShowHealth,
    /// These rows of the table alone, ascending, with the words that say why.
    ShowRows(Arc<Vec<usize>>, String),
    ChooseEvalData,
    /// An evaluation file of one's own, or none to split the table.
    SetEvalData(Option<Inputs>),

    /// Asks for a folder of models with the system's dialog.
    ChooseModelFolder,
    AddModelFolder(PathBuf),
    RemoveModelFolder(PathBuf),
    FindModels,
    /// Reads a model's card to look at it.
    ViewModel(PathBuf),
    /// Reads a model's card and makes it the model of the draft.
    OpenModel(PathBuf),

    /// The form of the next run was changed.
    Edit(Box<RunConfig>),
    /// What stands in the form and cannot be read.
    Unread(Vec<Wrong>),
    /// The same of the fields of the split.
    UnreadInData(Vec<Wrong>),
    StartRun,
    PauseRun,
    ResumeRun,
    /// Stops the training and keeps its best weights.
    StopRun,
    /// What the run that trains is to do between two of its steps.
    Order(What),
    /// Goes on with a run that was stopped or cut off.
    ContinueRun(PathBuf),
    /// The same with the newest run that was cut off.
    ContinueNewest,

    /// Evaluates a model folder over a data file.
    Evaluate {
        model: PathBuf,
        data: Inputs,
        roles: Roles,
    },
    /// Evaluates a run's model, or a state of its course, over the rows that the run held out.
    EvaluateHeldOut(PathBuf),
    /// Writes what is decided for a model beside its weights.
    KeepDecisions {
        model: PathBuf,
        decisions: Decisions,
    },
    /// The model that Explore asks.
    ExploreWith(PathBuf),
    /// The model that is asked, in a state of its run's course.
    LookAtState(PathBuf),
    /// In which numbers Explore and Evaluate ask from now on.
    AskIn(Precision),
    /// Makes the maps of Why in these ways from now on.
    ExplainBy(Ways),
    /// Asks a model inside the program in Explore.
    TryShipped(Shipped),
    /// Shows what lies between a model and another; without one, what it was made of.
    ShowDrift {
        before: Option<PathBuf>,
        after: PathBuf,
    },
    /// Puts a text into Explore, to be tried with a model.
    Predict {
        model: PathBuf,
        task: Task,
        text: String,
        pair: Option<String>,
        /// For a question, from which lead on there is no answer, where that may be said.
        no_answer: Option<f64>,
    },
    /// Asks a model what Explore shows.
    Ask {
        model: PathBuf,
        inquiry: AnyInquiry,
    },

    FindRuns,
    ChooseRunsFolder,
    SetRunsFolder(PathBuf),
    /// Shows a run's history in Train and its evaluation in Evaluate.
    OpenRun(PathBuf),
    /// Puts a run's configuration into the form of the next run.
    CloneRun(PathBuf),
    /// Asks first; the files are gone afterwards.
    AskDeleteRun(PathBuf),
    DeleteRun(PathBuf),
    /// Any other work.
    Work(AnyWork),

    /// Something about the hub.
    Hub(HubAction),
    /// Something about the guided path.
    Guide(GuideAction),
    /// Something about the runs that wait.
    Queue(QueueAction),
    /// Something about a comparison that is run by one press.
    Recipe(RecipeAction),
    /// Something about sweeps.
    Sweep(SweepAction),
    /// Something about views that are kept.
    Link(LinkAction),
    /// Says what a person should know.
    Tell {
        title: String,
        why: String,
    },

    StopJob(JobId),
    /// Goes on without the answer of the system's dialog.
    CancelDialog,
    /// Asks where to, and writes a picture or a table there.
    Save(Saving),
    /// Asks the system to show a folder.
    OpenFolder(PathBuf),
    CopyText(String),
    DismissToast(u64),
    /// Closes the window; asks first while a run is in progress.
    Quit,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ThemeChoice {
    #[default]
    System,
    Light,
    Dark,
}

impl Action {
    /// The actions that need nothing else said: what the command palette lists.
    pub fn commands() -> Vec<Self> {
        let mut commands = vec![
            Self::StartRun,
            Self::PauseRun,
            Self::ResumeRun,
            Self::StopRun,
            Self::Order(What::Thaw),
            Self::Order(What::Evaluate),
            Self::Order(What::Checkpoint),
            Self::Order(What::StopAfter(LastEpoch::This)),
            Self::Order(What::StopAfter(LastEpoch::AsConfigured)),
            Self::ContinueNewest,
            Self::ChooseData,
            Self::ChooseDataFolder,
            Self::CloseData,
            Self::PredictFile(None),
            Self::ChooseEvalData,
            Self::ChooseModelFolder,
            Self::FindModels,
            Self::FindRuns,
            Self::ChooseRunsFolder,
            Self::Sweep(SweepAction::Choose),
            Self::AskIn(Precision::Int8),
            Self::AskIn(Precision::F32),
        ];
        commands.extend(LinkAction::commands().map(Self::Link));
        commands.extend(HubAction::commands().map(Self::Hub));
        commands.extend(Shipped::ALL.into_iter().filter(|shipped| shipped.promise().is_some()).map(Self::TryShipped));
        commands.extend(Sample::ALL.map(Self::OpenSample));
        commands.extend(Screen::ALL.map(Self::Go));
        commands
            .extend([QueueAction::Add, QueueAction::Toggle, QueueAction::GoOn, QueueAction::Clear].map(Self::Queue));
        commands.extend(recipes::all().iter().map(|recipe| Self::Recipe(RecipeAction::Show(&recipe.name))));
        commands.extend([
            Self::ToggleTheme,
            Self::SetTheme(ThemeChoice::System),
            Self::SetTheme(ThemeChoice::Light),
            Self::SetTheme(ThemeChoice::Dark),
            Self::ToggleLog,
            Self::ResetLayout,
            Self::Guide(GuideAction::Show(true)),
            Self::Quit,
        ]);
        commands
    }

    pub fn title(&self) -> String {
        match self {
            Self::Go(screen) => return format!("Go to {}", screen.title()),
            Self::OpenSample(sample) => return format!("Start with {}", sample.title()),
            Self::SetTheme(ThemeChoice::System) => "System",
            Self::SetTheme(ThemeChoice::Light) => "Light theme",
            Self::SetTheme(ThemeChoice::Dark) => "Dark theme",
            Self::OpenPalette => "Commands",
            Self::ToggleTheme => "Switch between light and dark",
            Self::SetTextSize(_) => "Text size",
            Self::SetMemoryLimit(_) => "Limit the memory of runs",
            Self::TrainApart(_) => "Train in a separate process",
            Self::ToggleLog => "Show the log",
            Self::ResetLayout => "Reset layout",
            Self::ChooseData => "Open a data file…",
            Self::ChooseDataFolder => "Open a folder of data…",
            Self::OpenData(_) => "Open data",
            Self::CloseData => "Close the data",
            Self::ChoosePredict => "Choose a file to predict…",
            Self::PredictFile(_) => "Predict a file",
            Self::SetRoles(_) => "Set the columns' roles",
            Self::SetTask(_) => "Set the task",
            Self::SetSplit(_) => "Set the split",
            Self::SetMends(_) => "Fix the data",
            Self::ShowHealth => "Show the problems in the data",
            Self::ShowRows(..) => "Show in Data",
            Self::Look(_) => "Look at a row as the model reads it",
            Self::ChooseEvalData | Self::SetEvalData(_) => "Choose an evaluation file…",
            Self::ChooseModelFolder => "Add a model folder…",
            Self::AddModelFolder(_) => "Add model folder",
            Self::RemoveModelFolder(_) => "Remove model folder",
            Self::FindModels => "Look for models again",
            Self::ViewModel(_) => "Show the model",
            Self::OpenModel(_) => "Use this model",
            Self::Edit(_) | Self::Unread(_) | Self::UnreadInData(_) => "Change the configuration",
            Self::StartRun => "Start training",
            Self::PauseRun => "Pause training",
            Self::ResumeRun => "Resume training",
            Self::StopRun => "Stop and keep the best",
            Self::Order(what) => return orders::title(*what),
            Self::ContinueRun(_) => "Resume run",
            Self::ContinueNewest => "Resume the interrupted run",
            Self::Evaluate { .. } | Self::EvaluateHeldOut(_) => "Evaluate",
            Self::KeepDecisions { .. } => "Keep with the model",
            Self::TryShipped(shipped) => {
                return shipped
                    .promise()
                    .map_or_else(|| format!("Try {}", shipped.name()), |promise| promise.title.to_owned());
            }
            Self::ExploreWith(_) => "Use in Explore",
            Self::LookAtState(_) => "Look at a state of the run",
            Self::AskIn(Precision::F32) => "Ask with weights as trained",
            Self::AskIn(Precision::Int8) => "Ask with 8-bit weights",
            Self::ShowDrift { .. } => "What changed",
            Self::Predict { .. } => "Try in Explore",
            Self::Ask { .. } => "Ask the model",
            Self::ExplainBy(_) => "How the maps of Why are made",
            Self::FindRuns => "Look for runs again",
            Self::ChooseRunsFolder => "Choose the runs folder…",
            Self::SetRunsFolder(_) => "Set the runs folder",
            Self::OpenRun(_) => "Open run",
            Self::CloneRun(_) => "Use its configuration",
            Self::AskDeleteRun(_) => "Delete run…",
            Self::DeleteRun(_) => "Delete run",
            Self::Hub(action) => action.title(),
            Self::Guide(action) => action.title(),
            Self::Queue(action) => action.title(),
            Self::Recipe(action) => return action.title(),
            Self::Sweep(action) => action.title(),
            Self::Link(action) => return action.title(),
            Self::Tell { .. } => "Tell",
            Self::Work(_) => "Do",
            Self::StopJob(_) => "Stop",
            Self::CancelDialog => "Cancel waiting",
            Self::Save(_) => "Save…",
            Self::OpenFolder(_) => "Open folder",
            Self::CopyText(_) => "Copy",
            Self::DismissToast(_) => "Dismiss",
            Self::Quit => "Quit",
        }
        .into()
    }

    /// One sentence on what happens, where the title does not say it all.
    pub fn tooltip(&self) -> &'static str {
        match self {
            Self::OpenPalette => "Everything you can do, by name",
            Self::ToggleTheme => "Light or dark",
            Self::ToggleLog => "What happened so far, newest last",
            Self::ResetLayout => "Puts the panels of Train, Evaluate and Explore back in place",
            Self::ChooseData => {
                "CSV, Excel, JSON, Parquet, CoNLL, SQuAD or plain text; the format is recognised by its content"
            }
            Self::ChooseDataFolder => "Files that belong together, a folder for each class, or a saved data set",
            Self::OpenSample(sample) => sample.description(),
            Self::PredictFile(_) => "What a model says to each row, in a file of its own",
            Self::ChooseEvalData => "Held-out examples from a file of their own instead of a share of this one",
            Self::ChooseModelFolder => "A folder with a model in it, or a folder of such folders",
            Self::FindModels => "Looks again in the model folders and the Hugging Face cache",
            Self::StartRun => "Trains with the configuration in Train",
            Self::PauseRun => "Pauses after the current step; nothing is lost",
            Self::ResumeRun => "Continues with the next step",
            Self::StopRun => "Ends after the current step; the best weights are kept, and the run can be resumed",
            Self::Order(what) => orders::tooltip(*what),
            Self::ContinueRun(_) => "Resumes from its last checkpoint, as if it had never stopped",
            Self::ContinueNewest => "Resumes the latest interrupted run exactly where it stopped",
            Self::ExploreWith(_) => "Type a text and see what this model says",
            Self::AskIn(Precision::Int8) => "Faster, in Explore and Evaluate; answers may differ a little",
            Self::Link(action) => action.tooltip(),
            Self::Sweep(action) => action.tooltip(),
            Self::ShowDrift { .. } => "What lies between the two models: states, heads and weights",
            Self::OpenRun(_) => "Its history in Train, its evaluation in Evaluate",
            Self::CloneRun(_) => "Fills the form of the next run with this configuration",
            Self::AskDeleteRun(_) => "Deletes the folder from disk; asks first",
            _ => "",
        }
    }

    pub fn shortcut(&self) -> Option<KeyboardShortcut> {
        let command = |key| Some(KeyboardShortcut::new(Modifiers::COMMAND, key));
        match self {
            Self::OpenPalette => command(Key::K),
            Self::ChooseData => command(Key::O),
            Self::StartRun => command(Key::Enter),
            Self::StopRun => command(Key::Period),
            Self::Link(LinkAction::Keep) => command(Key::D),
            Self::ToggleTheme => Some(KeyboardShortcut::new(Modifiers::COMMAND | Modifiers::SHIFT, Key::L)),
            Self::ToggleLog => command(Key::J),
            Self::Quit => command(Key::Q),
            Self::Go(screen) => command(screen.key()),
            _ => None,
        }
    }

    /// Words a person may look for that the title does not have.
    pub fn keywords(&self) -> &'static str {
        match self {
            Self::ChooseData => "import csv tsv jsonl dataset load",
            Self::OpenSample(_) => "sample example demo data",
            Self::PredictFile(_) => "batch inference score apply csv whole file",
            Self::TryShipped(_) => "try now playground predict ner entities question answer",
            Self::StartRun => "fine-tune run fit learn",
            Self::ContinueNewest => "continue go on restart crash",
            Self::Hub(_) => "hugging face download search fetch",
            Self::Queue(_) => "wait next runs later",
            Self::Recipe(_) => "recipe experiment compare ablation",
            Self::Sweep(_) => "import hyperparameter search grid random trials",
            Self::Link(_) => "bookmark pin share favourite attune://",
            Self::Guide(_) => "help tutorial tour learn transfer learning course",
            Self::ChooseModelFolder => "import encoder bert checkpoint",
            Self::Go(Screen::Explore) => "playground predict try sentence",
            Self::Go(Screen::Evaluate) => "confusion matrix metrics accuracy",
            Self::SetTheme(_) | Self::ToggleTheme => "appearance colour color mode",
            Self::AskIn(_) => "int8 quantized fast precision",
            Self::Quit => "exit close",
            _ => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_commands_share_a_shortcut_or_a_title() {
        let mut commands = Action::commands();
        commands.push(Action::OpenPalette);
        for (place, one) in commands.iter().enumerate() {
            for two in &commands[place + 1..] {
                assert_ne!(one.title(), two.title());
                assert!(one.shortcut().is_none() || one.shortcut() != two.shortcut(), "{one:?} and {two:?}");
            }
        }
    }
}
