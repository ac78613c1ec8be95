//! `kubectl port-forward`: ports of the user's machine that lead to a pod, until Ctrl-C.
//!
//! The pod is chosen once, at the start; when it goes, so does the forward.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/portforward, client-go/tools/portforward.
//! Absent: addresses other than localhost.

use api::codec::Codec;
use api::{Key, Kind, Str, Value};
use client::{Forward, ForwardError, ForwardRequest};

use super::call::unsupported;
use super::{Call, Flow, PLAIN, Progress, Verb, pods};
use crate::context::Context;
use crate::failure::Failure;
use crate::flags::Flag;

/// The verb.
pub static PORT_FORWARD: Verb = Verb {
    path: "port-forward",
    summary: "Forward one or more local ports to a pod",
    usage: "TYPE/NAME [options] [LOCAL_PORT:]REMOTE_PORT [...[LOCAL_PORT_N:]REMOTE_PORT_N]",
    flags: &[&[Flag::slice("address").default("localhost"), Flag::duration("pod-running-timeout", "1m0s")]],
    run,
    ..PLAIN
};

fn run(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let args = call.flags.args.clone();
    let Some((resource, wanted)) = args.split_first().filter(|(_, ports)| !ports.is_empty()) else {
        return Err(call.usage("TYPE/NAME and list of ports are required for port-forward"));
    };
    if call.flags.texts("address").iter().any(|address| !matches!(address.as_str(), "localhost" | "127.0.0.1")) {
        return Err(unsupported("listening on other addresses than localhost (--address)"));
    }
    call.pod_running_timeout().map_err(|failure| call.usage(failure.message()))?;
    let info = pods::find_object(call, resource)?;
    let pod = pods::pod_to_enter(call.ctx, &info)?;
    let value = pod.encode();
    let service =
        info.live.as_ref().filter(|_| info.mapping.resource().kind == "Service").map(api::Object::encode_body);
    refuse_udp(wanted, service.as_ref(), &value)?;
    let read = |text: &Str| read(text, service.as_ref(), &value);
    let ports = wanted.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let phase = value.at(&["status", "phase"]).text();
    if phase != "Running" {
        return Err(Failure::Plain(format!(
            "unable to forward port because pod is not running. Current status={phase}"
        )));
    }
    let (key, uid) = (pod.metadata.key(), pod.metadata.uid.clone());
    let mut open = Vec::new();
    for (local, remote) in &ports {
        let request = ForwardRequest { pod: key.clone(), local: *local, remote: *remote };
        match call.ctx.api.forward_open(&request) {
            Ok(forward) => open.push(forward),
            Err(ForwardError::AddressInUse) => call.ctx.err(&in_use(*local)),
            Err(ForwardError::Status(status)) => return Err(status.into()),
        }
    }
    if open.is_empty() {
        let pairs: Vec<String> = ports.iter().map(|(local, remote)| format!("{{{local} {remote}}}")).collect();
        let list = pairs.join(" ");
        return Err(Failure::Plain(format!("unable to listen on any of the requested ports: [{list}]")));
    }
    for Forward { local, remote } in &open {
        call.ctx.out(&format!(
            "Forwarding from 127.0.0.1:{local} -> {remote}\nForwarding from [::1]:{local} -> {remote}\n"
        ));
    }
    Ok(Forwarding { pod: key, uid, open }.into())
}

fn in_use(port: u16) -> String {
    let one = |network: &str, host: &str| {
        format!("unable to create listener: Error listen {network} {host}:{port}: bind: address already in use")
    };
    let (four, six) = (one("tcp4", "127.0.0.1"), one("tcp6", "[::1]"));
    format!("Unable to listen on port {port}: Listeners failed to create with the following errors: [{four} {six}]\n")
}

/// The parts of `80`, `8080:80`, `:80`, `8080:http`. As upstream, of more than two the first is both.
fn split(text: &str) -> (&str, &str) {
    match text.split_once(':') {
        Some((local, remote)) if !remote.contains(':') => (local, remote),
        Some((first, _)) => (first, first),
        None => (text, text),
    }
}

/// Local and remote port; a service's ports are translated to the pod's.
fn read(text: &str, service: Option<&Value>, pod: &Value) -> Result<(u16, u16), Failure> {
    let (local, remote) = split(text);
    let number = match service {
        Some(service) => of_service(remote, service, pod)?,
        None => of_pod(remote, pod)?,
    };
    let is_name = |port: &str| port.parse::<i64>().is_err();
    // A service's name stands for its own port here, a pod's for the pod's.
    let local = match (local, service) {
        ("", None) => "0".to_string(),
        ("", Some(_)) if !remote.is_empty() => "0".to_string(),
        (name, Some(service)) if name == remote && is_name(name) => {
            port_of_service(name, service)?.get("port").as_int().unwrap_or(0).to_string()
        }
        (name, None) if name == remote && is_name(name) => number.clone(),
        (local, _) => local.to_string(),
    };
    let parse = |side: &str, text: &str| {
        text.parse::<u16>().map_err(|_| {
            let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            let cause = if is_number { "value out of range" } else { "invalid syntax" };
            Failure::Plain(format!("error parsing {side} port '{text}': strconv.ParseUint: parsing {text:?}: {cause}"))
        })
    };
    match (parse("local", &local)?, parse("remote", &number)?) {
        (_, 0) => Err(Failure::plain("remote port must be > 0")),
        ports => Ok(ports),
    }
}

