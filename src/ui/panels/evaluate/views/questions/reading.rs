//! A question whole: its context with what is true and what was answered where they stand, and the next best answers.

use std::ops::Range;

use egui::text::{LayoutJob, TextFormat};
use egui::{Color32, ScrollArea, Ui};

use super::scores::{scores, verdict};
use crate::metrics::{AnswerReport, Evaluation, JudgedQuestion, Outcome};
use crate::ui::Cx;
use crate::ui::panels::evaluate::list;
use crate::ui::theme::{self, Palette, size, space};
use crate::ui::widgets::bars::{Bar, bars};
use crate::ui::widgets::pages::Pages;
use crate::ui::widgets::{Button, Chip, text};
use crate::ui::workspace::Offered;
use crate::worker::protocol::EvaluatedData;

/// Candidates that are shown.
const CANDIDATES: usize = 8;

/// The question that is read.
#[derive(Debug, Default)]
pub struct Reading {
    /// The question and the threshold that the stretches were found for.
    of: Option<(usize, f64)>,
    /// Bytes of the context.
    stretches: Vec<(Range<usize>, Kind)>,
    question: Pages,
    context: Pages,
}

impl Reading {
    pub fn ui(
        &mut self,
        ui: &mut Ui,
        evaluated: &EvaluatedData,
        selected: Option<usize>,
        threshold: f64,
        cx: &mut Cx<'_>,
    ) {
        let palette = cx.palette;
        let evaluation = &evaluated.evaluation;
        let found = selected.and_then(|row| Some((row, evaluation.answers.as_ref()?, evaluated.texts.get(row)?)));
        let Some((row, report, (question, context))) = found.filter(|(row, report, _)| *row < report.questions.len())
        else {
            return list::unread(ui, "a question", palette);
        };
        let judged = &report.questions[row];
        let (said, gold) = verdict(evaluation, report, row, threshold);
        let exact = scores(report, judged, threshold).0;
        let offered = || {
            let (text, pair) = (question.clone(), context.clone());
            Offered { task: evaluation.task, text, pair, no_answer: report.allow_no_answer.then_some(threshold) }
        };
        list::head(ui, evaluated, cx, offered, |ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            let half = ((ui.available_width() - 130.0) / 2.0).max(40.0);
            ui.label(text::small("Correct answer", palette));
            Chip::good(gold, palette).max_width(half).show(ui);
            ui.label(text::small("Answered", palette));
            let chip = if exact < 1.0 { Chip::bad(said, palette) } else { Chip::good(said, palette) };
            chip.max_width(half).show(ui);
        });
        ui.add_space(2.0);
        self.follow(evaluation, report, (row, threshold), context.as_deref().unwrap_or_default());
        ScrollArea::vertical().id_salt("question").auto_shrink([false, false]).show(ui, |ui| {
            let page = self.question.ui(ui, "question", question, palette);
            ui.add(egui::Label::new(text::strong(&question[page], palette)).wrap().selectable(true));
            if let Some(context) = context {
                self.context_ui(ui, context, palette);
            }
            ui.add_space(space::S);
            candidates_ui(ui, report, judged, threshold, palette);
        });
    }

    /// Another question begins with the page of the first stretch.
    fn follow(&mut self, evaluation: &Evaluation, report: &AnswerReport, of: (usize, f64), context: &str) {
        if self.of == Some(of) {
            return;
        }
        let (row, threshold) = of;
        self.stretches = in_bytes(context, &spans(evaluation, report, row, threshold, context));
        if self.of.is_none_or(|(before, _)| before != row) {
            (self.question, self.context) = (Pages::default(), Pages::default());
            if let Some((first, _)) = self.stretches.first() {
                self.context.turn_to(context, first.start);
            }
        }
        self.of = Some(of);
    }

    /// One page of the context, and where the others hold something a way to it.
    fn context_ui(&mut self, ui: &mut Ui, context: &str, palette: &Palette) {
        let page = self.context.ui(ui, "context", context, palette);
        let wanted = [("Show the correct answer", Kind::Said), ("Show the predicted answer", Kind::Gold)];
        let elsewhere = wanted.into_iter().filter_map(|(words, other)| {
            let (stretch, _) = self.stretches.iter().find(|(_, kind)| *kind != other)?;
            (!page.contains(&stretch.start)).then_some((words, stretch.start))
        });
        let elsewhere: Vec<(&str, usize)> = elsewhere.collect();
        if !elsewhere.is_empty() {
            ui.horizontal(|ui| {
                for (words, byte) in elsewhere {
                    if Button::new(words).small().show(ui, palette).clicked() {
                        self.context.turn_to(context, byte);
                    }
                }
            });
        }
        ui.add(egui::Label::new(marked(context, &page, &self.stretches, palette)).wrap().selectable(true));
    }
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
            // An evaluation of an earlier version does not say where; words that stand there twice are not looked for.
            let found = || {
                let mut found = context.match_indices(answer.as_str());
                let only = found.next().filter(|_| found.next().is_none());
                only.map(|(byte, _)| context[..byte].chars().count())
            };
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

