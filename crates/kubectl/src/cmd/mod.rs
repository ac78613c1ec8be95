//! The verbs: one file each, and one line in [`VERBS`].
//!
//! A verb is data ([`Verb`]) and a function that runs at once. If it has to wait it answers with a [`Waiting`]: a small
//! state that is stepped again whenever something may have happened.

pub mod call;
pub mod find;
pub mod help;
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
    ($( $module:ident :: $verb:ident ),* $(,)? ; waiting $( $variant:ident ( $type:ty ) ),* $(,)?) => {
        /// All verbs, sorted by path.
        pub static VERBS: &[&Verb] = &[ $( &$module::$verb ),* ];

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

pub mod apply;
pub mod delete;
pub mod get;
pub mod label;
pub mod pairs;
pub mod patch;
pub mod rollout;
pub mod scale;
pub mod set_image;

use rollout::{history, pause, restart, status, undo};

verbs! {
    label::ANNOTATE,
    apply::APPLY,
    delete::DELETE,
    get::GET,
    label::LABEL,
    patch::PATCH,
    rollout::ROLLOUT,
    history::ROLLOUT_HISTORY,
    pause::ROLLOUT_PAUSE,
    restart::ROLLOUT_RESTART,
    pause::ROLLOUT_RESUME,
    status::ROLLOUT_STATUS,
    undo::ROLLOUT_UNDO,
    scale::SCALE,
    set_image::SET,
    set_image::SET_IMAGE;
    waiting
    Deleting(delete::Deleting),
    RolloutStatus(status::RolloutStatus),
    Scaling(scale::Scaling),
    Watching(get::Watching),
}

impl Waiting {
    /// Ctrl-C; answers whether the run goes on.
    pub fn interrupt(&mut self, _ctx: &mut Context<'_>) -> bool {
        false
    }

    /// The editor has ended.
    pub fn edited(&mut self, _code: i32) {}

    /// Whether keys go to a process in a container.
    pub fn holds_terminal(&self) -> bool {
        false
    }
}
