//! The tables of the real plugins' own tests, and whole decisions of the real scheduler, through the functions that the
//! scheduler runs.
//!
//! What a plugin's `PreFilter` answers with `Skip` is `Success` here: no plugin is asked twice whether it is to be asked.

mod affinity;
mod helpers;
#[cfg(test)]
mod memo;
mod nodes;
mod oracle;
mod preemption;
mod resources;
mod spread;
mod volumes;

use ordered::OrderedMap;
use std::rc::Rc;

use api::conform::{Case, Suite, object, typed as decode};
use api::meta::{LabelSelector, OwnerReference};
use api::{
    Key, Node, PersistentVolume, PersistentVolumeClaim, Pod, PodDisruptionBudget, Resource, Service, StorageClass, Str,
    StringMap, Value,
};

use crate::cache::{Cache, NodeInfo};
use crate::framework::{Code, Cycle, Plugin, Verdict};
use crate::lister::{Lister, default_selector};
use crate::memo::Memo;
use crate::plugins::{PLUGINS, pod_topology_spread};
use crate::schedule_one::{normalised, pre_filter};

/// The suites of this crate.
pub const SUITES: &[Suite] = &[
    affinity::SUITE,
    spread::SUITE,
    nodes::TAINT_TOLERATION,
    nodes::NODE_AFFINITY,
    nodes::NODE_PORTS,
    nodes::NODE_UNSCHEDULABLE,
    helpers::SCHEDULING,
    helpers::NODE_AFFINITY,
    resources::NODE_RESOURCES,
    resources::POD_RESOURCES,
    volumes::VOLUME_ZONE,
    volumes::VOLUME_BINDING,
    preemption::DEFAULT_PREEMPTION,
    preemption::PREEMPTION,
    oracle::SUITE,
];

/// Why a row is not answered.
type Reason = String;

/// For rows with selectors that no object in the store has.
const REFUSED_BY_API: &str = "a selector that the API server refuses";

/// What is there besides nodes and pods.
#[derive(Default)]
struct World {
    claims: OrderedMap<Key, Rc<PersistentVolumeClaim>>,
    volumes: OrderedMap<Str, Rc<PersistentVolume>>,
    classes: OrderedMap<Str, Rc<StorageClass>>,
    namespaces: OrderedMap<Str, StringMap>,
    services: Vec<Rc<Service>>,
    /// What sets select, by the set's name.
    sets: OrderedMap<Key, LabelSelector>,
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
        let owner =
            |owner: &OwnerReference| self.sets.get(&Key::new(pod.metadata.namespace.clone(), owner.name.clone()));
        default_selector(pod, self.services.iter().map(|service| &**service), &owner)
    }
}

impl World {
    fn set_claims(&mut self, claims: Vec<Rc<PersistentVolumeClaim>>) {
        self.claims = claims.into_iter().map(|claim| (claim.metadata.key(), claim)).collect();
    }

    fn set_volumes(&mut self, volumes: Vec<Rc<PersistentVolume>>) {
        self.volumes = volumes.into_iter().map(|volume| (volume.metadata.name.clone(), volume)).collect();
    }

    fn set_classes(&mut self, classes: Vec<Rc<StorageClass>>) {
        self.classes = classes.into_iter().map(|class| (class.metadata.name.clone(), class)).collect();
    }

    /// Services and sets, told apart by what their selectors look like: the tables leave kinds out.
    fn set_owners(&mut self, objects: &[Value]) {
        for object in objects {
            let selector = object.at(&["spec", "selector"]);
            if selector.get("matchLabels").is_null() && selector.get("matchExpressions").is_null() {
                self.services.push(typed(object));
            } else {
                let set = typed::<api::ReplicaSet>(object);
                self.sets.insert(set.metadata.key(), set.spec.selector.clone());
            }
        }
    }
}

fn typed<T: Resource>(value: &Value) -> Rc<T> {
    let value = if value.is_null() { &Value::map() } else { value };
    let object = decode(T::KIND, value);
    T::from_object(&object).cloned().unwrap_or_default()
}

fn list<T: Resource>(case: &Case<'_>, field: &str) -> Vec<Rc<T>> {
    case.get(field).as_list().iter().map(typed).collect()
}

/// Nodes, with pods that the table leaves without a name; pods that name no node are on the first.
fn cache(nodes: Vec<Rc<Node>>, pods: Vec<Rc<Pod>>) -> Cache {
    let mut cache = Cache::default();
    nodes.into_iter().for_each(|node| cache.set_node(node));
    for (at, pod) in pods.into_iter().enumerate() {
        let mut pod = (*pod).clone();
        if pod.metadata.name.is_empty() {
            pod.metadata.name = thin::format_str!("existing-{at}");
        }
        let node = pod.spec.node_name.clone();
        let node = if cache.get(&node).is_some() { node } else { cache.at(0).name().clone() };
        cache.place(Rc::new(pod), &node);
    }
    cache
}

fn with_cycle<T>(pod: &Rc<Pod>, cache: &Cache, world: &World, run: impl FnOnce(&mut Cycle<'_>) -> T) -> T {
    let mut memo = Memo::default();
    let mut cycle = memo.shape(pod, cache, world).cycle(pod, cache, world);
    run(&mut cycle)
}

fn plugin(name: &str) -> &'static Plugin {
    PLUGINS.iter().find(|plugin| plugin.name == name).expect("a suite names a plugin of the registry")
}

