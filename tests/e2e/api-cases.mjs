// What the package `ordinal-playground` promises: the same cases in Node and in Chromium (api.test.mjs runs them).
// Each case gets the module and throws where a promise is broken.

import { common, refused, same, SET } from './common-cases.mjs';

const memories = [];

// Keeps every memory of WebAssembly that is made from now on, so that `reachable` can count it.
export function watchMemories() {
  for (const name of ['instantiate', 'instantiateStreaming']) {
    const real = WebAssembly[name];
    WebAssembly[name] = async (...args) => {
      const made = await real.apply(WebAssembly, args);
      const { exports } = made.instance ?? made;
      memories.push(...Object.values(exports).filter((it) => it instanceof WebAssembly.Memory));
      return made;
    };
  }
}

// Bytes that stay after a collection: objects of JavaScript and memories of WebAssembly. What the process holds besides, compiled code
// say, comes and goes with the engine's mood.
async function reachable() {
  for (let i = 0; i < 3; i += 1) {
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve));
  }
  const objects = globalThis.process?.memoryUsage().heapUsed ?? performance.memory.usedJSHeapSize;
  if (memories.length === 0) throw new Error('no memory of WebAssembly was seen');
  return memories.reduce((sum, memory) => sum + memory.buffer.byteLength, objects);
}

