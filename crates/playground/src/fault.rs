//! `fault`: breaks nodes, containers, volumes and the network on purpose. A command like any other, so that the journal holds it.
//!
//! What is broken stands in [`ACTS`]; what that means is the cluster's. What is absent: faults that happen by themselves.

use api::{Key, Kind, Object, PersistentVolume};
use cluster::Cluster;
use shell::{Candidate, ProcessIo};
use sim::{Fault, ObjectTarget, PodTarget};

/// What an act is done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Thing {
    Node,
    Pod,
    Claim,
}

/// One act: the words that ask for it, what it is done to, and what is said when it is done.
struct Act {
    noun: &'static str,
    verb: &'static str,
    thing: Thing,
    done: &'static str,
    help: &'static str,
}

const fn act(noun: &'static str, verb: &'static str, thing: Thing, done: &'static str, help: &'static str) -> Act {
    Act { noun, verb, thing, done, help }
}

const ACTS: &[Act] = &[
    act(
        "node",
        "stop",
        Thing::Node,
        "stopped",
        "the machine loses power: its kubelet falls silent, its processes are gone",
    ),
    act("node", "start", Thing::Node, "started", "the machine is switched on again"),
    act("pod", "kill", Thing::Pod, "killed", "the container's first process ends, with exit code 137 or N"),
    act("pod", "hang", Thing::Pod, "hangs", "the container's first process answers nobody any more"),
    act("pod", "unready", Thing::Pod, "unready", "the container's readiness probe fails from now on"),
    act("pod", "ready", Thing::Pod, "ready", "it succeeds again, if the container is well"),
    act("volume", "fill", Thing::Claim, "full", "nothing more can be written to the claim's volume"),
    act("volume", "lose", Thing::Claim, "lost", "the files on the claim's volume are gone"),
    act("network", "cut", Thing::Node, "cut off", "the machine's cable is pulled: its pods run on, alone"),
    act("network", "heal", Thing::Node, "connected", "the cable is back"),
];

const EXIT_CODE: i32 = 137;
const REFUSED: i32 = 1;
const MISUSED: i32 = 2;
const USAGE: &str = "usage: fault node stop|start NODE
       fault pod kill|hang|unready|ready POD [-c CONTAINER] [--exit N] [-n NAMESPACE]
       fault volume fill|lose CLAIM [-n NAMESPACE]
       fault network cut|heal NODE
       fault list
       fault clear
";

/// A command line, read.
#[derive(Debug, Default)]
struct Line<'a> {
    words: Vec<&'a str>,
    namespace: Option<&'a str>,
    container: Option<&'a str>,
    exit: Option<i32>,
    wants_help: bool,
}

/// Runs `fault` at once; answers with its exit code.
pub(crate) fn fault(argv: &[String], namespace: &str, cluster: &mut Cluster, io: &mut ProcessIo) -> i32 {
    let outcome = read(argv).and_then(|line| perform(&line, namespace, cluster, io));
    match outcome {
        Ok(()) => 0,
        Err((code, text)) => {
            io.stderr(format!("fault: {text}\n"));
            if code == MISUSED {
                io.stderr("Try 'fault --help' for the list of faults.\n");
            }
            code
        }
    }
}

type Failure = (i32, String);

fn misuse<T>(text: impl Into<String>) -> Result<T, Failure> {
    Err((MISUSED, text.into()))
}

fn read(argv: &[String]) -> Result<Line<'_>, Failure> {
    let mut line = Line::default();
    let mut words = argv.iter().skip(1).map(String::as_str);
    while let Some(word) = words.next() {
        let (flag, attached) = match word.split_once('=') {
            Some((flag, value)) if flag.starts_with("--") => (flag, Some(value)),
            _ => (word, None),
        };
        if matches!(flag, "-h" | "--help") {
            line.wants_help = true;
            continue;
        }
        if !flag.starts_with('-') || flag == "-" {
            line.words.push(word);
            continue;
        }
        let known = matches!(flag, "-c" | "--container" | "-n" | "--namespace" | "--exit");
        if !known {
            return misuse(format!("unknown flag: {flag}"));
        }
        let Some(value) = attached.or_else(|| words.next()) else {
            return misuse(format!("flag needs an argument: {flag}"));
        };
        match flag {
            "-c" | "--container" => line.container = Some(value),
            "-n" | "--namespace" => line.namespace = Some(value),
            _ => match value.parse::<i32>() {
                Ok(code) if (0..=255).contains(&code) => line.exit = Some(code),
                _ => return misuse(format!("--exit takes a number from 0 to 255, not {value:?}")),
            },
        }
    }
    Ok(line)
}

