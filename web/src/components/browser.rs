//! The little browser: address, back, reload, and the page. A page is shown as elements of our own, made from the tree of
//! [`html`](crate::browser::html); links and forms ask the engine, nothing else acts.

use view::{Command, NoPage};
use wasm_bindgen::JsCast;
use web_sys::{
    HtmlButtonElement, HtmlElement, HtmlFormElement, HtmlInputElement, HtmlSelectElement, HtmlTextAreaElement,
};
use yew::prelude::*;
use yew::virtual_dom::VNode;

use crate::browser::html::{Attributes, Document, Node};
use crate::browser::{Act, Browser, Shown};
use crate::i18n::{Language, Text};
use crate::store::{Action, Shared};

/// See the module.
#[derive(Properties, PartialEq)]
pub(super) struct Props {
    /// What it speaks.
    pub language: Language,
    /// Its state.
    pub browser: Shared<Browser>,
    /// For the engine.
    pub on_command: Callback<Command>,
    /// For the store.
    pub on_action: Callback<Action>,
}

/// A wish of the reader's.
#[derive(Clone)]
struct Go {
    url: String,
    base: String,
    form: Option<String>,
    act: fn(u32) -> Act,
}

impl Go {
    fn to(url: String) -> Go {
        Go { url, base: String::new(), form: None, act: Act::Visit }
    }
}

/// See the module.
#[component]
pub(super) fn BrowserPane(props: &Props) -> Html {
    let Props { language, browser, on_command, on_action } = props;
    let language = *language;
    let address = use_node_ref();
    let go = {
        let (on_command, on_action) = (on_command.clone(), on_action.clone());
        let (last, known) = (use_mut_ref(|| 0_u32), browser.visit);
        Callback::from(move |Go { url, base, form, act }: Go| {
            // A page's links keep the callback that they were made with: numbers must not repeat.
            let next = known.max(*last.borrow()) + 1;
            last.replace(next);
            on_action.emit(Action::Browser(act(next)));
            on_command.emit(Command::Browse { visit: next, url, base, form });
        })
    };
    {
        let (address, url) = (address.clone(), browser.url.clone());
        use_effect_with(url, move |url| {
            if let Some(input) = address.cast::<HtmlInputElement>() {
                input.set_value(url);
            }
        });
    }
    {
        let (go, wanted) = (go.clone(), browser.wanted.clone());
        use_effect_with(wanted, move |wanted| {
            if let Some(url) = wanted {
                go.emit(Go::to(url.clone()));
            }
        });
    }
    let on_submit = {
        let (go, address) = (go.clone(), address.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            if let Some(input) = address.cast::<HtmlInputElement>().filter(|input| !input.value().trim().is_empty()) {
                go.emit(Go::to(input.value().trim().to_string()));
            }
        }
    };
    let back = browser.back.last().cloned();
    let (on_back, on_reload, on_close) = (go.clone(), go.clone(), on_action.clone());
    let (no_page, url) = (browser.url.is_empty(), browser.url.clone());
    let is_alone = back.is_none();
    html! {
        <section class="browser" aria-label={language.say(Text::Browser)} aria-busy={browser.is_loading.to_string()}>
            <form class="browser-bar" onsubmit={on_submit}>
                <button type="button" class="quiet" disabled={is_alone} aria-label={language.say(Text::BrowserBack)}
                    onclick={move |_| on_back.emit(Go { act: Act::Back, ..Go::to(back.clone().unwrap_or_default()) })}>
                    { "←" }
                </button>
                <button type="button" class="quiet" disabled={no_page} aria-label={language.say(Text::BrowserReload)}
                    onclick={move |_| on_reload.emit(Go { act: Act::Again, ..Go::to(url.clone()) })}>
                    { "↻" }
                </button>
                <input ref={address} class="browser-address" type="text" inputmode="url" spellcheck="false"
                    autocapitalize="off" autocomplete="off" placeholder="http://192.168.49.2:30080"
                    aria-label={language.say(Text::BrowserAddress)} />
                <button type="submit">{ language.say(Text::BrowserGo) }</button>
                <button type="button" class="quiet" aria-label={language.say(Text::Close)}
                    onclick={move |_| on_close.emit(Action::Browser(Act::Toggle))}>
                    { "×" }
                </button>
            </form>
            <p class="browser-state" role="status">
                { if browser.is_loading { language.say(Text::BrowserLoading) } else { "" } }
            </p>
            { shown(language, browser, &go) }
        </section>
    }
}

