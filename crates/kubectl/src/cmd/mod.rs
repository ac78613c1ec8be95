//! The verbs: one file each, and one line in [`VERBS`].
//!
//! A verb is data ([`Verb`]) and a function that runs at once. If it has to wait it answers with a [`Waiting`]: a small
//! state that is stepped again whenever something may have happened.

pub mod call;
pub mod find;
pub mod help;
pub mod impersonation;
pub mod shared;

use api::Str;
use sim::Time;

use crate::context::Context;
use crate::failure::Failure;
use crate::flags::Flag;

pub use call::Call;
pub use find::{Command, Early, read};

/// A command of kubectl's.
pub struct Verb {
    /// Its words after `kubectl`: `rollout status`.
    pub path: &'static str,
    /// Other names for its last word.
    pub aliases: &'static [&'static str],
    /// Wrong names that lead to it as a suggestion.
    pub suggest_for: &'static [&'static str],
    /// One sentence without its full stop.
    pub summary: &'static str,
    /// The command line after `kubectl <path>`.
    pub usage: &'static str,
    /// Its flags, in groups.
    pub flags: &'static [&'static [Flag]],
    /// Flags that must be given.
    pub required: &'static [&'static str],
    /// Runs it.
    pub run: fn(&mut Call<'_, '_>) -> Result<Flow, Failure>,
}

/// A verb without anything, to be filled with `..PLAIN`.
pub const PLAIN: Verb = Verb {
    path: "",
    aliases: &[],
    suggest_for: &[],
    summary: "",
    usage: "[options]",
    flags: &[],
    required: &[],
    run: |_| Ok(Flow::Done(0)),
};

impl std::fmt::Debug for Verb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Verb({})", self.path)
    }
}

/// What running a verb led to.
#[derive(Clone, Debug)]
pub enum Flow {
    /// It is done, with this exit code.
    Done(i32),
    /// It has to wait.
    Wait(Waiting),
}

/// What stepping a waiting verb led to.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// It is done, with this exit code.
    Done(i32),
    /// It still waits.
    Blocked {
        /// When to step again even if nothing has happened.
        wake: Option<Time>,
    },
    /// It waits for an editor.
    Edit {
        /// The editor's shell command.
        editor: Str,
        /// The file to edit.
        path: Str,
    },
}

