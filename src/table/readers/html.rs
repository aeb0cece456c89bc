//! The text of a piece of HTML as a browser counts it: without tags and comments, with entities as characters.

use std::borrow::Cow;

use encoding_rs::WINDOWS_1252;

/// What stands in the text nodes of a piece of HTML.
pub(super) fn shown(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find(['<', '&']) {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let length = if let Some((characters, length)) = entity(rest) {
            text.push_str(&characters);
            length
        } else if let Some(length) = tag(rest) {
            length
        } else {
            text.push_str(&rest[..1]);
            1
        };
        rest = &rest[length..];
    }
    text.push_str(rest);
    text
}

/// The text with characters in the place of entities, where it has some; what was written so twice is undone twice.
pub fn without_entities(text: &str) -> Option<String> {
    const MOST: usize = 3;
    let mut undone: Option<String> = None;
    for _ in 0..MOST {
        let now = undone.as_deref().unwrap_or(text);
        let mut is_twice = false;
        let mut out = String::with_capacity(now.len());
        let mut rest = now;
        while let Some(at) = rest.find('&') {
            out.push_str(&rest[..at]);
            rest = &rest[at..];
            let (characters, length) = entity(rest).unwrap_or((Cow::Borrowed("&"), 1));
            out.push_str(&characters);
            rest = &rest[length..];
            is_twice |= length > 1
                && characters == "&"
                && entity(&format!("&{}", &rest[..rest.floor_char_boundary(LONGEST)])).is_some();
        }
        out.push_str(rest);
        if out == now {
            break;
        }
        undone = Some(out);
        if !is_twice {
            break;
        }
    }
    undone
}

/// Whether a text has an entity.
pub fn has_entity(text: &str) -> bool {
    text.match_indices('&').any(|(at, _)| entity(&text[at..]).is_some())
}

/// The length of the tag or comment that begins here.
fn tag(rest: &str) -> Option<usize> {
    if rest.starts_with("<!--") {
        return Some(rest.find("-->").map_or(rest.len(), |end| end + 3));
    }
    let name = rest.strip_prefix('<')?.chars().next()?;
    let is_tag = name.is_ascii_alphabetic() || matches!(name, '/' | '!' | '?');
    rest.find('>').filter(|_| is_tag).map(|end| end + 1)
}

/// Bytes of the longest name, `CounterClockwiseContourIntegral`, with what stands around it.
const LONGEST: usize = 33;

/// The characters of the entity that begins here, of which a few have two, and its length in bytes.
pub(super) fn entity(rest: &str) -> Option<(Cow<'_, str>, usize)> {
    let name = rest.strip_prefix('&')?;
    let end = name.bytes().take(LONGEST).position(|byte| byte == b';')?;
    let (name, length) = (&name[..end], end + 2);
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16),
            None => number.parse(),
        };
        return Some((Cow::Owned(numbered(code.ok()?)?.to_string()), length));
    }
    let written = &rest[..length];
    let decoded = html_escape::decode_html_entities(written);
    (decoded != written).then_some((decoded, length))
}

/// The character of a number. Browsers read those from 128 to 159 as windows-1252, as old pages mean them.
fn numbered(code: u32) -> Option<char> {
    match u8::try_from(code) {
        Ok(byte @ 0x80..=0x9F) => WINDOWS_1252.decode_without_bom_handling(&[byte]).0.chars().next(),
        _ => char::from_u32(code),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_go_and_entities_are_characters() {
        let check = |html: &str, expected: &str| assert_eq!(shown(html), expected, "{html}");
        check("<p>Ada flew</p>", "Ada flew");
        check("a<br/>b <!-- c > d -->e", "ab e");
        check("1 < 2 &amp; 3 &#62; 2 &#xE9;&nbsp;x &unknown; & é", "1 < 2 & 3 > 2 é\u{a0}x &unknown; & é");
        check("&eacute;t&eacute; &mdash; &hellip;&rsquo;&euro;&copy;&frac12;&Auml;&alpha;", "été — …’€©½Äα");
        check("&NotEqualTilde;&CounterClockwiseContourIntegral;", "≂̸∳");
        check("it&#146;s &#x80;5", "it’s €5");
        check("a &; b &# c &#; d &#xZ; e", "a &; b &# c &#; d &#xZ; e");
        check("open <b", "open <b");
        check("<!-- open", "");
        check("", "");
    }
}
