//! `sort`

use ordered::Arrange;
use std::cmp::Ordering;

use super::{Builtin, Kind, Runner};
use crate::process::{Context, Inputs, Options, Program, Step};

pub(super) const BUILTIN: Builtin = Builtin {
    name: "sort",
    usage: "sort [-bdfhnruVcs] [-k KEY]... [-t SEP] [-o FILE] [FILE]...",
    kind: Kind::Program,
    runner: Runner::Program(|| Box::new(Sort::default())),
};

#[derive(Clone, Default)]
struct Sort {
    inputs: Option<(Inputs, Options)>,
}

/// `-k 2,3nr`
#[derive(Clone, Debug)]
struct Key {
    from: (usize, usize),
    to: Option<(usize, usize)>,
    flags: String,
}

impl Program for Sort {
    fn step(&mut self, context: &mut Context) -> Step {
        let Some((inputs, options)) = &mut self.inputs else {
            let long = [
                ("reverse", 'r'),
                ("unique", 'u'),
                ("numeric-sort", 'n'),
                ("key", 'k'),
                ("field-separator", 't'),
                ("version-sort", 'V'),
                ("human-numeric-sort", 'h'),
                ("output", 'o'),
                ("ignore-case", 'f'),
                ("check", 'c'),
                ("stable", 's'),
            ];
            return match Options::parse(context.args, "bdfghinrsuVMczk:t:o:", &long) {
                Ok(options) => {
                    self.inputs = Some((Inputs::new(&options.operands), options));
                    Step::Again
                }
                Err(text) => {
                    context.fail(text);
                    Step::Exit(2)
                }
            };
        };
        let Some(files) = inputs.gather(context) else { return Step::Blocked(None) };
        if inputs.failed {
            return Step::Exit(2);
        }
        let options = options.clone();
        Step::Exit(run(context, &options, files))
    }
}

fn run(context: &mut Context, options: &Options, files: Vec<(String, Vec<u8>)>) -> i32 {
    let keys: Result<Vec<Key>, String> = options.values('k').into_iter().map(parse_key).collect();
    let keys = match keys {
        Ok(keys) => keys,
        Err(text) => {
            context.fail(text);
            return 2;
        }
    };
    let separator = match options.value('t') {
        None => None,
        Some("\\t") => Some('\t'),
        Some(text) if text.chars().count() == 1 => text.chars().next(),
        Some(text) => {
            context.fail(format_args!("multi-character tab \u{2018}{text}\u{2019}"));
            return 2;
        }
    };
    let global: String = "bdfhnrVg".chars().filter(|letter| options.has(*letter)).collect();
    let mut lines: Vec<String> = Vec::new();
    for (_, bytes) in files {
        lines.extend(String::from_utf8_lossy(&bytes).lines().map(String::from));
    }
    let by_keys = |a: &String, b: &String| compare(a, b, &keys, separator, &global);
    let last = |a: &String, b: &String| {
        let order = a.cmp(b);
        if global.contains('r') { order.reverse() } else { order }
    };
    if options.has('c') {
        let wrong = lines.windows(2).position(|pair| by_keys(&pair[0], &pair[1]).is_gt());
        return match wrong {
            None => 0,
            Some(at) => context.fail(format_args!("-:{}: disorder: {}", at + 2, lines[at + 1])),
        };
    }
    if options.has('s') || options.has('u') {
        lines.arrange_by(by_keys);
    } else {
        lines.arrange_by(|a, b| by_keys(a, b).then_with(|| last(a, b)));
    }
    if options.has('u') {
        lines.dedup_by(|a, b| by_keys(b, a).is_eq());
    }
    let text: String = lines.into_iter().map(|line| line + "\n").collect();
    match options.value('o') {
        None => context.out(text),
        Some(file) => {
            let path = context.path(file);
            if let Err(error) = context.fs.write(&path, text.as_bytes(), context.caller) {
                context.fail(format_args!("open failed: {file}: {error}"));
                return 2;
            }
        }
    }
    0
}

fn parse_key(text: &str) -> Result<Key, String> {
    let invalid = || format!("invalid number at field start: invalid count at start of \u{2018}{text}\u{2019}");
    let mut flags = String::new();
    let mut position = |text: &str| -> Result<(usize, usize), String> {
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        flags.push_str(&text[digits.len()..]);
        let (field, character) = digits.split_once('.').unwrap_or((digits, "0"));
        Ok((field.parse().map_err(|_| invalid())?, character.parse().map_err(|_| invalid())?))
    };
    let (from, to) = match text.split_once(',') {
        Some((from, to)) => (position(from)?, Some(position(to)?)),
        None => (position(text)?, None),
    };
    if from.0 == 0 {
        return Err(format!("field number is zero: invalid field specification \u{2018}{text}\u{2019}"));
    }
    Ok(Key { from, to, flags })
}

