//! From the words of a command line to a verb, and what is said if there is none.
//!
//! Models: spf13/cobra's Find, Suggestions and error texts as kubectl v1.36 shows them.

use ordered::OrderedSet;

use api::Str;

use super::{Call, Flow, VERBS, Verb, help, shared};
use crate::context::{Context, Env};
use crate::failure::Failure;
use crate::flags::{self, Flag, FlagError, Parsed};

/// A command line that was understood.
#[derive(Debug)]
pub struct Command {
    /// What to run.
    pub verb: &'static Verb,
    /// Its flags and arguments.
    pub flags: Parsed,
}

/// A command line that ends before anything is run: a mistake, or a wish for help.
#[derive(Debug)]
pub enum Early {
    /// Help for standard output.
    Help(String),
    /// What is said beside help that is not there, which is no mistake.
    Aside(String),
    /// A mistake.
    Wrong(Failure),
}

impl Early {
    /// Prints it; answers with the exit code.
    pub fn print(&self, ctx: &mut Context<'_>) -> i32 {
        match self {
            Early::Help(text) => {
                ctx.out(text);
                0
            }
            Early::Aside(text) => {
                ctx.err(text);
                0
            }
            Early::Wrong(failure) => failure.show(ctx),
        }
    }
}

/// The command that a line begins with.
#[derive(Debug)]
pub enum Wanted {
    /// None, or help.
    Nothing,
    /// One of ours.
    Verb(&'static Verb),
    /// One that there is not.
    Unknown,
}

/// Looks which command the words after `kubectl` begin with.
pub fn wanted(words: &[Str]) -> Wanted {
    let mut words = words.to_vec();
    let Some(name) = take_name(&mut words, &[]).filter(|name| name != "help") else { return Wanted::Nothing };
    match child("", &name) {
        Some(verb) => Wanted::Verb(deepest(verb, &mut words)),
        None => Wanted::Unknown,
    }
}

/// The verb below another that the words name, which they lose.
fn deepest(mut verb: &'static Verb, words: &mut Vec<Str>) -> &'static Verb {
    while has_children(verb) {
        let mut rest = words.clone();
        let next = take_name(&mut rest, verb.flags);
        let Some(found) = next.and_then(|name| child(verb.path, &name)) else { break };
        *words = rest;
        verb = found;
    }
    verb
}

/// Reads the words after `kubectl`.
pub fn read(words: &[Str], env: &Env) -> Result<Command, Early> {
    let line = words;
    let mut words = words.to_vec();
    let Some(name) = take_name(&mut words, &[]) else {
        return Err(match words.iter().find(|word| is_unknown_global(word)) {
            Some(word) => Early::Wrong(Failure::Plain(unknown_flag(word, "kubectl"))),
            None => Early::Help(help::root()),
        });
    };
    if name == "help" {
        let path: Vec<&str> = words.iter().filter(|word| !word.starts_with('-')).map(Str::as_str).collect();
        return Err(help_of(&path, env));
    }
    let Some(verb) = child("", &name) else {
        return Err(Early::Wrong(Failure::Plain(unknown_command(&name))));
    };
    let verb = deepest(verb, &mut words);
    let all = all_flags(verb, env);
    let mut flags = match flags::parse(&words, &all) {
        Ok(flags) => flags,
        Err(FlagError::Help) => return Err(Early::Help(help::verb(verb, env))),
        Err(FlagError::Wrong(problem)) => {
            let message = format!("{problem}\nSee 'kubectl {} --help' for usage.", verb.path);
            return Err(Early::Wrong(Failure::Plain(message)));
        }
    };
    if let Some(line) =
        flags.given("record").last().is_some_and(|on| on == "true").then(|| flags::parse(line, &all).ok()).flatten()
    {
        flags.record(&line);
    }
    let missing: Vec<String> =
        verb.required.iter().filter(|name| flags.given(name).is_empty()).map(|name| format!("{name:?}")).collect();
    if !missing.is_empty() {
        let message = format!("required flag(s) {} not set", missing.join(", "));
        return Err(Early::Wrong(Failure::Plain(message)));
    }
    Ok(Command { verb, flags })
}

impl Command {
    /// Whether the whole standard input has to be there before the command can run.
    pub fn reads_stdin(&self) -> bool {
        let from_stdin = |name: &str| self.flags.given(name).iter().any(|value| value == "-" || value == "/dev/stdin");
        let is_interactive = matches!(self.verb.path, "run" | "attach");
        !is_interactive
            && (["filename", "patch-file"].into_iter().any(from_stdin)
                || self.reads_stdin_as_a_key()
                || self.reads_stdin_as_variables())
    }

    /// `kubectl set env deployment web -`
    fn reads_stdin_as_variables(&self) -> bool {
        self.verb.path == "set env" && self.flags.args.iter().any(|word| word == "-")
    }

    /// `--from-file=key=/dev/stdin`
    fn reads_stdin_as_a_key(&self) -> bool {
        let from_stdin = |value: &Str| value.ends_with("/dev/stdin");
        ["from-file", "from-env-file"].iter().any(|name| self.flags.given(name).iter().any(from_stdin))
    }

    /// Runs the command.
    pub fn run(self, env: &Env, stdin: String, ctx: &mut Context<'_>) -> Result<Flow, Failure> {
        ctx.err(&self.flags.deprecations());
        let result = Call::new(self, env, stdin, ctx).and_then(|mut call| (call.verb.run)(&mut call));
        result.or_else(|failure| Ok(Flow::Done(failure.show(ctx))))
    }
}

/// The verb's own flags: those that are behind a variable only where it is set.
pub fn own_flags(verb: &Verb, env: &Env) -> Vec<&'static Flag> {
    let is_there = |flag: &&'static Flag| flag.gate.is_empty() || env.gate(flag.gate) == Some(true);
    verb.flags.iter().flat_map(|group| group.iter()).filter(is_there).collect()
}

/// The verb's own flags and those of every command; where both have a name, it is the verb's.
pub fn all_flags(verb: &Verb, env: &Env) -> Vec<&'static Flag> {
    let mut all = own_flags(verb, env);
    let is_new = |flag: &&'static Flag| all.iter().all(|own| own.name != flag.name);
    let global: Vec<&'static Flag> = shared::GLOBAL.iter().filter(is_new).collect();
    all.extend(global);
    all
}

