//! Floating-point numbers in Go's spellings.
//!
//! Models: Go's `strconv.FormatFloat`, `fmt` and `encoding/json`.

/// The decimal digits that name `value` and no other number, and the power of ten of the first of them:
/// 1234.5 is ("12345", 3).
fn shortest(value: f64) -> (String, i32) {
    let text = format!("{:e}", value.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    (mantissa.replace('.', ""), exponent.parse().unwrap_or(0))
}

fn special(value: f64) -> Option<&'static str> {
    match value {
        _ if value.is_nan() => Some("NaN"),
        f64::INFINITY => Some("+Inf"),
        f64::NEG_INFINITY => Some("-Inf"),
        _ => None,
    }
}

fn sign(value: f64) -> &'static str {
    if value.is_sign_negative() { "-" } else { "" }
}

fn exponent_form(value: f64, digits: &str, exponent: i32, width: usize) -> String {
    let (first, rest) = digits.split_at(1);
    let point = if rest.is_empty() { "" } else { "." };
    let exponent_sign = if exponent < 0 { '-' } else { '+' };
    format!("{}{first}{point}{rest}e{exponent_sign}{:0width$}", sign(value), exponent.abs())
}

/// `FormatFloat(value, 'g', -1, 64)`, which is also `%v`: an exponent from a million on, and below 0.0001.
pub fn format_g(value: f64) -> String {
    if let Some(text) = special(value) {
        return text.to_string();
    }
    let (digits, exponent) = shortest(value);
    if value != 0.0 && !(-4..6).contains(&exponent) {
        return exponent_form(value, &digits, exponent, 2);
    }
    format!("{}{}", sign(value), value.abs())
}

/// As `encoding/json` writes it: an exponent from 1e21 on and below 1e-6. `None` for what JSON cannot hold.
pub fn format_json(value: f64) -> Option<String> {
    if special(value).is_some() {
        return None;
    }
    let (digits, exponent) = shortest(value);
    if value != 0.0 && !(-6..21).contains(&exponent) {
        // Go drops the leading zero of e-09 but keeps two digits of e+21, which has none.
        return Some(exponent_form(value, &digits, exponent, 1));
    }
    Some(format!("{}{}", sign(value), value.abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_spelled_as_go_spells_them() {
        for (value, g, json) in [
            (0.5, "0.5", "0.5"),
            (0.0, "0", "0"),
            (-1.0, "-1", "-1"),
            (0.00001, "1e-05", "0.00001"),
            (1e-9, "1e-09", "1e-9"),
            (1e6, "1e+06", "1000000"),
            (1_234_567.5, "1.2345675e+06", "1234567.5"),
            (123_456.0, "123456", "123456"),
            (1e20, "1e+20", "100000000000000000000"),
            (1e21, "1e+21", "1e+21"),
        ] {
            assert_eq!(format_g(value), g);
            assert_eq!(format_json(value).as_deref(), Some(json));
        }
        assert_eq!(format_json(f64::INFINITY), None);
    }
}
