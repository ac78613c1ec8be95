//! Help against that of the real kubectl: verbs, flags, shorthands, defaults and usage lines. The sentences are ours.

use crate::world::World;
use api::conform::reference_text;

const VERBS: [&str; 30] = [
    "annotate",
    "api-resources",
    "apply",
    "autoscale",
    "config",
    "cordon",
    "create",
    "delete",
    "describe",
    "drain",
    "edit",
    "exec",
    "explain",
    "expose",
    "get",
    "kustomize",
    "label",
    "logs",
    "patch",
    "rollout",
    "rollout history",
    "rollout status",
    "rollout undo",
    "run",
    "scale",
    "set image",
    "taint",
    "uncordon",
    "version",
    "wait",
];

/// `-f, --filename=[]`, in order.
fn flags(help: &str) -> Vec<&str> {
    let lines = help.lines().filter_map(|line| line.strip_prefix("    "));
    lines.filter(|line| line.starts_with('-') && line.ends_with(':')).collect()
}

fn usage(help: &str) -> &str {
    let line = help.split("Usage:\n  ").nth(1).and_then(|rest| rest.lines().next());
    line.unwrap_or("").trim_end()
}

#[test]
fn verbs_have_the_flags_and_usage_lines_of_the_real_ones() {
    for verb in VERBS {
        let Some(real) = reference_text(&format!("api/help/kubectl_{}.txt", verb.replace(' ', "_"))) else { return };
        let ours = World::new().run(&format!("kubectl {verb} --help")).stdout;
        assert_eq!(flags(&ours), flags(&real), "kubectl {verb}");
        assert_eq!(usage(&ours), usage(&real), "kubectl {verb}");
    }
    let Some(real) = reference_text("api/help/kubectl_options.txt") else { return };
    assert_eq!(flags(&World::new().run("kubectl options").stdout), flags(&real));
}

#[test]
fn every_verb_and_subcommand_of_the_real_kubectl_is_known() {
    let parents = ["", "config", "create", "rollout"];
    for parent in parents {
        let Some(real) = reference_text(&format!("api/help/kubectl_{parent}.txt")) else { return };
        let lists = real.split("Usage:").next().unwrap();
        let lists = lists.split("Commands").skip(1).flat_map(str::lines);
        for name in lists.filter_map(|line| line.strip_prefix("  ")?.split(' ').next()).filter(|name| !name.is_empty())
        {
            let help = World::new().run(&format!("kubectl help {parent} {name}")).stdout;
            assert!(!help.contains("Unknown help topic"), "kubectl {parent} {name} is unknown");
        }
    }
}

/// The titles of the lists of commands in a help text, and the names in each.
fn lists(help: &str) -> Vec<(&str, Vec<&str>)> {
    let mut lists: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in help.split("Usage:").next().unwrap_or_default().lines() {
        match (line.strip_suffix(':').filter(|title| title.contains("Commands")), lists.last_mut()) {
            (Some(title), _) => lists.push((title, Vec::new())),
            (None, Some((_, names))) if line.starts_with("  ") => names.extend(line.split_whitespace().next()),
            (None, _) => {}
        }
    }
    lists
}

#[test]
fn lists_of_commands_are_grouped_and_sorted_as_the_real_ones_are() {
    for parent in ["", "config", "create", "rollout"] {
        let Some(real) = reference_text(&format!("api/help/kubectl_{parent}.txt")) else { return };
        let ours = World::new().run(&format!("kubectl {parent} --help")).stdout;
        assert_eq!(lists(&ours), lists(&real), "kubectl {parent}");
        let tips =
            |help: &str| help.lines().filter(|line| line.starts_with("Use ")).map(String::from).collect::<Vec<_>>();
        assert_eq!(tips(&ours), tips(&real), "kubectl {parent}");
        let column = |help: &str| {
            let line = help.split("Commands").nth(1).and_then(|list| list.lines().nth(1)).unwrap_or_default();
            line.len() - line[2..].trim_start_matches(|letter| letter != ' ').trim_start().len()
        };
        assert_eq!(column(&ours), column(&real), "kubectl {parent}");
    }
}

#[test]
fn a_topic_that_is_none_is_answered_with_the_list_of_commands() {
    let mut world = World::new();
    let outcome = world.run("kubectl help nope never");
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(0), ""));
    let begin = "Unknown help topic [`nope` `never`]\n\n\nBasic Commands (Beginner):\n  create ";
    assert!(outcome.stderr.starts_with(begin), "{}", outcome.stderr);
    for (topic, verb) in [("get pods", "get"), ("rollout foo", "rollout"), ("rollout status web", "rollout status")] {
        let help = world.run(&format!("kubectl {verb} --help")).stdout;
        world.check(&format!("kubectl help {topic}"), "", &help, "", 0);
    }
}

#[test]
fn what_is_not_here_says_so() {
    let mut world = World::new();
    let alpha = "No alpha commands are available in this version of kubectl\n";
    world.check("kubectl alpha", "", "", alpha, 0);
    assert!(!world.run("kubectl --help").stdout.contains("\n  alpha "));
    let plugins = "error: unable to find any kubectl plugins in your PATH\n";
    world.check("kubectl plugin list", "", "", plugins, 1);
    let csr = "error: the server doesn't have a resource type \"csr\"\n";
    world.check("kubectl certificate approve jane", "", "", csr, 1);
    let none = "error: one or more CSRs must be specified as <name> or -f <filename>\n";
    world.check("kubectl certificate deny", "", "", none, 1);
    world.check("kubectl top pods", "", "", "error: Metrics API not available\n", 1);
    let comment = "# In this playground the Tab key completes kubectl without a script.\n";
    world.check("kubectl completion bash", "", comment, "", 0);
    let shell = "error: Unsupported shell type \"tcsh\".\nSee 'kubectl completion -h' for help and examples\n";
    world.check("kubectl completion tcsh", "", "", shell, 1);
}
