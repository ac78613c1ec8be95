//! What a measure is, and the table of all of them.

use crate::{deployment, fleet, idle, kubectl, queue};

/// A measure that is ready to run: all that is not to be timed has been done.
pub(crate) trait Measure {
    /// The work whose time counts.
    fn work(&mut self);
    /// Checks that the work was done, and answers what was counted besides the time.
    ///
    /// # Errors
    /// With what is wrong.
    fn figures(&mut self) -> Result<Vec<Figure>, String>;
}

/// Something counted.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Figure {
    /// What it is: `heap per pod`.
    pub(crate) name: &'static str,
    /// How much.
    pub(crate) value: f64,
    /// Of what: `bytes`.
    pub(crate) unit: &'static str,
    /// The most it may be.
    pub(crate) budget: Option<f64>,
}

impl Figure {
    pub(crate) fn new(name: &'static str, value: f64, unit: &'static str) -> Figure {
        Figure { name, value, unit, budget: None }
    }

    pub(crate) fn within(self, budget: f64) -> Figure {
        Figure { budget: Some(budget), ..self }
    }
}

/// A line of the table.
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    /// CPU seconds that the work may take in wasm.
    pub(crate) budget: Option<f64>,
    /// CPU seconds of the best peer that runs in a browser, where it is known.
    pub(crate) peer: Option<f64>,
    /// Measures of one series grow by ten from one to the next; their times are compared.
    pub(crate) series: Option<&'static str>,
    pub(crate) prepare: fn() -> Box<dyn Measure>,
}

const fn plain(name: &'static str, prepare: fn() -> Box<dyn Measure>) -> Entry {
    Entry { name, budget: None, peer: None, series: None, prepare }
}

/// All measures, in the order they are run.
pub(crate) const MEASURES: &[Entry] = &[
    plain("queue: 1,000,000 events", || Box::new(queue::Events::new())),
    Entry { series: Some("fleet"), ..plain("fleet: 100 pods on 1 node", || Box::new(fleet::Ready::new(1))) },
    Entry {
        budget: Some(0.3),
        peer: Some(68.0),
        series: Some("fleet"),
        ..plain("fleet: 1,000 pods on 10 nodes", || Box::new(fleet::Ready::new(10)))
    },
    Entry { series: Some("fleet"), ..plain("fleet: 10,000 pods on 100 nodes", || Box::new(fleet::Ready::new(100))) },
    Entry {
        budget: Some(0.2),
        ..plain("statefulset: 1,000 pods, each alone on 1,000 nodes, bound", || Box::new(fleet::Alone::new()))
    },
    Entry {
        budget: Some(0.15),
        ..plain("deployment: 1,000 pods on 10 nodes, available", || Box::new(deployment::Available::new()))
    },
    Entry { budget: Some(0.5), ..plain("deployment: 1,000 pods rolled once", || Box::new(deployment::Rolled::new())) },
    Entry {
        budget: Some(0.5),
        ..plain("deployment: 5,000 pods on 1,000 nodes, bound", || Box::new(deployment::Bound::new()))
    },
    Entry {
        budget: Some(0.05),
        ..plain("kubectl: get pods -o wide of 10,000 pods", || Box::new(kubectl::Command::wide_table()))
    },
    Entry {
        budget: Some(0.05),
        ..plain("kubectl: describe node with 110 pods", || Box::new(kubectl::Command::full_node()))
    },
    plain("idle: 1,000 nodes for an hour", || Box::new(idle::Hour::new())),
];
