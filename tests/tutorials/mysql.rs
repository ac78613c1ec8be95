//! MySQL in a pod: its environment, its data on a claim, its clients over the network.

use ordinal_tests::desk::{self, Desk, Said};

const MANIFEST: &str = r#"
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {clusterIP: None, selector: {app: db}, ports: [{port: 3306}]}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: Pod
metadata: {name: db, labels: {app: db}}
spec:
  containers:
  - name: mysql
    image: mysql:8.0
    env:
    - {name: MYSQL_ROOT_PASSWORD, value: secret}
    - {name: MYSQL_DATABASE, value: shop}
    - {name: MYSQL_USER, value: clerk}
    - {name: MYSQL_PASSWORD, value: till}
    volumeMounts: [{name: data, mountPath: /var/lib/mysql}]
  volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
"#;

fn apply(desk: &mut Desk, manifest: &str) {
    let said = desk.run_with("kubectl apply -f -", manifest, playground::LIMIT);
    assert_eq!(said.rc, 0, "{said:?}");
}

fn database() -> Desk {
    let mut desk = desk::desk(2, 1);
    apply(&mut desk, MANIFEST);
    assert_eq!(desk.run("kubectl wait --for=condition=Ready pod/db --timeout=300s").rc, 0);
    desk.wait(15);
    desk
}

