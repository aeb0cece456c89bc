//! Values over steps, and what a chart keeps of them: one column a pixel, with the lowest, the highest and the smoothed
//! value. A million points are read once; after that only new ones are, so a frame costs what is on screen.

/// Values over steps. Points are only ever added at the end, which is what lets columns go on where they stopped.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    points: Vec<[f64; 2]>,
}

impl Series {
    pub fn push(&mut self, x: f64, y: f64) {
        self.points.push([x, y]);
    }

    pub fn len(&self) -> usize {
        self.points.len()
    }

    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    pub fn points(&self) -> &[[f64; 2]] {
        &self.points
    }

    /// The last value that is a number.
    pub fn last(&self) -> Option<[f64; 2]> {
        self.points.iter().rev().find(|point| point[1].is_finite()).copied()
    }

    /// The value at the last step not after `x`; none where nothing was measured by then.
    pub fn at(&self, x: f64) -> Option<[f64; 2]> {
        let after = self.points.partition_point(|point| point[0] <= x);
        self.points.get(after.checked_sub(1)?).copied()
    }
}

impl Series {
    /// The value at `x` on the straight line between its neighbours; none outside of them.
    pub fn between(&self, x: f64) -> Option<f64> {
        let after = self.points.partition_point(|point| point[0] < x);
        let next = self.points.get(after)?;
        if next[0] <= x {
            return Some(next[1]);
        }
        let before = self.points.get(after.checked_sub(1)?)?;
        let share = (x - before[0]) / (next[0] - before[0]);
        Some(before[1] + share * (next[1] - before[1]))
    }

    /// Its moving average, of the values that are numbers.
    #[must_use]
    pub fn smoothed(&self, smoothing: f64) -> Self {
        let mut average = Average::default();
        let finite = self.points.iter().filter(|point| point[1].is_finite());
        finite.map(|&[x, y]| [x, average.push(y, smoothing)]).collect()
    }
}

impl FromIterator<[f64; 2]> for Series {
    fn from_iter<I: IntoIterator<Item = [f64; 2]>>(points: I) -> Self {
        Self { points: points.into_iter().collect() }
    }
}

/// What falls into one pixel column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Column {
    /// Of the last point.
    pub x: f64,
    pub last: f64,
    pub low: f64,
    pub high: f64,
    /// The moving average after the last point.
    pub smooth: f64,
    pub points: u32,
}

/// What the columns were made for; anything else has to be made anew.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    pub from: f64,
    pub to: f64,
    pub columns: usize,
    /// Weight of the past in the moving average, from 0 to below 1.
    pub smoothing: f64,
}

/// A series cut into columns, kept between frames.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    window: Option<Window>,
    places: Vec<Option<Column>>,
    seen: usize,
    last: Option<[f64; 2]>,
    average: Average,
}

impl Columns {
    /// Brings the columns up to date and says how many points had to be read for it.
    pub fn update(&mut self, series: &Series, window: Window) -> usize {
        let goes_on = self.window == Some(window)
            && self.seen <= series.len()
            && (self.seen == 0 || series.points.get(self.seen - 1).copied() == self.last);
        if !goes_on {
            *self = Self { window: Some(window), places: vec![None; window.columns], ..Self::default() };
        }
        let new = &series.points[self.seen..];
        let scale = window.columns as f64 / (window.to - window.from).max(f64::MIN_POSITIVE);
        for &[x, y] in new {
            // A loss that is not a number is shown by its flag, not by a hole or a spike.
            if !y.is_finite() {
                continue;
            }
            let smooth = self.average.push(y, window.smoothing);
            if x < window.from || x > window.to {
                continue;
            }
            let place = (((x - window.from) * scale) as usize).min(window.columns.saturating_sub(1));
            if let Some(slot) = self.places.get_mut(place) {
                let column = slot.get_or_insert(Column { x, last: y, low: y, high: y, smooth, points: 0 });
                column.x = x;
                column.last = y;
                column.low = column.low.min(y);
                column.high = column.high.max(y);
                column.smooth = smooth;
                column.points += 1;
            }
        }
        self.seen = series.len();
        self.last = series.points.last().copied();
        new.len()
    }

    pub fn filled(&self) -> impl DoubleEndedIterator<Item = &Column> + Clone {
        self.places.iter().flatten()
    }

    /// Whether some column holds more than one point, so that a line through the last ones would leave something out.
    pub fn is_dense(&self) -> bool {
        self.filled().any(|column| column.points > 1)
    }

