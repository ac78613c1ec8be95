//! KYAML: a dialect of YAML in which white space means nothing. Braces and brackets, texts always in double quotes, keys in
//! quotes only where another reader could take them for something else, a comma after everything, a header before.
//!
//! Models: sigs.k8s.io/yaml v1.6 kyaml (Encoder, not compact). Different: comments, which a value does not have.

use super::resolve::{Resolved, is_base_60, resolve};
use crate::Str;
use crate::text::json::Ordered;

/// Prints a value as a document of its own, with a line break at the end.
pub fn write_kyaml(value: &Ordered) -> String {
    let mut printer = Printer { out: String::from("---\n") };
    printer.node(value, 0);
    printer.out + "\n"
}

struct Printer {
    out: String,
}

impl Printer {
    fn indent(&mut self, level: usize) {
        self.out.extend(std::iter::repeat_n("  ", level));
    }

    /// The cursor stands where the node begins; it is left at the node's end.
    fn node(&mut self, value: &Ordered, level: usize) {
        match value {
            Ordered::Word(word) => self.out.push_str(word),
            Ordered::Text(text) => self.text(text, level + 1),
            Ordered::List(list) => self.list(list, level),
            Ordered::Map(map) if map.is_empty() => self.out.push_str("{}"),
            Ordered::Map(map) => self.map(map, level),
        }
    }

    fn map(&mut self, map: &[(Str, Ordered)], level: usize) {
        self.out.push_str("{\n");
        for (key, value) in map {
            self.indent(level + 1);
            self.key(key);
            self.out.push_str(": ");
            self.node(value, level + 1);
            self.out.push_str(",\n");
        }
        self.indent(level);
        self.out.push('}');
    }

    /// A list of collections has their brackets beside its own; any other has a line per item.
    fn list(&mut self, list: &[Ordered], level: usize) {
        if list.iter().all(|item| matches!(item, Ordered::List(_) | Ordered::Map(_))) {
            self.out.push('[');
            for (index, item) in list.iter().enumerate() {
                self.out.push_str(if index > 0 { ", " } else { "" });
                self.node(item, level);
            }
            return self.out.push(']');
        }
        self.out.push_str("[\n");
        for item in list {
            self.indent(level + 1);
            self.node(item, level + 1);
            self.out.push_str(",\n");
        }
        self.indent(level);
        self.out.push(']');
    }

    fn key(&mut self, key: &str) {
        if !needs_quotes(key) {
            return self.out.push_str(key);
        }
        self.out.push('"');
        for c in key.chars() {
            match c {
                '\n' => self.out.push_str("\\n"),
                '\t' => self.out.push_str("\\t"),
                c => self.character(c),
            }
        }
        self.out.push('"');
    }

    /// A text of several lines begins below its quote and breaks where its lines end.
    fn text(&mut self, text: &str, level: usize) {
        let has_lines = text.contains('\n');
        self.out.push_str(if has_lines { "\"\\\n" } else { "\"" });
        let mut starts_line = has_lines;
        for c in text.chars() {
            if starts_line {
                self.indent(level);
                // White space at the start of a line would be dropped; all others move one to the right, to stand above each other.
                self.out.push(if c.is_whitespace() && c != '\n' { '\\' } else { ' ' });
            }
            starts_line = c == '\n';
            match c {
                '\n' => self.out.push_str("\\n\\\n"),
                '\t' => self.out.push('\t'),
                c => self.character(c),
            }
        }
        if has_lines {
            self.out.push_str(if starts_line { "" } else { "\\\n" });
            self.indent(level);
        }
        self.out.push('"');
    }

    fn character(&mut self, c: char) {
        let short = match c {
            '"' | '\\' => c,
            c if is_printable(c) => return self.out.push(c),
            '\u{7}' => 'a',
            '\u{8}' => 'b',
            '\u{c}' => 'f',
            '\r' => 'r',
            '\u{b}' => 'v',
            '\0' => '0',
            '\u{1b}' => 'e',
            '\u{85}' => 'N',
            '\u{a0}' => '_',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            _ => return self.code(u32::from(c)),
        };
        self.out.extend(['\\', short]);
    }

