//! Managed fields against recorded watches: every write is replayed, and the entries it left are compared
//! (`ORDINAL_REFERENCE`).

mod reference;

use ordered::OrderedMap;

use api::conform::reference_text;
use api::managed::{self, Entry, Operation};
use api::{Value, schema, strict};
use reference::Score;

const WATCHES: [&str; 12] = [
    "controllerrevisions",
    "deployments",
    "endpoints",
    "endpointslices",
    "events",
    "persistentvolumeclaims",
    "persistentvolumes",
    "poddisruptionbudgets",
    "pods",
    "replicasets",
    "services",
    "statefulsets",
];

/// What admission and allocators add to a new object: nobody owns it.
const ADDED_LATER: [&str; 14] = [
    ".spec.clusterIP",
    ".spec.clusterIPs",
    ".spec.ipFamilies",
    ".spec.ipFamilyPolicy",
    ".spec.priority",
    ".spec.preemptionPolicy",
    ".spec.serviceAccount",
    ".spec.serviceAccountName",
    ".spec.tolerations",
    ".spec.storageClassName",
    ".metadata.finalizers",
    ".spec.volumes",
    ".spec.containers[name=\"",
    ".metadata.labels",
];

fn entries(object: &Value) -> Vec<Entry> {
    let recorded = object.at(&["metadata", "managedFields"]);
    recorded.as_list().iter().map(|entry| Entry::from_value(entry).expect("a recorded entry is well formed")).collect()
}

/// The object as its writer's version shows it; entries own no entries.
fn seen_by(entry: &Entry, object: &Value) -> Value {
    let event = entry.writer.api_version == "events.k8s.io/v1";
    let mut object = if event { managed::to_events_v1(object) } else { object.clone() };
    object.remove(&["metadata", "managedFields"]);
    object
}

/// Who made a write: the entry that is new or has a new time, or else the one that has more fields than before.
fn writer_of<'e>(before: &[Entry], after: &'e [Entry]) -> Option<&'e Entry> {
    let old = |entry: &Entry| {
        before.iter().find(|old| old.writer == entry.writer && old.operation == entry.operation).cloned()
    };
    let changed_time = after.iter().find(|entry| old(entry).is_none_or(|old| old.time != entry.time));
    let grown =
        || after.iter().find(|entry| old(entry).is_some_and(|old| !entry.fields.difference(&old.fields).is_empty()));
    changed_time.or_else(grown)
}

fn describe(entries: &[Entry]) -> String {
    let line = |entry: &Entry| {
        format!("{} {} {}", entry.writer.manager, entry.time.to_rfc3339(), entry.fields.paths().join(" "))
    };
    entries.iter().map(line).collect::<Vec<_>>().join("\n    ")
}

#[test]
fn writes_leave_the_entries_that_the_server_leaves() {
    let (mut creates, mut updates) = (Score::new("managed fields: creates"), Score::new("managed fields: updates"));
    for resource in WATCHES {
        let Some(text) = reference_text(&format!("watches/{resource}.watch.jsonl")) else { return };
        let mut last: OrderedMap<String, Value> = OrderedMap::new();
        for line in text.lines() {
            let event: Value = serde_json::from_str::<Value>(line).unwrap().get("e").clone();
            let object = event.get("object").clone();
            let uid = object.at(&["metadata", "uid"]).text().to_owned();
            match last.insert(uid, object.clone()) {
                None if event.get("type").text() == "ADDED" => check_create(&mut creates, &object),
                Some(old) if event.get("type").text() == "MODIFIED" => check_update(&mut updates, &old, &object),
                Some(_) | None => {}
            }
        }
    }
    creates.at_least(95);
    updates.at_least(95);
}

fn check_create(score: &mut Score, object: &Value) {
    let kind = object.get("kind").text();
    let expect = entries(object);
    let [entry] = expect.as_slice() else { return };
    let type_ = schema::type_of(&entry.writer.api_version, kind).expect("the kind is served");
    let created = managed::changed_fields(type_, &strict::zero_object(type_), &seen_by(entry, object));
    let created = created.without(&managed::reset_fields(kind, &entry.writer.subresource));
    let got = managed::update(&created, &[], &entry.writer, entry.time);
    let extra = got.first().map(|got| got.fields.difference(&entry.fields).paths()).unwrap_or_default();
    let missing = got.first().map(|got| entry.fields.difference(&got.fields).paths()).unwrap_or_default();
    let fine = got.len() == 1
        && missing.is_empty()
        && extra.iter().all(|path| ADDED_LATER.iter().any(|added| path.starts_with(added)));
    score.add(fine, || format!("{kind} {:?}: extra {extra:?}, missing {missing:?}", object.at(&["metadata", "name"])));
}

fn check_update(score: &mut Score, old: &Value, new: &Value) {
    let kind = new.get("kind").text();
    let (before, expect) = (entries(old), entries(new));
    if before == expect {
        return;
    }
    let Some(writer) = writer_of(&before, &expect) else { return };
    assert_eq!(writer.operation, Operation::Update);
    let type_ = schema::type_of(&writer.writer.api_version, kind).expect("the kind is served");
    let changed = managed::changed_fields(type_, &seen_by(writer, old), &seen_by(writer, new));
    let changed = changed.without(&managed::reset_fields(kind, &writer.writer.subresource));
    let got = managed::update(&changed, &before, &writer.writer, writer.time);
    score.add(got == expect, || {
        let name = new.at(&["metadata", "name"]).text();
        format!("{kind} {name}:\n    {}\n  not\n    {}", describe(&got), describe(&expect))
    });
}