fn perform(line: &Line<'_>, namespace: &str, cluster: &mut Cluster, io: &mut ProcessIo) -> Result<(), Failure> {
    if line.wants_help {
        io.stdout(help());
        return Ok(());
    }
    match line.words.as_slice() {
        [] => misuse("what is to break?"),
        ["list"] => {
            io.stdout(list(cluster));
            Ok(())
        }
        ["clear"] => {
            let count = cluster.faults().len();
            cluster.inject(&Fault::Clear).map_err(|text| (REFUSED, text))?;
            io.stdout(format!("{count} fault{} cleared\n", if count == 1 { "" } else { "s" }));
            Ok(())
        }
        [noun @ ("list" | "clear"), ..] => misuse(format!("{noun} takes no arguments")),
        [noun, rest @ ..] => {
            let verbs: Vec<&str> = ACTS.iter().filter(|act| act.noun == *noun).map(|act| act.verb).collect();
            if verbs.is_empty() {
                return misuse(format!("unknown command {noun:?}: one of {}", nouns().join(", ")));
            }
            let [verb, names @ ..] = rest else { return misuse(format!("{noun}: one of {}", verbs.join(", "))) };
            let Some(act) = ACTS.iter().find(|act| act.noun == *noun && act.verb == *verb) else {
                return misuse(format!("{noun}: unknown command {verb:?}: one of {}", verbs.join(", ")));
            };
            let [name] = names else { return misuse(format!("{noun} {verb}: name one {}", thing_word(act.thing))) };
            act_on(act, name, line, namespace, cluster, io)
        }
    }
}

fn act_on(
    act: &Act,
    name: &str,
    line: &Line<'_>,
    namespace: &str,
    cluster: &mut Cluster,
    io: &mut ProcessIo,
) -> Result<(), Failure> {
    let does_not_take = |flag: &str| misuse(format!("{} {} takes no {flag}", act.noun, act.verb));
    if line.exit.is_some() && act.verb != "kill" {
        return does_not_take("--exit");
    }
    if line.container.is_some() && act.thing != Thing::Pod {
        return does_not_take("--container");
    }
    if line.namespace.is_some() && act.thing == Thing::Node {
        return does_not_take("--namespace");
    }
    // As kubectl takes it: `pod/zk-0` is `zk-0`.
    let name = name.rsplit('/').next().unwrap_or(name);
    let namespace = line.namespace.unwrap_or(namespace);
    let fault = fault_of(act, name, namespace, line);
    cluster.inject(&fault).map_err(|text| (REFUSED, text))?;
    let kind = match act.thing {
        Thing::Node => "node",
        Thing::Pod => "pod",
        Thing::Claim => "persistentvolumeclaim",
    };
    io.stdout(format!("{kind}/{name} {}\n", act.done));
    Ok(())
}

fn fault_of(act: &Act, name: &str, namespace: &str, line: &Line<'_>) -> Fault {
    let object = || ObjectTarget { namespace: namespace.to_owned(), name: name.to_owned() };
    let pod = || PodTarget { pod: object(), container: line.container.map(str::to_owned) };
    match (act.noun, act.verb) {
        ("node", "stop") => Fault::StopNode(name.to_owned()),
        ("node", _) => Fault::StartNode(name.to_owned()),
        ("network", "cut") => Fault::CutNetwork(name.to_owned()),
        ("network", _) => Fault::HealNetwork(name.to_owned()),
        ("volume", "fill") => Fault::FillVolume(object()),
        ("volume", _) => Fault::LoseVolume(object()),
        (_, "kill") => Fault::Kill(pod(), line.exit.unwrap_or(EXIT_CODE)),
        (_, "hang") => Fault::Hang(pod()),
        (_, "unready") => Fault::Unready(pod()),
        (_, _) => Fault::Ready(pod()),
    }
}

fn thing_word(thing: Thing) -> &'static str {
    match thing {
        Thing::Node => "node",
        Thing::Pod => "pod",
        Thing::Claim => "claim",
    }
}

fn nouns() -> Vec<&'static str> {
    let mut nouns: Vec<&str> = ACTS.iter().map(|act| act.noun).collect();
    nouns.dedup();
    nouns.extend(["list", "clear"]);
    nouns
}

