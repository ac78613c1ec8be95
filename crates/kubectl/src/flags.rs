//! The flag dialect of kubectl: `-f x`, `-fx`, `-f=x`, `--flag x`, `--flag=value`, bundled booleans, `--`.
//!
//! A [`Flag`] is data; [`parse`] reads a command line against a verb's flags and answers in cobra's words. What is absent:
//! meaning. A verb asks [`Parsed`] for texts, numbers and durations that have been checked already.
//!
//! Models: spf13/pflag 1.0 and spf13/cobra as kubectl v1.36 sets them up.

use ordered::OrderedMap;

use api::{Str, duration};
use sim::Span;

/// What a flag holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// `--flag`, `--flag=false`
    Bool,
    /// One text; the last wins.
    Text,
    /// Texts, each occurrence is one.
    Array,
    /// Texts, each occurrence split at commas.
    Slice,
    /// A whole number.
    Int,
    /// A whole number of 32 bits.
    Int32,
    /// Go's duration: `1m30s`.
    Duration,
}

/// A flag of a verb. What help says of it stands in `cmd/help/flags.txt`: only who asks for help needs the words.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flag {
    /// Without dashes.
    pub name: &'static str,
    /// The shorthand letter, or `'\0'`.
    pub short: char,
    /// What it holds.
    pub kind: Type,
    /// Its value if it is not given, as help prints it.
    pub default: &'static str,
    /// Its value if it is given without one (`--dry-run`), or "" where one is needed.
    pub bare: &'static str,
    /// What is said where it is given, if it is deprecated: then help leaves it out.
    pub deprecated: &'static str,
    /// The variable without which (`true`) there is no such flag, if there is one.
    pub gate: &'static str,
}

impl Flag {
    const fn of(name: &'static str, kind: Type, default: &'static str) -> Flag {
        let bare = if matches!(kind, Type::Bool) { "true" } else { "" };
        Flag { name, short: '\0', kind, default, bare, deprecated: "", gate: "" }
    }

    /// A boolean, false unless given.
    pub const fn bool(name: &'static str) -> Flag {
        Flag::of(name, Type::Bool, "false")
    }

    /// A text, empty unless given.
    pub const fn text(name: &'static str) -> Flag {
        Flag::of(name, Type::Text, "")
    }

    /// Texts, each occurrence is one.
    pub const fn array(name: &'static str) -> Flag {
        Flag::of(name, Type::Array, "")
    }

    /// Texts, each occurrence split at commas.
    pub const fn slice(name: &'static str) -> Flag {
        Flag::of(name, Type::Slice, "")
    }

    /// A whole number.
    pub const fn int(name: &'static str, default: &'static str) -> Flag {
        Flag::of(name, Type::Int, default)
    }

    /// A whole number of 32 bits.
    pub const fn int32(name: &'static str, default: &'static str) -> Flag {
        Flag::of(name, Type::Int32, default)
    }

    /// A duration.
    pub const fn duration(name: &'static str, default: &'static str) -> Flag {
        Flag::of(name, Type::Duration, default)
    }

    /// The same with a shorthand.
    pub const fn short(self, short: char) -> Flag {
        Flag { short, ..self }
    }

    /// The same with another default.
    pub const fn default(self, default: &'static str) -> Flag {
        Flag { default, ..self }
    }

    /// The same with a value for `--flag` alone.
    pub const fn bare(self, bare: &'static str) -> Flag {
        Flag { bare, ..self }
    }

    /// The same, still read and no longer recommended.
    pub const fn deprecated(self, deprecated: &'static str) -> Flag {
        Flag { deprecated, ..self }
    }

    /// The same, there only where a variable says `true`.
    pub const fn gated(self, gate: &'static str) -> Flag {
        Flag { gate, ..self }
    }

    fn title(&self) -> String {
        if self.short == '\0' { format!("--{}", self.name) } else { format!("-{}, --{}", self.short, self.name) }
    }
}

/// A command line, read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parsed {
    /// What is no flag, in order.
    pub args: Vec<Str>,
    /// How many of `args` stood before `--`, if it stood there.
    pub dash_at: Option<usize>,
    /// Every flag that was given, in order, with its text.
    given: Vec<(&'static Flag, Str)>,
    /// What `--record` writes down.
    cause: Str,
    values: OrderedMap<&'static str, Vec<Str>>,
    defaults: OrderedMap<&'static str, &'static str>,
}

/// Why a command line was not read to its end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FlagError {
    /// `-h` or `--help`
    #[error("help requested")]
    Help,
    /// A mistake: cobra's sentence without `error: `.
    #[error("{0}")]
    Wrong(String),
}

