//! `apps_validation`: workloads judged. The tables say whether, or how often, there is something wrong, and not what.

use api::conform::{Case, Suite};
use api::{Kind, Value, defaults};
use ordered::OrderedSet;

use super::internal::to_json;
use crate::registry::validation::{validate_create, validate_update};

pub(super) const SUITE: Suite = Suite {
    name: "apps_validation",
    run,
    expect,
    functions: &[
        "kube_apiserver::registry::validation::validate_create",
        "kube_apiserver::registry::validation::validate_update",
    ],
};

fn run(case: &Case<'_>) -> Result<Value, String> {
    match case.test {
        "TestValidateStatefulSetMinReadySeconds" => {
            let set = whole(Kind::StatefulSet, &to_json(case.get("ss")));
            Ok((!validate_create(Kind::StatefulSet, &set).is_empty()).into())
        }
        "TestDaemonSetUpdateMaxSurge" => {
            let ds = case.get("ds");
            let mut spec = Value::map();
            spec.set(&["selector", "matchLabels", "a"], "b");
            spec.set(&["template", "metadata", "labels", "a"], "b");
            let mut container = Value::map();
            container.set(&["name"], "c");
            container.set(&["image"], "i");
            spec.set(&["template", "spec", "containers"], vec![container]);
            spec.set(&["updateStrategy", "type"], "RollingUpdate");
            spec.set(&["updateStrategy", "rollingUpdate"], to_json(ds));
            Ok((!validate_create(Kind::DaemonSet, &whole(Kind::DaemonSet, &spec)).is_empty()).into())
        }
        "TestValidateDeploymentUpdate" => {
            let object = |field| {
                let mut object = to_json(case.get(field));
                defaults::apply(Kind::Deployment.name(), &mut object);
                // The table gives the new object the version that an update needs.
                object.set(&["metadata", "resourceVersion"], "1");
                object
            };
            let errors = validate_update(Kind::Deployment, &object("update"), &object("old"));
            // The server looks at metadata twice and says a fault once.
            let texts: OrderedSet<String> = errors.iter().map(ToString::to_string).collect();
            Ok((texts.len() as i64).into())
        }
        "TestValidateStatefulSetStatus" | "TestValidateDeploymentStatus" | "TestValidateReplicaSetStatus" => {
            Err("statuses are written by components alone and are not judged".into())
        }
        _ => case.unknown(),
    }
}

fn expect(case: &Case<'_>) -> Value {
    match case.test {
        "TestValidateDeploymentUpdate" => case.get("expectedErrNum").clone(),
        _ => (case.flag("expectErr") || case.flag("expectError")).into(),
    }
}

/// A whole object with this spec, defaulted.
fn whole(kind: Kind, spec: &Value) -> Value {
    let mut object = Value::map();
    object.set(&["apiVersion"], kind.api_version());
    object.set(&["kind"], kind.name());
    object.set(&["metadata", "name"], "abc");
    object.set(&["metadata", "namespace"], "default");
    object.set(&["spec"], spec.clone());
    defaults::apply(kind.name(), &mut object);
    object
}
