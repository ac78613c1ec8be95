//! Reading one document: events in, a value out.

use ordered::OrderedMap;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, Tag};

use super::error::{Open, YamlError, name_at, translate};
use super::resolve::{Resolved, resolve};
use crate::text::number::format_g;
use crate::text::{DEPTH_MAX, TEXT_BYTES_MAX, base64};
use crate::{Map, Str, Value};

/// How often a document that YAML 1.1 allows and our parser does not is repaired before it is refused.
const REPAIRS_MAX: usize = 32;

/// Nodes that aliases may add to a document, as in go-yaml: 99 of 100 in small ones, fewer in large ones.
const ALIASED_NODES_MAX: u64 = 400_000;

/// Reads the first document of a text; an empty one is `null`.
pub fn read(text: &str) -> Result<Value, YamlError> {
    if text.len() > TEXT_BYTES_MAX {
        let message = format!("document is longer than {TEXT_BYTES_MAX} bytes");
        return Err(YamlError { message, line: 1, column: 1 });
    }
    let mut repaired = None;
    for _ in 0..REPAIRS_MAX {
        let source = repaired.as_deref().unwrap_or(text);
        match Builder::new(source).run() {
            Ok(value) => return Ok(value),
            Err(Failure::Refused(error)) => return Err(error),
            Err(Failure::Unindented { line, column }) => repaired = Some(indent_quoted(source, line, column)?),
            Err(Failure::TabAfterColon { at }) => repaired = Some(format!("{}: {}", &source[..at], &source[at + 2..])),
        }
    }
    Err(YamlError { message: "found too many tabs and unindented quoted scalars".into(), line: 1, column: 1 })
}

enum Failure {
    Refused(YamlError),
    /// A quoted text starts here whose further lines are not indented, which YAML 1.1 allows and our parser does not.
    Unindented {
        line: usize,
        column: usize,
    },
    /// A tab follows the colon at this byte, which is allowed too.
    TabAfterColon {
        at: usize,
    },
}

impl From<YamlError> for Failure {
    fn from(error: YamlError) -> Failure {
        Failure::Refused(error)
    }
}

/// The byte at a line (from 1) and column (from 0, in characters).
fn offset(text: &str, line: usize, column: usize) -> usize {
    let line_start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    text[line_start..].char_indices().nth(column).map_or(text.len(), |(at, _)| line_start + at)
}

/// Indents the further lines of the quoted text at a position; white space at their start has no meaning.
fn indent_quoted(text: &str, line: usize, column: usize) -> Result<String, YamlError> {
    let start = offset(text, line, column);
    let quote = text[start..].chars().next().unwrap_or('"');
    let mut repaired = text[..start].to_string();
    let mut rest = text[start..].chars().peekable();
    repaired.extend(rest.next());
    while let Some(c) = rest.next() {
        repaired.push(c);
        match c {
            '\\' if quote == '"' => repaired.extend(rest.next()),
            '\n' => repaired.extend(std::iter::repeat_n(' ', column + 1)),
            _ if c == quote && quote == '\'' && rest.peek() == Some(&'\'') => repaired.extend(rest.next()),
            _ if c == quote => {
                repaired.extend(rest);
                return Ok(repaired);
            }
            _ => {}
        }
    }
    let last = text.matches('\n').count() + 1;
    let message = match last {
        1 => "found unexpected end of stream".to_string(),
        _ => format!("line {last}: found unexpected end of stream"),
    };
    Err(YamlError { message, line, column: column + 1 })
}

/// A collection that is still being filled.
struct Frame {
    anchor: usize,
    span: Span,
    open: Open,
    /// How many nodes are in it so far, itself included.
    nodes: u64,
    list: Vec<Value>,
    map: Map,
    /// The key whose value comes next.
    key: Option<Key>,
}

enum Key {
    Text(Str),
    Merge,
}

/// A finished node on its way into the collection around it.
struct Node {
    value: Value,
    /// It was `<<` without quotes.
    is_merge: bool,
    nodes: u64,
    anchor: usize,
    span: Span,
}

struct Builder<'t> {
    text: &'t str,
    stack: Vec<Frame>,
    anchors: OrderedMap<usize, (Value, u64)>,
    nodes: u64,
    aliased: u64,
    root: Option<Value>,
}

impl<'t> Builder<'t> {
    fn new(text: &'t str) -> Self {
        Builder { text, stack: Vec::new(), anchors: OrderedMap::new(), nodes: 0, aliased: 0, root: None }
    }

