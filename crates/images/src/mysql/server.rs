//! `mysqld` behind the image's entrypoint: makes its data directory from the environment, then serves.
//!
//! Models: docker-library/mysql 8.0 docker-entrypoint.sh (docker_verify_minimum_env, docker_init_database_dir,
//! docker_setup_db), and the log of mysqld 8.0.
//! Absent: `/docker-entrypoint-initdb.d`, `_FILE` variables, configuration files, TLS.

use cri::{Address, Caller, Caption, Disposition, Fs, Payload, Process, Spawn, System};
use shell::{ProcessIo, Progress, Signal};
use sim::{Random, Span, Time};
use thin::{Str, format_str};

use super::engine::{Engine, Session};
use super::error::SqlError;
use super::storage::{DIRECTORY, Storage};
use super::users::Super;
use super::wire::{self, Greeting, Login, PORT};
use crate::sql::ast::UserName;

/// How long the files of a new data directory take to be made.
const INITIALISATION: Span = Span::from_seconds(4);
/// How long the server takes to start.
const START: Span = Span::from_seconds(1);
/// How long it takes to stop.
const STOP: Span = Span::from_millis(500);
/// Connections at one time.
const CONNECTIONS_MAX: usize = 151;
const OWNER: u32 = 999;
const SOCKET: &str = "/var/run/mysqld/mysqld.sock";

#[derive(Clone, Debug)]
struct Connection {
    peer: Address,
    id: u32,
    salt: Str,
    /// Once it has logged in.
    session: Option<Session>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    New,
    /// The data directory is being made.
    Initialising(Time),
    /// The temporary server starts, to set passwords and make databases.
    Preparing(Time),
    Starting(Time),
    Serving,
    Stopping(Time),
}

/// The server and its entrypoint.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    spawn: Spawn,
    engine: Engine,
    state: State,
    connections: Vec<Connection>,
    ends: bool,
}

impl Server {
    pub(crate) fn new(spawn: &Spawn) -> Server {
        let engine = Engine { version: version(&spawn.tag), ..Engine::default() };
        Server { spawn: spawn.clone(), engine, state: State::New, connections: Vec::new(), ends: false }
    }

    fn env(&self, name: &str) -> &str {
        self.spawn.env.get(name).map_or("", Str::as_str)
    }

    fn begin(&mut self, io: &mut ProcessIo, system: &mut System<'_>) -> Result<(), i32> {
        let version = self.engine.version.clone();
        let started = format_str!("Entrypoint script for MySQL Server {version}-1.el9 started.");
        entrypoint(io, system, "Note", &started);
        if system.caller.uid == 0 {
            entrypoint(io, system, "Note", "Switching to dedicated user 'mysql'");
            entrypoint(io, system, "Note", &started);
            // An image's directory that is not there is made by the first write.
            let _absent = system.files.chown(DIRECTORY, OWNER, OWNER, Caller::root(system.now));
        } else if let Err(error) = system.files.write(&format!("{DIRECTORY}/is_writable"), b"", system.caller) {
            io.stderr(format!(
                "mysqld: Can't create/write to file '{DIRECTORY}/is_writable' (OS errno 13 - {error})\n"
            ));
            return Err(1);
        } else {
            let _written = system.files.remove(&format!("{DIRECTORY}/is_writable"), system.caller);
        }
        if Storage::is_initialised(system) {
            self.start(io, system);
            return Ok(());
        }
        let options = ["MYSQL_ROOT_PASSWORD", "MYSQL_ALLOW_EMPTY_PASSWORD", "MYSQL_RANDOM_ROOT_PASSWORD"];
        if options.iter().all(|option| self.env(option).is_empty()) {
            let list: String = options.iter().map(|option| format!("\n    - {option}")).collect();
            let text = format!(
                "Database is uninitialized and password option is not specified\n    You need to specify one of the following as an environment variable:{list}"
            );
            entrypoint(io, system, "ERROR", &text);
            return Err(1);
        }
        if self.env("MYSQL_USER") == "root" {
            let text = "MYSQL_USER=\"root\", MYSQL_USER and MYSQL_PASSWORD are for configuring a regular user and cannot be used for the root user\n    Remove MYSQL_USER=\"root\" and use one of the following to control the root user password:\n    - MYSQL_ROOT_PASSWORD\n    - MYSQL_ALLOW_EMPTY_PASSWORD\n    - MYSQL_RANDOM_ROOT_PASSWORD";
            entrypoint(io, system, "ERROR", text);
            return Err(1);
        }
        entrypoint(io, system, "Note", "Initializing database files");
        let text = format_str!("/usr/sbin/mysqld (mysqld {version}) initializing of server in progress as process 80");
        server_log(io, system, "System", "MY-013169", "Server", &text);
        server_log(io, system, "System", "MY-013576", "InnoDB", "InnoDB initialization has started.");
        self.state = State::Initialising(system.now + INITIALISATION);
        Ok(())
    }

