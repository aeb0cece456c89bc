//! Numbers as words on screen: short, aligned and never with more digits than they are worth.

/// `12,345`.
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `950`, `1.2k`, `66.4M`, `1.34B`: three digits at most.
pub fn compact(value: f64) -> String {
    let size = value.abs();
    let (scaled, unit) = match size {
        _ if size >= 999_500_000.0 => (value / 1e9, "B"),
        _ if size >= 999_500.0 => (value / 1e6, "M"),
        _ if size >= 999.5 => (value / 1e3, "k"),
        _ => (value, ""),
    };
    if unit.is_empty() && scaled.fract() == 0.0 {
        return format!("{scaled:.0}");
    }
    let digits = match scaled.abs() {
        size if size >= 99.95 => 0,
        size if size >= 9.995 => 1,
        _ => 2,
    };
    let number = format!("{scaled:.digits$}");
    let number = if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { &number };
    format!("{number}{unit}")
}

/// A learning rate as people write it: `2e-5`, `1.5e-5`, `0`.
pub fn rate(value: f64) -> String {
    if value == 0.0 {
        return "0".into();
    }
    if (0.01..10.0).contains(&value.abs()) {
        return trimmed(value, 4);
    }
    let text = format!("{value:.2e}");
    match text.split_once('e') {
        Some((digits, exponent)) => {
            format!("{}e{exponent}", digits.trim_end_matches('0').trim_end_matches('.'))
        }
        None => text,
    }
}

/// At most `digits` places after the point, without zeros at the end.
pub fn trimmed(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if text == "-0" { "0".into() } else { text.into() }
}

/// A loss or a coefficient with a fixed number of places, so that it does not dance while it changes.
pub fn value(value: f64) -> String {
    if !value.is_finite() {
        return "not finite".into();
    }
    match value.abs() {
        size if size >= 1000.0 => compact(value),
        size if size >= 100.0 => format!("{value:.1}"),
        size if size >= 10.0 => format!("{value:.2}"),
        size if size != 0.0 && size < 0.0001 => rate(value),
        _ => format!("{value:.4}"),
    }
}

/// `91.3 %`.
pub fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// Time that passes, for a place where it ticks: `0:42`, `12:05`, `1:02:03`.
pub fn clock(seconds: f64) -> String {
    let seconds = if seconds.is_finite() { seconds.max(0.0) as u64 } else { 0 };
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// Time that is only guessed: `8 s`, `12 min`, `2 h 10 min`, `3 days`.
pub fn rough_time(seconds: f64) -> String {
    match seconds {
        _ if !seconds.is_finite() || seconds < 0.0 => "unknown".into(),
        _ if seconds < 1.0 => "under 1 s".into(),
        _ if seconds < 90.0 => format!("{seconds:.0} s"),
        _ if seconds < 5400.0 => format!("{:.0} min", seconds / 60.0),
        _ if seconds < 36.0 * 3600.0 => {
            let minutes = ((seconds / 600.0).round() * 10.0) as u64;
            if minutes.is_multiple_of(60) {
                format!("{} h", minutes / 60)
            } else {
                format!("{} h {} min", minutes / 60, minutes % 60)
            }
        }
        _ => format!("{:.0} days", seconds / 86400.0),
    }
}

/// `512 MB`, `1.9 GB`.
pub fn bytes(bytes: u64) -> String {
    let size = bytes as f64;
    match size {
        _ if size >= 999.5e6 => format!("{:.1} GB", size / 1e9),
        _ if size >= 999.5e3 => format!("{:.0} MB", size / 1e6),
        _ if size >= 1e3 => format!("{:.0} kB", size / 1e3),
        _ => format!("{bytes} bytes"),
    }
}

/// `1 text`, `2,000 texts`.
pub fn plural(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_keep_their_meaning() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(compact(950.0), "950");
        assert_eq!(compact(1234.0), "1.23k");
        assert_eq!(compact(999_600.0), "1M");
        assert_eq!(compact(66_362_880.0), "66.4M");
        assert_eq!(compact(2.5), "2.5");
    }

    #[test]
    fn rates_read_as_people_write_them() {
        assert_eq!(rate(2e-5), "2e-5");
        assert_eq!(rate(1.5e-5), "1.5e-5");
        assert_eq!(rate(0.0), "0");
        assert_eq!(rate(0.05), "0.05");
        assert_eq!(rate(0.001), "1e-3");
    }

    #[test]
    fn times_are_exact_on_a_clock_and_rounded_in_a_guess() {
        assert_eq!(clock(42.9), "0:42");
        assert_eq!(clock(3723.0), "1:02:03");
        assert_eq!(clock(f64::NAN), "0:00");
        assert_eq!(rough_time(0.2), "under 1 s");
        assert_eq!(rough_time(725.0), "12 min");
        assert_eq!(rough_time(7700.0), "2 h 10 min");
        assert_eq!(rough_time(7200.0), "2 h");
        assert_eq!(rough_time(f64::INFINITY), "unknown");
    }

    #[test]
    fn a_value_keeps_its_width_while_it_moves() {
        assert_eq!(value(0.4), "0.4000");
        assert_eq!(value(12.345), "12.35");
        assert_eq!(value(f64::NAN), "not finite");
        assert_eq!(bytes(1_900_000_000), "1.9 GB");
        assert_eq!(plural(1, "text", "texts"), "1 text");
    }
}
