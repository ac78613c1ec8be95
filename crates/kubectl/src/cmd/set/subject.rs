//! `kubectl set subject`: adds users, groups and service accounts to role bindings.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/set/set_subject.go.

use api::{Str, Value};
use ordered::OrderedSet;

use super::super::call::{DryRun, refuse};
use super::super::create::rbac;
use super::super::{Call, Flow, PLAIN, Verb, shared};
use super::{LOCAL, Words, manner, objects, send};
use crate::failure::Failure;
use crate::flags::Flag;

/// The verb.
pub static SET_SUBJECT: Verb = Verb {
    path: "set subject",
    summary: "Add users, groups and service accounts to a role binding or cluster role binding",
    usage: "(-f FILENAME | TYPE NAME) [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] \
            [--dry-run=server|client|none] [options]",
    flags: &[
        &[LOCAL, Flag::array("group"), Flag::array("serviceaccount"), Flag::array("user")],
        shared::ALL,
        shared::OUTPUT,
        shared::FILES,
        shared::SELECTOR,
        shared::DRY_RUN,
        shared::FIELD_MANAGER,
    ],
    run,
    ..PLAIN
};

const WORDS: Words = Words { done: "subjects updated", failed: "failed to patch subjects to rolebinding:" };

fn run(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let (dry_run, mut output) = manner(call)?;
    let args = call.flags.args.clone();
    let has_subject = ["user", "group", "serviceaccount"].iter().any(|flag| !call.flags.texts(flag).is_empty());
    let infos = objects(call, args)?;
    refuse(&[
        (
            call.flags.is_on("local") && dry_run == DryRun::Server,
            "cannot specify --local and --dry-run=server - did you mean --dry-run=client?",
        ),
        (
            call.flags.is_on("all") && !call.flags.text("selector").is_empty(),
            "cannot set --all and --selector at the same time",
        ),
        (!has_subject, "you must specify at least one value of user, group or serviceaccount"),
    ])?;
    let has_cluster_binding = infos.iter().any(|info| info.mapping.resource().kind == "ClusterRoleBinding");
    let subjects = subjects(call, if has_cluster_binding { Bindings::OfCluster } else { Bindings::Inside })?;
    let mut failures = Vec::new();
    for info in &infos {
        if !matches!(info.mapping.resource().kind, "RoleBinding" | "ClusterRoleBinding") {
            let refusal = "setting subjects is only supported for RoleBinding/ClusterRoleBinding";
            failures.push(Failure::Plain(format!("error: {} {refusal}\n", info.object_name())));
            continue;
        }
        let before = info.object();
        let mut all: Vec<Value> = before.get("subjects").as_list().to_vec();
        all.extend(subjects.iter().filter(|subject| !before.get("subjects").as_list().contains(subject)).cloned());
        let mut after = before.clone();
        after.set(&["subjects"], all);
        failures.extend(send(call, info, &before, after, dry_run, &mut output, WORDS).err());
    }
    Failure::of(failures).map_or(Ok(Flow::Done(0)), Err)
}

/// Whether a binding of the whole cluster is among those that are changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bindings {
    OfCluster,
    Inside,
}

/// Those to add, each once and sorted. An account without a namespace is of the one in force, where the binding is in one.
fn subjects(call: &Call<'_, '_>, bindings: Bindings) -> Result<Vec<Value>, Failure> {
    let each_once = |flag: &str| call.flags.texts(flag).into_iter().collect::<OrderedSet<Str>>();
    let of_kind =
        |flag: &str, kind: &str| each_once(flag).iter().map(|name| rbac::subject(kind, name)).collect::<Vec<_>>();
    let mut subjects = of_kind("user", "User");
    subjects.extend(of_kind("group", "Group"));
    for account in each_once("serviceaccount") {
        let Some((namespace, name)) =
            account.split_once(':').filter(|(_, name)| !name.is_empty() && !name.contains(':'))
        else {
            return Err(Failure::plain("serviceaccount must be <namespace>:<name>"));
        };
        if namespace.is_empty() && bindings == Bindings::OfCluster {
            return Err(Failure::plain("serviceaccount must be <namespace>:<name>, namespace must be specified"));
        }
        let namespace = if namespace.is_empty() { &*call.namespace } else { namespace };
        subjects.push(rbac::account_subject(namespace, name));
    }
    Ok(subjects)
}
