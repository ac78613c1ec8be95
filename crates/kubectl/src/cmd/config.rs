//! `kubectl config`: reads and changes the kubeconfig file.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/config.

use api::text::{json, yaml};
use api::{Str, Value};
use ordered::Arrange;

use super::call::refuse;
use super::config_entries::with_help;
use super::rollout::parent;
use super::{Call, Flow, PLAIN, Verb};
use crate::failure::Failure;
use crate::flags::Flag;
use crate::printers::tabwriter::TabWriter;

/// The parent of the verbs here.
pub static CONFIG: Verb = Verb {
    path: "config",
    summary: "Read and change the kubeconfig file",
    usage: "SUBCOMMAND [options]",
    run: parent,
    ..PLAIN
};

/// `config current-context`
pub static CURRENT_CONTEXT: Verb = Verb {
    path: "config current-context",
    summary: "Show the context in force",
    run: |call| {
        let name = call.config.current_context();
        if name.is_empty() {
            return Err(Failure::plain("current-context is not set"));
        }
        call.ctx.out(&format!("{name}\n"));
        Ok(Flow::Done(0))
    },
    ..PLAIN
};

/// `config use-context`
pub static USE_CONTEXT: Verb = Verb {
    path: "config use-context",
    aliases: &["use"],
    summary: "Set the context in force",
    usage: "CONTEXT_NAME",
    run: use_context,
    ..PLAIN
};

fn use_context(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let [name] = call.flags.args.as_slice() else {
        let given = call.flags.args.join(" ");
        return Err(with_help(call, format!("Unexpected args: [{given}]")));
    };
    let name = name.clone();
    if name.is_empty() {
        return Err(Failure::plain("empty context names are not allowed"));
    }
    if call.config.context(&name).is_null() {
        return Err(Failure::Plain(format!("no context exists with the name: {:?}", name.as_str())));
    }
    call.config.value.set(&["current-context"], name.clone());
    call.config.write(call.ctx)?;
    call.ctx.out(&format!("Switched to context {:?}.\n", name.as_str()));
    Ok(Flow::Done(0))
}

/// `config get-contexts`
pub static GET_CONTEXTS: Verb = Verb {
    path: "config get-contexts",
    summary: "List the contexts",
    usage: "[CONTEXT_NAME] [options]",
    flags: &[&[Flag::bool("no-headers"), Flag::text("output").short('o')]],
    run: get_contexts,
    ..PLAIN
};

fn get_contexts(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let output = call.flags.text("output");
    if !matches!(output.as_str(), "" | "name") {
        return Err(Failure::Plain(format!(
            "--output {output} is not available in kubectl config get-contexts; resetting to default output format"
        )));
    }
    let wanted = call.flags.args.clone();
    let known = call.config.context_names();
    let (mut names, missing) = match wanted.is_empty() {
        true => (known, Vec::new()),
        false => wanted.into_iter().partition(|name| known.contains(name)),
    };
    let missing = missing.iter().map(|name| Failure::Plain(format!("context {name} not found"))).collect();
    names.arrange();
    let done = |missing| Failure::of(missing).map_or(Ok(Flow::Done(0)), Err);
    if output == "name" {
        names.iter().for_each(|name| call.ctx.out(&format!("{name}\n")));
        return done(missing);
    }
    let mut text = String::new();
    if !call.flags.is_on("no-headers") {
        text.push_str("CURRENT\tNAME\tCLUSTER\tAUTHINFO\tNAMESPACE\n");
    }
    let current = call.config.current_context();
    for name in names {
        let mark = if name == current { "*" } else { "" };
        let context = call.config.context(&name);
        let field = |field: &str| context.get(field).text().to_string();
        text.push_str(&format!("{mark}\t{name}\t{}\t{}\t{}\n", field("cluster"), field("user"), field("namespace")));
    }
    let text = TabWriter::for_tables().format(&text);
    call.ctx.out(&text);
    done(missing)
}

/// `config set-context`
pub static SET_CONTEXT: Verb = Verb {
    path: "config set-context",
    summary: "Set fields of a context",
    usage: "[NAME | --current] [--cluster=cluster_nickname] [--user=user_nickname] [--namespace=namespace]",
    flags: &[&[Flag::bool("current")]],
    run: set_context,
    ..PLAIN
};

