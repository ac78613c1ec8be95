//! The Deployment controller: what it decides about sizes, history and status.
//!
//! Models: kubernetes v1.36 pkg/controller/deployment and its util, their tests.

use std::rc::Rc;

use api::apps::deployment::DeploymentStatus;
use api::apps::workload::{RollingUpdate, WorkloadCondition};
use api::codec::Codec;
use api::conform::{Case, Suite, object};
use api::core::pod::PodTemplateSpec;
use api::int_or_string::IntOrString;
use api::{Deployment, Object, ObjectMeta, Pod, ReplicaSet, StringMap, Value};
use ordered::Arrange;
use sim::{Span, Time};

use super::{Rows, answer, at, expected, wanted};

use crate::controller_ref;
use crate::deployment::revision::{self, DESIRED_REPLICAS, MAX_REPLICAS};
use crate::deployment::{math, rollout, status};

/// Sizes, history and status of one sync.
pub(super) const CONTROLLER_SUITE: Suite = Suite {
    name: "deployment_controller",
    run: |case| answer(CONTROLLER, case),
    expect: |case| wanted(CONTROLLER, case),
    functions: &[
        "kube_controller_manager::deployment::status::decide_recheck",
        "kube_controller_manager::deployment::status::decide_rollout_status",
        "kube_controller_manager::deployment::rollout::decide_new_size",
        "kube_controller_manager::deployment::rollout::decide_old_sizes",
        "kube_controller_manager::deployment::rollout::decide_emptying",
        "kube_controller_manager::deployment::rollout::decide_scaling",
        "kube_controller_manager::deployment::rollout::decide_cleanup",
        "kube_controller_manager::deployment::rollout::old_pods_run",
        "kube_controller_manager::deployment::revision::replica_set_name",
    ],
};

/// What stands behind them: templates told apart, shares as numbers, conditions, annotations.
pub(super) const UTIL_SUITE: Suite = Suite {
    name: "deployment_util",
    run: |case| answer(UTIL, case),
    expect: |case| wanted(UTIL, case),
    functions: &[
        "kube_controller_manager::deployment::revision::is_equal_template",
        "kube_controller_manager::deployment::revision::find_new",
        "kube_controller_manager::deployment::revision::find_old",
        "kube_controller_manager::deployment::revision::set_replicas_annotations",
        "kube_controller_manager::deployment::math::resolve_fenceposts",
        "kube_controller_manager::deployment::math::new_replica_set_size",
        "kube_controller_manager::deployment::math::fraction",
        "kube_controller_manager::deployment::status::set_condition",
        "kube_controller_manager::deployment::status::is_complete",
        "kube_controller_manager::deployment::status::is_progressing",
        "kube_controller_manager::deployment::status::is_timed_out",
    ],
};

const CONTROLLER: Rows = &[
    ("TestRequeueStuckDeployment", recheck, |case| case.get("expected").clone()),
    ("TestSyncRolloutStatus", rollout_status, rollout_status_wanted),
    ("TestScaleDownOldReplicaSets", scale_down_all, |case| {
        Value::from(vec![0.into(); case.get("oldRSSizes").as_list().len()])
    }),
    ("TestOldPodsRunning", old_pods_running, |case| case.get("hasOldPodsRunning").clone()),
    ("TestDeploymentController_reconcileNewReplicaSet", new_size, |case| size_if_scaled(case, "expectedNewReplicas")),
    ("TestDeploymentController_reconcileOldReplicaSets", old_size, |case| size_if_scaled(case, "expectedOldReplicas")),
    ("TestDeploymentController_cleanupUnhealthyReplicas", unhealthy, |case| case.get("cleanupCountExpected").clone()),
    ("TestDeploymentController_scaleDownOldReplicaSetsForRollingUpdate", old_size_of_healthy, |case| {
        size_if_scaled(case, "expectedOldReplicas")
    }),
    ("TestScale", scale, scale_wanted),
    (
        "TestDeploymentController_cleanupDeployment",
        |case| Ok((surplus(case).len() as i64).into()),
        |case| case.get("expectedDeletions").clone(),
    ),
    (
        "TestDeploymentController_cleanupDeploymentOrder",
        |case| Ok(sorted(surplus(case))),
        |case| {
            sorted(
                case.get("expectedDeletedRSs")
                    .as_map()
                    .into_iter()
                    .flatten()
                    .map(|(name, _)| name.to_string())
                    .collect(),
            )
        },
    ),
    ("TestDeploymentController_generateReplicaSetName", name_with_hash, |case| {
        format!("{}-HASH", case.text("wantDeploymentPortion")).into()
    }),
    ("TestGenerateReplicaSetName", name, |case| case.get("want").clone()),
];

