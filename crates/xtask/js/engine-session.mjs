// Uses the package in Node as its callers do, and prints what it answers.
// usage: node engine-session.mjs FOLDER WASM first|long [--rest REST.wasm] [--marks FILE BASE COUNT]
// FOLDER: the package. The options are those of worker-session.mjs.
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, module, length, ...options] = process.argv.slice(2);
const [option, file, base, count] = options;
const CLUSTERS = length === 'first' ? 16 : 2;
const MANIFEST = readFileSync(new URL('../../../www/lessons/statefulset-basics/web.yaml', import.meta.url), 'utf8');

const load = (name) => import(pathToFileURL(resolve(folder, name)));
const { createCluster, importSession } = await load('index.js');
const engine = await load('engine.js');
if (option === '--rest') engine.rest.read = () => readFileSync(file);

const said = [];
const wasm = readFileSync(module);

// What the README begins with: a set, its pods, a command.
async function begin(seed) {
  const cluster = await createCluster({ seed, start: new Date(Date.UTC(2026, 0, 1) + seed * 2_345_678_901), wasm });
  said.push(await cluster.apply(MANIFEST));
  const isUp = (it) => it.peek('statefulsets', 'default', 'web')?.status?.readyReplicas === 2;
  said.push(await cluster.runUntil(isUp), await cluster.runUntil('settled'));
  said.push(await cluster.run('kubectl get pods'), await cluster.get('pods', 'default', 'web-0'), await cluster.list('pods', 'default'));
  await cluster.advance(1000);
  said.push(cluster.digest, cluster.now);
  return cluster;
}

for (let seed = 1; seed <= CLUSTERS; seed += 1) {
  const cluster = await begin(seed);
  if (length === 'long') await goOn(cluster);
  cluster.destroy();
}

async function goOn(cluster) {
  const watch = cluster.watch('pods', 'default');
  const snapshot = cluster.snapshot();
  for (const line of ['kubectl scale sts web --replicas=3', 'kubectl get sts web -o yaml', 'kubectl describe pod web-0', 'kubectl explain pod.spec', 'kubectl create deployment d --image=nginx', 'kubectl get nope']) {
    said.push(await cluster.run(line));
  }
  said.push(await cluster.run('kubectl rollout status sts web'), (await watch.next()).value);
  await cluster.inject('crash pod/web-0').catch((error) => said.push(error.message));
  await cluster.writeFile('note.txt', 'words');
  said.push(await cluster.readFile('note.txt'), await cluster.runUntil('settled'));
  const session = cluster.exportSession();
  said.push(session, (await importSession(session)).digest);
  cluster.restore(snapshot);
  said.push(cluster.digest);
}

if (!JSON.stringify(said).includes('web-1')) throw new Error(`the session did not go as it should: ${JSON.stringify(said)}`);
if (option === '--marks') {
  const { memory } = engine.initSync();
  writeFileSync(file, new Uint8Array(memory.buffer, Number(base), Number(count)));
}
console.log(said.map((answer) => JSON.stringify(answer)).join('\n'));
