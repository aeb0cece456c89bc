//! The values of a column in one batch, as they lie in its buffers.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Read;
use std::rc::Rc;

use super::fault::Fault;
use super::flat::Flat;
use super::schema::{Column, Kind};
use crate::guard::guarded;
use crate::table::readers::unpack::SIZE_LIMIT;

const CUT: &str = "a column of it is shorter than its batch";

/// How the buffers of a batch are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Codec {
    None,
    Lz4,
    Zstd,
}

/// Bytes of a buffer, unpacked where need be.
type Bytes<'a> = Cow<'a, [u8]>;

/// The buffers of a batch, which columns take one after the other.
pub(super) struct Body<'a> {
    bytes: &'a [u8],
    nodes: std::vec::IntoIter<(i64, i64)>,
    buffers: std::vec::IntoIter<(i64, i64)>,
    /// How many buffers each column of views has beside its own.
    views: std::vec::IntoIter<i64>,
    codec: Codec,
    /// Bytes that were unpacked so far.
    unpacked: u64,
}

impl<'a> Body<'a> {
    pub fn of(header: &Flat<'a>, bytes: &'a [u8]) -> Result<Self, Fault> {
        let codec = match header.table(3)? {
            None => Codec::None,
            Some(packing) if packing.u8(0)? == 0 => Codec::Lz4,
            Some(packing) if packing.u8(0)? == 1 => Codec::Zstd,
            Some(_) => return Err("it is packed in a way that is not read here".into()),
        };
        Ok(Self {
            bytes,
            nodes: header.pairs(1)?.into_iter(),
            buffers: header.pairs(2)?.into_iter(),
            views: header.numbers(4)?.into_iter(),
            codec,
            unpacked: 0,
        })
    }

    /// The rows of the next column.
    fn rows(&mut self) -> Result<usize, Fault> {
        let (rows, _) = self.nodes.next().ok_or(CUT)?;
        usize::try_from(rows).map_err(|_negative| CUT.into())
    }

    fn buffer(&mut self) -> Result<Bytes<'a>, Fault> {
        let (at, length) = self.buffers.next().ok_or(CUT)?;
        let (at, length) = usize::try_from(at).ok().zip(usize::try_from(length).ok()).ok_or(CUT)?;
        let end = at.checked_add(length).ok_or(CUT)?;
        let bytes = self.bytes.get(at..end).ok_or(CUT)?;
        if self.codec == Codec::None || bytes.is_empty() {
            return Ok(Cow::Borrowed(bytes));
        }
        let (length, packed) = bytes.split_first_chunk::<8>().ok_or(CUT)?;
        let length = i64::from_le_bytes(*length);
        // What would not become smaller is not packed.
        if length == -1 {
            return Ok(Cow::Borrowed(packed));
        }
        let length = u64::try_from(length).map_err(|_negative| CUT)?;
        self.unpacked += length;
        if self.unpacked > SIZE_LIMIT {
            return Err(Fault::TooLarge);
        }
        let mut all = Vec::new();
        let codec = self.codec;
        let read = guarded(|| match codec {
            Codec::Zstd => zstd::stream::read::Decoder::new(packed)?.take(length).read_to_end(&mut all),
            Codec::Lz4 | Codec::None => lz4_flex::frame::FrameDecoder::new(packed).take(length).read_to_end(&mut all),
        });
        match read {
            Ok(Ok(count)) if count as u64 == length => Ok(Cow::Owned(all)),
            Ok(Err(error)) => Err(format!("a buffer of it cannot be unpacked: {error}").into()),
            Ok(Ok(_)) => Err("a buffer of it is shorter than it says when unpacked".into()),
            Err(panic) => Err(panic.into()),
        }
    }
}

/// The values of a column.
#[derive(Clone, Debug)]
pub(super) struct Array<'a> {
    pub kind: Kind,
    length: usize,
    /// A bit for each value that is there; none where all are.
    validity: Option<Bytes<'a>>,
    /// Numbers or bits; offsets; the places of views.
    values: Bytes<'a>,
    /// Texts between offsets, or those of views.
    data: Vec<Bytes<'a>>,
    pub children: Vec<(String, Self)>,
    /// What its numbers refer to.
    dictionary: Option<Rc<Vec<Self>>>,
}

