//! What the numbers of a column stand for that the library gives as they are stored: moments and times in nanoseconds,
//! which way moments are counted, how long something lasts, and the bytes of a UUID.
//!
//! Parquet has no type for how long something lasts; Arrow's libraries store whole numbers and write their own schema
//! beside them.

use std::sync::LazyLock;

use ::parquet::basic::{ConvertedType, LogicalType, TimeUnit};
use ::parquet::schema::types::Type;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::table::readers::arrow;

/// The key under which Arrow's libraries write their schema.
pub(super) const ARROW_KEY: &str = "ARROW:schema";

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    #[default]
    Plain,
    /// Since 1970, so many a second.
    Instant {
        per_second: i64,
        is_utc: bool,
    },
    /// In a day, so many a second.
    Time {
        per_second: i64,
    },
    /// How long something lasts, so many a second.
    Duration {
        per_second: i64,
    },
    Uuid,
    List(Box<Self>),
    Struct(Vec<(String, Self)>),
    Map(Box<(Self, Self)>),
}

static PLAIN: LazyLock<Kind> = LazyLock::new(Kind::default);

impl Kind {
    /// Those of a file's columns; `told` is what Arrow's libraries wrote of them.
    pub fn of_file<'a>(columns: impl Iterator<Item = &'a Type>, told: Option<&str>) -> Vec<Self> {
        let schema = told.and_then(|told| STANDARD.decode(told.trim()).ok()).unwrap_or_default();
        let durations = arrow::durations(&schema);
        let kind = |column: &Type| match (Self::of(column), durations.iter().find(|(name, _)| name == column.name())) {
            (Self::Plain, Some((_, per_second))) => Self::Duration { per_second: *per_second },
            (kind, _) => kind,
        };
        columns.map(kind).collect()
    }

    fn of(column: &Type) -> Self {
        let info = column.get_basic_info();
        if column.is_primitive() {
            return info.logical_type_ref().map_or(Self::Plain, Self::of_value);
        }
        match (info.converted_type(), column.get_fields()) {
            (ConvertedType::LIST, [repeated]) => {
                // Between a list and its elements stands a level of its own in all but old files.
                let element = match repeated.as_ref() {
                    level @ Type::GroupType { .. } => match level.get_fields() {
                        [only] => Self::of(only),
                        _ => Self::of(level),
                    },
                    element @ Type::PrimitiveType { .. } => Self::of(element),
                };
                Self::List(Box::new(element))
            }
            (ConvertedType::MAP | ConvertedType::MAP_KEY_VALUE, [entry]) if !entry.is_primitive() => {
                match entry.get_fields() {
                    [key, value] => Self::Map(Box::new((Self::of(key), Self::of(value)))),
                    _ => Self::Plain,
                }
            }
            (_, fields) => {
                Self::Struct(fields.iter().map(|field| (field.name().to_owned(), Self::of(field))).collect())
            }
        }
    }

    fn of_value(logical: &LogicalType) -> Self {
        match logical {
            LogicalType::Timestamp(told) => {
                Self::Instant { per_second: per_second(told.unit), is_utc: told.is_adjusted_to_u_t_c }
            }
            LogicalType::Time(told) => Self::Time { per_second: per_second(told.unit) },
            LogicalType::Uuid => Self::Uuid,
            _ => Self::Plain,
        }
    }

    /// That of a list's elements.
    pub fn element(&self) -> &Self {
        match self {
            Self::List(element) => element,
            other => other,
        }
    }

    /// That of a struct's member.
    pub fn member(&self, name: &str) -> &Self {
        match self {
            Self::Struct(members) => {
                members.iter().find(|(member, _)| member == name).map_or(&*PLAIN, |(_, kind)| kind)
            }
            Self::List(element) => element.member(name),
            other => other,
        }
    }

    /// Those of a map's keys and values.
    pub fn entry(&self) -> (&Self, &Self) {
        match self {
            Self::Map(entry) => (&entry.0, &entry.1),
            _ => (&PLAIN, &PLAIN),
        }
    }
}

fn per_second(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::MILLIS => 1_000,
        TimeUnit::MICROS => 1_000_000,
        TimeUnit::NANOS => 1_000_000_000,
    }
}
