//! Pods: who they are, in which order they come and go, and whether there is room for them.

use std::rc::Rc;

use api::quantity::Quantity;
use api::{Event, Key, Kind, Object, Pod, Resource, Str};
use client::{Change, ChangeKind};
use cluster::Cluster;
use ordered::OrderedMap;
use sim::Time;

use super::{SIGHT, typed};

/// Sets whose pods come one after the other, and what each set's claims are called.
const ORDERED: [&str; 2] = ["web", "zk"];
const CLAIMS: [(&str, &str); 3] = [("web", "www"), ("par", ""), ("zk", "datadir")];

/// What was seen of pods.
#[derive(Clone, Debug, Default)]
pub(super) struct Pods {
    /// Until when each pod was ready; far in the future for those that are.
    ready_until: OrderedMap<Key, Time>,
    present: OrderedMap<Key, Rc<Pod>>,
}

impl Pods {
    /// Takes in a change of a pod.
    pub(super) fn look(&mut self, pod: &Rc<Pod>, change: &Change, cluster: &Cluster) -> Result<(), String> {
        let key = pod.key();
        let old = change.old.as_ref().and_then(Object::get::<Pod>);
        if old.is_some_and(|old| !old.spec.node_name.is_empty() && old.spec.node_name != pod.spec.node_name) {
            return Err(format!("pod {key} has moved to another node"));
        }
        if let Some(old) = old {
            check_debuggers(pod, old)?;
        }
        if change.kind == ChangeKind::Added {
            check_identity(pod)?;
            self.check_order(pod, change.at)?;
        }
        if super::budgets::is_healthy(pod) && change.kind != ChangeKind::Deleted {
            self.ready_until.insert(key.clone(), Time(u64::MAX - SIGHT.0));
        } else if let Some(until) = self.ready_until.get_mut(&key) {
            *until = change.at.min(*until);
        }
        match change.kind {
            ChangeKind::Deleted => self.present.remove(&key),
            ChangeKind::Added | ChangeKind::Modified => self.present.insert(key, pod.clone()),
        };
        if old.is_none_or(|old| old.spec.node_name.is_empty()) && !pod.spec.node_name.is_empty() {
            check_room(&pod.spec.node_name, cluster)?;
        }
        Ok(())
    }

    fn was_ready(&self, key: &Key, at: Time) -> bool {
        self.ready_until.get(key).is_some_and(|until| *until + SIGHT >= at)
    }

    /// A pod of an ordered set is created when the one before it is ready, as far as the controller could see.
    fn check_order(&self, pod: &Pod, at: Time) -> Result<(), String> {
        let Some((set, ordinal)) = place(&pod.metadata.name) else { return Ok(()) };
        let Some(before) = ordinal.checked_sub(1) else { return Ok(()) };
        let key = Key::new(pod.metadata.namespace.clone(), format!("{set}-{before}"));
        let name = &pod.metadata.name;
        if self.was_ready(&key, at) {
            Ok(())
        } else {
            Err(format!("{name} was created while {} was not ready", key.name))
        }
    }

    /// An ordered set's controller takes pods away from the last one on, and each when all after it are ready or gone.
    pub(super) fn look_at_event(&self, event: &Event, at: Time) -> Result<(), String> {
        if event.reason != "SuccessfulDelete" || event.involved_object.kind != "StatefulSet" {
            return Ok(());
        }
        let Some(name) = event.message.strip_prefix("delete Pod ").and_then(|rest| rest.split(' ').next()) else {
            return Ok(());
        };
        let Some((set, ordinal)) = place(name) else { return Ok(()) };
        let namespace = &event.involved_object.namespace;
        let is_ended = |pod: &Rc<Pod>| pod.status.is_terminal();
        if self.present.get(&Key::new(namespace.clone(), name)).is_some_and(is_ended) {
            // A pod that has ended is made anew wherever it stands.
            return Ok(());
        }
        let later = self.present.keys().filter(|key| place(&key.name).is_some_and(|it| it.0 == set && it.1 > ordinal));
        match later.filter(|key| key.namespace == *namespace).find(|key| !self.was_ready(key, at)) {
            Some(other) => Err(format!("{name} was taken away while {} was there and not ready", other.name)),
            None => Ok(()),
        }
    }
}

