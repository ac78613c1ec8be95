//! Running a program on the user's machine: with the learner's files, and the machine's sockets.

use cluster::Cluster;
use cri::{Caller, Net, ProcessId, System, Tree, Volumes};

/// How often a program is run again at one instant because something came to it from its own machine.
const ROUNDS_MAX: usize = 8;

/// Runs a program until it has an answer, as long as each run brings it something at once.
pub(crate) fn until<T>(
    cluster: &mut Cluster,
    fs: &mut Tree,
    owner: ProcessId,
    caller: Caller,
    mut act: impl FnMut(&mut System<'_>) -> Option<T>,
) -> Option<T> {
    for _ in 0..ROUNDS_MAX {
        let (before, now) = (cluster.outside.arrived(), cluster.now());
        let mut next_pid = owner.pid.saturating_add(1);
        let mut system = System {
            now,
            caller,
            files: cri::Files { root: fs, mounts: &[], volumes: &mut Volumes::default(), fs_group: None },
            net: Net { sockets: &mut cluster.outside.sockets, owner },
            hostname: "minikube",
            processes: &[],
            kills: &mut Vec::new(),
            next_pid: &mut next_pid,
        };
        let answer = act(&mut system);
        cluster.carry_packets();
        if answer.is_some() || cluster.outside.arrived() == before {
            return answer;
        }
    }
    None
}
