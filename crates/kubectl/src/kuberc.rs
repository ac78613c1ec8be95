//! The user's preferences: other defaults of flags, and other names of commands.
//!
//! They are worked into the words of a command line before it is read: an alias becomes its command, with its own words around those
//! of the user; a default becomes a flag where the user has not given it.
//!
//! Models: kubernetes v1.36 kubectl/pkg/kuberc. Absent: policies of credential plugins have no effect, as there are no plugins.

use api::text::yaml;
use api::{Str, Value};

use crate::cmd::Verb;
use crate::cmd::find::{Wanted, all_flags, last_word, wanted};
use crate::context::{Context, Env, FileError};
use crate::flags::{self, Flag};

const GROUP: &str = "kubectl.config.k8s.io";
/// The variable that turns preferences off.
const GATE: &str = "KUBECTL_KUBERC";

/// Flags and their values.
type Options = Vec<(Str, Str)>;

/// What a kuberc file says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Preference {
    /// A command, and defaults of its flags.
    defaults: Vec<(Str, Options)>,
    aliases: Vec<Alias>,
    policy: Str,
    allowlist: Option<Vec<Str>>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Alias {
    name: Str,
    command: Str,
    before: Vec<Str>,
    after: Vec<Str>,
    options: Options,
}

/// Where preferences lie, and whether the user has said so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) path: Str,
    pub(crate) is_named: bool,
}

/// The place that a flag or `$KUBERC` names, or the usual one; none if `$KUBERC` is `off`.
pub(crate) fn place(env: &Env, flag: &str) -> Result<Option<Place>, String> {
    match (flag, env.kuberc.as_str()) {
        ("", "off") => Ok(None),
        (_, "off") => Err("disabling kuberc via KUBERC=off and passing kuberc flag are mutually exclusive".to_string()),
        ("", "") => Ok(Some(Place { path: thin::format_str!("{}/.kube/kuberc", env.home), is_named: false })),
        ("", named) | (named, _) => Ok(Some(Place { path: named.into(), is_named: true })),
    }
}

/// The words of a command line, with the preferences worked in.
pub(crate) fn apply(ctx: &mut Context<'_>, env: &Env, words: &[Str]) -> Result<Vec<Str>, String> {
    if words.is_empty() || env.gate(GATE) == Some(false) {
        return Ok(words.to_vec());
    }
    let loaded = load(ctx, env, &named_path(words)?).map_err(|problem| format!("kuberc error {problem}"))?;
    let Some(preference) = loaded else { return Ok(words.to_vec()) };
    preference.check()?;
    match preference.with_alias(env, words)? {
        Some((words, alias)) => preference.with_defaults(ctx, env, words, Some(&alias)),
        None => preference.with_defaults(ctx, env, words.to_vec(), None),
    }
}

/// `--kuberc`, before the flags are read.
fn named_path(words: &[Str]) -> Result<Str, String> {
    let missing = || "kuberc file is not found".to_string();
    for (at, word) in words.iter().enumerate().take_while(|(_, word)| *word != "--") {
        if word == "--kuberc" {
            return words.get(at + 1).cloned().ok_or_else(missing);
        }
        if let Some(path) = word.strip_prefix("--kuberc=") {
            return if path.is_empty() { Err(missing()) } else { Ok(path.into()) };
        }
    }
    Ok(Str::new())
}

fn load(ctx: &mut Context<'_>, env: &Env, flag: &str) -> Result<Option<Preference>, String> {
    let Some(Place { path, is_named }) = place(env, flag)? else { return Ok(None) };
    let problem = match ctx.fs.read(&env.absolute(&path)) {
        Err(FileError::NotFound) if !is_named => return Ok(None),
        Err(error) => format!("open {path}: {error}"),
        Ok(bytes) => match read(&String::from_utf8_lossy(&bytes)) {
            Read::Nothing => return Ok(None),
            Read::Found(preference, unknown) => {
                if let Some(unknown) = unknown {
                    let strict = format!("strict decoding error: unknown field {unknown:?}");
                    ctx.err(&format!("kuberc: ignoring strict decoding error in {path}: {strict}"));
                }
                return Ok(Some(preference));
            }
            Read::Invalid => format!("no valid preferences found in {path}, use --v=5 to see details"),
        },
    };
    if is_named {
        return Err(format!("kuberc: {problem}"));
    }
    ctx.err(&format!("kuberc: no preferences loaded from {path}: {problem}"));
    Ok(None)
}

/// What became of a file.
enum Read {
    /// There is nothing in it.
    Nothing,
    /// The first document of a known version, and a field that it should not have.
    Found(Preference, Option<String>),
    /// There are only other documents.
    Invalid,
}

