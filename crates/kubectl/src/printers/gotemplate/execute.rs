//! From nodes and a value to text.

use std::borrow::Cow;
use std::fmt::Display;

use api::Value;

use super::builtin;
use super::node::{Binding, Command, Control, Node, Operand, Pipeline, Term, literal_text};
use super::{NAME, Template};
use crate::printers::go::{format_v, quote, type_name};
use crate::printers::jsonpath::MissingKeys;

/// How many nodes one execution may visit.
pub(super) const STEPS_MAX: usize = 2_000_000;

/// How much one execution may print, in bytes.
pub(super) const OUTPUT_BYTES_MAX: usize = 16 << 20;

/// How deep blocks, pipelines and templates may be entered.
const DEPTH_MAX: usize = 400;

/// A value on its way through a pipeline.
#[derive(Clone, Debug)]
pub(super) struct Val<'v> {
    /// `None` is what a missing key is: no value at all.
    pub(super) value: Option<Cow<'v, Value>>,
    /// Go knows it only as something in a map or a list; errors then name no type.
    is_interface: bool,
}

impl<'v> Val<'v> {
    pub(super) const MISSING: Val<'static> = Val { value: None, is_interface: false };

    pub(super) fn owned(value: Value) -> Val<'v> {
        Val { value: Some(Cow::Owned(value)), is_interface: false }
    }

    /// What stands in a map or a list.
    pub(super) fn inner(value: Cow<'v, Value>) -> Val<'v> {
        Val { value: Some(value), is_interface: true }
    }

    /// The value, if there is one and it is not null.
    pub(super) fn some(&self) -> Option<&Value> {
        self.value.as_deref().filter(|value| !value.is_null())
    }

    /// The value, or null where there is none.
    pub(super) fn or_null(&self) -> &Value {
        self.value.as_deref().unwrap_or(&api::value::NULL)
    }

    /// What Go calls truth: not empty, not zero.
    pub(super) fn is_true(&self) -> bool {
        match self.some() {
            None => false,
            Some(Value::Bool(value)) => *value,
            Some(Value::Int(number)) => *number != 0,
            Some(Value::Float(number)) => *number != 0.0,
            Some(Value::Str(text)) => !text.is_empty(),
            Some(Value::List(list)) => !list.is_empty(),
            Some(Value::Map(map)) => !map.is_empty(),
            Some(Value::Null) => false,
        }
    }

    /// What is left when a pipeline has ended: a null in a map becomes no value.
    fn unwrapped(self) -> Val<'v> {
        match self.value {
            Some(value) if !value.is_null() => Val { value: Some(value), is_interface: false },
            _ => Val::MISSING,
        }
    }

    fn type_name(&self) -> &'static str {
        if self.is_interface { "interface {}" } else { type_name(self.or_null()) }
    }

    fn element(&self, key: &str) -> Option<Val<'v>> {
        match self.value.as_ref()? {
            Cow::Borrowed(value) => value.as_map()?.get(key).map(|value| Val::inner(Cow::Borrowed(value))),
            Cow::Owned(value) => value.as_map()?.get(key).map(|value| Val::inner(Cow::Owned(value.clone()))),
        }
    }

    /// How many turns a range over it takes; `None` if there are none to be had of this type.
    fn turns(&self) -> Option<usize> {
        Some(match self.or_null() {
            Value::Null => 0,
            Value::List(list) => list.len(),
            Value::Map(map) => map.len(),
            Value::Int(turns) => usize::try_from(*turns).unwrap_or(0),
            Value::Bool(_) | Value::Float(_) | Value::Str(_) => return None,
        })
    }

    /// Key and element of one turn of a range. Made one by one: a range over a great number holds none but the present.
    fn turn(&self, turn: usize) -> (Value, Val<'v>) {
        let number = Value::Int(turn as i64);
        let element = match &self.value {
            Some(Cow::Borrowed(value)) => element(value, turn).map(|(key, item)| (key, Cow::Borrowed(item))),
            Some(Cow::Owned(value)) => element(value, turn).map(|(key, item)| (key, Cow::Owned(item.clone()))),
            None => None,
        };
        match element {
            Some((key, item)) => (key.unwrap_or(number), Val::inner(item)),
            None => (number.clone(), Val::owned(number)),
        }
    }
}

