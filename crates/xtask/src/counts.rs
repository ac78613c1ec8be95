//! How many tests passed and failed, read from what the test programs print at their end.
//!
//! Understood: libtest and wasm-bindgen-test (`test result: …`), nextest (`Summary [ … ]`), Node (`# pass N`).

/// Tests that passed and that failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl Counts {
    /// One thing that has no tests of its own and succeeded.
    pub(crate) const ONE_PASSED: Counts = Counts { passed: 1, failed: 0 };

    /// Both sums.
    pub(crate) fn plus(self, other: Counts) -> Counts {
        Counts { passed: self.passed + other.passed, failed: self.failed + other.failed }
    }
}

/// Adds up every closing line in an output.
pub(crate) fn count(output: &str) -> Counts {
    output.lines().map(|line| closing(line.trim())).fold(Counts::default(), Counts::plus)
}

fn closing(line: &str) -> Counts {
    if line.starts_with("test result:") || (line.starts_with("Summary [") && line.contains(" run:")) {
        return Counts { passed: number_before(line, "passed"), failed: failures(line) };
    }
    let node = line.trim_start_matches(['#', 'ℹ']).trim_start();
    let is_node = node.len() < line.len();
    let number = |word: &str| node.strip_prefix(word).and_then(|rest| rest.trim().parse().ok()).filter(|_| is_node);
    Counts { passed: number("pass ").unwrap_or(0), failed: number("fail ").unwrap_or(0) }
}

fn failures(line: &str) -> u64 {
    ["failed", "timed out", "exec failed"].iter().map(|word| number_before(line, word)).sum()
}

/// The number in `… 12 passed …`; 0 where the word does not occur after a number.
fn number_before(line: &str, word: &str) -> u64 {
    let before = line.match_indices(word).map(|(at, _)| &line[..at]);
    before.filter_map(|text| text.split_whitespace().last()?.parse().ok()).next().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(output: &str, passed: u64, failed: u64) {
        assert_eq!(count(output), Counts { passed, failed }, "{output}");
    }

    #[test]
    fn reads_every_kind_of_closing_line() {
        check("running 3 tests\ntest result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 1 filtered out", 3, 0);
        check("test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 filtered out; finished in 0.10s", 2, 1);
        check("     Summary [   0.123s] 12 tests run: 11 passed (1 slow), 1 failed, 3 skipped", 11, 1);
        check("     Summary [   0.123s] 3 tests run: 2 passed, 1 timed out, 0 skipped", 2, 1);
        check("     Summary [   0.003s] 1 test run: 1 passed, 0 skipped", 1, 0);
        check("# tests 4\n# pass 3\n# fail 1\n# cancelled 0", 3, 1);
        check("ℹ pass 2\nℹ fail 0", 2, 0);
        check("the tests pass 3 times\nfail 4", 0, 0);
    }

    #[test]
    fn adds_up_the_results_of_many_programs() {
        check("test result: ok. 3 passed; 0 failed;\n…\ntest result: ok. 4 passed; 0 failed;", 7, 0);
    }
}
