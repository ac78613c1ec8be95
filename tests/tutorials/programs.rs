//! `ordinal run` and `ordinal drive`, as the issue and the design define them.

use ordinal::arguments::Format;
use ordinal::drive::Driver;
use ordinal::run;
use ordinal_tests::desk::options;
use serde_json::{Value, json};

fn run_script(script: &str, format: Format) -> (i32, String) {
    let mut out = Vec::new();
    let status = run::run(&options(2, 1), script, format, &mut out);
    (status, String::from_utf8(out).unwrap())
}

fn records(script: &str) -> Vec<Value> {
    let (_, text) = run_script(script, Format::JsonLines);
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_script_prints_what_a_terminal_would_and_ends_with_its_status() {
    assert_eq!(run_script("echo one; echo two >&2\nfalse", Format::Text), (1, "one\ntwo\n".to_owned()));
    assert_eq!(run_script("exit 7", Format::Text), (7, String::new()));
    assert_eq!(run_script("if then", Format::Text).0, 2);
}

#[test]
fn there_is_a_record_for_every_complete_command() {
    let records = records("for i in 1 2; do\n  echo $i\ndone\ncat <<END\ntext\nEND\necho bad >&2; (exit 3)\nsleep 5");
    let seen: Vec<Value> =
        records.iter().map(|record| json!([record["n"], record["stdout"], record["stderr"], record["rc"]])).collect();
    let wanted =
        [json!([1, "1\n2\n", "", 0]), json!([2, "text\n", "", 0]), json!([3, "", "bad\n", 3]), json!([4, "", "", 0])];
    assert_eq!(seen, wanted);
    assert_eq!(records[1]["cmd"], "cat <<END\ntext\nEND");
    let took = records[3]["t1"].as_f64().unwrap() - records[3]["t0"].as_f64().unwrap();
    assert!((took - 5.0).abs() < 0.001, "{took}");
}

/// Plays lines and answers with the answers.
fn drive(lines: &[Value]) -> Vec<Value> {
    let mut driver = Driver::new(&options(2, 1));
    let answers = lines.iter().flat_map(|line| driver.answer(&line.to_string()));
    answers.map(|answer| serde_json::from_str(&answer).unwrap()).collect()
}

#[test]
fn a_command_past_its_limit_is_interrupted() {
    let answers = drive(&[
        json!({"run": "sleep 100", "limit": 10}),
        json!({"run": "echo on", "at": 60}),
        json!({"run": "kubectl get pods -w"}),
        json!({"run": "while true; do :; done", "limit": 0.05}),
    ]);
    assert_eq!((&answers[0]["rc"], &answers[0]["t1"]), (&json!(124), &json!(10.0)));
    assert_eq!((&answers[1]["stdout"], &answers[1]["t0"]), (&json!("on\n"), &json!(60.0)));
    assert_eq!((&answers[2]["rc"], &answers[2]["t1"]), (&json!(124), &json!(3660.0)));
    assert_eq!((&answers[3]["rc"], &answers[3]["t1"]), (&json!(124), &json!(3660.05)));
}

#[test]
fn watches_go_on_beside_commands_until_they_are_stopped() {
    let answers = drive(&[
        json!({"run": "kubectl get pods -w -l app=nginx", "background": true}),
        json!({"run": "kubectl apply -f web.yaml"}),
        json!({"advance": 120}),
        json!({"run": "kubectl get pods --no-headers | wc -l", "stdin": null}),
        json!({"stop": 1}),
        json!({"stop": 1}),
    ]);
    assert_eq!(answers[0], json!({"kind": "started", "n": 1}));
    assert_eq!((&answers[1]["kind"], &answers[1]["n"], &answers[1]["rc"]), (&json!("run"), &json!(2), &json!(0)));
    assert_eq!(answers[2]["kind"], "time");
    assert!(answers[2]["t"].as_f64().unwrap() >= 120.0);
    assert_eq!(answers[3]["stdout"], "2\n");
    assert_eq!((&answers[4]["kind"], &answers[4]["n"]), (&json!("watch"), &json!(1)));
    let lines = answers[4]["lines"].as_array().unwrap();
    let times: Vec<f64> = lines.iter().map(|line| line[0].as_f64().unwrap()).collect();
    assert!(times.is_sorted() && times.len() >= 7, "{times:?}");
    let last = lines[lines.len() - 1][1].as_str().unwrap();
    assert_eq!(last.split_whitespace().take(3).collect::<Vec<_>>(), ["web-1", "1/1", "Running"]);
    assert_eq!(answers[5]["kind"], "error");
}

#[test]
fn state_stays_between_commands_and_input_is_read() {
    let answers = drive(&[
        json!({"run": "cd /tmp; x=5"}),
        json!({"run": "pwd; echo $x; cat", "stdin": "typed\n"}),
        json!({"run": "exit 3"}),
        json!({"neither": 1}),
    ]);
    assert_eq!(answers[1]["stdout"], "/tmp\n5\ntyped\n");
    assert_eq!(answers[2]["rc"], 3);
    assert_eq!(answers[3]["kind"], "error");
}

#[test]
fn files_are_copied_to_and_from_a_container() {
    let script = "kubectl run web --image=nginx >/dev/null\nkubectl wait --for=condition=Ready pod/web >/dev/null\nmkdir -p \
                  site/css\necho home > site/index.html\necho red > site/css/main.css\nkubectl cp site web:/tmp\nkubectl exec \
                  web -- find /tmp/site\nkubectl cp site/index.html web:/tmp/page\nkubectl exec web -- cat /tmp/page\nkubectl cp \
                  web:/tmp/site back\ncat back/css/main.css\nkubectl cp web:/nope x\necho $?\nkubectl cp nope web:/tmp";
    let (_, said) = run_script(script, Format::Text);
    let wanted = "/tmp/site
/tmp/site/css
/tmp/site/css/main.css
/tmp/site/index.html
home
tar: Removing leading `/' from member names
red
tar: Removing leading `/' from member names
tar: /nope: Cannot stat: No such file or directory
tar: Exiting with failure status due to previous errors
command terminated with exit code 2
2
error: nope doesn't exist in local filesystem
";
    assert_eq!(said, wanted);
}

#[test]
fn a_copy_of_a_pod_and_a_pod_on_a_node_are_there_to_look_around_in() {
    let script = "kubectl run web --image=nginx >/dev/null\nkubectl wait --for=condition=Ready pod/web >/dev/null\nkubectl debug \
                  web -i -q --image=busybox --copy-to=web-debug -c shell -- sh -c 'echo in $(hostname)'\nkubectl get pod \
                  web-debug -o jsonpath='{.spec.containers[*].name} {.spec.shareProcessNamespace} {.metadata.labels}'\nkubectl \
                  debug node/node-1 -i -q --image=busybox -- hostname\nkubectl get pods -l app.kubernetes.io/managed-by -o \
                  jsonpath='{.items[*].spec.nodeName} {.items[*].spec.hostNetwork}'\nkubectl debug web --copy-to=x";
    let (_, said) = run_script(script, Format::Text);
    let wanted = "in web-debug
web shell true node-1
node-1 true\
error: you must specify --image, --set-image or command arguments.
";
    assert_eq!(said, wanted);
}

#[test]
fn a_debug_container_comes_into_a_pod_that_runs() {
    let script = "kubectl run web --image=nginx >/dev/null
kubectl wait --for=condition=Ready pod/web >/dev/null
kubectl debug web -it --image=busybox --target=web -c look
kubectl debug web -it --attach=false -q --image=busybox -c again
sleep 5
kubectl attach web -it -c again
kubectl debug web -i -q --image=busybox --target=web -c ps -- ps
kubectl debug web -i -q --image=busybox -c page -- wget -qO- -T 2 localhost | grep '<title>'
kubectl get pod web --no-headers | cut -c1-23
kubectl get pod web -o jsonpath='{.spec.ephemeralContainers[0].securityContext}{\"\\n\"}'
kubectl describe pod web | sed -n '/^Ephemeral/,/Exit Code/p' | grep -v ID:
kubectl logs web -c page | wc -l
kubectl debug web -i -q --image=alpine -c alpine -- sh -c 'cat /etc/os-release; hostname'
kubectl debug web -it -q --image=nicolaka/netshoot -c net
kubectl exec web -c look -- ls
kubectl attach web -c other
kubectl debug web -q --image=busybox --target=other
kubectl debug web -q --image=busybox -c web";
    let (_, said) = run_script(script, Format::Text);
    let wanted = "Targeting container \"web\". If you don't see processes from this container it may be because the container runtime \
doesn't support this feature.
All commands and output from this session will be recorded in container logs, including credentials and sensitive information \
passed through the command prompt.
If you don't see a command prompt, try pressing enter.
/ # exit
Session ended, the ephemeral container will not be restarted but may be reattached using 'kubectl attach web -c look -n default -i \
-t' if it is still running
All commands and output from this session will be recorded in container logs, including credentials and sensitive information \
passed through the command prompt.
If you don't see a command prompt, try pressing enter.
/ # exit
Session ended, the ephemeral container will not be restarted but may be reattached using 'kubectl attach web -c again -n default \
-i -t' if it is still running
PID   USER     TIME  COMMAND
    1 root      0:00 nginx -g daemon off;
    7 33        0:00 nginx: worker process
    9 root      0:00 ps
<title>Welcome to nginx!</title>
web   1/1   Running   0
{\"capabilities\":{\"add\":[\"SYS_PTRACE\"]}}
Ephemeral Containers:
  look:
    Image:          busybox
    Port:           <none>
    Host Port:      <none>
    State:          Terminated
      Reason:       Completed
      Exit Code:    0
10
NAME=\"Alpine Linux\"
web
# exit
error: Internal error occurred: unable to upgrade connection: container not found (\"look\")
error: cannot attach to the container: container other is not valid for pod web out of: web, look (ephem), again (ephem), ps (ephem), page (ephem), alpine (ephem), net (ephem)
The Pod \"web\" is invalid: spec.ephemeralContainers[6].targetContainerName: Not found: \"other\"
The Pod \"web\" is invalid: spec.ephemeralContainers[6].name: Duplicate value: \"web\"
";
    assert_eq!(said, wanted);
}

#[test]
fn a_file_says_what_a_profile_does_not() {
    let script = "kubectl run web --image=nginx >/dev/null
kubectl wait --for=condition=Ready pod/web >/dev/null
echo 'env: [{name: A, value: custom}]' > env.yaml
echo 'image: other' > image.yaml
kubectl debug web -i -q --image=busybox -c envd --custom=env.yaml -- sh -c 'echo $A'
kubectl debug node/node-1 -i -q --image=busybox --custom=env.yaml -- sh -c 'echo $A'
kubectl debug web -i -q --image=busybox --copy-to=copy -c envd --custom=env.yaml -- sh -c 'echo $A'
kubectl debug web -q --image=busybox --custom=image.yaml
kubectl debug web -q --image=busybox --custom=none.yaml
kubectl debug web copy -i --image=busybox -c both -q -- hostname
kubectl debug web -q --image=busybox --profile=legacy";
    let (_, said) = run_script(script, Format::Text);
    let wanted = "custom
custom
custom
error: name, command, image, lifecycle and volume devices are not modifiable via custom profile
error: must pass a container spec json file for custom profile: open none.yaml: no such file or directory
web
copy
--profile=legacy is deprecated and planned to be removed in v1.39. It is recommended to specify other profile, for example \
\"--profile=general\".
";
    assert_eq!(said, wanted);
}
