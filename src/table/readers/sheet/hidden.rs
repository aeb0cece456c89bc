//! Rows and columns of a sheet of Excel that are hidden, which the library does not tell: they are counted while the
//! parts of the file are measured. They are read as the others are, which a person should know who never saw them.

use std::collections::BTreeMap;

use super::super::html;
use super::archive::each_tag;
use crate::words::{noun, plural};

/// What is hidden of a sheet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Hidden {
    /// Rows with cells.
    rows: usize,
    /// The first and the last of columns side by side, from 0.
    columns: Vec<(u32, u32)>,
    /// What may belong to an element that is not closed yet.
    tail: Vec<u8>,
}

/// Longer elements have a whole text in one of their attributes, which those here have not.
const LONGEST_TAG: usize = 1 << 12;

impl Hidden {
    /// Looks at the next piece of a sheet's part.
    pub fn take(&mut self, piece: &[u8]) {
        let mut kept = std::mem::take(&mut self.tail);
        each_tag(&mut kept, piece, |tag| {
            // Nearly all elements are cells.
            if tag.windows(6).any(|word| word == b"hidden") {
                self.tag(&String::from_utf8_lossy(tag));
            }
        });
        kept.truncate(LONGEST_TAG);
        self.tail = kept;
    }

    fn tag(&mut self, tag: &str) {
        if !matches!(attribute(tag, "hidden").as_deref(), Some("1" | "true")) {
            return;
        }
        let name = tag.split_ascii_whitespace().next().unwrap_or_default();
        match name.rsplit(':').next().unwrap_or_default() {
            "row" if !tag.ends_with('/') => self.rows += 1,
            "col" => {
                let place = |name| attribute(tag, name)?.parse::<u32>().ok()?.checked_sub(1);
                self.columns.extend(place("min").zip(place("max")));
            }
            _ => {}
        }
    }

    /// What is told of it, where the sheet has cells in these columns.
    pub fn note(&self, used: &[u32]) -> Option<String> {
        let is_hidden = |column: &&u32| self.columns.iter().any(|(first, last)| (first..=last).contains(column));
        let columns = used.iter().filter(is_hidden).count();
        let counted = [(self.rows, ["row", "rows"]), (columns, ["column", "columns"])];
        let there: Vec<String> = counted
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, [one, many])| plural(count, one, many))
            .collect();
        let is = noun(self.rows + columns, "is", "are");
        (!there.is_empty())
            .then(|| format!("{} of the sheet {is} hidden and {is} read as the others are", there.join(" and ")))
    }
}

/// The value of an attribute of an element.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let mut rest = tag;
    loop {
        let at = rest.find(name)?;
        let (before, behind) = (&rest[..at], &rest[at + name.len()..]);
        if before.ends_with(|character: char| character.is_ascii_whitespace())
            && let Some(value) = behind.trim_start().strip_prefix('=')
        {
            let value = value.trim_start();
            let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
            return Some(html::shown(value[1..].split(quote).next()?));
        }
        rest = behind;
    }
}

/// The name of each sheet with the part of the file that it stands in, as the workbook and its relations tell them.
pub(super) fn parts(workbook: &str, relations: &str) -> BTreeMap<String, String> {
    let of = |text: &str, element: &str| -> Vec<String> {
        let is_one = |tag: &&str| {
            let name = tag.split_ascii_whitespace().next().unwrap_or_default();
            name.rsplit(':').next() == Some(element)
        };
        text.split('<').filter_map(|tag| tag.split('>').next()).filter(is_one).map(str::to_owned).collect()
    };
    let targets: BTreeMap<String, String> = of(relations, "Relationship")
        .iter()
        .filter_map(|tag| Some((attribute(tag, "Id")?, attribute(tag, "Target")?)))
        .map(|(id, target)| {
            let whole = target.strip_prefix('/').map_or_else(|| format!("xl/{target}"), str::to_owned);
            (id, whole.to_lowercase())
        })
        .collect();
    let named = |tag: &String| {
        let id = attribute(tag, "r:id").or_else(|| attribute(tag, "id"))?;
        Some((attribute(tag, "name")?, targets.get(&id)?.clone()))
    };
    of(workbook, "sheet").iter().filter_map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_rows_and_columns_are_counted_however_the_part_is_cut() {
        let part = "<worksheet><cols><col min=\"1\" max=\"1\" width=\"9\"/><col min=\"3\" max=\"4\" hidden=\"1\"/></cols>\
            <sheetData><row r=\"1\"><c r=\"A1\"/></row><row r=\"2\" hidden=\"true\"><c/></row>\
            <row r=\"3\" hidden=\"1\"/><row r=\"4\" hidden=\"0\"><c/></row></sheetData></worksheet>";
        for size in [1, 7, 64, part.len()] {
            let mut hidden = Hidden::default();
            part.as_bytes().chunks(size).for_each(|piece| hidden.take(piece));
            assert_eq!((hidden.rows, &hidden.columns), (1, &vec![(2, 3)]), "{size}");
            let told = "1 row and 2 columns of the sheet are hidden and are read as the others are";
            assert_eq!(hidden.note(&[0, 1, 2, 3]).as_deref(), Some(told));
            let told = "1 row of the sheet is hidden and is read as the others are";
            assert_eq!(hidden.note(&[0, 1]).as_deref(), Some(told));
        }
        assert_eq!(Hidden::default().note(&[0]), None);
    }

    #[test]
    fn sheets_are_found_in_the_parts_of_a_workbook() {
        let workbook = "<workbook><sheets><sheet name=\"A &amp; B\" sheetId=\"1\" r:id=\"rId7\"/>\
            <sheet name=\"Two\" sheetId=\"2\" state=\"hidden\" r:id=\"rId8\"/></sheets></workbook>";
        let relations = "<Relationships><Relationship Id=\"rId7\" Type=\"x\" Target=\"worksheets/Sheet1.xml\"/>\
            <Relationship Target=\"/xl/worksheets/sheet9.xml\" Id=\"rId8\"/></Relationships>";
        let expected = [("A & B", "xl/worksheets/sheet1.xml"), ("Two", "xl/worksheets/sheet9.xml")];
        let expected = expected.map(|(name, part)| (name.to_owned(), part.to_owned()));
        assert_eq!(parts(workbook, relations), BTreeMap::from(expected));
    }
}
