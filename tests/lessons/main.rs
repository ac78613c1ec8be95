//! Every block of every lesson in every language, executed; and what `ordinal test` says of documents that are wrong.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use ordered::Arrange;
use std::path::{Path, PathBuf};

use lesson::{Kind, Lesson, Piece};
use ordinal::literate::{Plan, Tested, Update, test, test_file};
use playground::Session;
use view::{Command, Start};

/// In both of them a lesson is the same, prose apart.
const LANGUAGES: [&str; 2] = ["en", "ja"];

fn lessons() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("www/lessons");
    let mut found: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    found.arrange();
    assert!(!found.is_empty());
    found
}

fn plan(documents: Vec<PathBuf>, update: Update) -> Plan {
    Plan { documents, update, nodes: None, seed: None, timing: None, with: None }
}

fn complaints(tested: &Tested) -> Vec<String> {
    tested.complaints.iter().map(|complaint| format!("{}: {}", complaint.line, complaint.text)).collect()
}

#[test]
fn every_lesson_is_true_in_every_language() {
    for path in lessons().iter().flat_map(|folder| LANGUAGES.map(|language| folder.join(format!("{language}.md")))) {
        let tested = test_file(&path, &plan(Vec::new(), Update::Report));
        assert!(tested.complaints.is_empty(), "{}:{}", path.display(), complaints(&tested).join("\n"));
        assert!(tested.blocks > 20, "{}: {} blocks", path.display(), tested.blocks);
    }
}

#[test]
fn a_drift_planted_in_a_copy_of_a_lesson_is_found_and_nothing_else() {
    let folder = lessons().into_iter().find(|folder| folder.ends_with("statefulset-basics")).unwrap();
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("planted");
    std::fs::create_dir_all(&copy).unwrap();
    for entry in std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap()) {
        std::fs::copy(entry.path(), copy.join(entry.file_name())).unwrap();
    }
    let path = copy.join("en.md");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("service/nginx created", "service/nginx configured", 1)).unwrap();
    let line = text.lines().position(|line| line == "service/nginx created").unwrap() + 1;
    let said = complaints(&test_file(&path, &plan(Vec::new(), Update::Report)));
    let expect = "`kubectl apply -f web.yaml` no longer prints what is shown (- shown, + printed)\n  -service/nginx configured\n  +service/nginx created\n";
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].starts_with(&format!("{line}: {expect}")), "{said:?}");
}

/// What is done, without its place in the document.
fn done(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    let lesson = Lesson::parse(&text).unwrap_or_else(|error| panic!("{}:{error}", path.display()));
    lesson.steps().into_iter().map(shown).collect()
}

fn shown(piece: &Piece) -> String {
    match &piece.kind {
        Kind::Type(typed) => format!("{typed:?}"),
        Kind::File { name, text } => format!("file {name} {text}"),
        Kind::Console { terminal, lines, .. } => format!("console {terminal:?} {lines:?}"),
        Kind::Wait(waits) => {
            waits.iter().map(|wait| format!("wait {} {}", wait.arguments, wait.timeout_seconds)).collect()
        }
        Kind::Check(checks) => {
            checks.iter().map(|check| format!("check {} {}", check.command, check.expected)).collect()
        }
        Kind::Prose(_) | Kind::Hint(_) | Kind::Solution(_) => String::new(),
    }
}

#[test]
fn the_languages_do_the_same() {
    for folder in lessons() {
        let [english, japanese] = LANGUAGES.map(|language| done(&folder.join(format!("{language}.md"))));
        for (english, japanese) in english.iter().zip(&japanese) {
            assert_eq!(english, japanese, "{}", folder.display());
        }
        assert_eq!(english.len(), japanese.len(), "{}", folder.display());
    }
}

#[test]
fn the_manifests_are_those_that_the_shell_finds() {
    let known = playground::World::tutorial_files();
    for folder in lessons() {
        for entry in std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            let name = entry.file_name().unwrap().to_string_lossy().into_owned();
            if let Some((_, bytes)) = known.iter().find(|(other, _)| *other == name) {
                assert_eq!(&std::fs::read(&entry).unwrap(), bytes, "{}", entry.display());
            }
        }
    }
}

/// A document in a folder of its own, with a manifest beside it.
fn document(name: &str, text: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("claim.yaml"), CLAIM).unwrap();
    let path = folder.join("page.md");
    std::fs::write(&path, text).unwrap();
    path
}

const CLAIM: &str = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: c}\nspec:\n  accessModes: [ReadWriteOnce]\n  resources: {requests: {storage: 1Gi}}\n";
const HEAD: &str = "---\ntitle: T\nrecorded: now\n---\n";

