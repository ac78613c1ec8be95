//! `oracle/apply`: what `kubectl apply` sends, and what becomes of the object. The manifest with its annotation
//! is the table's own: there the annotation lacks the empty `annotations` that the recorded kubectl puts into it.

use api::conform::{Case, Suite, object, result};
use api::patch::strategic;
use api::patch::three_way::{self, Overwrite};
use api::{Value, defaults, schema, strict};

pub(super) const SUITE: Suite = Suite {
    name: "oracle/apply",
    run,
    expect,
    functions: &["api::patch::three_way::create", "api::patch::strategic::apply", "api::defaults::apply"],
};

fn run(case: &Case<'_>) -> Result<Value, String> {
    let (live, kind) = (case.get("live"), case.text("kind"));
    let Some(type_) = schema::type_of(live.get("apiVersion").text(), kind) else {
        return Err(format!("{kind} is not served"));
    };
    let patch = match three_way::create(case.get("lastApplied"), case.get("modified"), live, type_, Overwrite::Yes) {
        Ok(patch) => patch,
        Err(message) => return Ok(object([("patchError", message.to_string().into())])),
    };
    let patched = strategic::apply(live, &patch, type_);
    let defaulted = patched.as_ref().ok().map(|patched| {
        let decoded = strict::decode(type_, patched, strict::Words::Json).and_then(strict::Decoded::strict);
        result(decoded.map(|mut object| {
            defaults::apply(kind, &mut object);
            object
        }))
    });
    Ok(object([("patch", patch), ("result", result(patched)), ("defaulted", defaulted.unwrap_or_default())]))
}

fn expect(case: &Case<'_>) -> Value {
    let expect = case.get("expect");
    if !expect.get("patchError").is_null() {
        return object([("patchError", expect.get("patchError").clone())]);
    }
    object([
        ("patch", expect.get("patch").clone()),
        ("result", expect.get("result").clone()),
        ("defaulted", expect.get("resultDefaulted").clone()),
    ])
}
