// Runs a worker in Node with the messages of a session, and prints its answers, in hex.
// usage: node session.mjs WORKER.js WASM REQUESTS [--rest REST.wasm] [--marks FILE BASE COUNT]
// REQUESTS: one message a line, in hex. `--rest`: where the second part of the program is. `--marks`: the wasm is the counting build, whose
// COUNT marks begin at BASE of its memory; they are written into FILE.
import { readFileSync, writeFileSync } from 'node:fs';
import vm from 'node:vm';

const [script, module, requests, ...options] = process.argv.slice(2);
const [option, file, base, count] = options;
const answers = [];
Object.assign(globalThis, {
  self: globalThis,
  postMessage: (bytes) => answers.push(Buffer.from(bytes).toString('hex')),
  loadRest: (first) => {
    if (option !== '--rest') throw new Error('the program asks for a second part');
    new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file)), { first });
  },
});
vm.runInThisContext(`${readFileSync(script, 'utf8')};globalThis.wasm_bindgen = wasm_bindgen;`);
const { memory } = globalThis.wasm_bindgen.initSync({ module: readFileSync(module) });
for (const line of readFileSync(requests, 'utf8').split('\n').filter(Boolean)) {
  globalThis.onmessage({ data: new Uint8Array(Buffer.from(line, 'hex')) });
}
console.log(answers.join('\n'));
if (option === '--marks') writeFileSync(file, new Uint8Array(memory.buffer, Number(base), Number(count)));
