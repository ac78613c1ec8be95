//! Jobs and cron jobs.
//!
//! Models: kubernetes v1.36 pkg/apis/batch/validation. Different: of time zones only those without daylight saving that
//! [`api::batch::schedule`] knows are accepted.

use api::batch::schedule::{Schedule, zone_offset};
use api::field_error::Fault;
use api::{FieldError, StringMap, Value};

use super::field::{Errors, Field};
use super::stateful_set::parsed;
use super::{checks, internal, names, pod};

const PARALLELISM_MAX: i64 = 100_000;
const FAILED_INDEXES_MAX: i64 = 100_000;
/// From so many completions on, limits per index have a limit themselves.
const MANY_COMPLETIONS: i64 = 100_000;
const MANY_LIMIT: i64 = 10_000;
const RULES_MAX: usize = 20;
const EXIT_CODES_MAX: usize = 255;
const MANAGED_BY_MAX: usize = 63;
const CRON_JOB_NAME_MAX: usize = 52;
const INDEXES_TEXT_MAX: usize = 64 * 1024;

const ACTIONS: [&str; 4] = ["Count", "FailIndex", "FailJob", "Ignore"];
const OPERATORS: [&str; 2] = ["In", "NotIn"];
const STATUSES: [&str; 3] = ["False", "True", "Unknown"];
const REPLACEMENT: [&str; 2] = ["Failed", "TerminatingOrFailed"];
const CONCURRENCY: [&str; 3] = ["Allow", "Forbid", "Replace"];
const KEPT: [&str; 5] = ["completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy", "successPolicy"];
const NOT_MATCHING: &str = "`selector` does not match template `labels`";

pub(super) fn job(root: &Field<'_>, errors: &mut Errors) {
    let spec = root.child("spec");
    generated_selector(root, &spec, errors);
    job_spec(&spec, errors);
    selector(&spec, errors);
    let completions = spec.child("completions").int();
    if is_indexed(&spec) && completions > 0 {
        let name = root.at(&["metadata", "name"]);
        let hostname = format!("{}-{}", name.text(), completions - 1);
        if !names::dns_label(&hostname).is_empty() {
            errors.push(name.invalid(format!("will not able to create pod with invalid DNS label: {hostname}")));
        }
    }
}

pub(super) fn update_job(root: &Field<'_>, old: &Value, errors: &mut Errors) {
    let (spec, old) = (root.child("spec"), Field::root(old).child("spec"));
    job_spec(&spec, errors);
    selector(&spec, errors);
    let (completions, parallelism) = (spec.child("completions"), spec.child("parallelism"));
    if !is_indexed(&spec) {
        checks::unchanged(&completions, old.child("completions").value, errors);
    } else if completions.value != old.child("completions").value && completions.int() != parallelism.int() {
        errors.push(completions.invalid("can only be modified in tandem with spec.parallelism"));
    }
    checks::unchanged(&spec.child("selector"), old.child("selector").value, errors);
    template_unchanged(&spec.child("template"), &old, errors);
    for field in KEPT {
        checks::unchanged(&spec.child(field), old.child(field).value, errors);
    }
}

/// While a Job rests and has never begun, it may be told where its pods go.
fn template_unchanged(template: &Field<'_>, old: &Field<'_>, errors: &mut Errors) {
    let mut before = old.child("template").value.clone();
    if old.child("suspend").is_true() {
        for path in [
            &["metadata", "labels"][..],
            &["metadata", "annotations"],
            &["spec", "nodeSelector"],
            &["spec", "tolerations"],
            &["spec", "schedulingGates"],
            &["spec", "affinity", "nodeAffinity"],
        ] {
            match template.value.at(path) {
                Value::Null => drop(before.remove(path)),
                value => before.set(path, value.clone()),
            }
        }
    }
    if *template.value != before {
        errors.push(template.invalid_struct(shown(template), checks::IMMUTABLE));
    }
}

