//! What the little browser understands of a page: a tree of harmless elements.
//!
//! Pages are hostile input. What is not known here is left out: of scripts, styles, frames and drawings nothing is kept, of
//! other unknown elements their text; of attributes only those in [`Attributes`]. The page component makes elements of
//! its own from this tree.
//!
//! Models: the tree construction of the HTML standard as far as plain pages need it.

/// A page.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Document {
    /// Its title.
    pub title: String,
    /// Its content.
    pub nodes: Vec<Node>,
}

/// A piece of a page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Node {
    /// Text, its entities replaced.
    Text(String),
    /// An element.
    Element {
        /// One of [`SHOWN`]'s.
        tag: &'static str,
        /// What is known of it.
        attributes: Box<Attributes>,
        /// What is in it.
        children: Vec<Node>,
    },
}

/// The attributes that mean something here. Empty: not given.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Attributes {
    /// Of a link, as it is written.
    pub href: String,
    /// Of a form.
    pub action: String,
    /// Of a form.
    pub method: String,
    /// Of a field.
    pub name: String,
    /// Of a field.
    pub value: String,
    /// Of an input or button.
    pub kind: String,
    /// Of a field.
    pub id: String,
    /// Of a label.
    pub label_for: String,
    /// Of an image.
    pub alt: String,
    /// Of a field.
    pub placeholder: String,
    /// Of a box.
    pub is_checked: bool,
}

/// Elements that are shown, and as what.
const SHOWN: &[(&str, &str)] = &[
    ("a", "a"),
    ("article", "div"),
    ("aside", "div"),
    ("b", "strong"),
    ("blockquote", "blockquote"),
    ("br", "br"),
    ("button", "button"),
    ("center", "div"),
    ("code", "code"),
    ("dd", "dd"),
    ("div", "div"),
    ("dl", "dl"),
    ("dt", "dt"),
    ("em", "em"),
    ("footer", "div"),
    ("form", "form"),
    ("h1", "h1"),
    ("h2", "h2"),
    ("h3", "h3"),
    ("h4", "h4"),
    ("h5", "h5"),
    ("h6", "h6"),
    ("header", "div"),
    ("hr", "hr"),
    ("i", "em"),
    ("img", "img"),
    ("input", "input"),
    ("label", "label"),
    ("li", "li"),
    ("main", "div"),
    ("nav", "div"),
    ("ol", "ol"),
    ("option", "option"),
    ("p", "p"),
    ("pre", "pre"),
    ("section", "div"),
    ("select", "select"),
    ("small", "small"),
    ("span", "span"),
    ("strong", "strong"),
    ("table", "table"),
    ("tbody", "tbody"),
    ("td", "td"),
    ("textarea", "textarea"),
    ("th", "th"),
    ("thead", "thead"),
    ("tr", "tr"),
    ("tt", "code"),
    ("ul", "ul"),
];
const VOID: [&str; 4] = ["br", "hr", "img", "input"];
/// Elements of which nothing is kept; their text is no text.
const DROPPED: [&str; 9] = ["script", "style", "iframe", "object", "svg", "math", "template", "noscript", "embed"];
/// Elements that end an open paragraph.
const BLOCKS: [&str; 17] = [
    "div",
    "p",
    "ul",
    "ol",
    "dl",
    "table",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "pre",
    "blockquote",
    "li",
];
const ENTITIES: &[(&str, char)] = &[
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", '\u{a0}'),
    ("copy", '©'),
    ("mdash", '—'),
    ("ndash", '–'),
    ("hellip", '…'),
    ("laquo", '«'),
    ("raquo", '»'),
    ("larr", '←'),
    ("rarr", '→'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("ldquo", '“'),
    ("rdquo", '”'),
];
const DEPTH_MAX: usize = 64;
const NODES_MAX: usize = 10_000;

/// Reads a page, whatever it is.
pub fn parse(text: &str) -> Document {
    let mut reader = Reader { rest: text, stack: Vec::new(), document: Document::default(), nodes: 0 };
    while !reader.rest.is_empty() && reader.nodes < NODES_MAX {
        reader.next();
    }
    while !reader.stack.is_empty() {
        reader.close_last();
    }
    reader.document
}

struct Open {
    tag: &'static str,
    attributes: Box<Attributes>,
    children: Vec<Node>,
}

struct Reader<'a> {
    rest: &'a str,
    stack: Vec<Open>,
    document: Document,
    nodes: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) {
        let rest = self.rest;
        if let Some(comment) = rest.strip_prefix("<!--") {
            self.rest = after(comment, "-->");
        } else if rest.starts_with("<!") || rest.starts_with("<?") {
            self.rest = after(rest, ">");
        } else if let Some(end) = rest.strip_prefix("</").filter(|end| end.starts_with(is_letter)) {
            self.rest = after(end, ">");
            self.end(&name(end));
        } else if let Some(start) = rest.strip_prefix('<').filter(|start| start.starts_with(is_letter)) {
            self.start(start);
        } else {
            let at = rest.char_indices().skip(1).find(|(_, c)| *c == '<').map_or(rest.len(), |(at, _)| at);
            self.rest = &rest[at..];
            self.text(&rest[..at]);
        }
    }

    fn start(&mut self, start: &'a str) {
        let name = name(start);
        let (attributes, rest) = attributes(&start[name.len()..]);
        self.rest = rest;
        if DROPPED.contains(&name.as_str()) {
            self.raw(&name);
        } else if name == "title" {
            let title = self.raw(&name);
            self.document.title = decode(title).trim().to_string();
        } else if let Some((_, tag)) = SHOWN.iter().find(|(known, _)| *known == name) {
            self.open(tag, attributes);
        }
    }

    /// Text up to the end tag of the element that has just begun, which is passed over.
    fn raw(&mut self, name: &str) -> &'a str {
        let is_end = |at: &usize| {
            let found = self.rest.get(at + 2..at + 2 + name.len());
            found.is_some_and(|found| found.eq_ignore_ascii_case(name))
        };
        let at = self.rest.match_indices("</").map(|(at, _)| at).find(is_end).unwrap_or(self.rest.len());
        let text = &self.rest[..at];
        self.rest = after(&self.rest[at..], ">");
        text
    }

    fn open(&mut self, tag: &'static str, attributes: Attributes) {
        self.close_implied(tag);
        let attributes = Box::new(attributes);
        if tag == "textarea" {
            let text = decode(self.raw("textarea"));
            let value = text.strip_prefix('\n').unwrap_or(&text).to_string();
            let attributes = Box::new(Attributes { value, ..*attributes });
            return self.push(Node::Element { tag, attributes, children: Vec::new() });
        }
        if VOID.contains(&tag) {
            return self.push(Node::Element { tag, attributes, children: Vec::new() });
        }
        if self.stack.len() < DEPTH_MAX {
            self.stack.push(Open { tag, attributes, children: Vec::new() });
        }
    }

    /// A list item ends the one before, a block ends a paragraph, and so on.
    fn close_implied(&mut self, tag: &str) {
        let last = self.stack.last().map_or("", |open| open.tag);
        let ends = match tag {
            "li" => last == "li",
            "dt" | "dd" => matches!(last, "dt" | "dd"),
            "option" => last == "option",
            "td" | "th" => matches!(last, "td" | "th"),
            "tr" => matches!(last, "td" | "th" | "tr"),
            tag => last == "p" && BLOCKS.contains(&tag),
        };
        if ends {
            self.close_last();
            if tag == "tr" {
                self.close_implied(tag);
            }
        }
    }

    fn end(&mut self, name: &str) {
        let Some((_, tag)) = SHOWN.iter().find(|(known, _)| *known == name) else { return };
        if self.stack.iter().any(|open| open.tag == *tag) {
            while self.close_last() != *tag {}
        }
    }

    fn close_last(&mut self) -> &'static str {
        let Some(Open { tag, attributes, children }) = self.stack.pop() else { return "" };
        self.push(Node::Element { tag, attributes, children });
        tag
    }

    fn text(&mut self, text: &str) {
        let is_blank = text.chars().all(char::is_whitespace);
        let text = if is_blank { " ".to_string() } else { decode(text) };
        let is_kept = !is_blank || self.stack.last().is_some_and(|open| open.tag != "table" && open.tag != "tr");
        if is_kept {
            self.push(Node::Text(text));
        }
    }

    fn push(&mut self, node: Node) {
        self.nodes += 1;
        match self.stack.last_mut() {
            Some(open) => open.children.push(node),
            None => self.document.nodes.push(node),
        }
    }
}

