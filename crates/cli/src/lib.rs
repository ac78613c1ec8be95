//! `ordinal` without a page: the same playground, driven by scripts and programs.
//!
//! - [`run`] runs a shell script in a new cluster, in virtual time.
//! - [`literate`] tests the blocks of Markdown documents.
//! - [`drive`] answers JSON lines: what replays recordings.
//! - `conform` answers rows of Kubernetes' own tables of tests.
//! - [`arguments`] reads the command line.
//!
//! What is absent: anything that a page could not do as well.

pub mod arguments;
#[cfg(feature = "conform")]
pub mod conform;
pub mod drive;
pub mod literate;
pub mod run;

use ordered::Arrange;
use std::path::Path;

/// Directories are read so deep.
const DEPTH_MAX: usize = 8;
/// So many files of a directory are taken.
const FILES_MAX: usize = 1_000;

/// The files below a directory of the machine: path relative to it, and content.
///
/// # Errors
/// If the directory or a file in it cannot be read.
pub fn files_below(directory: &Path) -> std::io::Result<Vec<(String, Vec<u8>)>> {
    let mut files = Vec::new();
    collect(directory, "", 0, &mut files)?;
    Ok(files)
}

fn collect(directory: &Path, prefix: &str, depth: usize, files: &mut Vec<(String, Vec<u8>)>) -> std::io::Result<()> {
    let mut entries = std::fs::read_dir(directory)?.collect::<Result<Vec<_>, _>>()?;
    entries.arrange_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() && depth < DEPTH_MAX {
            collect(&entry.path(), &format!("{name}/"), depth + 1, files)?;
        } else if entry.file_type()?.is_file() && files.len() < FILES_MAX {
            files.push((name, std::fs::read(entry.path())?));
        }
    }
    Ok(())
}
