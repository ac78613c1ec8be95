//! Which events wake which pods.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use api::text::yaml;
use api::{Kind, Object, Resource, Str};
use client::Informers;

fn typed<T: Resource>(text: &str) -> Rc<T> {
    T::from_object(&Object::decode(T::KIND, yaml::read(text).unwrap())).unwrap().clone()
}

/// What is there besides nodes and pods: nothing.
fn nothing() -> Informers {
    Informers::new(&[Kind::Namespace, Kind::PersistentVolume, Kind::PersistentVolumeClaim, Kind::StorageClass])
}

fn at(seconds: i64) -> Time {
    Time(0) + Span::from_seconds(seconds)
}

/// A queue with one pod that a plugin has refused.
fn refused(by: &'static str, pod: &Rc<Pod>) -> SchedulingQueue {
    let mut queue = SchedulingQueue::default();
    queue.set(pod.clone(), &nothing(), at(0));
    assert!(queue.pop(at(0)).is_some());
    queue.park(&pod.metadata.key(), [by].into_iter().collect(), at(0));
    queue
}

/// Whether an event, as `before -> after` of one kind, has a refused pod tried again.
fn is_woken(by: &'static str, pod: &str, kind: &str, before: &str, after: &str) -> bool {
    let pod: Rc<Pod> = typed(&format!("{{metadata: {{name: waits, namespace: default}}, {pod}}}"));
    let (mut queue, lister) = (refused(by, &pod), nothing());
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let (before, after) = (some(before), some(after));
    fn both<T: Resource>(before: &Option<String>, after: &Option<String>) -> (Option<Rc<T>>, Option<Rc<T>>) {
        (before.as_deref().map(typed), after.as_deref().map(typed))
    }
    let mut tell = |event: Event<'_>| {
        if event.actions() != 0 {
            queue.on_event(&Happened { event, lister: &lister }, at(30));
        }
    };
    match kind {
        "node" => {
            let (old, new) = both(&before, &after);
            tell(Event::Node(old.as_deref(), new.as_deref()));
        }
        "pod" => {
            let (old, new) = both(&before, &after);
            tell(Event::Pod(old.as_deref(), new.as_deref()));
        }
        "claim" => {
            let (old, new) = both(&before, &after);
            tell(Event::Claim(old.as_deref(), new.as_deref().unwrap()));
        }
        "volume" => {
            let (old, new) = both(&before, &after);
            tell(Event::Volume(old.as_deref(), new.as_deref().unwrap()));
        }
        "class" => {
            let (old, new) = both(&before, &after);
            tell(Event::Class(old.as_deref(), new.as_deref().unwrap()));
        }
        "itself" => queue.set(typed(after.as_deref().unwrap()), &lister, at(30)),
        other => panic!("{other}"),
    }
    queue.pop(at(30)).is_some()
}

/// One plugin and one pod: events that matter, and events that do not.
fn check(by: &'static str, pod: &str, rows: &[(bool, &str, &str, &str)]) {
    for (expect, kind, before, after) in rows {
        assert_eq!(is_woken(by, pod, kind, before, after), *expect, "{by}: {kind} {before} -> {after}");
    }
}

const YES: bool = true;
const NO: bool = false;

#[test]
fn room_on_a_node() {
    let node = |cpu: u32| format!("{{status: {{allocatable: {{cpu: '{cpu}', memory: 1Gi, pods: '10'}}}}}}");
    let (small, large, huge) = (node(1), node(2), node(4));
    let labelled = "{metadata: {labels: {a: b}}, status: {allocatable: {cpu: '2', memory: 1Gi, pods: '10'}}}";
    let tainted =
        "{spec: {taints: [{key: a, effect: NoSchedule}]}, status: {allocatable: {cpu: '2', memory: 1Gi, pods: '10'}}}";
    let more_memory = "{status: {allocatable: {cpu: '2', memory: 2Gi, pods: '10'}}}";
    let more_pods = "{status: {allocatable: {cpu: '2', memory: 1Gi, pods: '11'}}}";
    let pod = "spec: {containers: [{name: c, resources: {requests: {cpu: '2'}}}]}";
    check(
        "NodeResourcesFit",
        pod,
        &[
            (YES, "node", "", &large),
            (NO, "node", "", &small),
            (YES, "node", &small, &large),
            (YES, "node", &large, &huge),
            (NO, "node", &huge, &large),
            (NO, "node", &large, labelled),
            (NO, "node", &large, more_memory),
            (YES, "node", &large, more_pods),
            (YES, "node", &large, tainted),
            (NO, "node", &large, ""),
            (YES, "pod", "{metadata: {name: gone}, spec: {nodeName: n}}", ""),
            (NO, "pod", "", "{metadata: {name: new}, spec: {nodeName: n}}"),
            (NO, "claim", "", "{metadata: {name: c, namespace: default}}"),
            (NO, "itself", "", "{metadata: {name: waits, namespace: default, labels: {a: b}}}"),
        ],
    );
}

