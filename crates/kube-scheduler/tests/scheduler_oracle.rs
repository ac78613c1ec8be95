//! Whole decisions, against what the real scheduler decided: verdict per node, message, scores per plugin.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use ordered::OrderedMap;
use std::rc::Rc;

use api::meta::{LabelSelector, OwnerReference};
use api::{
    Key, Kind, Object, PersistentVolume, PersistentVolumeClaim, Pod, PodDisruptionBudget, Service, StatefulSet,
    StorageClass, StringMap, Value,
};
use kube_scheduler::{
    Cache, Candidate, Code, Decision, Diagnosis, Lister, NodeScore, Preemption, decide, default_selector, fit_message,
};
use sim::Random;

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
    let chosen = match &diagnosis.preemption {
        Preemption::Chosen(candidate) => Some(&**candidate),
        Preemption::NotTried | Preemption::NotEligible(_) | Preemption::Useless(_) => None,
    };
    if let Some(difference) = preemption_difference(expect, chosen) {
        return Some(difference);
    }
    (message != expect.get("message").text()).then(|| format!("{message}\n   real {}", expect.get("message").text()))
}

/// Who is chosen to go, against the real choice; of equals it may take any.
fn preemption_difference(expect: &Value, chosen: Option<&Candidate>) -> Option<String> {
    let real = expect.get("preemptionCandidates").as_list();
    let Some(chosen) = chosen else {
        return (!real.is_empty()).then(|| format!("nobody preempted, real {real:?}"));
    };
    let may_be = expect.get("nominatedAnyOf").as_list();
    if !may_be.iter().any(|node| node.text() == chosen.node) {
        return Some(format!("{} preempted, real one of {may_be:?}", chosen.node));
    }
    let real = real.iter().find(|candidate| candidate.get("node").text() == chosen.node)?;
    let victims: Vec<String> = chosen.victims.iter().map(|pod| pod.metadata.key().to_string()).collect();
    let wanted: Vec<&str> = real.get("victims").as_list().iter().map(Value::text).collect();
    let same = victims == wanted && real.get("numPDBViolations").as_int() == Some(chosen.violations as i64);
    (!same).then(|| format!("{victims:?} with {} violations, real {real:?}", chosen.violations))
}

#[test]
fn decisions_are_those_of_the_real_scheduler() {
    let Ok(folder) = std::env::var("ORDINAL_REFERENCE") else {
        println!("skipped: ORDINAL_REFERENCE does not name the folder of reference data");
        return;
    };
    let text = std::fs::read_to_string(format!("{folder}/oracle/scheduler.json")).unwrap();
    let cases: Vec<Value> = serde_json::from_str(&text).unwrap();
    let wrong: Vec<String> =
        cases.iter().enumerate().filter_map(|(at, case)| Some(format!("{at}: {}", difference(case)?))).collect();
    println!("scheduler: {} of {} decisions", cases.len() - wrong.len(), cases.len());
    wrong.iter().for_each(|row| println!("{row}"));
    assert!(wrong.is_empty());
}
