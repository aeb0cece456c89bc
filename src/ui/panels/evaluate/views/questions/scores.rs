//! What is said of a question at a threshold for "no answer".

use crate::metrics::{AnswerReport, Evaluation, JudgedQuestion, Outcome};
use crate::ui::widgets::text;

/// Exact match and F1 of a question at a threshold, and whether it is answered then.
pub fn scores(report: &AnswerReport, question: &JudgedQuestion, threshold: f64) -> (f64, f64, bool) {
    let silent = report.allow_no_answer && question.null_score > threshold;
    let answered = !silent && !question.candidates.is_empty();
    if silent {
        let right = f64::from(u8::from(!question.has_answer));
        (right, right, answered)
    } else {
        (question.span_exact, question.span_f1, answered)
    }
}

/// What was answered at a threshold, and what would have been right, no more of both than fits in a line.
pub fn verdict(evaluation: &Evaluation, report: &AnswerReport, row: usize, threshold: f64) -> (String, String) {
    let none = || "no answer".to_owned();
    let gold = match evaluation.predictions.get(row).map(|said| &said.gold) {
        Some(Outcome::Answers { answers }) => {
            answers.first().map_or_else(none, |answer| text::beginning(answer.chars()))
        }
        _ => none(),
    };
    let question = &report.questions[row];
    let said = question.candidates.first().filter(|_| scores(report, question, threshold).2);
    (said.map_or_else(none, |best| text::beginning(best.text.chars())), gold)
}
