//! From words to nodes, with the complaints of Go's parser.

use ordered::OrderedMap;

use api::Value;

use super::NAME;
use super::builtin;
use super::lex::{Kind, Literal, Word, parse_number, words};
use super::node::{Binding, Command, Control, List, Node, Operand, Pipeline, Term};
use crate::printers::go::{quote, unquote};

/// How deep blocks and parentheses may stand in one another.
const DEPTH_MAX: usize = 100;

/// The nodes of a template, and of the templates that it defines.
pub(super) fn parse(text: &str) -> Result<(List, OrderedMap<String, List>), String> {
    let (words, error) = words(text);
    let mut parser = Parser {
        words,
        error: error.unwrap_or_default(),
        at: 0,
        seen: 0,
        action_line: 0,
        variables: vec!["$".to_string()],
        ranges: 0,
        depth: 0,
        defined: OrderedMap::new(),
    };
    let mut root = List::new();
    while parser.peek().kind != Kind::End {
        match parser.text_or_action()? {
            Item::Node(node) => root.push(node),
            Item::Nothing => {}
            Item::Stop(stop) => return parser.fail(format!("unexpected {}", stop.text())),
        }
    }
    Ok((root, parser.defined))
}

/// A part of a list, or what ends one.
enum Item {
    Node(Node),
    /// A definition leaves nothing where it stands.
    Nothing,
    Stop(Stop),
}

#[derive(Clone, Copy, PartialEq)]
enum Stop {
    End,
    Else,
    /// `else if` or `else with`: another block of this kind follows, and one end closes both.
    Chained,
}

impl Stop {
    fn text(self) -> &'static str {
        match self {
            Stop::End => "{{end}}",
            Stop::Else | Stop::Chained => "{{else}}",
        }
    }
}

struct Parser<'t> {
    words: Vec<Word<'t>>,
    /// What the error word says.
    error: String,
    at: usize,
    /// The last word that was looked at: it names the line of an error.
    seen: usize,
    /// Where the action began that is being parsed; 0 for none.
    action_line: usize,
    variables: Vec<String>,
    ranges: usize,
    depth: usize,
    defined: OrderedMap<String, List>,
}

