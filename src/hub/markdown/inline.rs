//! The words of a block: what is strong, what is code, and what leads somewhere.

/// How a piece of text is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    pub is_strong: bool,
    pub is_slanted: bool,
    pub is_code: bool,
}

/// Text of one style.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Piece {
    pub text: String,
    pub style: Style,
    /// Where it leads, as written; not all of it can be opened.
    pub link: Option<String>,
}

/// Reads the marks in a line of text.
pub(super) fn pieces(text: &str) -> Vec<Piece> {
    let mut line = Line::default();
    line.read(text);
    line.flush();
    line.pieces
}

#[derive(Default)]
struct Line {
    pieces: Vec<Piece>,
    text: String,
    style: Style,
}

impl Line {
    fn read(&mut self, text: &str) {
        let mut rest = text;
        while let Some(letter) = rest.chars().next() {
            rest = match letter {
                '\\' => self.escaped(rest),
                '`' => self.code(rest),
                '*' | '_' => self.emphasis(rest, letter),
                '!' if rest.starts_with("![") => self.picture(rest),
                '[' => self.link(rest),
                '<' => self.tag(rest),
                '&' => self.entity(rest),
                'h' if rest.starts_with("http://") || rest.starts_with("https://") => self.address(rest),
                _ => self.letter(rest),
            };
        }
    }

    fn letter<'a>(&mut self, rest: &'a str) -> &'a str {
        let mut letters = rest.chars();
        self.text.extend(letters.next());
        letters.as_str()
    }

    fn escaped<'a>(&mut self, rest: &'a str) -> &'a str {
        let behind = &rest[1..];
        if behind.starts_with(|letter: char| letter.is_ascii_punctuation()) {
            self.letter(behind)
        } else {
            self.letter(rest)
        }
    }

    fn code<'a>(&mut self, rest: &'a str) -> &'a str {
        let ticks = rest.bytes().take_while(|byte| *byte == b'`').count();
        let fence = &rest[..ticks];
        let Some((code, behind)) = cut(&rest[ticks..], fence) else {
            self.text.push_str(fence);
            return &rest[ticks..];
        };
        self.flush();
        self.push(code.trim(), Style { is_code: true, ..self.style }, None);
        behind
    }

    /// Turns a style on or off. In the middle of a word an underscore is a letter.
    fn emphasis<'a>(&mut self, rest: &'a str, mark: char) -> &'a str {
        let count = rest.chars().take_while(|letter| *letter == mark).count();
        let behind = &rest[count..];
        let is_word = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
        let before = self.text.chars().last().or_else(|| self.pieces.last()?.text.chars().last());
        let inside = is_word(before) && is_word(behind.chars().next());
        let opens = behind.starts_with(|letter: char| !letter.is_whitespace());
        let is_on = if count >= 2 { self.style.is_strong } else { self.style.is_slanted };
        let closes = is_on && before.is_some_and(|letter| !letter.is_whitespace());
        let has_end = || near(behind).contains(&rest[..count]);
        if count > 3 || mark == '_' && inside || !(closes || opens && has_end()) {
            self.text.push_str(&rest[..count]);
            return behind;
        }
        self.flush();
        self.style.is_strong ^= count >= 2;
        self.style.is_slanted ^= count != 2;
        behind
    }

    /// What a picture shows, where somebody has written it; the picture is not fetched.
    fn picture<'a>(&mut self, rest: &'a str) -> &'a str {
        match bracketed(&rest[1..]) {
            Some((_, Some(_), behind)) => behind,
            _ => self.letter(rest),
        }
    }

    fn link<'a>(&mut self, rest: &'a str) -> &'a str {
        let Some((words, Some(target), behind)) = bracketed(rest) else { return self.letter(rest) };
        self.flush();
        let style = self.style;
        for piece in pieces(words) {
            let of_link = piece.style;
            let is_strong = style.is_strong || of_link.is_strong;
            let is_slanted = style.is_slanted || of_link.is_slanted;
            self.push(&piece.text, Style { is_strong, is_slanted, is_code: of_link.is_code }, Some(target));
        }
        behind
    }

    fn address<'a>(&mut self, rest: &'a str) -> &'a str {
        let end = rest.find(|letter: char| letter.is_whitespace() || "<>\"')".contains(letter)).unwrap_or(rest.len());
        let address = rest[..end].trim_end_matches(['.', ',', ';', ':', '*', '`']);
        self.flush();
        self.push(address, self.style, Some(address));
        &rest[address.len()..]
    }

    /// An address in brackets is a link, a break is a blank, and of any other tag what stands between is kept.
    fn tag<'a>(&mut self, rest: &'a str) -> &'a str {
        let is_tag = rest[1..].starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '/');
        let Some((tag, behind)) = cut(&rest[1..], ">").filter(|_| is_tag) else { return self.letter(rest) };
        if tag.starts_with("http://") || tag.starts_with("https://") {
            self.flush();
            self.push(tag, self.style, Some(tag));
        } else if tag.starts_with("br") {
            self.text.push(' ');
        }
        let name = tag.split([' ', '\t', '\n']).next().unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            // What it holds is for the browser and not for the reader.
            "style" | "script" => {
                let end = format!("</{name}>");
                behind.split_once(end.as_str()).map_or("", |(_, after)| after)
            }
            _ => behind,
        }
    }

    fn entity<'a>(&mut self, rest: &'a str) -> &'a str {
        let end = rest.char_indices().take(12).find(|(_, letter)| *letter == ';').map(|(at, _)| at);
        let Some(end) = end else { return self.letter(rest) };
        self.text.push_str(&html_escape::decode_html_entities(&rest[..=end]));
        &rest[end + 1..]
    }

    fn push(&mut self, text: &str, style: Style, link: Option<&str>) {
        if !text.is_empty() {
            self.pieces.push(Piece { text: text.to_owned(), style, link: link.map(str::to_owned) });
        }
    }

    fn flush(&mut self) {
        let text = std::mem::take(&mut self.text);
        self.push(&text, self.style, None);
    }
}

