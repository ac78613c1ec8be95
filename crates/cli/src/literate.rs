//! `ordinal test`: runs the blocks of Markdown documents and says where what they show is no longer so.
//!
//! A document gets a cluster of its own and is typed into terminals as a reader would, with a second between blocks. What is
//! compared is what the page would show, prompts apart.

mod edit;
mod runner;
mod with;

use ordered::Arrange;
use std::io::Write;
use std::path::{Path, PathBuf};

use lesson::Lesson;

pub use runner::{Complaint, Runner};

/// What to test, and how.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The documents.
    pub documents: Vec<PathBuf>,
    /// Whether drifted output is written into the documents.
    pub update: Update,
    /// In place of what a document says.
    pub nodes: Option<u32>,
    /// In place of what a document says.
    pub seed: Option<u64>,
    /// In place of what a document says: a profile's name.
    pub timing: Option<String>,
    /// A real `kubectl`, on whose cluster the documents are run once more.
    pub with: Option<PathBuf>,
}

/// What becomes of drifted output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Update {
    /// It is reported.
    Report,
    /// It is written into the document.
    Write,
}

/// What a document came to.
#[derive(Clone, Debug, Default)]
pub struct Tested {
    /// What is wrong, in order.
    pub complaints: Vec<Complaint>,
    /// Blocks that were done.
    pub blocks: usize,
    /// The document with what was said in place of what drifted; `None` if nothing drifted.
    pub updated: Option<String>,
}

/// Tests documents and reports. Answers with the exit status: 0 if all is as it is shown, 1 if not.
pub fn test(plan: &Plan, out: &mut dyn Write) -> i32 {
    let (mut blocks, mut complaints) = (0, 0);
    for path in &plan.documents {
        let tested = test_file(path, plan);
        let left = tested.complaints.iter().filter(|complaint| plan.update == Update::Report || !complaint.is_drift);
        for complaint in left {
            complaints += 1;
            drop(writeln!(out, "{}:{}: {}", path.display(), complaint.line, complaint.text.trim_end()));
        }
        if let Some(text) = tested.updated.as_ref().filter(|_| plan.update == Update::Write) {
            match std::fs::write(path, text) {
                Ok(()) => drop(writeln!(out, "{}: updated", path.display())),
                Err(error) => {
                    complaints += 1;
                    drop(writeln!(out, "{}: {error}", path.display()));
                }
            }
        }
        blocks += tested.blocks;
    }
    let counted = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let (blocks, documents) = (counted(blocks, "block"), counted(plan.documents.len(), "document"));
    drop(writeln!(out, "{blocks} in {documents}, {}", counted(complaints, "complaint")));
    i32::from(complaints > 0)
}

/// Tests one document.
pub fn test_file(path: &Path, plan: &Plan) -> Tested {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => return Tested::failed(1, &error.to_string()),
    };
    match Lesson::parse(&text) {
        Ok(lesson) => test_lesson(&lesson, &text, path, plan),
        Err(error) => Tested::failed(error.line, &error.message),
    }
}

fn test_lesson(lesson: &Lesson, text: &str, path: &Path, plan: &Plan) -> Tested {
    let beside = match files_beside(path) {
        Ok(files) => files,
        Err(error) => return Tested::failed(1, &error.to_string()),
    };
    let mut runner = match Runner::new(&lesson.front, plan, beside.clone()) {
        Ok(runner) => runner,
        Err(message) => return Tested::failed(1, &message),
    };
    let blocks = runner.run(&lesson.steps());
    let updated = edit::apply(text, runner.edits());
    let real = plan.with.as_ref().map(|kubectl| {
        let real = with::Real::start(kubectl, beside);
        real.map(|real| real.run(&lesson.steps(), runner.looks()))
    });
    let mut complaints = runner.into_complaints();
    match real {
        None => {}
        Some(Ok(more)) => complaints.extend(more),
        Some(Err(error)) => return Tested::failed(1, &format!("no shell for kubectl: {error}")),
    }
    Tested { complaints, blocks, updated }
}

impl Tested {
    fn failed(line: u32, message: &str) -> Tested {
        let complaint = Complaint { line, text: message.to_owned(), is_drift: false };
        Tested { complaints: vec![complaint], ..Tested::default() }
    }
}

/// The manifests that lie in a document's folder.
fn files_beside(path: &Path) -> std::io::Result<Vec<(String, String)>> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let is_manifest = path.extension().is_some_and(|end| end == "yaml" || end == "yml" || end == "json");
        if let Some(name) = path.file_name().filter(|_| is_manifest && path.is_file()) {
            files.push((name.to_string_lossy().into_owned(), std::fs::read_to_string(&path)?));
        }
    }
    files.arrange();
    Ok(files)
}
