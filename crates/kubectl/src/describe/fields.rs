//! Reads the JSON of an object as Go's structs would hold it: what is missing is empty, zero or false.

use api::codec::Codec;
use api::meta::LabelSelector;
use api::quantity::Quantity;
use api::selector::Selector;
use api::{Str, StringMap, Value};
use sim::Time;

/// The value at a path such as `spec.nodeName`.
pub(super) fn at<'v>(value: &'v Value, path: &str) -> &'v Value {
    path.split('.').fold(value, |value, key| value.get(key))
}

/// The text at a path.
pub(super) fn text<'v>(value: &'v Value, path: &str) -> &'v str {
    at(value, path).text()
}

/// The whole number at a path.
pub(super) fn int(value: &Value, path: &str) -> i64 {
    at(value, path).as_int().unwrap_or(0)
}

/// The boolean at a path.
pub(super) fn flag(value: &Value, path: &str) -> bool {
    at(value, path).as_bool().unwrap_or(false)
}

/// The elements of the list at a path.
pub(super) fn list<'v>(value: &'v Value, path: &str) -> &'v [Value] {
    at(value, path).as_list()
}

/// Whether there is something at a path.
pub(super) fn has(value: &Value, path: &str) -> bool {
    !at(value, path).is_null()
}

/// The pairs of a map whose values are text, sorted by key.
pub(super) fn pairs(map: &Value) -> impl Iterator<Item = (&str, &str)> {
    map.as_map().into_iter().flatten().map(|(key, value)| (key.as_str(), value.text()))
}

/// The text, or `<none>`.
pub(super) fn or_none(text: &str) -> &str {
    if text.is_empty() { "<none>" } else { text }
}

/// A scalar or a list as Go's `%v` prints it, `<unset>` if it is not there.
pub(super) fn or_unset(value: &Value) -> String {
    if value.is_null() { "<unset>".to_string() } else { go(value) }
}

/// `True`, `False`
pub(super) const fn yes(value: bool) -> &'static str {
    if value { "True" } else { "False" }
}

/// A value as Go's `%v` prints it.
pub(super) fn go(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Str(text) => text.to_string(),
        Value::List(items) => format!("[{}]", items.iter().map(go).collect::<Vec<_>>().join(" ")),
        Value::Map(map) => {
            let pairs: Vec<String> = map.iter().map(|(key, value)| format!("{key}:{}", go(value))).collect();
            format!("map[{}]", pairs.join(" "))
        }
    }
}

/// The texts of a list, joined.
pub(super) fn joined(value: &Value, separator: &str) -> String {
    value.as_list().iter().map(Value::text).collect::<Vec<_>>().join(separator)
}

/// A list as Go's `%v` prints it; one that is not there is empty.
pub(super) fn go_list(value: &Value) -> String {
    format!("[{}]", joined(value, " "))
}

/// An instant, if there is one.
pub(super) fn time(value: &Value) -> Option<Time> {
    Time::parse_rfc3339(value.text())
}

/// `Mon, 23 Nov 2026 05:32:56 +0000`; an instant that is not there is Go's first.
pub(super) fn rfc1123(value: &Value) -> String {
    const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let Some(time) = time(value) else { return "Mon, 01 Jan 0001 00:00:00 +0000".to_string() };
    let c = time.calendar();
    let (weekday, month) = (DAYS[usize::from(c.weekday) % 7], MONTHS[(usize::from(c.month) + 11) % 12]);
    format!("{weekday}, {:02} {month} {:04} {:02}:{:02}:{:02} +0000", c.day, c.year, c.hour, c.minute, c.second)
}

/// A quantity; one that is not there, or is none, is nothing.
pub(super) fn quantity(value: &Value) -> Quantity {
    match value {
        Value::Int(number) => Quantity::parse(&number.to_string()).unwrap_or_default(),
        value => Quantity::parse(value.text()).unwrap_or_default(),
    }
}

/// `a=b,c=d`, or `<none>`
pub(super) fn format_labels(map: &Value) -> String {
    let pairs: Vec<String> = pairs(map).map(|(key, value)| format!("{key}={value}")).collect();
    or_none(&pairs.join(",")).to_string()
}

/// A label selector in text; empty if it selects everything.
pub(super) fn selector_text(selector: &Value) -> Result<String, String> {
    Selector::from_label_selector(&LabelSelector::decode(selector.clone())).map(|selector| selector.to_string())
}

/// A label selector as kubectl shows it.
pub(super) fn format_selector(selector: &Value) -> String {
    if selector.is_null() {
        return "<none>".to_string();
    }
    match selector_text(selector) {
        Ok(text) => or_none(&text).to_string(),
        Err(_) => "<error>".to_string(),
    }
}

/// Whether a label selector matches labels.
pub(super) fn selects(selector: &Value, labels: &StringMap) -> bool {
    let selector = Selector::from_label_selector(&LabelSelector::decode(selector.clone()));
    selector.is_ok_and(|selector| selector.matches(labels))
}

/// `RWO,RWX`, in kubectl's order.
pub(super) fn access_modes(modes: &Value) -> String {
    const MODES: [(&str, &str); 4] =
        [("ReadWriteOnce", "RWO"), ("ReadOnlyMany", "ROX"), ("ReadWriteMany", "RWX"), ("ReadWriteOncePod", "RWOP")];
    let is_there = |name: &str| modes.as_list().iter().any(|mode| mode.text() == name);
    let short: Vec<&str> = MODES.iter().filter(|(name, _)| is_there(name)).map(|(_, short)| *short).collect();
    short.join(",")
}

/// The storage class of a volume or claim: an old annotation goes before the field.
pub(super) fn storage_class(object: &Value) -> Str {
    match object.at(&["metadata", "annotations", "volume.beta.kubernetes.io/storage-class"]) {
        Value::Str(class) => class.clone(),
        _ => text(object, "spec.storageClassName").into(),
    }
}

/// `StatefulSet/web`, if a controller owns the object.
pub(super) fn controlled_by(object: &Value) -> Option<String> {
    let owners = list(object, "metadata.ownerReferences");
    let owner = owners.iter().find(|owner| flag(owner, "controller"))?;
    Some(format!("{}/{}", text(owner, "kind"), text(owner, "name")))
}
