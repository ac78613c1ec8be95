//! From text to nodes.

use api::Str;

use super::{Node, Parameter};
use crate::printers::go::unquote;

/// How deep filters and unions may stand in one another.
const DEPTH_MAX: usize = 20;

/// Parses a template: text, and actions in braces.
pub(super) fn parse(text: &str, depth: usize) -> Result<Vec<Node>, String> {
    if depth > DEPTH_MAX {
        return Err(format!("filters are nested more than {DEPTH_MAX} deep"));
    }
    let mut nodes = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        if open > 0 {
            nodes.push(Node::Text(rest[..open].into()));
        }
        let mut action = Action { rest: &rest[open + 1..], nodes: Vec::new(), depth };
        action.run()?;
        nodes.push(Node::List(action.nodes));
        rest = action.rest;
    }
    if !rest.is_empty() {
        nodes.push(Node::Text(rest.into()));
    }
    Ok(nodes)
}

/// Parses text as if it stood in braces; what follows a brace in it does not count.
fn parse_action(text: &str, depth: usize) -> Result<Vec<Node>, String> {
    let nodes = parse(&format!("{{{text}}}"), depth + 1)?;
    match nodes.into_iter().next() {
        Some(Node::List(nodes)) => Ok(nodes),
        _ => Ok(Vec::new()),
    }
}

fn is_terminator(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n' | '.' | ',' | '[' | ']' | '$' | '@' | '{' | '}')
}

fn is_alphanumeric(c: char) -> bool {
    c == '_' || c.is_alphabetic() || c.is_numeric()
}

struct Action<'t> {
    rest: &'t str,
    nodes: Vec<Node>,
    depth: usize,
}

impl<'t> Action<'t> {
    /// Parses up to and including the closing brace.
    fn run(&mut self) -> Result<(), String> {
        loop {
            if let Some(rest) = self.rest.strip_prefix('}') {
                self.rest = rest;
                return Ok(());
            }
            if let Some(rest) = self.rest.strip_prefix("[?(") {
                self.rest = rest;
                self.filter()?;
                continue;
            }
            if let Some(rest) = self.rest.strip_prefix("..") {
                self.rest = rest;
                self.recursive()?;
                continue;
            }
            let Some(c) = self.rest.chars().next() else { return Err("unclosed action".into()) };
            match c {
                '\r' | '\n' => return Err("unclosed action".into()),
                ' ' | '@' | '$' => {
                    self.take(1);
                }
                '[' => self.array()?,
                '"' | '\'' => self.quoted(c)?,
                '.' => {
                    self.take(1);
                    self.field();
                }
                '+' | '-' => self.number()?,
                _ if c.is_numeric() => self.number()?,
                _ if is_alphanumeric(c) => self.identifier(),
                _ => return Err(format!("unrecognized character in action: U+{:04X} '{c}'", u32::from(c))),
            }
        }
    }

    /// Takes so many bytes off the text.
    fn take(&mut self, length: usize) -> &'t str {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }

    fn identifier(&mut self) {
        let length = self.rest.find(is_terminator).unwrap_or(self.rest.len());
        let node = match self.take(length) {
            "true" => Node::Bool(true),
            "false" => Node::Bool(false),
            name => Node::Identifier(name.into()),
        };
        self.nodes.push(node);
    }

    fn recursive(&mut self) -> Result<(), String> {
        if self.nodes.last() == Some(&Node::Recursive) {
            return Err("invalid multiple recursive descent".into());
        }
        self.nodes.push(Node::Recursive);
        if self.rest.starts_with(is_alphanumeric) {
            self.field();
        }
        Ok(())
    }

    /// A name up to a terminator that no backslash precedes.
    fn field(&mut self) {
        let mut is_escaped = false;
        let end = self.rest.find(|c: char| {
            let ends = !is_escaped && is_terminator(c);
            is_escaped = !is_escaped && c == '\\';
            ends
        });
        let name = self.take(end.unwrap_or(self.rest.len()));
        self.nodes.push(if name == "*" { Node::Wildcard } else { Node::Field(name.replace('\\', "").into()) });
    }

    fn number(&mut self) -> Result<(), String> {
        let sign = usize::from(self.rest.starts_with(['+', '-']));
        let digits = self.rest[sign..].find(|c: char| c != '.' && !c.is_ascii_digit());
        let length = digits.map_or(self.rest.len(), |digits| sign + digits);
        // A digit of another script is not a number for Go either.
        let text = self.take(length.max(self.rest.chars().next().map_or(0, char::len_utf8)));
        let node = text.parse().map(Node::Int).or_else(|_| text.parse().map(Node::Float));
        self.nodes.push(node.map_err(|_| format!("cannot parse number {text}"))?);
        Ok(())
    }

