//! Workloads, services and budgets, a line each.

use view::{BudgetRow, Owner, ServiceRow, Uid, WorkloadRow};
use yew::prelude::*;

use crate::i18n::{Language, Text};
use crate::store::{PictureState, Shared};

/// Lines of one list.
const LINES_MAX: usize = 40;

/// See the module.
#[derive(Properties, PartialEq)]
pub(super) struct Props {
    /// What it speaks.
    pub language: Language,
    /// Rows.
    pub picture: Shared<PictureState>,
    /// What the reader looks at.
    pub selected: Option<Uid>,
    /// The reader looks at something.
    pub on_select: Callback<Option<Uid>>,
}

/// See the module.
#[component]
pub(super) fn Summary(props: &Props) -> Html {
    let Props { language, picture, .. } = props;
    let language = *language;
    let services: Vec<&ServiceRow> =
        picture.services.values().filter(|row| !is_of_the_system(row)).map(|row| &**row).collect();
    if picture.workloads.is_empty() && services.is_empty() && picture.budgets.is_empty() {
        return html! { <p class="empty">{ language.say(Text::NoWorkloads) }</p> };
    }
    html! {
        <div class="summary">
            { list(language.say(Text::Workloads), picture.workloads.values().map(|row| workload(props, row))) }
            { list(language.say(Text::Services), services.into_iter().map(|row| service(language, row))) }
            { list(language.say(Text::Budgets), picture.budgets.values().map(|row| budget(language, row))) }
        </div>
    }
}

fn list(heading: &str, lines: impl ExactSizeIterator<Item = Html>) -> Html {
    if lines.len() == 0 {
        return Html::default();
    }
    html! {
        <div class="summary-list">
            <h2>{ heading }</h2>
            <ul>{ for lines.take(LINES_MAX) }</ul>
        </div>
    }
}

fn workload(props: &Props, row: &WorkloadRow) -> Html {
    let language = props.language;
    let owner = Owner { kind: row.kind.clone(), name: row.name.clone() };
    let hue = props.picture.hue_of_owner(&row.namespace, &owner);
    let hue = hue.map_or("hue-none".to_string(), |hue| format!("hue-{hue}"));
    let uid = row.uid;
    let on_select = props.on_select.clone();
    let hash = |revision: &str| revision.strip_prefix(&format!("{}-", row.name)).unwrap_or(revision).to_string();
    let is_rolling = row.current_revision != row.update_revision;
    html! {
        <li key={uid.to_string()}>
            <button type="button" class={classes!("card", hue)} aria-pressed={(props.selected == Some(uid)).to_string()}
                onclick={move |_| on_select.emit(Some(uid))}>
                <span class="card-kind">{ &row.kind }</span>
                <span class="card-name">{ &row.name }</span>
                <span class="card-count">{ row.ready }{ "/" }{ row.replicas }</span>
                if is_rolling {
                    <span class="card-line">
                        { hash(&row.current_revision) }{ " → " }{ hash(&row.update_revision) }{ " " }
                        { row.updated }{ "/" }{ row.replicas }
                        { " " }{ language.say(Text::RevisionNew) }
                    </span>
                } else if !row.update_revision.is_empty() {
                    <span class="card-line">{ hash(&row.update_revision) }</span>
                }
                if !row.reason.is_empty() {
                    <span class="card-line">{ &row.reason }</span>
                }
            </button>
        </li>
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
        <li key={row.uid.to_string()} class="card">
            <span class="card-name">{ &row.name }</span>
            <span class="card-line">{ address }{ " · " }{ &row.ports }</span>
            <span class="card-line">{ language.fill(Text::Endpoints, &[&ready.to_string()]) }</span>
        </li>
    }
}

fn budget(language: Language, row: &BudgetRow) -> Html {
    let counts = [row.healthy.to_string(), row.expected.to_string(), row.desired_healthy.to_string()];
    html! {
        <li key={row.uid.to_string()} class={classes!("card", (row.allowed == 0).then_some("card-tight"))}>
            <span class="card-name">{ &row.name }</span>
            <span class="card-line">{ language.fill(Text::BudgetAllowed, &[&row.allowed.to_string()]) }</span>
            <span class="card-line">
                { language.fill(Text::BudgetHealthy, &[&counts[0], &counts[1], &counts[2]]) }
            </span>
        </li>
    }
}
