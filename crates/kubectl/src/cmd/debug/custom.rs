//! `--custom`: a part of a container in a file, laid over what the profile makes.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/debug/debug.go (applyCustomProfile). A file is read as YAML, which JSON is too.

use api::patch::strategic;
use api::schema::{self, Type};
use api::strict::{self, Words};
use api::text::yaml;
use api::{Str, Value};

use super::Call;
use crate::failure::Failure;
use crate::files::read_text;

/// What says which container it is and what it runs has flags of its own.
const FIXED: [&str; 5] = ["name", "command", "image", "lifecycle", "volumeDevices"];

/// The part of a container that `--custom` names; none without the flag or in an empty file.
pub(super) fn read(call: &mut Call<'_, '_>) -> Result<Option<Value>, Failure> {
    let path = call.flags.text("custom");
    if path.is_empty() {
        return Ok(None);
    }
    let text = read_text(call.ctx, call.env, &path).map_err(|failure| {
        Failure::Plain(format!("must pass a container spec json file for custom profile: {}", failure.message()))
    })?;
    parse(&text).map_err(|why| Failure::Plain(format!("{path} does not contain a valid container spec: {why}")))
}

fn parse(text: &str) -> Result<Option<Value>, String> {
    let written = yaml::read(text).map_err(|error| format!("error converting YAML to JSON: {error}"))?;
    if written.is_null() {
        return Ok(None);
    }
    let decoded = strict::decode(container_type(), &written, Words::Json);
    let decoded = decoded.map_err(|error| format!("error unmarshaling JSON: while decoding JSON: {error}"))?;
    Ok(Some(decoded.value))
}

/// What may not be changed this way.
pub(super) fn check(custom: &Value) -> Result<(), Failure> {
    let is_set = |field: &str| match custom.get(field) {
        Value::Null => false,
        Value::Str(text) => !text.is_empty(),
        Value::List(list) => !list.is_empty(),
        Value::Map(_) | Value::Bool(_) | Value::Int(_) | Value::Float(_) => true,
    };
    if FIXED.into_iter().any(is_set) {
        let refusal = "name, command, image, lifecycle and volume devices are not modifiable via custom profile";
        return Err(Failure::plain(refusal));
    }
    Ok(())
}

/// Lays the part over a debug container.
pub(super) fn lay(custom: &Value, container: &mut Value) -> Result<(), Failure> {
    let name: Str = container.get("name").text().into();
    let mut custom = custom.clone();
    custom.set(&["name"], name);
    let refused = |error| Failure::Plain(format!("error creating three way patch to add debug container: {error}"));
    *container = strategic::apply(container, &custom, container_type()).map_err(refused)?;
    Ok(())
}

fn container_type() -> Type<'static> {
    schema::table().type_named("Container").expect("pods have containers")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_container_is_laid_over_another() {
        let text = "env:\n- {name: A, value: new}\nsecurityContext: {runAsUser: 0}\nunknown: 1\n";
        let custom = parse(text).unwrap().expect("there is something in it");
        check(&custom).unwrap();
        let own = r#"{"env":[{"name":"B","value":"b"},{"name":"A","value":"old"}],"image":"busybox","name":"debugger",
            "securityContext":{"capabilities":{"add":["SYS_PTRACE"]}}}"#;
        let mut container = api::text::json::read(own).unwrap();
        lay(&custom, &mut container).unwrap();
        let expect = r#"{"env":[{"name":"B","value":"b"},{"name":"A","value":"new"}],"image":"busybox","name":"debugger",
            "resources":{},"securityContext":{"capabilities":{"add":["SYS_PTRACE"]},"runAsUser":0}}"#;
        assert_eq!(container, api::text::json::read(expect).unwrap());
    }

    #[test]
    fn what_has_a_flag_of_its_own_is_refused() {
        for (text, is_allowed) in [
            ("{name: x}", false),
            ("{image: x}", false),
            ("{command: [x]}", false),
            ("{lifecycle: {}}", false),
            ("{volumeDevices: [{name: a, devicePath: b}]}", false),
            ("{args: [x]}", true),
            ("{command: []}", true),
        ] {
            let custom = parse(text).unwrap().expect("there is something in it");
            assert_eq!(check(&custom).is_ok(), is_allowed, "{text}");
        }
        assert_eq!(parse(""), Ok(None));
        let wrong = parse("[1]").unwrap_err();
        let expect = "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go value of type v1.Container";
        assert_eq!(wrong, expect);
    }
}