fn shown(language: Language, browser: &Shared<Browser>, go: &Callback<Go>) -> Html {
    match &browser.shown {
        Shown::Nothing => html! { <p class="empty">{ language.say(Text::BrowserHint) }</p> },
        Shown::Failure(reason) => html! {
            <div class="browser-page browser-failure">
                <h3>{ language.say(Text::BrowserNoPage) }</h3>
                <p>{ language.fill(why(*reason), &[&browser.url]) }</p>
            </div>
        },
        Shown::Text { text, .. } => html! { <pre class="browser-page" tabindex="0">{ text }</pre> },
        Shown::Page { document, .. } => html! {
            <PageView key={browser.shown_visit} document={document.clone()} base={browser.url.clone()} go={go.clone()} />
        },
    }
}

fn why(reason: NoPage) -> Text {
    match reason {
        NoPage::Address => Text::BrowserBadAddress,
        NoPage::Name => Text::BrowserNoName,
        NoPage::Refused => Text::BrowserRefused,
        NoPage::Unreachable => Text::BrowserUnreachable,
        NoPage::Empty => Text::BrowserEmpty,
        NoPage::Timeout => Text::BrowserTimeout,
        NoPage::Redirects => Text::BrowserRedirects,
    }
}

#[derive(Properties)]
struct PageProps {
    document: Document,
    base: String,
    go: Callback<Go>,
}

impl PartialEq for PageProps {
    /// A page is made once: making it anew would lose what the reader has typed into its forms.
    fn eq(&self, other: &PageProps) -> bool {
        self.document == other.document && self.base == other.base
    }
}

#[component]
fn PageView(props: &PageProps) -> Html {
    let PageProps { document, base, go } = props;
    let site = Site { base: base.clone(), go: go.clone() };
    html! {
        <article class="browser-page" aria-label={document.title.clone()} tabindex="0">
            { for document.nodes.iter().map(|node| site.show(node)) }
        </article>
    }
}

struct Site {
    base: String,
    go: Callback<Go>,
}

impl Site {
    fn show(&self, node: &Node) -> Html {
        match node {
            Node::Text(text) => html! { { text } },
            Node::Element { tag, attributes, children } => self.element(tag, attributes, children),
        }
    }

    fn element(&self, tag: &'static str, attributes: &Attributes, children: &[Node]) -> Html {
        let inner: Vec<VNode> = children.iter().map(|child| self.show(child)).collect();
        let a = attributes;
        match tag {
            "a" => self.link(a, inner),
            "form" => self.form(a, inner),
            "img" => html! { <span class="browser-image">{ a.alt.clone() }</span> },
            "input" => input(a),
            "textarea" => html! {
                <textarea id={id(&a.id)} name={a.name.clone()} placeholder={a.placeholder.clone()} value={a.value.clone()}
                    rows="8" />
            },
            "select" => html! { <select id={id(&a.id)} name={a.name.clone()}>{ for inner }</select> },
            "option" => html! { <option value={a.value.clone()} selected={a.is_checked}>{ for inner }</option> },
            "button" => {
                html! { <button type="submit" name={a.name.clone()} value={a.value.clone()}>{ for inner }</button> }
            }
            "label" => html! { <label for={id(&a.label_for)}>{ for inner }</label> },
            // Headings of a page stand below the headings of ours.
            "h1" => html! { <h3 class="browser-h1">{ for inner }</h3> },
            "h2" => html! { <h4 class="browser-h2">{ for inner }</h4> },
            "h3" | "h4" | "h5" | "h6" => html! { <h5>{ for inner }</h5> },
            tag => html! { <@{tag}>{ for inner }</@> },
        }
    }

