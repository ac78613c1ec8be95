//! `kubectl drain`: keeps new pods off nodes and takes those off that are there, as far as budgets allow.
//!
//! All nodes are cordoned first; then one after the other is emptied. The pods of a node go at once; the run is a state
//! that is stepped when the next retry or look is due.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/drain, kubectl/pkg/drain.

pub mod eviction;
pub mod filters;

use api::duration::format_go_span;
use api::selector::Selector;
use api::{Key, Kind, Pod, Reason, Str};
use client::{Access, DeleteOptions};
use sim::{Span, Time};

use super::call::DryRun;
use super::{Call, Flow, PLAIN, Progress, Verb, cordon, shared};
use crate::builder::Info;
use crate::context::Context;
use crate::failure::Failure;
use crate::flags::Flag;
use eviction::{Leaving, Manner, Means};
use filters::{Permissions, Verdicts, decide};

/// The verb.
pub static DRAIN: Verb = Verb {
    path: "drain",
    summary: "Keep new pods off a node and take its pods off",
    usage: "NODE [options]",
    flags: &[
        &[
            Flag::int("chunk-size", "500"),
            Flag::bool("delete-emptydir-data"),
            Flag::bool("disable-eviction"),
            Flag::bool("force"),
            Flag::int("grace-period", "-1"),
            Flag::bool("ignore-daemonsets"),
            Flag::text("pod-selector"),
            Flag::int("skip-wait-for-delete-timeout", "0"),
            Flag::duration("timeout", "0s"),
        ],
        shared::SELECTOR,
        shared::DRY_RUN,
    ],
    run,
    ..PLAIN
};

/// A drain on its way.
#[derive(Clone, Debug)]
pub struct Draining {
    /// Nodes that are to be emptied; the last is the next.
    nodes: Vec<Info>,
    /// The node that is being emptied.
    current: Option<Emptying>,
    /// Nodes that could not be emptied.
    failed: Vec<Str>,
    /// Why.
    causes: Vec<String>,
    choice: Choice,
    manner: Manner,
    timeout: Span,
}

/// Which pods of a node are meant.
#[derive(Clone, Debug)]
struct Choice {
    labels: Selector,
    may: Permissions,
}

/// One node that is being emptied.
#[derive(Clone, Debug)]
struct Emptying {
    node: Info,
    pods: Vec<Leaving>,
    errors: Vec<String>,
}

fn run(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let mut draining = Draining::read(call)?;
    let nodes = cordon::nodes(call)?;
    call.ctx.api.authorize(&Access::to_all("list", Kind::Pod, None))?;
    for node in &nodes {
        cordon::set(call, node, cordon::Wish::Cordon, draining.manner.dry_run)?;
    }
    draining.nodes = nodes;
    draining.nodes.reverse();
    Ok(draining.into())
}

impl Draining {
    fn read(call: &mut Call<'_, '_>) -> Result<Draining, Failure> {
        cordon::check_words(call)?;
        let dry_run = call.dry_run()?;
        let flags = &call.flags;
        let grace = flags.int("grace-period");
        let skip_wait_seconds = flags.int("skip-wait-for-delete-timeout");
        let may = Permissions {
            unmanaged: flags.is_on("force"),
            skips_daemon_sets: flags.is_on("ignore-daemonsets"),
            local_storage: flags.is_on("delete-emptydir-data"),
            skip_wait_seconds,
        };
        let manner = Manner {
            options: DeleteOptions {
                grace_period_seconds: (grace >= 0).then_some(grace),
                dry_run: dry_run == DryRun::Server,
                ..DeleteOptions::default()
            },
            dry_run,
            means: if flags.is_on("disable-eviction") { Means::Deletion } else { Means::Eviction },
            limit: None,
            skip_wait_seconds,
        };
        let labels = Selector::parse(&flags.text("pod-selector"))
            .map_err(|_| Failure::plain("--pod-selector=<pod_selector> must be a valid label selector"))?;
        let (choice, timeout) = (Choice { labels, may }, flags.duration("timeout"));
        let (nodes, failed, causes) = (Vec::new(), Vec::new(), Vec::new());
        Ok(Draining { nodes, current: None, failed, causes, choice, manner, timeout })
    }

    /// Empties nodes as far as possible.
    pub fn step(&mut self, ctx: &mut Context<'_>) -> Result<Progress, Failure> {
        loop {
            let emptying = match self.current.take() {
                Some(emptying) => emptying,
                None => match self.nodes.pop() {
                    Some(node) => self.begin(ctx, node),
                    None => return self.end(ctx),
                },
            };
            if let Some(wake) = self.go_on(ctx, emptying) {
                return Ok(Progress::Blocked { wake: Some(wake) });
            }
        }
    }