    fn run(mut self) -> Result<Value, Failure> {
        let mut parser = Parser::new_from_str(self.text);
        while let Some(next) = parser.next_event() {
            let (event, span) = next.map_err(|error| self.failure(&error))?;
            if matches!(event, Event::DocumentEnd) {
                break;
            }
            self.on_event(event, span)?;
        }
        Ok(self.root.unwrap_or_default())
    }

    fn failure(&self, error: &ScanError) -> Failure {
        let (line, column) = (error.marker().line(), error.marker().col());
        match error.info() {
            "invalid indentation in quoted scalar" => return Failure::Unindented { line, column },
            "':' must be followed by a valid YAML whitespace" => {
                let before = self.text[..offset(self.text, line, column)].trim_end_matches([' ', '\t']);
                let at = before.len().saturating_sub(1);
                if self.text[at..].starts_with(":\t") {
                    return Failure::TabAfterColon { at };
                }
            }
            _ => {}
        }
        Failure::Refused(translate(self.text, error, self.stack.last().map(|frame| frame.open)))
    }

    fn on_event(&mut self, event: Event<'_>, span: Span) -> Result<(), YamlError> {
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => {
                Ok(())
            }
            Event::Alias(id) => self.alias(id, span),
            Event::Scalar(text, style, anchor, tag) => {
                let is_plain = style == ScalarStyle::Plain;
                let is_merge = is_plain && tag.is_none() && text == "<<";
                let value = scalar(&text, is_plain, tag.as_deref(), &span)?;
                self.nodes += 1;
                self.finish(Node { value, is_merge, nodes: 1, anchor, span })
            }
            Event::SequenceStart(anchor, _) => self.open(anchor, span, [Open::BlockList, Open::FlowList]),
            Event::MappingStart(anchor, _) => self.open(anchor, span, [Open::BlockMap, Open::FlowMap]),
            Event::SequenceEnd | Event::MappingEnd => self.close(),
        }
    }

    fn open(&mut self, anchor: usize, span: Span, [block, flow]: [Open; 2]) -> Result<(), YamlError> {
        if self.stack.len() >= DEPTH_MAX {
            return Err(YamlError::plain(&span.start, format!("exceeded max depth of {DEPTH_MAX}")));
        }
        self.nodes += 1;
        let open = if span.is_empty() { block } else { flow };
        self.stack.push(Frame { anchor, span, open, nodes: 1, list: Vec::new(), map: Map::new(), key: None });
        Ok(())
    }

    fn close(&mut self) -> Result<(), YamlError> {
        let Some(frame) = self.stack.pop() else { return Ok(()) };
        let value = match frame.open {
            Open::BlockList | Open::FlowList => Value::List(frame.list),
            Open::BlockMap | Open::FlowMap => Value::Map(frame.map),
        };
        let Frame { anchor, span, nodes, .. } = frame;
        self.finish(Node { value, is_merge: false, nodes, anchor, span })
    }

    fn alias(&mut self, id: usize, span: Span) -> Result<(), YamlError> {
        let Some((value, nodes)) = self.anchors.get(&id) else {
            let name = name_at(self.text, &span.start);
            return Err(YamlError::plain(&span.start, format!("anchor '{name}' value contains itself")));
        };
        // Counted before it is copied: a document of a kilobyte can name a billion nodes.
        let nodes = *nodes;
        self.aliased = self.aliased.saturating_add(nodes);
        self.nodes = self.nodes.saturating_add(nodes);
        let is_excessive = self.aliased > 100 && self.nodes > 1000 && self.aliased * 100 > self.nodes * 99;
        if is_excessive || self.aliased > ALIASED_NODES_MAX {
            return Err(YamlError::plain(&span.start, "document contains excessive aliasing"));
        }
        let value = value.clone();
        self.finish(Node { value, is_merge: false, nodes, anchor: 0, span })
    }

    fn finish(&mut self, node: Node) -> Result<(), YamlError> {
        if node.anchor > 0 {
            self.anchors.insert(node.anchor, (node.value.clone(), node.nodes));
        }
        let Some(frame) = self.stack.last_mut() else {
            self.root = Some(node.value);
            return Ok(());
        };
        frame.nodes += node.nodes;
        match frame.open {
            Open::BlockList | Open::FlowList => frame.list.push(node.value),
            Open::BlockMap | Open::FlowMap => match frame.key.take() {
                None => frame.key = Some(if node.is_merge { Key::Merge } else { Key::Text(key_text(node)?) }),
                Some(Key::Text(key)) => drop(frame.map.insert(key, node.value)),
                Some(Key::Merge) => merge(&mut frame.map, node)?,
            },
        }
        Ok(())
    }
}

