//! How a run stands against the best of those it is compared with, in words.

use crate::metrics::{Basis, Contest, Interval, Measure};
use crate::ui::format;

/// What a metric is called.
pub fn title(measure: &Measure) -> &'static str {
    if measure.key == "eval_loss" { "Evaluation loss" } else { measure.title }
}

/// In a cell; `shared` where it is over the rows alone that both runs were evaluated on.
pub fn short(contest: &Contest, shared: Option<usize>) -> &'static str {
    match contest.differs {
        _ if shared.is_some() && leads(contest) == Some(false) => "Ahead on shared rows",
        Some(true) if shared.is_some() => "Behind on shared rows",
        Some(true) => "Behind",
        Some(false) => "Too close to tell",
        None => "Not known",
    }
}

/// Whether the better run is clearly ahead, or clearly behind on the rows that decide; none where that is not clear.
fn leads(contest: &Contest) -> Option<bool> {
    match contest.basis {
        Basis::Rows { better, other, .. } => (contest.differs == Some(true)).then_some(better > other),
        Basis::Resampled { ahead, .. } if ahead.low > 0.0 => Some(true),
        Basis::Resampled { ahead, .. } if ahead.high < 0.0 => Some(false),
        Basis::Resampled { .. } | Basis::Shares { .. } | Basis::Nothing => None,
    }
}

/// In a sentence, of two runs that were evaluated on different rows.
pub fn on_shared(name: &str, best: &str, contest: &Contest, measure: &Measure) -> String {
    let (counted, why) = match contest.basis {
        Basis::Rows { rows, better, other, p } => (
            format::plural(rows as u64, "row", "rows"),
            format!(
                "{best} alone has {} of them right, {name} alone {} (McNemar's test, p {})",
                format::count(better),
                format::count(other),
                chance(p)
            ),
        ),
        Basis::Resampled { rows, resamples, ahead } => (
            format::plural(rows as u64, "row", "rows"),
            format!(
                "{name} lies {} to {}{} behind when they are drawn anew {} times (95 %)",
                amount(measure, ahead.low),
                amount(measure, ahead.high),
                if measure.percent { " points" } else { "" },
                format::count(resamples as u64)
            ),
        ),
        Basis::Shares { .. } | Basis::Nothing => {
            return format!(
                "{name} and {best} have no row in common that could be compared, so which is better is not known"
            );
        }
    };
    let verdict = match leads(contest) {
        Some(true) => format!("{best} does better than {name}"),
        Some(false) => format!("{name} does better than {best}"),
        None => format!("{name} and {best} are too close to tell"),
    };
    format!("{verdict} on the {counted} that both were evaluated on: {why}")
}

/// In a sentence: `gap` is how far the value lies from the best one.
pub fn sentence(name: &str, best: &str, contest: &Contest, measure: &Measure, gap: f64) -> String {
    let size = if measure.percent { format!("{} points", amount(measure, gap)) } else { amount(measure, gap) };
    let behind = match contest.differs {
        _ if gap == 0.0 => format!("{name} is level with {best}"),
        Some(false) => format!("{name} is too close to {best} to tell"),
        _ => format!("{name} is {size} behind {best}"),
    };
    let why = why(name, best, contest, measure);
    format!("{behind}: {why}")
}

/// By what a run was judged against a better one.
pub fn why(name: &str, best: &str, contest: &Contest, measure: &Measure) -> String {
    match contest.basis {
        Basis::Rows { rows, better, other, p } => format!(
            "{best} alone has {} of {} right, {name} alone {} (McNemar's test, p {})",
            format::count(better),
            format::plural(rows as u64, "row", "rows"),
            format::count(other),
            chance(p)
        ),
        Basis::Resampled { rows, resamples, ahead } => format!(
            "on {} drawn anew {} times it lies {} to {}{} behind (95 %)",
            format::plural(rows as u64, "row", "rows"),
            format::count(resamples as u64),
            amount(measure, ahead.low),
            amount(measure, ahead.high),
            if measure.percent { " points" } else { "" }
        ),
        Basis::Shares { rows: [one, two], margin } => {
            let rows = format::plural(two as u64, "row", "rows");
            let rows = if one == two { rows } else { format!("{} and {rows}", format::count(one as u64)) };
            format!("on {rows} two runs can lie {:.1} points apart by chance", margin * 100.0)
        }
        Basis::Nothing => "how much of this is chance is not known".to_owned(),
    }
}

