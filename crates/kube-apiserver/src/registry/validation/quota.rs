//! Resource quotas and limit ranges.
//!
//! Models: kubernetes v1.36 pkg/apis/core/validation (ValidateResourceQuota, ValidateLimitRange).

use api::pod_resources::{Amounts, amounts};
use api::quantity::{Format, Quantity};
use api::{FieldError, Value};
use ordered::OrderedSet;

use super::field::{Errors, Field};
use super::resource_names::{self, COUNTED};
use super::{checks, names};

const WHOLE: [&str; 9] = [
    "configmaps",
    "persistentvolumeclaims",
    "pods",
    "replicationcontrollers",
    "resourcequotas",
    "secrets",
    "services",
    "services.loadbalancers",
    "services.nodeports",
];
const SCOPES: [&str; 7] = [
    "BestEffort",
    "CrossNamespacePodAffinity",
    "NotBestEffort",
    "NotTerminating",
    "PriorityClass",
    "Terminating",
    "VolumeAttributesClass",
];
const COMPUTE: [&str; 6] = ["cpu", "limits.cpu", "limits.memory", "memory", "requests.cpu", "requests.memory"];
const OPPOSITES: [(&str, &str); 2] = [("BestEffort", "NotBestEffort"), ("Terminating", "NotTerminating")];
const LIMIT_TYPES: [&str; 3] = ["Container", "PersistentVolumeClaim", "Pod"];

pub(super) fn quota(spec: &Field<'_>, errors: &mut Errors) {
    let hard = spec.child("hard");
    for (name, _) in hard.entries() {
        let amount = hard.key(name);
        resource_names::of_quota(&amount, name, errors);
        quota_amount(&amount, name, errors);
    }
    scopes(spec, errors);
    scope_selector(spec, errors);
}

fn quota_amount(field: &Field<'_>, name: &str, errors: &mut Errors) {
    let Some(amount) = checks::quantity(field.value) else { return };
    if amount.sign().is_lt() {
        errors.push(field.invalid("must be greater than or equal to 0"));
    }
    if (WHOLE.contains(&name) || checks::is_extended(name)) && amount.milli_value() % 1_000 != 0 {
        errors.push(field.invalid("must be an integer"));
    }
}

/// Whether a scope says something of a resource.
fn fits(scope: &str, resource: &str) -> bool {
    match scope {
        "BestEffort" => resource == "pods",
        "VolumeAttributesClass" => matches!(resource, "persistentvolumeclaims" | "requests.storage"),
        _ => resource == "pods" || COMPUTE.contains(&resource),
    }
}

fn scopes(spec: &Field<'_>, errors: &mut Errors) {
    let scopes = spec.child("scopes");
    for scope in scopes.items() {
        if !SCOPES.contains(&scope.text()) {
            errors.push(scopes.invalid("unsupported scope"));
        }
        misfits(spec, scope.text(), || scopes.invalid("unsupported scope applied to resource"), errors);
    }
    conflicts(&scopes, &scopes.items().map(|scope| scope.text()).collect(), errors);
}

fn misfits(spec: &Field<'_>, scope: &str, error: impl Fn() -> FieldError, errors: &mut Errors) {
    let counted = spec.child("hard");
    let names = counted.entries().map(|(name, _)| name.as_str()).filter(|name| COUNTED.contains(name));
    errors.extend(names.filter(|name| SCOPES.contains(&scope) && !fits(scope, name)).map(|_| error()));
}

fn conflicts(field: &Field<'_>, scopes: &OrderedSet<&str>, errors: &mut Errors) {
    let both = OPPOSITES.iter().filter(|(one, other)| scopes.contains(one) && scopes.contains(other));
    errors.extend(both.map(|_| field.invalid("conflicting scopes")));
}

fn scope_selector(spec: &Field<'_>, errors: &mut Errors) {
    let selector = spec.child("scopeSelector");
    let list = selector.child("matchExpressions");
    let mut seen = OrderedSet::new();
    for requirement in list.items() {
        let [scope, operator, values] = ["scopeName", "operator", "values"]
            .map(|name| requirement.child(name).named(format!("{}.{name}", list.path)));
        if !SCOPES.contains(&scope.text()) {
            errors.push(scope.invalid("unsupported scope"));
        }
        let misfit = || {
            let shown = super::internal::compact("ScopeSelector", selector.value);
            list.invalid_struct(shown, "unsupported scope applied to resource")
        };
        misfits(spec, scope.text(), misfit, errors);
        let is_plain =
            !matches!(scope.text(), "PriorityClass" | "VolumeAttributesClass") && SCOPES.contains(&scope.text());
        if is_plain && operator.text() != "Exists" {
            errors.push(operator.invalid_as(
                operator.text(),
                "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, \
                 ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or \
                 ResourceQuotaScopeCrossNamespacePodAffinity",
            ));
        }
        scope_operator(&operator, &values, errors);
        seen.insert(scope.text());
    }
    conflicts(&spec.child("scopes"), &seen, errors);
}

fn scope_operator(operator: &Field<'_>, values: &Field<'_>, errors: &mut Errors) {
    match operator.text() {
        "In" | "NotIn" if values.len() == 0 => {
            let detail = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
            errors.push(values.required(detail));
        }
        "Exists" | "DoesNotExist" if values.len() > 0 => {
            let detail = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
            errors.push(values.invalid(detail));
        }
        "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
        text => errors.push(operator.invalid_as(text, "not a valid selector operator")),
    }
}

