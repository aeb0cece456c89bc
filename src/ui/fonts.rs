//! The fonts that come with Attune, and the system's for every script that these do not have.
//!
//! Text in a data set may be in any script. When a glyph is missing, a background thread looks through the system's
//! fonts for one that has it; until it is found a box is drawn, and nothing waits.

use std::collections::HashSet;
use std::sync::{Arc, OnceLock};

use crossbeam_channel::{Receiver, Sender, bounded};
use egui::epaint::text::{FallbackRequest, FontInsert, FontPriority, Fonts, InsertFontFamily, TextOptions};
use egui::{FontData, FontDefinitions, FontFamily, FontId};

use super::theme;

const INTER: &str = "Inter";
const INTER_MEDIUM: &str = "Inter Medium";
const INTER_SEMIBOLD: &str = "Inter SemiBold";
const MONO: &str = "JetBrains Mono";
const MONO_MEDIUM: &str = "JetBrains Mono Medium";

/// What came of the search for a glyph.
#[derive(Debug)]
pub enum Found {
    Font(FontInsert),
    /// No font of this system has the letter, nor were others of its block looked for.
    Nothing(char),
}

/// All that a window is drawn with, in a test, where nobody waits for what is found.
#[cfg(test)]
pub fn dress(ctx: &egui::Context) {
    theme::install(ctx);
    std::mem::forget(install(ctx));
}

/// Installs the fonts and starts listening for missing glyphs. What is found comes out of the receiver.
pub fn install(ctx: &egui::Context) -> Receiver<Found> {
    ctx.set_fonts(definitions());
    let (found, receiver) = bounded(8);
    let asked: OnceLock<Option<Sender<char>>> = OnceLock::new();
    let repaint = ctx.clone();
    ctx.add_font_provider(Arc::new(move |request: &FallbackRequest<'_>| {
        let letter = request.cluster.chars().next()?;
        let queue = asked.get_or_init(|| start(found.clone(), repaint.clone())).as_ref()?;
        // A full queue is no loss: the same script is asked for many times.
        queue.try_send(letter).ok();
        None
    }));
    receiver
}

fn definitions() -> FontDefinitions {
    // egui's own fonts stay as the last resort; two of them have the signs that toasts and menus use.
    let mut fonts = FontDefinitions::default();
    for (name, data) in [
        (INTER, include_bytes!("../../assets/fonts/Inter-Regular.otf").as_slice()),
        (INTER_MEDIUM, include_bytes!("../../assets/fonts/Inter-Medium.otf")),
        (INTER_SEMIBOLD, include_bytes!("../../assets/fonts/Inter-SemiBold.otf")),
        (MONO, include_bytes!("../../assets/fonts/JetBrainsMono-Regular.ttf")),
        (MONO_MEDIUM, include_bytes!("../../assets/fonts/JetBrainsMono-Medium.ttf")),
    ] {
        fonts.font_data.insert(name.into(), Arc::new(FontData::from_static(data)));
    }
    let icons = egui_material_icons::font_insert();
    let icon_name = icons.name.clone();
    fonts.font_data.insert(icon_name.clone(), Arc::new(icons.data));
    for family in icons.families {
        if family.family != FontFamily::Proportional {
            fonts.families.insert(family.family, vec![icon_name.clone()]);
        }
    }
    let signs = fonts.families.get(&FontFamily::Proportional).cloned().unwrap_or_default();
    for (family, names) in [
        (FontFamily::Proportional, vec![INTER]),
        (FontFamily::Monospace, vec![MONO, INTER]),
        (theme::medium_family(), vec![INTER_MEDIUM, INTER]),
        (theme::semibold_family(), vec![INTER_SEMIBOLD, INTER]),
        (theme::numbers_medium_family(), vec![MONO_MEDIUM, MONO, INTER]),
    ] {
        let chain = names.into_iter().map(String::from).chain(signs.iter().cloned()).collect();
        fonts.families.insert(family, chain);
    }
    fonts
}