    fn initialise(&mut self, io: &mut ProcessIo, system: &mut System<'_>) -> Result<(), i32> {
        server_log(io, system, "System", "MY-013577", "InnoDB", "InnoDB initialization has ended.");
        if let Err(error) = self.engine.initialise(system) {
            return Err(broken(io, system, &error));
        }
        let text = "root@localhost is created with an empty password ! Please consider switching off the --initialize-insecure option.";
        server_log(io, system, "Warning", "MY-010453", "Server", text);
        entrypoint(io, system, "Note", "Database files initialized");
        entrypoint(io, system, "Note", "Starting temporary server");
        self.say_start(io, system, 124);
        self.state = State::Preparing(system.now + START);
        Ok(())
    }

    /// What the environment asks for: passwords, a database, a user.
    fn prepare(&mut self, io: &mut ProcessIo, system: &mut System<'_>) -> Result<(), i32> {
        self.say_ready(io, system, 0);
        entrypoint(io, system, "Note", "Temporary server started.");
        if let Err(error) = self.set_up(io, system) {
            return Err(broken(io, system, &error));
        }
        io.stderr("\n");
        entrypoint(io, system, "Note", "Stopping temporary server");
        self.say_stop(io, system);
        entrypoint(io, system, "Note", "Temporary server stopped");
        io.stderr("\n");
        entrypoint(io, system, "Note", "MySQL init process done. Ready for start up.");
        io.stderr("\n");
        self.start(io, system);
        Ok(())
    }

    fn set_up(&mut self, io: &mut ProcessIo, system: &mut System<'_>) -> Result<(), SqlError> {
        let mut root = self.env("MYSQL_ROOT_PASSWORD").to_string();
        if !self.env("MYSQL_RANDOM_ROOT_PASSWORD").is_empty() {
            root = random_password(system);
            entrypoint(io, system, "Note", &format!("GENERATED ROOT PASSWORD: {root}"));
        }
        self.engine.put_user("root", "localhost", &root, Super::Yes, system)?;
        if !matches!(self.env("MYSQL_ROOT_HOST"), "localhost") {
            let host = match self.env("MYSQL_ROOT_HOST") {
                "" => "%".to_string(),
                host => host.to_string(),
            };
            self.engine.put_user("root", &host, &root, Super::Yes, system)?;
        }
        let (database, user) = (self.env("MYSQL_DATABASE").to_string(), self.env("MYSQL_USER").to_string());
        if !database.is_empty() {
            entrypoint(io, system, "Note", &format!("Creating database {database}"));
            if self.engine.storage.database(&database).is_none() {
                self.engine.storage.create_database(&database, system)?;
            }
        }
        let password = self.env("MYSQL_PASSWORD").to_string();
        if !user.is_empty() && !password.is_empty() {
            entrypoint(io, system, "Note", &format!("Creating user {user}"));
            self.engine.put_user(&user, "%", &password, Super::No, system)?;
            if !database.is_empty() {
                entrypoint(io, system, "Note", &format!("Giving user {user} access to schema {database}"));
                let name = UserName { user, host: "%".into() };
                self.engine.grant(&database, &name, system)?;
            }
        }
        Ok(())
    }

    fn start(&mut self, io: &mut ProcessIo, system: &mut System<'_>) {
        self.say_start(io, system, 1);
        self.state = State::Starting(system.now + START);
    }

    fn say_start(&self, io: &mut ProcessIo, system: &System<'_>, pid: u32) {
        let version = &self.engine.version;
        let text = format_str!("/usr/sbin/mysqld (mysqld {version}) starting as process {pid}");
        server_log(io, system, "System", "MY-010116", "Server", &text);
        server_log(io, system, "System", "MY-013576", "InnoDB", "InnoDB initialization has started.");
    }

    fn say_ready(&self, io: &mut ProcessIo, system: &System<'_>, port: u16) {
        server_log(io, system, "System", "MY-013577", "InnoDB", "InnoDB initialization has ended.");
        let version = &self.engine.version;
        let text = format_str!(
            "/usr/sbin/mysqld: ready for connections. Version: '{version}'  socket: '{SOCKET}'  port: {port}  MySQL Community Server - GPL."
        );
        server_log(io, system, "System", "MY-010931", "Server", &text);
    }

