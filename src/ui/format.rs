//! Numbers as a person reads them: thousands apart, short counts, bytes, durations, percentages.

/// `12 345`, with a narrow no-break space.
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 * 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// `66.4 M`: three digits and a unit.
pub fn short_count(value: u64) -> String {
    let (scaled, unit) = match value {
        0..1_000 => return value.to_string(),
        1_000..1_000_000 => (value as f64 / 1e3, "k"),
        1_000_000..1_000_000_000 => (value as f64 / 1e6, "M"),
        _ => (value as f64 / 1e9, "B"),
    };
    format!("{} {unit}", three_digits(scaled))
}

/// `1.42 GB`, in powers of 1000, as file managers show it.
pub fn bytes(value: u64) -> String {
    let (scaled, unit) = match value {
        0..1_000 => return format!("{value} B"),
        1_000..1_000_000 => (value as f64 / 1e3, "kB"),
        1_000_000..1_000_000_000 => (value as f64 / 1e6, "MB"),
        _ => (value as f64 / 1e9, "GB"),
    };
    format!("{} {unit}", three_digits(scaled))
}

/// `48 s`, `3 min 20 s`, `2 h 05 min`.
pub fn duration(seconds: f64) -> String {
    if !seconds.is_finite() {
        return "–".into();
    }
    let whole = seconds.round().max(0.0) as u64;
    match whole {
        0 if seconds > 0.0 => "< 1 s".into(),
        0..60 => format!("{whole} s"),
        60..3600 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole % 3600 / 60),
    }
}

/// `93.4 %` of a share from 0 to 1.
pub fn percent(share: f64) -> String {
    if share.is_finite() { format!("{:.1} %", share * 100.0) } else { "–".into() }
}

/// A metric under its key: a share in percent, anything else with four digits.
pub fn metric(key: &str, value: f64) -> String {
    match crate::metrics::Measure::find(key) {
        Some(measure) if measure.percent => percent(value),
        _ => format!("{value:.4}"),
    }
}

/// The name of a metric on screen.
pub fn metric_title(key: &str) -> String {
    crate::metrics::Measure::find(key).map_or_else(|| key.replace('_', " "), |measure| measure.title.into())
}

/// A learning rate such as `2e-5`.
pub fn rate(value: f64) -> String {
    if value == 0.0 {
        return "0".into();
    }
    let exponent = value.abs().log10().floor();
    let mantissa = value / 10f64.powf(exponent);
    let digits = format!("{mantissa:.2}");
    let short = digits.trim_end_matches('0').trim_end_matches('.');
    format!("{short}e{exponent}")
}

/// How long ago something was: `just now`, `5 min ago`, `3 days ago`.
pub fn ago(seconds: u64) -> String {
    let plural = |count: u64, unit: &str| format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" });
    match seconds {
        0..60 => "just now".into(),
        60..3600 => format!("{} min ago", seconds / 60),
        3600..86_400 => format!("{} h ago", seconds / 3600),
        _ => plural(seconds / 86_400, "day"),
    }
}

/// A path short enough for a line: the home folder as `~`, the middle left out.
pub fn path(path: &std::path::Path) -> String {
    let shown = path.display().to_string();
    let home = std::env::var("HOME").unwrap_or_default();
    match shown.strip_prefix(&home) {
        Some(rest) if !home.is_empty() && home != "/" => format!("~{rest}"),
        _ => shown,
    }
}

/// The last part of a path.
pub fn file_name(path: &std::path::Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

fn three_digits(value: f64) -> String {
    match value {
        v if v >= 100.0 => format!("{v:.0}"),
        v if v >= 10.0 => format!("{v:.1}"),
        v => format!("{v:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_a_person_writes_them() {
        assert_eq!(count(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(count(999), "999");
        assert_eq!(short_count(66_362_880), "66.4 M");
        assert_eq!(short_count(950), "950");
        assert_eq!(bytes(1_420_000_000), "1.42 GB");
        assert_eq!(duration(200.4), "3 min 20 s");
        assert_eq!(duration(7_500.0), "2 h 05 min");
        assert_eq!(duration(f64::NAN), "–");
        assert_eq!(percent(0.934), "93.4 %");
        assert_eq!(rate(2e-5), "2e-5");
        assert_eq!(rate(3.5e-4), "3.5e-4");
        assert_eq!(metric("accuracy", 0.5), "50.0 %");
        assert_eq!(metric("eval_loss", 0.5), "0.5000");
        assert_eq!(ago(90_000), "1 day ago");
    }
}
