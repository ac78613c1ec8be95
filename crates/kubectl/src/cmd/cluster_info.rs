//! `kubectl cluster-info`: where the control plane is, and (`dump`) all that helps to find out what is wrong.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/clusterinfo.

use api::codec::Codec;
use api::{Kind, Object, Pod, Str, Value};
use client::LogOptions;

use super::{Call, Flow, PLAIN, Verb, shared};
use crate::failure::Failure;
use crate::flags::Flag;
use crate::mapping::Mapping;
use crate::output::{Formats, Output, Printer};
use crate::selection::Selection;

/// `kubectl cluster-info`
pub static CLUSTER_INFO: Verb = Verb {
    path: "cluster-info",
    summary: "Show the addresses of the control plane and the cluster's services",
    usage: "[flags] [options]",
    run: cluster_info,
    ..PLAIN
};

fn cluster_info(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let server = call.config.server(&call.config.current_context());
    let namespace: Str = if call.namespace_is_explicit { call.namespace.clone() } else { "kube-system".into() };
    let of_cluster = Selection::parse(Mapping::of(Kind::Service), "kubernetes.io/cluster-service=true", "")?;
    let mut text = format!("Kubernetes control plane is running at {server}\n");
    for object in call.ctx.list(Kind::Service, Some(&namespace))? {
        if of_cluster.matches(&object) {
            let title =
                object.metadata().labels.get("kubernetes.io/name").unwrap_or(&object.metadata().name).to_string();
            text.push_str(&format!("{title} is running at {}\n", address(&object, &server)));
        }
    }
    text.push_str("\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.\n");
    call.ctx.out(&text);
    Ok(Flow::Done(0))
}

/// Where a service is reached: at its load balancer, or through the API server.
fn address(service: &Object, server: &str) -> String {
    let body = service.encode_body();
    let ports = body.at(&["spec", "ports"]).as_list();
    if let Some(ingress) = body.at(&["status", "loadBalancer", "ingress"]).as_list().first() {
        let host = [ingress.get("ip").text(), ingress.get("hostname").text()];
        let host = host.into_iter().find(|host| !host.is_empty()).unwrap_or("");
        let links = ports.iter().map(|port| format!("http://{host}:{} ", port.get("port").as_int().unwrap_or(0)));
        return links.collect();
    }
    let (namespace, name) = (&service.metadata().namespace, &service.metadata().name);
    let name = ports.first().map_or(name.to_string(), |port| {
        let port_name = port.get("name").text();
        match port_name == "https" || port.get("port").as_int() == Some(443) {
            true => format!("https:{name}:{port_name}"),
            false if port_name.is_empty() => name.to_string(),
            false => format!("{name}:{port_name}"),
        }
    });
    format!("{server}/api/v1/namespaces/{namespace}/services/{name}/proxy")
}

/// `kubectl cluster-info dump`
pub static CLUSTER_INFO_DUMP: Verb = Verb {
    path: "cluster-info dump",
    summary: "Dump what helps to find out what is wrong with the cluster",
    usage: "[flags] [options]",
    flags: &[
        &[
            Flag::slice("namespaces"),
            Flag::text("output").short('o').default("json"),
            Flag::text("output-directory"),
            Flag::duration("pod-running-timeout", "20s"),
            Flag::bool("show-managed-fields"),
            Flag::text("template"),
            Flag::bool("allow-missing-template-keys").default("true"),
        ],
        shared::ALL_NAMESPACES,
    ],
    run: dump,
    ..PLAIN
};

/// What is dumped of a namespace before its logs, by the names of the files.
const LISTS: [(&str, Kind); 7] = [
    ("events", Kind::Event),
    ("replication-controllers", Kind::ReplicationController),
    ("services", Kind::Service),
    ("daemonsets", Kind::DaemonSet),
    ("deployments", Kind::Deployment),
    ("replicasets", Kind::ReplicaSet),
    ("pods", Kind::Pod),
];