impl<'t> Parser<'t> {
    fn peek(&mut self) -> Word<'t> {
        let last = self.words.len() - 1;
        self.seen = self.at.min(last);
        self.words[self.seen]
    }

    fn next(&mut self) -> Word<'t> {
        let word = self.peek();
        self.at = (self.at + 1).min(self.words.len());
        word
    }

    fn peek_past_space(&mut self) -> Word<'t> {
        while self.peek().kind == Kind::Space {
            self.at += 1;
        }
        self.peek()
    }

    fn next_past_space(&mut self) -> Word<'t> {
        self.peek_past_space();
        self.next()
    }

    fn fail<T>(&self, message: impl std::fmt::Display) -> Result<T, String> {
        Err(format!("template: {NAME}:{}: {message}", self.words[self.seen].line))
    }

    fn unexpected<T>(&self, word: Word<'_>, context: &str) -> Result<T, String> {
        let shown = match word.kind {
            Kind::Error => {
                let started = match self.action_line {
                    0 => String::new(),
                    line if line == word.line => String::new(),
                    line if self.error.ends_with(" action") => format!(" started at {NAME}:{line}"),
                    line => format!(" in action started at {NAME}:{line}"),
                };
                return self.fail(format!("{}{started}", self.error));
            }
            Kind::End => "EOF".to_string(),
            Kind::Keyword => format!("<{}>", word.text),
            _ if word.text.len() > 10 => format!("{}...", quote(&word.text.chars().take(10).collect::<String>())),
            _ => quote(word.text),
        };
        self.fail(format!("unexpected {shown} in {context}"))
    }

    fn expect(&mut self, kind: Kind, context: &str) -> Result<(), String> {
        let word = self.next_past_space();
        if word.kind == kind { Ok(()) } else { self.unexpected(word, context) }
    }

    fn deeper(&mut self) -> Result<(), String> {
        self.depth += 1;
        if self.depth > DEPTH_MAX { self.fail("max expression depth exceeded") } else { Ok(()) }
    }

    fn text_or_action(&mut self) -> Result<Item, String> {
        let word = self.next_past_space();
        match word.kind {
            Kind::Text => Ok(Item::Node(Node::Text(word.text.to_string()))),
            Kind::LeftDelim => {
                self.action_line = word.line;
                let item = self.action()?;
                self.action_line = 0;
                Ok(item)
            }
            _ => self.unexpected(word, "input"),
        }
    }

    /// The nodes up to an `end` or `else`, and which of them it was.
    fn list(&mut self) -> Result<(List, Stop), String> {
        let mut list = List::new();
        while self.peek_past_space().kind != Kind::End {
            match self.text_or_action()? {
                Item::Node(node) => list.push(node),
                Item::Nothing => {}
                Item::Stop(stop) => return Ok((list, stop)),
            }
        }
        self.fail("unexpected EOF")
    }

    fn action(&mut self) -> Result<Item, String> {
        let word = self.peek_past_space();
        if word.kind != Kind::Keyword || word.text == "nil" {
            return Ok(Item::Node(Node::Action(self.pipeline("command", Kind::RightDelim)?)));
        }
        self.next();
        match word.text {
            "if" => self.control("if").map(|control| Item::Node(Node::If(control))),
            "with" => self.control("with").map(|control| Item::Node(Node::With(control))),
            "range" => self.control("range").map(|control| Item::Node(Node::Range(control))),
            "end" => self.expect(Kind::RightDelim, "end").map(|()| Item::Stop(Stop::End)),
            "else" => self.otherwise(),
            "break" | "continue" => self.leave(word.text).map(Item::Node),
            "template" => self.template().map(Item::Node),
            "define" => self.define().map(|()| Item::Nothing),
            _ => self.block().map(Item::Node),
        }
    }

    fn otherwise(&mut self) -> Result<Item, String> {
        let word = self.peek_past_space();
        if word.kind == Kind::Keyword && matches!(word.text, "if" | "with") {
            return Ok(Item::Stop(Stop::Chained));
        }
        self.expect(Kind::RightDelim, "else").map(|()| Item::Stop(Stop::Else))
    }

    fn leave(&mut self, word: &str) -> Result<Node, String> {
        self.expect(Kind::RightDelim, &format!("{{{{{word}}}}}"))?;
        if self.ranges == 0 {
            return self.fail(format!("{{{{{word}}}}} outside {{{{range}}}}"));
        }
        Ok(if word == "break" { Node::Break } else { Node::Continue })
    }

    fn control(&mut self, context: &str) -> Result<Control, String> {
        self.deeper()?;
        let variables = self.variables.len();
        let pipeline = self.pipeline(context, Kind::RightDelim)?;
        let is_range = usize::from(context == "range");
        self.ranges += is_range;
        let (list, stop) = self.list()?;
        self.ranges -= is_range;
        let otherwise = match stop {
            Stop::End => List::new(),
            Stop::Chained => self.chained(context)?,
            Stop::Else => {
                let (list, stop) = self.list()?;
                if stop != Stop::End {
                    return self.fail(format!("expected end; found {}", stop.text()));
                }
                list
            }
        };
        self.variables.truncate(variables);
        self.depth -= 1;
        Ok(Control { pipeline, list, otherwise })
    }

    fn chained(&mut self, context: &str) -> Result<List, String> {
        let word = self.next_past_space();
        match (context, word.text) {
            ("if", "if") => Ok(vec![Node::If(self.control("if")?)]),
            ("with", "with") => Ok(vec![Node::With(self.control("with")?)]),
            _ => self.unexpected(word, "else"),
        }
    }

    /// The name of a template in quotes, and where it stands.
    fn name(&mut self, context: &str) -> Result<(String, usize), String> {
        let word = self.next_past_space();
        match word.kind {
            Kind::Str | Kind::RawStr => Ok((self.text_of(word)?, word.pos)),
            _ => self.unexpected(word, context),
        }
    }

    fn template(&mut self) -> Result<Node, String> {
        let (name, pos) = self.name("template clause")?;
        let argument = if self.peek_past_space().kind == Kind::RightDelim {
            self.next();
            None
        } else {
            Some(self.pipeline("template clause", Kind::RightDelim)?)
        };
        Ok(Node::Template { name, argument, pos })
    }

    fn define(&mut self) -> Result<(), String> {
        self.deeper()?;
        let (name, _) = self.name("define clause")?;
        self.expect(Kind::RightDelim, "define clause")?;
        self.definition(name, "define clause")?;
        self.depth -= 1;
        Ok(())
    }

    fn block(&mut self) -> Result<Node, String> {
        self.deeper()?;
        let (name, pos) = self.name("block clause")?;
        let argument = Some(self.pipeline("block clause", Kind::RightDelim)?);
        self.definition(name.clone(), "block clause")?;
        self.depth -= 1;
        Ok(Node::Template { name, argument, pos })
    }

    fn definition(&mut self, name: String, context: &str) -> Result<(), String> {
        // A definition sees no variables but its own argument.
        let variables = std::mem::replace(&mut self.variables, vec!["$".to_string()]);
        let ranges = std::mem::take(&mut self.ranges);
        let (list, stop) = self.list()?;
        if stop != Stop::End {
            return self.fail(format!("unexpected {} in {context}", stop.text()));
        }
        (self.variables, self.ranges) = (variables, ranges);
        self.defined.insert(name, list);
        Ok(())
    }

    fn pipeline(&mut self, context: &str, end: Kind) -> Result<Pipeline, String> {
        let pos = self.peek_past_space().pos;
        let (variables, binding) = self.declarations(context)?;
        let mut commands: Vec<Command> = Vec::new();
        loop {
            let word = self.peek_past_space();
            if word.kind == end {
                self.next();
                break;
            }
            let starts_command = match word.kind {
                Kind::Keyword => word.text == "nil",
                Kind::Bool | Kind::CharConstant | Kind::Dot | Kind::Field | Kind::Identifier | Kind::Number => true,
                Kind::RawStr | Kind::Str | Kind::Variable | Kind::LeftParen => true,
                _ => false,
            };
            if !starts_command {
                self.next();
                return self.unexpected(word, context);
            }
            commands.push(self.command()?);
        }
        if commands.is_empty() {
            return self.fail(format!("missing value for {context}"));
        }
        let is_inert = |command: &Command| match &command.operands[0] {
            Operand { term: Term::Literal(..) | Term::Nil | Term::Dot, fields, .. } => fields.is_empty(),
            _ => false,
        };
        if let Some(stage) = commands.iter().skip(1).position(is_inert) {
            return self.fail(format!("non executable command in pipeline stage {}", stage + 2));
        }
        Ok(Pipeline { variables, binding, commands, pos })
    }

    /// `$x :=`, `$x =`, or in a range `$i, $x :=`.
    fn declarations(&mut self, context: &str) -> Result<(Vec<String>, Binding), String> {
        let mut variables = Vec::new();
        loop {
            let start = self.at;
            let word = self.peek_past_space();
            if word.kind != Kind::Variable {
                return Ok((variables, Binding::New));
            }
            self.next();
            let after = self.peek_past_space();
            match after.kind {
                Kind::Assign | Kind::Declare => {
                    self.next();
                    variables.push(word.text.to_string());
                    self.variables.push(word.text.to_string());
                    let binding = if after.kind == Kind::Assign { Binding::Old } else { Binding::New };
                    return Ok((variables, binding));
                }
                Kind::Char if after.text == "," => {
                    self.next();
                    variables.push(word.text.to_string());
                    self.variables.push(word.text.to_string());
                    if context != "range" || variables.len() > 1 {
                        return self.fail(format!("too many declarations in {context}"));
                    }
                    let next = self.peek_past_space().kind;
                    if !matches!(next, Kind::Variable | Kind::RightDelim | Kind::RightParen) {
                        return self.fail("range can only initialize variables");
                    }
                }
                _ => {
                    // The variable is an argument.
                    self.at = start;
                    return Ok((variables, Binding::New));
                }
            }
        }
    }

    fn command(&mut self) -> Result<Command, String> {
        let pos = self.peek_past_space().pos;
        let mut operands = Vec::new();
        loop {
            self.peek_past_space();
            operands.extend(self.operand()?);
            let word = self.peek();
            match word.kind {
                Kind::Space => self.at += 1,
                Kind::RightDelim | Kind::RightParen => break,
                Kind::Pipe => {
                    self.at += 1;
                    break;
                }
                _ => {
                    self.next();
                    return self.unexpected(word, "operand");
                }
            }
        }
        if operands.is_empty() { self.fail("empty command") } else { Ok(Command { operands, pos }) }
    }

    fn operand(&mut self) -> Result<Option<Operand>, String> {
        let Some(mut operand) = self.term()? else { return Ok(None) };
        let first = self.peek();
        if first.kind != Kind::Field {
            return Ok(Some(operand));
        }
        if matches!(operand.term, Term::Literal(..) | Term::Nil | Term::Dot) {
            return self.fail(format!("unexpected . after term {}", quote(&operand.to_string())));
        }
        operand.pos = first.pos;
        while self.peek().kind == Kind::Field {
            let word = self.next();
            operand.fields.push(word.text[1..].to_string());
        }
        Ok(Some(operand))
    }

    fn term(&mut self) -> Result<Option<Operand>, String> {
        let word = self.peek_past_space();
        let mut fields = Vec::new();
        let term = match word.kind {
            Kind::Identifier if builtin::exists(word.text) => Term::Function(word.text.to_string()),
            Kind::Identifier => return self.fail(format!("function {} not defined", quote(word.text))),
            Kind::Dot => Term::Dot,
            Kind::Keyword if word.text == "nil" => Term::Nil,
            Kind::Variable if self.variables.iter().any(|name| name == word.text) => {
                Term::Variable(word.text.to_string())
            }
            Kind::Variable => return self.fail(format!("undefined variable {}", quote(word.text))),
            Kind::Field => {
                fields.push(word.text[1..].to_string());
                Term::Field
            }
            Kind::Bool => Term::Literal(Value::Bool(word.text == "true"), word.text.to_string()),
            Kind::Number => match parse_number(word.text) {
                Some(Literal::Int(number)) => Term::Literal(Value::Int(number), word.text.to_string()),
                Some(Literal::Float(number)) => Term::Literal(Value::Float(number), word.text.to_string()),
                None => return self.fail(format!("illegal number syntax: {}", quote(word.text))),
            },
            Kind::CharConstant => {
                let text = unquote(&word.text[1..word.text.len() - 1], '\'').unwrap_or_default();
                let mut chars = text.chars();
                let (Some(c), None) = (chars.next(), chars.next()) else {
                    return self.fail(format!("malformed character constant: {}", word.text));
                };
                Term::Literal(Value::Int(i64::from(u32::from(c))), word.text.to_string())
            }
            Kind::Str | Kind::RawStr => Term::Literal(Value::from(self.text_of(word)?), word.text.to_string()),
            Kind::LeftParen => {
                self.next();
                self.deeper()?;
                let pipeline = self.pipeline("parenthesized pipeline", Kind::RightParen)?;
                self.depth -= 1;
                let term = Term::Pipeline(Box::new(pipeline));
                return Ok(Some(Operand { term, fields, pos: word.pos }));
            }
            _ => return Ok(None),
        };
        self.next();
        Ok(Some(Operand { term, fields, pos: word.pos }))
    }

    fn text_of(&self, word: Word<'_>) -> Result<String, String> {
        let inner = &word.text[1..word.text.len() - 1];
        if word.kind == Kind::RawStr {
            return Ok(inner.replace('\r', ""));
        }
        match unquote(inner, '"') {
            Some(text) => Ok(text),
            None => self.fail("invalid syntax"),
        }
    }
}
