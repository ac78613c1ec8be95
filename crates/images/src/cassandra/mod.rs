//! `cassandra`: Apache Cassandra 3.11 as the Cassandra tutorial runs it.
//!
//! - [`server`] is the JVM behind `/run.sh`: how it starts, [`gossip`] what nodes know of each other, [`ring`] who holds what.
//! - [`execute`] is what statements mean, [`coordinate`] how replicas are read and written, [`cqlsh`] the client.
//! - [`nodetool`] is the operator's tool; `/ready-probe.sh` is a script that the container's shell runs.
//!
//! The data lies below `/cassandra_data`: what is on its claim outlives pod and set. Differences that were chosen: a node's state travels
//! as a whole and not in parts; a peer counts as down when nothing new was heard of it for a fixed time, which is what
//! the failure detector comes to at a steady pace. Absent: TLS, authentication, Thrift, compaction, repair; system tables;
//! `removenode` moves no data.

mod coordinate;
mod cql;
mod cqlsh;
mod disk;
mod execute;
mod gossip;
mod link;
mod log;
mod murmur3;
mod nodetool;
mod operations;
mod ring;
mod rows;
mod schema;
mod server;
mod settings;
mod start;
mod status;
mod ways;

use cri::{Image, ImageConfig, Process, Reference, Spawn};
use shell::Dialect;
use shell::fs::Tree;

use crate::busybox::BUILTINS;
use crate::files::{Root, plausible_size};
use crate::program::{Userland, program_name};
use crate::tools;

/// `cassandra`, from any registry.
pub(crate) struct Cassandra;

const USER: (&str, u32) = ("cassandra", 1_000);
/// What version the server says it is.
const VERSION: &str = "3.11.2";
static USERLAND: Userland = Userland {
    dialect: Dialect::Dash,
    tools: &[nodetool::TOOL, cqlsh::TOOL, tools::ps::TOOL, tools::kill::PKILL],
    builtins: BUILTINS,
};

/// The probe succeeds when the node's own line of `nodetool status` says that it is up and normal.
const READY_PROBE: &str = "#!/bin/bash\n\nOWN=$(nodetool status | grep $POD_IP)\nif [[ $OWN == *\"UN\"* ]]; then\n  \
                           if [[ $DEBUG ]]; then echo \"UN\"; fi\n  exit 0\nfi\nif [[ $DEBUG ]]; then echo \"Not Up\"; fi\nexit 1\n";

/// Sizes by tag, as the recorded clusters reported them; no registry was asked.
const SIZES: &[(&str, u64)] = &[("v13", 141_267_913)];

impl Image for Cassandra {
    fn is_named(&self, reference: &Reference) -> bool {
        reference.short_name() == "cassandra"
    }

    fn pull(&self, reference: &Reference) -> Result<u64, String> {
        let known = SIZES.iter().find(|(tag, _)| *tag == reference.tag);
        Ok(known.map_or_else(|| plausible_size(&reference.full_name()), |(_, size)| *size))
    }

    fn config(&self) -> ImageConfig {
        ImageConfig {
            command: &["/sbin/dumb-init", "/bin/bash", "/run.sh"],
            env: &[
                ("CASSANDRA_HOME", "/usr/local/apache-cassandra-3.11.2"),
                ("CASSANDRA_CONF", "/etc/cassandra"),
                ("CASSANDRA_DATA", settings::DATA),
                ("CASSANDRA_LOGS", "/var/log/cassandra"),
                ("JAVA_HOME", "/usr/lib/jvm/java-8-openjdk-amd64"),
            ],
            users: &[USER],
            resolves_names: true,
            ..ImageConfig::default()
        }
    }

    fn root(&self) -> Tree {
        Root::new(&[USER])
            .directory(settings::DATA, 0o755)
            .directory("/etc/cassandra", 0o755)
            .file("/ready-probe.sh", READY_PROBE, 0o755)
            .file("/run.sh", "", 0o755)
            .programs("/bin", BUILTINS)
            .programs("/sbin", &["dumb-init"])
            .programs("/usr/local/apache-cassandra-3.11.2/bin", &["cassandra", "cqlsh", "nodetool"])
            .tree()
    }

    fn programs(&self) -> &'static [&'static str] {
        BUILTINS
    }

    fn start(&self, spawn: &Spawn) -> Option<Box<dyn Process>> {
        let program = spawn.argv.first()?.as_str();
        let words: Vec<&str> = spawn.argv.iter().map(thin::Str::as_str).collect();
        match (program_name(program), words.as_slice()) {
            (Some("dumb-init"), [_, .., "/run.sh"]) | (None, ["/run.sh"]) | (Some("bash"), [_, "/run.sh"]) => {
                Some(Box::new(server::Server::new(spawn)))
            }
            (Some("dumb-init"), [_, _, ..]) => self.start(&Spawn { argv: spawn.argv[1..].to_vec(), ..spawn.clone() }),
            (None, ["/ready-probe.sh"]) => Some(USERLAND.script(spawn)),
            _ => USERLAND.start(spawn),
        }
    }
}
