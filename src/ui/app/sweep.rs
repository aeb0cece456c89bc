//! What the actions on sweeps do.

use std::path::PathBuf;

use super::App;
use crate::ui::action::SweepAction;
use crate::ui::dialog::Purpose;
use crate::ui::workspace::Screen;
use crate::worker::work::AnyWork;
use crate::worker::works::sweep::RunSweep;

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
            SweepAction::Start { out, description } => self.run_sweep(out, Some(description)),
            SweepAction::GoOn(dir) => self.run_sweep(dir, None),
        }
    }

    /// It takes the whole machine, and waits for what trains now.
    fn run_sweep(&mut self, out: PathBuf, description: Option<String>) {
        if self.workspace.sweeping(&out).is_none() {
            self.work(AnyWork::new(RunSweep { out: out.clone(), description, program: None }));
        }
        self.panels.runs.show_sweep(out);
        self.workspace.screen = Screen::Runs;
    }

    fn list_sweeps(&mut self) {
        self.workspace.sweep_folders.clone_from(&self.settings.sweep_folders);
        self.workspace.wants.runs = true;
    }
}
