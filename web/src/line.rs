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
    /// Ctrl-K.
    KillRest,
    /// Ctrl-A.
    Home,
    /// Ctrl-E.
    End,
    /// Ctrl-R.
    Search,
    /// What was found goes into the line.
    SearchTake,
    /// The line is as before the search.
    SearchLeave,
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
    /// The line has another text, with the cursor in front.
    ShowFrom(String, usize),
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
    /// Ctrl-R is under way: the element's text is what is looked for.
    pub search: Option<Search>,
}

/// A search back through the history.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Search {
    /// What stood in the line before.
    draft: String,
    /// How many that fit were passed over.
    passed: usize,
}

impl Search {
    /// The command that fits what is looked for, the newest first.
    pub fn found<'h>(&self, looked_for: &str, history: &'h [Rc<str>]) -> Option<&'h str> {
        let fitting = history.iter().rev().filter(|line| !looked_for.is_empty() && line.contains(looked_for));
        fitting.map(|line| &**line).nth(self.passed)
    }
}

impl Line {
    /// A stroke, the element's text and cursor, and the commands so far, oldest first.
    pub fn stroke(&mut self, stroke: Stroke, text: &str, cursor: usize, history: &[Rc<str>]) -> Effect {
        match stroke {
            Stroke::Enter => {
                let found = self.search.as_ref().map(|search| search.found(text, history).unwrap_or_default());
                let text = found.unwrap_or(text);
                *self = Line::default();
                Effect::Send(format!("{text}\n"))
            }
            Stroke::Search => self.search(text, history),
            Stroke::SearchTake => match self.search.take() {
                Some(search) => {
                    let found = search.found(text, history).unwrap_or(&search.draft);
                    Effect::Show(found.into())
                }
                None => Effect::None,
            },
            Stroke::SearchLeave => self.search.take().map_or(Effect::None, |search| Effect::Show(search.draft)),
            Stroke::KillRest => Effect::Show(text[..cursor].into()),
            Stroke::Home => Effect::ShowFrom(text.into(), 0),
            Stroke::End => Effect::Show(text.into()),
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
            Stroke::Kill => Effect::ShowFrom(text[cursor..].into(), 0),
            Stroke::MenuDown | Stroke::MenuUp | Stroke::MenuTake | Stroke::MenuClose => Effect::None,
        }
    }

    /// Begins to search, or goes on to the next that fits.
    fn search(&mut self, text: &str, history: &[Rc<str>]) -> Effect {
        match &mut self.search {
            None => {
                self.search = Some(Search { draft: text.into(), passed: 0 });
                Effect::Show(String::new())
            }
            Some(search) => {
                search.passed += 1;
                if search.found(text, history).is_none() {
                    search.passed -= 1;
                }
                Effect::None
            }
        }
    }

    /// A letter was typed.
    pub fn typed(&mut self) {
        if let Some(search) = &mut self.search {
            search.passed = 0;
        }
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
    fn a_search_goes_back_through_what_fits_and_is_left_as_it_was_entered() {
        let history: Vec<Rc<str>> = vec!["get pods".into(), "scale web".into(), "get nodes".into()];
        let mut line = Line::default();
        assert_eq!(line.stroke(Stroke::Search, "draft", 5, &history), Effect::Show(String::new()));
        let found =
            |line: &Line| line.search.as_ref().and_then(|search| search.found("get", &history)).map(String::from);
        assert_eq!(found(&line).as_deref(), Some("get nodes"));
        line.stroke(Stroke::Search, "get", 3, &history);
        line.stroke(Stroke::Search, "get", 3, &history);
        assert_eq!(found(&line).as_deref(), Some("get pods"), "there is none before it");
        assert_eq!(line.clone().stroke(Stroke::SearchTake, "get", 3, &history), Effect::Show("get pods".into()));
        assert_eq!(line.clone().stroke(Stroke::SearchLeave, "get", 3, &history), Effect::Show("draft".into()));
        assert_eq!(line.stroke(Stroke::Enter, "get", 3, &history), Effect::Send("get pods\n".into()));
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
