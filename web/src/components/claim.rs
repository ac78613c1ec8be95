//! A claim on the shelf: name, phase, size and class, and whose it is.

use view::{ClaimPhase, Uid};
use yew::prelude::*;

use super::pod::fit;
use crate::i18n::{Language, Text};
use crate::layout::{ClaimBox, Detail};

/// See the module.
#[derive(Properties, PartialEq)]
pub(super) struct Props {
    /// What it speaks.
    pub language: Language,
    /// Row and place.
    pub place: ClaimBox,
    /// Whether the reader looks at it.
    pub selected: bool,
    /// Whether it belongs to what the reader looks at.
    pub related: bool,
    /// The reader looks at it.
    pub on_select: Callback<Option<Uid>>,
}

/// See the module.
#[component]
pub(super) fn Claim(props: &Props) -> Html {
    let Props { language, place, selected, related, on_select } = props;
    let (claim, area, pods) = (&place.claim, place.area, &place.pods);
    let phase = phase_text(claim.phase);
    let user = if pods.is_empty() { language.say(Text::NoPod) } else { pods };
    let label = language.fill(Text::ClaimLabel, &[&claim.name, phase, &claim.capacity, user]);
    let uid = claim.uid;
    let (choose, focus) = (on_select.clone(), on_select.clone());
    let class = classes!(
        "claim",
        phase_class(claim.phase),
        place.hue.map_or("hue-none".to_string(), |hue| format!("hue-{hue}")),
        pods.is_empty().then_some("unused"),
        selected.then_some("selected"),
        related.then_some("related"),
    );
    html! {
        <g {class} transform={format!("translate({} {})", area.x, area.y)} role="button" tabindex="0"
            aria-label={label.clone()} aria-pressed={selected.to_string()}
            onclick={move |_| choose.emit(Some(uid))} onfocus={move |_| focus.emit(Some(uid))}>
            <title>{ label }</title>
            <rect class="claim-back" width={area.w.to_string()} height={area.h.to_string()} rx="9" />
            { inside(place, phase, user) }
        </g>
    }
}

fn inside(place: &ClaimBox, phase: &str, user: &str) -> Html {
    let (claim, width) = (&place.claim, place.area.w - 48);
    if place.detail != Detail::Large {
        return html! { <text class="claim-name" x="8" y="17">{ fit(&claim.name, (width + 34) * 10 / 66) }</text> };
    }
    let line = |text: &str| fit(text, width * 10 / 52);
    html! {
        <>
            <g class="claim-disk" transform="translate(10 14)">
                <path d="M0 4v20c0 2.2 4.5 4 10 4s10-1.8 10-4V4" />
                <ellipse cx="10" cy="4" rx="10" ry="4" />
            </g>
            <text class="claim-name" x="40" y="19">{ fit(&claim.name, width * 10 / 66) }</text>
            <text class="claim-line" x="40" y="34">
                { line(&format!("{phase} · {} · {}", claim.capacity, claim.class)) }
            </text>
            <text class="claim-line" x="40" y="48">{ line(user) }</text>
        </>
    }
}

/// The phase in Kubernetes' word.
pub(super) fn phase_text(phase: ClaimPhase) -> &'static str {
    match phase {
        ClaimPhase::Pending => "Pending",
        ClaimPhase::Available => "Available",
        ClaimPhase::Bound => "Bound",
        ClaimPhase::Lost => "Lost",
        ClaimPhase::Released => "Released",
        ClaimPhase::Failed => "Failed",
        ClaimPhase::Terminating => "Terminating",
    }
}

fn phase_class(phase: ClaimPhase) -> &'static str {
    match phase {
        ClaimPhase::Pending => "phase-pending",
        ClaimPhase::Available | ClaimPhase::Bound => "phase-bound",
        ClaimPhase::Lost | ClaimPhase::Failed => "phase-failed",
        ClaimPhase::Released | ClaimPhase::Terminating => "phase-leaving",
    }
}
