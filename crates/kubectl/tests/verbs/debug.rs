//! `kubectl debug` as far as the API server takes it: names, messages, what is sent and what is refused.

use crate::world::World;

fn world() -> World {
    let mut world = World::new();
    world.run("kubectl create serviceaccount default");
    world.check("kubectl run web --image=nginx", "", "pod/web created\n", "", 0);
    world
}

/// The ephemeral containers of a pod, in JSON.
fn added(world: &mut World, pod: &str) -> String {
    world.run(&format!("kubectl get pod {pod} -o jsonpath={{.spec.ephemeralContainers}}")).stdout
}

#[test]
fn the_name_of_a_debug_container_is_its_own() {
    let mut world = world();
    let said = world.run("kubectl debug web --image=busybox").stdout;
    let name =
        said.strip_prefix("Defaulting debug container name to debugger-").and_then(|rest| rest.strip_suffix(".\n"));
    let name = name.expect(&said).to_owned();
    assert!(name.len() == 5 && name.chars().all(|c| "bcdfghjklmnpqrstvwxz2456789".contains(c)), "{name}");
    assert!(added(&mut world, "web").contains(&format!("\"name\":\"debugger-{name}\"")));
    world.check("kubectl debug web --image=busybox -q", "", "", "", 0);
    world.check("kubectl debug web --image=busybox -c mine", "", "", "", 0);
    assert_eq!(added(&mut world, "web").matches("\"image\"").count(), 3);
}

#[test]
fn flags_say_what_the_container_is() {
    let mut world = world();
    let line = "kubectl debug web -q -it --attach=false --image=busybox -c d --target=web --env=B=2 --env=A=1 \
                --image-pull-policy=Never --profile=netadmin --arguments-only -- one two";
    world.check(line, "", "", "", 0);
    let expect = "[{\"args\":[\"one\",\"two\"],\"env\":[{\"name\":\"A\",\"value\":\"1\"},{\"name\":\"B\",\"value\":\"2\"}],\
                  \"image\":\"busybox\",\"imagePullPolicy\":\"Never\",\"name\":\"d\",\"resources\":{},\"securityContext\":\
                  {\"capabilities\":{\"add\":[\"NET_ADMIN\",\"NET_RAW\"]}},\"stdin\":true,\"targetContainerName\":\"web\",\
                  \"terminationMessagePath\":\"/dev/termination-log\",\"terminationMessagePolicy\":\"File\",\"tty\":true}]";
    assert_eq!(added(&mut world, "web"), expect);
    let owner = "{.metadata.managedFields[?(@.subresource==\"ephemeralcontainers\")].manager}";
    let line = format!("kubectl get pod web --show-managed-fields -o 'jsonpath={owner}'");
    world.check(&line, "", "kubectl", "", 0);
}

#[test]
fn one_object_comes_after_the_other_until_one_fails() {
    let mut world = world();
    world.check("kubectl run more --image=nginx", "", "pod/more created\n", "", 0);
    let missing = "Error from server (NotFound): pods \"none\" not found\n";
    world.check("kubectl debug web none pod/more --image=busybox -q -c d", "", "", missing, 1);
    assert_eq!((added(&mut world, "web").is_empty(), added(&mut world, "more").is_empty()), (false, true));
    world.check("kubectl debug web pod/more --image=busybox -q -c e", "", "", "", 0);
    assert_eq!((added(&mut world, "web").is_empty(), added(&mut world, "more").is_empty()), (false, false));
    let file = "apiVersion: v1\nkind: Pod\nmetadata: {name: more}\nspec: {containers: [{name: more, image: nginx}]}\n";
    let from_file = world.run_with("kubectl debug -f - --image=busybox -q -c f", file);
    assert_eq!((from_file.code, from_file.stderr.as_str()), (Some(0), ""));
    assert!(added(&mut world, "more").contains("\"name\":\"f\""));
}

#[test]
fn what_cannot_be_is_refused() {
    let mut world = world();
    let targeting = "Targeting container \"x\". If you don't see processes from this container it may be because the container \
                     runtime doesn't support this feature.\n";
    for (line, stdout, stderr) in [
        ("web", "", "error: you must specify --image when not using --copy-to.\n"),
        ("--image=busybox", "", "error: NAME or filename is required for debug\n"),
        ("web --image=busybox --profile=x", "", "error: unknown profile: x\n"),
        (
            "web --image=busybox --target=x --copy-to=y",
            "",
            "error: --target is incompatible with --copy-to. Use --share-processes instead.\n",
        ),
        (
            "web --image=busybox -t --target=x",
            targeting,
            "error: -i/--stdin is required for containers with -t/--tty=true\n",
        ),
        (
            "web --image=busybox --target=x -c d",
            targeting,
            "The Pod \"web\" is invalid: spec.ephemeralContainers[0].targetContainerName: Not found: \"x\"\n",
        ),
        ("sa/default --image=busybox", "", "error: \"/v1, Kind=ServiceAccount\" not supported by debug\n"),
    ] {
        world.check(&format!("kubectl debug {line}"), "", stdout, stderr, 1);
    }
    assert_eq!(added(&mut world, "web"), "");
}

#[test]
fn a_pod_of_somebody_who_is_not_root_is_warned_of() {
    let mut world = world();
    let user = "kubectl run user --image=nginx --overrides='{\"spec\":{\"securityContext\":{\"runAsUser\":1000}}}'";
    world.check(user, "", "pod/user created\n", "", 0);
    let warning = "Warning: Non-root user is configured for the entire target Pod, and some capabilities granted by debug profile \
                   may not work. Please consider using \"--custom\" with a custom profile that specifies \
                   \"securityContext.runAsUser: 0\".\n";
    for (pod, flags, expect) in [
        ("user", "-c a", warning),
        ("user", "-c b --profile=sysadmin", warning),
        ("user", "-c c --profile=baseline", ""),
        ("user", "-c d --profile=restricted", ""),
        ("user", "--copy-to=copy", warning),
        ("web", "-c a --profile=sysadmin", ""),
    ] {
        world.check(&format!("kubectl debug {pod} --image=busybox -q {flags}"), "", "", expect, 0);
    }
}
