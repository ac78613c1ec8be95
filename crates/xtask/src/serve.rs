//! Builds the page and serves `dist/` on the loopback interface: files only, GET and HEAD only, no listing.
//!
//! Answers carry a content tag and `no-cache`, so that a reload sees a new build and costs nothing where nothing changed,
//! and the content security policy that `index.html` states, which a worker takes from its own answer alone.

use crate::install;
use crate::page;
use crate::tool::{Outcome, say};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

const PORT: u16 = 8080;
const HEAD_BYTES_MAX: u64 = 16 * 1024;
const SILENCE_MAX: Duration = Duration::from_secs(10);

/// What is served, and under which path.
struct Site {
    folder: PathBuf,
    base: String,
    policy: String,
}

/// An answer before it is written.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    status: &'static str,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

/// Builds, listens, prints the address, serves until interrupted.
pub(crate) fn serve(options: &[&str]) -> Outcome<()> {
    let (port, base) = parse(options)?;
    install::node()?;
    let folder = page::build()?;
    let policy = policy(&page::read(&folder.join("index.html"))?);
    let listener = listen(port)?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    say(&format!("serving on http://{address}{base} (Ctrl-C ends)"));
    println!("http://{address}{base}");
    let site = Arc::new(Site { folder, base, policy });
    for stream in listener.incoming().filter_map(Result::ok) {
        let site = Arc::clone(&site);
        // A connection that breaks concerns the browser that broke it.
        std::thread::spawn(move || drop(converse(&site, stream)));
    }
    Ok(())
}

/// The port that was asked for and no other, or else the usual one or any that is free.
fn listen(port: Option<u16>) -> Outcome<TcpListener> {
    match port {
        Some(port) => TcpListener::bind(("127.0.0.1", port)),
        None => TcpListener::bind(("127.0.0.1", PORT)).or_else(|_| TcpListener::bind(("127.0.0.1", 0))),
    }
    .map_err(|error| format!("cannot listen: {error}"))
}

fn parse(options: &[&str]) -> Outcome<(Option<u16>, String)> {
    let (mut port, mut base) = (None, "/".to_owned());
    for pair in options.chunks(2) {
        match pair {
            ["--port", value] => port = Some(value.parse().map_err(|_| format!("not a port: {value}"))?),
            ["--base", value] => base = format!("/{}/", value.trim_matches('/')).replace("//", "/"),
            _ => return Err(format!("unknown option {}; known are --port N and --base /path/", pair.join(" "))),
        }
    }
    Ok((port, base))
}

/// The content security policy in the page's own `<meta>`.
fn policy(html: &str) -> String {
    let after = html.split("http-equiv=\"Content-Security-Policy\"").nth(1);
    let content = after.and_then(|text| text.split("content=\"").nth(1)).and_then(|text| text.split('"').next());
    content.unwrap_or("default-src 'self'").to_owned()
}

/// One request, one answer, then the connection closes.
fn converse(site: &Site, mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_read_timeout(Some(SILENCE_MAX))?;
    let mut reader = BufReader::new((&stream).take(HEAD_BYTES_MAX));
    let (mut request, mut tag) = (String::new(), None);
    reader.read_line(&mut request)?;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("if-none-match"))
        {
            tag = Some(value.trim().to_owned()).filter(|_| !name.is_empty());
        }
    }
    let answer = answer(site, request.trim(), tag.as_deref());
    write!(stream, "HTTP/1.1 {}\r\nContent-Length: {}\r\nConnection: close\r\n", answer.status, answer.body.len())?;
    for (name, value) in &answer.headers {
        write!(stream, "{name}: {value}\r\n")?;
    }
    write!(stream, "\r\n")?;
    if request.starts_with("HEAD ") { Ok(()) } else { stream.write_all(&answer.body) }
}

fn answer(site: &Site, request: &str, tag: Option<&str>) -> Answer {
    let plain = |status| Answer { status, headers: Vec::new(), body: format!("{status}\n").into_bytes() };
    let mut words = request.split(' ');
    let (method, target) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    if method != "GET" && method != "HEAD" {
        return plain("405 Method Not Allowed");
    }
    let path = target.split(['?', '#']).next().unwrap_or("");
    if site.base.trim_end_matches('/') == path && path != "/" && !path.is_empty() {
        return Answer { headers: vec![("Location", site.base.clone())], ..plain("308 Permanent Redirect") };
    }
    match locate(site, path).and_then(|file| Some((fs::read(&file).ok()?, file))) {
        Some((body, file)) => found(site, &file, body, tag),
        None => plain("404 Not Found"),
    }
}

