//! What is remembered between decisions, on the clusters of the real scheduler's decisions (the suite `oracle/scheduler`).

use std::rc::Rc;

use api::Pod;
use api::conform::{Case, read_reference, rows};

use super::oracle::world_of;
use super::{list, typed};
use crate::cache::Cache;
use crate::memo::Memo;
use crate::schedule_one::{Decision, decide};

/// A pod like another, under its own name, which stands in a label too.
fn named(pod: &Rc<Pod>, name: &str) -> Rc<Pod> {
    let mut pod = (**pod).clone();
    pod.metadata.name = name.into();
    pod.metadata.labels.insert("statefulset.kubernetes.io/pod-name", name);
    Rc::new(pod)
}

/// Places replicas of the incoming pod, and of every pod of the case, while others go and nodes change; each decision is
/// taken from memory and anew. Answers with the first that differs.
fn remembered_difference(case: &Case<'_>) -> Option<String> {
    const ROUNDS: usize = 12;
    let (world, mut cache) = world_of(case);
    let mut pods = list::<Pod>(case, "pods");
    pods.truncate(6);
    pods.insert(0, typed(case.get("incoming")));
    let mut memo = Memo::default();
    let mut starts = [0; 2];
    for round in 0..ROUNDS {
        for (at, pod) in pods.iter().enumerate() {
            let mut pod = (*named(pod, &format!("again-{at}-{round}"))).clone();
            Rc::make_mut(&mut pod.spec).node_name = Default::default();
            let pod = Rc::new(pod);
            memo.take_in(&mut cache, &world);
            let kept = decide(&pod, &cache, &world, &mut memo, &mut starts[0]);
            let fresh = decide(&pod, &cache, &world, &mut Memo::default(), &mut starts[1]);
            if kept != fresh {
                return Some(format!("{}: {kept:?}\n   anew {fresh:?}", pod.metadata.name));
            }
            if let Decision::Node { name, .. } = fresh {
                cache.place(pod, &name);
            }
        }
        disturb(&mut cache, round);
    }
    None
}

/// A pod goes, begins to go, or a node gets an image, a taint or another zone.
fn disturb(cache: &mut Cache, round: usize) {
    let node = cache.at(round * 7);
    let pod = node.pods.values().nth(round % 3).cloned();
    let mut changed = (*node.node).clone();
    match (round % 5, pod) {
        (0, Some(pod)) => return cache.remove(&pod.metadata.key()),
        (1, Some(pod)) => {
            let (mut going, node) = ((*pod).clone(), node.name().clone());
            going.metadata.deletion_timestamp = Some(sim::Time(1));
            return cache.place(Rc::new(going), &node);
        }
        (2, _) => changed.spec.unschedulable = !changed.spec.unschedulable,
        (3, _) => {
            changed.metadata.labels.insert("topology.kubernetes.io/zone", format!("zone-{round}"));
        }
        _ => {
            let mut other = (*cache.at(round).node).clone();
            std::mem::swap(&mut changed.status, &mut other.status);
        }
    }
    cache.set_node(Rc::new(changed));
}

#[test]
fn what_is_remembered_decides_nothing_else() {
    let Some(file) = read_reference("oracle/scheduler.json") else { return };
    let cases = rows(&file);
    let differences =
        cases.iter().enumerate().filter_map(|(at, case)| Some(format!("{at}: {}", remembered_difference(case)?)));
    let wrong: Vec<String> = differences.collect();
    wrong.iter().take(5).for_each(|row| println!("{row}"));
    assert!(!cases.is_empty() && wrong.is_empty(), "{} of {} cases", wrong.len(), cases.len());
}