/// `<<: *defaults`: what stands later wins, and of several mappings the earlier.
fn merge(map: &mut Map, node: Node) -> Result<(), YamlError> {
    let refusal = || YamlError::plain(&node.span.start, "map merge requires map or sequence of maps as the value");
    let sources = match node.value {
        Value::Map(source) => vec![Value::Map(source)],
        Value::List(sources) => sources,
        _ => return Err(refusal()),
    };
    for source in sources.into_iter().rev() {
        let Value::Map(source) = source else { return Err(refusal()) };
        map.extend(source);
    }
    Ok(())
}

/// A key as JSON has it: numbers and booleans become text, collections are refused in go-yaml's words.
fn key_text(node: Node) -> Result<Str, YamlError> {
    let mark = &node.span.start;
    match &node.value {
        Value::Str(text) => Ok(text.clone()),
        Value::Bool(value) => Ok(if *value { "true" } else { "false" }.into()),
        Value::Int(number) => Ok(number.to_string().into()),
        Value::Float(number) => Ok(format_g(*number).into()),
        Value::Null => Err(YamlError::plain(mark, "unsupported map key of type: %!s(<nil>), key: <nil>")),
        Value::List(_) | Value::Map(_) => {
            Err(YamlError::plain(mark, format!("invalid map key: {}", go_syntax(&node.value))))
        }
    }
}

/// A value in Go's `%#v`.
fn go_syntax(value: &Value) -> String {
    let list = |items: Vec<String>| items.join(", ");
    match value {
        Value::Null => "interface {}(nil)".to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => format_g(*number),
        Value::Str(text) => format!("{text:?}"),
        Value::List(items) => format!("[]interface {{}}{{{}}}", list(items.iter().map(go_syntax).collect())),
        Value::Map(map) => {
            let entries = map.iter().map(|(key, value)| format!("{key:?}:{}", go_syntax(value)));
            format!("map[interface {{}}]interface {{}}{{{}}}", list(entries.collect()))
        }
    }
}

fn scalar(text: &str, is_plain: bool, tag: Option<&Tag>, span: &Span) -> Result<Value, YamlError> {
    let core = tag.filter(|tag| tag.is_yaml_core_schema()).map(|tag| tag.suffix.as_str());
    match (core, tag) {
        (Some("str"), _) => Ok(text.into()),
        (Some("binary"), _) => base64::decode(text)
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned().into())
            .map_err(|_| YamlError::plain(&span.start, "!!binary value contains invalid base64 data")),
        (Some(wanted @ ("int" | "float" | "bool" | "null")), _) => tagged(text, wanted, span),
        (_, None) if is_plain => from_resolved(resolve(text), text, span),
        // Text in quotes, and tags that nobody knows.
        _ => Ok(text.into()),
    }
}

fn from_resolved(resolved: Resolved, text: &str, span: &Span) -> Result<Value, YamlError> {
    Ok(match resolved {
        Resolved::Null => Value::Null,
        Resolved::Bool(value) => Value::Bool(value),
        Resolved::Int(number) => Value::Int(number),
        Resolved::Float(number) if !number.is_finite() => {
            let message = format!("json: unsupported value: {}", format_g(number));
            return Err(YamlError::plain(&span.start, message));
        }
        // JSON has one kind of number: 1.0 is 1.
        Resolved::Float(number) if number as i64 as f64 == number && number.abs() < 1e18 => Value::Int(number as i64),
        Resolved::Float(number) => Value::Float(number),
        Resolved::Merge | Resolved::Timestamp | Resolved::Text => text.into(),
    })
}

fn tagged(text: &str, wanted: &str, span: &Span) -> Result<Value, YamlError> {
    let resolved = resolve(text);
    let is = match &resolved {
        Resolved::Null => "null",
        Resolved::Bool(_) => "bool",
        Resolved::Int(_) => "int",
        Resolved::Float(_) => "float",
        Resolved::Merge => "merge",
        Resolved::Timestamp => "timestamp",
        Resolved::Text => "str",
    };
    if is == wanted || is == "int" && wanted == "float" {
        return from_resolved(resolved, text, span);
    }
    Err(YamlError::plain(&span.start, format!("cannot decode !!{is} `{text}` as a !!{wanted}")))
}
