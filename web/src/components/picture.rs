//! The cluster as it stands: pods without a node, nodes with their pods, claims joined to the pods that name them.

use view::Uid;
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlElement, ResizeObserver};
use yew::prelude::*;

use super::claim::Claim;
use super::node::Node;
use super::pod::Pod;
use crate::i18n::{Language, Text};
use crate::layout::{Area, JOINS_MAX, Join, Layout, layout};
use crate::store::{PictureState, Shared};

/// Until the element has been measured.
const WIDTH_GUESS: i32 = 720;

/// See the module.
#[derive(Properties, PartialEq)]
pub(super) struct Props {
    /// What it speaks.
    pub language: Language,
    /// Rows and places.
    pub picture: Shared<PictureState>,
    /// What the reader looks at.
    pub selected: Option<Uid>,
    /// The reader looks at something.
    pub on_select: Callback<Option<Uid>>,
}

/// See the module.
#[component]
pub(super) fn Picture(props: &Props) -> Html {
    let element = use_node_ref();
    let width = use_state_eq(|| WIDTH_GUESS);
    {
        let (element, width) = (element.clone(), width.setter());
        use_effect_with((), move |()| observe(&element, move |measured| width.set(measured)));
    }
    let laid = use_memo((props.picture.clone(), *width), |(picture, width)| layout(picture, *width));
    html! {
        <div class="picture" ref={element}>
            { drawing(props, &laid, *width) }
        </div>
    }
}

fn drawing(props: &Props, laid: &Layout, width: i32) -> Html {
    let &Props { language, selected, .. } = props;
    let picture = &props.picture;
    let related = related(laid, selected);
    let all_joins = laid.joins.len() <= JOINS_MAX;
    let waiting = picture.pods.values().filter(|pod| pod.node.is_empty()).count();
    let tray_note = if waiting == 0 { language.say(Text::NothingPending).to_string() } else { waiting.to_string() };
    let shelf_note =
        if laid.claims.is_empty() { language.say(Text::NoClaims).to_string() } else { laid.claims.len().to_string() };
    html! {
        <svg class="cluster" width={width.to_string()} height={laid.height.to_string()}
            viewBox={format!("0 0 {width} {}", laid.height)} role="group" aria-label={language.say(Text::Picture)}>
            { section(laid.tray, language.say(Text::PendingTray), &tray_note) }
            { section(laid.shelf, language.say(Text::Claims), &shelf_note) }
            // Each list has an element of its own: among siblings without keys its keys would count for nothing.
            <g>{ for laid.nodes.iter().map(|node| html! {
                <Node key={node.node.uid.to_string()} {language} place={node.clone()}
                    selected={selected == Some(node.node.uid)} on_select={props.on_select.clone()} />
            }) }</g>
            <g class="joins" aria-hidden="true">
                { for laid.joins.iter().filter(|join| all_joins || is_lit(join, selected)).map(|join| line(join, selected)) }
            </g>
            <g>{ for laid.pods.iter().map(|place| {
                let uid = place.pod.uid;
                let stripe = picture.workload_of(&place.pod).and_then(|owner| super::pod::stripe(&place.pod, owner));
                html! {
                    <Pod key={uid.to_string()} {language} place={place.clone()} hue={picture.hue_of(&place.pod)}
                        {stripe} selected={selected == Some(uid)} related={related.contains(&uid)}
                        on_select={props.on_select.clone()} />
                }
            }) }</g>
            <g>{ for laid.claims.iter().map(|place| {
                let uid = place.claim.uid;
                html! {
                    <Claim key={uid.to_string()} {language} place={place.clone()} selected={selected == Some(uid)}
                        related={related.contains(&uid)} on_select={props.on_select.clone()} />
                }
            }) }</g>
        </svg>
    }
}

/// A panel with its heading.
fn section(area: Area, heading: &str, note: &str) -> Html {
    html! {
        <g class="section" transform={format!("translate({} {})", area.x, area.y)}>
            <rect class="section-back" width={area.w.to_string()} height={area.h.to_string()} rx="10" />
            <text class="section-head" x="10" y="17">
                { heading }<tspan class="section-note" dx="8">{ note }</tspan>
            </text>
        </g>
    }
}

fn is_lit(join: &Join, selected: Option<Uid>) -> bool {
    selected.is_some_and(|uid| uid == join.pod || uid == join.claim)
}

fn line(join: &Join, selected: Option<Uid>) -> Html {
    let class = if is_lit(join, selected) { "join lit" } else { "join" };
    html! { <path key={format!("{}{}", join.pod, join.claim)} {class} d={join.path.clone()} /> }
}

/// What belongs to the selected object.
fn related(laid: &Layout, selected: Option<Uid>) -> Vec<Uid> {
    let Some(selected) = selected else { return Vec::new() };
    laid.joins
        .iter()
        .filter_map(|join| match (join.pod == selected, join.claim == selected) {
            (true, _) => Some(join.claim),
            (_, true) => Some(join.pod),
            (false, false) => None,
        })
        .collect()
}

/// Tells an element's width, now and whenever it changes.
fn observe<T: Fn(i32) + 'static>(element: &NodeRef, tell: T) -> impl FnOnce() + use<T> {
    let html = element.cast::<HtmlElement>();
    let measured = html.clone();
    let on_resize = Closure::<dyn Fn()>::new(move || {
        if let Some(html) = &measured {
            tell(html.client_width());
        }
    });
    let observer = ResizeObserver::new(on_resize.as_ref().unchecked_ref()).ok();
    if let (Some(observer), Some(html)) = (&observer, &html) {
        observer.observe(html.unchecked_ref::<Element>());
    }
    move || {
        if let Some(observer) = observer {
            observer.disconnect();
        }
        drop(on_resize);
    }
}
