//! `kubectl create namespace`, `serviceaccount`, `poddisruptionbudget`, `deployment`.

use ordered::OrderedSet;

use api::codec::Codec;
use api::int_or_string::IntOrString;
use api::selector::Selector;
use api::{Str, Value};

use super::super::{Call, Flow, PLAIN, Verb, shared};
use super::{CREATE_FLAGS, Framing, create_object, name_argument};
use crate::failure::Failure;
use crate::flags::Flag;

const COMMON: &[&[Flag]] = &[CREATE_FLAGS, shared::OUTPUT, shared::DRY_RUN, shared::VALIDATE, shared::FIELD_MANAGER];

/// `create namespace`
pub static NAMESPACE: Verb = Verb {
    path: "create namespace",
    aliases: &["ns"],
    summary: "Create a namespace",
    usage: "NAME [options]",
    flags: COMMON,
    run: |call| {
        let name = name_argument(call)?;
        create_object(call, "namespaces", &name, Value::map(), Framing::Plain)
    },
    ..PLAIN
};

/// `create serviceaccount`
pub static SERVICE_ACCOUNT: Verb = Verb {
    path: "create serviceaccount",
    aliases: &["sa"],
    summary: "Create a service account",
    usage: "NAME [options]",
    flags: COMMON,
    run: |call| {
        let name = name_argument(call)?;
        create_object(call, "serviceaccounts", &name, Value::map(), Framing::Named("serviceaccount"))
    },
    ..PLAIN
};

/// `create priorityclass`
pub static PRIORITY_CLASS: Verb = Verb {
    path: "create priorityclass",
    aliases: &["pc"],
    summary: "Create a priority class",
    usage: "NAME --value=VALUE --global-default=BOOL [options]",
    flags: &[
        &[
            Flag::int32("value", "0"),
            Flag::bool("global-default"),
            Flag::text("description"),
            Flag::text("preemption-policy").default("PreemptLowerPriority"),
        ],
        CREATE_FLAGS,
        shared::OUTPUT,
        shared::DRY_RUN,
        shared::VALIDATE,
        shared::FIELD_MANAGER,
    ],
    run: priority_class,
    ..PLAIN
};

fn priority_class(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let name = name_argument(call)?;
    let mut body = Value::map();
    body.set(&["value"], call.flags.int("value"));
    if call.flags.is_on("global-default") {
        body.set(&["globalDefault"], true);
    }
    let description = call.flags.text("description");
    if !description.is_empty() {
        body.set(&["description"], description);
    }
    body.set(&["preemptionPolicy"], call.flags.text("preemption-policy"));
    create_object(call, "priorityclasses", &name, body, Framing::Named("priorityclass"))
}

/// `create poddisruptionbudget`
pub static BUDGET: Verb = Verb {
    path: "create poddisruptionbudget",
    aliases: &["pdb"],
    summary: "Create a disruption budget",
    usage: "NAME --selector=SELECTOR --min-available=N [options]",
    flags: &[
        &[Flag::text("min-available"), Flag::text("max-unavailable"), Flag::text("selector")],
        CREATE_FLAGS,
        shared::OUTPUT,
        shared::DRY_RUN,
        shared::VALIDATE,
        shared::FIELD_MANAGER,
    ],
    run: budget,
    ..PLAIN
};

fn budget(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let name = name_argument(call)?;
    let (min, max) = (call.flags.text("min-available"), call.flags.text("max-unavailable"));
    let selector = call.flags.text("selector");
    if selector.is_empty() {
        return Err(Failure::plain("a selector must be specified"));
    }
    let (field, text) = match (min.is_empty(), max.is_empty()) {
        (true, true) => {
            return Err(Failure::plain("one of min-available or max-unavailable must be specified"));
        }
        (false, false) => return Err(Failure::plain("min-available and max-unavailable cannot be both specified")),
        (false, true) => ("minAvailable", min),
        (true, false) => ("maxUnavailable", max),
    };
    let digits = text.strip_suffix('%').unwrap_or(&text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let flag = if field == "minAvailable" { "min-available" } else { "max-unavailable" };
        return Err(Failure::Plain(format!("invalid format specified for {flag}")));
    }
    let mut body = Value::map();
    body.set(&["spec", field], IntOrString::parse(&text).encode());
    let parsed = Selector::parse(&selector)
        .map_err(|problem| Failure::Plain(format!("couldn't parse the selector string \"{selector}\": {problem}")))?;
    body.set(&["spec", "selector"], parsed.to_label_selector().map_err(Failure::Plain)?.encode());
    create_object(call, "poddisruptionbudgets", &name, body, Framing::Named("poddisruptionbudgets"))
}

/// `create deployment`
pub static DEPLOYMENT: Verb = Verb {
    path: "create deployment",
    aliases: &["deploy"],
    summary: "Create a Deployment",
    usage: "NAME --image=image -- [COMMAND] [args...] [options]",
    flags: &[
        &[Flag::slice("image"), Flag::int32("port", "-1"), Flag::int32("replicas", "1").short('r')],
        CREATE_FLAGS,
        shared::OUTPUT,
        shared::DRY_RUN,
        shared::VALIDATE,
        shared::FIELD_MANAGER,
    ],
    required: &["image"],
    run: deployment,
    ..PLAIN
};

fn deployment(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let name = name_argument(call)?;
    let images = call.flags.texts("image");
    let command: Vec<Value> = call.flags.args.iter().skip(1).cloned().map(Value::Str).collect();
    if images.len() > 1 && !command.is_empty() {
        return Err(Failure::plain("cannot specify multiple --image options and command"));
    }
    let mut taken = OrderedSet::new();
    let containers: Vec<Value> = images
        .iter()
        .map(|image| {
            let mut container = Value::map();
            container.set(&["name"], container_name(image, &mut taken));
            container.set(&["image"], image.clone());
            if !command.is_empty() {
                container.set(&["command"], command.clone());
            }
            let port = call.flags.int("port");
            if port >= 0 {
                let mut entry = Value::map();
                entry.set(&["containerPort"], port);
                container.set(&["ports"], vec![entry]);
            }
            container
        })
        .collect();
    let mut body = Value::map();
    for path in
        [&["metadata", "labels"][..], &["spec", "selector", "matchLabels"], &["spec", "template", "metadata", "labels"]]
    {
        let path: Vec<&str> = path.iter().copied().chain(["app"]).collect();
        body.set(&path, name.clone());
    }
    body.set(&["spec", "replicas"], call.flags.int("replicas"));
    body.set(&["spec", "template", "spec", "containers"], containers);
    create_object(call, "deployments.apps", &name, body, Framing::Named("deployment"))
}

/// `nginx` of `registry.k8s.io/nginx:1`, made different from those before it.
fn container_name(image: &str, taken: &mut OrderedSet<Str>) -> Str {
    let last = image.rsplit('/').next().unwrap_or(image);
    let plain = last.split([':', '@']).next().unwrap_or(last);
    let plain: String = plain.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' }).collect();
    let plain = plain.to_ascii_lowercase();
    let mut name = Str::from(plain.as_str());
    let mut number = 1;
    while !taken.insert(name.clone()) {
        number += 1;
        name = thin::format_str!("{plain}-{number}");
    }
    name
}
