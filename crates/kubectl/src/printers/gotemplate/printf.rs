//! `print`, `println` and `printf`.
//!
//! Models: Go's fmt, for values that came out of JSON.

use api::Value;

use crate::printers::go::{format_sharp_v, format_v, quote, type_name};

/// Widths and precisions beyond this are wrong for Go too.
const WIDTH_MAX: usize = 10_000;

/// With spaces between values of which neither is text.
pub(super) fn print(values: &[&Value]) -> String {
    let mut out = String::new();
    for (index, value) in values.iter().enumerate() {
        let is_text = |value: &Value| matches!(value, Value::Str(_));
        if index > 0 && !is_text(value) && !is_text(values[index - 1]) {
            out.push(' ');
        }
        out.push_str(&format_v(value));
    }
    out
}

/// With spaces between all values, and a line break.
pub(super) fn println(values: &[&Value]) -> String {
    let texts: Vec<String> = values.iter().map(|value| format_v(value)).collect();
    texts.join(" ") + "\n"
}

#[derive(Default)]
struct Flags {
    minus: bool,
    plus: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

/// With values in the places of a format.
pub(super) fn printf(format: &str, values: &[&Value]) -> String {
    let mut out = String::new();
    let mut rest = format;
    let mut used = 0;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let mut flags = Flags::default();
        rest = read_flags(rest, &mut flags, values, &mut used);
        let Some(verb) = rest.chars().next() else {
            out.push_str("%!(NOVERB)");
            break;
        };
        rest = &rest[verb.len_utf8()..];
        match (verb, values.get(used)) {
            ('%', _) => out.push('%'),
            (_, None) => out.push_str(&format!("%!{verb}(MISSING)")),
            (_, Some(value)) => {
                out.push_str(&padded(place(value, verb, &flags), &flags, value));
                used += 1;
            }
        }
    }
    out.push_str(rest);
    if let Some(extra) = values.get(used..).filter(|extra| !extra.is_empty()) {
        let texts: Vec<String> = extra.iter().map(|value| bad_value(value)).collect();
        out.push_str(&format!("%!(EXTRA {})", texts.join(", ")));
    }
    out
}

fn read_flags<'t>(text: &'t str, flags: &mut Flags, values: &[&Value], used: &mut usize) -> &'t str {
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        match c {
            '-' => flags.minus = true,
            '+' => flags.plus = true,
            '#' => flags.sharp = true,
            ' ' => flags.space = true,
            '0' => flags.zero = true,
            _ => break,
        }
        rest = &rest[1..];
    }
    let mut number = |rest: &mut &'t str| -> Option<usize> {
        if let Some(after) = rest.strip_prefix('*') {
            *rest = after;
            let value = values.get(*used).and_then(|value| value.as_int())?;
            *used += 1;
            return usize::try_from(value).ok().map(|value| value.min(WIDTH_MAX));
        }
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let value = rest[..digits].parse::<usize>().ok();
        *rest = &rest[digits..];
        value.map(|value| value.min(WIDTH_MAX))
    };
    flags.width = number(&mut rest);
    if let Some(after) = rest.strip_prefix('.') {
        rest = after;
        flags.precision = Some(number(&mut rest).unwrap_or(0));
    }
    rest
}

/// `type=value`, as Go names a value that does not fit.
fn bad_value(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_string(),
        other => format!("{}={}", type_name(other), format_v(other)),
    }
}