const UTIL: Rows = &[
    ("TestEqualIgnoreHash", equal_templates, expected),
    ("TestFindNewReplicaSet", find_new, |case| case.get("expected").at(&["metadata", "name"]).clone()),
    ("TestFindOldReplicaSets", find_old, |case| {
        object([("old", names(&sets(case, "expected"))), ("active", names(&sets(case, "expectedRequire")))])
    }),
    ("TestGetReplicaCountForReplicaSets", counts, |case| {
        ["expectedCount", "expectedActual", "expectedTerminating"].map(|field| case.get(field).clone()).to_vec().into()
    }),
    ("TestResolveFenceposts", fenceposts, |case| match case.flag("expectError") {
        true => "refused".into(),
        false => ["expectSurge", "expectUnavailable"].map(|field| case.get(field).clone()).to_vec().into(),
    }),
    ("TestNewRSNewReplicas", new_replica_set_size, expected),
    (
        "TestGetCondition",
        |case| {
            let status = DeploymentStatus::decode(case.get("status").clone());
            Ok(status::find_condition(&status, case.text("condType")).is_some().into())
        },
        expected,
    ),
    (
        "TestSetCondition",
        |case| {
            let mut status = DeploymentStatus::decode(case.get("status").clone());
            status::set_condition(&mut status, WorkloadCondition::decode(case.get("cond").clone()));
            Ok(status.encode())
        },
        status_wanted,
    ),
    (
        "TestRemoveCondition",
        |case| {
            let mut status = DeploymentStatus::decode(case.get("status").clone());
            status::remove_condition(&mut status, case.text("condType"));
            Ok(status.encode())
        },
        status_wanted,
    ),
    (
        "TestDeploymentComplete",
        |case| {
            let deployment = of(case, "d");
            Ok(status::is_complete(&deployment, &deployment.status).into())
        },
        expected,
    ),
    (
        "TestDeploymentProgressing",
        |case| {
            let status = DeploymentStatus::decode(case.get("newStatus").clone());
            Ok(status::is_progressing(&of(case, "d"), &status).into())
        },
        expected,
    ),
    (
        "TestDeploymentTimedOut",
        |case| {
            let deployment = of(case, "d");
            // The rows' names tell the clock that their functions give.
            Ok(status::is_timed_out(&deployment, &deployment.status, at("2016-01-01T00:01:20Z")).into())
        },
        expected,
    ),
    ("TestMaxUnavailable", |case| Ok(i64::from(math::max_unavailable(&of(case, "deployment"))).into()), expected),
    ("TestMinAvailable", |case| Ok(i64::from(math::min_available(&of(case, "deployment"))).into()), expected),
    (
        "TestGetNonNegativeInt32FromAnnotation",
        |case| {
            let mut set = ReplicaSet::default();
            set.metadata.annotations = StringMap::decode(case.get("annotations").clone());
            Ok(number_or_null(revision::annotated_number(&set, "test")))
        },
        |case| if case.flag("expectedValid") { case.get("expectedValue").clone() } else { Value::Null },
    ),
    ("TestReplicasAnnotationsNeedUpdate", replicas_annotations, |case| {
        vec![case.get("expected").clone(), "10".into(), "20".into()].into()
    }),
    ("TestGetDeploymentsForReplicaSet", deployments_of_set, |case| {
        let deployments = case.get("expect").as_list().iter();
        deployments.map(|deployment| deployment.at(&["metadata", "name"]).clone()).collect::<Vec<_>>().into()
    }),
    ("TestGetReplicaSetFraction", fraction, |case| case.get("expectedFraction").clone()),
];

