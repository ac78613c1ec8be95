//! The machine: budgets, streams, clones, Ctrl-C, typed lines, limits.

mod common;

use common::{Outcome, Process, TestHost, config, container, drain, run, settle};
use shell::{Candidate, Config, Dialect, Machine, MoreInput, Output, Start, Status, split_complete_commands};
use sim::{Span, Time};

fn commands(text: &str) -> (Machine<Process>, TestHost) {
    let mut machine = Machine::new(config(), Start::Commands);
    machine.run(text).expect("it is short");
    (machine, TestHost::new())
}

fn settled(machine: &mut Machine<Process>, host: &mut TestHost, seconds: i64) -> (String, String, Status) {
    let mut outcome = Outcome::default();
    let until = host.now + Span::from_seconds(seconds);
    let status = settle(machine, host, &mut outcome, until);
    (outcome.stdout, outcome.stderr, status)
}

fn typed() -> (Machine<Process>, TestHost) {
    let terminal = Config { stdin_is_terminal: true, stdout_is_terminal: true, ..config() };
    (Machine::new(terminal, Start::Interactive), TestHost::new())
}

#[test]
fn an_endless_loop_uses_its_budget_and_ctrl_c_ends_it() {
    let (mut machine, mut host) = commands("while true; do :; done; echo never");
    for _ in 0..10 {
        assert_eq!(machine.step(&mut host, 500), Status::OutOfBudget);
    }
    machine.interrupt(&mut host);
    assert_eq!(machine.step(&mut host, 500), Status::Idle { wake: None });
    assert_eq!(machine.last_status(), 130);
    assert!(!machine.take_output().iter().any(|output| matches!(output, Output::Stdout(_))));
}

#[test]
fn a_sleep_asks_to_be_woken() {
    let (mut machine, mut host) = commands("sleep 500; echo done");
    let wake = host.now + Span::from_seconds(500);
    assert_eq!(machine.step(&mut host, 1_000), Status::Blocked { wake: Some(wake) });
    host.now = wake;
    assert_eq!(settled(&mut machine, &mut host, 0), ("done\n".into(), String::new(), Status::Idle { wake: None }));
}

#[test]
fn a_pipeline_hands_lines_on_as_they_come() {
    let (mut machine, mut host) = commands("ticker | grep -v 1 | sed 's/tick/tock/'");
    let first = settled(&mut machine, &mut host, 0).0;
    assert_eq!(first, "tock 0\n");
    let more = settled(&mut machine, &mut host, 3).0;
    assert_eq!(more, "tock 2\ntock 3\n");
    machine.interrupt(&mut host);
    settled(&mut machine, &mut host, 0);
    assert_eq!(machine.last_status(), 130);
}

#[test]
fn a_writer_whose_reader_has_gone_ends() {
    let (mut machine, mut host) = commands("ticker | head -1; yes | head -2; echo done");
    let (stdout, _, status) = settled(&mut machine, &mut host, 10);
    assert_eq!((stdout.as_str(), status), ("tick 0\ny\ny\ndone\n", Status::Idle { wake: None }));
}

#[test]
fn a_clone_of_a_running_machine_resumes_alike() {
    let script = "i=0; while [ $i -lt 30 ]; do echo $i $(seq $i | tail -1); sleep 1; i=$((i+1)); done | sed 's/^/x/' | tee log; cat log | wc -l";
    let (mut machine, mut host) = commands(script);
    let mut before = Outcome::default();
    for _ in 0..7 {
        machine.step(&mut host, 37);
        drain(&mut machine, &mut before);
    }
    for cut in 0..5 {
        let (mut copy, mut copy_host) = (machine.clone(), host.clone());
        let (mut left, mut left_host) = (machine.clone(), host.clone());
        assert_eq!(settled(&mut copy, &mut copy_host, 100), settled(&mut left, &mut left_host, 100), "cut {cut}");
        assert_eq!(copy_host.now, left_host.now);
        machine.step(&mut host, 211);
        drain(&mut machine, &mut before);
    }
}

#[test]
fn the_budget_does_not_change_what_happens() {
    let script = "for i in 1 2 3; do echo $i; ticker | head -1; done; seq 1000 | sort -rn | head -1; (exit 3)";
    let mut results = Vec::new();
    for budget in [1, 7, 100, 100_000] {
        let (mut machine, mut host) = commands(script);
        let mut outcome = Outcome::default();
        loop {
            match machine.step(&mut host, budget) {
                Status::OutOfBudget => {}
                Status::Blocked { wake: Some(at) } => host.now = at,
                _ => break,
            }
        }
        drain(&mut machine, &mut outcome);
        results.push((outcome.stdout, machine.last_status(), host.now));
    }
    assert_eq!(results[0].1, 3);
    assert!(results.windows(2).all(|pair| pair[0] == pair[1]), "{results:?}");
}