/// Reads `words` against `flags`.
pub fn parse(words: &[Str], flags: &[&'static Flag]) -> Result<Parsed, FlagError> {
    let defaults = flags.iter().map(|flag| (flag.name, flag.default)).collect();
    let mut parsed = Parsed { defaults, ..Parsed::default() };
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        if word == "--" {
            parsed.dash_at = Some(parsed.args.len());
            parsed.args.extend(rest.by_ref().cloned());
        } else if let Some(long) = word.strip_prefix("--") {
            parsed.read_long(word, long, &mut rest, flags)?;
        } else if word.len() > 1 && word.starts_with('-') {
            parsed.read_shorts(&word[1..], &mut rest, flags)?;
        } else {
            parsed.args.push(word.clone());
        }
    }
    Ok(parsed)
}

impl Parsed {
    fn read_long<'a>(
        &mut self,
        word: &str,
        long: &str,
        rest: &mut impl Iterator<Item = &'a Str>,
        flags: &[&'static Flag],
    ) -> Result<(), FlagError> {
        if long.starts_with(['-', '=']) {
            return Err(FlagError::Wrong(format!("bad flag syntax: {word}")));
        }
        let (name, value) = match long.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (long, None),
        };
        let Some(flag) = flags.iter().find(|flag| flag.name == name) else {
            return Err(match name {
                "help" => FlagError::Help,
                name => FlagError::Wrong(format!("unknown flag: --{name}")),
            });
        };
        let value = match value {
            Some(value) => Str::from(value),
            None if !flag.bare.is_empty() => flag.bare.into(),
            None => {
                rest.next().cloned().ok_or_else(|| FlagError::Wrong(format!("flag needs an argument: --{name}")))?
            }
        };
        self.store(flag, value)
    }

    fn read_shorts<'a>(
        &mut self,
        letters: &str,
        rest: &mut impl Iterator<Item = &'a Str>,
        flags: &[&'static Flag],
    ) -> Result<(), FlagError> {
        let mut letters = letters;
        while let Some(letter) = letters.chars().next() {
            let after = &letters[letter.len_utf8()..];
            let Some(flag) = flags.iter().find(|flag| flag.short == letter && letter != '\0') else {
                return Err(match letter {
                    'h' => FlagError::Help,
                    letter => FlagError::Wrong(format!("unknown shorthand flag: {letter:?} in -{letters}")),
                });
            };
            if after.len() > 1 && after.starts_with('=') {
                return self.store(flag, after[1..].into());
            }
            if !flag.bare.is_empty() {
                self.store(flag, flag.bare.into())?;
                letters = after;
                continue;
            }
            let value = match after {
                "" => rest
                    .next()
                    .cloned()
                    .ok_or_else(|| FlagError::Wrong(format!("flag needs an argument: {letter:?} in -{letters}")))?,
                value => value.into(),
            };
            return self.store(flag, value);
        }
        Ok(())
    }

    fn store(&mut self, flag: &'static Flag, value: Str) -> Result<(), FlagError> {
        let refuse = |problem: String| {
            FlagError::Wrong(format!("invalid argument {:?} for {:?} flag: {problem}", value.as_str(), flag.title()))
        };
        let stored = match flag.kind {
            Type::Bool => read_bool(&value).map(Str::from).map_err(refuse)?,
            Type::Int | Type::Int32 => read_int(&value)
                .and_then(|number| match i32::try_from(number) {
                    Err(_) if flag.kind == Type::Int32 => Err(out_of_range(&value)),
                    Ok(_) | Err(_) => Ok(value.clone()),
                })
                .map_err(refuse)?,
            Type::Duration => {
                duration::parse_go(&value).map(|_| value.clone()).map_err(|error| refuse(error.to_string()))?
            }
            Type::Text | Type::Array | Type::Slice => value.clone(),
        };
        self.given.push((flag, value));
        let values = self.values.entry(flag.name).or_default();
        match flag.kind {
            Type::Array => values.push(stored),
            Type::Slice => values.extend(stored.split(',').map(Str::from)),
            Type::Bool | Type::Text | Type::Int | Type::Int32 | Type::Duration => *values = vec![stored],
        }
        Ok(())
    }

    /// What is said about flags that should no longer be given, a line each.
    pub fn deprecations(&self) -> String {
        let old = self.given.iter().map(|(flag, _)| flag).filter(|flag| !flag.deprecated.is_empty());
        old.map(|flag| format!("Flag --{} has been deprecated, {}\n", flag.name, flag.deprecated)).collect()
    }

    /// Remembers the whole command line, if `--record` asks for it: arguments first, then flags by their long names.
    pub fn record(&mut self, line: &Parsed) {
        let arguments = line.args.iter().map(|word| format!(" {word}"));
        let flags = line.given.iter().map(|(flag, value)| format!(" --{}={value}", flag.name));
        let words: String = std::iter::once("kubectl".to_owned()).chain(arguments).chain(flags).collect();
        self.cause = words.into();
    }

    /// The command line as `--record` writes it down, if it is to be.
    pub fn cause(&self) -> Option<&Str> {
        api::reached!("record");
        Some(&self.cause).filter(|cause| !cause.is_empty())
    }

    /// The texts of a flag, looked at before its verb runs.
    pub(crate) fn given(&self, name: &str) -> &[Str] {
        self.values.get(name).map_or(&[], Vec::as_slice)
    }

    /// The texts of a flag that its verb asks for, which is noted: what no verb asks for should not be offered.
    fn asked(&self, name: &str) -> &[Str] {
        api::reached!(self.defaults.get_key_value(name).map_or("", |(known, _)| *known));
        self.given(name)
    }

    /// Whether the flag was given.
    pub fn is_set(&self, name: &str) -> bool {
        api::reached!(self.defaults.get_key_value(name).map_or("", |(known, _)| *known));
        self.values.contains_key(name)
    }

    /// The flag's text, or its default.
    pub fn text(&self, name: &str) -> Str {
        let given = self.asked(name).last().cloned();
        given.unwrap_or_else(|| self.defaults.get(name).copied().unwrap_or("").into())
    }

    /// The flag's texts; none by default.
    pub fn texts(&self, name: &str) -> Vec<Str> {
        self.asked(name).to_vec()
    }

    /// Whether a boolean flag is on.
    pub fn is_on(&self, name: &str) -> bool {
        self.text(name) == "true"
    }

    /// The flag's number.
    pub fn int(&self, name: &str) -> i64 {
        read_int(&self.text(name)).unwrap_or(0)
    }

    /// The flag's duration; negative ones are zero.
    pub fn duration(&self, name: &str) -> Span {
        duration::parse_go_span(&self.text(name)).unwrap_or_default()
    }
}

