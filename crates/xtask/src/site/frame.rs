//! What stands around every page of the site: head, links, foot, and the words of both languages.

use super::html::escaped;

/// A language of the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    English,
    Japanese,
}

/// What the frame says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Home,
    Playground,
    Lessons,
    Embedding,
    Api,
    Truth,
    Skip,
    Pages,
    Foot,
    TryHere,
    OpenLesson,
    Recorded,
    Terminal,
    WaitFor,
    Check,
    Hint,
    Solution,
    Recording,
    Commands,
    Watches,
    Differences,
    All,
    Measured,
}

/// One page. Its body begins with its title as a heading.
pub(super) struct Page {
    pub(super) language: Language,
    /// Its path below the language, without `.html`.
    pub(super) name: String,
    pub(super) title: String,
    pub(super) summary: String,
    pub(super) body: String,
}

/// The pages that every page links to.
const LINKS: [(&str, Word); 5] = [
    ("index", Word::Home),
    ("lessons", Word::Lessons),
    ("embedding", Word::Embedding),
    ("api", Word::Api),
    ("truth", Word::Truth),
];

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; frame-src 'self'; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'";

impl Language {
    pub(super) const ALL: [Language; 2] = [Language::English, Language::Japanese];

    pub(super) fn tag(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::Japanese => "ja",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Language::English => "English",
            Language::Japanese => "日本語",
        }
    }

    pub(super) fn say(self, word: Word) -> &'static str {
        let (english, japanese) = match word {
            Word::Home => ("Ordinal", "Ordinal"),
            Word::Playground => ("Playground", "プレイグラウンド"),
            Word::Lessons => ("Lessons", "レッスン"),
            Word::Embedding => ("Embedding", "埋め込み"),
            Word::Api => ("API", "API"),
            Word::Truth => ("How true is it?", "どこまで本物か"),
            Word::Skip => ("Skip to the text", "本文へ"),
            Word::Pages => ("Pages", "ページ"),
            Word::Foot => (
                "Apache-2.0. Kubernetes is a trademark of The Linux Foundation; this project is not affiliated with it.",
                "Apache-2.0。Kubernetes は The Linux Foundation の商標です。このプロジェクトは同財団とは関係ありません。",
            ),
            Word::TryHere => (
                "A cluster for this lesson, with its files in the terminal.",
                "このレッスンのためのクラスター。ファイルはターミナルにあります。",
            ),
            Word::OpenLesson => ("Open this lesson in the playground", "このレッスンをプレイグラウンドで開く"),
            Word::Recorded => ("What the commands print was recorded with:", "コマンドの出力の記録："),
            Word::Terminal => ("Terminal", "ターミナル"),
            Word::WaitFor => ("Wait until this returns:", "次のコマンドが戻るまで待ちます："),
            Word::Check => {
                ("This should print what is shown below it:", "次のコマンドは、下に示したとおりに出力します：")
            }
            Word::Hint => ("Hint", "ヒント"),
            Word::Solution => ("Solution", "解答"),
            Word::Recording => ("Recording", "記録"),
            Word::Commands => ("Commands that print the same", "同じ出力になるコマンド"),
            Word::Watches => ("Watches that print the same", "同じ出力になる watch"),
            Word::All => ("All recordings", "すべての記録"),
            Word::Measured => ("Measured with the source of", "次の日付のソースで測定："),
            Word::Differences => ("Differences that are known", "わかっている違い"),
        };
        match self {
            Language::English => english,
            Language::Japanese => japanese,
        }
    }
}

impl Page {
    /// A page whose body begins `<h1…>title</h1>` and has a paragraph, which sums it up.
    pub(super) fn new(language: Language, name: &str, body: &str) -> Page {
        let between = |from: &str, to: &str| {
            let inner = body.split(from).nth(1).and_then(|rest| rest.split(to).next()).unwrap_or_default();
            let text = inner.split_once('>').map_or("", |(_, text)| text);
            without_tags(text)
        };
        let (title, summary) = (between("<h1", "</h1>"), between("<p", "</p>"));
        Page { language, name: name.to_owned(), title, summary, body: body.to_owned() }
    }

