//! `echo`

use super::{Builtin, Kind, Runner};
use crate::process::Context;

pub(super) const BUILTIN: Builtin =
    Builtin { name: "echo", usage: "echo [-neE] [arg ...]", kind: Kind::Shell, runner: Runner::Once(echo) };

fn echo(context: &mut Context) -> i32 {
    let (mut newline, mut escapes, mut words) = (true, false, context.args);
    while let Some((option, rest)) = words.split_first() {
        let letters = option.strip_prefix('-').unwrap_or("");
        if letters.is_empty() || !letters.chars().all(|c| matches!(c, 'n' | 'e' | 'E')) {
            break;
        }
        newline &= !letters.contains('n');
        escapes = letters.chars().rev().find(|c| *c != 'n').map_or(escapes, |c| c == 'e');
        words = rest;
    }
    let mut text = words.join(" ");
    if escapes {
        let (unescaped, stopped) = unescape(&text);
        text = unescaped;
        newline &= !stopped;
    }
    if newline {
        text.push('\n');
    }
    context.out(text);
    0
}

/// Resolves `\n` and its kin; the second is whether `\c` ended the output.
pub(super) fn unescape(text: &str) -> (String, bool) {
    let mut result = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            result.push(c);
            continue;
        }
        match chars.next() {
            None => result.push('\\'),
            Some('c') => return (result, true),
            Some('0') => result.extend(digits(&mut chars, 8, 3).or(Some('\0'))),
            Some('x') => match digits(&mut chars, 16, 2) {
                Some(c) => result.push(c),
                None => result.push_str("\\x"),
            },
            Some(c) => match crate::parse::simple_escape(c).filter(|_| !matches!(c, '\'' | '"')) {
                Some(escaped) => result.push(escaped),
                None => result.extend(['\\', c]),
            },
        }
    }
    (result, false)
}

fn digits(chars: &mut std::iter::Peekable<std::str::Chars>, radix: u32, max: usize) -> Option<char> {
    let mut code = None;
    for _ in 0..max {
        let Some(digit) = chars.peek().and_then(|c| c.to_digit(radix)) else { break };
        chars.next();
        code = Some(code.unwrap_or(0) * radix + digit);
    }
    code.and_then(char::from_u32)
}