#[test]
fn what_a_node_is_like() {
    let (plain, zoned) = ("{metadata: {name: n}}", "{metadata: {name: n, labels: {zone: a, more: '1'}}}");
    let same_zone = "{metadata: {name: n, labels: {zone: a}}}";
    check(
        "NodeAffinity",
        "spec: {nodeSelector: {zone: a}}",
        &[
            (YES, "node", "", zoned),
            (NO, "node", "", plain),
            (YES, "node", plain, zoned),
            (NO, "node", same_zone, zoned),
            (NO, "node", zoned, plain),
            (NO, "pod", "{metadata: {name: gone}, spec: {nodeName: n}}", ""),
        ],
    );
    let tainted = |keys: &[&str]| {
        let taints: Vec<String> = keys.iter().map(|key| format!("{{key: {key}, effect: NoSchedule}}")).collect();
        format!("{{metadata: {{name: n}}, spec: {{taints: [{}]}}}}", taints.join(", "))
    };
    let tolerant = "{metadata: {name: waits, namespace: default}, spec: {tolerations: [{key: b, operator: Exists}]}}";
    check(
        "TaintToleration",
        "spec: {tolerations: [{key: a, operator: Exists}]}",
        &[
            (YES, "node", "", &tainted(&["a"])),
            (NO, "node", "", &tainted(&["a", "b"])),
            (YES, "node", &tainted(&["a", "b"]), &tainted(&["a"])),
            (NO, "node", &tainted(&["b", "c"]), &tainted(&["b"])),
            (NO, "node", &tainted(&["a"]), &tainted(&[])),
            (YES, "itself", "", tolerant),
            (
                NO,
                "itself",
                "",
                "{metadata: {name: waits, namespace: default, labels: {a: b}}, spec: {tolerations: [{key: a, operator: Exists}]}}",
            ),
        ],
    );
    let cordoned = "{metadata: {name: n}, spec: {unschedulable: true}}";
    let bears_cordons = "{metadata: {name: waits, namespace: default}, spec: {tolerations: [{operator: Exists}]}}";
    check(
        "NodeUnschedulable",
        "spec: {}",
        &[
            (YES, "node", cordoned, plain),
            (YES, "node", "", plain),
            (NO, "node", "", cordoned),
            (NO, "node", plain, cordoned),
            (NO, "node", cordoned, "{metadata: {name: n, labels: {a: b}}, spec: {unschedulable: true}}"),
            (YES, "itself", "", bears_cordons),
            (NO, "itself", "", tolerant),
        ],
    );
    let port = |port: u32| {
        format!(
            "{{metadata: {{name: gone}}, spec: {{nodeName: n, containers: [{{name: c, ports: [{{containerPort: 1, hostPort: {port}}}]}}]}}}}"
        )
    };
    check(
        "NodePorts",
        "spec: {containers: [{name: c, ports: [{containerPort: 1, hostPort: 80}]}]}",
        &[
            (YES, "pod", &port(80), ""),
            (NO, "pod", &port(81), ""),
            (NO, "pod", "{metadata: {name: gone}, spec: {nodeName: n}}", ""),
            (NO, "pod", "", &port(80)),
            (YES, "node", "", plain),
            (NO, "node", plain, zoned),
        ],
    );
}

/// A pod of the default namespace on a node, with these labels.
fn placed(labels: &str) -> String {
    format!("{{metadata: {{name: other, namespace: default, labels: {{{labels}}}}}, spec: {{nodeName: n}}}}")
}

