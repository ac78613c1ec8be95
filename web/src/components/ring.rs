//! A ring of tokens, as one of its members sees it: whose each stretch of it is, and what each member owns.
//!
//! Every member is a circle of dashes over all the others: the stretches that are its own. What it owns stands beside it in
//! words; a member that is down has thin dashes.

use view::{PodRow, RingMember, WorkloadRow};
use yew::prelude::*;

use crate::i18n::{Language, Text};
use crate::order::by_key;
use crate::store::{PictureState, Shared};

/// Tokens are told as places of so many around the ring.
const PLACES: u32 = 1 << 16;

/// A ring, ready to be drawn.
#[derive(PartialEq, Debug)]
pub(super) struct Ring {
    /// The pod that sees it so: the first that sees any.
    pub seen_by: String,
    /// In order of their pods' names; those of no pod come last.
    pub members: Vec<Member>,
}

/// A member of it.
#[derive(PartialEq, Debug)]
pub(super) struct Member {
    /// The pod's name, or the address of one that is no more.
    pub name: String,
    /// `UN 33.3%`.
    pub text: String,
    /// Whether it is up.
    pub is_up: bool,
    /// Its stretches as an SVG `stroke-dasharray` on a circle that is [`PLACES`] long.
    pub dashes: String,
}

/// The ring of a workload's pods, if they form one.
pub(super) fn ring_of(picture: &PictureState, row: &WorkloadRow) -> Option<Ring> {
    let is_its = |pod: &&Shared<PodRow>| {
        pod.namespace == row.namespace
            && pod.workload.as_ref().is_some_and(|owner| owner.kind == row.kind && owner.name == row.name)
    };
    let pods = by_key(picture.pods.values().filter(is_its), |pod| (pod.ordinal, pod.name.clone()));
    let ring = |pod: &&Shared<PodRow>| pod.caption.as_ref().map(|caption| caption.ring.clone()).unwrap_or_default();
    let (seer, told) = pods.iter().map(|pod| (pod, ring(pod))).find(|(_, told)| !told.is_empty())?;
    let place = |member: &RingMember| pods.iter().position(|pod| pod.ip == member.ip);
    let told = by_key(told, |member| (place(member).unwrap_or(pods.len()), member.ip.clone()));
    let members = told.iter().enumerate().map(|(at, member)| Member {
        name: place(member).map_or(&member.ip, |at| &pods[at].name).clone(),
        text: member.text.clone(),
        is_up: member.is_up,
        dashes: dashes(&told, at),
    });
    Some(Ring { seen_by: seer.name.clone(), members: members.collect() })
}

/// Gaps and dashes in turn around the circle, a dash of no length first.
fn dashes(members: &[RingMember], own: usize) -> String {
    let tokens =
        members.iter().enumerate().flat_map(|(at, member)| member.tokens.iter().map(move |&token| (token, at)));
    let tokens = by_key(tokens, |&token| token);
    // What lies behind the last token is the first one's.
    let ends =
        tokens.iter().map(|&(token, at)| (u32::from(token), at)).chain(tokens.first().map(|&(_, at)| (PLACES, at)));
    let mut stretches: Vec<(u32, u32)> = Vec::new();
    let mut begin = 0;
    for (end, at) in ends {
        match stretches.last_mut().filter(|(_, last)| *last == begin) {
            _ if at != own => {}
            Some((_, last)) => *last = end,
            None => stretches.push((begin, end)),
        }
        begin = end;
    }
    let (mut text, mut drawn) = ("0".to_string(), 0);
    for (begin, end) in stretches {
        text.push_str(&format!(" {} {}", begin - drawn, end - begin));
        drawn = end;
    }
    format!("{text} {}", PLACES - drawn)
}