/// A boolean in any form that Go reads.
pub(crate) fn read_bool(text: &str) -> Result<&'static str, String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok("true"),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok("false"),
        _ => Err(format!("strconv.ParseBool: parsing {text:?}: invalid syntax")),
    }
}

/// A whole number as Go reads it; the error is Go's.
pub(crate) fn read_int(text: &str) -> Result<i64, String> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("strconv.ParseInt: parsing {text:?}: invalid syntax"));
    }
    text.parse().map_err(|_| out_of_range(text))
}

fn out_of_range(text: &str) -> String {
    format!("strconv.ParseInt: parsing {text:?}: value out of range")
}

#[cfg(test)]
mod tests {
    use super::*;

    static WATCH: Flag = Flag::bool("watch").short('w');
    static TTY: Flag = Flag::bool("tty").short('t');
    static FILE: Flag = Flag::slice("filename").short('f');
    static COUNT: Flag = Flag::int("replicas", "0");
    static DRY: Flag = Flag::text("dry-run").default("none").bare("unchanged");
    static WAIT: Flag = Flag::duration("timeout", "0s");

    fn read(line: &str) -> Result<Parsed, String> {
        let words: Vec<Str> = line.split(' ').map(Str::from).collect();
        parse(&words, &[&WATCH, &TTY, &FILE, &COUNT, &DRY, &WAIT]).map_err(|error| error.to_string())
    }

    #[test]
    fn values_stand_in_every_place_that_pflag_knows() {
        for line in ["-f a", "-fa", "-f=a", "--filename a", "--filename=a", "-wtf a", "-wf=a"] {
            assert_eq!(read(line).unwrap().texts("filename"), ["a"], "{line}");
        }
        assert_eq!(read("-f a,b -f c").unwrap().texts("filename"), ["a", "b", "c"]);
        assert!(read("x -w y").unwrap().is_on("watch"));
        assert!(!read("--watch=false").unwrap().is_on("watch"));
        assert_eq!(read("--dry-run").unwrap().text("dry-run"), "unchanged");
        let parsed = read("pod -w -- ls -l").unwrap();
        assert_eq!((parsed.args.len(), parsed.dash_at), (3, Some(1)));
    }

    #[test]
    fn mistakes_are_named_in_cobras_words() {
        let cases = [
            ("--bogus", "unknown flag: --bogus"),
            ("-z", "unknown shorthand flag: 'z' in -z"),
            ("-wz", "unknown shorthand flag: 'z' in -z"),
            ("--filename", "flag needs an argument: --filename"),
            ("-f", "flag needs an argument: 'f' in -f"),
            (
                "--replicas=abc",
                r#"invalid argument "abc" for "--replicas" flag: strconv.ParseInt: parsing "abc": invalid syntax"#,
            ),
            (
                "--watch=x",
                r#"invalid argument "x" for "-w, --watch" flag: strconv.ParseBool: parsing "x": invalid syntax"#,
            ),
            ("--timeout=5", r#"invalid argument "5" for "--timeout" flag: time: missing unit in duration "5""#),
        ];
        for (line, expect) in cases {
            assert_eq!(read(line), Err(expect.to_string()), "{line}");
        }
    }
}
