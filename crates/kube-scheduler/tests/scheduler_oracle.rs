//! Whole decisions, against what the real scheduler decided: verdict per node, message, scores per plugin.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use ordered::OrderedMap;
use std::rc::Rc;

use api::meta::{LabelSelector, OwnerReference};
use api::{
    Key, Kind, Object, PersistentVolume, PersistentVolumeClaim, Pod, Service, StatefulSet, StorageClass, StringMap,
    Value,
};
use kube_scheduler::{Cache, Code, Decision, Diagnosis, Lister, NodeScore, decide, default_selector, fit_message};
use sim::Random;

/// Most of what differs is the text after a dry run of preemption, which is not modelled yet.
const SHARE_MIN: f64 = 0.93;

/// The cluster of one case.
#[derive(Default)]
struct World {
    claims: OrderedMap<Key, Rc<PersistentVolumeClaim>>,
    volumes: OrderedMap<String, Rc<PersistentVolume>>,
    classes: OrderedMap<String, Rc<StorageClass>>,
    namespaces: OrderedMap<String, StringMap>,
    services: Vec<Rc<Service>>,
    sets: Vec<Rc<StatefulSet>>,
}

impl Lister for World {
    fn claim(&self, key: &Key) -> Option<&Rc<PersistentVolumeClaim>> {
        self.claims.get(key)
    }
    fn volume(&self, name: &str) -> Option<&Rc<PersistentVolume>> {
        self.volumes.get(name)
    }
    fn volumes(&self) -> Vec<&Rc<PersistentVolume>> {
        self.volumes.values().collect()
    }
    fn class(&self, name: &str) -> Option<&Rc<StorageClass>> {
        self.classes.get(name)
    }
    fn namespace_labels(&self, name: &str) -> Option<&StringMap> {
        self.namespaces.get(name)
    }
    fn default_selector(&self, pod: &Pod) -> Option<LabelSelector> {
        let owner = |owner: &OwnerReference| {
            let set = self.sets.iter().find(|set| set.metadata.name == owner.name)?;
            (owner.kind == "StatefulSet" && set.metadata.namespace == pod.metadata.namespace)
                .then_some(&set.spec.selector)
        };
        default_selector(pod, self.services.iter().map(|service| &**service), &owner)
    }
}

fn objects(case: &Value, field: &str, kind: Kind) -> Vec<Object> {
    case.get(field).as_list().iter().map(|value| Object::decode(kind, value.clone())).collect()
}

fn typed<T: api::Resource>(case: &Value, field: &str) -> Vec<Rc<T>> {
    objects(case, field, T::KIND).iter().map(|object| T::from_object(object).unwrap().clone()).collect()
}

fn world(case: &Value) -> (World, Cache) {
    let mut cache = Cache::default();
    typed(case, "nodes").into_iter().for_each(|node| cache.set_node(node));
    for pod in typed::<Pod>(case, "pods") {
        let node = pod.spec.node_name.clone();
        cache.place(pod, &node);
    }
    let namespace = |name: &str| (name.to_owned(), StringMap::from([("kubernetes.io/metadata.name", name)]));
    let world = World {
        claims: typed::<PersistentVolumeClaim>(case, "pvcs").into_iter().map(|c| (c.metadata.key(), c)).collect(),
        volumes: typed::<PersistentVolume>(case, "pvs").into_iter().map(|v| (v.metadata.name.to_string(), v)).collect(),
        classes: typed::<StorageClass>(case, "storageClasses")
            .into_iter()
            .map(|c| (c.metadata.name.to_string(), c))
            .collect(),
        namespaces: ["default", "other"].map(namespace).into(),
        services: typed(case, "services"),
        sets: typed(case, "statefulSets"),
    };
    (world, cache)
}

/// What differs from the real decision, if anything.
fn difference(case: &Value) -> Option<String> {
    let (world, cache) = world(case);
    let Object::Pod(pod) = Object::decode(Kind::Pod, case.get("incoming").clone()) else { panic!("a pod") };
    let expect = case.get("expect");
    match decide(&pod, &cache, &world, &mut 0, &mut Random::stream(1, "test")) {
        Decision::Node { name, scores, .. } => placed_difference(expect, &name, &scores),
        Decision::Nowhere(diagnosis) => refused_difference(expect, &diagnosis),
    }
}

fn placed_difference(expect: &Value, name: &str, scores: &[NodeScore]) -> Option<String> {
    if expect.get("schedulable").as_bool() != Some(true) {
        return Some(format!("placed on {name}, real: {}", expect.get("message").text()));
    }
    for score in scores {
        let wanted = expect.at(&["perPlugin", &score.node]);
        for (plugin, value) in &score.by_plugin {
            if wanted.get(plugin).as_int() != Some(*value) {
                return Some(format!("{plugin} of {}: {value}, real {:?}", score.node, wanted.get(plugin)));
            }
        }
    }
    let best = expect.get("best").as_list();
    (!best.iter().any(|node| node.text() == name)).then(|| format!("{name}, real one of {best:?}"))
}

fn refused_difference(expect: &Value, diagnosis: &Diagnosis) -> Option<String> {
    if expect.get("schedulable").as_bool() == Some(true) {
        return Some(format!("refused: {}", fit_message(diagnosis)));
    }
    for (node, status) in expect.get("nodeStatus").as_map().into_iter().flatten() {
        let reasons: Vec<&str> = status.get("reasons").as_list().iter().map(Value::text).collect();
        let verdict = diagnosis.by_node.get(node);
        let same = verdict.is_some_and(|verdict| {
            let code = match verdict.code {
                Code::Unschedulable => "Unschedulable",
                Code::UnschedulableAndUnresolvable => "UnschedulableAndUnresolvable",
            };
            verdict.plugin == status.get("plugin").text()
                && code == status.get("code").text()
                && verdict.reasons == reasons
        });
        if !same && diagnosis.before_filter.is_none() {
            return Some(format!("{node}: {verdict:?}, real {status:?}"));
        }
    }
    let message = fit_message(diagnosis);
    (message != expect.get("message").text()).then(|| format!("{message}\n   real {}", expect.get("message").text()))
}

#[test]
fn decisions_are_those_of_the_real_scheduler() {
    let Ok(folder) = std::env::var("ORDINAL_REFERENCE") else {
        println!("skipped: ORDINAL_REFERENCE does not name the folder of reference data");
        return;
    };
    let text = std::fs::read_to_string(format!("{folder}/oracle/scheduler.json")).unwrap();
    let cases: Vec<Value> = serde_json::from_str(&text).unwrap();
    // Preemption is not modelled yet: decisions that evict are left out, and counted.
    let modelled: Vec<(usize, &Value)> = cases
        .iter()
        .enumerate()
        .filter(|(_, case)| case.at(&["expect", "preemptionCandidates"]).as_list().is_empty())
        .collect();
    let wrong: Vec<String> =
        modelled.iter().filter_map(|(at, case)| Some(format!("{at}: {}", difference(case)?))).collect();
    println!(
        "scheduler: {} of {} decisions, {} with preemption not run",
        modelled.len() - wrong.len(),
        modelled.len(),
        cases.len() - modelled.len()
    );
    wrong.iter().for_each(|row| println!("{row}"));
    assert!(wrong.len() as f64 <= modelled.len() as f64 * (1.0 - SHARE_MIN));
}
