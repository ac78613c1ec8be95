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
use crate::builder::Info;
use crate::context::Context;
use crate::failure::Failure;
use crate::flags::Flag;

/// The verb.
pub static PORT_FORWARD: Verb = Verb {
    path: "port-forward",
    summary: "Forward one or more local ports to a pod",
    usage: "TYPE/NAME [options] [LOCAL_PORT:]REMOTE_PORT [...[LOCAL_PORT_N:]REMOTE_PORT_N]",
    flags: &[&[
        Flag::slice("address", "Addresses to listen on; only localhost here.").default("localhost"),
        Flag::duration("pod-running-timeout", "1m0s", "How long to wait for a pod; it has to be there here."),
    ]],
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
    let ports = wanted.iter().map(|text| read(text, &info, &value)).collect::<Result<Vec<_>, _>>()?;
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

/// Local and remote port of `80`, `8080:80`, `:80`, `8080:http`; a service's ports are translated to the pod's.
fn read(text: &Str, info: &Info, pod: &Value) -> Result<(u16, u16), Failure> {
    let (local, remote) = text.split_once(':').unwrap_or((text, text));
    if remote.contains(':') {
        return Err(Failure::Plain(format!("invalid port format '{text}'")));
    }
    let service = info.live.as_ref().filter(|_| info.mapping.resource().kind == "Service");
    let number = match service {
        Some(live) => of_service(remote, &live.encode_body(), pod)?,
        None => of_pod(remote, pod)?,
    };
    let local = if local == remote && !text.contains(':') && remote.parse::<u16>().is_err() {
        number
    } else if local.is_empty() {
        0
    } else {
        local.parse().map_err(|_| Failure::Plain(format!("error parsing local port '{local}': invalid port")))?
    };
    Ok((local, number))
}

fn container_port(name: &str, pod: &Value) -> Option<u16> {
    let containers = pod.at(&["spec", "containers"]).as_list();
    let mut ports = containers.iter().flat_map(|container| container.get("ports").as_list());
    let found = ports.find(|port| port.get("name").text() == name)?;
    u16::try_from(found.get("containerPort").as_int()?).ok()
}

fn of_pod(port: &str, pod: &Value) -> Result<u16, Failure> {
    if port.is_empty() {
        return Err(Failure::plain("remote port cannot be empty"));
    }
    if let Ok(number) = port.parse() {
        return Ok(number);
    }
    let name = pod.at(&["metadata", "name"]).text();
    container_port(port, pod).ok_or_else(|| Failure::Plain(format!("Pod '{name}' does not have a named port '{port}'")))
}

fn of_service(port: &str, service: &Value, pod: &Value) -> Result<u16, Failure> {
    let name = service.at(&["metadata", "name"]).text();
    let is_meant = |candidate: &&Value| match port.parse::<i64>() {
        Ok(number) => candidate.get("port").as_int() == Some(number),
        Err(_) => candidate.get("name").text() == port,
    };
    let ports = service.at(&["spec", "ports"]).as_list();
    let Some(found) = ports.iter().find(is_meant) else {
        return Err(Failure::Plain(format!("Service {name} does not have a service port {port}")));
    };
    if service.at(&["spec", "clusterIP"]).text() == "None" {
        let number = found.get("port").as_int().and_then(|port| u16::try_from(port).ok());
        return number.ok_or_else(|| Failure::plain("the service's port is no port"));
    }
    let target = found.get("targetPort");
    match target.as_int().and_then(|number| u16::try_from(number).ok()) {
        Some(number) if number != 0 => Ok(number),
        _ => of_pod(target.text(), pod),
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
