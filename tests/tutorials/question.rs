//! A question of kubectl's at a terminal, and the answer that is typed.

use ordinal_tests::desk;

use shell::{Config, Output, Start};

/// Another terminal, in which a command is typed and then a line for whoever reads it. Answers with what is shown.
fn typed(desk: &mut desk::Desk, terminal: u32, command: &str, line: &str) -> String {
    desk.world.open_terminal(terminal, Config::terminal(), Start::Commands);
    desk.world.run(terminal, command).unwrap();
    desk.wait(1);
    assert!(desk.world.reads_terminal(terminal), "{command} reads nothing");
    desk.world.feed(terminal, line.as_bytes()).unwrap();
    desk.wait(2);
    let output = desk.world.take_output(terminal).into_iter();
    let bytes: Vec<u8> = output
        .flat_map(|(_, output)| match output {
            Output::Stdout(bytes) | Output::Stderr(bytes) => bytes.to_vec(),
            Output::Prompt(_) | Output::Started { .. } | Output::Ended { .. } => Vec::new(),
        })
        .collect();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_deletion_asks_at_the_terminal() {
    let mut desk = desk::desk(1, 1);
    desk.run("kubectl create cm a && kubectl create cm b");
    let asked = |name: &str| {
        format!(
            "You are about to delete the following 1 resource(s):\nconfigmap/{name}\nDo you want to continue? (y/N): "
        )
    };
    let kept = typed(&mut desk, 5, "kubectl delete cm a -i", "n\n");
    assert_eq!(kept, asked("a") + "deletion is cancelled\n");
    let gone = typed(&mut desk, 6, "kubectl delete cm a --interactive", "y\n");
    assert_eq!(gone, asked("a") + "configmap \"a\" deleted from default namespace\n");
    assert_eq!(desk.run("kubectl get cm a b -o name").stdout, "configmap/b\n");
}
