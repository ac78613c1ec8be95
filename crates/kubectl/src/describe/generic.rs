//! Any kind without a describer of its own: all of the object's fields, with names made readable.

use api::Value;

use super::cluster::Cluster;
use super::fields::{at, go, text};
use super::lines::Lines;

/// What the head has shown, and what nobody wants to see.
const SKIPPED: [&str; 5] =
    [".metadata.managedFields", ".metadata.name", ".metadata.namespace", ".metadata.labels", ".metadata.annotations"];
/// Fields deeper than this are not shown.
const DEPTH_MAX: usize = 100;

/// Writes an object.
pub(super) fn generic(lines: &mut Lines, object: &Value, cluster: &Cluster<'_>) {
    lines.field(0, "Name", text(object, "metadata.name"));
    lines.field(0, "Namespace", text(object, "metadata.namespace"));
    lines.labels("Labels", at(object, "metadata.labels"));
    lines.annotations("Annotations", at(object, "metadata.annotations"));
    fields(lines, 0, object, "");
    cluster.events(lines, object);
}

fn fields(lines: &mut Lines, level: usize, object: &Value, path: &str) {
    if level > DEPTH_MAX {
        return;
    }
    for (name, value) in object.as_map().into_iter().flatten() {
        let path = format!("{path}.{name}");
        if SKIPPED.contains(&path.as_str()) {
            continue;
        }
        let label = label(name);
        match value {
            Value::Map(_) => {
                lines.line(level, format_args!("{label}:"));
                fields(lines, level + 1, value, &path);
            }
            Value::List(items) => {
                lines.line(level, format_args!("{label}:"));
                for item in items {
                    match item {
                        Value::Map(_) => fields(lines, level + 1, item, &path),
                        item => lines.line(level + 1, go(item)),
                    }
                }
            }
            value => lines.field(level, label, go(value)),
        }
    }
}

/// The name of a field as words: `apiVersion` is `API Version`. Names with other signs than letters and dashes stay.
fn label(field: &str) -> String {
    const ACRONYMS: [&str; 4] = ["API", "URL", "UID", "GUID"];
    if !field.chars().all(|c| c.is_alphabetic() || c == '-') {
        return field.to_string();
    }
    let word = |part: String| {
        let upper = part.to_uppercase();
        if ACRONYMS.contains(&upper.as_str()) {
            return upper;
        }
        let is_lower = part.to_lowercase() == part;
        if is_lower { capitalised(&part) } else { part }
    };
    merged(parts(field)).into_iter().map(word).collect::<Vec<_>>().join(" ")
}

fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// Runs of one class of letters; the last capital of a run belongs to the small letters after it.
fn parts(field: &str) -> Vec<String> {
    let class = |c: char| (c.is_lowercase(), c.is_uppercase());
    let mut runs: Vec<String> = Vec::new();
    let mut last = None;
    for c in field.chars() {
        match runs.last_mut().filter(|_| last == Some(class(c))) {
            Some(run) => run.push(c),
            None => runs.push(c.to_string()),
        }
        last = Some(class(c));
    }
    for at in 1..runs.len() {
        let is_pair = runs[at - 1].starts_with(char::is_uppercase) && runs[at].starts_with(char::is_lowercase);
        if let Some(capital) = is_pair.then(|| runs[at - 1].pop()).flatten() {
            runs[at].insert(0, capital);
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}

/// Puts an acronym and the capitalised word after it together again.
fn merged(parts: Vec<String>) -> Vec<String> {
    let mut merged: Vec<String> = Vec::new();
    let mut is_open = false;
    for part in parts {
        match merged.last_mut().filter(|_| is_open && part.starts_with(char::is_uppercase)) {
            Some(acronym) => {
                acronym.push_str(&part);
                is_open = false;
            }
            None => {
                is_open =
                    part.len() >= 2 && !part.chars().any(char::is_lowercase) && part.starts_with(char::is_alphabetic);
                merged.push(part);
            }
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_fields_become_words() {
        for (field, expect) in [
            ("apiVersion", "API Version"),
            ("uid", "UID"),
            ("containerPort", "Container Port"),
            ("dnsPolicy", "Dns Policy"),
            ("$patch", "$patch"),
            ("clusterIP", "Cluster IP"),
            ("APIVersion", "APIVersion"),
            ("my-field", "My - Field"),
            ("app.kubernetes.io/name", "app.kubernetes.io/name"),
            ("", ""),
        ] {
            assert_eq!(label(field), expect, "{field}");
        }
    }
}
