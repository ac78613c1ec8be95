//! `curl` for HTTP.
//!
//! Models: curl 7.52 in texts and exit codes. The progress meter is shown on standard error when the answer does not go to a
//! terminal, as curl does.
//! Absent: HTTPS and every other protocol; they are refused in curl's words.

use cri::{Process, Spawn, System};
use shell::fs::{Fs, normalise};
use shell::{ProcessIo, Progress};
use sim::Span;

use super::http::{Client, ClientError, Request, Response, Url};
use crate::program::Tool;

pub(crate) const TOOL: Tool = Tool { name: "curl", start };

fn start(spawn: &Spawn) -> Box<dyn Process> {
    Box::new(Curl { spawn: spawn.clone(), state: State::New })
}

#[derive(Clone, Debug)]
struct Curl {
    spawn: Spawn,
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    New,
    Asking(Box<Asking>),
}

#[derive(Clone, Debug)]
struct Asking {
    settings: Settings,
    client: Client,
    redirects: usize,
}

/// What the command line asks for.
#[derive(Clone, Debug, Default)]
struct Settings {
    url: String,
    method: Option<String>,
    headers: Vec<(String, String)>,
    data: Option<String>,
    output: Option<String>,
    write_out: Option<String>,
    limit_seconds: Option<i64>,
    is_silent: bool,
    shows_errors: bool,
    is_head: bool,
    includes_head: bool,
    follows: bool,
    fails: bool,
    remote_name: bool,
}

const REDIRECTS_MAX: usize = 50;

impl Process for Curl {
    fn step(&mut self, io: &mut ProcessIo, system: &mut System<'_>) -> Progress {
        if let State::New = self.state {
            match self.begin() {
                Ok(state) => self.state = state,
                Err((code, text)) => {
                    io.stderr(text);
                    return Progress::Exited(code);
                }
            }
        }
        let State::Asking(asking) = &mut self.state else { return Progress::Exited(2) };
        let Asking { settings, client, redirects } = &mut **asking;
        let Some(outcome) = client.poll(system) else { return Progress::Blocked { wake: client.deadline() } };
        if let (Ok(response), true) = (&outcome, settings.follows && *redirects < REDIRECTS_MAX)
            && let Some(next) = redirection(response, &settings.url)
        {
            settings.url = next;
            *redirects += 1;
            if let Some(again) = client_of(settings) {
                *client = again;
                return Progress::Again;
            }
        }
        let settings = settings.clone();
        Progress::Exited(self.finish(&settings, outcome, io, system))
    }

    fn boxed_clone(&self) -> Box<dyn Process> {
        Box::new(self.clone())
    }
}

fn redirection(response: &Response, from: &str) -> Option<String> {
    let is_redirect = matches!(response.code, 301 | 302 | 303 | 307 | 308);
    let location = response.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("location"));
    let (_, value) = location.filter(|_| is_redirect)?;
    Some(Url::parse(from)?.join(value)?.text())
}

fn client_of(settings: &Settings) -> Option<Client> {
    let url = Url::parse(&settings.url)?;
    let default = if settings.is_head {
        "HEAD"
    } else if settings.data.is_some() {
        "POST"
    } else {
        "GET"
    };
    let mut headers = vec![
        ("Host".to_string(), url.authority()),
        ("User-Agent".to_string(), "curl/7.52.1".to_string()),
        ("Accept".to_string(), "*/*".to_string()),
    ];
    let body = settings.data.clone().unwrap_or_default().into_bytes();
    if settings.data.is_some() {
        headers.push(("Content-Length".into(), body.len().to_string()));
        headers.push(("Content-Type".into(), "application/x-www-form-urlencoded".into()));
    }
    for (name, value) in &settings.headers {
        headers.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
        headers.push((name.clone(), value.clone()));
    }
    let method = settings.method.clone().unwrap_or_else(|| default.into());
    let client = Client::new(url.clone(), &Request { method, path: url.path, headers, body });
    Some(match settings.limit_seconds {
        Some(seconds) => client.limited(Span::from_seconds(seconds)),
        None => client,
    })
}

