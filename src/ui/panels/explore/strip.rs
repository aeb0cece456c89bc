//! What each state of a run's course says to the text that is looked at, side by side: where the answer turned. It is asked
//! for by a press, since each state has to be opened.

use egui::{Label, Ui};
use egui_material_icons::icons::{ICON_CLOSE, ICON_VIEW_WEEK};

use crate::inspect::{AnyInquiry, Prediction, Question, Reply};
use crate::model::kept::Course;
use crate::ui::panels::progress_line;
use crate::ui::widgets::answer_strip::{Cell, answer_strip};
use crate::ui::widgets::{Button, line, text};
use crate::ui::workspace::Workspace;
use crate::ui::{Action, Cx, format};
use crate::worker::work::AnyWork;
use crate::worker::works::course::{AskStates, Said};

/// What is asked now, and how an answer to it is said in a few words.
pub struct Asks<'a> {
    pub inquiry: Option<AnyInquiry>,
    pub verdict: &'a dyn Fn(&Reply) -> (String, String),
}

#[derive(Debug, Default)]
pub struct Strip {
    is_closed: bool,
}

impl Strip {
    /// The press that asks every state, in a line that is drawn from its right end.
    pub fn press_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, course: &Course, asks: &Asks<'_>) {
        let Some(inquiry) = asks.inquiry.clone().filter(|inquiry| inquiry.get::<Question>().is_some()) else { return };
        let is_told = !self.is_closed && found(cx.workspace, course).is_some_and(|(work, _)| work.inquiry == inquiry);
        let is_asked = cx.workspace.job_of::<AskStates>().is_some();
        let button = Button::new("Every state").icon(ICON_VIEW_WEEK).small().enabled(!is_told && !is_asked);
        let hint = "What each state says to this text, side by side";
        if button.name("Ask every state").show(ui, cx.palette).on_hover_text(hint).clicked() {
            self.is_closed = false;
            let states = course.states.iter().map(|state| (state.step, state.dir.clone())).collect();
            let (run, precision) = (cx.workspace.model_name(&course.whole), cx.workspace.precision);
            cx.act(Action::Work(AnyWork::new(AskStates { run, states, precision, inquiry })));
        }
    }

    /// What they said, where they were asked, or how far that is.
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, course: &Course, asks: &Asks<'_>) {
        let palette = cx.palette;
        if let Some(job) = cx.workspace.job_of::<AskStates>() {
            return progress_line::ui(ui, cx, job, "Cancel asking the states");
        }
        if self.is_closed {
            return;
        }
        let Some((work, said)) = found(cx.workspace, course) else { return };
        let is_now = asks.inquiry.as_ref() == Some(&work.inquiry);
        let cells = cells(said, asks.verdict);
        line::line(ui, 20.0, |ui| {
            if Button::icon_only(ICON_CLOSE, "Close the answers of the states").small().show(ui, palette).clicked() {
                self.is_closed = true;
            }
            let of = work.inquiry.get::<Question>().map_or("", |question| question.text.as_str());
            line::left(ui, |ui| {
                ui.add(Label::new(text::small(summary(&cells, of, is_now), palette)).truncate());
            });
        });
        let at = course.at.and_then(|at| said.iter().position(|said| said.step == at));
        let pressed = ui.scope(|ui| {
            if !is_now {
                ui.multiply_opacity(0.6);
            }
            answer_strip(ui, &cells, at, palette)
        });
        if let Some(said) = pressed.inner.and_then(|place| said.get(place)) {
            cx.act(Action::LookAtState(said.dir.clone()));
        }
    }
}

/// What the states of a course said last.
fn found<'a>(workspace: &'a Workspace, course: &Course) -> Option<(&'a AskStates, &'a [Said])> {
    let (work, said) = workspace.worked::<AskStates>()?;
    let same = work.states.len() == course.states.len()
        && work.states.iter().zip(&course.states).all(|((_, dir), state)| *dir == state.dir);
    (same && work.precision == workspace.precision).then_some((work, said.as_slice()))
}

