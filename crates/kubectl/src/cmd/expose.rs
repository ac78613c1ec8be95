//! `kubectl expose`: a service in front of a workload, a pod or another service.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/expose and polymorphichelpers (selectors, ports and protocols of objects).

use api::codec::Codec;
use api::int_or_string::IntOrString;
use api::{Kind, Str, Value};

use super::create::{CREATE_FLAGS, Framing, create_object, overridden};
use super::{Call, Flow, PLAIN, Verb, pairs, shared};
use crate::builder::Info;
use crate::failure::Failure;
use crate::flags::Flag;
use crate::mapping::Mapping;

/// The verb.
pub static EXPOSE: Verb = Verb {
    path: "expose",
    summary: "Create a service in front of a workload, a pod or another service",
    usage: "(-f FILENAME | TYPE NAME) [--port=port] [--protocol=TCP|UDP|SCTP] \
            [--target-port=number-or-name] [--name=name] [--external-ip=external-ip-of-service] [--type=type] [options]",
    flags: &[
        &[
            Flag::text("cluster-ip"),
            Flag::text("external-ip"),
            Flag::text("load-balancer-ip"),
            Flag::text("name"),
            Flag::text("port"),
            Flag::text("protocol"),
            Flag::text("session-affinity"),
            Flag::text("target-port"),
            Flag::text("type"),
            Flag::text("labels").short('l'),
            Flag::text("selector"),
        ],
        CREATE_FLAGS,
        shared::OVERRIDES,
        shared::OUTPUT,
        shared::RECORD,
        shared::FILES,
        shared::DRY_RUN,
        shared::FIELD_MANAGER,
    ],
    run,
    ..PLAIN
};

/// A service's name is a label.
const NAME_MAX: usize = 63;

fn run(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let (infos, failures) = call.builder().visit(call.ctx, call.env)?.into_infos();
    if let Some(failure) = Failure::of(failures) {
        return Err(failure);
    }
    for info in &infos {
        expose(call, info)?;
    }
    Ok(Flow::Done(0))
}

/// Whether objects of a kind have pods behind them that a service can name.
pub(crate) fn can_be_exposed(kind: &str) -> bool {
    matches!(kind, "Service" | "Pod" | "Deployment" | "ReplicaSet" | "ReplicationController")
}

fn expose(call: &mut Call<'_, '_>, info: &Info) -> Result<(), Failure> {
    let kind = info.mapping.resource().kind;
    if !can_be_exposed(kind) {
        let group = info.mapping.resource().group;
        let name = if group.is_empty() { kind.to_owned() } else { format!("{kind}.{group}") };
        return Err(Failure::Plain(format!("cannot expose a {name}")));
    }
    let object = info.object();
    let named = call.flags.text("name");
    let name: Str = if named.is_empty() { info.name.chars().take(NAME_MAX).collect() } else { named };
    let mut body = Value::map();
    body.set(&["spec", "selector"], selector(call, kind, &object)?);
    let ports = ports(call, kind, &object)?;
    if !ports.is_empty() {
        body.set(&["spec", "ports"], ports);
    }
    let labels = match call.flags.text("labels") {
        text if text.is_empty() => object.at(&["metadata", "labels"]).clone(),
        text => pairs::labels(&text)?,
    };
    if !labels.is_null() {
        body.set(&["metadata", "labels"], labels);
    }
    for (flag, field) in [
        ("cluster-ip", "clusterIP"),
        ("type", "type"),
        ("session-affinity", "sessionAffinity"),
        ("load-balancer-ip", "loadBalancerIP"),
    ] {
        let text = call.flags.text(flag);
        if flag == "session-affinity" && !["", "None", "ClientIP"].contains(&text.as_str()) {
            return Err(Failure::Plain(format!("unknown session affinity: {text}")));
        }
        let is_idle = flag == "load-balancer-ip" && call.flags.text("type") != "LoadBalancer";
        if !text.is_empty() && !is_idle {
            body.set(&["spec", field], text);
        }
    }
    let external = call.flags.text("external-ip");
    if !external.is_empty() {
        body.set(&["spec", "externalIPs"], vec![Value::Str(external)]);
    }
    let body = overridden(call, Mapping::of(Kind::Service), body)?;
    create_object(call, "services", &name, body, Framing::Exposed).map(drop)
}