macro_rules! verbs {
    ($( $verb:path ),* $(,)? ; waiting $( $variant:ident ( $type:ty ) ),* $(,)?) => {
        /// All verbs, sorted by path.
        pub static VERBS: &[&Verb] = &[ $( &$verb ),* ];

        /// A verb that waits.
        #[derive(Clone, Debug)]
        pub enum Waiting { $( #[doc = concat!("See [`", stringify!($type), "`].")] $variant(Box<$type>), )* }

        impl Waiting {
            /// Goes on as far as possible.
            pub fn step(&mut self, ctx: &mut Context<'_>) -> Result<Progress, Failure> {
                match self { $( Waiting::$variant(waiting) => waiting.step(ctx), )* }
            }
        }

        $( impl From<$type> for Flow {
            fn from(waiting: $type) -> Flow {
                Flow::Wait(Waiting::$variant(Box::new(waiting)))
            }
        } )*
    };
}

pub mod alpha;
pub mod apply;
pub mod applyset;
pub mod attach;
pub mod autoscale;
pub mod cluster_info;
pub mod config;
pub mod config_entries;
pub mod cordon;
pub mod cp;
pub mod create;
pub mod debug;
pub mod delete;
pub mod describe;
pub mod diff;
pub mod drain;
pub mod edit;
pub mod events;
pub mod exec;
pub mod explain;
pub mod expose;
pub mod get;
pub mod info;
pub mod kuberc;
pub mod kustomize;
pub mod label;
pub mod last_applied;
pub mod logs;
mod migration;
pub mod outside;
pub mod pairs;
pub mod patch;
pub mod pods;
pub mod port_forward;
pub mod proxy;
pub mod prune;
pub mod raw;
pub mod reconcile;
pub mod replace;
pub mod rollout;
pub mod run;
pub mod scale;
pub mod session;
pub mod set;
pub mod taint;
pub mod wait;

use create::{data, ingress, job, kinds, quota, rbac, secret, service};
use rollout::{history, pause, restart, status, undo};

verbs! {
    alpha::ALPHA,
    label::ANNOTATE,
    info::API_RESOURCES,
    info::API_VERSIONS,
    apply::APPLY,
    edit::EDIT_LAST_APPLIED,
    last_applied::SET_LAST_APPLIED,
    last_applied::VIEW_LAST_APPLIED,
    attach::ATTACH,
    info::AUTH,
    info::AUTH_CAN_I,
    reconcile::AUTH_RECONCILE,
    info::AUTH_WHOAMI,
    autoscale::AUTOSCALE,
    outside::CERTIFICATE,
    outside::CERTIFICATE_APPROVE,
    outside::CERTIFICATE_DENY,
    cluster_info::CLUSTER_INFO,
    cluster_info::CLUSTER_INFO_DUMP,
    outside::COMPLETION,
    config::CONFIG,
    config::CURRENT_CONTEXT,
    config_entries::DELETE_CLUSTER,
    config_entries::DELETE_CONTEXT,
    config_entries::DELETE_USER,
    config_entries::GET_CLUSTERS,
    config::GET_CONTEXTS,
    config_entries::GET_USERS,
    config_entries::RENAME_CONTEXT,
    config_entries::SET,
    config_entries::SET_CLUSTER,
    config::SET_CONTEXT,
    config_entries::SET_CREDENTIALS,
    config_entries::UNSET,
    config::USE_CONTEXT,
    config::VIEW,
    cordon::CORDON,
    cp::CP,
    create::CREATE,
    rbac::CLUSTER_ROLE,
    rbac::CLUSTER_ROLE_BINDING,
    job::CRON_JOB,
    ingress::INGRESS,
    quota::QUOTA,
    rbac::ROLE,
    rbac::ROLE_BINDING,
    quota::TOKEN,
    job::JOB,
    secret::SECRET_DOCKER_REGISTRY,
    secret::SECRET_TLS,
    data::CONFIG_MAP,
    kinds::DEPLOYMENT,
    kinds::NAMESPACE,
    kinds::BUDGET,
    kinds::PRIORITY_CLASS,
    data::SECRET,
    data::SECRET_GENERIC,
    service::SERVICE,
    service::CLUSTER_IP,
    service::EXTERNAL_NAME,
    service::LOAD_BALANCER,
    service::NODE_PORT,
    kinds::SERVICE_ACCOUNT,
    debug::DEBUG,
    delete::DELETE,
    describe::DESCRIBE,
    diff::DIFF,
    drain::DRAIN,
    edit::EDIT,
    events::EVENTS,
    exec::EXEC,
    explain::EXPLAIN,
    expose::EXPOSE,
    get::GET,
    kuberc::KUBERC,
    kuberc::KUBERC_SET,
    kuberc::KUBERC_VIEW,
    kustomize::KUSTOMIZE,
    label::LABEL,
    logs::LOGS,
    info::OPTIONS,
    patch::PATCH,
    outside::PLUGIN,
    outside::PLUGIN_LIST,
    port_forward::PORT_FORWARD,
    proxy::PROXY,
    replace::REPLACE,
    rollout::ROLLOUT,
    history::ROLLOUT_HISTORY,
    pause::ROLLOUT_PAUSE,
    restart::ROLLOUT_RESTART,
    pause::ROLLOUT_RESUME,
    status::ROLLOUT_STATUS,
    undo::ROLLOUT_UNDO,
    run::RUN,
    scale::SCALE,
    set::SET,
    set::env::SET_ENV,
    set::image::SET_IMAGE,
    set::resources::SET_RESOURCES,
    set::selector::SET_SELECTOR,
    set::service_account::SET_SERVICE_ACCOUNT,
    set::subject::SET_SUBJECT,
    taint::TAINT,
    outside::TOP,
    outside::TOP_NODE,
    outside::TOP_POD,
    cordon::UNCORDON,
    info::VERSION_VERB,
    wait::WAIT;
    waiting
    Applying(apply::Applying),
    AskingForPreferences(kuberc::Asking),
    Attaching(run::Attaching),
    Creating(create::Creating),
    Copying(cp::Copying),
    Joined(attach::Joined),
    Debugging(debug::Debugging),
    Deleting(delete::Deleting),
    Draining(drain::Draining),
    Editing(edit::Editing),
    Executing(exec::Executing),
    Following(logs::Following),
    Forwarding(port_forward::Forwarding),
    Proxying(proxy::Proxying),
    Replacing(replace::Replacing),
    RolloutStatus(status::RolloutStatus),
    Scaling(scale::Scaling),
    Waiting(wait::Waiting),
    Watching(get::Watching),
    WatchingEvents(events::Watching),
}

impl Waiting {
    /// Ctrl-C; answers whether the run goes on.
    pub fn interrupt(&mut self, ctx: &mut Context<'_>) -> bool {
        match self {
            Waiting::Attaching(attaching) => attaching.interrupt(ctx),
            Waiting::Executing(executing) => executing.session.interrupt(ctx),
            Waiting::Joined(joined) => joined.interrupt(ctx),
            Waiting::Debugging(debugging) => debugging.interrupt(ctx),
            Waiting::Forwarding(forwarding) => forwarding.interrupt(ctx),
            Waiting::Proxying(proxying) => {
                proxying.close(ctx);
                false
            }
            Waiting::Copying(copying) => {
                copying.interrupt(ctx);
                false
            }
            Waiting::Applying(_)
            | Waiting::AskingForPreferences(_)
            | Waiting::Creating(_)
            | Waiting::Deleting(_)
            | Waiting::Draining(_)
            | Waiting::Editing(_)
            | Waiting::Following(_)
            | Waiting::Replacing(_)
            | Waiting::RolloutStatus(_)
            | Waiting::Scaling(_)
            | Waiting::Waiting(_)
            | Waiting::Watching(_)
            | Waiting::WatchingEvents(_) => false,
        }
    }

    /// The editor has ended.
    pub fn edited(&mut self, code: i32) {
        if let Waiting::Editing(editing) = self {
            editing.closed(code);
        }
    }

    /// Whether what is typed goes to a process in a container, or answers a question.
    pub fn holds_terminal(&self) -> bool {
        match self {
            Waiting::Attaching(attaching) => attaching.holds_terminal(),
            Waiting::Executing(executing) => executing.session.is_terminal(),
            Waiting::Joined(joined) => joined.holds_terminal(),
            Waiting::Debugging(debugging) => debugging.holds_terminal(),
            Waiting::Deleting(deleting) => deleting.reads_terminal(),
            Waiting::AskingForPreferences(_) => true,
            Waiting::Applying(_)
            | Waiting::Copying(_)
            | Waiting::Creating(_)
            | Waiting::Draining(_)
            | Waiting::Editing(_)
            | Waiting::Following(_)
            | Waiting::Forwarding(_)
            | Waiting::Proxying(_)
            | Waiting::Replacing(_)
            | Waiting::RolloutStatus(_)
            | Waiting::Scaling(_)
            | Waiting::Waiting(_)
            | Waiting::Watching(_)
            | Waiting::WatchingEvents(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::VERBS;

    #[test]
    fn no_verb_is_here_and_absent() {
        for (at, verb) in VERBS.iter().enumerate() {
            assert!(VERBS[..at].iter().all(|other| other.path != verb.path), "kubectl {} twice", verb.path);
        }
    }
}