pub(super) fn update(spec: &Field<'_>, old: &Value, errors: &mut Errors) {
    quota(spec, errors);
    let scopes = spec.child("scopes");
    let set = |list: &Value| list.as_list().iter().map(|scope| scope.text().to_owned()).collect::<OrderedSet<String>>();
    if set(scopes.value) != set(old.at(&["spec", "scopes"])) {
        errors.push(scopes.invalid(checks::IMMUTABLE));
    }
}

pub(super) fn limit_range(limits: &Field<'_>, errors: &mut Errors) {
    let mut seen = OrderedSet::new();
    for limit in limits.items() {
        limit_type(&limit.child("type"), errors);
        if !seen.insert(limit.child("type").text()) {
            errors.push(limit.child("type").duplicate());
        }
        limit_item(&limit, errors);
    }
}

fn limit_type(kind: &Field<'_>, errors: &mut Errors) {
    let problems = names::label_key(kind.text());
    if problems.is_empty() && !kind.text().contains('/') && !LIMIT_TYPES.contains(&kind.text()) {
        errors.push(kind.invalid("must be a standard limit type or fully qualified"));
    }
    errors.extend(problems.into_iter().map(|problem| kind.invalid_as(kind.text(), problem)));
}

fn limit_item(limit: &Field<'_>, errors: &mut Errors) {
    let kind = limit.child("type").text();
    let mut read = |name: &str| {
        let list = limit.child(name);
        for (resource, _) in list.entries() {
            limit_resource(kind, &list.key(resource), resource, errors);
        }
        amounts(list.value)
    };
    let (max, min) = (read("max"), read("min"));
    let (default, request) = match kind {
        "Pod" => (Amounts::new(), Amounts::new()),
        _ => (read("default"), read("defaultRequest")),
    };
    let ratio = read("maxLimitRequestRatio");
    if kind == "Pod" {
        for name in ["default", "defaultRequest"] {
            if limit.child(name).len() > 0 {
                errors.push(limit.child(name).forbidden("may not be specified when `type` is 'Pod'"));
            }
        }
    }
    if kind == "PersistentVolumeClaim" && !min.contains_key("storage") && !max.contains_key("storage") {
        let detail = "either minimum or maximum storage value is required, but neither was provided";
        errors.push(limit.child("limits").required(detail));
    }
    let names: OrderedSet<&String> =
        [&max, &min, &default, &request, &ratio].into_iter().flat_map(Amounts::keys).collect();
    for name in names {
        let of = |list: &Amounts| list.get(name).copied();
        let bounds = Bounds { min: of(&min), max: of(&max), default: of(&default), request: of(&request) };
        bounds.check(limit, name, errors);
        bounds.check_ratio(limit, name, of(&ratio), errors);
    }
}

fn limit_resource(kind: &str, field: &Field<'_>, name: &str, errors: &mut Errors) {
    match kind {
        "Pod" | "Container" => resource_names::of_container(field, name, errors),
        _ => resource_names::of_anything(field, name, errors),
    }
}

/// What a limit range says of one resource.
struct Bounds {
    min: Option<Quantity>,
    max: Option<Quantity>,
    default: Option<Quantity>,
    request: Option<Quantity>,
}

impl Bounds {
    fn check(&self, limit: &Field<'_>, name: &str, errors: &mut Errors) {
        let Bounds { min, max, default, request } = *self;
        // Field, shown amount, the smaller, the larger and what they are called.
        let rules = [
            ("min", min, (min, "min value"), (max, "max value")),
            ("defaultRequest", request, (min, "min value"), (request, "default request value")),
            ("defaultRequest", request, (request, "default request value"), (max, "max value")),
            ("defaultRequest", request, (request, "default request value"), (default, "default limit value")),
            ("default", min, (min, "min value"), (default, "default value")),
            ("default", max, (default, "default value"), (max, "max value")),
        ];
        for (field, shown, (small, small_name), (large, large_name)) in rules {
            let (Some(shown), Some(small), Some(large)) = (shown, small, large) else { continue };
            if small > large {
                let detail = format!("{small_name} {small} is greater than {large_name} {large}");
                errors.push(limit.child(field).key(name).invalid_as(shown.to_string(), detail));
            }
        }
        let (Some(default), Some(request)) = (default, request) else { return };
        if !checks::is_overcommitted(name) && default != request {
            let detail = format!("default value {default} must equal to defaultRequest value {request} in {name}");
            errors.push(limit.child("defaultRequest").key(name).invalid_as(request.to_string(), detail));
        }
    }

    fn check_ratio(&self, limit: &Field<'_>, name: &str, ratio: Option<Quantity>, errors: &mut Errors) {
        let Some(ratio) = ratio else { return };
        let field = limit.child("maxLimitRequestRatio").key(name);
        if ratio < Quantity::new(1, Format::DecimalSi) {
            errors.push(field.invalid_as(ratio.to_string(), format!("ratio {ratio} is less than 1")));
        }
        let (Some(min), Some(max)) = (self.min, self.max) else { return };
        let most = max.approximate() / min.approximate();
        if ratio.approximate() > most {
            let detail = format!("ratio {ratio} is greater than max/min = {most:.6}");
            errors.push(field.invalid_as(ratio.to_string(), detail));
        }
    }
}
