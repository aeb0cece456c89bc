//! Rows put in order a slice a frame: runs are sorted as they come in, then merged two by two.

use std::cmp::Ordering;

use crate::ui::widgets::slice::Slice;

/// What rows are sorted by, the smaller first.
pub type Key = [f64; 2];

/// Rows in a run that is sorted at once.
const RUN: usize = 1024;
/// What it costs to merge a row, in bytes.
const MERGE: usize = 32;

/// Rows with equal keys stay in the order in which they came.
#[derive(Debug)]
pub struct Sorting<R> {
    /// Sorted runs of this width, of which the last may be shorter.
    rows: Vec<(Key, R)>,
    width: usize,
    /// What was merged of them into runs of twice the width.
    merged: Vec<(Key, R)>,
    /// Rows that the first of the two runs has given to the one that is being merged.
    given: usize,
    /// They came in order.
    in_order: bool,
}

impl<R> Default for Sorting<R> {
    fn default() -> Self {
        Self { rows: Vec::new(), width: RUN, merged: Vec::new(), given: 0, in_order: true }
    }
}

fn order<R>(one: &(Key, R), two: &(Key, R)) -> Ordering {
    let ([one, one_next], [two, two_next]) = (one.0, two.0);
    one.total_cmp(&two).then(one_next.total_cmp(&two_next))
}

impl<R: Copy> Sorting<R> {
    pub fn push(&mut self, key: Key, row: R) {
        let next = (key, row);
        self.in_order &= self.rows.last().is_none_or(|last| order(last, &next).is_le());
        self.rows.push(next);
        if self.rows.len().is_multiple_of(RUN) {
            self.sort_last(RUN);
        }
    }

    /// Goes on with the sorting of what was pushed; returns whether it is done.
    pub fn go_on(&mut self, slice: &mut Slice) -> bool {
        if self.in_order {
            return true;
        }
        if self.width == RUN && self.merged.is_empty() {
            self.sort_last(self.rows.len() % RUN);
        }
        while self.width < self.rows.len() {
            self.merge_next();
            slice.spend(MERGE);
            if self.merged.len() == self.rows.len() {
                std::mem::swap(&mut self.rows, &mut self.merged);
                self.merged.clear();
                self.width *= 2;
            }
            if slice.is_over() {
                break;
            }
        }
        self.width >= self.rows.len()
    }

    /// The rows in order, when they are sorted.
    pub fn take(&mut self) -> Vec<R> {
        std::mem::take(self).rows.into_iter().map(|(_, row)| row).collect()
    }

    fn sort_last(&mut self, count: usize) {
        let first = self.rows.len() - count;
        self.rows[first..].sort_by(order);
    }

    fn merge_next(&mut self) {
        let all = self.rows.len();
        let done = self.merged.len();
        let start = done - done % (2 * self.width);
        let middle = (start + self.width).min(all);
        let end = (middle + self.width).min(all);
        let (one, two) = (start + self.given, middle + (done - start - self.given));
        let is_first = one < middle && (two == end || order(&self.rows[one], &self.rows[two]).is_le());
        self.merged.push(self.rows[if is_first { one } else { two }]);
        self.given = if done + 1 == end { 0 } else { self.given + usize::from(is_first) };
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// The rows in order, and in how many slices of one piece they were sorted.
    fn sorted(keys: &[Key]) -> (Vec<usize>, usize) {
        let mut sorting = Sorting::default();
        for (row, key) in keys.iter().enumerate() {
            sorting.push(*key, row);
        }
        let slices = (1..10_000).find(|_| sorting.go_on(&mut Slice::of(Duration::ZERO)));
        (sorting.take(), slices.expect("the sorting ends"))
    }

    #[test]
    fn rows_are_in_order_however_many_slices_it_takes() {
        for rows in [0, 1, 2, RUN - 1, RUN, RUN + 1, 2 * RUN, 3 * RUN + 7, 9 * RUN + 500] {
            let key = |row: usize| [(row * 7919 % 11) as f64, -((row * 104_729 % 97) as f64)];
            let keys: Vec<Key> = (0..rows).map(key).collect();
            let mut expected: Vec<usize> = (0..rows).collect();
            expected.sort_by(|one, two| order(&(keys[*one], ()), &(keys[*two], ())));
            let (found, slices) = sorted(&keys);
            assert_eq!(found, expected, "{rows} rows");
            assert!(rows < 9 * RUN || slices > 3, "{slices} slices for {rows} rows");
        }
        let rising: Vec<Key> = (0..5000).map(|row| [f64::from(row), 0.0]).collect();
        assert_eq!(sorted(&rising), ((0..5000).collect(), 1), "what comes in order is not sorted again");
    }
}
