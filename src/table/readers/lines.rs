//! The lines of a text file one after the other, unpacked and decoded as they are read, so that a corpus of any size
//! takes the memory of one piece of it. Every line counts, empty ones too: they separate documents.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::cut::{line_end, lines_of};
use super::encoding::{self, Guess};
use super::unpack::{Limits, Packing, Unpacked, data_error, size};
use crate::files;
use crate::table::ReadError;
use crate::table::charset::{Charset, Decoder};

/// Bytes that are read and decoded at a time; also the sample in which the encoding is recognised.
const PIECE: usize = 1 << 20;
/// Bytes a line may have.
const LINE_LIMIT: usize = 64 << 20;

/// Opens a text file, packed with gzip or xz or not, to read its lines, in the encoding that is told or in the one that is
/// recognised.
pub fn lines(path: &Path, told: Option<Charset>) -> Result<Lines, ReadError> {
    if path.is_dir() {
        return Err(ReadError::Folder { path: path.to_path_buf(), reason: "is a folder, expected a text file".into() });
    }
    let file = files::open(path).map_err(|source| ReadError::Read { path: path.to_path_buf(), source })?;
    Lines::new(path, file, told)
}

/// How bytes are decoded.
enum Way {
    /// Nothing but ASCII was seen, which every encoding reads the same.
    Ascii,
    /// UTF-8, perhaps with lines that are none, with what of it is no whole line yet.
    Utf8(Vec<u8>),
    In(Decoder),
}

/// Lines with their numbers from 1, without line ends. After an error there are no more.
pub struct Lines {
    path: PathBuf,
    source: Box<dyn Read>,
    way: Way,
    piece: Vec<u8>,
    /// Decoded text; the lines before `at` are given, and up to `searched` no line ends.
    text: String,
    at: usize,
    searched: usize,
    line: usize,
    replaced: usize,
    /// What is to be told of the encoding.
    note: Option<String>,
    ended: bool,
}

impl Lines {
    pub(super) fn new(path: &Path, mut file: impl Read + 'static, told: Option<Charset>) -> Result<Self, ReadError> {
        let mut head = [0; 6];
        let filled = fill(&mut file, &mut head).map_err(|error| data_error(path, error))?;
        let packing = Packing::of(&head[..filled]);
        let whole = io::Cursor::new(head[..filled].to_vec()).chain(file);
        let source: Box<dyn Read> = match packing {
            Some(packing) => {
                let limits = Limits { bytes: u64::MAX, ..Limits::default() };
                Box::new(Unpacked::new(packing, whole, limits).map_err(|error| data_error(path, error))?)
            }
            None => Box::new(whole),
        };
        let mut lines = Self {
            path: path.to_path_buf(),
            source,
            way: Way::Ascii,
            piece: vec![0; PIECE],
            text: String::new(),
            at: 0,
            searched: 0,
            line: 0,
            replaced: 0,
            note: None,
            ended: false,
        };
        let filled = lines.read_piece()?;
        let first = &lines.piece[..filled];
        if let Some((what, advice)) = encoding::not_text(first) {
            return Err(ReadError::NotText { path: lines.path, what, advice });
        }
        let marked = encoding::marked(first);
        lines.note = told.and_then(|told| encoding::against(first, told));
        let read = told.map(|told| encoding::as_told(first, told)).or(marked);
        let mark = read.map_or(0, |(_, mark)| mark);
        lines.way = match read {
            Some((charset, _)) if told.is_none() && charset == Charset::UTF_8 => Way::Utf8(Vec::new()),
            Some((charset, _)) => Way::In(charset.decoder()),
            None => Way::Ascii,
        };
        lines.decode(mark, filled);
        Ok(lines)
    }

