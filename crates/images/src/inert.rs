//! Every other image: it is pulled, runs, listens on its declared ports, and does nothing else.
//!
//! Its program accepts connections and closes them without a word, ends when it is told to, and passes every probe. A command
//! that a pod gives it is not run, whatever it says; only shells and their programs are (`sh -c …` with the usual tools), so that
//! scripts in manifests do what they say as far as they do not need the image's own software.

use cri::{Disposition, Health, Image, ImageConfig, Payload, Process, Reference, Spawn, System};
use shell::fs::Tree;
use shell::{Dialect, ProcessIo, Progress, Signal};

use crate::busybox::BUILTINS;
use crate::files::{Root, plausible_size};
use crate::program::Userland;
use crate::tools;

/// Any image that is not known here.
pub(crate) struct Inert;

static USERLAND: Userland = Userland { dialect: Dialect::Dash, tools: tools::ALL, builtins: BUILTINS };

impl Image for Inert {
    fn is_named(&self, _reference: &Reference) -> bool {
        true
    }

    fn pull(&self, reference: &Reference) -> Result<u64, String> {
        Ok(plausible_size(&reference.full_name()))
    }

    fn note(&self) -> Option<&'static str> {
        Some(
            "This image is only simulated: its container runs and listens on its declared ports, and does nothing else",
        )
    }

    fn config(&self) -> ImageConfig {
        ImageConfig { entrypoint: &["/simulated"], ..ImageConfig::default() }
    }

    fn root(&self) -> Tree {
        Root::new(&[]).file("/simulated", "", 0o755).programs("/bin", BUILTINS).tree()
    }

    fn programs(&self) -> &'static [&'static str] {
        BUILTINS
    }

    fn start(&self, spawn: &Spawn) -> Option<Box<dyn Process>> {
        if let Some(process) = USERLAND.start(spawn).filter(|_| !spawn.is_first) {
            return Some(process);
        }
        // The image's own software is not here: its first process only listens.
        spawn.is_first.then(|| Box::new(Listener { ports: spawn.ports.clone(), has_started: false, ends: false }) as _)
    }
}

/// Listens and says nothing.
#[derive(Clone, Debug)]
struct Listener {
    ports: Vec<u16>,
    has_started: bool,
    ends: bool,
}

impl Process for Listener {
    fn step(&mut self, _io: &mut ProcessIo, system: &mut System<'_>) -> Progress {
        if self.ends {
            return Progress::Exited(0);
        }
        if !self.has_started {
            self.has_started = true;
            for &port in &self.ports {
                // A port that another container of the pod has taken stays his.
                let _ = system.net.listen(port);
            }
        }
        for &port in &self.ports {
            while let Some(packet) = system.net.receive(port) {
                if let Payload::Data(_) = packet.payload {
                    system.net.send(port, packet.from, Payload::Close);
                }
            }
        }
        Progress::Blocked { wake: None }
    }

    fn signal(&mut self, signal: Signal, _system: &mut System<'_>) -> Disposition {
        if !matches!(signal, Signal::Term | Signal::Int | Signal::Quit) {
            return Disposition::Default;
        }
        self.ends = true;
        Disposition::Handled
    }

    fn health(&self) -> Health {
        Health::ConstantlyGood
    }

    fn boxed_clone(&self) -> Box<dyn Process> {
        Box::new(self.clone())
    }
}
