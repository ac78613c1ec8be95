//! What stands above the nodes: workloads, services with their endpoints, and budgets as shields.

use ordered::OrderedMap;
use view::{BudgetRow, Fact, Owner, PodRow, ServiceRow, Uid, WorkloadRow};
use yew::prelude::*;

use super::inspector_card::refused;
use super::picture::uid_of;
use super::ring::{self, ring_of};
use crate::i18n::{Language, Text};
use crate::order::by_key;
use crate::store::{PictureState, Shared, root_of};
use crate::why::sentence;

/// Cards of one kind.
const CARDS_MAX: usize = 40;
/// Endpoints of a service that are drawn.
const DOTS_MAX: usize = 12;

/// See the module.
#[derive(Properties, PartialEq)]
pub(super) struct Props {
    /// What it speaks.
    pub language: Language,
    /// Rows.
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

/// See the module.
#[component]
pub(super) fn Summary(props: &Props) -> Html {
    let Props { language, picture, .. } = props;
    let services: Vec<&ServiceRow> =
        picture.services.values().filter(|row| !is_of_the_system(row)).map(|row| &**row).collect();
    if picture.workloads.is_empty() && services.is_empty() && picture.budgets.is_empty() {
        // A pod that nobody made but the reader is no workload, and yet it runs.
        let is_quiet = picture.pods.is_empty();
        return html! { if is_quiet { <p class="empty summary">{ language.say(Text::NoWorkloads) }</p> } };
    }
    let related = props.hovered.or(props.selected).map(|uid| picture.related(uid)).unwrap_or_default();
    let card = |uid: Uid, class: &str, inside: Html| card(props, &related, uid, class, inside);
    let workloads: Vec<Shared<WorkloadRow>> = in_order(picture).into_iter().take(CARDS_MAX).collect();
    let at = |event: MouseEvent| uid_of(&event);
    html! {
        <ul class="summary" onclick={props.on_select.reform(at)} onmouseover={props.on_hover.reform(at)}
            onmouseleave={props.on_hover.reform(|_: MouseEvent| None)}
            onfocusin={props.on_hover.reform(|event: FocusEvent| uid_of(&event))}
            onfocusout={props.on_hover.reform(|_: FocusEvent| None)}>
            { for workloads.iter().map(|row| {
                card(row.uid, &workload_class(picture, row), workload(*language, picture, row))
            }) }
            { for workloads.iter().filter_map(|row| {
                let ring = ring_of(picture, row)?;
                let class = ["ring ", &hue_class(picture, row)].concat();
                Some(html! { <li key={ring_key(row)}>{ button(props, &related, row.uid, &class, ring::card(*language, &ring)) }</li> })
            }) }
            { for services.into_iter().take(CARDS_MAX).map(|row| card(row.uid, "service", service(*language, row))) }
            { for picture.budgets.values().take(CARDS_MAX).map(|row| {
                card(row.uid, budget_class(row), budget(*language, row))
            }) }
        </ul>
    }
}

fn card(props: &Props, related: &[Uid], uid: Uid, class: &str, inside: Html) -> Html {
    html! { <li key={uid.0}>{ button(props, related, uid, class, inside) }</li> }
}

fn button(props: &Props, related: &[Uid], uid: Uid, class: &str, inside: Html) -> Html {
    let is_related = props.hovered == Some(uid) || related.binary_search(&uid).is_ok();
    html! {
        <button type="button" class={classes!("card", class.to_string(), is_related.then_some("related"))}
            data-uid={uid.to_string()} aria-pressed={(props.selected == Some(uid)).to_string()}>
            { inside }
        </button>
    }
}

/// A ring stands beside the card of its workload, whose key is its UID.
fn ring_key(row: &WorkloadRow) -> u128 {
    !row.uid.0
}

/// A Deployment stands before its ReplicaSets, whose names begin with its own.
fn in_order(picture: &PictureState) -> Vec<Shared<WorkloadRow>> {
    by_key(picture.workloads.values().cloned(), |row| (row.namespace.clone(), row.name.clone()))
}

/// The hash of a ReplicaSet's template, if a Deployment has made it.
fn hash_of(row: &WorkloadRow) -> Option<&str> {
    let is_made = row.kind == "ReplicaSet" && !row.update_revision.is_empty();
    row.name.rsplit_once('-').map(|(_, hash)| hash).filter(|_| is_made)
}

fn workload_class(picture: &PictureState, row: &WorkloadRow) -> String {
    let place = if hash_of(row).is_some() { "workload made" } else { "workload" };
    [place, " ", &hue_class(picture, row)].concat()
}

fn hue_class(picture: &PictureState, row: &WorkloadRow) -> String {
    let owner = Owner { kind: row.kind.clone(), name: row.name.clone() };
    let hash = hash_of(row).unwrap_or_default();
    let hue = picture.hue_of_owner(&row.namespace, &root_of(&owner, hash));
    hue.map_or("hue-none".to_string(), |hue| format!("hue-{hue}"))
}

fn budget_class(row: &BudgetRow) -> &'static str {
    match (row.allowed, row.refused.is_empty()) {
        (0, false) => "budget tight refused",
        (0, true) => "budget tight",
        _ => "budget",
    }
}