    fn say_stop(&self, io: &mut ProcessIo, system: &System<'_>) {
        let version = &self.engine.version;
        let text =
            format_str!("Received SHUTDOWN from user <via user signal>. Shutting down mysqld (Version: {version}).");
        server_log(io, system, "System", "MY-013172", "Server", &text);
        let text = format_str!("/usr/sbin/mysqld: Shutdown complete (mysqld {version})  MySQL Community Server - GPL.");
        server_log(io, system, "System", "MY-010910", "Server", &text);
    }

    fn open(&mut self, io: &mut ProcessIo, system: &mut System<'_>) -> Result<(), i32> {
        self.engine.storage = Storage::read(system);
        if system.net.listen(PORT).is_err() {
            let text = "Can't start server: Bind on TCP/IP port: Address already in use";
            server_log(io, system, "ERROR", "MY-010262", "Server", text);
            server_log(io, system, "ERROR", "MY-010119", "Server", "Aborting");
            return Err(1);
        }
        self.say_ready(io, system, PORT);
        self.state = State::Serving;
        Ok(())
    }

    fn serve(&mut self, system: &mut System<'_>) {
        while let Some(packet) = system.net.receive(PORT) {
            let peer = packet.from;
            match packet.payload {
                Payload::Open => self.greet(peer, system),
                Payload::Data(bytes) => {
                    if let Some(at) = self.connections.iter().position(|connection| connection.peer == peer) {
                        self.answer(at, &bytes, system);
                    }
                }
                Payload::Close => self.connections.retain(|connection| connection.peer != peer),
                Payload::Accepted
                | Payload::Refused
                | Payload::Unreachable
                | Payload::Query(_)
                | Payload::Answer(_)
                | Payload::Ping(_)
                | Payload::Pong(_) => {}
            }
        }
    }

    fn greet(&mut self, peer: Address, system: &mut System<'_>) {
        if self.connections.len() >= CONNECTIONS_MAX {
            let error = Err(SqlError::new(1040, "Too many connections"));
            system.net.send_bytes(PORT, peer, wire::encode(&error));
            return system.net.send(PORT, peer, Payload::Close);
        }
        self.engine.connections += 1;
        let id = self.engine.connections + 7;
        let mut random = Random::stream(system.now.0 ^ u64::from(id), "salt");
        let salt: Str = format_str!("{:016x}", random.below(u64::MAX));
        let greeting = Greeting { version: self.engine.version.clone(), id, salt: salt.clone() };
        self.connections.push(Connection { peer, id, salt, session: None });
        system.net.send_bytes(PORT, peer, greeting.encode());
    }

    fn answer(&mut self, at: usize, bytes: &[u8], system: &mut System<'_>) {
        let Connection { peer, id, salt, session } = &mut self.connections[at];
        let peer = *peer;
        if let Some(session) = session {
            let text = String::from_utf8_lossy(bytes);
            let answer = self.engine.run(&text, session, system);
            return system.net.send_bytes(PORT, peer, wire::encode(&answer));
        }
        let host = if peer.ip.is_loopback() { Str::from("localhost") } else { format_str!("{}", peer.ip) };
        let logged_in = match Login::decode(bytes) {
            None => Err(SqlError::new(1043, "Bad handshake")),
            Some(login) => self.engine.log_in(&login.user, &host, &login.answer, salt).and_then(|session| {
                let mut session = Session { id: *id, ..session };
                if !login.database.is_empty() {
                    self.engine.use_database(&login.database, &mut session)?;
                }
                Ok(session)
            }),
        };
        match logged_in {
            Ok(made) => {
                *session = Some(made);
                system.net.send_bytes(PORT, peer, wire::encode(&Ok(super::engine::Answer::done(0))));
            }
            Err(error) => {
                system.net.send_bytes(PORT, peer, wire::encode(&Err(error)));
                system.net.send(PORT, peer, Payload::Close);
                self.connections.remove(at);
            }
        }
    }

    fn stop(&mut self, io: &mut ProcessIo, system: &mut System<'_>) {
        self.ends = false;
        let version = &self.engine.version;
        let text =
            format_str!("Received SHUTDOWN from user <via user signal>. Shutting down mysqld (Version: {version}).");
        server_log(io, system, "System", "MY-013172", "Server", &text);
        for connection in std::mem::take(&mut self.connections) {
            system.net.send(PORT, connection.peer, Payload::Close);
        }
        system.net.close(PORT);
        self.state = State::Stopping(system.now + STOP);
    }