fn mysql(desk: &mut Desk, sql: &str) -> Said {
    desk.run(&format!("kubectl exec db -- mysql -uroot -psecret shop -e {}", quoted(sql)))
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// What statements print, warnings about the password apart.
fn check(desk: &mut Desk, sql: &str, expect: &str) {
    let said = mysql(desk, sql);
    let errors: Vec<&str> = said.stderr.lines().filter(|line| line.starts_with("ERROR")).collect();
    assert_eq!(format!("{}{}", said.stdout, errors.join("\n")).trim_end(), expect.trim_end(), "{sql}");
}

#[test]
fn statements_answer_as_mysql_does() {
    let mut desk = database();
    let long = "x".repeat(31);
    for (sql, expect) in [
        ("show databases", "Database\ninformation_schema\nmysql\nperformance_schema\nshop\nsys"),
        ("show tables", ""),
        (
            "create table pet (id int unsigned not null auto_increment primary key, name varchar(30) not null, owner varchar(30), born date, unique key name (name))",
            "",
        ),
        ("create table pet (id int)", "ERROR 1050 (42S01) at line 1: Table 'pet' already exists"),
        ("insert into pet (name, owner) values ('Rex', 'Ann'), ('Tom', 'Bob'), ('Ada', null)", ""),
        (
            "insert into pet (name) values ('rex')",
            "ERROR 1062 (23000) at line 1: Duplicate entry 'rex' for key 'pet.name'",
        ),
        (
            "insert into pet (owner) values ('x')",
            "ERROR 1364 (HY000) at line 1: Field 'name' doesn't have a default value",
        ),
        (
            "insert into pet (name, id) values ('q', 'abc')",
            "ERROR 1366 (HY000) at line 1: Incorrect integer value: 'abc' for column 'id' at row 1",
        ),
        (
            &format!("insert into pet (name) values ('{long}')"),
            "ERROR 1406 (22001) at line 1: Data too long for column 'name' at row 1",
        ),
        ("insert into pet values (1)", "ERROR 1136 (21S01) at line 1: Column count doesn't match value count at row 1"),
        ("select * from pet", "id\tname\towner\tborn\n1\tRex\tAnn\tNULL\n2\tTom\tBob\tNULL\n3\tAda\tNULL\tNULL"),
        ("select name n from pet where owner is not null order by name desc", "n\nTom\nRex"),
        ("select count(*), max(id), avg(id) from pet where id > 1", "count(*)\tmax(id)\tavg(id)\n2\t3\t2.5000"),
        (
            "select owner, count(*) from pet group by owner having count(*) > 0 order by owner limit 1, 1",
            "owner\tcount(*)\nAnn\t1",
        ),
        ("update pet set owner = concat(name, '!') where id in (1, 3)", ""),
        ("delete from pet where name like 't%'", ""),
        ("select id, owner from shop.pet", "id\towner\n1\tRex!\n3\tAda!"),
        ("insert into pet set name = 'Zoe'; select last_insert_id() as id", "id\n4"),
        ("replace into pet (id, name) values (4, 'Zed'); select name from pet where id = 4", "name\nZed"),
        ("select 1 + 1, database(), user()", "1 + 1\tdatabase()\tuser()\n2\tshop\troot@localhost"),
        ("select nope from pet", "ERROR 1054 (42S22) at line 1: Unknown column 'nope' in 'field list'"),
        ("select * from cat", "ERROR 1146 (42S02) at line 1: Table 'shop.cat' doesn't exist"),
        ("use nowhere", "ERROR 1049 (42000) at line 1: Unknown database 'nowhere'"),
        (
            "select * form pet",
            "ERROR 1064 (42000) at line 1: You have an error in your SQL syntax; check the manual that corresponds to your MySQL server version for the right syntax to use near 'form pet' at line 1",
        ),
        (
            "select * from pet join pet",
            "ERROR 1235 (42000) at line 1: This version of MySQL doesn't yet support 'joins'",
        ),
        (
            "describe pet",
            "Field\tType\tNull\tKey\tDefault\tExtra\nid\tint unsigned\tNO\tPRI\tNULL\tauto_increment\nname\tvarchar(30)\tNO\tUNI\tNULL\t\nowner\tvarchar(30)\tYES\t\tNULL\t\nborn\tdate\tYES\t\tNULL\t",
        ),
        ("create database db2; use db2; create table t (a int); show tables; drop database db2", "Tables_in_db2\nt"),
        ("drop database db2", "ERROR 1008 (HY000) at line 1: Can't drop database 'db2'; database doesn't exist"),
        ("drop table pet; show tables", ""),
        ("drop table pet", "ERROR 1051 (42S02) at line 1: Unknown table 'shop.pet'"),
        ("select user, host from mysql.user order by user, host", "user\thost\nclerk\t%\nroot\t%\nroot\tlocalhost"),
    ] {
        check(&mut desk, sql, expect);
    }
}

#[test]
fn passwords_are_checked_and_users_see_what_was_granted() {
    let mut desk = database();
    let denied = "ERROR 1045 (28000): Access denied for user 'root'@'localhost' (using password: ";
    for (options, expect) in [("-uroot -pwrong", "YES)\n"), ("-uroot", "NO)\n")] {
        let said = desk.run(&format!("kubectl exec db -- mysql {options} -e 'select 1'"));
        assert_eq!(said.rc, 1, "{said:?}");
        assert!(said.stderr.contains(&format!("{denied}{expect}")), "{said:?}");
    }
    let clerk = "kubectl exec db -- mysql -uclerk -ptill -N -e";
    assert_eq!(desk.run(&format!("{clerk} 'show databases'")).stdout, "information_schema\nperformance_schema\nshop\n");
    let said = desk.run(&format!("{clerk} 'use mysql'"));
    assert!(
        said.stderr.contains("ERROR 1044 (42000) at line 1: Access denied for user 'clerk'@'%' to database 'mysql'")
    );
    for (command, expect) in [
        ("mysqladmin ping", "mysqld is alive\n"),
        ("mysqladmin -uroot -psecret create more", ""),
        ("mysql -uroot -psecret -N -e \"show databases like 'mo%'\"", "more\n"),
        ("mysql --version", "mysql  Ver 8.0.44 for Linux on x86_64 (MySQL Community Server - GPL)\n"),
    ] {
        assert_eq!(desk.run(&format!("kubectl exec db -- {command}")).stdout, expect, "{command}");
    }
}

#[test]
fn clients_reach_the_server_by_its_service_name() {
    let mut desk = database();
    let run = "kubectl run client --image=mysql:8.0 -i --rm --restart=Never -q --command -- mysql";
    let said = desk.run_with(
        &format!("{run} -h db -uclerk -ptill shop"),
        "create table t (a int);\ninsert into t values (7);\nselect * from t;\n",
        playground::LIMIT,
    );
    assert!(said.stdout.ends_with("a\n7\n"), "{said:?}");
    let said = desk.run(&format!("{run} -h nowhere -uroot -e 'select 1'"));
    assert!(
        format!("{}{}", said.stdout, said.stderr)
            .contains("ERROR 2005 (HY000): Unknown MySQL server host 'nowhere' (-2)"),
        "{said:?}"
    );
    let said = desk.run("kubectl exec db -- mysql -h db -P 3307 -uroot -psecret -e 'select 1'");
    assert!(said.stderr.contains("ERROR 2003 (HY000): Can't connect to MySQL server on 'db:3307' (111)"), "{said:?}");
}

#[test]
fn rows_outlive_the_pod_and_not_the_claim() {
    let mut desk = database();
    check(&mut desk, "create table t (a int, b text); insert into t values (1, 'tab\\t and \\\\N'), (2, null)", "");
    let kept = desk.run("kubectl exec db -- ls /var/lib/mysql/shop").stdout;
    assert_eq!(kept, "t.ibd\n");
    desk.run("kubectl delete pod db");
    apply(&mut desk, MANIFEST);
    desk.run("kubectl wait --for=condition=Ready pod/db --timeout=300s");
    desk.wait(5);
    check(&mut desk, "select * from t", "a\tb\n1\ttab\\t and \\\\N\n2\tNULL");
    let log = desk.run("kubectl logs db").stdout;
    assert!(log.contains("ready for connections") && !log.contains("Initializing database files"), "{log}");
    desk.run("kubectl delete pod db; kubectl delete pvc data");
    apply(&mut desk, MANIFEST);
    desk.run("kubectl wait --for=condition=Ready pod/db --timeout=300s");
    desk.wait(15);
    check(&mut desk, "select * from t", "ERROR 1146 (42S02) at line 1: Table 'shop.t' doesn't exist");
}

#[test]
fn without_a_password_option_the_server_does_not_start() {
    let mut desk = desk::desk(2, 1);
    desk.run("kubectl run db --image=mysql:8.0 --restart=Never");
    desk.wait(60);
    let said = desk.run("kubectl logs db");
    let expect = "[ERROR] [Entrypoint]: Database is uninitialized and password option is not specified\n    You need to specify one of the following as an environment variable:\n    - MYSQL_ROOT_PASSWORD\n    - MYSQL_ALLOW_EMPTY_PASSWORD\n    - MYSQL_RANDOM_ROOT_PASSWORD\n";
    assert!(said.stdout.ends_with(expect), "{said:?}");
    assert_eq!(
        desk.run("kubectl get pod db -o jsonpath='{.status.containerStatuses[0].state.terminated.exitCode}'").stdout,
        "1"
    );
}

#[test]
fn a_reader_sits_at_the_prompt() {
    let mut desk = database();
    let script = "show databases like 'sh%';\ncreate table t (a int);\nselect *\nfrom t;\nselect nope;\nexit\n";
    let said = desk.run_with("kubectl exec -i db -- mysql -uroot -psecret -t shop", script, playground::LIMIT);
    let expect = "+----------------+\n| Database (sh%) |\n+----------------+\n| shop           |\n+----------------+\n";
    assert_eq!(said.stdout, expect);
    assert!(said.stderr.contains("ERROR 1054 (42S22) at line 5: Unknown column 'nope' in 'field list'"), "{said:?}");
}
