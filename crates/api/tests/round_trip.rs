//! Objects survive decoding and encoding: typed fields, the generic tail, and the folded service account volume.

use api::{Kind, Object, Value};

fn read(json: &str) -> Value {
    serde_json::from_str(json).expect("test data is JSON")
}

fn check(kind: Kind, json: &str) {
    let value = read(json);
    let object = Object::decode(kind, value.clone());
    assert_eq!(object.encode_body(), value);
}

#[test]
fn fields_that_no_component_reads_are_kept() {
    check(
        Kind::Pod,
        r#"{"metadata":{"name":"a","namespace":"default","selfLink":"x"},
            "spec":{"containers":[{"name":"c","image":"i","resources":{"claims":[{"name":"r"}]},"terminationMessagePath":"/x"}],
                    "restartPolicy":"Never","hostAliases":[{"ip":"1.2.3.4","hostnames":["h"]}]},"status":{}}"#,
    );
}

#[test]
fn the_service_accounts_volume_is_folded_and_unfolded() {
    let json = r#"{"metadata":{"name":"a","namespace":"default"},
        "spec":{"containers":[{"name":"c","image":"i","resources":{},
            "volumeMounts":[{"mountPath":"/data","name":"d"},
                {"mountPath":"/var/run/secrets/kubernetes.io/serviceaccount","name":"kube-api-access-rl2df","readOnly":true}]}],
            "restartPolicy":"Always",
            "volumes":[{"name":"d","emptyDir":{}},{"name":"kube-api-access-rl2df","projected":{"defaultMode":420,"sources":[
                {"serviceAccountToken":{"expirationSeconds":3607,"path":"token"}},
                {"configMap":{"items":[{"key":"ca.crt","path":"ca.crt"}],"name":"kube-root-ca.crt"}},
                {"downwardAPI":{"items":[{"fieldRef":{"apiVersion":"v1","fieldPath":"metadata.namespace"},"path":"namespace"}]}}]}}]},"status":{}}"#;
    check(Kind::Pod, json);
    let Object::Pod(pod) = Object::decode(Kind::Pod, read(json)) else { panic!("a pod") };
    assert_eq!(pod.spec.api_access, "rl2df");
    assert_eq!((pod.spec.volumes.len(), pod.spec.containers[0].volume_mounts.len()), (1, 1));
}
