// Starts the engine in its worker: a classic script, since it must run where module workers do not.
//
// The engine's wasm comes in two parts where `cargo xtask build` has split it (docs/decisions/0007). The second is fetched when the reader has given a
// first command; if the first part calls into it before it is there, the worker waits for it.
// Its wasm is on its way while the script is.
const firstPart = fetch('worker_bg.wasm');
importScripts('worker.js');

let isLoaded = false;

function join(first, module) {
  if (isLoaded) return;
  try {
    new WebAssembly.Instance(module, { first });
  } catch (error) {
    throw new Error(`The second part of the engine is not of this page's version; reload the page. (${error.message})`);
  }
  isLoaded = true;
}

// Called by the first part, in the middle of a call into the second.
self.loadRest = (first) => {
  const request = new XMLHttpRequest();
  try {
    request.open('GET', self.restAddress, false);
    request.responseType = 'arraybuffer';
    request.send();
  } catch (error) {
    throw new Error(`The second part of the engine could not be loaded: is this page offline? (${error.message})`);
  }
  if (request.status !== 200) throw new Error(`The second part of the engine could not be loaded: HTTP ${request.status}`);
  join(first, new WebAssembly.Module(request.response));
};

const started = wasm_bindgen({ module_or_path: firstPart });

// Called by the engine when the reader has given a first command. What fails here is tried again, and reported, when it is needed.
self.fetchRest = async () => {
  if (!self.restAddress || isLoaded) return;
  try {
    const module = await WebAssembly.compileStreaming(fetch(self.restAddress));
    join(await started, module);
  } catch {
    return;
  }
};
