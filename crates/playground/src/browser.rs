//! The little browser: one page at a time over the simulated network, from the user's machine. It follows redirects and keeps
//! cookies; what it makes of a page is the page component's affair.

use cluster::Cluster;
use cri::{Caller, ProcessId, System, Tree};
use images::tools::http::{Client, ClientError, Request, Response, Url};
use sim::{Span, Time};

/// Redirects of one visit.
const REDIRECTS_MAX: usize = 20;
/// How long a visit waits for each answer.
const LIMIT: Span = Span::from_seconds(60);
/// Cookies that are kept at most; the oldest go first.
const COOKIES_MAX: usize = 200;
/// Its sockets belong to this process of the user's machine, which no terminal has.
const OWNER: ProcessId = ProcessId { container: usize::MAX, pid: 1 };

/// A page that was had, or why there is none.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// The visit that it answers.
    pub visit: u32,
    /// Where it was found, after redirects.
    pub url: String,
    /// The answer.
    pub outcome: Result<Response, Failure>,
}

/// Why there is no page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The address is none of HTTP.
    Address,
    /// Too many redirects.
    Redirects,
    /// The network's answer.
    Network(ClientError),
}

#[derive(Clone, Debug)]
struct Cookie {
    host: String,
    name: String,
    value: String,
}

#[derive(Clone, Debug)]
struct Visit {
    number: u32,
    url: Url,
    client: Client,
    redirects: usize,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Browser {
    visit: Option<Visit>,
    cookies: Vec<Cookie>,
    done: Vec<Page>,
    /// An address that a program wants shown.
    wanted: Option<String>,
}

impl Browser {
    /// Asks for a page; a form's text is sent with POST. What was under way is given up.
    pub(crate) fn go(&mut self, number: u32, address: &str, base: &str, form: Option<String>) {
        self.visit = None;
        let url = if base.is_empty() {
            Url::parse(address.trim())
        } else {
            Url::parse(base).and_then(|base| base.join(address))
        };
        let url = url.filter(|url| url.scheme == "http" && !url.host.contains(' '));
        match url {
            Some(url) => self.visit = Some(self.ask(number, url, form, 0)),
            None => self.done.push(Page { visit: number, url: address.into(), outcome: Err(Failure::Address) }),
        }
    }

    fn ask(&self, number: u32, url: Url, form: Option<String>, redirects: usize) -> Visit {
        let mut headers = vec![
            ("Host".to_owned(), url.authority()),
            ("User-Agent".to_owned(), "Mozilla/5.0 (Ordinal)".to_owned()),
            ("Accept".to_owned(), "text/html,*/*".to_owned()),
        ];
        let pairs = self.cookies.iter().filter(|cookie| cookie.host == url.host);
        let cookies: Vec<String> = pairs.map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect();
        if !cookies.is_empty() {
            headers.push(("Cookie".to_owned(), cookies.join("; ")));
        }
        let method = if form.is_some() { "POST" } else { "GET" };
        if let Some(form) = &form {
            headers.push(("Content-Type".to_owned(), "application/x-www-form-urlencoded".to_owned()));
            headers.push(("Content-Length".to_owned(), form.len().to_string()));
        }
        let body = form.unwrap_or_default().into_bytes();
        let request = Request { method: method.to_owned(), path: url.path.clone(), headers, body };
        Visit { number, client: Client::new(url.clone(), &request).limited(LIMIT), url, redirects }
    }

    /// Goes on as far as possible.
    pub(crate) fn step(&mut self, cluster: &mut Cluster, fs: &mut Tree, caller: Caller) {
        while let Some(mut visit) = self.visit.take() {
            let poll = |system: &mut System<'_>| visit.client.poll(system);
            let Some(outcome) = crate::outside::until(cluster, fs, OWNER, caller, poll) else {
                self.visit = Some(visit);
                return;
            };
            match outcome {
                Ok(response) => self.take(visit, response),
                Err(error) => self.end(&visit, Err(Failure::Network(error))),
            }
        }
    }

    fn take(&mut self, visit: Visit, response: Response) {
        for (_, value) in response.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie")) {
            self.keep(&visit.url.host, value);
        }
        let location = response.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("location"));
        match location {
            Some((_, to)) if matches!(response.code, 301 | 302 | 303 | 307 | 308) => {
                match visit.url.join(to).filter(|url| url.scheme == "http") {
                    _ if visit.redirects >= REDIRECTS_MAX => self.end(&visit, Err(Failure::Redirects)),
                    Some(url) => self.visit = Some(self.ask(visit.number, url, None, visit.redirects + 1)),
                    None => self.end(&visit, Err(Failure::Address)),
                }
            }
            _ => self.end(&visit, Ok(response)),
        }
    }

    fn end(&mut self, visit: &Visit, outcome: Result<Response, Failure>) {
        self.done.push(Page { visit: visit.number, url: visit.url.text(), outcome });
    }

    /// `name=value; attributes`; a cookie that has expired is let go.
    fn keep(&mut self, host: &str, text: &str) {
        let mut parts = text.split(';').map(str::trim);
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { return };
        self.cookies.retain(|cookie| cookie.host != host || cookie.name != name);
        if parts.any(|part| part.eq_ignore_ascii_case("max-age=0")) {
            return;
        }
        if self.cookies.len() >= COOKIES_MAX {
            self.cookies.remove(0);
        }
        self.cookies.push(Cookie { host: host.into(), name: name.into(), value: value.into() });
    }

    /// A program wants an address shown.
    pub(crate) fn want(&mut self, url: &str) {
        self.wanted = Some(url.to_owned());
    }

    /// Until when the visit under way waits.
    pub(crate) fn deadline(&self) -> Option<Time> {
        self.visit.as_ref().and_then(|visit| visit.client.deadline())
    }

    /// What was had since the last time.
    pub(crate) fn take_pages(&mut self) -> Vec<Page> {
        std::mem::take(&mut self.done)
    }

    /// The address that a program wants shown, once.
    pub(crate) fn take_wanted(&mut self) -> Option<String> {
        self.wanted.take()
    }
}