/// The instant at which upstream's rollouts began.
const ROLLOUT_STARTED: &str = "2017-02-15T18:49:00Z";

fn number_or_null(number: Option<i32>) -> Value {
    number.map_or(Value::Null, |number| i64::from(number).into())
}

fn of(case: &Case<'_>, field: &str) -> Deployment {
    Deployment::decode(case.get(field).clone())
}

fn sets(case: &Case<'_>, field: &str) -> Vec<Rc<ReplicaSet>> {
    case.get(field).as_list().iter().map(|set| Rc::new(ReplicaSet::decode(set.clone()))).collect()
}

fn set_or_none(case: &Case<'_>, field: &str) -> Option<Rc<ReplicaSet>> {
    (!case.get(field).is_null()).then(|| Rc::new(ReplicaSet::decode(case.get(field).clone())))
}

fn amount(case: &Case<'_>, field: &str) -> Option<IntOrString> {
    Option::<IntOrString>::decode(case.get(field).clone())
}

fn rolling(replicas: i64, surge: Option<IntOrString>, unavailable: Option<IntOrString>) -> Deployment {
    let mut deployment = Deployment::default();
    let spec = Rc::make_mut(&mut deployment.spec);
    spec.replicas = Some(replicas as i32);
    spec.strategy.kind = "RollingUpdate".into();
    spec.strategy.rolling_update =
        Some(RollingUpdate { max_surge: surge, max_unavailable: unavailable, ..RollingUpdate::default() });
    deployment
}

fn replica_set(name: &str, replicas: i32, available: i32) -> Rc<ReplicaSet> {
    let mut set = ReplicaSet { metadata: ObjectMeta::new("default", name), ..ReplicaSet::default() };
    Rc::make_mut(&mut set.spec).replicas = Some(replicas);
    set.status.available_replicas = available;
    Rc::new(set)
}

fn sorted(mut names: Vec<String>) -> Value {
    names.arrange();
    names.into_iter().map(Value::from).collect::<Vec<_>>().into()
}

fn names(sets: &[Rc<ReplicaSet>]) -> Value {
    sorted(sets.iter().map(|set| set.metadata.name.to_string()).collect())
}

fn size_if_scaled(case: &Case<'_>, field: &str) -> Value {
    if case.flag("scaleExpected") { case.get(field).clone() } else { Value::Null }
}

/// The wait until the deadline, as Go prints it. The table's clocks are functions: they are read off its answers.
fn recheck(case: &Case<'_>) -> Result<Value, String> {
    let deployment = of(case, "d");
    let status = DeploymentStatus::decode(case.get("status").clone());
    let deadline = i64::from(deployment.spec.progress_deadline_seconds.unwrap_or(0));
    let left: i64 = case.text("expected").trim_end_matches(['n', 's']).parse().unwrap_or(0);
    let now = at(ROLLOUT_STARTED) + Span::from_seconds(deadline - left.max(0));
    Ok(match status::decide_recheck(&deployment, &status, now) {
        None => "-1ns".into(),
        // Upstream looks one second after the deadline; one that is just passed it looks at again at once.
        Some(look) => format!("{}s", look.since(now).0 / 1_000_000 - 1).into(),
    })
}

