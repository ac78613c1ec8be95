//! `oracle/print_pod`: rows of random pods.

use api::conform::{Case, Suite, typed};
use api::{Kind, Object, Value};
use sim::Time;

use crate::tables::pod_cells;

pub(super) const SUITE: Suite = Suite {
    name: "oracle/print_pod",
    run,
    expect: |case| case.get("cells").clone(),
    functions: &["kube_apiserver::tables::pod::pod_cells"],
};

fn run(case: &Case<'_>) -> Result<Value, String> {
    let now = Time::parse_rfc3339(case.text("now")).ok_or("the row has no time")?;
    match typed(Kind::Pod, case.get("object")) {
        Object::Pod(pod) => Ok(pod_cells(&pod, now).into()),
        other => Err(format!("{:?} is no pod", other.kind())),
    }
}
