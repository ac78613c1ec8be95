//! The learner's files, as kubectl sees them.

use api::Str;
use kubectl::{FileError, HttpError, KubectlFs, Web};
use shell::fs::{Caller, Fs, FsError};

use crate::web::{self, WebError};

/// The user of the terminal.
pub(crate) const UID: u32 = 1000;

/// The shell's file system in kubectl's words.
pub(crate) struct Files<'a> {
    pub(crate) fs: &'a mut dyn Fs,
    pub(crate) caller: Caller,
}

fn in_kubectls_words(error: FsError) -> FileError {
    match error {
        FsError::NotFound => FileError::NotFound,
        other => FileError::Other(other.to_string().to_lowercase().into()),
    }
}

impl KubectlFs for Files<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        self.fs.read(path, self.caller).map(|bytes| bytes.to_vec()).map_err(in_kubectls_words)
    }

    fn write(&mut self, path: &str, bytes: &[u8]) -> Result<(), FileError> {
        self.fs.write(path, bytes, self.caller).map_err(in_kubectls_words)
    }

    fn make_directories(&mut self, path: &str) -> Result<(), FileError> {
        let mut made = String::new();
        for part in path.split('/').filter(|part| !part.is_empty()) {
            made = format!("{made}/{part}");
            if !self.is_directory(&made) {
                self.fs.mkdir(&made, self.caller).map_err(in_kubectls_words)?;
            }
        }
        Ok(())
    }

    fn remove(&mut self, path: &str) -> Result<(), FileError> {
        self.fs.remove(path, self.caller).map_err(in_kubectls_words)
    }

    fn list(&self, path: &str) -> Result<Vec<Str>, FileError> {
        let entries = self.fs.list(path, self.caller).map_err(in_kubectls_words)?;
        let name = |entry: shell::fs::Entry| {
            if entry.metadata.is_directory() { Str::from(format!("{}/", entry.name)) } else { entry.name.into() }
        };
        Ok(entries.into_iter().map(name).collect())
    }

    fn is_directory(&self, path: &str) -> bool {
        self.fs.stat(path, self.caller).is_ok_and(|metadata| metadata.is_directory())
    }

    fn exists(&self, path: &str) -> bool {
        self.fs.exists(path, self.caller)
    }
}

/// The web in kubectl's words.
pub(crate) struct Pages;

impl Web for Pages {
    fn fetch(&mut self, url: &str) -> Result<String, HttpError> {
        web::page(url).map(str::to_owned).map_err(|error| match error {
            WebError::NoSuchHost => HttpError { code: 0, text: "no such host".into() },
            WebError::NotFound => HttpError { code: 404, text: "404 Not Found".into() },
        })
    }
}
