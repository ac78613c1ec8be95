//! The two pieces of a cut function.
//!
//! The first is the function without the basic blocks that did not run; in their place it hands over: it calls the second
//! piece with the number of the exit and the locals that are alive there, and returns what that returns. The second holds all that can
//! be reached from the exits. It goes on in the middle: each construct on the way to an exit's block begins with a jump to it.

use crate::code::{Code, is_jump};
use crate::cut::Cut;
use crate::module::{Outcome, in_words};
use crate::write;
use std::collections::{BTreeMap, BTreeSet};
use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{BlockType, Function, Instruction, ValType};
use wasmparser::Operator;

/// Writes one instruction that is neither structure nor branch nor concerns locals.
pub(crate) type Put<'a> = dyn Fn(&Operator, &mut Function) -> Outcome<()> + 'a;

/// The labels that are open, outermost first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Label {
    /// A construct of the source that is written.
    Written,
    /// One that is left out, as nothing branches to it.
    Dropped,
    /// One of ours.
    Added,
}

/// Open labels, and how depths in the source become depths in what is written.
#[derive(Default)]
struct Labels(Vec<Label>);

impl Labels {
    /// How many labels stand above the one at this depth of the source; past the last it is the function's own.
    fn depth(&self, source: u32) -> u32 {
        let (mut left, mut depth) = (source, 0);
        for label in self.0.iter().rev() {
            if *label != Label::Added {
                if left == 0 {
                    return depth;
                }
                left -= 1;
            }
            depth += u32::from(*label != Label::Dropped);
        }
        depth + left
    }

    /// How many labels are written and open.
    fn written(&self) -> u32 {
        self.0.iter().filter(|label| **label != Label::Dropped).count() as u32
    }

    /// Writes a branch, if it is one.
    fn branch(&self, operator: &Operator, out: &mut Function) -> Outcome<bool> {
        match operator {
            Operator::Br { relative_depth } => out.instruction(&Instruction::Br(self.depth(*relative_depth))),
            Operator::BrIf { relative_depth } => out.instruction(&Instruction::BrIf(self.depth(*relative_depth))),
            Operator::BrTable { targets } => {
                let depths = targets.targets().collect::<Result<Vec<u32>, _>>().map_err(in_words)?;
                let depths: Vec<u32> = depths.into_iter().map(|depth| self.depth(depth)).collect();
                out.instruction(&Instruction::BrTable(depths.into(), self.depth(targets.default())))
            }
            _ => return Ok(false),
        };
        Ok(true)
    }
}

fn plain(operator: &Operator, out: &mut Function) -> Outcome<()> {
    out.instruction(&RoundtripReencoder.instruction(operator.clone()).map_err(in_words)?);
    Ok(())
}

/// The first piece. `hand_over` writes the call of the second: before the arguments, and after them.
pub(crate) fn first(code: &Code, cut: &Cut, put: &Put, hand_over: [&[Instruction]; 2]) -> Outcome<Function> {
    let mut locals = write::locals(code)?.split_off(code.params);
    let exit = code.locals.len() as u32;
    if cut.exits.len() > 1 {
        locals.push(ValType::I32);
    }
    let mut out = Function::new_with_locals_types(locals);
    out.instruction(&Instruction::Block(BlockType::Empty));
    write_first(code, cut, put, &mut out)?;
    out.instruction(&Instruction::End);
    hand_over[0].iter().for_each(|instruction| {
        out.instruction(instruction);
    });
    for local in &cut.passed {
        out.instruction(&Instruction::LocalGet(*local));
    }
    out.instruction(&if cut.exits.len() > 1 { Instruction::LocalGet(exit) } else { Instruction::I32Const(0) });
    hand_over[1].iter().for_each(|instruction| {
        out.instruction(instruction);
    });
    out.instruction(&Instruction::End);
    Ok(out)
}

