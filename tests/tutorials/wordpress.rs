//! The second tutorial: WordPress with MySQL, from the kustomization to the post that outlives its workloads.

use ordinal_tests::desk::{self, Desk};
use playground::Failure;

const KUSTOMIZATION: &str = "cat <<EOF >./kustomization.yaml
secretGenerator:
- name: mysql-pass
  literals:
  - password=YOUR_PASSWORD
EOF";
const RESOURCES: &str = "cat <<EOF >>./kustomization.yaml
resources:
  - mysql-deployment.yaml
  - wordpress-deployment.yaml
EOF";

/// A reader with a browser beside the terminal.
struct Reader {
    desk: Desk,
    visit: u32,
    /// Where the browser is.
    url: String,
}

impl Reader {
    fn new() -> Reader {
        let mut reader = Reader { desk: desk::desk(4, 3), visit: 0, url: String::new() };
        for command in [
            "rm -f mysql-deployment.yaml wordpress-deployment.yaml",
            KUSTOMIZATION,
            "curl -LO https://k8s.io/examples/application/wordpress/mysql-deployment.yaml",
            "curl -LO https://k8s.io/examples/application/wordpress/wordpress-deployment.yaml",
            RESOURCES,
            "kubectl apply -k ./",
        ] {
            reader.run(command);
        }
        reader.settle();
        reader
    }

    fn run(&mut self, command: &str) -> String {
        let said = self.desk.run(command);
        assert_eq!(said.rc, 0, "{command}: {said:?}");
        said.stdout
    }

    fn settle(&mut self) {
        self.run(
            "kubectl wait --for=condition=Available deployment/wordpress deployment/wordpress-mysql --timeout=600s",
        );
        self.desk.wait(40);
    }

    /// Goes to an address, or from where it is to a reference; a form is sent with POST.
    fn go(&mut self, to: &str, form: Option<&str>) -> (u16, String) {
        self.visit += 1;
        let base = if to.starts_with("http://") { String::new() } else { self.url.clone() };
        self.desk.world.browse(self.visit, to, &base, form.map(str::to_owned));
        self.desk.wait(65);
        let page = self.desk.world.take_pages().pop().expect("there is an answer");
        self.url = page.url;
        match page.outcome {
            Ok(response) => (response.code, String::from_utf8(response.body).unwrap()),
            Err(Failure::Network(error)) => (0, format!("{error:?}")),
            Err(error) => panic!("{error:?}"),
        }
    }

    fn sees(&mut self, to: &str, form: Option<&str>, expect: &str) -> String {
        let (_, text) = self.go(to, form);
        assert!(text.contains(expect), "{to}: no {expect:?} in\n{text}");
        text
    }

    fn site(&mut self) -> String {
        let url = self.run("minikube service wordpress --url").trim().to_owned();
        assert!(url.starts_with("http://192.168.49.2:3"), "{url}");
        url
    }

    fn install(&mut self) {
        let url = self.site();
        self.sees(&url, None, "Install WordPress");
        assert!(self.url.ends_with("/wp-admin/install.php"), "{}", self.url);
        self.sees(
            "/wp-admin/install.php?step=2",
            Some("weblog_title=Shop&user_name=ann&admin_email=a%40b.c"),
            "Please provide a password.",
        );
        let form = "weblog_title=Ann%27s+%3CShop%3E&user_name=ann&admin_password=pw+1&admin_email=ann%40example.com";
        self.sees("/wp-admin/install.php?step=2", Some(form), "WordPress has been installed");
        self.sees("/wp-admin/install.php", None, "Already Installed");
    }

    fn log_in(&mut self) {
        self.sees("/wp-admin/post-new.php", None, "Log In");
        self.sees("/wp-login.php", Some("log=nobody&pwd=x"), "Invalid username");
        self.sees("/wp-login.php", Some("log=ann&pwd=x"), "is incorrect");
        let form = "log=ann&pwd=pw%201&redirect_to=%2Fwp-admin%2Fpost-new.php";
        self.sees("/wp-login.php", Some(form), "Add New Post");
    }

