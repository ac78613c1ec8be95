//! Markdown into rows: headings, paragraphs, lists, quotes, fenced code, tables, rules. Comments are left out; all other HTML
//! is text. Every row knows its line.

use crate::inline::{Span, spans};

/// Lists and quotes are read so deep; below, their markup is text.
const DEPTH_MAX: u32 = 8;

/// A row with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The line on which it begins, from 1.
    pub line: u32,
    /// What it is.
    pub kind: RowKind,
}

/// What a row is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowKind {
    /// `## …`
    Heading {
        /// 1 to 6.
        level: u8,
        /// Its text.
        spans: Vec<Span>,
    },
    /// Text.
    Paragraph(Vec<Span>),
    /// Items, each of rows.
    List {
        /// The first number, if the items are numbered.
        start: Option<u32>,
        /// The items.
        items: Vec<Vec<Row>>,
    },
    /// `> …`
    Quote(Vec<Row>),
    /// A fenced block.
    Code(Code),
    /// A head and rows of cells.
    Table {
        /// The head's cells.
        head: Vec<Vec<Span>>,
        /// The body's.
        body: Vec<Vec<Vec<Span>>>,
    },
    /// `---`
    Rule,
}

/// A fenced block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// What stands behind the opening fence.
    pub info: String,
    /// The lines between the fences, with their places; the fence's indent is taken off.
    pub lines: Vec<(u32, String)>,
    /// The fence's indent, in spaces.
    pub indent: usize,
    /// Whether the document ended before the fence was closed.
    pub is_open: bool,
}

/// A line with its number.
type Line<'a> = (u32, &'a str);

/// Reads a text that is no lesson: rows, as they stand.
pub fn read(text: &str) -> Vec<Row> {
    rows(&numbered(text))
}

/// The lines of a text, numbered from 1.
pub(crate) fn numbered(text: &str) -> Vec<Line<'_>> {
    (1..).zip(text.lines()).collect()
}

