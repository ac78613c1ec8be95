//! The command line of `ordinal`.

use std::path::PathBuf;

use cluster::timing::{self, TimingError};
use playground::World;
use sim::Time;

use crate::literate::{Plan, Update};

/// What `ordinal --help` prints.
pub const USAGE: &str = "\
ordinal: Kubernetes for stateful applications, simulated

  ordinal run [options] SCRIPT     run a shell script in a new cluster, in virtual time
  ordinal test [options] FILE.md…  run the blocks of documents, and say where they show what is no longer so
  ordinal drive [options]          read commands as JSON lines, answer in JSON lines
  ordinal conform SUITE            read rows of Kubernetes' own test tables as JSON lines, say what the simulator
                                   makes of them in JSON lines; --list names the suites

options:
  --nodes N          how many nodes (4)
  --seed N           the seed of all chance (1)
  --dir DIR          the files that the shell finds in its home directory (run: the script's directory)
  --timing NAME      how long things take: a profile's name, or a JSON file (realistic)
  --update           test: write what was said into the documents, in place of what drifted
  --with kubectl     test: run the blocks once more with the real kubectl, in your shell and on the cluster
                     that it is set up for, and say where the two differ
  --format FORMAT    run: text (what a terminal would show), or jsonl (a record per command)
";

/// What is wrong with a command line.
#[derive(Debug, thiserror::Error)]
pub enum ArgumentError {
    /// It cannot be read.
    #[error(transparent)]
    Syntax(#[from] lexopt::Error),
    /// The profile cannot be used.
    #[error(transparent)]
    Timing(#[from] TimingError),
    /// A file cannot be read.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: String,
        /// Why.
        error: std::io::Error,
    },
    /// Something is missing or wrong.
    #[error("{0}")]
    Other(String),
}

/// A request.
#[derive(Debug)]
pub enum Request {
    /// `ordinal run`
    Run {
        /// The world.
        options: playground::Options,
        /// The script's text.
        script: String,
        /// How to print.
        format: Format,
    },
    /// `ordinal test`
    Test(Plan),
    /// `ordinal drive`
    Drive {
        /// The world.
        options: playground::Options,
    },
    /// `ordinal conform`
    #[cfg(feature = "conform")]
    Conform(&'static playground::conform::Suite),
    /// `ordinal conform --list`
    #[cfg(feature = "conform")]
    ConformList,
    /// `ordinal --help`
    Help,
}

/// How `ordinal run` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// What a terminal would show.
    Text,
    /// A JSON record per complete command.
    JsonLines,
}

#[derive(Default)]
struct Raw {
    verb: Option<String>,
    files: Vec<PathBuf>,
    update: bool,
    nodes: Option<u32>,
    seed: Option<u64>,
    dir: Option<PathBuf>,
    timing: Option<String>,
    format: Option<String>,
    with: Option<String>,
    list: bool,
    help: bool,
}

/// Reads a command line (without the program's name).
///
/// # Errors
/// If it makes no sense, or names files that cannot be read.
pub fn read(arguments: impl IntoIterator<Item = std::ffi::OsString>) -> Result<Request, ArgumentError> {
    let raw = read_raw(arguments)?;
    if raw.help {
        return Ok(Request::Help);
    }
    match raw.verb.as_deref() {
        #[cfg(feature = "conform")]
        Some("conform") => conform_request(&raw),
        Some(_) if raw.list => Err(ArgumentError::Other("--list is for ordinal conform".to_owned())),
        Some("run") if !raw.update && raw.with.is_none() => run_request(&raw),
        Some("test") => test_request(raw),
        Some(_) if raw.with.is_some() => Err(ArgumentError::Other("--with is for ordinal test".to_owned())),
        Some(_) if raw.update => Err(ArgumentError::Other("--update is for ordinal test".to_owned())),
        Some("drive") if !raw.files.is_empty() => {
            Err(ArgumentError::Other("ordinal drive reads standard input, not files".to_owned()))
        }
        Some("drive") => Ok(Request::Drive { options: world_options(&raw, raw.dir.clone())? }),
        Some(other) => Err(ArgumentError::Other(format!("there is no command {other:?}; see ordinal --help"))),
        None => Err(ArgumentError::Other("no command is given; see ordinal --help".to_owned())),
    }
}

fn read_raw(arguments: impl IntoIterator<Item = std::ffi::OsString>) -> Result<Raw, ArgumentError> {
    use lexopt::prelude::{Long, Short, Value, ValueExt};
    let mut raw = Raw::default();
    let mut parser = lexopt::Parser::from_args(arguments);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("nodes") => raw.nodes = Some(parser.value()?.parse()?),
            Long("seed") => raw.seed = Some(parser.value()?.parse()?),
            Long("dir") => raw.dir = Some(parser.value()?.into()),
            Long("timing") => raw.timing = Some(parser.value()?.string()?),
            Long("format") => raw.format = Some(parser.value()?.string()?),
            Long("with") => raw.with = Some(parser.value()?.string()?),
            Long("list") => raw.list = true,
            Long("update") => raw.update = true,
            Long("help") | Short('h') => raw.help = true,
            Value(word) if raw.verb.is_none() => raw.verb = Some(word.string()?),
            Value(word) => raw.files.push(word.into()),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(raw)
}

#[cfg(feature = "conform")]
fn conform_request(raw: &Raw) -> Result<Request, ArgumentError> {
    let files = raw.files.as_slice();
    let name = match files {
        [] if raw.list => return Ok(Request::ConformList),
        [name] if !raw.list => name.to_string_lossy(),
        _ => return Err(ArgumentError::Other("ordinal conform needs one suite, or --list".to_owned())),
    };
    let suite = crate::conform::find(&name).map(Request::Conform);
    suite.ok_or_else(|| ArgumentError::Other(format!("there is no suite {name:?}; see ordinal conform --list")))
}

fn run_request(raw: &Raw) -> Result<Request, ArgumentError> {
    let [path] = raw.files.as_slice() else {
        return Err(ArgumentError::Other("ordinal run needs one script".to_owned()));
    };
    let script = std::fs::read_to_string(path)
        .map_err(|error| ArgumentError::File { path: path.display().to_string(), error })?;
    let directory = raw.dir.clone().or_else(|| {
        path.parent().map(|parent| match parent.as_os_str().is_empty() {
            true => PathBuf::from("."),
            false => parent.to_owned(),
        })
    });
    let format = match raw.format.as_deref() {
        None | Some("text") => Format::Text,
        Some("jsonl") => Format::JsonLines,
        Some(other) => {
            return Err(ArgumentError::Other(format!("there is no format {other:?}; there are text and jsonl")));
        }
    };
    Ok(Request::Run { options: world_options(raw, directory)?, script, format })
}

fn test_request(raw: Raw) -> Result<Request, ArgumentError> {
    if raw.files.is_empty() {
        return Err(ArgumentError::Other("ordinal test needs documents".to_owned()));
    }
    if raw.dir.is_some() || raw.format.is_some() {
        return Err(ArgumentError::Other("ordinal test takes no --dir and no --format".to_owned()));
    }
    let with = raw.with.as_deref().map(find_kubectl).transpose()?;
    let update = if raw.update { Update::Write } else { Update::Report };
    let Raw { files: documents, nodes, seed, timing, .. } = raw;
    Ok(Request::Test(Plan { documents, update, nodes, seed, timing, with }))
}

/// The program that `--with` names.
fn find_kubectl(name: &str) -> Result<PathBuf, ArgumentError> {
    if name != "kubectl" {
        return Err(ArgumentError::Other(format!("--with takes kubectl, not {name:?}")));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file());
    found.ok_or_else(|| ArgumentError::Other("there is no kubectl on PATH".to_owned()))
}

fn world_options(raw: &Raw, directory: Option<PathBuf>) -> Result<playground::Options, ArgumentError> {
    const NODES_MAX: u32 = 5_000;
    let nodes = raw.nodes.unwrap_or(4);
    if nodes > NODES_MAX {
        return Err(ArgumentError::Other(format!("a cluster has at most {NODES_MAX} nodes")));
    }
    let timing = match raw.timing.as_deref() {
        None => timing::named(timing::DEFAULT)?,
        Some(path) if path.ends_with(".json") => {
            let text =
                std::fs::read_to_string(path).map_err(|error| ArgumentError::File { path: path.to_owned(), error })?;
            timing::parse(&text)?
        }
        Some(name) => timing::named(name)?,
    };
    let mut files = World::tutorial_files();
    if let Some(directory) = directory {
        let own = crate::files_below(&directory)
            .map_err(|error| ArgumentError::File { path: directory.display().to_string(), error })?;
        files.extend(own);
    }
    let cluster = cluster::Options { nodes, seed: raw.seed.unwrap_or(1), timing, start: Time::HEADLESS_START };
    Ok(playground::Options { cluster, files, has_editor: false })
}
