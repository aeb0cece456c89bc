//! The letters beyond ASCII of the languages that files come in, each with how often it occurs among them, roughly, as
//! counts of letters have it. They tell one encoding from another; what language a text is in is nobody's question here.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Script {
    Latin,
    Cyrillic,
    Greek,
    Hebrew,
    Arabic,
}

/// What is known of the writing of a language.
pub(super) struct Language {
    pub script: Script,
    /// Share of the letters beyond ASCII among all.
    pub share: f32,
    /// Letters that are words of their own.
    pub alone: &'static str,
    /// Small letters, each with how often it occurs.
    letters: &'static str,
}

impl Language {
    /// The letters, each with the logarithm of its share.
    pub fn letters(&self) -> Vec<(char, f32)> {
        let letter = |word: &'static str| {
            let mut rest = word.chars();
            Some((rest.next()?, rest.as_str().parse::<f32>().ok()?))
        };
        let letters: Vec<(char, f32)> = self.letters.split(' ').filter_map(letter).collect();
        let all: f32 = letters.iter().map(|(_, count)| count).sum();
        letters.into_iter().map(|(letter, count)| (letter, (count / all).ln())).collect()
    }
}

const fn language(script: Script, share: f32, alone: &'static str, letters: &'static str) -> Language {
    Language { script, share, alone, letters }
}