    pub(super) fn path(&self) -> String {
        self.path_in(self.language)
    }

    pub(super) fn path_in(&self, language: Language) -> String {
        format!("site/{}/{}.html", language.tag(), self.name)
    }

    /// The way from this page up to the folder of its language.
    fn up(&self) -> String {
        "../".repeat(self.name.matches('/').count())
    }
}

/// Text for an attribute, of what is HTML already.
fn without_tags(html: &str) -> String {
    let mut text = String::new();
    let mut is_tag = false;
    for letter in html.chars() {
        match letter {
            '<' => is_tag = true,
            '>' => is_tag = false,
            letter if !is_tag => text.push(letter),
            _ => {}
        }
    }
    let plain = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The page as a file.
pub(super) fn whole(page: &Page, address: &str) -> String {
    let (language, up) = (page.language, page.up());
    let root = format!("{up}../../");
    let (title, summary, address) = (escaped(&page.title), escaped(&page.summary), escaped(address));
    let scripts = if page.body.contains("<ordinal-playground") {
        format!("    <script src=\"{root}embed.js\" defer></script>\n")
    } else {
        String::new()
    };
    let name = if page.title == "Ordinal" { String::new() } else { " · Ordinal".to_owned() };
    format!(
        r##"<!doctype html>
<html lang="{tag}">
  <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="{POLICY}">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>{title}{name}</title>
    <meta name="description" content="{summary}">
    <meta property="og:title" content="{title}">
    <meta property="og:description" content="{summary}">
    <meta property="og:type" content="website">
    <meta property="og:image" content="{address}site/social.png">
    <meta name="twitter:card" content="summary_large_image">
    <link rel="icon" href="{root}icon.svg" type="image/svg+xml">
{alternates}    <link rel="stylesheet" href="{root}css/tokens.css">
    <link rel="stylesheet" href="{root}site/site.css">
{scripts}  </head>
  <body>
    <a class="skip" href="#text">{skip}</a>
    <header class="head">
{links}    </header>
    <main id="text" class="{class}">
{body}    </main>
    <footer class="foot"><p>{foot}</p></footer>
  </body>
</html>
"##,
        tag = language.tag(),
        alternates = alternates(page),
        skip = language.say(Word::Skip),
        links = links(page),
        class = page.name.split('/').next().unwrap_or_default(),
        body = page.body,
        foot = language.say(Word::Foot),
    )
}

fn alternates(page: &Page) -> String {
    let one = |language: Language| {
        let (tag, up, name) = (language.tag(), page.up(), &page.name);
        format!("    <link rel=\"alternate\" hreflang=\"{tag}\" href=\"{up}../{tag}/{name}.html\">\n")
    };
    Language::ALL.into_iter().map(one).collect()
}

fn links(page: &Page) -> String {
    let (language, up) = (page.language, page.up());
    let link = |(name, word): &(&str, Word)| {
        let here = if *name == page.name { " aria-current=\"page\"" } else { "" };
        format!("        <a href=\"{up}{name}.html\"{here}>{}</a>\n", language.say(*word))
    };
    let other = |other: Language| {
        let (tag, name, path) = (other.tag(), other.name(), &page.name);
        format!(
            "      <a class=\"language\" lang=\"{tag}\" hreflang=\"{tag}\" href=\"{up}../{tag}/{path}.html\">{name}</a>\n"
        )
    };
    let others: String = Language::ALL.into_iter().filter(|other| *other != language).map(other).collect();
    format!(
        "      <nav aria-label=\"{}\">\n{}        <a class=\"action\" href=\"{up}../../index.html\">{}</a>\n      </nav>\n{others}",
        language.say(Word::Pages),
        LINKS.iter().map(link).collect::<String>(),
        language.say(Word::Playground)
    )
}