fn write_first(code: &Code, cut: &Cut, put: &Put, out: &mut Function) -> Outcome<()> {
    let targets = Cut::targets(code, &cut.kept);
    let mut labels = Labels(vec![Label::Added]);
    let (mut block, mut end, mut is_live) = (0, 0, true);
    // Whether a validator takes this place for one that is reached.
    let mut is_open = true;
    for (at, operator) in code.ops.iter().enumerate() {
        block += usize::from(code.leaders.get(block + 1) == Some(&at));
        if code.leaders[block] == at {
            (is_live, end) = (cut.kept[block], code.block(block).end);
            if let Ok(number) = cut.exits.binary_search(&block) {
                if number > 0 {
                    out.instruction(&Instruction::I32Const(number as i32));
                    out.instruction(&Instruction::LocalSet(code.locals.len() as u32));
                }
                out.instruction(&Instruction::Br(labels.written() - 1));
                is_open = false;
            } else if is_open && !is_live {
                out.instruction(&Instruction::Unreachable);
                is_open = false;
            }
        }
        match operator {
            Operator::Block { .. } | Operator::Loop { .. } => {
                let is_written = targets.contains(&at);
                labels.0.push(if is_written { Label::Written } else { Label::Dropped });
                if is_written {
                    plain(operator, out)?;
                }
            }
            Operator::End if labels.0.len() > 1 => {
                if labels.0.pop() == Some(Label::Written) {
                    plain(operator, out)?;
                    is_open = true;
                }
            }
            Operator::End if is_live => {
                out.instruction(&Instruction::Return);
            }
            _ if !is_live || labels.branch(operator, out)? || matches!(operator, Operator::End) => {}
            _ => put(operator, out)?,
        }
        is_open &= !(is_live && is_jump(operator));
        is_live &= end > at + 1;
    }
    Ok(())
}

/// The second piece's parameters and results are `(passed locals, number of the exit) -> results`.
pub(crate) fn rest(code: &Code, cut: &Cut, put: &Put) -> Outcome<Function> {
    let kinds = write::locals(code)?;
    let used: BTreeSet<u32> = (0..code.blocks())
        .filter(|block| cut.moved[*block])
        .flat_map(|block| code.block(block))
        .filter_map(|at| local_of(&code.ops[at]))
        .filter(|local| !cut.passed.contains(local))
        .collect();
    let exit = cut.passed.len() as u32;
    let passed = cut.passed.iter().copied().zip(0..);
    let renumbered: BTreeMap<u32, u32> = passed.chain(used.iter().copied().zip(exit + 1..)).collect();
    let mut out = Function::new_with_locals_types(used.iter().map(|local| kinds[*local as usize]));
    let mut writer =
        Rest { code, cut, put, exit, renumbered, doors: doors(code, cut), labels: Labels::default(), open: Vec::new() };
    writer.write(&mut out)?;
    Ok(out)
}

fn local_of(operator: &Operator) -> Option<u32> {
    match operator {
        Operator::LocalGet { local_index }
        | Operator::LocalSet { local_index }
        | Operator::LocalTee { local_index } => Some(*local_index),
        _ => None,
    }
}

/// A place in a construct's body that is jumped to: an exit's own block, or a construct inside with the block in it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Door {
    at: usize,
    is_inner: bool,
}

/// The doors of each construct (of the function: `None`), with the exits that go through them.
type Doors = BTreeMap<Option<usize>, BTreeMap<Door, Vec<usize>>>;

fn doors(code: &Code, cut: &Cut) -> Doors {
    let mut doors = Doors::new();
    let mut open: Vec<usize> = Vec::new();
    let mut exits = cut.exits.iter().enumerate().map(|(number, block)| (number, code.leaders[*block])).peekable();
    for (at, operator) in code.ops.iter().enumerate() {
        while let Some((number, leader)) = exits.next_if(|(_, leader)| *leader == at) {
            let mut door = Door { at: leader, is_inner: false };
            for outer in open.iter().rev().copied().map(Some).chain([None]) {
                doors.entry(outer).or_default().entry(door).or_default().push(number);
                door = Door { at: outer.unwrap_or(0), is_inner: true };
            }
        }
        match operator {
            Operator::Block { .. } | Operator::Loop { .. } => open.push(at),
            Operator::End => {
                open.pop();
            }
            _ => {}
        }
    }
    doors
}

