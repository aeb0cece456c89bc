//! `FlatBuffers`, in which Arrow writes what its messages are: tables whose fields are found through a list of their
//! places. Only what is asked for is read, and each place is checked.

use super::fault::Fault;

/// A table of a buffer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flat<'a> {
    bytes: &'a [u8],
    at: usize,
}

const CUT: &str = "a message of it points beyond its end";

fn take<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N], Fault> {
    let piece = bytes.get(at..).and_then(|rest| rest.first_chunk::<N>());
    piece.copied().ok_or_else(|| CUT.into())
}

fn offset(bytes: &[u8], at: usize) -> Result<usize, Fault> {
    Ok(u32::from_le_bytes(take(bytes, at)?) as usize)
}

impl<'a> Flat<'a> {
    /// The outermost table of a buffer.
    pub fn root(bytes: &'a [u8]) -> Result<Self, Fault> {
        Ok(Self { bytes, at: offset(bytes, 0)? })
    }

    /// Where a field lies; none where it is left out.
    fn field(&self, number: usize) -> Result<Option<usize>, Fault> {
        let back = i32::from_le_bytes(take(self.bytes, self.at)?);
        let table = usize::try_from(self.at as i64 - i64::from(back)).map_err(|_outside| CUT)?;
        let length = usize::from(u16::from_le_bytes(take(self.bytes, table)?));
        let place = 4 + 2 * number;
        if place + 2 > length {
            return Ok(None);
        }
        let at = usize::from(u16::from_le_bytes(take(self.bytes, table + place)?));
        Ok((at > 0).then_some(self.at + at))
    }

    /// Whether a field is written.
    pub fn has(&self, number: usize) -> bool {
        self.field(number).is_ok_and(|field| field.is_some())
    }

    pub fn u8(&self, number: usize) -> Result<u8, Fault> {
        self.field(number)?.map_or(Ok(0), |at| take::<1>(self.bytes, at).map(|[byte]| byte))
    }

    pub fn i16(&self, number: usize) -> Result<i16, Fault> {
        self.field(number)?.map_or(Ok(0), |at| take(self.bytes, at).map(i16::from_le_bytes))
    }

    pub fn i32(&self, number: usize) -> Result<i32, Fault> {
        self.field(number)?.map_or(Ok(0), |at| take(self.bytes, at).map(i32::from_le_bytes))
    }

    pub fn i64(&self, number: usize) -> Result<i64, Fault> {
        self.field(number)?.map_or(Ok(0), |at| take(self.bytes, at).map(i64::from_le_bytes))
    }

    pub fn table(&self, number: usize) -> Result<Option<Self>, Fault> {
        let Some(at) = self.field(number)? else { return Ok(None) };
        Ok(Some(Self { bytes: self.bytes, at: at + offset(self.bytes, at)? }))
    }

    /// Where the elements of a list begin, and how many there are of so many bytes.
    fn list(&self, number: usize, width: usize) -> Result<(usize, usize), Fault> {
        let Some(at) = self.field(number)? else { return Ok((0, 0)) };
        let list = at + offset(self.bytes, at)?;
        let count = offset(self.bytes, list)?;
        let begin = list + 4;
        let fits = count
            .checked_mul(width)
            .and_then(|bytes| begin.checked_add(bytes))
            .is_some_and(|end| end <= self.bytes.len());
        if fits { Ok((begin, count)) } else { Err(CUT.into()) }
    }

    pub fn text(&self, number: usize) -> Result<&'a str, Fault> {
        let (begin, count) = self.list(number, 1)?;
        std::str::from_utf8(&self.bytes[begin..begin + count]).map_err(|_other| "a name in it is not UTF-8".into())
    }

    pub fn tables(&self, number: usize) -> Result<Vec<Self>, Fault> {
        let (begin, count) = self.list(number, 4)?;
        let table = |place: usize| {
            let at = begin + 4 * place;
            Ok(Self { bytes: self.bytes, at: at + offset(self.bytes, at)? })
        };
        (0..count).map(table).collect()
    }

    /// A list of pairs of numbers.
    pub fn pairs(&self, number: usize) -> Result<Vec<(i64, i64)>, Fault> {
        let (begin, count) = self.list(number, 16)?;
        let pair = |place: usize| {
            let number = |at: usize| take(self.bytes, at).map(i64::from_le_bytes);
            Ok((number(begin + 16 * place)?, number(begin + 16 * place + 8)?))
        };
        (0..count).map(pair).collect()
    }

    pub fn numbers(&self, number: usize) -> Result<Vec<i64>, Fault> {
        let (begin, count) = self.list(number, 8)?;
        (0..count).map(|place| take(self.bytes, begin + 8 * place).map(i64::from_le_bytes)).collect()
    }
}