/// What is said of a lesson whose body begins on line 5, without the document's path.
fn check(name: &str, body: &str, expect: &[&str]) {
    let tested = test_file(&document(name, &format!("{HEAD}{body}")), &plan(Vec::new(), Update::Report));
    let said = complaints(&tested);
    assert_eq!(said.len(), expect.len(), "{said:?}");
    for (said, expect) in said.iter().zip(expect) {
        assert!(said.starts_with(expect), "{said}");
    }
}

#[test]
fn what_is_wrong_is_said_with_its_line() {
    let drift = "```sh\nkubectl get pvc\n```\n```console\nNAME\n```\n";
    check(
        "drift",
        drift,
        &[
            "9: `kubectl get pvc` no longer prints what is shown (- shown, + printed)\n  -NAME\n  +No resources found in default namespace.\n",
        ],
    );
    check("failed", "```sh\ntrue\nfalse\n```\n", &["7: status 1, and nothing is shown for it"]);
    check("shown", "```sh\nfalse\n```\n```console\n```\n", &[]);
    check("missing", "```yaml file=none.yaml\n```\n", &["5: there is no file none.yaml beside this document"]);
    check("unknown", "```yml\n```\n", &["5: there is no block \"yml\""]);
    let never = "```wait\npvc/c --for=jsonpath={.status.phase}=Bound timeout=10s\n```\n";
    check("never", never, &["6: this has not come within 10 s: pvc/c --for"]);
    let untrue = "```check\nkubectl get nodes -o name == node/x\n```\n";
    check("untrue", untrue, &["6: kubectl get nodes -o name\n  is       \"node/node-1\\nnode/node-2"]);
    let open = "```sh\nkubectl get pods -w\n```\n```sh\n^C\n```\n";
    check("open", open, &["5: this has not ended within an hour"]);
}

#[test]
fn blocks_work_together() {
    let body = "```yaml file=claim.yaml\n```\n```sh terminal=2 background\nkubectl get pvc -w\n```\n\
                ```sh\nkubectl apply -f claim.yaml\n```\n```wait\npvc/c --for=jsonpath={.status.phase}=Bound\n```\n\
                ```console terminal=2\nNAME   [..]\n...\nc      Bound    [volume]   1Gi   [..]\n```\n\
                ```check\nkubectl get pvc c -o jsonpath={.status.phase} == Bound\n```\n\
                ```sh\nkubectl get pvc c -o jsonpath={.spec.volumeName}\n```\n```console\n[volume]\n```\n";
    check("together", body, &[]);
}

#[test]
fn somebody_elses_document_is_understood() {
    let body = "# Page\n\n1. Look:\n\n   ```console\n   $ kubectl get pods\n   No resources found in default namespace.\n   $ echo a\n   b\n   ```\n```bash\nkubectl apply -f claim.yaml\n```\n```go\nfunc main() {}\n```\n";
    let tested = test_file(&document("foreign", body), &plan(Vec::new(), Update::Report));
    assert_eq!(complaints(&tested), ["9: `echo a` no longer prints what is shown (- shown, + printed)\n  -b\n  +a\n"]);
}

#[test]
fn an_update_writes_what_was_said_and_is_then_content() {
    let text = format!(
        "{HEAD}```sh\nkubectl get nodes\n```\n\n```console\nNAME     STATUS   ROLES    AGE   VERSION\nnode-1   Ready    <none>   [..]   v1.36.2\n```\n\nafter\n"
    );
    let path = document("update", &text);
    let mut said = Vec::new();
    assert_eq!(test(&plan(vec![path.clone()], Update::Report), &mut said), 1);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "a report changes nothing");
    assert_eq!(test(&plan(vec![path.clone()], Update::Write), &mut said), 0);
    let after = std::fs::read_to_string(&path).unwrap();
    assert!(after.contains("node-1   Ready    <none>   [..]   v1.36.2\nnode-2   Ready"), "{after}");
    assert!(after.ends_with("```\n\nafter\n"), "{after}");
    assert_eq!(test(&plan(vec![path], Update::Report), &mut said), 0);
}

/// A stand-in for the real kubectl: it answers as ours does but for the nodes, and keeps what it was asked.
const STUB: &str = r#"#!/bin/sh
echo "$*" >> "$(dirname "$0")/asked"
case "$*" in
"get nodes") echo "NAME      STATUS   ROLES           AGE   VERSION"; echo "minikube  Ready    control-plane   5d    v1.36.2" ;;
"apply -f claim.yaml") test -f claim.yaml && echo "persistentvolumeclaim/c created" ;;
"get pvc c -o jsonpath={.status.phase}") printf Pending ;;
"wait "*) exit 0 ;;
"get pvc nope") echo 'Error from server (NotFound): persistentvolumeclaims "nope" not found' >&2; exit 1 ;;
*) echo "unexpected: $*" >&2; exit 9 ;;
esac
"#;

