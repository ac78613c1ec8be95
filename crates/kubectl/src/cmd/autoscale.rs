//! `kubectl autoscale`: makes a HorizontalPodAutoscaler. Nothing here measures load, so none of them ever scales.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/autoscale. Different: no second try with the older API.

use api::quantity::Quantity;
use api::{Str, Value};

use super::call::{DryRun, refuse};
use super::create::{CREATE_FLAGS, Framing, create_object};
use super::{Call, Flow, PLAIN, Verb, shared};
use crate::builder::Info;
use crate::failure::Failure;
use crate::flags::Flag;

/// The verb.
pub static AUTOSCALE: Verb = Verb {
    path: "autoscale",
    summary: "Let the number of replicas follow the load; nothing here measures load",
    usage: "(-f FILENAME | TYPE NAME | TYPE/NAME) [--min=MINPODS] --max=MAXPODS [--cpu=CPU] [--memory=MEMORY] [options]",
    flags: &[
        &[
            Flag::text("cpu"),
            Flag::int32("cpu-percent", "-1")
                .deprecated("Use --cpu with percentage or resource quantity format (e.g., '70%' for utilization or '500m' for milliCPU)."),
            Flag::int32("max", "-1"),
            Flag::text("memory"),
            Flag::int32("min", "-1"),
            Flag::text("name"),
        ],
        CREATE_FLAGS,
        shared::OUTPUT,
        shared::RECORD,
        shared::FILES,
        shared::DRY_RUN,
        shared::FIELD_MANAGER,
    ],
    required: &["max"],
    run,
    ..PLAIN
};

fn run(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let (max, min) = (call.flags.int("max"), call.flags.int("min"));
    let required = format!("--max=MAXPODS is required and must be at least 1, max: {max}");
    let order = format!("--max=MAXPODS must be larger or equal to --min=MINPODS, max: {max}, min: {min}");
    refuse(&[
        (max < 1, &required),
        (max < min, &order),
        (
            call.flags.int("cpu-percent") > 0 && call.flags.is_set("cpu"),
            "--cpu-percent and --cpu are mutually exclusive",
        ),
    ])?;
    let metrics = metrics(call)?;
    let (infos, failures) = call.builder().visit(call.ctx, call.env)?.into_infos();
    if infos.is_empty() && failures.is_empty() {
        return Err(Failure::plain("no objects passed to autoscale"));
    }
    for info in infos {
        autoscale(call, &info, metrics.clone())?;
    }
    Failure::of(failures).map_or(Ok(Flow::Done(0)), Err)
}

fn autoscale(call: &mut Call<'_, '_>, info: &Info, metrics: Vec<Value>) -> Result<(), Failure> {
    let mapping = info.mapping;
    if !mapping.has("scale") {
        let message = "the server could not find the requested resource";
        return Err(Failure::Plain(format!("cannot autoscale a {}: {message}", mapping.resource().kind)));
    }
    let named = call.flags.text("name");
    let name: Str = if named.is_empty() { info.name.clone() } else { named };
    let mut body = Value::map();
    body.set(&["spec", "scaleTargetRef", "apiVersion"], mapping.resource().api_version());
    body.set(&["spec", "scaleTargetRef", "kind"], mapping.resource().kind);
    body.set(&["spec", "scaleTargetRef", "name"], info.name.clone());
    body.set(&["spec", "maxReplicas"], call.flags.int("max"));
    if call.flags.int("min") > 0 {
        body.set(&["spec", "minReplicas"], call.flags.int("min"));
    }
    if !metrics.is_empty() {
        body.set(&["spec", "metrics"], metrics);
    }
    let framing = if call.dry_run()? == DryRun::Client { Framing::Plain } else { Framing::Autoscaled };
    create_object(call, "horizontalpodautoscalers", &name, body, framing).map(drop)
}

fn metrics(call: &Call<'_, '_>) -> Result<Vec<Value>, Failure> {
    let mut metrics = Vec::new();
    let percent = call.flags.int("cpu-percent");
    if percent > 0 {
        metrics.push(utilization("cpu", percent));
    }
    for (resource, unit) in [("cpu", "m"), ("memory", "Mi")] {
        let text = call.flags.text(resource);
        if !text.is_empty() {
            metrics.push(target(resource, unit, text.trim())?);
        }
    }
    Ok(metrics)
}

fn utilization(resource: &str, percent: i64) -> Value {
    let mut metric = of_resource(resource, "Utilization");
    metric.set(&["resource", "target", "averageUtilization"], percent);
    metric
}

fn of_resource(resource: &str, kind: &str) -> Value {
    let mut metric = Value::map();
    metric.set(&["type"], "Resource");
    metric.set(&["resource", "name"], resource);
    metric.set(&["resource", "target", "type"], kind);
    metric
}

/// `80%`, `500m`, or a number in the unit that is usual for the resource.
fn target(resource: &str, unit: &str, text: &str) -> Result<Value, Failure> {
    if let Some(percent) = text.strip_suffix('%') {
        let number = percent.parse::<i32>().ok().filter(|number| *number >= 0);
        let invalid = || Failure::Plain(format!("invalid percentage value: {percent}"));
        return number.map(|number| utilization(resource, i64::from(number))).ok_or_else(invalid);
    }
    let is_bare = text.parse::<f64>().is_ok();
    let amount = if is_bare { Quantity::parse(&format!("{text}{unit}")) } else { Quantity::parse(text) };
    let amount = amount.map_err(|_| Failure::Plain(format!("invalid resource {resource} value: {text}")))?;
    let mut metric = of_resource(resource, "AverageValue");
    metric.set(&["resource", "target", "averageValue"], amount.to_string());
    Ok(metric)
}
