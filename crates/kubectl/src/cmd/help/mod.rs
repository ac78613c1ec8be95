//! `kubectl help`, `-h`: what a command does in a sentence, its flags with their defaults, its usage.

use super::find::{child, children, has_children, last_word, own_flags};
use super::{Verb, shared};
use crate::context::Env;
use crate::flags::{Flag, Type};
use ordered::Arrange;

/// The groups of kubectl's own help, in their order.
const GROUPS: &[(&str, &[&str])] = &[
    ("Basic Commands (Beginner)", &["create", "expose", "run", "set"]),
    ("Basic Commands (Intermediate)", &["explain", "get", "edit", "delete"]),
    ("Deploy Commands", &["rollout", "scale", "autoscale"]),
    ("Cluster Management Commands", &["certificate", "cluster-info", "top", "cordon", "uncordon", "drain", "taint"]),
    (
        "Troubleshooting and Debugging Commands",
        &["describe", "logs", "attach", "exec", "port-forward", "proxy", "cp", "auth", "debug", "events"],
    ),
    ("Advanced Commands", &["diff", "apply", "patch", "replace", "wait", "kustomize"]),
    ("Settings Commands", &["label", "annotate", "completion"]),
    ("Other Commands", &["api-resources", "api-versions", "config", "kuberc", "plugin", "version"]),
];

/// Examples of ours, by verb: a line `# PATH` and the lines below it.
static EXAMPLES: &str = include_str!("examples.txt");

/// What is said of flags, sorted: `--FLAG: words`, or `PATH --FLAG: words` where a verb means something else by it.
static FLAGS: &str = include_str!("flags.txt");

/// Names are followed by at least three spaces, as if the longest had at least so many letters.
const NAME_MIN: usize = 11;

/// Help for kubectl itself.
pub fn root() -> String {
    format!("kubectl talks to the API server of the cluster in this playground.\n\n{}", root_usage())
}

/// The verbs, in groups, and the form of a command line.
pub fn root_usage() -> String {
    let mut text = String::new();
    let of = |names: &[&str]| names.iter().filter_map(|name| child("", name)).collect::<Vec<_>>();
    let width = width(GROUPS.iter().flat_map(|(_, names)| of(names)));
    for (title, names) in GROUPS {
        text.push_str(&format!("{title}:\n"));
        of(names).into_iter().for_each(|verb| text.push_str(&line(verb, width)));
        text.push('\n');
    }
    text.push_str("Usage:\n  kubectl [flags] [options]\n\n");
    text.push_str("Use \"kubectl <command> --help\" for more information about a given command.\n");
    text.push_str("Use \"kubectl options\" for a list of global command-line options (applies to all commands).\n");
    text
}

/// Help for a verb.
pub fn verb(verb: &Verb, env: &Env) -> String {
    if verb.summary.is_empty() {
        return "No alpha commands are available in this version of kubectl\n".to_string();
    }
    let mut text = format!("{}.\n", verb.summary);
    if let Some(examples) = examples(verb) {
        text.push_str("\nExamples:\n");
        examples.lines().for_each(|example| text.push_str(&format!("  {example}\n")));
    }
    if has_children(verb) {
        text.push_str("\nAvailable Commands:\n");
        let mut below: Vec<&Verb> = children(verb.path).collect();
        below.arrange_by_key(|verb| last_word(verb));
        let width = width(below.iter().copied());
        below.into_iter().for_each(|verb| text.push_str(&line(verb, width)));
    }
    let mut own = own_flags(verb, env);
    own.retain(|flag| flag.deprecated.is_empty());
    own.arrange_by_key(|flag| flag.name);
    if !own.is_empty() {
        text.push_str("\nOptions:\n");
        own.iter().for_each(|flag| text.push_str(&option(verb.path, flag, default_of(verb, flag))));
    }
    let path = verb.path;
    text.push_str(&format!("\nUsage:\n  kubectl {path} {}\n\n", verb.usage));
    if has_children(verb) {
        text.push_str(&format!(
            "Use \"kubectl {path} <command> --help\" for more information about a given command.\n"
        ));
    }
    text.push_str("Use \"kubectl options\" for a list of global command-line options (applies to all commands).\n");
    text
}

fn examples(verb: &Verb) -> Option<&'static str> {
    let (_, below) = EXAMPLES.split_once(&format!("# {}\n", verb.path))?;
    Some(below.split("\n\n").next().unwrap_or(below))
}

/// `kubectl options`
pub fn options() -> String {
    let mut text = String::from("The following options can be passed to any command:\n\n");
    shared::GLOBAL.iter().for_each(|flag| text.push_str(&option("", flag, flag.default)));
    text
}

fn width<'v>(verbs: impl Iterator<Item = &'v Verb>) -> usize {
    verbs.map(|verb| last_word(verb).len()).max().unwrap_or(0).max(NAME_MIN) + 3
}

