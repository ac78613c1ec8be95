//! Every maximum of the shell, in one place. Reaching one is an error with a message, never a stall or a crash.

/// Bytes of one script, and of typed lines that wait to be read.
pub const INPUT_BYTES_MAX: usize = 1024 * 1024;
/// How deep compound commands, substitutions and parentheses may nest.
pub const NESTING_MAX: usize = 64;
/// Bytes that the expansion of one command may produce.
pub const EXPANSION_BYTES_MAX: usize = 1024 * 1024;
/// Words that the expansion of one command may produce.
pub const EXPANSION_WORDS_MAX: usize = 65_536;
/// Bytes that one `$(…)` may capture.
pub const CAPTURE_BYTES_MAX: usize = 1024 * 1024;
/// Bytes after which a writer into a pipe has to wait for its reader.
pub const PIPE_BYTES_MAX: usize = 64 * 1024;
/// Bytes of output that wait for the owner of the machine to take them.
pub const OUTPUT_BYTES_MAX: usize = 1024 * 1024;
/// Bytes that a program which must see all of its input (sort, wc, …) may hold.
pub const PROGRAM_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Bytes of a line of a program that works line by line.
pub const LINE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Background jobs alive at one time.
pub const JOBS_MAX: usize = 64;
/// Processes (programs, subshells, substitutions) alive at one time.
pub const PROCESSES_MAX: usize = 256;
/// Lines that `history` remembers.
pub const HISTORY_MAX: usize = 1_000;
/// Frames of one shell: nested function calls, loops, sourced files.
pub const FRAMES_MAX: usize = 1_000;
/// Bytes of the scripts that one shell is in the middle of: `eval` within `eval`, sourced files.
pub const SCRIPTS_BYTES_MAX: usize = 2 * INPUT_BYTES_MAX;
/// Open descriptors of one process.
pub const DESCRIPTORS_MAX: usize = 64;
/// How often one alias may lead to another within a command.
pub const ALIASES_MAX: usize = 32;
/// Steps of one regular-expression match.
pub const REGEX_STEPS_MAX: usize = 2_000_000;
/// Instructions of a compiled regular expression.
pub const REGEX_SIZE_MAX: usize = 20_000;
/// Transitions that one process makes before the next has its turn.
pub(crate) const TURN_STEPS: u64 = 64;
/// Lines that a program handles in one step.
pub(crate) const LINES_PER_STEP: usize = 256;
/// Bytes whose expansion costs as much as one transition.
pub(crate) const BYTES_PER_STEP: usize = 1024;
