//! Days and moments as text, in the same way wherever a file counts them from 1970.

/// A day since 1970 in ISO 8601, by the count of days in eras of 400 years.
pub(super) fn date(days: i64) -> String {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// A day that is counted in milliseconds, with its time should it have one.
pub(super) fn day(millis: i64) -> String {
    const A_DAY: i64 = 86_400_000;
    if millis % A_DAY == 0 { date(millis / A_DAY) } else { instant(millis, 1000) }
}

/// A moment since 1970, of so many counts a second, in ISO 8601.
pub(super) fn instant(count: i64, per_second: i64) -> String {
    let (seconds, rest) = (count.div_euclid(per_second), count.rem_euclid(per_second));
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    format!("{}T{}", date(days), clock(second, rest, per_second))
}

/// How long something lasts, in so many counts a second: `P1DT2H3M4.5S`.
pub(super) fn duration(count: i64, per_second: i64) -> String {
    let (all, per_second) = (count.unsigned_abs(), per_second.unsigned_abs().max(1));
    let (seconds, rest) = (all / per_second, all % per_second);
    let mut text = format!("{}P", if count < 0 { "-" } else { "" });
    let part = |count: u64, sign: char| if count > 0 { format!("{count}{sign}") } else { String::new() };
    text.push_str(&part(seconds / 86_400, 'D'));
    let digits = per_second.to_string().len() - 1;
    let fraction = if rest > 0 { format!(".{rest:0digits$}").trim_end_matches('0').to_owned() } else { String::new() };
    let mut clock = part(seconds / 3600 % 24, 'H') + &part(seconds / 60 % 60, 'M');
    if seconds % 60 > 0 || rest > 0 || (clock.is_empty() && seconds < 86_400) {
        clock.push_str(&format!("{}{fraction}S", seconds % 60));
    }
    if !clock.is_empty() {
        text.push('T');
        text.push_str(&clock);
    }
    text
}

/// A time of day.
pub(super) fn time(count: i64, per_second: i64) -> String {
    clock(count.div_euclid(per_second), count.rem_euclid(per_second), per_second)
}

fn clock(second: i64, rest: i64, per_second: i64) -> String {
    let mut text = format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
    if rest > 0 {
        let digits = per_second.to_string().len() - 1;
        text.push_str(format!(".{rest:0digits$}").trim_end_matches('0'));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_iso_8601_has_them() {
        assert_eq!(date(18_321), "2020-02-29");
        assert_eq!(instant(-1, 1), "1969-12-31T23:59:59");
        assert_eq!(instant(1_582_934_400_250, 1000), "2020-02-29T00:00:00.25");
        assert_eq!(time(45_296_000_001, 1_000_000), "12:34:56.000001");
        assert_eq!(instant(1_582_934_400_000_000_001, 1_000_000_000), "2020-02-29T00:00:00.000000001");
        let lasts = |count: i64| duration(count, 1000);
        assert_eq!([lasts(0), lasts(93_784_500), lasts(-90_000)], ["PT0S", "P1DT2H3M4.5S", "-PT1M30S"]);
        assert_eq!([lasts(86_400_000), lasts(250)], ["P1D", "PT0.25S"]);
        assert!(duration(i64::MIN, 1_000_000_000).starts_with("-P106751DT23H47M16.85"));
    }
}
