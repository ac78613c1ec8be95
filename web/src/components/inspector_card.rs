//! What the inspector says of each kind of object: its fields, why it is as it is, and the commands that tell more.

use view::{
    BudgetRow, Caption, ClaimRow, EventRow, NodeRow, PodRow, PodState, ServiceRow, Verdict, VolumeRow, WorkloadRow,
};

use super::claim::{files_text, phase_text};
use super::pod::state_text;
use crate::i18n::{Language, Text};
use crate::store::{Found, PictureState, Shared};
use crate::why::sentence;

/// What the panel says.
pub(super) struct Card {
    /// Names and values; one without a value is left out.
    pub(super) fields: Vec<(Text, String)>,
    /// Whole lines.
    pub(super) commands: Vec<String>,
    /// Of a pod that waits.
    pub(super) verdicts: Vec<Verdict>,
}

/// What is to be said about an object.
pub(super) fn card_of(language: Language, picture: &PictureState, found: &Found) -> Card {
    match found {
        Found::Pod(row) => pod(language, picture, row),
        Found::Node(row) => node(language, picture, row),
        Found::Claim(row) => claim(language, picture, row),
        Found::Volume(row) => volume(row),
        Found::Workload(row) => workload(language, row),
        Found::Service(row) => service(language, row),
        Found::Budget(row) => budget(language, row),
    }
}

fn card(fields: Vec<(Text, String)>, commands: Vec<String>) -> Card {
    Card { fields, commands, verdicts: Vec::new() }
}

/// ` -n namespace` where it is needed.
fn scope(namespace: &str) -> String {
    if namespace == "default" { String::new() } else { [" -n ", namespace].concat() }
}

/// The newest warning about a pod that does not do well: a probe that fails says so in an event alone.
fn warning(picture: &PictureState, row: &PodRow) -> String {
    let object = ["pod/", &row.name].concat();
    let is_about = |event: &&Shared<EventRow>| {
        event.warning && event.object == object && event.namespace == row.namespace && event.at_us >= row.created_us
    };
    let newest = picture.events.values().filter(is_about).max_by_key(|event| event.at_us);
    newest.map(|event| [&event.reason, ": ", &event.message].concat()).unwrap_or_default()
}

fn pod(language: Language, picture: &PictureState, row: &PodRow) -> Card {
    let scope = scope(&row.namespace);
    let claims: Vec<String> = row.claims.iter().map(|used| format!("{} ({})", used.name, used.mount_path)).collect();
    let state = language.say(state_text(row.state));
    let owner = row.workload.as_ref().map(|owner| [&owner.kind, " ", &owner.name].concat());
    let fields = vec![
        (Text::FieldStatus, format!("{} {}/{} · {state}", row.status, row.ready, row.containers)),
        (Text::FieldWhy, sentence(language, &row.why)),
        (Text::FieldPart, part(language, row)),
        (Text::FieldWarning, if row.state == PodState::Ready { String::new() } else { warning(picture, row) }),
        (Text::FieldNode, row.node.clone()),
        (Text::FieldAddress, row.ip.clone()),
        (Text::FieldOwner, owner.unwrap_or_default()),
        (Text::FieldRevision, row.revision.clone()),
        (Text::FieldImages, row.images.join(", ")),
        (Text::FieldClaims, claims.join(", ")),
        (Text::FieldRestarts, if row.restarts == 0 { String::new() } else { row.restarts.to_string() }),
    ];
    let command = |verb: &str, after: &str| ["kubectl ", verb, " ", &row.name, &scope, after].concat();
    let commands = vec![
        command("describe pod", ""),
        command("logs", ""),
        command("exec -it", " -- sh"),
        command("delete pod", ""),
        ["fault pod kill ", &row.name, &scope].concat(),
        ["fault pod hang ", &row.name, &scope].concat(),
        [if row.state == PodState::Ready { "fault pod unready " } else { "fault pod ready " }, &row.name, &scope]
            .concat(),
    ];
    Card { verdicts: row.verdicts.clone(), ..card(fields, commands) }
}

/// What a pod's program says of itself.
fn part(language: Language, row: &PodRow) -> String {
    let said = |caption: &Caption| {
        language.fill(if caption.serves { Text::Serves } else { Text::ServesNot }, &[&caption.text])
    };
    row.caption.as_ref().map(said).unwrap_or_default()
}

/// What a budget has just refused.
pub(super) fn refused(language: Language, row: &BudgetRow) -> String {
    if row.refused.is_empty() { String::new() } else { language.fill(Text::BudgetRefused, &[&row.refused]) }
}

