//! What a run of kubectl is handed from outside, step by step: the API, files, the web, its standard streams, the time.

use api::{Kind, Object, Status, Str};
use client::{Access, Api, LocalServer, NodeProxy};
use sim::Time;

/// The API server with what it passes on to kubelets, and the ports of this machine.
pub trait ClusterApi: Api + NodeProxy + LocalServer {}

impl<T: Api + NodeProxy + LocalServer> ClusterApi for T {}

/// Why a file could not be used, in the kernel's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// ENOENT
    #[error("no such file or directory")]
    NotFound,
    /// Anything else.
    #[error("{0}")]
    Other(Str),
}

/// The files that kubectl sees. All paths are absolute and normal.
pub trait KubectlFs {
    /// The bytes of a file.
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError>;
    /// Replaces or makes a file.
    fn write(&mut self, path: &str, bytes: &[u8]) -> Result<(), FileError>;
    /// Makes a directory, and those above it, where there is none.
    fn make_directories(&mut self, path: &str) -> Result<(), FileError>;
    /// Removes a file.
    fn remove(&mut self, path: &str) -> Result<(), FileError>;
    /// The names in a directory, sorted; those of directories end with `/`.
    fn list(&self, path: &str) -> Result<Vec<Str>, FileError>;
    /// Whether there is a directory of this path.
    fn is_directory(&self, path: &str) -> bool;
    /// Whether there is a file or directory of this path.
    fn exists(&self, path: &str) -> bool;
}

/// A page that cannot be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpError {
    /// Such as 404.
    pub code: u16,
    /// Such as `Not Found`.
    pub text: Str,
}

/// The web pages that kubectl can read: the bundled manifests.
pub trait Web {
    /// The body of a page.
    fn fetch(&mut self, url: &str) -> Result<String, HttpError>;
}

/// What has come in on standard input. kubectl takes bytes out as it uses them.
#[derive(Debug)]
pub struct Input<'a> {
    /// Bytes that nobody has taken yet.
    pub bytes: &'a mut Vec<u8>,
    /// Whether no more will come.
    pub is_closed: bool,
}

/// What was warned of since kubectl started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Warnings {
    texts: Vec<String>,
    /// How many the server sent.
    from_server: usize,
}

impl Warnings {
    /// Notes a warning; answers whether it is new.
    pub(crate) fn note(&mut self, text: &str) -> bool {
        let is_new = !self.texts.iter().any(|known| known == text);
        if is_new {
            self.texts.push(text.to_string());
        }
        is_new
    }

    /// The same of a warning of the server's.
    pub(crate) fn note_from_server(&mut self, text: &str) -> bool {
        let is_new = self.note(text);
        self.from_server += usize::from(is_new);
        is_new
    }

    /// What is said of them where they are errors; none if the server did not warn.
    pub(crate) fn as_error(&self) -> Option<String> {
        match self.from_server {
            0 => None,
            1 => Some("1 warning received".to_string()),
            count => Some(format!("{count} warnings received")),
        }
    }
}

/// The world during one step.
pub struct Context<'a> {
    /// The API server, as this kubectl's client.
    pub api: &'a mut dyn ClusterApi,
    /// Files.
    pub fs: &'a mut dyn KubectlFs,
    /// The web.
    pub web: &'a mut dyn Web,
    /// Standard input.
    pub stdin: Input<'a>,
    /// Standard output: kubectl appends.
    pub stdout: &'a mut Vec<u8>,
    /// Standard error: kubectl appends.
    pub stderr: &'a mut Vec<u8>,
    /// What a command that waits for nothing takes, in microseconds of virtual time.
    pub kubectl_us: u64,
    /// What each further object adds, where several are written.
    pub object_us: u64,
    /// What was warned of so far; kubectl keeps it from step to step.
    pub warnings: Warnings,
}

impl Context<'_> {
    /// The present instant.
    pub fn now(&self) -> Time {
        self.api.now()
    }

    /// All objects of a kind, of one namespace or of all.
    ///
    /// # Errors
    /// If the user who asks may not list them.
    pub fn list(&self, kind: Kind, namespace: Option<&str>) -> Result<Vec<Object>, Status> {
        self.api.authorize(&Access::to_all("list", kind, namespace))?;
        Ok(self.api.list(kind, namespace))
    }

    /// Writes text to standard output.
    pub fn out(&mut self, text: &str) {
        self.stdout.extend_from_slice(text.as_bytes());
    }

    /// Passes a warning of the server's on, each text once.
    pub fn warn_from_server(&mut self, text: &str) {
        if self.warnings.note_from_server(text) {
            self.err(&format!("Warning: {text}\n"));
        }
    }

    /// Writes text to standard error.
    pub fn err(&mut self, text: &str) {
        self.stderr.extend_from_slice(text.as_bytes());
    }
}

/// What is fixed while a kubectl runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Env {
    /// The absolute working directory.
    pub cwd: Str,
    /// The home directory, where `.kube/config` lies.
    pub home: Str,
    /// `$KUBECONFIG`, or empty.
    pub kubeconfig: Str,
    /// `$KUBERC`, or empty: the file with preferences, or `off`.
    pub kuberc: Str,
    /// `$KUBE_EDITOR`, else `$EDITOR`, else empty.
    pub editor: Str,
    /// The variables `KUBECTL_…`, which turn features on and off.
    pub gates: Vec<(Str, Str)>,
    /// Whether standard input is a terminal.
    pub stdin_is_terminal: bool,
    /// Whether standard output is a terminal.
    pub stdout_is_terminal: bool,
    /// The process ID: it makes the names of temporary files differ.
    pub pid: u32,
}

impl Env {
    /// What a variable that turns a feature on or off says, if it says anything.
    pub fn gate(&self, name: &str) -> Option<bool> {
        let (_, value) = self.gates.iter().find(|(key, _)| key == name)?;
        value.to_lowercase().parse().ok()
    }

    /// The absolute, normal form of a path that the user wrote.
    pub fn absolute(&self, path: &str) -> String {
        let base = if path.starts_with('/') { "" } else { self.cwd.as_str() };
        let mut parts: Vec<&str> = Vec::new();
        for part in base.split('/').chain(path.split('/')) {
            match part {
                "" | "." => {}
                ".." => drop(parts.pop()),
                name => parts.push(name),
            }
        }
        format!("/{}", parts.join("/"))
    }
}
