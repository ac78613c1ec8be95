//! Where everything in the picture stands, in CSS pixels: a pure function of the rows, their cells and the width.
//!
//! Nodes keep their place (ordered by the number in their name), pods keep their cell. Pods are named shapes while they
//! fit, then smaller ones, then a bar per node; of many nodes there is a map of how full they are.

use ordered::OrderedMap;

use view::{ClaimPhase, ClaimRow, NodeRow, PodRow, PodState, Uid, VolumeRow};

use crate::order::by_key;
use crate::store::{PictureState, Shared};

/// Space between boxes.
const GAP: i32 = 12;
/// Space between a box and what is in it.
const PAD: i32 = 10;
/// Space between cells.
const CELL_GAP: i32 = 8;
/// A node's name and its bars.
const NODE_HEAD: i32 = 50;
const NODE_WIDTH_MIN: i32 = 204;
/// A section's heading.
const HEAD: i32 = 26;
const CHIP: (i32, i32) = (118, 34);
/// The pods that wait stand beside the nodes from this width on.
const BESIDE_MIN: i32 = 620;
const TRAY_WIDTH: i32 = 148;
const TRAY_HEIGHT: i32 = HEAD + CHIP.1 + PAD;
/// A claim's smallest width, and its height: with all its lines, and with its name alone.
const CLAIM_FULL: (i32, i32) = (176, 72);
const CLAIM_SMALL: (i32, i32) = (112, 26);
/// The gap in which the lines from pods to claims run.
const JOIN_GAP: i32 = 34;

/// Pods of one node up to which cells are large, and medium.
const LARGE_MAX: usize = 12;
const MEDIUM_MAX: usize = 48;
/// Claims up to which all their lines are drawn.
const CLAIMS_FULL_MAX: usize = 16;
/// Lines from pods to claims up to which all are drawn; beyond, only those of what the reader looks at.
pub const JOINS_MAX: usize = 32;
/// Pods up to which every pod is a shape.
const SHAPES_MAX: usize = 1_000;
/// Nodes up to which every node is a box with its name.
const BOXES_MAX: usize = 100;
/// A node's cell in the map.
const HEAT: (i32, i32) = (22, 22);
const HEAT_GAP: i32 = 3;
/// Shades of the map: the last is for nodes that are full.
pub const SHADES: u8 = 5;

/// How much of a pod is drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Detail {
    /// Ordinal, name, status.
    Large,
    /// Ordinal.
    Medium,
    /// A shape.
    Small,
    /// Pods are counted in bars.
    Bars,
    /// Nodes are shaded by how full they are.
    Heat,
    /// In the tray: ordinal and name, side by side.
    Chip,
}

impl Detail {
    /// A cell's smallest width, and its height.
    fn cell(self) -> (i32, i32) {
        match self {
            Detail::Large => (84, 78),
            Detail::Medium => (38, 38),
            Detail::Small | Detail::Heat => (16, 16),
            Detail::Bars => (16, 34),
            Detail::Chip => CHIP,
        }
    }
}

/// A place.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Area {
    /// From the left.
    pub x: i32,
    /// From the top.
    pub y: i32,
    /// Width.
    pub w: i32,
    /// Height.
    pub h: i32,
}

/// A pod's place.
#[derive(Clone, PartialEq, Debug)]
pub struct PodBox {
    /// Its row.
    pub pod: Shared<PodRow>,
    /// Where.
    pub area: Area,
    /// How much of it.
    pub detail: Detail,
    /// Its node, and its cell there; none in the tray.
    pub cell: Option<(Uid, usize)>,
}

/// A node's place.
#[derive(Clone, PartialEq, Debug)]
pub struct NodeBox {
    /// Its row.
    pub node: Shared<NodeRow>,
    /// Where.
    pub area: Area,
    /// How many pods are on it.
    pub pods: usize,
    /// For how many pods there is a cell.
    pub cells: usize,
    /// Pods by state, where they are drawn as a bar.
    pub bar: Vec<(PodState, usize)>,
    /// How full it is, 0 to [`SHADES`] − 1, where nodes are a map.
    pub shade: Option<u8>,
}

