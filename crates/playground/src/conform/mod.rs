//! All suites of `ordinal conform`: each crate's own, gathered, and those whose rows are whole commands of `kubectl`,
//! typed here into the shell of a new cluster without nodes.

mod kubectl_cmdutil;
mod kubectl_drain;
mod kubectl_label;
mod kubectl_taint;
mod kubectl_wait;

pub use api::conform::{Suite, answer};

use api::Value;
use api::text::json;
use sim::Time;

use crate::{Desk, Options, Said};

/// The suites of this crate.
const SUITES: &[Suite] = &[
    kubectl_label::SUITE,
    kubectl_taint::SUITE,
    kubectl_wait::SUITE,
    kubectl_cmdutil::SUITE,
    kubectl_drain::SUITE,
    kubectl_drain::PACKAGE_SUITE,
];

/// Every suite, in the order of the crates and then of their lists.
pub fn suites() -> impl Iterator<Item = &'static Suite> {
    let crates = [
        api::conform::SUITES,
        kube_apiserver::conform::SUITES,
        kube_controller_manager::conform::SUITES,
        kube_scheduler::conform::SUITES,
        kubelet::conform::SUITES,
        kubectl::conform::SUITES,
        SUITES,
    ];
    crates.into_iter().flatten()
}

/// The shell of a new cluster without nodes, with these files in its home directory.
fn desk(files: &[(&str, String)]) -> Result<Desk, String> {
    let timing = cluster::timing::named(cluster::timing::DEFAULT).map_err(|error| error.to_string())?;
    let cluster = cluster::Options { nodes: 0, seed: 1, timing, start: Time::HEADLESS_START };
    let files = files.iter().map(|(name, text)| ((*name).to_owned(), text.clone().into_bytes())).collect();
    Ok(Desk::new(&Options { cluster, files, has_editor: false }))
}

/// A cluster in which an object stands, written as JSON.
fn desk_with(object: &Value) -> Result<Desk, String> {
    let mut desk = desk(&[("object.json", json::write_compact(object))])?;
    let said = desk.run("kubectl create -f object.json");
    if said.rc == 0 { Ok(desk) } else { Err(format!("the server does not take the row's object: {}", said.stderr)) }
}

/// A ConfigMap `foo` with these labels.
fn config_map(labels: &Value) -> Value {
    let mut object = Value::map();
    object.set(&["apiVersion"], "v1");
    object.set(&["kind"], "ConfigMap");
    object.set(&["metadata", "name"], "foo");
    if labels.as_map().is_some_and(|labels| !labels.is_empty()) {
        object.set(&["metadata", "labels"], labels.clone());
    }
    object
}

/// Words of a command line, each in quotes.
fn quoted<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words.into_iter().map(|word| format!("'{}'", word.replace('\'', "'\\''"))).collect::<Vec<_>>().join(" ")
}

/// What is wrong, in kubectl's words; nothing if nothing is.
fn refusal(said: &Said) -> Value {
    if said.rc == 0 { Value::Null } else { api::conform::error(said.stderr.trim_end()) }
}

/// An error that holds these words; nothing for no words.
fn expected_refusal(words: &str) -> Value {
    if words.is_empty() {
        return Value::Null;
    }
    api::conform::object([("$error", api::conform::object([("$contains", words.into())]))])
}
