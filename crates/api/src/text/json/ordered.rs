//! JSON whose keys stand as they were written: the fields of Go's structs have an order that a [`Value`] does not keep.

use super::read::{JsonError, read_prefix};
use super::write::write_string;
use crate::{Str, Value};

/// A JSON value in the order of its text.
#[derive(Clone, PartialEq, Debug)]
pub enum Ordered {
    /// A number, `true`, `false` or `null`, as it was written.
    Word(String),
    /// A text.
    Text(Str),
    /// A list.
    List(Vec<Ordered>),
    /// A map.
    Map(Vec<(Str, Ordered)>),
}

impl Ordered {
    /// Reads what [`write_compact`](super::write_compact) or [`go_json`](crate::schema::go_json) has written; commas and colons
    /// are taken for granted.
    pub fn read(text: &str) -> Result<Ordered, JsonError> {
        Reader { text, at: 0 }.value()
    }

    /// `kubectl -o json`: four spaces a level, a line break at the end.
    pub fn write_indented(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, "    ", 0);
        out.push('\n');
        out
    }

    /// What the API server writes for people who look at it: two spaces a level.
    pub fn write_pretty(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, "  ", 0);
        out
    }

    fn write(&self, out: &mut String, indent: &str, depth: usize) {
        match self {
            Ordered::Word(word) => out.push_str(word),
            Ordered::Text(text) => write_string(out, text),
            Ordered::List(list) if list.is_empty() => out.push_str("[]"),
            Ordered::Map(map) if map.is_empty() => out.push_str("{}"),
            Ordered::List(list) => {
                out.push('[');
                for (index, item) in list.iter().enumerate() {
                    start_line(out, if index > 0 { "," } else { "" }, indent, depth + 1);
                    item.write(out, indent, depth + 1);
                }
                start_line(out, "", indent, depth);
                out.push(']');
            }
            Ordered::Map(map) => {
                out.push('{');
                for (index, (key, value)) in map.iter().enumerate() {
                    start_line(out, if index > 0 { "," } else { "" }, indent, depth + 1);
                    write_string(out, key);
                    out.push_str(": ");
                    value.write(out, indent, depth + 1);
                }
                start_line(out, "", indent, depth);
                out.push('}');
            }
        }
    }
}

fn start_line(out: &mut String, before: &str, indent: &str, depth: usize) {
    out.push_str(before);
    out.push('\n');
    out.extend(std::iter::repeat_n(indent, depth));
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn takes(&mut self, c: char) -> bool {
        self.at += self.rest().len() - self.rest().trim_start().len();
        let is_next = self.rest().starts_with(c);
        self.at += usize::from(is_next);
        is_next
    }

    fn value(&mut self) -> Result<Ordered, JsonError> {
        if self.takes('[') {
            let mut list = Vec::new();
            while !self.takes(']') {
                list.push(self.value()?);
                self.takes(',');
            }
            return Ok(Ordered::List(list));
        }
        if self.takes('{') {
            let mut map = Vec::new();
            while !self.takes('}') {
                let (key, _) = self.scalar()?;
                self.takes(':');
                map.push((key.text().into(), self.value()?));
                self.takes(',');
            }
            return Ok(Ordered::Map(map));
        }
        Ok(match self.scalar()? {
            (Value::Str(text), _) => Ordered::Text(text),
            (_, word) => Ordered::Word(word),
        })
    }

    fn scalar(&mut self) -> Result<(Value, String), JsonError> {
        let (value, length) = read_prefix(self.rest())?;
        let word = self.rest()[..length].trim().to_string();
        self.at += length;
        Ok((value, word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::json;

    #[test]
    fn keys_stay_where_they_are() {
        let text = r#"{"b":[1,-2.5e+30,{"z":null,"a":"\"\u003c"}],"a":{},"c":[]}"#;
        let indented = Ordered::read(text).unwrap().write_indented();
        let at = |part: &str| indented.find(part).unwrap();
        assert!(at("\"b\"") < at("\"z\"") && at("\"z\"") < at("\"c\""), "{indented}");
        assert_eq!(indented.replace(['\n', ' '], ""), text);
        let sorted = json::read(text).unwrap();
        let again = Ordered::read(&json::write_compact(&sorted)).unwrap();
        assert_eq!(again.write_indented(), json::write_indented(&sorted));
        assert!(Ordered::read("[1,").is_err() && Ordered::read("{\"a\":").is_err());
    }
}
