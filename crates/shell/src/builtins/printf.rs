//! `printf`

use super::echo::unescape;
use super::{Builtin, Kind, Runner};
use crate::limits::EXPANSION_BYTES_MAX;
use crate::process::Context;

pub(super) const BUILTIN: Builtin =
    Builtin { name: "printf", usage: "printf format [arguments]", kind: Kind::Shell, runner: Runner::Once(printf) };

/// The widest field.
const WIDTH_MAX: usize = 10_000;

fn printf(context: &mut Context) -> i32 {
    let args = if context.args.first().is_some_and(|arg| arg == "--") { &context.args[1..] } else { context.args };
    let Some((format, mut args)) = args.split_first() else {
        context.fail("usage: printf format [arguments]");
        return 2;
    };
    let mut state = State { out: String::new(), problems: Vec::new(), stopped: false };
    // The format is used again while arguments are left.
    loop {
        let before = args.len();
        args = state.pass(format, args);
        if args.is_empty() || args.len() == before || state.stopped || state.out.len() > EXPANSION_BYTES_MAX {
            break;
        }
    }
    context.out(&state.out);
    for problem in &state.problems {
        context.fail(problem);
    }
    i32::from(!state.problems.is_empty())
}

struct State {
    out: String,
    problems: Vec<String>,
    stopped: bool,
}

#[derive(Default)]
struct Directive {
    left: bool,
    zero: bool,
    plus: bool,
    space: bool,
    alternate: bool,
    width: usize,
    precision: Option<usize>,
}

impl State {
    fn pass<'a>(&mut self, format: &str, mut args: &'a [String]) -> &'a [String] {
        let chars: Vec<char> = format.chars().collect();
        let mut at = 0;
        while at < chars.len() && !self.stopped {
            match chars[at] {
                '\\' => {
                    // The longest escape has five characters.
                    let end = (at + 5).min(chars.len());
                    let length = escape_length(&chars[at..end]);
                    let text: String = chars[at..at + length].iter().collect();
                    let (text, stopped) = unescape(&octal(&text));
                    let text = match text.as_str() {
                        "\\\"" => "\"".to_string(),
                        "\\'" => "'".to_string(),
                        _ => text,
                    };
                    self.out.push_str(&text);
                    self.stopped = stopped;
                    at += length;
                }
                '%' if chars.get(at + 1) == Some(&'%') => {
                    self.out.push('%');
                    at += 2;
                }
                '%' => {
                    let (next, rest) = self.directive(&chars, at + 1, args);
                    at = next;
                    args = rest;
                }
                c => {
                    self.out.push(c);
                    at += 1;
                }
            }
        }
        args
    }

    fn directive<'a>(&mut self, chars: &[char], mut at: usize, mut args: &'a [String]) -> (usize, &'a [String]) {
        let mut d = Directive::default();
        while let Some(flag) = chars.get(at).filter(|c| "-0+ #".contains(**c)) {
            match flag {
                '-' => d.left = true,
                '0' => d.zero = true,
                '+' => d.plus = true,
                ' ' => d.space = true,
                _ => d.alternate = true,
            }
            at += 1;
        }
        let take = |args: &mut &'a [String]| -> Option<&'a String> {
            let (first, rest) = args.split_first()?;
            *args = rest;
            Some(first)
        };
        let number = |at: &mut usize, args: &mut &'a [String]| -> i64 {
            if chars.get(*at) == Some(&'*') {
                *at += 1;
                return take(args).and_then(|text| text.parse().ok()).unwrap_or(0);
            }
            let digits: String = chars[*at..].iter().take_while(|c| c.is_ascii_digit()).collect();
            *at += digits.len();
            digits.parse().unwrap_or(0)
        };
        let width = number(&mut at, &mut args);
        d.left |= width < 0;
        d.width = (width.unsigned_abs() as usize).min(WIDTH_MAX);
        if chars.get(at) == Some(&'.') {
            at += 1;
            d.precision = Some((number(&mut at, &mut args).max(0) as usize).min(WIDTH_MAX));
        }
        let Some(&letter) = chars.get(at) else {
            self.problems.push("`%': missing format character".into());
            self.stopped = true;
            return (at, args);
        };
        let arg = args.first();
        args = args.get(1..).unwrap_or(&[]);
        let text = self.convert(letter, &d, arg.map_or("", String::as_str));
        self.out.push_str(&text);
        (at + 1, args)
    }

    fn convert(&mut self, letter: char, d: &Directive, arg: &str) -> String {
        let cut = |text: String| match d.precision {
            Some(precision) => text.chars().take(precision).collect(),
            None => text,
        };
        match letter {
            's' => pad(cut(arg.to_string()), d),
            'b' => {
                let (text, stopped) = unescape(arg);
                self.stopped |= stopped;
                pad(cut(text), d)
            }
            'q' => pad(backslashed(arg), d),
            'c' => pad(arg.chars().take(1).collect(), d),
            'd' | 'i' => {
                let value = self.integer(arg);
                let sign = match value {
                    value if value < 0 => "-",
                    _ if d.plus => "+",
                    _ if d.space => " ",
                    _ => "",
                };
                pad_number(sign, value.unsigned_abs().to_string(), d)
            }
            'u' => pad_number("", (self.integer(arg) as u64).to_string(), d),
            'o' => pad_number(if d.alternate { "0" } else { "" }, format!("{:o}", self.integer(arg)), d),
            'x' => pad_number(if d.alternate { "0x" } else { "" }, format!("{:x}", self.integer(arg)), d),
            'X' => pad_number(if d.alternate { "0X" } else { "" }, format!("{:X}", self.integer(arg)), d),
            'f' | 'F' | 'e' | 'g' => {
                let value: f64 =
                    if arg.is_empty() { 0.0 } else { arg.parse().unwrap_or_else(|_| self.invalid(arg, 0.0)) };
                let precision = d.precision.unwrap_or(6).min(100);
                let digits = match letter {
                    'e' => format!("{:.precision$e}", value.abs()),
                    'g' => value.abs().to_string(),
                    _ => format!("{:.precision$}", value.abs()),
                };
                pad_number(
                    if value < 0.0 {
                        "-"
                    } else if d.plus {
                        "+"
                    } else {
                        ""
                    },
                    digits,
                    d,
                )
            }
            other => {
                self.problems.push(format!("`{other}': invalid format character"));
                self.stopped = true;
                String::new()
            }
        }
    }

    fn invalid<T>(&mut self, arg: &str, value: T) -> T {
        self.problems.push(format!("{arg}: invalid number"));
        value
    }

    fn integer(&mut self, arg: &str) -> i64 {
        let text = arg.trim_start();
        if let Some(c) = text.strip_prefix(['"', '\'']).and_then(|rest| rest.chars().next()) {
            return i64::from(u32::from(c));
        }
        let (sign, digits) =
            text.strip_prefix('-').map_or((1, text.strip_prefix('+').unwrap_or(text)), |rest| (-1, rest));
        let (radix, digits) = match digits {
            _ if digits.starts_with("0x") || digits.starts_with("0X") => (16, &digits[2..]),
            _ if digits.len() > 1 && digits.starts_with('0') => (8, &digits[1..]),
            _ => (10, digits),
        };
        if text.is_empty() {
            return 0;
        }
        let valid = digits.chars().take_while(|c| c.is_digit(radix)).count();
        let value = i64::from_str_radix(&digits[..valid], radix).unwrap_or(0).wrapping_mul(sign);
        if valid < digits.len() || digits.is_empty() { self.invalid(arg, value) } else { value }
    }
}

