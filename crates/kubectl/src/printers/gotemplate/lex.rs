//! The words of a template.

/// What a word is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    End,
    Error,
    Text,
    LeftDelim,
    RightDelim,
    Space,
    Assign,
    Declare,
    Pipe,
    /// A punctuation mark without a meaning of its own, such as a comma.
    Char,
    CharConstant,
    Str,
    RawStr,
    Number,
    Variable,
    /// `.name`
    Field,
    Dot,
    Identifier,
    Bool,
    LeftParen,
    RightParen,
    /// `if`, `range`, `end`, `nil`, …
    Keyword,
}

/// A word and where it stands.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Word<'t> {
    pub(super) kind: Kind,
    /// The word; of an error, what is wrong.
    pub(super) text: &'t str,
    /// In bytes.
    pub(super) pos: usize,
    /// The first is 1.
    pub(super) line: usize,
}

const LEFT: &str = "{{";
const RIGHT: &str = "}}";
const KEYWORDS: [&str; 11] =
    ["block", "break", "continue", "define", "else", "end", "if", "nil", "range", "template", "with"];

/// Takes a template apart. The last word is the end, or the first error.
pub(super) fn words(text: &str) -> (Vec<Word<'_>>, Option<String>) {
    let mut lexer = Lexer { text, at: 0, line: 1, words: Vec::new(), parens: 0 };
    let error = lexer.run().err();
    if error.is_none() {
        lexer.push(Kind::End, text.len());
    }
    (lexer.words, error)
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
    line: usize,
    words: Vec<Word<'t>>,
    parens: usize,
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

fn is_alphanumeric(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

impl<'t> Lexer<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    /// Takes the text up to `end` as a word.
    fn push(&mut self, kind: Kind, end: usize) {
        let text = &self.text[self.at..end];
        self.words.push(Word { kind, text, pos: self.at, line: self.line });
        self.skip_to(end);
    }

    fn skip_to(&mut self, end: usize) {
        self.line += self.text[self.at..end].matches('\n').count();
        self.at = end;
    }

    /// Ends the words with what is wrong at the cursor.
    fn fail<T>(&mut self, message: impl Into<String>) -> Result<T, String> {
        self.words.push(Word { kind: Kind::Error, text: "", pos: self.at, line: self.line });
        Err(message.into())
    }

    fn run(&mut self) -> Result<(), String> {
        loop {
            let Some(found) = self.rest().find(LEFT) else {
                if !self.rest().is_empty() {
                    self.push(Kind::Text, self.text.len());
                }
                return Ok(());
            };
            let open = self.at + found;
            let after = &self.text[open + LEFT.len()..];
            let trims = after.starts_with('-') && after[1..].starts_with(is_space);
            let end = if trims { self.at + self.text[self.at..open].trim_end_matches(is_space).len() } else { open };
            if end > self.at {
                self.push(Kind::Text, end);
            }
            self.skip_to(open);
            let body = open + LEFT.len() + if trims { 2 } else { 0 };
            if self.text[body..].starts_with("/*") {
                self.comment(body)?;
            } else {
                self.push(Kind::LeftDelim, open + LEFT.len());
                self.skip_to(body);
                self.parens = 0;
                self.action()?;
            }
        }
    }

    /// How long the closing braces at the cursor are and whether they eat the white space after them.
    fn right_delim(&self) -> Option<(usize, bool)> {
        let rest = self.rest();
        if rest.starts_with(is_space) && rest[1..].starts_with("-}}") {
            return Some((2 + RIGHT.len(), true));
        }
        rest.starts_with(RIGHT).then_some((RIGHT.len(), false))
    }

    fn close(&mut self, length: usize, trims: bool) {
        let end = self.at + length;
        let space =
            if trims { self.text[end..].len() - self.text[end..].trim_start_matches(is_space).len() } else { 0 };
        self.skip_to(end + space);
    }

    fn comment(&mut self, body: usize) -> Result<(), String> {
        let Some(length) = self.text[body..].find("*/") else { return self.fail("unclosed comment") };
        self.skip_to(body + length + 2);
        let Some((length, trims)) = self.right_delim() else {
            return self.fail("comment ends before closing delimiter");
        };
        self.close(length, trims);
        Ok(())
    }

    /// The words up to the closing braces.
    fn action(&mut self) -> Result<(), String> {
        loop {
            if let Some((length, trims)) = self.right_delim() {
                if self.parens > 0 {
                    return self.fail("unclosed left paren");
                }
                let end = self.at + length;
                let start = end - RIGHT.len();
                self.skip_to(start);
                self.words.push(Word { kind: Kind::RightDelim, text: RIGHT, pos: start, line: self.line });
                self.close(RIGHT.len(), trims);
                return Ok(());
            }
            let Some(c) = self.rest().chars().next() else { return self.fail("unclosed action") };
            self.word(c)?;
        }
    }

    fn word(&mut self, c: char) -> Result<(), String> {
        let next = self.rest().chars().nth(1);
        match c {
            _ if is_space(c) => self.space(),
            '=' => self.push(Kind::Assign, self.at + 1),
            ':' if next == Some('=') => self.push(Kind::Declare, self.at + 2),
            ':' => return self.fail("expected :="),
            '|' => self.push(Kind::Pipe, self.at + 1),
            '"' => return self.quoted(Kind::Str, '"', "unterminated quoted string"),
            '\'' => return self.quoted(Kind::CharConstant, '\'', "unterminated character constant"),
            '`' => {
                let Some(length) = self.rest()[1..].find('`') else {
                    return self.fail("unterminated raw quoted string");
                };
                self.push(Kind::RawStr, self.at + length + 2);
            }
            '$' => return self.name(Kind::Variable, Kind::Variable),
            '.' if !next.is_some_and(|c| c.is_ascii_digit()) => return self.name(Kind::Field, Kind::Dot),
            '.' | '+' | '-' | '0'..='9' => return self.number(),
            _ if is_alphanumeric(c) => return self.identifier(),
            '(' => {
                self.parens += 1;
                self.push(Kind::LeftParen, self.at + 1);
            }
            ')' if self.parens == 0 => return self.fail("unexpected right paren"),
            ')' => {
                self.parens -= 1;
                self.push(Kind::RightParen, self.at + 1);
            }
            '!'..='~' => self.push(Kind::Char, self.at + 1),
            _ => return self.fail(format!("unrecognized character in action: {}", named(c))),
        }
        Ok(())
    }

    /// White space, up to what belongs to closing braces that trim.
    fn space(&mut self) {
        let length = self.rest().len() - self.rest().trim_start_matches(is_space).len();
        let mut end = self.at + length;
        if self.text[end..].starts_with("-}}") {
            end -= 1;
        }
        if end > self.at {
            self.push(Kind::Space, end);
        }
    }

    fn quoted(&mut self, kind: Kind, quote: char, unterminated: &str) -> Result<(), String> {
        let mut is_escaped = false;
        for (at, c) in self.rest().char_indices().skip(1) {
            match c {
                '\n' => break,
                _ if is_escaped => is_escaped = false,
                '\\' => is_escaped = true,
                _ if c == quote => {
                    self.push(kind, self.at + at + 1);
                    return Ok(());
                }
                _ => {}
            }
        }
        self.fail(unterminated)
    }

    /// Whether a name may end here.
    fn ends_name(rest: &str) -> bool {
        rest.starts_with(|c| is_space(c) || matches!(c, '.' | ',' | '|' | ':' | ')' | '('))
            || rest.is_empty()
            || rest.starts_with(RIGHT)
    }

    /// `.name` or `$name`; the sign alone is of the second kind.
    fn name(&mut self, kind: Kind, alone: Kind) -> Result<(), String> {
        let name = &self.rest()[1..];
        if Self::ends_name(name) {
            self.push(alone, self.at + 1);
            return Ok(());
        }
        let length = name.find(|c| !is_alphanumeric(c)).unwrap_or(name.len());
        if !Self::ends_name(&name[length..]) {
            return self.bad_character(&name[length..]);
        }
        self.push(kind, self.at + 1 + length);
        Ok(())
    }

    fn bad_character(&mut self, rest: &str) -> Result<(), String> {
        let c = rest.chars().next().unwrap_or(' ');
        self.fail(format!("bad character {}", named(c)))
    }

    fn number(&mut self) -> Result<(), String> {
        let rest = self.rest();
        let is_hex = rest.trim_start_matches(['+', '-']).starts_with("0x");
        let mut before = ' ';
        let end = rest.find(|c: char| {
            let is_sign = matches!(c, '+' | '-') && (before == ' ' || matches!(before, 'e' | 'E') && !is_hex);
            before = c;
            !(is_sign || is_alphanumeric(c) || c == '.')
        });
        let length = end.unwrap_or(rest.len());
        if parse_number(&rest[..length]).is_none() {
            let message = format!("bad number syntax: {:?}", &rest[..length.max(1)]);
            return self.fail(message);
        }
        self.push(Kind::Number, self.at + length);
        Ok(())
    }

    fn identifier(&mut self) -> Result<(), String> {
        let rest = self.rest();
        let length = rest.find(|c| !is_alphanumeric(c)).unwrap_or(rest.len());
        if !Self::ends_name(&rest[length..]) {
            return self.bad_character(&rest[length..]);
        }
        let kind = match &rest[..length] {
            "true" | "false" => Kind::Bool,
            word if KEYWORDS.contains(&word) => Kind::Keyword,
            _ => Kind::Identifier,
        };
        self.push(kind, self.at + length);
        Ok(())
    }
}

/// A character as `%#U` prints it.
fn named(c: char) -> String {
    let code = format!("U+{:04X}", u32::from(c));
    if c.is_control() { code } else { format!("{code} '{c}'") }
}

/// A number literal.
pub(super) enum Literal {
    Int(i64),
    Float(f64),
}

/// Reads a number literal; `None` if it is not one.
pub(super) fn parse_number(text: &str) -> Option<Literal> {
    let plain = text.replace('_', "");
    let (sign, digits) = match plain.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, plain.strip_prefix('+').unwrap_or(&plain)),
    };
    let based = [("0x", 16), ("0X", 16), ("0o", 8), ("0b", 2)];
    if let Some((prefix, base)) = based.iter().find(|(prefix, _)| digits.starts_with(prefix)) {
        return i64::from_str_radix(&digits[prefix.len()..], *base).ok().map(|number| Literal::Int(sign * number));
    }
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    if digits.len() > 1 && digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return i64::from_str_radix(digits, 8).ok().map(|number| Literal::Int(sign * number));
    }
    if let Ok(number) = digits.parse::<i64>() {
        return Some(Literal::Int(sign * number));
    }
    let number: f64 = digits.parse().ok()?;
    Some(Literal::Float(sign as f64 * number))
}
