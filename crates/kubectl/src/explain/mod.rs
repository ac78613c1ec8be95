//! `kubectl explain`: the fields of a kind, from the same table that decoding and patches read.
//!
//! [`explain`] follows a path of fields from a kind and writes what is there. Descriptions are our own words ([`words`]),
//! one for every field; they are data of this module alone, so that the page's build leaves them out of its first load.
//!
//! Models: kubernetes v1.36 staging/src/k8s.io/kubectl/pkg/explain/v2, its template for plain text.

mod words;

use api::schema::{Field, Scalar, Shape, Type};
use ordered::Arrange;

/// Whether the fields of fields are listed, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// One level, with descriptions.
    Fields,
    /// All levels (`--recursive`), names and types alone.
    Recursive,
}

/// A list of fields deeper than this is cut.
const DEPTH_MAX: usize = 40;
/// How many of a field's values stand in a list of fields.
const VALUES_MAX: usize = 4;
/// Columns of a description, with its indentation.
const WIDTH: usize = 80;

/// What is at a path of fields of a kind, or `None` if one of them does not exist.
pub fn explain(kind: Type<'static>, path: &[&str], depth: Depth) -> Option<String> {
    let mut text = String::new();
    let mut place = Place { holder: kind, field: None };
    for name in path {
        place = place.child(name)?;
    }
    if let Some(field) = place.field {
        text.push_str(&format!("FIELD: {} <{}>\n", field.name, type_name(place.holder, field, &field.shape)));
        if !field.values.is_empty() {
            text.push_str("ENUM:");
            field.values.iter().for_each(|value| text.push_str(&format!("\n    {}", shown(value))));
        }
        text.push_str("\n\n");
    }
    text.push_str("DESCRIPTION:\n");
    text.push_str(&indent(&wrap(&place.description(), WIDTH - 4), 4));
    text.push('\n');
    if let Some(kind) = place.fields_of() {
        text.push_str("FIELDS:\n");
        list(&mut text, kind, 1, depth, &mut Vec::new());
    }
    text.push('\n');
    Some(text)
}

/// A field's type as `kubectl explain` names it, and what is said of it; "" where nothing is.
pub fn field_words(holder: Type<'static>, field: &Field<'static>) -> (String, &'static str) {
    let words = words::of_field(holder.name(), field.name).unwrap_or_default();
    (type_name(holder, field, &field.shape), words)
}

/// A point on the path: the kind itself, or a field of a type.
#[derive(Clone, Copy)]
struct Place {
    holder: Type<'static>,
    field: Option<&'static Field<'static>>,
}

impl Place {
    /// The type whose fields are here, behind lists and maps.
    fn fields_of(self) -> Option<Type<'static>> {
        match self.field {
            None => Some(self.holder),
            Some(field) => self.holder.type_of(&field.shape),
        }
    }

    fn child(self, name: &str) -> Option<Place> {
        let holder = self.fields_of()?;
        holder.field(name).map(|field| Place { holder, field: Some(field) })
    }

    /// What is said of the field, then of its type.
    fn description(self) -> String {
        let of_field = self.field.and_then(|field| words::of_field(self.holder.name(), field.name));
        let of_type =
            self.fields_of().and_then(|kind| words::of_type(kind.name())).filter(|words| Some(*words) != of_field);
        match (of_field, of_type) {
            (None, None) => "<empty>".to_string(),
            (field, kind) => field.into_iter().chain(kind).map(|words| format!("{words}\n")).collect(),
        }
    }
}

/// Lists the fields of a type by name. `above` are the types on the way here: none is listed inside of itself.
fn list(text: &mut String, kind: Type<'static>, level: usize, depth: Depth, above: &mut Vec<&'static str>) {
    if above.contains(&kind.name()) || above.len() >= DEPTH_MAX {
        return;
    }
    above.push(kind.name());
    let mut fields: Vec<&'static Field<'static>> = kind.fields().iter().collect();
    fields.arrange_by_key(|field| field.name);
    for field in fields {
        text.push_str(&head(kind, field, level * 2));
        match depth {
            Depth::Fields => {
                let words = words::of_field(kind.name(), field.name).unwrap_or("<no description>");
                text.push_str(&indent(&wrap(words, WIDTH - 2 - level * 2), level * 2 + 2));
                text.push_str("\n\n");
            }
            Depth::Recursive => {
                if let Some(inner) = kind.type_of(&field.shape) {
                    list(text, inner, level + 1, depth, above);
                }
            }
        }
    }
    above.pop();
}

/// `  replicas\t<integer>`, and below it the values if there are few.
fn head(kind: Type<'static>, field: &Field<'static>, blanks: usize) -> String {
    let pad = " ".repeat(blanks);
    let required = if field.required { " -required-" } else { "" };
    let mut head = format!("{pad}{}\t<{}>{required}", field.name, type_name(kind, field, &field.shape));
    if !field.values.is_empty() {
        let values: Vec<&str> = field.values.iter().take(VALUES_MAX).map(shown).collect();
        let more = if field.values.len() > VALUES_MAX { ", ...." } else { "" };
        head.push_str(&format!("\n{pad}enum: {}{more}", values.join(", ")));
    }
    head + "\n"
}

