//! Workbooks of Excel (.xlsx, .xlsm, .xlsb, .xls) and `LibreOffice` (.ods) → table: the first sheet that has rows, under the
//! rules for heads that delimited files have. A cell is what the sheet shows of it: 3 and not 3.0, a formula's result, a
//! date in ISO 8601.
//!
//! The `calamine` crate panics on some malformed files, so all calls of it run in [`guarded`], after the file was
//! measured. Sheets of .xlsx and .xlsb are streamed cell by cell, because their own account of how large they are may
//! say anything. What a sheet has that a table has not (other sheets, titles above the head, merged cells, errors) is
//! told as notes.

mod archive;
mod cells;
mod compound;
mod fault;
mod grid;
mod hidden;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Seek};
use std::path::Path;

use calamine::{Dimensions, Ods, Reader, SheetType, SheetVisible, Xls, Xlsb, Xlsx};

use self::archive::Kind;
use self::fault::{Fault, damaged};
use self::grid::Grid;
use self::hidden::Hidden;
use super::encoding::Decoded;
use crate::files;
use crate::guard::guarded;
use crate::stop::{Heeded, heed};
use crate::table::{Format, ReadError, Table};

const ZIP: &[u8] = b"PK\x03\x04";
/// Office before 2007, and Office documents with a password.
const COMPOUND: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";

/// Whether a file may be a workbook, by its first eight bytes.
pub(super) fn is_container(head: &[u8]) -> bool {
    head.starts_with(ZIP) || head.starts_with(COMPOUND)
}

/// Reads a zip archive or a compound file, which is a workbook or refused: the sheet that is named, or else the first that
/// has rows.
pub(super) fn read(path: &Path, source: impl Read + Seek, sheet: Option<&str>) -> Result<Table, ReadError> {
    let outcome = guarded(|| decode(path, source, sheet)).unwrap_or_else(|panic| Err(Fault::Damaged(panic)));
    let (rows, notes) = outcome.map_err(|fault| fault.told(path))?;
    let mut table = rows.finish(path, Format::Workbook, &Decoded::nothing())?;
    table.notes.splice(0..0, notes);
    Ok(table)
}

fn decode(
    path: &Path,
    source: impl Read + Seek,
    named: Option<&str>,
) -> Result<(super::builder::Builder, Vec<String>), Fault> {
    let mut source = BufReader::with_capacity(1 << 16, Heeded(source));
    let is_zip = source.fill_buf()?.starts_with(ZIP);
    let none = BTreeMap::new();
    let (kind, hidden) = if is_zip { archive::kind(&mut source)? } else { (compound::kind(&mut source)?, none) };
    let mut book = Book::open(kind, source)?;
    let mut sheets = book.sheets();
    if let Some(named) = named {
        let called = |sheet: &&Sheet| sheet.name == named;
        let alike = |sheet: &&Sheet| sheet.name.trim().eq_ignore_ascii_case(named.trim());
        let found = sheets.iter().find(called).or_else(|| sheets.iter().find(alike));
        let names = || sheets.iter().map(|sheet| sheet.name.clone()).collect();
        let name = found.ok_or_else(|| Fault::NoSheet(named.to_owned(), names()))?.name.clone();
        sheets.retain(|sheet| sheet.name == name);
    }
    let mut used = None;
    for (place, sheet) in sheets.iter().enumerate() {
        let grid = book.grid(&sheet.name)?;
        // A sheet with one row is likelier a title page than a table.
        let rows = grid.row_count();
        if rows > 1 || (rows == 1 && used.is_none()) {
            used = Some((place, grid));
        }
        if rows > 1 {
            break;
        }
    }
    let Some((place, mut grid)) = used else { return Err(Fault::NoRows) };
    let name = &sheets[place].name;
    let filled = grid.fill_merged(&book.merged(name)?)?;
    let mut notes: Vec<String> = others(path, &sheets, place).into_iter().collect();
    notes.extend(hidden.get(name).and_then(|hidden: &Hidden| hidden.note(&grid.columns())));
    let rows = grid.into_rows(&mut notes)?;
    if filled > 0 {
        notes.push(format!("{filled} merged cells take the value of the cell at the top of their area"));
    }
    Ok((rows, notes))
}

