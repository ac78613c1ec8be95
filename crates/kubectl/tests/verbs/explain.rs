//! `kubectl explain`: its head, its paths and its refusals.

use crate::world::World;
use api::conform::read_reference;
use api::schema::{self, Type};
use api::{Str, Value};

const HEAD: &str = "GROUP:      apps\nKIND:       StatefulSet\nVERSION:    v1\n\n";

#[test]
fn a_path_leads_to_a_field() {
    let mut world = World::new();
    for line in
        ["sts.spec.replicas", "statefulsets.apps.spec.replicas", "statefulset.spec.replicas --api-version=apps/v1"]
    {
        let outcome = world.run(&format!("kubectl explain {line}"));
        assert!(
            outcome.stdout.starts_with(&format!("{HEAD}FIELD: replicas <integer>\n\n\nDESCRIPTION:\n    ")),
            "{outcome:?}"
        );
        assert_eq!((outcome.stderr.as_str(), outcome.code), ("", Some(0)), "{line}");
    }
    let pod = world.run("kubectl explain pod").stdout;
    assert!(pod.starts_with("KIND:       Pod\nVERSION:    v1\n\nDESCRIPTION:\n"), "{pod}");
}

#[test]
fn values_stand_below_the_field_that_takes_them() {
    let port = World::new().run("kubectl explain networkpolicy.spec.ingress.ports").stdout;
    assert!(port.contains("\n  protocol\t<string>\n  enum: SCTP, TCP, UDP\n"), "{port}");
}

#[test]
fn wrong_paths_are_refused() {
    let mut world = World::new();
    world.check("kubectl explain sts.spec.nope", "", HEAD, "error: field \"nope\" does not exist\n", 1);
    world.check("kubectl explain nope", "", "", "the server doesn't have a resource type \"nope\"\n", 1);
    let refusal = "error: couldn't find resource for \"apps/v2, Resource=statefulsets\"\n";
    world.check("kubectl explain sts --api-version=apps/v2", "", "", refusal, 1);
    let refusal = "error: You must specify the type of resource to explain. Use \"kubectl api-resources\" for a complete list \
                   of supported resources.\n";
    world.check("kubectl explain", "", "", refusal, 1);
    world.check("kubectl explain a b", "", "", "error: We accept only this format: explain RESOURCE\n", 1);
}

/// Every field of every kind served, against the definitions of a real server.
struct Walk<'v> {
    definitions: &'v Value,
    seen: Vec<&'v str>,
    complaints: Vec<String>,
}

impl<'v> Walk<'v> {
    fn definition(&mut self, name: &'v str, type_: Type<'static>) {
        if self.seen.contains(&name) {
            return;
        }
        self.seen.push(name);
        let definition = self.definitions.get(name);
        let required: Vec<&str> = definition.get("required").as_list().iter().map(Value::text).collect();
        let properties = definition.get("properties").as_map().expect("a definition of an object");
        let ours: Vec<&str> = type_.fields().iter().map(|field| field.name).collect();
        let missing: Vec<&str> = properties.keys().map(Str::as_str).filter(|name| !ours.contains(name)).collect();
        let extra: Vec<&&str> = ours.iter().filter(|name| !properties.contains_key(**name)).collect();
        if !missing.is_empty() || !extra.is_empty() {
            self.complaints.push(format!("{}: {missing:?} are missing, {extra:?} are not there", type_.name()));
        }
        for (name, schema) in properties {
            let Some(field) = type_.field(name) else { continue };
            let (ours, is) = (field.required, required.contains(&name.as_str()));
            if ours != is {
                let word = |required: bool| if required { "is" } else { "is not" };
                let (ours, is) = (if ours { "is required" } else { "is not required" }, word(is));
                self.complaints.push(format!("{}.{name} {ours}, and {is}", type_.name()));
            }
            let (shown, _) = kubectl::explain::field_words(type_, field);
            let expected = self.shown(schema);
            if shown != expected {
                self.complaints.push(format!("{}.{name} is <{shown}>, and <{expected}>", type_.name()));
            }
            let values: Vec<&str> = schema.get("enum").as_list().iter().map(Value::text).collect();
            if field.values != values {
                self.complaints.push(format!("{}.{name} is of {:?}, and of {values:?}", type_.name(), field.values));
            }
            let mut inner = schema;
            while inner.get("$ref").is_null() {
                inner = match (inner.get("items"), inner.get("additionalProperties")) {
                    (Value::Null, Value::Null) => break,
                    (Value::Null, values) => values,
                    (items, _) => items,
                };
            }
            let target = inner.get("$ref").text().rsplit('/').next().unwrap_or_default();
            if let Some(child) = type_.type_of(&field.shape)
                && self.definitions.get(target).get("properties").as_map().is_some()
            {
                self.definition(target, child);
            }
        }
    }

    /// The type of a field as kubectl names it.
    fn shown(&self, schema: &Value) -> String {
        let target = schema.get("$ref").text().rsplit('/').next().unwrap_or_default();
        if !target.is_empty() {
            let name = target.rsplit('.').next().unwrap_or_default();
            return match (self.definitions.get(target).get("type").text(), name) {
                // In OpenAPI v3, which kubectl reads, these two have several types and so go by their names.
                (_, "Quantity" | "IntOrString") | ("object" | "", _) => name.to_string(),
                (simple, _) => simple.to_string(),
            };
        }
        match schema.get("type").text() {
            "array" => format!("[]{}", self.shown(schema.get("items"))),
            "object" if !schema.get("additionalProperties").is_null() => {
                format!("map[string]{}", self.shown(schema.get("additionalProperties")))
            }
            simple => simple.to_string(),
        }
    }
}

#[test]
fn every_field_of_every_kind_is_that_of_the_real_server() {
    let Some(file) = read_reference("api/openapi_v2.definitions.json") else { return };
    let definitions = file.get("definitions");
    let mut walk = Walk { definitions, seen: Vec::new(), complaints: Vec::new() };
    for resource in schema::resources() {
        let is_of = |kind: &Value| {
            (kind.get("group").text(), kind.get("version").text(), kind.get("kind").text())
                == (resource.group, resource.version, resource.kind)
        };
        let kinds = |definition: &Value| definition.get("x-kubernetes-group-version-kind").as_list().iter().any(is_of);
        let all = definitions.as_map().expect("definitions by name");
        let (name, _) = all.iter().find(|(_, definition)| kinds(definition)).expect("every kind is defined");
        let type_ = schema::type_of(&resource.api_version(), resource.kind).expect("every kind has a type");
        walk.definition(name, type_);
    }
    assert!(walk.seen.len() > 280, "{} types", walk.seen.len());
    assert!(walk.complaints.is_empty(), "{:#?}", walk.complaints);
}
