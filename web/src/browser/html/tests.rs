//! Pages and what is understood of them.

use super::*;

fn outline(nodes: &[Node]) -> String {
    let one = |node: &Node| match node {
        Node::Text(text) => text.split_whitespace().collect::<Vec<_>>().join(" "),
        Node::Element { tag, attributes, children } => {
            let a = attributes;
            let given = [&a.href, &a.action, &a.name, &a.value].into_iter().filter(|value| !value.is_empty());
            let given: String = given.map(|value| format!("[{value}]")).collect();
            format!("{tag}{given}({})", outline(children))
        }
    };
    nodes.iter().map(one).filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
}

fn check(text: &str, expect: &str) {
    assert_eq!(outline(&parse(text).nodes), expect, "{text}");
}

#[test]
fn plain_pages_are_understood() {
    check("<h1>A &amp; B</h1><p>one<p>two", "h1(A & B) p(one) p(two)");
    check("<ul><li>a<li>b</ul>c", "ul(li(a) li(b)) c");
    check("<table><tr><td>1<td>2<tr><td>3</table>", "table(tr(td(1) td(2)) tr(td(3)))");
    check("<a href='/x?a=1&amp;b=2'>x</a>", "a[/x?a=1&b=2](x)");
    check(
        "<form action=/go method=post><input name=a value='1 2'><textarea name=t>\n<b>x</b></textarea></form>",
        "form[/go](input[a][1 2]() textarea[t][<b>x</b>]())",
    );
    check("<b>bold</i></b> a < b", "strong(bold) a < b");
    assert_eq!(parse("<title> A &gt; B </title>").title, "A > B");
}

#[test]
fn nothing_that_acts_is_kept() {
    check("<script>alert(1)</script><p onclick='x()' style='y'>a</p>", "p(a)");
    check("<SCRIPT>if (a < b) { '</p>' }</SCRIPT>x<style>p{}</style>", "x");
    check("<iframe src=x>y</iframe><object>z</object><svg><script>1</script></svg>q", "q");
    check("<marquee>text</marquee><custom-thing>more</custom-thing>", "text more");
    check("<img src=x onerror=alert(1) alt=dog>", "img()");
    check("<!-- <p>no</p> --><!doctype html><?php x ?>yes", "yes");
}

#[test]
fn broken_pages_end_somewhere() {
    for text in
        ["<", "<a", "<a href", "<a href=", "<a href=\"x", "</", "<!--", "&#xffffffff;&#;&amp", "<p =x>", "<textarea>"]
    {
        parse(text);
    }
    let deep = "<div>".repeat(100_000);
    let Document { nodes, .. } = parse(&deep);
    assert_eq!(nodes.len(), 1);
    assert!(parse(&"<br>".repeat(100_000)).nodes.len() <= NODES_MAX);
}
