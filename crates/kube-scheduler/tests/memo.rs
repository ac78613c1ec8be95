//! What is remembered between decisions, on the clusters of the real scheduler's decisions (the suite `oracle/scheduler`).
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use ordered::OrderedMap;
use std::rc::Rc;

use api::meta::{LabelSelector, OwnerReference};
use api::{
    Key, Kind, Object, PersistentVolume, PersistentVolumeClaim, Pod, PodDisruptionBudget, Service, StatefulSet,
    StorageClass, StringMap, Value,
};
use kube_scheduler::{Cache, Decision, Lister, Memo, decide, default_selector};

/// The cluster of one case.
#[derive(Default)]
struct World {
    claims: OrderedMap<Key, Rc<PersistentVolumeClaim>>,
    volumes: OrderedMap<String, Rc<PersistentVolume>>,
    classes: OrderedMap<String, Rc<StorageClass>>,
    namespaces: OrderedMap<String, StringMap>,
    services: Vec<Rc<Service>>,
    sets: Vec<Rc<StatefulSet>>,
    budgets: Vec<Rc<PodDisruptionBudget>>,
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
    fn budgets(&self) -> Vec<&Rc<PodDisruptionBudget>> {
        self.budgets.iter().collect()
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
        budgets: typed(case, "pdbs"),
    };
    (world, cache)
}

fn cases() -> Option<Vec<Value>> {
    let Ok(folder) = std::env::var("ORDINAL_REFERENCE") else {
        println!("skipped: ORDINAL_REFERENCE does not name the folder of reference data");
        return None;
    };
    let text = std::fs::read_to_string(format!("{folder}/oracle/scheduler.json")).unwrap();
    Some(serde_json::from_str(&text).unwrap())
}

/// A pod like another, under its own name, which stands in a label too.
fn named(pod: &Rc<Pod>, name: &str) -> Rc<Pod> {
    let mut pod = (**pod).clone();
    pod.metadata.name = name.into();
    pod.metadata.labels.insert("statefulset.kubernetes.io/pod-name", name);
    Rc::new(pod)
}

/// Places replicas of the incoming pod, and of every pod of the case, while others go and nodes change; each decision is
/// taken from memory and anew. Answers with the first that differs.
fn remembered_difference(case: &Value) -> Option<String> {
    const ROUNDS: usize = 12;
    let (world, mut cache) = world(case);
    let mut pods = typed::<Pod>(case, "pods");
    pods.truncate(6);
    let Object::Pod(incoming) = Object::decode(Kind::Pod, case.get("incoming").clone()) else { panic!("a pod") };
    pods.insert(0, incoming);
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
    let Some(cases) = cases() else { return };
    let wrong: Vec<String> = cases
        .iter()
        .enumerate()
        .filter_map(|(at, case)| Some(format!("{at}: {}", remembered_difference(case)?)))
        .collect();
    wrong.iter().take(5).for_each(|row| println!("{row}"));
    assert!(wrong.is_empty(), "{} of {} cases", wrong.len(), cases.len());
}
