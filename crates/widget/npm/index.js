// ordinal-playground: Kubernetes for stateful applications, as a library. The engine is WebAssembly; this file loads it once,
// checks what callers pass, and turns its refusals into OrdinalError.
import init, * as program from './engine.js';
import { OrdinalError, check, optionalText, read } from './options.js';
import { Surface, Watch, emit, silence } from './surface.js';

export { OrdinalError } from './options.js';
export { createPlayground } from './playground.js';

// The second part, where the engine comes in two.
const { Engine, rest = {} } = program;

const SECOND = 1000;
const DAY = 24 * 3600 * SECOND;
const DEFAULT_LIMIT_SECONDS = 3600;
const FRAME_MS = 50;
const HEADLESS_START = Date.UTC(2026, 0, 1);

const loading = { engine: null };
// Once the engine has trapped, its memory can no longer be trusted: nothing calls into it again.
let crash = null;

function load({ wasm, rest: address }) {
  if (address !== undefined) rest.address = String(address);
  loading.engine ??= fetchEngine(wasm).catch((error) => {
    loading.engine = null;
    throw new OrdinalError('LoadFailed', `the engine cannot be loaded: ${error.message}`);
  });
  return loading.engine;
}

// The engine comes in two parts. This is the first; the second comes with the first command, or when the first needs it.
async function fetchEngine(source) {
  const address = new URL('./engine_bg.wasm', import.meta.url);
  if (address.protocol !== 'file:') return init({ module_or_path: source ?? address });
  const { readFileSync } = await import(/* @vite-ignore */ /* webpackIgnore: true */ 'node:fs');
  rest.read = (place) => readFileSync(new URL(place));
  return init({ module_or_path: source ?? readFileSync(address) });
}

const OPTIONS = {
  nodes: ['count', 4],
  seed: ['count', 1],
  timing: ['text', 'realistic'],
  start: ['date', HEADLESS_START],
  files: ['texts', {}],
  wasm: ['any', undefined],
  rest: ['any', undefined],
};

/** A new cluster without a page. */
export async function createCluster(options = {}) {
  const { nodes, seed, timing, start, files, ...source } = read(options, OPTIONS, 'createCluster');
  await load(source);
  const made = call(() => new Engine({
    nodes,
    seed,
    timing,
    start: Number(start),
    files: Object.entries(files).map(([path, text]) => ({ path, text })),
  }));
  return new Cluster(made);
}

/** The cluster that `exportSession` of a cluster, or the page's export, describes. */
export async function importSession(journal, options = {}) {
  check('importSession: journal', journal, 'text');
  const { wasm, rest } = OPTIONS;
  await load(read(options, { wasm, rest }, 'importSession'));
  return new Cluster(call(() => Engine.import(journal)));
}

// Where files can be read at once there is nothing to be had beforehand.
async function fetchRest() {
  if (rest.fetch && !rest.address.startsWith('file:')) rest.fetch(await loading.engine);
}

// Calls into the engine. Its refusals become OrdinalError; a trap is our bug, and ends every cluster of this module.
function call(work) {
  if (crash) throw new OrdinalError('Crashed', crash);
  try {
    return work();
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError || (error && error === rest.error)) {
      crash = `the engine has crashed (${error.message}); load the module anew`;
      throw new OrdinalError('Crashed', crash);
    }
    throw typeof error?.code === 'string' && !(error instanceof OrdinalError) ? new OrdinalError(error.code, error.message) : error;
  }
}

/** A moment of a cluster; made by `Cluster.snapshot`. */
class Snapshot {
  constructor(handle, owner) {
    this.handle = handle;
    this.owner = owner;
  }
}

class Cluster extends Surface {
  #engine;
  #watches = new Map();
  #snapshots = new Set();
  #speed = 1;
  #timer = null;
  #last = 0;

  constructor(engine) {
    super('time', 'error', 'destroy');
    this.#engine = engine;
  }

