//! Numbers with what they count, as sentences have them: one way for every message.

/// The word for so many: `row` or `rows`, `is` or `are`.
pub fn noun<'a>(count: usize, one: &'a str, many: &'a str) -> &'a str {
    if count == 1 { one } else { many }
}

/// `1 row`, `2 rows`.
pub fn plural(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", noun(count, one, many))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_one_and_all_else_is_many() {
        let rows = |count| plural(count, "row", "rows");
        assert_eq!([0, 1, 2].map(rows), ["0 rows", "1 row", "2 rows"]);
        assert_eq!((noun(1, "is", "are"), noun(0, "is", "are")), ("is", "are"));
    }
}
