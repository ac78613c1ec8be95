//! As whom, and with which rights, containers run.

use super::super::field::{Errors, Field};
use super::super::{checks, internal};

const GROUP_CHANGE_POLICIES: [&str; 2] = ["Always", "OnRootMismatch"];
const SUPPLEMENTAL_POLICIES: [&str; 2] = ["Merge", "Strict"];
const SELINUX_POLICIES: [&str; 2] = ["MountOption", "Recursive"];
const PROC_MOUNTS: [&str; 2] = ["Default", "Unmasked"];
const PROFILES: [&str; 3] = ["Localhost", "RuntimeDefault", "Unconfined"];
const BOTH: &str = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true";
const ADMIN: &str = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN";

pub(super) fn pod(spec: &Field<'_>, errors: &mut Errors) {
    let context = spec.child("securityContext");
    for name in ["fsGroup", "runAsUser", "runAsGroup"] {
        checks::id(&context.child(name), errors);
    }
    for group in context.child("supplementalGroups").items() {
        checks::id(&group, errors);
    }
    let share = spec.child("shareProcessNamespace");
    if share.is_true() && spec.child("hostPID").is_true() {
        let field = share.named(format!("{}.shareProcessNamespace", context.path));
        errors.push(field.invalid("ShareProcessNamespace and HostPID cannot both be enabled"));
    }
    checks::one_of(&context.child("fsGroupChangePolicy"), &GROUP_CHANGE_POLICIES, errors);
    profile(&context.child("seccompProfile"), errors);
    profile(&context.child("appArmorProfile"), errors);
    checks::one_of(&context.child("supplementalGroupsPolicy"), &SUPPLEMENTAL_POLICIES, errors);
    checks::one_of(&context.child("seLinuxChangePolicy"), &SELINUX_POLICIES, errors);
    own_users(spec, errors);
}

/// With users of its own a pod cannot share the host's processes.
fn own_users(spec: &Field<'_>, errors: &mut Errors) {
    if spec.child("hostUsers").value.as_bool() != Some(false) {
        return;
    }
    for (field, shown) in [("hostNetwork", "hostNetwork"), ("hostPID", "HostPID"), ("hostIPC", "HostIPC")] {
        if spec.child(field).is_true() {
            errors.push(spec.child(shown).forbidden("when `hostUsers` is false"));
        }
    }
}

fn profile(profile: &Field<'_>, errors: &mut Errors) {
    if !profile.is_set() {
        return;
    }
    let (type_, local) = (profile.child("type"), profile.child("localhostProfile"));
    match type_.text() {
        "" => errors.push(type_.required("type is required when seccompProfile is set")),
        "Localhost" if !local.is_set() => {
            errors.push(local.required("must be set when seccomp type is Localhost"));
        }
        "Localhost" => checks::descending_path(&local, errors),
        known if PROFILES.contains(&known) => {
            if local.is_set() {
                errors.push(local.invalid("can only be set when seccomp type is Localhost"));
            }
        }
        _ => errors.push(type_.not_supported(&PROFILES)),
    }
}

pub(super) fn container(context: &Field<'_>, spec: &Field<'_>, errors: &mut Errors) {
    if !context.is_set() {
        return;
    }
    checks::id(&context.child("runAsUser"), errors);
    checks::id(&context.child("runAsGroup"), errors);
    let mount = context.child("procMount");
    checks::one_of(&mount, &PROC_MOUNTS, errors);
    if mount.text() == "Unmasked" && spec.child("hostUsers").value.as_bool() != Some(false) {
        errors.push(mount.invalid("`hostUsers` must be false to use `Unmasked`"));
    }
    profile(&context.child("seccompProfile"), errors);
    if context.child("allowPrivilegeEscalation").value.as_bool() == Some(false) {
        let shown = || internal::compact("SecurityContext", context.value);
        if context.child("privileged").is_true() {
            errors.push(context.invalid_struct(shown(), BOTH));
        }
        let added = context.at(&["capabilities", "add"]);
        if added.items().any(|capability| capability.text() == "CAP_SYS_ADMIN") {
            errors.push(context.invalid_struct(shown(), ADMIN));
        }
    }
    profile(&context.child("appArmorProfile"), errors);
}
