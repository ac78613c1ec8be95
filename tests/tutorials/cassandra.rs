//! "Deploying Cassandra with a StatefulSet": what `exec` and `logs` must answer, and what becomes of rows.
//!
//! Nothing here is a recording: names, replicas and the cluster's name are parameters, and the answers follow.

use ordered::Arrange;
use ordinal_tests::desk::{Desk, Said, desk};

/// What the tutorial calls things.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cluster {
    pub(crate) set: &'static str,
    pub(crate) replicas: usize,
    pub(crate) name: &'static str,
    pub(crate) datacenter: &'static str,
    pub(crate) rack: &'static str,
    pub(crate) tokens: usize,
    pub(crate) seed: u64,
}

pub(crate) const AS_PRINTED: Cluster = Cluster {
    set: "cassandra",
    replicas: 3,
    name: "K8Demo",
    datacenter: "DC1-K8Demo",
    rack: "Rack1-K8Demo",
    tokens: 32,
    seed: 1,
};

impl Cluster {
    fn manifest(&self) -> String {
        let Cluster { set, replicas, name, datacenter, rack, tokens, .. } = self;
        format!(
            "apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: {set}, labels: {{app: {set}}}}}
spec:
  serviceName: {set}
  replicas: {replicas}
  selector: {{matchLabels: {{app: {set}}}}}
  template:
    metadata: {{labels: {{app: {set}}}}}
    spec:
      terminationGracePeriodSeconds: 500
      containers:
      - name: cassandra
        image: gcr.io/google-samples/cassandra:v13
        ports: [{{containerPort: 7000}}, {{containerPort: 7199}}, {{containerPort: 9042}}]
        lifecycle: {{preStop: {{exec: {{command: [/bin/sh, -c, nodetool drain]}}}}}}
        env:
        - {{name: MAX_HEAP_SIZE, value: 512M}}
        - {{name: HEAP_NEWSIZE, value: 100M}}
        - {{name: CASSANDRA_SEEDS, value: {set}-0.{set}.default.svc.cluster.local}}
        - {{name: CASSANDRA_CLUSTER_NAME, value: {name}}}
        - {{name: CASSANDRA_DC, value: {datacenter}}}
        - {{name: CASSANDRA_RACK, value: {rack}}}
        - {{name: CASSANDRA_NUM_TOKENS, value: \"{tokens}\"}}
        - {{name: POD_IP, valueFrom: {{fieldRef: {{fieldPath: status.podIP}}}}}}
        readinessProbe:
          exec: {{command: [/bin/bash, -c, /ready-probe.sh]}}
          initialDelaySeconds: 15
          timeoutSeconds: 5
        volumeMounts: [{{name: data, mountPath: /cassandra_data}}]
  volumeClaimTemplates:
  - metadata: {{name: data}}
    spec: {{accessModes: [ReadWriteOnce], storageClassName: fast, resources: {{requests: {{storage: 1Gi}}}}}}
---
kind: StorageClass
apiVersion: storage.k8s.io/v1
metadata: {{name: fast}}
provisioner: k8s.io/minikube-hostpath
parameters: {{type: pd-ssd}}
"
        )
    }
}

/// A line of `nodetool status`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    state: String,
    ip: String,
    tokens: usize,
    tenths_owned: u32,
    host_id: String,
    rack: String,
}

fn rows(status: &str) -> Vec<Row> {
    let row = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        // The load is a number and a unit.
        let [state, ip, _, _, tokens, owned, host_id, rack] = words[..] else { panic!("{line}") };
        let owned = owned.trim_end_matches('%').replace('.', "");
        Row {
            state: state.into(),
            ip: ip.into(),
            tokens: tokens.parse().unwrap(),
            tenths_owned: owned.parse().unwrap_or(0),
            host_id: host_id.into(),
            rack: rack.into(),
        }
    };
    let is_row = |line: &&str| line.starts_with("U") || line.starts_with("D") && !line.starts_with("Datacenter");
    status.lines().filter(is_row).map(row).collect()
}