/// A word as one could type it, with backslashes.
fn backslashed(word: &str) -> String {
    if word.is_empty() {
        return "''".into();
    }
    let mut text = String::new();
    for c in word.chars() {
        match c {
            '\n' => text.push_str("$'\\n'"),
            c if c.is_ascii_alphanumeric() || "_-./:=@%+,".contains(c) || !c.is_ascii() => text.push(c),
            c => text.extend(['\\', c]),
        }
    }
    text
}

/// `\101` is octal in a format, without the zero that `echo` wants.
fn octal(text: &str) -> String {
    match text.strip_prefix('\\') {
        Some(digits) if digits.starts_with(|c: char| ('1'..='7').contains(&c)) => format!("\\0{digits}"),
        _ => text.to_string(),
    }
}

fn escape_length(chars: &[char]) -> usize {
    let digits = |from: usize, max: usize, radix: u32| {
        chars.iter().skip(from).take(max).take_while(|c| c.is_digit(radix)).count()
    };
    match chars.get(1) {
        None => 1,
        Some('0'..='7') => 1 + digits(1, 3, 8),
        Some('x') => 2 + digits(2, 2, 16),
        Some(_) => 2,
    }
}

fn pad(text: String, d: &Directive) -> String {
    let width = d.width;
    if d.left { format!("{text:<width$}") } else { format!("{text:>width$}") }
}

fn pad_number(sign: &str, digits: String, d: &Directive) -> String {
    let digits = match d.precision {
        Some(precision) if !digits.contains('.') => format!("{digits:0>precision$}"),
        _ => digits,
    };
    if d.zero && !d.left && (d.precision.is_none() || digits.contains('.')) {
        let width = d.width.saturating_sub(sign.len());
        return format!("{sign}{digits:0>width$}");
    }
    pad(format!("{sign}{digits}"), d)
}