/// A claim's place.
#[derive(Clone, PartialEq, Debug)]
pub struct ClaimBox {
    /// Its row.
    pub claim: Shared<ClaimRow>,
    /// Where.
    pub area: Area,
    /// Large, or its name alone.
    pub detail: Detail,
    /// The pods that name it, joined by commas.
    pub pods: String,
    /// The hue of the first of them.
    pub hue: Option<u8>,
}

/// The place of a volume that no claim has.
#[derive(Clone, PartialEq, Debug)]
pub struct VolumeBox {
    /// Its row.
    pub volume: Shared<VolumeRow>,
    /// Where.
    pub area: Area,
}

/// The place of the pods that wait for a node.
#[derive(Clone, PartialEq, Debug)]
pub struct Tray {
    /// Where.
    pub area: Area,
    /// How many wait.
    pub waiting: usize,
    /// How many of them have no room here.
    pub hidden: usize,
    /// Those that have.
    pub pods: Vec<PodBox>,
}

/// A line from a pod to a claim it names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Join {
    /// The pod.
    pub pod: Uid,
    /// The claim.
    pub claim: Uid,
    /// An SVG path.
    pub path: String,
}

/// The whole picture.
#[derive(Clone, PartialEq, Debug)]
pub struct Layout {
    /// In all.
    pub height: i32,
    /// Pods without a node.
    pub tray: Tray,
    /// Where the claims' heading stands.
    pub shelf: Area,
    /// Nodes.
    pub nodes: Vec<NodeBox>,
    /// Pods on nodes, in order of nodes and cells, then pods in the tray, in order of name.
    pub pods: Vec<PodBox>,
    /// Claims.
    pub claims: Vec<ClaimBox>,
    /// Volumes without a claim, behind the claims.
    pub volumes: Vec<VolumeBox>,
    /// From pods to claims.
    pub joins: Vec<Join>,
}

/// Lays the picture out.
pub fn layout(state: &PictureState, width: i32) -> Layout {
    let width = width.max(240);
    let mut y = 0;
    let detail = detail_of(state);
    let beside = if width >= BESIDE_MIN { TRAY_WIDTH + GAP } else { 0 };
    if beside == 0 {
        y = TRAY_HEIGHT + GAP;
    }
    let frame = Area { x: beside, y, w: width - beside, h: 0 };
    let nodes = if detail == Detail::Heat { place_map(state, frame) } else { place_nodes(state, frame, detail) };
    y = nodes.iter().map(|node| node.area.y + node.area.h + GAP).max().unwrap_or(y);
    let tray = match beside {
        0 => Area { x: 0, y: 0, w: width, h: TRAY_HEIGHT },
        _ => Area { x: 0, y: 0, w: TRAY_WIDTH, h: (y - GAP).max(TRAY_HEIGHT) },
    };
    let tray = place_tray(state, tray);
    let mut on_nodes = match detail {
        Detail::Bars | Detail::Heat => Vec::new(),
        _ => place_pods(state, &nodes, detail),
    };
    on_nodes.extend(tray.pods.iter().cloned());
    let (shelf, claims, volumes) = place_claims(state, width, &mut y);
    let joins = join(&on_nodes, &claims);
    Layout { height: y, tray, shelf, nodes, pods: on_nodes, claims, volumes, joins }
}

/// How many columns of at least `least` fit, and how wide each then is.
fn columns(width: i32, least: i32, gap: i32, count: usize) -> (i32, i32) {
    let fit = ((width + gap) / (least + gap)).max(1);
    let rows = (count as i32 + fit - 1) / fit;
    let balanced = if rows > 0 { (count as i32 + rows - 1) / rows } else { fit };
    let columns = balanced.clamp(1, fit);
    (columns, (width - (columns - 1) * gap) / columns)
}

/// Names with a number at the end are ordered by it: node-2 before node-10.
fn natural(name: &str) -> (&str, u64, &str) {
    let stem = name.trim_end_matches(|letter: char| letter.is_ascii_digit());
    (stem, name[stem.len()..].parse().unwrap_or(0), name)
}