/// A learner who follows the tutorial.
pub(crate) struct Learner {
    cluster: Cluster,
    desk: Desk,
}

impl Learner {
    /// With the ring up.
    pub(crate) fn new(cluster: Cluster) -> Learner {
        let desk = desk(4, cluster.seed);
        let mut learner = Learner { cluster, desk };
        let (set, manifest) = (cluster.set, cluster.manifest());
        learner.must(&format!("cat > set.yaml <<'END'\n{manifest}END"));
        learner.must(&format!(
            "kubectl create service clusterip {set} --clusterip=None --tcp=9042 --dry-run=client -o yaml > service.yaml"
        ));
        learner.must("kubectl apply -f service.yaml");
        learner.apply();
        learner
    }

    fn run(&mut self, command: &str) -> Said {
        self.desk.run(command)
    }

    fn must(&mut self, command: &str) -> String {
        let said = self.run(command);
        assert_eq!((said.rc, said.stderr.as_str()), (0, ""), "{command}\n{}", said.stdout);
        said.stdout
    }

    fn apply(&mut self) {
        self.must("kubectl apply -f set.yaml");
        self.must(&format!("kubectl rollout status sts/{} --timeout=20m", self.cluster.set));
    }

    fn exec(&mut self, ordinal: usize, command: &str) -> String {
        let set = self.cluster.set;
        self.must(&format!("kubectl exec {set}-{ordinal} -- {command}"))
    }

    fn ip(&mut self, ordinal: usize) -> String {
        let set = self.cluster.set;
        self.must(&format!("kubectl get pod {set}-{ordinal} -o jsonpath={{.status.podIP}}"))
    }

    /// What the picture shows of a member: its state and its own share of the tokens.
    fn caption(&self, ordinal: usize) -> cri::Caption {
        let key = api::Key::new("default", format!("{}-{ordinal}", self.cluster.set));
        self.desk.world.cluster().kubelets().caption(&key).expect("it says what it is")
    }

    fn status(&mut self, ordinal: usize) -> Vec<Row> {
        rows(&self.exec(ordinal, "nodetool status"))
    }

    /// Every node sees all of them, and together they own each token twice: as often as `system_traces` is copied.
    pub(crate) fn the_ring_is_whole(&mut self) {
        let Cluster { replicas, datacenter, rack, tokens, .. } = self.cluster;
        let mut ips: Vec<String> = (0..replicas).map(|ordinal| self.ip(ordinal)).collect();
        ips.arrange();
        for ordinal in 0..replicas {
            let text = self.exec(ordinal, "nodetool status");
            assert!(text.starts_with(&format!("Datacenter: {datacenter}\n=====")), "{text}");
            let found = rows(&text);
            let mut seen: Vec<String> = found.iter().map(|row| row.ip.clone()).collect();
            seen.arrange();
            assert_eq!(seen, ips);
            assert!(found.iter().all(|row| row.state == "UN" && row.rack == rack && row.tokens == tokens), "{text}");
            let owned: u32 = found.iter().map(|row| row.tenths_owned).sum();
            let expect = 1_000 * replicas.min(2) as u32;
            assert!(owned.abs_diff(expect) <= replicas as u32, "{text}");
        }
        let captions: Vec<cri::Caption> = (0..replicas).map(|ordinal| self.caption(ordinal)).collect();
        let share = |caption: &cri::Caption| caption.text.strip_prefix("UN ").expect("up and normal").to_string();
        let tenths =
            |caption: &cri::Caption| share(caption).trim_end_matches('%').replace('.', "").parse::<u32>().unwrap();
        assert!(captions[0].serves, "{captions:?}");
        assert!(captions.iter().map(tenths).sum::<u32>().abs_diff(1_000) <= replicas as u32, "{captions:?}");
        for caption in &captions {
            let mut members: Vec<String> = caption.ring.iter().map(|member| member.ip.to_string()).collect();
            members.arrange();
            assert_eq!(members, ips);
            assert!(caption.ring.iter().all(|member| member.is_up && member.tokens.len() == tokens), "{caption:?}");
            assert_eq!(caption.ring[0].text, caption.text, "it is the first of its own ring");
        }
        let info = self.exec(replicas - 1, "nodetool info");
        assert!(
            info.contains("Native Transport active: ") && info.contains("Gossip active          : true\n"),
            "{info}"
        );
        let ring = self.exec(0, "nodetool ring");
        assert_eq!(ring.lines().filter(|line| line.contains(" Normal ")).count(), replicas * tokens, "{ring}");
        let log = self.must(&format!("kubectl logs {}-1", self.cluster.set));
        for expect in ["JOINING: Starting to bootstrap...", &format!("Node /{} state jump to NORMAL", self.ip(1))] {
            assert!(log.contains(expect), "{expect}\n{log}");
        }
    }