/// Ports that speak UDP and nothing else are refused.
fn refuse_udp(wanted: &[Str], service: Option<&Value>, pod: &Value) -> Result<(), Failure> {
    let containers = || pod.at(&["spec", "containers"]).as_list().iter();
    let (ports, field): (Vec<&Value>, _) = match service {
        Some(service) => (service.at(&["spec", "ports"]).as_list().iter().collect(), "port"),
        None => (containers().flat_map(|container| container.get("ports").as_list()).collect(), "containerPort"),
    };
    let speaks = |number: i64, protocol: &str| {
        ports.iter().any(|port| port.get(field).as_int() == Some(number) && port.get("protocol").text() == protocol)
    };
    for text in wanted {
        let (_, remote) = split(text);
        let number = match (remote.parse::<i64>(), service) {
            (Ok(number), _) => number,
            (Err(_), Some(service)) => port_of_service(remote, service)?.get("port").as_int().unwrap_or(0),
            (Err(_), None) => i64::from(named_port(remote, pod)?),
        };
        if speaks(number, "UDP") && !speaks(number, "TCP") {
            return Err(Failure::Plain(format!("UDP protocol is not supported for {remote}")));
        }
    }
    Ok(())
}

fn container_port(name: &str, pod: &Value) -> Option<u16> {
    let containers = pod.at(&["spec", "containers"]).as_list();
    let mut ports = containers.iter().flat_map(|container| container.get("ports").as_list());
    let found = ports.find(|port| port.get("name").text() == name)?;
    u16::try_from(found.get("containerPort").as_int()?).ok()
}

fn named_port(name: &str, pod: &Value) -> Result<u16, Failure> {
    let of = pod.at(&["metadata", "name"]).text();
    container_port(name, pod).ok_or_else(|| Failure::Plain(format!("Pod '{of}' does not have a named port '{name}'")))
}

/// The number as it was written, if one was.
fn of_pod(port: &str, pod: &Value) -> Result<String, Failure> {
    if port.is_empty() {
        return Err(Failure::plain("remote port cannot be empty"));
    }
    if port.parse::<i64>().is_ok() { Ok(port.to_string()) } else { Ok(named_port(port, pod)?.to_string()) }
}

fn port_of_service<'s>(name: &str, service: &'s Value) -> Result<&'s Value, Failure> {
    let ports = service.at(&["spec", "ports"]).as_list();
    let of = service.at(&["metadata", "name"]).text();
    let missing = || Failure::Plain(format!("Service '{of}' does not have a named port '{name}'"));
    ports.iter().find(|port| port.get("name").text() == name).ok_or_else(missing)
}

fn of_service(port: &str, service: &Value, pod: &Value) -> Result<String, Failure> {
    let name = service.at(&["metadata", "name"]).text();
    let found = match port.parse::<i64>() {
        Ok(number) => {
            let mut ports = service.at(&["spec", "ports"]).as_list().iter();
            let missing = || Failure::Plain(format!("Service {name} does not have a service port {number}"));
            ports.find(|candidate| candidate.get("port").as_int() == Some(number)).ok_or_else(missing)?
        }
        Err(_) => port_of_service(port, service)?,
    };
    if service.at(&["spec", "clusterIP"]).text() == "None" {
        return Ok(found.get("port").as_int().unwrap_or(0).to_string());
    }
    match found.get("targetPort").as_int() {
        Some(0) => Ok(found.get("port").as_int().unwrap_or(0).to_string()),
        Some(number) => Ok(number.to_string()),
        None => of_pod(found.get("targetPort").text(), pod),
    }
}

/// Ports that are open.
#[derive(Clone, Debug)]
pub struct Forwarding {
    pod: Key,
    uid: Str,
    open: Vec<Forward>,
}

impl Forwarding {
    /// Says what has happened to the forwards.
    pub fn step(&mut self, ctx: &mut Context<'_>) -> Result<Progress, Failure> {
        if self.open.is_empty() {
            return Ok(Progress::Done(0));
        }
        let mut is_lost = false;
        for Forward { local, remote } in self.open.clone() {
            let news = ctx.api.forward_read(local);
            for _ in 0..news.opened {
                ctx.out(&format!("Handling connection for {local}\n"));
            }
            for _ in 0..news.refused {
                let text = self.refusal(ctx, local, remote);
                ctx.err(&text);
                is_lost = true;
            }
        }
        let live = ctx.api.get(Kind::Pod, &self.pod);
        let is_there = live.is_ok_and(|object| object.metadata().uid == self.uid);
        if is_lost || !is_there {
            self.close(ctx);
            return Err(Failure::plain("lost connection to pod"));
        }
        Ok(Progress::Blocked { wake: None })
    }

    fn refusal(&self, ctx: &Context<'_>, local: u16, remote: u16) -> String {
        let c = ctx.now().calendar();
        let (uid, micros) = (&self.uid, ctx.now().0 % 1_000_000);
        format!(
            "E{:02}{:02} {:02}:{:02}:{:02}.{micros:06}       1 portforward.go:424] \"Unhandled Error\" err=\"an error occurred \
             forwarding {local} -> {remote}: error forwarding port {remote} to pod {uid}, uid : failed to connect to \
             localhost:{remote} inside the namespace of the pod: dial tcp4 127.0.0.1:{remote}: connect: connection refused\"\n",
            c.month, c.day, c.hour, c.minute, c.second
        )
    }

    fn close(&mut self, ctx: &mut Context<'_>) {
        for forward in std::mem::take(&mut self.open) {
            ctx.api.forward_close(forward.local);
        }
    }

    /// Ctrl-C ends the forwards, and that is a good end.
    pub fn interrupt(&mut self, ctx: &mut Context<'_>) -> bool {
        self.close(ctx);
        true
    }
}
