//! `clear`

use super::{Builtin, Kind, Runner};

pub(super) const BUILTIN: Builtin = Builtin {
    name: "clear",
    usage: "clear",
    kind: Kind::Program,
    runner: Runner::Once(|context| {
        context.out("\x1b[H\x1b[2J\x1b[3J");
        0
    }),
};
