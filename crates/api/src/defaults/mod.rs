//! Defaulting: what the API server fills in before it stores an object.
//!
//! Works on the normal form that [`crate::strict`] gives. Fills in only what is absent; judges nothing; allocates
//! nothing (cluster addresses, node ports) and knows no other object (storage classes, priority classes, service
//! accounts): those are the registry's and admission's.
//!
//! Models: kubernetes v1.36 pkg/apis/{apps,autoscaling,batch,core,discovery,networking,rbac,scheduling,storage}/*/defaults.go, and two
//! conversions that look like defaults: a secret's `stringData` and the type of a claim template.

mod core;
mod pod;
mod workloads;

pub use pod::{pod_only, pod_template};

use crate::value::{Map, Str, Value};

/// Fills in the defaults of an object of this kind; of pods, those of their own ([`pod_only`]) too.
pub fn apply(kind: &str, object: &mut Value) {
    crate::reached!("api::defaults::apply");
    let Some(object) = object.as_map_mut() else { return };
    match kind {
        "Pod" => pod::pod(object),
        "Service" => core::service(object),
        "Endpoints" => core::endpoints(object),
        "EndpointSlice" => core::endpoint_slice(object),
        "Secret" => core::secret(object),
        "Namespace" => core::namespace(object),
        "Node" => core::node(object),
        "PersistentVolume" => core::persistent_volume(object),
        "PersistentVolumeClaim" => core::persistent_volume_claim(object),
        "LimitRange" => core::limit_range(object),
        "StorageClass" => core::storage_class(object),
        "PriorityClass" => default(object, "preemptionPolicy", "PreemptLowerPriority"),
        "StatefulSet" => workloads::stateful_set(object),
        "Deployment" => workloads::deployment(object),
        "ReplicaSet" => workloads::replica_set(object),
        "PodTemplate" => pod::template(object),
        "ReplicationController" => workloads::replication_controller(object),
        "DaemonSet" => workloads::daemon_set(object),
        "Job" => workloads::job(object),
        "CronJob" => workloads::cron_job(object),
        "RoleBinding" | "ClusterRoleBinding" => core::role_binding(object),
        "NetworkPolicy" => core::network_policy(object),
        "IngressClass" => core::ingress_class(object),
        "ResourceQuota" => core::resource_quota(object),
        "HorizontalPodAutoscaler" => workloads::horizontal_pod_autoscaler(object),
        _ => {}
    }
}

/// Takes out the fields of features that are off by default, unless the stored object already uses them: the server
/// drops them without a word.
pub fn drop_disabled(kind: &str, object: &mut Value, old: Option<&Value>) {
    const MAX_UNAVAILABLE: [&str; 4] = ["spec", "updateStrategy", "rollingUpdate", "maxUnavailable"];
    if kind == "StatefulSet" && old.is_none_or(|old| old.at(&MAX_UNAVAILABLE).is_null()) {
        object.remove(&MAX_UNAVAILABLE);
    }
}

/// Sets a field that is absent, null or an empty text.
fn default(map: &mut Map, key: &str, value: impl Into<Value>) {
    let slot = map.entry(Str::from(key)).or_default();
    if matches!(slot, Value::Null) || matches!(slot, Value::Str(text) if text.is_empty()) {
        *slot = value.into();
    }
}

/// Sets a field that is absent or null: one that Go keeps behind a pointer, whose empty text counts.
fn default_pointer(map: &mut Map, key: &str, value: impl Into<Value>) {
    let slot = map.entry(Str::from(key)).or_default();
    if slot.is_null() {
        *slot = value.into();
    }
}

/// Sets a number that is absent, null or zero.
fn default_number(map: &mut Map, key: &str, value: i64) {
    let slot = map.entry(Str::from(key)).or_default();
    if matches!(slot, Value::Null | Value::Int(0)) {
        *slot = Value::Int(value);
    }
}

fn child<'m>(map: &'m mut Map, key: &str) -> Option<&'m mut Map> {
    map.get_mut(key)?.as_map_mut()
}

/// The object at `key`, made if it is absent. `None` if something else stands there.
fn ensure<'m>(map: &'m mut Map, key: &str) -> Option<&'m mut Map> {
    let slot = map.entry(Str::from(key)).or_default();
    if slot.is_null() {
        *slot = Value::map();
    }
    slot.as_map_mut()
}

fn each(map: &mut Map, key: &str, mut change: impl FnMut(&mut Map)) {
    if let Some(Value::List(list)) = map.get_mut(key) {
        list.iter_mut().filter_map(Value::as_map_mut).for_each(&mut change);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: &str, before: &str, expect: &str) {
        let value = |text: &str| -> Value { serde_json::from_str(text).unwrap() };
        let mut object = value(before);
        apply(kind, &mut object);
        assert_eq!(object, value(expect), "{kind} {before}");
    }

    #[test]
    fn a_rolling_update_without_parameters_stays_without() {
        let strategy = |before: &str| {
            let mut object = serde_json::from_str(&format!(r#"{{"spec":{{"updateStrategy":{before}}}}}"#)).unwrap();
            apply("StatefulSet", &mut object);
            object.at(&["spec", "updateStrategy"]).clone()
        };
        let value = |text: &str| -> Value { serde_json::from_str(text).unwrap() };
        assert_eq!(strategy("{}"), value(r#"{"type":"RollingUpdate","rollingUpdate":{"partition":0}}"#));
        assert_eq!(strategy(r#"{"type":"RollingUpdate"}"#), value(r#"{"type":"RollingUpdate"}"#));
        assert_eq!(strategy(r#"{"type":"OnDelete"}"#), value(r#"{"type":"OnDelete"}"#));
        assert_eq!(
            strategy(r#"{"type":"RollingUpdate","rollingUpdate":{}}"#),
            value(r#"{"type":"RollingUpdate","rollingUpdate":{"partition":0}}"#)
        );
    }

    #[test]
    fn a_load_balancer_gets_what_its_type_has() {
        check(
            "Service",
            r#"{"spec":{"type":"LoadBalancer","ports":[{"port":80,"targetPort":0}]}}"#,
            r#"{"spec":{"type":"LoadBalancer","ports":[{"port":80,"protocol":"TCP","targetPort":80}],
                "sessionAffinity":"None","internalTrafficPolicy":"Cluster","externalTrafficPolicy":"Cluster",
                "allocateLoadBalancerNodePorts":true}}"#,
        );
        check(
            "Service",
            r#"{"spec":{"type":"ExternalName","externalName":"x"}}"#,
            r#"{"spec":{"type":"ExternalName","externalName":"x","sessionAffinity":"None"}}"#,
        );
    }

    #[test]
    fn string_data_becomes_data() {
        check(
            "Secret",
            r#"{"data":{"a":"eA=="},"stringData":{"b":"pass","a":"yz"}}"#,
            r#"{"type":"Opaque","data":{"a":"eXo=","b":"cGFzcw=="}}"#,
        );
    }

    #[test]
    fn features_that_are_off_lose_their_fields_unless_in_use() {
        let with = || -> Value {
            serde_json::from_str(r#"{"spec":{"updateStrategy":{"rollingUpdate":{"maxUnavailable":2}}}}"#).unwrap()
        };
        let mut object = with();
        drop_disabled("StatefulSet", &mut object, Some(&with()));
        assert_eq!(object, with());
        drop_disabled("StatefulSet", &mut object, None);
        assert_ne!(object, with());
    }
}
