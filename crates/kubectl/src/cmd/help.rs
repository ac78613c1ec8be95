//! `kubectl help`, `-h`: what a command does in a sentence, its flags with their defaults, its usage.

use super::find::{children, has_children, last_word, own_flags};
use super::{Verb, shared};
use crate::context::Env;
use crate::flags::{Flag, Type};
use ordered::Arrange;

/// Help for kubectl itself.
pub fn root() -> String {
    let mut text = String::from("kubectl talks to the API server of the cluster in this playground.\n\nCommands:\n");
    list(&mut text, "");
    text.push_str("\nUsage:\n  kubectl [flags] [options]\n\n");
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
    if has_children(verb) {
        text.push_str("\nAvailable Commands:\n");
        list(&mut text, verb.path);
    }
    let mut own = own_flags(verb, env);
    own.retain(|flag| flag.deprecated.is_empty());
    own.arrange_by_key(|flag| flag.name);
    if !own.is_empty() {
        text.push_str("\nOptions:\n");
        own.iter().for_each(|flag| text.push_str(&option(flag, default_of(verb, flag))));
    }
    text.push_str(&format!("\nUsage:\n  kubectl {} {}\n\n", verb.path, verb.usage));
    text.push_str("Use \"kubectl options\" for a list of global command-line options (applies to all commands).\n");
    text
}

/// `kubectl options`
pub fn options() -> String {
    let mut text = String::from("The following options can be passed to any command:\n\n");
    shared::GLOBAL.iter().for_each(|flag| text.push_str(&option(flag, flag.default)));
    text
}

fn list(text: &mut String, parent: &str) {
    let width = children(parent).map(|verb| last_word(verb).len()).max().unwrap_or(0) + 2;
    for verb in children(parent).filter(|verb| !verb.summary.is_empty()) {
        text.push_str(&format!("  {:width$}{}\n", last_word(verb), verb.summary));
    }
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

fn option(flag: &Flag, default: &str) -> String {
    let shorthand = if flag.short == '\0' { String::new() } else { format!("-{}, ", flag.short) };
    let default = match flag.kind {
        Type::Text => format!("'{default}'"),
        // A type of the log's own, which has no text while it is empty.
        Type::Array if flag.name == "vmodule" => String::new(),
        Type::Array | Type::Slice => "[]".to_string(),
        Type::Bool | Type::Int | Type::Int32 | Type::Duration => default.to_string(),
    };
    format!("    {shorthand}--{}={default}:\n\t{}\n\n", flag.name, flag.help)
}