  /** The virtual time. */
  get now() {
    return new Date(this.#do((engine) => engine.now));
  }

  /** Equal for equal runs: folds every write since the beginning. */
  get digest() {
    return this.#do((engine) => engine.digest);
  }

  async run(command, options = {}) {
    check('run: command', command, 'text');
    const { limitSeconds } = read(options, { limitSeconds: ['duration', DEFAULT_LIMIT_SECONDS] }, 'run');
    fetchRest();
    return this.#move((engine) => engine.run(command, limitSeconds * SECOND));
  }

  async get(resource, namespace, name) {
    return this.peek(resource, namespace, name);
  }

  /** `get` for a condition of `runUntil`, which must answer at once. */
  peek(resource, namespace, name) {
    check('get: resource', resource, 'text');
    check('get: name', name, 'text');
    return this.#do((engine) => engine.get(resource, optionalText('get: namespace', namespace), name));
  }

  async list(resource, namespace) {
    check('list: resource', resource, 'text');
    return this.#do((engine) => engine.list(resource, optionalText('list: namespace', namespace)));
  }

  watch(resource, namespace) {
    check('watch: resource', resource, 'text');
    const handle = this.#do((engine) => engine.watch(resource, optionalText('watch: namespace', namespace)));
    const watch = new Watch(() => {
      this.#watches.delete(watch);
      if (!crash) handle.free();
    });
    this.#watches.set(watch, handle);
    return watch;
  }

  async advance(ms) {
    check('advance: ms', ms, 'duration');
    return this.#move((engine) => engine.advance(ms));
  }

  async runUntil(condition, options = {}) {
    check('runUntil: condition', condition, 'condition');
    const { limitSeconds } = read(options, { limitSeconds: ['duration', DEFAULT_LIMIT_SECONDS] }, 'runUntil');
    const limit = limitSeconds * SECOND;
    if (condition === 'settled') return this.#move((engine) => engine.settle(limit));
    return this.#runUntilTrue(condition, limit);
  }

  async writeFile(path, text) {
    check('writeFile: path', path, 'text');
    check('writeFile: text', text, 'text');
    return this.#move((engine) => engine.writeFile(path, text));
  }

  async readFile(path) {
    check('readFile: path', path, 'text');
    const text = this.#do((engine) => engine.readFile(path));
    if (text === undefined) throw new OrdinalError('NotFound', `${path}: no such file`);
    return text;
  }

  snapshot() {
    const snapshot = new Snapshot(this.#do((engine) => engine.snapshot()), this);
    this.#snapshots.add(snapshot);
    return snapshot;
  }

  restore(snapshot) {
    if (!(snapshot instanceof Snapshot) || snapshot.owner !== this || !this.#snapshots.has(snapshot)) {
      throw new OrdinalError('InvalidOption', 'restore: not a snapshot of this cluster, or one that is released');
    }
    this.#do((engine) => engine.restore(snapshot.handle));
    // A watch is a place in a log that is not this cluster's any more.
    for (const watch of [...this.#watches.keys()]) watch.end(new OrdinalError('Expired', 'the cluster has gone back to a snapshot: list anew'));
    this[emit]('time', this.now);
  }

  release(snapshot) {
    if (this.#snapshots.delete(snapshot)) snapshot.handle.free();
  }

  exportSession() {
    return this.#do((engine) => engine.export());
  }

  /** Lets virtual time follow the clock on the wall, `speed` times as fast. */
  resume() {
    this.#do(() => {});
    if (this.#timer !== null) return;
    this.#last = performance.now();
    this.#timer = setInterval(() => this.#tick(), FRAME_MS);
    this.#timer.unref?.();
  }

  pause() {
    this.#do(() => {});
    clearInterval(this.#timer);
    this.#timer = null;
  }

  setSpeed(speed) {
    this.#do(() => {});
    this.#speed = check('setSpeed: speed', speed, 'positive');
  }

  /** Ends the cluster and gives its memory back. A second call does nothing. */
  destroy() {
    if (!this.#engine) return;
    clearInterval(this.#timer);
    for (const watch of [...this.#watches.keys()]) watch.end(null);
    for (const snapshot of [...this.#snapshots]) this.release(snapshot);
    const engine = this.#engine;
    this.#engine = null;
    if (!crash) engine.free();
    this[emit]('destroy');
    this[silence]();
  }

  #runUntilTrue(condition, limit) {
    const end = Number(this.now) + limit;
    for (;;) {
      const holds = condition(this);
      if (typeof holds?.then === 'function') throw new OrdinalError('InvalidOption', 'runUntil: the condition must answer at once, not with a promise');
      if (holds) return true;
      const left = end - Number(this.now);
      if (left <= 0) return false;
      this.#move((engine) => engine.step(left));
    }
  }

  #tick() {
    const now = performance.now();
    // A tab that slept does not make up for all of it at once.
    const passed = Math.min((now - this.#last) * this.#speed, DAY);
    this.#last = now;
    try {
      this.#move((engine) => engine.advance(passed));
    } catch (error) {
      clearInterval(this.#timer);
      this.#timer = null;
      this[emit]('error', error);
    }
  }

  // One call into the engine.
  #do(work) {
    if (!this.#engine) throw new OrdinalError('Destroyed', 'the cluster has been destroyed');
    return call(() => work(this.#engine));
  }

  // One that may let time pass or write: watchers and listeners hear of it.
  #move(work) {
    const answer = this.#do(work);
    for (const [watch, handle] of [...this.#watches]) this.#tell(watch, handle);
    this[emit]('time', this.now);
    return answer;
  }

  #tell(watch, handle) {
    try {
      watch.push(this.#do((engine) => engine.changes(handle)));
    } catch (error) {
      watch.end(error);
    }
  }
}
