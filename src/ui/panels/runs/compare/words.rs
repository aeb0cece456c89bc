//! How a run stands against the best of those it is compared with, in words.

use crate::metrics::{Basis, Contest, Interval, Measure};
use crate::ui::format;

/// What a metric is called.
pub fn title(measure: &Measure) -> &'static str {
    if measure.key == "eval_loss" { "Evaluation loss" } else { measure.title }
}

/// In a cell.
pub fn short(contest: &Contest) -> &'static str {
    match contest.differs {
        Some(true) => "Behind",
        Some(false) => "Too close to tell",
        None => "Not known",
    }
}

/// In a sentence: `gap` is how far the value lies from the best one.
pub fn sentence(name: &str, best: &str, contest: &Contest, measure: &Measure, gap: f64) -> String {
    let size = if measure.percent { format!("{} points", amount(measure, gap)) } else { amount(measure, gap) };
    let behind = match contest.differs {
        Some(false) => format!("{name} is too close to {best} to tell"),
        _ if gap == 0.0 => format!("{name} is level with {best}"),
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
        Basis::Shares { rows, margin } => format!(
            "on {} two runs can lie {:.1} points apart by chance",
            format::plural(rows as u64, "row", "rows"),
            margin * 100.0
        ),
        Basis::Nothing => "how much of this is chance is not known".to_owned(),
    }
}

/// A difference, in points where the metric is a share.
fn amount(measure: &Measure, gap: f64) -> String {
    if measure.percent { format!("{:.1}", gap * 100.0) } else { format::value(gap) }
}

/// The ends of an interval beside its value.
pub fn interval(measure: &Measure, of: Interval) -> String {
    if measure.percent {
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
        assert!(
            say(&rows(30, 1), 0.22)
                .starts_with("b is 22.0 points behind a: a alone has 30 of 131 rows right, b alone 1 ")
        );
        let shares = Contest::of_values(&accuracy, [0.9, 0.86], 100);
        assert_eq!(
            say(&shares, 0.04),
            "b is too close to a to tell: on 100 rows two runs can lie 9.0 points apart by chance"
        );
        let ahead = Interval { low: -0.01, high: 0.05 };
        let resampled = Contest { differs: Some(false), basis: Basis::Resampled { rows: 200, resamples: 1000, ahead } };
        let f1 = Measure::find("f1").unwrap();
        assert_eq!(
            sentence("b", "a", &resampled, &f1, 0.02),
            "b is too close to a to tell: on 200 rows drawn anew 1\u{202f}000 times it lies -1.0 to 5.0 points behind (95 %)"
        );
        assert_eq!(interval(&f1, Interval { low: 0.705, high: 0.8 }), "70.5 – 80.0");
        let loss = Measure::find("eval_loss").unwrap();
        let unknown = Contest::of_values(&loss, [0.2, 0.3], 100);
        assert_eq!(
            sentence("b", "a", &unknown, &loss, 0.1),
            "b is 0.1000 behind a: how much of this is chance is not known"
        );
    }
}