fn dump(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let Output::Objects(printer) = Output::read(call.ctx, call.env, &call.flags, Formats::Operation)? else {
        return Err(Failure::plain("a dump needs an output format"));
    };
    call.pod_running_timeout()?;
    let extension = match call.flags.text("output").as_str() {
        "json" => ".json",
        "yaml" => ".yaml",
        _ => ".txt",
    };
    let directory = Some(call.flags.text("output-directory")).filter(|name| !matches!(name.as_str(), "" | "-"));
    let namespaces = namespaces(call)?;
    let mut dump = Dump { printer: *printer, extension, directory: directory.clone() };
    dump.list(call, "nodes", Kind::Node, None)?;
    for namespace in &namespaces {
        for (name, kind) in LISTS {
            dump.list(call, &format!("{namespace}/{name}"), kind, Some(namespace))?;
        }
        for pod in call.ctx.list(Kind::Pod, Some(namespace))?.iter().filter_map(Object::get::<Pod>) {
            let text = logs(call, pod);
            dump.write(call, &format!("{namespace}/{}/logs.txt", pod.metadata.name), &text)?;
        }
    }
    if let Some(directory) = directory {
        call.ctx.out(&format!("Cluster info dumped to {directory}\n"));
    }
    Ok(Flow::Done(0))
}

fn namespaces(call: &Call<'_, '_>) -> Result<Vec<Str>, Failure> {
    if call.flags.is_on("all-namespaces") {
        let all = call.ctx.list(Kind::Namespace, None)?;
        return Ok(all.iter().map(|object| object.metadata().name.clone()).collect());
    }
    Ok(match call.flags.texts("namespaces") {
        none if none.is_empty() => vec!["kube-system".into(), call.namespace.clone()],
        named => named,
    })
}

/// Where a dump goes.
struct Dump {
    printer: Printer,
    extension: &'static str,
    directory: Option<Str>,
}

impl Dump {
    fn list(
        &mut self,
        call: &mut Call<'_, '_>,
        name: &str,
        kind: Kind,
        namespace: Option<&str>,
    ) -> Result<(), Failure> {
        let items: Vec<Value> = call.ctx.list(kind, namespace)?.iter().map(Object::encode_body).collect();
        let mut list = Value::map();
        list.set(&["kind"], format!("{}List", kind.name()));
        list.set(&["apiVersion"], kind.api_version());
        list.set(&["metadata", "resourceVersion"], call.ctx.api.revision().to_string());
        list.set(&["items"], items);
        let text = self.printer.print_typed(&list)?;
        self.write(call, &format!("{name}{}", self.extension), &text)
    }

    fn write(&self, call: &mut Call<'_, '_>, name: &str, text: &str) -> Result<(), Failure> {
        let Some(directory) = &self.directory else {
            call.ctx.out(text);
            return Ok(());
        };
        let path = call.env.absolute(&format!("{directory}/{name}"));
        let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
        let made = call.ctx.fs.make_directories(parent);
        let written = made.and_then(|()| call.ctx.fs.write(&path, text.as_bytes()));
        written.map_err(|error| Failure::Plain(format!("open {directory}/{name}: {error}")))
    }
}

/// What all containers of a pod have written, those that start first before the others.
fn logs(call: &Call<'_, '_>, pod: &Pod) -> String {
    let value = pod.encode();
    let (namespace, name) = (&pod.metadata.namespace, &pod.metadata.name);
    let lists = ["initContainers", "containers"];
    let containers = lists.iter().flat_map(|list| value.at(&["spec", list]).as_list());
    let mut text = String::new();
    for container in containers.map(|container| container.get("name").text()) {
        let options = LogOptions { container: container.into(), ..LogOptions::default() };
        let log = match call.ctx.api.logs(&pod.metadata.key(), &options) {
            Ok(log) => log.text,
            Err(status) => format!("Request log error: {}\n", status.message),
        };
        let title = format!("logs for container {container} of pod {namespace}/{name} ====\n");
        text.push_str(&format!("==== START {title}{log}==== END {title}"));
    }
    text
}