    /// A pod that is deleted drains first: nobody has to find out. Under another address it is the same node.
    pub(crate) fn a_node_comes_back_with_its_tokens(&mut self) {
        let set = self.cluster.set;
        let ip = self.ip(1);
        let before = self.status(0).into_iter().find(|row| row.ip == ip).unwrap();
        self.must(&format!("kubectl delete pod {set}-1"));
        let down = self.status(0).into_iter().find(|row| row.ip == ip).unwrap();
        assert_eq!((down.state.as_str(), &down.host_id), ("DN", &before.host_id));
        self.must(&format!("kubectl wait --for=condition=Ready pod/{set}-1 --timeout=5m"));
        let after = self.status(0).into_iter().find(|row| row.host_id == before.host_id).unwrap();
        assert_eq!((after.state.as_str(), after.tenths_owned), ("UN", before.tenths_owned));
        assert_eq!(self.status(0).len(), self.cluster.replicas);
    }

    /// A process that is killed says nothing: the others find out by its silence.
    pub(crate) fn silence_is_noticed(&mut self) {
        let set = self.cluster.set;
        let ip = self.ip(1);
        self.must(&format!("kubectl delete pod {set}-1 --force --grace-period=0 --wait=false 2>/dev/null"));
        let state = |learner: &mut Learner| learner.status(0).into_iter().find(|row| row.ip == ip).map(|row| row.state);
        assert_eq!(state(self).as_deref(), Some("UN"));
        self.must("sleep 25");
        assert_ne!(state(self).as_deref(), Some("UN"));
        self.must(&format!("kubectl wait --for=condition=Ready pod/{set}-1 --timeout=10m"));
        assert!(self.status(0).iter().all(|row| row.state == "UN"));
    }

    /// A node asks its seeds at every start; without them it does not come back.
    pub(crate) fn without_its_seed_a_node_does_not_start(&mut self) {
        let set = self.cluster.set;
        self.must(&format!("kubectl exec {set}-0 -- nodetool drain"));
        self.must(&format!("kubectl exec {set}-0 -- rm /ready-probe.sh"));
        self.must(&format!("kubectl wait --for=condition=Ready=false pod/{set}-0 --timeout=2m"));
        self.must(&format!("kubectl exec {set}-1 -- sh -c 'kill 1' && sleep 60"));
        let log = self.must(&format!("kubectl logs {set}-1 --previous"));
        let name = format!("{set}-0.{set}.default.svc.cluster.local");
        assert!(log.contains(&format!("Seed provider couldn't lookup host {name}")), "{log}");
        assert!(log.contains("The seed provider lists no seeds."), "{log}");
    }

