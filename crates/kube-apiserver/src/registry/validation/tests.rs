//! Changes that the real server judged and that no client of this server can send: admission would have added to the
//! pods, and another UID is a conflict before it is a fault.

use api::{Kind, Status, Value, defaults, schema, strict};

use super::validate_update;

fn judge(kind: Kind, case: &Value) -> Option<String> {
    let type_ = schema::type_of(&kind.api_version(), kind.name()).unwrap();
    let normal = |value: &Value| strict::decode(type_, value, strict::Words::Json).unwrap().strict().unwrap();
    let mut object = normal(case.get("object"));
    defaults::apply(kind.name(), &mut object);
    let old = normal(case.get("old"));
    defaults::drop_disabled(kind.name(), &mut object, Some(&old));
    if kind == Kind::Service {
        crate::registry::service::complete_update(&mut object, &old);
    }
    let errors = validate_update(kind, &object, &old);
    let name = old.at(&["metadata", "name"]).text();
    (!errors.is_empty()).then(|| Status::invalid(kind, name, &errors).message.to_string())
}

#[test]
fn changes_are_judged_as_by_the_real_server() {
    let Ok(folder) = std::env::var("ORDINAL_REFERENCE") else {
        println!("skipped: ORDINAL_REFERENCE does not name the folder of reference data");
        return;
    };
    let text = std::fs::read_to_string(format!("{folder}/oracle/validation.json")).expect("the oracle is there");
    let cases: Vec<Value> = serde_json::from_str(&text).expect("the oracle is JSON");
    let (mut judged, mut wrong) = (0, Vec::new());
    for case in cases.iter().filter(|case| case.get("mode").text() == "update") {
        let Some(kind) = Kind::ALL.iter().copied().find(|kind| kind.name() == case.get("kind").text()) else {
            continue;
        };
        let expect = case.get("expect");
        if ["decode", "allocate"].contains(&expect.get("stage").text()) {
            continue;
        }
        judged += 1;
        let said = judge(kind, case).unwrap_or_default();
        let texts = expect.get("messageAnyOf").as_list();
        if said != expect.get("message").text() && !texts.iter().any(|text| text.text() == said) {
            wrong.push(format!(
                "{:?} {} {:?}\n  got  {said}\n  want {}",
                case.get("id"),
                kind.name(),
                case.get("edits"),
                expect.get("message").text()
            ));
        }
    }
    println!("changes: {} of {judged} as recorded\n{}", judged - wrong.len(), wrong.join("\n"));
    assert!(wrong.len() * 20 <= judged, "{}", wrong.join("\n"));
}
