//! `kubectl help`, `-h`: what a command does in a sentence, its flags with their defaults, its usage.

use super::find::{children, has_children, last_word};
use super::{Verb, shared};
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
pub fn verb(verb: &Verb) -> String {
    let mut text = format!("{}.\n", verb.summary);
    if has_children(verb) {
        text.push_str("\nAvailable Commands:\n");
        list(&mut text, verb.path);
    }
    let mut own: Vec<&Flag> = verb.flags.iter().flat_map(|group| group.iter()).filter(|flag| !flag.is_hidden).collect();
    own.arrange_by_key(|flag| flag.name);
    if !own.is_empty() {
        text.push_str("\nOptions:\n");
        own.iter().for_each(|flag| text.push_str(&option(flag)));
    }
    text.push_str(&format!("\nUsage:\n  kubectl {} {}\n\n", verb.path, verb.usage));
    text.push_str("Use \"kubectl options\" for a list of global command-line options (applies to all commands).\n");
    text
}

/// `kubectl options`
pub fn options() -> String {
    let mut text = String::from("The following options can be passed to any command:\n\n");
    shared::GLOBAL.iter().for_each(|flag| text.push_str(&option(flag)));
    text
}

fn list(text: &mut String, parent: &str) {
    let width = children(parent).map(|verb| last_word(verb).len()).max().unwrap_or(0) + 2;
    for verb in children(parent) {
        text.push_str(&format!("  {:width$}{}\n", last_word(verb), verb.summary));
    }
}

fn option(flag: &Flag) -> String {
    let shorthand = if flag.short == '\0' { String::new() } else { format!("-{}, ", flag.short) };
    let default = match flag.kind {
        Type::Text => format!("'{}'", flag.default),
        Type::Array | Type::Slice => "[]".to_string(),
        Type::Bool | Type::Int | Type::Duration => flag.default.to_string(),
    };
    format!("    {shorthand}--{}={default}:\n\t{}\n\n", flag.name, flag.help)
}