    /// A node that is scaled away without a word stays in the ring as down; one that was decommissioned does not.
    pub(crate) fn a_node_that_leaves_must_say_so(&mut self) {
        let (set, replicas) = (self.cluster.set, self.cluster.replicas);
        let last = replicas - 1;
        let ip = self.ip(last);
        assert_eq!(self.exec(last, "nodetool decommission"), "");
        assert!(self.status(0).iter().all(|row| row.ip != ip && row.state == "UN"));
        self.must(&format!("kubectl scale sts {set} --replicas={}", last - 1));
        self.must(&format!("kubectl wait --for=delete pod/{set}-{last} pod/{set}-{} --timeout=10m", last - 1));
        let found = self.status(0);
        let lost: Vec<&Row> = found.iter().filter(|row| row.state == "DN").collect();
        assert_eq!(lost.len(), 1, "{found:?}");
        let refused = self.run(&format!("kubectl exec {set}-0 -- nodetool removenode {}", found[0].ip));
        assert_ne!(refused.rc, 0);
        let id = lost[0].host_id.clone();
        self.exec(0, &format!("nodetool removenode {id}"));
        assert!(self.status(0).iter().all(|row| row.host_id != id));
        // Its disk remembers.
        self.must(&format!("kubectl scale sts {set} --replicas={replicas} && sleep 240"));
        let log = self.must(&format!("kubectl logs {set}-{last} --previous"));
        assert!(log.contains("This node was decommissioned and will not rejoin the ring"), "{log}");
    }

    fn cql(&mut self, ordinal: usize, text: &str) -> String {
        self.exec(ordinal, &format!("cqlsh -e \"{text}\""))
    }

    fn refused(&mut self, ordinal: usize, text: &str) -> String {
        let set = self.cluster.set;
        let said = self.run(&format!("kubectl exec {set}-{ordinal} -- cqlsh -e \"{text}\""));
        assert_eq!((said.rc, said.stdout.contains("rows)")), (2, false), "{text}\n{}", said.stderr);
        said.stderr
    }

    /// What is written through one node is read through all, and what is wrong is said in Cassandra's words.
    pub(crate) fn rows_are_everywhere(&mut self) {
        self.must("sleep 15");
        let create = "CREATE KEYSPACE demo WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 2}; \
                      CREATE TABLE demo.users (id int PRIMARY KEY, name text)";
        assert_eq!(self.cql(0, create), "");
        for (id, name) in [(1, "Ann"), (2, "Bo"), (3, "Cleo"), (4, "Dee")] {
            self.cql(1, &format!("INSERT INTO demo.users (id, name) VALUES ({id}, '{name}')"));
        }
        for ordinal in 0..self.cluster.replicas {
            let one = self.cql(ordinal, "SELECT * FROM demo.users WHERE id = 3");
            assert_eq!(one, "\n id | name\n----+------\n  3 | Cleo\n\n(1 rows)\n");
            let count = self.cql(ordinal, "USE demo; SELECT COUNT(*) FROM users");
            assert_eq!(count, "\n count\n-------\n     4\n\n(1 rows)\n");
        }
        self.cql(0, "UPDATE demo.users SET name = 'Beau' WHERE id = 2; DELETE FROM demo.users WHERE id = 4");
        let all = self.cql(1, "SELECT id, name FROM demo.users");
        assert!(all.contains(" Beau\n") && !all.contains("Dee") && all.ends_with("\n(3 rows)\n"), "{all}");
        for (text, expect) in [
            (
                "SELECT * FROM demo.nobody",
                "InvalidRequest: Error from server: code=2200 [Invalid query] message=\"unconfigured table nobody\"",
            ),
            ("SELECT * FROM demo.users WHERE name = 'Ann'", "use ALLOW FILTERING\""),
            (
                "INSERT INTO demo.users (id, name) VALUES ('x', 'y')",
                "message=\"Invalid STRING constant (x) for \"id\" of type int\"",
            ),
            (
                "CREATE KEYSPACE demo WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 2}",
                "AlreadyExists: Keyspace 'demo' already exists",
            ),
            ("SELEC 1", "SyntaxException: Error from server: code=2000"),
            ("USE nowhere", "message=\"Keyspace 'nowhere' does not exist\""),
        ] {
            let said = self.refused(0, text);
            assert!(said.starts_with("<stdin>:1:") && said.contains(expect), "{said}");
        }
        let described = self.cql(1, "DESCRIBE KEYSPACE demo");
        assert!(
            described.contains("CREATE TABLE demo.users (\n    id int PRIMARY KEY,\n    name text\n);"),
            "{described}"
        );
    }

