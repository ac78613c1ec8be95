//! The grammar of words: quotes, `$`, and what stands within them.

use std::rc::Rc;

use thin::Str;

use super::command::is_name;
use super::{Fault, Missing, Parsed, Parser};
use crate::ast::*;

/// Where a run of parts ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Until<'a> {
    /// A blank or an operator.
    Blank,
    /// A blank; parentheses and bars belong to the word (after `=~`).
    Regex,
    /// `"`
    DoubleQuote,
    /// One of these at depth 0, within `${…}`.
    Brace(&'a [u8]),
    /// `))` or one of these at depth 0.
    Arithmetic(&'a [u8]),
    /// The end of the text.
    End,
}

/// Whether quotes are live.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Quoting {
    #[default]
    Bare,
    Double,
}

/// Collects parts; text of one sort grows together.
#[derive(Default)]
struct Parts {
    done: Vec<Part>,
    /// Text that still grows, and its sort.
    text: String,
    quoting: Quoting,
}

impl Parts {
    fn literal(&mut self, c: char, quoting: Quoting) {
        self.turn_to(quoting);
        self.text.push(c);
    }

    fn quoted(&mut self, text: &str) {
        self.turn_to(Quoting::Double);
        self.text.push_str(text);
        if text.is_empty() {
            self.close();
            self.done.push(Part::Quoted(Str::new()));
        }
    }

    fn push(&mut self, part: Part) {
        self.close();
        self.done.push(part);
    }

    fn finish(mut self) -> Vec<Part> {
        self.close();
        self.done
    }

    fn turn_to(&mut self, quoting: Quoting) {
        if self.quoting != quoting {
            self.close();
            self.quoting = quoting;
        }
    }

    fn close(&mut self) {
        if self.text.is_empty() {
            return;
        }
        let text = Str::from(self.text.as_str());
        self.text.clear();
        self.done.push(match self.quoting {
            Quoting::Bare => Part::Literal(text),
            Quoting::Double => Part::Quoted(text),
        });
    }
}

