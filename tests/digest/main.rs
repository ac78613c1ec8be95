//! Same seed and same commands are the same run, bit for bit, however time is cut and wherever it runs. The wasm side
//! of this is in `headless/`; it is handed the number that `digest/print.rs` computes here.
#![cfg(not(target_arch = "wasm32"))]

use ordinal_tests::trouble::{MapOrder, Played, Slices, play};
use sim::Span;

fn whole() -> Played {
    play(Slices::ByEvent, MapOrder::Sorted)
}

#[test]
fn the_script_writes_more_than_a_thousand_times() {
    let played = whole();
    assert!(played.writes > 1_000, "{} writes", played.writes);
    assert_eq!(whole(), played);
}

#[test]
fn frames_of_16_ms_change_nothing() {
    assert_eq!(play(Slices::Of(Span::from_millis(16)), MapOrder::Sorted), whole());
}

#[test]
fn slices_of_any_length_change_nothing() {
    assert_eq!(play(Slices::Uneven, MapOrder::Sorted), whole());
}

#[test]
fn going_on_from_a_copy_changes_nothing() {
    assert_eq!(play(Slices::OnCopies, MapOrder::Sorted), whole());
}

#[test]
fn a_planted_map_order_bug_is_found() {
    let (one, other) = (play(Slices::ByEvent, MapOrder::Hashed), play(Slices::ByEvent, MapOrder::Hashed));
    assert_ne!(one.digest, other.digest);
    assert_ne!(one.digest, whole().digest);
}