#[test]
fn typed_lines_are_continued_until_a_command_is_complete() {
    let (mut machine, mut host) = typed();
    let mut shown = String::new();
    for line in [
        "for i in 1 2",
        "do echo $i",
        "done",
        "cat <<EOF",
        "a $((1+1))",
        "EOF",
        "echo 'x",
        "y'",
        "echo a \\",
        "b",
        "echo )",
        "nosuch",
    ] {
        machine.feed_line(line).expect("it is short");
        settled_quietly(&mut machine, &mut host, &mut shown);
    }
    let expect = "$ > > 1\n2\n$ > > a 2\n$ > x\ny\n$ > a b\n$ bash: syntax error near unexpected token `)'\n$ bash: nosuch: command not found\n$ ";
    assert_eq!(shown, expect);
    assert_eq!(machine.history().last(), Some("nosuch"));
    machine.eof();
    assert_eq!(machine.step(&mut host, 1_000), Status::Exited(127));
}

fn settled_quietly(machine: &mut Machine<Process>, host: &mut TestHost, shown: &mut String) {
    while machine.step(host, 1_000) == Status::OutOfBudget {}
    shown.push_str(&String::from_utf8_lossy(&machine.take_terminal_output()));
}

#[test]
fn a_foreground_program_reads_the_terminal_and_ctrl_d_ends_it() {
    let (mut machine, mut host) = typed();
    let mut shown = String::new();
    for line in ["reader", "to the program", "echo not a command"] {
        machine.feed_line(line).expect("it is short");
    }
    settled_quietly(&mut machine, &mut host, &mut shown);
    assert!(!machine.is_at_prompt());
    machine.eof();
    settled_quietly(&mut machine, &mut host, &mut shown);
    assert_eq!(shown, "$ [to the program]\n[echo not a command]\n$ ");
    assert!(machine.is_at_prompt());
}

#[test]
fn ctrl_c_reaches_the_foreground_and_aborts_the_list() {
    let (mut machine, mut host) = typed();
    let mut shown = String::new();
    machine.feed_line("ticker & reader; echo never").expect("it is short");
    settled_quietly(&mut machine, &mut host, &mut shown);
    machine.interrupt(&mut host);
    settled_quietly(&mut machine, &mut host, &mut shown);
    assert_eq!(host.signals.len(), 1, "the job in the background is left alone");
    assert_eq!(machine.last_status(), 130);
    assert!(machine.is_at_prompt() && !shown.contains("never"), "{shown}");
}

#[test]
fn jobs_are_listed_killed_and_reported() {
    let (mut machine, mut host) = typed();
    let mut shown = String::new();
    for line in ["sleep 100 &", "jobs", "kill %1", "echo next"] {
        machine.feed_line(line).expect("it is short");
        settled_quietly(&mut machine, &mut host, &mut shown);
    }
    assert!(shown.contains("[1] 1001\n"), "{shown}");
    assert!(shown.contains("[1]+  Running                 sleep 100 &\n"), "{shown}");
    assert!(shown.contains("[1]+  Terminated              sleep 100\n"), "{shown}");
}

#[test]
fn complete_commands_are_told_with_their_status() {
    let (mut machine, mut host) = commands("echo a; false\ncat <<X\nb\nX\nsleep 2\n");
    let mut ended = Vec::new();
    let start = host.now;
    loop {
        let status = machine.step(&mut host, 1_000);
        for output in machine.take_output() {
            match output {
                Output::Started { text, .. } => ended.push((text.to_string(), -1)),
                Output::Ended { status, at } => ended.push((at.since(start).whole_seconds().to_string(), status)),
                _ => {}
            }
        }
        match status {
            Status::Blocked { wake: Some(at) } => host.now = at,
            Status::OutOfBudget => {}
            _ => break,
        }
    }
    let expect = [("echo a; false", -1), ("0", 1), ("cat <<X\nb\nX", -1), ("0", 0), ("sleep 2", -1), ("2", 0)];
    assert_eq!(ended, expect.map(|(text, status)| (text.to_string(), status)));
}

#[test]
fn a_script_splits_into_complete_commands() {
    let script = "# comment\nfor i in 0 1; do\n  echo $i\ndone\n\ncat <<EOF >f\nx\nEOF\na=$(echo 1) \\\n  && echo \"two\nlines\"; b\nc & d\n";
    let expect = [
        "for i in 0 1; do\n  echo $i\ndone",
        "cat <<EOF >f\nx\nEOF",
        "a=$(echo 1) \\\n  && echo \"two\nlines\"; b",
        "c & d",
    ];
    assert_eq!(split_complete_commands(script).expect("it parses"), expect);
    let error = split_complete_commands("echo a\nfi\n").expect_err("it does not");
    assert_eq!((error.message(), error.offset), ("syntax error near unexpected token `fi'".to_string(), 7));
}

