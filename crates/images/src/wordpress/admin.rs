//! What the site's user sees: the login, the list of posts, and the form that writes one.

use sim::Time;

use super::config::Config;
use super::page::{self, Wish, encode, escape};
use super::site::{Post, Site, posts};
use super::visit::{Database, Waiting, quote};
use crate::mysql::engine::Answer;
use crate::mysql::{digest, hex, stamp};
use crate::tools::http::Response;

const COOKIE: &str = "wordpress_logged_in";
/// Posts in the list.
const LIST_MAX: usize = 100;

/// How a password is kept.
pub(crate) fn keep_password(user: &str, password: &str) -> String {
    let salt = &hex(&digest(user.as_bytes()))[..8];
    format!("$sha1${salt}${}", hex(&digest(format!("{salt}{password}").as_bytes())))
}

fn fits(password: &str, kept: &str) -> bool {
    let mut parts = kept.split('$').skip(2);
    let (Some(salt), Some(sum)) = (parts.next(), parts.next()) else { return false };
    hex(&digest(format!("{salt}{password}").as_bytes())) == sum
}

/// What a cookie says of a user: it fits no other key and no other password.
fn token(config: &Config, user: &str, kept: &str) -> String {
    hex(&digest(format!("{}|{user}|{kept}", config.key).as_bytes()))
}

/// What a form must send back, so that no other site's form is taken for ours.
fn nonce(config: &Config, user: &str) -> String {
    hex(&digest(format!("{}|nonce|{user}", config.key).as_bytes()))[..10].to_string()
}

fn kept_password(user: &str, database: &mut Database<'_>) -> Result<Option<String>, Waiting> {
    let query = format!("SELECT user_pass FROM `wp_users` WHERE user_login = {} LIMIT 1", quote(user));
    let rows = database.rows(&query)?.unwrap_or_default();
    Ok(rows.into_iter().next().and_then(|row| row.into_iter().next()))
}

/// Who is logged in.
pub(crate) fn user(wish: &Wish<'_>, config: &Config, database: &mut Database<'_>) -> Result<Option<String>, Waiting> {
    let Some(cookie) = wish.cookie(COOKIE) else { return Ok(None) };
    let Some((user, given)) = cookie.rsplit_once('|') else { return Ok(None) };
    let kept = kept_password(user, database)?;
    Ok(kept.filter(|kept| token(config, user, kept) == given).map(|_| user.to_string()))
}

pub(crate) fn answer(
    wish: &Wish<'_>,
    site: &Site,
    user: Option<String>,
    config: &Config,
    database: &mut Database<'_>,
    now: Time,
) -> Result<Response, Waiting> {
    if wish.path == "/wp-login.php" {
        return login(wish, site, config, database);
    }
    let Some(user) = user else {
        let back = encode(&wish.request.path);
        return Ok(page::redirect(&format!("/wp-login.php?redirect_to={back}")));
    };
    let desk = Desk { site, user: &user, nonce: nonce(config, &user) };
    match wish.path {
        "/wp-admin" | "/wp-admin/" | "/wp-admin/index.php" => desk.dashboard(database),
        "/wp-admin/edit.php" => desk.list(database),
        "/wp-admin/post-new.php" => Ok(desk.editor(None, "")),
        "/wp-admin/post.php" if wish.is_post() => desk.save(wish, database, now),
        "/wp-admin/post.php" => desk.open(wish, database),
        _ => Ok(page::page(404, "Page not found", "<h1>That page is not here.</h1>")),
    }
}

