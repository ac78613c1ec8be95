//! `cargo xtask fuzz`: bad inputs in great number, read by the readers of `tests/fuzz` in release.

use crate::tool::{self, Outcome};

/// Reads inputs; the words are the target's name and how many, both optional.
pub(crate) fn fuzz(words: &[&str]) -> Outcome<()> {
    let mut command = tool::cargo();
    command.args(["run", "--release", "--quiet", "--package", "ordinal-fuzz", "--"]);
    tool::run(command.args(words))
}