fn read(text: &str) -> Read {
    let (documents, error) = yaml::documents(text);
    let mut values = documents.into_iter().map(|document| document.value).filter(|value| !value.is_null()).peekable();
    if values.peek().is_none() && error.is_none() {
        return Read::Nothing;
    }
    let found = values.find_map(|value| Some((decode(&value)?, unknown_field(&value))));
    found.map_or(Read::Invalid, |(preference, unknown)| Read::Found(preference, unknown))
}

/// A document of either version; the older one has other names for two fields.
fn decode(value: &Value) -> Option<Preference> {
    let version = value.get("apiVersion").text().strip_prefix(GROUP)?.strip_prefix('/')?;
    let (defaults, options) = match version {
        "v1beta1" => ("defaults", "options"),
        "v1alpha1" => ("overrides", "flags"),
        _ => return None,
    };
    if value.get("kind").text() != "Preference" {
        return None;
    }
    let default = |value: &Value| Some((text(value.get("command"))?, pairs(value.get(options))?));
    let alias = |value: &Value| {
        Some(Alias {
            name: text(value.get("name"))?,
            command: text(value.get("command"))?,
            before: list(value.get("prependArgs"), text)?,
            after: list(value.get("appendArgs"), text)?,
            options: pairs(value.get(options))?,
        })
    };
    let allowed = value.get("credentialPluginAllowlist");
    let allowlist = if allowed.is_null() { None } else { Some(list(allowed, |entry| text(entry.get("command")))?) };
    Some(Preference {
        defaults: list(value.get(defaults), default)?,
        aliases: list(value.get("aliases"), alias)?,
        policy: text(value.get("credentialPluginPolicy"))?,
        allowlist,
    })
}

fn text(value: &Value) -> Option<Str> {
    match value {
        Value::Null => Some(Str::new()),
        Value::Str(text) => Some(text.clone()),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::List(_) | Value::Map(_) => None,
    }
}

fn list<T>(value: &Value, one: impl Fn(&Value) -> Option<T>) -> Option<Vec<T>> {
    match value {
        Value::Null => Some(Vec::new()),
        Value::List(items) => items.iter().map(one).collect(),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Str(_) | Value::Map(_) => None,
    }
}

fn pairs(value: &Value) -> Option<Options> {
    list(value, |pair| Some((text(pair.get("name"))?, text(pair.get("default"))?)))
}

/// The first field that a preference of its version does not have.
fn unknown_field(value: &Value) -> Option<String> {
    const ALIAS: [&str; 6] = ["name", "command", "prependArgs", "appendArgs", "options", "flags"];
    const ROOT: [&str; 7] = [
        "apiVersion",
        "kind",
        "defaults",
        "overrides",
        "aliases",
        "credentialPluginPolicy",
        "credentialPluginAllowlist",
    ];
    let unknown = |value: &Value, known: &[&str]| {
        let mut fields = value.as_map()?.keys().filter(|key| !known.contains(&key.as_str()));
        fields.next().cloned()
    };
    if let Some(field) = unknown(value, &ROOT) {
        return Some(field.to_string());
    }
    ["defaults", "overrides", "aliases"].into_iter().find_map(|list| {
        let items = value.get(list).as_list().iter().enumerate();
        let mut found = items.filter_map(|(at, item)| Some(format!("{list}[{at}].{}", unknown(item, &ALIAS)?)));
        found.next()
    })
}

impl Preference {
    fn check(&self) -> Result<(), String> {
        let long = |options: &Options| match options.iter().find(|(name, _)| name.starts_with('-')) {
            Some((name, _)) => Err(format!("flag name {name} should be in long form without dashes")),
            None => Ok(()),
        };
        for (at, alias) in self.aliases.iter().enumerate() {
            if alias.name.is_empty() || !alias.name.bytes().all(|byte| byte.is_ascii_alphabetic()) {
                return Err("invalid alias name, can only include alphabetical characters".to_string());
            }
            long(&alias.options)?;
            if self.aliases[..at].iter().any(|other| other.name == alias.name) {
                return Err(format!("duplicate alias name {}", alias.name));
            }
        }
        self.defaults.iter().try_for_each(|(_, options)| long(options))?;
        self.check_policy()
    }

    fn check_policy(&self) -> Result<(), String> {
        match (self.policy.as_str(), &self.allowlist) {
            ("" | "AllowAll" | "DenyAll", None) => Ok(()),
            (policy @ ("" | "AllowAll" | "DenyAll"), Some(_)) => Err(format!(
                "misconfigured credential plugin allowlist: plugin policy is {policy:?} but allowlist is non-nil"
            )),
            ("Allowlist", None) => {
                Err("credential plugin policy set to \"Allowlist\", but allowlist is unspecified".to_string())
            }
            ("Allowlist", Some(list)) if list.is_empty() => Err("credential plugin policy set to \"Allowlist\", but \
                 allowlist is empty; use \"DenyAll\" policy instead"
                .to_string()),
            ("Allowlist", Some(list)) => match list.iter().position(|command| command.is_empty()) {
                Some(at) => {
                    Err(format!("misconfigured credential plugin allowlist: empty allowlist entry #{}", at + 1))
                }
                None => Ok(()),
            },
            (policy, _) => Err(format!("unknown plugin policy: {policy:?}")),
        }
    }

