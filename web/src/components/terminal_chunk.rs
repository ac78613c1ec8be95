//! Some lines of a terminal, as text: whatever they hold stays text. Words that look like names of objects are elements of
//! their own, so that they can be pointed at.

use yew::prelude::*;

use crate::store::{Chunk, Run, Shared, Style};

/// Letters of a name at most.
const NAME_MAX: usize = 100;

/// Whether words that look like names can be pointed at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Names {
    /// They can.
    Linked,
    /// Text is text.
    Plain,
}

/// See the module.
#[derive(Properties, PartialEq)]
pub(super) struct Props {
    /// The lines.
    pub chunk: Shared<Chunk>,
    /// Whether names can be pointed at.
    pub linked: bool,
}

/// See the module.
#[component]
pub(super) fn TerminalChunk(props: &Props) -> Html {
    let names = if props.linked { Names::Linked } else { Names::Plain };
    html! { <div class="chunk">{ runs(&props.chunk.runs, names) }</div> }
}

/// Runs side by side.
pub(super) fn runs(runs: &[Run], names: Names) -> Html {
    html! { <>{ for runs.iter().map(|one| run(one, names)) }</> }
}

fn run(run: &Run, names: Names) -> Html {
    let class = match run.style {
        Style::Prompt => "text-prompt",
        Style::Typed => "text-typed",
        Style::Output => "text-output",
        Style::Error => "text-error",
    };
    if names == Names::Plain || run.style == Style::Prompt {
        return html! { <span {class}>{ &run.text }</span> };
    }
    html! { <span {class}>{ for pieces(&run.text).into_iter().map(|(is_name, text)| piece(is_name, text)) }</span> }
}

fn piece(is_name: bool, text: &str) -> Html {
    if is_name {
        html! { <span class="name">{ text }</span> }
    } else {
        html! { text }
    }
}

/// The text in pieces, each with whether it looks like a name.
fn pieces(text: &str) -> Vec<(bool, &str)> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '/' | '.');
    let (mut found, mut plain, mut at) = (Vec::new(), 0, 0);
    while at < text.len() {
        let word = text[at..].find(|letter| !is_part(letter)).map_or(text.len(), |end| at + end);
        if looks_like_a_name(&text[at..word]) {
            found.extend([(false, &text[plain..at]), (true, &text[at..word])]);
            plain = word;
        }
        let gap = text[word..].find(is_part).map_or(text.len(), |start| word + start);
        at = gap;
    }
    found.push((false, &text[plain..]));
    found.retain(|(_, piece)| !piece.is_empty());
    found
}

/// `web-0`, `statefulset.apps/web`; not `-w`, `--replicas`, `1/1`, `./web.yaml`.
fn looks_like_a_name(word: &str) -> bool {
    let joined = word.bytes().any(|byte| matches!(byte, b'-' | b'/'));
    joined
        && word.len() <= NAME_MAX
        && word.starts_with(|first: char| first.is_ascii_lowercase())
        && word.ends_with(|last: char| last.is_ascii_alphanumeric())
        && !word.contains("//")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let pieces = pieces(text);
        assert_eq!(pieces.iter().map(|(_, piece)| *piece).collect::<String>(), text, "nothing is lost");
        let names: Vec<&str> = pieces.iter().filter(|(is_name, _)| *is_name).map(|(_, piece)| *piece).collect();
        assert_eq!(names, expected, "{text}");
    }

    #[test]
    fn names_are_told_from_other_words() {
        check("web-0   1/1     Running   0   3s\n", &["web-0"]);
        check("pod \"web-1\" deleted from default namespace\n", &["web-1"]);
        check("statefulset.apps/web created", &["statefulset.apps/web"]);
        check("kubectl get pods -w --watch", &[]);
        check("日本語 www-web-0、", &["www-web-0"]);
        check("", &[]);
    }
}
