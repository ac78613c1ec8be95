//! The cluster as it stands: pods without a node, nodes with their pods, claims joined to the pods that name them.
//!
//! Every object is an element with its UID. One handler of the whole drawing finds the object under the pointer or the
//! focus; the arrow keys go from object to object, so that Tab passes the drawing in one step.

use view::Uid;
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlElement, KeyboardEvent, ResizeObserver, SvgElement};
use yew::prelude::*;

use super::claim::{Claim, Volume};
use super::node::Node;
use super::pod::Pod;
use crate::i18n::{Language, Text};
use crate::layout::{Area, Detail, JOINS_MAX, Join, Layout, PodBox, layout};
use crate::store::{PictureState, Shared};

/// Until the element has been measured.
const WIDTH_GUESS: i32 = 720;
/// Pods up to which what is under way moves: among more, motion tells nothing, and each frame of it costs.
const MOVING_MAX: usize = 60;
/// The attribute that holds an object's UID.
const UID: &str = "data-uid";

/// See the module.
#[derive(Properties, PartialEq)]
pub(super) struct Props {
    /// What it speaks.
    pub language: Language,
    /// Rows and places.
    pub picture: Shared<PictureState>,
    /// What the reader looks at.
    pub selected: Option<Uid>,
    /// What the reader points at.
    pub hovered: Option<Uid>,
    /// The reader looks at something.
    pub on_select: Callback<Option<Uid>>,
    /// The reader points at something.
    pub on_hover: Callback<Option<Uid>>,
}

/// How an object stands out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Light {
    /// The reader looks at it.
    pub selected: bool,
    /// It belongs to what the reader points or looks at.
    pub related: bool,
    /// Tab stops here.
    pub is_stop: bool,
}

impl Light {
    pub(super) fn classes(self) -> Classes {
        classes!(self.selected.then_some("selected"), self.related.then_some("related"))
    }

    pub(super) fn tab_index(self) -> &'static str {
        if self.is_stop { "0" } else { "-1" }
    }
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
    let pointed = props.hovered.or(props.selected);
    let related = use_memo((props.picture.clone(), pointed), |(picture, pointed)| {
        pointed.map(|uid| picture.related(uid)).unwrap_or_default()
    });
    html! {
        <div class="picture" ref={element}>
            { drawing(props, &laid, &related, *width) }
        </div>
    }
}

fn drawing(props: &Props, laid: &Layout, related: &[Uid], width: i32) -> Html {
    let &Props { language, selected, hovered, .. } = props;
    let picture = &props.picture;
    let stop = selected.or_else(|| laid.nodes.first().map(|node| node.node.uid));
    let light = |uid: Uid| Light {
        selected: selected == Some(uid),
        related: hovered == Some(uid) || related.binary_search(&uid).is_ok(),
        is_stop: stop == Some(uid),
    };
    let pointed = hovered.or(selected);
    let verdicts = pointed.and_then(|uid| picture.pods.get(uid)).map_or(&[][..], |pod| &pod.verdicts);
    let verdict =
        |node: &str| verdicts.iter().find(|verdict| verdict.node == node).map(|v| AttrValue::from(v.reason.clone()));
    let all_joins = laid.joins.len() <= JOINS_MAX;
    let at = |event: MouseEvent| uid_of(&event);
    let (on_click, on_over, on_focus) = (props.on_select.reform(at), props.on_hover.reform(at), props.on_hover.clone());
    let on_leave = props.on_hover.reform(|_: MouseEvent| None);
    let on_blur = props.on_hover.reform(|_: FocusEvent| None);
    let on_select = props.on_select.clone();
    let pod = |place: &PodBox| {
        // At the beginning of a rollout all pods get one: where none is drawn, none is drawn anew.
        let owner = picture.workload_of(&place.pod).filter(|_| place.detail == Detail::Large);
        let stripe = owner.and_then(|owner| super::pod::stripe(&place.pod, owner));
        html! {
            <Pod key={place.pod.uid.0} {language} place={place.clone()} hue={picture.hue_of(&place.pod)} {stripe}
                light={light(place.pod.uid)} />
        }
    };
    let class = if laid.pods.len() > MOVING_MAX { "cluster still" } else { "cluster" };
    html! {
        <svg {class} width={width.to_string()} height={laid.height.to_string()}
            viewBox={format!("0 0 {width} {}", laid.height)} role="group" aria-label={language.say(Text::PictureKeys)}
            onclick={on_click} onmouseover={on_over} onmouseleave={on_leave} onfocusout={on_blur}
            onfocusin={move |event: FocusEvent| on_focus.emit(uid_of(&event))}
            onkeydown={move |event: KeyboardEvent| key(&event, &on_select)}>
            { section(laid.tray.area, language.say(Text::PendingTray), &tray_note(language, laid)) }
            { section(laid.shelf, language.say(Text::Claims), &shelf_note(language, laid)) }
            // Each list has an element of its own: among siblings without keys its keys would count for nothing.
            <g>{ for laid.nodes.iter().map(|node| html! {
                <Node key={node.node.uid.0} {language} place={node.clone()} light={light(node.node.uid)}
                    verdict={verdict(&node.node.name)} />
            }) }</g>
            <g class="joins" aria-hidden="true">
                { for laid.joins.iter().filter(|join| all_joins || is_lit(join, pointed)).map(|join| line(join, pointed)) }
            </g>
            { cells(laid, pod) }
            <g>{ for laid.claims.iter().map(|place| html! {
                <Claim key={place.claim.uid.0} {language} place={place.clone()} light={light(place.claim.uid)} />
            }) }</g>
            <g>{ for laid.volumes.iter().map(|place| html! {
                <Volume key={place.volume.uid.0} {language} place={place.clone()} light={light(place.volume.uid)} />
            }) }</g>
        </svg>
    }
}

