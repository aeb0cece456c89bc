//! The way from the hub to this machine: a button where it is not here, how far it is while it comes, and what to do with it
//! once it is here.

use std::path::Path;

use egui::Ui;
use egui_material_icons::icons::{
    ICON_CHECK_CIRCLE, ICON_DOWNLOAD, ICON_FOLDER_OPEN, ICON_PAUSE, ICON_PLAY_ARROW, ICON_REPLAY,
};

use crate::hub::RepoKind;
use crate::table::Inputs;
use crate::ui::action::HubAction;
use crate::ui::frame::downloads;
use crate::ui::widgets::Button;
use crate::ui::workspace::{Download, DownloadState};
use crate::ui::{Action, Cx, Screen, format};
use crate::worker::protocol::Wanted;

/// What can be fetched, and what is known of it.
pub struct Offer<'a> {
    pub wanted: Wanted,
    /// What comes over the network, where it is known.
    pub bytes: Option<u64>,
    /// Where it lies, where it is here.
    pub here: Option<&'a Path>,
    /// Why it cannot be fetched.
    pub is_refused: bool,
    /// One of several on the screen.
    pub is_small: bool,
}

/// The button, from the right end of a line.
pub fn button_ui(ui: &mut Ui, cx: &mut Cx<'_>, offer: &Offer<'_>) {
    let palette = cx.palette;
    let wanted = &offer.wanted;
    let title = wanted.title();
    let sized = |button: Button| if offer.is_small { button.small() } else { button.primary() };
    let state = cx.workspace.download(wanted).map(|download| &download.state);
    let offline = cx.workspace.hub.hub.offline;
    let action = match (state, offer.here) {
        (Some(DownloadState::Running(_)), _) => {
            let pause = Button::new("Pause").name(format!("Pause {title}")).icon(ICON_PAUSE);
            let pause = if offer.is_small { pause.small() } else { pause };
            pause.show(ui, palette).clicked().then(|| HubAction::Pause(wanted.clone()))
        }
        (Some(DownloadState::Pausing | DownloadState::Cancelling), _) => None,
        (_, Some(path)) => {
            use_ui(ui, cx, offer, path);
            None
        }
        (Some(DownloadState::Done(path)), None) => {
            let path = path.clone();
            use_ui(ui, cx, offer, &path);
            None
        }
        (Some(DownloadState::Paused), None) => {
            let resume = sized(Button::new("Resume").name(format!("Resume {title}")).icon(ICON_PLAY_ARROW));
            resume.enabled(!offline).show(ui, palette).clicked().then(|| HubAction::Download(wanted.clone()))
        }
        (Some(DownloadState::Failed(_)), None) => {
            let again = sized(Button::new("Try again").name(format!("Try again {title}")).icon(ICON_REPLAY));
            again.enabled(!offline).show(ui, palette).clicked().then(|| HubAction::Download(wanted.clone()))
        }
        (None, None) => {
            let size = offer.bytes.map_or(String::new(), |bytes| format!(" {}", format::bytes(bytes)));
            let label = if offer.is_small { "Download".to_owned() } else { format!("Download{size}") };
            let button = sized(Button::new(label).name(format!("Download {title}")).icon(ICON_DOWNLOAD));
            let response = button.enabled(!offline && !offer.is_refused).show(ui, palette);
            response.clicked().then(|| HubAction::Download(wanted.clone()))
        }
    };
    cx.actions.extend(action.map(Action::Hub));
}

fn use_ui(ui: &mut Ui, cx: &mut Cx<'_>, offer: &Offer<'_>, path: &Path) {
    let palette = cx.palette;
    match offer.wanted.repo.kind {
        RepoKind::Model => {
            let button = Button::new("Use this model").icon(ICON_CHECK_CIRCLE).primary();
            if button.show(ui, palette).clicked() {
                cx.act(Action::OpenModel(path.to_owned()));
                if cx.workspace.data.loaded.is_some() {
                    cx.act(Action::Go(Screen::Train));
                }
            }
        }
        RepoKind::DataSet => {
            let name = format!("Open {}", offer.wanted.title());
            let button = Button::new("Open").name(name).icon(ICON_FOLDER_OPEN);
            let button = if offer.is_small { button.small() } else { button.primary() };
            if button.show(ui, palette).clicked() {
                cx.act(Action::OpenData(path.into()));
            }
            evaluate_ui(ui, cx, offer, path);
        }
    }
}

/// Another part of the data set that is open can be what a run is evaluated on.
fn evaluate_ui(ui: &mut Ui, cx: &mut Cx<'_>, offer: &Offer<'_>, path: &Path) {
    let workspace = cx.workspace;
    let folder = workspace.hub.hub.cache_folder(&offer.wanted.repo);
    let is_beside = |open: &Path| open.starts_with(&folder) && open != path;
    if !workspace.data.table.as_ref().is_some_and(|table| is_beside(&table.path)) {
        return;
    }
    let is_it = workspace.data.eval.as_ref().and_then(Inputs::one) == Some(path);
    let name = format!("Evaluate on {}", offer.wanted.title());
    let words = if is_it { "Evaluated on" } else { "Evaluate on it" };
    let button = Button::new(words).name(name).quiet().small().enabled(!is_it);
    if button.show(ui, cx.palette).clicked() {
        cx.act(Action::SetEvalData(Some(path.into())));
        cx.act(Action::Hub(HubAction::Find(RepoKind::DataSet, false)));
    }
}

/// How far a download is, below its button; nothing where there is none or it is done.
pub fn progress_ui(ui: &mut Ui, cx: &Cx<'_>, wanted: &Wanted) {
    let under_way = |download: &&Download| !matches!(download.state, DownloadState::Done(_));
    let Some(download) = cx.workspace.download(wanted).filter(under_way) else { return };
    downloads::progress_ui(ui, cx.palette, download);
}
