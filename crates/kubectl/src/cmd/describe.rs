//! `kubectl describe`: finds the objects; what is said of each is in [`crate::describe`].
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/describe.

use super::{Call, Flow, PLAIN, Verb, shared};
use crate::builder::{Info, live_info};
use crate::describe;
use crate::failure::Failure;
use crate::flags::Flag;
use crate::mapping::Mapping;

/// The verb.
pub static DESCRIBE: Verb = Verb {
    path: "describe",
    summary: "Show one or many objects in detail",
    usage: "(-f FILENAME | TYPE [NAME_PREFIX | -l label] | TYPE/NAME) [options]",
    flags: &[
        &[
            Flag::int("chunk-size", "500", "Objects per answer of the server."),
            Flag::bool("show-events", "Show the object's events.").default("true"),
        ],
        shared::FILES,
        shared::SELECTOR,
        shared::ALL_NAMESPACES,
    ],
    run,
    ..PLAIN
};

fn run(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    if call.flags.args.is_empty() && call.flags.texts("filename").is_empty() {
        return Err(Failure::plain(
            "You must specify the type of resource to describe. Use \"kubectl api-resources\" for a complete list of \
             supported resources.",
        ));
    }
    let mut builder = call.builder();
    builder.empty_selector_is_all = true;
    builder.files_are_live = true;
    let (mut infos, mut failures) = builder.visit(call.ctx, call.env)?.into_infos();
    if infos.is_empty() && failures.iter().all(Failure::is_not_found) && call.flags.args.len() == 2 {
        let matching = with_prefix(call)?;
        if !matching.is_empty() {
            failures.clear();
            infos = matching;
        }
    }
    let mut is_first = true;
    for info in &infos {
        call.warn_if_deprecated(info.mapping);
        match describe_one(call, info) {
            Ok(text) => {
                let text = if is_first { text } else { format!("\n\n{text}") };
                call.ctx.out(&text);
                is_first = false;
            }
            Err(failure) => failures.push(failure),
        }
    }
    if infos.is_empty() && failures.is_empty() {
        let all = call.flags.is_on("all-namespaces");
        let place = if all { String::new() } else { format!(" in {} namespace.", call.namespace) };
        call.ctx.err(&format!("No resources found{place}\n"));
    }
    Failure::of(failures).map_or(Ok(Flow::Done(0)), Err)
}

/// The objects whose names begin with what was given as a name.
fn with_prefix(call: &mut Call<'_, '_>) -> Result<Vec<Info>, Failure> {
    let (resource, prefix) = (call.flags.args[0].clone(), call.flags.args[1].clone());
    let mapping = Mapping::find(&resource)?;
    let namespace = call.builder().namespace_for_list(mapping);
    let objects = mapping.kind().map(|kind| call.ctx.api.list(kind, namespace.as_deref())).unwrap_or_default();
    let matching = objects.into_iter().filter(|object| object.metadata().name.starts_with(prefix.as_str()));
    Ok(matching.map(|object| live_info(mapping, object)).collect())
}

fn describe_one(call: &mut Call<'_, '_>, info: &Info) -> Result<String, Failure> {
    let Some(object) = &info.live else { return Err(info.mapping.not_found(&info.name).into()) };
    let now = call.ctx.now();
    Ok(describe::describe(&*call.ctx.api, object, now)?)
}
