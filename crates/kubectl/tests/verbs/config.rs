//! `kubectl config`: what it writes into the kubeconfig file, and what that changes.

use crate::world::World;

#[test]
fn the_namespace_of_a_context_is_used() {
    let mut world = World::new();
    world.check("kubectl create ns blue", "", "namespace/blue created\n", "", 0);
    let said = "Context \"minikube\" modified.\n";
    world.check("kubectl config set-context --current --namespace=blue", "", said, "", 0);
    world.check("kubectl create cm a --from-literal=k=v", "", "configmap/a created\n", "", 0);
    world.check("kubectl get cm a -n blue -o name", "", "configmap/a\n", "", 0);
    world.check(
        "kubectl config unset contexts.minikube.namespace",
        "",
        "Property \"contexts.minikube.namespace\" unset.\n",
        "",
        0,
    );
    let missing = "Error from server (NotFound): configmaps \"a\" not found\n";
    world.check("kubectl get cm a", "", "", missing, 1);
}

#[test]
fn entries_are_listed_set_renamed_and_deleted() {
    let mut world = World::new();
    world.check("kubectl config get-clusters", "", "NAME\nminikube\n", "", 0);
    world.check("kubectl config get-users", "", "NAME\nminikube\n", "", 0);
    world.check("kubectl config set-credentials jane --token=t", "", "User \"jane\" set.\n", "", 0);
    world.check("kubectl config view --raw -o 'jsonpath={.users[?(@.name==\"jane\")].user.token}'", "", "t", "", 0);
    world.check(
        "kubectl config set contexts.blue.cluster minikube",
        "",
        "Property \"contexts.blue.cluster\" set.\n",
        "",
        0,
    );
    world.check("kubectl config rename-context blue green", "", "Context \"blue\" renamed to \"green\".\n", "", 0);
    let taken = "error: cannot rename the context \"green\", the context \"minikube\" already exists in /home/user/.kube/config\n";
    world.check("kubectl config rename-context green minikube", "", "", taken, 1);
    let gone = "deleted context green from /home/user/.kube/config\n";
    world.check("kubectl config delete-context green", "", gone, "", 0);
    let missing = "error: cannot delete context green, not in /home/user/.kube/config\n";
    world.check("kubectl config delete-context green", "", "", missing, 1);
    let gone = "deleted context minikube from /home/user/.kube/config\n";
    let warning =
        "warning: this removed your active context, use \"kubectl config use-context\" to select a different one\n";
    world.check("kubectl config delete-context minikube", "", gone, warning, 0);
}

#[test]
fn another_server_is_not_asked() {
    let mut world = World::new();
    let set = "Cluster \"far\" set.\n";
    world.check("kubectl config set-cluster far --server=https://10.0.0.1:6443", "", set, "", 0);
    world.check("kubectl config set-context far --cluster=far", "", "Context \"far\" created.\n", "", 0);
    let refusal = "error: the server https://10.0.0.1:6443 is not in this playground; its one server is \
                   https://192.168.49.2:6443\n";
    world.check("kubectl get ns --context=far", "", "", refusal, 1);
    world.check("kubectl get ns default -o name", "", "namespace/default\n", "", 0);
}

#[test]
fn secrets_are_masked_unless_they_are_asked_for() {
    let mut world = World::new();
    world.check("kubectl config set-credentials jane --token=t", "", "User \"jane\" set.\n", "", 0);
    let mut token =
        |flag: &str| world.run(&format!("kubectl config view {flag} -o 'jsonpath={{.users[1].user.token}}'"));
    assert_eq!(token("").stdout, "REDACTED");
    assert_eq!(token("--raw").stdout, "t");
    world.check("kubectl config view --template={{.kind}}", "", "Config", "", 0);
}

#[test]
fn entries_that_make_no_sense_are_refused() {
    let mut world = World::new();
    let cases = [
        ("config use-context ''", "empty context names are not allowed"),
        ("config set-cluster ''", "you must specify a non-empty cluster name"),
        ("config set-credentials ''", "you must specify a non-empty user name"),
        (
            "config set-cluster c --insecure-skip-tls-verify --certificate-authority=x",
            "you cannot specify a certificate authority and insecure mode at the same time",
        ),
        ("config set-cluster c --embed-certs", "you must specify a --certificate-authority to embed"),
        (
            "config set-cluster c --embed-certs --certificate-authority=x",
            "could not stat certificate-authority file x: stat x: no such file or directory",
        ),
        (
            "config set-credentials u --token=a --username=b",
            "you cannot specify more than one authentication method at the same time: --token, --username/--password",
        ),
        ("config set-credentials u --embed-certs", "you must specify a --client-certificate or --client-key to embed"),
        ("config view --minify --context=nope", "cannot locate context nope"),
        (
            "config get-contexts -o yaml",
            "--output yaml is not available in kubectl config get-contexts; resetting to default output format",
        ),
        ("version --cluster=nope", "cluster \"nope\" does not exist"),
        ("get pods --user=nope", "auth info \"nope\" does not exist"),
        ("version x", "extra arguments: [x]"),
        ("api-versions x", "unexpected arguments: [x]\nSee 'kubectl api-versions -h' for help and examples"),
    ];
    for (line, error) in cases {
        world.check(&format!("kubectl {line}"), "", "", &format!("error: {error}\n"), 1);
    }
    let table =
        "CURRENT   NAME       CLUSTER    AUTHINFO   NAMESPACE\n*         minikube   minikube   minikube   default\n";
    world.check("kubectl config get-contexts minikube nope", "", table, "error: context nope not found\n", 1);
    world.check("kubectl config set current-context nope", "", "Property \"current-context\" set.\n", "", 0);
    let lost = "Error in configuration: context was not found for specified context: nope\n";
    world.check("kubectl get pods", "", "", lost, 1);
}

