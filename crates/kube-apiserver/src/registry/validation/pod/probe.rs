//! Probes and lifecycle handlers.

use super::super::field::{Errors, Field};
use super::super::{checks, names};

const HANDLERS: [&str; 5] = ["exec", "httpGet", "tcpSocket", "grpc", "sleep"];
const SCHEMES: [&str; 2] = ["HTTP", "HTTPS"];

pub(super) fn lifecycle_and_probes(container: &Field<'_>, spec: &Field<'_>, errors: &mut Errors) {
    let lifecycle = container.child("lifecycle");
    for name in ["postStart", "preStop"] {
        if let Some(part) = lifecycle.child(name).set() {
            handler(&part, spec, errors);
        }
    }
    let signal = lifecycle.child("stopSignal");
    if signal.is_set() && !spec.child("os").is_set() {
        errors.push(signal.forbidden("may not be set for containers with empty `spec.os.name`"));
    }
    for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if let Some(part) = container.child(name).set() {
            probe(&part, name, spec, errors);
        }
    }
}

fn probe(probe: &Field<'_>, name: &str, spec: &Field<'_>, errors: &mut Errors) {
    handler(probe, spec, errors);
    for number in ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"] {
        checks::non_negative(&probe.child(number), errors);
    }
    let grace = probe.child("terminationGracePeriodSeconds");
    if grace.is_set() && grace.int() <= 0 {
        errors.push(grace.invalid("must be greater than 0"));
    }
    let successes = probe.child("successThreshold");
    if name == "readinessProbe" {
        if grace.is_set() {
            errors.push(grace.invalid("must not be set for readinessProbes"));
        }
    } else if successes.int() != 1 {
        errors.push(successes.invalid_as(successes.int(), "must be 1"));
    }
}

/// Exactly one way to look or to act.
fn handler(handler: &Field<'_>, spec: &Field<'_>, errors: &mut Errors) {
    let ways = HANDLERS.map(|name| handler.child(name));
    let mut rest = Errors::new();
    let Some(way) = checks::exactly_one(&ways, "may not specify more than 1 handler type", &mut rest) else {
        return errors.push(handler.required("must specify a handler type"));
    };
    if way.path.ends_with(".exec") && way.child("command").len() == 0 {
        errors.push(way.child("command").required(""));
    } else if way.path.ends_with(".httpGet") {
        http(way, errors);
    } else if way.path.ends_with(".tcpSocket") {
        checks::port_number_or_name(&way.child("port"), errors);
    } else if way.path.ends_with(".grpc") {
        checks::port_number(&way.child("port"), errors);
    } else if way.path.ends_with(".sleep") {
        sleep(way, spec, errors);
    }
    errors.append(&mut rest);
}

fn http(get: &Field<'_>, errors: &mut Errors) {
    checks::text_required(&get.child("path"), errors);
    checks::port_number_or_name(&get.child("port"), errors);
    checks::one_of(&get.child("scheme"), &SCHEMES, errors);
    for header in get.child("httpHeaders").items() {
        let name = header.child("name").named(format!("{}.httpHeaders", get.path));
        checks::name(&name, names::http_header, errors);
    }
}

fn sleep(sleep: &Field<'_>, spec: &Field<'_>, errors: &mut Errors) {
    let (seconds, grace) = (sleep.child("seconds").int(), spec.child("terminationGracePeriodSeconds").int());
    if !(0..=grace).contains(&seconds) {
        let problem = format!("must be non-negative and less than terminationGracePeriodSeconds ({grace})");
        errors.push(sleep.invalid_as(seconds, problem));
    }
}