fn found(site: &Site, file: &Path, body: Vec<u8>, tag: Option<&str>) -> Answer {
    let mut hasher = DefaultHasher::new();
    body.hash(&mut hasher);
    let own = format!("\"{:016x}\"", hasher.finish());
    let headers = vec![
        ("Content-Type", mime(file).to_owned()),
        ("Cache-Control", "no-cache".to_owned()),
        ("ETag", own.clone()),
        ("Content-Security-Policy", site.policy.clone()),
        ("X-Content-Type-Options", "nosniff".to_owned()),
    ];
    if tag == Some(own.as_str()) {
        return Answer { status: "304 Not Modified", headers, body: Vec::new() };
    }
    Answer { status: "200 OK", headers, body }
}

/// The file of a path below the base; a folder means its `index.html`. Nothing outside the folder is ever named.
fn locate(site: &Site, path: &str) -> Option<PathBuf> {
    let below = path.strip_prefix(&site.base)?;
    let mut file = site.folder.clone();
    for part in below.split('/').filter(|part| !part.is_empty()) {
        if part.starts_with('.') || part.contains(['\\', '%', ':']) {
            return None;
        }
        file.push(part);
    }
    if file.is_dir() {
        file.push("index.html");
    }
    file.is_file().then_some(file)
}

fn mime(file: &Path) -> &'static str {
    match file.extension().and_then(|end| end.to_str()).unwrap_or("") {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "md" => "text/markdown; charset=utf-8",
        "yaml" | "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The status and type of an answer over the sources of the page.
    fn check(base: &str, request: &str, expect: (&str, &str)) {
        let folder = crate::tool::root().join("www");
        let site = Site { folder, base: base.into(), policy: "default-src 'self'".into() };
        let answer = answer(&site, request, None);
        let kind = answer.headers.iter().find(|(name, _)| *name == "Content-Type").map_or("", |(_, value)| value);
        assert_eq!((answer.status, kind), expect, "{request}");
    }

    #[test]
    fn serves_files_below_the_base_and_nothing_else() {
        let html = ("200 OK", "text/html; charset=utf-8");
        check("/", "GET / HTTP/1.1", html);
        check("/", "HEAD /index.html HTTP/1.1", html);
        check("/docs/", "GET /docs/?lesson=1 HTTP/1.1", html);
        check("/docs/", "GET /docs HTTP/1.1", ("308 Permanent Redirect", ""));
        for request in
            ["GET /nothing HTTP/1.1", "GET /../Cargo.toml HTTP/1.1", "GET /%2e%2e/Cargo.toml HTTP/1.1", "GET"]
        {
            check("/", request, ("404 Not Found", ""));
        }
        check("/docs/", "GET /index.html HTTP/1.1", ("404 Not Found", ""));
        check("/", "POST / HTTP/1.1", ("405 Method Not Allowed", ""));
    }

    #[test]
    fn a_known_tag_costs_no_body() {
        let site = Site { folder: crate::tool::root().join("www"), base: "/".into(), policy: String::new() };
        let first = answer(&site, "GET / HTTP/1.1", None);
        let tag = &first.headers.iter().find(|(name, _)| *name == "ETag").unwrap().1;
        assert_eq!(answer(&site, "GET / HTTP/1.1", Some(tag)).status, "304 Not Modified");
    }

    #[test]
    fn options_are_checked() {
        assert_eq!(parse(&["--port", "9000", "--base", "a/b"]), Ok((Some(9000), "/a/b/".into())));
        assert_eq!(parse(&[]), Ok((None, "/".into())));
        assert!(parse(&["--port", "many"]).is_err() && parse(&["--prot", "1"]).is_err());
    }

    #[test]
    fn the_policy_comes_from_the_page() {
        let html = crate::page::read(&crate::tool::root().join("www/index.html")).unwrap();
        assert!(policy(&html).contains("script-src 'self' 'wasm-unsafe-eval'"));
    }
}