/// A difference, in points where the metric is a share.
fn amount(measure: &Measure, gap: f64) -> String {
    if measure.percent { format!("{:.1}", gap * 100.0) } else { format::value(gap) }
}

/// Instead of an interval that is a point: every draw of rows came to the same.
pub const NOT_ESTIMATED: &str = "not estimated";

/// The ends of an interval beside its value.
pub fn interval(measure: &Measure, of: Interval) -> String {
    if of.high - of.low == 0.0 {
        NOT_ESTIMATED.to_owned()
    } else if measure.percent {
        format!("{:.1} – {:.1}", of.low * 100.0, of.high * 100.0)
    } else {
        format!("{} – {}", format::value(of.low), format::value(of.high))
    }
}

fn chance(p: f64) -> String {
    if p < 0.001 { "< 0.001".to_owned() } else { format!("= {p:.3}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_told_with_what_it_is_judged_by() {
        let accuracy = Measure::find("accuracy").unwrap();
        let rows = |better, other| {
            let right = [vec![[true, false]; better], vec![[false, true]; other], vec![[true, true]; 100]].concat();
            Contest::of_rows(right.into_iter())
        };
        let say = |contest: &Contest, gap| sentence("b", "a", contest, &accuracy, gap);
        assert_eq!(
            say(&rows(6, 4), 0.018),
            "b is too close to a to tell: a alone has 6 of 110 rows right, b alone 4 (McNemar's test, p = 0.754)"
        );
        assert!(say(&rows(4, 4), 0.0).starts_with("b is level with a: a alone has 4 of 108 rows right, b alone 4 "));
        assert!(
            say(&rows(30, 1), 0.22)
                .starts_with("b is 22.0 points behind a: a alone has 30 of 131 rows right, b alone 1 ")
        );
        let shares = Contest::of_values(&accuracy, [0.9, 0.86], [100, 100]);
        assert_eq!(
            say(&shares, 0.04),
            "b is too close to a to tell: on 100 rows two runs can lie 9.0 points apart by chance"
        );
        let apart = Contest::of_values(&accuracy, [0.75, 0.65], [48, 240]);
        assert!(say(&apart, 0.1).ends_with("on 48 and 240 rows two runs can lie 14.2 points apart by chance"));
        let shared = |contest: &Contest| (short(contest, Some(48)), on_shared("b", "a", contest, &accuracy));
        let (cell, words) = shared(&rows(1, 30));
        assert_eq!(cell, "Ahead on shared rows");
        assert!(words.starts_with("b does better than a on the 131 rows that both were evaluated on: a alone has 1 "));
        let (cell, words) = shared(&rows(6, 4));
        assert!(cell == "Too close to tell" && words.starts_with("b and a are too close to tell on the 110 rows "));
        let (cell, words) = shared(&Contest::UNKNOWN);
        assert!(cell == "Not known" && words.starts_with("b and a have no row in common"), "{words}");
        let ahead = Interval { low: -0.01, high: 0.05 };
        let resampled = Contest { differs: Some(false), basis: Basis::Resampled { rows: 200, resamples: 1000, ahead } };
        let f1 = Measure::find("f1").unwrap();
        assert_eq!(
            sentence("b", "a", &resampled, &f1, 0.02),
            "b is too close to a to tell: on 200 rows drawn anew 1\u{202f}000 times it lies -1.0 to 5.0 points behind (95 %)"
        );
        assert_eq!(interval(&f1, Interval { low: 0.705, high: 0.8 }), "70.5 – 80.0");
        assert_eq!(interval(&f1, Interval { low: 1.0, high: 1.0 }), NOT_ESTIMATED);
        let loss = Measure::find("eval_loss").unwrap();
        let unknown = Contest::of_values(&loss, [0.2, 0.3], [100, 100]);
        assert_eq!(
            sentence("b", "a", &unknown, &loss, 0.1),
            "b is 0.1000 behind a: how much of this is chance is not known"
        );
    }
}
