//! Four-letter words: what a server says of itself.
//!
//! Models: ZooKeeper 3.4.10 NIOServerCnxn's commands. Latencies are 0: nothing here takes a server's time.

use cri::System;

use super::server::{Server, VERSION};

const WORDS: [&str; 13] =
    ["ruok", "stat", "srvr", "mntr", "conf", "cons", "crst", "dump", "envi", "isro", "srst", "wchs", "gtmk"];
const NOT_SERVING: &str = "This ZooKeeper instance is not currently serving requests\n";

impl Server {
    pub(super) fn is_word(&self, word: &str) -> bool {
        WORDS.contains(&word)
    }

    fn mode(&self) -> &'static str {
        match (self.is_alone(), &self.leader) {
            (true, _) => "standalone",
            (false, Some(_)) => "leader",
            (false, None) => "follower",
        }
    }

    /// The answer to one of the words.
    pub(super) fn word(&mut self, word: &str, system: &System<'_>) -> String {
        match word {
            "ruok" => "imok".to_string(),
            "conf" => self.configuration(),
            "envi" => self.environment(system),
            "gtmk" => "0".to_string(),
            _ if !self.is_serving() => NOT_SERVING.to_string(),
            "stat" => format!(
                "Zookeeper version: {VERSION}\nClients:\n{}\n{}",
                self.connections(),
                self.figures().split_once('\n').map_or("", |(_, rest)| rest)
            ),
            "srvr" => self.figures(),
            "mntr" => self.monitor(),
            "cons" => self.connections() + "\n",
            "isro" => "rw".to_string(),
            "dump" => self.sessions(),
            "wchs" => "0 connections watching 0 paths\nTotal watches:0\n".to_string(),
            "srst" => {
                (self.clients.received, self.clients.sent) = (0, 0);
                "Server stats reset.\n".to_string()
            }
            _ => {
                self.clients.list.iter_mut().for_each(|client| (client.received, client.sent) = (0, 0));
                "Connection stats reset.\n".to_string()
            }
        }
    }

    fn connections(&self) -> String {
        let line = |client: &super::clients::Client| {
            let (address, received, sent) = (client.address, client.received, client.sent);
            format!(" /{address}[{}](queued=0,recved={received},sent={sent})\n", u8::from(client.session != 0))
        };
        self.clients.list.iter().map(line).collect()
    }

    fn figures(&self) -> String {
        format!(
            "Zookeeper version: {VERSION}\nLatency min/avg/max: 0/0/0\nReceived: {}\nSent: {}\nConnections: {}\n\
             Outstanding: {}\nZxid: 0x{:x}\nMode: {}\nNode count: {}\n",
            self.clients.received,
            self.clients.sent,
            self.clients.list.len(),
            self.leader.as_ref().map_or(0, super::leader::Leader::queued),
            self.znodes.last_zxid,
            self.mode(),
            self.znodes.count()
        )
    }

    fn monitor(&self) -> String {
        let mut rows = vec![
            ("version", VERSION.to_string()),
            ("avg_latency", "0".into()),
            ("max_latency", "0".into()),
            ("min_latency", "0".into()),
            ("packets_received", self.clients.received.to_string()),
            ("packets_sent", self.clients.sent.to_string()),
            ("num_alive_connections", self.clients.list.len().to_string()),
            ("outstanding_requests", self.leader.as_ref().map_or(0, super::leader::Leader::queued).to_string()),
            ("server_state", self.mode().into()),
            ("znode_count", self.znodes.count().to_string()),
            ("watch_count", "0".into()),
            ("ephemerals_count", self.znodes.ephemerals().to_string()),
            ("approximate_data_size", self.znodes.size().to_string()),
        ];
        if let Some(leader) = self.leader.as_ref().filter(|_| !self.is_alone()) {
            let (followers, synced) = leader.followers();
            rows.push(("followers", followers.to_string()));
            rows.push(("synced_followers", synced.to_string()));
            rows.push(("pending_syncs", (followers - synced).to_string()));
        }
        rows.iter().map(|(name, value)| format!("zk_{name}\t{value}\n")).collect()
    }

    fn sessions(&self) -> String {
        let mut text = format!("SessionTracker dump:\nSession Sets ({}):\n", self.znodes.sessions.len());
        for (id, timeout) in &self.znodes.sessions {
            text.push_str(&format!("\t0x{id:x}\t{timeout}ms\n"));
        }
        text + &format!("ephemeral nodes dump:\nSessions with Ephemerals ({}):\n", self.znodes.ephemerals())
    }

    fn configuration(&self) -> String {
        let settings = &self.settings;
        let (snapshots, logs) = self.disk.folders();
        let (least, most) = settings.session_ms;
        let (port, tick, connections) = (settings.client_port, settings.tick.0 / 1_000, settings.connections_max);
        let mut text = format!(
            "clientPort={port}\ndataDir={snapshots}\ndataLogDir={logs}\ntickTime={tick}\nmaxClientCnxns={connections}\n\
             minSessionTimeout={least}\nmaxSessionTimeout={most}\nserverId={}\n",
            settings.id
        );
        if let Some(own) = settings.member(settings.id) {
            text.push_str(&format!(
                "initLimit={}\nsyncLimit={}\nelectionAlg=3\nelectionPort={}\nquorumPort={}\npeerType=0\n",
                settings.init_limit, settings.sync_limit, own.election_port, own.port
            ));
        }
        text
    }

    fn environment(&self, system: &System<'_>) -> String {
        let (host, user) = (system.hostname, system.caller.uid);
        format!("Environment:\nzookeeper.version={VERSION}\nhost.name={host}\njava.version=1.8.0_131\nuser.id={user}\n")
    }
}
