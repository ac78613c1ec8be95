//! Ports of the client's machine on which the client itself answers: `kubectl proxy`.

use ::api::Str;

/// A request that has come to such a port.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebRequest {
    /// The asking program's port.
    pub from: u16,
    /// `GET`, `POST`, …
    pub method: Str,
    /// With its leading slash and its query.
    pub path: Str,
    /// Names and values.
    pub headers: Vec<(Str, Str)>,
    /// What follows the headers.
    pub body: String,
}

impl WebRequest {
    /// A header, whatever the case of its name; empty if there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
    }
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebAnswer {
    /// Such as 200.
    pub code: u16,
    /// Such as `OK`.
    pub reason: &'static str,
    /// The type of the body.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
}

/// Somebody listens there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortInUse;

/// The client's machine, as far as programs on it ask the client.
pub trait LocalServer {
    /// Listens on a port, 0 for any free one; answers with the port.
    fn serve_open(&mut self, port: u16) -> Result<u16, PortInUse>;

    /// Takes the next request.
    fn serve_read(&mut self, port: u16) -> Option<WebRequest>;

    /// Answers a request and hangs up.
    fn serve_answer(&mut self, port: u16, request: &WebRequest, answer: &WebAnswer);

    /// Listens no longer.
    fn serve_close(&mut self, port: u16);
}
