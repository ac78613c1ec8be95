//! Programs that several images have and the shell itself does not: they reach the network and the process table.

pub(crate) mod curl;
pub mod http;
pub(crate) mod kill;
pub(crate) mod nc;
pub(crate) mod nslookup;
pub(crate) mod ping;
pub(crate) mod ps;
pub(crate) mod resolver;
pub(crate) mod wget;

use cri::{Process, Spawn};

use crate::program::Tool;

/// Those of busybox.
pub(crate) const BUSYBOX: &[Tool] = &[nslookup::TOOL, wget::TOOL, ping::TOOL, ps::TOOL_BUSYBOX, nc::TOOL, kill::PKILL];

/// All of them.
pub(crate) const ALL: &[Tool] = &[curl::TOOL, nslookup::TOOL, wget::TOOL, ping::TOOL, ps::TOOL, nc::TOOL, kill::PKILL];

/// Those of a user's own machine.
const OUTSIDE: &[Tool] = &[curl::TOOL, wget::TOOL];

/// Starts a program on a user's own machine; none if it is not there.
pub fn start(name: &str, spawn: &Spawn) -> Option<Box<dyn Process>> {
    OUTSIDE.iter().find(|tool| tool.name == name).map(|tool| (tool.start)(spawn))
}