fn selector(call: &Call<'_, '_>, kind: &str, object: &Value) -> Result<Value, Failure> {
    let asked = call.flags.text("selector");
    if !asked.is_empty() {
        return pairs::labels(&asked);
    }
    let refuse = |why: String| {
        Failure::Plain(format!("couldn't retrieve selectors via --selector flag or introspection: {why}"))
    };
    let (found, missing) = match kind {
        "Pod" => (object.at(&["metadata", "labels"]), "the pod has no labels and cannot be exposed"),
        // A ReplicationController always has one.
        "Service" | "ReplicationController" => {
            (object.at(&["spec", "selector"]), "the service has no pod selector set")
        }
        _ => {
            let expressions = object.at(&["spec", "selector", "matchExpressions"]);
            if !expressions.as_list().is_empty() {
                let shown = api::text::json::write_compact(expressions);
                return Err(refuse(format!("couldn't convert expressions - \"{shown}\" to map-based selector format")));
            }
            (
                object.at(&["spec", "selector", "matchLabels"]),
                "invalid deployment: no selectors, therefore cannot be exposed",
            )
        }
    };
    if found.as_map().is_none_or(|map| map.is_empty()) { Err(refuse(missing.to_owned())) } else { Ok(found.clone()) }
}

/// The ports that an object's pods have, with their protocols.
pub(crate) fn own_ports(kind: &str, object: &Value) -> Vec<(i64, Str)> {
    api::reached!("kubectl::cmd::expose::own_ports");
    let path: &[&str] = match kind {
        "Service" => {
            let ports = object.at(&["spec", "ports"]).as_list().iter();
            return ports
                .map(|port| (port.get("port").as_int().unwrap_or(0), port.get("protocol").text().into()))
                .collect();
        }
        "Pod" => &["spec", "containers"],
        _ => &["spec", "template", "spec", "containers"],
    };
    let containers = object.at(path).as_list().iter();
    let ports = containers.flat_map(|container| container.get("ports").as_list());
    ports.map(|port| (port.get("containerPort").as_int().unwrap_or(0), port.get("protocol").text().into())).collect()
}

fn ports(call: &Call<'_, '_>, kind: &str, object: &Value) -> Result<Vec<Value>, Failure> {
    let own = own_ports(kind, object);
    let asked = call.flags.text("port");
    let mut numbers: Vec<i64> = Vec::new();
    if asked.is_empty() {
        for (number, _) in &own {
            if !numbers.contains(number) {
                numbers.push(*number);
            }
        }
        if numbers.is_empty() && call.flags.text("cluster-ip") != "None" {
            return Err(Failure::plain("couldn't find port via --port flag or introspection"));
        }
    } else {
        for text in asked.split(',') {
            let number =
                text.parse().map_err(|_| Failure::Plain(format!("strconv.Atoi: parsing {text:?}: invalid syntax")))?;
            numbers.push(number);
        }
    }
    let asked = Some(call.flags.text("protocol")).filter(|text| !text.is_empty());
    let mut wanted: Vec<(String, i64, Str)> = Vec::new();
    for (index, number) in numbers.iter().enumerate() {
        let protocols = asked.clone().map_or_else(|| protocols_of(&own, *number), |asked| vec![asked]);
        for protocol in &protocols {
            let name = match (protocols.len() > 1, numbers.len() > 1) {
                (true, _) => format!("port-{}-{}", index + 1, protocol.to_lowercase()),
                (false, true) => format!("port-{}", index + 1),
                (false, false) => String::new(),
            };
            wanted.push((name, *number, protocol.clone()));
        }
    }
    let port = |(name, number, protocol): (String, i64, Str)| {
        let mut value = Value::map();
        if !name.is_empty() {
            value.set(&["name"], name);
        }
        value.set(&["protocol"], protocol);
        value.set(&["port"], number);
        let target = call.flags.text("target-port");
        let target = if target.is_empty() { Value::Int(number) } else { IntOrString::parse(&target).encode() };
        value.set(&["targetPort"], target);
        value
    };
    Ok(wanted.into_iter().map(port).collect())
}

/// The protocols that an object's pods speak at a port, TCP if they say none.
fn protocols_of(own: &[(i64, Str)], number: i64) -> Vec<Str> {
    let mut protocols: Vec<Str> = Vec::new();
    for (_, protocol) in own.iter().filter(|(port, _)| *port == number) {
        let protocol = if protocol.is_empty() { "TCP".into() } else { protocol.clone() };
        if !protocols.contains(&protocol) {
            protocols.push(protocol);
        }
    }
    if protocols.is_empty() { vec!["TCP".into()] } else { protocols }
}
