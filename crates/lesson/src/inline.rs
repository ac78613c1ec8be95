//! Text within a row: code, emphasis, links. What is not closed stays as it is written.

/// How a stretch of text looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// As it is.
    Plain,
    /// Names, commands, values.
    Code,
    /// *so*
    Emphasis,
    /// **so**
    Strong,
}

/// A stretch of text of one style.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// What it says; never markup.
    pub text: String,
    /// How it looks.
    pub style: Style,
    /// Where it leads.
    pub link: Option<String>,
}

/// Reads the text of one row.
pub(crate) fn spans(text: &str) -> Vec<Span> {
    let mut reader = Reader { spans: Vec::new(), plain: String::new(), style: Style::Plain, link: None };
    reader.read(text);
    reader.flush();
    reader.spans
}

struct Reader {
    spans: Vec<Span>,
    plain: String,
    style: Style,
    link: Option<String>,
}

impl Reader {
    fn flush(&mut self) {
        if !self.plain.is_empty() {
            let text = std::mem::take(&mut self.plain);
            self.spans.push(Span { text, style: self.style, link: self.link.clone() });
        }
    }

    fn read(&mut self, text: &str) {
        let mut rest = text;
        while let Some(letter) = rest.chars().next() {
            let taken = match letter {
                '\\' => self.escape(rest),
                '`' => self.code(rest),
                '*' | '_' => self.emphasis(rest),
                '[' => self.link(rest),
                '<' => self.address(rest),
                _ => 0,
            };
            if taken == 0 {
                self.plain.push(letter);
                rest = &rest[letter.len_utf8()..];
            } else {
                rest = &rest[taken..];
            }
        }
    }

    /// A backslash before punctuation.
    fn escape(&mut self, rest: &str) -> usize {
        match rest[1..].chars().next().filter(char::is_ascii_punctuation) {
            Some(letter) => {
                self.plain.push(letter);
                2
            }
            None => 0,
        }
    }

    /// As many backticks close as opened.
    fn code(&mut self, rest: &str) -> usize {
        let ticks = rest.len() - rest.trim_start_matches('`').len();
        let (fence, body) = rest.split_at(ticks);
        let Some(end) = closing_ticks(body, fence) else {
            self.plain.push_str(fence);
            return ticks;
        };
        let inner = &body[..end];
        let padded = inner.strip_prefix(' ').and_then(|inner| inner.strip_suffix(' '));
        let text = padded.filter(|text| !text.trim().is_empty()).unwrap_or(inner);
        self.push(text, Style::Code);
        ticks + end + ticks
    }

    fn emphasis(&mut self, rest: &str) -> usize {
        let mark = &rest[..1];
        let double = [mark, mark].concat();
        let (fence, style) =
            if rest.starts_with(&double) { (double.as_str(), Style::Strong) } else { (mark, Style::Emphasis) };
        let inner = &rest[fence.len()..];
        // `snake_case` is a name.
        let is_in_word = mark == "_" && self.plain.chars().next_back().is_some_and(char::is_alphanumeric);
        if self.style != Style::Plain || is_in_word || inner.starts_with([' ', '*', '_']) {
            return self.literal(fence);
        }
        let Some(end) = closing(inner, fence) else { return self.literal(fence) };
        self.within(&inner[..end], style, self.link.clone());
        fence.len() + end + fence.len()
    }

    fn literal(&mut self, text: &str) -> usize {
        self.plain.push_str(text);
        text.len()
    }

    fn link(&mut self, rest: &str) -> usize {
        let Some(middle) = rest.find("](").filter(|_| self.link.is_none()) else { return 0 };
        let label = &rest[1..middle];
        let Some(end) = rest[middle + 2..].find(')').filter(|_| !label.contains('\n')) else { return 0 };
        let href = &rest[middle + 2..middle + 2 + end];
        if label.contains('[') || href.contains(' ') {
            return 0;
        }
        self.within(label, self.style, Some(href.to_owned()));
        middle + 2 + end + 1
    }

    fn address(&mut self, rest: &str) -> usize {
        let Some(end) = rest.find('>') else { return 0 };
        let href = &rest[1..end];
        let is_address = href.starts_with("https://") || href.starts_with("http://");
        if !is_address || href.contains([' ', '\n']) {
            return 0;
        }
        self.flush();
        self.spans.push(Span { text: href.to_owned(), style: self.style, link: Some(href.to_owned()) });
        end + 1
    }

    fn push(&mut self, text: &str, style: Style) {
        self.flush();
        self.spans.push(Span { text: text.to_owned(), style, link: self.link.clone() });
    }

    fn within(&mut self, text: &str, style: Style, link: Option<String>) {
        self.flush();
        let before = (self.style, self.link.take());
        (self.style, self.link) = (style, link);
        self.read(text);
        self.flush();
        (self.style, self.link) = before;
    }
}

/// Where a run of exactly these backticks stands.
fn closing_ticks(body: &str, fence: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = body[from..].find('`').map(|at| at + from) {
        let run = body[at..].len() - body[at..].trim_start_matches('`').len();
        if run == fence.len() {
            return Some(at);
        }
        from = at + run;
    }
    None
}

/// Where this mark closes: after a letter, and not within code.
fn closing(inner: &str, fence: &str) -> Option<usize> {
    let mut is_code = false;
    let mut before = ' ';
    for (at, letter) in inner.char_indices() {
        if letter == '`' {
            is_code = !is_code;
        }
        let is_word_after = inner[at..].strip_prefix(fence).is_some_and(|after| {
            fence.starts_with('_') && after.chars().next().is_some_and(|next| next.is_ascii_alphanumeric())
        });
        if !is_code && before != ' ' && inner[at..].starts_with(fence) && !is_word_after {
            return Some(at);
        }
        before = letter;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `c:` code, `e:` emphasis, `s:` strong, `->` where a link leads.
    fn check(text: &str, expect: &str) {
        let shown = |span: &Span| {
            let mark = match span.style {
                Style::Plain => "",
                Style::Code => "c:",
                Style::Emphasis => "e:",
                Style::Strong => "s:",
            };
            let link = span.link.as_deref().map(|link| format!("->{link}")).unwrap_or_default();
            format!("{mark}{}{link}", span.text)
        };
        assert_eq!(spans(text).iter().map(shown).collect::<Vec<_>>().join("|"), expect, "{text}");
    }

    #[test]
    fn marks_that_close() {
        check("a `b` c", "a |c:b| c");
        check("**a `b`** and *c*", "s:a |c:b| and |e:c");
        check(
            "see [the `web` set](https://a.b/c) now",
            "see |the ->https://a.b/c|c:web->https://a.b/c| set->https://a.b/c| now",
        );
        check("``a`b``", "c:a`b");
        check("<https://a.b>", "https://a.b->https://a.b");
        check("日本語は**太字**です", "日本語は|s:太字|です");
    }

    #[test]
    fn what_does_not_close_is_text() {
        check("a * b, 2*3, snake_case_name, `open", "a * b, 2*3, snake_case_name, `open");
        check("<script>alert(1)</script> <b onclick=x>", "<script>alert(1)</script> <b onclick=x>");
        check("\\*not\\* [no](link", "*not* [no](link");
        check("[a] (b) **", "[a] (b) **");
    }
}
