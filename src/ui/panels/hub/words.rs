//! How what the hub writes in codes is called on screen.

use crate::hub::About;
use crate::ui::format;

/// A language by its code.
pub fn language(code: &str) -> String {
    match code {
        "ar" => "Arabic",
        "cs" => "Czech",
        "da" => "Danish",
        "de" => "German",
        "el" => "Greek",
        "en" => "English",
        "es" => "Spanish",
        "fa" => "Persian",
        "fi" => "Finnish",
        "fr" => "French",
        "he" => "Hebrew",
        "hi" => "Hindi",
        "id" => "Indonesian",
        "it" => "Italian",
        "ja" => "Japanese",
        "ko" => "Korean",
        "multilingual" => "Many languages",
        "nl" => "Dutch",
        "no" => "Norwegian",
        "pl" => "Polish",
        "pt" => "Portuguese",
        "ro" => "Romanian",
        "ru" => "Russian",
        "sv" => "Swedish",
        "th" => "Thai",
        "tr" => "Turkish",
        "uk" => "Ukrainian",
        "vi" => "Vietnamese",
        "zh" => "Chinese",
        other => other,
    }
    .into()
}

/// Languages in a few words; none are very many.
pub fn languages(codes: &[String]) -> String {
    match codes {
        [] => "Many languages".into(),
        [one] => language(one),
        [one, two] => format!("{} and {}", language(one), language(two)),
        many => format!("{} languages", many.len()),
    }
}

/// Owner and name.
pub fn owner(name: &str) -> (&str, &str) {
    name.split_once('/').unwrap_or(("", name))
}

/// Facts in one line, those that are known.
pub fn joined(parts: impl IntoIterator<Item = Option<String>>) -> String {
    parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

/// `1.2 M downloads` of the last thirty days.
pub fn downloads(about: &About) -> String {
    format!("{} downloads", format::short_count(about.downloads))
}

/// Rows as the hub counts them, such as `10K<n<100K`.
pub fn rows(counted: &str) -> String {
    match counted.split_once("<n<") {
        Some((from, to)) => format!("{from} to {to} rows"),
        None => counted.replace("n<", "under ").replace("n>", "over ") + " rows",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_become_words() {
        assert_eq!(rows("10K<n<100K"), "10K to 100K rows");
        assert_eq!(rows("n<1K"), "under 1K rows");
        assert_eq!(owner("a/b"), ("a", "b"));
        assert_eq!(owner("bert"), ("", "bert"));
        let codes = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>();
        assert_eq!(languages(&codes(&["de"])), "German");
        assert_eq!(languages(&codes(&["de", "xx"])), "German and xx");
        assert_eq!(languages(&[]), "Many languages");
    }
}
