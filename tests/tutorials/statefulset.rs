//! "StatefulSet basics": every `exec`, `run` and `logs` of it, with what each must answer.
//!
//! Nothing here is a recording: the set's name, its Service, its replicas and its directory are parameters, and the
//! answers follow from them.

use ordinal_tests::desk::{Desk, Said, desk};

/// What the tutorial calls things, and how many there are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tutorial {
    pub(crate) set: &'static str,
    pub(crate) service: &'static str,
    pub(crate) label: &'static str,
    pub(crate) claim: &'static str,
    pub(crate) replicas: u32,
    pub(crate) nodes: u32,
    pub(crate) seed: u64,
    /// Where the learner keeps the manifest.
    pub(crate) directory: &'static str,
}

/// Where nginx keeps its pages.
const HTML: &str = "/usr/share/nginx/html";
const DNS: &str = "10.96.0.10";

impl Tutorial {
    pub(crate) fn manifest(&self) -> String {
        let Tutorial { set, service, label, claim, replicas, .. } = self;
        format!(
            "apiVersion: v1
kind: Service
metadata:
  name: {service}
  labels:
    app: {label}
spec:
  ports:
  - port: 80
    name: web
  clusterIP: None
  selector:
    app: {label}
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: {set}
spec:
  serviceName: \"{service}\"
  replicas: {replicas}
  selector:
    matchLabels:
      app: {label}
  template:
    metadata:
      labels:
        app: {label}
    spec:
      containers:
      - name: nginx
        image: registry.k8s.io/nginx-slim:0.8
        ports:
        - containerPort: 80
          name: web
        volumeMounts:
        - name: {claim}
          mountPath: {HTML}
  volumeClaimTemplates:
  - metadata:
      name: {claim}
    spec:
      accessModes: [ \"ReadWriteOnce\" ]
      resources:
        requests:
          storage: 1Gi
"
        )
    }

    fn pods(&self) -> Vec<String> {
        (0..self.replicas).map(|ordinal| format!("{}-{ordinal}", self.set)).collect()
    }

    fn ordinals(&self) -> String {
        (0..self.replicas).map(|ordinal| ordinal.to_string()).collect::<Vec<_>>().join(" ")
    }

    /// The tutorial's loop over the pods.
    fn for_each(&self, command: &str) -> String {
        format!("for i in {}; do {}; done", self.ordinals(), command.replace("POD", &format!("{}-$i", self.set)))
    }
}

/// A learner who follows the tutorial.
pub(crate) struct Learner {
    tutorial: Tutorial,
    desk: Desk,
}

impl Learner {
    pub(crate) fn new(tutorial: Tutorial) -> Learner {
        let desk = desk(tutorial.nodes, tutorial.seed);
        Learner { tutorial, desk }
    }

    /// The whole section.
    pub(crate) fn follow(&mut self) {
        self.make_the_directory();
        self.apply();
        self.hostnames_are_the_pods();
        let before = self.look_up();
        self.delete_the_pods();
        self.hostnames_are_the_pods();
        let after = self.look_up();
        assert!(
            before.iter().zip(&after).all(|(before, after)| before != after),
            "no address moved: {before:?} {after:?}"
        );
        self.write_pages();
        self.pages_are_forbidden();
        self.open_the_directory();
        self.pages_are_the_hostnames();
        self.delete_the_pods();
        self.pages_are_the_hostnames();
        self.delete_the_set_without_its_pods();
        self.pages_are_the_hostnames();
        self.delete_the_set();
        self.apply();
        self.pages_are_the_hostnames();
        self.lose_the_nodes();
        self.pages_are_the_hostnames();
        self.logs_tell_of_the_requests();
    }

    fn run(&mut self, command: &str) -> Said {
        self.desk.run(command)
    }

    /// Runs a command that must succeed.
    fn must(&mut self, command: &str) -> String {
        let said = self.run(command);
        assert_eq!((said.rc, said.stderr.as_str()), (0, ""), "{command}\n{}", said.stdout);
        said.stdout
    }

    fn make_the_directory(&mut self) {
        let Tutorial { directory, .. } = self.tutorial;
        let manifest = self.tutorial.manifest();
        self.must(&format!("mkdir -p {directory}"));
        self.must(&format!("cat > {directory}/set.yaml <<'END'\n{manifest}END"));
    }

    fn apply(&mut self) {
        self.must(&format!("cd && cd {} && kubectl apply -f set.yaml", self.tutorial.directory));
        self.wait_until_ready();
    }

    fn wait_until_ready(&mut self) {
        let Tutorial { set, replicas, .. } = self.tutorial;
        self.must(&format!("kubectl rollout status sts/{set} >/dev/null"));
        self.must(&format!("kubectl wait --for=jsonpath='{{.status.readyReplicas}}'={replicas} sts/{set} >/dev/null"));
        // Until every name server has forgotten what it knew of the pods before.
        self.desk.wait(60);
    }

    fn hostnames_are_the_pods(&mut self) {
        let wanted: String = self.tutorial.pods().iter().map(|pod| format!("{pod}\n")).collect();
        let command = self.tutorial.for_each("kubectl exec \"POD\" -- sh -c 'hostname'");
        assert_eq!(self.must(&command), wanted);
        let command = self.tutorial.for_each("kubectl exec POD -- hostname");
        assert_eq!(self.must(&command), wanted);
    }

