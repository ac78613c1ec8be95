//! `kubernetes-zookeeper`: ZooKeeper 3.4.10 as the ZooKeeper tutorial runs it.
//!
//! An ensemble elects a leader over the simulated network, replicates writes to a majority, and keeps its write-ahead log and
//! snapshots on its claim. `start-zookeeper` writes the configuration from its flags and becomes the server; `zookeeper-ready`,
//! `zookeeper-metrics` and `zkServer.sh` are scripts that the container's shell runs, so that removing one has its consequences.
//!
//! Absent: watches, access lists, dynamic reconfiguration, JMX. Models: kubernetes-zookeeper 1.0, ZooKeeper 3.4.10.

mod channels;
mod cli;
mod clients;
mod disk;
mod election;
mod follower;
mod leader;
mod log4j;
mod server;
mod settings;
mod start;
mod wire;
mod words;
mod znodes;

use cri::{Image, ImageConfig, Process, Reference, Spawn};
use shell::Dialect;
use shell::fs::Tree;

use crate::busybox::BUILTINS;
use crate::files::{Root, plausible_size};
use crate::program::{Userland, program_name};
use crate::tools;

/// `registry.k8s.io/kubernetes-zookeeper`, from any registry.
pub(crate) struct Zookeeper;

const USERS: &[(&str, u32)] = &[("zookeeper", 1_000)];
static USERLAND: Userland = Userland {
    dialect: Dialect::Dash,
    tools: &[start::START, start::JAVA, cli::TOOL, tools::nc::TOOL, tools::ps::TOOL, tools::kill::PKILL],
    builtins: BUILTINS,
};

/// Scripts of the image, by the directory of its programs.
const BIN: &str = "/opt/zookeeper/bin";
const SCRIPTS: [(&str, &str); 3] = [
    (
        "zookeeper-ready",
        "#!/usr/bin/env bash\n\nOK=$(echo ruok | nc 127.0.0.1 $1)\nif [ \"$OK\" == \"imok\" ]; then\n\texit 0\nelse\n\texit 1\nfi\n",
    ),
    ("zookeeper-metrics", "#!/usr/bin/env bash\n\necho mntr | nc localhost ${1:-2181}\n"),
    (
        "zkServer.sh",
        "#!/usr/bin/env bash\n\nZOOCFG=/usr/bin/../etc/zookeeper/zoo.cfg\ncase $1 in\nstart-foreground)\n    exec java\n    ;;\nstatus)\n    \
         echo \"ZooKeeper JMX enabled by default\" >&2\n    echo \"Using config: $ZOOCFG\" >&2\n    \
         PORT=$(grep '^clientPort=' $ZOOCFG | sed 's/.*=//')\n    \
         STAT=$(echo srvr | nc localhost $PORT 2>/dev/null | grep Mode)\n    \
         if [ \"x$STAT\" = \"x\" ]; then\n        echo \"Error contacting service. It is probably not running.\"\n        exit 1\n    \
         fi\n    echo \"$STAT\"\n    exit 0\n    ;;\n*)\n    echo \"Usage: $0 {start-foreground|status}\" >&2\n    ;;\nesac\n",
    ),
];

/// Sizes by tag, as the recorded clusters reported them; no registry was asked.
const SIZES: &[(&str, u64)] = &[("1.0-3.4.10", 143_912_280)];

impl Image for Zookeeper {
    fn is_named(&self, reference: &Reference) -> bool {
        reference.short_name() == "kubernetes-zookeeper"
    }

    fn pull(&self, reference: &Reference) -> Result<u64, String> {
        let known = SIZES.iter().find(|(tag, _)| *tag == reference.tag);
        Ok(known.map_or_else(|| plausible_size(&reference.full_name()), |(_, size)| *size))
    }

    fn config(&self) -> ImageConfig {
        ImageConfig {
            command: &["/bin/bash"],
            env: &[
                ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/zookeeper/bin"),
                ("ZK_USER", "zookeeper"),
                ("ZK_DATA_DIR", "/var/lib/zookeeper/data"),
                ("ZK_DATA_LOG_DIR", "/var/lib/zookeeper/log"),
                ("ZK_LOG_DIR", "/var/log/zookeeper"),
                ("JAVA_HOME", "/usr/lib/jvm/java-8-openjdk-amd64"),
            ],
            users: USERS,
            resolves_names: true,
            ..ImageConfig::default()
        }
    }

    fn root(&self) -> Tree {
        let (user, id) = USERS[0];
        let mut root = Root::new(&[(user, id)])
            .programs("/bin", BUILTINS)
            .programs("/usr/bin", &["nc", "ps", "pkill"])
            .programs("/usr/lib/jvm/java-8-openjdk-amd64/bin", &["java"]);
        for directory in ["/opt/zookeeper", BIN, start::CONF_DIR, start::CONF_LINK] {
            root = root.owned_directory(directory, id);
        }
        for directory in ["/var/lib/zookeeper/data", "/var/lib/zookeeper/log", "/var/log/zookeeper"] {
            root = root.directory("/var/lib/zookeeper", 0o755).owned_directory(directory, id);
        }
        for (name, text) in SCRIPTS.into_iter().chain([("start-zookeeper", ""), ("zkCli.sh", "")]) {
            root = root.owned_file(&format!("{BIN}/{name}"), text, 0o755, id);
        }
        root.tree()
    }

    fn programs(&self) -> &'static [&'static str] {
        BUILTINS
    }

    fn start(&self, spawn: &Spawn) -> Option<Box<dyn Process>> {
        let name = program_name(spawn.argv.first()?).unwrap_or_default();
        if SCRIPTS.iter().any(|(script, _)| *script == name) {
            return Some(USERLAND.script(spawn));
        }
        USERLAND.start(spawn)
    }
}
