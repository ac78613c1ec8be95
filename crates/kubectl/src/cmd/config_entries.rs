//! `kubectl config` on the entries of the file: clusters, users, contexts and single properties.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/config (get_clusters, get_users, rename_context, delete_*, set, unset, set_cluster,
//! set_credentials).

use api::{Str, Value};
use ordered::Arrange;

use super::call::refuse;
use super::{Call, Flow, PLAIN, Verb, help};
use crate::failure::Failure;
use crate::flags::Flag;

/// The lists of a kubeconfig: what one entry is called, the list, where an entry keeps its fields, and which it has.
struct List {
    what: &'static str,
    name: &'static str,
    holds: &'static str,
    fields: &'static [&'static str],
}

const CLUSTERS: List = List {
    what: "cluster",
    name: "clusters",
    holds: "cluster",
    fields: &["server", "certificate-authority", "insecure-skip-tls-verify", "tls-server-name", "proxy-url"],
};
const USERS: List = List {
    what: "user",
    name: "users",
    holds: "user",
    fields: &["client-certificate", "client-key", "token", "username", "password"],
};
const CONTEXTS: List =
    List { what: "context", name: "contexts", holds: "context", fields: &["cluster", "user", "namespace"] };

impl List {
    fn named(name: &str) -> Option<&'static List> {
        [&CLUSTERS, &USERS, &CONTEXTS].into_iter().find(|list| list.name == name)
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
    flags: &[&[
        Flag::bool("embed-certs", "Put the certificate's text into the file."),
        Flag::text("proxy-url", "Proxy to use."),
    ]],
    run: |call| set_entry(call, &CLUSTERS),
    ..PLAIN
};

/// `config set-credentials`
pub static SET_CREDENTIALS: Verb = Verb {
    path: "config set-credentials",
    summary: "Set fields of a user in the kubeconfig file",
    usage: "NAME [--client-certificate=path/to/certfile] [--client-key=path/to/keyfile] [--token=bearer_token] \
            [--username=basic_user] [--password=basic_password]",
    flags: &[&[Flag::bool("embed-certs", "Put the certificate's text into the file.")]],
    run: |call| set_entry(call, &USERS),
    ..PLAIN
};

fn set_entry(call: &mut Call<'_, '_>, list: &List) -> Result<Flow, Failure> {
    let args = call.flags.args.clone();
    let [name] = args.as_slice() else {
        return Err(with_help(call, format!("Unexpected args: [{}]", args.join(" "))));
    };
    check_entry(call, list, name)?;
    if call.flags.is_on("embed-certs") {
        return Err(super::call::unsupported("certificates inside the file (--embed-certs)"));
    }
    let given: Vec<&str> = list.fields.iter().copied().filter(|field| call.flags.is_set(field)).collect();
    for field in given {
        let text = call.flags.text(field);
        set_field(call, list, name, field, &text);
    }
    call.config.entry(list.name, name, list.holds);
    call.config.write(call.ctx)?;
    let what = if list.name == CLUSTERS.name { "Cluster" } else { "User" };
    call.ctx.out(&format!("{what} {:?} set.\n", name.as_str()));
    Ok(Flow::Done(0))
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

fn set_field(call: &mut Call<'_, '_>, list: &List, name: &str, field: &str, text: &str) {
    let value = match text {
        "true" | "false" if field == "insecure-skip-tls-verify" => Value::Bool(text == "true"),
        text => Value::Str(text.into()),
    };
    call.config.entry(list.name, name, list.holds).set(&[field], value);
}

/// `config set`
pub static SET: Verb = Verb {
    path: "config set",
    summary: "Set one value in the kubeconfig file",
    usage: "PROPERTY_NAME PROPERTY_VALUE",
    flags: &[&[Flag::bool("set-raw-bytes", "Take a value of bytes as it is.")]],
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
        Property::CurrentContext => {
            call.config.value.set(&["current-context"], value.clone());
        }
        Property::Field { list, name, field } => set_field(call, list, name, field, value),
        Property::Entry { .. } | Property::All(_) => return Err(Failure::plain("can't set a map to a value")),
    }
    call.config.write(call.ctx)?;
    call.ctx.out(&format!("Property {:?} set.\n", property.as_str()));
    Ok(Flow::Done(0))
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
        Property::CurrentContext => {
            call.config.value.set(&["current-context"], "");
        }
        Property::All(list) => call.config.entries_mut(list.name).clear(),
        Property::Entry { list, name } => {
            call.config.entries_mut(list.name).retain(|entry| entry.get("name").text() != name);
        }
        Property::Field { list, name, field } => {
            for entry in call.config.entries_mut(list.name) {
                if entry.get("name").text() == name {
                    entry.remove(&[list.holds, field]);
                }
            }
        }
    }
    call.config.write(call.ctx)?;
    call.ctx.out(&format!("Property {:?} unset.\n", property.as_str()));
    Ok(Flow::Done(0))
}

/// What a dotted name means. Names of entries may have dots themselves.
enum Property<'a> {
    CurrentContext,
    All(&'static List),
    Entry { list: &'static List, name: &'a str },
    Field { list: &'static List, name: &'a str, field: &'a str },
}

impl Property<'_> {
    fn read(text: &str) -> Result<Property<'_>, Failure> {
        if text.is_empty() {
            return Err(Failure::plain("you must specify a property"));
        }
        if text == "current-context" {
            return Ok(Property::CurrentContext);
        }
        let (first, rest) = text.split_once('.').unwrap_or((text, ""));
        let unknown = || Failure::Plain(format!("the property {text:?} of a kubeconfig file is not supported here"));
        let list = List::named(first).ok_or_else(unknown)?;
        if rest.is_empty() {
            return Ok(Property::All(list));
        }
        match rest.rsplit_once('.') {
            Some((name, field)) if list.fields.contains(&field) => Ok(Property::Field { list, name, field }),
            _ => Ok(Property::Entry { list, name: rest }),
        }
    }
}
