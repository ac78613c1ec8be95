//! What nodes answered to pods of one shape, kept until something changes.
//!
//! The replicas of a set are one question asked many times, and between two of them one node has changed. A shape is all
//! that plugins read of a pod; of its labels only those count that some rule names, so that pods with their own names in a
//! label are of one shape. What is kept is what would be computed anew: [`Memo::is_true`] compares.
//!
//! Models: kubernetes v1.36 has the same idea in its opportunistic batching (pkg/scheduler/framework/runtime/batch.go), for
//! fewer kinds of pods.

use ordered::OrderedSet;
use std::rc::Rc;

use api::meta::LabelSelector;
use api::{Pod, Str};

use crate::cache::{Cache, NodeChange, NodeInfo, RESOURCES, Request, is_same_list};
use crate::framework::{Cycle, Reads, Verdict};
use crate::lister::Lister;
use crate::plugins::inter_pod_affinity::Views;
use crate::plugins::{PLUGINS, image_locality, inter_pod_affinity, pod_topology_spread};
use crate::schedule_one::SCORERS_MAX;

/// Shapes that are remembered; the one that was not asked for longest goes first.
const SHAPES_MAX: usize = 8;

/// What is remembered of the nodes' answers. Empty, it is filled by the first pod.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memo {
    layout_version: u64,
    /// The labels of pods that a rule names.
    labels: OrderedSet<Str>,
    /// The last one was asked for last.
    shapes: Vec<Shape>,
    /// Answers that were computed for shapes that are gone.
    computed: u64,
}

/// Pods that no plugin can tell apart (but for their claims), and what they are told.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    like: Rc<Pod>,
    labels: Vec<Option<Str>>,
    default_selector: Option<LabelSelector>,
    pub(crate) request: Rc<Request>,
    pub(crate) affinity: Rc<inter_pod_affinity::State>,
    pub(crate) spread: Rc<pod_topology_spread::State>,
    images_version: u64,
    image_counts: Vec<usize>,
    answers: Vec<Option<Answer>>,
    computed: u64,
}

/// What the plugins say of one node that read nothing but the node.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    /// Why it is refused.
    pub(crate) verdict: Option<Rc<Verdict>>,
    /// The raw scores, in the order of the plugins that score; 0 for those that read more.
    pub(crate) raw: [i64; SCORERS_MAX],
    /// The sum of the weighted scores that hang on no other node.
    pub(crate) fixed: i64,
}

impl Memo {
    /// Forgets everything: something has changed that is not a node or a pod.
    pub(crate) fn forget(&mut self) {
        self.computed = self.answers_computed();
        self.labels.clear();
        self.shapes.clear();
        self.layout_version = 0;
    }

    /// Takes in what happened to the nodes.
    pub(crate) fn take_in(&mut self, cache: &mut Cache, lister: &dyn Lister) {
        let changes = cache.take_changes();
        if self.layout_version != cache.layout_version() {
            return self.begin(cache);
        }
        for change in &changes {
            if let Some((pod, 1)) = &change.pod {
                self.note_labels(inter_pod_affinity::labels_of_rules(pod));
            }
            self.shapes.iter_mut().for_each(|shape| shape.take_in(change, cache, lister));
        }
    }

    fn begin(&mut self, cache: &Cache) {
        self.forget();
        self.layout_version = cache.layout_version();
        for pod in cache.nodes().flat_map(|info| info.pods_with_rules.values()) {
            self.note_labels(inter_pod_affinity::labels_of_rules(pod));
        }
    }

    /// A label that no rule named before tells pods apart that were one shape.
    fn note_labels<'a>(&mut self, labels: impl Iterator<Item = &'a Str>) {
        for label in labels {
            if !self.labels.contains(label) {
                self.labels.insert(label.clone());
                self.computed = self.answers_computed();
                self.shapes.clear();
            }
        }
    }

    /// What pods like this one are told.
    pub(crate) fn shape(&mut self, pod: &Rc<Pod>, cache: &Cache, lister: &dyn Lister) -> &mut Shape {
        if self.layout_version != cache.layout_version() {
            self.begin(cache);
        }
        self.note_labels(inter_pod_affinity::labels_of_rules(pod));
        self.note_labels(pod_topology_spread::labels_of_constraints(pod));
        let labels: Vec<Option<Str>> =
            self.labels.iter().map(|label| pod.metadata.labels.get_str(label).cloned()).collect();
        let own = &pod.spec.topology_spread_constraints;
        let default_selector = if own.is_empty() { lister.default_selector(pod) } else { None };
        let known = self.shapes.iter().position(|shape| shape.is_of(pod, &labels, default_selector.as_ref()));
        let mut shape = match known {
            Some(at) => self.shapes.remove(at),
            None => Shape::new(pod, labels, default_selector, cache, lister),
        };
        shape.look_at_images(cache);
        if self.shapes.len() >= SHAPES_MAX {
            self.computed += self.shapes.remove(0).computed;
        }
        self.shapes.push(shape);
        let last = self.shapes.len() - 1;
        &mut self.shapes[last]
    }

    /// How many answers of nodes were computed, and not remembered.
    pub(crate) fn answers_computed(&self) -> u64 {
        self.computed + self.shapes.iter().map(|shape| shape.computed).sum::<u64>()
    }

    /// Whether all that is remembered is what a look at everything gives. Changes must have been taken in.
    pub(crate) fn is_true(&self, cache: &Cache, lister: &dyn Lister) -> bool {
        self.layout_version != cache.layout_version() || self.shapes.iter().all(|shape| shape.is_true(cache, lister))
    }
}

