//! The line that is being typed, apart from its text (which the browser's element owns): where the reader is in the
//! history, what was asked to be completed. Pure.

use std::rc::Rc;

use view::Candidate;

/// A key that means more than a letter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stroke {
    /// The line is done.
    Enter,
    /// The command before.
    Older,
    /// The command after.
    Newer,
    /// Complete.
    Tab,
    /// Ctrl-C.
    Interrupt,
    /// Ctrl-D on an empty line.
    Eof,
    /// Ctrl-L.
    Clear,
    /// Ctrl-U.
    Kill,
    /// The next of the menu.
    MenuDown,
    /// The one before.
    MenuUp,
    /// This one.
    MenuTake,
    /// None.
    MenuClose,
}

/// What a stroke causes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Nothing.
    None,
    /// The line has another text.
    Show(String),
    /// Whole lines are sent.
    Send(String),
    /// Ctrl-C, and what stood in the line.
    Interrupt(String),
    /// Ctrl-D.
    Eof,
    /// The screen is emptied.
    Clear,
    /// The engine is asked how to go on.
    Complete {
        /// The line.
        line: String,
        /// In bytes.
        cursor: usize,
    },
}

/// See the module.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Line {
    /// How many commands back the reader is; 0 is the line being typed.
    back: usize,
    /// What stood in the line before the reader went back.
    draft: String,
    /// The line that Tab asked about last.
    pub asked: String,
    /// After Esc: the next Tab leaves.
    pub released: bool,
}

impl Line {
    /// A stroke, the element's text and cursor, and the commands so far, oldest first.
    pub fn stroke(&mut self, stroke: Stroke, text: &str, cursor: usize, history: &[Rc<str>]) -> Effect {
        match stroke {
            Stroke::Enter => {
                *self = Line::default();
                Effect::Send(format!("{text}\n"))
            }
            Stroke::Older => self.go(self.back + 1, text, history),
            Stroke::Newer => match self.back {
                0 => Effect::None,
                back => self.go(back - 1, text, history),
            },
            Stroke::Tab => {
                self.asked = text.into();
                Effect::Complete { line: text.into(), cursor }
            }
            Stroke::Interrupt => {
                *self = Line::default();
                Effect::Interrupt(text.into())
            }
            Stroke::Eof => Effect::Eof,
            Stroke::Clear => Effect::Clear,
            Stroke::Kill => Effect::Show(text[cursor..].into()),
            Stroke::MenuDown | Stroke::MenuUp | Stroke::MenuTake | Stroke::MenuClose => Effect::None,
        }
    }

    /// A letter was typed.
    pub fn typed(&mut self) {
        self.released = false;
        self.asked.clear();
    }

    fn go(&mut self, back: usize, text: &str, history: &[Rc<str>]) -> Effect {
        if back > history.len() {
            return Effect::None;
        }
        if self.back == 0 {
            self.draft = text.into();
        }
        self.back = back;
        match back {
            0 => Effect::Show(std::mem::take(&mut self.draft)),
            back => Effect::Show(history[history.len() - back].to_string()),
        }
    }
}

/// What all candidates begin with.
pub fn shared_start(candidates: &[Candidate]) -> String {
    let Some((first, rest)) = candidates.split_first() else { return String::new() };
    let mut end = first.text.len();
    for candidate in rest {
        let same = first.text.char_indices().zip(candidate.text.chars()).find(|((_, a), b)| a != b);
        end = end.min(same.map_or(first.text.len().min(candidate.text.len()), |((at, _), _)| at));
    }
    first.text[..end].into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history() -> Vec<Rc<str>> {
        vec!["first".into(), "second".into()]
    }

    #[test]
    fn going_back_and_forth_keeps_what_was_being_typed() {
        let history = history();
        let mut line = Line::default();
        let mut text = "draft".to_string();
        let mut seen = Vec::new();
        for stroke in [Stroke::Older, Stroke::Older, Stroke::Older, Stroke::Newer, Stroke::Newer, Stroke::Newer] {
            if let Effect::Show(shown) = line.stroke(stroke, &text, 0, &history) {
                text = shown;
            }
            seen.push(text.clone());
        }
        assert_eq!(seen, ["second", "first", "first", "second", "draft", "draft"]);
    }

    #[test]
    fn enter_sends_a_whole_line_and_forgets_where_it_came_from() {
        let mut line = Line::default();
        line.stroke(Stroke::Older, "", 0, &history());
        assert_eq!(line.stroke(Stroke::Enter, "second", 6, &history()), Effect::Send("second\n".into()));
        assert_eq!(line, Line::default());
    }

    #[test]
    fn candidates_share_whole_letters() {
        let candidates = |texts: &[&str]| -> Vec<Candidate> {
            texts.iter().map(|&text| Candidate { text: text.into(), note: String::new() }).collect()
        };
        assert_eq!(shared_start(&candidates(&["delete ", "describe "])), "de");
        assert_eq!(shared_start(&candidates(&["日本", "日記"])), "日");
        assert_eq!(shared_start(&candidates(&["get", "get "])), "get");
        assert_eq!(shared_start(&[]), "");
    }
}
