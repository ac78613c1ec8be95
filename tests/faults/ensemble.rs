//! What a ZooKeeper ensemble of three does when a member is cut off, or its disk is full or gone.

use super::{desk, play};

/// Plays a script on a cluster in which the ensemble runs, and `/hello` is `world`. `mode I` says how zk-I takes part; `$LEADER` leads.
fn check(script: &str) {
    let mut desk = desk("realistic");
    desk.run(
        "kubectl apply -f https://k8s.io/examples/application/zookeeper/zookeeper.yaml; kubectl rollout status sts/zk",
    );
    desk.run("mode() { kubectl exec $1 -- sh -c 'echo srvr | nc localhost 2181' | grep -e Mode -e Zxid; }");
    desk.run("LEADER=$(for i in 0 1 2; do mode zk-$i | grep -q leader && echo zk-$i; done)");
    desk.run("kubectl exec zk-0 -- zkCli.sh create /hello world");
    play(&mut desk, script);
}

#[test]
fn a_leader_that_is_cut_off_is_replaced_in_a_new_epoch_and_follows_when_it_is_back() {
    check(
        "echo $LEADER
         > zk-1
         mode zk-1
         > Zxid: 0x10000000[..]
         > Mode: leader
         fault network cut $(kubectl get pod zk-1 -o jsonpath={.spec.nodeName})
         > node/node-[..] cut off
         sleep 30
         mode zk-1
         > Error from server: error dialing backend: dial tcp 192.168.49.[..]:10250: connect: no route to host
         mode zk-0
         > Zxid: 0x20000000[..]
         > Mode: follower
         mode zk-2
         > Zxid: 0x20000000[..]
         > Mode: leader
         kubectl exec zk-0 -- zkCli.sh set /hello majority > /dev/null 2>&1; echo $?
         > 0
         fault clear
         > 1 fault cleared
         sleep 30
         mode zk-1
         > Zxid: 0x20000000[..]
         > Mode: follower
         kubectl exec zk-1 -- zkCli.sh get /hello 2> /dev/null | grep -x -e world -e majority
         > majority",
    );
}

#[test]
fn a_member_whose_disk_is_full_ends_again_and_again_and_catches_up_when_there_is_room() {
    check(
        "fault volume fill datadir-zk-0
         > persistentvolumeclaim/datadir-zk-0 full
         kubectl exec zk-2 -- zkCli.sh set /hello later > /dev/null 2>&1; echo $?
         > 0
         sleep 60
         kubectl get pods --no-headers
         > zk-0 0/1 CrashLoopBackOff [..]
         > zk-1 1/1 Running 0 [..]
         > zk-2 1/1 Running 0 [..]
         kubectl logs zk-0 --tail=1
         > [..] FATAL [SyncThread:SyncRequestProcessor@[..] No space left on device
         kubectl get events --field-selector involvedObject.name=zk-0,reason=BackOff -o jsonpath={.items[0].message}
         > Back-off restarting failed container kubernetes-zookeeper in pod zk-0_default([..])
         fault clear
         > 1 fault cleared
         kubectl wait --for=condition=Ready pod/zk-0 --timeout=10m
         > pod/zk-0 condition met
         kubectl exec zk-0 -- zkCli.sh get /hello 2> /dev/null | grep -x -e world -e later
         > later",
    );
}

#[test]
fn a_member_whose_disk_is_gone_gets_everything_from_the_leader() {
    check(
        "fault volume lose datadir-zk-2
         > persistentvolumeclaim/datadir-zk-2 lost
         kubectl exec zk-2 -- ls /var/lib/zookeeper
         kubectl exec zk-2 -- pkill java
         sleep 30
         kubectl get pod zk-2 --no-headers
         > zk-2 1/1 Running 1 [..]
         kubectl exec zk-2 -- cat /var/lib/zookeeper/data/myid
         > 3
         kubectl exec zk-2 -- zkCli.sh get /hello 2> /dev/null | grep -x world
         > world",
    );
}
