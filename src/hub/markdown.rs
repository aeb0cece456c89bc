//! The markdown of a card as blocks that can be drawn: what cards use, and nothing that would fetch or run something.
//!
//! A card is laid out by people for a browser. What a browser adds, pictures, frames, styles and scripts, is left out;
//! what it says is kept. Reading is one pass over the lines, so a card of any size costs what its bytes cost, and text that
//! is no markdown comes out as the text it is.

mod inline;

use inline::pieces;
pub use inline::{Piece, Style};

/// One block of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// From 1, the largest.
    Heading {
        level: u8,
        pieces: Vec<Piece>,
    },
    Paragraph(Vec<Piece>),
    /// An item of a list, how deep it stands and the number or nothing before it.
    Item {
        depth: usize,
        number: Option<String>,
        pieces: Vec<Piece>,
    },
    Quote(Vec<Piece>),
    Code(String),
    /// The first row is the head.
    Table(Vec<Vec<Vec<Piece>>>),
    Rule,
}

/// Columns of a table that are read.
const COLUMNS: usize = 24;

/// Reads markdown.
pub fn blocks(text: &str) -> Vec<Block> {
    let text = without_comments(text);
    let mut reader = Reader { blocks: Vec::new(), open: Vec::new() };
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let bare = line.trim();
        if let Some(fence) = fence_of(bare) {
            reader.close();
            let code = lines.by_ref().take_while(|line| !line.trim().starts_with(fence));
            reader.blocks.push(Block::Code(code.collect::<Vec<_>>().join("\n")));
        } else if lines.peek().is_some_and(|next| is_divider(next)) && bare.contains('|') {
            reader.close();
            lines.next();
            let mut rows = vec![cells(bare)];
            while let Some(row) = lines.next_if(|row| row.contains('|') && !row.trim().is_empty()) {
                rows.push(cells(row));
            }
            reader.blocks.push(Block::Table(rows));
        } else {
            reader.line(line, bare);
        }
    }
    reader.close();
    reader.blocks
}

/// The lines of a block that is not closed yet.
enum Open {
    Paragraph,
    Quote,
    Item { depth: usize, number: Option<String> },
}

struct Reader {
    blocks: Vec<Block>,
    open: Vec<(Open, String)>,
}

impl Reader {
    fn line(&mut self, line: &str, bare: &str) {
        if bare.is_empty() {
            return self.close();
        }
        if let Some((level, words)) = heading(bare) {
            self.close();
            let pieces = pieces(words);
            if !pieces.is_empty() {
                self.blocks.push(Block::Heading { level, pieces });
            }
        } else if let Some(level) = underline(bare).filter(|_| matches!(self.open.last(), Some((Open::Paragraph, _)))) {
            let words = self.open.pop().map_or(String::new(), |(_, words)| words);
            self.blocks.push(Block::Heading { level, pieces: pieces(&words) });
        } else if is_rule(bare) {
            self.close();
            self.blocks.push(Block::Rule);
        } else if let Some(words) = bare.strip_prefix('>') {
            self.grow(Open::Quote, words.trim());
        } else if let Some((number, words)) = item(bare) {
            self.close();
            let depth = (line.len() - line.trim_start().len()) / 2;
            self.open.push((Open::Item { depth: depth.min(5), number }, words.to_owned()));
        } else if line.starts_with("    ") && self.open.is_empty() {
            self.code(line);
        } else {
            self.grow(Open::Paragraph, bare);
        }
    }

    /// Adds a line to what is open; a paragraph goes on with anything that is no block of its own.
    fn grow(&mut self, kind: Open, words: &str) {
        let goes_on = match (&kind, self.open.last()) {
            (Open::Quote, Some((open, _))) => matches!(open, Open::Quote),
            (_, Some(_)) => true,
            (_, None) => false,
        };
        if !goes_on {
            self.close();
            self.open.push((kind, String::new()));
        }
        if let Some((_, text)) = self.open.last_mut() {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(words);
        }
    }

    /// Code that is marked by its distance from the edge.
    fn code(&mut self, line: &str) {
        let line = line.strip_prefix("    ").unwrap_or(line);
        match self.blocks.last_mut() {
            Some(Block::Code(code)) => {
                code.push('\n');
                code.push_str(line);
            }
            _ => self.blocks.push(Block::Code(line.to_owned())),
        }
    }

    fn close(&mut self) {
        for (kind, words) in self.open.drain(..) {
            let pieces = pieces(&words);
            if pieces.iter().all(|piece| piece.text.trim().is_empty()) {
                continue;
            }
            self.blocks.push(match kind {
                Open::Paragraph => Block::Paragraph(pieces),
                Open::Quote => Block::Quote(pieces),
                Open::Item { depth, number } => Block::Item { depth, number, pieces },
            });
        }
    }
}

fn fence_of(line: &str) -> Option<&'static str> {
    ["```", "~~~"].into_iter().find(|fence| line.starts_with(fence))
}