export const cases = {
  ...Object.fromEntries(Object.entries(common).map(([name, run]) => [name, async ({ createCluster }) => {
    const cluster = await createCluster();
    try {
      await run(cluster);
    } finally {
      cluster.destroy();
    }
  }])),

  async 'what reads the terminal finds its end'({ createCluster }) {
    const cluster = await createCluster();
    same((await cluster.run('cat; echo read')).stdout, 'read\n', 'the end of the input');
    same((await cluster.run('sleep 100')).exitCode, 0, 'no time on the wall');
    cluster.destroy();
  },

  async 'a condition is looked at after every event'({ createCluster }) {
    const cluster = await createCluster();
    await cluster.apply(SET);
    const isRunning = (it) => it.peek('sts', 'default', 'web').status.readyReplicas === 1;
    same(await cluster.runUntil(isRunning), true, 'one is ready');
    same((await cluster.get('sts', 'default', 'web')).status.readyReplicas, 1, 'and no second one');
    same(await cluster.runUntil(() => false, { limitSeconds: 60 }), false, 'the limit');
    await refused('InvalidOption', () => cluster.runUntil(async () => true), 'promise');
    cluster.destroy();
  },

  async 'same options and calls, same run; a session can be had again'({ createCluster, importSession }) {
    const play = async (seed) => {
      const cluster = await createCluster({ seed, files: { 'note.txt': 'hello\n' } });
      await cluster.apply(SET);
      await cluster.runUntil('settled');
      await cluster.run('cat note.txt; kubectl delete pod web-0');
      return cluster;
    };
    const [one, other, third] = [await play(1), await play(1), await play(2)];
    same(one.digest, other.digest, 'digest');
    same(one.digest === third.digest, false, 'another seed');
    const again = await importSession(one.exportSession());
    await again.advance(Number(one.now) - Number(again.now));
    same(again.digest, one.digest, 'imported');
    same(await again.readFile('note.txt'), 'hello\n', 'files');
    for (const cluster of [one, other, third, again]) cluster.destroy();
  },

  async 'a snapshot is gone back to, and a watch over it ends'({ createCluster }) {
    const cluster = await createCluster();
    const snapshot = cluster.snapshot();
    const digest = cluster.digest;
    const watch = cluster.watch('configmaps');
    await cluster.run('kubectl create configmap one');
    same(cluster.digest === digest, false, 'it went on');
    cluster.restore(snapshot);
    same(cluster.digest, digest, 'and back');
    const told = [];
    await refused('Expired', async () => {
      for await (const { object } of watch) told.push(object.metadata.name);
    });
    same(told.includes('one'), true, 'what was told stays');
    cluster.release(snapshot);
    await refused('InvalidOption', () => cluster.restore(snapshot));
    cluster.destroy();
  },

  async 'wrong options are refused and named'({ createCluster, importSession }) {
    await refused('InvalidOption', () => createCluster({ node: 4 }), 'unknown option "node"');
    await refused('InvalidOption', () => createCluster({ nodes: '4' }), 'nodes must be a whole number');
    await refused('InvalidOption', () => createCluster({ nodes: 1e9 }), 'at most');
    await refused('InvalidOption', () => createCluster({ timing: 'swift' }), 'realistic');
    await refused('InvalidOption', () => createCluster('four'));
    await refused('InvalidSession', () => importSession('{"v":99}'));
    await refused('InvalidSession', () => importSession('not a journal'));
    const cluster = await createCluster();
    await refused('InvalidOption', () => cluster.run(7));
    await refused('InvalidOption', () => cluster.run('true', { limit: 3 }), 'limitSeconds');
    await refused('InvalidOption', () => cluster.advance(Number.NaN));
    await refused('InvalidOption', () => cluster.on('tick', () => {}));
    await refused('InvalidOption', async () => cluster.setSpeed(0));
    await refused('UnknownResource', () => cluster.list('foos'), 'resource type "foos"');
    await refused('NotFound', () => cluster.get('pod', 'default', 'nope'), 'pods "nope" not found');
    await refused('NotFound', () => cluster.readFile('nope'));
    await refused('Refused', () => cluster.apply('kind: Nope'), 'apiVersion not set');
    await refused('TooLong', () => cluster.run('#'.repeat(2 << 20)));
    cluster.destroy();
  },

  async 'a destroyed cluster answers with a typed error, and its watches end'({ createCluster }) {
    const cluster = await createCluster();
    const watch = cluster.watch('pods');
    const waiting = watch.next();
    let told = false;
    cluster.on('destroy', () => { told = true; });
    cluster.destroy();
    cluster.destroy();
    same(told, true, 'destroy is told');
    same(await waiting, { done: true }, 'a waiting reader');
    for (const call of [() => cluster.run('true'), () => cluster.advance(1), () => cluster.now, () => cluster.watch('pods'), () => cluster.resume(), () => cluster.snapshot()]) {
      await refused('Destroyed', async () => call());
    }
  },

  async 'calls during destroy, and destroy during calls'({ createCluster }) {
    const cluster = await createCluster();
    const refusals = [];
    cluster.on('destroy', () => refusals.push(refused('Destroyed', () => cluster.run('true')), refused('Destroyed', () => cluster.exportSession())));
    await cluster.apply(SET);
    const running = cluster.runUntil((it) => {
      it.destroy();
      return false;
    });
    await refused('Destroyed', () => running);
    same(refusals.length, 2, 'the listener was told');
    await Promise.all(refusals);
    const other = await createCluster();
    other.on('time', () => other.destroy());
    same((await other.run('echo last')).stdout, 'last\n', 'the call that was under way');
    await refused('Destroyed', () => other.run('true'));
  },

  async 'time runs while it is resumed, at its speed'({ createCluster }) {
    const cluster = await createCluster();
    const before = Number(cluster.now);
    cluster.setSpeed(1000);
    const passed = new Promise((resolve) => {
      const forget = cluster.on('time', (now) => {
        if (now - before > 10_000) {
          forget();
          resolve();
        }
      });
    });
    cluster.resume();
    await passed;
    cluster.pause();
    const paused = Number(cluster.now);
    same((await cluster.run('true')).exitCode, 0, 'a command while paused');
    same(Number(cluster.now) - paused < 1000, true, 'paused');
    cluster.destroy();
  },

  async 'a thousand clusters come and go in the same memory'({ createCluster }) {
    const turn = async () => {
      const cluster = await createCluster({ nodes: 3 });
      await cluster.run('kubectl create configmap one');
      cluster.snapshot();
      cluster.watch('pods');
      cluster.destroy();
    };
    for (let i = 0; i < 100; i += 1) await turn();
    const before = await reachable();
    for (let i = 0; i < 900; i += 1) await turn();
    const grown = ((await reachable()) - before) / (1 << 20);
    if (grown > 5) throw new Error(`memory has grown by ${grown.toFixed(1)} MiB`);
  },
};