fn rollout_status(case: &Case<'_>) -> Result<Value, String> {
    let (mut all, new) = (sets(case, "allRSs"), set_or_none(case, "newRS"));
    all.extend(new.clone());
    let now = at(ROLLOUT_STARTED) + Span::from_seconds(3_600);
    let got = status::decide_rollout_status(&of(case, "d"), &all, new.as_ref(), now);
    let Some(found) = status::find_condition(&got, "Progressing") else { return Ok(Value::Null) };
    let text = |time: Option<Time>| time.map_or(Value::Null, |time| time.to_rfc3339().into());
    Ok(object([
        ("type", found.kind.clone().into()),
        ("status", found.status.as_str().into()),
        ("reason", found.reason.clone().into()),
        ("lastTransition", text(found.last_transition_time)),
        ("lastUpdate", text(found.last_update_time)),
    ]))
}

fn rollout_status_wanted(case: &Case<'_>) -> Value {
    if case.text("conditionType").is_empty() {
        return Value::Null;
    }
    let mut wanted = object([
        ("type", case.get("conditionType").clone()),
        ("status", case.get("conditionStatus").clone()),
        ("reason", case.get("conditionReason").clone()),
    ]);
    // A row without a time leaves it open; and one condition that stays as it was never had any.
    let own = rollout_status(case).unwrap_or_default();
    let never_had_time = own.get("lastUpdate").is_null();
    for field in ["lastTransition", "lastUpdate"] {
        let has_time = Option::<Time>::decode(case.get(field).clone()).is_some() && !never_had_time;
        wanted.set(&[field], if has_time { case.get(field) } else { own.get(field) }.clone());
    }
    wanted
}

/// A Recreate takes all pods of old templates.
fn scale_down_all(case: &Case<'_>) -> Result<Value, String> {
    let sizes = case.get("oldRSSizes").as_list().iter();
    let old: Vec<_> = sizes.map(|size| replica_set("old", size.as_int().unwrap_or(0) as i32, 0)).collect();
    Ok(rollout::decide_emptying(&old)
        .into_iter()
        .map(|(_, size)| i64::from(size).into())
        .collect::<Vec<Value>>()
        .into())
}

fn old_pods_running(case: &Case<'_>) -> Result<Value, String> {
    let pods_of = |set: &ReplicaSet| -> Vec<Rc<Pod>> {
        let pods = case.get("podMap").get(&set.metadata.uid).as_list().iter();
        pods.map(|pod| Rc::new(Pod::decode(pod.clone()))).collect()
    };
    let mut old = sets(case, "oldRSs");
    // Pods of sets that the table does not list are of no template that is known: upstream counts them too.
    let new_uid = case.get("newRS").at(&["metadata", "uid"]).text();
    for (uid, _) in case.get("podMap").as_map().into_iter().flatten() {
        if *uid != new_uid && !old.iter().any(|set| set.metadata.uid == *uid) {
            let metadata = ObjectMeta { uid: uid.clone(), ..ObjectMeta::default() };
            old.push(Rc::new(ReplicaSet { metadata, ..ReplicaSet::default() }));
        }
    }
    Ok(rollout::old_pods_run(&old, &pods_of).into())
}

fn new_size(case: &Case<'_>) -> Result<Value, String> {
    let old = replica_set("old", case.int("oldReplicas") as i32, 0);
    let new = replica_set("new", case.int("newReplicas") as i32, 0);
    let deployment = rolling(case.int("deploymentReplicas"), amount(case, "maxSurge"), Some(IntOrString::Int(0)));
    Ok(number_or_null(rollout::decide_new_size(&deployment, &[new.clone(), old], &new)))
}

fn without_surge(case: &Case<'_>) -> Deployment {
    rolling(case.int("deploymentReplicas"), Some(IntOrString::Int(0)), amount(case, "maxUnavailable"))
}

fn old_size(case: &Case<'_>) -> Result<Value, String> {
    let old = replica_set("old", case.int("oldReplicas") as i32, case.int("readyPodsFromOldRS") as i32);
    let new = replica_set("new", case.int("newReplicas") as i32, case.int("readyPodsFromNewRS") as i32);
    let sizes = rollout::decide_old_sizes(&without_surge(case), &[old], &new);
    Ok(number_or_null(sizes.last().map(|(_, size)| *size)))
}

