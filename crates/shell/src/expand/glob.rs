//! `*.yaml` becomes the names that match, in order; itself if none does.

use super::{Expanded, Scope, Stop};
use crate::fs::normalise;
use crate::limits::EXPANSION_WORDS_MAX;
use crate::pattern;

pub(super) fn expand(scope: &Scope, text: String, glob: &str, into: &mut Vec<String>) -> Expanded<()> {
    if !scope.globbing || !pattern::is_live(glob) {
        into.push(text);
        return Ok(());
    }
    let found = paths(scope, glob);
    if found.len() > EXPANSION_WORDS_MAX {
        return Err(Stop::Fail(format!("{text}: matches more than {EXPANSION_WORDS_MAX} files")));
    }
    if found.is_empty() {
        into.push(text);
    } else {
        into.extend(found);
    }
    Ok(())
}

/// The existing paths that match, component by component.
fn paths(scope: &Scope, glob: &str) -> Vec<String> {
    let (mut found, rest) = match glob.strip_prefix('/') {
        Some(rest) => (vec!["/".to_string()], rest),
        None => (vec![String::new()], glob),
    };
    let components: Vec<&str> = rest.split('/').collect();
    for (index, component) in components.iter().enumerate() {
        let last = index + 1 == components.len();
        let mut next = Vec::new();
        for base in &found {
            extend(scope, base, component, last, &mut next);
            if next.len() > EXPANSION_WORDS_MAX {
                return next;
            }
        }
        found = next;
    }
    found
}

fn extend(scope: &Scope, base: &str, component: &str, last: bool, next: &mut Vec<String>) {
    let end = if last { "" } else { "/" };
    if !pattern::is_live(component) {
        let plain = unescape(component);
        let path = format!("{base}{plain}{end}");
        if scope.fs.exists(&normalise(scope.cwd, &path), scope.caller) {
            next.push(path);
        }
        return;
    }
    let glob: Vec<char> = component.chars().collect();
    let Ok(entries) = scope.fs.list(&normalise(scope.cwd, base), scope.caller) else { return };
    for entry in entries {
        // A leading dot must be written out.
        let hidden = entry.name.starts_with('.') && !component.starts_with('.');
        let name: Vec<char> = entry.name.chars().collect();
        if !hidden && (last || entry.metadata.is_directory()) && pattern::matches_chars(&glob, &name) {
            next.push(format!("{base}{}{end}", entry.name));
        }
    }
}

fn unescape(component: &str) -> String {
    let mut plain = String::new();
    let mut chars = component.chars();
    while let Some(c) = chars.next() {
        plain.push(if c == '\\' { chars.next().unwrap_or('\\') } else { c });
    }
    plain
}
