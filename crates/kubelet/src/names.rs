//! `/etc/hosts`, `/etc/resolv.conf` and `/etc/hostname` of a container.
//!
//! They are written when somebody can look at them: before the first exec, and at the start of programs that resolve names.
//!
//! Models: kubernetes v1.36 pkg/kubelet/kubelet_pods.go (managedHostsFileContent) and pkg/kubelet/network/dns.

use cri::{Caller, Fs, Tree};
use sim::Time;

use api::Pod;

use crate::kubelets::Kubelets;
use crate::spawn::hostname;
use crate::worker::PodWorker;

/// Where the cluster's name server listens.
const NAME_SERVER: &str = "10.96.0.10";
const DOMAIN: &str = "cluster.local";

impl Kubelets {
    /// Writes the files into a container that runs, once.
    pub(crate) fn show_names(&mut self, worker: &mut PodWorker, at: usize) {
        let Some(mut root) = worker.sandbox.as_mut().and_then(|sandbox| sandbox.root_mut(at)).cloned() else { return };
        if root.exists("/etc/resolv.conf", Caller::root(Time::HEADLESS_START)) {
            return;
        }
        write_names(worker, &mut root);
        if let Some(old) = worker.sandbox.as_mut().and_then(|sandbox| sandbox.root_mut(at)) {
            *old = root;
        }
    }
}

/// Writes the files of a pod's container into its root.
pub(crate) fn write_names(worker: &PodWorker, root: &mut Tree) {
    write(root, "/etc/hosts", &hosts(worker));
    write(root, "/etc/resolv.conf", &resolv_conf(&worker.pod));
    write(root, "/etc/hostname", &format!("{}\n", hostname(&worker.pod)));
}

fn write(root: &mut Tree, path: &str, text: &str) {
    // A container whose file system is full keeps what it has.
    let _ = root.place(path, text.as_bytes(), 0o644, Caller::root(Time::HEADLESS_START));
}

fn hosts(worker: &PodWorker) -> String {
    let pod = &worker.pod;
    let mut text = String::from(
        "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n\
         fe00::0\tip6-localnet\nfe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n",
    );
    let ip = worker.ip.map(|ip| ip.to_string()).unwrap_or_default();
    let name = hostname(pod);
    if pod.spec.subdomain.is_empty() {
        text.push_str(&format!("{ip}\t{name}\n"));
    } else {
        let (subdomain, namespace) = (&pod.spec.subdomain, &pod.metadata.namespace);
        text.push_str(&format!("{ip}\t{name}.{subdomain}.{namespace}.svc.{DOMAIN}\t{name}\n"));
    }
    text
}

fn resolv_conf(pod: &Pod) -> String {
    let namespace = &pod.metadata.namespace;
    match pod.spec.dns_policy.as_str() {
        "Default" | "None" => format!("nameserver {NAME_SERVER}\n"),
        _ => format!(
            "search {namespace}.svc.{DOMAIN} svc.{DOMAIN} {DOMAIN}\nnameserver {NAME_SERVER}\noptions ndots:5\n"
        ),
    }
}
