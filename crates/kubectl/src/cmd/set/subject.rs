//! `kubectl set subject`: adds users, groups and service accounts to role bindings.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/set/set_subject.go.

use api::Value;

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
        &[
            LOCAL,
            Flag::array("group", "Groups to add."),
            Flag::array("serviceaccount", "Service accounts to add, NAMESPACE:NAME."),
            Flag::array("user", "Users to add."),
        ],
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
    let (dry_run, output) = manner(call)?;
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
    let subjects = rbac::subjects(call)?;
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
        failures.extend(send(call, info, &before, after, dry_run, &output, WORDS).err());
    }
    Failure::of(failures).map_or(Ok(Flow::Done(0)), Err)
}