impl Shape {
    fn new(
        pod: &Rc<Pod>,
        labels: Vec<Option<Str>>,
        default_selector: Option<LabelSelector>,
        cache: &Cache,
        lister: &dyn Lister,
    ) -> Shape {
        Shape {
            like: pod.clone(),
            labels,
            request: Rc::new(Request::of(pod)),
            affinity: Rc::new(inter_pod_affinity::state(pod, cache, lister)),
            spread: Rc::new(pod_topology_spread::state(pod, cache, default_selector.as_ref())),
            default_selector,
            images_version: cache.images_version(),
            image_counts: image_locality::nodes_with_images(pod, cache),
            answers: vec![None; cache.len()],
            computed: 0,
        }
    }

    fn is_of(&self, pod: &Pod, labels: &[Option<Str>], default_selector: Option<&LabelSelector>) -> bool {
        let (mine, theirs) = (&*self.like.spec, &*pod.spec);
        self.like.metadata.namespace == pod.metadata.namespace
            && self.labels == labels
            && self.default_selector.as_ref() == default_selector
            && is_same_list(&mine.containers, &theirs.containers)
            && is_same_list(&mine.init_containers, &theirs.init_containers)
            && mine.overhead == theirs.overhead
            && mine.rest.get(RESOURCES) == theirs.rest.get(RESOURCES)
            && mine.node_name == theirs.node_name
            && mine.node_selector == theirs.node_selector
            && mine.affinity == theirs.affinity
            && is_same_list(&mine.tolerations, &theirs.tolerations)
            && is_same_list(&mine.topology_spread_constraints, &theirs.topology_spread_constraints)
    }

    fn take_in(&mut self, change: &NodeChange, cache: &Cache, lister: &dyn Lister) {
        self.answers[change.index] = None;
        let Some((other, amount)) = &change.pod else { return };
        let info = cache.at(change.index);
        if !self.affinity.ignores(other) {
            let views = Views { pod: &self.like, cache, lister };
            Rc::make_mut(&mut self.affinity).count(&views, other, info, *amount);
        }
        if !self.spread.ignores() {
            Rc::make_mut(&mut self.spread).count(&self.like, cache, other, info, *amount);
        }
    }

    /// The score of every node with an image hangs on how many others have it.
    fn look_at_images(&mut self, cache: &Cache) {
        if self.images_version == cache.images_version() {
            return;
        }
        self.images_version = cache.images_version();
        let counts = image_locality::nodes_with_images(&self.like, cache);
        if counts != self.image_counts {
            self.image_counts = counts;
            self.answers.iter_mut().for_each(|answer| *answer = None);
        }
    }

    /// What a node says, from memory if it can be.
    pub(crate) fn answer(&mut self, cycle: &Cycle<'_>, info: &NodeInfo) -> &Answer {
        let computed = &mut self.computed;
        self.answers[info.index].get_or_insert_with(|| {
            *computed += 1;
            answer(cycle, info)
        })
    }

    fn is_true(&self, cache: &Cache, lister: &dyn Lister) -> bool {
        let (labels, selector) = (self.labels.clone(), self.default_selector.clone());
        let mut fresh = Shape::new(&self.like, labels, selector, cache, lister);
        let mut current = self.clone();
        current.look_at_images(cache);
        let cycle = fresh.cycle(&self.like, cache, lister);
        let holds = |(info, known): (&NodeInfo, &Option<Answer>)| {
            known.as_ref().is_none_or(|known| *known == *fresh.answer(&cycle, info))
        };
        cache.nodes().zip(&current.answers).all(holds)
            && self.affinity.says_the_same(&cycle.affinity, cache)
            && self.spread == cycle.spread
    }

    /// A cycle for a pod of this shape; what it knows of claims is still to be added.
    pub(crate) fn cycle<'a>(&self, pod: &'a Rc<Pod>, cache: &'a Cache, lister: &'a dyn Lister) -> Cycle<'a> {
        Cycle {
            pod,
            request: self.request.clone(),
            volumes: Default::default(),
            affinity: self.affinity.clone(),
            spread: self.spread.clone(),
            spread_weights: Vec::new(),
            lister,
            cache,
        }
    }
}

fn answer(cycle: &Cycle<'_>, info: &NodeInfo) -> Answer {
    let reading_it_alone = || PLUGINS.iter().filter(|plugin| plugin.reads == Reads::Node);
    let verdict = reading_it_alone().filter_map(|plugin| plugin.filter).find_map(|filter| filter(cycle, info));
    let (mut raw, mut fixed) = ([0; SCORERS_MAX], 0);
    if verdict.is_none() {
        for (value, plugin) in raw.iter_mut().zip(PLUGINS.iter().filter(|plugin| plugin.score.is_some())) {
            if let Some(score) = plugin.score.as_ref().filter(|_| plugin.reads == Reads::Node) {
                *value = (score.raw)(cycle, &[info]).first().copied().unwrap_or(0);
                if score.is_fixed() && !(score.skips)(cycle) {
                    fixed += *value * score.weight;
                }
            }
        }
    }
    Answer { verdict: verdict.map(Rc::new), raw, fixed }
}
