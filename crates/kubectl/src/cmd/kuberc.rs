//! `kubectl kuberc`: the file with the user's preferences, shown and written.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/kuberc. What the preferences do is in [`crate::kuberc`].

use api::text::{json, yaml};
use api::{Str, Value};

use super::call::refuse;
use super::delete::read_answer;
use super::rollout::parent;
use super::{Call, Flow, PLAIN, Progress, Verb};
use crate::context::{Context, FileError};
use crate::failure::Failure;
use crate::flags::Flag;
use crate::kuberc::{Place, place};
use crate::output::{Formats, Output};

/// `kubectl kuberc`
pub static KUBERC: Verb = Verb {
    path: "kuberc",
    summary: "Show and write the file with preferences",
    usage: "SUBCOMMAND [options]",
    run: parent,
    ..PLAIN
};

/// `kubectl kuberc view`
pub static KUBERC_VIEW: Verb = Verb {
    path: "kuberc view",
    summary: "Show the preferences",
    flags: &[&[
        Flag::text("output").short('o').default("yaml"),
        Flag::bool("show-managed-fields"),
        Flag::text("template"),
        Flag::bool("allow-missing-template-keys").default("true"),
    ]],
    run: view,
    ..PLAIN
};

/// `kubectl kuberc set`
pub static KUBERC_SET: Verb = Verb {
    path: "kuberc set",
    summary: "Write a preference",
    usage: "--section (defaults|aliases) --command COMMAND [options]",
    flags: &[&[
        Flag::array("allowlist-entry"),
        Flag::array("appendarg"),
        Flag::text("command"),
        Flag::text("name"),
        Flag::array("option"),
        Flag::bool("overwrite"),
        Flag::text("policy"),
        Flag::array("prependarg"),
        Flag::text("section"),
    ]],
    required: &["section"],
    run: set,
    ..PLAIN
};

fn place_of(call: &Call<'_, '_>) -> Result<Place, Failure> {
    let found = place(call.env, &call.flags.text("kuberc")).map_err(Failure::Plain)?;
    found.ok_or_else(|| Failure::plain("KUBERC is disabled via KUBERC=off environment variable"))
}

fn view(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let Place { path, is_named } = place_of(call)?;
    let Some(mut preference) = read(call, &path)? else {
        if is_named {
            return Err(Failure::Plain(format!("kuberc file not found at {path}")));
        }
        let question = "Would you like to generate a default kuberc file with recommended options? (y/N): ";
        call.ctx.out(&format!("kuberc file not found at {path}\n{question}"));
        return Ok(Asking { path }.into());
    };
    for field in ["aliases", "defaults"] {
        if preference.get(field).is_null() {
            preference.set(&[field], Vec::<Value>::new());
        }
    }
    let output = Output::read(call.ctx, call.env, &call.flags, Formats::Operation)?;
    if let Output::Objects(mut printer) = output {
        let text = printer.print_written(&in_order(&preference), &preference)?;
        call.ctx.out(&text);
    }
    Ok(Flow::Done(0))
}

/// The file, none if there is none.
fn read(call: &mut Call<'_, '_>, path: &str) -> Result<Option<Value>, Failure> {
    let bytes = match call.ctx.fs.read(&call.env.absolute(path)) {
        Ok(bytes) => bytes,
        Err(FileError::NotFound) => return Ok(None),
        Err(error) => return Err(Failure::Plain(format!("error reading kuberc file: open {path}: {error}"))),
    };
    let value = yaml::read(&String::from_utf8_lossy(&bytes)).map_err(|error| {
        Failure::Plain(format!("error parsing kuberc file: error converting YAML to JSON: {error}"))
    })?;
    Ok(Some(value))
}

/// A preferences file with nothing in it.
fn empty() -> Value {
    let mut preference = Value::map();
    preference.set(&["apiVersion"], "kubectl.config.k8s.io/v1beta1");
    preference.set(&["kind"], "Preference");
    preference.set(&["aliases"], Value::Null);
    preference.set(&["defaults"], Value::Null);
    preference
}

/// The question whether a file is to be made.
#[derive(Clone, Debug)]
pub struct Asking {
    path: Str,
}

impl Asking {
    /// Waits for the answer.
    pub fn step(&mut self, ctx: &mut Context<'_>) -> Result<Progress, Failure> {
        match read_answer(ctx) {
            None => Ok(Progress::Blocked { wake: None }),
            Some(false) => Ok(Progress::Done(0)),
            Some(true) => {
                let option = |command: &str, flag: &str| {
                    let mut entry = Value::map();
                    entry.set(&["command"], command);
                    entry.set(&["options"], vec![pair(flag, "true")]);
                    entry
                };
                let mut preference = empty();
                let defaults = vec![option("apply", "server-side"), option("delete", "interactive")];
                preference.set(&["defaults"], defaults);
                // The usual place is absolute.
                save(ctx, &self.path, &self.path, &preference)?;
                Ok(Progress::Done(0))
            }
        }
    }
}