/// A template as the server's own type prints it: its metadata has no name of its own there.
fn shown(template: &Field<'_>) -> String {
    let mut text = String::from("{");
    for key in ["name", "labels", "annotations", "finalizers"] {
        let value = template.at(&["metadata", key]).value;
        if !value.is_null() {
            text.push_str(&format!("{key:?}:{},", api::text::json::write_compact(value)));
        }
    }
    text.push_str("\"Spec\":");
    text.push_str(&internal::compact("PodSpec", &internal::pod_spec(template.child("spec").value)));
    text.push('}');
    text
}

fn is_indexed(spec: &Field<'_>) -> bool {
    spec.child("completionMode").text() == "Indexed"
}

fn labels_of(template: &Field<'_>) -> StringMap {
    api::codec::Codec::decode(template.at(&["metadata", "labels"]).value.clone())
}

/// The labels that the server gives must be what it gives.
fn generated_selector(root: &Field<'_>, spec: &Field<'_>, errors: &mut Errors) {
    if spec.child("manualSelector").is_true() || !spec.child("selector").is_set() {
        return;
    }
    let (uid, name) = (root.at(&["metadata", "uid"]).text(), root.at(&["metadata", "name"]).text());
    let metadata = spec.at(&["template", "metadata"]);
    let labels = metadata.child("labels");
    for (key, value) in [
        ("controller-uid", uid),
        ("job-name", name),
        ("batch.kubernetes.io/controller-uid", uid),
        ("batch.kubernetes.io/job-name", name),
    ] {
        let label = labels.key(key).named(format!("{}[{key}]", labels.path));
        if !label.is_set() {
            errors.push(labels.named(format!("{}.labels", metadata.path)).required(&format!("must be '{value}'")));
        } else if label.text() != value {
            errors.push(label.invalid(format!("must be '{value}'")));
        }
    }
    let mut expected = StringMap::new();
    expected.insert("batch.kubernetes.io/controller-uid", uid);
    expected.insert("batch.kubernetes.io/job-name", name);
    expected.insert("controller-uid", uid);
    expected.insert("job-name", name);
    let selector = spec.child("selector");
    if parsed(selector.value).is_some_and(|parsed| !parsed.matches(&expected)) {
        errors.push(selector.invalid("`selector` not auto-generated"));
    }
}

fn selector(spec: &Field<'_>, errors: &mut Errors) {
    let selector = spec.child("selector");
    if selector.is_set() {
        checks::label_selector(&selector, errors);
    } else {
        errors.push(selector.required(""));
    }
    let template = spec.child("template");
    if parsed(selector.value).is_some_and(|parsed| !selector.is_set() || !parsed.matches(&labels_of(&template))) {
        errors.push(template.at(&["metadata", "labels"]).invalid(NOT_MATCHING));
    }
}

fn job_spec(spec: &Field<'_>, errors: &mut Errors) {
    for name in [
        "parallelism",
        "completions",
        "activeDeadlineSeconds",
        "backoffLimit",
        "ttlSecondsAfterFinished",
        "backoffLimitPerIndex",
        "maxFailedIndexes",
    ] {
        checks::non_negative(&spec.child(name), errors);
    }
    if spec.child("maxFailedIndexes").is_set() && !spec.child("backoffLimitPerIndex").is_set() {
        errors.push(spec.child("backoffLimitPerIndex").required("when maxFailedIndexes is specified"));
    }
    managed_by(&spec.child("managedBy"), errors);
    completion_mode(spec, errors);
    pod_failure_policy(spec, errors);
    success_policy(spec, errors);
    let replacement = spec.child("podReplacementPolicy");
    let allowed = if spec.child("podFailurePolicy").is_set() { &REPLACEMENT[..1] } else { &REPLACEMENT[..] };
    checks::one_of(&replacement, allowed, errors);
    pod::template(&spec.child("template"), errors);
    restart_policy(spec, errors);
}

fn managed_by(field: &Field<'_>, errors: &mut Errors) {
    if !field.is_set() {
        return;
    }
    let Some((domain, path)) = field.text().split_once('/') else {
        return errors.push(field.invalid("must be a domain-prefixed path (such as \"acme.io/foo\")"));
    };
    let domain =
        if domain.is_empty() { vec!["prefix part must be non-empty".to_owned()] } else { names::dns_subdomain(domain) };
    field.invalid_each(domain, errors);
    if path.is_empty() {
        errors.push(field.invalid("path part must be non-empty"));
    }
    if field.len() > MANAGED_BY_MAX {
        errors.push(field.too_long(MANAGED_BY_MAX));
    }
}

