//! Kustomizations: what they make, and what is said of those that are wrong.

use crate::world::World;

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - {name: a, image: 'nginx:1'}\n  \
- {name: b, image: 'reg:5000/busybox', ports: [{containerPort: 80, protocol: TCP}]}\n";
const SET: &str = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: web}\nspec:\n  serviceName: nginx\n  selector: \
{matchLabels: {app: nginx}}\n  template:\n    metadata: {labels: {app: nginx}}\n    spec:\n      containers:\n      - name: \
nginx\n        image: nginx\n        envFrom: [{configMapRef: {name: conf}}]\n      volumes:\n      - {name: v, secret: \
{secretName: key}}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: nginx}\nspec: {clusterIP: None}\n";
const HEAD: &str = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\nspec:\n  containers:\n";

fn world(kustomization: &str) -> World {
    let mut world = World::new();
    for (path, text) in [
        ("k/kustomization.yaml", kustomization),
        ("k/pod.yaml", POD),
        ("k/set.yaml", SET),
        ("k/a.env", "# comment\nA=1\n\n  B=x=y\nC\n"),
        ("k/bad.yaml", "a: b: c\n"),
        ("k/nameless.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {labels: {a: b}}\n"),
        ("k/base/kustomization.yaml", "namePrefix: base-\nresources: [pod.yaml]\n"),
        ("k/base/pod.yaml", POD),
        ("k/empty/other.yaml", ""),
        ("out.yaml", POD),
    ] {
        world.files.0.insert(format!("/home/user/{path}"), text.as_bytes().to_vec());
    }
    world
}

fn builds(kustomization: &str, expect: &str) {
    world(kustomization).check("kubectl kustomize k", "", expect, "", 0);
}

fn built(world: &mut World) -> String {
    let outcome = world.run("kubectl kustomize k");
    assert_eq!(outcome.stderr, "");
    outcome.stdout
}

/// The containers of the pod after a change.
fn containers(change: &str, expect: &str) {
    builds(&format!("resources: [pod.yaml]\n{change}"), &format!("{HEAD}{expect}"));
}

fn refuses(kustomization: &str, expect: &str) {
    world(kustomization).check("kubectl kustomize k", "", "", &format!("error: {expect}\n"), 1);
}

#[test]
fn generated_names_end_with_a_hash_and_references_follow() {
    let secret = "apiVersion: v1\ndata:\n  password: WU9VUl9QQVNTV09SRA==\nkind: Secret\nmetadata:\n  name: \
                  mysql-pass-5m26tmdb5k\ntype: Opaque\n";
    builds("secretGenerator:\n- name: mysql-pass\n  literals:\n  - password=YOUR_PASSWORD\n", secret);
    let plain = "apiVersion: v1\ndata:\n  A: \"1\"\n  B: x=y\n  C: \"\"\nimmutable: true\nkind: ConfigMap\nmetadata:\n  \
                 labels:\n    l: own\n    m: all\n  name: c\n";
    builds(
        "configMapGenerator:\n- {name: c, envs: [a.env], options: {labels: {l: own}, immutable: true}}\ngeneratorOptions: \
         {disableNameSuffixHash: true, labels: {l: all, m: all}}\n",
        plain,
    );
    let mut world = world(
        "namePrefix: x-\nnameSuffix: -z\nresources: [set.yaml]\nconfigMapGenerator: [{name: conf}]\nsecretGenerator: \
         [{name: key, literals: [a='b']}]\n",
    );
    let shown = built(&mut world);
    for line in [
        "  name: x-web-z\n",
        "  serviceName: x-nginx-z\n",
        "            name: x-conf-z-6ct58987ht\n",
        "          secretName: x-key-z-k695gkmbtk\n",
        "      app: nginx\n",
    ] {
        assert!(shown.contains(line), "{line:?} in {shown}");
    }
}

#[test]
fn patches_change_what_they_name_or_select() {
    let b = "  - image: reg:5000/busybox\n    name: b\n    ports:\n    - containerPort: 80\n      protocol: TCP\n";
    let a = "  - image: nginx:1\n    name: a\n";
    containers(
        "patches:\n- patch: |\n    apiVersion: v1\n    kind: Pod\n    metadata: {name: p}\n    spec: {containers: [{name: b, \
         image: x, ports: [{containerPort: 80, name: web}]}]}\n",
        &format!(
            "  - image: x\n    name: b\n    ports:\n    - containerPort: 80\n      name: web\n      protocol: TCP\n{a}"
        ),
    );
    containers(
        "patches:\n- target: {kind: P.d}\n  patch: |\n    - {op: replace, path: /spec/containers/0/image, value: v}\n",
        &format!("  - image: v\n    name: a\n{b}"),
    );
    containers(
        "patches:\n- target: {name: p|q}\n  patch: '{apiVersion: v1, kind: Pod, metadata: {name: any}, spec: {containers: \
         [{name: b, $patch: delete}]}}'\n",
        a,
    );
    containers(
        "images:\n- {name: nginx, newTag: '2'}\n- {name: busybox, newTag: '3'}\n",
        &format!("{}{b}", a.replace(":1", ":2")),
    );
    containers(
        "images:\n- {name: 'reg:5000/busybox', newName: other, digest: 'sha256:1'}\n",
        &format!("{a}{}", b.replace("reg:5000/busybox", "other@sha256:1")),
    );
}

