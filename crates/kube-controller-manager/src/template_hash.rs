//! The hash of a pod template, as it stands in the names of ReplicaSets and in the labels of DaemonSets' pods.
//!
//! Upstream hashes a dump of the template as Go holds it: every field of every struct with its name and type, those that
//! are zero too. The schema has the fields in Go's order and their types; what it leaves out stands here: how JSON names
//! differ from Go's beyond the first letter, and which fields stand in an embedded struct.
//!
//! What is absent: templates with a creation time or managed fields of their own, which nobody writes; they are hashed as
//! if they had none.
//!
//! Models: kubernetes v1.36 pkg/controller/controller_utils.go (ComputeHash), pkg/util/hash, k8s.io/utils/dump (ForHash).

use api::codec::Codec;
use api::core::pod::PodTemplateSpec;
use api::quantity::{Format, Quantity};
use api::schema::{self, Field, Scalar, Shape, Type};
use api::{Str, Value};
use thin::format_str;

use crate::statefulset::revision::safe_letter;

/// Go's names where they are not the JSON name with a capital.
const NAMES: &[(&str, &str)] = &[
    ("apiGroup", "APIGroup"),
    ("apiVersion", "APIVersion"),
    ("awsElasticBlockStore", "AWSElasticBlockStore"),
    ("cephfs", "CephFS"),
    ("chapAuthDiscovery", "DiscoveryCHAPAuth"),
    ("chapAuthSession", "SessionCHAPAuth"),
    ("csi", "CSI"),
    ("diskURI", "DataDiskURI"),
    ("dnsConfig", "DNSConfig"),
    ("dnsPolicy", "DNSPolicy"),
    ("fc", "FC"),
    ("fsGroup", "FSGroup"),
    ("fsGroupChangePolicy", "FSGroupChangePolicy"),
    ("fsType", "FSType"),
    ("gcePersistentDisk", "GCEPersistentDisk"),
    ("gmsaCredentialSpec", "GMSACredentialSpec"),
    ("gmsaCredentialSpecName", "GMSACredentialSpecName"),
    ("grpc", "GRPC"),
    ("httpGet", "HTTPGet"),
    ("httpHeaders", "HTTPHeaders"),
    ("ip", "IP"),
    ("iqn", "IQN"),
    ("iscsi", "ISCSI"),
    ("iscsiInterface", "ISCSIInterface"),
    ("metadata", "ObjectMeta"),
    ("nfs", "NFS"),
    ("os", "OS"),
    ("pdName", "PDName"),
    ("rbd", "RBD"),
    ("seLinuxChangePolicy", "SELinuxChangePolicy"),
    ("seLinuxOptions", "SELinuxOptions"),
    ("serviceAccount", "DeprecatedServiceAccount"),
    ("sslEnabled", "SSLEnabled"),
    ("storageos", "StorageOS"),
    ("tcpSocket", "TCPSocket"),
    ("tty", "TTY"),
    ("uid", "UID"),
    ("wwids", "WWIDs"),
];

/// Names that are so in one struct only.
const NAMES_IN: &[(&str, &str, &str)] = &[
    ("GlusterfsVolumeSource", "endpoints", "EndpointsName"),
    ("RBDVolumeSource", "monitors", "CephMonitors"),
    ("RBDVolumeSource", "image", "RBDImage"),
    ("RBDVolumeSource", "pool", "RBDPool"),
    ("RBDVolumeSource", "user", "RadosUser"),
];

/// Embedded structs: who has it, its name, its first and its last field.
const EMBEDDED: &[(&str, &str, &str, &str)] = &[
    ("Volume", "VolumeSource", "hostPath", "image"),
    ("EphemeralContainer", "EphemeralContainerCommon", "name", "tty"),
    ("Probe", "ProbeHandler", "exec", "grpc"),
    ("ConfigMapVolumeSource", "LocalObjectReference", "name", "name"),
    ("ConfigMapEnvSource", "LocalObjectReference", "name", "name"),
    ("ConfigMapKeySelector", "LocalObjectReference", "name", "name"),
    ("ConfigMapProjection", "LocalObjectReference", "name", "name"),
    ("SecretEnvSource", "LocalObjectReference", "name", "name"),
    ("SecretKeySelector", "LocalObjectReference", "name", "name"),
    ("SecretProjection", "LocalObjectReference", "name", "name"),
];

const NO_TIME: &str = "{Time:(time.Time){wall:(uint64)0 ext:(int64)0 loc:(*time.Location)<nil>}}";

/// The hash as it stands in names; `collision_count` is none until two templates have had one hash.
pub fn hash_of(template: &PodTemplateSpec, collision_count: Option<i32>) -> Str {
    let mut hash = fnv1a(0x811c_9dc5, dump(&template.encode()).as_bytes());
    if let Some(count) = collision_count {
        hash = fnv1a(hash, &u64::from(count as u32).to_le_bytes());
    }
    format_str!("{hash}").bytes().map(safe_letter).collect()
}

