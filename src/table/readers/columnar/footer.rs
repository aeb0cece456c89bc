//! A look at the footer of a Parquet file before the library reads it: whether it is there, and how deeply its columns
//! are nested. The library builds them by recursion, and a stack that runs out cannot be caught.
//!
//! The footer is a struct in Thrift's compact protocol; its field 2 lists the nodes of the schema in depth-first order,
//! each with the number of its children as field 5.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

/// Bytes that a footer may have, and levels of columns within columns.
const FOOTER_LIMIT: u64 = 256 << 20;
const DEPTH_LIMIT: usize = 64;

/// Why a file cannot be read, if its footer tells.
pub(super) fn check(mut file: &File) -> Result<(), String> {
    let whole = |error: std::io::Error| error.to_string();
    let length = file.seek(SeekFrom::End(0)).map_err(whole)?;
    if length < 12 {
        return Err("it ends too early".into());
    }
    let mut tail = [0; 8];
    file.seek(SeekFrom::End(-8)).map_err(whole)?;
    file.read_exact(&mut tail).map_err(whole)?;
    let [a, b, c, d, magic @ ..] = tail;
    if &magic == b"PARE" {
        return Err("it is encrypted".into());
    }
    if &magic != b"PAR1" {
        return Err("it does not end as it should, perhaps because it was not fetched to the end".into());
    }
    let size = u64::from(u32::from_le_bytes([a, b, c, d]));
    if size + 8 > length || size > FOOTER_LIMIT {
        return Err(format!("its footer of {size} bytes is larger than the file"));
    }
    let mut footer = vec![0; size as usize];
    file.seek(SeekFrom::End(-8 - size as i64)).map_err(whole)?;
    file.read_exact(&mut footer).map_err(whole)?;
    // What cannot be walked here is left to the library, which says better what is wrong.
    match schema_depth(&footer) {
        Some(depth) if depth > DEPTH_LIMIT => {
            Err(format!("its columns are nested more than {DEPTH_LIMIT} levels deep"))
        }
        _ => Ok(()),
    }
}

/// Levels of the schema; none where the footer ends early or has other types than it should. The nodes before such a
/// place count, because the library may come that far.
fn schema_depth(footer: &[u8]) -> Option<usize> {
    let mut thrift = Thrift { bytes: footer };
    let mut id = 0;
    loop {
        match thrift.field(&mut id)? {
            Type::Stop => return None,
            Type::List if id == 2 => break,
            other => thrift.skip(other, 0)?,
        }
    }
    let (count, Type::Struct) = thrift.list()? else { return None };
    // Children that are still to come, from the root down.
    let mut open: Vec<u64> = Vec::new();
    let mut deepest = 0;
    for _ in 0..count {
        let Some(children) = thrift.node() else { break };
        while open.last() == Some(&0) {
            open.pop();
        }
        if let Some(left) = open.last_mut() {
            *left -= 1;
        }
        if children > 0 {
            open.push(children);
        }
        deepest = deepest.max(open.len());
    }
    Some(deepest)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Type {
    Stop,
    Bool,
    Byte,
    Integer,
    Double,
    Binary,
    List,
    Map,
    Struct,
}

struct Thrift<'a> {
    bytes: &'a [u8],
}

impl Thrift<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(first)
    }

    fn pass(&mut self, count: u64) -> Option<()> {
        self.bytes = self.bytes.get(usize::try_from(count).ok()?..)?;
        Some(())
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn kind(code: u8) -> Option<Type> {
        Some(match code {
            0 => Type::Stop,
            1 | 2 => Type::Bool,
            3 => Type::Byte,
            4..=6 => Type::Integer,
            7 => Type::Double,
            8 => Type::Binary,
            9 | 10 => Type::List,
            11 => Type::Map,
            12 => Type::Struct,
            _ => return None,
        })
    }

    /// The type of the next field of a struct; `id` is the last field's and becomes its own.
    fn field(&mut self, id: &mut i64) -> Option<Type> {
        let byte = self.byte()?;
        let kind = Self::kind(byte & 0xF)?;
        match (kind, byte >> 4) {
            (Type::Stop, _) => {}
            (_, 0) => *id = zigzag(self.number()?),
            (_, step) => *id += i64::from(step),
        }
        Some(kind)
    }

    fn list(&mut self) -> Option<(u64, Type)> {
        let byte = self.byte()?;
        let count = if byte >> 4 == 15 { self.number()? } else { u64::from(byte >> 4) };
        Some((count, Self::kind(byte & 0xF)?))
    }

    fn skip(&mut self, kind: Type, depth: usize) -> Option<()> {
        if depth > DEPTH_LIMIT {
            return None;
        }
        match kind {
            Type::Stop | Type::Bool => Some(()),
            Type::Byte => self.pass(1),
            Type::Integer => self.number().map(|_| ()),
            Type::Double => self.pass(8),
            Type::Binary => {
                let length = self.number()?;
                self.pass(length)
            }
            Type::List => {
                let (count, element) = self.list()?;
                // A boolean in a list takes a byte, in a struct none.
                let element = if element == Type::Bool { Type::Byte } else { element };
                (0..count).try_for_each(|_| self.skip(element, depth + 1))
            }
            // No struct of the footer has one.
            Type::Map => None,
            Type::Struct => {
                let mut id = 0;
                loop {
                    match self.field(&mut id)? {
                        Type::Stop => return Some(()),
                        other => self.skip(other, depth + 1)?,
                    }
                }
            }
        }
    }

    /// The children of the next node of the schema.
    fn node(&mut self) -> Option<u64> {
        let (mut id, mut children) = (0, 0);
        loop {
            match self.field(&mut id)? {
                Type::Stop => return Some(children),
                Type::Integer if id == 5 => children = u64::try_from(zigzag(self.number()?)).unwrap_or(0),
                other => self.skip(other, 0)?,
            }
        }
    }
}

fn zigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A footer of one chain of columns, each the only child of the one before.
    fn chain(depth: usize) -> Vec<u8> {
        // Field 1 (version 1), then field 2 as a list of structs.
        let mut footer = vec![0x15, 2, 0x19, 0xFC];
        let mut count = depth + 1;
        while count > 0x7F {
            footer.push((count & 0x7F) as u8 | 0x80);
            count >>= 7;
        }
        footer.push(count as u8);
        for _ in 0..depth {
            // Field 4 (the name "x"), field 5 (one child), the end.
            footer.extend_from_slice(&[0x48, 1, b'x', 0x15, 2, 0]);
        }
        footer.extend_from_slice(&[0x48, 1, b'x', 0, 0]);
        footer
    }

    #[test]
    fn depth_is_counted_without_recursion() {
        for depth in [1, 5, 300_000] {
            assert_eq!(schema_depth(&chain(depth)), Some(depth));
        }
        assert_eq!(schema_depth(&chain(5)[..20]), Some(2));
        assert_eq!(schema_depth(&[]), None);
        assert_eq!(schema_depth(&[0x29, 0xFC, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]), Some(0));
    }
}
