// Starts the engine in its worker: a classic script, since it must run where module workers do not.
importScripts('worker.js');
wasm_bindgen({ module_or_path: 'worker_bg.wasm' });
