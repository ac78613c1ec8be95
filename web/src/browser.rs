//! The little browser's state, and what it understands of pages. Pure: the network is the engine's.

pub mod html;

use view::{NoPage, Update};

use html::Document;

/// Addresses that can be gone back to.
const HISTORY_MAX: usize = 100;

/// What is shown.
#[derive(Clone, PartialEq, Debug, Default)]
pub enum Shown {
    /// Nothing yet.
    #[default]
    Nothing,
    /// A page.
    Page {
        /// Such as 200.
        status: u16,
        /// What was understood of it.
        document: Document,
    },
    /// Text that is no HTML.
    Text {
        /// Such as 200.
        status: u16,
        /// As it came.
        text: String,
    },
    /// Why there is no page.
    Failure(NoPage),
}

/// See the module.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Browser {
    /// Whether the reader sees it.
    pub is_open: bool,
    /// The last visit's number.
    pub visit: u32,
    /// Whether its answer has not come yet.
    pub is_loading: bool,
    /// Where the page that is shown was found.
    pub url: String,
    /// What is shown.
    pub shown: Shown,
    /// Which visit brought it.
    pub shown_visit: u32,
    /// Addresses of pages before this one, oldest first.
    pub back: Vec<String>,
    /// An address that a program wants opened; the component goes there.
    pub wanted: Option<String>,
    /// The page that comes takes the place of the one that is shown, and is not one after it.
    replaces: bool,
}

/// What the reader does with it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Act {
    /// Opens or closes it.
    Toggle,
    /// A visit to another page begins.
    Visit(u32),
    /// A visit begins whose page takes the place of the one shown: reload.
    Again(u32),
    /// A visit to the page before begins.
    Back(u32),
}

impl Browser {
    /// What the reader does.
    pub fn act(&mut self, act: Act) {
        let visit = match act {
            Act::Toggle => {
                self.is_open = !self.is_open;
                return;
            }
            Act::Visit(visit) => {
                self.replaces = false;
                visit
            }
            Act::Again(visit) => {
                self.replaces = true;
                visit
            }
            Act::Back(visit) => {
                self.back.pop();
                self.replaces = true;
                visit
            }
        };
        (self.visit, self.is_loading, self.wanted) = (visit, true, None);
    }

    /// What the engine tells; answers that are not the last visit's are dropped.
    pub fn apply(&mut self, update: Update) {
        match update {
            Update::OpenPage { url } => {
                self.is_open = true;
                self.wanted = Some(url);
            }
            Update::Page { visit, url, status, content_type, body } if visit == self.visit => {
                let is_html = content_type.is_empty() || content_type.starts_with("text/html");
                let shown = if is_html {
                    Shown::Page { status, document: html::parse(&body) }
                } else {
                    Shown::Text { status, text: body }
                };
                self.show(url, shown);
            }
            Update::NoPage { visit, url, reason } if visit == self.visit => self.show(url, Shown::Failure(reason)),
            _ => {}
        }
    }

    fn show(&mut self, url: String, shown: Shown) {
        if !self.replaces && !self.url.is_empty() && self.url != url {
            self.back.push(std::mem::take(&mut self.url));
            if self.back.len() > HISTORY_MAX {
                self.back.remove(0);
            }
        }
        (self.url, self.shown, self.is_loading, self.shown_visit) = (url, shown, false, self.visit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(visit: u32, url: &str) -> Update {
        let (content_type, body) = (String::new(), format!("<h1>{url}</h1>"));
        Update::Page { visit, url: url.into(), status: 200, content_type, body }
    }

    #[test]
    fn pages_can_be_gone_back_to_and_late_answers_are_dropped() {
        let mut browser = Browser::default();
        browser.act(Act::Visit(1));
        browser.apply(page(1, "a"));
        browser.act(Act::Visit(2));
        browser.act(Act::Visit(3));
        browser.apply(page(2, "late"));
        assert!(browser.is_loading && browser.url == "a");
        browser.apply(page(3, "b"));
        assert_eq!(browser.back, ["a"]);
        browser.act(Act::Again(4));
        browser.apply(page(4, "b"));
        assert_eq!(browser.back, ["a"]);
        browser.act(Act::Back(5));
        browser.apply(page(5, "a"));
        assert!(browser.back.is_empty() && browser.url == "a");
        browser.act(Act::Visit(6));
        browser.apply(Update::NoPage { visit: 6, url: "c".into(), reason: NoPage::Refused });
        assert_eq!(
            (browser.back.as_slice(), &browser.shown),
            (&["a".to_string()][..], &Shown::Failure(NoPage::Refused))
        );
    }
}
