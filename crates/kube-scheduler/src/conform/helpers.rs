//! `scheduling_helpers` and `node_affinity_helpers`: what several plugins ask.

use std::rc::Rc;

use api::conform::{Case, Suite};
use api::core::affinity::{NodeSelector, PreferredSchedulingTerm};
use api::{Node, Pod, Value};

use super::nodes::{compares, labelled};
use super::{REFUSED_BY_API, Reason, World, cache, check_selectors, typed, with_cycle};
use crate::plugins::{node_affinity, taint_toleration};
use crate::preemption::priority;

pub(super) const SCHEDULING: Suite = Suite {
    name: "scheduling_helpers",
    run: scheduling,
    expect: |case| match case.test {
        "TestPodPriority" => case.int("expectedPriority").into(),
        "TestFindMatchingUntoleratedTaint" => case.flag("expectTolerated").into(),
        _ => case.flag("want").into(),
    },
    functions: &["kube_scheduler::plugins::taint_toleration::admits", "kube_scheduler::plugins::node_affinity::admits"],
};

pub(super) const NODE_AFFINITY: Suite = Suite {
    name: "node_affinity_helpers",
    run: node_affinity_helpers,
    expect: |case| match case.test {
        "TestNodeSelectorMatch" => case.flag("wantMatch").into(),
        "TestPreferredSchedulingTermsScore" => case.int("wantScore").into(),
        _ => case.flag("want").into(),
    },
    functions: &["kube_scheduler::plugins::node_affinity::admits"],
};

fn scheduling(case: &Case<'_>) -> Result<Value, Reason> {
    match case.test {
        "TestPodPriority" => Ok(i64::from(priority(&typed::<Pod>(case.get("pod")))).into()),
        "TestMatchNodeSelectorTerms" => {
            let args = case.get("args");
            check_selectors(case)?;
            Ok(matches(args.get("nodeSelector"), args.get("node")).into())
        }
        "TestFindMatchingUntoleratedTaint" => tolerated(case),
        "TestMatchNodeSelectorTermsStateless" => {
            Err("asks that the selector is left as it was: ours is not changed".into())
        }
        "TestGetAvoidPodsFromNode" => Err("an annotation that the default profile does not read".into()),
        _ => case.unknown(),
    }
}

/// A pod with this node selector in its affinity.
fn pod_with(selector: NodeSelector) -> Rc<Pod> {
    let mut pod = Pod::default();
    let affinity = api::core::affinity::Affinity {
        node_affinity: Some(api::core::affinity::NodeAffinity { required: Some(selector), ..Default::default() }),
        ..Default::default()
    };
    Rc::make_mut(&mut pod.spec).affinity = Some(Rc::new(affinity));
    Rc::new(pod)
}

/// Whether a selector, read from JSON, selects a node. An absent selector selects none.
fn matches(selector: &Value, node: &Value) -> bool {
    use api::codec::Codec;
    if selector.is_null() || node.is_null() {
        return false;
    }
    let cache = cache(vec![typed::<Node>(node)], Vec::new());
    node_affinity::admits(&pod_with(NodeSelector::decode(selector.clone())), cache.at(0))
}

/// A filter that the test brings along is one of two: all taints, or those that keep pods from being scheduled.
fn tolerated(case: &Case<'_>) -> Result<Value, Reason> {
    if compares(case.case) {
        return Err("Gt and Lt of tolerations are behind a gate that is off".to_owned());
    }
    let wrap = |field: &str| {
        let mut object = Value::map();
        object.set(&["spec", field], case.get(field).clone());
        object
    };
    let node: Rc<Node> = typed(&wrap("taints"));
    let has_own_filter = case.text("description").contains("filter");
    if has_own_filter || node.spec.taints.iter().any(|taint| taint.effect != "NoSchedule") {
        return Err("a filter of the test's own".to_owned());
    }
    let cache = cache(vec![node], Vec::new());
    Ok(taint_toleration::admits(&typed::<Pod>(&wrap("tolerations")), cache.at(0)).into())
}

fn node_affinity_helpers(case: &Case<'_>) -> Result<Value, Reason> {
    if !case.get("wantErr").is_null() {
        return Err(REFUSED_BY_API.to_owned());
    }
    match case.test {
        "TestNodeSelectorMatch" => Ok(matches(case.get("nodeSelector"), case.get("node")).into()),
        "TestPreferredSchedulingTermsScore" => Ok(preferred(case)),
        "TestPodMatchesNodeSelectorAndAffinityTerms" => {
            check_selectors(case)?;
            let cache = cache(vec![labelled(case)], Vec::new());
            Ok(node_affinity::admits(&typed::<Pod>(case.get("pod")), cache.at(0)).into())
        }
        _ => case.unknown(),
    }
}

fn preferred(case: &Case<'_>) -> Value {
    use api::codec::Codec;
    let mut pod = (*pod_with(NodeSelector::default())).clone();
    let terms = case.get("prefSchedTerms").as_list().iter().cloned().map(PreferredSchedulingTerm::decode).collect();
    let affinity = Rc::make_mut(&mut pod.spec).affinity.as_mut().map(Rc::make_mut);
    if let Some(affinity) = affinity.and_then(|affinity| affinity.node_affinity.as_mut()) {
        affinity.required = None;
        affinity.preferred = terms;
    }
    let cache = cache(vec![typed(case.get("node"))], Vec::new());
    with_cycle(&Rc::new(pod), &cache, &World::default(), |cycle| node_affinity::score(cycle, cache.at(0))).into()
}