fn completion_mode(spec: &Field<'_>, errors: &mut Errors) {
    let mode = spec.child("completionMode");
    checks::one_of(&mode, &["NonIndexed", "Indexed"], errors);
    let (per_index, failed) = (spec.child("backoffLimitPerIndex"), spec.child("maxFailedIndexes"));
    if !is_indexed(spec) {
        for field in [per_index, failed].into_iter().filter(|field| field.is_set() && mode.text() != "Indexed") {
            errors.push(field.invalid("requires indexed completion mode"));
        }
        return;
    }
    let (completions, parallelism) = (spec.child("completions"), spec.child("parallelism"));
    if !completions.is_set() {
        errors.push(completions.required("when completion mode is Indexed"));
    }
    if parallelism.int() > PARALLELISM_MAX {
        let detail = format!("must be less than or equal to {PARALLELISM_MAX} when completion mode is Indexed");
        errors.push(parallelism.invalid(detail));
    }
    if completions.is_set() && failed.int() > completions.int() {
        errors.push(failed.invalid("must be less than or equal to completions"));
    }
    if failed.int() > FAILED_INDEXES_MAX {
        errors.push(failed.invalid(format!("must be less than or equal to {FAILED_INDEXES_MAX}")));
    }
    if completions.int() > MANY_COMPLETIONS && per_index.is_set() {
        if !failed.is_set() {
            errors.push(failed.required(&format!("must be specified when completions is above {MANY_COMPLETIONS}")));
        }
        for field in [parallelism, failed].into_iter().filter(|field| field.int() > MANY_LIMIT) {
            errors.push(field.invalid(format!(
                "must be less than or equal to {MANY_LIMIT} when completions are above {MANY_COMPLETIONS} and used with \
                 backoff limit per index"
            )));
        }
    }
}

fn pod_failure_policy(spec: &Field<'_>, errors: &mut Errors) {
    let policy = spec.child("podFailurePolicy");
    if !policy.is_set() {
        return;
    }
    let rules = policy.child("rules");
    if rules.len() > RULES_MAX {
        errors.push(too_many(&rules, RULES_MAX));
    }
    for rule in rules.items() {
        failure_rule(spec, &rule, errors);
    }
}

fn too_many(list: &Field<'_>, max: usize) -> FieldError {
    FieldError::too_many(list.path.as_str(), list.len(), max)
}

/// Wrong as a whole: the value is not shown.
fn wrong(field: &Field<'_>, detail: &'static str) -> FieldError {
    FieldError { field: field.path.as_str().into(), fault: Fault::InvalidWhole, detail: detail.into() }
}

fn failure_rule(spec: &Field<'_>, rule: &Field<'_>, errors: &mut Errors) {
    let action = rule.child("action");
    listed(&action, &ACTIONS, errors);
    if action.text() == "FailIndex" && !spec.child("backoffLimitPerIndex").is_set() {
        errors.push(action.invalid("requires the backoffLimitPerIndex to be set"));
    }
    let (codes, conditions) = (rule.child("onExitCodes"), rule.child("onPodConditions"));
    if codes.is_set() {
        exit_codes(spec, &codes, errors);
    }
    if conditions.len() > RULES_MAX {
        errors.push(too_many(&conditions, RULES_MAX));
    }
    for pattern in conditions.items() {
        checks::name(&pattern.child("type"), names::label_key, errors);
        listed(&pattern.child("status"), &STATUSES, errors);
    }
    match (codes.is_set(), conditions.len() > 0) {
        (true, true) => errors.push(wrong(rule, "specifying both OnExitCodes and OnPodConditions is not supported")),
        (false, false) => errors.push(wrong(rule, "specifying one of OnExitCodes and OnPodConditions is required")),
        (true, false) | (false, true) => {}
    }
}

/// One of some words, which are named if there is none.
fn listed(field: &Field<'_>, words: &[&str], errors: &mut Errors) {
    if field.text().is_empty() {
        let quoted: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
        errors.push(field.required(&format!("valid values: [{}]", quoted.join(" "))));
    } else if !words.contains(&field.text()) {
        errors.push(field.not_supported(words));
    }
}

