//! The files of a build: which directory a path leads to, and what may be read from there.
//!
//! Models: sigs.k8s.io/kustomize v5.8.1 api/internal/loader, kyaml/filesys (ConfirmDir, CleanedAbs).

use crate::context::{Context, Env};

/// Where the files of a kustomization may lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restriction {
    /// In or below its directory.
    RootOnly,
    /// Anywhere.
    None,
}

/// The names a kustomization's file may have.
pub(super) const FILE_NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// The world's files during a build.
pub(super) struct Files<'a, 'w> {
    pub(super) ctx: &'a mut Context<'w>,
    pub(super) env: &'a Env,
    pub(super) restriction: Restriction,
}

/// The directory of a kustomization, and those that led to it.
#[derive(Clone, Debug)]
pub(super) struct Root {
    pub(super) path: String,
    above: Vec<String>,
}

/// What a path leads to.
enum Place {
    Directory(String),
    File(String),
}

impl Files<'_, '_> {
    /// The directory that the user named.
    pub(super) fn root(&self, path: &str) -> Result<Root, String> {
        refuse_remote(path)?;
        Ok(Root { path: self.directory(path)?, above: Vec::new() })
    }

    /// The directory of a base, as a kustomization names it.
    pub(super) fn below(&self, root: &Root, path: &str) -> Result<Root, String> {
        if path.is_empty() {
            return Err("new root cannot be empty".into());
        }
        refuse_remote(path)?;
        if path.starts_with('/') {
            return Err(format!("new root '{path}' cannot be absolute"));
        }
        let found = self.directory(&self.join(root, path))?;
        let mut above = root.above.clone();
        above.push(root.path.clone());
        if let Some(visited) = above.iter().rev().find(|visited| is_in_or_below(visited, &found)) {
            return Err(format!("cycle detected: candidate root '{found}' contains visited root '{visited}'"));
        }
        Ok(Root { path: found, above })
    }

    /// The bytes of a file that a kustomization names.
    pub(super) fn load(&mut self, root: &Root, path: &str) -> Result<Vec<u8>, String> {
        if path.starts_with("http://") || path.starts_with("https://") {
            let refusal = |error: crate::HttpError| format!("HTTP Error: status code {} ({})", error.code, error.text);
            return self.ctx.web.fetch(path).map(String::into_bytes).map_err(refusal);
        }
        let path = if path.starts_with('/') { path.to_string() } else { self.join(root, path) };
        let file = match self.restriction {
            Restriction::None => self.env.absolute(&path),
            Restriction::RootOnly => match self.clean(&path)? {
                Place::Directory(_) => return Err(format!("'{path}' must resolve to a file")),
                Place::File(file) if is_in_or_below(parent(&file), &root.path) => file,
                Place::File(_) => {
                    return Err(format!("security; file '{path}' is not in or below '{}'", root.path));
                }
            },
        };
        self.ctx.fs.read(&file).map_err(|error| format!("open {file}: {error}"))
    }

    /// The same as text.
    pub(super) fn load_text(&mut self, root: &Root, path: &str) -> Result<String, String> {
        self.load(root, path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    fn join(&self, root: &Root, path: &str) -> String {
        self.env.absolute(&format!("{}/{path}", root.path))
    }

    fn directory(&self, path: &str) -> Result<String, String> {
        match self.clean(path) {
            Ok(Place::Directory(directory)) => Ok(directory),
            Ok(Place::File(_)) => Err(format!("must build at directory: '{path}': file is not directory")),
            Err(error) => Err(format!("must build at directory: not a valid directory: {error}")),
        }
    }

    fn clean(&self, path: &str) -> Result<Place, String> {
        let absolute = self.env.absolute(path);
        if self.ctx.fs.is_directory(&absolute) {
            return Ok(Place::Directory(absolute));
        }
        if self.ctx.fs.exists(&absolute) {
            return Ok(Place::File(absolute));
        }
        Err(format!("evalsymlink failure on '{path}' : {}", self.missing(&absolute)))
    }

    /// What the kernel says of the first part of the path that is not there.
    fn missing(&self, absolute: &str) -> String {
        let mut here = String::new();
        for part in absolute.split('/').skip(1) {
            if !here.is_empty() && !self.ctx.fs.is_directory(&here) {
                return "not a directory".into();
            }
            here = format!("{here}/{part}");
            if !self.ctx.fs.exists(&here) && !self.ctx.fs.is_directory(&here) {
                break;
            }
        }
        format!("lstat {here}: no such file or directory")
    }
}

/// Bases from other machines would have to be cloned.
fn refuse_remote(path: &str) -> Result<(), String> {
    let is_remote = ["http://", "https://", "git::", "git@", "ssh://", "github.com/", "github.com:"]
        .iter()
        .any(|start| path.starts_with(start));
    if is_remote { Err(format!("remote kustomizations ({path}) are not supported in this playground")) } else { Ok(()) }
}

fn is_in_or_below(path: &str, directory: &str) -> bool {
    directory == "/" || path == directory || path.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/'))
}

fn parent(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some(("", _)) | None => "/",
        Some((directory, _)) => directory,
    }
}