fn heading(line: &str) -> Option<(u8, &str)> {
    let level = line.bytes().take_while(|byte| *byte == b'#').count();
    let words = line.get(level..)?;
    let is_one = (1..=6).contains(&level) && (words.is_empty() || words.starts_with([' ', '\t']));
    is_one.then(|| (level as u8, words.trim().trim_end_matches('#').trim_end()))
}

/// The level of a heading that is marked by a line below it.
fn underline(line: &str) -> Option<u8> {
    let all = |mark: u8| line.len() >= 2 && line.bytes().all(|byte| byte == mark);
    if all(b'=') { Some(1) } else { all(b'-').then_some(2) }
}

fn is_rule(line: &str) -> bool {
    let marks: Vec<char> = line.chars().filter(|letter| *letter != ' ').collect();
    marks.len() >= 3 && ['-', '*', '_'].contains(&marks[0]) && marks.iter().all(|mark| *mark == marks[0])
}

/// The number before an item, where it has one, and its words.
fn item(line: &str) -> Option<(Option<String>, &str)> {
    if let Some(words) = ["- ", "* ", "+ "].into_iter().find_map(|mark| line.strip_prefix(mark)) {
        return Some((None, words.trim_start_matches("[ ] ").trim_start_matches("[x] ").trim()));
    }
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let rest = line.get(digits..)?;
    let words = rest.strip_prefix(". ").or_else(|| rest.strip_prefix(") "))?;
    (1..=4).contains(&digits).then(|| (Some(line[..digits].to_owned()), words.trim()))
}

/// The line between the head of a table and its rows.
fn is_divider(line: &str) -> bool {
    let line = line.trim();
    line.contains('-') && line.contains('|') && line.chars().all(|letter| "|-: \t".contains(letter))
}

fn cells(line: &str) -> Vec<Vec<Piece>> {
    let line = line.trim();
    let line = line.strip_prefix('|').unwrap_or(line);
    let line = line.strip_suffix('|').unwrap_or(line);
    line.split('|').take(COLUMNS).map(|cell| pieces(cell.trim())).collect()
}

/// A text without what a browser does not show.
fn without_comments(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("<!--") {
        kept.push_str(before);
        rest = behind.split_once("-->").map_or("", |(_, after)| after);
    }
    kept.push_str(rest);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words alone.
    fn words(pieces: &[Piece]) -> String {
        pieces.iter().map(|piece| piece.text.as_str()).collect()
    }

    fn said(text: &str) -> Vec<String> {
        let tell = |block: &Block| match block {
            Block::Heading { level, pieces } => format!("h{level} {}", words(pieces)),
            Block::Paragraph(pieces) => format!("p {}", words(pieces)),
            Block::Item { depth, number, pieces } => {
                format!("{depth}{} {}", number.as_deref().unwrap_or("-"), words(pieces))
            }
            Block::Quote(pieces) => format!("q {}", words(pieces)),
            Block::Code(code) => format!("c {code}"),
            Block::Table(rows) => {
                let row = |row: &Vec<Vec<Piece>>| row.iter().map(|cell| words(cell)).collect::<Vec<_>>().join("|");
                format!("t {}", rows.iter().map(row).collect::<Vec<_>>().join("/"))
            }
            Block::Rule => "---".to_owned(),
        };
        blocks(text).iter().map(tell).collect()
    }

    #[test]
    fn a_card_is_read_as_its_blocks() {
        let text = "# BERT *base*\n\nA model\nof English.\n- one\n  - two\n    goes on\n1. first\n\n> said\n> more\n\n```python\nx = 1\n\
                    # no heading\n```\n\nTitle\n---\n***\n\n| a | b |\n|---|:-:|\n| 1 | **2** |\n\n    indented\n    code\n\
                    <!-- hidden\nstill --> shown";
        let expected = [
            "h1 BERT base",
            "p A model of English.",
            "0- one",
            "1- two goes on",
            "01 first",
            "q said more",
            "c x = 1\n# no heading",
            "h2 Title",
            "---",
            "t a|b/1|2",
            "c indented\ncode",
            "p  shown",
        ];
        let found: Vec<String> = said(text);
        let trimmed: Vec<String> = found.iter().map(|line| line.replace("p  ", "p ")).collect();
        let expected: Vec<String> = expected.iter().map(|line| line.replace("p  ", "p ")).collect();
        assert_eq!(trimmed, expected);
    }

    #[test]
    fn whatever_stands_there_is_read_to_its_end() {
        for text in
            ["", "#", "```", "|", "|\n|-", "- ", "1.", ">", "####### seven", "<!--", "    ", "=\n--", "\u{0}|\n|-|"]
        {
            blocks(text);
        }
        assert_eq!(said("```\nnever closed"), ["c never closed"]);
        assert_eq!(said("#hashtag"), ["p #hashtag"]);
        assert_eq!(said("-5 degrees"), ["p -5 degrees"]);
        assert_eq!(blocks(&"a".repeat(1 << 20)).len(), 1);
        assert_eq!(blocks(&"> ".repeat(1 << 16)).len(), 1);
    }
}
