//! `kubectl rollout status`: a line for every change of the object until its rollout is complete.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/rollout/rollout_status.go, pkg/polymorphichelpers/rollout_status.go.

use api::{Object, Value};
use client::ChangeKind;
use sim::Time;

use super::super::get::changes;
use super::super::{Call, Flow, PLAIN, Progress, Verb, shared};
use crate::builder::Info;
use crate::context::Context;
use crate::failure::Failure;
use crate::flags::Flag;

/// The verb.
pub static ROLLOUT_STATUS: Verb = Verb {
    path: "rollout status",
    summary: "Show how a rollout goes, until it is complete",
    usage: "(TYPE NAME | TYPE/NAME) [flags] [options]",
    flags: &[
        &[Flag::int("revision", "0"), Flag::duration("timeout", "0s"), Flag::bool("watch").short('w').default("true")],
        shared::FILES,
        shared::SELECTOR,
    ],
    run,
    ..PLAIN
};

fn run(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let revision = call.flags.int("revision");
    if revision < 0 {
        return Err(Failure::Plain(format!("revision must be a positive integer: {revision}")));
    }
    let (mut infos, failures) = super::visit(call)?.into_infos();
    if let Some(failure) = Failure::of(failures) {
        return Err(failure);
    }
    if infos.is_empty() {
        let line = format!("No resources found in {} namespace.\n", call.namespace);
        call.ctx.err(&line);
        return Ok(Flow::Done(0));
    }
    infos.reverse();
    let timeout = call.flags.duration("timeout");
    let waiting = RolloutStatus {
        left: infos,
        cursor: None,
        until: None,
        timeout_us: timeout.0,
        revision,
        watches: call.flags.is_on("watch"),
    };
    Ok(waiting.into())
}

/// Follows rollouts, one after the other.
#[derive(Clone, Debug)]
pub struct RolloutStatus {
    /// The objects; the last one is followed.
    left: Vec<Info>,
    /// The revision up to which changes were seen; none before the first look.
    cursor: Option<u64>,
    until: Option<Time>,
    timeout_us: u64,
    revision: i64,
    watches: bool,
}

/// Whether a rollout is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Complete {
    /// It is.
    Yes,
    /// It goes on.
    No,
}

impl RolloutStatus {
    /// Prints what has changed.
    pub fn step(&mut self, ctx: &mut Context<'_>) -> Result<Progress, Failure> {
        while let Some(info) = self.left.last().cloned() {
            match self.follow(ctx, &info)? {
                Complete::Yes => {
                    self.left.pop();
                    self.cursor = None;
                }
                Complete::No => return self.wait(ctx),
            }
        }
        Ok(Progress::Done(0))
    }

    fn wait(&mut self, ctx: &Context<'_>) -> Result<Progress, Failure> {
        match self.until {
            Some(until) if until <= ctx.now() => Err(Failure::plain("timed out waiting for the condition")),
            wake => Ok(Progress::Blocked { wake }),
        }
    }

    fn follow(&mut self, ctx: &mut Context<'_>, info: &Info) -> Result<Complete, Failure> {
        let kind = info.mapping.kind_supported()?;
        let Some(mut cursor) = self.cursor else {
            return self.first_look(ctx, info);
        };
        if ctx.api.revision() == cursor {
            return Ok(Complete::No);
        }
        let key = info.key();
        for change in changes(ctx, kind, &mut cursor)? {
            if change.object.key() != key {
                continue;
            }
            match change.kind {
                ChangeKind::Deleted => return Err(Failure::plain("object has been deleted")),
                ChangeKind::Added | ChangeKind::Modified => {
                    if self.show(ctx, info, &change.object)? == Complete::Yes {
                        return Ok(Complete::Yes);
                    }
                }
            }
        }
        self.cursor = Some(cursor);
        Ok(Complete::No)
    }

    fn first_look(&mut self, ctx: &mut Context<'_>, info: &Info) -> Result<Complete, Failure> {
        self.until = (self.timeout_us > 0).then(|| Time(ctx.now().0 + self.timeout_us));
        self.cursor = Some(ctx.api.revision());
        viewer(info)?;
        match info.clone().get(ctx) {
            Ok(object) => self.show(ctx, info, &object),
            Err(failure) if failure.is_not_found() => Ok(Complete::No),
            Err(failure) => Err(failure),
        }
    }

