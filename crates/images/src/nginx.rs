//! `nginx` and `nginx-slim`: a web server that serves `/usr/share/nginx/html` on port 80.
//!
//! The master runs as root, its worker as another user: what that user may not read is answered with 403. Access is logged to
//! standard output, errors to standard error, in nginx's formats.
//! Absent: configuration files; the server always has nginx's default one.

use cri::{Address, Disposition, Image, ImageConfig, Payload, Process, Reference, Spawn, System, Worker};
use shell::fs::{Caller, Fs, FsError, Tree, normalise};
use shell::{Dialect, ProcessIo, Progress, Signal};
use sim::Time;
use thin::{Str, literal_str};

use crate::busybox::BUILTINS;
use crate::files::{Root, plausible_size};
use crate::program::{Tool, Userland};
use crate::tools;
use crate::tools::http::{Request, Response};

/// The official image, and the slim one of Kubernetes' tutorials, from any registry.
pub(crate) struct Nginx;

const HTML: &str = "/usr/share/nginx/html";
const PORT: u16 = 80;
const VERSION: &str = "1.11.1";
const USER: (&str, u32) = ("www-data", 33);
const NGINX: Tool = Tool { name: "nginx", start: start_nginx };
static USERLAND: Userland = Userland {
    dialect: Dialect::Dash,
    tools: &[NGINX, tools::curl::TOOL, tools::ps::TOOL, tools::kill::PKILL],
    builtins: BUILTINS,
};

/// Sizes by tag, as the recorded clusters reported them; no registry was asked.
const SIZES: &[(&str, &str, u64)] = &[
    ("nginx-slim", "0.7", 190_842_367),
    ("nginx-slim", "0.8", 191_139_481),
    ("nginx-slim", "0.9", 191_284_410),
    ("nginx", "latest", 72_406_859),
];

impl Image for Nginx {
    fn is_named(&self, reference: &Reference) -> bool {
        matches!(reference.short_name(), "nginx" | "nginx-slim")
    }

    fn pull(&self, reference: &Reference) -> Result<u64, String> {
        let name = reference.short_name();
        let known = SIZES.iter().find(|(its_name, tag, _)| *its_name == name && *tag == reference.tag);
        Ok(known.map_or_else(|| plausible_size(&reference.full_name()), |(_, _, size)| *size))
    }

    fn config(&self) -> ImageConfig {
        ImageConfig { entrypoint: &["nginx", "-g", "daemon off;"], ..ImageConfig::default() }
    }

    fn root(&self) -> Tree {
        Root::new(&[USER])
            .file("/usr/share/nginx/html/index.html", WELCOME, 0o644)
            .file("/usr/share/nginx/html/50x.html", ERROR_50X, 0o644)
            .file("/etc/nginx/nginx.conf", CONFIGURATION, 0o644)
            .directory("/var/log/nginx", 0o755)
            .programs("/bin", BUILTINS)
            .programs("/usr/bin", &["curl"])
            .programs("/usr/sbin", &["nginx"])
            .tree()
    }

    fn programs(&self) -> &'static [&'static str] {
        BUILTINS
    }

    fn start(&self, spawn: &Spawn) -> Option<Box<dyn Process>> {
        USERLAND.start(spawn)
    }
}

fn start_nginx(spawn: &Spawn) -> Box<dyn Process> {
    let argv: Vec<&str> = spawn.argv.iter().map(Str::as_str).collect();
    let order = match argv.get(1..).unwrap_or_default() {
        ["-v"] => Order::Say(format!("nginx version: nginx/{VERSION}\n"), 0),
        ["-t"] => Order::Say(
            "nginx: the configuration file /etc/nginx/nginx.conf syntax is ok\n\
             nginx: configuration file /etc/nginx/nginx.conf test is successful\n"
                .into(),
            0,
        ),
        ["-s", "reload" | "reopen"] => Order::Signal(Signal::Hup),
        ["-s", "stop" | "quit"] => Order::Signal(Signal::Term),
        _ => Order::Serve,
    };
    match order {
        Order::Serve => Box::new(Server::default()),
        order => Box::new(Command { order }),
    }
}

/// What the command line asks for.
#[derive(Clone, Debug)]
enum Order {
    Serve,
    Say(String, i32),
    Signal(Signal),
}

/// `nginx` with an option that does not serve.
#[derive(Clone, Debug)]
struct Command {
    order: Order,
}

