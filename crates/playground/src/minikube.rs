//! `minikube`: what it says of a cluster that runs already.
//!
//! Models: minikube 1.37 in texts and exit codes, driver docker.
//! Absent: making, stopping and deleting clusters; they are refused, since the page starts a new cluster.

use api::{Kind, Object, Service};
use cluster::Cluster;
use shell::ProcessIo;

use crate::browser::Browser;

/// The control plane's machine, at which node ports are offered.
const ADDRESS: &str = "192.168.49.2";
const START: &str = "😄  minikube v1.37.0 on Debian 12\n✨  Using the docker driver based on existing profile\n\
    👍  Starting \"minikube\" primary control-plane node in \"minikube\" cluster\n\
    🏃  Updating the running docker \"minikube\" container ...\n\
    🐳  Preparing Kubernetes v1.36.2 on containerd 2.1.4 ...\n🔎  Verifying Kubernetes components...\n\
    🌟  Enabled addons: default-storageclass, storage-provisioner\n\
    🏄  Done! kubectl is now configured to use \"minikube\" cluster and \"default\" namespace by default\n";
const USAGE: i32 = 64;
const SERVICE_NOT_FOUND: i32 = 115;

/// What the words ask for.
#[derive(Default)]
struct Wish {
    words: Vec<String>,
    namespace: String,
    is_url: bool,
    memory: bool,
    cpus: bool,
}

/// Runs `minikube` at once; answers with its exit code.
pub(crate) fn minikube(argv: &[String], cluster: &Cluster, browser: &mut Browser, io: &mut ProcessIo) -> i32 {
    let wish = read(argv);
    let words: Vec<&str> = wish.words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["start"] => start(&wish, io),
        ["status"] => status(cluster, io),
        ["ip"] => say(io, &format!("{ADDRESS}\n")),
        ["version"] => say(io, "minikube version: v1.37.0\n"),
        ["service", "list"] => say(io, &list(cluster, &wish)),
        ["service", name] => service(cluster, &wish, name, browser, io),
        ["service"] => refuse(io, "MK_USAGE", "You must specify a service name", USAGE),
        [] | ["help"] => say(io, "minikube: start, status, ip, version, service NAME [--url], service list\n"),
        [other, ..] => {
            io.stderr(format!(
                "minikube {other}: not supported here: this cluster is simulated, and a new one is started by the page\n"
            ));
            USAGE
        }
    }
}

fn read(argv: &[String]) -> Wish {
    let mut wish = Wish { namespace: "default".into(), ..Wish::default() };
    let mut rest = argv.iter().skip(1);
    while let Some(word) = rest.next() {
        let (name, value) = word.split_once('=').map_or((word.as_str(), None), |(name, value)| (name, Some(value)));
        let mut take = || value.map(str::to_owned).or_else(|| rest.next().cloned()).unwrap_or_default();
        match name {
            "-n" | "--namespace" => wish.namespace = take(),
            "--memory" => wish.memory = !take().is_empty(),
            "--cpus" => wish.cpus = !take().is_empty(),
            "-p" | "--profile" | "--driver" | "--nodes" | "--kubernetes-version" | "--format" => drop(take()),
            "--url" => wish.is_url = true,
            flag if flag.starts_with('-') => {}
            word => wish.words.push(word.to_owned()),
        }
    }
    wish
}

fn say(io: &mut ProcessIo, text: &str) -> i32 {
    io.stdout(text);
    0
}

fn refuse(io: &mut ProcessIo, reason: &str, message: &str, code: i32) -> i32 {
    io.stderr(format!("\n❌  Exiting due to {reason}: {message}\n\n"));
    code
}

/// The cluster runs already, and its size cannot be changed.
fn start(wish: &Wish, io: &mut ProcessIo) -> i32 {
    for (asked, what) in [(wish.memory, "memory size"), (wish.cpus, "CPUs")] {
        if asked {
            io.stderr(format!(
                "❗  You cannot change the {what} for an existing minikube cluster. Please first delete the cluster.\n"
            ));
        }
    }
    say(io, START)
}