    fn show(&self, ctx: &mut Context<'_>, info: &Info, object: &Object) -> Result<Complete, Failure> {
        let (text, complete) = viewer(info)?(&object.encode_body(), self.revision).map_err(Failure::Plain)?;
        ctx.out(&text);
        Ok(if self.watches { complete } else { Complete::Yes })
    }
}

/// Tells how far an object's rollout is: the object, and the revision that is asked about (0 for any).
pub type Viewer = fn(&Value, i64) -> Result<(String, Complete), String>;

fn viewer(info: &Info) -> Result<Viewer, Failure> {
    match info.mapping.qualified_plural().as_str() {
        "deployments.apps" => Ok(deployment),
        "daemonsets.apps" => Ok(daemon_set),
        "statefulsets.apps" => Ok(stateful_set),
        _ => Err(Failure::Plain(format!("no status viewer has been implemented for {}", group_kind(info)))),
    }
}

/// `Pod`, `ReplicaSet.apps`
pub fn group_kind(info: &Info) -> String {
    let resource = info.mapping.resource();
    if resource.group.is_empty() { resource.kind.to_string() } else { format!("{}.{}", resource.kind, resource.group) }
}

fn int(object: &Value, path: &[&str]) -> i64 {
    object.at(path).as_int().unwrap_or(0)
}

/// The [`Viewer`] of a StatefulSet.
pub fn stateful_set(set: &Value, _revision: i64) -> Result<(String, Complete), String> {
    api::reached!("kubectl::cmd::rollout::status::stateful_set");
    let status = |field: &str| int(set, &["status", field]);
    if set.at(&["spec", "updateStrategy", "type"]).text() != "RollingUpdate" {
        return Err("rollout status is only available for RollingUpdate strategy type".into());
    }
    let observed = status("observedGeneration");
    if observed == 0 || int(set, &["metadata", "generation"]) > observed {
        return Ok(("Waiting for statefulset spec update to be observed...\n".into(), Complete::No));
    }
    let replicas = set.at(&["spec", "replicas"]).as_int();
    if let Some(replicas) = replicas
        && status("readyReplicas") < replicas
    {
        let missing = replicas - status("readyReplicas");
        return Ok((format!("Waiting for {missing} pods to be ready...\n"), Complete::No));
    }
    let updated = status("updatedReplicas");
    let rolling = set.at(&["spec", "updateStrategy", "rollingUpdate"]);
    if !rolling.is_null() {
        if let (Some(replicas), Some(partition)) = (replicas, rolling.get("partition").as_int())
            && updated < replicas - partition
        {
            let wanted = replicas - partition;
            let text = format!(
                "Waiting for partitioned roll out to finish: {updated} out of {wanted} new pods have been updated...\n"
            );
            return Ok((text, Complete::No));
        }
        let text = format!("partitioned roll out complete: {updated} new pods have been updated...\n");
        return Ok((text, Complete::Yes));
    }
    let (update, current) =
        (set.at(&["status", "updateRevision"]).text(), set.at(&["status", "currentRevision"]).text());
    if update != current {
        let text =
            format!("waiting for statefulset rolling update to complete {updated} pods at revision {update}...\n");
        return Ok((text, Complete::No));
    }
    let pods = status("currentReplicas");
    Ok((format!("statefulset rolling update complete {pods} pods at revision {current}...\n"), Complete::Yes))
}

/// The [`Viewer`] of a Deployment.
pub fn deployment(object: &Value, revision: i64) -> Result<(String, Complete), String> {
    api::reached!("kubectl::cmd::rollout::status::deployment");
    let name = object.at(&["metadata", "name"]).text();
    let status = |field: &str| int(object, &["status", field]);
    if revision > 0 {
        let running = object.at(&["metadata", "annotations", "deployment.kubernetes.io/revision"]).text();
        let running: i64 = running.parse().unwrap_or(0);
        if running != revision {
            return Err(format!("desired revision ({revision}) is different from the running revision ({running})"));
        }
    }
    if int(object, &["metadata", "generation"]) > status("observedGeneration") {
        return Ok(("Waiting for deployment spec update to be observed...\n".into(), Complete::No));
    }
    let conditions = object.at(&["status", "conditions"]).as_list();
    let is_progressing = |condition: &&Value| condition.get("type").text() == "Progressing";
    if conditions
        .iter()
        .find(is_progressing)
        .is_some_and(|found| found.get("reason").text() == "ProgressDeadlineExceeded")
    {
        return Err(format!("deployment {name:?} exceeded its progress deadline"));
    }
    let (updated, available, replicas) = (status("updatedReplicas"), status("availableReplicas"), status("replicas"));
    let head = format!("Waiting for deployment {name:?} rollout to finish:");
    let wanted = object.at(&["spec", "replicas"]).as_int();
    if let Some(wanted) = wanted
        && updated < wanted
    {
        return Ok((format!("{head} {updated} out of {wanted} new replicas have been updated...\n"), Complete::No));
    }
    if replicas > updated {
        return Ok((format!("{head} {} old replicas are pending termination...\n", replicas - updated), Complete::No));
    }
    if available < updated {
        return Ok((format!("{head} {available} of {updated} updated replicas are available...\n"), Complete::No));
    }
    Ok((format!("deployment {name:?} successfully rolled out\n"), Complete::Yes))
}