impl<'a> Array<'a> {
    pub fn read(
        column: &Column,
        body: &mut Body<'a>,
        dictionaries: &BTreeMap<i64, Rc<Vec<Self>>>,
    ) -> Result<Self, Fault> {
        let length = body.rows()?;
        let (kind, dictionary) = match &column.dictionary {
            None => (column.kind.clone(), None),
            Some((id, places)) => {
                let known =
                    dictionaries.get(id).ok_or("a column refers to a dictionary that does not come before it")?;
                (places.as_ref().clone(), Some(known.clone()))
            }
        };
        let mut array = Self {
            kind,
            length,
            validity: None,
            values: Cow::Borrowed(&[]),
            data: Vec::new(),
            children: Vec::new(),
            dictionary,
        };
        if let Kind::Unread { buffers, .. } = array.kind {
            for _ in 0..buffers {
                body.buffer()?;
            }
        }
        if matches!(array.kind, Kind::Unread { .. } | Kind::RunEnd) {
            for child in &column.children {
                array.children.push((child.name.clone(), Self::read(child, body, dictionaries)?));
            }
            return Ok(array);
        }
        if array.kind == Kind::Null {
            return Ok(array);
        }
        let validity = body.buffer()?;
        array.validity = (!validity.is_empty()).then_some(validity);
        if array.validity.as_ref().is_some_and(|bits| bits.len() < length.div_ceil(8)) {
            return Err(CUT.into());
        }
        if !matches!(array.kind, Kind::Struct | Kind::FixedList { .. }) {
            array.values = body.buffer()?;
        }
        match array.kind {
            Kind::Text { .. } => array.data.push(body.buffer()?),
            Kind::View => {
                let count = body.views.next().ok_or(CUT)?;
                for _ in 0..count {
                    array.data.push(body.buffer()?);
                }
            }
            _ => {}
        }
        if column.dictionary.is_none() {
            for child in &column.children {
                array.children.push((child.name.clone(), Self::read(child, body, dictionaries)?));
            }
        }
        array.check()?;
        Ok(array)
    }

    /// Whether the values are as long as their number says.
    fn check(&self) -> Result<(), Fault> {
        let needed = match self.kind {
            Kind::Null | Kind::Struct | Kind::FixedList { .. } | Kind::RunEnd | Kind::Unread { .. } => Some(0),
            Kind::Bool => Some(self.length.div_ceil(8)),
            Kind::Int { bytes, .. }
            | Kind::Float { bytes }
            | Kind::Instant { bytes, .. }
            | Kind::Time { bytes, .. }
            | Kind::Decimal { bytes, .. }
            | Kind::Bytes { size: bytes } => self.length.checked_mul(bytes),
            Kind::Date => self.length.checked_mul(4),
            Kind::DateMillis | Kind::Duration { .. } => self.length.checked_mul(8),
            Kind::View => self.length.checked_mul(16),
            // Offsets have one more than there are rows; without rows there may be none.
            Kind::Text { .. } | Kind::List { .. } | Kind::Map if self.length == 0 => Some(0),
            Kind::Text { offset } | Kind::List { offset } => (self.length + 1).checked_mul(offset),
            Kind::Map => (self.length + 1).checked_mul(4),
        };
        let fits = needed.is_some_and(|needed| self.values.len() >= needed);
        let is_even = match self.kind {
            Kind::Struct => self.children.iter().all(|(_, child)| child.length >= self.length),
            Kind::FixedList { size } => {
                let wanted = self.length.checked_mul(size);
                self.children.first().is_some_and(|(_, child)| wanted.is_some_and(|wanted| child.length >= wanted))
            }
            _ => true,
        };
        if fits && is_even { Ok(()) } else { Err(CUT.into()) }
    }

    pub fn length(&self) -> usize {
        self.length
    }

    /// Whether it takes no bytes, however long it is.
    pub fn is_empty_kind(&self) -> bool {
        match self.kind {
            Kind::Null | Kind::RunEnd => true,
            Kind::Bytes { size } => size == 0 && self.validity.is_none(),
            Kind::Struct | Kind::FixedList { .. } => {
                self.validity.is_none() && self.children.iter().all(|(_, child)| child.is_empty_kind())
            }
            _ => false,
        }
    }

    pub fn is_null(&self, row: usize) -> bool {
        let is_there = |bits: &Bytes<'_>| bits.get(row / 8).is_some_and(|byte| byte >> (row % 8) & 1 == 1);
        self.kind == Kind::Null || self.validity.as_ref().is_some_and(|bits| !is_there(bits))
    }

    pub fn bool(&self, row: usize) -> bool {
        self.values.get(row / 8).is_some_and(|byte| byte >> (row % 8) & 1 == 1)
    }

    fn number<const N: usize>(&self, row: usize) -> Result<[u8; N], Fault> {
        let piece = row.checked_mul(N).and_then(|at| self.values.get(at..)).and_then(|rest| rest.first_chunk::<N>());
        piece.copied().ok_or_else(|| CUT.into())
    }

    pub fn int(&self, row: usize) -> Result<i128, Fault> {
        let (bytes, signed) = match self.kind {
            Kind::Int { bytes, signed } => (bytes, signed),
            Kind::Instant { bytes, .. } | Kind::Time { bytes, .. } | Kind::Decimal { bytes, .. } => (bytes, true),
            Kind::Date => (4, true),
            Kind::DateMillis | Kind::Duration { .. } => (8, true),
            _ => return Err(CUT.into()),
        };
        Ok(match (bytes, signed) {
            (1, true) => i8::from_le_bytes(self.number(row)?).into(),
            (1, false) => u8::from_le_bytes(self.number(row)?).into(),
            (2, true) => i16::from_le_bytes(self.number(row)?).into(),
            (2, false) => u16::from_le_bytes(self.number(row)?).into(),
            (4, true) => i32::from_le_bytes(self.number(row)?).into(),
            (4, false) => u32::from_le_bytes(self.number(row)?).into(),
            (16, _) => i128::from_le_bytes(self.number(row)?),
            (32, _) => {
                let all: [u8; 32] = self.number(row)?;
                let number = all.first_chunk::<16>().map_or(0, |low| i128::from_le_bytes(*low));
                let above = if number < 0 { 0xFF } else { 0 };
                if all[16..].iter().any(|byte| *byte != above) {
                    return Err(Fault::Kind("it has a decimal of more than 38 digits".to_owned()));
                }
                number
            }
            (_, true) => i64::from_le_bytes(self.number(row)?).into(),
            (_, false) => u64::from_le_bytes(self.number(row)?).into(),
        })
    }