fn detail_of(state: &PictureState) -> Detail {
    if state.nodes.len() > BOXES_MAX {
        return Detail::Heat;
    }
    if state.pods.len() > SHAPES_MAX {
        return Detail::Bars;
    }
    let most =
        state.pods.values().filter_map(|pod| state.cell_of(pod.uid)).map(|cell| cell.index + 1).max().unwrap_or(0);
    match most {
        0..=LARGE_MAX => Detail::Large,
        n if n <= MEDIUM_MAX => Detail::Medium,
        _ => Detail::Small,
    }
}

/// Pods that wait for a node: at the left of the nodes where there is room, else above them. Its size does not depend on
/// what waits, so that the nodes do not jump when a pod passes through; what has no room is counted.
fn place_tray(state: &PictureState, area: Area) -> Tray {
    let waiting = state.pods.values().filter(|pod| pod.node.is_empty());
    let waiting = by_key(waiting, |pod| natural(&pod.name));
    let columns = ((area.w - 2 * PAD + CELL_GAP) / (CHIP.0 + CELL_GAP)).max(1);
    let rows = ((area.h - HEAD) / (CHIP.1 + CELL_GAP)).max(1);
    let room = (columns * rows) as usize;
    let width = (area.w - 2 * PAD + CELL_GAP) / columns - CELL_GAP;
    let place = |(index, pod): (usize, &Shared<PodRow>)| {
        let (column, row) = (index as i32 % columns, index as i32 / columns);
        let (x, y) = (area.x + PAD + column * (width + CELL_GAP), area.y + HEAD + row * (CHIP.1 + CELL_GAP));
        PodBox { pod: pod.clone(), area: Area { x, y, w: width, h: CHIP.1 }, detail: Detail::Chip, cell: None }
    };
    let hidden = waiting.len().saturating_sub(room);
    Tray { area, waiting: waiting.len(), hidden, pods: waiting.into_iter().take(room).enumerate().map(place).collect() }
}

/// Nodes in bands from the top of `frame` on, within its width.
fn place_nodes(state: &PictureState, frame: Area, detail: Detail) -> Vec<NodeBox> {
    let mut y = frame.y;
    let rows = by_key(state.nodes.values(), |node| natural(&node.name));
    let (count, node_width) = columns(frame.w, NODE_WIDTH_MIN, GAP, rows.len());
    let mut pods_of: OrderedMap<&str, Vec<&Shared<PodRow>>> = OrderedMap::new();
    for pod in state.pods.values().filter(|pod| !pod.node.is_empty()) {
        pods_of.entry(&pod.node).or_default().push(pod);
    }
    let mut boxes = Vec::with_capacity(rows.len());
    for band in rows.chunks(count as usize) {
        let pods_on = |node: &NodeRow| pods_of.get(node.name.as_str()).map_or(&[][..], Vec::as_slice);
        let body = |node: &&Shared<NodeRow>| body_height(state, pods_on(node), node_width, detail);
        let body = band.iter().map(body).max().unwrap_or(0);
        let height = NODE_HEAD + body + PAD;
        let rows = (body + CELL_GAP) / (detail.cell().1 + CELL_GAP);
        let cells = if detail == Detail::Bars { 0 } else { (rows * cells_across(node_width, detail).0) as usize };
        for (column, node) in band.iter().enumerate() {
            let area = Area { x: frame.x + column as i32 * (node_width + GAP), y, w: node_width, h: height };
            let pods = pods_on(node);
            let bar = if detail == Detail::Bars { count_states(pods) } else { Vec::new() };
            boxes.push(NodeBox { node: (*node).clone(), area, pods: pods.len(), cells, bar, shade: None });
        }
        y += height + GAP;
    }
    boxes
}

