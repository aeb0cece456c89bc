//! The words with which a column of its own says whether a label applies, and those that say that it tells nothing.

/// Words for "does not apply" and for "applies", in lower case, as one column writes them.
const KINDS: [(&str, &str); 28] = [
    ("0 0.0", "1 1.0"),
    ("false", "true"),
    ("no", "yes"),
    ("n", "y"),
    ("f", "t"),
    ("0 0.0", "100 100.0"),
    ("nein", "ja"),
    ("n", "j"),
    ("non", "oui"),
    ("no", "sí si sì"),
    ("não nao", "sim"),
    ("nee", "ja"),
    ("nej", "ja"),
    ("nei", "ja"),
    ("ei", "kyllä"),
    ("nie", "tak"),
    ("ne", "ano da"),
    ("нет", "да"),
    ("ні", "так"),
    ("hayır hayir", "evet"),
    ("falsch", "wahr"),
    ("faux", "vrai"),
    ("falso", "verdadero verdadeiro vero"),
    ("ложь", "истина"),
    ("否 不是", "是"),
    ("いいえ", "はい"),
    ("아니오 아니요", "예 네"),
    ("لا", "نعم"),
];
/// What stands in a table that is ticked by hand where a label applies, with nothing where it does not, in lower case.
const MARKS: &str = "x ✓ ✔ ☑ ✅ ● • × 1 1.0 yes y true ja oui sí si sim";

/// What stands where somebody said nothing of a label.
const MISSING: &str = "nan na n/a null none nil <na> #n/a #na -1 -1.0 -100 -100.0 - ?";

fn is_in(words: &str, word: &str) -> bool {
    words.split(' ').any(|known| known == word)
}

/// Whether a label applies, as a column of its own says it.
pub(in crate::data) fn flag(cell: &str) -> Option<bool> {
    match cell {
        "0" => return Some(false),
        "1" => return Some(true),
        _ => {}
    }
    let word = cell.to_lowercase();
    if KINDS.iter().any(|(_, yes)| is_in(yes, &word)) {
        return Some(true);
    }
    KINDS.iter().any(|(no, _)| is_in(no, &word)).then_some(false)
}

/// Whether a cell ticks a label in a table where nothing stands for those that do not apply.
pub(in crate::data) fn is_mark(cell: &str) -> bool {
    cell.len() <= 8 && is_in(MARKS, &cell.to_lowercase().replace('\u{fe0f}', ""))
}

/// Whether columns are ticked: marks stand in them, some cells are empty, and none says that a label does not apply.
pub(in crate::data) fn are_ticked<'a>(cells: impl Iterator<Item = &'a str>) -> bool {
    let (mut marks, mut gaps) = (false, false);
    for cell in cells.map(str::trim) {
        match cell {
            "" => gaps = true,
            cell if is_mark(cell) => marks = true,
            _ => return false,
        }
    }
    marks && gaps
}

/// Whether a cell of such a column says nothing.
pub(in crate::data) fn is_missing(cell: &str) -> bool {
    cell.is_empty() || (cell.len() <= 6 && is_in(MISSING, &cell.to_lowercase()))
}

/// Which words the cells of a column use, if they are all of one kind; those that say nothing are passed over.
pub(in crate::data) fn kind_of(cells: &[&str]) -> Option<usize> {
    let told: Vec<String> = cells.iter().filter(|cell| !is_missing(cell)).map(|cell| cell.to_lowercase()).collect();
    let is_of = |(no, yes): &(&str, &str)| told.iter().all(|word| is_in(no, word) || is_in(yes, word));
    KINDS.iter().position(is_of).filter(|_| !told.is_empty())
}

/// Whether cells only say that a label does not apply, in the words of a kind, and most of them say so.
pub(in crate::data) fn says_only_no<'a>(kind: usize, cells: impl Iterator<Item = &'a str>) -> bool {
    let Some((no, _)) = KINDS.get(kind) else { return false };
    let (mut told, mut all) = (0_usize, 0_usize);
    for cell in cells.map(str::trim) {
        all += 1;
        if is_missing(cell) {
            continue;
        }
        if !is_in(no, &cell.to_lowercase()) {
            return false;
        }
        told += 1;
    }
    told * 2 > all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_read_in_the_words_of_many_languages() {
        for (no, yes) in [
            ("0", "1"),
            ("0.0", "1.0"),
            ("F", "T"),
            ("Nein", "JA"),
            ("non", "Oui"),
            ("no", "Sí"),
            ("não", "sim"),
            ("Нет", "Да"),
            ("FALSCH", "WAHR"),
            ("FAUX", "VRAI"),
            ("否", "是"),
            ("FALSE", "True"),
            ("0", "100"),
        ] {
            assert_eq!((flag(no), flag(yes)), (Some(false), Some(true)), "{no} and {yes}");
            assert!(kind_of(&[no, yes, "", "NA"]).is_some(), "{no} and {yes}");
        }
        for word in ["maybe", "2", "", "nan", "-1"] {
            assert_eq!(flag(word), None, "{word}");
        }
        assert_eq!((kind_of(&["yes", "1"]), kind_of(&["nan", ""])), (None, None));
        assert!(["", "NA", "NaN", "-1", "<NA>"].iter().all(|cell| is_missing(cell)));
    }

    #[test]
    fn what_only_says_no_does_so_in_words_of_its_kind() {
        let zeros = kind_of(&["0", "1"]).unwrap();
        let says = |cells: &[&str]| says_only_no(zeros, cells.iter().copied());
        assert!(says(&["0", " 0 ", "0.0", "-1"]));
        assert!([&["0", "1"][..], &["no", "no"], &["0", "", ""], &["-1"], &[]].into_iter().all(|cells| !says(cells)));
        assert!(!says_only_no(usize::MAX, ["0"].into_iter()));
    }

    #[test]
    fn columns_that_are_ticked_say_no_by_saying_nothing() {
        for cells in [["x", "", "X"], ["✓", " ", ""], ["1", "", "1"], ["✔️", "", "✔"]] {
            assert!(are_ticked(cells.into_iter()), "{cells:?}");
        }
        for cells in [["x", "x", "x"], ["", "", ""], ["1", "0", ""], ["x", "", "maybe"]] {
            assert!(!are_ticked(cells.into_iter()), "{cells:?}");
        }
    }

    #[test]
    fn no_word_means_both() {
        for (no, yes) in KINDS {
            assert!(no.split(' ').all(|word| flag(word) == Some(false)), "{no}");
            assert!(yes.split(' ').all(|word| flag(word) == Some(true)), "{yes}");
        }
    }
}