impl Curl {
    fn begin(&self) -> Result<State, (i32, String)> {
        let settings = parse(&self.spawn)?;
        if settings.url.is_empty() {
            return Err((2, "curl: try 'curl --help' or 'curl --manual' for more information\n".into()));
        }
        let Some(url) = Url::parse(&settings.url) else {
            return Err((3, "curl: (3) <url> malformed\n".into()));
        };
        if url.scheme != "http" {
            let text = format!("curl: (1) Protocol \"{}\" not supported or disabled in libcurl\n", url.scheme);
            return Err((1, text));
        }
        let Some(client) = client_of(&settings) else { return Err((3, "curl: (3) <url> malformed\n".into())) };
        Ok(State::Asking(Box::new(Asking { settings, client, redirects: 0 })))
    }

    fn finish(
        &self,
        settings: &Settings,
        outcome: Result<Response, ClientError>,
        io: &mut ProcessIo,
        system: &mut System<'_>,
    ) -> i32 {
        let shows_meter = !settings.is_silent && (settings.output.is_some() || !io.terminal.stdout);
        let response = match outcome {
            Ok(response) => response,
            Err(error) => {
                if shows_meter {
                    io.stderr(meter(0));
                }
                let (code, text) = failure(error, settings);
                if !settings.is_silent || settings.shows_errors {
                    io.stderr(format!("curl: ({code}) {text}\n"));
                }
                return code;
            }
        };
        if settings.fails && response.code >= 400 {
            if !settings.is_silent || settings.shows_errors {
                let reason = format!("{} {}", response.code, response.reason);
                io.stderr(format!("curl: (22) The requested URL returned error: {reason}\n"));
            }
            return 22;
        }
        let mut bytes = Vec::new();
        if settings.is_head || settings.includes_head {
            bytes.extend(response.head().into_bytes());
        }
        if !settings.is_head {
            bytes.extend_from_slice(&response.body);
        }
        if shows_meter {
            io.stderr(meter(if settings.is_head { 0 } else { response.body.len() }));
        }
        let code = self.put(settings, &bytes, io, system);
        if let Some(format) = &settings.write_out {
            io.stdout(written_out(format, &response));
        }
        code
    }

    fn put(&self, settings: &Settings, bytes: &[u8], io: &mut ProcessIo, system: &mut System<'_>) -> i32 {
        let Some(file) = &settings.output else {
            io.stdout(bytes);
            return 0;
        };
        let path = normalise(&self.spawn.cwd, file);
        let caller = system.caller;
        if path == "/dev/null" {
            return 0;
        }
        match system.files.write(&path, bytes, caller) {
            Ok(()) => 0,
            Err(_) => {
                io.stderr("curl: (23) Failed writing body\n");
                23
            }
        }
    }
}

fn written_out(format: &str, response: &Response) -> String {
    format
        .replace("%{http_code}", &response.code.to_string())
        .replace("%{response_code}", &response.code.to_string())
        .replace("%{size_download}", &response.body.len().to_string())
        .replace("\\n", "\n")
        .replace("\\t", "\t")
}

fn failure(error: ClientError, settings: &Settings) -> (i32, String) {
    let url = Url::parse(&settings.url);
    let (host, port) = url.map_or((String::new(), 0), |url| (url.host, url.port));
    match error {
        ClientError::Lookup(_) => (6, format!("Could not resolve host: {host}")),
        ClientError::Refused(_) => (7, format!("Failed to connect to {host} port {port}: Connection refused")),
        ClientError::Unreachable(_) => (7, format!("Failed to connect to {host} port {port}: No route to host")),
        ClientError::Empty => (52, "Empty reply from server".into()),
        ClientError::Timeout(_) => {
            let millis = settings.limit_seconds.unwrap_or(120) * 1_000;
            (28, format!("Connection timed out after {millis} milliseconds"))
        }
    }
}

/// The progress meter, as it stands when all is done.
fn meter(bytes: usize) -> String {
    let head = "  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n                                 \
                Dload  Upload   Total   Spent    Left  Speed\n";
    let begin = "\r  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0";
    let percent = if bytes == 0 { 0 } else { 100 };
    let speed = bytes * 100;
    let end = format!(
        "\r{percent:>3} {bytes:>5}  {percent:>3} {bytes:>5}    0     0 {speed:>6}      0 --:--:-- --:--:-- --:--:-- {speed:>5}\n"
    );
    format!("{head}{begin}{end}")
}

