//! Timing profiles: JSON files with the values of [`Timing`].

use sim::Timing;

/// The profiles that come with the program, by name. Nothing but this table knows their names.
const PROFILES: &[(&str, &str)] = &[
    ("realistic", include_str!("../timing/realistic.json")),
    ("recorded", include_str!("../timing/recorded.json")),
    ("instant", include_str!("../timing/instant.json")),
];

/// The profile used where none is named.
pub const DEFAULT: &str = "realistic";

/// Why a profile cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TimingError {
    /// There is no such profile.
    #[error("there is no timing profile {name:?}; there are: {}", names().join(", "))]
    Unknown {
        /// The name asked for.
        name: String,
    },
    /// The profile's text is not a profile.
    #[error("the timing profile cannot be read: {0}")]
    Malformed(#[from] serde_json::Error),
}

/// The names of the profiles that come with the program.
pub fn names() -> Vec<&'static str> {
    PROFILES.iter().map(|(name, _)| *name).collect()
}

/// The profile with this name.
///
/// # Errors
/// If there is none.
pub fn named(name: &str) -> Result<Timing, TimingError> {
    let found = PROFILES.iter().find(|(known, _)| *known == name);
    let (_, text) = found.ok_or_else(|| TimingError::Unknown { name: name.to_owned() })?;
    parse(text)
}

/// A profile from its JSON text: every value of [`Timing`], in microseconds.
///
/// # Errors
/// If a value is missing, unknown or of the wrong type.
pub fn parse(text: &str) -> Result<Timing, TimingError> {
    Ok(serde_json::from_str(text)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_can_be_read() {
        for name in names() {
            assert!(named(name).is_ok(), "{name}");
        }
        assert!(named("fast").unwrap_err().to_string().contains("realistic, recorded, instant"));
    }
}
