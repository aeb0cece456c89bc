//! What a recipe sets in motion: its runs as they would be planned, put into the queue, and compared when all have ended.

use std::path::{Path, PathBuf};

use super::App;
use crate::hub::embedded::Shipped;
use crate::recipes::{self, Planned, Recipe};
use crate::train::config::ModelChoice;
use crate::train::run;
use crate::ui::action::{Picked, RecipeAction, Wish};
use crate::ui::format;
use crate::ui::workspace::queue::{Course, CourseRun, Of, Outcome};
use crate::ui::workspace::{Level, Screen, draft};
use crate::worker::work::AnyWork;
use crate::worker::works::recipe::PlanRecipe;

/// Of the runs of a recipe.
const FIRST_SEED: u64 = 42;

impl App {
    pub(super) fn cook(&mut self, action: RecipeAction) {
        match action {
            RecipeAction::Show(name) => {
                if let Some(recipe) = recipes::find(name) {
                    self.panels.home.show_recipe(recipe);
                    self.workspace.screen = Screen::Home;
                }
            }
            RecipeAction::Plan(wish) => self.plan_recipe(&wish),
            RecipeAction::Start { number, seeds } => self.start_recipe(number, seeds),
            RecipeAction::Compare(name) => {
                if let Some(course) = self.workspace.queue.course(name).cloned() {
                    self.panels.runs.compare_course(&course);
                    self.workspace.screen = Screen::Runs;
                }
            }
        }
    }

    fn plan_recipe(&mut self, wish: &Wish) {
        let recipe = wish.recipe;
        let sample = recipe.sample();
        let path = self.places.samples.join(sample.file());
        let on_sample = (!wish.on_open_data).then(|| (sample.file(), path.clone()));
        let form = if wish.on_open_data { self.workspace.form_of_open_data() } else { draft::of_sample(sample, &path) };
        let half = self.places.model.with_file_name(format!("{}-half", Shipped::Mini.name()));
        let whole = self.workspace.embedded_model().map(Path::to_path_buf);
        let has_half = wish.encoders.contains(&Picked::Half);
        let encoder = |picked: &Picked| match picked {
            Picked::Of(choice) => choice.clone(),
            Picked::Half => ModelChoice { path: Some(half.clone()), ..ModelChoice::default() },
        };
        let encoders: Vec<ModelChoice> = wish.encoders.iter().map(encoder).collect();
        match recipes::forms(recipe, &form, &encoders) {
            Ok(forms) => self.work(AnyWork::new(PlanRecipe {
                number: wish.number,
                recipe: recipe.name.as_str(),
                forms,
                share: wish.share,
                sample: on_sample,
                half: whole.filter(|_| has_half).map(|whole| (whole, half.clone())),
            })),
            Err(error) => self.workspace.toast(Level::Error, "The runs cannot be planned", error),
        }
    }

    /// Puts the runs, with all values that were planned, behind those that wait.
    fn start_recipe(&mut self, number: u64, seeds: usize) {
        let known = self.workspace.worked::<PlanRecipe>().filter(|(work, _)| work.number == number);
        let Some((work, planned)) = known else { return };
        let Ok(planned) = planned.iter().cloned().collect::<Result<Vec<Planned>, String>>() else { return };
        let Some(recipe) = recipes::find(work.recipe) else { return };
        let share = work.share;
        let seeds = &run::seeds(FIRST_SEED, seeds.max(1));
        let outs = self.free_outs(recipe, seeds);
        let data = planned.first().map(|one| format::inputs(&one.config.data.train)).unwrap_or_default();
        let mut runs = Vec::new();
        let mut wait = Vec::new();
        for (seed, outs) in seeds.iter().zip(&outs) {
            for (place, (one, out)) in planned.iter().zip(outs).enumerate() {
                let student = recipe.runs().get(place).and_then(|run| run.student);
                let mut config = one.config.clone();
                (config.run.seed, config.run.out) = (*seed, out.clone());
                if let (Some(distill), Some(student)) = (&mut config.distill, student) {
                    distill.teacher.clone_from(&outs[student.of]);
                }
                runs.push(CourseRun { dir: out.clone(), place, seed: *seed, outcome: Outcome::Waiting });
                wait.push((config, one.plan.seconds));
            }
        }
        let queue = &mut self.workspace.queue;
        queue.begin_course(Course { recipe: recipe.name.clone(), of: Of::Recipe, data, share, runs, is_over: false });
        for (config, seconds) in wait {
            queue.add(config, seconds);
        }
        self.tell_if_held();
        self.workspace.screen = Screen::Train;
    }

    /// A folder for each run, for each seed: all under the first number that none of them has.
    fn free_outs(&self, recipe: &Recipe, seeds: &[u64]) -> Vec<Vec<PathBuf>> {
        let folder = &self.workspace.runs_folder;
        let named = |number: usize, seed: u64, run: &str| {
            let seed = if seeds.len() > 1 { format!("-seed-{seed}") } else { String::new() };
            folder.join(format!("{}-{number}-{}{seed}", recipe.name, draft::short_name(Path::new(run))))
        };
        let of_number = |number: usize| -> Vec<Vec<PathBuf>> {
            let of_seed = |seed: &u64| recipe.runs().iter().map(|run| named(number, *seed, &run.name)).collect();
            seeds.iter().map(of_seed).collect()
        };
        let is_free = |outs: &Vec<Vec<PathBuf>>| !outs.iter().flatten().any(|out| self.workspace.is_spoken_for(out));
        (1..1000).map(of_number).find(is_free).unwrap_or_else(|| of_number(1000))
    }

    /// Where the runs of a recipe have all ended, what came of it. Whoever is busy elsewhere is only told.
    pub(super) fn show_what_is_over(&mut self) {
        let Some(course) = self.workspace.queue.take_over() else { return };
        let title = course.title();
        if course.results().count() < 2 {
            let words =
                format!("{} of its {} runs have ended with a result", course.results().count(), course.runs.len());
            self.workspace.toast(Level::Warning, format!("Nothing to compare: {title}"), words);
            return;
        }
        self.panels.runs.compare_course(&course);
        match self.workspace.screen {
            Screen::Home | Screen::Train | Screen::Runs => self.workspace.screen = Screen::Runs,
            Screen::Data | Screen::Model | Screen::Evaluate | Screen::Explore | Screen::Settings => {
                self.workspace.toast(Level::Good, title, "All its runs have ended; Runs shows them side by side");
            }
        }
    }
}