    /// The encoding as far as it is known.
    pub fn encoding(&self) -> &'static str {
        match &self.way {
            Way::Ascii | Way::Utf8(_) => Charset::UTF_8.name(),
            Way::In(decoder) => decoder.charset().name(),
        }
    }

    /// What is to be told of the encoding, as far as it is known.
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// Bytes so far that mean nothing in the encoding, given as U+FFFD.
    pub fn replaced_characters(&self) -> usize {
        self.replaced
    }

    fn read_piece(&mut self) -> Result<usize, ReadError> {
        let filled = fill(&mut self.source, &mut self.piece).map_err(|error| data_error(&self.path, error))?;
        self.ended = filled < self.piece.len();
        Ok(filled)
    }

    /// Appends the piece to the text.
    fn decode(&mut self, from: usize, to: usize) {
        self.text.drain(..self.at);
        self.searched -= self.at;
        self.at = 0;
        let bytes = &self.piece[from..to];
        if matches!(self.way, Way::Ascii) && !bytes.is_ascii() {
            let guess = encoding::of_sample(bytes, self.ended);
            self.note = guess.as_ref().map(Guess::note);
            self.way = guess.map_or(Way::Utf8(Vec::new()), |guess| Way::In(guess.charset.decoder()));
        }
        match &mut self.way {
            Way::Ascii => self.text.push_str(&String::from_utf8_lossy(bytes)),
            Way::In(decoder) => self.replaced += decoder.decode(bytes, self.ended, &mut self.text),
            Way::Utf8(kept) => {
                kept.extend_from_slice(bytes);
                let rest = kept.split_off(if self.ended { kept.len() } else { whole(kept) });
                let decoded = encoding::utf_8(std::mem::replace(kept, rest));
                self.replaced += decoded.replaced;
                self.text.push_str(&String::from_utf8_lossy(&decoded.text));
                // What it says of lines holds for the first piece alone, and what is lost is counted to the end.
                if self.line == 0 {
                    let of_lines = decoded.notes.len().saturating_sub(usize::from(decoded.replaced > 0));
                    self.note = decoded.notes.into_iter().next().filter(|_| of_lines > 0);
                }
            }
        }
    }

    /// The next line as a place in the text.
    fn advance(&mut self) -> Result<Option<(usize, usize)>, ReadError> {
        loop {
            let bytes = self.text.as_bytes();
            let found = bytes[self.searched..].iter().position(|&byte| byte == b'\n' || byte == b'\r');
            let end = found.map_or(bytes.len(), |count| self.searched + count);
            // A carriage return at the end of a piece may be the first half of a line end.
            let whole = found.is_some() && (bytes[end] == b'\n' || end + 1 < bytes.len() || self.ended);
            if whole || (self.ended && end > self.at) {
                let line = (self.at, end);
                self.at = end + line_end(bytes, end);
                self.searched = self.at;
                return Ok(Some(line));
            }
            if self.ended {
                return Ok(None);
            }
            if end - self.at > LINE_LIMIT {
                return Err(ReadError::LongLine {
                    path: self.path.clone(),
                    line: self.line + 1,
                    limit: size(LINE_LIMIT as u64),
                });
            }
            self.searched = end;
            let filled = self.read_piece()?;
            self.decode(0, filled);
        }
    }
}

impl Iterator for Lines {
    type Item = Result<(usize, String), ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.advance() {
            Ok(place) => place.map(|(start, end)| {
                self.line += 1;
                Ok((self.line, self.text[start..end].to_owned()))
            }),
            Err(error) => {
                (self.ended, self.at) = (true, self.text.len());
                self.searched = self.at;
                Some(Err(error))
            }
        }
    }
}

/// How many bytes of UTF-8 are whole lines, or where there is none, whole characters.
fn whole(bytes: &[u8]) -> usize {
    const LONGEST: usize = 4;
    let line = bytes.iter().rposition(|byte| matches!(byte, b'\n' | b'\r')).map(|at| at + 1);
    line.unwrap_or_else(|| {
        let last = bytes.iter().rev().take(LONGEST).position(|byte| byte.is_ascii() || *byte >= 0xC0);
        last.map_or(bytes.len(), |back| bytes.len() - 1 - back)
    })
}

/// The lines of a text in memory, numbered from 1, without line ends.
pub(super) fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> + Clone {
    lines_of(text.as_bytes()).map(|(line, range)| (line, &text[range]))
}