/// What the ring's card holds.
pub(super) fn card(language: Language, ring: &Ring) -> Html {
    let count = ring.members.len();
    html! {
        <>
            <svg class="ring-drawing" viewBox="0 0 100 100" aria-hidden="true">
                { for ring.members.iter().enumerate().map(|(at, member)| html! {
                    <circle key={at} class={class(member)} cx="50" cy="50" r="40" pathLength={PLACES.to_string()}
                        stroke-dasharray={member.dashes.clone()} stroke-opacity={shade(at, count)} />
                }) }
            </svg>
            <span class="ring-text">
                <span class="card-name">{ language.say(Text::TokenRing) }</span>
                <span class="card-line">{ language.fill(Text::SeenBy, &[&ring.seen_by]) }</span>
                { for ring.members.iter().enumerate().map(|(at, member)| html! {
                    <span key={at} class="ring-member">
                        <svg viewBox="0 0 20 12" aria-hidden="true">
                            <path class={class(member)} d="M0 6H20" stroke-opacity={shade(at, count)} />
                        </svg>
                        <span>{ &member.name }</span>
                        <b>{ &member.text }</b>
                    </span>
                }) }
            </span>
        </>
    }
}

fn class(member: &Member) -> &'static str {
    if member.is_up { "ring-arc" } else { "ring-arc down" }
}

/// One hue, from full to faint: a hue of its own is a workload's.
fn shade(at: usize, count: usize) -> String {
    let percent = 100 - 80 * at / count.saturating_sub(1).max(1);
    format!("{}.{:02}", percent / 100, percent % 100)
}

#[cfg(test)]
mod tests {
    use view::{Caption, Change, Owner, Picture, Uid, Why};

    use super::*;
    use crate::store::pod_row;

    fn member(ip: &str, tokens: &[u16]) -> RingMember {
        RingMember { ip: ip.into(), text: "UN 50.0%".into(), is_up: true, tokens: tokens.to_vec() }
    }

    fn check(members: &[RingMember], expected: &[&str]) {
        let found: Vec<String> = (0..members.len()).map(|own| dashes(members, own)).collect();
        assert_eq!(found, expected);
        for text in &found {
            let lengths: Vec<u32> = text.split(' ').map(|number| number.parse().unwrap()).collect();
            assert_eq!(lengths.iter().sum::<u32>(), PLACES, "{text}");
            assert_eq!(lengths.len() % 2, 0, "{text}: dashes and gaps take turns");
        }
    }

    #[test]
    fn a_token_owns_what_lies_before_it() {
        let two = [member("a", &[100, 1_000]), member("b", &[400])];
        check(&two, &["0 0 100 300 65136 0", "0 100 300 65136"]);
        check(&[member("a", &[7])], &["0 0 65536 0"]);
    }

    #[test]
    fn members_are_called_by_their_pods_and_the_first_that_sees_a_ring_is_asked() {
        let owner = Owner { kind: "StatefulSet".into(), name: "db".into() };
        let pod = |uid, ordinal, ip: &str, ring: Vec<RingMember>| PodRow {
            ordinal: Some(ordinal),
            ip: ip.into(),
            workload: Some(owner.clone()),
            caption: Some(Caption { text: "UN".into(), serves: true, ring }),
            ..pod_row(uid, &format!("db-{ordinal}"), "node-1")
        };
        let row = WorkloadRow {
            uid: Uid(9),
            kind: "StatefulSet".into(),
            namespace: "default".into(),
            name: "db".into(),
            replicas: 3,
            ready: 3,
            updated: 3,
            current_revision: String::new(),
            update_revision: String::new(),
            why: Why::default(),
        };
        let ring = vec![member("10.0.0.9", &[5]), member("10.0.0.2", &[6]), member("10.0.0.1", &[7])];
        let mut picture = PictureState::default();
        let changed = vec![pod(1, 1, "10.0.0.1", ring), pod(2, 0, "10.0.0.2", vec![])];
        picture.apply(Picture { pods: Change { changed, removed: vec![] }, ..Picture::default() });
        let ring = ring_of(&picture, &row).unwrap();
        let names: Vec<&str> = ring.members.iter().map(|member| member.name.as_str()).collect();
        assert_eq!((ring.seen_by.as_str(), names), ("db-1", vec!["db-0", "db-1", "10.0.0.9"]));
        assert_eq!(ring_of(&picture, &WorkloadRow { name: "web".into(), ..row }), None);
    }
}
