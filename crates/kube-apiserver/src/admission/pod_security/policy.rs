//! Which standard a namespace asks for: the labels `pod-security.kubernetes.io/…`.
//!
//! Models: kubernetes v1.36 k8s.io/pod-security-admission/api/helpers.go, with the server's defaults (everything privileged).

use std::fmt;

use api::meta::ObjectMeta;
use api::{FieldError, Value};

const PREFIX: &str = "pod-security.kubernetes.io/";

/// How much a pod may do, from the most to the least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Privileged,
    Baseline,
    Restricted,
}

impl Level {
    const fn name(self) -> &'static str {
        match self {
            Level::Privileged => "privileged",
            Level::Baseline => "baseline",
            Level::Restricted => "restricted",
        }
    }

    fn read(text: &str) -> Option<Level> {
        [Level::Privileged, Level::Baseline, Level::Restricted].into_iter().find(|level| level.name() == text)
    }
}

/// The release whose standard is meant: a minor version, or the newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    Minor(u32),
    Latest,
}

impl Version {
    fn read(text: &str) -> Option<Version> {
        if text == "latest" {
            return Some(Version::Latest);
        }
        let digits = text.strip_prefix("v1.")?;
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let has_no_zeros = digits == "0" || !digits.starts_with('0');
        if is_number && has_no_zeros { digits.parse().ok().map(Version::Minor) } else { None }
    }

    /// Whether this standard has what came with a release.
    pub(super) fn has(self, minor: u32) -> bool {
        match self {
            Version::Latest => true,
            Version::Minor(own) => own >= minor,
        }
    }
}

/// A level of a release: `restricted:latest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standard {
    pub(super) level: Level,
    pub(super) version: Version,
}

impl fmt::Display for Standard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.version {
            Version::Latest => write!(f, "{}:latest", self.level.name()),
            Version::Minor(minor) => write!(f, "{}:v1.{minor}", self.level.name()),
        }
    }
}

/// What is enforced in a namespace, and what is only warned of. (What is audited nobody sees.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Policy {
    pub(super) enforce: Standard,
    pub(super) warn: Standard,
}

/// The policy of a namespace's labels, and what is wrong with them.
pub(super) fn of_labels(metadata: &ObjectMeta) -> (Policy, Vec<FieldError>) {
    const NOTHING: Standard = Standard { level: Level::Privileged, version: Version::Latest };
    let mut labels = Labels { metadata, faults: Vec::new() };
    let enforced = labels.level("enforce");
    let enforce = Standard {
        level: match enforced {
            Found::Valid(level) => level,
            Found::Wrong => Level::Restricted,
            Found::Nothing => Level::Privileged,
        },
        version: labels.version("enforce").unwrap_or(Version::Latest),
    };
    labels.level("audit");
    labels.version("audit");
    let warned = labels.level("warn");
    let warned_version = labels.version("warn");
    let mut warn = Standard { version: warned_version.unwrap_or(Version::Latest), ..NOTHING };
    match (warned, enforced) {
        (Found::Valid(level), _) => warn.level = level,
        (Found::Wrong, _) | (Found::Nothing, Found::Wrong | Found::Nothing) => {}
        // Who enforces something is told of it for workloads, too.
        (Found::Nothing, Found::Valid(level)) if level > Level::Privileged => {
            warn.level = level;
            warn.version = warned_version.unwrap_or(enforce.version);
        }
        (Found::Nothing, Found::Valid(_)) => {}
    }
    (Policy { enforce, warn }, labels.faults)
}

#[derive(Clone, Copy)]
enum Found {
    Valid(Level),
    Wrong,
    Nothing,
}

struct Labels<'a> {
    metadata: &'a ObjectMeta,
    faults: Vec<FieldError>,
}

impl Labels<'_> {
    fn level(&mut self, mode: &str) -> Found {
        let Some(text) = self.value(mode) else { return Found::Nothing };
        match Level::read(&text) {
            Some(level) => Found::Valid(level),
            None => {
                self.fault(mode, &text, "must be one of privileged, baseline, restricted");
                Found::Wrong
            }
        }
    }

    /// A version that cannot be read counts as the newest.
    fn version(&mut self, mode: &str) -> Option<Version> {
        let label = format!("{mode}-version");
        let text = self.value(&label)?;
        let version = Version::read(&text);
        if version.is_none() {
            self.fault(&label, &text, "must be \"latest\" or \"v1.x\"");
        }
        Some(version.unwrap_or(Version::Latest))
    }

    fn value(&self, label: &str) -> Option<String> {
        self.metadata.labels.get(&format!("{PREFIX}{label}")).map(ToString::to_string)
    }

    fn fault(&mut self, label: &str, value: &str, detail: &str) {
        let field = format!("metadata.labels[{PREFIX}{label}]");
        self.faults.push(FieldError::invalid(field, Value::from(value), detail));
    }
}
