//! Every command line that the four tutorials have, in their order, each with what it must come to today.
//!
//! `command_lines.tsv` has a command a line: tutorial, place in it, exit status, expected texts (`¦` between them; all must be said,
//! on either stream; none: nothing may be said), command. What the tutorials run in a second terminal (`-w`) is watched for a moment and interrupted; a command
//! that cannot come to its end within two minutes is interrupted, too (124). Lines that are typed in a container follow the one that
//! opened it. Where today's kubectl refuses what a tutorial says, the refusal is what is expected.

use ordinal_tests::desk::{Desk, Said, desk};
use sim::Span;

static LINES: &str = include_str!("command_lines.tsv");
const LIMIT: Span = Span::from_seconds(120);
const GLANCE: Span = Span::from_seconds(2);
/// Between two commands the reader reads.
const PAUSE_SECONDS: i64 = 90;

struct Line {
    place: &'static str,
    rc: i32,
    expected: Vec<&'static str>,
    command: String,
}

fn lines(tutorial: &str) -> Vec<Line> {
    let rows = LINES.lines().map(|row| row.splitn(5, '\t').collect::<Vec<_>>());
    let rows = rows.filter(|row| row[0] == tutorial);
    let line = |row: Vec<&'static str>| Line {
        place: row[1],
        rc: row[2].parse().unwrap(),
        expected: row[3].split('¦').filter(|text| !text.is_empty()).collect(),
        command: row[4].replace("\\n", "\n"),
    };
    rows.map(line).collect()
}

/// Whether a line is typed in a container.
fn is_inside(line: &Line) -> bool {
    line.command.starts_with("nslookup ")
}

fn run(desk: &mut Desk, line: &Line, typed: &str) -> Said {
    let is_watch = line.command.contains(" -w");
    let said = desk.run_with(&line.command, typed, if is_watch { GLANCE } else { LIMIT });
    if !is_watch {
        desk.wait(PAUSE_SECONDS);
    }
    said
}

/// What is not as expected.
fn follow(tutorial: &str) -> (usize, Vec<String>) {
    let (mut desk, lines) = (desk(4, 1), lines(tutorial));
    let mut wrong = Vec::new();
    let mut rest = lines.as_slice();
    while let Some((line, after)) = rest.split_first() {
        let inside = after.iter().take_while(|line| is_inside(line)).count();
        let (typed, after) = after.split_at(inside);
        let text: String = typed.iter().map(|line| format!("{}\n", line.command)).collect();
        let said = run(&mut desk, line, &text);
        let all = format!("{}{}", said.stdout, said.stderr);
        let expected = line.expected.iter().chain(typed.iter().flat_map(|line| &line.expected));
        let missing: Vec<&&str> = expected.filter(|text| !all.contains(**text)).collect();
        let must_be_silent = line.expected.is_empty();
        if said.rc != line.rc || !missing.is_empty() || must_be_silent && !all.is_empty() {
            wrong.push(format!("{} {}\n  rc {}, not said {missing:?}\n{all}", line.place, line.command, said.rc));
        }
        rest = after;
    }
    (lines.len(), wrong)
}

#[test]
fn every_command_line_comes_to_what_it_must() {
    let mut count = 0;
    for tutorial in ["statefulset", "wordpress", "cassandra", "zookeeper"] {
        let (lines, wrong) = follow(tutorial);
        assert!(wrong.is_empty(), "{tutorial}: {} of {lines}\n{}", wrong.len(), wrong.join("\n"));
        count += lines;
    }
    assert_eq!(count, 125);
}
