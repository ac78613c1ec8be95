//! `kubectl config` on the entries of the file: clusters, users, contexts and single properties.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/config (get_clusters, get_users, rename_context, delete_*, set, unset, set_cluster,
//! set_credentials).

use api::text::base64;
use api::{Str, Value};
use ordered::Arrange;

use super::call::refuse;
use super::{Call, Flow, PLAIN, Verb, help};
use crate::failure::Failure;
use crate::flags::{Flag, read_bool};

/// The lists of a kubeconfig: what one entry is called, the list, where an entry keeps its fields, and which it has.
struct List {
    what: &'static str,
    name: &'static str,
    holds: &'static str,
    fields: &'static [(&'static str, Holds)],
}

/// What a field of an entry holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    Text,
    Bool,
    /// In base 64.
    Bytes,
}

const CLUSTERS: List = List {
    what: "cluster",
    name: "clusters",
    holds: "cluster",
    fields: &[
        ("server", Holds::Text),
        ("tls-server-name", Holds::Text),
        ("insecure-skip-tls-verify", Holds::Bool),
        ("certificate-authority", Holds::Text),
        ("certificate-authority-data", Holds::Bytes),
        ("proxy-url", Holds::Text),
        ("disable-compression", Holds::Bool),
    ],
};
const USERS: List = List {
    what: "user",
    name: "users",
    holds: "user",
    fields: &[
        ("client-certificate", Holds::Text),
        ("client-certificate-data", Holds::Bytes),
        ("client-key", Holds::Text),
        ("client-key-data", Holds::Bytes),
        ("token", Holds::Text),
        ("tokenFile", Holds::Text),
        ("act-as", Holds::Text),
        ("act-as-uid", Holds::Text),
        ("username", Holds::Text),
        ("password", Holds::Text),
    ],
};
const CONTEXTS: List = List {
    what: "context",
    name: "contexts",
    holds: "context",
    fields: &[("cluster", Holds::Text), ("user", Holds::Text), ("namespace", Holds::Text)],
};

impl List {
    fn named(name: &str) -> Option<&'static List> {
        [&CLUSTERS, &USERS, &CONTEXTS].into_iter().find(|list| list.name == name)
    }

    /// What a field holds, if entries have it.
    fn field(&self, name: &str) -> Option<(&'static str, Holds)> {
        self.fields.iter().find(|(field, _)| *field == name).copied()
    }
}

/// A mistake after which the verb's help is shown, too.
pub fn with_help(call: &mut Call<'_, '_>, message: String) -> Failure {
    let text = help::verb(call.verb, call.env);
    call.ctx.out(&text);
    Failure::Plain(message)
}

/// `config get-clusters`
pub static GET_CLUSTERS: Verb = Verb {
    path: "config get-clusters",
    summary: "List the clusters of the kubeconfig file",
    run: |call| names(call, &CLUSTERS),
    ..PLAIN
};

/// `config get-users`
pub static GET_USERS: Verb = Verb {
    path: "config get-users",
    summary: "List the users of the kubeconfig file",
    run: |call| names(call, &USERS),
    ..PLAIN
};

fn names(call: &mut Call<'_, '_>, list: &List) -> Result<Flow, Failure> {
    let mut names: Vec<Str> =
        call.config.entries(list.name).iter().map(|entry| entry.get("name").text().into()).collect();
    names.arrange();
    call.ctx.out("NAME\n");
    names.iter().for_each(|name| call.ctx.out(&format!("{name}\n")));
    Ok(Flow::Done(0))
}

/// `config rename-context`
pub static RENAME_CONTEXT: Verb = Verb {
    path: "config rename-context",
    summary: "Give a context of the kubeconfig file another name",
    usage: "CONTEXT_NAME NEW_NAME",
    run: rename,
    ..PLAIN
};

fn rename(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let args = call.flags.args.clone();
    let [old, new] = args.as_slice() else {
        return Err(with_help(call, format!("Unexpected args: [{}]", args.join(" "))));
    };
    let path = call.config.path().clone();
    if new.is_empty() {
        return Err(Failure::plain("You must specify a new non-empty context name"));
    }
    if call.config.context(old).is_null() {
        return Err(Failure::Plain(format!("cannot rename the context {:?}, it's not in {path}", old.as_str())));
    }
    if !call.config.context(new).is_null() {
        let (old, new) = (old.as_str(), new.as_str());
        return Err(Failure::Plain(format!(
            "cannot rename the context {old:?}, the context {new:?} already exists in {path}"
        )));
    }
    for entry in call.config.entries_mut("contexts") {
        if entry.get("name").text() == old {
            entry.set(&["name"], new.clone());
        }
    }
    if call.config.current_context() == *old {
        call.config.value.set(&["current-context"], new.clone());
    }
    call.config.write(call.ctx)?;
    call.ctx.out(&format!("Context {:?} renamed to {:?}.\n", old.as_str(), new.as_str()));
    Ok(Flow::Done(0))
}

