//! Protocol buffers as bytes: the kinds of fields that the messages of ONNX and of TensorBoard are made of.
//!
//! Fields of a number are written in their order, and a message in another is its bytes with their length. Nothing else of
//! the format is needed to write.

/// A message that is being written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message(pub Vec<u8>);

const VARINT: u64 = 0;
const EIGHT_BYTES: u64 = 1;
const BYTES: u64 = 2;
const FOUR_BYTES: u64 = 5;

impl Message {
    /// A whole number; negative ones take ten bytes.
    pub fn int(&mut self, field: u64, value: i64) -> &mut Self {
        varint(&mut self.0, field << 3 | VARINT);
        varint(&mut self.0, value as u64);
        self
    }

    pub fn float(&mut self, field: u64, value: f32) -> &mut Self {
        varint(&mut self.0, field << 3 | FOUR_BYTES);
        self.0.extend(value.to_le_bytes());
        self
    }

    pub fn double(&mut self, field: u64, value: f64) -> &mut Self {
        varint(&mut self.0, field << 3 | EIGHT_BYTES);
        self.0.extend(value.to_le_bytes());
        self
    }

    pub fn text(&mut self, field: u64, text: &str) -> &mut Self {
        self.bytes(field, text.as_bytes())
    }

    pub fn bytes(&mut self, field: u64, bytes: &[u8]) -> &mut Self {
        self.opening(field, bytes.len() as u64);
        self.0.extend(bytes);
        self
    }

    pub fn message(&mut self, field: u64, message: &Self) -> &mut Self {
        self.bytes(field, &message.0)
    }

    /// What stands before bytes that are written by others.
    pub fn opening(&mut self, field: u64, length: u64) -> &mut Self {
        varint(&mut self.0, field << 3 | BYTES);
        varint(&mut self.0, length);
        self
    }
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the format's own description, and a number of all bits.
    #[test]
    fn bytes_are_those_of_the_format() {
        assert_eq!(Message::default().int(1, 150).0, [0x08, 0x96, 0x01]);
        assert_eq!(Message::default().text(2, "testing").0, b"\x12\x07testing");
        let mut inner = Message::default();
        inner.int(1, 150);
        assert_eq!(Message::default().message(3, &inner).0, [0x1a, 0x03, 0x08, 0x96, 0x01]);
        assert_eq!(Message::default().int(16, 0).0, [0x80, 0x01, 0x00]);
        assert_eq!(Message::default().int(1, -1).0.len(), 11);
        assert_eq!(Message::default().double(1, 1.0).0, [0x09, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f]);
        assert_eq!(Message::default().float(2, 1.0).0, [0x15, 0, 0, 0x80, 0x3f]);
    }
}
