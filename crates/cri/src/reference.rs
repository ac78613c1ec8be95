//! Names of images.
//!
//! Models: github.com/distribution/reference (the familiar form and its normalisation), as containerd and kubelet use it.

use thin::{Str, format_str};

/// A name of an image, taken apart and completed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Host and path, such as `docker.io/library/nginx`.
    pub repository: Str,
    /// Such as `latest`; empty if only a digest is given.
    pub tag: Str,
}

/// Why a text names no image, in the words of the reference parser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReferenceError {
    /// It breaks the grammar.
    Format,
    /// The path has capitals.
    Uppercase,
}

impl std::fmt::Display for ReferenceError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            ReferenceError::Format => "invalid reference format",
            ReferenceError::Uppercase => "invalid reference format: repository name must be lowercase",
        })
    }
}

const NAME_BYTES_MAX: usize = 255;

impl Reference {
    /// Reads `nginx`, `ordinal/crash:1`, `registry.k8s.io/nginx-slim:0.8`, `host:5000/a/b@sha256:…`.
    pub fn parse(text: &str) -> Result<Reference, ReferenceError> {
        let (named, digest) = match text.split_once('@') {
            Some((named, digest)) => (named, Some(digest)),
            None => (text, None),
        };
        if digest.is_some_and(|digest| !is_digest(digest)) {
            return Err(ReferenceError::Format);
        }
        let after_host = named.rfind('/').map_or(0, |at| at + 1);
        let (name, tag) = match named[after_host..].find(':') {
            Some(at) => (&named[..after_host + at], Some(&named[after_host + at + 1..])),
            None => (named, None),
        };
        if tag.is_some_and(|tag| !is_tag(tag)) {
            return Err(ReferenceError::Format);
        }
        let repository = normal_repository(name)?;
        let tag = tag.unwrap_or(if digest.is_some() { "" } else { "latest" });
        Ok(Reference { repository, tag: tag.into() })
    }

    /// The last part of the path: `nginx` of `docker.io/library/nginx`.
    pub fn short_name(&self) -> &str {
        self.repository.rsplit('/').next().unwrap_or(&self.repository)
    }

    /// Such as `docker.io/library/nginx:latest`.
    pub fn full_name(&self) -> Str {
        if self.tag.is_empty() { self.repository.clone() } else { format_str!("{}:{}", self.repository, self.tag) }
    }
}

fn normal_repository(name: &str) -> Result<Str, ReferenceError> {
    if name.is_empty() || name.len() > NAME_BYTES_MAX {
        return Err(ReferenceError::Format);
    }
    let (host, path) = match name.split_once('/') {
        Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => (host, path.to_string()),
        Some(_) => ("docker.io", name.to_string()),
        None => ("docker.io", format!("library/{name}")),
    };
    if path.chars().any(|c| c.is_ascii_uppercase()) {
        return Err(ReferenceError::Uppercase);
    }
    if !is_host(host) || !path.split('/').all(is_path_component) {
        return Err(ReferenceError::Format);
    }
    let host = if host == "index.docker.io" { "docker.io" } else { host };
    Ok(format_str!("{host}/{path}"))
}

fn is_host(host: &str) -> bool {
    let (name, port) = host.split_once(':').unwrap_or((host, "0"));
    let is_label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.split('.').all(is_label) && !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit())
}

/// Lower-case letters and digits, parted by `.`, `_`, `__` or dashes.
fn is_path_component(part: &str) -> bool {
    let is_letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = part.as_bytes();
    let (Some(&first), Some(&last)) = (bytes.first(), bytes.last()) else { return false };
    let separators_are_legal = part
        .split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        .all(|run| matches!(run, "" | "." | "_" | "__") || run.bytes().all(|b| b == b'-'));
    is_letter(first) && is_letter(last) && separators_are_legal
}

fn is_tag(tag: &str) -> bool {
    let is_word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let bytes = tag.as_bytes();
    bytes.first().is_some_and(|&b| is_word(b))
        && bytes.len() <= 128
        && bytes.iter().all(|&b| is_word(b) || matches!(b, b'.' | b'-'))
}

fn is_digest(digest: &str) -> bool {
    digest.split_once(':').is_some_and(|(algorithm, hex)| {
        !algorithm.is_empty() && hex.len() >= 32 && hex.bytes().all(|b| b.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_completed_or_refused() {
        for (text, expect) in [
            ("nginx", Ok("docker.io/library/nginx:latest")),
            ("ordinal/crash:1", Ok("docker.io/ordinal/crash:1")),
            ("registry.k8s.io/nginx-slim:0.8", Ok("registry.k8s.io/nginx-slim:0.8")),
            ("localhost:5000/a/b", Ok("localhost:5000/a/b:latest")),
            ("Nginx", Err(ReferenceError::Uppercase)),
            ("nginx:", Err(ReferenceError::Format)),
            ("a//b", Err(ReferenceError::Format)),
            ("nginx:bad tag", Err(ReferenceError::Format)),
            ("", Err(ReferenceError::Format)),
            ("-x", Err(ReferenceError::Format)),
        ] {
            let answer = Reference::parse(text).map(|reference| reference.full_name().to_string());
            assert_eq!(answer, expect.map(String::from), "{text}");
        }
    }
}
