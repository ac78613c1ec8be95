//! Images to practise with: they crash, end, fail, or are slow to stop. `crash` and `ordinal/crash:1` are the same image.

use cri::{Image, ImageConfig, Process, Reference, Spawn};
use shell::Dialect;
use shell::fs::Tree;
use sim::Span;

use crate::busybox::BUILTINS;
use crate::files::Root;
use crate::pause::Waiting;
use crate::program::{Userland, program_name};
use crate::tools;

const SIZE_BYTES: u64 = 4_194_304;
static USERLAND: Userland = Userland { dialect: Dialect::Busybox, tools: tools::ALL, builtins: BUILTINS };

fn is_practice(reference: &Reference, name: &str) -> bool {
    let (library, ordinal) = (format!("docker.io/library/{name}"), format!("docker.io/ordinal/{name}"));
    reference.repository == library || reference.repository == ordinal
}

macro_rules! practice {
    ($(#[$meta:meta])* $image:ident $name:literal $argv:literal $process:expr) => {
        $(#[$meta])*
        pub(crate) struct $image;

        impl Image for $image {
            fn is_named(&self, reference: &Reference) -> bool {
                is_practice(reference, $name)
            }
            fn pull(&self, _reference: &Reference) -> Result<u64, String> {
                Ok(SIZE_BYTES)
            }
            fn config(&self) -> ImageConfig {
                ImageConfig { entrypoint: &[$argv], ..ImageConfig::default() }
            }
            fn root(&self) -> Tree {
                Root::new(&[]).file($argv, "", 0o755).programs("/bin", BUILTINS).tree()
            }
            fn programs(&self) -> &'static [&'static str] {
                BUILTINS
            }
            fn start(&self, spawn: &Spawn) -> Option<Box<dyn Process>> {
                let program = spawn.argv.first()?;
                if program == $argv || program_name(program) == Some($name) {
                    return Some(Box::new($process));
                }
                USERLAND.start(spawn)
            }
        }
    };
}

practice! {
    /// Exits with 1 after a second.
    Crash "crash" "/crash" Waiting::ending(Span::from_seconds(1), 1)
}

practice! {
    /// Exits with 0 after two seconds.
    Job "job" "/job" Waiting::ending(Span::from_seconds(2), 0)
}

practice! {
    /// Exits with 1 after two seconds.
    JobFail "job-fail" "/job-fail" Waiting::ending(Span::from_seconds(2), 1)
}

practice! {
    /// Takes eight seconds to stop.
    SlowStop "slowstop" "/slowstop" Waiting::stopping(Span::from_seconds(8))
}

/// Cannot be pulled.
pub(crate) struct Broken;

impl Image for Broken {
    fn is_named(&self, reference: &Reference) -> bool {
        is_practice(reference, "broken")
    }

    fn pull(&self, reference: &Reference) -> Result<u64, String> {
        let name = reference.full_name();
        Err(format!(
            "failed to pull and unpack image \"{name}\": failed to resolve reference \"{name}\": pull access denied, \
             repository does not exist or may require authorization: server message: insufficient_scope: authorization failed"
        ))
    }

    fn config(&self) -> ImageConfig {
        ImageConfig::default()
    }

    fn root(&self) -> Tree {
        Tree::default()
    }

    fn programs(&self) -> &'static [&'static str] {
        &[]
    }

    fn start(&self, _spawn: &Spawn) -> Option<Box<dyn Process>> {
        None
    }
}