/// The verb with this name below the path of another ("" for the root).
pub fn child(parent: &str, name: &str) -> Option<&'static Verb> {
    children(parent).find(|verb| last_word(verb) == name || verb.aliases.contains(&name))
}

/// The verbs directly below a path.
pub fn children(parent: &str) -> impl Iterator<Item = &'static Verb> {
    let parent = parent.to_string();
    VERBS.iter().copied().filter(move |verb| match verb.path.rsplit_once(' ') {
        Some((above, _)) => above == parent,
        None => parent.is_empty(),
    })
}

/// Whether verbs stand below this one.
pub fn has_children(verb: &Verb) -> bool {
    children(verb.path).next().is_some()
}

/// `status` of `rollout status`
pub fn last_word(verb: &Verb) -> &'static str {
    verb.path.rsplit(' ').next().unwrap_or(verb.path)
}

/// `kubectl help PATH`: about the last verb of the path; what follows it is not read.
fn help_of(path: &[&str], env: &Env) -> Early {
    let Some(first) = path.first() else { return Early::Help(help::root()) };
    let Some(mut found) = child("", first) else {
        let topics: Vec<String> = path.iter().map(|topic| format!("`{topic}`")).collect();
        return Early::Aside(format!("Unknown help topic [{}]\n\n\n{}", topics.join(" "), help::root_usage()));
    };
    while let Some(below) = path.get(found.path.split(' ').count()).and_then(|name| child(found.path, name)) {
        found = below;
    }
    Early::Help(help::verb(found, env))
}

/// Takes the first word that is neither a flag nor a flag's value out.
fn take_name(words: &mut Vec<Str>, groups: &[&'static [Flag]]) -> Option<Str> {
    let known = || groups.iter().flat_map(|group| group.iter()).chain(shared::GLOBAL.iter());
    let mut at = 0;
    while let Some(word) = words.get(at) {
        if word == "--" {
            return None;
        }
        let takes_value = match word.strip_prefix("--") {
            Some(name) if name.contains('=') => false,
            Some("help") => false,
            Some(name) => known().find(|flag| flag.name == name).is_none_or(|flag| flag.bare.is_empty()),
            None if word.len() == 2 && word.starts_with('-') => {
                let letter = word.chars().nth(1).unwrap_or('-');
                letter != 'h' && known().find(|flag| flag.short == letter).is_none_or(|flag| flag.bare.is_empty())
            }
            None if word.starts_with('-') && word.len() > 1 => false,
            None => return Some(words.remove(at)),
        };
        at += if takes_value { 2 } else { 1 };
    }
    None
}

fn is_unknown_global(word: &str) -> bool {
    let name = word.trim_start_matches('-').split('=').next().unwrap_or("");
    let is_known = shared::GLOBAL.iter().any(|flag| flag.name == name || flag.short.to_string() == name);
    word.starts_with('-') && !is_known && !matches!(name, "help" | "h" | "")
}

fn unknown_flag(word: &str, path: &str) -> String {
    let name = word.split('=').next().unwrap_or(word);
    match name.strip_prefix("--") {
        Some(name) => format!("unknown flag: --{name}\nSee '{path} --help' for usage."),
        None => {
            let letters = word.trim_start_matches('-');
            let letter = letters.chars().next().unwrap_or('-');
            format!("unknown shorthand flag: {letter:?} in -{letters}\nSee '{path} --help' for usage.")
        }
    }
}

fn unknown_command(name: &str) -> String {
    let mut message = format!("unknown command {name:?} for \"kubectl\"");
    let suggestions = suggestions(name);
    if !suggestions.is_empty() {
        message.push_str("\n\nDid you mean this?\n");
        for suggestion in suggestions {
            message.push_str(&format!("\t{suggestion}\n"));
        }
    }
    message
}

/// The differences that still make a name look like another.
const DISTANCE_MAX: usize = 2;

fn suggestions(name: &str) -> OrderedSet<&'static str> {
    let typed = name.to_lowercase();
    let resembles = |verb: &&'static Verb| {
        let own = last_word(verb);
        distance(&typed, own) <= DISTANCE_MAX || own.starts_with(&typed) || verb.suggest_for.contains(&typed.as_str())
    };
    children("").filter(resembles).map(last_word).collect()
}

/// Levenshtein's distance.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, l) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, r) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(l != *r);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}
