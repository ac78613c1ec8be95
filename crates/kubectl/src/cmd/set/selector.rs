//! `kubectl set selector`: sets which pods a service leads to.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/set/set_selector.go.

use api::selector::{Operator, Selector};
use api::{Kind, Value};

use super::super::{Call, Flow, PLAIN, Verb, shared};
use super::{LOCAL, Words, manner, objects, send};
use crate::failure::Failure;
use crate::flags::Flag;

/// The verb.
pub static SET_SELECTOR: Verb = Verb {
    path: "set selector",
    summary: "Set the selector on a resource",
    usage: "(-f FILENAME | TYPE NAME) EXPRESSIONS [--resource-version=version] [options]",
    flags: &[
        &[LOCAL, Flag::text("resource-version")],
        shared::ALL,
        shared::OUTPUT,
        shared::RECORD,
        shared::FILES,
        shared::DRY_RUN,
        shared::FIELD_MANAGER,
    ],
    run,
    ..PLAIN
};

const WORDS: Words = Words { done: "selector updated", failed: "" };

fn run(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let (dry_run, mut output) = manner(call)?;
    let Some((expression, resources)) = call.flags.args.split_last() else {
        return Err(Failure::plain("one selector is required"));
    };
    let selector = Selector::parse(expression)
        .map_err(|error| Failure::Plain(format!("couldn't parse the selector string \"{expression}\": {error}")))?;
    let resources = resources.to_vec();
    let mut failures = Vec::new();
    for info in objects(call, resources)? {
        if info.mapping.kind() != Some(Kind::Service) {
            failures.push(Failure::plain("setting a selector is only supported for Services"));
            continue;
        }
        let before = info.object();
        let mut after = before.clone();
        let wanted = labels(&selector)?;
        after.set(&["spec", "selector"], wanted);
        call.record(&mut after);
        let version = call.flags.text("resource-version");
        if !version.is_empty() {
            after.set(&["metadata", "resourceVersion"], version);
        }
        failures.extend(send(call, &info, &before, after, dry_run, &mut output, WORDS).err());
    }
    Failure::of(failures).map_or(Ok(Flow::Done(0)), Err)
}

/// The labels of a selector that has nothing but `key=value`.
fn labels(selector: &Selector) -> Result<Value, Failure> {
    let mut labels = Value::map();
    for requirement in &selector.requirements {
        match (requirement.operator, requirement.values.as_slice()) {
            (Operator::Equals | Operator::DoubleEquals, [value]) => labels.set(&[&requirement.key], value.clone()),
            _ => {
                return Err(Failure::Plain(format!(
                    "match expression {} not supported on this object",
                    requirement.key
                )));
            }
        }
    }
    Ok(labels)
}
