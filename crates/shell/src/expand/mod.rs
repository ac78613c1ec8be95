//! From words to fields: tilde, parameters, `$(…)`, `$((…))`, splitting, globs, braces.
//!
//! Expansion is a function that never waits. When it needs the output of a `$(…)` that has not run yet it stops with
//! [`Stop::Need`]; the machine runs the list and expands again from the start with one more result. Assignments made
//! on the way (`${x:=1}`, `$((i++))`) are undone by the machine before it expands again, so that they happen once.

pub(crate) mod arithmetic;
mod brace;
mod glob;
mod parameter;

use std::rc::Rc;

use thin::Str;

use crate::ast::{List, Part, Word};
use crate::fs::{Caller, Fs};
use crate::limits::{EXPANSION_BYTES_MAX, EXPANSION_WORDS_MAX};
use crate::pattern;
use crate::variables::{ReadOnly, Variables};

/// Why an expansion did not finish.
#[derive(Clone, Debug)]
pub(crate) enum Stop {
    /// The output of this list is needed next.
    Need(Rc<List>),
    /// It failed; the message is without the shell's name. The command does not run.
    Fail(String),
    /// It failed and the rest of the list does not run (`$((1/0))`).
    Discard(String),
    /// It failed and a script ends with it (`${x:?}`, `set -u`).
    Fatal(String),
}

pub(crate) type Expanded<T> = Result<T, Stop>;

impl From<ReadOnly> for Stop {
    fn from(ReadOnly(name): ReadOnly) -> Stop {
        Stop::Fail(format!("{name}: readonly variable"))
    }
}

/// What an expansion reads and changes.
pub(crate) struct Scope<'a> {
    pub variables: &'a mut Variables,
    pub positional: &'a [Str],
    pub arg0: &'a str,
    pub status: i32,
    pub shell_pid: u32,
    pub last_background: Option<u32>,
    pub flags: &'a str,
    pub cwd: &'a str,
    pub fs: &'a dyn Fs,
    pub caller: Caller,
    pub globbing: bool,
    pub unset_is_error: bool,
    /// The outputs of the substitutions that have run, in order.
    pub results: &'a [Str],
    pub used: usize,
    pub bytes: usize,
}

/// One field in the making: its text, and the same as a pattern in which quoted characters are escaped.
#[derive(Clone, Debug, Default)]
struct Field {
    text: String,
    pattern: String,
}

/// Fields in the making. `current` is `None` between fields.
#[derive(Default)]
struct Fields {
    done: Vec<Field>,
    current: Option<Field>,
}

impl Fields {
    fn quoted(&mut self, text: &str) {
        let field = self.current.get_or_insert_default();
        field.text.push_str(text);
        pattern::quote(text, &mut field.pattern);
    }

    /// Unquoted text that is not split.
    fn live(&mut self, text: &str) {
        let field = self.current.get_or_insert_default();
        field.text.push_str(text);
        field.pattern.push_str(text);
    }

    fn finish(&mut self) {
        self.done.extend(self.current.take());
    }

    /// Unquoted results of an expansion, split at the characters of IFS.
    fn split(&mut self, text: &str, ifs: &str) {
        let is_white = |c: char| ifs.contains(c) && matches!(c, ' ' | '\t' | '\n');
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            if !ifs.contains(c) {
                let field = self.current.get_or_insert_default();
                field.text.push(c);
                // A backslash that came out of an expansion is no escape.
                if c == '\\' {
                    field.pattern.push('\\');
                }
                field.pattern.push(c);
                continue;
            }
            if is_white(c) {
                self.finish();
                while chars.peek().is_some_and(|&next| is_white(next)) {
                    chars.next();
                }
                // White space around another separator belongs to it.
                if chars.peek().is_some_and(|&next| ifs.contains(next)) && self.done_now() {
                    chars.next();
                    while chars.peek().is_some_and(|&next| is_white(next)) {
                        chars.next();
                    }
                }
                continue;
            }
            self.current.get_or_insert_default();
            self.finish();
            while chars.peek().is_some_and(|&next| is_white(next)) {
                chars.next();
            }
        }
    }

    fn done_now(&self) -> bool {
        self.current.is_none() && !self.done.is_empty()
    }
}

/// How a run of parts is expanded.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    /// Split and globbed.
    Fields,
    /// One string: an assignment's value, a redirection's target.
    Whole,
    /// Within double quotes.
    Double,
}

