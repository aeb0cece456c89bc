//! What the actions on sweeps do.

use super::App;
use crate::ui::action::SweepAction;
use crate::ui::dialog::Purpose;
use crate::ui::workspace::Screen;

impl App {
    pub(super) fn sweep(&mut self, action: SweepAction, ctx: &egui::Context) {
        match action {
            SweepAction::Choose => self.ask_dialog(Purpose::SweepFolder, ctx),
            SweepAction::Show(dir) => {
                self.panels.runs.show_sweep(dir);
                self.workspace.screen = Screen::Runs;
            }
            SweepAction::Keep(dir) => {
                if !self.settings.sweep_folders.contains(&dir) {
                    self.settings.sweep_folders.push(dir);
                }
                self.list_sweeps();
            }
            SweepAction::Forget(dir) => {
                self.settings.sweep_folders.retain(|known| *known != dir);
                self.list_sweeps();
            }
        }
    }

    fn list_sweeps(&mut self) {
        self.workspace.sweep_folders.clone_from(&self.settings.sweep_folders);
        self.workspace.wants.runs = true;
    }
}