fn shown<'v>(value: &'v &str) -> &'v str {
    if value.is_empty() { "\"\"" } else { value }
}

/// `[]Container`, `map[string]string`, `integer`
fn type_name(holder: Type<'static>, field: &Field<'static>, shape: &Shape<'static>) -> String {
    match shape {
        Shape::List(inner) => format!("[]{}", type_name(holder, field, inner)),
        Shape::Map(inner) => format!("map[string]{}", type_name(holder, field, inner)),
        Shape::Object(index) => holder.table().type_at(*index).name().to_string(),
        // The table does not say how Go names the two fields that take any JSON.
        Shape::Scalar(Scalar::Any, _) if field.name == "fieldsV1" => "FieldsV1".to_string(),
        Shape::Scalar(scalar, _) => scalar_name(*scalar).to_string(),
    }
}

const fn scalar_name(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::String | Scalar::Time | Scalar::MicroTime | Scalar::Bytes => "string",
        Scalar::Int32 | Scalar::Int64 => "integer",
        Scalar::Bool => "boolean",
        Scalar::Float => "number",
        Scalar::Quantity => "Quantity",
        Scalar::IntOrString => "IntOrString",
        Scalar::Any => "RawExtension",
    }
}

/// Breaks lines before the word that would pass the width.
fn wrap(text: &str, width: usize) -> String {
    let wrap_line = |line: &str| {
        let mut lines = vec![String::new()];
        for word in line.split(' ') {
            let last = lines.last_mut().expect("it begins with one line");
            let is_first = last.is_empty();
            if is_first || last.chars().count() + 1 + word.chars().count() <= width {
                last.push_str(if is_first { "" } else { " " });
                last.push_str(word);
            } else {
                lines.push(word.to_string());
            }
        }
        lines.join("\n")
    };
    text.split('\n').map(wrap_line).collect::<Vec<_>>().join("\n")
}

/// Puts blanks before every line, empty ones too.
fn indent(text: &str, blanks: usize) -> String {
    let pad = " ".repeat(blanks);
    text.split('\n').map(|line| format!("{pad}{line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: (&str, &str), path: &str, depth: Depth, expect: &[&str]) {
        let kind = api::schema::type_of(kind.0, kind.1).unwrap();
        let path: Vec<&str> = path.split('.').filter(|name| !name.is_empty()).collect();
        let text = explain(kind, &path, depth).unwrap();
        for line in expect {
            assert!(text.lines().any(|found| found == *line), "{line:?} is not in\n{text}");
        }
    }

    #[test]
    fn fields_are_listed_with_type_and_values() {
        check(
            ("apps/v1", "StatefulSet"),
            "spec",
            Depth::Fields,
            &[
                "FIELD: spec <StatefulSetSpec>",
                "  podManagementPolicy\t<string>",
                "  enum: OrderedReady, Parallel",
                "  replicas\t<integer>",
                "  selector\t<LabelSelector> -required-",
                "  volumeClaimTemplates\t<[]PersistentVolumeClaim>",
            ],
        );
        check(("policy/v1", "PodDisruptionBudget"), "spec", Depth::Fields, &["  maxUnavailable\t<IntOrString>"]);
        check(("v1", "Pod"), "metadata", Depth::Fields, &["  annotations\t<map[string]string>"]);
    }

    #[test]
    fn a_leaf_has_no_fields() {
        let kind = api::schema::type_of("apps/v1", "StatefulSet").unwrap();
        let text = explain(kind, &["spec", "updateStrategy", "rollingUpdate", "partition"], Depth::Fields).unwrap();
        assert!(text.starts_with("FIELD: partition <integer>\n\n\nDESCRIPTION:\n    "), "{text}");
        assert!(!text.contains("FIELDS:"), "{text}");
    }

    #[test]
    fn values_of_a_field_stand_below_it() {
        check(
            ("v1", "Pod"),
            "spec.restartPolicy",
            Depth::Fields,
            &["ENUM:", "    Always", "    Never", "    OnFailure"],
        );
    }

    #[test]
    fn recursion_ends_where_a_type_comes_again() {
        check(
            ("apps/v1", "StatefulSet"),
            "spec.template.spec",
            Depth::Recursive,
            &[
                "  containers\t<[]Container> -required-",
                "    image\t<string>",
                "      containerPort\t<integer> -required-",
            ],
        );
    }

    #[test]
    fn unknown_fields_are_not_explained() {
        let kind = api::schema::type_of("apps/v1", "StatefulSet").unwrap();
        assert_eq!(explain(kind, &["spec", "nope"], Depth::Fields), None);
        assert_eq!(explain(kind, &["spec", "replicas", "x"], Depth::Fields), None);
    }
}