/// Many nodes as a map: a small cell each, in order of their numbers.
fn place_map(state: &PictureState, frame: Area) -> Vec<NodeBox> {
    let mut counts: OrderedMap<&str, usize> = OrderedMap::new();
    for pod in state.pods.values().filter(|pod| !pod.node.is_empty()) {
        *counts.entry(&pod.node).or_default() += 1;
    }
    let across = ((frame.w + HEAT_GAP) / (HEAT.0 + HEAT_GAP)).max(1);
    let place = |(index, node): (usize, &Shared<NodeRow>)| {
        let (column, row) = (index as i32 % across, index as i32 / across);
        let (x, y) = (frame.x + column * (HEAT.0 + HEAT_GAP), frame.y + row * (HEAT.1 + HEAT_GAP));
        let pods = counts.get(node.name.as_str()).copied().unwrap_or(0);
        let area = Area { x, y, w: HEAT.0, h: HEAT.1 };
        NodeBox { node: node.clone(), area, pods, cells: 0, bar: Vec::new(), shade: Some(shade_of(node, pods)) }
    };
    by_key(state.nodes.values(), |node| natural(&node.name)).into_iter().enumerate().map(place).collect()
}

/// How full a node is: by pods, CPU or memory, whichever is most.
fn shade_of(node: &NodeRow, pods: usize) -> u8 {
    let share = |used: u64, of: u64| (used.min(of) * u64::from(SHADES - 1)).div_ceil(of.max(1));
    let shares = [
        share(pods as u64, u64::from(node.pods_max)),
        share(node.cpu_requested_milli, node.cpu_milli),
        share(node.memory_requested_bytes, node.memory_bytes),
    ];
    shares.into_iter().max().unwrap_or(0) as u8
}

fn count_states(pods: &[&Shared<PodRow>]) -> Vec<(PodState, usize)> {
    let mut counts: OrderedMap<PodState, usize> = OrderedMap::new();
    for pod in pods {
        *counts.entry(pod.state).or_default() += 1;
    }
    counts.into_iter().collect()
}

/// Columns of cells in a node, and a cell's width.
fn cells_across(node_width: i32, detail: Detail) -> (i32, i32) {
    let inner = node_width - 2 * PAD;
    let (least, _) = detail.cell();
    let across = ((inner + CELL_GAP) / (least + CELL_GAP)).max(1);
    (across, (inner - (across - 1) * CELL_GAP) / across)
}

fn body_height(state: &PictureState, pods: &[&Shared<PodRow>], node_width: i32, detail: Detail) -> i32 {
    let (across, _) = cells_across(node_width, detail);
    let (_, height) = detail.cell();
    if detail == Detail::Bars {
        return height;
    }
    let cells = pods.iter().filter_map(|pod| state.cell_of(pod.uid)).map(|cell| cell.index as i32 + 1).max();
    let rows = (cells.unwrap_or(1) + across - 1) / across;
    rows * (height + CELL_GAP) - CELL_GAP
}

fn place_pods(state: &PictureState, nodes: &[NodeBox], detail: Detail) -> Vec<PodBox> {
    let order: OrderedMap<&str, usize> =
        nodes.iter().enumerate().map(|(at, node)| (node.node.name.as_str(), at)).collect();
    let cell_of = |pod: &Shared<PodRow>| {
        let cell = state.cell_of(pod.uid)?;
        Some((*order.get(&*cell.node)?, cell.index, pod.clone()))
    };
    let pods = by_key(state.pods.values().filter_map(cell_of), |&(node, cell, _)| (node, cell));
    let place = |(at, cell, pod): (usize, usize, Shared<PodRow>)| {
        let node = nodes[at].area;
        let (across, width) = cells_across(node.w, detail);
        let (_, height) = detail.cell();
        let (column, row) = (cell as i32 % across, cell as i32 / across);
        let x = node.x + PAD + column * (width + CELL_GAP);
        let y = node.y + NODE_HEAD + row * (height + CELL_GAP);
        let cell = Some((nodes[at].node.uid, cell));
        PodBox { pod, area: Area { x, y, w: width, h: height }, detail, cell }
    };
    pods.into_iter().map(place).collect()
}

