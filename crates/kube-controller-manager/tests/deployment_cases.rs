//! The Deployment controller's mathematics against upstream's own tables.
//!
//! Left out: `TestGetDeploymentsForReplicaSet` (a lister's look-up) and the name that the first `generateReplicaSetName`
//! table hashes for itself, which the second one gives.

mod reference;

use ordered::Arrange;
use std::rc::Rc;

use api::apps::deployment::DeploymentStatus;
use api::apps::workload::{RollingUpdate, WorkloadCondition};
use api::codec::Codec;
use api::core::pod::PodTemplateSpec;
use api::int_or_string::IntOrString;
use api::{Deployment, Pod, ReplicaSet, StringMap, Value};
use kube_controller_manager::deployment::revision::{self, DESIRED_REPLICAS, MAX_REPLICAS};
use kube_controller_manager::deployment::{math, rollout, status};
use sim::{Span, Time};

const CONTROLLER: &str = "cases/deployment_controller.json";
const UTIL: &str = "cases/deployment_util.json";

/// Runs one table; `check` answers with what differs.
fn table(file: &str, test: &str, check: impl Fn(&Value) -> Result<(), String>) {
    let cases = reference::read_cases(file, test);
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            check(case).err().map(|why| format!("{} {}: {why}", case.get("name").text(), case.get("Name").text()))
        })
        .collect();
    assert!(wrong.is_empty(), "{test}: {} of {} differ:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

fn same<T: PartialEq + std::fmt::Debug>(got: T, want: T) -> Result<(), String> {
    if got == want { Ok(()) } else { Err(format!("got {got:?}, want {want:?}")) }
}

fn int(case: &Value, field: &str) -> i32 {
    i32::decode(case.get(field).clone())
}

fn flag(case: &Value, field: &str) -> bool {
    case.get(field).as_bool().unwrap_or(false)
}

fn sets(case: &Value, field: &str) -> Vec<Rc<ReplicaSet>> {
    case.get(field).as_list().iter().map(|set| Rc::new(ReplicaSet::decode(set.clone()))).collect()
}

fn set_or_none(case: &Value, field: &str) -> Option<Rc<ReplicaSet>> {
    (!case.get(field).is_null()).then(|| Rc::new(ReplicaSet::decode(case.get(field).clone())))
}

fn amount(value: &Value) -> Option<IntOrString> {
    Option::<IntOrString>::decode(value.clone())
}

fn deployment(
    replicas: i32,
    strategy: &str,
    surge: Option<IntOrString>,
    unavailable: Option<IntOrString>,
) -> Deployment {
    let mut deployment = Deployment::default();
    let spec = Rc::make_mut(&mut deployment.spec);
    spec.replicas = Some(replicas);
    spec.strategy.kind = strategy.into();
    spec.strategy.rolling_update =
        Some(RollingUpdate { max_surge: surge, max_unavailable: unavailable, ..RollingUpdate::default() });
    deployment
}

fn replica_set(name: &str, replicas: i32, available: i32) -> Rc<ReplicaSet> {
    let mut set = ReplicaSet::default();
    set.metadata.name = name.into();
    Rc::make_mut(&mut set.spec).replicas = Some(replicas);
    set.status.available_replicas = available;
    Rc::new(set)
}

fn of(case: &Value, field: &str) -> Deployment {
    Deployment::decode(case.get(field).clone())
}

/// The instants at which upstream's tables are read.
const ROLLOUT_STARTED: &str = "2017-02-15T18:49:00Z";

fn instant(text: &str) -> Time {
    Time::parse_rfc3339(text).expect("an instant")
}

#[test]
fn a_stuck_rollout_is_looked_at_when_its_deadline_passes() {
    table(CONTROLLER, "TestRequeueStuckDeployment", |case| {
        let deployment = of(case, "d");
        let status = DeploymentStatus::decode(case.get("status").clone());
        let deadline = deployment.spec.progress_deadline_seconds.unwrap_or(0);
        let expected = case.get("expected").text();
        let left: i64 = expected.trim_end_matches(['n', 's']).parse().unwrap_or(0);
        // The table's clocks are functions: read them off the answer.
        let seconds = i64::from(deadline) - left.max(0);
        let now = instant(ROLLOUT_STARTED) + Span::from_seconds(seconds);
        let recheck = status::decide_recheck(&deployment, &status, now);
        match expected {
            "-1ns" => same(recheck, None),
            // Upstream tries again at once, and again; one second is soon enough.
            _ => same(recheck, Some(now + Span::from_seconds(left.max(0) + 1))),
        }
    });
}

#[test]
fn a_rollout_is_told_how_it_goes() {
    table(CONTROLLER, "TestSyncRolloutStatus", |case| {
        let deployment = of(case, "d");
        let (mut all, new) = (sets(case, "allRSs"), set_or_none(case, "newRS"));
        all.extend(new.clone());
        let now = instant(ROLLOUT_STARTED) + Span::from_seconds(3_600);
        let got = status::decide_rollout_status(&deployment, &all, new.as_ref(), now);
        let kind = case.get("conditionType").text();
        let found = status::find_condition(&got, "Progressing");
        if kind.is_empty() {
            return same(found.is_none(), true);
        }
        let found = found.ok_or("no Progressing")?;
        same(found.status.as_str(), case.get("conditionStatus").text())?;
        same(found.reason.as_str(), case.get("conditionReason").text())?;
        // A condition that stays as it was keeps its times; one row's has none, and says nothing of them.
        let is_kept_without_time = found.last_update_time.is_none();
        for (field, got) in [("lastTransition", found.last_transition_time), ("lastUpdate", found.last_update_time)] {
            let want = Option::<Time>::decode(case.get(field).clone());
            if want.is_some() && !is_kept_without_time {
                same(got, want)?;
            }
        }
        Ok(())
    });
}

#[test]
fn a_recreation_waits_for_old_pods() {
    table(CONTROLLER, "TestOldPodsRunning", |case| {
        let pods_of = |set: &ReplicaSet| -> Vec<Rc<Pod>> {
            let pods = case.get("podMap").get(&set.metadata.uid).as_list().iter();
            pods.map(|pod| Rc::new(Pod::decode(pod.clone()))).collect()
        };
        let mut old = sets(case, "oldRSs");
        // Pods of sets that the table does not list are of no template that is known: upstream counts them too.
        let new_uid = case.get("newRS").at(&["metadata", "uid"]).text().to_owned();
        for (uid, _) in case.get("podMap").as_map().into_iter().flatten() {
            if *uid != new_uid && !old.iter().any(|set| set.metadata.uid == *uid) {
                let mut set = ReplicaSet::default();
                set.metadata.uid = uid.clone();
                old.push(Rc::new(set));
            }
        }
        same(rollout::old_pods_run(&old, &pods_of), flag(case, "hasOldPodsRunning"))
    });
}

#[test]
fn the_new_set_grows_as_far_as_surge_allows() {
    table(CONTROLLER, "TestDeploymentController_reconcileNewReplicaSet", |case| {
        let (old, new) =
            (replica_set("old", int(case, "oldReplicas"), 0), replica_set("new", int(case, "newReplicas"), 0));
        let wanted = deployment(
            int(case, "deploymentReplicas"),
            "RollingUpdate",
            amount(case.get("maxSurge")),
            Some(IntOrString::Int(0)),
        );
        let size = rollout::decide_new_size(&wanted, &[new.clone(), old], &new);
        same(size, flag(case, "scaleExpected").then(|| int(case, "expectedNewReplicas")))
    });
}

#[test]
fn old_sets_shrink_as_far_as_availability_allows() {
    table(CONTROLLER, "TestDeploymentController_reconcileOldReplicaSets", |case| {
        let old = replica_set("old", int(case, "oldReplicas"), int(case, "readyPodsFromOldRS"));
        let new = replica_set("new", int(case, "newReplicas"), int(case, "readyPodsFromNewRS"));
        let wanted = deployment(
            int(case, "deploymentReplicas"),
            "RollingUpdate",
            Some(IntOrString::Int(0)),
            amount(case.get("maxUnavailable")),
        );
        let sizes = rollout::decide_old_sizes(&wanted, &[old], &new);
        same(sizes.is_empty(), !flag(case, "scaleExpected"))?;
        sizes.last().map_or(Ok(()), |(_, size)| same(*size, int(case, "expectedOldReplicas")))
    });
    table(CONTROLLER, "TestDeploymentController_cleanupUnhealthyReplicas", |case| {
        let old = replica_set("old", int(case, "oldReplicas"), int(case, "readyPods"));
        let mut sizes = [old.spec.replicas()];
        let taken = rollout::take_unhealthy(&[old], &mut sizes, int(case, "maxCleanupCount"));
        same(taken, int(case, "cleanupCountExpected"))
    });
    table(CONTROLLER, "TestDeploymentController_scaleDownOldReplicaSetsForRollingUpdate", |case| {
        let wanted = deployment(
            int(case, "deploymentReplicas"),
            "RollingUpdate",
            Some(IntOrString::Int(0)),
            amount(case.get("maxUnavailable")),
        );
        let mut sizes = [int(case, "oldReplicas")];
        rollout::take_any(&mut sizes, int(case, "readyPods") - math::min_available(&wanted));
        same(sizes[0] != int(case, "oldReplicas"), flag(case, "scaleExpected"))?;
        if flag(case, "scaleExpected") { same(sizes[0], int(case, "expectedOldReplicas")) } else { Ok(()) }
    });
}

#[test]
fn a_change_of_size_is_shared_out() {
    table(CONTROLLER, "TestScale", |case| {
        let (wanted, before) = (of(case, "deployment"), of(case, "oldDeployment"));
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
        let sizes = rollout::decide_scaling(&wanted, new.as_ref(), &old);
        let expected = sets(case, "expectedOld").into_iter().chain(set_or_none(case, "expectedNew"));
        for want in expected {
            let name = &want.metadata.name;
            let sized = sizes.iter().find(|(set, _)| set.metadata.name == *name).map(|(_, size)| *size);
            let kept = old.iter().chain(&new).find(|set| set.metadata.name == *name).map(|set| set.spec.replicas());
            same(sized.or(kept), Some(want.spec.replicas())).map_err(|why| format!("{name} {why}"))?;
        }
        Ok(())
    });
}

#[test]
fn history_is_cut_from_its_old_end() {
    let surplus = |case: &Value| {
        let mut wanted = Deployment::default();
        Rc::make_mut(&mut wanted.spec).revision_history_limit = Some(int(case, "revisionHistoryLimit"));
        let old = sets(case, "oldRSs");
        let deleted = rollout::decide_cleanup(&wanted, &old);
        deleted.into_iter().map(|set| set.metadata.name.to_string()).collect::<Vec<_>>()
    };
    table(CONTROLLER, "TestDeploymentController_cleanupDeployment", |case| {
        same(surplus(case).len() as i32, int(case, "expectedDeletions"))
    });
    table(CONTROLLER, "TestDeploymentController_cleanupDeploymentOrder", |case| {
        let mut got = surplus(case);
        got.arrange();
        let want: Vec<String> =
            case.get("expectedDeletedRSs").as_map().into_iter().flatten().map(|(name, _)| name.to_string()).collect();
        same(got, want)
    });
}

#[test]
fn names_leave_room_for_the_hash() {
    table(CONTROLLER, "TestGenerateReplicaSetName", |case| {
        let name = revision::replica_set_name(case.get("deploymentName").text(), case.get("hash").text());
        same(name.as_str(), case.get("want").text())
    });
}

#[test]
fn templates_are_equal_but_for_the_hash() {
    table(UTIL, "TestEqualIgnoreHash", |case| {
        let template = |field: &str| PodTemplateSpec::decode(case.get(field).clone());
        same(revision::is_equal_template(&template("former"), &template("latter")), flag(case, "expected"))
    });
    table(UTIL, "TestFindNewReplicaSet", |case| {
        let (wanted, sets) = (of(case, "deployment"), sets(case, "rsList"));
        let got = revision::find_new(&wanted, &sets).map(|set| set.metadata.name.clone());
        same(got, set_or_none(case, "expected").map(|set| set.metadata.name.clone()))
    });
    table(UTIL, "TestFindOldReplicaSets", |case| {
        let old = revision::find_old(&of(case, "deployment"), &sets(case, "rsList"));
        let names = |sets: &[Rc<ReplicaSet>]| {
            let mut names: Vec<String> = sets.iter().map(|set| set.metadata.name.to_string()).collect();
            names.arrange();
            names
        };
        same(names(&old), names(&sets(case, "expected")))?;
        same(names(&revision::active(&old)), names(&sets(case, "expectedRequire")))
    });
}

#[test]
fn counts_are_sums() {
    table(UTIL, "TestGetReplicaCountForReplicaSets", |case| {
        let sets = sets(case, "sets");
        same(revision::total(&sets, |set| set.spec.replicas()), int(case, "expectedCount"))?;
        same(revision::total(&sets, |set| set.status.replicas), int(case, "expectedActual"))?;
        same(status::terminating(&sets), Option::<i32>::decode(case.get("expectedTerminating").clone()))
    });
}

#[test]
fn shares_become_numbers() {
    table(UTIL, "TestResolveFenceposts", |case| {
        let rolling = RollingUpdate {
            max_surge: amount(case.get("maxSurge")),
            max_unavailable: amount(case.get("maxUnavailable")),
            ..RollingUpdate::default()
        };
        match math::resolve_fenceposts(&rolling, int(case, "desired")) {
            Ok(posts) => same(
                (posts.surge, posts.unavailable, false),
                (int(case, "expectSurge"), int(case, "expectUnavailable"), flag(case, "expectError")),
            ),
            Err(_) => same(true, flag(case, "expectError")),
        }
    });
    table(UTIL, "TestMaxUnavailable", |case| {
        same(math::max_unavailable(&of(case, "deployment")), int(case, "expected"))
    });
    table(UTIL, "TestMinAvailable", |case| same(math::min_available(&of(case, "deployment")), int(case, "expected")));
    table(UTIL, "TestNewRSNewReplicas", |case| {
        let wanted = deployment(
            int(case, "depReplicas"),
            case.get("strategyType").text(),
            amount(case.get("maxSurge")),
            Some(IntOrString::Int(1)),
        );
        let own = int(case, "newRSReplicas");
        same(math::new_replica_set_size(&wanted, own, own), int(case, "expected"))
    });
    table(UTIL, "TestGetReplicaSetFraction", |case| {
        if flag(case, "enableDeploymentReplicaSetTerminatingReplicas") {
            return Ok(());
        }
        let mut wanted = deployment(
            int(case, "deploymentReplicas"),
            "RollingUpdate",
            amount(case.get("deploymentMaxSurge")),
            Some(IntOrString::Int(0)),
        );
        wanted.status.replicas = int(case, "deploymentStatusReplicas");
        let mut set = (*replica_set("set", int(case, "rsReplicas"), 0)).clone();
        set.metadata.annotations = StringMap::decode(case.get("rsAnnotations").clone());
        same(math::fraction(&set, &wanted), int(case, "expectedFraction"))
    });
}

#[test]
fn conditions_are_found_set_and_removed() {
    let status_of = |case: &Value, field: &str| DeploymentStatus::decode(case.get(field).clone());
    table(UTIL, "TestGetCondition", |case| {
        let found = status::find_condition(&status_of(case, "status"), case.get("condType").text()).is_some();
        same(found, flag(case, "expected"))
    });
    table(UTIL, "TestSetCondition", |case| {
        let mut got = status_of(case, "status");
        status::set_condition(&mut got, WorkloadCondition::decode(case.get("cond").clone()));
        same(got, status_of(case, "expectedStatus"))
    });
    table(UTIL, "TestRemoveCondition", |case| {
        let mut got = status_of(case, "status");
        status::remove_condition(&mut got, case.get("condType").text());
        same(got, status_of(case, "expectedStatus"))
    });
}

#[test]
fn progress_is_told_from_the_end_and_from_silence() {
    table(UTIL, "TestDeploymentComplete", |case| {
        let wanted = of(case, "d");
        same(status::is_complete(&wanted, &wanted.status), flag(case, "expected"))
    });
    table(UTIL, "TestDeploymentProgressing", |case| {
        let new = DeploymentStatus::decode(case.get("newStatus").clone());
        same(status::is_progressing(&of(case, "d"), &new), flag(case, "expected"))
    });
    table(UTIL, "TestDeploymentTimedOut", |case| {
        let wanted = of(case, "d");
        let now = instant("2016-01-01T00:01:20Z");
        same(status::is_timed_out(&wanted, &wanted.status, now), flag(case, "expected"))
    });
}

#[test]
fn annotations_hold_numbers() {
    table(UTIL, "TestGetNonNegativeInt32FromAnnotation", |case| {
        let mut set = ReplicaSet::default();
        set.metadata.annotations = StringMap::decode(case.get("annotations").clone());
        let want = flag(case, "expectedValid").then(|| int(case, "expectedValue"));
        same(revision::annotated_number(&set, "test"), want)
    });
    table(UTIL, "TestReplicasAnnotationsNeedUpdate", |case| {
        let mut annotations = ReplicaSet::decode(case.get("replicaSet").clone()).metadata.annotations;
        let wanted = deployment(10, "RollingUpdate", Some(IntOrString::Int(10)), None);
        let is_news = revision::set_replicas_annotations(&mut annotations, &wanted);
        same((annotations.get(DESIRED_REPLICAS), annotations.get(MAX_REPLICAS)), (Some("10"), Some("20")))?;
        same(is_news, flag(case, "expected"))
    });
}