pub(super) static LANGUAGES: [Language; 30] = [
    // English, with words of others.
    language(
        Script::Latin,
        0.002,
        "àéèå",
        "é30 è6 ê2 à8 á6 ç8 ñ8 ö8 ü10 ä6 ï6 ë2 ó5 í4 ú2 ô3 â2 î2 ã2 å2 ø2 æ2 š1 č1 ž1 ł1 ß2",
    ),
    // French.
    language(Script::Latin, 0.032, "àô", "é150 à49 è27 ê22 ç9 ù6 î5 ô5 û3 â5 ë1 ï1 œ2 ü.2"),
    // German.
    language(Script::Latin, 0.022, "", "ü100 ä58 ö44 ß31 é1 à.3"),
    // Spanish.
    language(Script::Latin, 0.03, "óáé", "ó83 í73 á50 é43 ñ31 ú17 ü1 ç.2"),
    // Portuguese.
    language(Script::Latin, 0.035, "éàóáê", "ã73 ç53 é40 á50 ê20 ó25 í25 ú12 õ10 à7 â7 ô6 ü.3"),
    // Italian.
    language(Script::Latin, 0.012, "èà", "à35 è30 ù17 ò15 ì10 é8 î.2"),
    // Catalan.
    language(Script::Latin, 0.03, "éàèó", "à40 è25 é25 ó30 í25 ò20 ç15 ú12 ï8 ü4 ·6"),
    // Swedish.
    language(Script::Latin, 0.045, "åö", "ä180 å134 ö131 é4 à.5 ü.5"),
    // Danish.
    language(Script::Latin, 0.03, "åøæ", "å119 ø94 æ87 é4 ö.5 ä.3 ü.3"),
    // Finnish.
    language(Script::Latin, 0.04, "", "ä358 ö44 å1 š.1"),
    // Icelandic.
    language(Script::Latin, 0.11, "áíæ", "ð220 á180 í157 þ145 ó99 æ87 é65 ú61 ö78 ý23"),
    // Dutch.
    language(Script::Latin, 0.003, "", "ë30 é40 ï15 ö8 ü4 è8 à2 ê1 ç1 á1 ó2"),
    // Estonian.
    language(Script::Latin, 0.03, "", "ä110 õ100 ü70 ö30 š1 ž1"),
    // Polish.
    language(Script::Latin, 0.072, "", "ł211 ę104 ó85 ą100 ś81 ż71 ć40 ń20 ź8 é.2"),
    // Czech.
    language(Script::Latin, 0.13, "óí", "á220 í300 é130 ě160 č100 š80 ř120 ž100 ý90 ů55 ú10 ť4 ď2 ň1 ó3 ö.3"),
    // Slovak.
    language(Script::Latin, 0.11, "ó", "á180 í100 é90 č90 š80 ž80 ý90 ú80 ľ40 ť50 ô15 ň15 ď20 ä8 ó10 ĺ1 ŕ1 ě.3"),
    // Hungarian.
    language(Script::Latin, 0.12, "őó", "é340 á360 ö100 ó100 ő90 í60 ü60 ú30 ű20"),
    // Romanian.
    language(Script::Latin, 0.055, "", "ă240 ş120 ţ110 î110 â40 ș120 ț110 é.5"),
    // Croatian.
    language(Script::Latin, 0.03, "", "š90 č95 ž50 ć60 đ25 é.3"),
    // Slovenian.
    language(Script::Latin, 0.025, "", "č100 š90 ž60 ć2 đ1 é.3"),
    // Turkish.
    language(Script::Latin, 0.1, "", "i20 ı510 ü185 ş178 ğ113 ç116 ö78 â4 î1 é.3"),
    // Lithuanian.
    language(Script::Latin, 0.07, "", "ė140 š120 ų130 ž90 į60 ū50 č45 ą70 ę25"),
    // Latvian.
    language(Script::Latin, 0.1, "", "ā360 ī180 ē150 ū40 š90 ņ45 ļ40 ž20 č12 ķ12 ģ12"),
    // Russian.
    language(
        Script::Cyrillic,
        1.0,
        "авикосуяюэ",
        "о109 е85 а80 и74 н67 т63 с55 р47 в45 л43 к35 м32 д30 п28 у26 я20 ы19 ь17 г17 з16 б16 ч14 й12 х10 ж9 ш7 ю6 ц5 щ4 э3 ф3 ъ.4 ё1",
    ),
    // Ukrainian.
    language(
        Script::Cyrillic,
        1.0,
        "авзійоуяє",
        "о94 а83 н68 и62 і57 т55 в53 р47 е46 с41 к40 л37 у34 д34 м32 п29 я24 з23 ь18 г16 б16 й13 ч13 х11 ц9 ї8 ж7 ю8 є6 ш7 щ5 ф3 ґ.3",
    ),
    // Bulgarian.
    language(
        Script::Cyrillic,
        1.0,
        "авиосуя",
        "а117 о87 и85 е83 т70 н66 р50 с48 в43 л35 к34 д33 п29 м25 з21 у16 я15 ъ15 б15 г15 ч14 ц8 й7 щ6 ж6 х6 ш3 ф3 ю2 ь.3",
    ),
    // Serbian.
    language(
        Script::Cyrillic,
        1.0,
        "аиоусјк",
        "а118 о94 и90 е83 н55 р49 т47 с47 ј40 у39 д35 к35 в35 л33 м32 п28 г17 з17 б15 ч10 ш10 ц7 њ7 ж6 ћ6 љ4 х6 ђ3 џ.5 ф1",
    ),
    // Greek.
    language(
        Script::Greek,
        1.0,
        "ηοαήό",
        "α100 ο95 ι70 ε75 τ75 σ50 ν60 η45 υ40 ρ40 π38 κ40 μ33 λ29 ς37 ω17 γ17 δ17 ί40 θ11 ά35 φ9 χ9 ό35 ή25 έ30 β7 ύ20 ξ5 ώ12 ζ3 ψ2 ϊ.5 ΐ.2",
    ),
    // Hebrew.
    language(
        Script::Hebrew,
        1.0,
        "",
        "י110 ו104 ה100 ל74 א63 ר56 ת51 ב48 ש45 מ47 ם30 נ28 ח25 ד25 ק21 פ17 ע30 כ20 ן12 ט12 ג12 ס15 ז12 צ11 ף2 ך7 ץ1",
    ),
    // Arabic.
    language(
        Script::Arabic,
        1.0,
        "و",
        "ا167 ل129 ي86 م68 و67 ن66 ر53 ت51 ب46 ة40 ع39 د38 س36 ف31 ه29 ك28 ق25 أ24 ح22 ج15 ش14 ى13 ص12 ط11 خ11 إ9 ذ9 ز8 ض8 ث6 ئ5 ء4 غ5 ظ2 ؤ2 آ1",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_knows_its_letters() {
        for language in &LANGUAGES {
            let letters = language.letters();
            assert_eq!(letters.len(), language.letters.split(' ').count(), "{}", language.letters);
            let share: f32 = letters.iter().map(|(_, log)| log.exp()).sum();
            assert!((share - 1.0).abs() < 1e-4, "{share}");
            let known = |letter: char| letters.iter().any(|(own, _)| *own == letter);
            assert!(language.alone.chars().all(known), "{}", language.alone);
        }
    }
}