/// A sheet with cells, in the order in which they are tried: what a person sees first.
struct Sheet {
    name: String,
    hidden: bool,
}

/// What is told of the sheets that are not read, and how one of them would be.
fn others(path: &Path, sheets: &[Sheet], used: usize) -> Option<String> {
    const NAMED: usize = 5;
    let rest: Vec<&Sheet> =
        sheets.iter().enumerate().filter(|(place, _)| *place != used).map(|(_, sheet)| sheet).collect();
    let name = |sheet: &&Sheet| format!("{:?}{}", sheet.name, if sheet.hidden { " (hidden)" } else { "" });
    let mut named = rest.iter().take(NAMED).map(name).collect::<Vec<_>>().join(", ");
    if rest.len() > NAMED {
        named.push_str(&format!(" and {} more", rest.len() - NAMED));
    }
    let read = &sheets[used].name;
    let file = files::name(path);
    let first = rest.first()?;
    let other = format!("{file}#{}", first.name);
    Some(format!("the sheet {read:?} is read; the workbook also has {named}; {other:?} would open another"))
}

/// A workbook in any of its formats.
enum Book<S: Read + Seek> {
    Xlsx(Xlsx<S>),
    Xlsb(Xlsb<S>),
    Xls(Xls<S>),
    Ods(Ods<S>),
}

impl<S: Read + Seek> Book<S> {
    fn open(kind: Kind, source: S) -> Result<Self, Fault> {
        Ok(match kind {
            Kind::Xlsx => Self::Xlsx(Xlsx::new(source).map_err(damaged)?),
            Kind::Xlsb => Self::Xlsb(Xlsb::new(source).map_err(damaged)?),
            Kind::Xls => Self::Xls(Xls::new(source).map_err(|error| match error {
                calamine::XlsError::Password => Fault::Other("a workbook with a password", "; save it without one"),
                error => damaged(error),
            })?),
            Kind::Ods => Self::Ods(Ods::new(source).map_err(|error| match error {
                calamine::OdsError::Password => Fault::Other("a workbook with a password", "; save it without one"),
                error => damaged(error),
            })?),
        })
    }

    /// The sheets with cells, those that are shown first.
    fn sheets(&self) -> Vec<Sheet> {
        let all = match self {
            Self::Xlsx(book) => book.sheets_metadata(),
            Self::Xlsb(book) => book.sheets_metadata(),
            Self::Xls(book) => book.sheets_metadata(),
            Self::Ods(book) => book.sheets_metadata(),
        };
        let sheets = all.iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
        let mut sheets: Vec<Sheet> = sheets
            .map(|sheet| Sheet { name: sheet.name.clone(), hidden: sheet.visible != SheetVisible::Visible })
            .collect();
        sheets.sort_by_key(|sheet| sheet.hidden);
        sheets
    }

    fn grid(&mut self, name: &str) -> Result<Grid, Fault> {
        let mut grid = Grid::default();
        match self {
            Self::Xlsx(book) => {
                let mut cells = book.worksheet_cells_reader(name).map_err(damaged)?;
                while let Some(cell) = cells.next_cell_with_formula_metadata().map_err(damaged)? {
                    grid.push(cell.pos, &cell.value, cell.formula.is_some())?;
                }
            }
            Self::Xlsb(book) => {
                let mut cells = book.worksheet_cells_reader(name).map_err(damaged)?;
                while let Some(cell) = cells.next_cell().map_err(damaged)? {
                    grid.push(cell.get_position(), cell.get_value(), false)?;
                }
            }
            Self::Xls(book) => grid.push_range(&book.worksheet_range(name).map_err(damaged)?)?,
            Self::Ods(book) => grid.push_range(&book.worksheet_range(name).map_err(damaged)?)?,
        }
        heed();
        grid.sort();
        Ok(grid)
    }

    /// The areas of merged cells, where the format's reader tells them.
    fn merged(&mut self, name: &str) -> Result<Vec<Dimensions>, Fault> {
        match self {
            Self::Xlsx(book) => book.merge_cells_by_sheet_name(name).map_err(damaged),
            Self::Xls(book) => book.merge_cells_by_sheet_name(name).map_err(damaged),
            Self::Xlsb(_) | Self::Ods(_) => Ok(Vec::new()),
        }
    }
}

#[cfg(test)]
mod tests;
