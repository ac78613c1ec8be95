//! `mysql`: a database server that keeps tables in files, and its clients `mysql` and `mysqladmin`.
//!
//! - [`server`] is `mysqld` behind the image's entrypoint, [`engine`] what statements do, [`storage`] where the data lies.
//! - [`connection`] is a client's side; `wordpress` uses it too.
//!
//! Differences that were chosen: all versions speak as 8.0 does, and all keep passwords for `mysql_native_password`, so that
//! `wordpress:4.8-apache` can log in as the tutorial expects. Absent: replication, TLS, and what [`sql`](crate::sql) leaves out.

mod admin;
mod change;
mod client;
pub(crate) mod connection;
mod define;
pub(crate) mod engine;
pub(crate) mod error;
mod options;
mod print;
mod query;
mod server;
mod sha1;
mod show;
mod storage;
mod table;
mod users;
mod wire;

use cri::{Image, ImageConfig, Process, Reference, Spawn};
use shell::Dialect;
use shell::fs::Tree;

use crate::busybox::BUILTINS;
use crate::files::{Root, plausible_size};
use crate::program::{Userland, program_name};
use crate::tools;
pub(crate) use sha1::{hex, sha1 as digest};
pub(crate) use table::stamp;
pub(crate) use wire::PORT;

/// `mysql`, any tag.
pub(crate) struct Mysql;

const USER: (&str, u32) = ("mysql", 999);
static USERLAND: Userland = Userland {
    dialect: Dialect::Dash,
    tools: &[client::TOOL, admin::TOOL, tools::ps::TOOL, tools::kill::PKILL],
    builtins: BUILTINS,
};
/// Sizes by tag, as the recorded clusters reported them; no registry was asked.
const SIZES: &[(&str, u64)] = &[("8.0", 233_012_174)];

impl Image for Mysql {
    fn is_named(&self, reference: &Reference) -> bool {
        reference.short_name() == "mysql"
    }

    fn pull(&self, reference: &Reference) -> Result<u64, String> {
        let known = SIZES.iter().find(|(tag, _)| *tag == reference.tag);
        Ok(known.map_or_else(|| 150_000_000 + plausible_size(&reference.full_name()) / 2, |(_, size)| *size))
    }

    fn config(&self) -> ImageConfig {
        ImageConfig {
            entrypoint: &["docker-entrypoint.sh"],
            command: &["mysqld"],
            resolves_names: true,
            ..ImageConfig::default()
        }
    }

    fn root(&self) -> Tree {
        Root::new(&[USER])
            .directory("/var/lib", 0o755)
            .directory(storage::DIRECTORY, 0o755)
            .directory("/var/run/mysqld", 0o755)
            .file(
                "/etc/my.cnf",
                "[mysqld]\nskip-name-resolve\ndatadir=/var/lib/mysql\nsocket=/var/run/mysqld/mysqld.sock\n",
                0o644,
            )
            .programs("/bin", BUILTINS)
            .programs("/usr/bin", &["mysql", "mysqladmin"])
            .programs("/usr/sbin", &["mysqld"])
            .programs("/usr/local/bin", &["docker-entrypoint.sh"])
            .tree()
    }

    fn programs(&self) -> &'static [&'static str] {
        BUILTINS
    }

    fn start(&self, spawn: &Spawn) -> Option<Box<dyn Process>> {
        let name = program_name(spawn.argv.first()?)?;
        // The entrypoint prepares for the server alone; anything else it starts as it is.
        let is_server = |word: &str| program_name(word) == Some("mysqld") || word.starts_with('-');
        match (name, spawn.argv.get(1)) {
            ("mysqld", _) | ("docker-entrypoint.sh", None) => Some(Box::new(server::Server::new(spawn))),
            ("docker-entrypoint.sh", Some(word)) if is_server(word) => Some(Box::new(server::Server::new(spawn))),
            ("docker-entrypoint.sh", Some(_)) => {
                USERLAND.start(&Spawn { argv: spawn.argv[1..].to_vec(), ..spawn.clone() })
            }
            _ => USERLAND.start(spawn),
        }
    }
}