fn unhealthy(case: &Case<'_>) -> Result<Value, String> {
    let old = replica_set("old", case.int("oldReplicas") as i32, case.int("readyPods") as i32);
    let mut sizes = [old.spec.replicas()];
    Ok(i64::from(rollout::take_unhealthy(&[old], &mut sizes, case.int("maxCleanupCount") as i32)).into())
}

fn old_size_of_healthy(case: &Case<'_>) -> Result<Value, String> {
    let mut sizes = [case.int("oldReplicas") as i32];
    rollout::take_any(&mut sizes, case.int("readyPods") as i32 - math::min_available(&without_surge(case)));
    Ok(if sizes[0] == case.int("oldReplicas") as i32 { Value::Null } else { i64::from(sizes[0]).into() })
}

/// The sizes that sets have afterwards, by name.
fn scale(case: &Case<'_>) -> Result<Value, String> {
    let before = of(case, "oldDeployment");
    let annotations = case.get("desiredReplicasAnnotations");
    let annotated = |set: Rc<ReplicaSet>| {
        let mut set = (*set).clone();
        let mut own = before.clone();
        if let Some(number) = annotations.get(&set.metadata.name).as_int() {
            Rc::make_mut(&mut own.spec).replicas = Some(number as i32);
        }
        revision::set_replicas_annotations(&mut set.metadata.annotations, &own);
        Rc::new(set)
    };
    let old: Vec<Rc<ReplicaSet>> = sets(case, "oldRSs").into_iter().map(annotated).collect();
    let new = set_or_none(case, "newRS").map(annotated);
    let sizes = rollout::decide_scaling(&of(case, "deployment"), new.as_ref(), &old);
    let mut after = Value::map();
    for set in old.iter().chain(&new) {
        let name = set.metadata.name.as_str();
        let sized = sizes.iter().find(|(sized, _)| sized.metadata.name == name).map(|(_, size)| *size);
        after.set(&[name], i64::from(sized.unwrap_or(set.spec.replicas())));
    }
    Ok(after)
}

fn scale_wanted(case: &Case<'_>) -> Value {
    let mut wanted = Value::map();
    for set in sets(case, "expectedOld").iter().chain(&set_or_none(case, "expectedNew")) {
        wanted.set(&[set.metadata.name.as_str()], i64::from(set.spec.replicas()));
    }
    wanted
}

fn surplus(case: &Case<'_>) -> Vec<String> {
    let mut deployment = Deployment::default();
    Rc::make_mut(&mut deployment.spec).revision_history_limit = Some(case.int("revisionHistoryLimit") as i32);
    let deleted = rollout::decide_cleanup(&deployment, &sets(case, "oldRSs"));
    deleted.into_iter().map(|set| set.metadata.name.to_string()).collect()
}

/// Upstream's table hashes a template of its own, and looks at the name before the hash.
fn name_with_hash(case: &Case<'_>) -> Result<Value, String> {
    let hash = crate::template_hash::hash_of(&PodTemplateSpec::default(), None);
    let name = revision::replica_set_name(case.text("deploymentName"), &hash);
    let portion = name.strip_suffix(hash.as_str()).and_then(|rest| rest.strip_suffix('-'));
    Ok(format!("{}-HASH", portion.ok_or("the name does not end with the hash")?).into())
}

fn name(case: &Case<'_>) -> Result<Value, String> {
    Ok(revision::replica_set_name(case.text("deploymentName"), case.text("hash")).into())
}

fn equal_templates(case: &Case<'_>) -> Result<Value, String> {
    let template = |field: &str| PodTemplateSpec::decode(case.get(field).clone());
    Ok(revision::is_equal_template(&template("former"), &template("latter")).into())
}

