//! placeholder
use std::time::Instant;
fn main() {
    let n: u32 = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(10);
    let mut w = ordinal_tests::fleet::Fleet::decade(n).world();
    let t = Instant::now();
    let r = w.run_until_ready();
    println!("{:?} {:?} ready {} writes {} events {} apievents {}", t.elapsed(), r, w.ready(), w.desk.world.cluster().server().writes(), w.desk.world.cluster().events(), w.api_events());
    println!("table {}", w.running_in_table());
}
