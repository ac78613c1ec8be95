//! A function's instructions as basic blocks: where they begin, which follow which, and which locals are alive between them.
//!
//! LLVM writes blocks, loops and branches, and keeps nothing on the stack between basic blocks. A function with anything else is
//! [`Code::is_plain`] not, and stays in one piece.

use crate::module::{Outcome, in_words};
use std::collections::BTreeSet;
use wasmparser::{FuncToValidate, FunctionBody, Operator, ValType, ValidatorResources};

/// One function.
pub(crate) struct Code<'a> {
    /// Parameters and locals.
    pub(crate) locals: Vec<ValType>,
    pub(crate) params: usize,
    pub(crate) ops: Vec<Operator<'a>>,
    /// Bytes of each instruction.
    pub(crate) sizes: Vec<u32>,
    /// The instructions at which basic blocks begin; the first is 0.
    pub(crate) leaders: Vec<usize>,
    /// What lies on the stack at each of them.
    pub(crate) heights: Vec<u32>,
    /// Of a `block` or `loop`: its `end`.
    pub(crate) ends: Vec<usize>,
    pub(crate) is_plain: bool,
}

/// Where a branch leads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Target {
    /// Out of the function.
    Return,
    /// To the `block` or `loop` that opens at this instruction.
    Construct(usize),
}

