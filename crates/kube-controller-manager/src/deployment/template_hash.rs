//! The hash of a pod template, as it stands in the names of ReplicaSets.

use api::Str;
use api::codec::Codec;
use api::core::pod::PodTemplateSpec;
use ecow::eco_format;

/// Stable hash.
pub fn hash_of(template: &PodTemplateSpec, collision_count: Option<i32>) -> Str {
    let mut text = api::text::json::write_compact(&template.encode());
    if let Some(count) = collision_count {
        text.push_str(&count.to_string());
    }
    let hash = text.bytes().fold(2_166_136_261_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(16_777_619));
    eco_format!("{hash}").bytes().map(crate::statefulset::revision::safe_letter).collect()
}