    fn link(&self, attributes: &Attributes, inner: Vec<VNode>) -> Html {
        let (href, base, go) = (attributes.href.clone(), self.base.clone(), self.go.clone());
        if href.is_empty() {
            return html! { <span>{ for inner }</span> };
        }
        let onclick = move |event: MouseEvent| {
            event.prevent_default();
            if !href.starts_with('#') {
                go.emit(Go { base: base.clone(), ..Go::to(href.clone()) });
            }
        };
        // An address of ours, so that the browser never has one of the page's.
        html! { <a href="#page" {onclick}>{ for inner }</a> }
    }

    fn form(&self, attributes: &Attributes, inner: Vec<VNode>) -> Html {
        let (action, base, go) = (attributes.action.clone(), self.base.clone(), self.go.clone());
        let is_post = attributes.method.eq_ignore_ascii_case("post");
        let onsubmit = move |event: SubmitEvent| {
            event.prevent_default();
            let Some(form) = event.target().and_then(|target| target.dyn_into::<HtmlFormElement>().ok()) else {
                return;
            };
            let text = encoded(&form, event.submitter());
            let wish = Go { base: base.clone(), ..Go::to(action.clone()) };
            go.emit(if is_post {
                Go { form: Some(text), ..wish }
            } else {
                Go { url: format!("{}?{text}", action.split('?').next().unwrap_or_default()), ..wish }
            });
        };
        html! { <form {onsubmit} novalidate={true}>{ for inner }</form> }
    }
}

/// Identities of a page are kept apart from ours.
fn id(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| format!("page-{text}"))
}

fn input(a: &Attributes) -> Html {
    let kind = match a.kind.as_str() {
        kind @ ("hidden" | "password" | "checkbox" | "radio" | "submit" | "search" | "email" | "number") => {
            kind.to_string()
        }
        _ => "text".to_string(),
    };
    html! {
        <input id={id(&a.id)} type={kind} name={a.name.clone()} value={a.value.clone()} placeholder={a.placeholder.clone()}
            checked={a.is_checked} autocomplete="off" />
    }
}

/// What a form sends, with the button that was pressed.
fn encoded(form: &HtmlFormElement, submitter: Option<HtmlElement>) -> String {
    let fields = form.elements();
    let elements = (0..fields.length()).filter_map(|at| fields.item(at));
    let mut pairs: Vec<(String, String)> = elements.filter_map(|element| field(&element)).collect();
    if let Some(button) = submitter {
        if let Some(button) = button.dyn_ref::<HtmlButtonElement>() {
            pairs.push((button.name(), button.value()));
        } else if let Some(button) = button.dyn_ref::<HtmlInputElement>() {
            pairs.push((button.name(), button.value()));
        }
    }
    let encode = |text: &str| js_sys::encode_uri_component(text).as_string().unwrap_or_default();
    let named = pairs.into_iter().filter(|(name, _)| !name.is_empty());
    named.map(|(name, value)| format!("{}={}", encode(&name), encode(&value))).collect::<Vec<_>>().join("&")
}

fn field(element: &web_sys::Element) -> Option<(String, String)> {
    if let Some(input) = element.dyn_ref::<HtmlInputElement>() {
        let counts = match input.type_().as_str() {
            "checkbox" | "radio" => input.checked(),
            "submit" => false,
            _ => true,
        };
        return counts.then(|| (input.name(), input.value()));
    }
    if let Some(area) = element.dyn_ref::<HtmlTextAreaElement>() {
        return Some((area.name(), area.value()));
    }
    element.dyn_ref::<HtmlSelectElement>().map(|select| (select.name(), select.value()))
}
