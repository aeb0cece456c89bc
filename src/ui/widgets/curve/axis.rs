//! Where the lines of a grid stand and what is written beside them.

use crate::ui::format;

/// How values become heights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    Linear,
    /// Only values above 0 have a place.
    Log,
}

/// One axis: what it spans, and its ticks.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    pub from: f64,
    pub to: f64,
    pub scale: Scale,
    pub ticks: Vec<f64>,
}

impl Axis {
    /// An axis for values, widened to whole ticks so that it does not tremble with every new point.
    pub fn around(low: f64, high: f64, scale: Scale, ticks: usize) -> Self {
        match scale {
            Scale::Linear => Self::linear(low, high, ticks),
            Scale::Log => Self::logarithmic(low, high),
        }
    }

    /// An axis from and to exactly these values, such as steps.
    pub fn exact(from: f64, to: f64, ticks: usize) -> Self {
        let step = nice_step((to - from) / ticks.max(1) as f64);
        let first = (from / step).ceil() as i64;
        let last = (to / step * (1.0 + 1e-9)).floor() as i64;
        Self { from, to, scale: Scale::Linear, ticks: (first..=last).map(|place| place as f64 * step).collect() }
    }

    /// The same axis without what lies outside of these.
    #[must_use]
    pub fn within(mut self, low: f64, high: f64) -> Self {
        (self.from, self.to) = (self.from.max(low), self.to.min(high));
        let room = (self.to - self.from) * 1e-9;
        self.ticks.retain(|tick| (self.from - room..=self.to + room).contains(tick));
        self
    }

    fn linear(low: f64, high: f64, ticks: usize) -> Self {
        let (low, high) = if high - low < 1e-12 * low.abs().max(1e-6) {
            let margin = if low == 0.0 { 1.0 } else { low.abs() * 0.1 };
            (low - margin, high + margin)
        } else {
            (low, high)
        };
        let step = nice_step((high - low) / ticks.max(1) as f64);
        let first = (low / step + 1e-9).floor() as i64;
        let last = (high / step - 1e-9).ceil() as i64;
        let ticks = (first..=last).map(|place| place as f64 * step).collect();
        Self { from: first as f64 * step, to: last as f64 * step, scale: Scale::Linear, ticks }
    }

    fn logarithmic(low: f64, high: f64) -> Self {
        let high = if high > 0.0 { high } else { 1.0 };
        // Six decades say all there is to say about a loss; a stray zero must not stretch the axis to nothing.
        let low = if low > 0.0 { low.max(high * 1e-6) } else { high * 1e-3 };
        let stops = [1.0, 2.0, 5.0];
        let mut all = Vec::new();
        for decade in (low.log10().floor() as i32)..=(high.log10().ceil() as i32) {
            all.extend(stops.map(|stop| stop * 10f64.powi(decade)));
        }
        let from = all.iter().rev().find(|&&stop| stop <= low * 1.0001).copied().unwrap_or(low);
        let to = all.iter().find(|&&stop| stop >= high * 0.9999).copied().unwrap_or(high);
        let inside = |stop: &f64| *stop >= from * 0.9999 && *stop <= to * 1.0001;
        let wide = to / from > 500.0;
        let ticks = all.into_iter().filter(inside).filter(|stop| !wide || is_decade(*stop)).collect();
        Self { from, to: if to > from { to } else { from * 10.0 }, scale: Scale::Log, ticks }
    }

    /// Where a value lies, from 0 at the start to 1 at the end.
    pub fn share(&self, value: f64) -> f64 {
        match self.scale {
            Scale::Linear => (value - self.from) / (self.to - self.from),
            Scale::Log => {
                (value.max(self.from * 1e-3).log10() - self.from.log10()) / (self.to.log10() - self.from.log10())
            }
        }
    }

    /// The value at a share of the axis.
    pub fn value(&self, share: f64) -> f64 {
        match self.scale {
            Scale::Linear => self.from + share * (self.to - self.from),
            Scale::Log => 10f64.powf(self.from.log10() + share * (self.to.log10() - self.from.log10())),
        }
    }

    /// A tick of a share, written in percent.
    pub fn percent_label(&self, tick: f64) -> String {
        let step = match self.ticks.as_slice() {
            [first, second, ..] => (second - first).abs() * 100.0,
            _ => 1.0,
        };
        let digits = usize::from(step < 0.999);
        format!("{:.digits$} %", tick * 100.0)
    }

