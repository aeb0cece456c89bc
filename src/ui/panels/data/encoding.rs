//! The encoding that a file was read in, where it is not plainly UTF-8: it was guessed, or chosen, and can be another.

use egui::Ui;

use crate::table::{Charset, Table};
use crate::ui::widgets::choice::choose;
use crate::ui::{Action, Cx};

/// What files come in, the frequent ones first.
const OFFERED: [&str; 20] = [
    "UTF-8",
    "windows-1252",
    "ISO-8859-15",
    "macintosh",
    "cp850",
    "cp437",
    "windows-1250",
    "ISO-8859-2",
    "cp852",
    "windows-1251",
    "KOI8-R",
    "IBM866",
    "windows-1253",
    "windows-1254",
    "windows-1255",
    "windows-1256",
    "Shift_JIS",
    "GBK",
    "Big5",
    "EUC-KR",
];
const WIDTH: f32 = 150.0;

/// Whether the encoding of a table is for a person to say.
pub fn is_open(table: &Table) -> bool {
    table.format.has_encoding() && (table.encoding != "UTF-8" || table.origins.inputs.charset().is_some())
}

/// The choice; another one reads the file again.
pub fn choice_ui(ui: &mut Ui, cx: &mut Cx<'_>, table: &Table) {
    let inputs = &table.origins.inputs;
    let chosen = inputs.charset();
    let mut value = chosen;
    let values = std::iter::once(None).chain(OFFERED.iter().filter_map(|name| Charset::named(name)).map(Some));
    let words = |one: &Option<Charset>| match one {
        Some(charset) => charset.name().to_owned(),
        None if chosen.is_none() => format!("{} (recognised)", table.encoding),
        None => "Recognise".to_owned(),
    };
    if choose(ui, "Encoding of the file", WIDTH, &mut value, values, words) && value != chosen {
        cx.act(Action::OpenData(inputs.clone().read_as(value)));
    }
}