fn compare(a: &str, b: &str, keys: &[Key], separator: Option<char>, global: &str) -> Ordering {
    if keys.is_empty() {
        return compare_texts(a, b, global);
    }
    for key in keys {
        let flags = if key.flags.is_empty() { global } else { &key.flags };
        let order = compare_texts(&extract(a, key, separator), &extract(b, key, separator), flags);
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

/// Where the fields of a line start and end, in characters; without a separator leading blanks belong to a field.
fn fields(chars: &[char], separator: Option<char>) -> Vec<(usize, usize)> {
    let mut fields = Vec::new();
    let mut start = 0;
    match separator {
        Some(separator) => {
            for (at, c) in chars.iter().enumerate() {
                if *c == separator {
                    fields.push((start, at));
                    start = at + 1;
                }
            }
        }
        None => {
            for at in 1..chars.len() {
                if chars[at].is_whitespace() && !chars[at - 1].is_whitespace() {
                    fields.push((start, at));
                    start = at;
                }
            }
        }
    }
    fields.push((start, chars.len()));
    fields
}

fn extract(line: &str, key: &Key, separator: Option<char>) -> String {
    let chars: Vec<char> = line.chars().collect();
    let fields = fields(&chars, separator);
    let Some(&(start, _)) = fields.get(key.from.0 - 1) else { return String::new() };
    let start = (start + key.from.1.saturating_sub(1)).min(chars.len());
    let end = match key.to {
        None => chars.len(),
        Some((field, character)) => match fields.get(field.saturating_sub(1)) {
            None => chars.len(),
            Some(&(_, end)) if character == 0 => end,
            Some(&(from, end)) => (from + character).min(end),
        },
    };
    chars[start.min(end)..end].iter().collect()
}

fn compare_texts(a: &str, b: &str, flags: &str) -> Ordering {
    let (mut a, mut b) = (a.to_string(), b.to_string());
    if flags.contains('b') {
        (a, b) = (a.trim_start().to_string(), b.trim_start().to_string());
    }
    if flags.contains('f') {
        (a, b) = (a.to_uppercase(), b.to_uppercase());
    }
    if flags.contains('d') {
        let keep = |text: String| text.chars().filter(|c| c.is_alphanumeric() || c.is_whitespace()).collect::<String>();
        (a, b) = (keep(a), keep(b));
    }
    let order = match () {
        () if flags.contains('h') => number(&a, Units::Counted).total_cmp(&number(&b, Units::Counted)),
        () if flags.contains('n') || flags.contains('g') => {
            number(&a, Units::Ignored).total_cmp(&number(&b, Units::Ignored))
        }
        () if flags.contains('V') => versions(&a, &b),
        () => a.cmp(&b),
    };
    if flags.contains('r') { order.reverse() } else { order }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Units {
    Counted,
    Ignored,
}

/// The number a text starts with; 0 without one.
fn number(text: &str, units: Units) -> f64 {
    let text = text.trim_start();
    let end = text
        .char_indices()
        .find(|(at, c)| !(c.is_ascii_digit() || *c == '.' || (*c == '-' && *at == 0)))
        .map_or(text.len(), |(at, _)| at);
    let value: f64 = text[..end].parse().unwrap_or(0.0);
    let scale = match text[end..].chars().next() {
        Some('K' | 'k') => 1024.0,
        Some('M') => 1024.0 * 1024.0,
        Some('G') => 1024.0 * 1024.0 * 1024.0,
        Some('T') => 1024.0 * 1024.0 * 1024.0 * 1024.0,
        _ => 1.0,
    };
    if units == Units::Counted { value * scale + 0.0 } else { value + 0.0 }
}

/// Runs of digits compare as numbers: `web-2` before `web-10`.
fn versions(a: &str, b: &str) -> Ordering {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let (mut i, mut j) = (0, 0);
    while i < a.len() && j < b.len() {
        if a[i].is_ascii_digit() && b[j].is_ascii_digit() {
            let run = |chars: &[char], from: usize| chars[from..].iter().take_while(|c| c.is_ascii_digit()).count();
            let (n, m) = (run(&a, i), run(&b, j));
            let digits = |chars: &[char]| chars.iter().collect::<String>().trim_start_matches('0').to_string();
            let (left, right) = (digits(&a[i..i + n]), digits(&b[j..j + m]));
            let order = left.len().cmp(&right.len()).then_with(|| left.cmp(&right));
            if order.is_ne() {
                return order;
            }
            (i, j) = (i + n, j + m);
        } else if a[i] != b[j] {
            return a[i].cmp(&b[j]);
        } else {
            (i, j) = (i + 1, j + 1);
        }
    }
    (a.len() - i).cmp(&(b.len() - j))
}