fn find_new(case: &Case<'_>) -> Result<Value, String> {
    let sets = sets(case, "rsList");
    let found = revision::find_new(&of(case, "deployment"), &sets);
    Ok(found.map_or(Value::Null, |set| set.metadata.name.clone().into()))
}

fn find_old(case: &Case<'_>) -> Result<Value, String> {
    let old = revision::find_old(&of(case, "deployment"), &sets(case, "rsList"));
    Ok(object([("old", names(&old)), ("active", names(&revision::active(&old)))]))
}

fn counts(case: &Case<'_>) -> Result<Value, String> {
    let sets = sets(case, "sets");
    let total = |of: fn(&ReplicaSet) -> i32| Value::from(i64::from(revision::total(&sets, of)));
    let (wanted, actual) = (total(|set| set.spec.replicas()), total(|set| set.status.replicas));
    Ok(vec![wanted, actual, number_or_null(status::terminating(&sets))].into())
}

fn fenceposts(case: &Case<'_>) -> Result<Value, String> {
    let rolling = RollingUpdate {
        max_surge: amount(case, "maxSurge"),
        max_unavailable: amount(case, "maxUnavailable"),
        ..RollingUpdate::default()
    };
    Ok(match math::resolve_fenceposts(&rolling, case.int("desired") as i32) {
        Ok(posts) => vec![i64::from(posts.surge).into(), i64::from(posts.unavailable).into()].into(),
        Err(_) => "refused".into(),
    })
}

fn new_replica_set_size(case: &Case<'_>) -> Result<Value, String> {
    let mut deployment = rolling(case.int("depReplicas"), amount(case, "maxSurge"), Some(IntOrString::Int(1)));
    Rc::make_mut(&mut deployment.spec).strategy.kind = case.text("strategyType").into();
    let own = case.int("newRSReplicas") as i32;
    Ok(i64::from(math::new_replica_set_size(&deployment, own, own)).into())
}

fn status_wanted(case: &Case<'_>) -> Value {
    DeploymentStatus::decode(case.get("expectedStatus").clone()).encode()
}

fn replicas_annotations(case: &Case<'_>) -> Result<Value, String> {
    let mut annotations = ReplicaSet::decode(case.get("replicaSet").clone()).metadata.annotations;
    let deployment = rolling(10, Some(IntOrString::Int(10)), None);
    let is_news = revision::set_replicas_annotations(&mut annotations, &deployment);
    let number = |name: &str| annotations.get(name).map_or(Value::Null, Value::from);
    Ok(vec![is_news.into(), number(DESIRED_REPLICAS), number(MAX_REPLICAS)].into())
}

/// Upstream's table looks a set's Deployments up among five that it makes itself.
fn deployments_of_set(case: &Case<'_>) -> Result<Value, String> {
    let set = ReplicaSet::decode(case.get("rs").clone());
    let deployments = (0..3).map(|number| {
        let metadata = ObjectMeta::new("test", format!("deployment-{number}"));
        let mut deployment = Deployment { metadata, ..Deployment::default() };
        Rc::make_mut(&mut deployment.spec).selector.match_labels.insert("app", format!("test-{number}"));
        Object::from(deployment)
    });
    let found = deployments.filter(|deployment| controller_ref::selects(deployment, &set.metadata));
    Ok(found.map(|deployment| deployment.metadata().name.clone().into()).collect::<Vec<Value>>().into())
}

fn fraction(case: &Case<'_>) -> Result<Value, String> {
    let mut deployment =
        rolling(case.int("deploymentReplicas"), amount(case, "deploymentMaxSurge"), Some(IntOrString::Int(0)));
    deployment.status.replicas = case.int("deploymentStatusReplicas") as i32;
    let mut set = (*replica_set("set", case.int("rsReplicas") as i32, 0)).clone();
    set.metadata.annotations = StringMap::decode(case.get("rsAnnotations").clone());
    Ok(i64::from(math::fraction(&set, &deployment)).into())
}