    fn go_on(&mut self, io: &mut ProcessIo, system: &mut System<'_>) -> Result<Option<Time>, i32> {
        loop {
            if self.ends {
                match self.state {
                    State::Serving | State::Starting(_) => self.stop(io, system),
                    // The entrypoint's shell ends at once; what it had begun stays half done.
                    State::New | State::Initialising(_) | State::Preparing(_) => return Err(143),
                    State::Stopping(_) => self.ends = false,
                }
            }
            match self.state {
                State::New => self.begin(io, system)?,
                State::Initialising(at) if at <= system.now => self.initialise(io, system)?,
                State::Preparing(at) if at <= system.now => self.prepare(io, system)?,
                State::Starting(at) if at <= system.now => self.open(io, system)?,
                State::Stopping(at) if at <= system.now => {
                    let version = &self.engine.version;
                    let text = format_str!(
                        "/usr/sbin/mysqld: Shutdown complete (mysqld {version})  MySQL Community Server - GPL."
                    );
                    server_log(io, system, "System", "MY-010910", "Server", &text);
                    return Err(0);
                }
                State::Serving => {
                    self.serve(system);
                    return Ok(None);
                }
                State::Initialising(at) | State::Preparing(at) | State::Starting(at) | State::Stopping(at) => {
                    return Ok(Some(at));
                }
            }
        }
    }
}

impl Process for Server {
    fn step(&mut self, io: &mut ProcessIo, system: &mut System<'_>) -> Progress {
        match self.go_on(io, system) {
            Ok(wake) => Progress::Blocked { wake },
            Err(code) => Progress::Exited(code),
        }
    }

    fn signal(&mut self, signal: Signal, _system: &mut System<'_>) -> Disposition {
        match signal {
            Signal::Term | Signal::Int | Signal::Quit => {
                self.ends = true;
                Disposition::Handled
            }
            Signal::Hup | Signal::Usr1 | Signal::Usr2 | Signal::Pipe => Disposition::Handled,
            Signal::Kill | Signal::Cont | Signal::Stop => Disposition::Default,
        }
    }

    fn caption(&self) -> Option<Caption> {
        let (text, serves) = match self.state {
            State::New | State::Initialising(_) => ("makes its files", false),
            State::Preparing(_) | State::Starting(_) => ("starts", false),
            State::Serving => ("database", true),
            State::Stopping(_) => ("stops", false),
        };
        Some(Caption::new(text, serves))
    }

    fn boxed_clone(&self) -> Box<dyn Process> {
        Box::new(self.clone())
    }
}

fn random_password(system: &System<'_>) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789+/";
    let mut random = Random::stream(system.now.0, system.hostname);
    (0..32).map(|_| char::from(LETTERS[random.below(LETTERS.len() as u64) as usize])).collect()
}

/// A line of the entrypoint's.
fn entrypoint(io: &mut ProcessIo, system: &System<'_>, level: &str, text: &str) {
    let c = system.now.calendar();
    io.stderr(format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}+00:00 [{level}] [Entrypoint]: {text}\n",
        c.year, c.month, c.day, c.hour, c.minute, c.second
    ));
}

/// A line of the server's.
fn server_log(io: &mut ProcessIo, system: &System<'_>, level: &str, code: &str, part: &str, text: &str) {
    io.stderr(format!("{} 0 [{level}] [{code}] [{part}] {text}\n", system.now.to_rfc3339_micros()));
}

fn broken(io: &mut ProcessIo, system: &System<'_>, error: &SqlError) -> i32 {
    server_log(io, system, "ERROR", "MY-010457", "Server", &error.message);
    server_log(io, system, "ERROR", "MY-010119", "Server", "Aborting");
    1
}

/// The version that a tag means.
pub(crate) fn version(tag: &str) -> Str {
    const LINES: &[(&str, &str)] =
        &[("5.6", "5.6.51"), ("5.7", "5.7.44"), ("5", "5.7.44"), ("8.0", "8.0.44"), ("8.4", "8.4.7"), ("8", "8.4.7")];
    let number = tag.split('-').next().unwrap_or_default();
    if number.split('.').count() == 3 && number.split('.').all(|part| part.parse::<u16>().is_ok()) {
        return number.into();
    }
    LINES.iter().find(|(line, _)| *line == number).map_or("9.5.0", |(_, version)| version).into()
}
