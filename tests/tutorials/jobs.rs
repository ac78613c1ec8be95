//! Jobs and CronJobs, as somebody uses them: what runs, what fails, what is said, and what goes along.

use ordinal_tests::desk::{Desk, desk};

fn check(desk: &mut Desk, command: &str, expect: &str) {
    let said = desk.run(command);
    assert_eq!(format!("{}{}", said.stdout, said.stderr), expect, "{command}");
}

fn apply(desk: &mut Desk, spec: &str, container: &str) {
    let manifest = format!(
        "apiVersion: batch/v1\nkind: Job\nmetadata: {{name: work}}\nspec:\n{spec}  template:\n    spec:\n      \
         restartPolicy: Never\n      containers:\n      - {{name: c, image: busybox, command: [sh, -c, '{container}']}}\n"
    );
    let said = desk.run_with("kubectl apply -f -", &manifest, playground::LIMIT);
    assert_eq!((said.rc, said.stdout.as_str()), (0, "job.batch/work created\n"), "{said:?}");
}

const REASONS: &str = "kubectl get job work -o jsonpath='{range .status.conditions[*]}{.type}={.status} {.reason}: \
                       {.message}{\"\\n\"}{end}'";

#[test]
fn a_job_succeeds_and_takes_its_pods_along() {
    let mut desk = desk(3, 4);
    check(&mut desk, "kubectl create job hello --image=busybox -- echo hi there", "job.batch/hello created\n");
    check(&mut desk, "kubectl wait --for=condition=complete job/hello", "job.batch/hello condition met\n");
    check(&mut desk, "kubectl logs job/hello", "hi there\n");
    let row = desk.run("kubectl get jobs --no-headers").stdout;
    assert!(row.starts_with("hello   Complete   1/1 "), "{row}");
    let finalizers = "kubectl get pods -l job-name=hello -o jsonpath='{.items[*].metadata.finalizers}'";
    check(&mut desk, finalizers, "");
    check(&mut desk, "kubectl delete job hello", "job.batch \"hello\" deleted from default namespace\n");
    desk.wait(2);
    check(&mut desk, "kubectl get pods,jobs", "No resources found in default namespace.\n");
}

#[test]
fn failures_are_replaced_ever_later_until_they_are_too_many() {
    let mut desk = desk(3, 4);
    apply(&mut desk, "  backoffLimit: 2\n", "exit 3");
    check(&mut desk, "kubectl wait --for=condition=failed job/work --timeout=5m", "job.batch/work condition met\n");
    check(
        &mut desk,
        REASONS,
        "FailureTarget=True BackoffLimitExceeded: Job has reached the specified backoff limit\n\
         Failed=True BackoffLimitExceeded: Job has reached the specified backoff limit\n",
    );
    check(&mut desk, "kubectl get job work -o jsonpath='{.status.failed} {.status.active}'", "3 ");
    let ages = desk.run("kubectl get pods -o jsonpath='{.items[*].status.phase}'").stdout;
    assert_eq!(ages, "Failed Failed Failed");
}

#[test]
fn an_index_for_every_pod() {
    let mut desk = desk(3, 4);
    apply(
        &mut desk,
        "  completions: 5\n  parallelism: 2\n  completionMode: Indexed\n",
        "echo $JOB_COMPLETION_INDEX on $HOSTNAME",
    );
    let most = desk.run("kubectl get pods --no-headers | wc -l").stdout;
    assert_eq!(most.trim(), "2");
    check(&mut desk, "kubectl wait --for=condition=complete job/work --timeout=5m", "job.batch/work condition met\n");
    check(&mut desk, "kubectl get job work -o jsonpath='{.status.completedIndexes} {.status.succeeded}'", "0-4 5");
    let logs = desk.run("kubectl logs -l batch.kubernetes.io/job-completion-index=3").stdout;
    assert_eq!(logs, "3 on work-3\n");
}

#[test]
fn a_policy_says_what_a_failure_means() {
    let policy = |action: &str| {
        format!(
            "  backoffLimit: 1\n  podFailurePolicy:\n    rules:\n    - action: {action}\n      onExitCodes: {{operator: In, \
             values: [42]}}\n"
        )
    };
    let mut desk = desk(3, 4);
    apply(&mut desk, &policy("FailJob"), "exit 42");
    check(&mut desk, "kubectl wait --for=condition=failed job/work --timeout=1m", "job.batch/work condition met\n");
    let reasons = desk.run(REASONS).stdout;
    assert!(reasons.contains("Failed=True PodFailurePolicy: Container c for pod default/work-"), "{reasons}");
    assert!(reasons.contains(" failed with exit code 42 matching FailJob rule at index 0\n"), "{reasons}");
    desk.run("kubectl delete job work");
    apply(&mut desk, &policy("Ignore"), "exit 42");
    desk.wait(120);
    check(&mut desk, "kubectl get job work -o jsonpath='{.status.failed}{.status.conditions}'", "");
    let tries: usize = desk.run("kubectl get pods --no-headers | wc -l").stdout.trim().parse().unwrap();
    assert!(tries > 2, "{tries} pods");
}