    /// What stands beside a tick: as many places as tell it from its neighbours.
    pub fn label(&self, tick: f64) -> String {
        let step = match self.ticks.as_slice() {
            [first, second, ..] if self.scale == Scale::Linear => (second - first).abs(),
            _ => tick.abs(),
        };
        if tick == 0.0 {
            return "0".into();
        }
        let largest = self.from.abs().max(self.to.abs());
        if largest < 0.01 || (self.scale == Scale::Log && tick < 0.001) {
            return format::rate(tick);
        }
        if largest >= 10_000.0 {
            return format::compact(tick);
        }
        let digits = if step >= 1.0 { 0 } else { (-(step * 1.000_001).log10().floor()) as usize };
        if self.scale == Scale::Log {
            format::trimmed(tick, digits.min(6))
        } else {
            format!("{tick:.*}", digits.min(6))
        }
    }
}

fn is_decade(value: f64) -> bool {
    let exponent = value.log10();
    (exponent - exponent.round()).abs() < 1e-6
}

/// The next 1, 2 or 5 times a power of ten that is not below `step`.
fn nice_step(step: f64) -> f64 {
    if step.is_nan() || step <= 0.0 || step.is_infinite() {
        return 1.0;
    }
    let power = 10f64.powf(step.log10().floor());
    [1.0, 2.0, 5.0, 10.0].map(|stop| stop * power).into_iter().find(|stop| *stop >= step * 0.999_999).unwrap_or(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<String> {
        axis.ticks.iter().map(|tick| axis.label(*tick)).collect()
    }

    #[test]
    fn ticks_are_round_and_their_labels_tell_them_apart() {
        assert_eq!(labels(&Axis::around(0.21, 0.68, Scale::Linear, 4)), ["0.2", "0.4", "0.6", "0.8"]);
        assert_eq!(labels(&Axis::around(0.0, 2e-5, Scale::Linear, 4)), ["0", "5e-6", "1e-5", "1.5e-5", "2e-5"]);
        assert_eq!(labels(&Axis::exact(0.0, 100_000.0, 5)), ["0", "20k", "40k", "60k", "80k", "100k"]);
        assert_eq!(labels(&Axis::exact(0.0, 130.0, 5)), ["0", "50", "100"]);
        assert_eq!(labels(&Axis::around(0.905, 0.94, Scale::Linear, 4)), ["0.90", "0.91", "0.92", "0.93", "0.94"]);
    }

    #[test]
    fn an_axis_of_shares_ends_with_all_of_them_and_begins_with_none() {
        for (low, high) in [(1.0, 1.0), (0.0, 0.0), (0.97, 1.0), (0.0, 1.0), (0.5, 0.5)] {
            let axis = Axis::around(low, high, Scale::Linear, 5).within(0.0, 1.0);
            assert!(axis.from >= 0.0 && axis.to <= 1.0 && axis.from < axis.to, "{axis:?}");
            assert!(axis.from <= low && high <= axis.to && axis.ticks.len() > 1, "{axis:?}");
        }
        let constant = Axis::around(0.0, 0.0, Scale::Linear, 5).within(0.0, f64::INFINITY);
        assert_eq!(constant.from, 0.0, "a loss that is 0 throughout");
    }

    #[test]
    fn shares_are_written_in_percent() {
        let axis = Axis::around(0.52, 0.9, Scale::Linear, 4);
        let labels: Vec<String> = axis.ticks.iter().map(|tick| axis.percent_label(*tick)).collect();
        assert_eq!(labels, ["50 %", "60 %", "70 %", "80 %", "90 %"]);
        assert_eq!(Axis::around(0.905, 0.912, Scale::Linear, 2).percent_label(0.905), "90.5 %");
    }

    #[test]
    fn a_flat_line_still_has_room_above_and_below() {
        let axis = Axis::around(0.5, 0.5, Scale::Linear, 4);
        assert!(axis.from < 0.5 && axis.to > 0.5);
        let axis = Axis::around(0.0, 0.0, Scale::Linear, 4);
        assert!(axis.from < 0.0 && axis.to > 0.0);
    }

    #[test]
    fn a_log_axis_survives_zero_and_spans_decades() {
        let axis = Axis::around(0.0, 2.5, Scale::Log, 4);
        assert!(axis.from > 0.0 && axis.to >= 2.5);
        assert!(axis.share(0.0).is_finite());
        assert_eq!(
            labels(&Axis::around(0.011, 0.9, Scale::Log, 4)),
            ["0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "1"]
        );
        assert_eq!(labels(&Axis::around(0.000_12, 0.9, Scale::Log, 4)), ["1e-4", "0.001", "0.01", "0.1", "1"]);
    }

    #[test]
    fn shares_and_values_are_each_others_inverse() {
        for axis in [Axis::around(-3.0, 8.0, Scale::Linear, 4), Axis::around(0.01, 8.0, Scale::Log, 4)] {
            for share in [0.0, 0.25, 1.0] {
                assert!((axis.share(axis.value(share)) - share).abs() < 1e-9);
            }
        }
    }
}
