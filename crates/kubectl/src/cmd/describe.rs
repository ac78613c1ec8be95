//! `kubectl describe`: objects in sentences.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/describe/describe.go.

use super::{Call, Flow, PLAIN, Verb, shared};
use crate::builder::{Builder, Info};
use crate::describe::{Cluster, Events, describe};
use crate::failure::Failure;
use crate::flags::Flag;

/// The verb.
pub static DESCRIBE: Verb = Verb {
    path: "describe",
    suggest_for: &["inspect"],
    summary: "Show an object with what belongs to it",
    usage: "(-f FILENAME | TYPE [NAME_PREFIX | -l label] | TYPE/NAME) [options]",
    flags: &[
        &[Flag::int("chunk-size", "500"), Flag::bool("show-events").default("true")],
        shared::FILES,
        shared::SELECTOR,
        shared::ALL_NAMESPACES,
    ],
    run,
    ..PLAIN
};

fn run(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    if call.flags.args.is_empty() && !call.has_files() {
        return Err(Failure::plain(
            "You must specify the type of resource to describe. Use \"kubectl api-resources\" for a complete list of \
             supported resources.",
        ));
    }
    let mut builder = call.builder();
    builder.empty_selector_is_all = true;
    let (infos, mut failures) = builder.visit(call.ctx, call.env)?.into_infos();
    let is_one = failures.is_empty() && infos.len() <= 1;
    let events = match (call.flags.is_set("show-events"), is_one) {
        (true, _) if !call.flags.is_on("show-events") => Events::Hidden,
        (false, false) => Events::Hidden,
        (true, _) | (false, true) => Events::Shown,
    };
    if let ([missing], [resource, prefix]) = (failures.as_slice(), call.flags.args.as_slice())
        && missing.is_not_found()
    {
        let (missing, resource, prefix) = (missing.clone(), resource.to_string(), prefix.to_string());
        return with_prefix(call, &resource, &prefix, events, missing);
    }
    let mut texts = Vec::new();
    for mut info in infos {
        match text(call, &mut info, events) {
            Ok(text) => texts.push(text),
            Err(failure) if failures.contains(&failure) => {}
            Err(failure) => failures.push(failure),
        }
    }
    call.ctx.out(&texts.join("\n\n"));
    if texts.is_empty() && failures.is_empty() {
        let all = call.flags.is_on("all-namespaces");
        let place = if all { String::new() } else { format!(" in {} namespace.", call.namespace) };
        call.ctx.err(&format!("No resources found{place}\n"));
    }
    Failure::of(failures).map_or(Ok(Flow::Done(0)), Err)
}

/// Describes the objects whose names begin with a text that is the name of none.
fn with_prefix(
    call: &mut Call<'_, '_>,
    resource: &str,
    prefix: &str,
    events: Events,
    missing: Failure,
) -> Result<Flow, Failure> {
    let builder = Builder {
        namespace: call.namespace.clone(),
        args: vec![resource.into()],
        empty_selector_is_all: true,
        single_resource: true,
        ..Builder::default()
    };
    let (infos, failures) = builder.visit(call.ctx, call.env)?.into_infos();
    if let Some(failure) = Failure::of(failures) {
        return Err(failure);
    }
    let named: Vec<Info> = infos.into_iter().filter(|info| info.name.starts_with(prefix)).collect();
    if named.is_empty() {
        return Err(missing);
    }
    for mut info in named {
        let text = text(call, &mut info, events)?;
        call.ctx.out(&format!("{text}\n"));
    }
    Ok(Flow::Done(0))
}

fn text(call: &mut Call<'_, '_>, info: &mut Info, events: Events) -> Result<String, Failure> {
    call.warn_if_deprecated(info.mapping);
    let object = match &info.live {
        Some(object) => object.clone(),
        None => info.get(call.ctx)?,
    };
    Ok(describe(&Cluster { api: &*call.ctx.api, events }, &object))
}