/// Writes the file; `absolute` is what the user calls `path`.
fn save(ctx: &mut Context<'_>, path: &str, absolute: &str, preference: &Value) -> Result<(), Failure> {
    let directory = absolute.rsplit_once('/').map_or("", |(directory, _)| directory);
    let made = ctx.fs.make_directories(directory);
    let written = made.and_then(|()| ctx.fs.write(absolute, yaml::write(preference).as_bytes()));
    written.map_err(|error| Failure::Plain(format!("failed to write kuberc file: open {path}: {error}")))?;
    ctx.out(&format!("Updated {path}\n"));
    Ok(())
}

fn pair(name: &str, value: &str) -> Value {
    let mut pair = Value::map();
    pair.set(&["name"], name);
    pair.set(&["default"], value);
    pair
}

fn set(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let Place { path, .. } = place_of(call)?;
    check(call)?;
    let mut preference = read(call, &path)?.filter(|value| !value.is_null()).unwrap_or_else(empty);
    let options = options(call)?;
    match call.flags.text("section").as_str() {
        "defaults" => set_defaults(call, &mut preference, options)?,
        "aliases" => set_alias(call, &mut preference, options)?,
        _ => set_policy(call, &mut preference)?,
    }
    save(call.ctx, &path, &call.env.absolute(&path), &preference)?;
    Ok(Flow::Done(0))
}

fn check(call: &Call<'_, '_>) -> Result<(), Failure> {
    let flags = &call.flags;
    let (section, name, policy) = (flags.text("section"), flags.text("name"), flags.text("policy"));
    let is = |wanted: &str| section == wanted;
    let has_words = ["prependarg", "appendarg"].iter().any(|flag| !flags.texts(flag).is_empty());
    let entries = flags.texts("allowlist-entry");
    let of_plugins = is("credentialplugin");
    let no_section = format!("--section must be \"defaults\", \"aliases\", or \"credentialplugin\", got: {section}");
    let no_policy = format!(" --policy must be  \"AllowAll\", \"DenyAll\", or \"Allowlist\", got: {policy}");
    refuse(&[
        (!matches!(section.as_str(), "defaults" | "aliases" | "credentialplugin"), &no_section),
        (is("aliases") && name.is_empty(), "--name is required when --section=aliases"),
        (is("defaults") && !name.is_empty(), "--name should not be specified when --section=defaults"),
        (is("defaults") && has_words, "--prependarg and --appendarg are only valid for --section=aliases"),
        (
            !of_plugins && flags.text("command").is_empty(),
            "--command is required when --section=aliases or --section=defaults",
        ),
        (of_plugins && policy.is_empty(), "--policy is required when --section=credentialplugin"),
        (of_plugins && !matches!(policy.as_str(), "AllowAll" | "DenyAll" | "Allowlist"), &no_policy),
        (
            of_plugins && policy != "Allowlist" && !entries.is_empty(),
            "--allowlist-entry may only be used when --section=credentialplugin and --policy=Allowlist",
        ),
        (
            of_plugins && policy == "Allowlist" && entries.is_empty(),
            "--allowlist-entry is required when --section=credentialplugin and --policy=Allowlist",
        ),
    ])
}

fn options(call: &Call<'_, '_>) -> Result<Vec<Value>, Failure> {
    let option = |text: &Str| match text.split_once('=') {
        Some((flag, value)) => Ok(pair(flag.trim_start_matches('-'), value)),
        None => Err(Failure::Plain(format!("invalid option format {:?}, expected flag=value", text.as_str()))),
    };
    call.flags.texts("option").iter().map(option).collect()
}

/// What a new list replaces, or the old one where nothing was given.
fn or_old(new: Vec<Value>, old: &Value) -> Value {
    if new.is_empty() { old.clone() } else { new.into() }
}

