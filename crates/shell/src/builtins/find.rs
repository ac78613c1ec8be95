//! `find`: by name, type and depth.

use super::{Builtin, Kind, Runner};
use crate::fs::{Metadata, file_name, normalise};
use crate::pattern;
use crate::process::Context;

pub(super) const BUILTIN: Builtin = Builtin {
    name: "find",
    usage: "find [PATH]... [-name PATTERN] [-type f|d] [-maxdepth N] [-mindepth N] [-empty] [-delete]",
    kind: Kind::Program,
    runner: Runner::Once(find),
};

/// How deep it ever goes, and how many files it visits.
const DEPTH_MAX: usize = 64;
const FILES_MAX: usize = 100_000;

struct Test {
    negated: bool,
    kind: TestKind,
}

enum TestKind {
    Name(String),
    IgnoringCase(String),
    Path(String),
    Type(bool),
    Empty,
}

struct Search {
    tests: Vec<Test>,
    depth_min: usize,
    depth_max: usize,
    delete: bool,
    end: &'static str,
    visited: usize,
}

fn find(context: &mut Context) -> i32 {
    let first_test =
        context.args.iter().position(|arg| arg.starts_with('-') || arg == "!").unwrap_or(context.args.len());
    let (roots, tests) = context.args.split_at(first_test);
    let mut search = match parse(tests) {
        Ok(search) => search,
        Err(text) => return context.fail(text),
    };
    let here = [".".to_string()];
    let roots = if roots.is_empty() { &here[..] } else { roots };
    let mut status = 0;
    for root in roots {
        let path = context.path(root);
        status |= match context.fs.stat(&path, context.caller) {
            Ok(metadata) => visit(context, &mut search, root, &path, metadata, 0),
            Err(error) => context.fail(format_args!("\u{2018}{root}\u{2019}: {error}")),
        };
    }
    status
}

fn parse(args: &[String]) -> Result<Search, String> {
    let mut search =
        Search { tests: Vec::new(), depth_min: 0, depth_max: DEPTH_MAX, delete: false, end: "\n", visited: 0 };
    let mut rest = args.iter();
    let mut negated = false;
    while let Some(arg) = rest.next() {
        let mut value = || rest.next().cloned().ok_or_else(|| format!("missing argument to `{arg}'"));
        let number = |text: String| {
            text.parse::<usize>().map_err(|_| format!("Expected a number, but got \u{2018}{text}\u{2019}"))
        };
        let kind = match arg.as_str() {
            "!" | "-not" => {
                negated = !negated;
                continue;
            }
            "-name" => TestKind::Name(value()?),
            "-iname" => TestKind::IgnoringCase(value()?.to_lowercase()),
            "-path" | "-wholename" => TestKind::Path(value()?),
            "-type" => match value()?.as_str() {
                "f" => TestKind::Type(false),
                "d" => TestKind::Type(true),
                other => return Err(format!("Unknown argument to -type: {other}")),
            },
            "-empty" => TestKind::Empty,
            "-maxdepth" => {
                search.depth_max = number(value()?)?.min(DEPTH_MAX);
                continue;
            }
            "-mindepth" => {
                search.depth_min = number(value()?)?;
                continue;
            }
            "-print" | "-a" | "-and" => continue,
            "-print0" => {
                search.end = "\0";
                continue;
            }
            "-delete" => {
                search.delete = true;
                continue;
            }
            "-exec" | "-ok" | "-o" | "-or" => return Err(format!("{arg} is not supported; pipe the names into xargs")),
            other => return Err(format!("unknown predicate `{other}'")),
        };
        search.tests.push(Test { negated: std::mem::take(&mut negated), kind });
    }
    Ok(search)
}

fn visit(context: &mut Context, search: &mut Search, shown: &str, path: &str, metadata: Metadata, depth: usize) -> i32 {
    search.visited += 1;
    if search.visited > FILES_MAX {
        return if search.visited == FILES_MAX + 1 {
            context.fail(format_args!("more than {FILES_MAX} files: stopped"))
        } else {
            1
        };
    }
    let mut status = 0;
    let matches =
        depth >= search.depth_min && search.tests.iter().all(|test| holds(context, test, shown, path, &metadata));
    if matches && !search.delete {
        context.out(format!("{shown}{}", search.end));
    }
    if metadata.is_directory() && depth < search.depth_max {
        match context.fs.list(path, context.caller) {
            Ok(entries) => {
                for entry in entries {
                    let shown = format!("{}/{}", shown.trim_end_matches('/'), entry.name);
                    status |= visit(context, search, &shown, &normalise(path, &entry.name), entry.metadata, depth + 1);
                }
            }
            Err(error) => status = context.fail(format_args!("\u{2018}{shown}\u{2019}: {error}")),
        }
    }
    if matches
        && search.delete
        && let Err(error) = context.fs.remove(path, context.caller)
    {
        status = context.fail(format_args!("cannot delete \u{2018}{shown}\u{2019}: {error}"));
    }
    status
}

fn holds(context: &Context, test: &Test, shown: &str, path: &str, metadata: &Metadata) -> bool {
    let name = file_name(shown.trim_end_matches('/'));
    let truth = match &test.kind {
        TestKind::Name(glob) => pattern::matches(glob, if name.is_empty() { "/" } else { name }),
        TestKind::IgnoringCase(glob) => pattern::matches(glob, &name.to_lowercase()),
        TestKind::Path(glob) => pattern::matches(glob, shown),
        TestKind::Type(directory) => metadata.is_directory() == *directory,
        TestKind::Empty if metadata.is_directory() => {
            context.fs.list(path, context.caller).is_ok_and(|entries| entries.is_empty())
        }
        TestKind::Empty => metadata.size == 0,
    };
    truth != test.negated
}
