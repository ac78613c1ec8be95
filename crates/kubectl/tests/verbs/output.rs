//! `-o`: the forms in which objects are printed.

use crate::world::World;

const ALLOWED: &str = "go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,\
templatefile,yaml";

#[test]
fn kyaml_has_braces_quotes_and_commas() {
    let mut world = World::new();
    let manifest = "---\n{\n  apiVersion: \"v1\",\n  data: {\n    \"no\": \"1\",\n    text: \"\\\n       a\\n\\\n      \\  b\\n\\\n      \
                    \",\n  },\n  kind: \"ConfigMap\",\n  metadata: {\n    name: \"a\",\n    \
                    namespace: \"default\",\n  },\n}\n";
    world.check("kubectl create -f - --dry-run=client -o kyaml", manifest, manifest, "", 0);
    world.check("kubectl create -f -", manifest, "configmap/a created\n", "", 0);
    let data = "kubectl get cm a -o jsonpath={.data.text}";
    world.check(data, "", "a\n  b\n", "", 0);
    let listed = world.run("kubectl get cm -l a!=b -o KYAML --field-selector metadata.name=a").stdout;
    assert!(listed.starts_with("---\n{\n  apiVersion: \"v1\",\n  items: [{\n    apiVersion: \"v1\",\n"), "{listed}");
    assert!(
        listed.ends_with("  }],\n  kind: \"List\",\n  metadata: {\n    resourceVersion: \"\",\n  },\n}\n"),
        "{listed}"
    );
    let mut watch = world.start("kubectl get cm a -w --output-watch-events -o kyaml");
    world.advance(&mut watch, "", sim::Span::from_seconds(1));
    let event = watch.outcome.stdout;
    assert!(event.starts_with("---\n{\n  type: \"ADDED\",\n  object: {\n    apiVersion: \"v1\",\n"), "{event}");
}

#[test]
fn kyaml_can_be_turned_off() {
    let mut world = World::new();
    world.gates.push(("KUBECTL_KYAML".into(), "False".into()));
    let allowed = ALLOWED.replace("kyaml,", "");
    let refusal = format!(
        "error: unable to match a printer suitable for the output format \"kyaml\", allowed formats are: {allowed}\n"
    );
    world.check("kubectl create cm a --dry-run=client -o kyaml", "", "", &refusal, 1);
}

#[test]
fn what_is_made_of_flags_is_printed_in_the_order_of_its_struct() {
    let mut world = World::new();
    let json = "{\n    \"kind\": \"ConfigMap\",\n    \"apiVersion\": \"v1\",\n    \"metadata\": {\n        \"name\": \"a\"\n    },\n    \
                \"data\": {\n        \"b\": \"c\"\n    }\n}\n";
    let create = "kubectl create cm a --from-literal=b=c --dry-run=client";
    world.check(&format!("{create} -o json"), "", json, "", 0);
    let kyaml = "---\n{\n  kind: \"ConfigMap\",\n  apiVersion: \"v1\",\n  metadata: {\n    name: \"a\",\n  },\n  data: {\n    b: \
                 \"c\",\n  },\n}\n";
    world.check(&format!("{create} -o kyaml"), "", kyaml, "", 0);
    let yaml = "apiVersion: v1\ndata:\n  b: c\nkind: ConfigMap\nmetadata:\n  name: a\n";
    world.check(&format!("{create} -o yaml"), "", yaml, "", 0);
}
