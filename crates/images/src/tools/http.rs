//! HTTP/1.1 as far as curl, wget and the web servers here need it, and a client for it.

use cri::{Address, Payload, System};
use sim::{Span, Time};

pub use super::resolver::LookupError;
use super::resolver::{Lookup, addresses};

/// How long a client waits for a connection or an answer.
const TIMEOUT: Span = Span::from_seconds(120);
/// Bytes of an answer that a client takes.
const ANSWER_BYTES_MAX: usize = 16 << 20;

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `HEAD`, …
    pub method: String,
    /// With its leading slash.
    pub path: String,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// What follows the headers.
    pub body: Vec<u8>,
}

impl Request {
    /// Reads a request that has arrived whole.
    pub fn parse(bytes: &[u8]) -> Option<Request> {
        let (head, body) = split_head(bytes)?;
        let mut lines = head.lines();
        let mut first = lines.next()?.split_whitespace();
        let (method, path) = (first.next()?.to_string(), first.next()?.to_string());
        first.next().filter(|version| version.starts_with("HTTP/"))?;
        Some(Request { method, path, headers: headers(lines), body: body.to_vec() })
    }

    /// The value of a header, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Such as `GET / HTTP/1.1`.
    pub fn first_line(&self) -> String {
        format!("{} {} HTTP/1.1", self.method, self.path)
    }

    /// The request as bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut text = format!("{}\r\n", self.first_line());
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// Such as 200.
    pub code: u16,
    /// Such as `OK`.
    pub reason: String,
    /// Names and values, in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// A response without headers.
    pub fn new(code: u16, reason: &str, body: Vec<u8>) -> Response {
        Response { code, reason: reason.into(), headers: Vec::new(), body }
    }

    /// The response as bytes; of a HEAD request without its body.
    pub fn encode(&self, is_head: bool) -> Vec<u8> {
        let mut bytes = self.head().into_bytes();
        if !is_head {
            bytes.extend_from_slice(&self.body);
        }
        bytes
    }

    /// Status line and headers, with the empty line after them.
    pub fn head(&self) -> String {
        let mut text = format!("HTTP/1.1 {} {}\r\n", self.code, self.reason);
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text + "\r\n"
    }

    /// Reads a response that has arrived whole.
    pub fn parse(bytes: &[u8]) -> Option<Response> {
        let (head, body) = split_head(bytes)?;
        let mut lines = head.lines();
        let first = lines.next()?.strip_prefix("HTTP/1.")?;
        let mut words = first.splitn(3, ' ').skip(1);
        let code = words.next()?.parse().ok()?;
        let reason = words.next().unwrap_or_default().to_string();
        Some(Response { code, reason, headers: headers(lines), body: body.to_vec() })
    }
}

fn split_head(bytes: &[u8]) -> Option<(String, &[u8])> {
    let at = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    Some((String::from_utf8_lossy(&bytes[..at]).into_owned(), &bytes[at + 4..]))
}

fn headers<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<(String, String)> {
    let pair = |line: &str| line.split_once(':').map(|(name, value)| (name.to_string(), value.trim().to_string()));
    lines.filter_map(pair).collect()
}

/// A URL, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// `http` or `https`.
    pub scheme: String,
    /// Name or address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// With its leading slash.
    pub path: String,
}

impl Url {
    /// Reads `host`, `host:port/path`, `http://host/`.
    pub fn parse(text: &str) -> Option<Url> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let at = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(at);
        let default = if scheme == "https" { 443 } else { 80 };
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().ok()?),
            None => (authority, default),
        };
        if host.is_empty() {
            return None;
        }
        let path = if path.starts_with('/') { path.to_string() } else { format!("/{path}") };
        Some(Url { scheme: scheme.to_lowercase(), host: host.into(), port, path })
    }

    /// Where a reference in this page leads: an address, a path, or a part of one; none if it is no HTTP address.
    pub fn join(&self, reference: &str) -> Option<Url> {
        let reference = reference.split('#').next().unwrap_or_default();
        let plain = |path: String| Some(Url { path, ..self.clone() });
        let scheme = reference.split(['/', '?']).next().unwrap_or_default();
        let here = self.path.split('?').next().unwrap_or("/");
        if let Some(rest) = reference.strip_prefix("//") {
            return Url::parse(&format!("{}://{rest}", self.scheme));
        }
        if scheme.contains(':') {
            return matches!(scheme, "http:" | "https:").then(|| Url::parse(reference)).flatten();
        }
        match reference.chars().next() {
            None => plain(self.path.clone()),
            Some('/') => plain(reference.to_string()),
            Some('?') => plain(format!("{here}{reference}")),
            Some(_) => {
                let directory = here.rsplit_once('/').map_or("", |(directory, _)| directory);
                plain(without_dots(&format!("{directory}/{reference}")))
            }
        }
    }

    /// The whole address.
    pub fn text(&self) -> String {
        let default = if self.scheme == "https" { 443 } else { 80 };
        let port = if self.port == default { String::new() } else { format!(":{}", self.port) };
        format!("{}://{}{port}{}", self.scheme, self.host, self.path)
    }

    /// The `Host` header.
    pub fn authority(&self) -> String {
        if self.port == 80 { self.host.clone() } else { format!("{}:{}", self.host, self.port) }
    }
}

/// A path without `.` and `..`.
fn without_dots(path: &str) -> String {
    let (path, query) = path.split_at(path.find('?').unwrap_or(path.len()));
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').skip(1) {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}{query}", parts.join("/"))
}

