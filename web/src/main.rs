//! The page's program: mounts the page and connects it to an engine in a worker.

use ordinal_web::components::App;

fn main() {
    let root = web_sys::window()
        .and_then(|window| window.document())
        .and_then(|document| document.get_element_by_id("app"))
        .expect("index.html has an element called app");
    yew::Renderer::<App>::with_root(root).render();
}