fn exit_codes(spec: &Field<'_>, codes: &Field<'_>, errors: &mut Errors) {
    let (operator, name, values) = (codes.child("operator"), codes.child("containerName"), codes.child("values"));
    listed(&operator, &OPERATORS, errors);
    let template = spec.at(&["template", "spec"]);
    let (regular, init) = (template.child("containers"), template.child("initContainers"));
    if name.is_set()
        && !regular.items().chain(init.items()).any(|container| container.child("name").text() == name.text())
    {
        errors.push(name.invalid("must be one of the container or initContainer names in the pod template"));
    }
    if values.len() == 0 {
        errors.push(values.invalid("at least one value is required"));
    } else if values.len() > EXIT_CODES_MAX {
        errors.push(too_many(&values, EXIT_CODES_MAX));
    }
    let mut seen: Vec<i64> = Vec::new();
    for value in values.items() {
        if operator.text() == "In" && value.int() == 0 {
            errors.push(value.invalid("must not be 0 for the In operator"));
        }
        if seen.contains(&value.int()) {
            errors.push(value.duplicate());
        }
        seen.push(value.int());
    }
    if !seen.is_sorted() {
        errors.push(values.invalid("must be ordered"));
    }
}

fn success_policy(spec: &Field<'_>, errors: &mut Errors) {
    let policy = spec.child("successPolicy");
    if !policy.is_set() {
        return;
    }
    if !is_indexed(spec) {
        return errors.push(policy.invalid("requires indexed completion mode"));
    }
    let rules = policy.child("rules");
    if rules.len() == 0 {
        errors.push(rules.required("at least one rules must be specified when the successPolicy is specified"));
    }
    if rules.len() > RULES_MAX {
        errors.push(too_many(&rules, RULES_MAX));
    }
    for rule in rules.items() {
        success_rule(&rule, spec.child("completions").int(), errors);
    }
}

fn success_rule(rule: &Field<'_>, completions: i64, errors: &mut Errors) {
    let (indexes, count) = (rule.child("succeededIndexes"), rule.child("succeededCount"));
    if !indexes.is_set() && !count.is_set() {
        errors.push(rule.required("at least one of succeededCount or succeededIndexes must be specified"));
    }
    let mut total = 0;
    if indexes.is_set() {
        if indexes.len() > INDEXES_TEXT_MAX {
            errors.push(indexes.too_long(INDEXES_TEXT_MAX));
        }
        match count_indexes(indexes.text(), completions) {
            Ok(found) => total = found,
            Err(problem) => errors.push(indexes.invalid(format!("error parsing succeededIndexes: {problem}"))),
        }
    }
    if !count.is_set() {
        return;
    }
    checks::non_negative(&count, errors);
    if count.int() > completions {
        let of = "the number of specified completions";
        errors.push(count.invalid(format!("must be less than or equal to {completions} ({of})")));
    }
    if indexes.is_set() && count.int() > total {
        let of = "the number of indexes in the specified succeededIndexes field";
        errors.push(count.invalid(format!("must be less than or equal to {total} ({of})")));
    }
}

/// How many indexes `0,2-4` names, all below the number of completions and in order.
fn count_indexes(text: &str, completions: i64) -> Result<i64, String> {
    let number =
        |text: &str| text.parse::<i64>().map_err(|_| format!("cannot convert string to integer for index: {text:?}"));
    let (mut total, mut last) = (0, -1);
    for interval in text.split(',').filter(|_| !text.is_empty()) {
        let (low, high) = interval.split_once('-').unwrap_or((interval, interval));
        if high.contains('-') {
            return Err(format!(
                "the fragment {interval:?} violates the requirement that an index interval can have at most two parts separated by '-'"
            ));
        }
        let (low, high) = (number(low)?, number(high)?);
        if low >= completions || high >= completions {
            return Err(format!("too large index: {:?}", if low >= completions { low } else { high }.to_string()));
        }
        if low > high {
            return Err(format!("non-increasing order, previous: {low}, current: {high}"));
        }
        if low <= last {
            return Err(format!("non-increasing order, previous: {last}, current: {low}"));
        }
        total += high - low + 1;
        last = high;
    }
    Ok(total)
}

