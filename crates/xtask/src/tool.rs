//! Starting other programs: where the checkout and the build output lie, and how a command's failure reads.

use std::path::{Path, PathBuf};
use std::process::Command;

/// What a task answers: its value, or one sentence for the terminal.
pub(crate) type Outcome<T> = Result<T, String>;

/// The checkout's top folder.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).expect("xtask lies two folders below the top").to_path_buf()
}

/// Cargo's output folder: the one that this very program was built into, whatever setting chose it.
pub(crate) fn target_dir() -> PathBuf {
    let program = std::env::current_exe().expect("a running program has a path");
    program.ancestors().nth(2).expect("cargo builds into <target>/<profile>/xtask").to_path_buf()
}

/// `cargo`, at the top of the checkout, building into the same folder as this program.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root()).env("CARGO_TARGET_DIR", target_dir()).env("CARGO_TERM_COLOR", colour());
    command
}

/// Colours where a person looks on, none where the output is kept.
fn colour() -> &'static str {
    use std::io::IsTerminal;
    if std::io::stderr().is_terminal() { "always" } else { "never" }
}

/// Whether PATH holds a program of this name.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// The first line that a command prints, or nothing where it fails or is missing.
pub(crate) fn first_line(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    String::from_utf8_lossy(&output.stdout).lines().next().map(str::to_owned)
}

/// Runs a command with the terminal handed through.
pub(crate) fn run(command: &mut Command) -> Outcome<()> {
    let status = command.status().map_err(|error| format!("cannot start {}: {error}", line(command)))?;
    if status.success() { Ok(()) } else { Err(format!("{} failed ({status})", line(command))) }
}

/// The command as one would type it, without its environment.
pub(crate) fn line(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// Says what happens now; progress goes to the error stream, results to the output.
pub(crate) fn say(text: &str) {
    eprintln!("==> {text}");
}
