//! `start-zookeeper`, and `java`, which it becomes.
//!
//! Models: kubernetes-zookeeper 1.0 start-zookeeper, ZooKeeper 3.4.10 zkServer.sh. Difference: `/usr/etc/zookeeper` is no link to the
//! configuration's directory but has copies of its files.

use cri::{Caption, Disposition, Process, Spawn, System, Worker};
use shell::fs::{Caller, Fs, FsError, parent};
use shell::{ProcessIo, Progress, Signal};
use thin::Str;

use super::log4j::{Level, Log};
use super::server::Server;
use super::settings::{Flags, Settings};
use crate::program::Tool;

pub(super) const START: Tool = Tool { name: "start-zookeeper", start: start_zookeeper };
pub(super) const JAVA: Tool = Tool { name: "java", start: start_java };
pub(super) const CONF_DIR: &str = "/opt/zookeeper/conf";
pub(super) const CONF_LINK: &str = "/usr/etc/zookeeper";

fn start_zookeeper(spawn: &Spawn) -> Box<dyn Process> {
    Box::new(Starting { spawn: spawn.clone(), configures: true, server: None })
}

fn start_java(spawn: &Spawn) -> Box<dyn Process> {
    Box::new(Starting { spawn: spawn.clone(), configures: false, server: None })
}

/// The script until it has become the server.
#[derive(Clone)]
struct Starting {
    spawn: Spawn,
    configures: bool,
    server: Option<Server>,
}

impl Process for Starting {
    fn step(&mut self, io: &mut ProcessIo, system: &mut System<'_>) -> Progress {
        if let Some(server) = &mut self.server {
            return server.step(io, system);
        }
        let words = self.spawn.argv.iter().skip(1).map(Str::as_str);
        let flags = if self.configures { Flags::parse(words) } else { Flags::parse([].into_iter()) };
        let configured = flags.and_then(|flags| {
            if self.configures {
                configure(&flags, io, system)?;
            }
            Ok(flags.get("conf_dir").to_string())
        });
        let conf_dir = match configured {
            Ok(conf_dir) => conf_dir,
            Err(text) => {
                io.stderr(text);
                return Progress::Exited(1);
            }
        };
        io.stderr("ZooKeeper JMX enabled by default\nUsing config: /usr/bin/../etc/zookeeper/zoo.cfg\n");
        self.become_server(&conf_dir, io, system)
    }

    fn signal(&mut self, signal: Signal, system: &mut System<'_>) -> Disposition {
        self.server.as_mut().map_or(Disposition::Default, |server| server.signal(signal, system))
    }

    fn workers(&self) -> Vec<Worker> {
        self.server.as_ref().map(Process::workers).unwrap_or_default()
    }

    fn caption(&self) -> Option<Caption> {
        self.server.as_ref().and_then(Process::caption)
    }

    fn boxed_clone(&self) -> Box<dyn Process> {
        Box::new(self.clone())
    }
}

impl Starting {
    fn become_server(&mut self, conf_dir: &str, io: &mut ProcessIo, system: &mut System<'_>) -> Progress {
        let now = system.now;
        let settings = Settings::read(conf_dir, system);
        let mut log = Log::new(settings.as_ref().map_or(Level::Info, |settings| settings.level));
        let file = "/usr/bin/../etc/zookeeper/zoo.cfg";
        log.info(now, "main:QuorumPeerConfig@134", &format!("Reading configuration from: {file}"));
        let settings = match settings {
            Ok(settings) => settings,
            Err(message) => {
                log.line(now, Level::Error, "main:QuorumPeerMain@85", "Invalid config, exiting abnormally");
                log.text.push_str(&format!(
                    "org.apache.zookeeper.server.quorum.QuorumPeerConfig$ConfigException: {message}\n\
                     Invalid config, exiting abnormally\n"
                ));
                io.stdout(log.text);
                return Progress::Exited(2);
            }
        };
        if settings.members.is_empty() {
            let text = "Either no config or no quorum defined in config, running  in standalone mode";
            log.warn(now, "main:QuorumPeerMain@113", text);
        } else {
            log.info(now, "main:QuorumPeerConfig@396", "Defaulting to majority quorums");
            log.id = settings.id.to_string();
        }
        log.info(now, "main:DatadirCleanupManager@78", "autopurge.snapRetainCount set to 3");
        log.info(now, "main:DatadirCleanupManager@79", "autopurge.purgeInterval set to 0");
        log.info(now, "main:DatadirCleanupManager@101", "Purge task is not scheduled.");
        let server = self.server.insert(Server::new(settings, &self.spawn, log, now));
        server.step(io, system)
    }
}

/// Writes the files; an error is what the script prints before it gives up.
fn configure(flags: &Flags, io: &mut ProcessIo, system: &mut System<'_>) -> Result<(), String> {
    let host = system.hostname.split('.').next().unwrap_or_default();
    let parts = host.rsplit_once('-').and_then(|(set, ordinal)| Some((set.to_string(), ordinal.parse::<u64>().ok()?)));
    let Some((set, ordinal)) = parts else {
        return Err("Kubernetes-zookeeper: Failed to parse name and ordinal of Pod\n".into());
    };
    let config = flags.zoo_cfg(&set, &domain(system));
    let conf_dir = flags.get("conf_dir").to_string();
    write(&format!("{conf_dir}/zoo.cfg"), &config, system)?;
    io.stderr(&config);
    write(&format!("{conf_dir}/java.env"), &flags.java_env(), system)?;
    io.stdout("Creating ZooKeeper log4j configuration\n");
    write(&format!("{conf_dir}/log4j.properties"), &flags.log4j_properties(), system)?;
    for name in ["data_dir", "data_log_dir", "log_dir"] {
        make_directory(flags.get(name), system)?;
    }
    let id_file = format!("{}/myid", flags.get("data_dir").trim_end_matches('/'));
    if !system.files.exists(&id_file, system.caller) && flags.number("servers") > 1 {
        write(&id_file, &format!("{}\n", ordinal + 1), system)?;
    }
    Ok(())
}

/// The part of the host's full name after its own, from `/etc/hosts`.
fn domain(system: &System<'_>) -> String {
    let bytes = system.files.read("/etc/hosts", Caller::root(system.now)).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let own = format!("{}.", system.hostname);
    let found = text.split_whitespace().find_map(|word| word.strip_prefix(own.as_str()));
    found.unwrap_or_default().to_string()
}

fn write(path: &str, text: &str, system: &mut System<'_>) -> Result<(), String> {
    let said = |error: FsError| format!("/usr/bin/start-zookeeper: {path}: {error}\n");
    system.files.write(path, text.as_bytes(), system.caller).map_err(said)?;
    if let Some(name) = path.strip_prefix(CONF_DIR) {
        system.files.write(&format!("{CONF_LINK}{name}"), text.as_bytes(), system.caller).map_err(said)?;
    }
    Ok(())
}

/// `mkdir -p`
fn make_directory(path: &str, system: &mut System<'_>) -> Result<(), String> {
    if path == "/" || system.files.exists(path, system.caller) {
        return Ok(());
    }
    make_directory(parent(path), system)?;
    let made = system.files.mkdir(path, system.caller);
    made.map_err(|error| format!("mkdir: cannot create directory '{path}': {error}\n"))
}
