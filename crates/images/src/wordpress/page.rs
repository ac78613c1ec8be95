//! Pages and forms: text made safe, answers of the usual shapes.

use crate::tools::http::{Request, Response};

/// Text as it stands in a page.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#039;")
}

/// A page.
pub(crate) fn page(code: u16, title: &str, body: &str) -> Response {
    let reason = match code {
        200 => "OK",
        403 => "Forbidden",
        404 => "Not Found",
        _ => "Internal Server Error",
    };
    let title = escape(title);
    let text = format!(
        "<!DOCTYPE html>\n<html lang=\"en-US\">\n<head>\n<meta charset=\"UTF-8\">\n<title>{title}</title>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    );
    let mut response = Response::new(code, reason, text.into_bytes());
    response.headers.push(("Content-Type".into(), "text/html; charset=UTF-8".into()));
    response
}

/// An answer that leads elsewhere.
pub(crate) fn redirect(to: &str) -> Response {
    let mut response = Response::new(302, "Found", Vec::new());
    response.headers.push(("Location".into(), to.into()));
    response.headers.push(("Content-Type".into(), "text/html; charset=UTF-8".into()));
    response
}

/// A value of a query or a form; none if it was not sent.
pub(crate) fn value(encoded: &str, name: &str) -> Option<String> {
    let pairs = encoded.split('&').filter_map(|pair| pair.split_once('=').or(Some((pair, ""))));
    let mut found = pairs.filter(|(key, _)| decode(key) == name);
    found.next().map(|(_, value)| decode(value))
}

fn decode(text: &str) -> String {
    let (bytes, mut out, mut at) = (text.as_bytes(), Vec::new(), 0);
    while at < bytes.len() {
        let hex = text.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(if bytes[at] == b'+' { b' ' } else { bytes[at] });
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Text as it stands in an address.
pub(crate) fn encode(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// What a request asks for.
pub(crate) struct Wish<'a> {
    /// The request.
    pub(crate) request: &'a Request,
    /// The path.
    pub(crate) path: &'a str,
    /// What follows `?`.
    query: &'a str,
    body: String,
}

impl<'a> Wish<'a> {
    pub(crate) fn of(request: &'a Request) -> Wish<'a> {
        let whole = request.path.split('#').next().unwrap_or_default();
        let (path, query) = whole.split_once('?').unwrap_or((whole, ""));
        Wish { request, path, query, body: String::from_utf8_lossy(&request.body).into_owned() }
    }

    pub(crate) fn is_post(&self) -> bool {
        self.request.method == "POST"
    }

    /// A value of the address.
    pub(crate) fn query(&self, name: &str) -> Option<String> {
        value(self.query, name)
    }

    /// A value of the form; empty if it was not sent.
    pub(crate) fn form(&self, name: &str) -> String {
        if self.is_post() { value(&self.body, name).unwrap_or_default() } else { String::new() }
    }

    /// A cookie.
    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        let pairs = self.request.header("cookie")?.split(';').filter_map(|pair| pair.trim().split_once('='));
        pairs.filter(|(key, _)| *key == name).map(|(_, value)| decode(value)).next()
    }

    /// The site's name as the visitor wrote it.
    pub(crate) fn host(&self) -> &str {
        self.request.header("host").unwrap_or("localhost")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_read_as_they_are_written() {
        let text = "a b&c=d%é<\"'";
        let form = format!("x=1&title={}&y", encode(text));
        assert_eq!(value(&form, "title").as_deref(), Some(text));
        assert_eq!(value("a=1+2%2", "a").as_deref(), Some("1 2%2"));
        assert_eq!((value("y", "y").as_deref(), value("y", "z")), (Some(""), None));
        assert_eq!(escape("<b a='\"'>&"), "&lt;b a=&#039;&quot;&#039;&gt;&amp;");
    }
}