/// `config delete-context`
pub static DELETE_CONTEXT: Verb = Verb {
    path: "config delete-context",
    summary: "Delete a context from the kubeconfig file",
    usage: "NAME",
    run: |call| delete(call, &CONTEXTS),
    ..PLAIN
};

/// `config delete-cluster`
pub static DELETE_CLUSTER: Verb = Verb {
    path: "config delete-cluster",
    summary: "Delete a cluster from the kubeconfig file",
    usage: "NAME",
    run: |call| delete(call, &CLUSTERS),
    ..PLAIN
};

/// `config delete-user`
pub static DELETE_USER: Verb = Verb {
    path: "config delete-user",
    summary: "Delete a user from the kubeconfig file",
    usage: "NAME",
    run: |call| delete(call, &USERS),
    ..PLAIN
};

fn delete(call: &mut Call<'_, '_>, list: &List) -> Result<Flow, Failure> {
    let [name] = call.flags.args.as_slice() else {
        if list.name == USERS.name {
            return Err(call.usage("user to delete is required"));
        }
        let text = help::verb(call.verb, call.env);
        call.ctx.out(&text);
        return Ok(Flow::Done(0));
    };
    let (name, path) = (name.clone(), call.config.path().clone());
    if !call.config.entries(list.name).iter().any(|entry| entry.get("name").text() == name) {
        return Err(Failure::Plain(format!("cannot delete {} {name}, not in {path}", list.what)));
    }
    if list.name == CONTEXTS.name && call.config.current_context() == name {
        call.ctx.err(
            "warning: this removed your active context, use \"kubectl config use-context\" to select a different one\n",
        );
    }
    call.config.entries_mut(list.name).retain(|entry| entry.get("name").text() != name);
    call.config.write(call.ctx)?;
    call.ctx.out(&format!("deleted {} {name} from {path}\n", list.what));
    Ok(Flow::Done(0))
}

/// `config set-cluster`
pub static SET_CLUSTER: Verb = Verb {
    path: "config set-cluster",
    summary: "Set fields of a cluster in the kubeconfig file",
    usage: "NAME [--server=server] [--certificate-authority=path/to/certificate/authority] [--insecure-skip-tls-verify=true] \
            [--tls-server-name=example.com]",
    flags: &[&[Flag::bool("embed-certs"), Flag::text("proxy-url")]],
    run: |call| set_entry(call, &CLUSTERS),
    ..PLAIN
};

/// `config set-credentials`
pub static SET_CREDENTIALS: Verb = Verb {
    path: "config set-credentials",
    summary: "Set fields of a user in the kubeconfig file",
    usage: "NAME [--client-certificate=path/to/certfile] [--client-key=path/to/keyfile] [--token=bearer_token] \
            [--username=basic_user] [--password=basic_password]",
    flags: &[&[Flag::bool("embed-certs")]],
    run: |call| set_entry(call, &USERS),
    ..PLAIN
};

fn set_entry(call: &mut Call<'_, '_>, list: &List) -> Result<Flow, Failure> {
    let args = call.flags.args.clone();
    let [name] = args.as_slice() else {
        let unexpected = if list.name == USERS.name { "unexpected" } else { "Unexpected" };
        return Err(with_help(call, format!("{unexpected} args: [{}]", args.join(" "))));
    };
    check_entry(call, list, name)?;
    for (field, holds) in list.fields {
        if !call.flags.is_set(field) {
            continue;
        }
        let text = call.flags.text(field);
        if FILES.contains(field) {
            set_file(call, list, name, field, &text)?;
        } else {
            let value = holds.read(&text, Bytes::Coded)?;
            call.config.entry(list.name, name, list.holds).set(&[field], value);
        }
    }
    let given = |flag: &str| list.name == USERS.name && !call.flags.text(flag).is_empty();
    let (has_token, has_basic) = (given("token"), given("username") || given("password"));
    let entry = call.config.entry(list.name, name, list.holds);
    // One way to say who one is takes the place of the other.
    let others = if has_token && !has_basic { &["username", "password"][..] } else { &[] };
    let token = if has_basic { &["token"][..] } else { &[] };
    for field in others.iter().chain(token) {
        entry.remove(&[field]);
    }
    // Who does not look at certificates needs none; a certificate that was given is looked at.
    if call.flags.is_on("insecure-skip-tls-verify") {
        entry.remove(&[AUTHORITY]);
        entry.remove(&[&format!("{AUTHORITY}-data")]);
    } else if !call.flags.text(AUTHORITY).is_empty() {
        entry.remove(&["insecure-skip-tls-verify"]);
    }
    call.config.write(call.ctx)?;
    let what = if list.name == CLUSTERS.name { "Cluster" } else { "User" };
    call.ctx.out(&format!("{what} {:?} set.\n", name.as_str()));
    Ok(Flow::Done(0))
}

