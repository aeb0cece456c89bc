//! How far a download is, and whether it should go on.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::{HubError, Switch};

/// How often a caller is told.
const REPORT_EVERY: Duration = Duration::from_millis(50);
/// The time over which a speed is measured.
const SPEED_OVER: Duration = Duration::from_secs(5);

/// What a download does at the moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Doing {
    /// Asks which files there are.
    #[default]
    Listing,
    Fetching,
    /// Holds what arrived against its checksum.
    Checking,
    /// Another program fetches the same file.
    WaitingForOther,
    /// Tries again in a while.
    WaitingToRetry {
        secs: u64,
        reason: String,
    },
}

/// How far a download is. Sizes that are not known yet count nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    pub doing: Doing,
    /// The file it is at; empty while files are being listed.
    pub file: String,
    pub files_done: usize,
    pub files: usize,
    /// Bytes that are there, those that were there before too.
    pub bytes_done: u64,
    pub bytes: u64,
    /// What arrived in the last seconds; `None` where nothing has.
    pub bytes_per_sec: Option<f64>,
    /// At this speed.
    pub secs_left: Option<f64>,
}

impl Progress {
    /// The same, counted together with something else.
    fn beside(&self, other: &Self) -> Self {
        Self {
            files_done: self.files_done + other.files_done,
            files: self.files + other.files,
            bytes_done: self.bytes_done + other.bytes_done,
            bytes: self.bytes + other.bytes,
            ..self.clone()
        }
    }
}

/// Tells the caller how far the work is, and hears the switch.
pub(super) struct Watch<'a> {
    pub progress: Progress,
    /// What was done before, of something else that is told of with this.
    pub before: Progress,
    switch: Switch,
    on_progress: &'a mut dyn FnMut(&Progress),
    reported: Instant,
    speed: Speed,
}

impl<'a> Watch<'a> {
    pub fn new(switch: Switch, on_progress: &'a mut dyn FnMut(&Progress)) -> Self {
        let (progress, speed) = (Progress::default(), Speed::default());
        let before = Progress::default();
        Self { progress, before, switch, on_progress, reported: Instant::now(), speed }
    }

    /// Tells how far something else is that is fetched in between.
    pub fn pass_on(&mut self, other: &Progress) {
        (self.on_progress)(&other.beside(&self.progress));
    }

    /// Tells what is done now. An error where the work should end.
    pub fn tell(&mut self, doing: Doing) -> Result<(), HubError> {
        self.progress.doing = doing;
        self.tell_again()
    }

    /// The same, if the last time is long enough ago.
    pub fn tell_sometimes(&mut self, doing: Doing) -> Result<(), HubError> {
        self.switch.check()?;
        if self.reported.elapsed() >= REPORT_EVERY { self.tell(doing) } else { Ok(()) }
    }

    fn tell_again(&mut self) -> Result<(), HubError> {
        self.reported = Instant::now();
        let speed = self.speed.bytes_per_sec(self.reported);
        let left = self.progress.bytes.saturating_sub(self.progress.bytes_done) as f64;
        self.progress.bytes_per_sec = speed;
        self.progress.secs_left = speed.map(|speed| left / speed);
        (self.on_progress)(&self.progress.beside(&self.before));
        Ok(self.switch.check()?)
    }

    /// Bytes that came over the network.
    pub fn arrived(&mut self, bytes: u64) {
        self.progress.bytes_done += bytes;
        self.speed.add(Instant::now(), bytes);
    }

    /// Waits, and tells for what.
    pub fn wait(&mut self, duration: Duration, doing: Doing) -> Result<(), HubError> {
        let start = Instant::now();
        self.tell(doing)?;
        while let Some(rest) = duration.checked_sub(start.elapsed()).filter(|rest| !rest.is_zero()) {
            std::thread::sleep(rest.min(REPORT_EVERY));
            if let Doing::WaitingToRetry { secs, .. } = &mut self.progress.doing {
                *secs = duration.saturating_sub(start.elapsed()).as_secs();
            }
            self.tell_again()?;
        }
        Ok(())
    }
}

/// What arrived in the last seconds.
#[derive(Default)]
struct Speed {
    marks: VecDeque<(Instant, u64)>,
}

impl Speed {
    fn add(&mut self, now: Instant, bytes: u64) {
        // A mark for every piece would be thousands a second.
        match self.marks.back_mut().filter(|(at, _)| now.duration_since(*at) < REPORT_EVERY) {
            Some((_, sum)) => *sum += bytes,
            None => self.marks.push_back((now, bytes)),
        }
    }

    fn bytes_per_sec(&mut self, now: Instant) -> Option<f64> {
        while self.marks.front().is_some_and(|(at, _)| now.duration_since(*at) > SPEED_OVER) {
            self.marks.pop_front();
        }
        let (first, _) = self.marks.front()?;
        let bytes: u64 = self.marks.iter().map(|(_, bytes)| bytes).sum();
        // The first moments of a download say little.
        let secs = now.duration_since(*first).max(REPORT_EVERY).as_secs_f64();
        (bytes > 0).then_some(bytes as f64 / secs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_speed_is_that_of_the_last_seconds() {
        let (mut speed, start) = (Speed::default(), Instant::now());
        assert_eq!(speed.bytes_per_sec(start), None);
        for tenth in 0..100 {
            speed.add(start + Duration::from_millis(tenth * 100), 1000);
        }
        let now = start + Duration::from_secs(10);
        let measured = speed.bytes_per_sec(now).unwrap();
        assert!((measured - 10_000.0).abs() < 400.0, "{measured}");
        assert!(speed.marks.len() <= 51);
        assert_eq!(speed.bytes_per_sec(now + Duration::from_secs(20)), None, "nothing arrives any more");
    }
}