#[test]
fn labels_namespaces_and_replicas_reach_templates_and_selectors() {
    let mut world = world(
        "namespace: ns\nresources: [set.yaml, base]\nlabels:\n- pairs: {team: t}\n  includeSelectors: true\n- pairs: {only: \
         meta}\nreplicas: [{name: web, count: 3}]\ncommonAnnotations: {note: hi}\n",
    );
    let expect = "apiVersion: v1
kind: Service
metadata:
  annotations:
    note: hi
  labels:
    only: meta
    team: t
  name: nginx
  namespace: ns
spec:
  clusterIP: None
  selector:
    team: t
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  annotations:
    note: hi
  labels:
    only: meta
    team: t
  name: web
  namespace: ns
spec:
  replicas: 3
  selector:
    matchLabels:
      app: nginx
      team: t
  serviceName: nginx
  template:
    metadata:
      annotations:
        note: hi
      labels:
        app: nginx
        team: t
    spec:
";
    let shown = built(&mut world);
    assert!(shown.starts_with(expect), "{shown}");
    assert!(shown.contains("  name: base-p\n  namespace: ns\n"), "{shown}");
}

#[test]
fn mistakes_are_named_in_kustomizes_words() {
    let base = "accumulating resources: accumulation err='accumulating resources from";
    refuses(
        "resources: [nope.yaml]",
        &format!(
            "{base} 'nope.yaml': evalsymlink failure on '/home/user/k/nope.yaml' : lstat /home/user/k/nope.yaml: no such \
             file or directory': must build at directory: not a valid directory: evalsymlink failure on \
             '/home/user/k/nope.yaml' : lstat /home/user/k/nope.yaml: no such file or directory"
        ),
    );
    refuses(
        "resources: [../out.yaml]",
        &format!(
            "{base} '../out.yaml': security; file '/home/user/out.yaml' is not in or below '/home/user/k'': must build at \
             directory: '/home/user/out.yaml': file is not directory"
        ),
    );
    refuses(
        "resources: [empty]",
        &format!(
            "{base} 'empty': '/home/user/k/empty' must resolve to a file': couldn't make target for path \
             '/home/user/k/empty': unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in \
             directory '/home/user/k/empty'"
        ),
    );
    refuses(
        "resources: [../k]",
        &format!(
            "{base} '../k': '/home/user/k' must resolve to a file': cycle detected: candidate root '/home/user/k' contains \
             visited root '/home/user/k'"
        ),
    );
    refuses(
        "resources: [bad.yaml]",
        "accumulating resources: accumulating resources from 'bad.yaml': MalformedYAMLError: yaml: mapping values are not \
         allowed in this context in File: bad.yaml",
    );
    refuses(
        "resources: [nameless.yaml]",
        &format!(
            "{base} 'nameless.yaml': missing metadata.name in object {{{{v1 Pod}} {{{{ }} map[a:b] map[]}}}}': must build at \
             directory: '/home/user/k/nameless.yaml': file is not directory"
        ),
    );
    refuses("resource: [pod.yaml]", "invalid Kustomization: json: unknown field \"resource\"");
    refuses(
        "resources: pod.yaml",
        "invalid Kustomization: json: cannot unmarshal string into Go struct field Kustomization.resources of type []string",
    );
    refuses("# nothing", "kustomization.yaml is empty");
    refuses(
        "kind: Pod\nnamePrefix: a",
        "Failed to read kustomization file under /home/user/k:\nkind should be Kustomization or Component",
    );
    refuses(
        "resources: [pod.yaml]\npatches:\n- patch: '{apiVersion: v1, kind: Pod, metadata: {name: q}}'",
        "no resource matches strategic merge patch \"Pod.v1.[noGrp]/q.[noNs]\": no matches for Id Pod.v1.[noGrp]/q.[noNs]; \
         failed to find unique target for patch Pod.v1.[noGrp]/q.[noNs]",
    );
    refuses(
        "resources: [pod.yaml]\nreplicas: [{name: p, count: 2}]",
        "resource with name p does not match a config with the following GVK [Deployment.[noVer].[noGrp] \
         StatefulSet.[noVer].[noGrp] ReplicaSet.[noVer].[noGrp] ReplicationController.[noVer].[noGrp]]",
    );
    refuses(
        "secretGenerator: [{name: s, literals: [novalue]}]",
        "loading KV pairs: literal sources [novalue]: invalid literal source novalue, expected key=value",
    );
    refuses("vars: []", "the field 'vars' of a kustomization is not supported in this playground");
}

#[test]
fn every_verb_that_takes_files_takes_kustomizations() {
    let mut world = world("resources: [set.yaml]\nconfigMapGenerator: [{name: conf}]\n");
    let created = "configmap/conf-6ct58987ht created\nservice/nginx created\nstatefulset.apps/web created\n";
    world.check("kubectl apply -k k", "", created, "", 0);
    let unchanged = created.replace("created", "unchanged");
    world.check("kubectl apply -k k/", "", &unchanged, "", 0);
    world.check(
        "kubectl get -k k -o name",
        "",
        "configmap/conf-6ct58987ht\nservice/nginx\nstatefulset.apps/web\n",
        "",
        0,
    );
    world.check("kubectl diff -k k", "", "", "", 0);
    let deleted = "configmap \"conf-6ct58987ht\" deleted from default namespace\nservice \"nginx\" deleted from default \
                   namespace\nstatefulset.apps \"web\" deleted from default namespace\n";
    world.check("kubectl delete -k k", "", deleted, "", 0);
    let missing = "Error from server (NotFound): error when deleting \"k\": configmaps \"conf-6ct58987ht\" not found\n";
    assert!(world.run("kubectl delete -k k").stderr.starts_with(missing));
    world.check("kubectl apply -k k -f k", "", "", "error: only one of -f or -k can be specified\n", 1);
    let nowhere = "error: must build at directory: not a valid directory: evalsymlink failure on './nodir' : lstat \
                   /home/user/nodir: no such file or directory\n";
    world.check("kubectl apply -k ./nodir", "", "", nowhere, 1);
    world.check("kubectl kustomize a b", "", "", "error: specify one path to kustomization.yaml\n", 1);
}