#[test]
fn other_pods() {
    let term = "[{labelSelector: {matchLabels: {app: db}}, topologyKey: zone}]";
    let near =
        format!("spec: {{affinity: {{podAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: {term}}}}}}}");
    let far =
        format!("spec: {{affinity: {{podAntiAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: {term}}}}}}}");
    let (db, web) = (placed("app: db"), placed("app: web"));
    let zone = |zone: &str| format!("{{metadata: {{name: n, labels: {{{zone}}}}}}}");
    check(
        "InterPodAffinity",
        &near,
        &[
            (YES, "pod", "", &db),
            (NO, "pod", "", &web),
            (YES, "pod", &web, &db),
            (NO, "pod", &db, &web),
            (NO, "pod", &db, ""),
            (YES, "node", "", &zone("zone: a")),
            (NO, "node", "", &zone("")),
            (YES, "node", &zone("zone: a"), &zone("zone: b")),
            (NO, "node", &zone("zone: a"), &zone("")),
            (NO, "node", &zone("zone: a"), &zone("zone: a, b: c")),
        ],
    );
    check(
        "InterPodAffinity",
        &far,
        &[
            (YES, "pod", &db, ""),
            (NO, "pod", &web, ""),
            (YES, "pod", &db, &web),
            (NO, "pod", "", &db),
            (YES, "node", "", &zone("")),
            (YES, "node", &zone("zone: a"), &zone("")),
            (NO, "node", &zone(""), &zone("zone: a")),
        ],
    );
    // The one that went kept others away.
    let lonely = far.replace("spec: {", "metadata: {name: gone, namespace: default}, spec: {nodeName: n, ");
    let labelled = |labels: &str| {
        let pod: Rc<Pod> = typed(&format!("{{metadata: {{name: waits, namespace: default, labels: {{{labels}}}}}}}"));
        let mut queue = refused("InterPodAffinity", &pod);
        let gone: Rc<Pod> = typed(&format!("{{{lonely}}}"));
        queue.on_event(&Happened { event: Event::Pod(Some(&gone), None), lister: &nothing() }, at(30));
        queue.pop(at(30)).is_some()
    };
    assert!(labelled("app: db"));
    assert!(!labelled("app: web"));
}

#[test]
fn replicas_that_spread() {
    let constraint =
        "{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: db}}}";
    let pod = format!("spec: {{topologySpreadConstraints: [{constraint}]}}");
    let (db, web) = (placed("app: db"), placed("app: web"));
    let zone = |zone: &str| format!("{{metadata: {{name: n, labels: {{{zone}}}}}}}");
    check(
        "PodTopologySpread",
        &pod,
        &[
            (YES, "pod", "", &db),
            (YES, "pod", &db, ""),
            (YES, "pod", &web, &db),
            (NO, "pod", "", &web),
            (NO, "pod", &web, ""),
            (NO, "pod", "", &db.replace("namespace: default", "namespace: other")),
            (YES, "node", "", &zone("zone: a")),
            (NO, "node", "", &zone("")),
            (YES, "node", &zone("zone: a"), ""),
            (YES, "node", &zone("zone: a"), &zone("zone: b")),
            (NO, "node", &zone("zone: a"), &zone("zone: a, b: c")),
            (NO, "claim", "", "{metadata: {name: c, namespace: default}}"),
        ],
    );
}

#[test]
fn volumes_and_claims() {
    let pod = "spec: {volumes: [{name: v, persistentVolumeClaim: {claimName: mine}}]}";
    let (mine, other) =
        ("{metadata: {name: mine, namespace: default}}", "{metadata: {name: other, namespace: default}}");
    let bound = "{metadata: {name: mine, namespace: default}, spec: {volumeName: v}}";
    let (volume, zoned) = ("{metadata: {name: v}}", "{metadata: {name: v, labels: {topology.kubernetes.io/zone: a}}}");
    let waits = "{metadata: {name: c}, provisioner: p, volumeBindingMode: WaitForFirstConsumer}";
    let at_once = "{metadata: {name: c}, provisioner: p, volumeBindingMode: Immediate}";
    let allows = "{metadata: {name: c}, provisioner: p, volumeBindingMode: Immediate, allowedTopologies: [{}]}";
    check(
        "VolumeBinding",
        pod,
        &[
            (YES, "claim", "", mine),
            (YES, "claim", mine, bound),
            (NO, "claim", "", other),
            (YES, "volume", "", volume),
            (YES, "volume", volume, zoned),
            (YES, "class", "", at_once),
            (YES, "class", at_once, allows),
            (NO, "class", at_once, at_once),
            (NO, "pod", "{metadata: {name: gone}, spec: {nodeName: n}}", ""),
        ],
    );
    check(
        "VolumeZone",
        pod,
        &[
            (YES, "claim", mine, bound),
            (YES, "volume", "", volume),
            (YES, "volume", volume, zoned),
            (NO, "volume", volume, "{metadata: {name: v, labels: {a: b}}}"),
            (YES, "class", "", waits),
            (NO, "class", "", at_once),
        ],
    );
    let user = |claim: &str| {
        let volumes = format!("[{{name: v, persistentVolumeClaim: {{claimName: {claim}}}}}]");
        format!("{{metadata: {{name: gone, namespace: default}}, spec: {{nodeName: n, volumes: {volumes}}}}}")
    };
    check(
        "VolumeRestrictions",
        pod,
        &[
            (YES, "pod", &user("mine"), ""),
            (NO, "pod", &user("other"), ""),
            (YES, "claim", "", mine),
            (NO, "claim", mine, bound),
            (NO, "volume", "", volume),
        ],
    );
}