/// Each answer in a few words. Classes have the places that they have in the list of the answer; other answers are told
/// apart by their words.
fn cells(said: &[Said], verdict: &dyn Fn(&Reply) -> (String, String)) -> Vec<Cell> {
    let values: Vec<f64> = said.iter().filter_map(value).collect();
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut words: Vec<String> = Vec::new();
    let cell = |said: &Said| {
        let of = format!("Step {}", format::count(said.step));
        let reply = match &said.reply {
            Ok(reply) => reply,
            Err(why) => {
                return Cell {
                    of,
                    word: why.clone(),
                    sure: String::new(),
                    place: usize::MAX,
                    level: None,
                    failed: true,
                };
            }
        };
        let (word, sure) = verdict(reply);
        let (place, level) = match reply.to::<Question>().map(|answer| &answer.result) {
            Some(Prediction::Classes(classes)) => {
                let mut names: Vec<&str> = classes.iter().map(|(name, _)| name.as_str()).collect();
                names.sort_unstable();
                let place = names.binary_search(&word.as_str()).unwrap_or(0);
                (place, classes.first().map(|(_, share)| *share as f32))
            }
            // A number is more or less, and never another.
            Some(Prediction::Value(value)) => (0, Some(((value - least) / (most - least).max(1e-9)) as f32)),
            _ => {
                let known = words.iter().position(|known| *known == word);
                let place = known.unwrap_or(words.len());
                if known.is_none() {
                    words.push(word.clone());
                }
                (place, None)
            }
        };
        Cell { of, word, sure, place, level, failed: false }
    };
    said.iter().map(cell).collect()
}

fn value(said: &Said) -> Option<f64> {
    match said.reply.as_ref().ok()?.to::<Question>()?.result {
        Prediction::Value(value) => Some(value),
        _ => None,
    }
}

/// Where the answer turned, in a sentence.
fn summary(cells: &[Cell], text: &str, is_now: bool) -> String {
    let turns: Vec<&[Cell]> =
        cells.windows(2).filter(|pair| pair[0].place != pair[1].place && !pair[0].failed && !pair[1].failed).collect();
    let is_number = cells.iter().any(|cell| cell.level.is_some() && cell.sure.is_empty());
    let said = match (turns.as_slice(), cells.first().zip(cells.last())) {
        _ if cells.iter().all(|cell| cell.failed) => "No state could be asked".to_owned(),
        ([], Some((first, last))) if is_number => format!("From {} to {}", first.word, last.word),
        ([], _) => "The answer is the same in all states".to_owned(),
        ([one], _) => format!("Turned at {}: {} \u{2192} {}", one[1].of.to_lowercase(), one[0].word, one[1].word),
        ([.., last], _) => format!(
            "Turned {} times, last at {}: {} \u{2192} {}",
            turns.len(),
            last[1].of.to_lowercase(),
            last[0].word,
            last[1].word
        ),
    };
    if is_now { said } else { format!("{said} \u{b7} of another text: {}", text::short_name(text, 40)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(step: u64, word: &str, place: usize) -> Cell {
        let (of, sure) = (format!("Step {step}"), "90.0 %".to_owned());
        Cell { of, word: word.into(), sure, place, level: Some(0.9), failed: false }
    }

    #[test]
    fn it_is_said_where_the_answer_turned() {
        let said = |cells: &[Cell]| summary(cells, "the tea", true);
        let (no, yes) = (|step| cell(step, "negative", 0), |step| cell(step, "positive", 1));
        assert_eq!(said(&[no(0), no(5), yes(10), yes(15)]), "Turned at step 10: negative \u{2192} positive");
        assert_eq!(said(&[no(0), no(5)]), "The answer is the same in all states");
        assert_eq!(
            said(&[no(0), yes(5), no(10), yes(15)]),
            "Turned 3 times, last at step 15: negative \u{2192} positive"
        );
        let gone = Cell { failed: true, place: usize::MAX, ..no(5) };
        assert_eq!(said(&[no(0), gone.clone(), no(10)]), "The answer is the same in all states");
        assert_eq!(said(&[gone]), "No state could be asked");
        let number = |word: &str| Cell { sure: String::new(), word: word.into(), ..no(1) };
        assert_eq!(said(&[number("0.100"), number("0.900")]), "From 0.100 to 0.900");
        let other = summary(&[no(0)], "the coffee", false);
        assert_eq!(other, "The answer is the same in all states \u{b7} of another text: the coffee");
    }
}
