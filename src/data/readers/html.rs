//! The text of a piece of HTML as a browser counts it: without tags and comments, with entities as characters.

/// What stands in the text nodes of a piece of HTML.
pub(super) fn shown(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find(['<', '&']) {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let (character, length) = match entity(rest) {
            Some((character, length)) => (Some(character), length),
            None => tag(rest).map_or((rest.chars().next(), 1), |length| (None, length)),
        };
        text.extend(character);
        rest = &rest[length..];
    }
    text.push_str(rest);
    text
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

/// The character of the entity that begins here, and its length.
fn entity(rest: &str) -> Option<(char, usize)> {
    let name = rest.strip_prefix('&')?;
    let end = name.bytes().take(10).position(|byte| byte == b';')?;
    let character = match &name[..end] {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        name => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)?
        }
    };
    Some((character, end + 2))
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
        check("open <b", "open <b");
        check("<!-- open", "");
        check("", "");
    }
}