fn claim(language: Language, picture: &PictureState, row: &ClaimRow) -> Card {
    let pods: Vec<String> = picture.pods_of_claim(row).map(|pod| pod.name.clone()).collect();
    let fields = vec![
        (Text::FieldStatus, phase_text(row.phase).to_string()),
        (Text::FieldWhy, sentence(language, &row.why)),
        (Text::FieldVolume, row.volume.clone()),
        (Text::FieldCapacity, [&row.capacity, " ", &row.access_modes].concat()),
        (Text::FieldClass, row.class.clone()),
        (Text::FieldPods, pods.join(", ")),
        (Text::FieldFiles, files_text(language, row)),
    ];
    let scope = scope(&row.namespace);
    card(
        fields,
        vec![
            ["kubectl describe pvc ", &row.name, &scope].concat(),
            ["kubectl delete pvc ", &row.name, &scope].concat(),
            ["fault volume fill ", &row.name, &scope].concat(),
            ["fault volume lose ", &row.name, &scope].concat(),
        ],
    )
}

fn volume(row: &VolumeRow) -> Card {
    let fields = vec![
        (Text::FieldStatus, phase_text(row.phase).to_string()),
        (Text::FieldCapacity, row.capacity.clone()),
        (Text::FieldClass, row.class.clone()),
        (Text::FieldClaims, row.claim.clone()),
        (Text::FieldReclaim, row.reclaim_policy.clone()),
    ];
    card(fields, vec![["kubectl describe pv ", &row.name].concat()])
}

fn node(language: Language, picture: &PictureState, row: &NodeRow) -> Card {
    let pods = picture.pods.values().filter(|pod| pod.node == row.name).count();
    let why = match (row.ready, row.schedulable) {
        (false, _) => language.say(Text::WhyNodeSilent),
        (true, false) => language.say(Text::WhyNodeCordoned),
        (true, true) => "",
    };
    let fields = vec![
        (Text::FieldStatus, row.status.clone()),
        (Text::FieldWhy, why.to_string()),
        (Text::FieldPods, format!("{pods} / {}", row.pods_max)),
        (Text::Cpu, format!("{}m / {}m", row.cpu_requested_milli, row.cpu_milli)),
        (Text::Memory, format!("{}Mi / {}Mi", row.memory_requested_bytes >> 20, row.memory_bytes >> 20)),
        (Text::FieldTaints, row.taints.join(", ")),
    ];
    let cordon = if row.schedulable { "kubectl cordon " } else { "kubectl uncordon " };
    let commands = vec![
        ["kubectl describe node ", &row.name].concat(),
        [cordon, &row.name].concat(),
        ["kubectl drain ", &row.name, " --ignore-daemonsets"].concat(),
        [if row.ready { "fault node stop " } else { "fault node start " }, &row.name].concat(),
        [if row.ready { "fault network cut " } else { "fault network heal " }, &row.name].concat(),
    ];
    card(fields, commands)
}

fn workload(language: Language, row: &WorkloadRow) -> Card {
    let name = [&row.kind.to_lowercase(), "/", &row.name, &scope(&row.namespace)].concat();
    let fields = vec![
        (Text::FieldStatus, format!("{}/{}", row.ready, row.replicas)),
        (Text::FieldWhy, sentence(language, &row.why)),
        (Text::RevisionOld, row.current_revision.clone()),
        (Text::RevisionNew, row.update_revision.clone()),
    ];
    let commands =
        ["describe ", "edit ", "scale --replicas=3 ", "rollout status ", "rollout history ", "rollout restart "];
    card(fields, commands.map(|verb| ["kubectl ", verb, &name].concat()).into())
}

fn service(language: Language, row: &ServiceRow) -> Card {
    let ready = row.endpoints.iter().filter(|endpoint| endpoint.ready).count();
    let endpoint = |endpoint: &view::Endpoint| {
        let sign = if endpoint.ready { "✓" } else { "…" };
        format!("{sign} {} {}", endpoint.pod, endpoint.ip)
    };
    let endpoints: Vec<String> = row.endpoints.iter().map(endpoint).collect();
    let fields = vec![
        (Text::FieldStatus, [&row.kind, " ", &row.cluster_ip, " ", &row.ports].concat()),
        (Text::FieldWhy, language.fill(Text::WhyService, &[&ready.to_string(), &row.endpoints.len().to_string()])),
        (Text::FieldEndpoints, endpoints.join("\n")),
    ];
    let scope = scope(&row.namespace);
    let commands = ["kubectl describe service ", "kubectl get endpointslices -l kubernetes.io/service-name="];
    card(fields, commands.map(|start| [start, &row.name, &scope].concat()).into())
}

fn budget(language: Language, row: &BudgetRow) -> Card {
    let counts = [row.healthy, row.desired_healthy, row.allowed].map(|count| count.to_string());
    let fields = vec![
        (Text::FieldStatus, language.fill(Text::BudgetAllowed, &[&counts[2]])),
        (Text::FieldWhy, language.fill(Text::WhyBudget, &[&counts[0], &counts[1], &counts[2]])),
        (Text::FieldWarning, refused(language, row)),
        (Text::FieldMinAvailable, row.min_available.clone()),
        (Text::FieldMaxUnavailable, row.max_unavailable.clone()),
        (Text::FieldPods, row.pods.join(", ")),
    ];
    card(fields, vec![["kubectl describe pdb ", &row.name, &scope(&row.namespace)].concat()])
}
