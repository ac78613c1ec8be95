//! Apache behind the image's entrypoint: copies the site's files, writes its configuration, waits for the database, serves.
//!
//! Models: docker-library/wordpress 4.8 docker-entrypoint.sh; Apache 2.4's logs.

use cri::{Address, Caller, Caption, Disposition, Fs, Payload, Process, Spawn, System, Worker, normalise};
use shell::{ProcessIo, Progress, Signal};
use sim::{Span, Time};
use thin::Str;

use super::config::{self, ROOT};
use super::page;
use super::visit::Visit;
use crate::mysql::connection::{Connection, Failure, Target};
use crate::nginx::{access_stamp, content_type, http_date};
use crate::tools::http::{Request, Response};

const PORT: u16 = 80;
/// How long the site's files take to be copied.
const COPY: Span = Span::from_seconds(2);
/// The database is tried so often, with so long a pause.
const TRIES: u32 = 10;
const PAUSE: Span = Span::from_seconds(3);
/// Requests that are answered at one time; further ones are turned away.
const VISITS_MAX: usize = 150;
const WORKERS: u32 = 5;
const SERVER: &str = "Apache/2.4.10 (Debian)";

#[derive(Clone, Debug)]
enum State {
    New,
    /// The files are being copied.
    Copying(Time),
    /// The database is being tried; so many tries are left.
    Trying(Box<Connection>, Target, u32),
    /// The next try is at this instant.
    Waiting(Time, u32),
    /// The database is there: it is asked to have the site's.
    Creating(Box<Connection>),
    Serving,
}

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    spawn: Spawn,
    version: Str,
    state: State,
    visits: Vec<Visit>,
    workers: Vec<Worker>,
    /// Whether the last page that needed the database did not get to it: PHP knows nothing of it between two requests.
    misses_database: bool,
    ends: bool,
}

/// The version that a tag means.
fn version(tag: &str) -> Str {
    let number = tag.split('-').next().unwrap_or_default();
    let is_number = !number.is_empty() && number.split('.').all(|part| part.parse::<u16>().is_ok());
    match number.split('.').count() {
        _ if !is_number => "6.8.3".into(),
        2 if number == "4.8" => "4.8.3".into(),
        _ => number.into(),
    }
}

impl Server {
    pub(crate) fn new(spawn: &Spawn) -> Server {
        let version = version(&spawn.tag);
        Server {
            spawn: spawn.clone(),
            version,
            state: State::New,
            visits: Vec::new(),
            workers: Vec::new(),
            misses_database: false,
            ends: false,
        }
    }

    fn begin(&mut self, io: &mut ProcessIo, system: &mut System<'_>) -> Result<(), i32> {
        if config::is_copied(system) {
            return self.configure(io, system);
        }
        io.stderr(format!("WordPress not found in {ROOT} - copying now...\n"));
        self.state = State::Copying(system.now + COPY);
        Ok(())
    }

    fn copy(&mut self, io: &mut ProcessIo, system: &mut System<'_>) -> Result<(), i32> {
        if let Err(error) = config::copy(&self.version, system) {
            io.stderr(format!("tar: {ROOT}: Cannot write: {error}\n"));
            return Err(1);
        }
        io.stderr(format!("Complete! WordPress has been successfully copied to {ROOT}\n"));
        self.configure(io, system)
    }

    fn configure(&mut self, io: &mut ProcessIo, system: &mut System<'_>) -> Result<(), i32> {
        if let Err(error) = config::write(&self.spawn, system) {
            io.stderr(format!("{ROOT}/wp-config.php: {error}\n"));
            return Err(1);
        }
        self.state = Self::try_again(TRIES, system);
        Ok(())
    }

    /// A connection without a database: that is made first.
    fn try_again(tries: u32, system: &System<'_>) -> State {
        let target = Target { database: Str::new(), ..config::read(system).unwrap_or_default().target };
        State::Trying(Box::new(Connection::new(target.clone())), target, tries)
    }

