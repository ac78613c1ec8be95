//! What nodes are like: `scheduler_tainttoleration`, `scheduler_nodeaffinity`, `scheduler_nodeports`,
//! `scheduler_nodeunschedulable`.

use std::rc::Rc;

use api::conform::{Case, Suite, object};
use api::{Node, Pod, Str, Value};

use super::{
    Fields, REFUSED_BY_API, Reason, World, cache, filter, filter_one, score_row, typed, wanted, wanted_scores,
};
use crate::plugins::node_affinity::named_nodes;

pub(super) const TAINT_TOLERATION: Suite = Suite {
    name: "scheduler_tainttoleration",
    run: taints,
    expect: |case| match case.test {
        "TestTaintTolerationScore" => wanted_scores(case.get("expectedList")),
        _ => wanted(case, "wantStatus"),
    },
    functions: &["kube_scheduler::plugins::taint_toleration::admits"],
};

pub(super) const NODE_AFFINITY: Suite = Suite {
    name: "scheduler_nodeaffinity",
    run: affinity,
    expect: |case| match case.test {
        "TestNodeAffinityPriority" => wanted_scores(case.get("expectedList")),
        _ => object([("status", wanted(case, "wantStatus")), ("nodes", wanted_names(case))]),
    },
    functions: &["kube_scheduler::plugins::node_affinity::admits"],
};

pub(super) const NODE_PORTS: Suite = Suite {
    name: "scheduler_nodeports",
    run: ports,
    expect: |case| match case.test {
        "TestFits" => case.flag("expect").into(),
        _ => wanted(case, "wantFilterStatus"),
    },
    functions: &["kube_scheduler::plugins::node_ports::filter"],
};

pub(super) const NODE_UNSCHEDULABLE: Suite = Suite {
    name: "scheduler_nodeunschedulable",
    run: |case| filter_one("NodeUnschedulable", case, typed(case.get("node")), Vec::new()),
    expect: |case| wanted(case, "wantStatus"),
    functions: &["kube_scheduler::plugins::node_unschedulable::filter"],
};

/// Whether a row compares values of taints with `Gt` and `Lt`.
pub(super) fn compares(row: &Value) -> bool {
    match row {
        Value::Map(map) => map.iter().any(|(key, value)| {
            (key.as_str() == "operator" && ["Gt", "Lt"].contains(&value.text())) || compares(value)
        }),
        Value::List(list) => list.iter().any(compares),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Str(_) => false,
    }
}

fn taints(case: &Case<'_>) -> Result<Value, Reason> {
    if compares(case.case) {
        return Err("Gt and Lt of tolerations are behind a gate that is off".to_owned());
    }
    match case.test {
        "TestTaintTolerationScore" => {
            Ok(score_row("TaintToleration", case, &Fields { pod: "pod", pods: "" }, &World::default()))
        }
        "TestTaintTolerationFilter" | "TestTaintTolerationFilterWithFeatureGate" => {
            filter_one("TaintToleration", case, typed(case.get("node")), Vec::new())
        }
        _ => case.unknown(),
    }
}

/// A node that a row describes by its name and labels.
pub(super) fn labelled(case: &Case<'_>) -> Rc<Node> {
    let mut node = Node::default();
    node.metadata.name = case.text("nodeName").into();
    for (key, value) in case.get("labels").as_map().into_iter().flatten() {
        node.metadata.labels.insert(key.clone(), value.text());
    }
    Rc::new(node)
}

fn affinity(case: &Case<'_>) -> Result<Value, Reason> {
    if !case.case.at(&["args", "AddedAffinity"]).is_null() {
        return Err("an affinity that the profile adds".to_owned());
    }
    match case.test {
        "TestNodeAffinity" => {
            let status = filter_one("NodeAffinity", case, labelled(case), Vec::new())?;
            let names = named_nodes(&typed::<Pod>(case.get("pod"))).unwrap_or_default();
            let names: Vec<Value> = names.into_iter().map(Value::from).collect();
            Ok(object([("status", status), ("nodes", names.into())]))
        }
        "TestNodeAffinityPriority" if case.case.at(&["wantPreScoreStatus", "code"]).text() == "Error" => {
            Err(REFUSED_BY_API.to_owned())
        }
        "TestNodeAffinityPriority" => {
            Ok(score_row("NodeAffinity", case, &Fields { pod: "pod", pods: "" }, &World::default()))
        }
        _ => case.unknown(),
    }
}

/// The nodes that filtering is confined to.
fn wanted_names(case: &Case<'_>) -> Value {
    let names = case.get("wantPreFilterResult").get("NodeNames");
    let keys: Vec<Value> = names.as_map().into_iter().flatten().map(|(name, _)| Value::from(name.clone())).collect();
    keys.into()
}

fn ports(case: &Case<'_>) -> Result<Value, Reason> {
    let mut pod = (*typed::<Pod>(case.get("pod"))).clone();
    Rc::make_mut(&mut pod.spec).node_name = Str::new();
    let existing = if case.test == "TestFits" { "existing" } else { "nodeInfo" };
    let pods: Vec<Rc<Pod>> = case.get(existing).get("pods").as_list().iter().map(typed).collect();
    match case.test {
        "TestFits" => {
            let cache = cache(vec![Rc::new(Node::default())], pods);
            let verdicts = filter("NodePorts", &Rc::new(pod), &cache, &World::default(), &[cache.at(0)]);
            Ok(verdicts[0].is_none().into())
        }
        "TestNodePorts" => filter_one("NodePorts", case, Rc::new(Node::default()), pods),
        _ => case.unknown(),
    }
}
