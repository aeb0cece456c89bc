//! How well questions are answered at a threshold: all of them, those with an answer and those without. Counted a slice
//! a frame, and until that is done the numbers are what they were.

use super::scores::scores;
use crate::metrics::{AnswerReport, JudgedQuestion};
use crate::ui::format;
use crate::ui::widgets::slice::Slice;

pub const NAMES: [&str; 3] = ["All questions", "With an answer", "Without an answer"];

/// What it costs to look at a question, in bytes.
const QUESTION: usize = 128;

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Part {
    questions: u64,
    exact: f64,
    f1: f64,
    answered: f64,
}

#[derive(Debug, Default)]
pub struct Parts {
    pub shown: [Part; 3],
    threshold: Option<f64>,
    next: usize,
    counted: [Part; 3],
}

impl Parts {
    /// Goes on with the counting; returns whether it is complete.
    pub fn go_on(&mut self, report: &AnswerReport, threshold: f64, slice: &mut Slice) -> bool {
        if self.threshold != Some(threshold) {
            *self = Self { shown: self.shown, threshold: Some(threshold), ..Self::default() };
        }
        while let Some(question) = report.questions.get(self.next) {
            self.count(report, question, threshold);
            self.next += 1;
            slice.spend(QUESTION);
            if slice.is_over() {
                break;
            }
        }
        let complete = self.next >= report.questions.len();
        if complete {
            self.shown = self.counted;
        }
        complete
    }

    fn count(&mut self, report: &AnswerReport, question: &JudgedQuestion, threshold: f64) {
        let (exact, f1, answered) = scores(report, question, threshold);
        for place in [0, if question.has_answer { 1 } else { 2 }] {
            let part = &mut self.counted[place];
            part.questions += 1;
            part.exact += exact;
            part.f1 += f1;
            part.answered += f64::from(u8::from(answered));
        }
    }
}

impl Part {
    /// How many they are, and the means: exact match, F1 and how many are answered.
    pub fn cells(&self) -> [String; 4] {
        let mean = |sum: f64| {
            if self.questions == 0 { "–".into() } else { format::percent(sum / self.questions as f64) }
        };
        [format::count(self.questions), mean(self.exact), mean(self.f1), mean(self.answered)]
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn many_slices_count_what_one_counts() {
        let question = |row: usize| JudgedQuestion {
            id: String::new(),
            has_answer: !row.is_multiple_of(3),
            span_exact: (row % 2) as f64,
            span_f1: (row % 7) as f64 / 7.0,
            exact: 0.0,
            f1: 0.0,
            null_score: row as f64 / 100.0 - 10.0,
            candidates: Vec::new(),
            gold_starts: Vec::new(),
        };
        let questions: Vec<JudgedQuestion> = (0..3000).map(question).collect();
        let report = AnswerReport { threshold: 0.0, allow_no_answer: true, questions };
        let mut once = Parts::default();
        assert!(once.go_on(&report, 0.5, &mut Slice::of(Duration::from_hours(1))));
        assert_eq!(once.shown.map(|part| part.questions), [3000, 2000, 1000]);
        let mut often = Parts::default();
        let slices = (1..1000).find(|_| often.go_on(&report, 0.5, &mut Slice::of(Duration::ZERO)));
        assert!(slices.is_some_and(|slices| slices > 3), "{slices:?}");
        assert_eq!(often.shown, once.shown);
        assert!(!often.go_on(&report, 1.5, &mut Slice::of(Duration::ZERO)));
        assert_eq!(often.shown, once.shown, "the numbers stay until there are others");
    }
}