    fn tried(failure: &Failure, target: &Target, tries: u32, io: &mut ProcessIo, now: Time) -> Result<State, i32> {
        let (code, text) = match failure {
            Failure::Lookup => {
                let text = "php_network_getaddresses: getaddrinfo failed: Name or service not known";
                io.stderr(format!("\nWarning: mysqli::mysqli(): {text} in - on line 22\n"));
                (2002, text.to_string())
            }
            Failure::Connect(111) => (2002, "Connection refused".to_string()),
            Failure::Connect(110) => (2002, "Connection timed out".to_string()),
            Failure::Connect(_) => (2002, "No route to host".to_string()),
            Failure::Lost => (2006, "MySQL server has gone away".to_string()),
            Failure::Server(_) => {
                let error = failure.error(target);
                (error.code, error.message.to_string())
            }
        };
        io.stderr(format!("\nMySQL Connection Error: ({code}) {text}\n"));
        if tries <= 1 { Err(1) } else { Ok(State::Waiting(now + PAUSE, tries - 1)) }
    }

    fn open(&mut self, io: &mut ProcessIo, system: &mut System<'_>) -> Result<(), i32> {
        let ip = system.net.sockets.ip();
        let text = format!(
            "AH00558: apache2: Could not reliably determine the server's fully qualified domain name, using {ip}. Set the \
             'ServerName' directive globally to suppress this message\n"
        );
        io.stderr(text.repeat(2));
        if system.net.listen(PORT).is_err() {
            io.stderr("(98)Address already in use: AH00072: make_sock: could not bind to address 0.0.0.0:80\nno listening sockets available, shutting down\nAH00015: Unable to open logs\n");
            return Err(1);
        }
        for _ in 0..WORKERS {
            self.workers.push(Worker {
                pid: system.new_pid(),
                parent: 1,
                uid: super::USER.1,
                started: system.now,
                pages: cri::SMALL_PAGES,
                tty: false,
                command: "apache2 -DFOREGROUND".into(),
            });
        }
        notice(io, system, "mpm_prefork", &format!("AH00163: {SERVER} configured -- resuming normal operations"));
        notice(io, system, "core", "AH00094: Command line: 'apache2 -D FOREGROUND'");
        self.state = State::Serving;
        Ok(())
    }

    fn serve(&mut self, io: &mut ProcessIo, system: &mut System<'_>) -> Option<Time> {
        while let Some(packet) = system.net.receive(PORT) {
            match packet.payload {
                Payload::Data(bytes) => self.take(packet.from, &bytes, io, system),
                Payload::Close => self.visits.retain(|visit| visit.client != packet.from),
                _ => {}
            }
        }
        let mut at = 0;
        while let Some(visit) = self.visits.get_mut(at) {
            match visit.poll(system) {
                Some(response) => {
                    let visit = self.visits.remove(at);
                    self.misses_database = visit.misses_database();
                    send(visit.client, Some(&visit.request), response, io, system);
                }
                None => at += 1,
            }
        }
        self.visits.iter().filter_map(Visit::deadline).min()
    }

    fn take(&mut self, client: Address, bytes: &[u8], io: &mut ProcessIo, system: &mut System<'_>) {
        let Some(request) = Request::parse(bytes) else {
            return send(client, None, page::page(400, "400 Bad Request", "<h1>Bad Request</h1>"), io, system);
        };
        if let Some(response) = file(&request, system) {
            return send(client, Some(&request), response, io, system);
        }
        let Some(config) = config::read(system) else {
            let body = "<h1>There is no wp-config.php file</h1>\n<p>The site's files are gone. They come again when the container starts.</p>";
            return send(client, Some(&request), page::page(500, "WordPress › Error", body), io, system);
        };
        if self.visits.len() >= VISITS_MAX {
            return system.net.send(PORT, client, Payload::Close);
        }
        self.visits.push(Visit::new(client, request, config, system.now));
    }

    fn go_on(&mut self, io: &mut ProcessIo, system: &mut System<'_>) -> Result<Option<Time>, i32> {
        loop {
            if self.ends {
                notice(io, system, "mpm_prefork", "AH00169: caught SIGTERM, shutting down");
                return Err(0);
            }
            match &mut self.state {
                State::New => self.begin(io, system)?,
                State::Copying(at) if *at <= system.now => self.copy(io, system)?,
                State::Waiting(at, tries) if *at <= system.now => self.state = Self::try_again(*tries, system),
                State::Copying(at) | State::Waiting(at, _) => return Ok(Some(*at)),
                State::Trying(connection, target, tries) => match connection.poll_login(system) {
                    None => return Ok(connection.deadline()),
                    Some(Err(failure)) => self.state = Self::tried(&failure, target, *tries, io, system.now)?,
                    Some(Ok(())) => {
                        let name = config::read(system).unwrap_or_default().target.database;
                        connection.ask(&format!("CREATE DATABASE IF NOT EXISTS `{name}`"), system);
                        self.state = State::Creating(connection.clone());
                    }
                },
                State::Creating(connection) => {
                    let Some(answer) = connection.poll_answer(system) else { return Ok(connection.deadline()) };
                    connection.close(system);
                    if let Err(failure) = answer {
                        let text = failure.error(&Target::default()).message;
                        io.stderr(format!("\nMySQL \"CREATE DATABASE\" Error: {text}\n"));
                        return Err(1);
                    }
                    self.open(io, system)?;
                }
                State::Serving => return Ok(self.serve(io, system)),
            }
        }
    }
}

