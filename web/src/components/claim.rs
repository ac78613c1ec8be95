//! A claim on the shelf: name, phase, size and class, and whose it is.

use view::{ClaimPhase, ClaimRow};
use yew::prelude::*;

use super::picture::Light;
use super::pod::fit;
use crate::i18n::{Language, Text};
use crate::layout::{ClaimBox, Detail, VolumeBox};

/// See the module.
#[derive(Properties, PartialEq)]
pub(super) struct Props {
    /// What it speaks.
    pub language: Language,
    /// Row and place.
    pub place: ClaimBox,
    /// How it stands out.
    pub light: Light,
}

/// See the module.
#[component]
pub(super) fn Claim(props: &Props) -> Html {
    let Props { language, place, light } = props;
    let (claim, area, pods) = (&place.claim, place.area, &place.pods);
    let phase = phase_text(claim.phase);
    let user = if pods.is_empty() { language.say(Text::NoPod) } else { pods };
    let label = language.fill(Text::ClaimLabel, &[&claim.name, phase, &claim.capacity, user]);
    let class = classes!(
        "claim",
        phase_class(claim.phase),
        place.hue.map_or("hue-none".to_string(), |hue| format!("hue-{hue}")),
        pods.is_empty().then_some("unused"),
        light.classes(),
    );
    html! {
        <g {class} transform={format!("translate({} {})", area.x, area.y)} data-uid={claim.uid.to_string()}
            role="button" tabindex={light.tab_index()} aria-label={label.clone()}
            aria-pressed={light.selected.to_string()}>
            <title>{ label }</title>
            <rect class="claim-back" width={area.w.to_string()} height={area.h.to_string()} rx="9" />
            { inside(*language, place, phase) }
        </g>
    }
}

fn inside(language: Language, place: &ClaimBox, phase: &str) -> Html {
    let (claim, width) = (&place.claim, place.area.w - 48);
    if place.detail != Detail::Large {
        return html! { <text class="claim-name" x="8" y="17">{ fit(&claim.name, (width + 34) * 10 / 74) }</text> };
    }
    let line = |text: &str| fit(text, width * 10 / 58);
    html! {
        <>
            { disk() }
            <text class="claim-name" x="40" y="19">{ fit(&claim.name, width * 10 / 74) }</text>
            <text class="claim-line" x="40" y="34">
                { line(&format!("{phase} · {} · {}", claim.capacity, claim.class)) }
            </text>
            <text class="claim-line" x="40" y="48">{ line(&claim.volume) }</text>
            <text class="claim-line claim-files" x="40" y="62">{ line(&files_text(language, claim)) }</text>
        </>
    }
}

fn disk() -> Html {
    html! {
        <g class="claim-disk" transform="translate(10 18)">
            <path d="M0 4v20c0 2.2 4.5 4 10 4s10-1.8 10-4V4" />
            <ellipse cx="10" cy="4" rx="10" ry="4" />
        </g>
    }
}

/// The files on a claim's volume, by name.
pub(super) fn files_text(language: Language, claim: &ClaimRow) -> String {
    if claim.files.is_empty() {
        return language.say(Text::NoFiles).into();
    }
    let names: Vec<&str> = claim.files.iter().map(|file| file.path.trim_start_matches('/')).collect();
    names.join(", ")
}

/// What a volume without a claim is drawn from.
#[derive(Properties, PartialEq)]
pub(super) struct VolumeProps {
    /// What it speaks.
    pub language: Language,
    /// Row and place.
    pub place: VolumeBox,
    /// How it stands out.
    pub light: Light,
}

/// A volume that no claim has: kept after its claim, or made by hand.
#[component]
pub(super) fn Volume(props: &VolumeProps) -> Html {
    let VolumeProps { language, place, light } = props;
    let (volume, area) = (&place.volume, place.area);
    let phase = phase_text(volume.phase);
    let label = language.fill(Text::VolumeLabel, &[&volume.name, phase, &volume.capacity]);
    let letters = (area.w - 48) * 10 / 58;
    html! {
        <g class={classes!("claim", "volume", phase_class(volume.phase), "hue-none", light.classes())}
            transform={format!("translate({} {})", area.x, area.y)} data-uid={volume.uid.to_string()} role="button"
            tabindex={light.tab_index()} aria-label={label.clone()} aria-pressed={light.selected.to_string()}>
            <title>{ label }</title>
            <rect class="claim-back" width={area.w.to_string()} height={area.h.to_string()} rx="9" />
            { disk() }
            <text class="claim-name" x="40" y="19">{ fit(&volume.name, letters * 8 / 10) }</text>
            <text class="claim-line" x="40" y="34">
                { fit(&format!("{phase} · {} · {}", volume.capacity, volume.class), letters) }
            </text>
            <text class="claim-line" x="40" y="48">{ fit(&volume.claim, letters) }</text>
        </g>
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
