//! Rows of Markdown as elements. Text stays text; a link leads to a web address or is none.

use lesson::expect::{Part, parts};
use lesson::{Row, RowKind, Span, Style};
use yew::prelude::*;

use crate::i18n::{Language, Text};

/// One row.
pub(super) fn row(row: &Row) -> Html {
    match &row.kind {
        RowKind::Heading { level, spans } => heading(*level, spans),
        RowKind::Paragraph(spans) => html! { <p>{ text(spans) }</p> },
        RowKind::List { start: None, items } => html! { <ul>{ for items.iter().map(|rows| item(rows)) }</ul> },
        RowKind::List { start: Some(start), items } => {
            html! { <ol start={start.to_string()}>{ for items.iter().map(|rows| item(rows)) }</ol> }
        }
        RowKind::Quote(rows) => html! { <blockquote>{ for rows.iter().map(self::row) }</blockquote> },
        RowKind::Code(code) => {
            let lines: Vec<&str> = code.lines.iter().map(|(_, line)| line.as_str()).collect();
            html! { <pre class="lesson-code" lang="en" tabindex="0">{ lines.join("\n") }</pre> }
        }
        RowKind::Table { head, body } => table(head, body),
        RowKind::Rule => html! { <hr /> },
    }
}

/// The page's name is the first heading; a lesson's stand below it.
fn heading(level: u8, spans: &[Span]) -> Html {
    match level {
        1 => html! { <h2>{ text(spans) }</h2> },
        2 => html! { <h3>{ text(spans) }</h3> },
        _ => html! { <h4>{ text(spans) }</h4> },
    }
}

fn item(rows: &[Row]) -> Html {
    match rows {
        [Row { kind: RowKind::Paragraph(spans), .. }] => html! { <li>{ text(spans) }</li> },
        rows => html! { <li>{ for rows.iter().map(row) }</li> },
    }
}

fn table(head: &[Vec<Span>], body: &[Vec<Vec<Span>>]) -> Html {
    html! {
        <table>
            <thead><tr>{ for head.iter().map(|cell| html! { <th scope="col">{ text(cell) }</th> }) }</tr></thead>
            <tbody>
                { for body.iter().map(|row| html! {
                    <tr>{ for row.iter().map(|cell| html! { <td>{ text(cell) }</td> }) }</tr>
                }) }
            </tbody>
        </table>
    }
}

fn text(spans: &[Span]) -> Html {
    spans.iter().map(span).collect()
}

fn span(span: &Span) -> Html {
    let text = match span.style {
        Style::Plain => html! { <>{ &span.text }</> },
        Style::Code => html! { <code lang="en">{ &span.text }</code> },
        Style::Emphasis => html! { <em>{ &span.text }</em> },
        Style::Strong => html! { <strong>{ &span.text }</strong> },
    };
    let is_address = |link: &&String| link.starts_with("https://") || link.starts_with("http://");
    match span.link.as_ref().filter(is_address) {
        Some(link) => html! { <a href={link.clone()} target="_blank" rel="noopener noreferrer">{ text }</a> },
        None => text,
    }
}

/// Lines that are expected; what differs from cluster to cluster is marked.
pub(super) fn expected(language: Language, lines: &[String]) -> Html {
    let differs = language.say(Text::LessonDiffers);
    let shown = |part: Part<'_>| match part {
        Part::Text(text) => html! { <>{ text.to_owned() }</> },
        Part::Any => html! { <i title={differs}>{ "…" }</i> },
        Part::Named(name) => html! { <i title={differs}>{ name.to_owned() }</i> },
    };
    let line = |line: &String| html! { <>{ for parts(line).into_iter().map(shown) }{ "\n" }</> };
    html! { <pre class="lesson-console" lang="en" tabindex="0">{ for lines.iter().map(line) }</pre> }
}