fn line(verb: &Verb, width: usize) -> String {
    format!("  {:width$}{}\n", last_word(verb), verb.summary)
}

/// A flag's default; who owns fields depends on the verb.
fn default_of(verb: &Verb, flag: &Flag) -> &'static str {
    if flag.name == "field-manager" && flag.default.is_empty() { manager_of(verb) } else { flag.default }
}

/// Who owns the fields that a verb sets, unless `--field-manager` says otherwise.
pub fn manager_of(verb: &Verb) -> &'static str {
    match verb.path.split(' ').next().unwrap_or_default() {
        "annotate" => "kubectl-annotate",
        "autoscale" => "kubectl-autoscale",
        "create" => "kubectl-create",
        "edit" => "kubectl-edit",
        "expose" => "kubectl-expose",
        "label" => "kubectl-label",
        "patch" => "kubectl-patch",
        "replace" => "kubectl-replace",
        "rollout" => "kubectl-rollout",
        "run" => "kubectl-run",
        "scale" => "kubectl-scale",
        "set" => "kubectl-set",
        "taint" => "kubectl-taint",
        _ => "kubectl-client-side-apply",
    }
}

/// What is said of a flag of a verb; of one of every command if the path is empty.
pub fn words(path: &str, flag: &Flag) -> &'static str {
    let find = |key: &str| FLAGS.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(": "));
    let of_verb = if path.is_empty() { None } else { find(&format!("{path} --{}", flag.name)) };
    of_verb.or_else(|| find(&format!("--{}", flag.name))).unwrap_or_default()
}

fn option(path: &str, flag: &Flag, default: &str) -> String {
    let shorthand = if flag.short == '\0' { String::new() } else { format!("-{}, ", flag.short) };
    let default = match flag.kind {
        Type::Text => format!("'{default}'"),
        // A type of the log's own, which has no text while it is empty.
        Type::Array if flag.name == "vmodule" => String::new(),
        Type::Array | Type::Slice => "[]".to_string(),
        Type::Bool | Type::Int | Type::Int32 | Type::Duration => default.to_string(),
    };
    format!("    {shorthand}--{}={default}:\n\t{}\n\n", flag.name, words(path, flag))
}

#[cfg(test)]
mod tests {
    use super::super::{VERBS, find};
    use super::*;

    /// The words of a command line without expansions.
    fn split(line: &str) -> Vec<api::Str> {
        let outside_of_quotes = line.split('\'').enumerate().map(|(index, part)| (index % 2 == 1, part));
        let marked: String = outside_of_quotes
            .map(|(is_quoted, part)| if is_quoted { part.into() } else { part.replace(' ', "\0") })
            .collect();
        marked.split('\0').filter(|word| !word.is_empty()).map(Into::into).collect()
    }

    #[test]
    fn every_example_is_a_command_of_the_verb_that_shows_it() {
        let mut shown = 0;
        for verb in VERBS {
            for line in examples(verb).unwrap_or_default().lines().filter(|line| !line.starts_with('#')) {
                let command = line.strip_prefix("kubectl ").unwrap_or_else(|| panic!("{line}"));
                let command = command.split(" <<<").next().unwrap_or_default();
                let found =
                    find::read(&split(command), &Env::default()).unwrap_or_else(|early| panic!("{line}: {early:?}"));
                let shows = |path: &str| found.verb.path == path || found.verb.path.starts_with(&format!("{path} "));
                assert!(shows(verb.path), "{} shows {line}", verb.path);
                shown += 1;
            }
        }
        let written = EXAMPLES.lines().filter(|line| line.starts_with("kubectl ")).count();
        assert_eq!(shown, written, "examples of a verb that is not there");
    }

    #[test]
    fn every_flag_has_words_and_every_line_has_a_flag() {
        let all = || {
            VERBS.iter().flat_map(|verb| {
                verb.flags.iter().flat_map(move |group| group.iter().map(move |flag| (verb.path, flag)))
            })
        };
        for (path, flag) in all().chain(shared::GLOBAL.iter().map(|flag| ("", flag))) {
            assert!(words(path, flag).ends_with('.'), "{path} --{} has no words", flag.name);
        }
        for line in FLAGS.lines() {
            let (key, _) = line.split_once(": ").unwrap_or_else(|| panic!("{line}"));
            let (path, name) = key.split_once("--").unwrap_or_else(|| panic!("{line}"));
            let (path, is_global) = (path.trim_end(), shared::GLOBAL.iter().any(|flag| flag.name == name));
            let is_own = all().any(|(own, flag)| flag.name == name && (path.is_empty() || own == path));
            assert!(is_own || (path.is_empty() && is_global), "{line}");
        }
        assert!(FLAGS.lines().is_sorted(), "the words are not sorted");
    }
}
