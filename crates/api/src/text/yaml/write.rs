//! Printing: block style, two spaces, keys in order, quotes only where they are needed, long lines folded after column 80.

use ordered::Arrange;
use std::fmt::Write as _;

use super::keys;
use super::resolve::{Resolved, is_base_60, resolve};
use crate::Value;
use crate::text::number::format_g;

/// After this column a space may become a line break.
const BEST_WIDTH: usize = 80;

/// A key longer than this is printed as a complex key (`? key`).
const SIMPLE_KEY_BYTES_MAX: usize = 128;

/// Prints a value as `kubectl get -o yaml` does, with a line break at the end.
pub fn write(value: &Value) -> String {
    let mut printer = Printer { out: String::new(), column: 0 };
    printer.node(value, Place::Root, 0);
    printer.end_line();
    printer.out
}

/// Where a node stands, which decides how a collection opens.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// The document itself.
    Root,
    /// After `key:`.
    Value,
    /// After `- `; the first line of a collection stands beside the dash.
    Item,
}

struct Printer {
    out: String,
    /// In characters; 0 at the start of a line.
    column: usize,
}

impl Printer {
    fn put(&mut self, text: &str) {
        self.out.push_str(text);
        self.column += text.chars().count();
    }

    fn put_char(&mut self, c: char) {
        self.out.push(c);
        self.column += 1;
    }

    fn break_line(&mut self) {
        self.out.push('\n');
        self.column = 0;
    }

    fn end_line(&mut self) {
        if self.column > 0 {
            self.break_line();
        }
    }

    /// Starts a line at `indent`, unless the cursor already stands there (after a dash).
    fn start_line(&mut self, indent: usize) {
        if self.column > indent {
            self.break_line();
        }
        while self.column < indent {
            self.put_char(' ');
        }
    }

    /// `indent` is the column at which a collection's own lines start.
    fn node(&mut self, value: &Value, place: Place, indent: usize) {
        match value {
            Value::List(list) if !list.is_empty() => self.list(list, place, indent),
            Value::Map(map) if !map.is_empty() => self.map(map, place, indent),
            Value::Map(_) => self.word("{}"),
            Value::List(_) => self.word("[]"),
            Value::Null => self.word("null"),
            Value::Bool(true) => self.word("true"),
            Value::Bool(false) => self.word("false"),
            Value::Int(number) => self.word(&number.to_string()),
            Value::Float(number) => self.word(&float_text(*number)),
            Value::Str(text) => self.scalar(text, Place::Value, indent),
        }
    }

    fn list(&mut self, list: &[Value], place: Place, indent: usize) {
        // A list below a key is not indented; only one in another list or at the root stands where it is put.
        let indent = if place == Place::Value { indent.saturating_sub(2) } else { indent };
        for (index, item) in list.iter().enumerate() {
            if place == Place::Value || index > 0 {
                self.end_line();
            }
            self.start_line(indent);
            self.put("-");
            if matches!(item, Value::Map(map) if !map.is_empty())
                || matches!(item, Value::List(list) if !list.is_empty())
            {
                self.put(" ");
            }
            self.node(item, Place::Item, indent + 2);
        }
    }

    fn map(&mut self, map: &crate::Map, place: Place, indent: usize) {
        let mut entries: Vec<_> = map.iter().collect();
        entries.arrange_by(|a, b| keys::compare(a.0, b.0));
        for (index, (key, value)) in entries.into_iter().enumerate() {
            if place == Place::Value || index > 0 {
                self.end_line();
            }
            self.start_line(indent);
            if key.len() > SIMPLE_KEY_BYTES_MAX || key.contains(is_break) {
                self.put("?");
                self.scalar(key, Place::Value, indent + 2);
                self.end_line();
                self.start_line(indent);
            } else {
                self.scalar(key, Place::Item, indent + 2);
            }
            self.put(":");
            self.node(value, Place::Value, indent + 2);
        }
    }

    fn space(&mut self) {
        if self.column > 0 && !self.out.ends_with(' ') {
            self.put_char(' ');
        }
    }

    fn word(&mut self, text: &str) {
        self.space();
        self.put(text);
    }

    /// Prints text in the style that fits it. [`Place::Item`] stands for a simple key, which is never folded.
    fn scalar(&mut self, text: &str, place: Place, indent: usize) {
        let folds = place != Place::Item;
        // Continuation lines of a scalar at the root are indented all the same.
        let indent = indent.max(2);
        self.space();
        match choose_style(text, folds) {
            Style::Plain => self.plain(text, folds, indent),
            Style::Single => self.single(text, folds, indent),
            Style::Double => self.double(text, folds, indent),
            Style::Literal => self.literal(text, indent),
        }
    }

    fn plain(&mut self, text: &str, folds: bool, indent: usize) {
        self.folded_at_spaces(text, folds, indent, |_, _| true, |printer, c| printer.put_char(c));
    }

    fn single(&mut self, text: &str, folds: bool, indent: usize) {
        self.put_char('\'');
        let last = text.len().saturating_sub(1);
        let is_inner = move |at: usize, _: char| at > 0 && at < last;
        self.folded_at_spaces(text, folds, indent, is_inner, |printer, c| {
            if c == '\'' {
                printer.put_char('\'');
            }
            printer.put_char(c);
        });
        self.put_char('\'');
    }