struct Rest<'a> {
    code: &'a Code<'a>,
    cut: &'a Cut,
    put: &'a Put<'a>,
    /// The local that says where to go on; one past the last exit once there.
    exit: u32,
    renumbered: BTreeMap<u32, u32>,
    doors: Doors,
    labels: Labels,
    /// Open constructs, and the doors that are still ahead in each.
    open: Vec<(Option<usize>, Vec<Door>)>,
}

impl Rest<'_> {
    fn write(&mut self, out: &mut Function) -> Outcome<()> {
        self.enter(None, out);
        let (mut block, mut end, mut is_live) = (0, 0, false);
        for (at, operator) in self.code.ops.iter().enumerate() {
            block += usize::from(self.code.leaders.get(block + 1) == Some(&at));
            if self.code.leaders[block] == at {
                (is_live, end) = (self.cut.moved[block], self.code.block(block).end);
                // Before the doors: who comes through one into a construct does not come from here.
                if !is_live {
                    out.instruction(&Instruction::Unreachable);
                }
            }
            self.open_doors(at, out);
            self.instruction(at, operator, is_live, out)?;
            is_live &= end > at + 1;
        }
        Ok(())
    }

    fn instruction(&mut self, at: usize, operator: &Operator, is_live: bool, out: &mut Function) -> Outcome<()> {
        match operator {
            Operator::Block { .. } | Operator::Loop { .. } => {
                plain(operator, out)?;
                self.labels.0.push(Label::Written);
                self.enter(Some(at), out);
                // A loop's body is a basic block of its own.
                if !is_live && matches!(operator, Operator::Block { .. }) {
                    out.instruction(&Instruction::Unreachable);
                }
                Ok(())
            }
            Operator::End => {
                self.labels.0.pop();
                self.open.pop();
                plain(operator, out)
            }
            _ if !is_live || self.labels.branch(operator, out)? => Ok(()),
            _ => match local_of(operator) {
                Some(local) => {
                    let local = self.renumbered[&local];
                    out.instruction(&match operator {
                        Operator::LocalGet { .. } => Instruction::LocalGet(local),
                        Operator::LocalSet { .. } => Instruction::LocalSet(local),
                        _ => Instruction::LocalTee(local),
                    });
                    Ok(())
                }
                None => (self.put)(operator, out),
            },
        }
    }

    /// Begins a construct: opens a block up to each of its doors, and jumps.
    fn enter(&mut self, construct: Option<usize>, out: &mut Function) {
        let doors = self.doors.get(&construct).cloned().unwrap_or_default();
        if !doors.is_empty() {
            (0..=doors.len()).for_each(|_| {
                out.instruction(&Instruction::Block(BlockType::Empty));
            });
            self.labels.0.extend(doors.iter().map(|_| Label::Added));
            let place = |number: usize| {
                doors.values().position(|exits| exits.contains(&number)).map_or(0, |place| place as u32 + 1)
            };
            let depths: Vec<u32> = (0..self.cut.exits.len()).map(place).collect();
            out.instruction(&Instruction::LocalGet(self.exit)).instruction(&Instruction::BrTable(depths.into(), 0));
            out.instruction(&Instruction::End);
        }
        self.open.push((construct, doors.into_keys().collect()));
    }

    /// Ends the blocks of the doors at this instruction. Who has come where it wanted goes on as everybody does.
    fn open_doors(&mut self, at: usize, out: &mut Function) {
        while let Some((_, ahead)) = self.open.last_mut()
            && let Some(door) = ahead.first().copied().filter(|door| door.at == at)
        {
            ahead.remove(0);
            self.labels.0.pop();
            out.instruction(&Instruction::End);
            if !door.is_inner {
                out.instruction(&Instruction::I32Const(self.cut.exits.len() as i32))
                    .instruction(&Instruction::LocalSet(self.exit));
            }
        }
    }
}
