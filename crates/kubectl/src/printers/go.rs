//! Values as Go's `fmt` prints them.

use api::Value;
use api::patch::go_text;
use api::text::number::format_g;

/// `%v`.
pub fn format_v(value: &Value) -> String {
    match value {
        Value::Float(number) => format_g(*number),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Str(_) | Value::List(_) | Value::Map(_) => go_text(value),
    }
}

/// The Go type of a value that came out of JSON.
pub fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int64",
        Value::Float(_) => "float64",
        Value::Str(_) => "string",
        Value::List(_) => "[]interface {}",
        Value::Map(_) => "map[string]interface {}",
    }
}

/// `%#v`.
pub fn format_sharp_v(value: &Value) -> String {
    match value {
        Value::Null => "interface {}(nil)".to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => format_g(*number),
        Value::Str(text) => quote(text),
        Value::List(list) => {
            let items: Vec<String> = list.iter().map(format_sharp_v).collect();
            format!("[]interface {{}}{{{}}}", items.join(", "))
        }
        Value::Map(map) => {
            let entries: Vec<String> =
                map.iter().map(|(key, value)| format!("{}:{}", quote(key), format_sharp_v(value))).collect();
            format!("map[string]interface {{}}{{{}}}", entries.join(", "))
        }
    }
}

/// `%q`: in double quotes, with Go's escapes.
pub fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{b}' => out.push_str("\\v"),
            '\0'..='\u{1f}' | '\u{7f}' => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            '\u{80}'..='\u{a0}' | '\u{ad}' | '\u{2028}' | '\u{2029}' | '\u{feff}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            _ => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Reads what stands between the quotes of a Go string, `quote` being the kind that must not stand in it bare.
/// `None` if an escape is wrong.
pub fn unquote(text: &str, quote: char) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut bytes = Vec::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == quote || c == '\n' {
            return None;
        }
        if c != '\\' {
            flush(&mut out, &mut bytes);
            out.push(c);
            continue;
        }
        let simple = match chars.next()? {
            'a' => '\u{7}',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\u{b}',
            '\\' => '\\',
            escaped @ ('\'' | '"') if escaped == quote => escaped,
            'x' => {
                bytes.push(u8::try_from(digits(&mut chars, 2, 16)?).ok()?);
                continue;
            }
            first @ '0'..='7' => {
                let rest = digits(&mut chars, 2, 8)?;
                bytes.push(u8::try_from(first.to_digit(8)? * 64 + rest).ok()?);
                continue;
            }
            'u' => char::from_u32(digits(&mut chars, 4, 16)?)?,
            'U' => char::from_u32(digits(&mut chars, 8, 16)?)?,
            _ => return None,
        };
        flush(&mut out, &mut bytes);
        out.push(simple);
    }
    flush(&mut out, &mut bytes);
    Some(out)
}

/// Bytes written as escapes, which may make up characters together.
fn flush(out: &mut String, bytes: &mut Vec<u8>) {
    if !bytes.is_empty() {
        out.push_str(&String::from_utf8_lossy(bytes));
        bytes.clear();
    }
}

fn digits(chars: &mut std::str::Chars<'_>, count: usize, radix: u32) -> Option<u32> {
    (0..count).try_fold(0_u32, |number, _| Some(number.checked_mul(radix)? + chars.next()?.to_digit(radix)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_read() {
        for (text, expect) in [
            (r"a\tb\n", Some("a\tb\n")),
            (r"\x41\101\u263a", Some("AA\u{263a}")),
            (r"\xe2\x98\xba", Some("\u{263a}")),
            (r"\q", None),
            (r"\", None),
            (r"\u12", None),
            ("a\"b", None),
            (r"\400", None),
        ] {
            assert_eq!(unquote(text, '"').as_deref(), expect, "{text}");
        }
    }

    #[test]
    fn values_are_printed_in_go_syntax() {
        let value = api::text::json::read(r#"{"a":[1,"x\ny",null],"b":0.5}"#).expect("the case is JSON");
        let expect = "map[string]interface {}{\"a\":[]interface {}{1, \"x\\ny\", interface {}(nil)}, \"b\":0.5}";
        assert_eq!(format_sharp_v(&value), expect);
        assert_eq!(format_v(&value), "map[a:[1 x\ny <nil>] b:0.5]");
    }
}