#[test]
#[cfg(unix)]
fn the_same_blocks_run_through_a_real_kubectl_and_differences_are_said() {
    use std::os::unix::fs::PermissionsExt;
    let body = "```yaml file=claim.yaml\n```\n```sh\nkubectl apply -f claim.yaml\n```\n```console\npersistentvolumeclaim/c created\n```\n\
                ```wait\npvc/c --for=jsonpath={.status.phase}=Bound\n```\n\
                ```sh terminal=2 background\nkubectl get pvc -w\n```\n```sh\nkubectl get pvc nope\n```\n\
                ```console\nError from server (NotFound): persistentvolumeclaims \"nope\" not found\n```\n\
                ```check\nkubectl get pvc c -o jsonpath={.status.phase} == Bound\n```\n\
                ```sh\nkubectl get nodes\n```\n```console\nNAME     STATUS   ROLES    AGE   VERSION\n...\n```\n\
                ```sh\nname=kept\n```\n```sh\necho $name\n```\n```console\nkept\n```\n";
    let path = document("with", &format!("{HEAD}{body}"));
    let kubectl = path.with_file_name("bin").join("kubectl");
    std::fs::create_dir_all(kubectl.parent().unwrap()).unwrap();
    std::fs::write(&kubectl, STUB).unwrap();
    std::fs::set_permissions(&kubectl, std::fs::Permissions::from_mode(0o755)).unwrap();
    let with = Some(kubectl.clone());
    let tested = test_file(&path, &Plan { with, ..plan(Vec::new(), Update::Report) });
    let said = complaints(&tested);
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(
        said[0].contains("kubectl: kubectl get pvc c -o jsonpath={.status.phase}\n  is       \"Pending\""),
        "{said:?}"
    );
    assert!(said[1].contains("kubectl: the cluster says otherwise (- here, + there)\n"), "{said:?}");
    assert!(said[1].contains("  +minikube  Ready") && said[1].contains("  -node-1"), "{said:?}");
    let asked = std::fs::read_to_string(kubectl.with_file_name("asked")).unwrap();
    assert!(asked.contains("wait pvc/c --for=jsonpath={.status.phase}=Bound --timeout=300s"), "{asked}");
    assert!(!asked.contains("-w"), "a watch is not run: {asked}");
}

/// What a page would do: commands with the virtual seconds that pass after each, and the journal that comes of it.
fn journal(steps: &[(Command, u64)]) -> Vec<String> {
    let start = Start {
        seed: 7,
        nodes: 4,
        timing: "realistic".into(),
        start_us: 1_767_225_600_000_000,
        lesson: None,
        files: Vec::new(),
    };
    let mut session = Session::new(start).unwrap();
    let mut updates = session.take_updates();
    for (command, seconds) in steps {
        updates.extend(session.handle(command.clone()));
        for _ in 0..*seconds {
            updates.extend(session.handle(Command::Advance { dt_us: 1_000_000 }));
        }
    }
    let line = |update| if let view::Update::Journal { line, .. } = update { Some(line) } else { None };
    updates.into_iter().filter_map(line).collect()
}

fn types(terminal: u32, line: &str, seconds: u64) -> (Command, u64) {
    (Command::Input { terminal, text: format!("{line}\n") }, seconds)
}

#[test]
fn an_exported_journal_is_a_lesson_and_true() {
    let steps = [
        (Command::OpenTerminal { terminal: 2 }, 1),
        types(2, "kubectl get pods -w -l app=nginx", 2),
        types(1, "kubectl apply -f web.yaml", 60),
        (Command::Interrupt { terminal: 2, pending: String::new() }, 1),
        types(1, "kubectl get statefulset web", 2),
        types(1, "kubectl run -i --tty --image busybox:1.28 shell --restart=Never --rm", 20),
        types(1, "hostname", 2),
        types(1, "exit", 20),
        (Command::WriteFile { path: "c.yaml".into(), text: CLAIM.into() }, 1),
        types(1, "kubectl create -f c.yaml", 5),
        types(1, "kubectl get pods -o name", 5),
    ];
    let text = playground::export::lesson(&journal(&steps)).unwrap();
    assert!(text.contains("```sh stdin\nhostname\n```\n\n```console\nshell\n```\n"), "{text}");
    assert!(text.contains("```wait\nstatefulset/web --for=jsonpath={.status.readyReplicas}=2\n```\n"), "{text}");
    assert!(text.contains("```yaml file=c.yaml\n"), "{text}");
    let tested = test_file(&document("exported", &text), &plan(Vec::new(), Update::Report));
    assert!(tested.complaints.is_empty(), "{}\n{text}", complaints(&tested).join("\n"));
    assert!(tested.blocks > 15, "{} blocks", tested.blocks);
}