    /// The words with an alias spelt out, and its name, if the line begins with one.
    fn with_alias(&self, env: &Env, words: &[Str]) -> Result<Option<(Vec<Str>, Str)>, String> {
        if !matches!(wanted(words), Wanted::Unknown) {
            return Ok(None);
        }
        let Some(at) = words.iter().position(|word| !word.starts_with('-')) else { return Ok(None) };
        let Some(alias) = self.aliases.iter().find(|alias| alias.name == words[at]) else { return Ok(None) };
        let command: Vec<Str> = alias.command.split_whitespace().map(Str::from).collect();
        let Wanted::Verb(verb) = wanted(&command) else {
            let (rest, name) = (command.join(" "), alias.name.as_str());
            return Err(format!("command {:?} not found to set alias {name:?}: [{rest}]", alias.command.as_str()));
        };
        let mut spelt: Vec<Str> = words[..at].to_vec();
        spelt.extend(command.iter().cloned());
        for (name, value) in &alias.options {
            let unknown = || format!("invalid alias flag {name} in alias kubectl");
            let flag = flag_of(verb, env, name).ok_or_else(unknown)?;
            if is_given(flag, words) {
                continue;
            }
            spelt.push(set(flag, value).map_err(|problem| {
                format!("could not apply value {value} to flag {name} in alias kubectl err: {problem}")
            })?);
        }
        spelt.extend(alias.before.iter().chain(&words[at + 1..]).chain(&alias.after).cloned());
        Ok(Some((spelt, alias.name.clone())))
    }

    /// The words with the flags that have another default, where they are not given.
    fn with_defaults(
        &self,
        ctx: &mut Context<'_>,
        env: &Env,
        mut words: Vec<Str>,
        alias: Option<&Str>,
    ) -> Result<Vec<Str>, String> {
        let Wanted::Verb(verb) = wanted(&words) else { return Ok(words) };
        let given = words.clone();
        let name = alias.map_or(last_word(verb), |alias| alias.as_str());
        for (command, options) in &self.defaults {
            let parts: Vec<Str> = command.split_whitespace().map(Str::from).collect();
            let other = match wanted(&parts) {
                Wanted::Verb(other) => last_word(other),
                _ if alias.is_some_and(|alias| *alias == *command) => {
                    return Err(format!("alias {name} can not be overridden"));
                }
                Wanted::Nothing | Wanted::Unknown => {
                    let shown = command.as_str();
                    ctx.err(&format!("Warning: command {shown:?} not found to set kuberc override\n"));
                    continue;
                }
            };
            // Only the last words are compared, as upstream does.
            if other != name {
                continue;
            }
            for (option, value) in options {
                let unknown = || format!("invalid flag {option} for command {command}");
                let flag = flag_of(verb, env, option).ok_or_else(unknown)?;
                if is_given(flag, &given) {
                    continue;
                }
                let word = set(flag, value).map_err(|problem| {
                    format!(
                        "could not apply override value {value} to flag {option} in command {command} err: {problem}"
                    )
                })?;
                // What stands behind `--` is no flag.
                let end = words.iter().position(|word| word == "--").unwrap_or(words.len());
                words.insert(end, word);
            }
        }
        Ok(words)
    }
}

fn flag_of(verb: &Verb, env: &Env, name: &str) -> Option<&'static Flag> {
    all_flags(verb, env).into_iter().find(|flag| flag.name == name)
}

/// The flag as a word, if it takes the value.
fn set(flag: &'static Flag, value: &str) -> Result<Str, String> {
    let word: Str = thin::format_str!("--{}={value}", flag.name);
    flags::parse(std::slice::from_ref(&word), &[flag]).map(|_| word).map_err(|problem| problem.to_string())
}

/// Whether the user has given a flag in any way: `--output`, `-o`, `-Ao`.
fn is_given(flag: &Flag, words: &[Str]) -> bool {
    words.iter().any(|word| {
        let long = word.strip_prefix("--").and_then(|rest| rest.strip_prefix(flag.name));
        if long.is_some_and(|rest| rest.is_empty() || rest.starts_with('=')) {
            return true;
        }
        let Some(letters) = word.strip_prefix('-').filter(|_| flag.short != '\0') else { return false };
        let are_letters = !letters.is_empty() && letters.bytes().all(|byte| byte.is_ascii_alphabetic());
        letters.starts_with(flag.short) || are_letters && letters.contains(flag.short)
    })
}
