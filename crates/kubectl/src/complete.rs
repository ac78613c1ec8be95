//! What the Tab key offers behind `kubectl`: verbs, flags, resources, names of objects.
//!
//! Models: kubernetes v1.36 kubectl/pkg/util/completion.

use api::schema;
use api::{Kind, Str};
use client::Api;
use ordered::Arrange;

use crate::cmd::Verb;
use crate::cmd::find::{all_flags, child, children, has_children, last_word};
use crate::config::Config;
use crate::context::Env;
use crate::flags::Flag;
use crate::mapping::Mapping;

/// A word that fits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
    /// The whole word in the place of the one under the cursor.
    pub text: String,
    /// What follows it: a space, or nothing if the word goes on.
    pub suffix: &'static str,
}

/// Most names of objects that are offered.
const NAMES_MAX: usize = 500;

/// Verbs whose first argument is a resource, and whose others are its names.
const RESOURCE_VERBS: [&str; 12] = [
    "annotate",
    "delete",
    "describe",
    "edit",
    "explain",
    "get",
    "label",
    "patch",
    "scale",
    "set image",
    "taint",
    "wait",
];
/// What a rollout is of.
const ROLLOUT_TYPES: [&str; 3] = ["daemonsets", "deployments", "statefulsets"];
const FORMATS: [&str; 9] =
    ["custom-columns=", "go-template=", "json", "jsonpath=", "jsonpath-as-json=", "kyaml", "name", "wide", "yaml"];

/// Completes the last of `words` (`words[0]` is the program) in the context in force. `None` means: complete file names.
pub fn complete(words: &[Str], config: &Config, api: &dyn Api) -> Option<Vec<Candidate>> {
    let (partial, before) = words.split_last()?;
    let mut line = Line { verb: None, args: Vec::new(), pending: None, namespace: None, after_dash: false };
    before.iter().skip(1).for_each(|word| line.take(word));
    let partial = partial.as_str();
    if line.after_dash {
        return None;
    }
    let mut found = if let Some(flag) = line.pending {
        flag_values(flag, &line, config, api)?
    } else if partial.starts_with('-') {
        flags(line.verb)
    } else {
        line.arguments(partial, config, api)?
    };
    found.retain(|candidate| candidate.text.starts_with(partial));
    found.arrange();
    found.dedup();
    Some(found)
}

/// What stands before the cursor.
struct Line {
    verb: Option<&'static Verb>,
    args: Vec<Str>,
    /// A flag that waits for its value.
    pending: Option<&'static Flag>,
    namespace: Option<Str>,
    after_dash: bool,
}

impl Line {
    fn take(&mut self, word: &Str) {
        if let Some(flag) = self.pending.take() {
            if flag.name == "namespace" {
                self.namespace = Some(word.clone());
            }
        } else if word == "--" {
            self.after_dash = true;
        } else if word.len() > 1 && word.starts_with('-') {
            self.take_flag(word);
        } else {
            self.take_argument(word);
        }
    }

    fn take_flag(&mut self, word: &str) {
        let flags = known_flags(self.verb);
        let (flag, value) = match word.strip_prefix("--") {
            Some(long) => {
                let (name, value) = long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
                (flags.into_iter().find(|flag| flag.name == name), value)
            }
            None => {
                let letter = word.chars().nth(1).unwrap_or('\0');
                let value = word.get(2..).filter(|rest| !rest.is_empty());
                (flags.into_iter().find(|flag| flag.short == letter), value)
            }
        };
        let Some(flag) = flag else { return };
        match value {
            Some(value) if flag.name == "namespace" => self.namespace = Some(value.trim_start_matches('=').into()),
            Some(_) => {}
            None if flag.bare.is_empty() => self.pending = Some(flag),
            None => {}
        }
    }

    fn take_argument(&mut self, word: &Str) {
        let parent = self.verb.map_or("", |verb| verb.path);
        match child(parent, word).filter(|_| self.args.is_empty()) {
            Some(verb) => self.verb = Some(verb),
            None => self.args.push(word.clone()),
        }
    }

