//! `pause`: waits to be stopped.

use cri::{Disposition, Image, ImageConfig, Process, Reference, Spawn, System};
use shell::fs::Tree;
use shell::{ProcessIo, Progress, Signal};
use sim::{Span, Time};

use crate::files::Root;

/// `registry.k8s.io/pause` and whatever else is called so.
pub(crate) struct Pause;

impl Image for Pause {
    fn is_named(&self, reference: &Reference) -> bool {
        reference.short_name() == "pause"
    }

    fn pull(&self, _reference: &Reference) -> Result<u64, String> {
        Ok(320_448)
    }

    fn config(&self) -> ImageConfig {
        ImageConfig { entrypoint: &["/pause"], uid: 65_535, ..ImageConfig::default() }
    }

    fn root(&self) -> Tree {
        Root::new(&[]).file("/pause", "", 0o755).tree()
    }

    fn programs(&self) -> &'static [&'static str] {
        &["/pause"]
    }

    fn start(&self, spawn: &Spawn) -> Option<Box<dyn Process>> {
        let is_pause = spawn.argv.first().is_some_and(|program| program == "/pause" || program == "pause");
        is_pause.then(|| Box::new(Waiting::default()) as Box<dyn Process>)
    }
}

/// A program that waits, for ever or for a while, and ends when it is told to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Waiting {
    /// When it ends by itself, counted from its first step, and how.
    pub(crate) ends: Option<(Span, i32)>,
    /// How long it takes to stop.
    pub(crate) stop: Span,
    until: Option<(Time, i32)>,
}

impl Waiting {
    /// Ends by itself after `span` with this code.
    pub(crate) fn ending(span: Span, code: i32) -> Waiting {
        Waiting { ends: Some((span, code)), ..Waiting::default() }
    }

    /// Takes `span` to stop.
    pub(crate) fn stopping(span: Span) -> Waiting {
        Waiting { stop: span, ..Waiting::default() }
    }
}

impl Process for Waiting {
    fn step(&mut self, _io: &mut ProcessIo, system: &mut System<'_>) -> Progress {
        if self.until.is_none() {
            self.until = self.ends.map(|(span, code)| (system.now + span, code));
        }
        match self.until {
            Some((at, code)) if at <= system.now => Progress::Exited(code),
            Some((at, _)) => Progress::Blocked { wake: Some(at) },
            None => Progress::Blocked { wake: None },
        }
    }

    fn signal(&mut self, signal: Signal, system: &mut System<'_>) -> Disposition {
        match signal {
            Signal::Term | Signal::Int | Signal::Quit => {
                let at = system.now + self.stop;
                self.until = Some(self.until.filter(|(until, _)| *until < at).unwrap_or((at, 0)));
                Disposition::Handled
            }
            Signal::Hup | Signal::Kill | Signal::Usr1 | Signal::Usr2 | Signal::Pipe | Signal::Cont | Signal::Stop => {
                Disposition::Default
            }
        }
    }

    fn boxed_clone(&self) -> Box<dyn Process> {
        Box::new(self.clone())
    }
}