    /// Rows of a partition have an order, which can be turned round, and may have an end.
    pub(crate) fn rows_have_an_order_and_an_end(&mut self) {
        let create = "CREATE TABLE demo.log (host text, at int, line text, PRIMARY KEY (host, at))";
        assert_eq!(self.cql(0, create), "");
        for at in [2, 1, 3] {
            self.cql(0, &format!("INSERT INTO demo.log (host, at, line) VALUES ('a', {at}, 'l{at}')"));
        }
        let newest = self.cql(1, "SELECT at, line FROM demo.log WHERE host = 'a' ORDER BY at DESC LIMIT 2");
        assert_eq!(newest, "\n at | line\n----+------\n  3 |   l3\n  2 |   l2\n\n(2 rows)\n");
        self.cql(0, "INSERT INTO demo.log (host, at, line) VALUES ('a', 4, 'brief') USING TTL 60");
        self.cql(0, "UPDATE demo.log USING TTL 60 SET line = 'brief' WHERE host = 'a' AND at = 1");
        let count = "SELECT COUNT(*) FROM demo.log WHERE host = 'a'";
        assert!(self.cql(1, count).contains("     4\n"));
        self.must("sleep 61");
        assert!(self.cql(1, count).contains("     3\n"));
        let one = self.cql(1, "SELECT line FROM demo.log WHERE host = 'a' AND at = 1");
        assert_eq!(one, "\n line\n------\n null\n\n(1 rows)\n");
        for (text, expect) in [
            (
                "SELECT * FROM demo.log ORDER BY at",
                "message=\"ORDER BY is only supported when the partition key is restricted by an EQ or an IN.\"",
            ),
            (
                "SELECT * FROM demo.log WHERE host = 'a' ORDER BY line",
                "message=\"Order by is currently only supported on the clustered columns of the PRIMARY KEY, got line\"",
            ),
            (
                "INSERT INTO demo.log (host, at) VALUES ('a', 1) USING TTL 700000000",
                "message=\"ttl is too large. requested (700000000) maximum (630720000)\"",
            ),
        ] {
            let said = self.refused(0, text);
            assert!(said.contains(expect), "{said}");
        }
    }

    /// What a node held that is lost and removed is copied from those that are left, until there are two copies again.
    pub(crate) fn a_removed_node_is_made_up_for(&mut self) {
        let (set, last) = (self.cluster.set, self.cluster.replicas - 1);
        let rows = |text: String| text.lines().nth(3).unwrap_or_default().trim().to_owned();
        let before = rows(self.cql(0, "CONSISTENCY ALL; SELECT COUNT(*) FROM demo.users"));
        self.must(&format!("kubectl scale sts {set} --replicas={last}"));
        self.must(&format!("kubectl wait --for=delete pod/{set}-{last} --timeout=10m"));
        self.refused(0, "CONSISTENCY ALL; SELECT COUNT(*) FROM demo.users");
        let lost = self.status(0).into_iter().find(|row| row.state == "DN").unwrap().host_id;
        self.exec(0, &format!("nodetool removenode {lost}"));
        self.must("sleep 15");
        for ordinal in 0..last {
            let after = rows(self.cql(ordinal, "CONSISTENCY ALL; SELECT COUNT(*) FROM demo.users"));
            assert_eq!(after, before);
        }
    }

