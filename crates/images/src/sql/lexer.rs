//! Words, numbers, texts and signs of a statement.

/// A piece of a statement, with where it begins (in bytes).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    /// What it is.
    pub(crate) kind: Kind,
    /// Where it begins.
    pub(crate) at: usize,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A word as it is written: keyword or name.
    Word(String),
    /// A name in quotes.
    Name(String),
    /// A text in quotes.
    Text(String),
    /// A number.
    Number(String),
    /// A sign.
    Sign(&'static str),
}

/// What double quotes mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DoubleQuotes {
    /// A text (MySQL).
    Text,
    /// A name (CQL).
    Name,
}

/// Longer ones first.
const SIGNS: [&str; 27] = [
    "<=>", "<=", ">=", "<>", "!=", "||", "&&", ":=", "@@", "(", ")", ",", ";", "=", "<", ">", "+", "-", "*", "/", "%",
    ".", "@", "!", "{", "}", ":",
];

/// The pieces of a text; what cannot be read ends them, and is answered as its place.
pub(crate) fn tokens(text: &str, quotes: DoubleQuotes) -> Result<Vec<Token>, usize> {
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        if let Some(skip) = blank(rest) {
            at += skip;
            continue;
        }
        let (kind, length) = match c {
            '`' => quoted(rest, '`').map(|(name, length)| (Kind::Name(name), length)),
            '\'' => quoted(rest, '\'').map(|(text, length)| (Kind::Text(text), length)),
            '"' if quotes == DoubleQuotes::Text => quoted(rest, '"').map(|(text, length)| (Kind::Text(text), length)),
            '"' => quoted(rest, '"').map(|(name, length)| (Kind::Name(name), length)),
            c if c.is_ascii_digit() => Some(number(rest)),
            c if is_word(c) => {
                let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                Some((Kind::Word(rest[..end].to_string()), end))
            }
            _ => SIGNS.iter().find(|sign| rest.starts_with(**sign)).map(|sign| (Kind::Sign(sign), sign.len())),
        }
        .ok_or(at)?;
        found.push(Token { kind, at });
        at += length;
    }
    Ok(found)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// How much to pass over: blanks and comments.
fn blank(rest: &str) -> Option<usize> {
    let c = rest.chars().next()?;
    if c.is_whitespace() {
        return Some(c.len_utf8());
    }
    if c == '#' || rest.starts_with("-- ") || rest.starts_with("--\n") || rest == "--" {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    rest.starts_with("/*").then(|| rest.find("*/").map_or(rest.len(), |end| end + 2))
}

fn number(rest: &str) -> (Kind, usize) {
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let fraction = rest[end..].strip_prefix('.').map_or(0, |fraction| {
        let digits = fraction.find(|c: char| !c.is_ascii_digit()).unwrap_or(fraction.len());
        if digits == 0 { 0 } else { digits + 1 }
    });
    (Kind::Number(rest[..end + fraction].to_string()), end + fraction)
}

/// A text in quotes, which are doubled or escaped inside of it, and its length with them.
fn quoted(rest: &str, quote: char) -> Option<(String, usize)> {
    let (mut text, mut chars) = (String::new(), rest.char_indices().skip(1).peekable());
    while let Some((at, c)) = chars.next() {
        if c == quote {
            if chars.next_if(|(_, next)| *next == quote).is_none() {
                return Some((text, at + c.len_utf8()));
            }
            text.push(quote);
        } else if c == '\\' && quote != '`' {
            text.push(match chars.next()?.1 {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                '0' => '\0',
                other => other,
            });
        } else {
            text.push(c);
        }
    }
    None
}

/// The statements of a script, without the semicolons between them; with the line that each begins on.
pub(crate) fn statements(script: &str) -> Vec<(String, usize)> {
    let (mut found, mut begin, mut at) = (Vec::new(), 0, 0);
    while let Some(c) = script[at..].chars().next() {
        let rest = &script[at..];
        if matches!(c, '\'' | '"' | '`') {
            at += quoted(rest, c).map_or(rest.len(), |(_, length)| length);
        } else if c == ';' || rest.starts_with("\\G") || rest.starts_with("\\g") {
            let end = if c == ';' { at } else { at + 2 };
            push_statement(&mut found, script, begin, end);
            begin = if c == ';' { at + 1 } else { end };
            at = begin;
        } else if !c.is_whitespace() && blank(rest).is_some() {
            at += blank(rest).unwrap_or(1);
        } else {
            at += c.len_utf8();
        }
    }
    push_statement(&mut found, script, begin, script.len());
    found
}

fn push_statement(found: &mut Vec<(String, usize)>, script: &str, begin: usize, end: usize) {
    let text = &script[begin..end];
    let trimmed = text.trim();
    let is_comment = tokens(trimmed, DoubleQuotes::Text).is_ok_and(|tokens| tokens.is_empty());
    if !trimmed.is_empty() && !is_comment {
        let first = begin + (text.len() - text.trim_start().len());
        found.push((trimmed.to_string(), script[..first].matches('\n').count() + 1));
    }
}

/// Whether a script ends in the middle of a statement.
pub(crate) fn is_unfinished(script: &str) -> bool {
    let body = script.trim_end();
    let ends = body.ends_with(';') || body.ends_with("\\G") || body.ends_with("\\g");
    !body.is_empty()
        && (!ends || tokens(body.trim_end_matches("\\G").trim_end_matches("\\g"), DoubleQuotes::Text).is_err())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_taken_apart_at_semicolons_outside_of_quotes() {
        let script = "select ';';\n-- note; \nuse `a;b` ;; select 1\\G insert";
        let found = statements(script);
        let texts: Vec<&str> = found.iter().map(|(text, _)| text.as_str()).collect();
        assert_eq!(texts, ["select ';'", "-- note; \nuse `a;b`", "select 1\\G", "insert"]);
        assert_eq!(found[1].1, 2);
    }

    #[test]
    fn texts_are_read_with_their_escapes() {
        let kinds = |text: &str| {
            tokens(text, DoubleQuotes::Text).map(|tokens| tokens.into_iter().map(|t| t.kind).collect::<Vec<_>>())
        };
        assert_eq!(
            kinds("'it''s\\n' \"q\"").unwrap_or_default(),
            [Kind::Text("it's\n".into()), Kind::Text("q".into())]
        );
        assert_eq!(kinds("1.5 x").unwrap_or_default(), [Kind::Number("1.5".into()), Kind::Word("x".into())]);
        assert_eq!(kinds("a 'b"), Err(2));
        assert!(is_unfinished("select 'a;") && is_unfinished("select 1") && !is_unfinished("select 1;"));
    }
}
