//! Reading JSON, with the complaints of Go's scanner.

use thiserror::Error;

use crate::text::DEPTH_MAX;
use crate::{Map, Str, Value};

/// JSON that cannot be read. Prints as `invalid character 'x' looking for beginning of value`.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("{message}")]
pub struct JsonError {
    /// What is wrong, in Go's words.
    pub message: String,
    /// How many bytes had been read, the wrong one included.
    pub offset: usize,
}

/// Reads a text that is one JSON value and nothing else.
pub fn read(text: &str) -> Result<Value, JsonError> {
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(0)?;
    reader.skip_space();
    match reader.peek() {
        None => Ok(value),
        Some(_) => Err(reader.unexpected("after top-level value")),
    }
}

/// Reads the JSON value at the start of a text; the second part is its length in bytes.
pub fn read_prefix(text: &str) -> Result<(Value, usize), JsonError> {
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(0)?;
    Ok((value, reader.at))
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// The complaint about the character at hand, or about the end of the text.
    fn unexpected(&self, context: &str) -> JsonError {
        let Some(c) = self.text.get(self.at..).and_then(|rest| rest.chars().next()) else {
            return JsonError { message: "unexpected end of JSON input".into(), offset: self.text.len() };
        };
        // Go complains about bytes, not characters.
        let quoted = match c {
            '\'' => r"'\''".to_string(),
            '"' => "'\"'".to_string(),
            ' '..='~' if c != '\\' => format!("'{c}'"),
            '\u{80}'.. => format!("'{}'", char::from(self.text.as_bytes()[self.at])),
            '\u{7f}' => r"'\x7f'".to_string(),
            '\u{7}' => r"'\a'".to_string(),
            '\u{8}' => r"'\b'".to_string(),
            '\u{b}' => r"'\v'".to_string(),
            '\u{c}' => r"'\f'".to_string(),
            '\n' | '\r' | '\t' | '\\' => format!("'{}'", c.escape_default()),
            _ => format!("'\\x{:02x}'", u32::from(c)),
        };
        JsonError { message: format!("invalid character {quoted} {context}"), offset: self.at + 1 }
    }

    fn value(&mut self, depth: usize) -> Result<Value, JsonError> {
        self.skip_space();
        match self.peek() {
            Some(b'{' | b'[') if depth >= DEPTH_MAX => {
                Err(JsonError { message: "exceeded max depth".into(), offset: self.at + 1 })
            }
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string().map(Value::Str),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.literal("true", Value::Bool(true)),
            Some(b'f') => self.literal("false", Value::Bool(false)),
            Some(b'n') => self.literal("null", Value::Null),
            _ => Err(self.unexpected("looking for beginning of value")),
        }
    }

    fn literal(&mut self, word: &str, value: Value) -> Result<Value, JsonError> {
        for expected in word.bytes() {
            if self.peek() != Some(expected) {
                return Err(self.unexpected(&format!("in literal {word} (expecting '{}')", char::from(expected))));
            }
            self.at += 1;
        }
        Ok(value)
    }

    fn object(&mut self, depth: usize) -> Result<Value, JsonError> {
        self.at += 1;
        let mut map = Map::new();
        self.skip_space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Map(map));
        }
        loop {
            self.skip_space();
            if self.peek() != Some(b'"') {
                return Err(self.unexpected("looking for beginning of object key string"));
            }
            let key = self.string()?;
            self.skip_space();
            if self.peek() != Some(b':') {
                return Err(self.unexpected("after object key"));
            }
            self.at += 1;
            let value = self.value(depth + 1)?;
            map.insert(key, value);
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                _ => return Err(self.unexpected("after object key:value pair")),
            }
        }
        self.at += 1;
        Ok(Value::Map(map))
    }

    fn array(&mut self, depth: usize) -> Result<Value, JsonError> {
        self.at += 1;
        let mut list = Vec::new();
        self.skip_space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::List(list));
        }
        loop {
            list.push(self.value(depth + 1)?);
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                _ => return Err(self.unexpected("after array element")),
            }
        }
        self.at += 1;
        Ok(Value::List(list))
    }

    fn string(&mut self) -> Result<Str, JsonError> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let start = self.at;
            while !matches!(self.peek(), None | Some(b'"' | b'\\' | 0..=0x1f)) {
                self.at += 1;
            }
            out.push_str(&self.text[start..self.at]);
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => self.escape(&mut out)?,
                _ => return Err(self.unexpected("in string literal")),
            }
        }
        self.at += 1;
        Ok(out.into())
    }

    fn escape(&mut self, out: &mut String) -> Result<(), JsonError> {
        self.at += 1;
        let c = match self.peek() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(out),
            _ => return Err(self.unexpected("in string escape code")),
        };
        out.push(c);
        self.at += 1;
        Ok(())
    }

    fn unicode_escape(&mut self, out: &mut String) -> Result<(), JsonError> {
        let first = self.four_digits()?;
        if !(0xd800..0xdc00).contains(&first) || !self.text[self.at..].starts_with("\\u") {
            out.push(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
            return Ok(());
        }
        let before_second = self.at;
        self.at += 1;
        let second = self.four_digits()?;
        if (0xdc00..0xe000).contains(&second) {
            let joined = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
            out.push(char::from_u32(joined).unwrap_or(char::REPLACEMENT_CHARACTER));
        } else {
            // A half without its other half; what follows is read again for itself.
            out.push(char::REPLACEMENT_CHARACTER);
            self.at = before_second;
        }
        Ok(())
    }

    fn four_digits(&mut self) -> Result<u32, JsonError> {
        self.at += 1;
        let mut number = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            let Some(digit) = digit else { return Err(self.unexpected("in \\u hexadecimal character escape")) };
            number = number * 16 + digit;
            self.at += 1;
        }
        Ok(number)
    }

    fn digits(&mut self) -> bool {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at > start
    }

    fn number(&mut self) -> Result<Value, JsonError> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else if !self.digits() {
            return Err(self.unexpected("in numeric literal"));
        }
        let mut is_whole = true;
        if self.peek() == Some(b'.') {
            self.at += 1;
            is_whole = false;
            if !self.digits() {
                return Err(self.unexpected("after decimal point in numeric literal"));
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            is_whole = false;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if !self.digits() {
                return Err(self.unexpected("in exponent of numeric literal"));
            }
        }
        let text = &self.text[start..self.at];
        if is_whole && let Ok(number) = text.parse() {
            return Ok(Value::Int(number));
        }
        let number: f64 = text.parse().unwrap_or(f64::INFINITY);
        if number.is_finite() {
            return Ok(Value::Float(number));
        }
        let message = format!("json: cannot unmarshal number {text} into Go value of type float64");
        Err(JsonError { message, offset: self.at })
    }
}