fn status(cluster: &Cluster, io: &mut ProcessIo) -> i32 {
    let mut text =
        "minikube\ntype: Control Plane\nhost: Running\nkubelet: Running\napiserver: Running\nkubeconfig: Configured\n\n"
            .to_owned();
    for node in cluster.server().iter(Kind::Node) {
        let name = &node.metadata().name;
        text.push_str(&format!("{name}\ntype: Worker\nhost: Running\nkubelet: Running\n\n"));
    }
    say(io, &text)
}

fn urls(service: &Service) -> Vec<String> {
    let ports = service.spec.ports.iter().filter(|port| port.node_port != 0);
    ports.map(|port| format!("http://{ADDRESS}:{}", port.node_port)).collect()
}

fn services(cluster: &Cluster) -> impl Iterator<Item = &Service> {
    cluster.server().iter(Kind::Service).filter_map(|object| match object {
        Object::Service(service) => Some(&**service),
        _ => None,
    })
}

fn service(cluster: &Cluster, wish: &Wish, name: &str, browser: &mut Browser, io: &mut ProcessIo) -> i32 {
    let namespace = wish.namespace.as_str();
    let is_meant = |service: &&Service| service.metadata.name == name && service.metadata.namespace == namespace;
    let Some(service) = services(cluster).find(is_meant) else {
        let message = format!(
            "Service '{name}' was not found in '{namespace}' namespace.\nYou may select another namespace by using \
             'minikube service {name} -n <namespace>'. Or list out all the services using 'minikube service list'"
        );
        return refuse(io, "SVC_NOT_FOUND", &message, SERVICE_NOT_FOUND);
    };
    let urls = urls(service);
    if urls.is_empty() {
        io.stderr(format!("😿  service {namespace}/{name} has no node port\n"));
        return 0;
    }
    if wish.is_url {
        return say(io, &format!("{}\n", urls.join("\n")));
    }
    let rows: Vec<[String; 4]> =
        urls.iter().map(|url| [namespace.to_owned(), name.to_owned(), target(service), url.clone()]).collect();
    io.stdout(table(&rows));
    io.stdout(format!("🎉  Opening service {namespace}/{name} in default browser...\n"));
    browser.want(&urls[0]);
    0
}

fn target(service: &Service) -> String {
    let ports: Vec<String> = service
        .spec
        .ports
        .iter()
        .map(|port| if port.name.is_empty() { port.port.to_string() } else { format!("{}/{}", port.name, port.port) })
        .collect();
    ports.join("\n")
}

fn list(cluster: &Cluster, wish: &Wish) -> String {
    let only = wish.namespace.as_str();
    let rows = services(cluster).filter(|service| only == "default" || service.metadata.namespace == only);
    let rows: Vec<[String; 4]> = rows
        .map(|service| {
            let urls = urls(service).join(" ");
            let port = if urls.is_empty() { "No node port".to_owned() } else { target(service) };
            [service.metadata.namespace.to_string(), service.metadata.name.to_string(), port, urls]
        })
        .collect();
    table(&rows)
}

fn table(rows: &[[String; 4]]) -> String {
    let heads = ["NAMESPACE", "NAME", "TARGET PORT", "URL"].map(str::to_owned);
    let all: Vec<&[String; 4]> = std::iter::once(&heads).chain(rows).collect();
    let width = |column: usize| all.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths = [0, 1, 2, 3].map(width);
    let edge = |left: char, middle: char, right: char| {
        let bars: Vec<String> = widths.iter().map(|width| "─".repeat(width + 2)).collect();
        format!("{left}{}{right}\n", bars.join(&middle.to_string()))
    };
    let line = |row: &[String; 4]| {
        let cells: Vec<String> = row
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!(" {cell}{} ", " ".repeat(width - cell.chars().count())))
            .collect();
        format!("│{}│\n", cells.join("│"))
    };
    let mut text = edge('┌', '┬', '┐') + &line(&heads) + &edge('├', '┼', '┤');
    rows.iter().for_each(|row| text.push_str(&line(row)));
    text + &edge('└', '┴', '┘')
}
