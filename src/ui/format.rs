//! Numbers as a person reads them: thousands apart, short counts, bytes, durations, percentages.

use crate::table::Inputs;

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

/// `about 12 min`: a guess has no seconds after its first minutes.
pub fn about(seconds: f64) -> String {
    match seconds {
        _ if !seconds.is_finite() => "–".into(),
        _ if seconds < 90.0 => format!("about {:.0} s", seconds.max(1.0)),
        _ if seconds < 5400.0 => format!("about {:.0} min", seconds / 60.0),
        _ => format!("about {:.1} h", seconds / 3600.0),
    }
}

/// `93.4 %` of a share from 0 to 1.
pub fn percent(share: f64) -> String {
    if share.is_finite() { format!("{:.1} %", share * 100.0) } else { "–".into() }
}

/// Which share of its weights a model trains; a small one with two digits, because adapters are few.
pub fn trained(share: f64) -> String {
    match share {
        _ if !share.is_finite() => "–".into(),
        _ if share > 0.0 && share < 0.0001 => "< 0.01 %".into(),
        _ if share > 0.0 && share < 0.1 => format!("{:.2} %", share * 100.0),
        _ => percent(share),
    }
}

/// The score of an answer: a probability in percent, and where those of several windows add up to more than one, the sum.
pub fn score(sum: f64) -> String {
    if sum > 1.0 { format!("{sum:.2}") } else { percent(sum) }
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

/// A learning rate such as `2e-5`; plain where that is shorter.
pub fn rate(value: f64) -> String {
    if value == 0.0 {
        return "0".into();
    }
    if (0.01..10.0).contains(&value.abs()) {
        return trimmed(value, 4);
    }
    let text = format!("{value:.2e}");
    match text.split_once('e') {
        Some((digits, exponent)) => format!("{}e{exponent}", digits.trim_end_matches('0').trim_end_matches('.')),
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
        return "–".into();
    }
    match value.abs() {
        size if size >= 1000.0 => compact(value),
        size if size >= 100.0 => format!("{value:.1}"),
        size if size >= 10.0 => format!("{value:.2}"),
        size if size != 0.0 && size < 0.0001 => rate(value),
        _ => format!("{value:.4}"),
    }
}

/// `950`, `1.23k`, `66.4M`: short enough for an axis.
pub fn compact(value: f64) -> String {
    let (scaled, unit) = match value.abs() {
        size if size >= 999_500_000.0 => (value / 1e9, "B"),
        size if size >= 999_500.0 => (value / 1e6, "M"),
        size if size >= 999.5 => (value / 1e3, "k"),
        _ => (value, ""),
    };
    let digits = match scaled.abs() {
        size if size >= 99.95 => 0,
        size if size >= 9.995 => 1,
        _ => 2,
    };
    format!("{}{unit}", trimmed(scaled, digits))
}

/// Time that passes, for a place where it ticks: `0:42`, `12:05`, `1:02:03`.
pub fn clock(seconds: f64) -> String {
    let whole = if seconds.is_finite() { seconds.max(0.0) as u64 } else { 0 };
    let (hours, minutes, seconds) = (whole / 3600, whole / 60 % 60, whole % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// `1 text`, `2 000 texts`.
pub fn plural(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), crate::words::noun(number as usize, one, many))
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

/// A shortcut as it stands on the keys.
pub fn keys(ctx: &egui::Context, shortcut: &egui::KeyboardShortcut) -> String {
    ctx.format_shortcut(shortcut).replace("Comma", ",").replace("Period", ".")
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

/// What a person calls a file or folder: the last part of its path, or the name of what was fetched from the hub.
pub fn file_name(path: &std::path::Path) -> String {
    crate::hub::title_of(path).unwrap_or_else(|| crate::files::name(path).into_owned())
}

/// What data are called: by one name, or the first of several.
pub fn inputs(inputs: &Inputs) -> String {
    inputs.one().map_or_else(|| inputs.title(), file_name)
}

/// Where data lie, a path a line.
pub fn input_paths(inputs: &Inputs) -> String {
    const SHOWN: usize = 12;
    let paths = inputs.paths();
    let mut lines: Vec<String> = paths.iter().take(SHOWN).map(|one| path(one)).collect();
    lines.extend((paths.len() > SHOWN).then(|| format!("and {} more", paths.len() - SHOWN)));
    lines.join("\n")
}

/// A family of models as its paper writes it.
pub fn family(model_type: &str) -> String {
    match model_type {
        "bert" => "BERT",
        "roberta" => "RoBERTa",
        "distilbert" => "DistilBERT",
        "albert" => "ALBERT",
        "electra" => "ELECTRA",
        "xlm-roberta" => "XLM-RoBERTa",
        "camembert" => "CamemBERT",
        "modernbert" => "ModernBERT",
        "deberta-v2" => "DeBERTa",
        other => other,
    }
    .into()
}

/// A speed: `12.4 MB/s`.
pub fn speed(bytes_per_sec: f64) -> String {
    format!("{}/s", bytes(bytes_per_sec as u64))
}

fn three_digits(value: f64) -> String {
    match value {
        v if v >= 100.0 => format!("{v:.0}"),
        v if v >= 10.0 => format!("{v:.1}"),
        v => format!("{v:.2}"),
    }
}

/// A folder as the system opens it.
pub fn address(dir: &std::path::Path) -> String {
    let path = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned()).display().to_string().replace('\\', "/");
    let plain = path.replace('%', "%25").replace(' ', "%20").replace('#', "%23").replace('?', "%3F");
    if plain.starts_with('/') { format!("file://{plain}") } else { format!("file:///{plain}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_an_address_whatever_its_name() {
        assert_eq!(address(std::path::Path::new("/data/a b#1")), "file:///data/a%20b%231");
    }

    #[test]
    fn a_small_share_of_trained_weights_is_told_apart_from_none() {
        let told = [trained(0.0), trained(3460.0 / 20_000_000.0), trained(1e-6), trained(0.031), trained(1.0)];
        assert_eq!(told, ["0.0 %", "0.02 %", "< 0.01 %", "3.10 %", "100.0 %"]);
    }

    #[test]
    fn a_score_beyond_one_is_a_sum_and_no_percentage() {
        assert_eq!([score(0.344), score(1.0), score(1.287)], ["34.4 %", "100.0 %", "1.29"]);
    }

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
        assert_eq!(rate(9.9999e-5), "1e-4");
        assert_eq!(rate(0.05), "0.05");
        assert_eq!(value(0.4), "0.4000");
        assert_eq!(value(f64::NAN), "–");
        assert_eq!(compact(999_600.0), "1M");
        assert_eq!(compact(20_000.0), "20k");
        assert_eq!(clock(3723.9), "1:02:03");
        assert_eq!(clock(42.9), "0:42");
        assert_eq!(metric("accuracy", 0.5), "50.0 %");
        assert_eq!(metric("eval_loss", 0.5), "0.5000");
        assert_eq!(ago(90_000), "1 day ago");
    }

    #[test]
    fn a_guess_is_only_as_exact_as_it_is_sure() {
        assert_eq!(about(0.2), "about 1 s");
        assert_eq!(about(742.0), "about 12 min");
        assert_eq!(about(9000.0), "about 2.5 h");
        assert_eq!(about(f64::NAN), "–");
    }
}