/// One element of a list, or of a map with its key.
fn element(value: &Value, index: usize) -> Option<(Option<Value>, &Value)> {
    match value {
        Value::List(list) => list.get(index).map(|item| (None, item)),
        Value::Map(map) => map.iter().nth(index).map(|(key, item)| (Some(Value::Str(key.clone())), item)),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Str(_) => None,
    }
}

/// What a node says about those after it.
#[derive(PartialEq)]
enum Flow {
    Next,
    Break,
    Continue,
}

pub(super) fn execute(template: &Template, value: &Value) -> (String, Option<String>) {
    let data = Val { value: Some(Cow::Borrowed(value)), is_interface: false };
    let mut state = State {
        template,
        out: String::new(),
        variables: vec![("$".to_string(), data.clone())],
        name: NAME.to_string(),
        steps: 0,
        depth: 0,
    };
    let error = state.list(&data, &template.root).err();
    (state.out, error)
}

struct State<'t, 'v> {
    template: &'t Template,
    out: String,
    /// The innermost last.
    variables: Vec<(String, Val<'v>)>,
    /// Of the template that is being executed.
    name: String,
    steps: usize,
    depth: usize,
}

impl<'t, 'v> State<'t, 'v> {
    /// An error at a place of the template, with the part that stands there.
    fn fail<T>(&self, pos: usize, part: impl Display, message: impl Display) -> Result<T, String> {
        let before = &self.template.text[..pos];
        let (line, column) = (1 + before.matches('\n').count(), pos - before.rfind('\n').map_or(0, |at| at + 1));
        let name = quote(&self.name);
        Err(format!("template: {NAME}:{line}:{column}: executing {name} at <{part}>: {message}"))
    }

    fn count(&mut self, steps: usize) -> Result<(), String> {
        self.steps = self.steps.saturating_add(steps);
        if self.steps > STEPS_MAX {
            return Err(format!("template: {NAME}: stopped after {STEPS_MAX} steps"));
        }
        if self.out.len() > OUTPUT_BYTES_MAX {
            return Err(format!("template: {NAME}: stopped after {OUTPUT_BYTES_MAX} bytes of output"));
        }
        Ok(())
    }