/// The pods, each in an element for its cell, which stays: a browser lays out all that stands beside an element that comes or
/// goes, all texts of it again. Then those of the tray.
fn cells(laid: &Layout, pod: impl Fn(&PodBox) -> Html) -> Html {
    let mut pods = laid.pods.iter().peekable();
    let mut of_nodes = Vec::with_capacity(laid.nodes.len());
    for node in &laid.nodes {
        let mut take = |cell| pods.next_if(|place| place.cell == Some((node.node.uid, cell))).map(&pod);
        let cells: Vec<Html> = (0..node.cells).map(|cell| html! { <g key={cell}>{ for take(cell) }</g> }).collect();
        of_nodes.push(html! { <g key={node.node.uid.0}>{ for cells }</g> });
    }
    html! { <><g>{ for of_nodes }</g><g>{ for pods.map(pod) }</g></> }
}

fn tray_note(language: Language, laid: &Layout) -> String {
    match (laid.tray.waiting, laid.tray.hidden) {
        (0, _) => language.say(Text::NothingPending).to_string(),
        (waiting, 0) => waiting.to_string(),
        (_, hidden) => language.fill(Text::MoreCandidates, &[&hidden.to_string()]),
    }
}

fn shelf_note(language: Language, laid: &Layout) -> String {
    match laid.claims.len() {
        0 => language.say(Text::NoClaims).to_string(),
        count => count.to_string(),
    }
}

/// A panel with its heading; a narrow one has the note below.
fn section(area: Area, heading: &str, note: &str) -> Html {
    html! {
        <g class="section" transform={format!("translate({} {})", area.x, area.y)}>
            <rect class="section-back" width={area.w.to_string()} height={area.h.to_string()} rx="8" />
            <text class="section-head" x="10" y="17">
                { heading }<tspan class="section-note" dx="8">{ note }</tspan>
            </text>
        </g>
    }
}

fn is_lit(join: &Join, pointed: Option<Uid>) -> bool {
    pointed.is_some_and(|uid| uid == join.pod || uid == join.claim)
}

fn line(join: &Join, pointed: Option<Uid>) -> Html {
    let class = if is_lit(join, pointed) { "join lit" } else { "join" };
    html! { <path key={join.pod.0 ^ join.claim.0.rotate_left(1)} {class} d={join.path.clone()} /> }
}

/// The object at which something happened.
pub(super) fn uid_of(event: &Event) -> Option<Uid> {
    let element = event.target()?.dyn_into::<Element>().ok()?;
    Uid::parse(&element.closest("[data-uid]").ok()??.get_attribute(UID)?)
}

/// Enter and space choose, the arrow keys go on and back.
fn key(event: &KeyboardEvent, on_select: &Callback<Option<Uid>>) {
    let key = event.key();
    match key.as_str() {
        "Enter" | " " => on_select.emit(uid_of(event)),
        "Escape" => on_select.emit(None),
        "ArrowRight" | "ArrowDown" | "ArrowLeft" | "ArrowUp" | "Home" | "End" => {
            // Where there is nothing to go to, the focus stays.
            let _ = move_focus(event, &key);
        }
        _ => return,
    }
    event.prevent_default();
}

fn move_focus(event: &KeyboardEvent, key: &str) -> Option<()> {
    let here = event.target()?.dyn_into::<Element>().ok()?;
    let all = here.closest("svg").ok()??.query_selector_all("[data-uid]").ok()?;
    let count = all.length();
    let at = (0..count).find(|&index| all.item(index).is_some_and(|node| node.is_same_node(Some(&here)))).unwrap_or(0);
    let to = match key {
        "ArrowRight" | "ArrowDown" => (at + 1).min(count.saturating_sub(1)),
        "Home" => 0,
        "End" => count.saturating_sub(1),
        _ => at.saturating_sub(1),
    };
    all.item(to)?.dyn_into::<SvgElement>().ok()?.focus().ok()
}

/// Tells an element's width, now and whenever it changes.
fn observe<T: Fn(i32) + 'static>(element: &NodeRef, tell: T) -> impl FnOnce() + use<T> {
    let html = element.cast::<HtmlElement>();
    let measured = html.clone();
    let on_resize = Closure::<dyn Fn()>::new(move || {
        // A part that is not shown has no width.
        if let Some(width) = measured.as_ref().map(|html| html.client_width()).filter(|width| *width > 0) {
            tell(width);
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
