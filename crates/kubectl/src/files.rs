//! Manifests: the documents behind `-f` (files, directories, web pages, standard input).
//!
//! What is absent: anything about the objects inside; see [`crate::builder`].
//!
//! Models: kubernetes v1.36 cli-runtime/pkg/resource (FilenameParam, StreamVisitor).

use api::text::yaml;
use api::{Str, Value};
use ordered::Arrange;

use crate::context::{Context, Env};
use crate::failure::Failure;

/// Directories below one `-f -R`.
const DIRECTORIES_MAX: usize = 1_000;

/// One place that manifests come from.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// What errors call it: the path as written, the address, `STDIN`.
    pub name: Str,
    /// The text.
    pub text: String,
}

/// Reads what `-f` names, in order. `stdin` is the whole standard input, for `-`.
pub fn sources(
    ctx: &mut Context<'_>,
    env: &Env,
    filenames: &[Str],
    recursive: Depth,
    stdin: &str,
) -> Result<Vec<Source>, Failure> {
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    if filenames.iter().filter(|name| *name == "-").count() > 1 {
        return Err(Failure::plain("standard input cannot be used for multiple arguments"));
    }
    for name in filenames {
        if name == "-" {
            found.push(Source { name: "STDIN".into(), text: stdin.to_string() });
        } else if name.starts_with("http://") || name.starts_with("https://") {
            found.push(fetch(ctx, name)?);
        } else {
            let matches = match expand(ctx, env, name) {
                Ok(matches) => matches,
                Err(failure) => {
                    failures.push(failure);
                    continue;
                }
            };
            for name in matches {
                match paths(ctx, env, &name, recursive) {
                    Ok(paths) => {
                        for path in paths {
                            let text = read_text(ctx, env, &path)?;
                            found.push(Source { name: path, text });
                        }
                    }
                    Err(failure) => failures.push(failure),
                }
            }
        }
    }
    Failure::of(failures).map_or(Ok(found), Err)
}

/// Whether directories below a directory are read too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Only the directory itself.
    Flat,
    /// `-R`
    Recursive,
}

fn fetch(ctx: &mut Context<'_>, url: &str) -> Result<Source, Failure> {
    match ctx.web.fetch(url) {
        Ok(text) => Ok(Source { name: url.into(), text }),
        Err(error) => Err(Failure::Plain(format!(
            "unable to read URL {url:?}, server reported {} {}, status code={}",
            error.code, error.text, error.code
        ))),
    }
}

/// Reads a file that the user named, as text.
pub fn read_text(ctx: &mut Context<'_>, env: &Env, path: &str) -> Result<String, Failure> {
    match ctx.fs.read(&env.absolute(path)) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) => Err(Failure::Plain(format!("open {path}: {error}"))),
    }
}

/// The paths that a pattern names, such as `deploy/*.yaml`; a path that exists is no pattern.
fn expand(ctx: &Context<'_>, env: &Env, pattern: &str) -> Result<Vec<Str>, Failure> {
    if ctx.fs.exists(&env.absolute(pattern)) {
        return Ok(vec![pattern.into()]);
    }
    if pattern.contains('[') && !is_closed(pattern) {
        return Err(Failure::Plain(format!("pattern {pattern:?} is not valid: syntax error in pattern")));
    }
    let (start, relative) = match pattern.strip_prefix('/') {
        Some(relative) => ("/", relative),
        None => ("", pattern),
    };
    let mut found = vec![start.to_string()];
    for part in relative.split('/').filter(|part| !part.is_empty()) {
        found = found.iter().flat_map(|directory| matching(ctx, env, directory, part)).collect();
    }
    if found.is_empty() {
        return Err(Failure::Plain(format!("the path {pattern:?} does not exist")));
    }
    Ok(found.iter().map(|path| Str::from(path.as_str())).collect())
}

/// Whether every bracket of a pattern is closed.
fn is_closed(pattern: &str) -> bool {
    let mut rest = pattern;
    while let Some((_, inside)) = rest.split_once('[') {
        // A bracket right after the opening one is one of the characters.
        let Some((at, _)) = inside.char_indices().skip(1).find(|(_, letter)| *letter == ']') else { return false };
        rest = &inside[at..];
    }
    true
}

/// What of a directory fits one part of a pattern, in order.
fn matching(ctx: &Context<'_>, env: &Env, directory: &str, part: &str) -> Vec<String> {
    let joined = |name: &str| match directory {
        "" | "/" => format!("{directory}{name}"),
        _ => format!("{directory}/{name}"),
    };
    // Such as `..`, which no directory lists.
    if !part.contains(['*', '?', '[', '\\']) {
        let path = joined(part);
        return if ctx.fs.exists(&env.absolute(&path)) { vec![path] } else { Vec::new() };
    }
    let entries = ctx.fs.list(&env.absolute(directory)).unwrap_or_default();
    let names = entries.iter().map(|entry| entry.trim_end_matches('/'));
    let mut found: Vec<String> = names.filter(|name| shell::pattern::matches(part, name)).map(joined).collect();
    found.arrange();
    found
}

fn paths(ctx: &mut Context<'_>, env: &Env, name: &str, depth: Depth) -> Result<Vec<Str>, Failure> {
    let absolute = env.absolute(name);
    if !ctx.fs.is_directory(&absolute) {
        return Ok(vec![name.into()]);
    }
    let mut found = Vec::new();
    let mut directories = vec![Str::from(name.trim_end_matches('/'))];
    let mut visited = 0;
    while let Some(directory) = directories.pop() {
        visited += 1;
        if visited > DIRECTORIES_MAX {
            return Err(Failure::Plain(format!("{name:?} holds more than {DIRECTORIES_MAX} directories")));
        }
        let entries = ctx.fs.list(&env.absolute(&directory)).map_err(|error| Failure::Plain(error.to_string()))?;
        for entry in entries {
            let path = thin::format_str!("{directory}/{entry}");
            match entry.strip_suffix('/') {
                Some(_) if depth == Depth::Recursive => directories.push(path.trim_end_matches('/').into()),
                Some(_) => {}
                None if [".json", ".yaml", ".yml"].iter().any(|suffix| entry.ends_with(suffix)) => found.push(path),
                None => {}
            }
        }
    }
    if found.is_empty() {
        let known = "[.json .yaml .yml]";
        return Err(Failure::Plain(format!("error reading [{name}]: recognized file extensions are {known}")));
    }
    found.arrange();
    Ok(found)
}

/// The documents of a source, and what is wrong with the rest of it.
pub fn documents(source: &Source) -> (Vec<Value>, Option<Failure>) {
    let (documents, error) = yaml::documents(&source.text);
    let failure = error.map(|error| Failure::Plain(format!("error parsing {}: {error}", source.name)));
    (documents.into_iter().map(|document| document.value).collect(), failure)
}
