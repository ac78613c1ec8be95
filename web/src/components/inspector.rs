//! What there is to know about the object that the reader looks at, why it is as it is, and the commands that tell more.

use view::{ClaimRow, NodeRow, PodRow, Uid, WorkloadRow};
use yew::prelude::*;

use super::claim::phase_text;
use super::pod::state_text;
use crate::i18n::{Language, Text};
use crate::store::{PictureState, Shared};

/// See the module.
#[derive(Properties, PartialEq)]
pub(super) struct Props {
    /// What it speaks.
    pub language: Language,
    /// Rows.
    pub picture: Shared<PictureState>,
    /// What the reader looks at.
    pub selected: Option<Uid>,
    /// A command to be typed in the terminal.
    pub on_type: Callback<String>,
    /// The reader looks away.
    pub on_select: Callback<Option<Uid>>,
}

/// What the panel says.
struct Card {
    kind: &'static str,
    name: String,
    fields: Vec<(Text, String)>,
    commands: Vec<String>,
}

/// See the module.
#[component]
pub(super) fn Inspector(props: &Props) -> Html {
    let language = props.language;
    let card = props.selected.and_then(|uid| card_of(language, &props.picture, uid));
    let on_select = props.on_select.clone();
    let close = move |_: MouseEvent| on_select.emit(None);
    html! {
        <section class="inspector" aria-label={language.say(Text::Inspector)} aria-live="polite">
            if let Some(card) = card {
                <button type="button" class="quiet inspector-close" aria-label={language.say(Text::Close)}
                    onclick={close}>
                    { "×" }
                </button>
                <h2><span class="inspector-kind">{ card.kind }</span>{ " " }{ card.name }</h2>
                <dl>
                    { for card.fields.into_iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| html! {
                        <div key={language.say(name)} class={if name == Text::FieldWhy { "field why" } else { "field" }}>
                            <dt>{ language.say(name) }</dt><dd>{ value }</dd>
                        </div>
                    }) }
                </dl>
                <div class="inspector-commands">
                    { for card.commands.into_iter().map(|command| button(props, command)) }
                </div>
            } else {
                <p class="empty">{ language.say(Text::InspectorHint) }</p>
            }
        </section>
    }
}

/// Buttons type the command: the page teaches the command line.
fn button(props: &Props, command: String) -> Html {
    let on_type = props.on_type.clone();
    let label = props.language.fill(Text::TypeCommand, &[&command]);
    let typed = command.clone();
    html! {
        <button key={command.clone()} type="button" class="type" aria-label={label}
            onclick={move |_| on_type.emit(typed.clone())}>
            <code>{ command }</code>
        </button>
    }
}

fn card_of(language: Language, picture: &PictureState, uid: Uid) -> Option<Card> {
    let pod = picture.pods.get(uid).map(|row| pod(language, row));
    let claim = || picture.claims.get(uid).map(|row| claim(picture, row));
    let node = || picture.nodes.get(uid).map(|row| node(picture, row));
    let workload = || picture.workloads.get(uid).map(|row| workload(row));
    pod.or_else(claim).or_else(node).or_else(workload)
}

/// ` -n namespace` where it is needed.
fn scope(namespace: &str) -> String {
    if namespace == "default" { String::new() } else { format!(" -n {namespace}") }
}

fn pod(language: Language, row: &PodRow) -> Card {
    let scope = scope(&row.namespace);
    let claims: Vec<String> = row.claims.iter().map(|used| format!("{} ({})", used.name, used.mount_path)).collect();
    Card {
        kind: "Pod",
        name: row.name.clone(),
        fields: vec![
            (
                Text::FieldStatus,
                format!("{} {}/{} · {}", row.status, row.ready, row.containers, language.say(state_text(row.state))),
            ),
            (Text::FieldWhy, row.reason.clone()),
            (Text::FieldNode, row.node.clone()),
            (Text::FieldAddress, row.ip.clone()),
            (
                Text::FieldOwner,
                row.workload.as_ref().map_or(String::new(), |owner| format!("{} {}", owner.kind, owner.name)),
            ),
            (Text::FieldRevision, row.revision.clone()),
            (Text::FieldImages, row.images.join(", ")),
            (Text::FieldClaims, claims.join(", ")),
            (Text::FieldRestarts, if row.restarts == 0 { String::new() } else { row.restarts.to_string() }),
        ],
        commands: vec![
            format!("kubectl describe pod {}{scope}", row.name),
            format!("kubectl logs {}{scope}", row.name),
            format!("kubectl delete pod {}{scope}", row.name),
        ],
    }
}

fn claim(picture: &PictureState, row: &ClaimRow) -> Card {
    let scope = scope(&row.namespace);
    let pods: Vec<String> = picture.pods_of_claim(row).map(|pod| pod.name.clone()).collect();
    Card {
        kind: "PersistentVolumeClaim",
        name: row.name.clone(),
        fields: vec![
            (Text::FieldStatus, phase_text(row.phase).to_string()),
            (Text::FieldWhy, row.reason.clone()),
            (Text::FieldVolume, row.volume.clone()),
            (Text::FieldCapacity, format!("{} {}", row.capacity, row.access_modes)),
            (Text::FieldClass, row.class.clone()),
            (Text::FieldPods, pods.join(", ")),
        ],
        commands: vec![format!("kubectl describe pvc {}{scope}", row.name)],
    }
}

fn node(picture: &PictureState, row: &NodeRow) -> Card {
    let pods = picture.pods.values().filter(|pod| pod.node == row.name).count();
    let cordon = if row.schedulable { "cordon" } else { "uncordon" };
    Card {
        kind: "Node",
        name: row.name.clone(),
        fields: vec![
            (Text::FieldStatus, row.status.clone()),
            (Text::FieldPods, format!("{pods} / {}", row.pods_max)),
            (Text::Cpu, format!("{}m / {}m", row.cpu_requested_milli, row.cpu_milli)),
            (Text::Memory, format!("{}Mi / {}Mi", row.memory_requested_bytes >> 20, row.memory_bytes >> 20)),
            (Text::FieldTaints, row.taints.join(", ")),
        ],
        commands: vec![format!("kubectl describe node {}", row.name), format!("kubectl {cordon} {}", row.name)],
    }
}

fn workload(row: &WorkloadRow) -> Card {
    let scope = scope(&row.namespace);
    let name = format!("{}/{}", row.kind.to_lowercase(), row.name);
    Card {
        kind: "",
        name: format!("{} {}", row.kind, row.name),
        fields: vec![
            (Text::FieldStatus, format!("{}/{}", row.ready, row.replicas)),
            (Text::FieldWhy, row.reason.clone()),
            (Text::RevisionOld, row.current_revision.clone()),
            (Text::RevisionNew, row.update_revision.clone()),
        ],
        commands: vec![
            format!("kubectl describe {name}{scope}"),
            format!("kubectl rollout history {name}{scope}"),
            format!("kubectl rollout restart {name}{scope}"),
        ],
    }
}
