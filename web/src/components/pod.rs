//! A pod: the ordinal first, then its name and status; its workload by hue, its state by ring, sign and words.

use view::{PodRow, PodState, WorkloadRow};
use yew::prelude::*;

use super::picture::Light;
use crate::i18n::{Language, Text};
use crate::layout::{Detail, PodBox};

/// Letters that stand for a pod without an ordinal.
const SHORT_NAME: usize = 3;

/// Which revision a pod has while two are about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stripe {
    /// The one that pods had.
    Old,
    /// The one that pods are getting.
    New,
}

/// A pod's stripe during a rollout; `None` while all pods are of one revision.
pub(super) fn stripe(pod: &PodRow, owner: &WorkloadRow) -> Option<Stripe> {
    if owner.current_revision == owner.update_revision || pod.revision.is_empty() {
        return None;
    }
    Some(if pod.revision == owner.update_revision { Stripe::New } else { Stripe::Old })
}

/// See the module.
#[derive(Properties, PartialEq)]
pub(super) struct Props {
    /// What it speaks.
    pub language: Language,
    /// Row and place.
    pub place: PodBox,
    /// Its workload's hue.
    pub hue: Option<u8>,
    /// Its revision during a rollout.
    pub stripe: Option<Stripe>,
    /// How it stands out.
    pub light: Light,
}

/// See the module.
#[component]
pub(super) fn Pod(props: &Props) -> Html {
    let Props { language, place, hue, stripe, light } = props;
    let (pod, area) = (&place.pod, place.area);
    let label = label(*language, pod);
    let class = classes!(
        "pod",
        (place.detail != Detail::Large).then_some("compact"),
        state_class(pod.state),
        pod.caption.as_ref().filter(|caption| !caption.serves && has_part(pod)).map(|_| "idle"),
        hue.map_or("hue-none".to_string(), |hue| format!("hue-{hue}")),
        light.classes(),
    );
    let (w, h) = (area.w.to_string(), area.h.to_string());
    let radius = if place.detail == Detail::Small { "3" } else { "9" };
    html! {
        <g {class} transform={format!("translate({} {})", area.x, area.y)} data-uid={pod.uid.to_string()}
            role="button" tabindex={light.tab_index()} aria-label={label.clone()}
            aria-pressed={light.selected.to_string()}>
            <title>{ label }</title>
            <rect class="pod-back" width={w.clone()} height={h.clone()} rx={radius} />
            if let Some(stripe) = *stripe {
                { stripe_of(stripe, area.w, area.h) }
            }
            <rect class="pod-ring" x="1.5" y="1.5" width={(area.w - 3).to_string()} height={(area.h - 3).to_string()}
                rx={radius} />
            { inside(*language, place) }
        </g>
    }
}

fn inside(language: Language, place: &PodBox) -> Html {
    let (pod, w, h) = (&place.pod, place.area.w, place.area.h);
    let middle = (w / 2).to_string();
    match place.detail {
        Detail::Large => html! {
            <>
                <text class="pod-name" x="9" y="16">{ fit(&pod.name, (w - 32) * 10 / 72) }</text>
                <text class="pod-sign" x={(w - 9).to_string()} y="17" text-anchor="end" aria-hidden="true">
                    { sign(pod.state) }
                </text>
                <text class={ordinal_class(pod)} x={middle.clone()} y="48" text-anchor="middle">{ short_name(pod) }</text>
                <text class={if has_part(pod) { "pod-status pod-part" } else { "pod-status" }} x={middle}
                    y={(h - 9).to_string()} text-anchor="middle">
                    { fit(part_or_status(pod), (w - 6) * 10 / 48) }
                </text>
            </>
        },
        Detail::Medium => html! {
            <text class={ordinal_class(pod)} x={middle} y="26" text-anchor="middle">{ short_name(pod) }</text>
        },
        Detail::Small | Detail::Bars | Detail::Heat => Html::default(),
        Detail::Chip => chip(language, pod),
    }
}

/// Whether a pod that runs says what it is to its users.
fn has_part(pod: &PodRow) -> bool {
    pod.caption.is_some() && matches!(pod.state, PodState::Ready | PodState::Running)
}