/// The [`Viewer`] of a DaemonSet.
pub fn daemon_set(object: &Value, _revision: i64) -> Result<(String, Complete), String> {
    api::reached!("kubectl::cmd::rollout::status::daemon_set");
    let name = object.at(&["metadata", "name"]).text();
    let status = |field: &str| int(object, &["status", field]);
    if object.at(&["spec", "updateStrategy", "type"]).text() != "RollingUpdate" {
        return Err("rollout status is only available for RollingUpdate strategy type".into());
    }
    if int(object, &["metadata", "generation"]) > status("observedGeneration") {
        return Ok(("Waiting for daemon set spec update to be observed...\n".into(), Complete::No));
    }
    let (updated, wanted) = (status("updatedNumberScheduled"), status("desiredNumberScheduled"));
    let (available, head) = (status("numberAvailable"), format!("Waiting for daemon set {name:?} rollout to finish:"));
    if updated < wanted {
        return Ok((format!("{head} {updated} out of {wanted} new pods have been updated...\n"), Complete::No));
    }
    if available < wanted {
        return Ok((format!("{head} {available} of {wanted} updated pods are available...\n"), Complete::No));
    }
    Ok((format!("daemon set {name:?} successfully rolled out\n"), Complete::Yes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::text::yaml;

    fn check(viewer: Viewer, object: &str, expect: &str) {
        let shown = viewer(&yaml::read(object).unwrap(), 0).map(|(text, complete)| format!("{text}{complete:?}"));
        assert_eq!(shown.unwrap_or_else(|error| error), expect, "{object}");
    }

    #[test]
    fn a_stateful_set_tells_how_far_it_is() {
        let base = "metadata: {generation: 2}\nspec: {replicas: 3, updateStrategy: ";
        let rolling = "{type: RollingUpdate, rollingUpdate: {partition: 1}}}\nstatus: ";
        let plain = "{type: RollingUpdate}}\nstatus: ";
        let cases = [
            (rolling, "{observedGeneration: 1}", "Waiting for statefulset spec update to be observed...\nNo"),
            (rolling, "{observedGeneration: 2, readyReplicas: 1}", "Waiting for 2 pods to be ready...\nNo"),
            (
                rolling,
                "{observedGeneration: 2, readyReplicas: 3, updatedReplicas: 1}",
                "Waiting for partitioned roll out to finish: 1 out of 2 new pods have been updated...\nNo",
            ),
            (
                rolling,
                "{observedGeneration: 2, readyReplicas: 3, updatedReplicas: 2}",
                "partitioned roll out complete: 2 new pods have been updated...\nYes",
            ),
            (
                plain,
                "{observedGeneration: 2, readyReplicas: 3, updateRevision: b, currentRevision: a}",
                "waiting for statefulset rolling update to complete 0 pods at revision b...\nNo",
            ),
            (
                plain,
                "{observedGeneration: 2, readyReplicas: 3, currentReplicas: 3, updateRevision: b, currentRevision: b}",
                "statefulset rolling update complete 3 pods at revision b...\nYes",
            ),
        ];
        for (strategy, status, expect) in cases {
            check(stateful_set, &format!("{base}{strategy}{status}"), expect);
        }
        let on_delete = format!("{base}{{type: OnDelete}}}}");
        check(stateful_set, &on_delete, "rollout status is only available for RollingUpdate strategy type");
    }
}
