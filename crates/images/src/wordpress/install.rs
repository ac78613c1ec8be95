//! The installation page: it makes the tables, the first user and the first post. Whoever finds it first owns the site.

use sim::Time;

use super::admin::keep_password;
use super::page::{self, Wish, escape};
use super::visit::{Database, Waiting, quote};
use crate::mysql::stamp;
use crate::tools::http::Response;

/// The tables. Of those that nothing here uses, the columns that others refer to.
const TABLES: [&str; 12] = [
    "CREATE TABLE `wp_users` (ID bigint(20) unsigned NOT NULL auto_increment, user_login varchar(60) NOT NULL default '', user_pass varchar(255) NOT NULL default '', user_nicename varchar(50) NOT NULL default '', user_email varchar(100) NOT NULL default '', user_registered datetime NOT NULL, display_name varchar(250) NOT NULL default '', PRIMARY KEY (ID), KEY user_login_key (user_login))",
    "CREATE TABLE `wp_usermeta` (umeta_id bigint(20) unsigned NOT NULL auto_increment, user_id bigint(20) unsigned NOT NULL default '0', meta_key varchar(255) default NULL, meta_value longtext, PRIMARY KEY (umeta_id))",
    "CREATE TABLE `wp_posts` (ID bigint(20) unsigned NOT NULL auto_increment, post_author bigint(20) unsigned NOT NULL default '0', post_date datetime NOT NULL, post_content longtext NOT NULL, post_title text NOT NULL, post_status varchar(20) NOT NULL default 'publish', post_name varchar(200) NOT NULL default '', post_modified datetime NOT NULL, post_type varchar(20) NOT NULL default 'post', PRIMARY KEY (ID), KEY type_status_date (post_type,post_status,post_date,ID))",
    "CREATE TABLE `wp_postmeta` (meta_id bigint(20) unsigned NOT NULL auto_increment, post_id bigint(20) unsigned NOT NULL default '0', meta_key varchar(255) default NULL, meta_value longtext, PRIMARY KEY (meta_id))",
    "CREATE TABLE `wp_comments` (comment_ID bigint(20) unsigned NOT NULL auto_increment, comment_post_ID bigint(20) unsigned NOT NULL default '0', comment_content text NOT NULL, PRIMARY KEY (comment_ID))",
    "CREATE TABLE `wp_commentmeta` (meta_id bigint(20) unsigned NOT NULL auto_increment, comment_id bigint(20) unsigned NOT NULL default '0', meta_key varchar(255) default NULL, meta_value longtext, PRIMARY KEY (meta_id))",
    "CREATE TABLE `wp_links` (link_id bigint(20) unsigned NOT NULL auto_increment, link_url varchar(255) NOT NULL default '', PRIMARY KEY (link_id))",
    "CREATE TABLE `wp_options` (option_id bigint(20) unsigned NOT NULL auto_increment, option_name varchar(191) NOT NULL default '', option_value longtext NOT NULL, autoload varchar(20) NOT NULL default 'yes', PRIMARY KEY (option_id), UNIQUE KEY option_name (option_name))",
    "CREATE TABLE `wp_terms` (term_id bigint(20) unsigned NOT NULL auto_increment, name varchar(200) NOT NULL default '', slug varchar(200) NOT NULL default '', PRIMARY KEY (term_id))",
    "CREATE TABLE `wp_term_taxonomy` (term_taxonomy_id bigint(20) unsigned NOT NULL auto_increment, term_id bigint(20) unsigned NOT NULL default '0', taxonomy varchar(32) NOT NULL default '', PRIMARY KEY (term_taxonomy_id))",
    "CREATE TABLE `wp_term_relationships` (object_id bigint(20) unsigned NOT NULL default '0', term_taxonomy_id bigint(20) unsigned NOT NULL default '0', PRIMARY KEY (object_id,term_taxonomy_id))",
    "CREATE TABLE `wp_termmeta` (meta_id bigint(20) unsigned NOT NULL auto_increment, term_id bigint(20) unsigned NOT NULL default '0', meta_key varchar(255) default NULL, meta_value longtext, PRIMARY KEY (meta_id))",
];
const TITLE: &str = "WordPress › Installation";

