//! Which parts of the page are open and how large they are; as a line of text, which the browser keeps.

/// A part of the page that has an edge to move.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pane {
    /// The lesson, at the left.
    Lesson,
    /// Details and events, at the right of the picture.
    Side,
    /// Editor and terminals, below the picture.
    Dock,
    /// The editor, at the left of the terminals.
    Editor,
}

/// All of them.
pub const PANES: [Pane; 4] = [Pane::Lesson, Pane::Side, Pane::Dock, Pane::Editor];

/// The part that a narrow screen shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum View {
    /// The lesson.
    Lesson,
    /// The picture, and details about what is chosen in it.
    Picture,
    /// The terminals.
    Terminal,
    /// The editor.
    Editor,
    /// The events.
    Events,
    /// The little browser.
    Browser,
}

/// Sizes in CSS pixels, and what is open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Panes {
    sizes: [i32; PANES.len()],
    open: [bool; PANES.len()],
}

impl Pane {
    const fn index(self) -> usize {
        match self {
            Pane::Lesson => 0,
            Pane::Side => 1,
            Pane::Dock => 2,
            Pane::Editor => 3,
        }
    }

    /// In the kept text, and of the style sheet's variable.
    pub const fn name(self) -> &'static str {
        match self {
            Pane::Lesson => "lesson",
            Pane::Side => "side",
            Pane::Dock => "dock",
            Pane::Editor => "editor",
        }
    }

    /// Smallest and largest size.
    pub const fn range(self) -> (i32, i32) {
        match self {
            Pane::Lesson | Pane::Editor => (260, 900),
            Pane::Side => (240, 640),
            Pane::Dock => (120, 900),
        }
    }
}

impl Default for Panes {
    fn default() -> Panes {
        Panes { sizes: [360, 310, 310, 460], open: [true, true, true, false] }
    }
}

impl Panes {
    /// How wide or high.
    pub fn size(&self, pane: Pane) -> i32 {
        self.sizes[pane.index()]
    }

    /// Whether it is seen.
    pub fn is_open(&self, pane: Pane) -> bool {
        self.open[pane.index()]
    }

    /// With another size, as far as it may go.
    pub fn resized(mut self, pane: Pane, size: i32) -> Panes {
        let (least, most) = pane.range();
        self.sizes[pane.index()] = size.clamp(least, most);
        self.open[pane.index()] = true;
        self
    }

    /// Open or not.
    pub fn opened(mut self, pane: Pane, open: bool) -> Panes {
        self.open[pane.index()] = open;
        self
    }

    /// `lesson=380 side=340 dock=-360 editor=480`: what is closed has a minus.
    pub fn to_text(self) -> String {
        let word = |pane: Pane| {
            let sign = if self.is_open(pane) { "" } else { "-" };
            [pane.name(), "=", sign, &self.size(pane).to_string()].concat()
        };
        PANES.map(word).join(" ")
    }

    /// What the text says; what it does not say is as usual.
    pub fn from_text(text: &str) -> Panes {
        let mut panes = Panes::default();
        for (name, value) in text.split(' ').filter_map(|word| word.split_once('=')) {
            let pane = PANES.into_iter().find(|pane| pane.name() == name);
            if let (Some(pane), Ok(size)) = (pane, value.trim_start_matches('-').parse()) {
                panes = panes.resized(pane, size).opened(pane, !value.starts_with('-'));
            }
        }
        panes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back() {
        let panes = Panes::default().resized(Pane::Dock, 500).opened(Pane::Side, false);
        assert_eq!(Panes::from_text(&panes.to_text()), panes);
    }

    #[test]
    fn sizes_stay_in_their_range_whatever_was_kept() {
        let panes = Panes::from_text("dock=99999 side=-1 lesson=x nonsense editor=");
        assert_eq!((panes.size(Pane::Dock), panes.size(Pane::Side)), (900, 240));
        assert!(!panes.is_open(Pane::Side));
        assert_eq!(panes.size(Pane::Lesson), Panes::default().size(Pane::Lesson));
    }
}
