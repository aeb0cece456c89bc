//! Why a workbook is not read, and what to do about it.

use std::path::Path;

use super::super::unpack::size;
use crate::table::ReadError;
use crate::table::find::listed;

/// Why a workbook is not read.
#[derive(Debug)]
pub(super) enum Fault {
    /// It is something else, with what to do about it.
    Other(&'static str, &'static str),
    Damaged(String),
    Size(u64),
    Ratio(u64),
    Cells(u64),
    /// How many there are, and how many are read.
    Columns(usize, usize),
    NoRows,
    /// A sheet that is named and not there, with those that are.
    NoSheet(String, Vec<String>),
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        Self::Damaged(error.to_string())
    }
}

impl From<zip::result::ZipError> for Fault {
    fn from(error: zip::result::ZipError) -> Self {
        Self::Damaged(error.to_string())
    }
}

pub(super) fn damaged(error: impl std::fmt::Display) -> Fault {
    Fault::Damaged(error.to_string())
}

impl Fault {
    pub fn told(self, path: &Path) -> ReadError {
        const SPLIT: &str = "split it into smaller files, or save the sheet as CSV";
        let path = path.to_path_buf();
        let (reason, advice) = match self {
            Self::Other(what, advice) => return ReadError::NotText { path, what, advice },
            Self::NoRows => return ReadError::Empty { path },
            Self::NoSheet(name, sheets) => {
                let reason =
                    format!("has no sheet {name:?}, expected one of {}", listed(sheets.iter().map(String::as_str)));
                return ReadError::Folder { path, reason };
            }
            Self::Size(limit) => return ReadError::TooLarge { path, limit: size(limit) },
            Self::Damaged(reason) => {
                (reason, "open it in Excel or LibreOffice and save it again, or save the sheet as CSV")
            }
            Self::Ratio(limit) => {
                (format!("it unpacks to more than {limit} times its size, which no sheet does"), SPLIT)
            }
            Self::Cells(limit) => (format!("its sheet has more than {limit} cells"), SPLIT),
            Self::Columns(count, limit) => (format!("its sheet has {count} columns, expected at most {limit}"), SPLIT),
        };
        ReadError::Workbook { path, reason, advice }
    }
}