fn parse(spawn: &Spawn) -> Result<Settings, (i32, String)> {
    let mut settings = Settings::default();
    let mut words = spawn.argv.iter().skip(1).map(|word| word.to_string());
    while let Some(word) = words.next() {
        if let Some(name) = word.strip_prefix("--") {
            apply_long(&mut settings, name, &mut words)?;
        } else if let Some(letters) = word.strip_prefix('-').filter(|letters| !letters.is_empty()) {
            apply_short(&mut settings, letters, &mut words)?;
        } else {
            settings.url = word;
        }
    }
    if settings.remote_name {
        let name = settings.url.rsplit('/').next().unwrap_or_default().to_string();
        settings.output = Some(name);
    }
    Ok(settings)
}

fn apply_short(
    settings: &mut Settings,
    letters: &str,
    words: &mut impl Iterator<Item = String>,
) -> Result<(), (i32, String)> {
    for (at, letter) in letters.char_indices() {
        let name = match letter {
            's' => "silent",
            'S' => "show-error",
            'I' => "head",
            'i' => "include",
            'L' => "location",
            'f' => "fail",
            'O' => "remote-name",
            'k' => "insecure",
            'v' => "verbose",
            'o' => "output",
            'w' => "write-out",
            'm' => "max-time",
            'X' => "request",
            'H' => "header",
            'd' => "data",
            _ => return Err(unknown(&format!("-{letters}"))),
        };
        if TAKES_VALUE.contains(&name) {
            let rest = &letters[at + letter.len_utf8()..];
            let value = if rest.is_empty() { words.next() } else { Some(rest.to_string()) };
            return set_value(settings, name, value);
        }
        set_flag(settings, name);
    }
    Ok(())
}

const TAKES_VALUE: &[&str] = &["output", "write-out", "max-time", "connect-timeout", "request", "header", "data"];
const FLAGS: &[&str] = &[
    "silent",
    "show-error",
    "head",
    "include",
    "location",
    "fail",
    "remote-name",
    "insecure",
    "verbose",
    "no-progress-meter",
];

fn apply_long(
    settings: &mut Settings,
    name: &str,
    words: &mut impl Iterator<Item = String>,
) -> Result<(), (i32, String)> {
    let (name, value) = match name.split_once('=') {
        Some((name, value)) => (name, Some(value.to_string())),
        None => (name, None),
    };
    if TAKES_VALUE.contains(&name) {
        let value = value.or_else(|| words.next());
        return set_value(settings, name, value);
    }
    if !FLAGS.contains(&name) {
        return Err(unknown(&format!("--{name}")));
    }
    set_flag(settings, name);
    Ok(())
}

fn unknown(option: &str) -> (i32, String) {
    let text =
        format!("curl: option {option}: is unknown\ncurl: try 'curl --help' or 'curl --manual' for more information\n");
    (2, text)
}

fn set_flag(settings: &mut Settings, name: &str) {
    match name {
        "silent" | "no-progress-meter" => settings.is_silent = true,
        "show-error" => settings.shows_errors = true,
        "head" => settings.is_head = true,
        "include" => settings.includes_head = true,
        "location" => settings.follows = true,
        "fail" => settings.fails = true,
        "remote-name" => settings.remote_name = true,
        _ => {}
    }
}

fn set_value(settings: &mut Settings, name: &str, value: Option<String>) -> Result<(), (i32, String)> {
    let Some(value) = value else {
        let text = format!("curl: option --{name}: requires parameter\n");
        return Err((2, text));
    };
    match name {
        "output" => settings.output = Some(value),
        "write-out" => settings.write_out = Some(value),
        "max-time" | "connect-timeout" => {
            settings.limit_seconds = value.split('.').next().and_then(|text| text.parse().ok())
        }
        "request" => settings.method = Some(value),
        "header" => {
            if let Some((key, text)) = value.split_once(':') {
                settings.headers.push((key.to_string(), text.trim().to_string()));
            }
        }
        "data" => settings.data = Some(value),
        _ => {}
    }
    Ok(())
}