pub(crate) fn answer(
    wish: &Wish<'_>,
    is_installed: bool,
    database: &mut Database<'_>,
    now: Time,
) -> Result<Response, Waiting> {
    // While the tables are made, the options are there before the rest: what was asked first decides.
    if is_installed {
        let body = "<h1>Already Installed</h1>\n<p>This site is installed. To install it again, remove its tables first.</p>\n\
                    <p><a href=\"/wp-login.php\">Log In</a></p>";
        return Ok(page::page(200, TITLE, body));
    }
    if !wish.is_post() || wish.query("step").as_deref() != Some("2") {
        return Ok(form(wish, ""));
    }
    let (user, password) = (wish.form("user_name").trim().to_string(), wish.form("admin_password"));
    let email = wish.form("admin_email").trim().to_string();
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '_' | '.' | '-' | '@');
    let complaint = match () {
        () if user.is_empty() => "Please provide a valid username.",
        () if !user.chars().all(is_name) => "The username you provided has invalid characters.",
        () if password.is_empty() => "Please provide a password.",
        () if email.is_empty() => "You must provide an email address.",
        () if !email.contains('@') || email.contains(' ') => {
            "Sorry, that isn’t a valid email address. Email addresses look like username@example.com."
        }
        () => "",
    };
    if !complaint.is_empty() {
        return Ok(form(wish, complaint));
    }
    for statement in TABLES {
        if let Err(error) = database.ask(statement)? {
            return Ok(failed(&error.message));
        }
    }
    for statement in rows(wish, &user, &password, &email, now) {
        if let Err(error) = database.ask(&statement)? {
            return Ok(failed(&error.message));
        }
    }
    let body = format!(
        "<h1>Success!</h1>\n<p>WordPress has been installed. Thank you, and enjoy!</p>\n<p>Username: {}</p>\n\
         <p><a href=\"/wp-login.php\">Log In</a></p>",
        escape(&user)
    );
    Ok(page::page(200, TITLE, &body))
}

fn failed(message: &str) -> Response {
    page::page(500, TITLE, &format!("<h1>WordPress database error</h1>\n<p>{}</p>", escape(message)))
}

fn rows(wish: &Wish<'_>, user: &str, password: &str, email: &str, now: Time) -> Vec<String> {
    let (now, home) = (quote(&stamp(now)), quote(&format!("http://{}", wish.host())));
    let title = quote(wish.form("weblog_title").trim());
    let public = if wish.form("blog_public").is_empty() { "1" } else { "0" };
    let (login, mail, kept) = (quote(user), quote(email), quote(&keep_password(user, password)));
    let hello = quote("The first post of this site. It lives in a row of the database: edit it, or write another.");
    vec![
        format!(
            "INSERT INTO `wp_users` (user_login, user_pass, user_nicename, user_email, user_registered, display_name) VALUES ({login}, {kept}, {login}, {mail}, {now}, {login})"
        ),
        format!(
            "INSERT INTO `wp_posts` (post_author, post_date, post_content, post_title, post_name, post_modified) VALUES (1, {now}, {hello}, 'Hello world!', 'hello-world', {now})"
        ),
        format!(
            "INSERT INTO `wp_options` (option_name, option_value) VALUES ('siteurl', {home}), ('home', {home}), ('blogname', {title}), ('blogdescription', 'Just another WordPress site'), ('admin_email', {mail}), ('blog_public', '{public}')"
        ),
    ]
}

fn form(wish: &Wish<'_>, complaint: &str) -> Response {
    let complaint = if complaint.is_empty() { String::new() } else { format!("<p><strong>{complaint}</strong></p>\n") };
    let given = |name: &str| escape(&wish.form(name));
    let body = format!(
        "<h1>Welcome</h1>\n{complaint}<p>Give this site a title and its first user. Anyone who finds this page can do so: do not leave it \
         unattended.</p>\n<form method=\"post\" action=\"/wp-admin/install.php?step=2\">\n\
         <label for=\"weblog_title\">Site Title</label>\n<input name=\"weblog_title\" id=\"weblog_title\" type=\"text\" value=\"{}\">\n\
         <label for=\"user_login\">Username</label>\n<input name=\"user_name\" id=\"user_login\" type=\"text\" value=\"{}\">\n\
         <label for=\"pass1\">Password</label>\n<input name=\"admin_password\" id=\"pass1\" type=\"password\">\n\
         <label for=\"admin_email\">Your Email</label>\n<input name=\"admin_email\" id=\"admin_email\" type=\"email\" value=\"{}\">\n\
         <label><input name=\"blog_public\" type=\"checkbox\" value=\"0\"> Discourage search engines from indexing this site</label>\n\
         <p><input type=\"submit\" name=\"Submit\" value=\"Install WordPress\"></p>\n</form>",
        given("weblog_title"),
        given("user_name"),
        given("admin_email")
    );
    page::page(200, TITLE, &body)
}