/// Reads until the buffer is full or the source has ended.
fn fill(source: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match source.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::super::unpack::tests::{gzip, xz};
    use super::*;

    fn read(bytes: Vec<u8>) -> Result<Vec<(usize, String)>, ReadError> {
        Lines::new(Path::new("books.txt"), io::Cursor::new(bytes), None)?.collect()
    }

    #[test]
    fn lines_are_numbered_and_empty_ones_count() {
        let check = |text: &str, expected: &[&str]| {
            let numbered: Vec<(usize, String)> =
                expected.iter().enumerate().map(|(index, &line)| (index + 1, line.to_owned())).collect();
            for bytes in [text.as_bytes().to_vec(), gzip(text.as_bytes()), xz(text.as_bytes())] {
                assert_eq!(read(bytes).unwrap(), numbered, "{text:?}");
            }
        };
        check("one\n\ntwo\n", &["one", "", "two"]);
        check("one\r\n\r\ntwo", &["one", "", "two"]);
        check("one\rtwo\r", &["one", "two"]);
        check("\u{feff}\"one\", he said\n", &["\"one\", he said"]);
        check("", &[]);
        check("\n", &[""]);
    }

    #[test]
    fn pieces_fit_together_wherever_they_are_cut() {
        // Line ends and characters of several bytes lie across the borders of pieces.
        for shift in 0..4 {
            let mut text = "x".repeat(PIECE - 2 - shift) + "é\r\n日本\r\n";
            text += &"ab€\r\n".repeat(PIECE / 4);
            let expected: Vec<&str> = text.lines().collect();
            for bytes in [text.as_bytes().to_vec(), text.encode_utf16().flat_map(u16::to_le_bytes).collect()] {
                let found = read(bytes).unwrap();
                assert_eq!(found.len(), expected.len());
                assert!(found.iter().map(|(_, line)| line.as_str()).eq(expected.iter().copied()));
            }
        }
    }

    #[test]
    fn the_encoding_is_recognised_where_it_first_matters() {
        let accents = "Le café était très agréable, à côté du marché; naïveté et œuvre.\n".repeat(50);
        let (western, ..) = encoding_rs::WINDOWS_1252.encode(&accents);
        let ascii = "plain words\n".repeat(2 * PIECE / 12);
        let bytes = [ascii.as_bytes(), &western].concat();
        let mut lines = Lines::new(Path::new("books.txt"), io::Cursor::new(bytes), None).unwrap();
        assert_eq!(lines.encoding(), "UTF-8");
        let last = lines.by_ref().last().unwrap().unwrap().1;
        assert_eq!((last.as_str(), lines.encoding()), (accents.lines().next().unwrap(), "windows-1252"));
        assert_eq!(lines.replaced_characters(), 0);
    }

    #[test]
    fn lines_of_another_encoding_are_read_as_such() {
        let (strange, ..) = encoding_rs::WINDOWS_1252.encode("déjà vu à côté\n");
        let good = "Le café était très agréable\n";
        let bytes = [good.repeat(PIECE / 16).as_bytes(), &strange, good.as_bytes(), &strange].concat();
        let mut lines = Lines::new(Path::new("books.txt"), io::Cursor::new(bytes), None).unwrap();
        let all: Vec<String> = lines.by_ref().map(|line| line.unwrap().1).collect();
        assert_eq!(&all[all.len() - 3..], ["déjà vu à côté", good.trim_end(), "déjà vu à côté"]);
        assert_eq!((lines.encoding(), lines.replaced_characters()), ("UTF-8", 0));
    }

    #[test]
    fn what_is_no_text_is_refused() {
        let check = |bytes: &[u8], expected: &str| {
            let message = read(bytes.to_vec()).unwrap_err().to_string();
            assert!(message.starts_with(expected), "{message}");
        };
        check(b"PK\x03\x04\0\0", "\"books.txt\" is a zip archive");
        check(&gzip(b"PK\x03\x04\0\0"), "\"books.txt\" is a zip archive");
        check(&gzip(b"some text")[..12], "\"books.txt\" is not a complete gzip file");
        let long = vec![b'x'; LINE_LIMIT + 2 * PIECE];
        check(&long, "line 1 of \"books.txt\" is longer than 64 MiB, expected one paragraph a line");
    }
}