    /// Writes text whose single spaces may become line breaks where `may_break(offset, space)`.
    fn folded_at_spaces(
        &mut self,
        text: &str,
        folds: bool,
        indent: usize,
        may_break: impl Fn(usize, char) -> bool,
        put: impl Fn(&mut Printer, char),
    ) {
        let mut after_space = false;
        for (at, c) in text.char_indices() {
            let is_single = !after_space && !text[at + c.len_utf8()..].starts_with(' ');
            if c == ' ' && folds && is_single && self.column > BEST_WIDTH && may_break(at, c) {
                self.break_line();
                self.start_line(indent);
            } else {
                put(self, c);
            }
            after_space = c == ' ';
        }
    }

    fn double(&mut self, text: &str, folds: bool, indent: usize) {
        self.put_char('"');
        let last = text.len().saturating_sub(1);
        let mut after_space = false;
        for (at, c) in text.char_indices() {
            if !is_printable(c) || is_break(c) || matches!(c, '"' | '\\') {
                self.escape(c);
            } else if c == ' ' && folds && !after_space && self.column > BEST_WIDTH && at > 0 && at < last {
                self.break_line();
                self.start_line(indent);
                if text[at + 1..].starts_with(' ') {
                    self.put_char('\\');
                }
            } else {
                self.put_char(c);
            }
            after_space = c == ' ';
        }
        self.put_char('"');
    }

    fn escape(&mut self, c: char) {
        let short = match c {
            '\0' => '0',
            '\u{7}' => 'a',
            '\u{8}' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\u{b}' => 'v',
            '\u{c}' => 'f',
            '\r' => 'r',
            '\u{1b}' => 'e',
            '"' | '\\' => c,
            '\u{85}' => 'N',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            _ => return self.escape_code(c),
        };
        self.put_char('\\');
        self.put_char(short);
    }

    fn escape_code(&mut self, c: char) {
        let mut code = String::new();
        let written = match u32::from(c) {
            number @ ..=0xff => write!(code, "\\x{number:02X}"),
            number @ ..=0xffff => write!(code, "\\u{number:04X}"),
            number => write!(code, "\\U{number:08X}"),
        };
        written.expect("writing to a String does not fail");
        self.put(&code);
    }

    fn literal(&mut self, text: &str, indent: usize) {
        self.put_char('|');
        if text.starts_with(|c| c == ' ' || is_break(c)) {
            self.put_char('2');
        }
        let before_last = text.strip_suffix(is_break);
        match before_last {
            None => self.put_char('-'),
            Some(rest) if rest.is_empty() || rest.ends_with(is_break) => self.put_char('+'),
            Some(_) => {}
        }
        self.break_line();
        for c in text.chars() {
            if c == '\n' {
                self.break_line();
            } else {
                if self.column == 0 {
                    self.start_line(indent);
                }
                self.put_char(c);
            }
        }
    }
}

fn float_text(number: f64) -> String {
    match number {
        f64::INFINITY => ".inf".to_string(),
        f64::NEG_INFINITY => "-.inf".to_string(),
        _ if number.is_nan() => ".nan".to_string(),
        _ => format_g(number),
    }
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

fn choose_style(text: &str, is_value: bool) -> Style {
    let shape = Shape::of(text);
    if text.contains('\n') {
        return if shape.block_allowed && is_value { Style::Literal } else { Style::Double };
    }
    if resolve(text) != Resolved::Text || is_base_60(text) {
        return Style::Double;
    }
    match (shape.plain_allowed, shape.single_allowed) {
        (true, _) => Style::Plain,
        (false, true) => Style::Single,
        (false, false) => Style::Double,
    }
}

/// Which styles can hold a text.
struct Shape {
    plain_allowed: bool,
    single_allowed: bool,
    block_allowed: bool,
}

impl Shape {
    fn of(text: &str) -> Shape {
        let has_special = !text.chars().all(is_printable);
        let edge = |c: char| c == ' ' || is_break(c);
        let space_before_break = text.chars().zip(text.chars().skip(1)).any(|(a, b)| a == ' ' && is_break(b));
        let break_before_space = text.chars().zip(text.chars().skip(1)).any(|(a, b)| is_break(a) && b == ' ');
        let single_allowed = !(has_special || space_before_break || break_before_space);
        let plain_allowed = single_allowed
            && !text.contains(is_break)
            && !text.starts_with(edge)
            && !text.ends_with(edge)
            && !has_indicators(text);
        let block_allowed = !(has_special || space_before_break || text.ends_with(' '));
        Shape { plain_allowed, single_allowed, block_allowed }
    }
}

/// Whether something in the text would be read as YAML's own punctuation in a block.
fn has_indicators(text: &str) -> bool {
    let is_blank_or_end = |c: Option<char>| c.is_none_or(|c| c == ' ' || c == '\t');
    let mut chars = text.chars();
    let (first, second) = (chars.next(), chars.next());
    let starts = match first {
        Some('#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`') => true,
        Some('?' | ':' | '-') => is_blank_or_end(second),
        _ => false,
    };
    let mut before = ' ';
    let inside = text.char_indices().any(|(at, c)| {
        let after = text[at + c.len_utf8()..].chars().next();
        let previous = std::mem::replace(&mut before, c);
        at > 0 && (c == ':' && is_blank_or_end(after) || c == '#' && matches!(previous, ' ' | '\t' | '\n' | '\r'))
    });
    starts || inside || text.starts_with("---") || text.starts_with("...")
}

fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// What go-yaml prints as it is: no tabs, no control characters, nothing beyond the basic plane.
fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
}
