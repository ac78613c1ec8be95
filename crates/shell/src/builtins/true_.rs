//! `true`, `false`, `:`

use super::{Builtin, Kind, Runner};

pub(super) const BUILTIN: Builtin =
    Builtin { name: "true", usage: "true", kind: Kind::Shell, runner: Runner::Once(|_| 0) };
pub(super) const FALSE: Builtin =
    Builtin { name: "false", usage: "false", kind: Kind::Shell, runner: Runner::Once(|_| 1) };
pub(super) const COLON: Builtin =
    Builtin { name: ":", usage: ": [arguments]", kind: Kind::Shell, runner: Runner::Once(|_| 0) };
