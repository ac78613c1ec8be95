//! The static site around the playground, made when the page is built: `dist/site/<language>/…` and `dist/sitemap.xml`.
//!
//! Everything can be read without JavaScript; where there is some, `<ordinal-playground>` adds a cluster. Every address is
//! relative, but for those that must not be (the sitemap's). The prose of the frame stands in `docs/site`, the lessons' in
//! `www/lessons`, the guide's in `docs/embedding.md`; figures and signatures are read from where they are true.

mod api;
mod frame;
mod html;
mod lessons;
mod truth;

use crate::page;
use crate::tool::{self, Outcome};
use frame::{Language, Page};
use std::fs;
use std::path::Path;

/// Where the site is at home, for the addresses that cannot be relative, if nobody says where else.
const ADDRESS: &str = "https://example.org/ordinal/";
/// Says where else.
const ADDRESS_VARIABLE: &str = "ORDINAL_ADDRESS";

/// Writes the site beside a built page.
pub(crate) fn write(dist: &Path) -> Outcome<()> {
    let address = home(std::env::var(ADDRESS_VARIABLE).ok())?;
    let mut pages = Vec::new();
    for language in Language::ALL {
        pages.extend(written(language)?);
    }
    for page in &pages {
        let file = dist.join(page.path());
        let folder = file.parent().expect("a page lies in a folder");
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        page::write(&file, &frame::whole(page, &address))?;
    }
    let screenshot = tool::root().join("docs/screenshot.png");
    let copied = fs::copy(&screenshot, dist.join("site/screenshot.png"));
    copied.map_err(|error| format!("{}: {error}", screenshot.display()))?;
    page::write(&dist.join("sitemap.xml"), &sitemap(&pages, &address))
}

/// The address of the folder, with a slash at its end.
fn home(said: Option<String>) -> Outcome<String> {
    let address = said.unwrap_or_else(|| ADDRESS.to_owned());
    let is_web =
        ["https://", "http://"].iter().any(|scheme| address.len() > scheme.len() && address.starts_with(scheme));
    if address.contains(char::is_whitespace) || !is_web {
        return Err(format!("{ADDRESS_VARIABLE}={address} is no address of the web, such as {ADDRESS}"));
    }
    Ok(format!("{}/", address.trim_end_matches('/')))
}

/// All pages of one language.
fn written(language: Language) -> Outcome<Vec<Page>> {
    let prose = |name: &str| page::read(&tool::root().join("docs/site").join(language.tag()).join(name));
    let guide = match language {
        Language::English => page::read(&tool::root().join("docs/embedding.md"))?,
        Language::Japanese => prose("embedding.md")?,
    };
    let mut pages = vec![
        Page::new(language, "index", &prose("index.html")?),
        Page::new(language, "embedding", &(prose("live.html")? + &html::document(&guide))),
        Page::new(language, "api", &(prose("api.html")? + &api::reference()?)),
        Page::new(language, "truth", &(prose("truth.html")? + &truth::tables(language)?)),
    ];
    let lessons = lessons::all(language)?;
    pages.push(Page::new(language, "lessons", &(prose("lessons.html")? + &lessons::list(&lessons))));
    pages.extend(lessons);
    Ok(pages)
}

fn sitemap(pages: &[Page], address: &str) -> String {
    let entry = |page: &Page| {
        let other = |language: Language| {
            let path = page.path_in(language);
            format!(
                "    <xhtml:link rel=\"alternate\" hreflang=\"{}\" href=\"{}{path}\"/>\n",
                language.tag(),
                html::escaped(address)
            )
        };
        let others: String = Language::ALL.into_iter().map(other).collect();
        format!("  <url>\n    <loc>{}{}</loc>\n{others}  </url>\n", html::escaped(address), page.path())
    };
    let entries: String = pages.iter().map(entry).collect();
    let playground = format!("  <url>\n    <loc>{}</loc>\n  </url>\n", html::escaped(address));
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\" \
         xmlns:xhtml=\"http://www.w3.org/1999/xhtml\">\n{playground}{entries}</urlset>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_have_the_same_pages_and_no_address_is_absolute() {
        let [english, japanese] = Language::ALL.map(|language| written(language).unwrap());
        let names = |pages: &[Page]| pages.iter().map(|page| page.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&english), names(&japanese));
        for page in english.iter().chain(&japanese) {
            let whole = frame::whole(page, ADDRESS);
            let within = whole.split("<body").nth(1).unwrap();
            assert!(!within.contains("href=\"/") && !within.contains("src=\"/"), "{}", page.path());
            assert!(!whole.contains("<style") && !whole.contains("<script>"), "{}", page.path());
            assert!(page.title.len() > 3 && !page.summary.is_empty(), "{}", page.path());
        }
    }

    #[test]
    fn the_address_is_that_of_a_folder_of_the_web() {
        assert_eq!(home(None).as_deref(), Ok(ADDRESS));
        assert_eq!(home(Some("http://a.b/c".to_owned())).as_deref(), Ok("http://a.b/c/"));
        assert_eq!(home(Some("https://a.b//".to_owned())).as_deref(), Ok("https://a.b/"));
        for wrong in ["", "a.b", "https://", "ftp://a.b", "https://a b"] {
            assert!(home(Some(wrong.to_owned())).unwrap_err().contains("ORDINAL_ADDRESS"), "{wrong}");
        }
    }

    #[test]
    fn the_sitemap_names_every_page_in_every_language() {
        let pages = written(Language::English).unwrap();
        let map = sitemap(&pages, "https://a.b/c/");
        assert_eq!(map.matches("<loc>").count(), pages.len() + 1);
        assert!(map.contains("<loc>https://a.b/c/site/en/index.html</loc>") && map.contains("/site/ja/truth.html"));
    }
}
