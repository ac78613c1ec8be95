//! Images that people bring a shell along with: `alpine`, `debian`, `ubuntu`, `netshoot`. Their own program is the shell.
//!
//! What they lack in the real world they lack here: Debian has no `ps` and neither Debian nor Ubuntu has `curl`. Packages are not
//! installed.

use cri::{Image, ImageConfig, Process, Reference, Spawn};
use shell::Dialect;
use shell::fs::Tree;

use crate::busybox::BUILTINS;
use crate::files::{Root, plausible_size};
use crate::program::Userland;
use crate::tools::{self, kill, ps};

/// One of them, any tag.
pub(crate) struct ShellImage {
    name: &'static str,
    /// What `/etc/os-release` calls it.
    title: &'static str,
    command: &'static [&'static str],
    userland: &'static Userland,
    size_bytes: u64,
}

pub(crate) static ALPINE: ShellImage = ShellImage {
    name: "alpine",
    title: "Alpine Linux",
    command: &["/bin/sh"],
    userland: &Userland { dialect: Dialect::Busybox, tools: tools::BUSYBOX, builtins: BUILTINS },
    size_bytes: 3_800_000,
};

pub(crate) static DEBIAN: ShellImage = ShellImage {
    name: "debian",
    title: "Debian GNU/Linux",
    command: &["bash"],
    userland: &Userland { dialect: Dialect::Dash, tools: &[], builtins: BUILTINS },
    size_bytes: 49_200_000,
};

pub(crate) static UBUNTU: ShellImage = ShellImage {
    name: "ubuntu",
    title: "Ubuntu",
    command: &["/bin/bash"],
    userland: &Userland { dialect: Dialect::Dash, tools: &[ps::TOOL, kill::PKILL], builtins: BUILTINS },
    size_bytes: 29_700_000,
};

pub(crate) static NETSHOOT: ShellImage = ShellImage {
    name: "netshoot",
    title: "Alpine Linux",
    // Its own shell is zsh, which reads the same words.
    command: &["bash"],
    userland: &Userland { dialect: Dialect::Dash, tools: tools::ALL, builtins: BUILTINS },
    size_bytes: 201_000_000,
};

impl Image for ShellImage {
    fn is_named(&self, reference: &Reference) -> bool {
        reference.short_name() == self.name
    }

    fn pull(&self, reference: &Reference) -> Result<u64, String> {
        Ok(self.size_bytes + plausible_size(&reference.tag) % 300_000)
    }

    fn config(&self) -> ImageConfig {
        ImageConfig { command: self.command, resolves_names: true, ..ImageConfig::default() }
    }

    fn root(&self) -> Tree {
        let tools: Vec<&str> = self.userland.tools.iter().map(|tool| tool.name).collect();
        let release = format!("NAME=\"{}\"\n", self.title);
        let root = Root::new(&[("nobody", 65_534)]).file("/etc/os-release", &release, 0o644);
        root.programs("/bin", BUILTINS).programs("/usr/bin", &tools).tree()
    }

    fn programs(&self) -> &'static [&'static str] {
        BUILTINS
    }

    fn start(&self, spawn: &Spawn) -> Option<Box<dyn Process>> {
        self.userland.start(spawn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_its_shell_and_lacks_what_it_lacks() {
        let starts = |image: &ShellImage, program: &str| {
            image.start(&Spawn { argv: vec![program.into()], ..Spawn::default() }).is_some()
        };
        for (image, has, lacks) in [
            (&ALPINE, ["/bin/sh", "ps", "wget"], ["bash", "curl"]),
            (&DEBIAN, ["bash", "sh", "ls"], ["ps", "curl"]),
            (&UBUNTU, ["/bin/bash", "sh", "ps"], ["curl", "wget"]),
            (&NETSHOOT, ["bash", "curl", "nslookup"], ["nginx", "apk"]),
        ] {
            assert!(starts(image, image.command[0]), "{}", image.name);
            has.iter().for_each(|program| assert!(starts(image, program), "{} {program}", image.name));
            lacks.iter().for_each(|program| assert!(!starts(image, program), "{} {program}", image.name));
            let reference = Reference::parse(&format!("docker.io/library/{}:latest", image.name)).expect("a reference");
            assert!(image.is_named(&reference));
        }
    }
}