    /// Chooses the pods of a node, and says what is to be said of the others.
    fn begin(&mut self, ctx: &mut Context<'_>, node: Info) -> Emptying {
        let now = ctx.now();
        let mut emptying = Emptying { node, pods: Vec::new(), errors: Vec::new() };
        let verdicts = self.choice.verdicts(ctx, &emptying.node.name);
        emptying.errors = verdicts.refusals();
        if !emptying.errors.is_empty() {
            return emptying;
        }
        if let Some(warnings) = verdicts.warnings() {
            ctx.err(&format!("Warning: {warnings}\n"));
        }
        self.manner.limit = (self.timeout > Span::ZERO).then(|| (now + self.timeout, format_go_span(self.timeout)));
        if self.manner.dry_run == DryRun::Client {
            for pod in verdicts.pods() {
                ctx.out(&format!("evicting pod {}/{} (dry run)\n", pod.metadata.namespace, pod.metadata.name));
            }
            return emptying;
        }
        if self.manner.means == Means::Deletion {
            emptying.errors.extend(self.delete_all(ctx, &verdicts).err());
            if !emptying.errors.is_empty() {
                self.say_what_is_pending(ctx, &emptying);
                return emptying;
            }
        }
        if self.manner.means == Means::Eviction || self.manner.dry_run == DryRun::None {
            let leaving = |pod: &std::rc::Rc<Pod>| {
                Leaving::new(pod.metadata.key(), pod.metadata.uid.clone(), self.manner.means, now)
            };
            emptying.pods = verdicts.pods().map(leaving).collect();
        }
        emptying
    }

    /// `--disable-eviction`: all pods are deleted before the first is waited for.
    fn delete_all(&self, ctx: &mut Context<'_>, verdicts: &Verdicts) -> Result<(), String> {
        for pod in verdicts.pods() {
            match ctx.api.delete(Kind::Pod, &pod.metadata.key(), &self.manner.options) {
                Err(status) if status.reason != Reason::NotFound => return Err(status.message.to_string()),
                Ok(_) | Err(_) => {}
            }
        }
        Ok(())
    }

    /// Steps the pods of a node. Answers when to go on, or nothing if the node is done with.
    fn go_on(&mut self, ctx: &mut Context<'_>, mut emptying: Emptying) -> Option<Time> {
        let had_pods = !emptying.pods.is_empty();
        for pod in &mut emptying.pods {
            emptying.errors.extend(pod.step(ctx, &self.manner).err());
        }
        if let Some(wake) = emptying.pods.iter().filter_map(Leaving::due).min() {
            self.current = Some(emptying);
            return Some(wake);
        }
        if emptying.errors.is_empty() {
            let suffix = self.manner.dry_run.suffix();
            ctx.out(&format!("{} drained{suffix}\n", emptying.node.title()));
            return None;
        }
        if had_pods {
            self.say_what_is_pending(ctx, &emptying);
        }
        let (node, why) = (emptying.node.name.as_str(), joined(&emptying.errors));
        ctx.err(&format!("error: unable to drain node {node:?} due to error: {why}, continuing command...\n"));
        self.failed.push(emptying.node.name.clone());
        self.causes.extend(emptying.errors);
        None
    }

    fn say_what_is_pending(&self, ctx: &mut Context<'_>, emptying: &Emptying) {
        let node = &emptying.node.name;
        let pending = self.choice.verdicts(ctx, node);
        let why = joined(&emptying.errors);
        if pending.pods().next().is_some() {
            ctx.err(&format!("There are pending pods in node {:?} when an error occurred: {why}\n", node.as_str()));
            for pod in pending.pods() {
                ctx.err(&format!("pod/{}\n", pod.metadata.name));
            }
        }
        let refusals = pending.refusals();
        if !refusals.is_empty() {
            let why = joined(&refusals);
            ctx.err(&format!("Following errors occurred while getting the list of pods to delete:\n{why}"));
        }
    }

    fn end(&mut self, ctx: &mut Context<'_>) -> Result<Progress, Failure> {
        if self.failed.is_empty() {
            return Ok(Progress::Done(0));
        }
        ctx.err("There are pending nodes to be drained:\n");
        for node in &self.failed {
            ctx.err(&format!(" {node}\n"));
        }
        Err(Failure::Verbatim(self.causes.join("\n")))
    }
}

impl Choice {
    fn verdicts(&self, ctx: &Context<'_>, node: &str) -> Verdicts {
        let is_meant = |pod: &std::rc::Rc<Pod>| pod.spec.node_name == node && self.labels.matches(&pod.metadata.labels);
        let all = ctx.api.list(Kind::Pod, None);
        let pods = all.iter().filter_map(api::Object::get::<Pod>).filter(|pod| is_meant(pod));
        let missing_set = |key: &Key| ctx.api.get(Kind::DaemonSet, key).err().map(|status| status.message);
        let verdict = |pod: &std::rc::Rc<Pod>| decide(pod, self.may, &missing_set, ctx.now());
        Verdicts(pods.map(|pod| (pod.clone(), verdict(pod))).collect())
    }
}

/// One error as it is, several in brackets, each once.
fn joined(errors: &[String]) -> String {
    let mut distinct: Vec<&str> = Vec::new();
    for error in errors {
        if !distinct.contains(&error.as_str()) {
            distinct.push(error);
        }
    }
    match distinct.as_slice() {
        [only] => (*only).to_string(),
        several => format!("[{}]", several.join(", ")),
    }
}