fn login(wish: &Wish<'_>, site: &Site, config: &Config, database: &mut Database<'_>) -> Result<Response, Waiting> {
    if wish.query("action").as_deref() == Some("logout") {
        let mut response = page::redirect("/wp-login.php?loggedout=true");
        response.headers.push(("Set-Cookie".into(), format!("{COOKIE}=; path=/; Max-Age=0")));
        return Ok(response);
    }
    let (name, password) = (wish.form("log").trim().to_string(), wish.form("pwd"));
    let shown = escape(&name);
    let complaint = match () {
        () if !wish.is_post() => match wish.query("loggedout") {
            Some(_) => "You are now logged out.".to_string(),
            None => String::new(),
        },
        () if name.is_empty() => "<strong>ERROR</strong>: The username field is empty.".to_string(),
        () if password.is_empty() => "<strong>ERROR</strong>: The password field is empty.".to_string(),
        () => match kept_password(&name, database)? {
            None => "<strong>ERROR</strong>: Invalid username.".to_string(),
            Some(kept) if fits(&password, &kept) => {
                let asked = wish.form("redirect_to");
                // Only into this site: a redirect elsewhere would lend it the site's name.
                let is_own = asked.starts_with('/') && !asked.starts_with("//");
                let mut response = page::redirect(if is_own { &asked } else { "/wp-admin/" });
                let value = encode(&format!("{name}|{}", token(config, &name, &kept)));
                response.headers.push(("Set-Cookie".into(), format!("{COOKIE}={value}; path=/; HttpOnly")));
                return Ok(response);
            }
            Some(_) => format!(
                "<strong>ERROR</strong>: The password you entered for the username <strong>{shown}</strong> is incorrect."
            ),
        },
    };
    let back = escape(&wish.query("redirect_to").unwrap_or_else(|| wish.form("redirect_to")));
    let body = format!(
        "<h1>{}</h1>\n<p>{complaint}</p>\n<form method=\"post\" action=\"/wp-login.php\">\n\
         <label for=\"user_login\">Username or Email Address</label>\n<input name=\"log\" id=\"user_login\" type=\"text\" value=\"{shown}\">\n\
         <label for=\"user_pass\">Password</label>\n<input name=\"pwd\" id=\"user_pass\" type=\"password\">\n\
         <input type=\"hidden\" name=\"redirect_to\" value=\"{back}\">\n\
         <p><input type=\"submit\" name=\"wp-submit\" value=\"Log In\"></p>\n</form>\n<p><a href=\"/\">Back</a></p>",
        escape(&site.name)
    );
    Ok(page::page(200, &format!("Log In ‹ {}", site.name), &body))
}

/// The pages of somebody who is logged in.
struct Desk<'a> {
    site: &'a Site,
    user: &'a str,
    nonce: String,
}