const AUTHORITY: &str = "certificate-authority";

/// Fields that name a file, beside which `-data` holds what would be in it.
const FILES: [&str; 3] = [AUTHORITY, "client-certificate", "client-key"];

/// A file by its path, or with `--embed-certs` by what it holds.
fn set_file(call: &mut Call<'_, '_>, list: &List, name: &str, field: &str, path: &str) -> Result<(), Failure> {
    let data = format!("{field}-data");
    let absolute = call.env.absolute(path);
    let embeds = call.flags.is_on("embed-certs") && !path.is_empty();
    let (kept, dropped, value) = if embeds {
        let bytes = call.ctx.fs.read(&absolute).map_err(|error| Failure::Plain(format!("open {path}: {error}")))?;
        (data.as_str(), field, base64::encode(&bytes))
    } else {
        (field, data.as_str(), if path.is_empty() { String::new() } else { absolute })
    };
    let entry = call.config.entry(list.name, name, list.holds);
    entry.set(&[kept], value);
    entry.remove(&[dropped]);
    Ok(())
}

fn check_entry(call: &Call<'_, '_>, list: &List, name: &str) -> Result<(), Failure> {
    let given = |flag: &str| !call.flags.text(flag).is_empty();
    let is_cluster = list.name == CLUSTERS.name;
    let (empty, files) = match is_cluster {
        true => ("you must specify a non-empty cluster name", &["certificate-authority"][..]),
        false => ("you must specify a non-empty user name", &["client-certificate", "client-key"][..]),
    };
    let names: Vec<String> = files.iter().map(|file| format!("--{file}")).collect();
    let embeds = call.flags.is_on("embed-certs");
    let to_embed = format!("you must specify a {} to embed", names.join(" or "));
    refuse(&[
        (name.is_empty(), empty),
        (
            is_cluster && call.flags.is_on("insecure-skip-tls-verify") && given("certificate-authority"),
            "you cannot specify a certificate authority and insecure mode at the same time",
        ),
        (
            !is_cluster && given("token") && (given("username") || given("password")),
            "you cannot specify more than one authentication method at the same time: --token, --username/--password",
        ),
        (embeds && !files.iter().any(|file| given(file)), &to_embed),
    ])?;
    for file in files.iter().filter(|file| embeds && given(file)) {
        let path = call.flags.text(file);
        if !call.ctx.fs.exists(&call.env.absolute(&path)) {
            let problem = format!("stat {path}: no such file or directory");
            return Err(Failure::Plain(format!("could not stat {file} file {path}: {problem}")));
        }
    }
    Ok(())
}

/// `config set`
pub static SET: Verb = Verb {
    path: "config set",
    summary: "Set one value in the kubeconfig file",
    usage: "PROPERTY_NAME PROPERTY_VALUE",
    flags: &[&[Flag::bool("set-raw-bytes")]],
    run: set,
    ..PLAIN
};

fn set(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let args = call.flags.args.clone();
    let [property, value] = args.as_slice() else {
        return Err(with_help(call, format!("Unexpected args: [{}]", args.join(" "))));
    };
    if value.is_empty() {
        return Err(Failure::plain("you cannot use set to unset a property"));
    }
    match Property::read(property)? {
        Property::Text(field) => {
            call.config.value.set(&[field], value.clone());
        }
        Property::Colors => {
            call.config.value.set(&["preferences", "colors"], Holds::Bool.read(value, Bytes::Coded)?);
        }
        Property::Field { list, name, field, holds } => {
            let bytes = if call.flags.is_on("set-raw-bytes") { Bytes::Raw } else { Bytes::Coded };
            let value = holds.read(value, bytes)?;
            call.config.entry(list.name, name, list.holds).set(&[field], value);
        }
        Property::Entry { list, .. } | Property::All(list) => return Err(not_a_value(call, list)),
        Property::Preferences => {
            let colors = call.config.value.at(&["preferences", "colors"]).as_bool().unwrap_or(false);
            let step = "config.navigationStep{stepValue:\"\", stepType:reflect.Type(nil)}";
            return Err(Failure::Plain(format!("unable to locate path {step} under {{{colors} map[]}}")));
        }
    }
    call.config.write(call.ctx)?;
    call.ctx.out(&format!("Property {:?} set.\n", property.as_str()));
    Ok(Flow::Done(0))
}

