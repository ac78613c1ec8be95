//! A file as kubectl takes it apart: YAML documents between lines of `---`, or JSON objects one after another.

use crate::Value;
use crate::text::{TEXT_BYTES_MAX, json, yaml};

/// One document of a file.
#[derive(Clone, PartialEq, Debug)]
pub struct Document {
    /// What it says; never `null`, since empty documents are left out.
    pub value: Value,
    /// The line of the file on which it starts; the first is 1.
    pub line: usize,
}

/// Why the rest of a file cannot be read. Prints as what kubectl says after `error parsing web.yaml: `.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message}")]
pub struct DocumentError {
    /// The text after `error parsing web.yaml: `.
    pub message: String,
    /// The line of the file; the first is 1.
    pub line: usize,
    /// The column in characters; the first is 1.
    pub column: usize,
}

/// Reads all documents of a file, up to the first that is wrong. kubectl handles those before it all the same.
pub fn documents(text: &str) -> (Vec<Document>, Option<DocumentError>) {
    if text.len() > TEXT_BYTES_MAX {
        let message = format!("document is longer than {TEXT_BYTES_MAX} bytes");
        return (Vec::new(), Some(DocumentError { message, line: 1, column: 1 }));
    }
    if !text.trim_start().starts_with('{') {
        return yaml_documents(text);
    }
    let (found, error) = json_documents(text);
    match error {
        // `{a: b}` is YAML although it starts like JSON, and YAML documents may be written as JSON.
        Some(error) => match yaml_documents(text) {
            (documents, None) => (documents, None),
            _ => (found, Some(error)),
        },
        None => (found, None),
    }
}

fn yaml_documents(text: &str) -> (Vec<Document>, Option<DocumentError>) {
    let mut found = Vec::new();
    let mut chunk = String::new();
    let mut start = 1;
    for (index, line) in text.lines().enumerate() {
        if let Some(rest) = line.strip_prefix("---") {
            let rest = rest.trim();
            if !rest.is_empty() && !rest.starts_with('#') {
                let message = format!("invalid Yaml document separator: {rest}");
                return (found, Some(DocumentError { message, line: index + 1, column: 4 }));
            }
            if !chunk.is_empty() {
                if let Err(error) = read_chunk(&chunk, start, &mut found) {
                    return (found, Some(error));
                }
                chunk.clear();
                start = index + 2;
                continue;
            }
        }
        if chunk.is_empty() {
            start = index + 1;
        }
        chunk.push_str(line);
        chunk.push('\n');
    }
    let error = read_chunk(&chunk, start, &mut found).err();
    (found, error)
}

fn read_chunk(chunk: &str, start: usize, found: &mut Vec<Document>) -> Result<(), DocumentError> {
    let value = yaml::read(chunk).map_err(|error| DocumentError {
        message: format!("error converting YAML to JSON: {error}"),
        line: start + error.line - 1,
        column: error.column,
    })?;
    if !value.is_null() {
        found.push(Document { value, line: start });
    }
    Ok(())
}

fn json_documents(text: &str) -> (Vec<Document>, Option<DocumentError>) {
    let mut found = Vec::new();
    let mut at = 0;
    while !text[at..].trim_start().is_empty() {
        at = text.len() - text[at..].trim_start().len();
        match json::read_prefix(&text[at..]) {
            Ok((value, length)) => {
                found.push(Document { value, line: text[..at].matches('\n').count() + 1 });
                at += length;
            }
            Err(error) => {
                let offset = at + error.offset;
                let before = &text[..text.floor_char_boundary(offset.saturating_sub(1))];
                let message = match error.message.as_str() {
                    "unexpected end of JSON input" => "unexpected EOF".to_string(),
                    _ => format!("json: offset {offset}: {error}"),
                };
                let line = before.matches('\n').count() + 1;
                let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
                return (found, Some(DocumentError { message, line, column }));
            }
        }
    }
    (found, None)
}