/// 32-bit FNV-1a.
fn fnv1a(hash: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(hash, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

/// A template as Go would dump it.
fn dump(template: &Value) -> String {
    let mut out = Dump { text: String::new() };
    if let Some(type_) = schema::table().type_named("PodTemplateSpec") {
        out.text.push_str("(v1.PodTemplateSpec)");
        out.object(type_, template);
    }
    out.text
}

struct Dump {
    text: String,
}

impl Dump {
    fn object(&mut self, type_: Type<'_>, value: &Value) {
        self.text.push('{');
        let embedded = EMBEDDED.iter().find(|(owner, ..)| *owner == type_.name());
        for (index, field) in type_.fields().iter().enumerate() {
            if index > 0 {
                self.text.push(' ');
            }
            if let Some((_, name, first, _)) = embedded
                && *first == field.name
            {
                self.push(&[name, ":(v1.", name, "){"]);
            }
            self.field(type_, field, value.get(field.name));
            if embedded.is_some_and(|(_, _, _, last)| *last == field.name) {
                self.text.push('}');
            }
        }
        self.text.push('}');
    }

    fn field(&mut self, type_: Type<'_>, field: &Field<'_>, value: &Value) {
        self.name(type_.name(), field.name);
        self.text.push_str(if field.pointer { ":(*" } else { ":(" });
        self.type_name(type_, &field.shape);
        self.text.push(')');
        if field.pointer && value.is_null() {
            self.text.push_str("<nil>");
        } else {
            self.shape(type_, &field.shape, value);
        }
    }

    fn name(&mut self, owner: &str, json: &str) {
        let here = NAMES_IN.iter().find(|(type_name, name, _)| *type_name == owner && *name == json);
        let known = here.map(|(_, _, go)| *go).or_else(|| {
            let found = NAMES.iter().find(|(name, _)| *name == json);
            found.map(|(_, go)| *go)
        });
        match known {
            Some(go) => self.text.push_str(go),
            None => {
                self.text.push(json.chars().next().map_or(' ', |first| first.to_ascii_uppercase()));
                self.text.push_str(json.get(1..).unwrap_or(""));
            }
        }
    }

    fn type_name(&mut self, owner: Type<'_>, shape: &Shape<'_>) {
        match shape {
            Shape::Map(inner) if **inner == Shape::Scalar(Scalar::Quantity, "") => {
                self.text.push_str("v1.ResourceList")
            }
            Shape::Map(inner) => {
                self.text.push_str("map[string]");
                self.type_name(owner, inner);
            }
            Shape::List(inner) => {
                self.text.push_str("[]");
                self.type_name(owner, inner);
            }
            Shape::Object(index) => self.push(&["v1.", owner.table().type_at(*index).name()]),
            Shape::Scalar(_, name) if !name.is_empty() => self.text.push_str(name),
            Shape::Scalar(scalar, _) => self.text.push_str(scalar_name(*scalar)),
        }
    }

    /// A value whose type has been told already. What is empty is nil: so it comes out of the store.
    fn shape(&mut self, owner: Type<'_>, shape: &Shape<'_>, value: &Value) {
        match (shape, value) {
            (Shape::Object(index), _) => self.object(owner.table().type_at(*index), value),
            (Shape::List(inner), Value::List(list)) if !list.is_empty() => {
                self.text.push('[');
                for (index, item) in list.iter().enumerate() {
                    if index > 0 {
                        self.text.push(' ');
                    }
                    self.shape(owner, inner, item);
                }
                self.text.push(']');
            }
            (Shape::Map(inner), Value::Map(map)) if !map.is_empty() => {
                self.text.push_str("map[");
                for (index, (key, item)) in map.iter().enumerate() {
                    self.push(&[if index > 0 { " " } else { "" }, key, ":"]);
                    self.shape(owner, inner, item);
                }
                self.text.push(']');
            }
            (Shape::List(_) | Shape::Map(_), _) => self.text.push_str("<nil>"),
            (Shape::Scalar(scalar, _), _) => self.scalar(*scalar, value),
        }
    }

    fn scalar(&mut self, scalar: Scalar, value: &Value) {
        match scalar {
            Scalar::Int32 | Scalar::Int64 => self.number(value.as_int().unwrap_or(0)),
            Scalar::Bool => self.text.push_str(if value.as_bool() == Some(true) { "true" } else { "false" }),
            Scalar::Quantity => self.quantity(value),
            Scalar::IntOrString => {
                self.text.push_str(if matches!(value, Value::Str(_)) {
                    "{Type:(intstr.Type)1"
                } else {
                    "{Type:(intstr.Type)0"
                });
                self.text.push_str(" IntVal:(int32)");
                self.number(value.as_int().unwrap_or(0));
                self.push(&[" StrVal:(string)", value.text(), "}"]);
            }
            Scalar::Time | Scalar::MicroTime => self.text.push_str(NO_TIME),
            Scalar::String | Scalar::Float | Scalar::Bytes | Scalar::Any => self.text.push_str(value.text()),
        }
    }

    fn number(&mut self, number: i64) {
        self.text.push_str(&number.to_string());
    }

    /// A quantity as it is read back from the store: the number as written, and the text if that is the canonical one.
    fn quantity(&mut self, value: &Value) {
        let text = match value {
            Value::Int(number) => number.to_string(),
            other => other.text().to_owned(),
        };
        let parts = QuantityParts::of(&text);
        self.text.push_str("{i:(resource.int64Amount){value:(int64)");
        self.number(parts.value);
        self.text.push_str(" scale:(resource.Scale)");
        self.number(parts.scale);
        self.text.push_str("} d:(resource.infDecAmount){Dec:(*inf.Dec)<nil>} s:(string)");
        self.push(&[if parts.is_canonical { &text } else { "" }, " Format:(resource.Format)", parts.format, "}"]);
    }

    fn push(&mut self, parts: &[&str]) {
        parts.iter().for_each(|part| self.text.push_str(part));
    }
}

fn scalar_name(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::String => "string",
        Scalar::Int32 => "int32",
        Scalar::Int64 => "int64",
        Scalar::Bool => "bool",
        Scalar::Float => "float64",
        Scalar::Quantity => "resource.Quantity",
        Scalar::IntOrString => "intstr.IntOrString",
        Scalar::Time => "v1.Time",
        Scalar::MicroTime => "v1.MicroTime",
        Scalar::Bytes => "[]uint8",
        Scalar::Any => "v1.FieldsV1",
    }
}

/// A quantity as Go holds a small one: `value` × 10^`scale`.
struct QuantityParts {
    value: i64,
    scale: i64,
    /// Whether the text is kept, as Go keeps one that it would write the same.
    is_canonical: bool,
    format: &'static str,
}

impl QuantityParts {
    fn of(text: &str) -> QuantityParts {
        let absent = QuantityParts { value: 0, scale: 0, is_canonical: false, format: "" };
        let Ok(quantity) = Quantity::parse(text) else { return absent };
        if text == "0" {
            return QuantityParts { is_canonical: true, format: "DecimalSI", ..absent };
        }
        // Stored quantities are canonical, so that their numbers are whole.
        let digits: String = text.chars().take_while(|letter| matches!(letter, '-' | '+' | '0'..='9')).collect();
        let number: i64 = digits.parse().unwrap_or(0);
        let suffix = &text[digits.len()..];
        match quantity.format {
            Format::BinarySi => {
                QuantityParts { value: quantity.value(), scale: 0, is_canonical: number & 7 != 0, format: "BinarySI" }
            }
            Format::DecimalSi | Format::DecimalExponent => {
                let scale = decimal_scale(suffix);
                let is_canonical = scale % 3 == 0 && !digits.ends_with("000") && !digits.starts_with('0');
                let format = if quantity.format == Format::DecimalSi { "DecimalSI" } else { "DecimalExponent" };
                QuantityParts { value: number, scale, is_canonical, format }
            }
        }
    }
}

fn decimal_scale(suffix: &str) -> i64 {
    const SUFFIXES: [(&str, i64); 9] =
        [("n", -9), ("u", -6), ("m", -3), ("k", 3), ("M", 6), ("G", 9), ("T", 12), ("P", 15), ("E", 18)];
    let named = SUFFIXES.iter().find(|(name, _)| *name == suffix).map(|(_, scale)| *scale);
    named.or_else(|| suffix.get(1..).and_then(|digits| digits.parse().ok())).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> Value {
        api::text::json::read(text).unwrap()
    }

    fn check(text: &str, expect: &str) {
        let template = PodTemplateSpec::decode(template(text));
        assert_eq!(hash_of(&template, None), expect, "{}", dump(&template.encode()));
    }

    const NGINX: &str = r#"{"metadata":{"labels":{"app":"d"}},"spec":{"containers":[{"name":"nginx","image":"IMAGE",
        "resources":{},"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File",
        "imagePullPolicy":"Always"}],"restartPolicy":"Always","terminationGracePeriodSeconds":30,
        "dnsPolicy":"ClusterFirst","securityContext":{},"schedulerName":"default-scheduler"}}"#;

    #[test]
    fn hashes_are_those_of_the_real_controller() {
        check(&NGINX.replace("IMAGE", "nginx"), "54c6d8c84");
        check(&NGINX.replace("IMAGE", "nginx:2"), "6459c97b4d");
    }

    #[test]
    fn another_collision_is_another_hash() {
        let template = PodTemplateSpec::decode(template(NGINX));
        assert_ne!(hash_of(&template, Some(1)), hash_of(&template, None));
        assert_ne!(hash_of(&template, Some(1)), hash_of(&template, Some(2)));
    }

    #[test]
    fn quantities_keep_a_canonical_text() {
        let shown = |text: &str| {
            let parts = QuantityParts::of(text);
            (parts.value, parts.scale, parts.is_canonical, parts.format)
        };
        assert_eq!(shown("500m"), (500, -3, true, "DecimalSI"));
        assert_eq!(shown("20Gi"), (20 << 30, 0, true, "BinarySI"));
        assert_eq!(shown("8Gi"), (8 << 30, 0, false, "BinarySI"));
        assert_eq!(shown("1e3"), (1, 3, true, "DecimalExponent"));
        assert_eq!(shown("0"), (0, 0, true, "DecimalSI"));
    }
}
