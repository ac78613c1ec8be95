//! `kubectl_taint`: taints read, put together with those that are there, and set on a node.

use api::codec::Codec;
use api::conform::{Case, Suite, any_error, object};
use api::core::node::Taint;
use api::text::json;
use api::{Str, Value};
use kubectl::cmd::taint::Change;
use ordered::Arrange;

use super::{desk_with, quoted, refusal};

pub(super) const SUITE: Suite = Suite {
    name: "kubectl_taint",
    run,
    expect,
    functions: &[
        "kubectl::cmd::taint::Change::parse",
        "kubectl::cmd::taint::Change::refuse_existing",
        "kubectl::cmd::taint::Change::applied",
    ],
};

fn run(case: &Case<'_>) -> Result<Value, String> {
    Ok(match case.test {
        "TestTaint" => {
            let mut desk = desk_with(&node(case.get("oldTaints")))?;
            let said =
                desk.run(&format!("kubectl taint {}", quoted(case.get("args").as_list().iter().map(Value::text))));
            if said.rc != 0 {
                return Ok(refusal(&said));
            }
            let shown = json::read(&desk.run("kubectl get node node-name -o json").stdout).unwrap_or_default();
            sorted(shown.at(&["spec", "taints"]))
        }
        "TestValidateFlags" => {
            let options = case.get("taintOpts");
            let mut words = vec!["kubectl taint node".to_owned()];
            words.extend(options.get("resources").as_list().iter().skip(1).map(|name| name.text().to_owned()));
            words.push("a=b:NoSchedule".to_owned());
            let selector = options.get("selector").text();
            words.extend((!selector.is_empty()).then(|| format!("-l {selector}")));
            words.extend((options.get("all").as_bool() == Some(true)).then(|| "--all".to_owned()));
            let mut labelled = node(&Value::Null);
            labelled.set(&["metadata", "labels", "myLabel"], "X");
            refusal(&desk_with(&labelled)?.run(&words.join(" ")))
        }
        "TestParseTaints" => {
            let words: Vec<Str> = case.get("spec").as_list().iter().map(|word| word.text().into()).collect();
            match Change::parse(&words) {
                Ok(change) => object([("add", listed(&change.add)), ("remove", listed(&change.remove))]),
                Err(message) => api::conform::error(message),
            }
        }
        "TestCheckIfTaintsAlreadyExists" => {
            let change = Change { add: taints(case.get("taintsToCheck")), remove: Vec::new() };
            // The table's node, which stands in none of its rows.
            let there = ["foo_1 NoSchedule", "foo_2 NoSchedule", "foo_3 NoSchedule"].map(taint);
            match change.refuse_existing("node", &there) {
                Ok(()) => Value::Null,
                Err(failure) => failure.message().into(),
            }
        }
        "TestDeleteTaint" => removed(case, Taint::decode(case.get("taintToDelete").clone())),
        "TestDeleteTaintByKey" => removed(case, Taint { key: case.text("taintKey").into(), ..Taint::default() }),
        "TestReorganizeTaints" => {
            let change = Change { add: taints(case.get("taintsToAdd")), remove: taints(case.get("taintsToDelete")) };
            let mut there = taint("foo NoSchedule");
            there.value = "bar".into();
            match change.applied(&[there], case.flag("overwrite")) {
                Ok((operation, taints)) => object([("operation", operation.into()), ("taints", listed(&taints))]),
                Err(failure) => api::conform::error(failure.message()),
            }
        }
        _ => return case.unknown(),
    })
}

fn expect(case: &Case<'_>) -> Value {
    match case.test {
        "TestTaint" if !case.flag("expectFatal") => sorted(case.get("newTaints")),
        "TestParseTaints" if !case.flag("expectedErr") => object([
            ("add", listed(&taints(case.get("expectedTaints")))),
            ("remove", listed(&taints(case.get("expectedTaintsToRemove")))),
        ]),
        "TestCheckIfTaintsAlreadyExists" if !case.text("expectedResult").is_empty() => {
            let keys = case.text("expectedResult");
            format!("node node already has {keys} taint(s) with same effect(s) and --overwrite is false").into()
        }
        "TestDeleteTaint" | "TestDeleteTaintByKey" if case.flag("expectedResult") => {
            listed(&taints(case.get("expectedTaints")))
        }
        "TestDeleteTaint" | "TestDeleteTaintByKey" => any_error(),
        "TestReorganizeTaints" if !case.flag("expectedErr") => object([
            ("operation", case.get("expectedOperation").clone()),
            ("taints", listed(&taints(case.get("expectedTaints")))),
        ]),
        _ if case.flag("expectFatal") || case.flag("expectedErr") => any_error(),
        _ => Value::Null,
    }
}

fn node(taints: &Value) -> Value {
    let mut node = Value::map();
    node.set(&["apiVersion"], "v1");
    node.set(&["kind"], "Node");
    node.set(&["metadata", "name"], "node-name");
    if !taints.is_null() {
        node.set(&["spec", "taints"], taints.clone());
    }
    node
}

/// `key Effect`
fn taint(text: &str) -> Taint {
    let (key, effect) = text.split_once(' ').unwrap_or((text, ""));
    Taint { key: key.into(), effect: effect.into(), ..Taint::default() }
}

fn taints(list: &Value) -> Vec<Taint> {
    list.as_list().iter().map(|taint| Taint::decode(taint.clone())).collect()
}

fn listed(taints: &[Taint]) -> Value {
    taints.iter().map(Codec::encode).collect::<Vec<_>>().into()
}

/// The server may keep taints in another order than the table has them.
fn sorted(list: &Value) -> Value {
    let mut list: Vec<Value> = list.as_list().to_vec();
    list.arrange_by_key(json::write_compact);
    list.into()
}

/// The taints of the row without one; an error if it is not there.
fn removed(case: &Case<'_>, taint: Taint) -> Value {
    let change = Change { add: Vec::new(), remove: vec![taint] };
    match change.applied(&taints(case.get("taints")), false) {
        Ok((_, taints)) => listed(&taints),
        Err(failure) => api::conform::error(failure.message()),
    }
}
