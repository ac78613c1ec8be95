//! What is made neutral before recorded and own output are compared, as `neutral.json` says.

use ordered::{Arrange, OrderedMap};
use regex::Regex;
use serde_json::Value;

/// The rules, compiled.
pub(crate) struct Neutral {
    rules: Vec<(Regex, String)>,
    as_sets: Vec<Regex>,
    node: Regex,
    blanks: Regex,
    clauses: Regex,
    explain: Regex,
}

/// Per object, the sequence of its states, repeats apart.
pub(crate) type States = OrderedMap<String, Vec<Vec<String>>>;

const BREAKS: [char; 10] =
    ['\n', '\r', '\u{b}', '\u{c}', '\u{1c}', '\u{1d}', '\u{1e}', '\u{85}', '\u{2028}', '\u{2029}'];
/// What a watch's row may change in without a new state.
const NOT_STATE: [&str; 4] = ["AGE", "IP", "<none>", "node-N"];

fn compile(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the rules are regular expressions without look-around")
}

impl Neutral {
    /// The project's own rules.
    pub(crate) fn read() -> Neutral {
        let file: Value = serde_json::from_str(include_str!("neutral.json")).unwrap();
        let text = |value: &Value, key: &str| value[key].as_str().unwrap().to_owned();
        let rules = file["rules"].as_array().unwrap();
        Neutral {
            rules: rules.iter().map(|rule| (compile(&text(rule, "pattern")), text(rule, "to"))).collect(),
            as_sets: file["as_sets"].as_array().unwrap().iter().map(|p| compile(p.as_str().unwrap())).collect(),
            node: compile(r"\bnode-\d+\b"),
            blanks: compile(r"\s+"),
            clauses: compile("[;,] "),
            explain: compile(r"^(GROUP|KIND|VERSION|FIELD)\b|^\s+\w+\s+<|^error|doesn't have"),
        }
    }

    /// The lines of an output that count, neutral.
    pub(crate) fn lines(&self, text: &str, command: &str) -> Vec<String> {
        let mut lines: Vec<String> = split_lines(text).iter().filter_map(|line| self.line(line)).collect();
        if command.starts_with("kubectl explain") {
            lines.retain(|line| self.explain.is_match(line));
        }
        if self.as_sets.iter().any(|pattern| pattern.is_match(command)) {
            lines.arrange();
            lines.dedup();
        }
        lines
    }

    /// One line, or nothing where it tells of the recording's machine alone.
    fn line(&self, line: &str) -> Option<String> {
        let mut line = line.to_owned();
        for (pattern, to) in &self.rules {
            line = pattern.replace_all(&line, to).into_owned();
        }
        let line = self.node.replace_all(&line, "node-N");
        let line = self.blanks.replace_all(&line, " ").trim_end().to_owned();
        if line.contains("openshift") || line.contains("KubeAPIReadyz") {
            return None;
        }
        let has_clauses = line.contains("cannot delete")
            || line.starts_with("Warning: ignoring")
            || line.starts_with("Warning: deleting");
        Some(if has_clauses { self.sorted_clauses(&line) } else { line })
    }

    fn sorted_clauses(&self, line: &str) -> String {
        let mut clauses: Vec<&str> = self.clauses.split(line).collect();
        clauses.arrange();
        clauses.join(" ")
    }

    /// A watch's rows as, per object (its first word), the sequence of states.
    pub(crate) fn states(&self, rows: &[String], command: &str) -> States {
        let mut states = States::new();
        for row in rows {
            let Some(line) = self.lines(row, command).into_iter().next() else { continue };
            let words: Vec<String> =
                line.split(' ').filter(|word| !NOT_STATE.contains(word)).map(str::to_owned).collect();
            let Some(object) = words.first() else { continue };
            let sequence = states.entry(object.clone()).or_default();
            if sequence.last() != Some(&words) {
                sequence.push(words);
            }
        }
        states
    }
}

/// Lines as text editors count them; a break at the very end makes no further line.
fn split_lines(text: &str) -> Vec<&str> {
    let text = text.strip_suffix('\n').unwrap_or(text);
    if text.is_empty() { Vec::new() } else { text.split(BREAKS).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(command: &str, ours: &str, theirs: &str) {
        let neutral = Neutral::read();
        assert_eq!(neutral.lines(ours, command), neutral.lines(theirs, command));
    }

    #[test]
    fn ages_names_and_addresses_are_neutral_and_nothing_else() {
        check("kubectl get pods", "web-0   1/1   Running   0   12s", "web-0  1/1  Running  0  3m5s");
        check("kubectl get pods -o wide", "web-0 10.244.1.7 node-2", "web-0 10.244.3.2 node-1");
        check("kubectl get events", "b\na\na", "a\nb");
        check(
            "kubectl drain",
            "Warning: ignoring DaemonSet-managed Pods: a/b, c/d",
            "Warning: ignoring DaemonSet-managed Pods: a/b, c/d",
        );
        let neutral = Neutral::read();
        assert_ne!(neutral.lines("web-0 1/1", "kubectl get pods"), neutral.lines("web-0 0/1", "kubectl get pods"));
        assert_ne!(neutral.lines("b\na", "kubectl get pods"), neutral.lines("a\nb", "kubectl get pods"));
    }

    #[test]
    fn a_watch_is_a_sequence_of_states_per_object() {
        let rows =
            ["web-0 0/1 Pending 0 1s", "web-1 0/1 Pending 0 1s", "web-0 0/1 Pending 0 2s", "web-0 1/1 Running 0 3s"];
        let states = Neutral::read().states(&rows.map(str::to_owned), "kubectl get pods -w");
        assert_eq!((states["web-0"].len(), states["web-1"].len()), (2, 1));
    }
}
