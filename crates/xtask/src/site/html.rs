//! Rows of Markdown as HTML. Text stays text: whatever a document holds is escaped, and links lead to the web, to pages
//! beside, or into the page.

use lesson::markdown::{self, Code};
use lesson::{Row, RowKind, Span, Style};

/// Text for an element or an attribute.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A whole document.
pub(super) fn document(text: &str) -> String {
    rows(&markdown::read(text))
}

/// Rows, one after the other.
pub(super) fn rows(rows: &[Row]) -> String {
    rows.iter().map(|row| of_row(&row.kind)).collect()
}

fn of_row(kind: &RowKind) -> String {
    match kind {
        RowKind::Heading { level, spans } => {
            let (level, text) = ((*level).clamp(1, 6), inline(spans));
            format!("<h{level} id=\"{}\">{text}</h{level}>\n", anchor(spans))
        }
        RowKind::Paragraph(spans) => format!("<p>{}</p>\n", inline(spans)),
        RowKind::List { start, items } => {
            let items: String = items.iter().map(|item| format!("<li>{}</li>\n", tight(item))).collect();
            match start {
                Some(1) => format!("<ol>\n{items}</ol>\n"),
                Some(start) => format!("<ol start=\"{start}\">\n{items}</ol>\n"),
                None => format!("<ul>\n{items}</ul>\n"),
            }
        }
        RowKind::Quote(inner) => format!("<blockquote>{}</blockquote>\n", rows(inner)),
        RowKind::Code(code) => block("", &text_of(code)),
        RowKind::Table { head, body } => table(head, body),
        RowKind::Rule => "<hr>\n".to_owned(),
    }
}

/// An item of one paragraph needs no paragraph.
fn tight(item: &[Row]) -> String {
    match item {
        [Row { kind: RowKind::Paragraph(spans), .. }] => inline(spans),
        [Row { kind: RowKind::Paragraph(spans), .. }, rest @ ..] => inline(spans) + &rows(rest),
        rows_of => rows(rows_of),
    }
}

/// A block of code, which a keyboard can scroll.
pub(super) fn block(class: &str, text: &str) -> String {
    format!("<pre class=\"code {class}\" tabindex=\"0\"><code>{}</code></pre>\n", escaped(text))
}

fn text_of(code: &Code) -> String {
    code.lines.iter().map(|(_, text)| format!("{text}\n")).collect()
}

fn table(head: &[Vec<Span>], body: &[Vec<Vec<Span>>]) -> String {
    let cells = |tag: &str, cells: &[Vec<Span>]| -> String {
        cells.iter().map(|cell| format!("<{tag}>{}</{tag}>", inline(cell))).collect()
    };
    let lines: String = body.iter().map(|line| format!("<tr>{}</tr>\n", cells("td", line))).collect();
    format!(
        "<div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr>{}</tr></thead>\n<tbody>\n{lines}</tbody>\n</table></div>\n",
        cells("th", head)
    )
}

/// Spans as inline elements.
pub(super) fn inline(spans: &[Span]) -> String {
    let one = |span: &Span| {
        let text = escaped(&span.text);
        let styled = match span.style {
            Style::Plain => text,
            Style::Code => format!("<code>{text}</code>"),
            Style::Emphasis => format!("<em>{text}</em>"),
            Style::Strong => format!("<strong>{text}</strong>"),
        };
        match span.link.as_deref().filter(|link| is_followed(link)) {
            Some(link) => format!("<a href=\"{}\">{styled}</a>", escaped(link)),
            None => styled,
        }
    };
    spans.iter().map(one).collect()
}

/// Links of the web and into the page; those to files of the sources have no place here.
fn is_followed(link: &str) -> bool {
    link.starts_with("https://") || link.starts_with("http://") || link.starts_with('#')
}

/// What a heading is called in an address.
pub(super) fn anchor(spans: &[Span]) -> String {
    let text: String = spans.iter().map(|span| span.text.to_lowercase()).collect();
    let kept = text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    escaped(&kept.collect::<Vec<_>>().join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_elements_and_text_stays_text() {
        let check = |text: &str, expect: &str| assert_eq!(document(text), expect, "{text}");
        check("# A `b` & <c>", "<h1 id=\"a-b-c\">A <code>b</code> &amp; &lt;c&gt;</h1>\n");
        check("**a** [b](https://c.d) [e](x.md)", "<p><strong>a</strong> <a href=\"https://c.d\">b</a> e</p>\n");
        check("[a](javascript:alert(1))", "<p>a)</p>\n");
        check("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n");
        check("3. a", "<ol start=\"3\">\n<li>a</li>\n</ol>\n");
        check("```\n<a>\n```", "<pre class=\"code \" tabindex=\"0\"><code>&lt;a&gt;\n</code></pre>\n");
    }
}
