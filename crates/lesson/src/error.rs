//! What is wrong with a lesson, and where.

/// A sentence about one line of a document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}: {message}")]
pub struct LessonError {
    /// From 1.
    pub line: u32,
    /// What is wrong there.
    pub message: String,
}

impl LessonError {
    pub(crate) fn new(line: u32, message: impl Into<String>) -> LessonError {
        LessonError { line, message: message.into() }
    }
}
