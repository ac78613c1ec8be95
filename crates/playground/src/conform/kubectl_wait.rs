//! `kubectl_wait`: what may stand after `--for`.

use api::Value;
use api::conform::{Case, Suite, object};

use super::{config_map, desk_with, expected_refusal, quoted};

pub(super) const SUITE: Suite = Suite {
    name: "kubectl_wait",
    run,
    expect: |case| expected_refusal(case.text("expectedErr")),
    functions: &["kubectl::cmd::wait::condition", "kubectl::cmd::wait::path_condition"],
};

fn run(case: &Case<'_>) -> Result<Value, String> {
    match case.test {
        "TestConditionFuncFor" => {
            let flags: Vec<String> =
                case.get("condition").as_list().iter().map(|form| format!("--for={}", form.text())).collect();
            let flags = quoted(flags.iter().map(String::as_str));
            let said = desk_with(&config_map(&Value::Null))?.run(&format!("kubectl wait cm/foo --timeout=1s {flags}"));
            // What the ConfigMap does not meet is waited for in vain, which is no refusal.
            let is_refused = said.rc != 0 && !said.stderr.contains("timed out waiting");
            Ok(if is_refused { object([("$error", said.stderr.into())]) } else { Value::Null })
        }
        "TestConditionalWaitCheckConditionHandlesMalformedConditions" => {
            Err("objects here are typed: no condition is anything but an object".into())
        }
        _ => case.unknown(),
    }
}