fn is_letter(c: char) -> bool {
    c.is_ascii_alphabetic()
}

fn after<'a>(text: &'a str, end: &str) -> &'a str {
    text.find(end).map_or("", |at| &text[at + end.len()..])
}

/// The name that a tag begins with, in small letters.
fn name(text: &str) -> String {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(text.len());
    text[..end].to_ascii_lowercase()
}

/// The attributes of a tag, and what follows it.
fn attributes(text: &str) -> (Attributes, &str) {
    let (mut found, mut rest) = (Attributes::default(), text);
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        if let Some(rest) = rest.strip_prefix('>') {
            return (found, rest);
        }
        let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '=' | '>' | '/')).unwrap_or(rest.len());
        if rest.is_empty() {
            return (found, "");
        }
        let key = rest[..end.max(1).min(rest.len())].to_ascii_lowercase();
        rest = rest.get(end.max(1)..).unwrap_or_default();
        let value;
        (value, rest) = match rest.trim_start().strip_prefix('=') {
            Some(after_sign) => attribute_value(after_sign.trim_start()),
            None => (String::new(), rest),
        };
        set(&mut found, &key, value);
    }
}

fn attribute_value(text: &str) -> (String, &str) {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''));
    let (body, end) = match quote {
        Some(quote) => (&text[1..], text[1..].find(quote)),
        None => (text, text.find(|c: char| c.is_whitespace() || c == '>')),
    };
    let end = end.unwrap_or(body.len());
    let skip = if quote.is_some() { (end + 1).min(body.len()) } else { end };
    (decode(&body[..end]), &body[skip..])
}

fn set(found: &mut Attributes, key: &str, value: String) {
    let field = match key {
        "href" => &mut found.href,
        "action" => &mut found.action,
        "method" => &mut found.method,
        "name" => &mut found.name,
        "value" => &mut found.value,
        "type" => &mut found.kind,
        "id" => &mut found.id,
        "for" => &mut found.label_for,
        "alt" => &mut found.alt,
        "placeholder" => &mut found.placeholder,
        "checked" | "selected" => {
            found.is_checked = true;
            return;
        }
        _ => return,
    };
    *field = value;
}

fn decode(text: &str) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let end = rest.find(';').filter(|end| *end <= 8);
        match end.and_then(|end| Some((entity(&rest[..end])?, end))) {
            Some((c, end)) => {
                out.push(c);
                rest = &rest[end + 1..];
            }
            None => out.push('&'),
        }
    }
    out + rest
}

fn entity(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let hex = number.strip_prefix(['x', 'X']).map(|hex| u32::from_str_radix(hex, 16));
        return hex.unwrap_or_else(|| number.parse()).ok().and_then(char::from_u32);
    }
    ENTITIES.iter().find(|(known, _)| *known == name).map(|(_, c)| *c)
}

#[cfg(test)]
mod tests;