impl Desk<'_> {
    fn page(&self, title: &str, body: &str) -> Response {
        let menu = "<nav><a href=\"/wp-admin/\">Dashboard</a> · <a href=\"/wp-admin/edit.php\">Posts</a> · \
                    <a href=\"/wp-admin/post-new.php\">Add New</a> · <a href=\"/\">Visit Site</a> · \
                    <a href=\"/wp-login.php?action=logout\">Log Out</a></nav>";
        let whole = format!("{title} ‹ {} — WordPress", self.site.name);
        let user = escape(self.user);
        page::page(200, &whole, &format!("{menu}\n<p><small>Howdy, {user}</small></p>\n<h1>{title}</h1>\n{body}"))
    }

    fn dashboard(&self, database: &mut Database<'_>) -> Result<Response, Waiting> {
        let query = "SELECT COUNT(*) FROM `wp_posts` WHERE post_type = 'post' AND post_status = 'publish'";
        let rows = database.rows(query)?.unwrap_or_default();
        let count = rows.first().and_then(|row| row.first()).cloned().unwrap_or_default();
        let s = if count == "1" { "" } else { "s" };
        Ok(self.page("Dashboard", &format!("<p><a href=\"/wp-admin/edit.php\">{count} Post{s}</a></p>")))
    }

    fn list(&self, database: &mut Database<'_>) -> Result<Response, Waiting> {
        let posts = posts(database, "post_status <> 'trash'", LIST_MAX)?;
        let nonce = &self.nonce;
        let row = |post: &Post| {
            let (id, title) = (&post.id, escape(&post.title));
            let title = if title.is_empty() { "(no title)".to_string() } else { title };
            let state = if post.status == "publish" { "Published" } else { "Draft" };
            format!(
                "<tr><td><a href=\"/wp-admin/post.php?post={id}&amp;action=edit\">{title}</a></td><td>{state}<br>{}</td>\
                 <td><a href=\"/wp-admin/post.php?post={id}&amp;action=trash&amp;_wpnonce={nonce}\">Trash</a></td></tr>\n",
                post.date
            )
        };
        let rows: String = posts.iter().map(row).collect();
        Ok(self.page("Posts", &format!("<table>\n<tr><th>Title</th><th>Date</th><th></th></tr>\n{rows}</table>")))
    }

    fn editor(&self, post: Option<&Post>, note: &str) -> Response {
        let text = |part: fn(&Post) -> &str| post.map_or(String::new(), |post| escape(part(post)));
        let (id, title, content) = (text(|p| &p.id), text(|p| &p.title), text(|p| &p.content));
        let is_out = post.is_some_and(|post| post.status == "publish");
        let (heading, button) = match (post.is_some(), is_out) {
            (false, _) => ("Add New Post", "Publish"),
            (true, true) => ("Edit Post", "Update"),
            (true, false) => ("Edit Post", "Publish"),
        };
        let draft = if is_out { "" } else { "<input type=\"submit\" name=\"save\" value=\"Save Draft\"> " };
        let body = format!(
            "{note}<form method=\"post\" action=\"/wp-admin/post.php\">\n<input type=\"hidden\" name=\"_wpnonce\" value=\"{}\">\n\
             <input type=\"hidden\" name=\"post_ID\" value=\"{id}\">\n\
             <label for=\"title\">Title</label>\n<input name=\"post_title\" id=\"title\" type=\"text\" value=\"{title}\">\n\
             <label for=\"content\">Text</label>\n<textarea name=\"content\" id=\"content\" rows=\"8\">\n{content}</textarea>\n\
             <p>{draft}<input type=\"submit\" name=\"publish\" value=\"{button}\"></p>\n</form>",
            self.nonce
        );
        self.page(heading, &body)
    }

    fn open(&self, wish: &Wish<'_>, database: &mut Database<'_>) -> Result<Response, Waiting> {
        let Some(id) = wish.query("post").and_then(|id| id.parse::<u32>().ok()) else {
            return Ok(page::redirect("/wp-admin/edit.php"));
        };
        if wish.query("action").as_deref() == Some("trash") {
            if wish.query("_wpnonce").as_deref() != Some(self.nonce.as_str()) {
                return Ok(expired());
            }
            database.rows(&format!("UPDATE `wp_posts` SET post_status = 'trash' WHERE ID = {id}"))?;
            return Ok(page::redirect("/wp-admin/edit.php?trashed=1"));
        }
        let found = posts(database, &format!("ID = {id}"), 1)?;
        let Some(post) = found.first() else {
            let body = "<p>You attempted to edit an item that doesn’t exist. Perhaps it was deleted?</p>";
            return Ok(page::page(404, "WordPress › Error", body));
        };
        let view = format!(" <a href=\"{}/?p={id}\">View post</a>", escape(&self.site.home));
        let note = match wish.query("message").as_deref() {
            Some("6") => format!("<p><strong>Post published.</strong>{view}</p>\n"),
            Some("1") => format!("<p><strong>Post updated.</strong>{view}</p>\n"),
            Some("10") => "<p><strong>Post draft updated.</strong></p>\n".to_string(),
            _ => String::new(),
        };
        Ok(self.editor(Some(post), &note))
    }

    fn save(&self, wish: &Wish<'_>, database: &mut Database<'_>, now: Time) -> Result<Response, Waiting> {
        if wish.form("_wpnonce") != self.nonce {
            return Ok(expired());
        }
        let (title, content, now) = (quote(&wish.form("post_title")), quote(&wish.form("content")), quote(&stamp(now)));
        let is_draft = !wish.form("save").is_empty();
        let status = if is_draft { "draft" } else { "publish" };
        let given = wish.form("post_ID").parse::<u32>().ok();
        let statement = match given {
            Some(id) => format!(
                "UPDATE `wp_posts` SET post_title = {title}, post_content = {content}, post_status = '{status}', post_modified = {now} WHERE ID = {id}"
            ),
            None => format!(
                "INSERT INTO `wp_posts` (post_author, post_date, post_content, post_title, post_status, post_modified) VALUES (1, {now}, {content}, {title}, '{status}', {now})"
            ),
        };
        let id = match (database.ask(&statement)?, given) {
            (Ok(_), Some(id)) => i64::from(id),
            (Ok(Answer::Done { insert_id, .. }), None) => insert_id,
            (Ok(Answer::Rows { .. }), None) => 0,
            (Err(error), _) => {
                let text = format!("<h1>WordPress database error</h1>\n<p>{}</p>", escape(&error.message));
                return Ok(page::page(500, "WordPress database error", &text));
            }
        };
        let message = match (is_draft, given) {
            (true, _) => 10,
            (false, Some(_)) => 1,
            (false, None) => 6,
        };
        Ok(page::redirect(&format!("/wp-admin/post.php?post={id}&action=edit&message={message}")))
    }
}

fn expired() -> Response {
    page::page(403, "WordPress › Error", "<p>The link you followed has expired.</p>")
}