    fn enter(&mut self) -> Result<(), String> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(format!("template: {NAME}: exceeded maximum template depth ({DEPTH_MAX})"));
        }
        self.count(1)
    }

    fn list(&mut self, dot: &Val<'v>, list: &'t [Node]) -> Result<Flow, String> {
        self.enter()?;
        for node in list {
            let flow = self.node(dot, node)?;
            if flow != Flow::Next {
                self.depth -= 1;
                return Ok(flow);
            }
        }
        self.depth -= 1;
        Ok(Flow::Next)
    }

    fn node(&mut self, dot: &Val<'v>, node: &'t Node) -> Result<Flow, String> {
        self.count(1)?;
        match node {
            Node::Text(text) => self.out.push_str(text),
            Node::Action(pipeline) => {
                let value = self.pipeline(dot, pipeline)?;
                if pipeline.variables.is_empty() {
                    let text = value.value.as_deref().map_or_else(|| "<no value>".to_string(), format_v);
                    self.out.push_str(&text);
                }
            }
            Node::If(control) => return self.branch(dot, control, |_, dot| dot),
            Node::With(control) => return self.branch(dot, control, |value, _| value),
            Node::Range(control) => return self.range(dot, control),
            Node::Template { name, argument, pos } => self.call(dot, name, argument.as_ref(), *pos)?,
            Node::Break => return Ok(Flow::Break),
            Node::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::Next)
    }

    fn branch(
        &mut self,
        dot: &Val<'v>,
        control: &'t Control,
        inner: fn(Val<'v>, Val<'v>) -> Val<'v>,
    ) -> Result<Flow, String> {
        let variables = self.variables.len();
        let value = self.pipeline(dot, &control.pipeline)?;
        let flow = if value.is_true() {
            self.list(&inner(value, dot.clone()), &control.list)
        } else {
            self.list(dot, &control.otherwise)
        };
        self.variables.truncate(variables);
        flow
    }

    fn range(&mut self, dot: &Val<'v>, control: &'t Control) -> Result<Flow, String> {
        let pipeline = &control.pipeline;
        let variables = self.variables.len();
        let value = self.pipeline(dot, pipeline)?;
        let Some(turns) = value.turns() else {
            return self.fail(
                pipeline.pos,
                pipeline,
                format!("range can't iterate over {}", format_v(value.or_null())),
            );
        };
        let is_number = matches!(value.or_null(), Value::Int(_));
        if is_number && pipeline.variables.len() > 1 {
            let message = format!("can't use {} to iterate over more than one variable", format_v(value.or_null()));
            return self.fail(pipeline.pos, pipeline, message);
        }
        if turns == 0 {
            let flow = self.list(dot, &control.otherwise);
            self.variables.truncate(variables);
            return flow;
        }
        self.count(turns)?;
        let mark = self.variables.len();
        for turn in 0..turns {
            let (key, item) = value.turn(turn);
            self.bind(pipeline, key, &item);
            let flow = self.list(&item, &control.list)?;
            self.variables.truncate(mark);
            if flow == Flow::Break {
                break;
            }
        }
        self.variables.truncate(variables);
        Ok(Flow::Next)
    }

    /// Gives a range's variables their values for one turn: the item, or key and item.
    fn bind(&mut self, pipeline: &Pipeline, key: Value, item: &Val<'v>) {
        match (pipeline.variables.as_slice(), pipeline.binding) {
            ([name], Binding::Old) => self.assign(name, item.clone()),
            ([first, second], Binding::Old) => {
                self.assign(first, Val::owned(key));
                self.assign(second, item.clone());
            }
            // The pipeline has pushed its variables; only the values are new.
            ([name], Binding::New) => self.assign(name, item.clone()),
            ([first, second], Binding::New) => {
                self.assign(second, item.clone());
                self.assign(first, Val::owned(key));
            }
            _ => {}
        }
    }

    fn assign(&mut self, name: &str, value: Val<'v>) {
        if let Some(variable) = self.variables.iter_mut().rev().find(|variable| variable.0 == name) {
            variable.1 = value;
        }
    }

    fn call(&mut self, dot: &Val<'v>, name: &'t str, argument: Option<&'t Pipeline>, pos: usize) -> Result<(), String> {
        let Some(list) = self.template.defined.get(name) else {
            let part = format!("{{{{template {}}}}}", quote(name));
            return self.fail(pos, part, format!("template {} not defined", quote(name)));
        };
        let value = match argument {
            Some(pipeline) => self.pipeline(dot, pipeline)?,
            None => Val::MISSING,
        };
        let outer = std::mem::replace(&mut self.variables, vec![("$".to_string(), value.clone())]);
        let outer_name = std::mem::replace(&mut self.name, name.to_string());
        self.list(&value, list)?;
        (self.variables, self.name) = (outer, outer_name);
        Ok(())
    }

    fn pipeline(&mut self, dot: &Val<'v>, pipeline: &'t Pipeline) -> Result<Val<'v>, String> {
        self.enter()?;
        let mut last = None;
        for command in &pipeline.commands {
            last = Some(self.command(dot, command, last)?.unwrapped());
        }
        let value = last.unwrap_or(Val::MISSING);
        for name in &pipeline.variables {
            match pipeline.binding {
                Binding::New => self.variables.push((name.clone(), value.clone())),
                Binding::Old => self.assign(name, value.clone()),
            }
        }
        self.depth -= 1;
        Ok(value)
    }

    /// `last` is what came through the pipe.
    fn command(&mut self, dot: &Val<'v>, command: &'t Command, last: Option<Val<'v>>) -> Result<Val<'v>, String> {
        let (first, arguments) = (&command.operands[0], &command.operands[1..]);
        let has_arguments = !arguments.is_empty() || last.is_some();
        match &first.term {
            Term::Function(name) if first.fields.is_empty() => {
                return self.function(dot, name, command, arguments, last);
            }
            Term::Nil => return self.fail(first.pos, first, "nil is not a command"),
            _ => {}
        }
        if !has_arguments {
            return self.operand(dot, first);
        }
        let Some((method, path)) = first.fields.split_last() else {
            return self.fail(first.pos, first, format!("can't give argument to non-function {first}"));
        };
        let receiver = self.base(dot, first)?;
        let receiver = self.fields(receiver, path, first)?;
        if receiver.value.is_none() {
            return Ok(Val::MISSING);
        }
        self.fail(first.pos, first, format!("{method} is not a method but has arguments"))
    }

    fn operand(&mut self, dot: &Val<'v>, operand: &'t Operand) -> Result<Val<'v>, String> {
        let base = self.base(dot, operand)?;
        self.fields(base, &operand.fields, operand)
    }

    /// The value before the fields.
    fn base(&mut self, dot: &Val<'v>, operand: &'t Operand) -> Result<Val<'v>, String> {
        match &operand.term {
            Term::Dot | Term::Field => Ok(dot.clone()),
            Term::Variable(name) => {
                let found = self.variables.iter().rev().find(|variable| variable.0 == *name);
                match found {
                    Some((_, value)) => Ok(value.clone()),
                    None => self.fail(operand.pos, operand, format!("undefined variable: {name}")),
                }
            }
            Term::Literal(value, _) => Ok(Val::owned(value.clone())),
            Term::Nil => Ok(Val::owned(Value::Null)),
            Term::Pipeline(pipeline) => self.pipeline(dot, pipeline),
            Term::Function(name) => {
                let arity = builtin::arity(name);
                if arity.0 > 0 {
                    return self.fail(operand.pos, name, arity.complaint(name, 0));
                }
                builtin::call(name, Vec::new())
                    .or_else(|error| self.fail(operand.pos, operand, format!("error calling {name}: {error}")))
            }
        }
    }

    fn fields(&self, base: Val<'v>, names: &[String], operand: &Operand) -> Result<Val<'v>, String> {
        let mut value = base;
        for name in names {
            value = match value.value.as_deref() {
                None => Val::MISSING,
                Some(Value::Null) => {
                    let message = format!("nil pointer evaluating interface {{}}.{name}");
                    return self.fail(operand.pos, operand, message);
                }
                Some(Value::Map(_)) => match value.element(name) {
                    Some(found) => found,
                    None if self.template.missing == MissingKeys::Refused => {
                        let message = format!("map has no entry for key {}", quote(name));
                        return self.fail(operand.pos, operand, message);
                    }
                    None => Val::MISSING,
                },
                Some(_) => {
                    let message = format!("can't evaluate field {name} in type {}", value.type_name());
                    return self.fail(operand.pos, operand, message);
                }
            };
        }
        Ok(value)
    }

    fn function(
        &mut self,
        dot: &Val<'v>,
        name: &str,
        command: &'t Command,
        arguments: &'t [Operand],
        last: Option<Val<'v>>,
    ) -> Result<Val<'v>, String> {
        let arity = builtin::arity(name);
        let given = arguments.len() + usize::from(last.is_some());
        if !arity.takes(given) {
            return self.fail(command.pos, name, arity.complaint(name, given));
        }
        if name == "and" || name == "or" {
            return self.choose(dot, name, arguments, last);
        }
        let mut values = Vec::with_capacity(given);
        for argument in arguments {
            let value = self.operand(dot, argument)?;
            if name == "base64decode" && !matches!(value.or_null(), Value::Str(_)) {
                let shown = literal_text(value.or_null());
                return self.fail(argument.pos, argument, format!("expected string; found {shown}"));
            }
            values.push(value);
        }
        values.extend(last);
        self.count(values.len())?;
        builtin::call(name, values)
            .or_else(|error| self.fail(command.pos, command, format!("error calling {name}: {error}")))
    }

    /// The first argument that decides; those after it are not looked at.
    fn choose(
        &mut self,
        dot: &Val<'v>,
        name: &str,
        arguments: &'t [Operand],
        last: Option<Val<'v>>,
    ) -> Result<Val<'v>, String> {
        let mut value = Val::MISSING;
        for argument in arguments {
            value = self.operand(dot, argument)?;
            if value.is_true() == (name == "or") {
                return Ok(value);
            }
        }
        Ok(last.unwrap_or(value))
    }
}