/// A value for a whole list. Go shows the list with the addresses of its entries, which are nowhere here.
fn not_a_value(call: &Call<'_, '_>, list: &List) -> Failure {
    let names: Vec<String> =
        call.config.entries(list.name).iter().map(|entry| format!("{}:…", entry.get("name").text())).collect();
    Failure::Plain(format!("can't set a map to a value: map[{}]", names.join(" ")))
}

/// How the value of a field of bytes is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bytes {
    /// In base 64.
    Coded,
    /// `--set-raw-bytes`
    Raw,
}

impl Holds {
    /// The value that a text means.
    fn read(self, text: &str, bytes: Bytes) -> Result<Value, Failure> {
        Ok(match (self, bytes) {
            (Holds::Text, _) => text.into(),
            (Holds::Bool, _) => Value::Bool(read_bool(text).map_err(Failure::Plain)? == "true"),
            (Holds::Bytes, Bytes::Raw) => base64::encode(text.as_bytes()).into(),
            (Holds::Bytes, Bytes::Coded) => {
                let illegal = |at| format!("error decoding input value: illegal base64 data at input byte {at}");
                base64::decode(text)
                    .map(|bytes| base64::encode(&bytes).into())
                    .map_err(|at| Failure::Plain(illegal(at)))?
            }
        })
    }
}

/// `config unset`
pub static UNSET: Verb = Verb {
    path: "config unset",
    summary: "Take one value out of the kubeconfig file",
    usage: "PROPERTY_NAME",
    run: unset,
    ..PLAIN
};

fn unset(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let args = call.flags.args.clone();
    let [property] = args.as_slice() else {
        return Err(with_help(call, format!("Unexpected args: [{}]", args.join(" "))));
    };
    match Property::read(property)? {
        Property::Text(field) => {
            call.config.value.set(&[field], "");
        }
        Property::Colors => drop(call.config.value.remove(&["preferences", "colors"])),
        Property::Preferences => drop(call.config.value.remove(&["preferences"])),
        Property::All(list) => call.config.entries_mut(list.name).clear(),
        Property::Entry { list, name } => {
            call.config.entries_mut(list.name).retain(|entry| entry.get("name").text() != name);
        }
        Property::Field { list, name, field, .. } => {
            let entries = call.config.entries_mut(list.name);
            let Some(entry) = entries.iter_mut().find(|entry| entry.get("name").text() == name) else {
                return Err(Failure::Plain(format!("current map key `{name}` is invalid")));
            };
            entry.remove(&[list.holds, field]);
        }
    }
    call.config.write(call.ctx)?;
    call.ctx.out(&format!("Property {:?} unset.\n", property.as_str()));
    Ok(Flow::Done(0))
}

/// What a dotted name means. Names of entries may have dots themselves: a name ends where a field begins.
enum Property<'a> {
    /// A text of the file itself.
    Text(&'static str),
    Preferences,
    Colors,
    All(&'static List),
    Entry {
        list: &'static List,
        name: &'a str,
    },
    Field {
        list: &'static List,
        name: &'a str,
        field: &'static str,
        holds: Holds,
    },
}

impl Property<'_> {
    fn read(text: &str) -> Result<Property<'_>, Failure> {
        if text.is_empty() {
            return Err(Failure::plain("you must specify a property"));
        }
        let (first, rest) = text.split_once('.').map_or((text, None), |(first, rest)| (first, Some(rest)));
        let too_long = || Failure::Plain(format!("unable to parse one or more field values of {text}"));
        if let Some(field) = ["current-context", "kind", "apiVersion"].into_iter().find(|field| *field == first) {
            return rest.map_or(Ok(Property::Text(field)), |_| Err(too_long()));
        }
        match (first, rest) {
            ("preferences", None) => return Ok(Property::Preferences),
            ("preferences", Some("colors")) => return Ok(Property::Colors),
            ("preferences" | "extensions", _) => {
                let message = format!("the property {text:?} of a kubeconfig file is not supported here");
                return Err(Failure::Plain(message));
            }
            _ => {}
        }
        let unknown = || Failure::Plain(format!("unable to parse {text} after [] at api.Config"));
        let list = List::named(first).ok_or_else(unknown)?;
        let Some(rest) = rest else { return Ok(Property::All(list)) };
        // A name has at least one part.
        let parts: Vec<&str> = rest.split('.').collect();
        let found = parts.iter().enumerate().skip(1).find_map(|(at, part)| list.field(part).map(|field| (at, field)));
        let Some((at, (field, holds))) = found else { return Ok(Property::Entry { list, name: rest }) };
        if at + 1 < parts.len() {
            return Err(too_long());
        }
        let name = &rest[..rest.len() - field.len() - 1];
        Ok(Property::Field { list, name, field, holds })
    }
}