/// The ordered set and the number of a pod of one.
fn place(pod: &str) -> Option<(&str, u32)> {
    let (set, number) = pod.rsplit_once('-')?;
    Some((set, number.parse().ok()?)).filter(|(set, _)| ORDERED.contains(set))
}

/// A pod of a set has a number of its own, the set's name, and the set's claim.
fn check_identity(pod: &Pod) -> Result<(), String> {
    let Some(owner) = pod.metadata.controller().filter(|owner| owner.kind == "StatefulSet") else { return Ok(()) };
    let name = &pod.metadata.name;
    let ordinal = name.strip_prefix(owner.name.as_str()).and_then(|rest| rest.strip_prefix('-'));
    let has_number = ordinal.is_some_and(|ordinal| ordinal.parse::<u32>().is_ok());
    let label = pod.metadata.labels.get("statefulset.kubernetes.io/pod-name");
    if !has_number || label != Some(name.as_str()) || pod.spec.hostname != *name {
        return Err(format!("{name} is not a pod of {}", owner.name));
    }
    let claims: Vec<&str> = pod
        .spec
        .volumes
        .iter()
        .filter_map(|volume| volume.persistent_volume_claim.as_ref())
        .map(|source| source.claim_name.as_str())
        .collect();
    let claim = CLAIMS.iter().find(|(set, _)| *set == owner.name).map_or("", |(_, claim)| claim);
    let wanted = format!("{claim}-{name}");
    let is_right = if claim.is_empty() { claims.is_empty() } else { claims == [wanted.as_str()] };
    if is_right { Ok(()) } else { Err(format!("{name} has the claims {claims:?}")) }
}

/// Debug containers stay in their pod, and run once.
fn check_debuggers(pod: &Pod, old: &Pod) -> Result<(), String> {
    let name = &pod.metadata.name;
    let names = |pod: &Pod| -> Vec<Str> {
        let list = pod.spec.rest.get("ephemeralContainers").as_list();
        list.iter().map(|container| container.get("name").text().into()).collect()
    };
    let now = names(pod);
    if let Some(gone) = names(old).iter().find(|known| !now.contains(known)) {
        return Err(format!("{name} has lost the debug container {gone}"));
    }
    let statuses = |pod: &Pod| pod.status.rest.get("ephemeralContainerStatuses").as_list().to_vec();
    let now = statuses(pod);
    for before in statuses(old).iter().filter(|before| !before.at(&["state", "terminated"]).is_null()) {
        let after = now.iter().find(|status| status.get("name") == before.get("name"));
        if after.is_none_or(|after| after.get("state") != before.get("state")) {
            return Err(format!("the debug container {} of {name} has not stayed ended", before.get("name").text()));
        }
    }
    match now.iter().find(|status| status.get("restartCount").as_int() != Some(0)) {
        Some(status) => Err(format!("the debug container {} of {name} was restarted", status.get("name").text())),
        None => Ok(()),
    }
}

/// What the pods of a node ask for is there.
fn check_room(node: &str, cluster: &Cluster) -> Result<(), String> {
    let Some(Object::Node(object)) = cluster.server().object(Kind::Node, &Key::new("", node)) else { return Ok(()) };
    let amount = |text: Option<&str>| text.and_then(|text| Quantity::parse(text).ok()).unwrap_or_default();
    let pods: Vec<Rc<Pod>> = typed::<Pod>(cluster);
    let there: Vec<&Rc<Pod>> =
        pods.iter().filter(|pod| pod.spec.node_name == node && !pod.status.is_terminal()).collect();
    for resource in ["cpu", "memory"] {
        let room = amount(object.status.allocatable.get(resource)).milli_value();
        let containers = there.iter().flat_map(|pod| pod.spec.containers.iter());
        let asked: i64 =
            containers.map(|container| amount(container.resources.requests.get(resource)).milli_value()).sum();
        if asked > room {
            return Err(format!("pods on {node} ask for {asked}m of {room}m {resource}"));
        }
    }
    Ok(())
}

/// No pod runs in two places.
pub(crate) fn check_places<'a>(running: impl Iterator<Item = (Key, &'a Str)>) -> Result<(), String> {
    let mut seen: OrderedMap<Key, Str> = OrderedMap::new();
    for (key, node) in running {
        if let Some(other) = seen.insert(key.clone(), node.clone()) {
            return Err(format!("pod {key} runs on {node} and on {other}"));
        }
    }
    Ok(())
}