fn help() -> String {
    let mut text = format!("Break something on purpose, and mend it.\n\n{USAGE}\n");
    for act in ACTS {
        text.push_str(&format!("  {:<14}{}\n", format!("{} {}", act.noun, act.verb), act.help));
    }
    text.push_str("  list          what is broken now\n  clear         mend all of it\n");
    text
}

fn list(cluster: &Cluster) -> String {
    let faults = cluster.faults();
    if faults.is_empty() {
        return "Nothing is broken.\n".to_owned();
    }
    let rows: Vec<(String, &str)> = faults.into_iter().map(|(thing, how)| (claim_or(thing, cluster), how)).collect();
    let width = rows.iter().map(|(thing, _)| thing.len()).max().unwrap_or(0).max("THING".len());
    let mut text = format!("{:<width$}   FAULT\n", "THING");
    rows.iter().for_each(|(thing, how)| text.push_str(&format!("{thing:<width$}   {how}\n")));
    text
}

/// A volume by the claim that it is bound to.
fn claim_or(thing: String, cluster: &Cluster) -> String {
    let Some(volume) = thing.strip_prefix("volume/") else { return thing };
    let found = cluster.server().object(Kind::PersistentVolume, &Key::new("", volume));
    let reference = found.and_then(Object::get::<PersistentVolume>).and_then(|volume| volume.spec.claim_ref.clone());
    match reference {
        Some(claim) => format!("persistentvolumeclaim/{}/{}", claim.namespace, claim.name),
        None => thing,
    }
}

/// What Tab offers for the last word.
pub(crate) fn complete(words: &[String], namespace: &str, cluster: &Cluster) -> Vec<Candidate> {
    let (before, typed) = match words {
        [_, before @ .., typed] => (before, typed.as_str()),
        _ => return Vec::new(),
    };
    let before: Vec<&str> = before.iter().map(String::as_str).collect();
    let after = |flag: &str, long: &str| before.last().is_some_and(|word| *word == flag || *word == long);
    let namespace = value_of(&before, "-n", "--namespace").unwrap_or(namespace);
    let names = |kind: Kind| -> Vec<String> {
        let is_there = |object: &&Object| !kind.is_namespaced() || object.metadata().namespace == namespace;
        cluster.server().iter(kind).filter(is_there).map(|object| object.metadata().name.to_string()).collect()
    };
    let offered: Vec<String> = if after("-n", "--namespace") {
        names(Kind::Namespace)
    } else if after("-c", "--container") {
        before.get(2).map(|pod| containers(pod, namespace, cluster)).unwrap_or_default()
    } else {
        match before.as_slice() {
            [] => nouns().into_iter().map(str::to_owned).collect(),
            [noun] => ACTS.iter().filter(|act| act.noun == *noun).map(|act| act.verb.to_owned()).collect(),
            [noun, verb] => match ACTS.iter().find(|act| act.noun == *noun && act.verb == *verb).map(|act| act.thing) {
                Some(Thing::Node) => names(Kind::Node),
                Some(Thing::Pod) => names(Kind::Pod),
                Some(Thing::Claim) => names(Kind::PersistentVolumeClaim),
                None => Vec::new(),
            },
            ["pod", verb, ..] if typed.starts_with('-') => {
                let flags = ["-c", "--container", "-n", "--namespace", "--exit"];
                flags.iter().filter(|flag| **flag != "--exit" || *verb == "kill").map(|flag| flag.to_string()).collect()
            }
            _ => Vec::new(),
        }
    };
    let fits = offered.into_iter().filter(|word| word.starts_with(typed));
    fits.map(|text| Candidate { text, suffix: " " }).collect()
}

fn value_of<'a>(words: &[&'a str], flag: &str, long: &str) -> Option<&'a str> {
    let at = words.iter().position(|word| *word == flag || *word == long)?;
    words.get(at + 1).copied()
}

fn containers(pod: &str, namespace: &str, cluster: &Cluster) -> Vec<String> {
    let found = cluster.server().object(Kind::Pod, &Key::new(namespace, pod));
    let Some(pod) = found.and_then(Object::get::<api::Pod>) else { return Vec::new() };
    let own = pod.spec.init_containers.iter().chain(pod.spec.containers.iter()).map(|one| one.name.to_string());
    let debug = pod.spec.rest.get("ephemeralContainers").as_list().iter();
    own.chain(debug.map(|one| one.get("name").text().to_string())).collect()
}
