//! `kubectl create service`: a verb per type of service.

use api::selector::is_dns_1123_subdomain;
use api::{Str, Value};

use super::super::rollout::parent;
use super::super::{Call, Flow, PLAIN, Verb, shared};
use super::{CREATE_FLAGS, Framing, create_object, name_argument};
use crate::failure::Failure;
use crate::flags::Flag;

const TCP: &[Flag] = &[Flag::slice("tcp")];
const CLUSTER_IP_FLAG: &[Flag] = &[Flag::text("clusterip")];
const NODE_PORT_FLAG: &[Flag] = &[Flag::int("node-port", "0")];
const EXTERNAL_FLAG: &[Flag] = &[Flag::text("external-name")];

/// `create service`
pub static SERVICE: Verb = Verb {
    path: "create service",
    aliases: &["svc"],
    summary: "Create a service",
    usage: "(clusterip | nodeport | loadbalancer | externalname) [options]",
    run: parent,
    ..PLAIN
};

macro_rules! services {
    ($( $name:ident $word:literal $type:literal $own:expr, $required:expr );* $(;)?) => {
        $(
            #[doc = concat!("`create service ", $word, "`")]
            pub static $name: Verb = Verb {
                path: concat!("create service ", $word),
                summary: concat!("Create a ", $type, " service"),
                usage: "NAME [--tcp=<port>:<targetPort>] [options]",
                flags: &[TCP, $own, CREATE_FLAGS, shared::OUTPUT, shared::DRY_RUN, shared::VALIDATE, shared::FIELD_MANAGER],
                required: $required,
                run: |call| run(call, $type),
                ..PLAIN
            };
        )*
    };
}

services! {
    CLUSTER_IP "clusterip" "ClusterIP" CLUSTER_IP_FLAG, &[];
    EXTERNAL_NAME "externalname" "ExternalName" EXTERNAL_FLAG, &["external-name"];
    LOAD_BALANCER "loadbalancer" "LoadBalancer" &[], &[];
    NODE_PORT "nodeport" "NodePort" NODE_PORT_FLAG, &[];
}

fn run(call: &mut Call<'_, '_>, kind: &str) -> Result<Flow, Failure> {
    let name = name_argument(call)?;
    let address = call.flags.text("clusterip");
    let external = call.flags.text("external-name");
    let pairs = call.flags.texts("tcp");
    if address != "None" && pairs.is_empty() && kind != "ExternalName" {
        return Err(Failure::plain("at least one tcp port specifier must be provided"));
    }
    if kind == "ExternalName" && !is_dns_1123_subdomain(&external).is_empty() {
        return Err(Failure::Plain(format!("invalid service external name {external}")));
    }
    let mut ports = Vec::new();
    for pair in &pairs {
        ports.push(port(call, pair)?);
    }
    let mut body = Value::map();
    body.set(&["metadata", "labels", "app"], name.clone());
    body.set(&["spec", "selector", "app"], name.clone());
    body.set(&["spec", "type"], kind);
    if !ports.is_empty() {
        body.set(&["spec", "ports"], ports);
    }
    for (field, text) in [("clusterIP", address), ("externalName", external)] {
        if !text.is_empty() {
            body.set(&["spec", field], text);
        }
    }
    create_object(call, "services", &name, body, Framing::Named(&format!("{kind} service")))
}

/// `80:8080`: the port, and where it leads.
fn port(call: &Call<'_, '_>, pair: &Str) -> Result<Value, Failure> {
    let (port, target) = pair.split_once(':').unwrap_or((pair, pair));
    let number = |text: &str| -> Result<i64, Failure> {
        let number: i64 =
            text.parse().map_err(|_| Failure::Plain(format!("strconv.ParseUint: parsing {text:?}: invalid syntax")))?;
        if !(0..=65_535).contains(&number) {
            return Err(Failure::Plain(format!("strconv.ParseUint: parsing {text:?}: value out of range")));
        }
        Ok(number)
    };
    let mut value = Value::map();
    value.set(&["name"], pair.replace(":", "-"));
    value.set(&["port"], number(port)?);
    value.set(&["protocol"], "TCP");
    value.set(&["targetPort"], target_port(target)?);
    let node_port = call.flags.int("node-port");
    if node_port > 0 {
        value.set(&["nodePort"], node_port);
    }
    Ok(value)
}

/// Where a port leads: a number, or the name of a container's port.
fn target_port(text: &str) -> Result<Value, Failure> {
    let Ok(number) = text.parse::<i64>() else { return Ok(text.into()) };
    if (1..=65_535).contains(&number) {
        Ok(number.into())
    } else {
        Err(Failure::plain("must be between 1 and 65535, inclusive"))
    }
}