    /// Lowest and highest value in the window.
    pub fn range(&self) -> Option<(f64, f64)> {
        self.filled().fold(None, |range, column| match range {
            None => Some((column.low, column.high)),
            Some((low, high)) => Some((low.min(column.low), high.max(column.high))),
        })
    }

    /// The last filled column that is not after `x`.
    pub fn until(&self, x: f64) -> Option<&Column> {
        self.filled().rev().find(|column| column.x <= x)
    }
}

/// An exponential moving average without the pull of its start: divided by the weight it has gathered so far.
#[derive(Clone, Copy, Debug, Default)]
struct Average {
    sum: f64,
    weight: f64,
}

impl Average {
    fn push(&mut self, value: f64, smoothing: f64) -> f64 {
        self.sum = self.sum * smoothing + value * (1.0 - smoothing);
        self.weight = self.weight * smoothing + (1.0 - smoothing);
        self.sum / self.weight
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Window = Window { from: 0.0, to: 100.0, columns: 10, smoothing: 0.0 };

    fn wave(points: u32) -> Series {
        (0..points).map(|x| [f64::from(x), (f64::from(x) * 0.7).sin()]).collect()
    }

    #[test]
    fn a_column_keeps_the_lowest_and_the_highest_of_its_points() {
        let series: Series = [[0.0, 1.0], [1.0, -5.0], [2.0, 7.0], [3.0, 2.0], [50.0, 3.0]].into_iter().collect();
        let mut columns = Columns::default();
        columns.update(&series, WINDOW);
        let filled: Vec<_> = columns.filled().collect();
        assert_eq!(filled.len(), 2);
        assert_eq!((filled[0].low, filled[0].high, filled[0].last, filled[0].points), (-5.0, 7.0, 2.0, 4));
        assert!((filled[1].x - 50.0).abs() < 1e-12);
        assert_eq!(columns.until(49.0).map(|column| column.x), Some(3.0));
        assert_eq!(columns.until(-1.0), None);
        assert_eq!(columns.range(), Some((-5.0, 7.0)));
        assert!(columns.is_dense());
    }

    #[test]
    fn adding_points_reads_only_the_new_ones_and_gives_the_same_columns() {
        let window = Window { from: 0.0, to: 1000.0, columns: 37, smoothing: 0.9 };
        let whole = wave(1000);
        let mut step_by_step = Columns::default();
        let mut growing = Series::default();
        for (place, &[x, y]) in whole.points().iter().enumerate() {
            growing.push(x, y);
            if place % 7 == 0 {
                step_by_step.update(&growing, window);
            }
        }
        assert!(step_by_step.update(&growing, window) < 7);
        assert_eq!(step_by_step.update(&growing, window), 0);
        let mut at_once = Columns::default();
        assert_eq!(at_once.update(&whole, window), 1000);
        assert_eq!(step_by_step.places, at_once.places);
    }

    #[test]
    fn another_series_or_window_is_read_from_its_start() {
        let mut columns = Columns::default();
        columns.update(&wave(50), WINDOW);
        assert_eq!(columns.update(&wave(50), Window { to: 60.0, ..WINDOW }), 50);
        let other: Series = (0..80).map(|x| [f64::from(x), 1.0]).collect();
        assert_eq!(columns.update(&other, Window { to: 60.0, ..WINDOW }), 80);
        assert_eq!(columns.range(), Some((1.0, 1.0)));
    }

    #[test]
    fn values_that_are_no_numbers_leave_no_mark() {
        let series: Series = [[0.0, 1.0], [1.0, f64::NAN], [2.0, f64::INFINITY], [3.0, 3.0]].into_iter().collect();
        let mut columns = Columns::default();
        columns.update(&series, WINDOW);
        assert_eq!(columns.range(), Some((1.0, 3.0)));
        assert_eq!(columns.filled().map(|column| column.points).sum::<u32>(), 2);
    }

    #[test]
    fn smoothing_starts_at_the_first_value_and_follows_slowly() {
        let mut average = Average::default();
        assert!((average.push(4.0, 0.9) - 4.0).abs() < 1e-12);
        let next = average.push(0.0, 0.9);
        assert!(next > 1.8 && next < 2.0, "{next}");
        let mut none = Average::default();
        none.push(4.0, 0.0);
        assert!((none.push(1.0, 0.0) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_series_answers_for_any_step() {
        let series: Series = [[10.0, 1.0], [20.0, 2.0], [30.0, f64::NAN]].into_iter().collect();
        assert_eq!(series.at(25.0), Some([20.0, 2.0]));
        assert_eq!(series.at(9.0), None, "nothing was measured by then");
        assert_eq!(series.last(), Some([20.0, 2.0]));
        assert_eq!(Series::default().at(1.0), None);
    }
}
