//! What a run's probes were answered, step by step, and where an answer turned.

use std::sync::Arc;

use crate::train::probes::ProbeSaid;

/// The answers of all probes after one step.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    pub step: u64,
    pub said: Arc<[ProbeSaid]>,
    /// Which of them are another than in the frame before.
    pub turned: Vec<usize>,
}

#[derive(Clone, Debug, Default)]
pub struct Strip {
    pub frames: Vec<Frame>,
    /// Numbers move with every update, and that is no turn.
    pub are_numbers: bool,
}

impl Strip {
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Takes in a frame. One that is told again, when a run goes on, takes the place of what it told before.
    pub fn push(&mut self, step: u64, said: &[ProbeSaid]) {
        self.frames.truncate(self.frames.partition_point(|frame| frame.step < step));
        let before = self.frames.last().filter(|_| !self.are_numbers);
        let is_other = |place: &usize| {
            let known = before.and_then(|frame| frame.said.get(*place));
            known.is_some_and(|known| known.answer != said[*place].answer)
        };
        let turned = (0..said.len()).filter(is_other).collect();
        self.frames.push(Frame { step, said: said.into(), turned });
    }

    /// The place of the last frame that is not after a step.
    pub fn at(&self, step: u64) -> usize {
        self.frames.partition_point(|frame| frame.step <= step).saturating_sub(1)
    }

    /// The turns of the newest frame, each with what the answer was and what it is.
    pub fn newest_turns(&self) -> Vec<(usize, &str, &str)> {
        let [.., before, now] = self.frames.as_slice() else { return Vec::new() };
        let turn = |place: &usize| {
            let (was, is) = (before.said.get(*place)?, now.said.get(*place)?);
            Some((*place, was.answer.as_str(), is.answer.as_str()))
        };
        now.turned.iter().filter_map(turn).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(answers: &[&str]) -> Vec<ProbeSaid> {
        answers.iter().map(|answer| ProbeSaid { answer: (*answer).into(), ..ProbeSaid::default() }).collect()
    }

    #[test]
    fn an_answer_that_is_another_than_before_is_a_turn() {
        let mut strip = Strip::default();
        strip.push(0, &said(&["good", "bad"]));
        assert!(strip.newest_turns().is_empty(), "the first answers turn from nothing");
        strip.push(5, &said(&["good", "good"]));
        assert_eq!(strip.newest_turns(), [(1, "bad", "good")]);
        strip.push(10, &said(&["good", "good"]));
        assert!(strip.newest_turns().is_empty());
        assert_eq!([0, 4, 5, 99].map(|step| strip.at(step)), [0, 0, 1, 2]);
    }

    #[test]
    fn what_is_told_again_takes_the_place_of_what_was_told() {
        let mut strip = Strip::default();
        for (step, answer) in [(0, "a"), (5, "b"), (10, "c"), (5, "b"), (10, "d")] {
            strip.push(step, &said(&[answer]));
        }
        let told: Vec<_> = strip.frames.iter().map(|frame| (frame.step, frame.said[0].answer.as_str())).collect();
        assert_eq!(told, [(0, "a"), (5, "b"), (10, "d")]);
        let mut numbers = Strip { are_numbers: true, ..Strip::default() };
        for (step, answer) in [(0, "1.0"), (5, "1.1")] {
            numbers.push(step, &said(&[answer]));
        }
        assert!(numbers.newest_turns().is_empty());
    }
}