    fn code(&mut self, code: u32) {
        self.out.push_str(&match code {
            ..0x20 | 0x7f => format!("\\x{code:02x}"),
            ..0x1_0000 => format!("\\u{code:04x}"),
            _ => format!("\\U{code:08x}"),
        });
    }
}

/// Whether Go prints it as it is. Rust tells of a whole text only, where a mark has a letter to stand on.
fn is_printable(c: char) -> bool {
    let text: String = ['a', c].iter().collect();
    text.escape_debug().eq(text.chars()) || c == '\''
}

fn needs_quotes(key: &str) -> bool {
    let last = key.chars().count().saturating_sub(1);
    let is_plain = |(at, c): (usize, char)| {
        c.is_alphabetic() || c.is_numeric() || c == '_' || (matches!(c, '-' | '.' | '/') && at > 0 && at < last)
    };
    key.is_empty() || is_ambiguous(key) || !key.chars().enumerate().all(is_plain)
}

/// Whether some reader of YAML would take it for something else than text.
fn is_ambiguous(key: &str) -> bool {
    let lower = key.to_lowercase();
    let is_word = matches!(
        lower.as_str(),
        "null" | "true" | "t" | "y" | "yes" | "on" | "false" | "f" | "n" | "no" | "off" | "inf" | "infinity" | "nan"
    );
    is_word || is_base_60(key) || resolve(key) != Resolved::Text || resolve(&key.replace('_', "")) != Resolved::Text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{json, yaml};

    fn check(input: &str, expect: &str) {
        let value = json::read(input).unwrap();
        let text = write_kyaml(&Ordered::read(&json::write_compact(&value)).unwrap());
        assert_eq!(text, format!("---\n{expect}\n"), "{input}");
        assert_eq!(yaml::read(&text).unwrap(), value, "{text}");
    }

    #[test]
    fn collections_are_in_brackets_and_end_with_commas() {
        check("{}", "{}");
        check("[]", "[]");
        check(r#"{"a":1,"b":null,"c":true,"d":0.5}"#, "{\n  a: 1,\n  b: null,\n  c: true,\n  d: 0.5,\n}");
        check(r#"{"a":["x",1]}"#, "{\n  a: [\n    \"x\",\n    1,\n  ],\n}");
        check(r#"{"a":[{"b":1},{"c":[]}]}"#, "{\n  a: [{\n    b: 1,\n  }, {\n    c: [],\n  }],\n}");
        check(r#"[[1],["x"]]"#, "[[\n  1,\n], [\n  \"x\",\n]]");
        check(r#"[{},"x"]"#, "[\n  {},\n  \"x\",\n]");
    }

    #[test]
    fn keys_are_quoted_where_they_are_ambiguous() {
        for key in ["a", "a-b", "app.kubernetes.io/name", "_x", "a_b", "tt", "yess", "1.2.3", "1Gi"] {
            check(&format!("{{\"{key}\":1}}"), &format!("{{\n  {key}: 1,\n}}"));
        }
        for key in [
            "",
            "-a",
            "a-",
            "no",
            "Y",
            "t",
            "F",
            "ON",
            "null",
            "~",
            "1",
            "1_000",
            "0x1F",
            "1e3",
            "12:30",
            "a:b",
            "a b",
            "2026-01-01",
            "inf",
            "NaN",
            "_1",
        ] {
            check(&format!("{{\"{key}\":1}}"), &format!("{{\n  \"{key}\": 1,\n}}"));
        }
        check(r#"{"a\nb\t":1}"#, "{\n  \"a\\nb\\t\": 1,\n}");
    }

    #[test]
    fn texts_of_several_lines_stand_below_each_other() {
        check(r#"{"a":"x\ny"}"#, "{\n  a: \"\\\n     x\\n\\\n     y\\\n    \",\n}");
        check(r#"{"a":"x\n  y\n"}"#, "{\n  a: \"\\\n     x\\n\\\n    \\  y\\n\\\n    \",\n}");
        check(r#"{"a":"\n\nx"}"#, "{\n  a: \"\\\n     \\n\\\n     \\n\\\n     x\\\n    \",\n}");
        check(r#""say \"it\" \\ 'so'""#, r#""say \"it\" \\ 'so'""#);
        check(r#""<a>&\u0000\u0007\u001b\u007f\u00a0é\u200b😀""#, r#""<a>&\0\a\e\x7f\_é\u200b😀""#);
    }
}