/// A file of the site that needs no PHP.
fn file(request: &Request, system: &System<'_>) -> Option<Response> {
    let path = request.path.split(['?', '#']).next().unwrap_or("/");
    let file = format!("{ROOT}{}", normalise("/", path));
    let reader = Caller { uid: super::USER.1, gid: super::USER.1, now: system.now };
    if file.ends_with(".php") || !matches!(request.method.as_str(), "GET" | "HEAD") {
        return None;
    }
    let bytes = system.files.read(&file, reader).ok()?;
    let mut response = Response::new(200, "OK", bytes.to_vec());
    response.headers.push(("Content-Type".into(), content_type(&file).into()));
    Some(response)
}

fn send(
    client: Address,
    request: Option<&Request>,
    mut response: Response,
    io: &mut ProcessIo,
    system: &mut System<'_>,
) {
    let length = response.body.len().to_string();
    response.headers.insert(0, ("Date".into(), http_date(system.now)));
    response.headers.insert(1, ("Server".into(), SERVER.into()));
    response.headers.push(("Content-Length".into(), length));
    let text = request.map_or_else(|| "-".to_string(), Request::first_line);
    let header = |name: &str| request.and_then(|request| request.header(name)).unwrap_or("-").to_string();
    let (ip, stamp, code, size) = (client.ip, access_stamp(system.now), response.code, response.body.len());
    let (referer, agent) = (header("referer"), header("user-agent"));
    io.stdout(format!("{ip} - - [{stamp}] \"{text}\" {code} {size} \"{referer}\" \"{agent}\"\n"));
    let is_head = request.is_some_and(|request| request.method == "HEAD");
    system.net.send_bytes(PORT, client, response.encode(is_head));
    system.net.send(PORT, client, Payload::Close);
}

fn notice(io: &mut ProcessIo, system: &System<'_>, module: &str, text: &str) {
    const WEEKDAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    let (c, micros) = (system.now.calendar(), system.now.0 % 1_000_000);
    let month = crate::nginx::MONTHS[c.month as usize - 1];
    let weekday = WEEKDAYS[c.weekday as usize];
    io.stderr(format!(
        "[{weekday} {month} {:02} {:02}:{:02}:{:02}.{micros:06} {:04}] [{module}:notice] [pid 1] {text}\n",
        c.day, c.hour, c.minute, c.second, c.year
    ));
}

impl Process for Server {
    fn step(&mut self, io: &mut ProcessIo, system: &mut System<'_>) -> Progress {
        match self.go_on(io, system) {
            Ok(wake) => Progress::Blocked { wake },
            Err(code) => Progress::Exited(code),
        }
    }

    fn signal(&mut self, signal: Signal, _system: &mut System<'_>) -> Disposition {
        match (&self.state, signal) {
            (State::Serving, Signal::Term | Signal::Int | Signal::Quit) => {
                self.ends = true;
                Disposition::Handled
            }
            (State::Serving, Signal::Hup | Signal::Usr1 | Signal::Usr2) => Disposition::Handled,
            // The entrypoint's shell has no handlers: it waits for its grace to end.
            _ => Disposition::Default,
        }
    }

    fn workers(&self) -> Vec<Worker> {
        self.workers.clone()
    }

    fn caption(&self) -> Option<Caption> {
        let (text, serves) = match self.state {
            State::New | State::Copying(_) => ("copies its files", false),
            State::Trying(..) | State::Waiting(..) | State::Creating(_) => ("waits for the database", false),
            State::Serving if self.misses_database => ("site without database", false),
            State::Serving => ("site", true),
        };
        Some(Caption::new(text, serves))
    }

    fn boxed_clone(&self) -> Box<dyn Process> {
        Box::new(self.clone())
    }
}
