//! Some lines of a terminal, as text: whatever they hold stays text.

use yew::prelude::*;

use crate::store::{Chunk, Run, Shared, Style};

/// See the module.
#[derive(Properties, PartialEq)]
pub(super) struct Props {
    /// The lines.
    pub chunk: Shared<Chunk>,
}

/// See the module.
#[component]
pub(super) fn TerminalChunk(props: &Props) -> Html {
    html! { <div class="chunk">{ runs(&props.chunk.runs) }</div> }
}

/// Runs side by side.
pub(super) fn runs(runs: &[Run]) -> Html {
    html! { <>{ for runs.iter().map(run) }</> }
}

fn run(run: &Run) -> Html {
    let class = match run.style {
        Style::Prompt => "text-prompt",
        Style::Typed => "text-typed",
        Style::Output => "text-output",
        Style::Error => "text-error",
    };
    html! { <span {class}>{ &run.text }</span> }
}