    /// Of two copies, one is enough at ONE and not at QUORUM. A node that was away gets what it has missed.
    pub(crate) fn one_of_two_copies_is_no_quorum(&mut self) {
        let (set, last) = (self.cluster.set, self.cluster.replicas - 1);
        self.must(&format!("kubectl scale sts {set} --replicas={last}"));
        self.must(&format!("kubectl wait --for=delete pod/{set}-{last} --timeout=10m"));
        let mut lost = 0;
        for id in 1..=9 {
            let one = self.cql(0, &format!("CONSISTENCY ONE; SELECT name FROM demo.users WHERE id = {id}"));
            assert!(one.starts_with("Consistency level set to ONE.\n") && one.ends_with(" rows)\n"), "{one}");
            let said = self.run(&format!(
                "kubectl exec {set}-0 -- cqlsh -e \"CONSISTENCY QUORUM; SELECT name FROM demo.users WHERE id = {id}\""
            ));
            if said.rc != 0 {
                lost += 1;
                let expect = format!(
                    "NoHostAvailable: ('Unable to complete the operation against any hosts', {{<Host: 127.0.0.1 {}>: Unavailable('Error from server: \
                     code=1000 [Unavailable exception] message=\"Cannot achieve consistency level QUORUM\" info={{\\'required_replicas\\': 2, \
                     \\'alive_replicas\\': 1, \\'consistency\\': \\'QUORUM\\'}}',)}})",
                    self.cluster.datacenter
                );
                assert!(said.stderr.contains(&expect), "{}", said.stderr);
            }
        }
        let all = self.refused(0, "CONSISTENCY QUORUM; SELECT * FROM demo.users");
        assert!(lost > 0 && all.contains("Cannot achieve consistency level QUORUM"), "{lost} {all}");
        for id in 10..20 {
            self.cql(0, &format!("INSERT INTO demo.users (id, name) VALUES ({id}, 'late')"));
        }
        self.must(&format!("kubectl scale sts {set} --replicas={}", last + 1));
        self.must(&format!("kubectl rollout status sts/{set} --timeout=20m && sleep 15"));
        let all = self.cql(last, "CONSISTENCY ALL; SELECT COUNT(*) FROM demo.users");
        assert!(all.contains("    13\n"), "{all}");
    }

    /// Claims keep what the set has written; without them there is nothing.
    pub(crate) fn rows_live_on_the_claims(&mut self) {
        let set = self.cluster.set;
        self.must(&format!(
            "kubectl delete statefulset -l app={set} && kubectl wait --for=delete pod -l app={set} --timeout=20m"
        ));
        self.apply();
        self.must("sleep 15");
        self.everybody_is_up();
        assert!(self.cql(0, "SELECT name FROM demo.users WHERE id = 1").contains(" Ann\n"));
        let clean = format!(
            "grace=$(kubectl get pod {set}-0 -o=jsonpath='{{.spec.terminationGracePeriodSeconds}}') \
             && kubectl delete statefulset -l app={set} && echo \"Sleeping ${{grace}} seconds\" 1>&2 && sleep $grace \
             && kubectl delete persistentvolumeclaim -l app={set}"
        );
        let said = self.run(&clean);
        assert_eq!((said.rc, said.stderr.as_str()), (0, "Sleeping 500 seconds\n"), "{}", said.stdout);
        assert_eq!(said.stdout.matches("persistentvolumeclaim").count(), self.cluster.replicas, "{}", said.stdout);
        self.apply();
        self.must("sleep 15");
        let said = self.refused(0, "SELECT name FROM demo.users WHERE id = 1");
        assert!(said.contains("Keyspace demo does not exist"), "{said}");
    }

    fn everybody_is_up(&mut self) {
        let found = self.status(0);
        assert!(found.len() == self.cluster.replicas && found.iter().all(|row| row.state == "UN"), "{found:?}");
    }
}
