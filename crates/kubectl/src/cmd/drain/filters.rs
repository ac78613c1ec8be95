//! Which pods of a node go, and what is said of the others: pure, in kubectl's order of filters.
//!
//! Models: kubernetes v1.36 kubectl/pkg/drain/filters.go.

use std::rc::Rc;

use api::{Key, Pod, Str};
use sim::Time;

/// The annotation of pods that a kubelet runs from a file.
const MIRROR: &str = "kubernetes.io/config.mirror";

/// What the flags let go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Permissions {
    /// `--force`
    pub unmanaged: bool,
    /// `--ignore-daemonsets`
    pub skips_daemon_sets: bool,
    /// `--delete-emptydir-data`
    pub local_storage: bool,
    /// `--skip-wait-for-delete-timeout`; zero is never.
    pub skip_wait_seconds: i64,
}

/// What becomes of one pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It goes.
    Delete,
    /// It goes, and is named in a warning.
    DeleteWithWarning(Str),
    /// It stays, and nothing is said.
    Skip,
    /// It stays, and is named in a warning.
    SkipWithWarning(Str),
    /// It may not go, and then no pod of the node does.
    Refuse(Str),
}

impl Verdict {
    /// Whether the pod goes.
    pub fn deletes(&self) -> bool {
        matches!(self, Verdict::Delete | Verdict::DeleteWithWarning(_))
    }
}

/// The pods of a node with their verdicts.
#[derive(Clone, Debug, Default)]
pub struct Verdicts(pub Vec<(Rc<Pod>, Verdict)>);

impl Verdicts {
    /// The pods that go.
    pub fn pods(&self) -> impl Iterator<Item = &Rc<Pod>> {
        self.0.iter().filter(|(_, verdict)| verdict.deletes()).map(|(pod, _)| pod)
    }

    /// One complaint per kind of pod that may not go.
    pub fn refusals(&self) -> Vec<String> {
        let message = |verdict: &Verdict| match verdict {
            Verdict::Refuse(message) => Some(message.clone()),
            Verdict::Delete | Verdict::DeleteWithWarning(_) | Verdict::Skip | Verdict::SkipWithWarning(_) => None,
        };
        self.grouped(message).into_iter().map(|text| format!("cannot delete {text}")).collect()
    }

    /// All warnings as one line, without the word.
    pub fn warnings(&self) -> Option<String> {
        let message = |verdict: &Verdict| match verdict {
            Verdict::DeleteWithWarning(message) | Verdict::SkipWithWarning(message) => Some(message.clone()),
            Verdict::Delete | Verdict::Skip | Verdict::Refuse(_) => None,
        };
        let groups = self.grouped(message);
        (!groups.is_empty()).then(|| groups.join("; "))
    }

    /// `message: ns/a, ns/b` for each message, in the order of the first pods.
    fn grouped(&self, message: impl Fn(&Verdict) -> Option<Str>) -> Vec<String> {
        let mut groups: Vec<(Str, Vec<String>)> = Vec::new();
        for (pod, verdict) in &self.0 {
            let Some(message) = message(verdict) else { continue };
            let name = format!("{}/{}", pod.metadata.namespace, pod.metadata.name);
            match groups.iter_mut().find(|(known, _)| *known == message) {
                Some((_, names)) => names.push(name),
                None => groups.push((message, vec![name])),
            }
        }
        groups.into_iter().map(|(message, names)| format!("{message}: {}", names.join(", "))).collect()
    }
}

/// Asks the filters one after the other: the first that keeps the pod decides, else the last one's word counts, and
/// warnings of those before are forgotten. `daemon_set` answers why a DaemonSet cannot be had, if it cannot.
pub fn decide(pod: &Pod, may: Permissions, daemon_set: &dyn Fn(&Key) -> Option<Str>, now: Time) -> Verdict {
    api::reached!("kubectl::cmd::drain::filters::decide");
    for filter in
        [skip_deleted(pod, may, now), of_daemon_set(pod, may, daemon_set), of_mirror(pod), of_storage(pod, may)]
    {
        if !filter.deletes() {
            return filter;
        }
    }
    of_unmanaged(pod, may)
}

fn skip_deleted(pod: &Pod, may: Permissions, now: Time) -> Verdict {
    if is_overdue(pod, may.skip_wait_seconds, now) { Verdict::Skip } else { Verdict::Delete }
}

/// Whether a pod should have gone more than so many seconds ago, so that nobody waits for it.
pub fn is_overdue(pod: &Pod, seconds: i64, now: Time) -> bool {
    api::reached!("kubectl::cmd::drain::filters::is_overdue");
    let since = pod.metadata.deletion_timestamp.map(|at| now.since(at).whole_seconds());
    seconds > 0 && since.is_some_and(|since| since > seconds)
}

fn of_daemon_set(pod: &Pod, may: Permissions, daemon_set: &dyn Fn(&Key) -> Option<Str>) -> Verdict {
    let owner = pod.metadata.controller().filter(|owner| owner.kind == "DaemonSet");
    let Some(owner) = owner.filter(|_| !pod.status.is_terminal()) else { return Verdict::Delete };
    match daemon_set(&Key::new(pod.metadata.namespace.clone(), owner.name.clone())) {
        Some(missing) if may.unmanaged => Verdict::DeleteWithWarning(missing),
        Some(missing) => Verdict::Refuse(missing),
        None if may.skips_daemon_sets => Verdict::SkipWithWarning("ignoring DaemonSet-managed Pods".into()),
        None => Verdict::Refuse("DaemonSet-managed Pods (use --ignore-daemonsets to ignore)".into()),
    }
}

fn of_mirror(pod: &Pod) -> Verdict {
    if pod.metadata.annotations.get(MIRROR).is_some() { Verdict::Skip } else { Verdict::Delete }
}

fn of_storage(pod: &Pod, may: Permissions) -> Verdict {
    let has_local_storage = pod.spec.volumes.iter().any(|volume| volume.empty_dir.is_some());
    match has_local_storage && !pod.status.is_terminal() {
        true if may.local_storage => Verdict::DeleteWithWarning("deleting Pods with local storage".into()),
        true => Verdict::Refuse("Pods with local storage (use --delete-emptydir-data to override)".into()),
        false => Verdict::Delete,
    }
}

fn of_unmanaged(pod: &Pod, may: Permissions) -> Verdict {
    match pod.metadata.controller().is_none() && !pod.status.is_terminal() {
        true if may.unmanaged => Verdict::DeleteWithWarning("deleting Pods that declare no controller".into()),
        true => Verdict::Refuse("Pods that declare no controller (use --force to override)".into()),
        false => Verdict::Delete,
    }
}
