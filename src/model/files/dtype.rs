//! The kinds of numbers tensors are stored in, and how those with a fraction become `f32`.

use half::{bf16, f16};

/// A kind of number, under the name safetensors gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dtype {
    F64,
    F32,
    F16,
    Bf16,
    I64,
    I32,
    I16,
    I8,
    U64,
    U32,
    U16,
    U8,
    Bool,
}

impl Dtype {
    const ALL: [(Self, &'static str, &'static str, u64); 13] = [
        (Self::F64, "F64", "DoubleStorage", 8),
        (Self::F32, "F32", "FloatStorage", 4),
        (Self::F16, "F16", "HalfStorage", 2),
        (Self::Bf16, "BF16", "BFloat16Storage", 2),
        (Self::I64, "I64", "LongStorage", 8),
        (Self::I32, "I32", "IntStorage", 4),
        (Self::I16, "I16", "ShortStorage", 2),
        (Self::I8, "I8", "CharStorage", 1),
        (Self::U64, "U64", "", 8),
        (Self::U32, "U32", "", 4),
        (Self::U16, "U16", "", 2),
        (Self::U8, "U8", "ByteStorage", 1),
        (Self::Bool, "BOOL", "BoolStorage", 1),
    ];

    fn row(self) -> (Self, &'static str, &'static str, u64) {
        // Every kind is listed.
        Self::ALL.into_iter().find(|row| row.0 == self).unwrap_or(Self::ALL[0])
    }

    /// By the name safetensors gives it.
    pub(super) fn from_safetensors(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|row| row.1 == name).map(|row| row.0)
    }

    /// By the class torch stores it in.
    pub(super) fn from_storage(class: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|row| !row.2.is_empty() && row.2 == class).map(|row| row.0)
    }

    /// Bytes of one number.
    pub fn size(self) -> u64 {
        self.row().3
    }

    /// Appends little-endian numbers; `None` for kinds that are not read as `f32`.
    pub(super) fn append(self, bytes: &[u8], to: &mut Vec<f32>) -> Option<()> {
        match self {
            Self::F32 => to.extend(bytes.as_chunks().0.iter().map(|four| f32::from_le_bytes(*four))),
            Self::F16 => to.extend(bytes.as_chunks().0.iter().map(|two| f16::from_le_bytes(*two).to_f32())),
            Self::Bf16 => to.extend(bytes.as_chunks().0.iter().map(|two| bf16::from_le_bytes(*two).to_f32())),
            Self::F64 => to.extend(bytes.as_chunks().0.iter().map(|eight| f64::from_le_bytes(*eight) as f32)),
            _ => return None,
        }
        Some(())
    }

    pub fn is_float(self) -> bool {
        matches!(self, Self::F64 | Self::F32 | Self::F16 | Self::Bf16)
    }
}

impl std::fmt::Display for Dtype {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.row().1.to_lowercase())
    }
}
