//! `busybox`: a shell and small programs.

use cri::{Image, ImageConfig, Process, Reference, Spawn};
use shell::Dialect;
use shell::fs::Tree;

use crate::files::{Root, plausible_size};
use crate::program::Userland;
use crate::tools;

/// `busybox`, any tag; speaks as 1.28 does.
pub(crate) struct Busybox;

/// Which of the shell's programs there are.
pub(crate) const BUILTINS: &[&str] = &[
    "[", "ash", "basename", "cat", "chmod", "chown", "clear", "cp", "cut", "date", "diff", "dirname", "echo", "egrep",
    "env", "expr", "false", "fgrep", "find", "grep", "head", "hostname", "id", "ls", "mkdir", "mv", "printf", "pwd",
    "rm", "rmdir", "sed", "seq", "sh", "sleep", "sort", "tail", "tar", "tee", "test", "timeout", "touch", "tr", "true",
    "uniq", "wc", "whoami", "xargs",
];

static USERLAND: Userland = Userland { dialect: Dialect::Busybox, tools: tools::BUSYBOX, builtins: BUILTINS };

impl Image for Busybox {
    fn is_named(&self, reference: &Reference) -> bool {
        reference.short_name() == "busybox"
    }

    fn pull(&self, reference: &Reference) -> Result<u64, String> {
        Ok(match reference.tag.as_str() {
            "1.28" => 727_869,
            tag => 2_100_000 + plausible_size(tag) % 200_000,
        })
    }

    fn config(&self) -> ImageConfig {
        ImageConfig { command: &["sh"], resolves_names: true, ..ImageConfig::default() }
    }

    fn root(&self) -> Tree {
        let tools: Vec<&str> = tools::BUSYBOX.iter().map(|tool| tool.name).collect();
        Root::new(&[("nobody", 65_534)]).programs("/bin", BUILTINS).programs("/bin", &tools).tree()
    }

    fn programs(&self) -> &'static [&'static str] {
        BUILTINS
    }

    fn start(&self, spawn: &Spawn) -> Option<Box<dyn Process>> {
        USERLAND.start(spawn)
    }
}