impl<'a> Code<'a> {
    /// Reads a body and validates it on the way.
    pub(crate) fn read(body: &FunctionBody<'a>, validate: FuncToValidate<ValidatorResources>) -> Outcome<Code<'a>> {
        let mut validator = validate.into_validator(Default::default());
        validator.read_locals(&mut body.get_binary_reader()).map_err(in_words)?;
        let locals =
            (0..validator.len_locals()).filter_map(|index| validator.get_local_type(index)).collect::<Vec<_>>();
        let declared: u32 =
            body.get_locals_reader().map_err(in_words)?.into_iter().filter_map(Result::ok).map(|(n, _)| n).sum();
        let mut code = Code {
            params: locals.len() - declared as usize,
            locals,
            ops: Vec::new(),
            sizes: Vec::new(),
            leaders: vec![0],
            heights: Vec::new(),
            ends: Vec::new(),
            is_plain: true,
        };
        let mut reader = body.get_operators_reader().map_err(in_words)?;
        let mut open = Vec::new();
        while !reader.eof() {
            let start = reader.original_position();
            let operator = reader.read().map_err(in_words)?;
            let is_dead = validator.get_control_frame(0).is_some_and(|frame| frame.unreachable);
            code.note(&operator, &mut open, is_dead, validator.operand_stack_height());
            validator.op(start, &operator).map_err(in_words)?;
            code.sizes.push((reader.original_position() - start) as u32);
            code.ops.push(operator);
        }
        Ok(code)
    }

    fn note(&mut self, operator: &Operator, open: &mut Vec<usize>, is_dead: bool, height: u32) {
        let at = self.ops.len();
        self.ends.push(0);
        if self.leaders.last() == Some(&at) {
            self.heights.push(height);
        }
        match operator {
            Operator::Block { .. } | Operator::Loop { .. } => {
                self.is_plain &= height == 0 && !is_dead;
                open.push(at);
            }
            Operator::End => {
                if let Some(start) = open.pop() {
                    self.ends[start] = at;
                }
            }
            Operator::If { .. } | Operator::Else | Operator::BrOnNull { .. } | Operator::BrOnNonNull { .. } => {
                self.is_plain = false
            }
            Operator::TryTable { .. } | Operator::Throw { .. } | Operator::ReturnCall { .. } => self.is_plain = false,
            _ => {}
        }
        if matches!(
            operator,
            Operator::Loop { .. } | Operator::End | Operator::BrIf { .. } | Operator::If { .. } | Operator::Else
        ) {
            self.leaders.push(at + 1);
        }
    }

    /// Instructions of a basic block, up to where it ends or leaves.
    pub(crate) fn block(&self, number: usize) -> std::ops::Range<usize> {
        let start = self.leaders[number];
        let end = self.leaders.get(number + 1).copied().unwrap_or(self.ops.len()).min(self.ops.len());
        let leaves = (start..end).find(|at| is_jump(&self.ops[*at]));
        start..leaves.map_or(end, |at| at + 1)
    }

    /// How many basic blocks there are.
    pub(crate) fn blocks(&self) -> usize {
        // Behind the last `end` there is nothing.
        self.leaders.len() - 1
    }

    /// The number of the block that begins at this instruction.
    fn number(&self, leader: usize) -> usize {
        self.leaders.partition_point(|other| *other < leader)
    }

    /// Visits the branches of the function: the instruction, and where it leads.
    pub(crate) fn each_branch(&self, mut see: impl FnMut(usize, Target)) {
        let mut open: Vec<usize> = Vec::new();
        for (at, operator) in self.ops.iter().enumerate() {
            let target = |depth: u32| match open.len().checked_sub(1 + depth as usize) {
                Some(place) => Target::Construct(open[place]),
                None => Target::Return,
            };
            match operator {
                Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => open.push(at),
                Operator::End => {
                    open.pop();
                }
                Operator::Br { relative_depth } | Operator::BrIf { relative_depth } => see(at, target(*relative_depth)),
                Operator::BrTable { targets } => {
                    let depths = targets.targets().filter_map(Result::ok).chain([targets.default()]);
                    depths.for_each(|depth| see(at, target(depth)));
                }
                _ => {}
            }
        }
    }

    /// The blocks that may follow each block.
    pub(crate) fn successors(&self) -> Vec<BTreeSet<usize>> {
        let mut next = vec![BTreeSet::new(); self.blocks()];
        for (number, next) in next.iter_mut().enumerate() {
            let range = self.block(number);
            if number + 1 < self.blocks() && !is_jump(&self.ops[range.end - 1]) {
                next.insert(number + 1);
            }
        }
        self.each_branch(|at, target| {
            let number = self.leaders.partition_point(|leader| *leader <= at) - 1;
            if let Target::Construct(start) = target
                && self.block(number).contains(&at)
            {
                let leads = if matches!(self.ops[start], Operator::Loop { .. }) { start } else { self.ends[start] };
                next[number].insert(self.number(leads + 1));
            }
        });
        next
    }

    /// The locals that are read at or after each block's beginning before they are written.
    pub(crate) fn alive(&self, successors: &[BTreeSet<usize>]) -> Vec<BTreeSet<u32>> {
        let (mut alive, mut written) = (Vec::new(), Vec::new());
        for number in 0..self.blocks() {
            let (mut reads, mut writes) = (BTreeSet::new(), BTreeSet::new());
            for at in self.block(number) {
                match self.ops[at] {
                    Operator::LocalGet { local_index } if !writes.contains(&local_index) => {
                        reads.insert(local_index);
                    }
                    Operator::LocalSet { local_index } | Operator::LocalTee { local_index } => {
                        writes.insert(local_index);
                    }
                    _ => {}
                }
            }
            alive.push(reads);
            written.push(writes);
        }
        let mut is_changed = true;
        while is_changed {
            is_changed = false;
            for number in (0..self.blocks()).rev() {
                let mut more: Vec<u32> = Vec::new();
                for next in &successors[number] {
                    let new = |local: &&u32| !written[number].contains(local) && !alive[number].contains(local);
                    more.extend(alive[*next].iter().filter(new));
                }
                is_changed |= !more.is_empty();
                alive[number].extend(more);
            }
        }
        alive
    }
}

/// Whether nothing behind this instruction runs after it.
pub(crate) fn is_jump(operator: &Operator) -> bool {
    matches!(operator, Operator::Br { .. } | Operator::BrTable { .. } | Operator::Return | Operator::Unreachable)
}