#[test]
fn standard_input_can_be_given() {
    let (mut machine, mut host) = commands("cat; wc -l");
    machine.set_stdin(b"one\ntwo\n", MoreInput::No);
    assert_eq!(settled(&mut machine, &mut host, 0).0, "one\ntwo\n0\n");
}

#[test]
fn errors_are_in_the_words_of_the_shell() {
    for (dialect, script, expect) in [
        (Dialect::Dash, "foo", "sh: 1: foo: not found\n"),
        (Dialect::Busybox, "foo", "sh: foo: not found\n"),
        (Dialect::Busybox, "echo a; done", "sh: syntax error: unexpected \"done\"\n"),
        (Dialect::Dash, "echo \"a", "sh: 1: Syntax error: Unterminated quoted string\n"),
    ] {
        assert_eq!(run(container(dialect), script).stderr, expect, "{script}");
    }
    let (mut machine, mut host) = commands("locked; status 9; echo $?");
    let (stdout, stderr, _) = settled(&mut machine, &mut host, 0);
    assert_eq!((stdout.as_str(), stderr.as_str()), ("9\n", "bash: locked: Permission denied\n"));
}

#[test]
fn hostile_input_is_refused_or_ends() {
    let mut machine: Machine<Process> = Machine::new(config(), Start::Commands);
    assert!(machine.run(&"x".repeat(10_000_000)).is_err());
    assert!(machine.feed(&vec![b'x'; 10_000_000]).is_err());
    for (script, expect) in [
        ("(".repeat(100_000), "nested deeper"),
        ("$(".repeat(100_000), "nested deeper"),
        ("echo {1..10000000}".to_string(), "more than"),
        ("echo {1..300}{1..300}".to_string(), "more than"),
        ("f() { f; }; f".to_string(), "maximum nesting level"),
        ("x=$(yes)".to_string(), "longer than"),
        ("for i in {1..100}; do sleep 9 & done".to_string(), "too many background jobs"),
        ("a=(1 2)".to_string(), "array is not supported"),
        ("x=aaaaaaaaaa; while :; do x=$x$x; done".to_string(), "longer than"),
        ("cat <(echo)".to_string(), "process substitution is not supported"),
    ] {
        let (mut machine, mut host) = commands(&script);
        let mut errors = String::new();
        for _ in 0..400 {
            let status = machine.step(&mut host, 2_000);
            for output in machine.take_output() {
                if let Output::Stderr(bytes) = output {
                    errors.push_str(&String::from_utf8_lossy(&bytes));
                }
            }
            if errors.contains(expect) || !matches!(status, Status::OutOfBudget) {
                break;
            }
        }
        assert!(errors.contains(expect), "{:.60}: {errors:.200}", script);
    }
}

#[test]
fn output_that_nobody_takes_stalls_its_writer() {
    let (mut machine, mut host) = commands("yes");
    for _ in 0..100 {
        machine.step(&mut host, 10_000);
    }
    let bytes: usize = machine.take_output().iter().map(|o| if let Output::Stdout(b) = o { b.len() } else { 0 }).sum();
    assert!((1_000_000..3_000_000).contains(&bytes), "{bytes}");
}

#[test]
fn words_are_completed() {
    let (mut machine, mut host) = typed();
    machine.feed_line("touch web.yaml 'a b'; mkdir dir; MY_VAR=1").expect("it is short");
    settled_quietly(&mut machine, &mut host, &mut String::new());
    let mut texts = |line: &str| -> Vec<String> {
        let found = machine.complete(line, line.len(), &mut host);
        found.candidates.into_iter().map(|Candidate { text, suffix }| text + suffix).collect()
    };
    assert_eq!(texts("tick"), ["ticker "]);
    assert_eq!(texts("cat w"), ["web.yaml "]);
    assert_eq!(texts("echo x && cat <a"), ["a\\ b "]);
    assert_eq!(texts("cd "), ["dir/"]);
    assert_eq!(texts("echo $MY"), ["$MY_VAR"]);
    assert_eq!(texts("for i in 1; do tick"), ["ticker "]);
}