fn place_claims(state: &PictureState, width: i32, y: &mut i32) -> (Area, Vec<ClaimBox>, Vec<VolumeBox>) {
    let rows = by_key(state.claims.values(), |claim| (&claim.namespace, natural(&claim.name)));
    let users = users_of_claims(state);
    let unclaimed = state.volumes.values().filter(|volume| volume.phase != ClaimPhase::Bound);
    let volumes = by_key(unclaimed, |volume| &volume.name);
    let is_small = rows.len() > CLAIMS_FULL_MAX;
    let (detail, (least, height)) = if is_small { (Detail::Small, CLAIM_SMALL) } else { (Detail::Large, CLAIM_FULL) };
    let inner = width - 2 * PAD;
    let across = ((inner + CELL_GAP) / (least + CELL_GAP)).max(1);
    let claim_width = (inner - (across - 1) * CELL_GAP) / across;
    let bands = ((rows.len() + volumes.len()) as i32 + across - 1) / across;
    *y += JOIN_GAP - GAP;
    let area = Area { x: 0, y: *y, w: width, h: HEAD + bands.max(1) * (height + CELL_GAP) + PAD - CELL_GAP };
    let cell = |index: usize| {
        let (column, band) = (index as i32 % across, index as i32 / across);
        let (x, y) = (PAD + column * (claim_width + CELL_GAP), area.y + HEAD + band * (height + CELL_GAP));
        Area { x, y, w: claim_width, h: height }
    };
    let place = |(index, claim): (usize, &Shared<ClaimRow>)| {
        let users = users.get(&(claim.namespace.as_str(), claim.name.as_str())).map_or(&[][..], Vec::as_slice);
        let pods: Vec<&str> = users.iter().map(|pod| pod.name.as_str()).collect();
        let hue = users.iter().find_map(|pod| state.hue_of(pod));
        ClaimBox { claim: claim.clone(), area: cell(index), detail, pods: pods.join(", "), hue }
    };
    *y += area.h;
    let claims: Vec<ClaimBox> = rows.into_iter().enumerate().map(place).collect();
    let place = |(index, volume): (usize, &Shared<VolumeRow>)| VolumeBox {
        volume: volume.clone(),
        area: cell(claims.len() + index),
    };
    let volumes = volumes.into_iter().enumerate().map(place).collect();
    (area, claims, volumes)
}

/// The pods that name a claim, by the claim's namespace and name.
fn users_of_claims(state: &PictureState) -> OrderedMap<(&str, &str), Vec<&PodRow>> {
    let mut users: OrderedMap<(&str, &str), Vec<&PodRow>> = OrderedMap::new();
    for pod in state.pods.values() {
        for used in &pod.claims {
            users.entry((&pod.namespace, &used.name)).or_default().push(pod);
        }
    }
    users
}

fn join(pods: &[PodBox], claims: &[ClaimBox]) -> Vec<Join> {
    let by_name: OrderedMap<(&str, &str), &ClaimBox> =
        claims.iter().map(|claim| ((claim.claim.namespace.as_str(), claim.claim.name.as_str()), claim)).collect();
    let mut joins = Vec::new();
    for pod in pods.iter().filter(|pod| pod.detail != Detail::Chip) {
        for used in &pod.pod.claims {
            if let Some(claim) = by_name.get(&(pod.pod.namespace.as_str(), used.name.as_str())) {
                let path = curve(pod.area, claim.area);
                joins.push(Join { pod: pod.pod.uid, claim: claim.claim.uid, path });
            }
        }
    }
    joins
}

fn curve(from: Area, to: Area) -> String {
    let (x1, y1) = (from.x + from.w / 2, from.y + from.h);
    let (x2, y2) = (to.x + to.w / 2, to.y);
    let bend = ((y2 - y1) / 2).max(20);
    format!("M{x1} {y1}C{x1} {} {x2} {} {x2} {y2}", y1 + bend, y2 - bend)
}

#[cfg(test)]
mod tests {
    use view::{Change, Picture};

    use super::*;

    fn node(number: u32) -> NodeRow {
        NodeRow {
            uid: Uid(u128::from(number)),
            name: format!("node-{number}"),
            status: "Ready".into(),
            ready: true,
            schedulable: true,
            cpu_milli: 2_000,
            memory_bytes: 4 << 30,
            cpu_requested_milli: 0,
            memory_requested_bytes: 0,
            pods_max: 110,
            taints: Vec::new(),
        }
    }

