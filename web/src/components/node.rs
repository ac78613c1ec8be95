//! A node: its name, its state, how full it is. Its pods are drawn over it.

use view::PodState;
use yew::prelude::*;

use super::picture::Light;
use super::pod::{fit, sign, state_class, state_text};
use crate::i18n::{Language, Text};
use crate::layout::NodeBox;

/// See the module.
#[derive(Properties, PartialEq)]
pub(super) struct Props {
    /// What it speaks.
    pub language: Language,
    /// Row and place.
    pub place: NodeBox,
    /// How it stands out.
    pub light: Light,
    /// What the scheduler said of it, if the reader points at a pod that waits.
    pub verdict: Option<AttrValue>,
}

/// See the module.
#[component]
pub(super) fn Node(props: &Props) -> Html {
    let Props { language, place, light, verdict } = props;
    let (node, area) = (&place.node, place.area);
    let mut label = language.fill(Text::NodeLabel, &[&node.name, &node.status, &place.pods.to_string()]);
    for (state, count) in &place.bar {
        label.push_str(&format!(", {count} {}", language.say(state_text(*state))));
    }
    let class = classes!(
        "node",
        (!node.ready).then_some("not-ready"),
        (!node.schedulable).then_some("cordoned"),
        light.classes(),
    );
    if let Some(shade) = place.shade {
        return cell(props, shade, label, class);
    }
    html! {
        <g {class} transform={format!("translate({} {})", area.x, area.y)} data-uid={node.uid.to_string()}
            role="button" tabindex={light.tab_index()} aria-label={label.clone()}
            aria-pressed={light.selected.to_string()}>
            <title>{ label }</title>
            <rect class="node-back" width={area.w.to_string()} height={area.h.to_string()} rx="12" />
            <text class="node-name" x="12" y="22">{ &node.name }</text>
            <text class="node-status" x={(area.w - 12).to_string()} y="22" text-anchor="end">{ &node.status }</text>
            { meter(12, area.w / 2 - 18, language.say(Text::Cpu), node.cpu_requested_milli, node.cpu_milli) }
            { meter(area.w / 2 + 6, area.w / 2 - 18, language.say(Text::Memory), node.memory_requested_bytes,
                node.memory_bytes) }
            if let Some(verdict) = verdict {
                { refusal(verdict, area.w) }
            }
            if !place.bar.is_empty() {
                { bar(place, area.w - 20) }
            }
        </g>
    }
}

/// A node among many: its shade says how full it is, a sign what is wrong.
fn cell(props: &Props, shade: u8, label: String, class: Classes) -> Html {
    let Props { place, light, .. } = props;
    let (node, area) = (&place.node, place.area);
    let sign = match (node.ready, node.schedulable) {
        (false, _) => "×",
        (true, false) => "–",
        (true, true) => "",
    };
    html! {
        <g class={classes!(class, "cell", format!("shade-{shade}"))}
            transform={format!("translate({} {})", area.x, area.y)} data-uid={node.uid.to_string()} role="button"
            tabindex={light.tab_index()} aria-label={label.clone()} aria-pressed={light.selected.to_string()}>
            <title>{ label }</title>
            <rect class="node-back" width={area.w.to_string()} height={area.h.to_string()} rx="4" />
            if !sign.is_empty() {
                <text class="cell-sign" x={(area.w / 2).to_string()} y="16" text-anchor="middle">{ sign }</text>
            }
        </g>
    }
}

/// Why a pod does not come here, in place of how full it is: nothing is drawn over that.
fn refusal(verdict: &str, width: i32) -> Html {
    html! {
        <g class="verdict" transform="translate(8 27)">
            <rect class="verdict-back" width={(width - 16).to_string()} height="19" rx="5" />
            <text class="verdict-text" x="8" y="13">{ fit(verdict, (width - 32) * 10 / 56) }</text>
        </g>
    }
}

/// A thin bar: how much of a resource is requested.
fn meter(x: i32, width: i32, name: &str, used: u64, of: u64) -> Html {
    let share = (used.min(of) * 100).checked_div(of).unwrap_or(0) as i32;
    let label_width = 44;
    let track = (width - label_width).max(10);
    let tone = if share >= 90 { "meter-fill full" } else { "meter-fill" };
    html! {
        <g class="meter" transform={format!("translate({x} 31)")}>
            <text class="meter-name" y="8">{ name }</text>
            <rect class="meter-track" x={label_width.to_string()} y="2" width={track.to_string()} height="6" rx="3" />
            <rect class={tone} x={label_width.to_string()} y="2" width={(track * share / 100).to_string()} height="6"
                rx="3" />
        </g>
    }
}

/// `✓ 45  + 3`: signs as on the pods.
fn counts(place: &NodeBox) -> String {
    let count = |(state, count): &(PodState, usize)| [sign(*state), " ", &count.to_string()].concat();
    place.bar.iter().map(count).collect::<Vec<String>>().join("   ")
}

/// Pods by state, side by side.
fn bar(place: &NodeBox, width: i32) -> Html {
    let total = place.pods.max(1) as i32;
    let mut x = 10;
    let piece = |&(state, count): &(PodState, usize)| {
        let w = width * count as i32 / total;
        let at = x;
        x += w;
        html! {
            <rect class={classes!("bar-piece", state_class(state))} x={at.to_string()} y="50" width={w.to_string()}
                height="16" />
        }
    };
    html! {
        <g class="bar">
            { for place.bar.iter().map(piece) }
            <text class="bar-counts" x="10" y="80">{ counts(place) }</text>
        </g>
    }
}