/// Reads numbered lines.
pub(crate) fn rows(lines: &[Line<'_>]) -> Vec<Row> {
    rows_at(lines, 0)
}

fn rows_at(lines: &[Line<'_>], depth: u32) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut rest = lines;
    while let Some(&(line, text)) = rest.first() {
        let (kind, taken) = next(rest, text, depth);
        rows.extend(kind.map(|kind| Row { line, kind }));
        rest = &rest[taken..];
    }
    rows
}

/// The row that begins here, and how many lines it takes.
fn next(rest: &[Line<'_>], text: &str, depth: u32) -> (Option<RowKind>, usize) {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return (None, 1);
    }
    if trimmed.starts_with("<!--") {
        return (None, comment(rest));
    }
    if let Some(fence) = Fence::of(text) {
        return fence.read(rest);
    }
    if let Some((level, title)) = heading(trimmed) {
        return (Some(RowKind::Heading { level, spans: spans(title) }), 1);
    }
    if is_rule(trimmed) {
        return (Some(RowKind::Rule), 1);
    }
    if depth < DEPTH_MAX {
        if trimmed.starts_with('>') {
            return quote(rest, depth);
        }
        if let Some(marker) = Marker::of(text) {
            return list(rest, marker, depth);
        }
    }
    if let Some(found) = table(rest) {
        return found;
    }
    paragraph(rest)
}

fn comment(rest: &[Line<'_>]) -> usize {
    rest.iter().position(|(_, text)| text.contains("-->")).map_or(rest.len(), |at| at + 1)
}

/// An opening fence.
struct Fence<'a> {
    indent: usize,
    mark: char,
    length: usize,
    info: &'a str,
}

impl<'a> Fence<'a> {
    fn of(text: &'a str) -> Option<Fence<'a>> {
        let body = text.trim_start_matches(' ');
        let mark = body.chars().next().filter(|mark| matches!(mark, '`' | '~'))?;
        let info = body.trim_start_matches(mark);
        let length = body.len() - info.len();
        let is_fence = length >= 3 && !(mark == '`' && info.contains('`'));
        is_fence.then(|| Fence { indent: text.len() - body.len(), mark, length, info: info.trim() })
    }

    fn closes(&self, text: &str) -> bool {
        let body = text.trim();
        body.len() >= self.length && body.chars().all(|letter| letter == self.mark)
    }

    fn read(&self, rest: &[Line<'_>]) -> (Option<RowKind>, usize) {
        let end = rest.iter().skip(1).position(|(_, text)| self.closes(text)).map(|at| at + 1);
        let inner = &rest[1..end.unwrap_or(rest.len())];
        let lines = inner.iter().map(|(line, text)| (*line, dedent(text, self.indent).to_owned())).collect();
        let code = Code { info: self.info.to_owned(), lines, indent: self.indent, is_open: end.is_none() };
        (Some(RowKind::Code(code)), end.map_or(rest.len(), |end| end + 1))
    }
}

/// Takes off at most so many spaces.
fn dedent(text: &str, most: usize) -> &str {
    let spaces = text.len() - text.trim_start_matches(' ').len();
    &text[spaces.min(most)..]
}

fn heading(text: &str) -> Option<(u8, &str)> {
    let title = text.trim_start_matches('#');
    let level = text.len() - title.len();
    let is_heading = (1..=6).contains(&level) && title.starts_with(' ');
    is_heading.then(|| (level as u8, title.trim().trim_end_matches('#').trim_end()))
}

fn is_rule(text: &str) -> bool {
    let mark = text.chars().next().unwrap_or(' ');
    let marks = text.chars().filter(|letter| *letter != ' ').count();
    matches!(mark, '-' | '*' | '_') && marks >= 3 && text.chars().all(|letter| letter == mark || letter == ' ')
}

fn quote(rest: &[Line<'_>], depth: u32) -> (Option<RowKind>, usize) {
    let quoted = |(line, text): &Line<'_>| (*line, text.trim_start().strip_prefix('>').map(str::to_owned));
    let inner: Vec<(u32, String)> =
        rest.iter().map(quoted).map_while(|(line, text)| text.map(|text| (line, text))).collect();
    let lines: Vec<Line<'_>> =
        inner.iter().map(|(line, text)| (*line, text.strip_prefix(' ').unwrap_or(text))).collect();
    (Some(RowKind::Quote(rows_at(&lines, depth + 1))), lines.len())
}

/// What begins an item of a list.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Marker {
    indent: usize,
    /// Where the item's text begins.
    offset: usize,
    number: Option<u32>,
}

impl Marker {
    fn of(text: &str) -> Option<Marker> {
        let body = text.trim_start_matches(' ');
        let indent = text.len() - body.len();
        let digits = body.len() - body.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
        let (sign, number) = match digits {
            0 => (body.strip_prefix(['-', '*', '+'])?, None),
            1..=6 => (body[digits..].strip_prefix(['.', ')'])?, body[..digits].parse().ok()),
            _ => return None,
        };
        let spaces = sign.len() - sign.trim_start_matches(' ').len();
        let is_item = spaces > 0 && sign.len() > spaces;
        is_item.then(|| Marker { indent, offset: text.len() - sign.len() + spaces.min(4), number })
    }

    fn continues(self, first: Marker) -> bool {
        self.indent < first.offset && self.number.is_some() == first.number.is_some()
    }
}

fn list(rest: &[Line<'_>], first: Marker, depth: u32) -> (Option<RowKind>, usize) {
    let (mut items, mut taken) = (Vec::new(), 0);
    while let Some(marker) = rest.get(taken).and_then(|(_, text)| Marker::of(text)).filter(|m| m.continues(first)) {
        let count = item(&rest[taken..], marker);
        let own = rest[taken..taken + count].iter().enumerate().map(|(index, (line, text))| {
            let inner = if index == 0 { &text[marker.offset..] } else { dedent(text, marker.offset) };
            (*line, inner)
        });
        items.push(rows_at(&own.collect::<Vec<_>>(), depth + 1));
        taken += count;
        // Blank lines between items do not end the list.
        let blank = rest[taken..].iter().take_while(|(_, text)| text.trim().is_empty()).count();
        if rest.get(taken + blank).and_then(|(_, text)| Marker::of(text)).is_some_and(|m| m.continues(first)) {
            taken += blank;
        }
    }
    (Some(RowKind::List { start: first.number, items }), taken.max(1))
}

/// How many lines belong to the item that begins here.
fn item(rest: &[Line<'_>], marker: Marker) -> usize {
    let (mut taken, mut blank) = (1, 0);
    for (_, text) in &rest[1..] {
        let indent = text.len() - text.trim_start_matches(' ').len();
        if text.trim().is_empty() {
            blank += 1;
        } else if indent >= marker.offset || (indent > marker.indent && Fence::of(text).is_some()) {
            taken += blank + 1;
            blank = 0;
        } else if blank == 0 && !begins_something(text) {
            // A paragraph that goes on without its indent.
            taken += 1;
        } else {
            break;
        }
    }
    taken
}

fn table(rest: &[Line<'_>]) -> Option<(Option<RowKind>, usize)> {
    let (head, ruler) = (rest.first()?.1, rest.get(1)?.1);
    let is_ruler = ruler.contains('-') && ruler.contains('|') && ruler.chars().all(|c| "|-: ".contains(c));
    if !head.contains('|') || !is_ruler {
        return None;
    }
    let body: Vec<Vec<Vec<Span>>> =
        rest[2..].iter().take_while(|(_, text)| text.contains('|')).map(|(_, text)| cells(text)).collect();
    let taken = 2 + body.len();
    Some((Some(RowKind::Table { head: cells(head), body }), taken))
}

/// The cells of a line; a bar behind a backslash is text.
fn cells(text: &str) -> Vec<Vec<Span>> {
    let inner = text.trim();
    let inner = inner.strip_prefix('|').unwrap_or(inner);
    let (mut cells, mut cell, mut escaped) = (Vec::new(), String::new(), false);
    for letter in inner.chars() {
        match letter {
            '|' if escaped => drop(cell.pop().map(|_| cell.push('|'))),
            '|' => cells.push(std::mem::take(&mut cell)),
            letter => cell.push(letter),
        }
        escaped = letter == '\\';
    }
    if !cell.trim().is_empty() {
        cells.push(cell);
    }
    cells.iter().map(|cell| spans(cell.trim())).collect()
}

fn begins_something(text: &str) -> bool {
    let trimmed = text.trim();
    trimmed.is_empty()
        || trimmed.starts_with('>')
        || trimmed.starts_with("<!--")
        || Fence::of(text).is_some()
        || heading(trimmed).is_some()
        || is_rule(trimmed)
        || Marker::of(text).is_some()
}

fn paragraph(rest: &[Line<'_>]) -> (Option<RowKind>, usize) {
    let more = rest[1..].iter().take_while(|(_, text)| !begins_something(text)).count();
    let mut joined = String::new();
    for (_, text) in &rest[..=more] {
        join(&mut joined, text.trim());
    }
    (Some(RowKind::Paragraph(spans(&joined))), more + 1)
}

/// A line's end is a space, except between letters of a script that has none.
fn join(joined: &mut String, text: &str) {
    let is_wide = |letter: Option<char>| letter.is_some_and(|letter| letter >= '\u{2e80}');
    let is_seamless = is_wide(joined.chars().next_back()) && is_wide(text.chars().next());
    if !joined.is_empty() && !is_seamless {
        joined.push(' ');
    }
    joined.push_str(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(spans: &[Span]) -> String {
        spans.iter().map(|span| span.text.as_str()).collect()
    }

    fn shown(row: &Row) -> String {
        let items = |rows: &[Row]| rows.iter().map(shown).collect::<Vec<_>>().join(" ");
        let cells = |cells: &[Vec<Span>]| cells.iter().map(|cell| plain(cell)).collect::<Vec<_>>().join(",");
        let text = match &row.kind {
            RowKind::Heading { level, spans } => format!("h{level}({})", plain(spans)),
            RowKind::Paragraph(spans) => format!("p({})", plain(spans)),
            RowKind::List { start, items: list } => {
                let start = start.map(|start| start.to_string()).unwrap_or_default();
                format!("l{start}({})", list.iter().map(|rows| items(rows)).collect::<Vec<_>>().join("; "))
            }
            RowKind::Quote(rows) => format!("q({})", items(rows)),
            RowKind::Code(code) => {
                let lines: Vec<String> = code.lines.iter().map(|(line, text)| format!("{line}={text}")).collect();
                format!("c[{}]({})", code.info, lines.join("/"))
            }
            RowKind::Table { head, body } => {
                format!("t({}: {})", cells(head), body.iter().map(|row| cells(row)).collect::<Vec<_>>().join("; "))
            }
            RowKind::Rule => "rule".to_owned(),
        };
        format!("{}{text}", row.line)
    }

    fn check(text: &str, expect: &str) {
        assert_eq!(rows(&numbered(text)).iter().map(shown).collect::<Vec<_>>().join(" "), expect, "{text}");
    }

    #[test]
    fn rows_know_their_lines() {
        check("# A\n\none\ntwo\n\n## B ##\n---\nthree", "1h1(A) 3p(one two) 6h2(B) 7rule 8p(three)");
        check("日本\n語\nand", "1p(日本語 and)");
    }

    #[test]
    fn fences_end_where_they_close() {
        check("```sh a=b\nx\n\n```\ny", "1c[sh a=b](2=x/3=) 5p(y)");
        check("````hint\na\n```sh\nb\n```\n````", "1c[hint](2=a/3=```sh/4=b/5=```)");
        check("~~~\nopen", "1c[](2=open)");
        check("`` `a` ``", "1p(`a`)");
    }

    #[test]
    fn lists_hold_rows() {
        check("- a\n  more\n- b\n\n  c\n\nd", "1l(1p(a more); 3p(b) 5p(c)) 7p(d)");
        check("3. a\n   - b\n   - c\n4. d", "1l3(1p(a) 2l(2p(b); 3p(c)); 4p(d))");
        check("1. a\n\n   ```shell\n   x\n   ```\n1. b", "1l1(1p(a) 3c[shell](4=x); 6p(b))");
        check("- a\nlazy\n\nb", "1l(1p(a lazy)) 4p(b)");
    }

    #[test]
    fn quotes_tables_and_what_is_left_out() {
        check("> a\n> - b\n\nc", "1q(1p(a) 2l(2p(b))) 4p(c)");
        check("| a | b |\n|---|---|\n| c | d\\|e |\nf", "1t(a,b: c,d|e) 4p(f)");
        check("a\n<!-- b\nc -->\nd", "1p(a) 4p(d)");
    }

    #[test]
    fn whatever_is_written_something_comes_out() {
        for text in [
            "-",
            "- ",
            "1.",
            ">",
            ">>>>>>>>>>>>>>>>>>>>",
            "|",
            "|\n|-|",
            "```",
            "#",
            "\\",
            "[](",
            "* * *",
            "- - - - - - - - - - - a",
        ] {
            drop(rows(&numbered(text)));
        }
    }
}
