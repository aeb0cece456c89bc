//! A question whole: its context with what is true and what was answered where they stand, and the next best answers.

use egui::text::{LayoutJob, TextFormat};
use egui::{Align, Color32, Layout, ScrollArea, Ui, vec2};

use super::answers::{scores, verdict};
use crate::metrics::{AnswerReport, Evaluation, JudgedQuestion, Outcome};
use crate::ui::theme::{self, Palette, size, space};
use crate::ui::widgets::bars::{self, Bar, bars};
use crate::ui::widgets::{Button, Chip, text};
use crate::ui::{Action, Cx, format};
use crate::worker::protocol::EvaluatedData;

/// Candidates that are shown.
const CANDIDATES: usize = 8;

pub fn ui(ui: &mut Ui, evaluated: &EvaluatedData, selected: Option<usize>, threshold: f64, cx: &mut Cx<'_>) {
    let palette = cx.palette;
    let evaluation = &evaluated.evaluation;
    let found = selected.and_then(|row| Some((row, evaluation.answers.as_ref()?, evaluated.texts.get(row)?)));
    let Some((row, report, (question, context))) = found.filter(|(row, report, _)| *row < report.questions.len())
    else {
        ui.add_space(16.0);
        ui.vertical_centered(|ui| ui.label(text::dim("Click a question to read it whole", palette)));
        return;
    };
    let judged = &report.questions[row];
    let (said, gold) = verdict(evaluation, report, row, threshold);
    let exact = scores(report, judged, threshold).0;
    ui.allocate_ui_with_layout(vec2(ui.available_width(), 26.0), Layout::right_to_left(Align::Center), |ui| {
        ui.set_min_height(26.0);
        if Button::new("Open in Explore").small().show(ui, palette).clicked() {
            let model = evaluated.model.clone();
            cx.act(Action::ExploreWith(model.clone()));
            cx.act(Action::Predict { model, text: question.clone(), pair: context.clone() });
        }
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            let half = ((ui.available_width() - 130.0) / 2.0).max(40.0);
            ui.label(text::small("Gold", palette));
            Chip::good(gold, palette).max_width(half).show(ui);
            ui.label(text::small("Answered", palette));
            let chip = if exact < 1.0 { Chip::bad(said, palette) } else { Chip::good(said, palette) };
            chip.max_width(half).show(ui);
        });
    });
    ui.add_space(2.0);
    ScrollArea::vertical().id_salt("question").auto_shrink([false, false]).show(ui, |ui| {
        ui.add(egui::Label::new(text::strong(question.clone(), palette)).wrap().selectable(true));
        if let Some(context) = context {
            let spans = spans(evaluation, report, row, threshold, context);
            ui.add(egui::Label::new(marked(context, &spans, palette)).wrap().selectable(true));
        }
        ui.add_space(space::S);
        candidates_ui(ui, report, judged, threshold, palette);
    });
}

/// What a stretch of the context is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Gold,
    Said,
    Both,
}

/// Stretches of the context in characters, rising and apart.
fn spans(
    evaluation: &Evaluation,
    report: &AnswerReport,
    row: usize,
    threshold: f64,
    context: &str,
) -> Vec<(usize, usize, Kind)> {
    let judged = &report.questions[row];
    let mut gold: Vec<(usize, usize)> = Vec::new();
    if let Some(Outcome::Answers { answers }) = evaluation.predictions.get(row).map(|said| &said.gold) {
        for (place, answer) in answers.iter().enumerate() {
            let found = || context.find(answer.as_str()).map(|byte| context[..byte].chars().count());
            let start = judged.gold_starts.get(place).copied().or_else(found);
            gold.extend(start.map(|start| (start, start + answer.chars().count())));
        }
    }
    let said = judged.candidates.first().filter(|_| scores(report, judged, threshold).2);
    let said = said.map(|best| (best.start, best.end));
    let mut edges: Vec<usize> = gold.iter().chain(&said).flat_map(|&(start, end)| [start, end]).collect();
    edges.sort_unstable();
    edges.dedup();
    let within = |spans: &[(usize, usize)], at: usize| spans.iter().any(|&(start, end)| start <= at && at < end);
    let said: Vec<(usize, usize)> = said.into_iter().collect();
    let parts = edges.windows(2).filter_map(|edge| match (within(&gold, edge[0]), within(&said, edge[0])) {
        (true, true) => Some((edge[0], edge[1], Kind::Both)),
        (true, false) => Some((edge[0], edge[1], Kind::Gold)),
        (false, true) => Some((edge[0], edge[1], Kind::Said)),
        (false, false) => None,
    });
    parts.collect()
}

