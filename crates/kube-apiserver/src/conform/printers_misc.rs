//! `printers_misc`: the server's own types, printed.

use api::conform::{Case, Suite, typed};
use api::{Kind, Value};
use sim::Time;

use super::internal::to_json;
use crate::tables;

pub(super) const SUITE: Suite =
    Suite { name: "printers_misc", run, expect, functions: &["kube_apiserver::tables::cells"] };

/// When the rows were written, which none of them says.
const RECORDED: &str = "2026-11-23T03:56:02Z";

fn run(case: &Case<'_>) -> Result<Value, String> {
    match case.test {
        "TestPrintIngressClass" => {
            let class = typed(Kind::IngressClass, &to_json(case.get("ingressClass")));
            let now = Time::parse_rfc3339(RECORDED).ok_or("no time")?;
            Ok(vec![Value::List(tables::cells(&class, now))].into())
        }
        "TestFormatResourceName" => Err("the prefix of a name is kubectl's, and held by table_printer".into()),
        test => Err(format!("{} is not served", test.trim_start_matches("TestPrint"))),
    }
}

fn expect(case: &Case<'_>) -> Value {
    case.get("expected").as_list().iter().map(|row| row.get("cells").clone()).collect::<Vec<_>>().into()
}
