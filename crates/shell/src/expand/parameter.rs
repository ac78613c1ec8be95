//! `$name` and `${…}`.

use thin::Str;

use super::{Expanded, Fields, Scope, Stop, Style};
use crate::ast::Scope as Where;
use crate::ast::*;
use crate::pattern::matches_chars;

impl Scope<'_> {
    /// The value of a parameter; `None` if unset.
    fn value(&self, name: &str) -> Option<Str> {
        match name {
            "?" => Some(self.status.to_string().into()),
            "#" => Some(self.positional.len().to_string().into()),
            "$" => Some(self.shell_pid.to_string().into()),
            "!" => self.last_background.map(|pid| pid.to_string().into()),
            "-" => Some(self.flags.into()),
            "0" => Some(self.arg0.into()),
            "@" | "*" if self.positional.is_empty() => None,
            "@" => Some(self.positional.join(" ").into()),
            "*" => {
                let separator = self.ifs().chars().next().map(String::from).unwrap_or_default();
                Some(self.positional.join(&separator).into())
            }
            _ if name.starts_with(|c: char| c.is_ascii_digit()) => {
                let position: usize = name.parse().ok()?;
                self.positional.get(position.checked_sub(1)?).cloned()
            }
            _ => self.variables.get(name).cloned(),
        }
    }

    fn required(&self, name: &str) -> Expanded<Str> {
        match self.value(name) {
            Some(value) => Ok(value),
            None if self.unset_is_error && !matches!(name, "@" | "*") => {
                let sign = if name.starts_with(|c: char| c.is_ascii_digit()) { "$" } else { "" };
                Err(Stop::Fatal(format!("{sign}{name}: unbound variable")))
            }
            None => Ok(Str::new()),
        }
    }

    pub(super) fn parameter(&mut self, parameter: &Parameter, style: Style, fields: &mut Fields) -> Expanded<()> {
        let name = parameter.name.as_str();
        if matches!(name, "@" | "*") && !matches!(parameter.change, Change::Length | Change::Unset { .. }) {
            return self.positions(parameter, style, fields);
        }
        let text = match &parameter.change {
            Change::None => self.required(name)?,
            Change::Length if matches!(name, "@" | "*") => self.positional.len().to_string().into(),
            Change::Length => self.required(name)?.chars().count().to_string().into(),
            Change::Indirect => {
                let target = self.required(name)?;
                self.required(&target)?
            }
            Change::Unset { or_empty, action, word } => {
                return self.unset(name, *or_empty, *action, word, style, fields);
            }
            Change::Trim { .. } | Change::Replace { .. } | Change::Slice { .. } | Change::Case { .. } => {
                let value = self.required(name)?;
                self.changed(&value, &parameter.change)?
            }
        };
        self.add(&text, style, fields)
    }

    /// `$@` and `$*`, with or without a change to each position.
    fn positions(&mut self, parameter: &Parameter, style: Style, fields: &mut Fields) -> Expanded<()> {
        let mut values: Vec<Str> = self.positional.to_vec();
        match &parameter.change {
            Change::None => {}
            Change::Slice { offset, length } => {
                values.insert(0, self.arg0.into());
                let offset = usize::try_from(self.arithmetic(offset)?).unwrap_or(0).min(values.len());
                let length = match length {
                    Some(length) => usize::try_from(self.arithmetic(length)?).unwrap_or(0),
                    None => values.len(),
                };
                values = values.into_iter().skip(offset).take(length).collect();
            }
            change => {
                for value in &mut values {
                    *value = self.changed(&value.clone(), change)?;
                }
            }
        }
        if parameter.name == "*" && style != Style::Fields {
            let separator = self.ifs().chars().next().map(String::from).unwrap_or_default();
            return self.add(&values.join(&separator), style, fields);
        }
        for (index, value) in values.iter().enumerate() {
            if index > 0 {
                fields.finish();
            }
            if style == Style::Double {
                fields.current.get_or_insert_default();
            }
            self.add(value, style, fields)?;
        }
        Ok(())
    }

    fn unset(
        &mut self,
        name: &str,
        or_empty: bool,
        action: UnsetAction,
        word: &Word,
        style: Style,
        fields: &mut Fields,
    ) -> Expanded<()> {
        let value = self.value(name).filter(|value| !(or_empty && value.is_empty()));
        match (action, value) {
            (UnsetAction::Alternate, None) => Ok(()),
            (UnsetAction::Alternate, Some(_)) | (UnsetAction::Default, None) => self.word_within(word, style, fields),
            (_, Some(_)) if matches!(name, "@" | "*") => {
                self.positions(&Parameter { name: name.into(), change: Change::None }, style, fields)
            }
            (_, Some(value)) => self.add(&value, style, fields),
            (UnsetAction::Assign, None) => {
                if !crate::parse::is_name(name) {
                    return Err(Stop::Fail(format!("${name}: cannot assign in this way")));
                }
                let value = self.text(word)?;
                self.variables.set(name, value.as_str())?;
                self.add(&value, style, fields)
            }
            (UnsetAction::Error, None) => {
                let text = self.text(word)?;
                let standard = if or_empty { "parameter null or not set" } else { "parameter not set" };
                let text = if text.is_empty() { standard } else { &text };
                Err(Stop::Fatal(format!("{name}: {text}")))
            }
        }
    }

    /// A word within `${…}`: unquoted literals in it are split too.
    fn word_within(&mut self, word: &Word, style: Style, fields: &mut Fields) -> Expanded<()> {
        for (index, part) in word.parts.iter().enumerate() {
            match part {
                Part::Literal(text) if style == Style::Fields && !(index == 0 && text.starts_with('~')) => {
                    self.add(text, style, fields)?;
                }
                _ => self.parts(std::slice::from_ref(part), style, fields)?,
            }
        }
        Ok(())
    }

    fn changed(&mut self, value: &str, change: &Change) -> Expanded<Str> {
        Ok(match change {
            Change::Trim { end, greed, pattern } => {
                let pattern: Vec<char> = self.pattern(pattern)?.chars().collect();
                trim(value, &pattern, *end, *greed).into()
            }
            Change::Replace { scope, pattern, with } => {
                let pattern: Vec<char> = self.pattern(pattern)?.chars().collect();
                let with = self.text(with)?;
                replace(value, &pattern, &with, *scope).into()
            }
            Change::Slice { offset, length } => {
                let offset = self.arithmetic(offset)?;
                let length = length.as_ref().map(|length| self.arithmetic(length)).transpose()?;
                slice(value, offset, length)?.into()
            }
            Change::Case { to, scope } => change_case(value, *to, *scope).into(),
            Change::None | Change::Length | Change::Indirect | Change::Unset { .. } => value.into(),
        })
    }
}

