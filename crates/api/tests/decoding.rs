//! Strict decoding and defaulting against what the real functions answered (`ORDINAL_REFERENCE`).

mod reference;

use api::conform::{read_reference, reference_text};
use api::strict::{self, Words};
use api::{Value, defaults, schema};
use reference::{Score, difference};

#[test]
fn decoding_refuses_in_the_words_of_the_server() {
    let Some(document) = read_reference("oracle/validation.json") else { return };
    let mut score = Score::new("strict decoding");
    for row in document.as_list() {
        let (object, expect) = (row.get("object"), row.get("expect"));
        let kind = row.get("kind").text();
        let type_ = schema::type_of(object.get("apiVersion").text(), kind).unwrap();
        let got = strict::decode(type_, object, Words::Json).and_then(strict::Decoded::strict);
        let text = got.as_ref().err().map(|error| {
            let version = object.get("apiVersion").text().rsplit('/').next().unwrap_or_default();
            format!("{kind} in version {version:?} cannot be handled as a {kind}: {error}")
        });
        let refused = expect.get("stage").text() == "decode";
        let expect = refused.then(|| expect.get("message").text().to_owned());
        score.add(text == expect, || format!("{:?}: got {text:?}\n  not {expect:?}", row.get("id")));
    }
    score.at_least(95);
}

/// What the server's strategies and allocators add after defaulting.
const NOT_DEFAULTS: [&[&str]; 6] = [
    &["metadata", "generation"],
    &["status"],
    &["spec", "clusterIP"],
    &["spec", "clusterIPs"],
    &["spec", "ipFamilies"],
    &["spec", "ipFamilyPolicy"],
];

fn decoded_and_defaulted(kind: &str, object: &Value) -> Result<Value, strict::DecodeError> {
    let type_ = schema::type_of(object.get("apiVersion").text(), kind).expect("the kind is served");
    let mut value = strict::decode(type_, object, Words::Json)?.strict()?;
    defaults::apply(kind, &mut value);
    Ok(value)
}

#[test]
fn accepted_objects_get_the_defaults_of_the_server() {
    let Some(document) = read_reference("oracle/validation.json") else { return };
    let mut score = Score::new("defaults of accepted objects");
    for row in document.as_list().iter().filter(|row| row.get("mode").text() == "create") {
        let mut expect = row.at(&["expect", "result"]).clone();
        if expect.is_null() {
            continue;
        }
        let mut got = decoded_and_defaulted(row.get("kind").text(), row.get("object")).unwrap();
        defaults::drop_disabled(row.get("kind").text(), &mut got, None);
        for path in NOT_DEFAULTS {
            got.remove(path);
            expect.remove(path);
        }
        score.add(got == expect, || format!("{:?}: {}", row.get("id"), difference(&got, &expect)));
    }
    score.at_least(95);
}

#[test]
fn applied_objects_get_the_defaults_of_the_server() {
    let Some(document) = read_reference("oracle/apply.json") else { return };
    let mut score = Score::new("defaults after apply");
    for row in document.as_list() {
        let expect = row.at(&["expect", "resultDefaulted"]);
        if expect.is_null() {
            continue;
        }
        let got = decoded_and_defaulted(row.get("kind").text(), row.at(&["expect", "result"]));
        let miss = || format!("{:?}: {}", row.get("id"), difference(&got.clone().unwrap_or_default(), expect));
        score.add(got.as_ref() == Ok(expect), miss);
    }
    score.at_least(95);
}

/// Lists that the server printed, with the version and kind of their elements.
const LISTS: [(&str, &str, &str); 17] = [
    ("configmaps", "v1", "ConfigMap"),
    ("controllerrevisions", "apps/v1", "ControllerRevision"),
    ("deployments", "apps/v1", "Deployment"),
    ("endpoints", "v1", "Endpoints"),
    ("endpointslices", "discovery.k8s.io/v1", "EndpointSlice"),
    ("namespaces", "v1", "Namespace"),
    ("nodes", "v1", "Node"),
    ("persistentvolumeclaims", "v1", "PersistentVolumeClaim"),
    ("persistentvolumes", "v1", "PersistentVolume"),
    ("poddisruptionbudgets", "policy/v1", "PodDisruptionBudget"),
    ("pods", "v1", "Pod"),
    ("priorityclasses", "scheduling.k8s.io/v1", "PriorityClass"),
    ("replicasets", "apps/v1", "ReplicaSet"),
    ("serviceaccounts", "v1", "ServiceAccount"),
    ("services", "v1", "Service"),
    ("statefulsets", "apps/v1", "StatefulSet"),
    ("storageclasses", "storage.k8s.io/v1", "StorageClass"),
];

#[test]
fn what_the_server_printed_is_decoded_and_defaulted_to_itself() {
    let mut score = Score::new("stored objects");
    for (resource, api_version, kind) in LISTS {
        let Some(list) = read_reference(&format!("api/lists/list_{resource}.json")) else { return };
        for item in list.get("items").as_list() {
            let mut item = item.clone();
            item.set(&["apiVersion"], api_version);
            item.set(&["kind"], kind);
            check_stored(&mut score, kind, &item);
        }
    }
    for resource in ["events", "pods", "statefulsets", "persistentvolumes", "persistentvolumeclaims", "deployments"] {
        let Some(text) = reference_text(&format!("watches/{resource}.watch.jsonl")) else { return };
        for line in text.lines() {
            let object = serde_json::from_str::<Value>(line).unwrap().at(&["e", "object"]).clone();
            check_stored(&mut score, object.get("kind").text(), &object);
        }
    }
    score.at_least(100);
}

fn check_stored(score: &mut Score, kind: &str, object: &Value) {
    let got = decoded_and_defaulted(kind, object);
    let name = object.at(&["metadata", "name"]).text();
    let miss = || match &got {
        Ok(got) => format!("{kind} {name}: {}", difference(got, object)),
        Err(error) => format!("{kind} {name}: {error}"),
    };
    score.add(got.as_ref() == Ok(object), miss);
}