    fn cluster(nodes: u32) -> PictureState {
        let mut state = PictureState::default();
        let nodes = Change { changed: (1..=nodes).map(node).collect(), removed: Vec::new() };
        state.apply(Picture { nodes, ..Picture::default() });
        state
    }

    #[test]
    fn four_nodes_stand_two_by_two_or_below_one_another() {
        let places = |width| -> Vec<(i32, i32)> {
            let layout = layout(&cluster(4), width);
            let first = layout.nodes[0].area.y;
            layout.nodes.iter().map(|node| (node.area.x, node.area.y - first)).collect()
        };
        let wide = places(700);
        assert_eq!((wide[1].1, wide[2].0, wide[3].1), (0, wide[0].0, wide[2].1));
        assert!(places(340).iter().all(|&(x, _)| x == 0));
    }

    #[test]
    fn ten_comes_after_two() {
        let names: Vec<String> = layout(&cluster(12), 900).nodes.iter().map(|node| node.node.name.clone()).collect();
        assert_eq!((names[1].as_str(), names[9].as_str()), ("node-2", "node-10"));
    }

    #[test]
    fn nothing_stands_outside() {
        for width in [240, 360, 768, 1440] {
            let layout = layout(&cluster(7), width);
            assert!(layout.nodes.iter().all(|node| node.area.x + node.area.w <= width && node.area.y < layout.height));
        }
    }

    fn with_pods(nodes: u32, pods: u32) -> PictureState {
        let mut state = cluster(nodes);
        let on =
            |uid: u32| crate::store::pod_row(uid.into(), &format!("p-{uid}"), &format!("node-{}", uid % nodes + 1));
        let changed = (10_000..10_000 + pods).map(on).collect();
        state.apply(Picture { pods: Change { changed, removed: vec![] }, ..Picture::default() });
        state
    }

    #[test]
    fn shapes_while_they_fit_then_bars_then_a_map() {
        let check = |nodes: u32, pods: u32, expected: (usize, usize, usize)| {
            let laid = layout(&with_pods(nodes, pods), 900);
            let bars = laid.nodes.iter().filter(|node| !node.bar.is_empty()).count();
            let shaded = laid.nodes.iter().filter(|node| node.shade.is_some()).count();
            assert_eq!((laid.pods.len(), bars, shaded), expected, "{nodes} nodes, {pods} pods");
            assert_eq!(laid.nodes.len(), nodes as usize);
        };
        check(4, 40, (40, 0, 0));
        check(20, 1_000, (1_000, 0, 0));
        check(20, 1_001, (0, 20, 0));
        check(100, 5_000, (0, 100, 0));
        check(101, 10, (0, 0, 101));
        check(1_000, 5_000, (0, 0, 1_000));
    }

    #[test]
    fn a_node_is_shaded_by_what_it_has_least_of() {
        let node = node(1);
        assert_eq!([0, 1, 55, 56, 110].map(|pods| shade_of(&node, pods)), [0, 1, 2, 3, 4]);
        assert_eq!(shade_of(&NodeRow { cpu_requested_milli: 2_000, ..node }, 0), SHADES - 1);
    }

    #[test]
    fn what_waits_moves_no_node_and_what_has_no_room_is_counted() {
        let mut state = cluster(4);
        let places = |state: &PictureState| -> Vec<Area> { layout(state, 900).nodes.iter().map(|n| n.area).collect() };
        let before = places(&state);
        let waiting = (100..400).map(|uid| crate::store::pod_row(uid, &format!("w-{uid}"), "")).collect();
        state.apply(Picture { pods: Change { changed: waiting, removed: vec![] }, ..Picture::default() });
        assert_eq!(places(&state), before);
        let tray = layout(&state, 900).tray;
        assert_eq!((tray.waiting, tray.pods.len() + tray.hidden), (300, 300));
        assert!(tray.pods.iter().all(|pod| pod.area.y + pod.area.h <= tray.area.y + tray.area.h));
    }
}
