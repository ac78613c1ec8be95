//! Quotas, limits, and the kinds that no recording holds: what is refused, what is counted, what is shown.

use ordinal_tests::desk::{Desk, desk};

/// Runs each line and compares all that it says with what stands below it.
fn check(desk: &mut Desk, cases: &[(&str, &str)]) {
    for (command, expect) in cases {
        let said = desk.run(command);
        assert_eq!(format!("{}{}", said.stdout, said.stderr), *expect, "{command}");
    }
}

fn pod(name: &str, resources: &str) -> String {
    let spec = format!(r#"{{"spec":{{"containers":[{{"name":"a","image":"nginx","resources":{resources}}}]}}}}"#);
    format!("kubectl run {name} --image=nginx --overrides='{spec}'")
}

#[test]
fn a_quota_counts_and_refuses() {
    let mut desk = desk(2, 1);
    check(
        &mut desk,
        &[
            ("kubectl create quota q --hard=pods=2,requests.cpu=1,services.nodeports=0", "resourcequota/q created\n"),
            (
                "kubectl run a --image=nginx",
                "Error from server (Forbidden): pods \"a\" is forbidden: failed quota: q: must specify requests.cpu for: a\n",
            ),
        ],
    );
    desk.wait(1);
    let (small, large) = (r#"{"requests":{"cpu":"600m"}}"#, r#"{"requests":{"cpu":"500m"}}"#);
    let exceeded = "Error from server (Forbidden): pods \"b\" is forbidden: exceeded quota: q, requested: \
                    requests.cpu=500m, used: requests.cpu=600m, limited: requests.cpu=1\n";
    check(
        &mut desk,
        &[
            (&pod("a", small), "pod/a created\n"),
            (&pod("b", large), exceeded),
            (
                "kubectl create service nodeport x --tcp=80",
                "error: failed to create NodePort service: services \"x\" is forbidden: exceeded quota: q, requested: \
                 services.nodeports=1, used: services.nodeports=0, limited: services.nodeports=0\n",
            ),
            (
                "kubectl describe quota q",
                "Name:               q\nNamespace:          default\nResource            Used  Hard\n\
                 --------            ----  ----\npods                1     2\nrequests.cpu        600m  1\n\
                 services.nodeports  0     0\n",
            ),
            ("kubectl delete pod a", "pod \"a\" deleted from default namespace\n"),
            (
                "kubectl get quota q -o jsonpath='{.status.used}'",
                r#"{"pods":"0","requests.cpu":"0","services.nodeports":"0"}"#,
            ),
            (&pod("b", large), "pod/b created\n"),
            // A dry run books nothing.
            (&(pod("c", large) + " --dry-run=server"), "pod/c created (server dry run)\n"),
            ("kubectl get quota q -o jsonpath='{.status.used.pods}'", "1"),
            (
                "kubectl create quota r --hard=podz=1",
                "error: failed to create quota: ResourceQuota \"r\" is invalid: [\
              spec.hard[podz]: Invalid value: \"podz\": must be a standard resource type or fully qualified, spec.hard[podz]: \
              Invalid value: \"podz\": must be a standard resource for quota]\n",
            ),
        ],
    );
}

const LIMITS: &str = "kubectl apply -f - <<END
apiVersion: v1
kind: LimitRange
metadata: {name: limits}
spec:
  limits:
  - type: Container
    max: {cpu: \"1\"}
    min: {cpu: 50m}
    default: {cpu: 200m}
    defaultRequest: {cpu: 100m}
    maxLimitRequestRatio: {cpu: \"4\"}
  - type: PersistentVolumeClaim
    max: {storage: 1Gi}
END";

#[test]
fn limits_complete_and_refuse() {
    let mut desk = desk(2, 1);
    let refused = |cause: &str| format!("Error from server (Forbidden): pods \"p\" is forbidden: {cause}\n");
    let claim = "kubectl apply -f - <<END
{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: c}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 2Gi}}}}
END";
    check(
        &mut desk,
        &[
            (LIMITS, "limitrange/limits created\n"),
            ("kubectl run a --image=nginx", "pod/a created\n"),
            (
                "kubectl get pod a -o jsonpath='{.spec.containers[0].resources} {.metadata.annotations}'",
                "{\"limits\":{\"cpu\":\"200m\"},\"requests\":{\"cpu\":\"100m\"}} {\"kubernetes.io/limit-ranger\":\"LimitRanger \
                 plugin set: cpu request for container a; cpu limit for container a\"}",
            ),
            (
                &pod("p", r#"{"requests":{"cpu":"20m"},"limits":{"cpu":"2"}}"#),
                &refused(
                    "[minimum cpu usage per Container is 50m, but request is 20m, maximum cpu usage per Container is 1, but \
                     limit is 2, cpu max limit to request ratio per Container is 4, but provided ratio is 100.000000]",
                ),
            ),
            (
                claim,
                "Error from server (Forbidden): error when creating \"STDIN\": persistentvolumeclaims \"c\" is forbidden: \
                 maximum storage usage per PersistentVolumeClaim is 1Gi, but request is 2Gi\n",
            ),
            (
                "kubectl describe limits",
                "Name:                  limits\nNamespace:             default\n\
                 Type                   Resource  Min  Max  Default Request  Default Limit  Max Limit/Request Ratio\n\
                 ----                   --------  ---  ---  ---------------  -------------  -----------------------\n\
                 Container              cpu       50m  1    100m             200m           4\n\
                 PersistentVolumeClaim  storage   -    1Gi  -                -              -\n",
            ),
        ],
    );
}

#[test]
fn roles_and_bindings_are_kept_and_shown() {
    let mut desk = desk(1, 1);
    check(
        &mut desk,
        &[
            (
                "kubectl create role r --verb=get,list --resource=pods,deployments.apps,pods/log",
                "role.rbac.authorization.k8s.io/r created\n",
            ),
            (
                "kubectl create rolebinding b --role=r --user=jane --serviceaccount=default:default",
                "rolebinding.rbac.authorization.k8s.io/b created\n",
            ),
            (
                "kubectl describe role r",
                "Name:         r\nLabels:       <none>\nAnnotations:  <none>\nPolicyRule:\n  Resources         \
                 Non-Resource URLs  Resource Names  Verbs\n  ---------         -----------------  --------------  -----\n  \
                 pods/log          []                 []              [get list]\n  pods              []                 []              \
                 [get list]\n  deployments.apps  []                 []              [get list]\n",
            ),
            (
                "kubectl get rolebinding -o wide",
                "NAME   ROLE     AGE   USERS   GROUPS   SERVICEACCOUNTS\nb      Role/r   0s    jane             default/default\n",
            ),
            (
                "kubectl patch rolebinding b --type=merge -p '{\"roleRef\":{\"name\":\"x\"}}'",
                "The RoleBinding \"b\" is invalid: roleRef: Invalid value: \
                 {\"APIGroup\":\"rbac.authorization.k8s.io\",\"Kind\":\"Role\",\"Name\":\"x\"}: cannot change roleRef\n",
            ),
            (
                "kubectl create role x --verb=bind --resource=pods",
                "error: can not perform 'bind' on 'pods' in group ''\n",
            ),
            (
                "kubectl create clusterrole c --verb=get --non-resource-url=healthz",
                "error: nonResourceURL should start with /\n",
            ),
            ("kubectl create rolebinding y --user=a", "error: exactly one of clusterrole or role must be specified\n"),
        ],
    );
}

#[test]
fn an_autoscaler_is_an_object() {
    let mut desk = desk(2, 1);
    check(
        &mut desk,
        &[
            ("kubectl create deployment web --image=nginx", "deployment.apps/web created\n"),
            (
                "kubectl autoscale deployment web --max=5 --cpu=80% --memory=200",
                "horizontalpodautoscaler.autoscaling/web autoscaled\n",
            ),
            (
                "kubectl get hpa",
                "NAME   REFERENCE        TARGETS                                       MINPODS   MAXPODS   REPLICAS   AGE\n\
                 web    Deployment/web   cpu: <unknown>/80%, memory: <unknown>/200Mi   1         5         0          0s\n",
            ),
            (
                "kubectl autoscale deployment web --max=5 --name=other --dry-run=client",
                "horizontalpodautoscaler.autoscaling/other created (dry run)\n",
            ),
        ],
    );
}