fn place(value: &Value, verb: char, flags: &Flags) -> String {
    let bad = || format!("%!{verb}({})", bad_value(value));
    match (verb, value) {
        ('T', _) => type_name(value).to_string(),
        ('v', _) if flags.sharp => format_sharp_v(value),
        ('v', Value::Int(_)) => integer(value, 'd', flags),
        ('v', _) => format_v(value),
        (_, Value::Null) => bad(),
        (_, Value::List(list)) => {
            let items: Vec<String> = list.iter().map(|item| place(item, verb, flags)).collect();
            format!("[{}]", items.join(" "))
        }
        (_, Value::Map(map)) => {
            let entry = |(key, item): (&api::Str, &Value)| {
                format!("{}:{}", place(&Value::Str(key.clone()), verb, flags), place(item, verb, flags))
            };
            format!("map[{}]", map.iter().map(entry).collect::<Vec<_>>().join(" "))
        }
        ('t', Value::Bool(value)) => value.to_string(),
        ('s', Value::Str(text)) => cut(text, flags),
        ('q', Value::Str(text)) => quote(&cut(text, flags)),
        ('x', Value::Str(text)) => text.bytes().map(|byte| format!("{byte:02x}")).collect(),
        ('X', Value::Str(text)) => text.bytes().map(|byte| format!("{byte:02X}")).collect(),
        ('d' | 'b' | 'o' | 'x' | 'X' | 'c' | 'q' | 'U', Value::Int(_)) => integer(value, verb, flags),
        ('e' | 'f' | 'F' | 'g' | 'G' | 'E', Value::Float(number)) => float(*number, verb, flags),
        _ => bad(),
    }
}

fn cut(text: &str, flags: &Flags) -> String {
    flags.precision.map_or_else(|| text.to_string(), |most| text.chars().take(most).collect())
}

fn integer(value: &Value, verb: char, flags: &Flags) -> String {
    let number = value.as_int().unwrap_or(0);
    let size = number.unsigned_abs();
    let digits = match verb {
        'b' => format!("{size:b}"),
        'o' if flags.sharp => format!("0{size:o}"),
        'o' => format!("{size:o}"),
        'x' if flags.sharp => format!("{size:#x}"),
        'x' => format!("{size:x}"),
        'X' if flags.sharp => format!("0X{size:X}"),
        'X' => format!("{size:X}"),
        'U' => return format!("U+{size:04X}"),
        'c' | 'q' => {
            let c = u32::try_from(number).ok().and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER);
            return if verb == 'c' { c.to_string() } else { format!("'{}'", c.escape_default()) };
        }
        _ => size.to_string(),
    };
    let digits = format!("{digits:0>width$}", width = flags.precision.unwrap_or(0));
    format!("{}{digits}", sign(number < 0, flags))
}

fn sign(is_negative: bool, flags: &Flags) -> &'static str {
    match (is_negative, flags.plus, flags.space) {
        (true, _, _) => "-",
        (false, true, _) => "+",
        (false, false, true) => " ",
        (false, false, false) => "",
    }
}

fn float(number: f64, verb: char, flags: &Flags) -> String {
    let size = number.abs();
    let digits = match verb {
        'f' | 'F' => format!("{size:.*}", flags.precision.unwrap_or(6)),
        'e' | 'E' => {
            let text = format!("{size:.*e}", flags.precision.unwrap_or(6));
            let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
            let exponent: i32 = exponent.parse().unwrap_or(0);
            let letter = if verb == 'E' { 'E' } else { 'e' };
            format!("{mantissa}{letter}{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
        }
        _ => format_v(&Value::Float(size)),
    };
    format!("{}{digits}", sign(number < 0.0, flags))
}

fn padded(text: String, flags: &Flags, value: &Value) -> String {
    let width = flags.width.unwrap_or(0);
    let missing = width.saturating_sub(text.chars().count());
    if missing == 0 {
        return text;
    }
    let is_number = matches!(value, Value::Int(_) | Value::Float(_));
    if flags.minus {
        format!("{text}{}", " ".repeat(missing))
    } else if flags.zero && is_number {
        let digits = text.strip_prefix(['-', '+']).unwrap_or(&text);
        format!("{}{}{digits}", &text[..text.len() - digits.len()], "0".repeat(missing))
    } else {
        format!("{}{text}", " ".repeat(missing))
    }
}
