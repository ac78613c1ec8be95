//! The head of a document: `key: value` lines between two `---`.

use crate::error::LessonError;

/// What stands there. A document that says when its output was `recorded` is a lesson; anything else is somebody's Markdown,
/// whose head may hold whatever it likes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Front {
    /// The lesson's name.
    pub title: String,
    /// One sentence.
    pub summary: String,
    /// Nodes of the cluster.
    pub nodes: Option<u32>,
    /// The seed of all chance.
    pub seed: Option<u64>,
    /// A timing profile's name.
    pub timing: Option<String>,
    /// Version and date of the expected output.
    pub recorded: Option<String>,
}

impl Front {
    /// Whether the document is a lesson.
    pub fn is_lesson(&self) -> bool {
        self.recorded.is_some()
    }
}

/// Reads the head. Answers with it and with the number of lines that it takes.
pub(crate) fn read(lines: &[(u32, &str)]) -> Result<(Front, usize), LessonError> {
    let is_ruler = |(_, text): &(u32, &str)| text.trim_end() == "---";
    let Some(end) = lines.first().filter(|line| is_ruler(line)).and_then(|_| lines[1..].iter().position(is_ruler))
    else {
        return Ok((Front::default(), 0));
    };
    let head = &lines[1..=end];
    let is_lesson = head.iter().any(|(_, text)| text.starts_with("recorded:"));
    let mut front = Front::default();
    for (line, text) in head {
        // Nested values and lists are somebody else's.
        let Some((key, value)) = text.split_once(':').filter(|_| !text.starts_with([' ', '-', '#'])) else { continue };
        if !front.set(key, unquoted(value.trim())).map_err(|message| LessonError::new(*line, message))? && is_lesson {
            return Err(LessonError::new(*line, format!("a lesson's head has no field {key:?}")));
        }
    }
    if is_lesson && front.title.is_empty() {
        return Err(LessonError::new(1, "a lesson needs a title"));
    }
    Ok((front, end + 2))
}

fn unquoted(value: &str) -> &str {
    let quoted = |mark: char| value.strip_prefix(mark).and_then(|rest| rest.strip_suffix(mark));
    quoted('"').or_else(|| quoted('\'')).unwrap_or(value)
}

impl Front {
    /// Answers whether the field is one of ours.
    fn set(&mut self, key: &str, value: &str) -> Result<bool, String> {
        let number = |value: &str| value.parse::<u64>().map_err(|_| format!("{key}: {value:?} is not a number"));
        match key {
            "title" => self.title = value.to_owned(),
            "summary" => self.summary = value.to_owned(),
            "nodes" => self.nodes = Some(number(value)?.try_into().map_err(|_| format!("{key}: too many"))?),
            "seed" => self.seed = Some(number(value)?),
            "timing" => self.timing = Some(value.to_owned()),
            "recorded" => self.recorded = Some(value.to_owned()),
            _ => return Ok(false),
        }
        Ok(true)
    }
}