    fn quoted(&mut self, quote: char) -> Result<(), String> {
        let unterminated = || "unterminated quoted string".to_string();
        let mut before = quote;
        let mut end = None;
        for (at, c) in self.rest.char_indices().skip(1) {
            if c == '\n' {
                break;
            }
            if c == quote && before != '\\' {
                end = Some(at);
                break;
            }
            before = c;
        }
        let whole = self.take(end.ok_or_else(unterminated)? + 1);
        let inner = &whole[1..whole.len() - 1];
        let text = if inner.contains('\\') { unquote(inner, quote) } else { Some(inner.to_string()) };
        let text = text.ok_or_else(|| format!("unquote string {whole} error invalid syntax"))?;
        self.nodes.push(Node::Text(text.into()));
        Ok(())
    }

    fn array(&mut self) -> Result<(), String> {
        let unterminated = || "unterminated array".to_string();
        let end = self.rest.find([']', '\n']).filter(|end| self.rest[*end..].starts_with(']'));
        let whole = self.take(end.ok_or_else(unterminated)? + 1);
        let text = match &whole[1..whole.len() - 1] {
            "*" => ":",
            text => text,
        };
        if text.contains(',') {
            let parts = text.split(',').map(|part| parse_action(&format!("[{}]", part.trim_matches(' ')), self.depth));
            self.nodes.push(Node::Union(parts.collect::<Result<_, _>>()?));
        } else if let Some(key) = dictionary_key(text) {
            self.nodes.extend(parse_action(&format!(".{key}"), self.depth)?);
        } else {
            self.nodes.push(Node::Array(slice(text)?));
        }
        Ok(())
    }

    fn filter(&mut self) -> Result<(), String> {
        let end = self.filter_end()?;
        let text = self.take(end);
        self.take(1);
        if !self.rest.starts_with(']') {
            return Err("unclosed array expect ]".into());
        }
        self.take(1);
        let node = match split_comparison(text) {
            None => {
                Node::Filter { left: parse_action(text, self.depth)?, operator: "exists".into(), right: Vec::new() }
            }
            Some((left, operator, right)) => Node::Filter {
                left: parse_action(left, self.depth)?,
                operator: Str::from(operator),
                right: parse_action(right, self.depth)?,
            },
        };
        self.nodes.push(node);
        Ok(())
    }

    /// Where the parenthesis of a filter closes; one inside of the quotes does not count.
    fn filter_end(&self) -> Result<usize, String> {
        let mut pair = None;
        let mut is_closed = false;
        let mut before = ' ';
        for (at, c) in self.rest.char_indices() {
            match c {
                '\n' => break,
                '"' | '\'' if pair.is_none() => pair = Some(c),
                '"' | '\'' if before != '\\' && pair == Some(c) => is_closed = true,
                ')' if pair.is_some() == is_closed => return Ok(at),
                _ => {}
            }
            before = c;
        }
        Err("unterminated filter".into())
    }
}

/// The name in `'name'`.
fn dictionary_key(text: &str) -> Option<&str> {
    text.strip_prefix('\'')?.strip_suffix('\'').filter(|key| !key.contains('\''))
}

/// Left side, operator and right side of a comparison, none of them empty.
fn split_comparison(text: &str) -> Option<(&str, &str, &str)> {
    let is_sign = |c: char| matches!(c, '!' | '<' | '>' | '=');
    let start = text.find(is_sign).filter(|start| *start > 0)?;
    let length = text[start..].find(|c| !is_sign(c))?;
    Some((&text[..start], &text[start..start + length], &text[start + length..]))
}

/// `1`, `1:3`, `-1:`, `::2`.
fn slice(text: &str) -> Result<[Parameter; 3], String> {
    let parts: Vec<&str> = text.split(':').collect();
    let is_number = |part: &&str| part.strip_prefix('-').unwrap_or(part).bytes().all(|byte| byte.is_ascii_digit());
    if parts.len() > 3 || !parts.iter().all(is_number) {
        return Err(format!("invalid array index {text}"));
    }
    let mut parameters = [Parameter::default(); 3];
    for (parameter, part) in parameters.iter_mut().zip(&parts).filter(|(_, part)| !part.is_empty()) {
        parameter.is_known = true;
        parameter.value = part.parse().map_err(|_| format!("array index {part} is not a number"))?;
    }
    if parts.len() == 1 {
        let value = parameters[0].value.saturating_add(1);
        parameters[1] = Parameter { value, is_known: true, is_derived: true };
    }
    Ok(parameters)
}