/// What is true on green, what was answered underlined; both where they agree.
fn marked(context: &str, spans: &[(usize, usize, Kind)], palette: &Palette) -> LayoutJob {
    let mut job = LayoutJob::default();
    let plain = TextFormat { font_id: theme::regular(size::BODY), color: palette.text, ..TextFormat::default() };
    let line = |color: Color32| egui::Stroke::new(2.0, color);
    let mut characters = context.chars();
    let mut at = 0;
    let mut take = |until: usize, format: TextFormat| {
        let part: String = characters.by_ref().take(until.saturating_sub(at)).collect();
        at = at.max(until);
        if !part.is_empty() {
            job.append(&part, 0.0, format);
        }
    };
    for &(start, end, kind) in spans {
        take(start, plain.clone());
        let mut format = plain.clone();
        if kind != Kind::Said {
            format.background = palette.good_soft;
            format.color = palette.good;
        }
        if kind != Kind::Gold {
            format.underline = line(if kind == Kind::Both { palette.good } else { palette.bad });
        }
        take(end, format);
    }
    take(usize::MAX, plain);
    job
}

fn candidates_ui(ui: &mut Ui, report: &AnswerReport, judged: &JudgedQuestion, threshold: f64, palette: &Palette) {
    let windows = judged.candidates.iter().any(|candidate| candidate.window > 0);
    let names: Vec<String> = judged
        .candidates
        .iter()
        .take(CANDIDATES)
        .map(|candidate| {
            let window = if windows { format!("  ·  window {}", candidate.window + 1) } else { String::new() };
            format!("{}{window}", candidate.text)
        })
        .collect();
    let shown: Vec<Bar<'_>> = names
        .iter()
        .zip(&judged.candidates)
        .enumerate()
        .map(|(rank, (name, candidate))| Bar {
            name,
            share: f64::from(candidate.score),
            value: format::percent(f64::from(candidate.score)),
            color: palette.series[0],
            strong: rank == 0,
            mark: None,
        })
        .collect();
    ui.label(text::label("Best answers", palette));
    if shown.is_empty() {
        ui.label(text::dim("No span of the context can be an answer", palette));
    }
    let width = bars::name_width(ui, names.iter().map(String::as_str), ui.available_width() * 0.5);
    ui.spacing_mut().item_spacing.y = 0.0;
    bars(ui, &shown, width, true, palette);
    if report.allow_no_answer {
        let lead = judged.null_score;
        let decision = if lead > threshold { "so there is no answer" } else { "so the best span is the answer" };
        let words =
            format!("\"No answer\" leads the best span by {lead:.2}, the threshold is {threshold:.2}, {decision}");
        ui.add_space(space::XS);
        ui.add(egui::Label::new(text::small(words.replace('-', "−"), palette)).wrap());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{AnsweredQuestion, CandidateAnswer, evaluate_answers};

    #[test]
    fn gold_and_answer_are_marked_where_they_stand_in_characters() {
        let context = "Über den blauen Wal und Rom";
        let candidate = CandidateAnswer { text: "blauen Wal und".into(), score: 0.5, start: 9, end: 23, window: 0 };
        let question = AnsweredQuestion {
            example: 0,
            id: "q".into(),
            gold: vec!["Wal".into(), "Rom".into()],
            gold_starts: vec![16],
            candidates: vec![candidate],
            null_score: 0.0,
        };
        let evaluation = evaluate_answers(vec![question], 0.0, true, 0.0);
        let report = evaluation.answers.as_ref().unwrap();
        let found = spans(&evaluation, report, 0, 0.0, context);
        let expected = [(9, 16, Kind::Said), (16, 19, Kind::Both), (19, 23, Kind::Said), (24, 27, Kind::Gold)];
        assert_eq!(found, expected);
        let job = marked(context, &found, Palette::of(true));
        assert_eq!(job.text, context);
        assert_eq!(job.sections.len(), 6);
        assert_eq!(spans(&evaluation, report, 0, -1.0, context), [(16, 19, Kind::Gold), (24, 27, Kind::Gold)]);
    }
}
