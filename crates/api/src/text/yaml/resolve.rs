//! What a plain scalar means: `yes` is true, `0755` is 493, `2026-01-01` is text that has to be quoted.

/// A plain scalar, understood.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Resolved {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// `<<`, the merge key.
    Merge,
    /// Text that looks like an instant; it stays text, but is quoted when printed.
    Timestamp,
    Text,
}

/// Resolves a scalar written without quotes and without a tag.
pub(super) fn resolve(text: &str) -> Resolved {
    if let Some(word) = resolve_word(text) {
        return word;
    }
    match text.bytes().next() {
        Some(b'.') => parse_go_float(text).map_or(Resolved::Text, Resolved::Float),
        Some(b'0'..=b'9' | b'+' | b'-') if is_timestamp(text) => Resolved::Timestamp,
        Some(b'0'..=b'9' | b'+' | b'-') => resolve_number(&text.replace('_', "")),
        _ => Resolved::Text,
    }
}

fn resolve_word(text: &str) -> Option<Resolved> {
    Some(match text {
        "" | "~" | "null" | "Null" | "NULL" => Resolved::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Resolved::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Resolved::Bool(false),
        ".nan" | ".NaN" | ".NAN" => Resolved::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Resolved::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Resolved::Float(f64::NEG_INFINITY),
        "<<" => Resolved::Merge,
        _ => return None,
    })
}

fn resolve_number(text: &str) -> Resolved {
    if let Some(wide) = parse_go_int(text) {
        return i64::try_from(wide).map_or(Resolved::Float(wide as f64), Resolved::Int);
    }
    if has_float_shape(text) { text.parse().map_or(Resolved::Text, Resolved::Float) } else { Resolved::Text }
}

/// `strconv.ParseInt(text, 0, …)`: `0x`, `0o`, `0b` and a leading zero choose the base.
fn parse_go_int(text: &str) -> Option<i128> {
    let (negative, magnitude) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let lower = magnitude.to_ascii_lowercase();
    let (base, digits) = match lower.get(..2) {
        Some("0x") => (16, &lower[2..]),
        Some("0o") => (8, &lower[2..]),
        Some("0b") => (2, &lower[2..]),
        Some(two) if two.starts_with('0') => (8, &lower[1..]),
        _ => (10, lower.as_str()),
    };
    if !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let value = i128::from_str_radix(digits, base).ok()?;
    Some(if negative { -value } else { value })
}

/// Digits, at most one point, at most one exponent, a digit where one is needed.
fn has_float_shape(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let exponent_fits = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !digits.is_empty() && is_digits(digits)
    });
    exponent_fits && is_digits(whole) && is_digits(fraction) && !(whole.is_empty() && fraction.is_empty())
}

fn parse_go_float(text: &str) -> Option<f64> {
    if has_float_shape(text) { text.parse().ok() } else { None }
}

/// `2026-1-2`, `2026-01-02T15:04:05.9Z`, `2026-01-02 15:04:05`: fields of one or two digits, as `time.Parse` reads them.
fn is_timestamp(text: &str) -> bool {
    let year = text.bytes().take_while(u8::is_ascii_digit).count();
    year == 4 && is_rest_of_timestamp(&text[year..]).is_some_and(|is| is)
}

/// Whether what follows the year is the rest of an instant; `None` if it breaks off in the middle.
fn is_rest_of_timestamp(text: &str) -> Option<bool> {
    let mut rest = text.strip_prefix('-')?;
    rest = skip_field(rest, 1..=12)?.strip_prefix('-')?;
    rest = skip_field(rest, 1..=31)?;
    let Some(separator) = rest.chars().next() else { return Some(true) };
    rest = rest.strip_prefix(['T', 't', ' '])?;
    rest = skip_field(rest, 0..=23)?.strip_prefix(':')?;
    rest = skip_field(rest, 0..=59)?.strip_prefix(':')?;
    rest = skip_field(rest, 0..=59)?;
    if let Some(fraction) = rest.strip_prefix('.') {
        rest = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
        if rest.len() == fraction.len() {
            return Some(false);
        }
    }
    Some(if separator == ' ' { rest.is_empty() } else { is_zone(rest) })
}

/// What follows a number of one or two digits in this range.
fn skip_field(text: &str, range: std::ops::RangeInclusive<u32>) -> Option<&str> {
    let digits = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at(digits);
    range.contains(&number.parse().ok()?).then_some(rest)
}

fn is_zone(text: &str) -> bool {
    let bytes = text.as_bytes();
    text == "Z"
        || bytes.len() == 6
            && matches!(bytes[0], b'+' | b'-')
            && bytes[3] == b':'
            && [1, 2, 4, 5].iter().all(|&at| bytes[at].is_ascii_digit())
}

/// Whether YAML 1.1 would read the text as a base 60 number (`1:30`); nobody does any more, but it is printed in quotes.
pub(super) fn is_base_60(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let mut parts = unsigned.split(':');
    let is_first = parts.next().is_some_and(|first| {
        first.starts_with(|c: char| c.is_ascii_digit()) && first.bytes().all(|b| b.is_ascii_digit() || b == b'_')
    });
    let rest: Vec<&str> = parts.collect();
    let Some((last, middle)) = rest.split_last() else { return false };
    let last = last.split_once('.').map_or(*last, |(whole, fraction)| {
        if fraction.bytes().all(|b| b.is_ascii_digit() || b == b'_') { whole } else { "" }
    });
    let is_sexagesimal = |part: &str| match part.as_bytes() {
        [digit] => digit.is_ascii_digit(),
        [ten, digit] => (b'0'..=b'5').contains(ten) && digit.is_ascii_digit(),
        _ => false,
    };
    is_first && is_sexagesimal(last) && middle.iter().all(|part| is_sexagesimal(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_have_yaml_1_1_meanings() {
        for (text, meaning) in [
            ("", Resolved::Null),
            ("~", Resolved::Null),
            ("yes", Resolved::Bool(true)),
            ("n", Resolved::Bool(false)),
            ("Off", Resolved::Bool(false)),
            ("oFF", Resolved::Text),
            ("0755", Resolved::Int(493)),
            ("0o755", Resolved::Int(493)),
            ("0x1F", Resolved::Int(31)),
            ("-0b11", Resolved::Int(-3)),
            ("1_000", Resolved::Int(1000)),
            ("089", Resolved::Float(89.0)),
            ("+1", Resolved::Int(1)),
            ("1.", Resolved::Float(1.0)),
            (".5", Resolved::Float(0.5)),
            ("1e3", Resolved::Float(1000.0)),
            ("18446744073709551615", Resolved::Float(18_446_744_073_709_551_615.0)),
            ("1.2.3", Resolved::Text),
            ("1Gi", Resolved::Text),
            ("-", Resolved::Text),
            (".", Resolved::Text),
            ("infinity", Resolved::Text),
            ("-inf", Resolved::Text),
            ("2026-01-01", Resolved::Timestamp),
            ("2026-1-2T03:04:05Z", Resolved::Timestamp),
            ("2026-01-02 03:04:05.5", Resolved::Timestamp),
            ("2026-01-02T03:04:05", Resolved::Text),
            ("2026-13-01", Resolved::Text),
            ("<<", Resolved::Merge),
        ] {
            assert_eq!(resolve(text), meaning, "{text}");
        }
    }

    #[test]
    fn base_60_is_recognised() {
        for (text, is) in
            [("1:30", true), ("190:20:30.15", true), ("1:60", false), ("a:30", false), ("1:", false), ("1", false)]
        {
            assert_eq!(is_base_60(text), is, "{text}");
        }
    }
}
