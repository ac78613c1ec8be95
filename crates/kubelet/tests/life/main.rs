//! Pods from their creation to their end, in a whole cluster.

mod ephemeral;
mod sessions;
mod stops;
mod support;

use api::{Key, Kind};
use client::{Api, ChangeKind, DeleteOptions, LogOptions};
use cluster::Cluster;
use cluster::timing::named;
use sim::Time;
use support::{apply, cluster, cluster_of, events, exec_in, go, logs, pod, pod_manifest, row};

const WEB: &str = "apiVersion: v1
kind: Service
metadata:
  name: pages
spec:
  clusterIP: None
  selector: {app: pages}
  ports: [{port: 80, name: web}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: page
spec:
  serviceName: pages
  replicas: 2
  selector: {matchLabels: {app: pages}}
  template:
    metadata: {labels: {app: pages}}
    spec:
      containers:
      - name: server
        image: registry.k8s.io/nginx-slim:0.8
        ports: [{containerPort: 80, name: web}]
        volumeMounts: [{name: data, mountPath: /usr/share/nginx/html}]
  volumeClaimTemplates:
  - metadata: {name: data}
    spec:
      accessModes: [ReadWriteOnce]
      resources: {requests: {storage: 1Gi}}
";

/// Runs a command in a pod's first container.
fn exec(cluster: &mut Cluster, name: &str, command: &[&str], typed: &str) -> Result<(String, i32), String> {
    let container = pod(cluster, name).expect("the pod is there").spec.containers[0].name.clone();
    exec_in(cluster, name, &container, command, typed)
}

fn delete(cluster: &mut Cluster, name: &str) {
    let deleted = cluster.client("test").delete(Kind::Pod, &Key::new("default", name), &DeleteOptions::default());
    assert!(deleted.is_ok());
}

/// What a watch of the pod shows: per change its kind and the row's READY and STATUS.
fn watched(cluster: &mut Cluster, name: &str, after: u64) -> Vec<String> {
    let client = cluster.client("test");
    let changes = client.changes(Kind::Pod, after, Time(u64::MAX)).expect("the log reaches back").to_vec();
    let mine = changes.into_iter().filter(|change| change.object.metadata().name == name);
    let text = |change: client::Change| {
        let table = client.table(Kind::Pod, &[change.object]);
        let deleted = if change.kind == ChangeKind::Deleted { " deleted" } else { "" };
        format!("{} {}{deleted}", table.rows[0].cells[1].text(), table.rows[0].cells[2].text())
    };
    mine.map(text).collect()
}

#[test]
fn a_watch_shows_the_rows_of_the_recordings() {
    let mut cluster = cluster("recorded");
    apply(&mut cluster, &pod_manifest("one", "nginx", ""));
    go(&mut cluster, 3_000);
    let start = ["0/1 Pending", "0/1 Pending", "0/1 ContainerCreating", "1/1 Running"];
    assert_eq!(watched(&mut cluster, "one", 0), start);
    let revision = cluster.client("test").revision();
    delete(&mut cluster, "one");
    go(&mut cluster, 3_000);
    let end = ["1/1 Terminating", "0/1 Completed", "0/1 Completed", "0/1 Completed deleted"];
    assert_eq!(watched(&mut cluster, "one", revision), end);
}

#[test]
fn events_say_what_was_done() {
    let mut cluster = cluster("recorded");
    apply(&mut cluster, &pod_manifest("one", "registry.k8s.io/nginx-slim:0.8", ""));
    go(&mut cluster, 3_000);
    delete(&mut cluster, "one");
    go(&mut cluster, 100);
    let expect = [
        "Pulling Pulling image \"registry.k8s.io/nginx-slim:0.8\"",
        "Pulled Successfully pulled image \"registry.k8s.io/nginx-slim:0.8\" in 1.156s (1.156s including waiting). \
         Image size: 191139481 bytes.",
        "Created Container created",
        "Started Container started",
        "Killing Stopping container c",
    ];
    assert_eq!(events(&mut cluster, "one"), expect);
}

#[test]
fn an_agent_without_back_off_restarts_at_once_every_time() {
    let mut cluster = cluster("recorded");
    apply(&mut cluster, &pod_manifest("crash", "crash", ""));
    go(&mut cluster, 20_000);
    let row = row(&mut cluster, "crash");
    assert!(row.starts_with("1/1 Running ") || row.starts_with("0/1 Error "), "{row}");
    assert!(!events(&mut cluster, "crash").iter().any(|event| event.starts_with("BackOff")));
}

#[test]
fn practice_images_do_what_they_are_called() {
    let mut timing = named("recorded").expect("the profile is there");
    timing.restart_back_off_us = 10_000_000;
    let mut cluster = cluster_of(timing);
    let never = "  restartPolicy: Never\n";
    for (name, image, spec) in [
        ("crash", "crash", ""),
        ("job", "ordinal/job:1", never),
        ("fail", "job-fail", never),
        ("slow", "slowstop", ""),
        ("broken", "broken", ""),
        ("capital", "Nginx", ""),
        ("idle", "busybox:1.28", never),
        ("unknown", "example.com/what/ever:1", ""),
    ] {
        apply(&mut cluster, &pod_manifest(name, image, spec));
    }
    go(&mut cluster, 8_000);
    for (name, expect) in [
        ("crash", "0/1 CrashLoopBackOff 1 (2s ago)"),
        ("job", "0/1 Completed 0"),
        ("fail", "0/1 Error 0"),
        ("slow", "1/1 Running 0"),
        ("broken", "0/1 ImagePullBackOff 0"),
        ("capital", "0/1 InvalidImageName 0"),
        ("idle", "0/1 Completed 0"),
        ("unknown", "1/1 Running 0"),
    ] {
        let row = row(&mut cluster, name);
        let same = if name == "crash" { row.starts_with("0/1 CrashLoopBackOff 1") } else { row == expect };
        assert!(same, "{name}: {row}, not {expect}");
    }
    delete(&mut cluster, "slow");
    go(&mut cluster, 7_500);
    assert_eq!(row(&mut cluster, "slow"), "1/1 Terminating 0");
    go(&mut cluster, 2_000);
    assert_eq!(row(&mut cluster, "slow"), "gone");
    assert!(events(&mut cluster, "unknown").iter().any(|event| event.starts_with("Simulated ")));
}

#[test]
fn nginx_serves_what_its_worker_may_read_and_pages_survive_their_pod() {
    let mut cluster = cluster("recorded");
    apply(&mut cluster, WEB);
    go(&mut cluster, 10_000);
    let curl = ["curl", "http://localhost/"];
    for name in ["page-0", "page-1"] {
        let script = "echo \"$(hostname)\" > /usr/share/nginx/html/index.html";
        assert_eq!(exec(&mut cluster, name, &["sh", "-c", script], ""), Ok((String::new(), 0)));
        let (page, _) = exec(&mut cluster, name, &curl, "").expect("curl is there");
        assert!(page.contains("403 Forbidden"), "{page}");
        let open = exec(&mut cluster, name, &["chmod", "755", "/usr/share/nginx/html"], "");
        assert_eq!(open, Ok((String::new(), 0)));
        assert_eq!(exec(&mut cluster, name, &curl, ""), Ok((format!("{name}\n"), 0)));
    }
    let before = pod(&mut cluster, "page-0").expect("it runs").status.pod_ip.clone();
    delete(&mut cluster, "page-0");
    go(&mut cluster, 6_000);
    assert_ne!(pod(&mut cluster, "page-0").expect("it runs again").status.pod_ip, before);
    assert_eq!(exec(&mut cluster, "page-0", &curl, ""), Ok(("page-0\n".into(), 0)));
    let over_dns = exec(&mut cluster, "page-1", &["curl", "http://page-0.pages/"], "");
    assert_eq!(over_dns, Ok(("page-0\n".into(), 0)));
}

#[test]
fn names_move_with_their_pods() {
    let mut cluster = cluster("recorded");
    apply(&mut cluster, WEB);
    let shell = "apiVersion: v1\nkind: Pod\nmetadata: {name: asker}\nspec:\n  restartPolicy: Never\n  containers:\n  - {name: asker, \
                 image: 'busybox:1.28', stdin: true, tty: true}\n";
    apply(&mut cluster, shell);
    go(&mut cluster, 10_000);
    let ask = ["nslookup", "page-0.pages"];
    let expect = |ip: &str| {
        let name = "page-0.pages.default.svc.cluster.local";
        let server = "Server:    10.96.0.10\nAddress 1: 10.96.0.10 kube-dns.kube-system.svc.cluster.local\n\n";
        Ok((format!("{server}Name:      page-0.pages\nAddress 1: {ip} {name}\n"), 0))
    };
    let ip = pod(&mut cluster, "page-0").expect("it runs").status.pod_ip.clone();
    assert_eq!(exec(&mut cluster, "asker", &ask, ""), expect(&ip));
    delete(&mut cluster, "page-0");
    go(&mut cluster, 200);
    let (gone, code) = exec(&mut cluster, "asker", &ask, "").expect("nslookup is there");
    assert!(gone.ends_with("\n\nnslookup: can't resolve 'page-0.pages'\n") && code == 1, "{gone}");
    go(&mut cluster, 6_000);
    let ip = pod(&mut cluster, "page-0").expect("it runs again").status.pod_ip.clone();
    assert_eq!(exec(&mut cluster, "asker", &ask, ""), expect(&ip));
    let (typed, code) = exec(&mut cluster, "asker", &[], "hostname\nexit 3\n").expect("the shell is there");
    assert!(typed.contains("asker\n") && code == 3, "{typed}");
    go(&mut cluster, 1_000);
    assert_eq!(row(&mut cluster, "asker"), "0/1 Error 0");
}

#[test]
fn probes_are_asked_on_their_grid() {
    let mut cluster = cluster("realistic");
    let probe = |path: &str| {
        format!(
            "    readinessProbe:\n      httpGet: {{path: {path}, port: 80}}\n      initialDelaySeconds: 4\n      periodSeconds: 5\n"
        )
    };
    for (name, path) in [("good", "/"), ("bad", "/nope")] {
        apply(&mut cluster, &(pod_manifest(name, "nginx", "") + &probe(path)));
    }
    go(&mut cluster, 5_000);
    assert_eq!(row(&mut cluster, "good"), "0/1 Running 0");
    go(&mut cluster, 5_000);
    assert_eq!(row(&mut cluster, "good"), "1/1 Running 0");
    assert_eq!(row(&mut cluster, "bad"), "0/1 Running 0");
    let failure = "Unhealthy Readiness probe failed: HTTP probe failed with statuscode: 404";
    assert!(events(&mut cluster, "bad").iter().any(|event| event == failure));
}

#[test]
fn a_liveness_probe_restarts_its_container_with_new_files() {
    let mut cluster = cluster("realistic");
    let live = pod_manifest("live", "nginx", "  terminationGracePeriodSeconds: 2\n")
        + "    livenessProbe:\n      exec: {command: [cat, /etc/nginx/nginx.conf]}\n      periodSeconds: 1\n      failureThreshold: 2\n";
    apply(&mut cluster, &live);
    go(&mut cluster, 6_000);
    assert_eq!(row(&mut cluster, "live"), "1/1 Running 0");
    assert!(exec(&mut cluster, "live", &["rm", "/etc/nginx/nginx.conf"], "").is_ok());
    go(&mut cluster, 8_000);
    assert!(row(&mut cluster, "live").starts_with("1/1 Running 1"), "{}", row(&mut cluster, "live"));
    go(&mut cluster, 60_000);
    assert!(row(&mut cluster, "live").starts_with("1/1 Running 1"), "the new container has the file again");
}

/// A pod whose liveness probe fails when its configuration is gone, with further lines of its probe and container.
fn mortal(probe: &str, lines: &str) -> String {
    let spec = "  volumes: [{name: keep, emptyDir: {}}]\n";
    pod_manifest("live", "nginx", spec)
        + "    volumeMounts: [{name: keep, mountPath: /keep}]\n    livenessProbe:\n"
        + "      exec: {command: [cat, /etc/nginx/nginx.conf]}\n      periodSeconds: 1\n      failureThreshold: 1\n"
        + probe
        + lines
}

#[test]
fn a_container_that_fails_its_liveness_probe_runs_its_hook_before_it_stops() {
    let mut cluster = cluster("realistic");
    apply(&mut cluster, &mortal("", "    lifecycle: {preStop: {exec: {command: [sh, -c, echo bye > /keep/bye]}}}\n"));
    go(&mut cluster, 6_000);
    assert!(exec(&mut cluster, "live", &["rm", "/etc/nginx/nginx.conf"], "").is_ok());
    go(&mut cluster, 8_000);
    assert!(row(&mut cluster, "live").starts_with("1/1 Running 1"), "{}", row(&mut cluster, "live"));
    let said = exec(&mut cluster, "live", &["cat", "/keep/bye"], "").unwrap();
    assert_eq!((said.0.trim_end(), said.1), ("bye", 0));
}

#[test]
fn the_grace_of_a_probe_bounds_the_hook_of_its_container() {
    let mut cluster = cluster("realistic");
    let hook = "    lifecycle: {preStop: {sleep: {seconds: 20}}}\n";
    apply(&mut cluster, &mortal("      terminationGracePeriodSeconds: 5\n", hook));
    go(&mut cluster, 6_000);
    assert!(exec(&mut cluster, "live", &["rm", "/etc/nginx/nginx.conf"], "").is_ok());
    go(&mut cluster, 4_500);
    assert!(row(&mut cluster, "live").starts_with("1/1 Running 0"), "{}", row(&mut cluster, "live"));
    go(&mut cluster, 5_000);
    assert!(row(&mut cluster, "live").starts_with("1/1 Running 1"), "{}", row(&mut cluster, "live"));
}

#[test]
fn where_nothing_is_restarted_a_failed_liveness_probe_is_the_end() {
    let mut cluster = cluster("realistic");
    let once = mortal("", "").replace("spec:\n", "spec:\n  restartPolicy: Never\n");
    apply(&mut cluster, &once);
    go(&mut cluster, 6_000);
    assert!(exec(&mut cluster, "live", &["rm", "/etc/nginx/nginx.conf"], "").is_ok());
    go(&mut cluster, 60_000);
    assert_eq!(row(&mut cluster, "live"), "0/1 Completed 0");
    let found = events(&mut cluster, "live");
    assert!(found.iter().any(|event| event == "Killing Container c failed liveness probe"), "{found:?}");
}

#[test]
fn until_the_startup_probe_succeeds_nothing_else_is_asked() {
    let mut cluster = cluster("realistic");
    let startup = "    startupProbe: {httpGet: {path: /nope, port: 80}, periodSeconds: 2, failureThreshold: 3}\n";
    let liveness = "    livenessProbe: {httpGet: {path: /nope, port: 80}, periodSeconds: 1, failureThreshold: 1}\n";
    apply(&mut cluster, &(pod_manifest("slow", "nginx", "") + startup + liveness));
    go(&mut cluster, 12_000);
    let found = events(&mut cluster, "slow");
    assert!(
        found.iter().any(|event| event == "Killing Container c failed startup probe, will be restarted"),
        "{found:?}"
    );
    assert!(!found.iter().any(|event| event.contains("Liveness")), "{found:?}");
}

#[test]
fn refusals_are_in_the_words_of_kubernetes() {
    let mut cluster = cluster("recorded");
    apply(&mut cluster, &pod_manifest("one", "nginx", ""));
    apply(&mut cluster, &pod_manifest("broken", "broken", ""));
    apply(&mut cluster, &pod_manifest("done", "job", "  restartPolicy: Never\n"));
    go(&mut cluster, 6_000);
    let options = LogOptions { container: "c".into(), ..LogOptions::default() };
    let previous = LogOptions { previous: true, ..options.clone() };
    let answers = [
        (exec(&mut cluster, "broken", &["ls"], "").map(|_| ()), "container not found (\"c\")"),
        (
            exec(&mut cluster, "done", &["ls"], "").map(|_| ()),
            "cannot exec into a container in a completed pod; current phase is Succeeded",
        ),
        (
            exec(&mut cluster, "one", &["nosuch"], "").map(|_| ()),
            "exec: \"nosuch\": executable file not found in $PATH",
        ),
        (
            logs(&mut cluster, "broken", &options).map(|_| ()),
            "container \"c\" in pod \"broken\" is waiting to start: trying and failing to pull image",
        ),
        (
            logs(&mut cluster, "one", &previous).map(|_| ()),
            "previous terminated container \"c\" in pod \"one\" not found",
        ),
    ];
    for (answer, expect) in answers {
        assert!(answer.as_ref().is_err_and(|message| message.ends_with(expect)), "{answer:?}");
    }
}

#[test]
fn pods_that_only_run_cost_nothing() {
    let mut cluster = cluster("realistic");
    apply(&mut cluster, WEB);
    go(&mut cluster, 30_000);
    let before = (cluster.kubelets().syncs(), cluster.events());
    go(&mut cluster, 3_600_000);
    assert_eq!((cluster.kubelets().syncs(), cluster.events()), before);
}

#[test]
fn a_container_that_waits_for_the_pull_of_another_is_not_looked_at_meanwhile() {
    let mut cluster = cluster("realistic");
    let before = cluster.kubelets().syncs();
    let second = "  - name: d\n    image: example.com/second:1\n";
    apply(&mut cluster, &(pod_manifest("two", "example.com/first:1", "") + second));
    go(&mut cluster, 60_000);
    assert_eq!(row(&mut cluster, "two"), "2/2 Running 0");
    let syncs = cluster.kubelets().syncs() - before;
    assert!(syncs < 20, "{syncs}");
}
