//! A template, parsed.

use std::fmt;

use api::Value;

use crate::printers::go::{format_v, quote};

/// Nodes one after another.
pub(super) type List = Vec<Node>;

/// What a template consists of.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Text(String),
    /// `{{pipeline}}`
    Action(Pipeline),
    If(Control),
    With(Control),
    Range(Control),
    Template {
        name: String,
        argument: Option<Pipeline>,
        pos: usize,
    },
    Break,
    Continue,
}

/// A pipeline and what depends on it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Control {
    pub(super) pipeline: Pipeline,
    pub(super) list: List,
    pub(super) otherwise: List,
}

/// What the variables of a pipeline are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Binding {
    /// `:=`
    New,
    /// `=`
    Old,
}

/// `$x := command | command`
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pipeline {
    pub(super) variables: Vec<String>,
    pub(super) binding: Binding,
    pub(super) commands: Vec<Command>,
    pub(super) pos: usize,
}

/// A function or value, and its arguments.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Command {
    pub(super) operands: Vec<Operand>,
    pub(super) pos: usize,
}

/// One word of a command.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Operand {
    pub(super) term: Term,
    /// The fields of a path after the term.
    pub(super) fields: Vec<String>,
    pub(super) pos: usize,
}

/// What a word stands for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Term {
    Dot,
    /// `.a.b`; the names are the operand's fields.
    Field,
    /// `$x`, with the dollar sign.
    Variable(String),
    Function(String),
    /// A literal and how it was written.
    Literal(Value, String),
    Nil,
    Pipeline(Box<Pipeline>),
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.term {
            Term::Dot => f.write_str(".")?,
            Term::Field => {}
            Term::Variable(name) | Term::Function(name) => f.write_str(name)?,
            Term::Literal(_, written) => f.write_str(written)?,
            Term::Nil => f.write_str("nil")?,
            Term::Pipeline(pipeline) => write!(f, "({pipeline})")?,
        }
        self.fields.iter().try_for_each(|name| write!(f, ".{name}"))
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, operand) in self.operands.iter().enumerate() {
            write!(f, "{}{operand}", if index > 0 { " " } else { "" })?;
        }
        Ok(())
    }
}

impl fmt::Display for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.variables.is_empty() {
            let sign = if self.binding == Binding::New { ":=" } else { "=" };
            write!(f, "{} {sign} ", self.variables.join(", "))?;
        }
        for (index, command) in self.commands.iter().enumerate() {
            write!(f, "{}{command}", if index > 0 { " | " } else { "" })?;
        }
        Ok(())
    }
}

/// A literal as an error names it.
pub(super) fn literal_text(value: &Value) -> String {
    match value {
        Value::Str(text) => quote(text),
        other => format_v(other),
    }
}