/// Why a request has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientError {
    /// The name has no address.
    Lookup(LookupError),
    /// Nobody listens at the address.
    Refused(Address),
    /// There is no way to the address.
    Unreachable(Address),
    /// The connection ended without an answer.
    Empty,
    /// Nothing came in time.
    Timeout(Address),
}

/// A request under way.
#[derive(Clone, Debug)]
pub struct Client {
    url: Url,
    request: Vec<u8>,
    state: State,
    limit: Span,
}

#[derive(Clone, Debug)]
enum State {
    New,
    Looking(Lookup),
    Connected { port: u16, to: Address, answer: Vec<u8>, deadline: Time },
}

impl Client {
    /// A request that has not been sent yet.
    pub fn new(url: Url, request: &Request) -> Client {
        Client { url, request: request.encode(), state: State::New, limit: TIMEOUT }
    }

    /// Waits no longer than this.
    pub fn limited(mut self, limit: Span) -> Client {
        self.limit = limit;
        self
    }

    /// The address that the name was found to have.
    pub fn peer(&self) -> Option<Address> {
        match &self.state {
            State::Connected { to, .. } => Some(*to),
            State::New | State::Looking(_) => None,
        }
    }

    /// Until when it waits.
    pub fn deadline(&self) -> Option<Time> {
        match &self.state {
            State::New => None,
            State::Looking(lookup) => lookup.deadline(),
            State::Connected { deadline, .. } => Some(*deadline),
        }
    }

    /// Goes on; answers once the response is there, or will not come.
    pub fn poll(&mut self, system: &mut System<'_>) -> Option<Result<Response, ClientError>> {
        if let State::New = self.state {
            self.state = State::Looking(Lookup::of_name(&self.url.host, system));
        }
        if let State::Looking(lookup) = &mut self.state {
            match lookup.poll(system)? {
                Ok(answer) => {
                    let ip = addresses(&answer).first().copied();
                    let Some(ip) = ip else { return Some(Err(ClientError::Lookup(LookupError::NotFound))) };
                    if let Err(error) = self.connect(Address::new(ip, self.url.port), system) {
                        return Some(Err(error));
                    }
                }
                Err(error) => return Some(Err(ClientError::Lookup(error))),
            }
        }
        self.receive(system)
    }

    fn connect(&mut self, to: Address, system: &mut System<'_>) -> Result<(), ClientError> {
        let port = system.net.connect(to).ok_or(ClientError::Unreachable(to))?;
        self.state = State::Connected { port, to, answer: Vec::new(), deadline: system.now + self.limit };
        Ok(())
    }

    fn receive(&mut self, system: &mut System<'_>) -> Option<Result<Response, ClientError>> {
        let State::Connected { port, to, answer, deadline } = &mut self.state else { return None };
        let (port, to) = (*port, *to);
        let outcome = loop {
            let Some(packet) = system.net.receive(port) else {
                if system.now >= *deadline {
                    break Err(ClientError::Timeout(to));
                }
                return None;
            };
            match packet.payload {
                Payload::Accepted => system.net.send_bytes(port, to, self.request.clone()),
                Payload::Data(bytes) if answer.len() + bytes.len() <= ANSWER_BYTES_MAX => {
                    answer.extend_from_slice(&bytes)
                }
                Payload::Close => break Response::parse(answer).ok_or(ClientError::Empty),
                Payload::Refused => break Err(ClientError::Refused(to)),
                Payload::Unreachable => break Err(ClientError::Unreachable(to)),
                Payload::Data(_)
                | Payload::Open
                | Payload::Query(_)
                | Payload::Answer(_)
                | Payload::Ping(_)
                | Payload::Pong(_) => {}
            }
        };
        system.net.close(port);
        Some(outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_apart() {
        for (text, expect) in [
            ("http://localhost/", Some(("localhost", 80, "/"))),
            ("nginx", Some(("nginx", 80, "/"))),
            ("web-0.nginx:8080/a/b?c", Some(("web-0.nginx", 8080, "/a/b?c"))),
            ("https://kubernetes", Some(("kubernetes", 443, "/"))),
            ("http:///x", None),
            ("a:b", None),
        ] {
            let answer = Url::parse(text);
            let parts = answer.as_ref().map(|url| (url.host.as_str(), url.port, url.path.as_str()));
            assert_eq!(parts, expect, "{text}");
        }
    }

    #[test]
    fn references_lead_where_a_browser_would_go() {
        let base = Url::parse("http://a:8080/wp-admin/post.php?x=1").expect("it is an address");
        for (reference, expect) in [
            ("/", "http://a:8080/"),
            ("edit.php?s=1", "http://a:8080/wp-admin/edit.php?s=1"),
            ("../?p=3", "http://a:8080/?p=3"),
            ("./x", "http://a:8080/wp-admin/x"),
            ("?step=2", "http://a:8080/wp-admin/post.php?step=2"),
            ("", "http://a:8080/wp-admin/post.php?x=1"),
            ("#top", "http://a:8080/wp-admin/post.php?x=1"),
            ("http://b/c#d", "http://b/c"),
            ("//b/c", "http://b/c"),
            ("/x?u=http://y", "http://a:8080/x?u=http://y"),
            ("javascript:alert(1)", ""),
            ("data:text/html,x", ""),
        ] {
            assert_eq!(base.join(reference).map(|url| url.text()).unwrap_or_default(), expect, "{reference}");
        }
    }

    #[test]
    fn messages_are_read_as_they_are_written() {
        let mut response = Response::new(403, "Forbidden", b"no".to_vec());
        response.headers.push(("Content-Length".into(), "2".into()));
        assert_eq!(Response::parse(&response.encode(false)), Some(response));
        assert_eq!(Request::parse(b"GET /"), None);
    }
}