/// How far the end of a mark may stand, so that marks without one cost no more than others.
const NEAR: usize = 4096;

fn near(rest: &str) -> &str {
    let end = rest.char_indices().nth(NEAR).map_or(rest.len(), |(at, _)| at);
    &rest[..end]
}

/// What stands before and behind a mark that is near.
fn cut<'a>(rest: &'a str, mark: &str) -> Option<(&'a str, &'a str)> {
    let at = near(rest).find(mark)?;
    Some((&rest[..at], &rest[at + mark.len()..]))
}

/// Where the bracket closes that is open at the start, or that the text begins with.
fn closing(text: &str, [opens, closes]: [char; 2], mut depth: i32) -> Option<usize> {
    text.char_indices().take(NEAR).find_map(|(at, letter)| {
        if letter == opens {
            depth += 1;
        } else if letter == closes {
            depth -= 1;
        }
        (depth == 0).then_some(at)
    })
}

/// `[words](target)`: the words, the target where there is one, and what stands behind.
fn bracketed(rest: &str) -> Option<(&str, Option<&str>, &str)> {
    let close = closing(rest, ['[', ']'], 0)?;
    let (words, behind) = (&rest[1..close], &rest[close + 1..]);
    let Some(target) = behind.strip_prefix('(') else { return Some((words, None, behind)) };
    let end = closing(target, ['(', ')'], 1)?;
    // A title may stand behind the address.
    let address = target[..end].split([' ', '\t']).next().unwrap_or_default().trim_matches(['<', '>']);
    Some((words, Some(address), &target[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        let tell = |piece: &Piece| {
            let Style { is_strong, is_slanted, is_code } = piece.style;
            let marks: String = [(is_strong, 's'), (is_slanted, 'i'), (is_code, 'c')]
                .iter()
                .filter(|mark| mark.0)
                .map(|mark| mark.1)
                .collect();
            let link = piece.link.as_ref().map_or(String::new(), |link| format!("→{link}"));
            format!("{marks}({}){link}", piece.text)
        };
        pieces(text).iter().map(tell).collect()
    }

    #[test]
    fn marks_become_styles_and_links() {
        for (text, expected) in [
            ("plain", "(plain)"),
            ("a **b** c", "(a )s(b)( c)"),
            ("*a* _b_ ***c***", "i(a)( )i(b)( )si(c)"),
            ("snake_case_name 2 * 3 * 4", "(snake_case_name 2 * 3 * 4)"),
            ("`a_b` ``c ` d``", "c(a_b)( )c(c ` d)"),
            ("[the **paper**](https://x.y/z_(a) \"title\").", "(the )→https://x.y/z_(a)s(paper)→https://x.y/z_(a)(.)"),
            ("see https://x.y/z.", "(see )(https://x.y/z)→https://x.y/z(.)"),
            ("<https://x.y> a<br/>b <b>c</b>", "(https://x.y)→https://x.y( a b c)"),
            ("[![badge](https://img/x.svg)](https://x) text", "( text)"),
            ("![picture](a.png)words", "(words)"),
            ("[no link] and a < b &amp; c", "([no link] and a < b & c)"),
            (r"\*stars\*", "(*stars*)"),
            ("<style>p { x }</style>shown", "(shown)"),
        ] {
            assert_eq!(told(text), expected, "{text}");
        }
    }

    #[test]
    fn marks_without_an_end_are_letters() {
        for text in ["**", "*a", "`a", "[a", "[a](b", "<a", "&a", "![", "_", "\\", "[]()", "ä*ö"] {
            pieces(text);
        }
        assert_eq!(told("5 * 4"), "(5 * 4)");
        assert_eq!(told("**open"), "(**open)");
    }
}