fn named(name: &str, priority: i32) -> Rc<Pod> {
    typed(&format!("{{metadata: {{name: {name}, namespace: default}}, spec: {{priority: {priority}}}}}"))
}

fn taken(queue: &mut SchedulingQueue, now: Time) -> Option<Str> {
    queue.pop(now).map(|pod| pod.metadata.name.clone())
}

const ROOM: &str = "{metadata: {name: n}, status: {allocatable: {cpu: '9', pods: '10'}}}";

fn node_comes(queue: &mut SchedulingQueue, now: Time) {
    let node: Rc<api::Node> = typed(ROOM);
    queue.on_event(&Happened { event: Event::Node(None, Some(&node)), lister: &nothing() }, now);
}

#[test]
fn a_pod_that_backs_off_goes_after_one_that_does_not() {
    let (tried, fresh) = (named("tried", 0), named("fresh", 0));
    let mut queue = refused("NodeResourcesFit", &tried);
    // A second refusal: two seconds of back-off.
    node_comes(&mut queue, at(10));
    assert_eq!(taken(&mut queue, at(10)).as_deref(), Some("tried"));
    queue.park(&tried.metadata.key(), ["NodeResourcesFit"].into_iter().collect(), at(10));
    node_comes(&mut queue, at(11));
    queue.set(fresh, &nothing(), at(11));
    assert_eq!(taken(&mut queue, at(11)).as_deref(), Some("fresh"));
    // Nobody else waits: it goes before its time.
    assert_eq!(taken(&mut queue, at(11)).as_deref(), Some("tried"));
    assert_eq!(taken(&mut queue, at(11)), None);
}

#[test]
fn those_whose_back_off_ends_in_one_second_go_by_priority() {
    let (low, high) = (named("a-low", 0), named("b-high", 10));
    let mut queue = SchedulingQueue::default();
    for pod in [&low, &high] {
        queue.set(pod.clone(), &nothing(), at(0));
    }
    while let Some(pod) = queue.pop(at(0)) {
        queue.park(&pod.metadata.key(), ["NodeResourcesFit"].into_iter().collect(), at(0));
    }
    node_comes(&mut queue, at(0));
    assert_eq!(taken(&mut queue, at(0)).as_deref(), Some("b-high"));
    assert_eq!(taken(&mut queue, at(0)).as_deref(), Some("a-low"));
}

#[test]
fn nobody_waits_longer_than_five_minutes() {
    let pod = named("waits", 0);
    let mut queue = refused("NodeResourcesFit", &pod);
    assert_eq!(queue.next_at(), Some(at(300)));
    assert_eq!(taken(&mut queue, at(299)), None);
    assert_eq!(taken(&mut queue, at(300)).as_deref(), Some("waits"));
}

#[test]
fn a_pod_of_a_cluster_without_nodes_waits_for_the_first() {
    let pod = named("waits", 0);
    let mut queue = refused("NodeResourcesFit", &pod);
    queue.remove(&pod.metadata.key());
    queue.set(pod.clone(), &nothing(), at(0));
    queue.pop(at(0));
    queue.park(&pod.metadata.key(), OrderedSet::new(), at(0));
    assert_eq!(taken(&mut queue, at(10)), None);
    node_comes(&mut queue, at(10));
    assert_eq!(taken(&mut queue, at(10)).as_deref(), Some("waits"));
}