/// What a plugin answers about each node, in their order.
fn filter(name: &str, pod: &Rc<Pod>, cache: &Cache, world: &World, nodes: &[&NodeInfo]) -> Vec<Option<Verdict>> {
    let Some(filter) = plugin(name).filter else { return Vec::new() };
    with_cycle(pod, cache, world, |cycle| nodes.iter().map(|info| filter(cycle, info)).collect())
}

/// Leaves out rows with selectors that the API server refuses: the real plugin says so, or the row is named after it.
fn check_selectors(case: &Case<'_>) -> Result<(), Reason> {
    let status = case.get("wantPreFilterStatus");
    let is_unreadable = status.get("reasons").element(0).text().starts_with("parsing pod:");
    if status.get("code").text() == "Error" || is_unreadable || case.text("name").contains("nvalid") {
        return Err(REFUSED_BY_API.to_owned());
    }
    Ok(())
}

/// What a plugin answers about one node, as far as filtering gets.
fn filter_one(name: &str, case: &Case<'_>, node: Rc<Node>, pods: Vec<Rc<Pod>>) -> Result<Value, Reason> {
    check_selectors(case)?;
    let (pod, world) = (typed::<Pod>(case.get("pod")), teams());
    if let Err(verdict) = pre_filter(&pod, &world) {
        return Ok(status(Some(&verdict)));
    }
    let cache = cache(vec![node], pods);
    Ok(status(filter(name, &pod, &cache, &world, &[cache.at(0)])[0].as_ref()))
}

/// The status that a row wants of [`filter_one`].
fn wanted(case: &Case<'_>, field: &str) -> Value {
    let before = case.get("wantPreFilterStatus");
    wanted_status(if before.get("code").text().is_empty() { case.get(field) } else { before })
}

fn code_name(code: Code) -> &'static str {
    match code {
        Code::Unschedulable => "Unschedulable",
        Code::UnschedulableAndUnresolvable => "UnschedulableAndUnresolvable",
    }
}

/// A verdict as the tables write a status.
fn status(verdict: Option<&Verdict>) -> Value {
    let reasons: Vec<Value> = verdict.iter().flat_map(|verdict| &verdict.reasons).cloned().map(Value::from).collect();
    let code = verdict.map_or("Success", |verdict| code_name(verdict.code));
    object([("code", code.into()), ("reasons", reasons.into())])
}

fn wanted_status(value: &Value) -> Value {
    match value.get("code").text() {
        "" | "Skip" => status(None),
        code => object([("code", code.into()), ("reasons", value.get("reasons").as_list().to_vec().into())]),
    }
}

/// Scores as the tables list them, without the plugin's weight.
fn scores_of(names: impl Iterator<Item = Str>, values: impl Iterator<Item = i64>) -> Value {
    let score = |(name, value): (Str, i64)| object([("Name", name.into()), ("Score", value.into())]);
    names.zip(values).map(score).collect::<Vec<_>>().into()
}

/// The normalised scores of the nodes; none where the plugin has nothing to say of the pod.
fn scores(name: &str, pod: &Rc<Pod>, cache: &Cache, world: &World, feasible: &[&NodeInfo]) -> Value {
    let Some(score) = plugin(name).score.as_ref() else { return Value::Null };
    let values = with_cycle(pod, cache, world, |cycle| {
        cycle.spread_weights = pod_topology_spread::weights(&cycle.spread, feasible);
        (!(score.skips)(cycle)).then(|| normalised(score, (score.raw)(cycle, feasible)))
    });
    let Some(values) = values else { return Value::Null };
    scores_of(feasible.iter().map(|info| info.name().clone()), values.into_iter().map(|value| value / score.weight))
}

/// The fields of a row that hold the pod and the pods that exist.
struct Fields {
    pod: &'static str,
    pods: &'static str,
}

fn score_row(name: &str, case: &Case<'_>, fields: &Fields, world: &World) -> Value {
    let (nodes, failed) = (list::<Node>(case, "nodes"), list::<Node>(case, "failedNodes"));
    let cache = cache(nodes.iter().chain(&failed).cloned().collect(), list(case, fields.pods));
    let feasible: Vec<&NodeInfo> = nodes.iter().filter_map(|node| cache.get(&node.metadata.name)).collect();
    scores(name, &typed(case.get(fields.pod)), &cache, world, &feasible)
}

/// The scores of a table. A plugin that is skipped and one that finds all nodes equal decide the same.
fn wanted_scores(list: &Value) -> Value {
    let list = list.as_list();
    let value = |score: &Value| score.get("Score").as_int().unwrap_or(0);
    let names = list.iter().map(|score| Str::from(score.get("Name").text()));
    let scores = scores_of(names, list.iter().map(value));
    if list.is_empty() {
        return Value::Null;
    }
    if list.iter().all(|score| value(score) == value(&list[0])) {
        return object([("$anyOf", vec![scores, Value::Null].into())]);
    }
    scores
}

/// The namespaces that the tests of pod affinity set up.
fn teams() -> World {
    let team = |name: &str| {
        let team = name.rsplit('.').next().unwrap_or_default();
        (Str::from(name), StringMap::from([("team", team)]))
    };
    World {
        namespaces: ["subteam1.team1", "subteam2.team1", "subteam1.team2", "subteam2.team2"].map(team).into(),
        ..World::default()
    }
}
