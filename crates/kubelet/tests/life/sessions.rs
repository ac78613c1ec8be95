//! Sessions beside each other: what one client does concerns its own session alone.

use api::Key;
use client::{ExecRequest, NodeProxy, SessionId};
use cluster::Cluster;

use crate::support::{apply, cluster, exec_in, go, pod_manifest, row};

fn start(cluster: &mut Cluster, command: &[&str]) -> SessionId {
    let command = command.iter().map(|word| (*word).into()).collect();
    let request =
        ExecRequest { pod: Key::new("default", "web"), container: "c".into(), command, stdin: true, tty: false };
    cluster.client("test").exec(&request).expect("the container runs")
}

#[test]
fn closing_a_session_whose_process_has_ended_leaves_the_next_one_alone() {
    let mut cluster = cluster("recorded");
    apply(&mut cluster, &pod_manifest("web", "nginx", ""));
    go(&mut cluster, 5_000);
    let old = start(&mut cluster, &["sleep", "1d"]);
    exec_in(&mut cluster, "web", "c", &["sh", "-c", "kill -QUIT 1"], "").expect("it runs");
    go(&mut cluster, 5_000);
    assert!(row(&mut cluster, "web").starts_with("1/1 Running 1"));
    assert_eq!(cluster.client("test").session_read(old).exit, Some(137));
    // In the new container its process has the number that the other one had.
    let new = start(&mut cluster, &["sleep", "1d"]);
    cluster.client("test").session_close(old);
    go(&mut cluster, 1_000);
    assert_eq!(cluster.client("test").session_read(new).exit, None);
}

#[test]
fn a_client_that_leaves_takes_nothing_from_the_one_that_has_attached_after_it() {
    let mut cluster = cluster("recorded");
    let shell = "    command: [sh, -c, 'while read word; do echo got $word; done']\n    stdin: true\n";
    apply(&mut cluster, &(pod_manifest("web", "busybox", "") + shell));
    go(&mut cluster, 5_000);
    let (first, second) = (start(&mut cluster, &[]), start(&mut cluster, &[]));
    cluster.client("test").session_close(first);
    cluster.client("test").session_write(second, b"this\n");
    go(&mut cluster, 1_000);
    let said = cluster.client("test").session_read(second).stdout;
    assert_eq!(String::from_utf8_lossy(&said), "got this\n");
}
