//! Programs that several images have and the shell itself does not: they reach the network and the process table.

pub(crate) mod curl;
pub(crate) mod http;
pub(crate) mod kill;
pub(crate) mod nc;
pub(crate) mod nslookup;
pub(crate) mod ping;
pub(crate) mod ps;
pub(crate) mod resolver;
pub(crate) mod wget;

use crate::program::Tool;

/// Those of busybox.
pub(crate) const BUSYBOX: &[Tool] = &[nslookup::TOOL, wget::TOOL, ping::TOOL, ps::TOOL_BUSYBOX, nc::TOOL, kill::PKILL];

/// All of them.
pub(crate) const ALL: &[Tool] = &[curl::TOOL, nslookup::TOOL, wget::TOOL, ping::TOOL, ps::TOOL, nc::TOOL, kill::PKILL];