#[test]
fn time_limits_rest_and_removal() {
    let mut desk = desk(3, 4);
    apply(&mut desk, "  activeDeadlineSeconds: 20\n  ttlSecondsAfterFinished: 60\n", "sleep 1000");
    desk.wait(10);
    check(&mut desk, "kubectl patch job work -p '{\"spec\":{\"suspend\":true}}'", "job.batch/work patched\n");
    check(&mut desk, "kubectl wait --for=condition=suspended job/work", "job.batch/work condition met\n");
    desk.wait(4);
    check(&mut desk, "kubectl get job work -o jsonpath='{.status.active}'", "");
    let row = desk.run("kubectl get job work --no-headers").stdout;
    assert!(row.starts_with("work   Suspended   0/1 "), "{row}");
    check(&mut desk, "kubectl patch job work -p '{\"spec\":{\"suspend\":false}}'", "job.batch/work patched\n");
    check(&mut desk, "kubectl wait --for=condition=failed job/work --timeout=2m", "job.batch/work condition met\n");
    let reasons = desk.run(REASONS).stdout;
    assert!(
        reasons.ends_with("Failed=True DeadlineExceeded: Job was active longer than specified deadline\n"),
        "{reasons}"
    );
    assert!(reasons.starts_with("Suspended=False JobResumed: Job resumed\n"), "{reasons}");
    desk.wait(70);
    check(&mut desk, "kubectl get jobs,pods", "No resources found in default namespace.\n");
}

#[test]
fn a_cron_job_makes_jobs_and_keeps_the_last() {
    let mut desk = desk(3, 4);
    let create = "kubectl create cronjob tick --image=job --schedule='*/1 * * * *'";
    check(&mut desk, create, "cronjob.batch/tick created\n");
    desk.wait(6 * 60 + 20);
    let jobs = desk.run("kubectl get jobs --no-headers | wc -l").stdout;
    assert_eq!(jobs.trim(), "3", "the history's limit");
    check(&mut desk, "kubectl create job by-hand --from=cronjob/tick", "job.batch/by-hand created\n");
    check(
        &mut desk,
        "kubectl get job by-hand -o jsonpath='{.metadata.annotations} {.metadata.ownerReferences[0].name}'",
        "{\"cronjob.kubernetes.io/instantiate\":\"manual\"} tick",
    );
    check(&mut desk, "kubectl patch cj tick -p '{\"spec\":{\"suspend\":true}}'", "cronjob.batch/tick patched\n");
    let count = "kubectl get jobs -o name | wc -l";
    desk.wait(30);
    let before = desk.run(count).stdout;
    desk.wait(600);
    assert_eq!(desk.run(count).stdout, before);
    desk.run("kubectl delete cj tick");
    desk.wait(5);
    check(&mut desk, "kubectl get cj,jobs,pods", "No resources found in default namespace.\n");
}

#[test]
fn what_is_wrong_is_refused() {
    let mut desk = desk(1, 4);
    for (command, refusal) in [
        ("kubectl create cronjob c --image=job", "error: required flag(s) \"schedule\" not set\n"),
        (
            "kubectl create cronjob c --image=job --schedule='* * * *'",
            "error: failed to create cronjob: CronJob.batch \"c\" is invalid: spec.schedule: Invalid value: \"* * * *\": expected \
             exactly 5 fields, found 4: [* * * *]\n",
        ),
        (
            "kubectl create job j --from=cronjob/none",
            "Error from server (NotFound): cronjobs.batch \"none\" not found\n",
        ),
    ] {
        check(&mut desk, command, refusal);
    }
    let always = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: j}\nspec: {template: {spec: {containers: [{name: c, image: \
                  job}]}}}\n";
    let said = desk.run_with("kubectl apply -f -", always, playground::LIMIT);
    assert_eq!(
        said.stderr,
        "The Job \"j\" is invalid: spec.template.spec.restartPolicy: Required value: valid values: \"OnFailure\", \"Never\"\n"
    );
    check(&mut desk, "kubectl create job j --image=job", "job.batch/j created\n");
    let changed = desk.run("kubectl patch job j --type=json -p '[{\"op\":\"replace\",\"path\":\"/spec/template/spec/containers/0/image\",\"value\":\"x\"}]'");
    assert!(
        changed.stderr.starts_with("The Job \"j\" is invalid: spec.template: Invalid value: {\"labels\":{"),
        "{changed:?}"
    );
    assert!(changed.stderr.ends_with("}: field is immutable\n"), "{changed:?}");
    let kept = desk.run("kubectl patch job j -p '{\"spec\":{\"completions\":4}}'");
    assert_eq!(kept.stderr, "The Job \"j\" is invalid: spec.completions: Invalid value: 4: field is immutable\n");
}

