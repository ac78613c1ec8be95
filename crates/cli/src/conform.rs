//! `ordinal conform`: rows of Kubernetes' own tables of tests on standard input, what the simulator makes of them on
//! standard output, line by line.

use std::io::{BufRead, Write};

use playground::conform::{Suite, answer, suites};

/// The suite of this name.
pub fn find(name: &str) -> Option<&'static Suite> {
    suites().find(|suite| suite.name == name)
}

/// Every suite's name, a line each.
pub fn list() -> String {
    suites().map(|suite| format!("{}\n", suite.name)).collect()
}

/// Answers every line. A line that is no row is answered too, and so is one that is no text; empty ones are passed over.
///
/// # Errors
/// If reading or writing fails.
pub fn answer_lines(suite: &Suite, mut input: impl BufRead, out: &mut dyn Write) -> std::io::Result<()> {
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line)? > 0 {
        let text = String::from_utf8_lossy(&line);
        if !text.trim().is_empty() {
            writeln!(out, "{}", answer(suite, text.trim()))?;
        }
        line.clear();
    }
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &[u8], expect: &str) {
        let mut out = Vec::new();
        answer_lines(find("quantity").unwrap(), input, &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), expect);
    }

    #[test]
    fn each_line_has_its_answer_and_none_ends_the_program() {
        let row = br#"{"test": "TestQuantityParse", "table": "table", "case": {"input": "1024Mi", "expect": "?"}}"#;
        check(row, "{\"result\":\"1Gi\"}\n");
        check(b"\n\n", "");
        check(
            br#"{"test": "TestQuantityParse", "case": {"input": "1.1.M"}}"#,
            "{\"result\":{\"$error\":\"quantities must match the regular expression \
             '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'\"}}\n",
        );
        check(
            b"{\xff\n[]\n{\"case\": {}}\n",
            "{\"error\":\"the line is not JSON: invalid character 'ï' looking for beginning of object key string\"}\n\
             {\"error\":\"the line is not an object with a `case`\"}\n\
             {\"notModelled\":\"the suite has no table \\\"\\\" \\\"\\\"\"}\n",
        );
    }

    #[test]
    fn suites_are_found_by_their_name() {
        assert!(find("quantities").is_none());
        assert!(list().lines().any(|name| name == "quantity"));
        let mut names: Vec<&str> = suites().map(|suite| suite.name).collect();
        names.dedup();
        assert_eq!(names.len(), suites().count());
    }
}
