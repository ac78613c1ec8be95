//! `wget` of busybox, for HTTP.
//!
//! Models: busybox 1.28 in texts and exit codes.

use cri::{Process, Spawn, System};
use shell::fs::{Fs, normalise};
use shell::{ProcessIo, Progress};
use sim::Span;

use super::http::{Client, ClientError, Request, Response, Url};
use crate::program::Tool;

pub(crate) const TOOL: Tool = Tool { name: "wget", start };

fn start(spawn: &Spawn) -> Box<dyn Process> {
    Box::new(Wget { spawn: spawn.clone(), running: None })
}

#[derive(Clone, Debug)]
struct Wget {
    spawn: Spawn,
    running: Option<Running>,
}

#[derive(Clone, Debug)]
struct Running {
    settings: Settings,
    url: Url,
    client: Client,
    has_connected: bool,
}

#[derive(Clone, Debug, Default)]
struct Settings {
    url: String,
    output: Option<String>,
    limit_seconds: Option<i64>,
    is_quiet: bool,
    is_spider: bool,
    shows_head: bool,
}

const USAGE: &str = "BusyBox v1.28.4 multi-call binary.\n\nUsage: wget [-c|--continue] [--spider] [-q|--quiet] [-O|--output-document FILE]\n\
    \t[-S|--server-response] [-T SEC] URL...\n";

impl Process for Wget {
    fn step(&mut self, io: &mut ProcessIo, system: &mut System<'_>) -> Progress {
        if self.running.is_none() {
            match begin(&self.spawn) {
                Ok(running) => self.running = Some(running),
                Err(text) => {
                    io.stderr(text);
                    return Progress::Exited(1);
                }
            }
        }
        let Some(running) = &mut self.running else { return Progress::Exited(1) };
        let outcome = running.client.poll(system);
        if let (Some(peer), false, false) = (running.client.peer(), running.has_connected, running.settings.is_quiet) {
            running.has_connected = true;
            io.stderr(format!("Connecting to {} ({}:{})\n", running.url.host, peer.ip, peer.port));
        }
        let Some(outcome) = outcome else { return Progress::Blocked { wake: running.client.deadline() } };
        let running = running.clone();
        Progress::Exited(finish(&self.spawn, &running, outcome, io, system))
    }

    fn boxed_clone(&self) -> Box<dyn Process> {
        Box::new(self.clone())
    }
}

fn begin(spawn: &Spawn) -> Result<Running, String> {
    let settings = parse(spawn)?;
    let url = Url::parse(&settings.url).ok_or_else(|| format!("wget: bad address '{}'\n", settings.url))?;
    if url.scheme != "http" {
        return Err(format!("wget: not an http or ftp url: {}\n", settings.url));
    }
    let method = if settings.is_spider { "HEAD" } else { "GET" };
    let headers = vec![
        ("Host".to_string(), url.authority()),
        ("User-Agent".to_string(), "Wget".to_string()),
        ("Connection".to_string(), "close".to_string()),
    ];
    let request = Request { method: method.into(), path: url.path.clone(), headers, body: Vec::new() };
    let client = Client::new(url.clone(), &request);
    let client = match settings.limit_seconds {
        Some(seconds) => client.limited(Span::from_seconds(seconds)),
        None => client,
    };
    Ok(Running { settings, url, client, has_connected: false })
}

fn parse(spawn: &Spawn) -> Result<Settings, String> {
    let mut settings = Settings::default();
    let mut words = spawn.argv.iter().skip(1).map(|word| word.to_string());
    while let Some(word) = words.next() {
        match word.as_str() {
            "--spider" => settings.is_spider = true,
            "--quiet" => settings.is_quiet = true,
            "--server-response" => settings.shows_head = true,
            _ if word.starts_with("--output-document=") => {
                settings.output = word.split_once('=').map(|(_, file)| file.into())
            }
            _ if word.starts_with("--timeout=") => {
                settings.limit_seconds = word.split_once('=').and_then(|(_, seconds)| seconds.parse().ok());
            }
            _ if word.starts_with('-') && word.len() > 1 => short(&mut settings, &word[1..], &mut words)?,
            _ => settings.url = word,
        }
    }
    if settings.url.is_empty() { Err(USAGE.into()) } else { Ok(settings) }
}

fn short(settings: &mut Settings, letters: &str, words: &mut impl Iterator<Item = String>) -> Result<(), String> {
    for (at, letter) in letters.char_indices() {
        let rest = &letters[at + letter.len_utf8()..];
        let mut value = || if rest.is_empty() { words.next() } else { Some(rest.to_string()) };
        match letter {
            'q' => settings.is_quiet = true,
            'S' => settings.shows_head = true,
            'c' => {}
            'O' => {
                settings.output = value();
                return Ok(());
            }
            'T' => {
                settings.limit_seconds = value().and_then(|seconds| seconds.parse().ok());
                return Ok(());
            }
            _ => return Err(format!("wget: invalid option -- '{letter}'\n{USAGE}")),
        }
    }
    Ok(())
}

fn finish(
    spawn: &Spawn,
    running: &Running,
    outcome: Result<Response, ClientError>,
    io: &mut ProcessIo,
    system: &mut System<'_>,
) -> i32 {
    let host = &running.url.host;
    let response = match outcome {
        Ok(response) => response,
        Err(error) => {
            io.stderr(match error {
                ClientError::Lookup(_) => format!("wget: bad address '{host}'\n"),
                ClientError::Refused(to) => {
                    format!("wget: can't connect to remote host ({}): Connection refused\n", to.ip)
                }
                ClientError::Unreachable(to) => {
                    format!("wget: can't connect to remote host ({}): No route to host\n", to.ip)
                }
                ClientError::Empty => "wget: error getting response\n".to_string(),
                ClientError::Timeout(_) => "wget: download timed out\n".to_string(),
            });
            return 1;
        }
    };
    if running.settings.shows_head {
        for line in response.head().lines().filter(|line| !line.is_empty()) {
            io.stderr(format!("  {line}\n"));
        }
    }
    if response.code >= 400 {
        io.stderr(format!("wget: server returned error: HTTP/1.1 {} {}\n", response.code, response.reason));
        return 1;
    }
    if running.settings.is_spider {
        return 0;
    }
    store(spawn, running, &response, io, system)
}

fn store(spawn: &Spawn, running: &Running, response: &Response, io: &mut ProcessIo, system: &mut System<'_>) -> i32 {
    let own = running.url.path.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("index.html").to_string();
    let file = running.settings.output.clone().unwrap_or(own);
    if file == "-" {
        io.stdout(&response.body);
    } else if file != "/dev/null" {
        let (path, caller) = (normalise(&spawn.cwd, &file), system.caller);
        if running.settings.output.is_none() && system.files.exists(&path, caller) {
            io.stderr(format!("wget: can't open '{file}': File exists\n"));
            return 1;
        }
        if let Err(error) = system.files.write(&path, &response.body, caller) {
            io.stderr(format!("wget: can't open '{file}': {error}\n"));
            return 1;
        }
    }
    if !running.settings.is_quiet {
        let bar = "*".repeat(32);
        let size = response.body.len();
        io.stderr(format!("\r{file:<20} 100% |{bar}| {size:>5}  0:00:00 ETA\n"));
    }
    0
}
