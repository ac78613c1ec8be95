//! ConfigMaps and secrets.
//!
//! Models: kubernetes v1.36 pkg/apis/core/validation, ValidateConfigMap*, ValidateSecret*.

use api::text::{base64, json};
use api::{Kind, Value};

use super::field::{Errors, Field};
use super::meta::{self, Layer};
use super::{checks, names};

const SIZE_MAX: usize = 1024 * 1024;
const FROZEN: &str = "field is immutable when `immutable` is set";
const REDACTED: &str = "<secret contents redacted>";
/// What a secret of a type must hold.
const KEYS_OF_TYPES: [(&str, &[&str]); 2] =
    [("kubernetes.io/ssh-auth", &["ssh-privatekey"]), ("kubernetes.io/tls", &["tls.crt", "tls.key"])];
/// What a secret of a type must hold as JSON.
const JSON_OF_TYPES: [(&str, &str); 2] =
    [("kubernetes.io/dockercfg", ".dockercfg"), ("kubernetes.io/dockerconfigjson", ".dockerconfigjson")];

pub(super) fn config_map(root: &Field<'_>, errors: &mut Errors) {
    let (data, binary) = (root.child("data"), root.child("binaryData"));
    let mut size = 0;
    for (key, value) in data.entries() {
        keys(&data, key, errors);
        if !binary.value.get(key).is_null() {
            errors.push(data.key(key).invalid_as(key.clone(), "duplicate of key present in binaryData"));
        }
        size += value.text().len();
    }
    for (key, value) in binary.entries() {
        keys(&binary, key, errors);
        size += decoded_length(value.text());
    }
    if size > SIZE_MAX {
        errors.push(Field::new("[]", root.value).named("").too_long(SIZE_MAX));
    }
}

fn keys(data: &Field<'_>, key: &str, errors: &mut Errors) {
    let problems = names::config_key(key);
    errors.extend(problems.into_iter().map(|problem| data.key(key).invalid_as(key, problem)));
}

fn decoded_length(text: &str) -> usize {
    base64::decode(text).map_or(text.len(), |bytes| bytes.len())
}

pub(super) fn update_config_map(root: &Field<'_>, old: &Value, errors: &mut Errors) {
    frozen(root, old, &["data", "binaryData"], errors);
    meta::whole(Kind::ConfigMap, root.value, Layer::Kind(Kind::ConfigMap), errors);
    config_map(root, errors);
}

/// What says that it does not change does not.
fn frozen(root: &Field<'_>, old: &Value, parts: &[&str], errors: &mut Errors) {
    if old.get("immutable").as_bool() != Some(true) {
        return;
    }
    let immutable = root.child("immutable");
    if !immutable.is_true() {
        errors.push(immutable.forbidden(FROZEN));
    }
    for part in parts {
        let field = root.child(part);
        if field.value != old.get(part) {
            errors.push(field.forbidden(FROZEN));
        }
    }
}

pub(super) fn secret(root: &Field<'_>, errors: &mut Errors) {
    let data = root.child("data");
    let mut size = 0;
    for (key, value) in data.entries() {
        keys(&data, key, errors);
        size += decoded_length(value.text());
    }
    if size > SIZE_MAX {
        errors.push(data.too_long(SIZE_MAX));
    }
    let type_ = root.child("type");
    contents(type_.text(), &data, errors);
    let account = root.at(&["metadata", "annotations", "kubernetes.io/service-account.name"]);
    if type_.text() == "kubernetes.io/service-account-token" && account.text().is_empty() {
        errors.push(account.named("metadata.annotations[kubernetes.io/service-account.name]").required(""));
    }
}

fn contents(type_: &str, data: &Field<'_>, errors: &mut Errors) {
    let required = KEYS_OF_TYPES.iter().find(|(name, _)| *name == type_).map_or(&[][..], |(_, keys)| keys);
    for key in required.iter().filter(|key| data.value.get(key).is_null()) {
        errors.push(data.key(key).required(""));
    }
    if let Some((_, key)) = JSON_OF_TYPES.iter().find(|(name, _)| *name == type_) {
        json_object(&data.key(key), errors);
    }
    let has = |key: &str| !data.value.get(key).is_null();
    if type_ == "kubernetes.io/basic-auth" && !has("username") && !has("password") {
        errors.push(data.key("username").required(""));
        errors.push(data.key("password").required(""));
    }
}

fn json_object(field: &Field<'_>, errors: &mut Errors) {
    if !field.is_set() {
        errors.push(field.required(""));
        return;
    }
    let bytes = base64::decode(field.text()).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    match json::read(&text) {
        Ok(Value::Map(_)) => {}
        Ok(other) => errors.push(field.invalid_as(
            REDACTED,
            format!("json: cannot unmarshal {} into Go value of type map[string]interface {{}}", other.json_type()),
        )),
        Err(error) => errors.push(field.invalid_as(REDACTED, error.to_string())),
    }
}

pub(super) fn update_secret(root: &Field<'_>, old: &Value, errors: &mut Errors) {
    checks::unchanged(&root.child("type"), old.get("type"), errors);
    frozen(root, old, &["data"], errors);
    meta::whole(Kind::Secret, root.value, Layer::Kind(Kind::Secret), errors);
    secret(root, errors);
}
