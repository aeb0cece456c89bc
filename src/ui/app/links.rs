//! Views that are kept, and where links lead.

use std::path::Path;
use std::sync::Arc;

use super::App;
use crate::hub::embedded::Shipped;
use crate::train::config::RunConfig;
use crate::ui::action::{Action, LinkAction};
use crate::ui::format;
use crate::ui::frame::ask::Question;
use crate::ui::link::{KeptView, Link, LinkedData};
use crate::ui::tiles;
use crate::ui::workspace::{Level, LogLine, Screen};

/// Views that are kept at most, so that the settings stay small.
const MOST: usize = 500;

impl App {
    pub(super) fn perform_link(&mut self, action: LinkAction, ctx: &egui::Context) {
        match action {
            LinkAction::Keep => self.keep_view(),
            LinkAction::Copy => {
                if let Some((link, _)) = self.link_or_tell() {
                    ctx.copy_text(link);
                    self.workspace.toast(Level::Info, "Copied", "A link to this view");
                }
            }
            LinkAction::Open(link) | LinkAction::OpenKept { link, .. } => self.open_link(&link),
            LinkAction::OpenData(link) => {
                if let Some(data) = link.parse::<Link>().ok().and_then(|link| link.data) {
                    self.open_linked_data(data);
                }
            }
            LinkAction::Forget(link) => {
                self.workspace.kept_views.retain(|kept| kept.link != link);
                self.settings.kept_views.clone_from(&self.workspace.kept_views);
            }
            LinkAction::ShowKept => {
                self.log_is_open = true;
                self.panels.log.show_kept();
            }
        }
    }

    /// A link to the view that is looked at, and its title.
    pub(super) fn link(&self) -> Option<Result<(String, String), String>> {
        let (mut link, title) = self.panels.explore.link(&self.workspace)?;
        let tree = self.settings.layouts.get(&self.name_of_explore());
        link.tabs = tree.map(tiles::tabs).unwrap_or_default();
        Some(link.written().map(|written| (written, title)).map_err(|error| error.to_string()))
    }

    /// Under which the parts of Explore stand in the settings.
    fn name_of_explore(&self) -> String {
        super::tiled_name(Screen::Explore, &self.panels.explore)
    }

    fn link_or_tell(&mut self) -> Option<(String, String)> {
        match self.link() {
            Some(Ok(linked)) => return Some(linked),
            Some(Err(why)) => self.workspace.toast(Level::Warning, "This view cannot be kept", why),
            None => self.workspace.toast(Level::Info, "There is no view to keep", "Open a model in Explore first"),
        }
        None
    }

    fn keep_view(&mut self) {
        let Some((link, title)) = self.link_or_tell() else { return };
        let is_new = self.workspace.kept_views.iter().all(|kept| kept.link != link);
        if is_new && self.workspace.kept_views.len() >= MOST {
            let words = format!("{MOST} views are kept; forget some of them first");
            return self.workspace.toast(Level::Warning, "The view was not kept", words);
        }
        let at = self.workspace.unix_now();
        self.workspace.kept_views.retain(|kept| kept.link != link);
        self.workspace.kept_views.push(KeptView { link: link.clone(), title: title.clone(), at });
        self.settings.kept_views.clone_from(&self.workspace.kept_views);
        self.workspace.toast(Level::Good, "View kept", title.clone());
        self.say_linked(format!("Kept {title}"), Some(link));
    }

    /// A line of the log that leads back to a view.
    pub(super) fn say_linked(&mut self, text: String, link: Option<String>) {
        let at = self.workspace.now;
        self.workspace.log.push(LogLine { brief: None, level: Level::Good, text, detail: None, link, at });
    }

    fn open_link(&mut self, written: &str) {
        let link: Link = match written.parse() {
            Ok(link) => link,
            Err(error) => return self.tell("The link cannot be opened".to_owned(), error.to_string()),
        };
        let shipped = Shipped::from_word(&link.model);
        if shipped.is_some() && self.workspace.models.is_empty() {
            // It is written to its folder while models are being found.
            self.link_due = Some(written.to_owned());
            return;
        }
        let inside = shipped.map(|shipped| self.workspace.shipped(shipped).map(Path::to_owned));
        let Some(model) = inside.unwrap_or_else(|| Some(link.model.clone())) else {
            let title = format!("{} is not there", shipped.map_or("", Shipped::name));
            return self.tell(title, "its folder could not be written; Model says why".to_owned());
        };
        self.workspace.precision = link.precision;
        self.workspace.explore_with(model);
        self.workspace.screen = Screen::Explore;
        if let Some(data) = link.data.clone() {
            self.want_data(data, written);
        }
        self.tabs_due.clone_from(&link.tabs);
        self.workspace.explore.linked = Some(Arc::new(link));
    }

    /// Opens the data of a view where none are open, and asks where others are.
    fn want_data(&mut self, data: LinkedData, link: &str) {
        let inputs = &data.read.train;
        match self.workspace.data.table.as_ref().map(|table| table.origins.inputs.clone()) {
            None => self.open_linked_data(data),
            Some(open) if open == *inputs => {}
            Some(open) => {
                let (wanted, open) = (format::inputs(inputs), format::inputs(&open));
                self.question = Some(Question::OpenData { wanted, open, link: link.to_owned() });
            }
        }
    }

    /// Opens data and reads them as they were read when the view was kept.
    fn open_linked_data(&mut self, data: LinkedData) {
        let inputs = data.read.train.clone();
        let screen = self.workspace.screen;
        self.change_data(Action::OpenData(inputs));
        let mut config = RunConfig { task: data.task, data: data.read, ..self.workspace.draft.clone() };
        config.run.folds = data.folds;
        self.workspace.restore(config);
        self.workspace.screen = screen;
    }

    /// Goes on with a link that waited for the models inside the program.
    pub(super) fn follow_link(&mut self) {
        if !self.workspace.models.is_empty()
            && let Some(link) = self.link_due.take()
        {
            self.open_link(&link);
        }
    }

    pub(super) fn tell(&mut self, title: String, why: String) {
        self.workspace.say(Level::Warning, format!("{title}: {why}"), None);
        self.workspace.toast(Level::Warning, title, why);
    }
}
