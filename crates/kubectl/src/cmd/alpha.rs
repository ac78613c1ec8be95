//! `kubectl alpha`: where commands stand before they are released. v1.36 has none.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/alpha.go.

use super::{Flow, PLAIN, Verb};

/// The verb. It has no summary: the list of commands leaves it out.
pub static ALPHA: Verb = Verb {
    path: "alpha",
    run: |call| {
        call.ctx.err("No alpha commands are available in this version of kubectl\n");
        Ok(Flow::Done(0))
    },
    ..PLAIN
};
