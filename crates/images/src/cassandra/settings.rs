//! The configuration: from the environment, as `/run.sh` writes it into `cassandra.yaml`.
//!
//! Models: kubernetes/examples cassandra image v13, `run.sh`. Absent: variables that tune threads and caches.

use std::net::Ipv4Addr;

use cri::Spawn;
use sim::Span;
use thin::{Str, format_str};

/// Where the data lies.
pub(super) const DATA: &str = "/cassandra_data";
/// Ports: between nodes, for operators, for clients.
pub(super) const STORAGE_PORT: u16 = 7000;
pub(super) const JMX_PORT: u16 = 7199;
pub(super) const CQL_PORT: u16 = 9042;
/// Tokens that one node takes at most.
const TOKENS_MAX: usize = 1_536;

/// What the server works with.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) cluster_name: Str,
    pub(super) datacenter: Str,
    pub(super) rack: Str,
    /// Names or addresses.
    pub(super) seeds: Vec<Str>,
    pub(super) tokens: usize,
    pub(super) ring_delay: Span,
    pub(super) bootstraps: bool,
    /// The largest heap, as the JVM's flag has it.
    pub(super) heap: Str,
    pub(super) young_heap: Str,
    /// What others are told to connect to.
    pub(super) listen: Str,
}

impl Settings {
    pub(super) fn of(spawn: &Spawn, ip: Ipv4Addr) -> Settings {
        let env = |name: &str| spawn.env.get(name).map_or("", Str::as_str);
        let or = |name: &str, default: &str| if env(name).is_empty() { default.into() } else { Str::from(env(name)) };
        let seeds = or("CASSANDRA_SEEDS", &spawn.hostname);
        // The snitch reads datacenter and rack only if both are given.
        let is_placed = !env("CASSANDRA_DC").is_empty() && !env("CASSANDRA_RACK").is_empty();
        let place = |name: &str, default: &str| if is_placed { or(name, default) } else { default.into() };
        Settings {
            cluster_name: or("CASSANDRA_CLUSTER_NAME", "Test Cluster"),
            datacenter: place("CASSANDRA_DC", "datacenter1"),
            rack: place("CASSANDRA_RACK", "rack1"),
            seeds: seeds.split(',').map(|seed| seed.trim().into()).filter(|seed: &Str| !seed.is_empty()).collect(),
            tokens: env("CASSANDRA_NUM_TOKENS").parse::<usize>().unwrap_or(32).clamp(1, TOKENS_MAX),
            ring_delay: Span::from_millis(env("CASSANDRA_RING_DELAY").parse().unwrap_or(30_000)),
            bootstraps: env("CASSANDRA_AUTO_BOOTSTRAP") != "false",
            heap: or("MAX_HEAP_SIZE", "1024M"),
            young_heap: or("HEAP_NEWSIZE", "100M"),
            listen: or("POD_IP", &format_str!("{ip}")),
        }
    }

    /// The heap in MB.
    pub(super) fn heap_mb(&self) -> u32 {
        let (digits, unit) = self.heap.split_at(self.heap.len() - self.heap.len().min(1));
        let scale = if matches!(unit, "G" | "g") { 1_024 } else { 1 };
        digits.parse::<u32>().unwrap_or(0).saturating_mul(scale)
    }

    /// The virtual memory of the JVM in pages: its heap, and what it maps beside.
    pub(super) fn pages(&self) -> u32 {
        420_000_u32.saturating_add(self.heap_mb().saturating_mul(256))
    }

    /// The JVM's command line, shortened by its libraries.
    pub(super) fn command_line(&self) -> Str {
        let Settings { heap, young_heap, ring_delay, .. } = self;
        format_str!(
            "/usr/lib/jvm/java-8-openjdk-amd64/bin/java -ea -Xms{heap} -Xmx{heap} -Xmn{young_heap} \
             -Dcassandra.jmx.local.port={JMX_PORT} -Dcassandra.ring_delay_ms={} \
             -Dlogback.configurationFile=logback.xml -Dcassandra.storagedir={DATA} \
             org.apache.cassandra.service.CassandraDaemon",
            ring_delay.0 / 1_000
        )
    }

    /// What `/run.sh` prints before the server starts.
    pub(super) fn announced(&self) -> String {
        let Settings { cluster_name, datacenter, rack, tokens, ring_delay, bootstraps, listen, .. } = self;
        let seeds = self.seeds.join(",");
        let snitch = if datacenter == "datacenter1" { "SimpleSnitch" } else { "GossipingPropertyFileSnitch" };
        format!(
            "Starting Cassandra on {listen}\nCASSANDRA_CONF_DIR /etc/cassandra\nCASSANDRA_CFG /etc/cassandra/cassandra.yaml\n\
             CASSANDRA_AUTO_BOOTSTRAP {bootstraps}\nCASSANDRA_BROADCAST_ADDRESS {listen}\n\
             CASSANDRA_BROADCAST_RPC_ADDRESS {listen}\nCASSANDRA_CLUSTER_NAME {cluster_name}\nCASSANDRA_DC {datacenter}\n\
             CASSANDRA_ENDPOINT_SNITCH {snitch}\nCASSANDRA_LISTEN_ADDRESS {listen}\nCASSANDRA_NUM_TOKENS {tokens}\n\
             CASSANDRA_RACK {rack}\nCASSANDRA_RING_DELAY {}\nCASSANDRA_RPC_ADDRESS 0.0.0.0\nCASSANDRA_SEEDS {seeds}\n\
             CASSANDRA_SEED_PROVIDER org.apache.cassandra.locator.SimpleSeedProvider\n",
            ring_delay.0 / 1_000
        )
    }
}