    /// The same where it is a count of time.
    pub fn long(&self, row: usize) -> Result<i64, Fault> {
        i64::try_from(self.int(row)?).map_err(|_larger| CUT.into())
    }

    /// A number with a fraction, as short as it can be written.
    pub fn float(&self, row: usize) -> Result<Option<String>, Fault> {
        Ok(match self.kind {
            Kind::Float { bytes: 2 } => finite(half::f16::from_le_bytes(self.number(row)?).to_f32()),
            Kind::Float { bytes: 4 } => finite(f32::from_le_bytes(self.number(row)?)),
            _ => finite(f64::from_le_bytes(self.number(row)?)),
        })
    }

    /// Where the text or the list of a row lies.
    pub fn range(&self, row: usize) -> Result<std::ops::Range<usize>, Fault> {
        let at = |row: usize| -> Result<usize, Fault> {
            match self.kind {
                Kind::FixedList { size } => row.checked_mul(size).ok_or_else(|| CUT.into()),
                Kind::Text { offset: 8 } | Kind::List { offset: 8 } => {
                    usize::try_from(i64::from_le_bytes(self.number(row)?)).map_err(|_negative| CUT.into())
                }
                _ => usize::try_from(i32::from_le_bytes(self.number(row)?)).map_err(|_negative| CUT.into()),
            }
        };
        let range = at(row)?..at(row + 1)?;
        let most = match self.kind {
            Kind::Text { .. } => self.data.first().map_or(0, |data| data.len()),
            _ => self.children.first().map_or(0, |(_, child)| child.length),
        };
        if range.start <= range.end && range.end <= most { Ok(range) } else { Err(CUT.into()) }
    }

    /// The bytes of a row.
    pub fn bytes(&self, row: usize) -> Result<&[u8], Fault> {
        if let Kind::Bytes { size } = self.kind {
            let at = row.checked_mul(size).ok_or(CUT)?;
            return self.values.get(at..).and_then(|rest| rest.get(..size)).ok_or_else(|| CUT.into());
        }
        if self.kind != Kind::View {
            let data = self.data.first().ok_or(CUT)?;
            return Ok(&data[self.range(row)?]);
        }
        let start = row.checked_mul(16).ok_or(CUT)?;
        let view = self.values.get(start..).and_then(|rest| rest.first_chunk::<16>()).ok_or(CUT)?;
        let part = |at: usize| i32::from_le_bytes([view[at], view[at + 1], view[at + 2], view[at + 3]]);
        let length = usize::try_from(part(0)).map_err(|_negative| CUT)?;
        // Short ones stand in their place.
        if length <= 12 {
            return Ok(&self.values[start + 4..start + 4 + length]);
        }
        let (buffer, at) = usize::try_from(part(8)).ok().zip(usize::try_from(part(12)).ok()).ok_or(CUT)?;
        let data = self.data.get(buffer).ok_or(CUT)?;
        data.get(at..at + length).ok_or_else(|| CUT.into())
    }

    /// The values of runs, and the place of the run that a row lies in.
    fn run(&self, row: usize) -> Result<(&Self, usize), Fault> {
        let [(_, ends), (_, values)] = &self.children[..] else { return Err(CUT.into()) };
        let (mut from, mut to) = (0, ends.length);
        while from < to {
            let middle = from + (to - from) / 2;
            if ends.int(middle)? > row as i128 {
                to = middle;
            } else {
                from = middle + 1;
            }
        }
        if from < ends.length && from < values.length { Ok((values, from)) } else { Err(CUT.into()) }
    }

    /// What a number refers to: the values and the place among them.
    pub fn referred(&self, row: usize) -> Result<Option<(&Self, usize)>, Fault> {
        if self.kind == Kind::RunEnd {
            return self.run(row).map(Some);
        }
        let Some(dictionary) = &self.dictionary else { return Ok(None) };
        let mut place = usize::try_from(self.int(row)?).map_err(|_negative| CUT)?;
        for values in dictionary.iter() {
            if place < values.length {
                return Ok(Some((values, place)));
            }
            place -= values.length;
        }
        Err("a column refers to a value that its dictionary has not".into())
    }
}

fn finite<F: std::fmt::Display + Copy + Into<f64>>(value: F) -> Option<String> {
    value.into().is_finite().then(|| value.to_string())
}
