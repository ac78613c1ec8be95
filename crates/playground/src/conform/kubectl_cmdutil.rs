//! `kubectl_cmdutil`: files of variables, `--validate`, overrides, and errors as they are shown.

use api::conform::{Case, Suite, any_error, object};
use api::status::{StatusCause, StatusDetails};
use api::text::json;
use api::{Reason, Status, Value};
use kubectl::failure::Failure;

use super::{desk, expected_refusal, refusal};

pub(super) const SUITE: Suite = Suite {
    name: "kubectl_cmdutil",
    run,
    expect,
    functions: &["kubectl::cmd::create::data::read_data", "kubectl::failure::Failure::render"],
};

fn run(case: &Case<'_>) -> Result<Value, String> {
    Ok(match case.test {
        "Test_processEnvFileLine" => {
            let before = "\n".repeat(usize::try_from(case.int("currentLine")).unwrap_or(0));
            let mut desk = desk(&[("env", format!("{before}{}", case.text("line")))])?;
            let said = desk.run("kubectl create cm foo --from-env-file=env --dry-run=client -o json");
            if said.rc != 0 {
                return Ok(refusal(&said));
            }
            let shown = json::read(&said.stdout).unwrap_or_default();
            shown.get("data").clone()
        }
        "TestGetValidationDirective" => {
            let manifest = "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"foo\"},\"nope\":1}";
            let mut desk = desk(&[("object.json", manifest.to_owned())])?;
            let flag = match case.text("validateFlag") {
                "" => String::new(),
                flag => format!("--validate={flag}"),
            };
            let said = desk.run(&format!("kubectl create -f object.json {flag}"));
            match (said.rc, said.stderr.contains("unknown field")) {
                (0, true) => "Warn".into(),
                (0, false) => "Ignore".into(),
                (_, true) => "Strict".into(),
                (_, false) => refusal(&said),
            }
        }
        "TestMerge" | "TestStrategicMerge" | "TestJSONPatch" => {
            let way = match case.test {
                "TestMerge" => "merge",
                "TestStrategicMerge" => "strategic",
                _ => "json",
            };
            overridden(case, way)?
        }
        "testCheckError" => shown(case)?,
        "TestCachingVerifier" | "TestDifferenceFunc" => {
            return Err("a part of upstream's code without counterpart".into());
        }
        _ => return case.unknown(),
    })
}

fn expect(case: &Case<'_>) -> Value {
    match case.test {
        "Test_processEnvFileLine" => match (case.text("expectedErr"), case.text("expectedKey")) {
            ("", "") => Value::Null,
            ("", key) => object([(key, case.get("expectedValue").clone())]),
            (words, _) => expected_refusal(words),
        },
        "TestGetValidationDirective" => match case.get("expectedErr").get("$error").text() {
            "" => case.get("expectedDirective").clone(),
            words => expected_refusal(words),
        },
        "testCheckError" => {
            object([("text", case.text("expectedErr").trim_end().into()), ("code", case.get("expectedCode").clone())])
        }
        _ if case.flag("expectErr") => any_error(),
        _ => case.get("expected").clone(),
    }
}

/// `kubectl run --overrides`, by the patches that it uses.
fn overridden(case: &Case<'_>, way: &str) -> Result<Value, String> {
    use api::patch;
    let Ok(fragment) = json::read(case.text("fragment")) else { return Ok(api::conform::error("invalid JSON")) };
    let (object, expected) = (case.get("obj"), case.get("expected"));
    let kind = expected.get("kind").text();
    let Some(type_) = api::schema::type_of("v1", kind) else {
        return Err("the row's Go type is not told".into());
    };
    let patched = match way {
        "merge" => patch::merge::apply(object, &fragment),
        "strategic" => patch::strategic::apply(object, &fragment, type_),
        _ => patch::json::apply(object, &fragment),
    };
    let mut patched = match patched {
        Ok(patched) => patched,
        Err(error) => return Ok(api::conform::error(error.to_string())),
    };
    // What upstream's codec writes and the row's object does not hold.
    for field in ["apiVersion", "kind"] {
        patched.set(&[field], expected.get(field).clone());
    }
    Ok(patched)
}

/// An error as kubectl shows it. Which Go type it has is told by its words alone.
fn shown(case: &Case<'_>) -> Result<Value, String> {
    let message = case.get("err").get("$error").text();
    if message.contains("webhook") {
        return Err("there are no webhooks".into());
    }
    if message.starts_with("no matches for") || message.contains("terminated") || !message.contains("is invalid") {
        return Err("the row's error is a Go type that its words do not tell".into());
    }
    let mut status = Status::new(Reason::Invalid, message);
    let (subject, faults) = message.split_once(" is invalid").unwrap_or((message, ""));
    let (kind, name) = subject.split_once(' ').unwrap_or((subject, ""));
    let faults = faults.trim_start_matches(": ").trim_start_matches('[').trim_end_matches(']');
    let cause = |fault: &str| {
        let (field, message) = fault.split_once(": ").unwrap_or(("", fault));
        StatusCause { field: field.into(), message: message.into(), ..StatusCause::default() }
    };
    let causes = faults.split(", ").filter(|fault| !fault.is_empty()).map(cause).collect();
    let name = name.trim_matches('"').into();
    status.details = Some(Box::new(StatusDetails { kind: kind.into(), name, causes, ..StatusDetails::default() }));
    let (text, code) = Failure::from(status).render();
    Ok(object([("text", text.trim_end().into()), ("code", i64::from(code).into())]))
}