    /// Asks for each pod's name in the tutorial's inner shell; answers with the addresses.
    fn look_up(&mut self) -> Vec<String> {
        let service = self.tutorial.service;
        let pods = self.tutorial.pods();
        let typed: String = pods.iter().map(|pod| format!("nslookup {pod}.{service}\n")).collect();
        let command = "kubectl run -i --tty --image busybox:1.28 dns-test --restart=Never --rm";
        let said = self.desk.run_with(command, &format!("{typed}nslookup {service}\nexit\n"), playground::LIMIT);
        assert_eq!(said.rc, 0, "{said:?}");
        let told = said.stdout.replace("\r\n", "\n");
        assert!(told.ends_with("pod \"dns-test\" deleted from default namespace\n"), "{told}");
        let addresses: Vec<String> = pods.iter().map(|pod| self.address_in_status(pod)).collect();
        for (pod, address) in pods.iter().zip(&addresses) {
            let wanted = format!(
                "Server:    {DNS}\nAddress 1: {DNS} kube-dns.kube-system.svc.cluster.local\n\n\
                 Name:      {pod}.{service}\nAddress 1: {address} {pod}.{service}.default.svc.cluster.local\n"
            );
            assert!(told.contains(&wanted), "{wanted}\nis not in\n{told}");
        }
        let (_, of_service) = told.split_once(&format!("Name:      {service}\n")).expect("the Service was looked up");
        for (pod, address) in pods.iter().zip(&addresses) {
            let line = format!(": {address} {pod}.{service}.default.svc.cluster.local\n");
            assert!(of_service.contains(&line), "{line} is not in\n{of_service}");
        }
        addresses
    }

    fn address_in_status(&mut self, pod: &str) -> String {
        self.must(&format!("kubectl get pod {pod} -o jsonpath='{{.status.podIP}}'"))
    }

    fn delete_the_pods(&mut self) {
        let deleted = self.must(&format!("kubectl delete pod -l app={}", self.tutorial.label));
        let pods = self.tutorial.pods();
        let wanted: String = pods.iter().map(|pod| format!("pod \"{pod}\" deleted from default namespace\n")).collect();
        assert_eq!(deleted, wanted);
        self.wait_until_ready();
    }

    fn write_pages(&mut self) {
        let command = format!("kubectl exec \"POD\" -- sh -c 'echo \"$(hostname)\" > {HTML}/index.html'");
        let command = self.tutorial.for_each(&command);
        assert_eq!(self.must(&command), "");
    }

    fn get_pages(&mut self) -> String {
        let command = self.tutorial.for_each("kubectl exec -i -t \"POD\" -- curl http://localhost/");
        let said = self.run(&command);
        assert_eq!(said.rc, 0, "{said:?}");
        said.stdout.replace("\r\n", "\n")
    }

    fn pages_are_forbidden(&mut self) {
        let pages = self.get_pages();
        assert_eq!(pages.matches("<title>403 Forbidden</title>").count(), self.tutorial.pods().len(), "{pages}");
    }

    fn open_the_directory(&mut self) {
        let command = self.tutorial.for_each(&format!("kubectl exec POD -- chmod 755 {HTML}"));
        assert_eq!(self.must(&command), "");
    }

    fn pages_are_the_hostnames(&mut self) {
        let wanted: String = self.tutorial.pods().iter().map(|pod| format!("{pod}\n")).collect();
        assert_eq!(self.get_pages(), wanted);
    }

    fn delete_the_set_without_its_pods(&mut self) {
        let Tutorial { set, .. } = self.tutorial;
        let deleted = self.must(&format!("kubectl delete statefulset {set} --cascade=orphan"));
        assert_eq!(deleted, format!("statefulset.apps \"{set}\" deleted from default namespace\n"));
        self.pages_are_the_hostnames();
        self.must(&format!("kubectl delete pod {set}-0"));
        let said = self.run(&format!("kubectl exec {set}-0 -- hostname"));
        let wanted = format!("Error from server (NotFound): pods \"{set}-0\" not found\n");
        assert_eq!((said.rc, said.stderr), (1, wanted));
        self.apply();
    }

    fn delete_the_set(&mut self) {
        let Tutorial { set, label, .. } = self.tutorial;
        self.must(&format!("kubectl delete statefulset {set}"));
        self.must(&format!("kubectl wait --for=delete pod -l app={label} --timeout=5m"));
        assert_eq!(self.run("kubectl get pods --no-headers").stdout, "");
    }

    /// Every node that has a pod of the set goes; the pods come back on others, with their pages.
    fn lose_the_nodes(&mut self) {
        let Tutorial { label, set, .. } = self.tutorial;
        let nodes = self.must(&format!("kubectl get pod {set}-0 -o jsonpath='{{.spec.nodeName}}'"));
        self.must(&format!("kubectl cordon {nodes}"));
        self.must(&format!("kubectl delete node {nodes}"));
        self.must(&format!("kubectl delete pod -l app={label} --force --grace-period=0 2>/dev/null"));
        self.wait_until_ready();
        let now = self.must(&format!("kubectl get pods -l app={label} -o jsonpath='{{.items[*].spec.nodeName}}'"));
        assert!(now.split(' ').all(|node| node != nodes), "{nodes} is gone, pods are on {now}");
    }

    fn logs_tell_of_the_requests(&mut self) {
        for pod in self.tutorial.pods() {
            let logs = self.must(&format!("kubectl logs {pod}"));
            let lines: Vec<&str> = logs.lines().collect();
            let is_request =
                |line: &&str| line.starts_with("127.0.0.1 - - [") && line.contains("] \"GET / HTTP/1.1\" 200 ");
            let requests = lines.iter().copied().filter(is_request).count();
            assert_eq!(requests, 1, "{logs}");
            assert_eq!(self.must(&format!("kubectl logs {pod} --tail=1")), format!("{}\n", lines[lines.len() - 1]));
        }
    }
}