    fn publish(&mut self, title: &str, content: &str) {
        let editor = self.sees("/wp-admin/post-new.php", None, "_wpnonce");
        let nonce = editor.split("name=\"_wpnonce\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let form = format!("_wpnonce={nonce}&post_ID=&post_title={title}&content={content}&publish=Publish");
        self.sees("/wp-admin/post.php", Some(&form), "Post published.");
        self.sees("/wp-admin/post.php", Some("_wpnonce=x&post_title=t&content=c"), "expired");
    }
}

#[test]
fn a_post_outlives_both_workloads_and_not_their_claims() {
    let mut reader = Reader::new();
    assert_eq!(reader.run("kubectl get secrets --no-headers | cut -d' ' -f1"), "mysql-pass-5m26tmdb5k\n");
    let claims = reader.run("kubectl get pvc -o jsonpath='{.items[*].status.phase}'");
    assert_eq!(claims, "Bound Bound");
    assert!(reader.run("kubectl get services wordpress").contains("<pending>"));
    reader.install();
    reader.log_in();
    reader.publish("It%20%26%20them", "One%0A%0AO%27Neil%20%3Cb%3Ebold%3C%2Fb%3E%20%5C");
    let site = reader.site();
    let check = |reader: &mut Reader| {
        let text = reader.sees(&site, None, "It &amp; them");
        assert!(text.contains("<p>One</p>\n<p>O'Neil <b>bold</b> \\</p>"), "{text}");
        assert!(text.contains("Ann&#039;s &lt;Shop&gt;") && text.contains("Hello world!"), "{text}");
    };
    check(&mut reader);

    reader.run("kubectl exec deploy/wordpress -- sh -c 'echo kept > wp-content/uploads/note.txt'");
    reader.run("kubectl delete deployment wordpress wordpress-mysql");
    reader.desk.wait(10);
    assert_eq!(
        reader.go(&site, None),
        (0, "Refused(Address { ip: 192.168.49.2, port: PORT })".replace("PORT", site.rsplit(':').next().unwrap()))
    );
    reader.run("kubectl apply -k ./");
    reader.settle();
    check(&mut reader);
    assert_eq!(reader.go("/wp-content/uploads/note.txt", None), (200, "kept\n".to_owned()));
    let rows = "kubectl exec deploy/wordpress-mysql -- mysql -uroot -pYOUR_PASSWORD -N wordpress -e 'select post_title from wp_posts'";
    assert_eq!(reader.run(rows), "Hello world!\nIt & them\n");

    reader.run("kubectl delete -k ./");
    reader.desk.wait(30);
    assert_eq!(reader.desk.run("kubectl get pvc,secrets,deployments,pods").stdout, "");
    reader.run("kubectl apply -k ./");
    reader.settle();
    let site = reader.site();
    reader.sees(&site, None, "Install WordPress");
}

#[test]
fn without_its_database_the_site_says_so_and_comes_back_with_it() {
    let mut reader = Reader::new();
    reader.install();
    let site = reader.site();
    reader.run("kubectl scale deployment wordpress-mysql --replicas=0");
    reader.desk.wait(40);
    assert_eq!(reader.go(&site, None).0, 500);
    reader.sees(&site, None, "<h1>Error establishing a database connection</h1>");
    let log = reader.run("kubectl logs deploy/wordpress");
    assert!(log.contains("\"GET / HTTP/1.1\" 500"), "{log}");
    reader.run("kubectl scale deployment wordpress-mysql --replicas=1");
    reader.settle();
    reader.sees(&site, None, "Hello world!");
}

#[test]
fn a_wrong_password_keeps_the_site_from_starting() {
    let mut reader = Reader::new();
    reader.run("sed -i 's/YOUR_PASSWORD/OTHER/' kustomization.yaml");
    // A changed Secret has another name: the workloads roll, but the database keeps the password that it was made with.
    reader.run("kubectl apply -k ./");
    reader.desk.wait(240);
    let restarts =
        "kubectl get pods -l tier=frontend -o jsonpath='{.items[0].status.containerStatuses[0].restartCount}'";
    assert!(reader.run(restarts).parse::<u32>().unwrap() > 0);
    let log =
        reader.run("kubectl logs -l tier=frontend --tail=50 --previous || kubectl logs -l tier=frontend --tail=50");
    assert!(log.contains("MySQL Connection Error: (1045) Access denied for user 'root'@'10.244."), "{log}");
}
