//! `printers`, `printers_pod`: the cells that the server's tables hold.

use api::conform::{Case, Suite, object, typed};
use api::core::pod_status::PodPhase;
use api::{Kind, Value};
use sim::Time;

use crate::tables;

pub(super) const SUITE: Suite = Suite {
    name: "printers",
    run,
    expect,
    functions: &["kube_apiserver::tables::cells", "kube_apiserver::tables::headings"],
};

pub(super) const POD_SUITE: Suite = Suite { name: "printers_pod", ..SUITE };

fn run(case: &Case<'_>) -> Result<Value, String> {
    let given = case.get("object");
    let (name, items) = match given.get("kind").text().strip_suffix("List") {
        Some(name) => (name, given.get("items").as_list()),
        None => (given.get("kind").text(), std::slice::from_ref(given)),
    };
    let Some(kind) = Kind::ALL.iter().copied().find(|kind| kind.name() == name) else {
        return Err(format!("{name} is not served"));
    };
    let phase = given.at(&["status", "phase"]).text();
    let phase =
        if phase.is_empty() { items.first().map_or("", |item| item.at(&["status", "phase"]).text()) } else { phase };
    if kind == Kind::Pod && !phase.is_empty() && PodPhase::parse(phase).is_none() {
        return Err("the row's pods have a phase that pods do not have".into());
    }
    let now = Time::parse_rfc3339(case.text("now")).ok_or("the row has no time")?;
    let headings = tables::headings(kind);
    let rows: Vec<Vec<Value>> = items.iter().map(|item| tables::cells(&typed(kind, item), now)).collect();
    let narrow = |row: &Vec<Value>| {
        let kept = row.iter().zip(headings).filter(|(_, heading)| heading.1 == tables::Width::Always);
        Value::List(kept.map(|(cell, _)| cell.clone()).collect())
    };
    let narrow: Vec<Value> = rows.iter().map(narrow).collect();
    let wide: Vec<Value> = rows.into_iter().map(Value::List).collect();
    Ok(object([("narrow", narrow.into()), ("wide", wide.into())]))
}

/// The tables do not always say how wide a row is.
fn expect(case: &Case<'_>) -> Value {
    let rows: Vec<Value> = case.get("rows").as_list().iter().map(|row| row.get("cells").clone()).collect();
    let (rows, any) = (Value::List(rows), object([("$any", true.into())]));
    let narrow = object([("narrow", rows.clone()), ("wide", any.clone())]);
    let wide = object([("narrow", any), ("wide", rows)]);
    object([("$anyOf", vec![narrow, wide].into())])
}
