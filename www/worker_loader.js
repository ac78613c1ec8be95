// Starts the engine in its worker: a classic script, since it must run where module workers do not.
//
// The engine's wasm comes in two parts where `cargo xtask build` has split it (docs/decisions/0007). The second is fetched when the reader has first touched the
// page, or given a command.
// Its wasm is on its way while the script is.
const firstPart = fetch('worker_bg.wasm');
importScripts('worker.js');

const started = wasm_bindgen({ module_or_path: firstPart });

self.fetchRest = async () => {
  if (typeof rest === 'object') rest.fetch(await started);
};

// Heard even before the engine has started.
addEventListener('message', ({ data }) => {
  if (data === 'touched') self.fetchRest();
});