#[test]
fn an_index_that_fails_too_often_is_given_up_and_the_others_go_on() {
    let mut desk = desk(3, 4);
    let limits = "  completions: 3\n  parallelism: 3\n  completionMode: Indexed\n  backoffLimitPerIndex: 1\n";
    apply(&mut desk, limits, "test $JOB_COMPLETION_INDEX != 1");
    check(&mut desk, "kubectl wait --for=condition=failed job/work --timeout=5m", "job.batch/work condition met\n");
    check(
        &mut desk,
        REASONS,
        "FailureTarget=True FailedIndexes: Job has failed indexes\nFailed=True FailedIndexes: Job has failed indexes\n",
    );
    let counts =
        "kubectl get job work -o jsonpath='{.status.completedIndexes} {.status.failedIndexes} {.status.failed}'";
    check(&mut desk, counts, "0,2 1 2");
    let failures = "kubectl get pods -l batch.kubernetes.io/job-completion-index=1 --sort-by=.metadata.creationTimestamp -o \
                    jsonpath='{.items[*].metadata.annotations.batch\\.kubernetes\\.io/job-index-failure-count}'";
    check(&mut desk, failures, "0 1");
    let events = desk.run("kubectl describe job work").stdout;
    assert!(events.contains("FailedIndexes"), "{events}");
}

#[test]
fn too_many_failed_indexes_end_the_job() {
    let mut desk = desk(3, 4);
    let limits = "  completions: 4\n  parallelism: 1\n  completionMode: Indexed\n  backoffLimitPerIndex: 0\n  \
                  maxFailedIndexes: 1\n";
    apply(&mut desk, limits, "exit 1");
    check(&mut desk, "kubectl wait --for=condition=failed job/work --timeout=5m", "job.batch/work condition met\n");
    let reason = "kubectl get job work -o jsonpath='{.status.failedIndexes} {.status.conditions[1].reason}: \
                  {.status.conditions[1].message}'";
    let expect = "0,1 MaxFailedIndexesExceeded: Job has exceeded the specified maximal number of failed indexes";
    check(&mut desk, reason, expect);
}

#[test]
fn a_job_that_goes_on_has_its_whole_time_again() {
    let mut desk = desk(3, 4);
    apply(&mut desk, "  activeDeadlineSeconds: 60\n", "sleep 50");
    desk.wait(30);
    check(&mut desk, "kubectl patch job work -p '{\"spec\":{\"suspend\":true}}'", "job.batch/work patched\n");
    desk.wait(60);
    check(&mut desk, "kubectl get job work -o jsonpath='{.status.startTime}'", "");
    check(&mut desk, "kubectl patch job work -p '{\"spec\":{\"suspend\":false}}'", "job.batch/work patched\n");
    check(&mut desk, "kubectl wait --for=condition=complete job/work --timeout=2m", "job.batch/work condition met\n");
    let events =
        desk.run("kubectl get events --field-selector involvedObject.kind=Job -o jsonpath='{.items[*].reason}'");
    for expect in ["Suspended", "Resumed", "Completed"] {
        assert!(events.stdout.contains(expect), "{events:?}");
    }
}

#[test]
fn an_adopted_pod_is_counted() {
    let mut desk = desk(3, 4);
    apply(&mut desk, "", "sleep 40");
    check(&mut desk, "kubectl delete job work --cascade=orphan", "job.batch \"work\" deleted from default namespace\n");
    desk.wait(2);
    let finalizers = "kubectl get pods -o jsonpath='{.items[*].metadata.finalizers}'";
    check(&mut desk, finalizers, "");
    let labels = desk.run("kubectl get pods -o jsonpath='{.items[0].metadata.labels.controller-uid}'").stdout;
    let manifest = format!(
        "apiVersion: batch/v1\nkind: Job\nmetadata: {{name: heir}}\nspec:\n  manualSelector: true\n  selector: {{matchLabels: \
         {{controller-uid: {labels}}}}}\n  template:\n    metadata: {{labels: {{controller-uid: {labels}}}}}\n    spec: \
         {{restartPolicy: Never, containers: [{{name: c, image: busybox, command: [sleep, \"40\"]}}]}}\n"
    );
    let said = desk.run_with("kubectl apply -f -", &manifest, playground::LIMIT);
    assert_eq!(said.stdout, "job.batch/heir created\n", "{said:?}");
    desk.wait(2);
    check(&mut desk, "kubectl get pods -o name | wc -l", "1\n");
    check(&mut desk, finalizers, "[\"batch.kubernetes.io/job-tracking\"]");
    check(&mut desk, "kubectl wait --for=condition=complete job/heir --timeout=2m", "job.batch/heir condition met\n");
    check(&mut desk, "kubectl get job heir -o jsonpath='{.status.succeeded}'", "1");
}
