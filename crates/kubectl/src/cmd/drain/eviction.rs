//! One pod on its way off a node: evicted (again and again while its budget refuses), then waited for.
//!
//! Models: kubernetes v1.36 kubectl/pkg/drain/drain.go (evictPods, deletePods, waitForDelete).

use api::{Key, Kind, Object, Reason, Status, Str};
use client::DeleteOptions;
use sim::{Span, Time};

use super::filters::is_overdue;
use crate::cmd::call::DryRun;
use crate::context::Context;

const RETRY: Span = Span::from_seconds(5);
const POLL: Span = Span::from_seconds(1);

/// How pods are taken off.
#[derive(Clone, Debug)]
pub struct Manner {
    /// Their grace period, or a dry run.
    pub options: DeleteOptions,
    /// Whether anything is stored.
    pub dry_run: DryRun,
    /// Whether budgets are asked.
    pub means: Means,
    /// When it has to be over, and the span that is named then.
    pub limit: Option<(Time, String)>,
    /// `--skip-wait-for-delete-timeout`
    pub skip_wait_seconds: i64,
}

/// How a pod is made to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Means {
    /// By the eviction subresource.
    Eviction,
    /// By deletion: `--disable-eviction`.
    Deletion,
}

/// A pod that has to go.
#[derive(Clone, Debug)]
pub struct Leaving {
    key: Key,
    uid: Str,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// It is evicted then.
    Evict(Time),
    /// It is looked for then.
    Vanish(Time),
    Done,
}

impl Leaving {
    /// A pod that is to be evicted now, or that has been deleted already.
    pub fn new(key: Key, uid: Str, means: Means, now: Time) -> Leaving {
        let stage = match means {
            Means::Eviction => Stage::Evict(now),
            Means::Deletion => Stage::Vanish(now),
        };
        Leaving { key, uid, stage }
    }

    /// When it wants to be stepped; never if it is gone.
    pub fn due(&self) -> Option<Time> {
        match self.stage {
            Stage::Evict(at) | Stage::Vanish(at) => Some(at),
            Stage::Done => None,
        }
    }

    /// Does what is due. An error ends it.
    pub fn step(&mut self, ctx: &mut Context<'_>, manner: &Manner) -> Result<(), String> {
        if let Stage::Evict(at) = self.stage
            && at <= ctx.now()
        {
            self.stage = Stage::Done;
            self.stage = self.evict(ctx, manner)?;
        }
        if let Stage::Vanish(at) = self.stage
            && at <= ctx.now()
        {
            self.stage = Stage::Done;
            self.stage = self.look(ctx, manner)?;
        }
        Ok(())
    }

    fn evict(&mut self, ctx: &mut Context<'_>, manner: &Manner) -> Result<Stage, String> {
        let (namespace, name) = (self.key.namespace.clone(), self.key.name.clone());
        ctx.out(&format!("evicting pod {namespace}/{name}{}\n", manner.dry_run.suffix()));
        let doing = format!("error when evicting pods/{:?} -n {:?}", name.as_str(), namespace.as_str());
        if let Some(span) = over(manner, ctx.now()) {
            return Err(format!("{doing}: global timeout reached: {span}"));
        }
        match ctx.api.evict(&self.key, &manner.options) {
            Ok(()) if manner.dry_run == DryRun::Server => Ok(Stage::Done),
            Ok(()) => Ok(Stage::Vanish(ctx.now())),
            Err(status) if status.reason == Reason::NotFound => Ok(Stage::Done),
            Err(status) if status.reason == Reason::TooManyRequests => {
                ctx.err(&format!("{doing} (will retry after 5s): {}\n", status.message));
                Ok(Stage::Evict(ctx.now() + RETRY))
            }
            Err(status) if is_namespace_terminating(&status) => {
                if ctx.api.get(Kind::Pod, &self.key).is_ok_and(|pod| pod.metadata().is_terminating()) {
                    return Ok(Stage::Vanish(ctx.now()));
                }
                let (name, namespace) = (name.as_str(), namespace.as_str());
                ctx.err(&format!(
                    "error when evicting pod {name:?} from terminating namespace {namespace:?} (will retry after 5s): {}\n",
                    status.message
                ));
                Ok(Stage::Evict(ctx.now() + RETRY))
            }
            Err(status) => Err(format!("{doing}: {}", status.message)),
        }
    }

    fn look(&mut self, ctx: &mut Context<'_>, manner: &Manner) -> Result<Stage, String> {
        let found = ctx.api.get(Kind::Pod, &self.key).ok().filter(|pod| pod.metadata().uid == self.uid);
        let Some(Object::Pod(pod)) = found else {
            let done = match manner.means {
                Means::Eviction => "evicted",
                Means::Deletion => "deleted",
            };
            ctx.out(&format!("pod/{} {done}\n", self.key.name));
            return Ok(Stage::Done);
        };
        if is_overdue(&pod, manner.skip_wait_seconds, ctx.now()) {
            let (name, seconds) = (self.key.name.as_str(), manner.skip_wait_seconds);
            ctx.out(&format!("pod {name:?} has DeletionTimestamp older than {seconds} seconds, skipping\n"));
            return Ok(Stage::Done);
        }
        match (over(manner, ctx.now()), manner.means) {
            (None, _) => Ok(Stage::Vanish(ctx.now() + POLL)),
            (Some(span), Means::Deletion) => Err(format!("global timeout reached: {span}")),
            (Some(span), Means::Eviction) => {
                let (name, namespace) = (self.key.name.as_str(), self.key.namespace.as_str());
                Err(format!(
                    "error when waiting for pod {name:?} in namespace {namespace:?} to terminate: global timeout \
                     reached: {span}"
                ))
            }
        }
    }
}

/// The limit that is over, in words.
fn over(manner: &Manner, now: Time) -> Option<&str> {
    manner.limit.as_ref().filter(|(until, _)| *until <= now).map(|(_, span)| span.as_str())
}

fn is_namespace_terminating(status: &Status) -> bool {
    let causes = status.details.as_ref().map(|details| details.causes.as_slice()).unwrap_or_default();
    status.reason == Reason::Forbidden && causes.iter().any(|cause| cause.reason == "NamespaceTerminating")
}
