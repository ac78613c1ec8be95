//! `--profile`: what a debug container may do, and what of a copied pod is kept.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/debug/profiles.go.

use api::Value;

use super::Call;

/// Where the debug container is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// In the running pod.
    Ephemeral,
    /// In a copy of the pod.
    Copy,
    /// In a pod on a node.
    Node,
}

/// What `--profile` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Profile {
    Legacy,
    General,
    Baseline,
    Restricted,
    Netadmin,
    Sysadmin,
}

impl Profile {
    pub(super) fn parse(name: &str) -> Option<Profile> {
        Some(match name {
            "legacy" => Profile::Legacy,
            "general" => Profile::General,
            "baseline" => Profile::Baseline,
            "restricted" => Profile::Restricted,
            "netadmin" => Profile::Netadmin,
            "sysadmin" => Profile::Sysadmin,
            _ => return None,
        })
    }

    /// Gives the debug container its security context.
    pub(super) fn secure(self, style: Style, container: &mut Value) {
        match (self, style) {
            (Profile::Legacy, _) => {}
            (Profile::General, Style::Node) | (Profile::Baseline, _) => drop(container.remove(&["securityContext"])),
            (Profile::General, Style::Ephemeral | Style::Copy) => add_capability(container, "SYS_PTRACE"),
            (Profile::Restricted, _) => restrict(container),
            (Profile::Netadmin, _) => ["NET_ADMIN", "NET_RAW"].iter().for_each(|name| add_capability(container, name)),
            (Profile::Sysadmin, _) => container.set(&["securityContext", "privileged"], true),
        }
    }

    /// Gives a pod on a node what it shares with the node.
    pub(super) fn open_host(self, spec: &mut Value, container: &mut Value) {
        if matches!(self, Profile::Legacy | Profile::General | Profile::Sysadmin) {
            let mut volume = Value::map();
            volume.set(&["name"], "host-root");
            volume.set(&["hostPath", "path"], "/");
            spec.set(&["volumes"], vec![volume]);
            let mut mount = Value::map();
            mount.set(&["mountPath"], "/host");
            mount.set(&["name"], "host-root");
            container.set(&["volumeMounts"], vec![mount]);
        }
        if !matches!(self, Profile::Baseline | Profile::Restricted) {
            for field in ["hostNetwork", "hostPID", "hostIPC"] {
                spec.set(&[field], true);
            }
        }
    }

    /// Takes from a copied pod what makes it somebody's replica, but for what is to be kept.
    pub(super) fn strip(self, call: &Call<'_, '_>, pod: &mut Value) {
        let drops = |flag: &str| !call.flags.is_on(flag);
        if self == Profile::Legacy {
            drop(pod.remove(&["metadata", "labels"]));
            return;
        }
        for (flag, place) in [
            ("keep-labels", ["metadata", "labels"]),
            ("keep-annotations", ["metadata", "annotations"]),
            ("keep-init-containers", ["spec", "initContainers"]),
        ] {
            if drops(flag) {
                pod.remove(&place);
            }
        }
        let probes = [
            ("keep-liveness", "livenessProbe"),
            ("keep-readiness", "readinessProbe"),
            ("keep-startup", "startupProbe"),
        ];
        for (_, field) in probes.into_iter().filter(|(flag, _)| drops(flag)) {
            let mut containers = pod.at(&["spec", "containers"]).as_list().to_vec();
            containers.iter_mut().for_each(|container| drop(container.remove(&[field])));
            pod.set(&["spec", "containers"], containers);
        }
        if pod.at(&["spec", "shareProcessNamespace"]).is_null() {
            pod.set(&["spec", "shareProcessNamespace"], true);
        }
    }
}

fn restrict(container: &mut Value) {
    container.remove(&["securityContext"]);
    container.set(&["securityContext", "runAsNonRoot"], true);
    container.set(&["securityContext", "capabilities", "drop"], vec![Value::from("ALL")]);
    container.set(&["securityContext", "allowPrivilegeEscalation"], false);
    container.set(&["securityContext", "seccompProfile", "type"], "RuntimeDefault");
}

fn add_capability(container: &mut Value, name: &str) {
    let place = ["securityContext", "capabilities", "add"];
    let mut all = container.at(&place).as_list().to_vec();
    all.push(name.into());
    container.set(&place, all);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_profile_has_its_own_security_context() {
        let general = r#"{"capabilities":{"add":["SYS_PTRACE"]}}"#;
        let restricted = r#"{"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"]},"runAsNonRoot":true,
            "seccompProfile":{"type":"RuntimeDefault"}}"#;
        let net = r#"{"capabilities":{"add":["NET_ADMIN","NET_RAW"]}}"#;
        for (name, style, expect) in [
            ("legacy", Style::Ephemeral, "null"),
            ("general", Style::Ephemeral, general),
            ("general", Style::Copy, general),
            ("general", Style::Node, "null"),
            ("baseline", Style::Ephemeral, "null"),
            ("restricted", Style::Node, restricted),
            ("netadmin", Style::Ephemeral, net),
            ("netadmin", Style::Node, net),
            ("sysadmin", Style::Copy, r#"{"privileged":true}"#),
        ] {
            let mut container = Value::map();
            Profile::parse(name).expect(name).secure(style, &mut container);
            let expect = api::text::json::read(expect).unwrap();
            assert_eq!(container.get("securityContext"), &expect, "{name} {style:?}");
        }
        assert_eq!(Profile::parse("nope"), None);
    }

    #[test]
    fn what_a_container_may_do_already_it_still_may() {
        let mut container = Value::map();
        add_capability(&mut container, "CHOWN");
        Profile::General.secure(Style::Copy, &mut container);
        let expect = [Value::from("CHOWN"), "SYS_PTRACE".into()];
        assert_eq!(container.at(&["securityContext", "capabilities", "add"]).as_list(), expect);
    }
}