/// Stretches in bytes instead of characters.
fn in_bytes(context: &str, spans: &[(usize, usize, Kind)]) -> Vec<(Range<usize>, Kind)> {
    let (mut character, mut byte) = (0, 0);
    let mut move_to = |place: usize| {
        let ahead = context[byte..].char_indices().nth(place - character);
        byte = ahead.map_or(context.len(), |(bytes, _)| byte + bytes);
        character = place;
        byte
    };
    let stretch = |&(start, end, kind): &(usize, usize, Kind)| {
        let (start, end) = (move_to(start), move_to(end));
        (start..end, kind)
    };
    spans.iter().map(stretch).collect()
}

/// A page of the context: what is true on green, what was answered underlined; both where they agree.
fn marked(context: &str, page: &Range<usize>, stretches: &[(Range<usize>, Kind)], palette: &Palette) -> LayoutJob {
    let mut job = LayoutJob::default();
    let plain = TextFormat { font_id: theme::regular(size::BODY), color: palette.text, ..TextFormat::default() };
    let line = |color: Color32| egui::Stroke::new(2.0, color);
    let mut at = page.start;
    let mut take = |until: usize, format: TextFormat| {
        let end = until.clamp(at, page.end);
        if end > at {
            job.append(&context[at..end], 0.0, format);
        }
        at = end;
    };
    for (stretch, kind) in stretches {
        take(stretch.start, plain.clone());
        let mut format = plain.clone();
        if *kind != Kind::Said {
            format.background = palette.good_soft;
            format.color = palette.good;
        }
        if *kind != Kind::Gold {
            format.underline = line(if *kind == Kind::Both { palette.good } else { palette.bad });
        }
        take(stretch.end, format);
    }
    take(page.end, plain);
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
            format!("{}{window}", text::beginning(candidate.text.chars()))
        })
        .collect();
    let shown: Vec<Bar<'_>> = names
        .iter()
        .zip(&judged.candidates)
        .enumerate()
        .map(|(rank, (name, candidate))| Bar::of(name, f64::from(candidate.score), palette.series[0], rank == 0))
        .collect();
    ui.label(text::label("Best answers", palette));
    if shown.is_empty() {
        ui.label(text::dim("No span of the context can be an answer", palette));
    }
    let most = ui.available_width() * 0.5;
    ui.spacing_mut().item_spacing.y = 0.0;
    bars(ui, &shown, most, true, palette);
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
        let stretches = in_bytes(context, &found);
        let job = marked(context, &(0..context.len()), &stretches, Palette::of(true));
        assert_eq!(job.text, context);
        assert_eq!(job.sections.len(), 6);
        assert_eq!(marked(context, &(12..18), &stretches, Palette::of(true)).text, context[12..18]);
        assert_eq!(spans(&evaluation, report, 0, -1.0, context), [(16, 19, Kind::Gold), (24, 27, Kind::Gold)]);
    }

    #[test]
    fn stretches_stand_in_bytes_and_never_beyond_the_text() {
        let context = "Über den blauen Wal";
        let places = [(0, 4), (4, 5), (9, 15), (16, 40), (50, 60)];
        let stretches = in_bytes(context, &places.map(|(start, end)| (start, end, Kind::Said)));
        let words: Vec<&str> = stretches.into_iter().map(|(stretch, _)| &context[stretch]).collect();
        assert_eq!(words, ["Über", " ", "blauen", "Wal", ""]);
    }

    #[test]
    fn a_long_context_opens_at_the_answer_and_only_its_page_is_laid_out() {
        let context = format!("{}The answer is Rome.", "Nothing of this is an answer. ".repeat(20_000));
        let candidate = CandidateAnswer { text: "Rome".into(), score: 0.5, start: 0, end: 7, window: 0 };
        let question = AnsweredQuestion {
            example: 0,
            id: "q".into(),
            gold: vec!["Rome".into()],
            gold_starts: vec![context.len() - 5],
            candidates: vec![candidate],
            null_score: 0.0,
        };
        let evaluation = evaluate_answers(vec![question], 0.0, true, 0.0);
        let report = evaluation.answers.as_ref().unwrap();
        let mut reading = Reading::default();
        reading.follow(&evaluation, report, (0, 0.0), &context);
        assert_eq!(reading.context.range(&context).start, 0, "what was answered stands there");
        let mut silent = Reading::default();
        silent.follow(&evaluation, report, (0, -1.0), &context);
        let page = silent.context.range(&context);
        let job = marked(&context, &page, &silent.stretches, Palette::of(true));
        assert!(job.text.len() < 20_000 && job.text.ends_with("Rome."), "{}", job.text.len());
        assert_eq!(job.sections.len(), 3);
        silent.follow(&evaluation, report, (0, 0.0), &context);
        assert_eq!(silent.context.range(&context), page, "a threshold turns no page");
    }
}