/// What the programs of a workload say of themselves, counted: `leader 1 · follower 2`; and how many do not serve.
fn parts(language: Language, picture: &PictureState, row: &WorkloadRow) -> Option<(String, Option<String>)> {
    let mut counts: OrderedMap<&str, u32> = OrderedMap::new();
    let mut idle = 0_u32;
    let is_its = |pod: &&Shared<PodRow>| {
        pod.namespace == row.namespace
            && pod.workload.as_ref().is_some_and(|owner| owner.kind == row.kind && owner.name == row.name)
    };
    for pod in picture.pods.values().filter(is_its) {
        let Some(caption) = &pod.caption else { continue };
        *counts.entry(part(&caption.text)).or_default() += 1;
        idle += u32::from(!caption.serves);
    }
    let counted: Vec<String> = counts.iter().map(|(text, count)| format!("{text} {count}")).collect();
    let idle = (idle > 0).then(|| language.fill(Text::NotServing, &[&idle.to_string()]));
    (!counted.is_empty()).then(|| (counted.join(" · "), idle))
}

/// A caption without the figures of its one pod, such as the share of a ring that is its own.
fn part(caption: &str) -> &str {
    caption.find(|letter: char| letter.is_ascii_digit()).map_or(caption, |at| caption[..at].trim_end())
}

fn workload(language: Language, picture: &PictureState, row: &WorkloadRow) -> Html {
    let hash = |revision: &str| revision.strip_prefix(&format!("{}-", row.name)).unwrap_or(revision).to_string();
    let is_set = row.kind == "StatefulSet";
    let is_rolling = row.current_revision != row.update_revision;
    let revision = hash_of(row)
        .filter(|_| is_rolling)
        .map(|hash| language.say(if hash == row.update_revision { Text::RevisionNew } else { Text::RevisionOld }));
    // That a part of a Deployment is as it should be is said by the Deployment.
    let is_plain = hash_of(row).is_some() && row.why.fact == Fact::AsWanted;
    let why = if is_plain { String::new() } else { sentence(language, &row.why) };
    let parts = parts(language, picture, row);
    html! {
        <>
            <span class="card-kind">{ &row.kind }</span>
            <span class="card-name">{ &row.name }</span>
            <span class="card-count">{ row.ready }{ "/" }{ row.replicas }</span>
            if let Some(revision) = revision {
                <span class="card-revision">{ revision }</span>
            }
            if let Some((counted, idle)) = parts {
                <span class="card-line card-parts">
                    { counted }
                    if let Some(idle) = idle {
                        <b class="card-idle">{ idle }</b>
                    }
                </span>
            }
            if is_rolling && is_set {
                <span class="card-line">
                    { hash(&row.current_revision) }{ " → " }{ hash(&row.update_revision) }{ " · " }
                    { row.updated }{ "/" }{ row.replicas }{ " " }{ language.say(Text::RevisionNew) }
                </span>
            } else if !why.is_empty() {
                <span class="card-line">{ why }</span>
            }
        </>
    }
}

/// What every cluster has before anybody makes anything.
fn is_of_the_system(row: &ServiceRow) -> bool {
    row.namespace == "kube-system" || (row.namespace == "default" && row.name == "kubernetes")
}

fn service(language: Language, row: &ServiceRow) -> Html {
    let ready = row.endpoints.iter().filter(|endpoint| endpoint.ready).count();
    let address = if row.cluster_ip == "None" { language.say(Text::Headless) } else { &row.cluster_ip };
    html! {
        <>
            <span class="card-kind">{ "Service" }</span>
            <span class="card-name">{ &row.name }</span>
            <span class="card-count">{ ready }{ "/" }{ row.endpoints.len() }</span>
            <span class="card-line">{ address }{ " · " }{ &row.ports }</span>
            <span class="dots" role="img" aria-label={language.fill(Text::Endpoints, &[&ready.to_string()])}>
                { for row.endpoints.iter().take(DOTS_MAX).map(|endpoint| html! {
                    <span class={if endpoint.ready { "dot ready" } else { "dot" }} title={endpoint.pod.clone()}></span>
                }) }
            </span>
        </>
    }
}

/// A shield with the number of pods that may go.
fn budget(language: Language, row: &BudgetRow) -> Html {
    let counts = [row.healthy.to_string(), row.expected.to_string(), row.desired_healthy.to_string()];
    let allowed = language.fill(Text::BudgetAllowed, &[&row.allowed.to_string()]);
    html! {
        <>
            <svg class="shield" viewBox="0 0 32 36" role="img" aria-label={allowed.clone()}>
                <path d="M16 2l12 4v11c0 8-5 13-12 17C9 30 4 25 4 17V6z" />
                <text x="16" y="22" text-anchor="middle">{ row.allowed }</text>
            </svg>
            <span class="card-name">{ &row.name }</span>
            <span class="card-line">{ allowed }</span>
            <span class="card-line">
                { language.fill(Text::BudgetHealthy, &[&counts[0], &counts[1], &counts[2]]) }
            </span>
            if !row.refused.is_empty() {
                <span class="card-line card-refused">{ refused(language, row) }</span>
            }
        </>
    }
}
