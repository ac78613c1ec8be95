//! `wordpress`: a site whose files lie in `/var/www/html` and whose posts are rows in MySQL.
//!
//! - [`server`] is Apache behind the image's entrypoint; [`visit`] one request with its connection to the database.
//! - [`site`] answers readers, [`admin`] writers, [`install`] makes the tables.
//!
//! Differences that were chosen: every version waits for its database at the start, as 4.8 does; passwords are kept as salted SHA-1.
//! Absent: PHP, themes, plugins, comments, media, more than one user. What is absent has no link that leads to it.

mod admin;
mod config;
mod install;
mod page;
mod server;
mod site;
mod visit;

use cri::{Image, ImageConfig, Process, Reference, Spawn};
use shell::Dialect;
use shell::fs::Tree;

use crate::busybox::BUILTINS;
use crate::files::{Root, plausible_size};
use crate::program::{Userland, program_name};
use crate::tools;

/// `wordpress`, the tags with Apache.
pub(crate) struct Wordpress;

const USER: (&str, u32) = ("www-data", 33);
static USERLAND: Userland = Userland {
    dialect: Dialect::Dash,
    tools: &[tools::curl::TOOL, tools::ps::TOOL, tools::kill::PKILL],
    builtins: BUILTINS,
};
/// Sizes by tag, as the recorded clusters reported them; no registry was asked.
const SIZES: &[(&str, u64)] = &[("4.8-apache", 158_439_112)];
/// The program that Apache is started by.
const APACHE: &str = "apache2-foreground";

impl Image for Wordpress {
    fn is_named(&self, reference: &Reference) -> bool {
        // The other variants serve PHP to a web server of their own, or have none.
        let others = ["fpm", "cli"];
        reference.short_name() == "wordpress" && !others.iter().any(|other| reference.tag.contains(other))
    }

    fn pull(&self, reference: &Reference) -> Result<u64, String> {
        let known = SIZES.iter().find(|(tag, _)| *tag == reference.tag);
        Ok(known.map_or_else(|| 150_000_000 + plausible_size(&reference.full_name()) / 2, |(_, size)| *size))
    }

    fn config(&self) -> ImageConfig {
        ImageConfig {
            entrypoint: &["docker-entrypoint.sh"],
            command: &[APACHE],
            working_dir: config::ROOT,
            resolves_names: true,
            ..ImageConfig::default()
        }
    }

    fn root(&self) -> Tree {
        Root::new(&[USER])
            .directory("/var/www", 0o755)
            .directory(config::ROOT, 0o755)
            .directory("/usr/src", 0o755)
            .programs("/bin", BUILTINS)
            .programs("/usr/bin", &["curl"])
            .programs("/usr/local/bin", &["docker-entrypoint.sh", APACHE])
            .tree()
    }

    fn programs(&self) -> &'static [&'static str] {
        BUILTINS
    }

    fn start(&self, spawn: &Spawn) -> Option<Box<dyn Process>> {
        let name = program_name(spawn.argv.first()?)?;
        match (name, spawn.argv.get(1)) {
            (APACHE, _) | ("docker-entrypoint.sh", None) => Some(Box::new(server::Server::new(spawn))),
            ("docker-entrypoint.sh", Some(word)) if program_name(word) == Some(APACHE) => {
                Some(Box::new(server::Server::new(spawn)))
            }
            ("docker-entrypoint.sh", Some(_)) => {
                USERLAND.start(&Spawn { argv: spawn.argv[1..].to_vec(), ..spawn.clone() })
            }
            _ => USERLAND.start(spawn),
        }
    }
}
