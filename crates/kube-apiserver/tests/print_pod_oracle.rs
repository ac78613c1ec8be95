//! Rows of pods, against what the real printer gave.

use api::{Kind, Object, Value};
use kube_apiserver::pod_cells;
use sim::Time;

const SHARE_MIN: f64 = 0.95;

#[test]
fn rows_are_those_of_the_real_printer() {
    let Ok(folder) = std::env::var("ORDINAL_REFERENCE") else {
        println!("skipped: ORDINAL_REFERENCE does not name the folder of reference data");
        return;
    };
    let text = std::fs::read_to_string(format!("{folder}/oracle/print_pod.json")).expect("the oracle is there");
    let cases: Vec<Value> = serde_json::from_str(&text).expect("the oracle is JSON");
    let mut wrong = Vec::new();
    for (index, case) in cases.iter().enumerate() {
        let now = Time::parse_rfc3339(case.get("now").text()).unwrap();
        let Object::Pod(pod) = Object::decode(Kind::Pod, case.get("object").clone()) else { panic!("a pod") };
        let cells = pod_cells(&pod, now);
        if cells != case.get("cells").as_list() {
            wrong.push(format!("{index}: got {cells:?}\n  want {:?}", case.get("cells").as_list()));
        }
    }
    let share = 1.0 - wrong.len() as f64 / cases.len() as f64;
    println!("print_pod: {} of {} rows", cases.len() - wrong.len(), cases.len());
    wrong.iter().for_each(|row| println!("{row}"));
    assert!(share >= SHARE_MIN, "{}", wrong[..wrong.len().min(10)].join("\n"));
}
