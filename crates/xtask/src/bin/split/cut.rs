//! Where a function is cut: the basic blocks that a first session runs, and the ones that it leaves for the rest.

use crate::code::{Code, Target};
use std::collections::BTreeSet;

/// Bytes of one way out of the kept part, and of what all ways share.
const EXIT_BYTES: u32 = 6;
const TAIL_BYTES: u32 = 16;
/// A piece that is no longer than the way out stays.
const KEPT_BYTES_MAX: u32 = 6;

/// A function in two pieces.
pub(crate) struct Cut {
    /// The basic blocks of the first piece.
    pub(crate) kept: Vec<bool>,
    /// The basic blocks at which the first piece hands over to the second, in order.
    pub(crate) exits: Vec<usize>,
    /// The basic blocks of the second piece: all that can be reached from the exits.
    pub(crate) moved: Vec<bool>,
    /// The locals that are handed over.
    pub(crate) passed: Vec<u32>,
}

impl Cut {
    /// A cut that is worth its cost, for the blocks that ran.
    pub(crate) fn new(code: &Code, ran: &[bool]) -> Option<Cut> {
        if !code.is_plain {
            return None;
        }
        let successors = code.successors();
        let mut kept = ran.to_vec();
        // What lies on the stack cannot be handed over.
        (0..code.blocks()).for_each(|block| kept[block] |= code.heights[block] > 0);
        keep_small(code, &successors, &mut kept);
        let reached = |from: &BTreeSet<usize>| from.iter().copied().filter(|next| !kept[*next]).collect::<Vec<_>>();
        let exits: BTreeSet<usize> =
            (0..code.blocks()).filter(|block| kept[*block]).flat_map(|block| reached(&successors[block])).collect();
        let exits: Vec<usize> = exits.into_iter().collect();
        let alive = code.alive(&successors);
        let mut passed: Vec<u32> =
            exits.iter().flat_map(|exit| &alive[*exit]).copied().collect::<BTreeSet<_>>().into_iter().collect();
        // One order of types, so that many functions share a signature.
        passed.sort_by_key(|local| (order(code.locals[*local as usize]), *local));
        let cut_bytes: u32 = (0..code.blocks()).filter(|block| !kept[*block]).map(|block| bytes(code, block)).sum();
        let cost = EXIT_BYTES * exits.len() as u32 + TAIL_BYTES + 2 * passed.len() as u32;
        if exits.is_empty() || cut_bytes <= cost {
            return None;
        }
        let moved = reachable(&exits, &successors);
        Some(Cut { kept, exits, moved, passed })
    }

    /// The `block`s and `loop`s that branches of these basic blocks lead to.
    pub(crate) fn targets(code: &Code, blocks: &[bool]) -> BTreeSet<usize> {
        let mut targets = BTreeSet::new();
        code.each_branch(|at, target| {
            let block = code.leaders.partition_point(|leader| *leader <= at) - 1;
            if let Target::Construct(start) = target
                && blocks[block]
                && code.block(block).contains(&at)
            {
                targets.insert(start);
            }
        });
        targets
    }
}

fn order(kind: wasmparser::ValType) -> u8 {
    match kind {
        wasmparser::ValType::I32 => 0,
        wasmparser::ValType::I64 => 1,
        wasmparser::ValType::F32 => 2,
        wasmparser::ValType::F64 => 3,
        _ => 4,
    }
}

fn bytes(code: &Code, block: usize) -> u32 {
    code.block(block).map(|at| code.sizes[at]).sum()
}

/// Small pieces stay that lead nowhere but to what stays.
fn keep_small(code: &Code, successors: &[BTreeSet<usize>], kept: &mut [bool]) {
    for block in (0..code.blocks()).rev() {
        if !kept[block] && bytes(code, block) <= KEPT_BYTES_MAX && successors[block].iter().all(|next| kept[*next]) {
            kept[block] = true;
        }
    }
}

fn reachable(from: &[usize], successors: &[BTreeSet<usize>]) -> Vec<bool> {
    let mut found = vec![false; successors.len()];
    let mut open = from.to_vec();
    while let Some(block) = open.pop() {
        if !std::mem::replace(&mut found[block], true) {
            open.extend(&successors[block]);
        }
    }
    found
}
