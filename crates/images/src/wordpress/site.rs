//! What readers see: the list of posts and single ones. Everything else is handed on.

use sim::Time;

use super::config::Config;
use super::page::{self, Wish, escape};
use super::visit::{Database, Waiting};
use super::{admin, install};
use crate::tools::http::Response;

/// Posts on the front page.
const POSTS_MAX: usize = 10;

/// What the options say of the site.
pub(crate) struct Site {
    /// Its title.
    pub(crate) name: String,
    /// What it is about.
    description: String,
    /// Its address.
    pub(crate) home: String,
}

impl Site {
    /// Reads the options; none if the site is not installed.
    pub(crate) fn read(database: &mut Database<'_>) -> Result<Option<Site>, Waiting> {
        let names = "'blogname', 'blogdescription', 'home'";
        let query = format!("SELECT option_name, option_value FROM `wp_options` WHERE option_name IN ({names})");
        let Some(rows) = database.rows(&query)? else { return Ok(None) };
        let value = |name: &str| {
            let row = rows.iter().find(|row| row.first().is_some_and(|key| key == name));
            row.and_then(|row| row.get(1)).cloned()
        };
        let Some(home) = value("home") else { return Ok(None) };
        let (name, description) = (value("blogname").unwrap_or_default(), value("blogdescription").unwrap_or_default());
        Ok(Some(Site { name, description, home }))
    }

    fn head(&self) -> String {
        format!(
            "<header><h1><a href=\"{}/\">{}</a></h1>\n<p>{}</p></header>",
            escape(&self.home),
            escape(&self.name),
            escape(&self.description)
        )
    }

    fn page(&self, code: u16, title: &str, body: &str, user: Option<&str>) -> Response {
        let foot = match user {
            Some(_) => "<a href=\"/wp-admin/\">Dashboard</a> <a href=\"/wp-login.php?action=logout\">Log out</a>",
            None => "<a href=\"/wp-login.php\">Log in</a>",
        };
        let title = if title.is_empty() { self.name.clone() } else { format!("{title} – {}", self.name) };
        page::page(code, &title, &format!("{}\n<main>\n{body}\n</main>\n<footer>{foot}</footer>", self.head()))
    }
}

/// A post.
pub(crate) struct Post {
    /// Its number.
    pub(crate) id: String,
    /// When it was published.
    pub(crate) date: String,
    /// Its title.
    pub(crate) title: String,
    /// Its text; its author may write HTML.
    pub(crate) content: String,
    /// `publish`, `draft`, `trash`.
    pub(crate) status: String,
}

/// The posts that a condition chooses, newest first.
pub(crate) fn posts(database: &mut Database<'_>, condition: &str, most: usize) -> Result<Vec<Post>, Waiting> {
    let query = format!(
        "SELECT ID, post_date, post_title, post_content, post_status FROM `wp_posts` WHERE post_type = 'post' AND {condition} ORDER BY post_date DESC, ID DESC LIMIT {most}"
    );
    let rows = database.rows(&query)?.unwrap_or_default();
    let post = |row: Vec<String>| {
        let [id, date, title, content, status] = <[String; 5]>::try_from(row).ok()?;
        Some(Post { id, date, title, content, status })
    };
    Ok(rows.into_iter().filter_map(post).collect())
}

/// Answers a request.
pub(crate) fn answer(
    wish: &Wish<'_>,
    config: &Config,
    database: &mut Database<'_>,
    now: Time,
) -> Result<Response, Waiting> {
    let site = Site::read(database)?;
    if wish.path == "/wp-admin/install.php" {
        return install::answer(wish, site.is_some(), database, now);
    }
    let Some(site) = site else { return Ok(page::redirect(&format!("http://{}/wp-admin/install.php", wish.host()))) };
    let user = admin::user(wish, config, database)?;
    if wish.path.starts_with("/wp-admin") || wish.path == "/wp-login.php" {
        return admin::answer(wish, &site, user, config, database, now);
    }
    // A site has one address: whoever comes by another is sent there.
    let own = site.home.strip_prefix("http://").unwrap_or(&site.home);
    if !wish.is_post() && wish.host() != own && is_front(wish) {
        let mut response = page::redirect(&format!("{}{}", site.home, wish.request.path));
        (response.code, response.reason) = (301, "Moved Permanently".into());
        return Ok(response);
    }
    if !is_front(wish) {
        return Ok(not_found(&site, user.as_deref()));
    }
    match wish.query("p") {
        Some(id) => single(&site, &id, user.as_deref(), database),
        None => front(&site, user.as_deref(), database),
    }
}

fn is_front(wish: &Wish<'_>) -> bool {
    matches!(wish.path, "/" | "/index.php")
}

fn not_found(site: &Site, user: Option<&str>) -> Response {
    site.page(404, "Page not found", "<h2>That page is not here.</h2>", user)
}

fn front(site: &Site, user: Option<&str>, database: &mut Database<'_>) -> Result<Response, Waiting> {
    let posts = posts(database, "post_status = 'publish'", POSTS_MAX)?;
    let list: String = posts.iter().map(|post| shown(site, post)).collect();
    let list = if list.is_empty() { "<p>Nothing has been published yet.</p>".to_string() } else { list };
    Ok(site.page(200, "", &list, user))
}

fn single(site: &Site, id: &str, user: Option<&str>, database: &mut Database<'_>) -> Result<Response, Waiting> {
    let Ok(number) = id.parse::<u32>() else { return Ok(not_found(site, user)) };
    let found = posts(database, &format!("post_status = 'publish' AND ID = {number}"), 1)?;
    Ok(match found.first() {
        Some(post) => site.page(200, &post.title, &shown(site, post), user),
        None => not_found(site, user),
    })
}

fn shown(site: &Site, post: &Post) -> String {
    let (home, id, title, date) = (escape(&site.home), &post.id, escape(&post.title), &post.date);
    let title = if title.is_empty() { "(no title)".to_string() } else { title };
    format!(
        "<article>\n<h2><a href=\"{home}/?p={id}\">{title}</a></h2>\n<p><small>{date}</small></p>\n{}</article>\n",
        paragraphs(&post.content)
    )
}

/// Empty lines separate paragraphs, other line ends stay.
fn paragraphs(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let parts = text.split("\n\n").map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| format!("<p>{}</p>\n", part.replace('\n', "<br />\n"))).collect()
}