impl Parser<'_> {
    /// A word, or `None` if an operator, a newline or the end stands here.
    pub(super) fn word(&mut self) -> Parsed<Option<Word>> {
        let parts = self.parts(Until::Blank, Quoting::Bare)?;
        Ok(if parts.is_empty() { None } else { Some(Word { parts }) })
    }

    /// The right side of `=~`.
    pub(super) fn regex_word(&mut self) -> Parsed<Option<Word>> {
        let parts = self.parts(Until::Regex, Quoting::Bare)?;
        Ok(if parts.is_empty() { None } else { Some(Word { parts }) })
    }

    pub(super) fn here_document_parts(&mut self) -> Parsed<Word> {
        Ok(Word { parts: self.parts(Until::End, Quoting::Double)? })
    }

    /// The text of an arithmetic expression up to `))` or one of `stops`.
    pub(super) fn arithmetic_text(&mut self, stops: &[u8]) -> Parsed<Word> {
        let parts = self.deeper(|parser| parser.parts(Until::Arithmetic(stops), Quoting::Double))?;
        Ok(Word { parts })
    }

    fn parts(&mut self, until: Until, quoting: Quoting) -> Parsed<Vec<Part>> {
        let mut parts = Parts::default();
        let mut parentheses = 0usize;
        let start = self.at;
        loop {
            let Some(byte) = self.peek() else {
                if until == Until::DoubleQuote {
                    // The line where it was opened is the one to look at.
                    self.at = start;
                }
                return match until {
                    Until::Blank | Until::Regex | Until::End => Ok(parts.finish()),
                    Until::DoubleQuote => self.incomplete(Missing::Closing('"')),
                    Until::Brace(_) => self.incomplete(Missing::Closing('}')),
                    Until::Arithmetic(_) => self.incomplete(Missing::Closing(')')),
                };
            };
            if self.ends(until, byte, parentheses) {
                return Ok(parts.finish());
            }
            match byte {
                b'(' => parentheses += 1,
                b')' => parentheses = parentheses.saturating_sub(1),
                _ => {}
            }
            match byte {
                b'\\' => self.escape(until, quoting, &mut parts),
                b'$' => self.dollar(quoting, &mut parts)?,
                b'`' => parts.push(self.backquoted(quoting)?),
                b'\'' if quoting == Quoting::Bare => {
                    let text = self.single_quoted()?;
                    parts.quoted(&text);
                }
                b'"' if quoting == Quoting::Bare || matches!(until, Until::Brace(_)) => {
                    self.at += 1;
                    let inner = self.deeper(|parser| parser.parts(Until::DoubleQuote, Quoting::Double))?;
                    self.at += 1;
                    parts.push(Part::Double(inner));
                }
                // Quotes within an arithmetic expression mean nothing.
                b'"' if matches!(until, Until::Arithmetic(_)) => self.at += 1,
                _ => {
                    if let Some(c) = self.next_char() {
                        parts.literal(c, quoting);
                    }
                }
            }
        }
    }

    fn ends(&self, until: Until, byte: u8, parentheses: usize) -> bool {
        match until {
            Until::Blank => {
                matches!(byte, b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')')
                    || byte == b'\r' && self.looking_at("\r\n")
            }
            Until::Regex => matches!(byte, b' ' | b'\t' | b'\n'),
            Until::DoubleQuote => byte == b'"',
            Until::Brace(stops) => stops.contains(&byte),
            Until::Arithmetic(stops) => parentheses == 0 && (stops.contains(&byte) || self.looking_at("))")),
            Until::End => false,
        }
    }

    fn escape(&mut self, until: Until, quoting: Quoting, parts: &mut Parts) {
        self.at += 1;
        let special = match (quoting, until) {
            (Quoting::Bare, _) => true,
            (Quoting::Double, Until::End) => matches!(self.peek(), Some(b'$' | b'`' | b'\\' | b'\n')),
            (Quoting::Double, Until::Brace(_)) => {
                matches!(self.peek(), Some(b'$' | b'`' | b'"' | b'\\' | b'\n' | b'}'))
            }
            (Quoting::Double, _) => matches!(self.peek(), Some(b'$' | b'`' | b'"' | b'\\' | b'\n')),
        };
        if !special {
            parts.literal('\\', quoting);
            return;
        }
        match self.next_char() {
            Some('\n') => {}
            Some(c) => parts.quoted(c.encode_utf8(&mut [0; 4])),
            None => parts.literal('\\', quoting),
        }
    }

    fn single_quoted(&mut self) -> Parsed<String> {
        self.at += 1;
        match self.rest().find('\'') {
            Some(length) => {
                let text = self.rest()[..length].to_string();
                self.at += length + 1;
                Ok(text)
            }
            None => self.incomplete(Missing::Closing('\'')),
        }
    }

    fn dollar(&mut self, quoting: Quoting, parts: &mut Parts) -> Parsed<()> {
        if self.looking_at("$((") && self.can_be_arithmetic(self.at) {
            let start = self.at;
            self.at += 1;
            self.check_parentheses()?;
            self.at = start;
            self.at += 3;
            let arithmetic = self.arithmetic_text(&[]);
            if let Ok(word) = arithmetic
                && self.take("))")
            {
                parts.push(Part::Arithmetic(Rc::new(word)));
                return Ok(());
            }
            self.at = start;
            self.is_no_arithmetic(start);
        }
        if self.take("$(") {
            let list = self.deeper(Self::list)?;
            if !self.take(")") {
                return match self.peek() {
                    None => self.incomplete(Missing::Closing(')')),
                    Some(byte) => Err(self.error(Fault::Unexpected((byte as char).to_string()))),
                };
            }
            parts.push(Part::Substitution(list));
            return Ok(());
        }
        if self.take("${") {
            let parameter = self.deeper(|parser| parser.braced(quoting))?;
            parts.push(Part::Parameter(Rc::new(parameter)));
            return Ok(());
        }
        if quoting == Quoting::Bare && self.looking_at("$'") {
            self.at += 1;
            let text = self.ansi_quoted()?;
            parts.quoted(&text);
            return Ok(());
        }
        if quoting == Quoting::Bare && self.looking_at("$\"") {
            self.at += 1;
            return Ok(());
        }
        self.at += 1;
        match self.parameter_name(Digits::One) {
            Some(name) => parts.push(Part::Parameter(Rc::new(Parameter { name, change: Change::None }))),
            None => parts.literal('$', quoting),
        }
        Ok(())
    }

    /// A name, a position, or a special parameter.
    fn parameter_name(&mut self, digits: Digits) -> Option<Str> {
        let first = self.peek()?;
        let length = match first {
            b'@' | b'*' | b'#' | b'?' | b'-' | b'$' | b'!' => 1,
            b'0'..=b'9' if digits == Digits::One => 1,
            b'0'..=b'9' => self.rest().bytes().take_while(u8::is_ascii_digit).count(),
            _ => {
                let length = self.rest().bytes().take_while(|b| *b == b'_' || b.is_ascii_alphanumeric()).count();
                if length == 0 || !is_name(&self.rest()[..length]) {
                    return None;
                }
                length
            }
        };
        let name = self.rest()[..length].into();
        self.at += length;
        Some(name)
    }

    /// `${…}` after its opening.
    fn braced(&mut self, quoting: Quoting) -> Parsed<Parameter> {
        let start = self.at;
        if self.looking_at("#") && !self.looking_at("#}") {
            self.at += 1;
            if let Some(name) = self.parameter_name(Digits::Many)
                && self.take("}")
            {
                return Ok(Parameter { name, change: Change::Length });
            }
            self.at = start;
        }
        let indirect = self.looking_at("!") && !self.looking_at("!}") && self.take("!");
        let Some(name) = self.parameter_name(Digits::Many) else { return self.bad_substitution(start) };
        if indirect {
            return if self.take("}") {
                Ok(Parameter { name, change: Change::Indirect })
            } else {
                self.bad_substitution(start)
            };
        }
        if self.looking_at("[") {
            return Err(self.error(Fault::Unsupported("an array".into())));
        }
        let change = self.change(start, quoting)?;
        if self.take("}") { Ok(Parameter { name, change }) } else { self.bad_substitution(start) }
    }

    fn bad_substitution<T>(&mut self, start: usize) -> Parsed<T> {
        match self.text[start..].find('}') {
            None => self.incomplete(Missing::Closing('}')),
            Some(length) => {
                let text = format!("${{{}}}: bad substitution", &self.text[start..start + length]);
                Err(self.error(Fault::Malformed(text)))
            }
        }
    }

    fn brace_word(&mut self, stops: &[u8], quoting: Quoting) -> Parsed<Word> {
        Ok(Word { parts: self.parts(Until::Brace(stops), quoting)? })
    }

    fn change(&mut self, start: usize, quoting: Quoting) -> Parsed<Change> {
        if self.looking_at("}") {
            return Ok(Change::None);
        }
        let or_empty = self.take(":");
        let action = match self.peek() {
            Some(b'-') => Some(UnsetAction::Default),
            Some(b'=') => Some(UnsetAction::Assign),
            Some(b'?') => Some(UnsetAction::Error),
            Some(b'+') => Some(UnsetAction::Alternate),
            _ => None,
        };
        if let Some(action) = action {
            self.at += 1;
            let word = self.brace_word(b"}", quoting)?;
            return Ok(Change::Unset { or_empty, action, word });
        }
        if or_empty {
            let offset = self.brace_word(b":}", Quoting::Double)?;
            let length = if self.take(":") { Some(self.brace_word(b"}", Quoting::Double)?) } else { None };
            return Ok(Change::Slice { offset, length });
        }
        for (sign, end, greed) in [
            ("##", End::Start, Greed::Longest),
            ("#", End::Start, Greed::Shortest),
            ("%%", End::Finish, Greed::Longest),
            ("%", End::Finish, Greed::Shortest),
        ] {
            if self.take(sign) {
                // The pattern's quotes are live even within double quotes.
                return Ok(Change::Trim { end, greed, pattern: self.brace_word(b"}", Quoting::Bare)? });
            }
        }
        for (sign, scope) in [("//", Scope::All), ("/#", Scope::Start), ("/%", Scope::Finish), ("/", Scope::First)] {
            if self.take(sign) {
                let pattern = self.brace_word(b"/}", Quoting::Bare)?;
                let with = if self.take("/") { self.brace_word(b"}", Quoting::Bare)? } else { Word::default() };
                return Ok(Change::Replace { scope, pattern, with });
            }
        }
        for (sign, to, scope) in [
            ("^^", LetterCase::Upper, Scope::All),
            ("^", LetterCase::Upper, Scope::First),
            (",,", LetterCase::Lower, Scope::All),
            (",", LetterCase::Lower, Scope::First),
        ] {
            if self.take(sign) {
                return Ok(Change::Case { to, scope });
            }
        }
        self.bad_substitution(start)
    }

    fn backquoted(&mut self, quoting: Quoting) -> Parsed<Part> {
        self.at += 1;
        let start = self.at;
        let mut inner = String::new();
        loop {
            match self.next_char() {
                None => {
                    self.at = start;
                    return self.incomplete(Missing::Closing('`'));
                }
                Some('`') => break,
                Some('\\') => match self.next_char() {
                    Some(c @ ('$' | '`' | '\\')) => inner.push(c),
                    Some('"') if quoting == Quoting::Double => inner.push('"'),
                    Some(c) => inner.extend(['\\', c]),
                    None => inner.push('\\'),
                },
                Some(c) => inner.push(c),
            }
        }
        let line_offset = self.at;
        let aliases = self.aliases;
        let depth = self.depth;
        let list = self.deeper(|_| {
            let mut parser = Parser::new(&inner, 0, aliases, depth + 1);
            let list = parser.list()?;
            if parser.at < parser.text.len() {
                let token = parser.rest().chars().next().map(String::from).unwrap_or_default();
                return Err(parser.error(Fault::Unexpected(token)));
            }
            Ok(list)
        });
        match list {
            Ok(list) => Ok(Part::Substitution(list)),
            // What is missing within the backquotes will not come after them.
            Err(mut error) => {
                if let Fault::Incomplete(_) = error.fault {
                    error.fault = Fault::Malformed("unexpected end of file in a command substitution".into());
                }
                Err(super::ParseError { offset: line_offset, ..error })
            }
        }
    }

    /// `'…'` after a `$`: escapes as in C.
    fn ansi_quoted(&mut self) -> Parsed<String> {
        self.at += 1;
        let mut text = String::new();
        loop {
            match self.next_char() {
                None => return self.incomplete(Missing::Closing('\'')),
                Some('\'') => return Ok(text),
                Some('\\') => match self.next_char() {
                    Some('x') => text.extend(self.code(16, 2)),
                    Some('u') => text.extend(self.code(16, 4)),
                    Some(c @ '0'..='7') => {
                        self.at -= c.len_utf8();
                        text.extend(self.code(8, 3));
                    }
                    Some(c) => match simple_escape(c) {
                        Some(escaped) => text.push(escaped),
                        None => text.extend(['\\', c]),
                    },
                    None => text.push('\\'),
                },
                Some(c) => text.push(c),
            }
        }
    }

    fn code(&mut self, radix: u32, digits_max: usize) -> Option<char> {
        let digits = self.rest().chars().take(digits_max).take_while(|c| c.is_digit(radix)).count();
        let code = u32::from_str_radix(&self.rest()[..digits], radix).ok()?;
        self.at += digits;
        char::from_u32(code)
    }
}

/// What `\c` means in `$'…'`, `echo -e` and `printf`.
pub(crate) fn simple_escape(c: char) -> Option<char> {
    Some(match c {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        'a' => '\x07',
        'b' => '\x08',
        'e' | 'E' => '\x1b',
        'f' => '\x0c',
        'v' => '\x0b',
        '\\' => '\\',
        '\'' => '\'',
        '"' => '"',
        _ => return None,
    })
}

/// How many digits a position may have.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Digits {
    /// `$12` is `${1}2`.
    One,
    /// `${12}`
    Many,
}
