//! The model card: `README.md` in an exported folder, filled from the run.
//!
//! What a run cannot know, the licence and what the model is meant for, is left to the person and said to be. A last line
//! has the sum of all before it, so that a card which somebody changed is known and never written over.

mod front;
mod sections;

use std::path::Path;

use super::ExportError;
use super::format::Format;
use super::source::Source;
use crate::files::{read_note_text, sha256, write_atomically};

pub const FILE: &str = "README.md";
const MARK: &str = "<!-- written by Attune";

/// Writes the card into a folder, unless a person changed the one in the `place` that the folder will have; says so then.
pub fn write(source: &Source, format: Format, to: &Path, place: &Path) -> Result<Vec<String>, ExportError> {
    let (path, there) = (to.join(FILE), place.join(FILE));
    if read_note_text(&there).is_ok_and(|text| is_changed(&text)) {
        return Ok(vec![format!("\"{}\" was changed since it was written and stays as it is", there.display())]);
    }
    let text = marked(&text(source, format)?, format);
    let written = write_atomically(&path, |file| file.write_all(text.as_bytes()));
    written.map_err(|source| ExportError::Write { path, source })?;
    Ok(Vec::new())
}

/// Whether a folder has a card of an earlier export of this format, changed or not.
pub fn is_of(dir: &Path, format: Format) -> bool {
    let text = read_note_text(&dir.join(FILE)).unwrap_or_default();
    text.lines().any(|line| line.starts_with(&format!("{MARK} as {} ", format.name())))
}

fn text(source: &Source, format: Format) -> Result<String, ExportError> {
    let config = source.config()?;
    Ok(front::matter(source, format, &config) + &sections::body(source, format, &config))
}

/// The text with the line that has its sum.
fn marked(text: &str, format: Format) -> String {
    format!("{text}\n{MARK} as {} {} -->\n", format.name(), sha256(text.as_bytes()))
}

/// Whether a card is not as it was written.
fn is_changed(text: &str) -> bool {
    let Some((before, mark)) = text.rsplit_once(&format!("\n{MARK}")) else { return true };
    // Nothing stands behind the mark either.
    let sum = mark.strip_suffix(" -->\n").filter(|line| !line.contains('\n'));
    sum.and_then(|line| line.split_whitespace().nth(2)) != Some(&sha256(before.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_that_somebody_changed_is_known() {
        let card = marked("# A model\n\nfor reviews\n", Format::Hf);
        assert!(!is_changed(&card), "{card}");
        assert!(is_changed(&card.replace("reviews", "letters")));
        assert!(is_changed(&format!("{card}More.\n")));
        assert!(is_changed("# A card of somebody's own\n"));
        assert!(is_changed(&card.replace("<!--", "<!- -")));
    }
}
