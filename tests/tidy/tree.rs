//! Reads the checkout: every text file that belongs to the project, build output and installed packages apart.

use ordered::Arrange;
use std::path::{Path, PathBuf};

const SKIPPED: [&str; 4] = ["target", "dist", "node_modules", ".git"];
const TEXTS: [&str; 11] = ["rs", "toml", "md", "mjs", "js", "json", "html", "css", "yaml", "lock", "tsv"];

/// A file: its path below the top with `/`, and its text.
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    /// Lines up to the tests at the end; a file that holds tests alone has none.
    pub(crate) fn lines_without_tests(&self) -> usize {
        let is_test = |part: &str| part == "tests" || part == "tests.rs";
        if self.path.split('/').any(is_test) {
            return 0;
        }
        self.text.lines().take_while(|line| !line.starts_with("#[cfg(test)]")).count()
    }

    /// The lines that are not comments, tests apart.
    pub(crate) fn lines_of_code(&self) -> impl Iterator<Item = &str> {
        let code = self.text.lines().take_while(|line| !line.starts_with("#[cfg(test)]"));
        code.map(|line| line.split("//").next().unwrap_or_default())
    }
}

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this package lies one folder below the top").to_path_buf()
}

/// Every text file, in order of its path. Recordings are data of others and not looked at.
pub(crate) fn files() -> Vec<File> {
    let (top, mut folders, mut files) = (top(), vec![top()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            let (path, name) = (entry.path(), entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                if !SKIPPED.iter().any(|skipped| name == *skipped) {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|end| TEXTS.iter().any(|text| end == *text)) {
                files.extend(read(&top, &path));
            }
        }
    }
    files.arrange_by(|a, b| a.path.cmp(&b.path));
    files
}

/// A file that is gone again by now (an editor's, say) is none.
fn read(top: &Path, path: &Path) -> Option<File> {
    let below = path.strip_prefix(top).expect("the walk starts at the top").to_string_lossy().replace('\\', "/");
    Some(File { path: below, text: std::fs::read_to_string(path).ok()? })
}

/// The manifests of all packages.
pub(crate) fn manifests() -> Vec<File> {
    let is_manifest = |file: &File| file.path.ends_with("/Cargo.toml");
    files().into_iter().filter(is_manifest).collect()
}
