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
    /// The same in milliseconds.
    DateMillis,
    /// Since 1970, so many a second; with a zone it is counted as in Greenwich.
    Instant {
        per_second: i64,
        bytes: usize,
        is_utc: bool,
    },
    /// How long something lasts, so many a second.
    Duration {
        per_second: i64,
    },
    /// In a day, so many a second.
    Time {
        per_second: i64,
        bytes: usize,
    },
    /// Whole numbers of so many decimal places.
    Decimal {
        bytes: usize,
        scale: i32,
    },
    /// So many bytes each.
    Bytes {
        size: usize,
    },
    /// Ends of runs, and the value of each run.
    RunEnd,
    /// What is passed over, in so many buffers.
    Unread {
        what: &'static str,
        buffers: usize,
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
    /// The type in it that is not read, if there is one.
    pub fn unread(&self) -> Option<&'static str> {
        match self.kind {
            Kind::Unread { what, .. } => Some(what),
            _ => self.children.iter().find_map(Self::unread),
        }
    }

    fn read(field: &Flat<'_>, depth: usize) -> Result<Self, Fault> {
        let depth = depth.checked_sub(1).ok_or("its columns lie too deep within each other")?;
        let name = field.text(0)?.to_owned();
        let told = field.table(3)?;
        let kind = kind(field.u8(2)?, told.as_ref()).map_err(|what| match what {
            Some(what) => Fault::Kind(format!("its column {name:?} is of the type {what}, which is not read here")),
            None => Fault::Kind(format!("its column {name:?} is of a type that is not known here")),
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
        if kind == Kind::RunEnd && children.len() != 2 {
            return Err(format!("its column {name:?} is of runs without a type").into());
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
        7 => decimal(told)?,
        // Of dates, days are the one that is left out only where it is written.
        8 if told.is_some_and(|told| told.i16(0).is_ok_and(|unit| unit == 0) && told.has(0)) => Kind::Date,
        8 => Kind::DateMillis,
        9 => time(told)?,
        10 => Kind::Instant {
            per_second: per_second(short(0))?,
            bytes: 8,
            is_utc: told.is_some_and(|told| told.text(1).is_ok_and(|zone| !zone.is_empty())),
        },
        11 => Kind::Unread { what: "interval", buffers: 2 },
        12 => Kind::List { offset: 4 },
        13 => Kind::Struct,
        // The places of its values are told where they do not stand side by side.
        14 => Kind::Unread { what: "union", buffers: if short(0) == 0 { 1 } else { 2 } },
        15 => Kind::Bytes { size: usize::try_from(number_of(0)).map_err(|_negative| None)? },
        16 => Kind::FixedList { size: usize::try_from(number_of(0)).map_err(|_negative| None)? },
        17 => Kind::Map,
        18 => Kind::Duration { per_second: per_second(thousandths(told)?)? },
        19 | 20 => Kind::Text { offset: 8 },
        21 => Kind::List { offset: 8 },
        22 => Kind::RunEnd,
        23 | 24 => Kind::View,
        25 | 26 => Kind::Unread { what: "list view", buffers: 3 },
        _ => return Err(None),
    })
}

/// The format leaves out what is usual: 128 bits.
fn decimal(told: Option<&Flat<'_>>) -> Result<Kind, Option<&'static str>> {
    let told = told.ok_or(None)?;
    let bits = if told.has(2) { told.i32(2).map_err(|_damaged| None)? } else { 128 };
    match bits {
        32 | 64 | 128 | 256 => {
            Ok(Kind::Decimal { bytes: bits as usize / 8, scale: told.i32(1).map_err(|_damaged| None)? })
        }
        _ => Err(Some("decimal of odd size")),
    }
}

/// How many of a unit are a second.
fn per_second(unit: i16) -> Result<i64, Option<&'static str>> {
    usize::try_from(unit).ok().and_then(|unit| [1, 1_000, 1_000_000, 1_000_000_000].get(unit)).copied().ok_or(None)
}

/// The unit of a type that leaves out milliseconds.
fn thousandths(told: Option<&Flat<'_>>) -> Result<i16, Option<&'static str>> {
    told.filter(|told| told.has(0)).map_or(Ok(1), |told| told.i16(0)).map_err(|_damaged| None)
}

/// The format leaves out what is usual: milliseconds in 32 bits.
fn time(told: Option<&Flat<'_>>) -> Result<Kind, Option<&'static str>> {
    let unit = thousandths(told)?;
    let bits = told.filter(|told| told.has(1)).map_or(Ok(32), |told| told.i32(1)).map_err(|_damaged| None)?;
    match bits {
        32 | 64 => Ok(Kind::Time { per_second: per_second(unit)?, bytes: bits as usize / 8 }),
        _ => Err(Some("time of odd size")),
    }
}