fn set_context(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let is_current = call.flags.is_on("current");
    let named = match call.flags.args.as_slice() {
        [] => Str::new(),
        [name] => name.clone(),
        args => {
            let message = format!("Unexpected args: [{}]", args.join(" "));
            return Err(with_help(call, message));
        }
    };
    let name = if is_current { call.config.current_context() } else { named.clone() };
    refuse(&[
        (named.is_empty() && !is_current, "you must specify a non-empty context name or --current"),
        (!named.is_empty() && is_current, "you cannot specify both a context name and --current"),
        (name.is_empty(), "no current context is set"),
    ])?;
    let given = |flag: &'static str| call.flags.is_set(flag).then(|| (flag, call.flags.text(flag)));
    let fields: Vec<(&str, Str)> = ["cluster", "user", "namespace"].into_iter().filter_map(given).collect();
    let is_new = call.config.set_context(&name, &fields);
    call.config.write(call.ctx)?;
    let done = if is_new { "created" } else { "modified" };
    call.ctx.out(&format!("Context {:?} {done}.\n", name.as_str()));
    Ok(Flow::Done(0))
}

/// `config view`
pub static VIEW: Verb = Verb {
    path: "config view",
    summary: "Show the kubeconfig file",
    flags: &[&[
        Flag::bool("flatten"),
        Flag::bool("merge").default("true"),
        Flag::bool("minify"),
        Flag::text("output").short('o').default("yaml"),
        Flag::bool("raw"),
        Flag::text("template"),
        Flag::bool("allow-missing-template-keys").default("true"),
    ]],
    run: view,
    ..PLAIN
};

fn view(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    if !call.flags.is_on("merge") && call.flags.text("kubeconfig").is_empty() {
        return Err(Failure::plain("if merge==false a precise file must be specified"));
    }
    let mut value = call.config.value.clone();
    if call.flags.is_on("minify") {
        let named = call.flags.text("context");
        let current = if named.is_empty() { call.config.current_context() } else { named };
        if current.is_empty() {
            return Err(Failure::plain("current-context must exist in order to minify"));
        }
        if call.config.context(&current).is_null() {
            return Err(Failure::Plain(format!("cannot locate context {current}")));
        }
        value.set(&["current-context"], current);
        minify(&mut value);
    }
    if !call.flags.is_on("raw") && !call.flags.is_on("flatten") {
        mask(&mut value);
    }
    let by_template = !call.flags.is_set("output") && call.flags.is_set("template");
    let text = match call.flags.text("output").as_str() {
        "yaml" if !by_template => yaml::write(&value),
        "json" => json::write_indented(&value),
        _ => {
            let output =
                crate::output::Output::read(call.ctx, call.env, &call.flags, crate::output::Formats::Operation)?;
            let crate::output::Output::Objects(mut printer) = output else { return Ok(Flow::Done(0)) };
            printer.print(&value)?
        }
    };
    call.ctx.out(&text);
    Ok(Flow::Done(0))
}

/// Hides what is secret, and what is long.
fn mask(value: &mut Value) {
    const HIDDEN: [(&str, &str, &str, &str); 5] = [
        ("clusters", "cluster", "certificate-authority-data", "DATA+OMITTED"),
        ("users", "user", "client-certificate-data", "DATA+OMITTED"),
        ("users", "user", "client-key-data", "DATA+OMITTED"),
        ("users", "user", "password", "REDACTED"),
        ("users", "user", "token", "REDACTED"),
    ];
    for (list, holds, field, mask) in HIDDEN {
        let Some(Value::List(entries)) = value.as_map_mut().and_then(|map| map.get_mut(list)) else { continue };
        for entry in entries.iter_mut().filter(|entry| !entry.at(&[holds, field]).text().is_empty()) {
            entry.set(&[holds, field], mask);
        }
    }
}

fn minify(value: &mut Value) {
    let current = value.get("current-context").text().to_string();
    let contexts = value.get("contexts").as_list();
    let context =
        contexts.iter().find(|entry| entry.get("name").text() == current).map(|entry| entry.get("context").clone());
    let context = context.unwrap_or_default();
    let wanted = [
        ("contexts", current.as_str()),
        ("clusters", context.get("cluster").text()),
        ("users", context.get("user").text()),
    ];
    for (list, name) in wanted {
        if let Some(Value::List(entries)) = value.as_map_mut().and_then(|map| map.get_mut(list)) {
            entries.retain(|entry| entry.get("name").text() == name);
        }
    }
}