fn set_defaults(call: &Call<'_, '_>, preference: &mut Value, options: Vec<Value>) -> Result<(), Failure> {
    let command = call.flags.text("command");
    let mut entries = preference.get("defaults").as_list().to_vec();
    let found = entries.iter_mut().find(|entry| entry.get("command").text() == command);
    if found.is_some() && !call.flags.is_on("overwrite") {
        return Err(Failure::Plain(format!(
            "defaults for command {:?} already exist, use --overwrite to replace",
            command.as_str()
        )));
    }
    match found {
        Some(entry) => {
            let options = or_old(options, entry.get("options"));
            entry.set(&["options"], options);
        }
        None => {
            let mut entry = Value::map();
            entry.set(&["command"], command);
            entry.set(&["options"], or_old(options, &Value::Null));
            entries.push(entry);
        }
    }
    preference.set(&["defaults"], entries);
    Ok(())
}

fn set_alias(call: &Call<'_, '_>, preference: &mut Value, options: Vec<Value>) -> Result<(), Failure> {
    let name = call.flags.text("name");
    let mut entries = preference.get("aliases").as_list().to_vec();
    let at = entries.iter().position(|entry| entry.get("name").text() == name);
    if at.is_some() && !call.flags.is_on("overwrite") {
        return Err(Failure::Plain(format!("alias {:?} already exists, use --overwrite to replace", name.as_str())));
    }
    let old = at.map(|at| entries[at].clone()).unwrap_or_default();
    let words = |flag: &str| call.flags.texts(flag).into_iter().map(Value::Str).collect::<Vec<Value>>();
    let mut entry = Value::map();
    entry.set(&["name"], name);
    entry.set(&["command"], call.flags.text("command"));
    let lists = [("prependArgs", words("prependarg")), ("appendArgs", words("appendarg")), ("options", options)];
    for (field, new) in lists {
        let list = or_old(new, old.get(field));
        if !list.as_list().is_empty() {
            entry.set(&[field], list);
        }
    }
    match at {
        Some(at) => entries[at] = entry,
        None => entries.push(entry),
    }
    preference.set(&["aliases"], entries);
    Ok(())
}

fn set_policy(call: &Call<'_, '_>, preference: &mut Value) -> Result<(), Failure> {
    let (mut allowed, mut problems) = (Vec::new(), Vec::new());
    let entries = call.flags.texts("allowlist-entry");
    for entry in entries.iter().flat_map(|entry| entry.split(',')) {
        let problem = match entry.split_once('=') {
            None => format!("improperly formatted allowlist entry: {entry:?}"),
            Some(("name", _)) => "allowlist entry field \"name\" is deprecated, use \"command\" instead".to_string(),
            Some(("command", value)) if value.trim().is_empty() => {
                "empty value in allowlist entry for field \"command\"".to_string()
            }
            Some(("command", value)) => {
                let mut entry = Value::map();
                entry.set(&["command"], value);
                allowed.push(entry);
                continue;
            }
            Some((field, _)) => format!("unrecognized allowlist entry field: {field:?}"),
        };
        problems.push(Failure::Plain(problem));
    }
    match problems.as_slice() {
        [] => {}
        [only] => return Err(only.clone()),
        several => return Err(Failure::Plain(Failure::Many(several.to_vec()).line())),
    }
    if !entries.is_empty() {
        preference.set(&["credentialPluginAllowlist"], allowed);
    }
    preference.set(&["credentialPluginPolicy"], call.flags.text("policy"));
    Ok(())
}

/// Writes the value of a field.
type Writer<'w> = &'w dyn Fn(&Value) -> String;

/// JSON with the fields in the order of Go's structs.
fn in_order(preference: &Value) -> String {
    let object = |value: &Value, fields: &[(&str, Writer<'_>)]| {
        let there = fields.iter().filter(|(field, _)| !value.get(field).is_null());
        let pairs: Vec<String> = there.map(|(field, write)| format!("{field:?}:{}", write(value.get(field)))).collect();
        format!("{{{}}}", pairs.join(","))
    };
    let list = |value: &Value, one: Writer<'_>| {
        let items: Vec<String> = value.as_list().iter().map(one).collect();
        format!("[{}]", items.join(","))
    };
    let plain: Writer<'_> = &json::write_compact;
    let options = |value: &Value| list(value, &|pair| object(pair, &[("name", plain), ("default", plain)]));
    let defaults = |value: &Value| list(value, &|entry| object(entry, &[("command", plain), ("options", &options)]));
    let alias = [
        ("name", plain),
        ("command", plain),
        ("prependArgs", plain),
        ("appendArgs", plain),
        ("options", &options as Writer<'_>),
    ];
    let aliases = |value: &Value| list(value, &|entry| object(entry, &alias));
    object(
        preference,
        &[
            ("kind", plain),
            ("apiVersion", plain),
            ("defaults", &defaults),
            ("aliases", &aliases),
            ("credentialPluginPolicy", plain),
            ("credentialPluginAllowlist", plain),
        ],
    )
}