fn restart_policy(spec: &Field<'_>, errors: &mut Errors) {
    let restart = spec.at(&["template", "spec", "restartPolicy"]);
    match restart.text() {
        "Always" | "" => errors.push(restart.required("valid values: \"OnFailure\", \"Never\"")),
        "OnFailure" if spec.child("podFailurePolicy").is_set() => {
            errors.push(restart.invalid("only \"Never\" is supported when podFailurePolicy is specified"));
        }
        "OnFailure" | "Never" => {}
        _ => errors.push(restart.not_supported(&["OnFailure", "Never"])),
    }
}

pub(super) fn cron_job(root: &Field<'_>, errors: &mut Errors) {
    cron_job_spec(&root.child("spec"), None, errors);
    let name = root.at(&["metadata", "name"]);
    if name.len() > CRON_JOB_NAME_MAX {
        errors.push(name.invalid("must be no more than 52 characters"));
    }
}

pub(super) fn update_cron_job(root: &Field<'_>, old: &Value, errors: &mut Errors) {
    cron_job_spec(&root.child("spec"), Some(&Field::root(old).child("spec")), errors);
}

fn cron_job_spec(spec: &Field<'_>, old: Option<&Field<'_>>, errors: &mut Errors) {
    let (schedule, zone) = (spec.child("schedule"), spec.child("timeZone"));
    if schedule.text().is_empty() {
        errors.push(schedule.required(""));
    } else {
        let zone_was_in_it = old.is_some_and(|old| old.child("schedule").text().contains("TZ"));
        schedule_format(&schedule, zone.is_set(), zone_was_in_it, errors);
    }
    checks::non_negative(&spec.child("startingDeadlineSeconds"), errors);
    if old.is_none_or(|old| old.child("timeZone").value != zone.value) {
        time_zone(&zone, errors);
    }
    checks::one_of_required(&spec.child("concurrencyPolicy"), &CONCURRENCY, errors);
    let template = spec.at(&["jobTemplate", "spec"]);
    job_spec(&template, errors);
    let (selector, manual) = (template.child("selector"), template.child("manualSelector"));
    if selector.is_set() {
        errors.push(selector.invalid("`selector` will be auto-generated"));
    }
    if manual.is_true() {
        errors.push(manual.not_supported(&["nil", "false"]));
    }
    checks::non_negative(&spec.child("successfulJobsHistoryLimit"), errors);
    checks::non_negative(&spec.child("failedJobsHistoryLimit"), errors);
}

fn schedule_format(schedule: &Field<'_>, has_zone: bool, zone_was_in_it: bool, errors: &mut Errors) {
    if let Err(problem) = Schedule::parse(schedule.text(), None) {
        errors.push(schedule.invalid(problem));
    }
    if !schedule.text().contains("TZ") {
        return;
    }
    if !zone_was_in_it {
        errors.push(schedule.invalid("cannot use TZ or CRON_TZ in schedule, use timeZone field instead"));
    } else if has_zone {
        errors.push(schedule.invalid("cannot use both timeZone field and TZ or CRON_TZ in schedule"));
    }
}

fn time_zone(zone: &Field<'_>, errors: &mut Errors) {
    if !zone.is_set() {
        return;
    }
    let name = zone.text();
    if name.is_empty() {
        return errors.push(zone.invalid("timeZone must be nil or non-empty string"));
    }
    let is_valid = |part: &str| {
        let has_valid_letters = part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_+".contains(&byte));
        !matches!(part, "." | "..") && !part.starts_with('-') && (1..=14).contains(&part.len()) && has_valid_letters
    };
    if !name.split('/').all(is_valid) {
        return errors.push(zone.invalid(format!("unknown time zone {name}")));
    }
    if name.eq_ignore_ascii_case("Local") {
        let detail = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones";
        errors.push(zone.invalid(detail));
    } else if zone_offset(name).is_none() {
        errors.push(zone.invalid(format!(
            "unknown time zone {name}: this version of the playground knows UTC and a few zones without daylight saving, \
             such as Asia/Tokyo"
        )));
    }
}