    fn arguments(&self, partial: &str, config: &Config, api: &dyn Api) -> Option<Vec<Candidate>> {
        let Some(verb) = self.verb else { return Some(verbs("")) };
        if has_children(verb) && self.args.is_empty() {
            return Some(verbs(verb.path));
        }
        let namespace = self.namespace(config);
        let names_of = |kind: Kind| names(Mapping::of(kind), &namespace, api, "");
        match verb.path {
            "logs" | "exec" | "attach" | "port-forward" if self.args.is_empty() => Some(names_of(Kind::Pod)),
            "cordon" | "uncordon" | "drain" => Some(names_of(Kind::Node)),
            "config use-context" => Some(config.context_names().into_iter().map(whole).collect()),
            path if path.starts_with("rollout ") => Some(self.typed(partial, &ROLLOUT_TYPES, &namespace, api)),
            path if RESOURCE_VERBS.contains(&path) => {
                let types: Vec<&str> = schema::resources().iter().map(|resource| resource.plural).collect();
                Some(self.typed(partial, &types, &namespace, api))
            }
            _ => None,
        }
    }

    fn namespace(&self, config: &Config) -> Str {
        let context = config.current_context();
        let own = self.namespace.clone().unwrap_or_else(|| config.context(&context).get("namespace").text().into());
        if own.is_empty() { "default".into() } else { own }
    }

    /// `type name…` or `type/name…`
    fn typed(&self, partial: &str, types: &[&str], namespace: &str, api: &dyn Api) -> Vec<Candidate> {
        if let Some((resource, _)) = partial.split_once('/') {
            let prefix = format!("{resource}/");
            return Mapping::find(resource).map(|found| names(found, namespace, api, &prefix)).unwrap_or_default();
        }
        match self.args.first().filter(|first| !first.contains('/')) {
            None => types.iter().map(|name| whole(Str::from(*name))).collect(),
            Some(first) => {
                let mut found = Mapping::find(first).map(|found| names(found, namespace, api, "")).unwrap_or_default();
                found.retain(|candidate| !self.args.iter().any(|arg| *arg == candidate.text));
                found
            }
        }
    }
}

fn whole(text: Str) -> Candidate {
    Candidate { text: text.into(), suffix: " " }
}

fn verbs(parent: &str) -> Vec<Candidate> {
    children(parent).map(|verb| whole(last_word(verb).into())).collect()
}

fn known_flags(verb: Option<&'static Verb>) -> Vec<&'static Flag> {
    verb.map_or_else(|| crate::cmd::shared::GLOBAL.iter().collect(), |verb| all_flags(verb, &Env::default()))
}

fn flags(verb: Option<&'static Verb>) -> Vec<Candidate> {
    let candidate = |flag: &'static Flag| match flag.bare {
        "" => Candidate { text: format!("--{}=", flag.name), suffix: "" },
        _ => whole(thin::format_str!("--{}", flag.name)),
    };
    known_flags(verb).into_iter().map(candidate).collect()
}

fn flag_values(flag: &Flag, line: &Line, config: &Config, api: &dyn Api) -> Option<Vec<Candidate>> {
    match flag.name {
        "namespace" => Some(names(Mapping::of(Kind::Namespace), "", api, "")),
        "context" => Some(config.context_names().into_iter().map(whole).collect()),
        "output" => {
            let suffix = |format: &str| if format.ends_with('=') { "" } else { " " };
            Some(FORMATS.iter().map(|format| Candidate { text: (*format).into(), suffix: suffix(format) }).collect())
        }
        "container" => Some(containers(line, config, api)),
        "filename" | "kustomize" | "patch-file" | "from-file" | "from-env-file" | "kubeconfig" => None,
        _ => Some(Vec::new()),
    }
}

fn containers(line: &Line, config: &Config, api: &dyn Api) -> Vec<Candidate> {
    let Some(pod) = line.args.first() else { return Vec::new() };
    let name = pod.strip_prefix("pod/").unwrap_or(pod);
    let key = api::Key::new(line.namespace(config), name);
    let Ok(object) = api.get(Kind::Pod, &key) else { return Vec::new() };
    let body = object.encode_body();
    let containers = body.at(&["spec", "containers"]).as_list();
    containers.iter().map(|container| whole(container.get("name").text().into())).collect()
}

fn names(mapping: Mapping, namespace: &str, api: &dyn Api, prefix: &str) -> Vec<Candidate> {
    let Some(kind) = mapping.kind() else { return Vec::new() };
    let place = mapping.is_namespaced().then_some(namespace);
    let objects = api.list(kind, place).into_iter().take(NAMES_MAX);
    objects.map(|object| whole(thin::format_str!("{prefix}{}", object.metadata().name))).collect()
}
