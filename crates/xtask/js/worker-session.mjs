// Runs the worker in Node with the messages of a session, and prints its answers, in hex.
// usage: node worker-session.mjs FOLDER WASM REQUESTS [--rest REST.wasm] [--marks FILE BASE COUNT]
// FOLDER: where worker.js is. REQUESTS: one message a line, in hex. `--rest`: where the second part of the program is. `--marks`: the wasm is the
// counting build, whose COUNT marks begin at BASE of its memory; they are written into FILE.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import vm from 'node:vm';

const [folder, module, requests, ...options] = process.argv.slice(2);
const [option, file, base, count] = options;
const answers = [];
Object.assign(globalThis, {
  self: globalThis,
  postMessage: (bytes) => answers.push(Buffer.from(bytes).toString('hex')),
});
vm.runInThisContext(readFileSync(join(folder, 'worker.js'), 'utf8'));
if (option === '--rest') vm.runInThisContext('rest').read = () => readFileSync(file);
const { memory } = vm.runInThisContext('wasm_bindgen').initSync({ module: readFileSync(module) });
for (const line of readFileSync(requests, 'utf8').split('\n').filter(Boolean)) {
  globalThis.onmessage({ data: new Uint8Array(Buffer.from(line, 'hex')) });
}
console.log(answers.join('\n'));
if (option === '--marks') writeFileSync(file, new Uint8Array(memory.buffer, Number(base), Number(count)));