impl Process for Command {
    fn step(&mut self, io: &mut ProcessIo, system: &mut System<'_>) -> Progress {
        match &self.order {
            Order::Say(text, code) => {
                io.stderr(text);
                Progress::Exited(*code)
            }
            Order::Signal(signal) => {
                system.kills.push((1, *signal));
                Progress::Exited(0)
            }
            Order::Serve => Progress::Exited(1),
        }
    }

    fn boxed_clone(&self) -> Box<dyn Process> {
        Box::new(self.clone())
    }
}

/// The master and its worker.
#[derive(Clone, Debug, Default)]
struct Server {
    worker: Option<Worker>,
    ends: bool,
    connections: u32,
}

impl Process for Server {
    fn step(&mut self, io: &mut ProcessIo, system: &mut System<'_>) -> Progress {
        if self.ends {
            return Progress::Exited(0);
        }
        if self.worker.is_none() {
            if system.net.listen(PORT).is_err() {
                let stamp = error_stamp(system.now);
                io.stderr(format!(
                    "{stamp} [emerg] 1#1: bind() to 0.0.0.0:{PORT} failed (98: Address already in use)\n"
                ));
                return Progress::Exited(1);
            }
            self.worker = Some(Worker {
                pid: system.new_pid(),
                parent: 1,
                uid: USER.1,
                started: system.now,
                pages: cri::SMALL_PAGES,
                tty: false,
                command: literal_str!("nginx: worker process"),
            });
        }
        while let Some(packet) = system.net.receive(PORT) {
            if let Payload::Data(bytes) = packet.payload {
                self.connections += 1;
                self.serve(&bytes, packet.from, io, system);
            }
        }
        Progress::Blocked { wake: None }
    }

    fn signal(&mut self, signal: Signal, _system: &mut System<'_>) -> Disposition {
        match signal {
            Signal::Term | Signal::Int | Signal::Quit => {
                self.ends = true;
                Disposition::Handled
            }
            Signal::Hup | Signal::Usr1 | Signal::Usr2 => Disposition::Handled,
            Signal::Kill | Signal::Pipe | Signal::Cont | Signal::Stop => Disposition::Default,
        }
    }

    fn workers(&self) -> Vec<Worker> {
        self.worker.iter().cloned().collect()
    }

    fn boxed_clone(&self) -> Box<dyn Process> {
        Box::new(self.clone())
    }
}

impl Server {
    fn serve(&self, bytes: &[u8], client: Address, io: &mut ProcessIo, system: &mut System<'_>) {
        let request = Request::parse(bytes);
        let (mut response, error) = answer(request.as_ref(), system);
        response.headers.insert(0, ("Server".into(), format!("nginx/{VERSION}")));
        response.headers.insert(1, ("Date".into(), http_date(system.now)));
        let text = request.as_ref().map_or_else(|| "-".to_string(), Request::first_line);
        if let Some(error) = error {
            let (stamp, number) = (error_stamp(system.now), self.connections);
            let worker = self.worker.as_ref().map_or(0, |worker| worker.pid);
            let host = request.as_ref().and_then(|request| request.header("host")).unwrap_or("-");
            io.stderr(format!(
                "{stamp} [error] {worker}#{worker}: *{number} {error}, client: {}, server: localhost, \
                 request: \"{text}\", host: \"{host}\"\n",
                client.ip
            ));
        }
        let agent = request.as_ref().and_then(|request| request.header("user-agent")).unwrap_or("-");
        let is_head = request.as_ref().is_some_and(|request| request.method == "HEAD");
        let sent = if is_head { 0 } else { response.body.len() };
        let (ip, stamp, code) = (client.ip, access_stamp(system.now), response.code);
        io.stdout(format!("{ip} - - [{stamp}] \"{text}\" {code} {sent} \"-\" \"{agent}\" \"-\"\n"));
        system.net.send_bytes(PORT, client, response.encode(is_head));
        system.net.send(PORT, client, Payload::Close);
    }
}

/// The response, and what the error log says.
fn answer(request: Option<&Request>, system: &System<'_>) -> (Response, Option<String>) {
    let Some(request) = request else { return (page(400, "Bad Request"), None) };
    if !matches!(request.method.as_str(), "GET" | "HEAD") {
        return (page(405, "Not Allowed"), None);
    }
    let path = request.path.split(['?', '#']).next().unwrap_or("/");
    let file = format!("{HTML}{}", normalise("/", path));
    let worker = Caller { uid: USER.1, gid: USER.1, now: system.now };
    if path.ends_with('/') {
        return serve_index(file.trim_end_matches('/'), worker, system);
    }
    match system.files.stat(&file, worker) {
        Ok(metadata) if metadata.is_directory() => {
            let mut response = page(301, "Moved Permanently");
            let host = request.header("host").unwrap_or("localhost");
            response.headers.push(("Location".into(), format!("http://{host}{path}/")));
            (response, None)
        }
        _ => serve_file(&file, worker, system),
    }
}

