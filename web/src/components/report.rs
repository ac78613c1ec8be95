//! What a trap of the engine looks like: a sentence, a report that can be sent, and a way back.

use yew::prelude::*;

use super::dialog::show;
use super::toolbar::Wish;
use crate::i18n::{Language, Text};
use crate::store::{Crash, Shared};

/// See the module.
#[derive(Properties, PartialEq)]
pub(super) struct Props {
    /// What it speaks.
    pub language: Language,
    /// What happened.
    pub crash: Shared<Crash>,
    /// What the reader wants.
    pub on_wish: Callback<Wish>,
}

/// See the module.
#[component]
pub(super) fn Report(props: &Props) -> Html {
    let Props { language, crash, on_wish } = props;
    let dialog = use_node_ref();
    {
        let dialog = dialog.clone();
        use_effect_with((), move |()| show(&dialog));
    }
    let ask = |wish: Wish| {
        let on_wish = on_wish.clone();
        Callback::from(move |_: MouseEvent| on_wish.emit(wish))
    };
    html! {
        <dialog class="dialog report" ref={dialog} oncancel={|event: Event| event.prevent_default()}
            aria-labelledby="report-title">
            <h2 id="report-title">{ language.say(Text::ReportTitle) }</h2>
            <p>{ language.say(Text::ReportBody) }</p>
            <pre class="report-text" tabindex="0" aria-label={language.say(Text::ReportText)}>{ report(crash) }</pre>
            <div class="dialog-buttons">
                if crash.can_go_back {
                    <button type="button" class="primary" onclick={ask(Wish::GoBack)}>
                        { language.say(Text::ReportGoBack) }
                    </button>
                }
                <button type="button" onclick={ask(Wish::SaveJournal)}>{ language.say(Text::Export) }</button>
                <button type="button" onclick={ask(Wish::NewCluster)}>{ language.say(Text::ReportRestart) }</button>
            </div>
        </dialog>
    }
}

/// The journal's first line has the seed.
fn report(crash: &Crash) -> String {
    let Crash { text, doing, journal, .. } = crash;
    format!("{text}\n\n{doing}\n\n{journal}")
}
