//! Every write of a real cluster, object by object: what watches with `-o json` saw there while sets were applied, scaled, rolled, drained
//! and deleted, and what they see here. Managed fields count, resource versions do not.
//!
//! The recording lies in the reference folder; its nodes and its provisioner were a script, whose own marks [`SCRIPTED`] takes out.

use crate::neutral::Neutral;
use crate::program::{Program, Spawned};
use crate::recording::lay_out;
use ordered::{Arrange, OrderedMap};
use regex::Regex;
use serde_json::{Deserializer, Value};
use std::path::{Path, PathBuf};

/// Virtual second at which the first action is done; the watches start one before.
const BEGIN: f64 = 30.0;

/// Each resource with the hundredths of its recorded states that must be met.
const FLOORS: [(&str, usize); 12] = [
    ("controllerrevisions", 100),
    ("deployments", 100),
    ("endpoints", 80),
    ("endpointslices", 68),
    ("events", 69),
    ("persistentvolumeclaims", 100),
    ("persistentvolumes", 100),
    ("poddisruptionbudgets", 43),
    ("pods", 96),
    ("replicasets", 100),
    ("services", 100),
    ("statefulsets", 100),
];

/// What the recording's script called itself, and names that are random in a way that `neutral.json` does not know.
const SCRIPTED: [(&str, &str); 6] = [
    (r"example\.com/fake", "k8s.io/minikube-hostpath"),
    (r"k8s\.io/minikube-hostpath_[^ ]*", "PROVISIONER"),
    ("csi-provisioner", "hostpath-provisioner"),
    ("default-scheduler-vm", "default-scheduler-minikube"),
    (r"\.18[0-9a-f]{14}\b|sha256:[0-9a-f]+|containerd://[0-9a-f]+|Image size: \d+", "RANDOM"),
    (r"\b(nginx|zk-hs|zk-cs)-[a-z0-9]{5}\b", "$1-RND"),
];

struct Reader {
    neutral: Neutral,
    scripted: Vec<(Regex, &'static str)>,
}

/// Per object, its states in their order: the kind of change, and the object.
type States = OrderedMap<String, Vec<String>>;

impl Reader {
    fn new() -> Reader {
        let scripted = SCRIPTED.iter().map(|(pattern, to)| (Regex::new(pattern).unwrap(), *to));
        Reader { neutral: Neutral::read(), scripted: scripted.collect() }
    }

    fn neutral(&self, text: &str) -> String {
        let text =
            self.scripted.iter().fold(text.to_owned(), |text, (pattern, to)| pattern.replace_all(&text, *to).into());
        self.neutral.lines(&text, "").join("\n")
    }

    fn states(&self, events: impl Iterator<Item = Value>) -> States {
        let mut states = States::default();
        for mut event in events {
            let name = self.name(&event["object"]);
            level(&mut event);
            let state = self.neutral(&serde_json::to_string(&event).unwrap());
            states.entry(name).or_default().push(state);
        }
        states
    }

    /// What tells an object from others in both runs.
    fn name(&self, object: &Value) -> String {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let name = match object["kind"].as_str() {
            Some("Event") => {
                let about = &object["involvedObject"];
                format!("{} {} {}", text(&about["name"]), text(&object["reason"]), text(&object["message"]))
            }
            Some("PersistentVolume") => text(&object["spec"]["claimRef"]["name"]),
            _ => text(&object["metadata"]["name"]),
        };
        self.neutral(&name)
    }
}

/// Takes out what no two runs share: resource versions, the order of entries of one second, a distributor's volume.
fn level(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove("resourceVersion");
            if let Some(Value::Array(sources)) = fields.get_mut("sources") {
                sources.retain(|source| !source.to_string().contains("openshift"));
            }
            if let Some(Value::Array(entries)) = fields.get_mut("managedFields") {
                let key =
                    |entry: &Value| format!("{} {} {}", entry["manager"], entry["subresource"], entry["operation"]);
                entries.arrange_by_key(key);
            }
            fields.values_mut().for_each(level);
        }
        Value::Array(items) => items.iter_mut().for_each(level),
        _ => {}
    }
}

/// The actions: seconds after the first one, and the command.
fn actions(folder: &Path) -> Vec<(f64, String)> {
    let text = std::fs::read_to_string(folder.join("watches/actions.txt")).unwrap();
    let typed = text.lines().filter_map(|line| {
        let (time, command) = line.split_once(" $ ")?;
        Some((time.parse().ok()?, command.to_owned()))
    });
    let typed: Vec<(f64, String)> = typed.collect();
    let first = typed.first().expect("the recording has actions").0;
    typed.into_iter().map(|(time, command)| (time - first, command)).collect()
}

/// Does all actions here, and answers what the watch of each resource saw.
fn seen_here(folder: &Path) -> Vec<Vec<Value>> {
    let directory = lay_out(&folder.join("manifests"), "objects");
    let mut program = Spawned::start(&directory);
    let watches: Vec<u64> = FLOORS
        .iter()
        .map(|(resource, _)| {
            let watch = format!("kubectl get {resource} -A -w -o json --output-watch-events --show-managed-fields");
            program.start(&watch, BEGIN - 1.0).expect("a watch starts")
        })
        .collect();
    for (after, command) in actions(folder) {
        program.run(&command, None, BEGIN + after).expect("an answer");
    }
    program.run("sleep 5", None, BEGIN);
    let seen = watches.into_iter().map(|watch| {
        let lines = program.stop(watch).expect("what the watch saw").join("\n");
        Deserializer::from_str(&lines).into_iter().map(Result::unwrap).collect()
    });
    seen.collect()
}

#[test]
fn objects_go_through_the_states_that_they_went_through_in_a_real_cluster() {
    let Some(folder) = std::env::var_os("ORDINAL_REFERENCE").map(PathBuf::from) else {
        eprintln!("SKIPPED: ORDINAL_REFERENCE does not name the reference folder");
        return;
    };
    let reader = Reader::new();
    let mut complaints = Vec::new();
    for ((resource, floor), here) in FLOORS.iter().zip(seen_here(&folder)) {
        let text = std::fs::read_to_string(folder.join(format!("watches/{resource}.watch.jsonl"))).unwrap();
        let recorded = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["e"].take());
        let (recorded, here) = (reader.states(recorded), reader.states(here.into_iter()));
        let (mut same, mut total) = (0, 0);
        for (name, states) in &recorded {
            let met = here.get(name).map_or(&[][..], Vec::as_slice);
            total += states.len();
            same += states.iter().zip(met).filter(|(state, met)| state == met).count();
        }
        println!("{resource}: {same} of {total} states");
        if same * 100 < total * floor {
            complaints.push(format!("{resource}: {same} of {total} states, fewer than {floor} %"));
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}
