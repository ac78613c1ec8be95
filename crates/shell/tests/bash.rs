//! Scripts with the output that bash 5.2 gave for them (GNU coreutils 9.1, grep 3.8, sed 4.9), recorded in
//! `data/bash.txt`. A case compares standard output and the exit status; standard error is compared where the message
//! is the shell's own (`bash: …`).

mod common;

use common::{config, run};

struct Case<'a> {
    script: &'a str,
    stdout: &'a str,
    stderr: &'a str,
    status: i32,
}

/// `==== script`, the script, `==== stdout <status>`, the output, `==== stderr`, the errors.
fn cases(text: &str) -> Vec<Case<'_>> {
    text.split("==== script\n")
        .skip(1)
        .map(|block| {
            let (script, rest) = block.split_once("==== stdout ").expect("a case has an output");
            let (status, rest) = rest.split_once('\n').expect("a status ends its line");
            let (stdout, stderr) = rest.split_once("==== stderr\n").expect("a case has errors");
            let stdout = stdout.strip_suffix("\n\\ no newline\n").unwrap_or(stdout);
            Case { script, stdout, stderr, status: status.parse().expect("a number") }
        })
        .collect()
}

#[test]
fn scripts_print_what_bash_prints() {
    let cases = cases(include_str!("data/bash.txt"));
    assert!(cases.len() >= 150, "only {} cases", cases.len());
    let mut failures = Vec::new();
    for case in &cases {
        let outcome = run(config(), case.script);
        let stderr_counts = case.stderr.starts_with("bash: ");
        if outcome.stdout != case.stdout
            || outcome.status != Some(case.status)
            || (stderr_counts && outcome.stderr != case.stderr)
        {
            failures.push(format!(
                "--- {}expected {:?} {} {:?}\ngot      {:?} {:?} {:?}",
                case.script, case.stdout, case.status, case.stderr, outcome.stdout, outcome.status, outcome.stderr
            ));
        }
    }
    assert!(failures.is_empty(), "{} of {} differ:\n{}", failures.len(), cases.len(), failures.join("\n"));
}