fn trim(value: &str, pattern: &[char], end: End, greed: Greed) -> String {
    let chars: Vec<char> = value.chars().collect();
    let count = chars.len();
    let mut lengths: Vec<usize> = (0..=count).collect();
    if greed == Greed::Longest {
        lengths.reverse();
    }
    let taken = lengths.into_iter().find(|&length| match end {
        End::Start => matches_chars(pattern, &chars[..length]),
        End::Finish => matches_chars(pattern, &chars[count - length..]),
    });
    match (taken, end) {
        (None, _) => value.to_string(),
        (Some(length), End::Start) => chars[length..].iter().collect(),
        (Some(length), End::Finish) => chars[..count - length].iter().collect(),
    }
}

/// The longest match of the pattern that starts at `from`, if it takes anything.
fn longest_at(chars: &[char], from: usize, pattern: &[char]) -> Option<usize> {
    (from + 1..=chars.len()).rev().find(|&to| matches_chars(pattern, &chars[from..to]))
}

fn replace(value: &str, pattern: &[char], with: &str, scope: Where) -> String {
    let chars: Vec<char> = value.chars().collect();
    if pattern.is_empty() {
        return match scope {
            Where::Start => format!("{with}{value}"),
            Where::Finish => format!("{value}{with}"),
            Where::First | Where::All => value.to_string(),
        };
    }
    let mut result = String::new();
    let mut at = 0;
    while at < chars.len() {
        let to = longest_at(&chars, at, pattern).filter(|&to| scope != Where::Finish || to == chars.len());
        match to {
            Some(to) => {
                result.push_str(with);
                at = to;
                if scope != Where::All {
                    break;
                }
            }
            None if scope == Where::Start => break,
            None => {
                result.push(chars[at]);
                at += 1;
            }
        }
    }
    result.extend(&chars[at..]);
    result
}

fn slice(value: &str, offset: i64, length: Option<i64>) -> Expanded<String> {
    let chars: Vec<char> = value.chars().collect();
    let count = chars.len() as i64;
    let start = if offset < 0 { count.saturating_add(offset) } else { offset };
    if start < 0 || start > count {
        return Ok(String::new());
    }
    let end = match length {
        None => count,
        Some(length) if length >= 0 => start.saturating_add(length).min(count),
        Some(length) => count.saturating_add(length),
    };
    if end < start {
        return Err(Stop::Fail(format!("{}: substring expression < 0", length.unwrap_or(0))));
    }
    Ok(chars[start as usize..end as usize].iter().collect())
}

fn change_case(value: &str, to: LetterCase, scope: Where) -> String {
    let change = |c: char| match to {
        LetterCase::Upper => c.to_uppercase().collect::<String>(),
        LetterCase::Lower => c.to_lowercase().collect(),
    };
    let all = scope == Where::All;
    value.chars().enumerate().map(|(index, c)| if all || index == 0 { change(c) } else { c.to_string() }).collect()
}