#[test]
fn properties_are_set_as_their_types_want_it() {
    let mut world = World::new();
    for (line, error) in [
        ("set foo bar", "unable to parse foo after [] at api.Config"),
        ("unset foo.bar", "unable to parse foo.bar after [] at api.Config"),
        (
            "set contexts.minikube.namespace.x y",
            "unable to parse one or more field values of contexts.minikube.namespace.x",
        ),
        ("set current-context.x y", "unable to parse one or more field values of current-context.x"),
        ("set clusters.a.insecure-skip-tls-verify yes", "strconv.ParseBool: parsing \"yes\": invalid syntax"),
        (
            "set clusters.a.certificate-authority-data !",
            "error decoding input value: illegal base64 data at input byte 0",
        ),
        ("unset contexts.nope.namespace", "current map key `nope` is invalid"),
        (
            "set preferences x",
            "unable to locate path config.navigationStep{stepValue:\"\", stepType:reflect.Type(nil)} under {false map[]}",
        ),
    ] {
        world.check(&format!("kubectl config {line}"), "", "", &format!("error: {error}\n"), 1);
    }
    let set = |property: &str| format!("Property \"{property}\" set.\n");
    for (property, value) in [
        ("clusters.10.0.0.1.insecure-skip-tls-verify", "T"),
        ("users.jane.client-key-data", "aGk="),
        ("users.joe.client-key-data", "hi --set-raw-bytes"),
        ("preferences.colors", "1"),
    ] {
        world.check(&format!("kubectl config set {property} {value}"), "", &set(property), "", 0);
    }
    let path = "{.clusters[?(@.name==\"10.0.0.1\")].cluster}{.users[*].user.client-key-data}{.preferences}";
    let expect = "{\"insecure-skip-tls-verify\":true}aGk= aGk={\"colors\":true}";
    world.check(&format!("kubectl config view --raw -o 'jsonpath={path}'"), "", expect, "", 0);
    // What is not there can be taken away as a whole.
    let unset = |property: &str| format!("Property \"{property}\" unset.\n");
    for property in ["contexts.nope", "preferences.colors", "users.jane.client-key-data"] {
        world.check(&format!("kubectl config unset {property}"), "", &unset(property), "", 0);
    }
}

#[test]
fn what_leads_to_no_server_is_said_as_the_real_one_says_it() {
    let mut world = World::new();
    let astray = |problem: &str| format!("Error in configuration: {problem}\n");
    for (command, stderr) in [
        ("get pods --cluster=nope", astray("no server found for cluster \"nope\"")),
        ("get pods --context=nope", astray("context was not found for specified context: nope")),
        ("get pods --context=nope -n x", "error: context \"nope\" does not exist\n".into()),
        ("cluster-info --context=nope", "error: context \"nope\" does not exist\n".into()),
    ] {
        world.check(&format!("kubectl {command}"), "", "", &stderr, 1);
    }
    world.files.0.insert("/home/user/text".into(), b"foo".to_vec());
    world.files.0.insert("/home/user/new".into(), b"apiVersion: v2\nkind: Config\n".to_vec());
    world.files.0.insert("/home/user/empty".into(), b"kind: Config\n".to_vec());
    let unread = world.run("kubectl get pods --kubeconfig=text").stderr;
    let head = "error: error loading config file \"/home/user/text\": couldn't get version/kind; json parse error: json: cannot \
                unmarshal string into Go value of type struct { APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; ";
    assert!(unread.starts_with(head), "{unread}");
    let unknown = "error: error loading config file \"/home/user/new\": no kind \"Config\" is registered for version \"v2\" in \
                   scheme \"k8s.io/client-go/tools/clientcmd/api/latest/latest.go:50\"\n";
    world.check("kubectl get pods --kubeconfig=new", "", "", unknown, 1);
    let refused = "The connection to the server localhost:8080 was refused - did you specify the right host or port?\n";
    world.check("kubectl get pods --kubeconfig=empty", "", "", refused, 1);
    assert_eq!(world.run("kubectl version --client --kubeconfig=empty").code, Some(0));
}

#[test]
fn a_certificate_is_named_or_put_into_the_file() {
    let mut world = World::new();
    world.files.0.insert("/home/user/ca.crt".into(), b"hello\n".to_vec());
    let cluster = |field: &str| {
        format!("kubectl config view --raw -o jsonpath='{{.clusters[?(@.name==\"new\")].cluster.{field}}}'")
    };
    let set = "Cluster \"new\" set.\n";
    world.check("kubectl config set-cluster new --certificate-authority=ca.crt", "", set, "", 0);
    world.check(&cluster("certificate-authority"), "", "/home/user/ca.crt", "", 0);
    world.check("kubectl config set-cluster new --certificate-authority=ca.crt --embed-certs", "", set, "", 0);
    world.check(&cluster("certificate-authority-data"), "", "aGVsbG8K", "", 0);
    world.check(&cluster("certificate-authority"), "", "", "", 0);
    world.check("kubectl config set-cluster new --insecure-skip-tls-verify", "", set, "", 0);
    world.check(&cluster("certificate-authority-data"), "", "", "", 0);
}

#[test]
fn one_of_a_name_and_the_current_context_is_set() {
    let mut world = World::new();
    for (command, refusal) in [
        ("set-context foo --current", "you cannot specify both a context name and --current"),
        ("set-context", "you must specify a non-empty context name or --current"),
        ("view --merge=false", "if merge==false a precise file must be specified"),
    ] {
        world.check(&format!("kubectl config {command}"), "", "", &format!("error: {refusal}\n"), 1);
    }
}