fn serve_index(directory: &str, worker: Caller, system: &System<'_>) -> (Response, Option<String>) {
    let index = format!("{directory}/index.html");
    match system.files.stat(&index, worker) {
        Err(FsError::NotFound) if system.files.stat(directory, worker).is_ok() => {
            (page(403, "Forbidden"), Some(format!("directory index of \"{directory}/\" is forbidden")))
        }
        Err(FsError::PermissionDenied) => {
            (page(403, "Forbidden"), Some(format!("\"{index}\" is forbidden (13: Permission denied)")))
        }
        _ => serve_file(&index, worker, system),
    }
}

fn serve_file(file: &str, worker: Caller, system: &System<'_>) -> (Response, Option<String>) {
    match system.files.read(file, worker) {
        Ok(bytes) => {
            let mut response = Response::new(200, "OK", bytes.as_ref().clone());
            let modified = system.files.stat(file, worker).map_or(system.now, |metadata| metadata.modified);
            let etag = format!("\"{:x}-{:x}\"", modified.unix_seconds(), bytes.len());
            response.headers.push(("Content-Type".into(), content_type(file).into()));
            response.headers.push(("Content-Length".into(), bytes.len().to_string()));
            response.headers.push(("Last-Modified".into(), http_date(modified)));
            response.headers.push(("Connection".into(), "keep-alive".into()));
            response.headers.push(("ETag".into(), etag));
            response.headers.push(("Accept-Ranges".into(), "bytes".into()));
            (response, None)
        }
        Err(FsError::PermissionDenied) => {
            (page(403, "Forbidden"), Some(format!("open() \"{file}\" failed (13: Permission denied)")))
        }
        Err(_) => (page(404, "Not Found"), Some(format!("open() \"{file}\" failed (2: No such file or directory)"))),
    }
}

fn page(code: u16, reason: &'static str) -> Response {
    let body = format!(
        "<html>\r\n<head><title>{code} {reason}</title></head>\r\n<body bgcolor=\"white\">\r\n\
         <center><h1>{code} {reason}</h1></center>\r\n<hr><center>nginx/{VERSION}</center>\r\n</body>\r\n</html>\r\n"
    );
    let mut response = Response::new(code, reason, body.into_bytes());
    response.headers.push(("Content-Type".into(), "text/html".into()));
    response.headers.push(("Content-Length".into(), response.body.len().to_string()));
    response.headers.push(("Connection".into(), "keep-alive".into()));
    response
}

pub(crate) fn content_type(file: &str) -> &'static str {
    match file.rsplit('.').next() {
        Some("html" | "htm") => "text/html",
        Some("css") => "text/css",
        Some("js") => "application/javascript",
        Some("json") => "application/json",
        Some("txt") => "text/plain",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

pub(crate) const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WEEKDAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

pub(crate) fn http_date(now: Time) -> String {
    let c = now.calendar();
    let (weekday, month) = (WEEKDAYS[c.weekday as usize], MONTHS[c.month as usize - 1]);
    format!("{weekday}, {:02} {month} {:04} {:02}:{:02}:{:02} GMT", c.day, c.year, c.hour, c.minute, c.second)
}

pub(crate) fn access_stamp(now: Time) -> String {
    let c = now.calendar();
    let month = MONTHS[c.month as usize - 1];
    format!("{:02}/{month}/{:04}:{:02}:{:02}:{:02} +0000", c.day, c.year, c.hour, c.minute, c.second)
}

fn error_stamp(now: Time) -> String {
    let c = now.calendar();
    format!("{:04}/{:02}/{:02} {:02}:{:02}:{:02}", c.year, c.month, c.day, c.hour, c.minute, c.second)
}

const WELCOME: &str = "<!DOCTYPE html>\n<html>\n<head>\n<title>Welcome to nginx!</title>\n</head>\n<body>\n\
    <h1>Welcome to nginx!</h1>\n<p>The web server runs. This page stands where yours will be.</p>\n</body>\n</html>\n";
const ERROR_50X: &str = "<!DOCTYPE html>\n<html>\n<head>\n<title>Error</title>\n</head>\n<body>\n<h1>An error occurred.</h1>\n</body>\n</html>\n";
const CONFIGURATION: &str = "user www-data;\nworker_processes 1;\n\nhttp {\n    server {\n        listen 80;\n        \
    location / {\n            root /usr/share/nginx/html;\n            index index.html;\n        }\n    }\n}\n";