/// Starts the thread that looks for fonts; without a thread there are boxes, which is no reason to stop.
fn start(found: Sender<Found>, ctx: egui::Context) -> Option<Sender<char>> {
    let (sender, letters) = bounded::<char>(64);
    let search = move || {
        let mut system = fontdb::Database::new();
        system.load_system_fonts();
        let mut given = HashSet::new();
        let (mut hopeless, mut told) = (HashSet::new(), HashSet::new());
        let mut own = Fonts::new(TextOptions::default(), definitions());
        while let Ok(letter) = letters.recv() {
            let face = if hopeless.contains(&script(letter)) { None } else { face_with(&system, letter) };
            if let Some((name, data)) = face {
                // It may have been found before, and the window has not drawn with it yet.
                if given.insert(name.clone()) {
                    let font = FontInsert::new(&name, data, every_family());
                    if found.send(Found::Font(font)).is_err() {
                        return;
                    }
                    ctx.request_repaint();
                }
                continue;
            }
            hopeless.insert(script(letter));
            // Where a sign comes along with Attune only a better one was looked for.
            if !own.has_glyph(&FontId::proportional(12.0), letter) && told.insert(script(letter)) {
                if found.send(Found::Nothing(letter)).is_err() {
                    return;
                }
                ctx.request_repaint();
            }
        }
    };
    std::thread::Builder::new().name("fonts".into()).spawn(search).ok().map(|_| sender)
}

/// Letters of one block have the same fate: one search that found nothing is enough.
fn script(letter: char) -> u32 {
    u32::from(letter) >> 8
}

fn every_family() -> Vec<InsertFontFamily> {
    [
        FontFamily::Proportional,
        FontFamily::Monospace,
        theme::medium_family(),
        theme::semibold_family(),
        theme::numbers_medium_family(),
    ]
    .map(|family| InsertFontFamily { family, priority: FontPriority::Lowest })
    .into()
}

/// The first upright face of ordinary weight that has the letter; sans-serif ones first, because they stand beside
/// Inter.
fn face_with(system: &fontdb::Database, letter: char) -> Option<(String, FontData)> {
    let mut faces: Vec<_> = system
        .faces()
        .filter(|face| face.style == fontdb::Style::Normal && (300..=500).contains(&face.weight.0))
        .collect();
    faces.sort_by_key(|face| {
        let name = face.families.first().map_or("", |(name, _)| name);
        (!name.contains("Sans"), face.monospaced, name.contains("Serif"))
    });
    faces.into_iter().find_map(|face| {
        let (data, index) = system.with_face_data(face.id, |data, index| (data.to_vec(), index))?;
        let mut data = FontData::from_owned(data);
        data.index = index;
        has(&data, letter).then(|| (face.post_script_name.clone(), data))
    })
}

fn has(data: &FontData, letter: char) -> bool {
    let mut alone = FontDefinitions::empty();
    alone.font_data.insert("face".into(), Arc::new(data.clone()));
    alone.families.insert(FontFamily::Proportional, vec!["face".into()]);
    Fonts::new(TextOptions::default(), alone).has_glyph(&FontId::proportional(12.0), letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_family_has_the_letters_that_the_window_writes() {
        let mut fonts = Fonts::new(TextOptions::default(), definitions());
        for family in every_family() {
            let font = FontId::new(13.0, family.family);
            for letter in "Aé§Ωж–…·×→≥±✓\u{202f}0".chars() {
                assert!(fonts.has_glyph(&font, letter), "{letter:?} in {font:?}");
            }
        }
    }

    #[test]
    fn the_samples_are_shown_whole_on_a_machine_without_fonts() {
        let mut fonts = Fonts::new(TextOptions::default(), definitions());
        let font = FontId::proportional(13.0);
        let mut missing = Vec::new();
        for sample in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/samples")).unwrap() {
            let path = sample.unwrap().path();
            let letters: HashSet<char> = std::fs::read_to_string(&path).unwrap().chars().collect();
            let is_missing = |letter: &char| !letter.is_whitespace() && !fonts.has_glyph(&font, *letter);
            missing.extend(letters.into_iter().filter(is_missing).map(|letter| (letter, path.clone())));
        }
        assert_eq!(missing, Vec::new());
    }

    #[test]
    fn a_face_is_asked_for_the_letter_itself() {
        let inter = FontData::from_static(include_bytes!("../../assets/fonts/Inter-Regular.otf"));
        assert!(has(&inter, 'é'));
        assert!(!has(&inter, '語'));
    }
}
