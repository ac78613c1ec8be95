//! Jobs on their way in: the labels and the selector that tie pods to them.
//!
//! Models: kubernetes v1.36 pkg/registry/batch/job/strategy.go (generateSelectorIfNeeded).

use api::{Job, Str};
use std::rc::Rc;

const UID: &str = "batch.kubernetes.io/controller-uid";
const NAME: &str = "batch.kubernetes.io/job-name";
/// The same under the names that they had before they had a prefix.
const OLD_UID: &str = "controller-uid";
const OLD_NAME: &str = "job-name";

/// Labels the template with the Job's name and UID, and selects by the UID; what the user wrote stays.
pub(crate) fn generate_selector(job: &mut Job) {
    if job.spec.manual_selector == Some(true) {
        return;
    }
    let (name, uid): (Str, Str) = (job.metadata.name.clone(), job.metadata.uid.clone());
    let spec = Rc::make_mut(&mut job.spec);
    let labels = &mut spec.template.metadata.labels;
    for (key, value) in [(OLD_NAME, &name), (NAME, &name), (OLD_UID, &uid), (UID, &uid)] {
        if !labels.contains(key) {
            labels.insert(key, value.clone());
        }
    }
    let selector = spec.selector.get_or_insert_default();
    if !selector.match_labels.contains(UID) {
        selector.match_labels.insert(UID, uid);
    }
}
