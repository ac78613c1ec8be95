//! Probes in one line: `http-get http://:80/ delay=0s timeout=1s period=10s #success=1 #failure=3`.

use api::Value;

use super::fields::{at, go, go_list, has, int, text};

/// A probe, in one line.
pub(super) fn probe(probe: &Value) -> String {
    let seconds = |field: &str| int(probe, field);
    let timing = format!(
        "delay={}s timeout={}s period={}s #success={} #failure={}",
        seconds("initialDelaySeconds"),
        seconds("timeoutSeconds"),
        seconds("periodSeconds"),
        seconds("successThreshold"),
        seconds("failureThreshold"),
    );
    if has(probe, "exec") {
        return format!("exec {} {timing}", go_list(at(probe, "exec.command")));
    }
    if has(probe, "httpGet") {
        return format!("http-get {} {timing}", address(at(probe, "httpGet")));
    }
    if has(probe, "tcpSocket") {
        let port = go(at(probe, "tcpSocket.port"));
        return format!("tcp-socket {}:{port} {timing}", text(probe, "tcpSocket.host"));
    }
    if has(probe, "grpc") {
        return format!("grpc <pod>:{} {} {timing}", int(probe, "grpc.port"), text(probe, "grpc.service"));
    }
    format!("unknown {timing}")
}

/// `http://:8080/healthz`
fn address(get: &Value) -> String {
    let (scheme, host) = (text(get, "scheme").to_lowercase(), text(get, "host"));
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_string() };
    let path = text(get, "path");
    let slash = if path.is_empty() || path.starts_with('/') { "" } else { "/" };
    format!("{scheme}://{host}:{}{slash}{}", go(at(get, "port")), escape(path))
}

/// A path as it stands in a URL.
fn escape(path: &str) -> String {
    let mut escaped = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' => escaped.push(char::from(byte)),
            b'-' | b'_' | b'.' | b'~' | b'$' | b'&' | b'+' | b',' | b'/' | b':' | b';' | b'=' | b'@' => {
                escaped.push(char::from(byte));
            }
            byte => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}
