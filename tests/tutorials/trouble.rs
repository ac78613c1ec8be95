//! What becomes of mistakes with claims, classes and kustomize files.

use ordinal_tests::desk::{Desk, desk};
use playground::LIMIT;

fn check(desk: &mut Desk, command: &str, expect: &str) {
    let said = desk.run(command);
    assert_eq!(format!("{}{}", said.stdout, said.stderr), expect, "{command}");
}

fn apply(desk: &mut Desk, manifest: &str) {
    let said = desk.run_with("kubectl apply -f -", manifest, LIMIT);
    assert_eq!(said.rc, 0, "{said:?}");
}

fn claim(name: &str, class: &str) -> String {
    format!(
        "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: {name}}}\nspec: {{storageClassName: {class}, \
         accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 1Gi}}}}}}\n"
    )
}

#[test]
fn a_claim_that_is_deleted_stays_while_a_pod_has_it_even_one_that_has_ended() {
    let mut desk = desk(2, 1);
    apply(&mut desk, &claim("data", "standard"));
    apply(
        &mut desk,
        "apiVersion: v1\nkind: Pod\nmetadata: {name: user}\nspec:\n  restartPolicy: Never\n  containers:\n  - {name: c, image: \
         busybox, command: [sh, -c, sleep 20], volumeMounts: [{name: d, mountPath: /data}]}\n  volumes: [{name: d, \
         persistentVolumeClaim: {claimName: data}}]\n",
    );
    check(&mut desk, "kubectl wait --for=condition=Ready pod/user", "pod/user condition met\n");
    let deletion = "kubectl delete pvc data --wait=false";
    check(&mut desk, deletion, "persistentvolumeclaim \"data\" deleted from default namespace\n");
    check(&mut desk, "kubectl exec user -- sh -c 'echo kept > /data/x; cat /data/x'", "kept\n");
    let state = "kubectl get pvc data --no-headers | cut -d ' ' -f 4";
    check(&mut desk, state, "Terminating\n");
    desk.wait(30);
    check(&mut desk, "kubectl get pod user -o jsonpath='{.status.phase}'", "Succeeded");
    check(&mut desk, state, "Terminating\n");
    check(&mut desk, "kubectl delete pod user", "pod \"user\" deleted from default namespace\n");
    let gone = "Error from server (NotFound): persistentvolumeclaims \"data\" not found\n";
    check(&mut desk, "kubectl get pvc data", gone);
}

#[test]
fn a_claim_waits_for_its_class() {
    let mut desk = desk(2, 1);
    apply(&mut desk, &claim("late", "fast"));
    desk.wait(3);
    let said = desk.run("kubectl describe pvc late").stdout;
    let event = "persistentvolume-controller  storageclass.storage.k8s.io \"fast\" not found";
    assert!(said.contains("ProvisioningFailed") && said.contains(event), "{said}");
    apply(
        &mut desk,
        "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: fast}\nprovisioner: k8s.io/minikube-hostpath\n",
    );
    desk.wait(16);
    check(&mut desk, "kubectl get pvc late -o jsonpath='{.status.phase} {.spec.storageClassName}'", "Bound fast");
}

#[test]
fn a_secret_that_changes_gets_another_name_and_its_users_roll() {
    let mut desk = desk(2, 1);
    let used = "kubectl get deploy wordpress-mysql -o \
                jsonpath='{.spec.template.spec.containers[0].env[0].valueFrom.secretKeyRef.name}'";
    let names = "kubectl get secrets -o jsonpath='{.items[*].metadata.name}'";
    let file = "secretGenerator:\n- name: mysql-pass\n  literals: [password=YOUR_PASSWORD]\nresources: [mysql-deployment.yaml]\n";
    desk.run_with("cat > kustomization.yaml", file, LIMIT);
    assert_eq!(desk.run("kubectl apply -k ./").rc, 0);
    check(&mut desk, used, "mysql-pass-5m26tmdb5k");
    desk.run("sed -i 's/YOUR_PASSWORD/other/' kustomization.yaml");
    assert_eq!(desk.run("kubectl apply -k ./").rc, 0);
    check(&mut desk, used, "mysql-pass-ttm48h54d2");
    check(&mut desk, names, "mysql-pass-5m26tmdb5k mysql-pass-ttm48h54d2");
    check(&mut desk, "kubectl get rs -l tier=mysql -o name | wc -l", "2\n");
}

#[test]
fn kustomize_names_what_is_missing_or_wrong() {
    let mut desk = desk(1, 1);
    desk.run("mkdir k; cd k; kubectl create configmap c --from-literal=a=b --dry-run=client -o yaml > a.yaml");
    let missing = |name: &str| {
        format!("evalsymlink failure on '/home/user/k/{name}' : lstat /home/user/k/{name}: no such file or directory")
    };
    check(
        &mut desk,
        "kubectl kustomize ./",
        "error: unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory \
         '/home/user/k'\n",
    );
    let twice = "error: accumulating resources: accumulation err='accumulating resources from 'a.yaml': merging resources \
                 from 'a.yaml': may not add resource with an already registered id: ConfigMap.v1.[noGrp]/c.[noNs]': must build \
                 at directory: '/home/user/k/a.yaml': file is not directory\n";
    let repeated = "error: merging from generator secretGenerator: id resid.ResId{Gvk:resid.Gvk{Group:\"\", Version:\"v1\", \
                    Kind:\"Secret\", isClusterScoped:false}, Name:\"s\", Namespace:\"\"} exists; can not use behavior: \
                    'unspecified', behavior must be merge or replace\n";
    let cases = [
        ("", "error: kustomization.yaml is empty\n".to_owned()),
        ("resources: [a.yaml", "error: invalid Kustomization: yaml: line 1: did not find expected ',' or ']'\n".into()),
        ("resource: [a.yaml]", "error: invalid Kustomization: json: unknown field \"resource\"\n".into()),
        ("resources: [a.yaml, a.yaml]", twice.into()),
        (
            "resources: [none.yaml]",
            format!(
                "error: accumulating resources: accumulation err='accumulating resources from 'none.yaml': {0}': must build at \
                 directory: not a valid directory: {0}\n",
                missing("none.yaml")
            ),
        ),
        (
            "secretGenerator: [{name: s, literals: [a=1, a=2]}]",
            "error: configmap s illegally repeats the key `a`\n".into(),
        ),
        (
            "secretGenerator: [{name: s, literals: [a]}]",
            "error: loading KV pairs: literal sources [a]: invalid literal source a, expected key=value\n".into(),
        ),
        (
            "secretGenerator: [{name: s, files: [none]}]",
            format!("error: loading KV pairs: file sources: [none]: {}\n", missing("none")),
        ),
        ("secretGenerator: [{name: s, literals: [a=1]}, {name: s, literals: [a=2]}]", repeated.into()),
        // As in the real one, the last of two equal keys counts.
        (
            "resources: [none.yaml]\nresources: [a.yaml]",
            "apiVersion: v1\ndata:\n  a: b\nkind: ConfigMap\nmetadata:\n  name: c\n".into(),
        ),
    ];
    for (file, expect) in cases {
        desk.run_with("cat > kustomization.yaml", file, LIMIT);
        check(&mut desk, "kubectl kustomize ./", &expect);
    }
}