impl Scope<'_> {
    /// The fields of a command's words.
    pub(crate) fn fields(&mut self, words: &[Word]) -> Expanded<Vec<String>> {
        let mut fields = Vec::new();
        for word in words {
            for word in brace::expand(word).map_err(Stop::Fail)? {
                let mut making = Fields::default();
                self.parts(&word.parts, Style::Fields, &mut making)?;
                making.finish();
                for field in making.done {
                    glob::expand(self, field.text, &field.pattern, &mut fields)?;
                }
                if fields.len() > EXPANSION_WORDS_MAX {
                    return Err(Stop::Fail(format!("expansion makes more than {EXPANSION_WORDS_MAX} words")));
                }
            }
        }
        Ok(fields)
    }

    /// The text of a word that is neither split nor globbed.
    pub(crate) fn text(&mut self, word: &Word) -> Expanded<String> {
        Ok(self.whole(&word.parts)?.text)
    }

    /// A word as a pattern: what was quoted in it stands for itself.
    pub(crate) fn pattern(&mut self, word: &Word) -> Expanded<String> {
        Ok(self.whole(&word.parts)?.pattern)
    }

    /// A word as a regular expression: what was quoted in it stands for itself.
    pub(crate) fn regex(&mut self, word: &Word) -> Expanded<String> {
        let mut text = String::new();
        for part in &word.parts {
            let whole = self.whole(std::slice::from_ref(part))?.text;
            match part {
                Part::Quoted(_) | Part::Double(_) => crate::regex::quote(&whole, &mut text),
                Part::Literal(_) | Part::Parameter(_) | Part::Substitution(_) | Part::Arithmetic(_) => {
                    text.push_str(&whole);
                }
            }
        }
        Ok(text)
    }

    /// The value of a word that is an arithmetic expression.
    pub(crate) fn arithmetic(&mut self, word: &Word) -> Expanded<i64> {
        let text = self.text(word)?;
        arithmetic::evaluate(&text, self).map_err(Stop::Fail)
    }

    fn whole(&mut self, parts: &[Part]) -> Expanded<Field> {
        let mut making = Fields::default();
        self.parts(parts, Style::Whole, &mut making)?;
        making.finish();
        let mut fields = making.done.into_iter();
        let mut whole = fields.next().unwrap_or_default();
        for field in fields {
            whole.text = format!("{} {}", whole.text, field.text);
            whole.pattern = format!("{} {}", whole.pattern, field.pattern);
        }
        Ok(whole)
    }

    fn parts(&mut self, parts: &[Part], style: Style, fields: &mut Fields) -> Expanded<()> {
        for (index, part) in parts.iter().enumerate() {
            match part {
                Part::Literal(text) if index == 0 && text.starts_with('~') => {
                    let alone = parts.len() == 1;
                    self.tilde(text, alone, fields);
                }
                Part::Literal(text) => fields.live(text),
                Part::Quoted(text) => fields.quoted(text),
                Part::Double(inner) => {
                    // "" is a field; "$@" without positions is none.
                    if !matches!(inner.as_slice(), [Part::Parameter(p)] if p.name == "@") {
                        fields.current.get_or_insert_default();
                    }
                    self.parts(inner, Style::Double, fields)?;
                }
                Part::Parameter(parameter) => self.parameter(parameter, style, fields)?,
                Part::Substitution(list) => {
                    let Some(output) = self.results.get(self.used).cloned() else {
                        return Err(Stop::Need(list.clone()));
                    };
                    self.used += 1;
                    self.add(&output, style, fields)?;
                }
                Part::Arithmetic(word) => {
                    let value = self.arithmetic(word).map_err(|stop| match stop {
                        Stop::Fail(text) => Stop::Discard(text),
                        other => other,
                    })?;
                    self.add(&value.to_string(), style, fields)?;
                }
            }
        }
        Ok(())
    }

    /// Adds the result of an expansion.
    fn add(&mut self, text: &str, style: Style, fields: &mut Fields) -> Expanded<()> {
        self.bytes += text.len();
        if self.bytes > EXPANSION_BYTES_MAX {
            return Err(Stop::Fail(format!("expansion is longer than {EXPANSION_BYTES_MAX} bytes")));
        }
        match style {
            Style::Double => fields.quoted(text),
            Style::Whole => fields.live(&text.replace('\\', "\\\\")),
            Style::Fields => {
                let ifs = self.ifs();
                fields.split(text, &ifs);
            }
        }
        if style == Style::Whole
            && let Some(field) = &mut fields.current
        {
            // `live` added the escaped form to both; the text is the plain one.
            let escaped = text.replace('\\', "\\\\");
            field.text.truncate(field.text.len() - escaped.len());
            field.text.push_str(text);
        }
        Ok(())
    }

    fn ifs(&self) -> String {
        self.variables.get("IFS").map_or_else(|| " \t\n".to_string(), ToString::to_string)
    }

    fn tilde(&mut self, text: &str, alone: bool, fields: &mut Fields) {
        let end = text.find('/').unwrap_or(text.len());
        let home = match &text[1..end] {
            "" if end < text.len() || alone => Some(self.variables.get("HOME").cloned().unwrap_or_else(|| "/".into())),
            "+" => Some(self.cwd.into()),
            "-" => self.variables.get("OLDPWD").cloned(),
            "root" => Some("/root".into()),
            _ => None,
        };
        match home {
            Some(home) => {
                fields.quoted(&home);
                fields.live(&text[end..]);
            }
            None => fields.live(text),
        }
    }
}

impl arithmetic::Cells for Scope<'_> {
    fn get(&mut self, name: &str) -> Result<String, String> {
        match self.variables.get(name) {
            Some(value) => Ok(value.to_string()),
            None if self.unset_is_error => Err(format!("{name}: unbound variable")),
            None => Ok(String::new()),
        }
    }

    fn set(&mut self, name: &str, value: i64) -> Result<(), String> {
        self.variables.set(name, value.to_string()).map_err(|ReadOnly(name)| format!("{name}: readonly variable"))
    }
}