/// Lines of the tutorials, each of a kind that the others are not.
#[test]
fn lines_of_the_tutorials_reach_their_programs_unharmed() {
    for (line, expect) in [
        (
            r#"for i in 0 1; do args exec "web-$i" -- sh -c 'hostname'; done"#,
            "<args>\n<exec>\n<web-0>\n<-->\n<sh>\n<-c>\n<hostname>\n<args>\n<exec>\n<web-1>\n<-->\n<sh>\n<-c>\n<hostname>\n",
        ),
        (
            r#"args sh -c 'echo "$(hostname)" > /usr/share/nginx/html/index.html'"#,
            "<args>\n<sh>\n<-c>\n<echo \"$(hostname)\" > /usr/share/nginx/html/index.html>\n",
        ),
        (
            r#"args --type='json' -p='[{"op": "replace", "value":"0.3"}]'"#,
            "<args>\n<--type=json>\n<-p=[{\"op\": \"replace\", \"value\":\"0.3\"}]>\n",
        ),
        (
            r#"for p in 0; do args "web-$p" --template '{{range $i, $c := .spec.containers}}{{$c.image}}{{end}}'; echo; done"#,
            "<args>\n<web-0>\n<--template>\n<{{range $i, $c := .spec.containers}}{{$c.image}}{{end}}>\n\n",
        ),
        (r"args --template {{.spec.nodeName}}", "<args>\n<--template>\n<{{.spec.nodeName}}>\n"),
        (
            r#"args -l="app=cassandra" -o=jsonpath={.status} -o custom-columns=IMAGE:.spec.containers[0].image"#,
            "<args>\n<-l=app=cassandra>\n<-o=jsonpath={.status}>\n<-o>\n<custom-columns=IMAGE:.spec.containers[0].image>\n",
        ),
        (
            "grace=$(echo 10) \\\n  && args \"Sleeping ${grace} seconds\" 1>&2 \\\n  && sleep 5 \\\n  && args $grace",
            "<args>\n<10>\n",
        ),
        (
            "cat <<EOF >./kustomization.yaml\nsecretGenerator:\n- name: mysql-pass\nEOF\ncat <<EOF >>./kustomization.yaml\nresources:\n  - a.yaml\nEOF\nsed -i 's/mysql/my/' kustomization.yaml; cat kustomization.yaml",
            "secretGenerator:\n- name: my-pass\nresources:\n  - a.yaml\n",
        ),
        (
            r#"KUBE_EDITOR='sed -i "s/^  replicas: 3/  replicas: 4/"' args $(echo web-0) --force"#,
            "<args>\n<web-0>\n<--force>\n",
        ),
        ("args a | grep -c a", "2\n"),
    ] {
        let outcome = run(config(), line);
        assert_eq!(outcome.stdout, expect, "{line}: {}", outcome.stderr);
    }
    let _ = Time(0);
}

#[test]
fn an_inner_shell_reads_the_terminal() {
    let (mut machine, mut host) = typed();
    let mut shown = String::new();
    for line in ["sh", "x=inner", "echo $x", "exit 4", "echo $?$x"] {
        machine.feed_line(line).expect("it is short");
        settled_quietly(&mut machine, &mut host, &mut shown);
    }
    assert!(shown.contains("inner\n") && shown.ends_with("4\n$ "), "{shown}");
}

#[test]
fn scripts_within_scripts_have_a_limit() {
    let (mut machine, mut host) = commands(&format!("{}echo never", "eval ".repeat(50_000)));
    let (stdout, stderr, status) = settled(&mut machine, &mut host, 0);
    assert_eq!((stdout.as_str(), status), ("", Status::Idle { wake: None }));
    assert!(stderr.contains("scripts within scripts are longer than 2097152 bytes"), "{stderr}");
}

#[test]
fn a_wall_of_parentheses_is_refused_without_reading_it_at_every_level() {
    for opening in ["", "echo $", "echo $((1+"] {
        let (mut machine, mut host) = commands(&format!("{opening}{}", "(".repeat(100_000)));
        let (_, stderr, _) = settled(&mut machine, &mut host, 0);
        assert!(stderr.contains("syntax error"), "{opening}: {stderr}");
    }
}

#[test]
fn a_path_has_a_greatest_length() {
    let (mut machine, mut host) = commands(&format!("mkdir -p {}", "a/".repeat(20_000)));
    let (_, stderr, _) = settled(&mut machine, &mut host, 0);
    assert!(stderr.ends_with("File name too long\n"), "{}", &stderr[stderr.len() - 60..]);
}

/// What is no arithmetic is read again as subshells. Were that done anew at every level, these would take years.
#[test]
fn parentheses_that_are_no_arithmetic_are_not_read_over_and_over() {
    for text in ["$((", "((", "$(($((1 ", "((x; "] {
        assert!(shell::split_complete_commands(&text.repeat(25)).is_err(), "{text}");
    }
    let words =
        shell::split_complete_commands("echo $(( (1 + 2) * 3 )) $((echo a); echo b); ((x = 1)) && ((echo c); echo d)");
    assert_eq!(words.map(|commands| commands.len()), Ok(1));
}