/// What it is to its users says more than `Running`.
fn part_or_status(pod: &PodRow) -> &str {
    pod.caption.as_ref().filter(|_| has_part(pod)).map_or(&pod.status, |caption| &caption.text)
}

fn chip(language: Language, pod: &PodRow) -> Html {
    let short = short_name(pod);
    let x = 18 + 13 * short.chars().count() as i32;
    let letters = (124 - x) / 6;
    html! {
        <>
            <text class={ordinal_class(pod)} x="10" y="24">{ short }</text>
            <text class="pod-name" x={x.to_string()} y="15">{ fit(&pod.name, letters) }</text>
            <text class="pod-status" x={x.to_string()} y="27">
                { fit(language.say(state_text(pod.state)), letters + 2) }
            </text>
        </>
    }
}

/// A new revision has a full stripe, an old one a broken one.
fn stripe_of(stripe: Stripe, w: i32, h: i32) -> Html {
    let class = match stripe {
        Stripe::Old => "pod-stripe old",
        Stripe::New => "pod-stripe new",
    };
    html! { <path {class} d={format!("M5 {y}H{}", w - 5, y = h - 5)} /> }
}

fn label(language: Language, pod: &PodRow) -> String {
    let ready = format!("{}/{}", pod.ready, pod.containers);
    let state = language.say(state_text(pod.state));
    let status = match &pod.caption {
        Some(caption) if has_part(pod) => format!("{} ({state}, {})", pod.status, caption.text),
        _ => format!("{} ({state})", pod.status),
    };
    match pod.node.is_empty() {
        true => language.fill(Text::PodLabelPending, &[&pod.name, &status]),
        false => language.fill(Text::PodLabel, &[&pod.name, &status, &ready, &pod.node]),
    }
}

fn ordinal_class(pod: &PodRow) -> &'static str {
    if pod.ordinal.is_some() { "pod-ordinal" } else { "pod-suffix" }
}

/// The ordinal; the last letters of a generated name, or the first ones of a name that somebody chose.
fn short_name(pod: &PodRow) -> String {
    match pod.ordinal {
        Some(ordinal) => ordinal.to_string(),
        None => {
            let letters = pod.name.chars().count();
            let skipped = if pod.workload.is_some() { letters.saturating_sub(SHORT_NAME) } else { 0 };
            pod.name.chars().skip(skipped).take(SHORT_NAME).collect()
        }
    }
}

/// At most so many letters.
pub(super) fn fit(text: &str, letters_max: i32) -> String {
    let max = usize::try_from(letters_max).unwrap_or(0).max(2);
    if text.chars().count() <= max {
        return text.into();
    }
    text.chars().take(max - 1).chain(['…']).collect()
}

/// A sign per state: colour is never the only one.
pub(super) fn sign(state: PodState) -> &'static str {
    match state {
        PodState::Pending => "⋯",
        PodState::Pulling => "↓",
        PodState::Creating => "+",
        PodState::Running => "○",
        PodState::Ready => "✓",
        PodState::Failing => "!",
        PodState::Succeeded => "■",
        PodState::Terminating => "×",
        PodState::Unknown => "?",
    }
}

/// A class per state.
pub(super) fn state_class(state: PodState) -> &'static str {
    match state {
        PodState::Pending => "state-pending",
        PodState::Pulling => "state-pulling",
        PodState::Creating => "state-creating",
        PodState::Running => "state-running",
        PodState::Ready => "state-ready",
        PodState::Failing => "state-failing",
        PodState::Succeeded => "state-succeeded",
        PodState::Terminating => "state-terminating",
        PodState::Unknown => "state-unknown",
    }
}

/// Words per state.
pub(super) fn state_text(state: PodState) -> Text {
    match state {
        PodState::Pending => Text::StatePending,
        PodState::Pulling => Text::StatePulling,
        PodState::Creating => Text::StateCreating,
        PodState::Running => Text::StateRunning,
        PodState::Ready => Text::StateReady,
        PodState::Failing => Text::StateFailing,
        PodState::Succeeded => Text::StateSucceeded,
        PodState::Terminating => Text::StateTerminating,
        PodState::Unknown => Text::StateUnknown,
    }
}
