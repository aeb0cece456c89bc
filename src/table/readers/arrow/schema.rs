//! The columns of a file and their types.

use super::fault::Fault;
use super::flat::Flat;
use crate::table::readers::features;

/// Types within types, beyond which nothing is read.
const DEPTH: usize = 16;

/// What the values of a column are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Null,
    Bool,
    Int {
        bytes: usize,
        signed: bool,
    },
    Float {
        bytes: usize,
    },
    /// Days since 1970.
    Date,
    /// Since 1970, so many a second.
    Instant {
        per_second: i64,
        bytes: usize,
    },
    /// Texts or bytes between offsets of so many bytes.
    Text {
        offset: usize,
    },
    /// Texts or bytes whose places are told one by one.
    View,
    List {
        offset: usize,
    },
    FixedList {
        size: usize,
    },
    Struct,
    /// Lists of a key and a value.
    Map,
}

/// A column, or what lies within one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub name: String,
    pub kind: Kind,
    pub children: Vec<Self>,
    /// The dictionary that its numbers refer to.
    pub dictionary: Option<(i64, Box<Kind>)>,
}

pub(super) struct Schema {
    pub columns: Vec<Column>,
    /// What the datasets library says of them.
    pub features: Option<String>,
}

impl Schema {
    pub fn read(header: &Flat<'_>) -> Result<Self, Fault> {
        if header.i16(0)? != 0 {
            return Err("its numbers are written from the other end (big-endian)".into());
        }
        let columns = header.tables(1)?.iter().map(|field| Column::read(field, DEPTH)).collect::<Result<_, _>>()?;
        let mut told = None;
        for entry in header.tables(2)? {
            if entry.text(0)? == features::KEY {
                told = Some(entry.text(1)?.to_owned());
            }
        }
        Ok(Self { columns, features: told })
    }

    /// The values of a dictionary, as a column of their own.
    pub fn dictionary(&self, id: i64) -> Option<Column> {
        fn find(columns: &[Column], id: i64) -> Option<Column> {
            columns.iter().find_map(|column| match &column.dictionary {
                Some((own, _)) if *own == id => Some(Column { dictionary: None, ..column.clone() }),
                _ => find(&column.children, id),
            })
        }
        find(&self.columns, id)
    }
}

impl Column {
    fn read(field: &Flat<'_>, depth: usize) -> Result<Self, Fault> {
        let depth = depth.checked_sub(1).ok_or("its columns lie too deep within each other")?;
        let name = field.text(0)?.to_owned();
        let told = field.table(3)?;
        let kind = kind(field.u8(2)?, told.as_ref()).map_err(|what| match what {
            Some(what) => Fault::Damaged(format!("its column {name:?} is of the type {what}, which is not read here")),
            None => Fault::Damaged(format!("its column {name:?} has no type")),
        })?;
        let dictionary = match field.table(4)? {
            None => None,
            Some(encoding) => {
                let places = match encoding.table(1)? {
                    Some(int) => int_kind(&int)?,
                    None => Kind::Int { bytes: 4, signed: true },
                };
                Some((encoding.i64(0)?, Box::new(places)))
            }
        };
        let children: Vec<Self> =
            field.tables(5)?.iter().map(|child| Self::read(child, depth)).collect::<Result<_, _>>()?;
        let wanted = matches!(kind, Kind::List { .. } | Kind::FixedList { .. } | Kind::Map);
        if wanted && children.len() != 1 {
            return Err(format!("its column {name:?} is of lists without a type").into());
        }
        Ok(Self { name, kind, children, dictionary })
    }
}

fn int_kind(told: &Flat<'_>) -> Result<Kind, Fault> {
    let bits = told.i32(0)?;
    match bits {
        8 | 16 | 32 | 64 => Ok(Kind::Int { bytes: bits as usize / 8, signed: told.u8(1)? != 0 }),
        _ => Err(format!("it has whole numbers of {bits} bits").into()),
    }
}

/// A type by its number in the format, or what it is called where it is not read.
fn kind(number: u8, told: Option<&Flat<'_>>) -> Result<Kind, Option<&'static str>> {
    let short = |field: usize| told.and_then(|told| told.i16(field).ok()).unwrap_or_default();
    let number_of = |field: usize| told.and_then(|told| told.i32(field).ok()).unwrap_or_default();
    Ok(match number {
        1 => Kind::Null,
        2 => told.and_then(|told| int_kind(told).ok()).ok_or(Some("integer of odd size"))?,
        3 => Kind::Float { bytes: [2, 4, 8].get(short(0) as usize).copied().ok_or(None)? },
        4 | 5 => Kind::Text { offset: 4 },
        6 => Kind::Bool,
        7 => return Err(Some("decimal")),
        // Of dates, days are the one that is left out only where it is written.
        8 if told.is_some_and(|told| told.i16(0).is_ok_and(|unit| unit == 0) && told.has(0)) => Kind::Date,
        8 => Kind::Instant { per_second: 1000, bytes: 8 },
        9 => return Err(Some("time of day")),
        10 => Kind::Instant {
            per_second: [1, 1_000, 1_000_000, 1_000_000_000].get(short(0) as usize).copied().ok_or(None)?,
            bytes: 8,
        },
        11 => return Err(Some("interval")),
        12 => Kind::List { offset: 4 },
        13 => Kind::Struct,
        14 => return Err(Some("union")),
        15 => return Err(Some("bytes of fixed size")),
        16 => Kind::FixedList { size: usize::try_from(number_of(0)).map_err(|_negative| None)? },
        17 => Kind::Map,
        18 => Kind::Int { bytes: 8, signed: true },
        19 | 20 => Kind::Text { offset: 8 },
        21 => Kind::List { offset: 8 },
        22 => return Err(Some("run-end encoded")),
        23 | 24 => Kind::View,
        25 | 26 => return Err(Some("list view")),
        _ => return Err(None),
    })
}
