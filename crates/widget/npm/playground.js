// createPlayground: the page in an iframe, driven by messages (docs/embedding.md). The engine runs in the page's own worker, so that nothing here blocks.
import { OrdinalError, check, optionalText, read } from './options.js';
import { Surface, Watch, emit, silence } from './surface.js';

const VERSION = 1;
const MANIFEST_BYTES_MAX = 1 << 20;
const COMMAND_BYTES_MAX = 1 << 20;
const PAGE = 'page/';
const SECOND = 1000;
const DEFAULT_LIMIT_SECONDS = 3600;

const OPTIONS = {
  page: ['address', undefined],
  manifest: ['text', ''],
  setup: ['lines', []],
  commands: ['lines', []],
  views: ['views', []],
  lesson: ['lesson', undefined],
  nodes: ['nodes', undefined],
  seed: ['count', undefined],
  speed: ['speed', undefined],
  lang: ['lang', undefined],
  theme: ['theme', undefined],
  readonly: ['flag', false],
  title: ['text', 'Ordinal'],
  limitSeconds: ['positive', 60],
};

/** A playground with its page in an element. It is there when the promise is kept. */
export async function createPlayground(element, options = {}) {
  if (typeof document === 'undefined') throw new OrdinalError('InvalidOption', 'createPlayground needs a document; createCluster does not');
  if (!(element instanceof Element) || !element.isConnected) throw new OrdinalError('InvalidOption', 'createPlayground: element must be an element of the document');
  const wanted = read(options, OPTIONS, 'createPlayground');
  if (new TextEncoder().encode(wanted.manifest).length > MANIFEST_BYTES_MAX) throw new OrdinalError('TooLong', 'a manifest has at most 1 MiB');
  const playground = new Playground(addressOf(wanted), wanted);
  await playground[open](element, wanted.limitSeconds * SECOND);
  return playground;
}

function addressOf({ page, views, lesson, nodes, seed, speed, lang, theme, readonly }) {
  const folder = new URL(page ?? new URL(PAGE, import.meta.url), document.baseURI);
  if (folder.protocol !== 'https:' && folder.protocol !== 'http:') {
    throw new OrdinalError('InvalidOption', 'createPlayground: page must say where the package\'s folder "page" is served');
  }
  const address = new URL('index.html', folder);
  const asked = { embed: VERSION, views: views.length > 0 ? views.join(',') : undefined, lesson, nodes, seed, speed, lang, theme, readonly: readonly ? 1 : undefined };
  for (const [name, value] of Object.entries(asked)) if (value !== undefined) address.searchParams.set(name, value);
  return address;
}

/** A moment of a playground's cluster; made by `Playground.snapshot`. */
class Snapshot {
  constructor(owner, journal, now) {
    Object.assign(this, { owner, journal, now });
    Object.freeze(this);
  }
}

const open = Symbol('open');

class Playground extends Surface {
  #frame = document.createElement('iframe');
  #origin;
  #begin;
  #opened = null;
  #questions = new Map();
  #watches = new Map();
  #asked = 0;
  // The session that is on its way: what was asked before it belongs to another one.
  #importing = null;
  #begun = false;
  // One run of time after the other.
  #passing = Promise.resolve();
  #onMessage = (event) => this.#hear(event);
  // The engine is gone, until a new one begins.
  #crash = null;
  #state = { running: false, pods: 0 };

  constructor(address, { title, manifest, setup, commands }) {
    super('state', 'failed', 'destroy');
    this.#origin = address.origin;
    this.#begin = { type: 'begin', manifest, setup, commands };
    this.#frame.title = title;
    this.#frame.src = address.href;
    this.#frame.allow = 'clipboard-write';
  }

  async [open](element, limit) {
    addEventListener('message', this.#onMessage);
    const opened = new Promise((resolve, reject) => { this.#opened = { resolve, reject }; });
    const late = setTimeout(() => this.#opened.reject(new OrdinalError('LoadFailed', `the playground does not answer: ${this.#frame.src}`)), limit);
    element.append(this.#frame);
    try {
      await opened;
    } catch (error) {
      this.destroy();
      throw error;
    } finally {
      clearTimeout(late);
    }
  }

  /** The iframe, to be placed and sized by the page's style sheet. */
  get frame() {
    return this.#frame;
  }

  /** Whether the cluster runs, and how many pods it has. */
  get state() {
    return { ...this.#state };
  }

  async run(command, options = {}) {
    check('run: command', command, 'text');
    const { limitSeconds } = read(options, { limitSeconds: ['duration', undefined] }, 'run');
    // Of more the page takes nothing.
    if (new TextEncoder().encode(command).length >= COMMAND_BYTES_MAX) throw new OrdinalError('TooLong', 'a command has at most 1 MiB');
    const limit = limitSeconds === undefined ? undefined : limitSeconds * SECOND;
    const { stdout, stderr, exitCode } = await this.#question({ type: 'run', command, limit });
    if (exitCode === null) throw new OrdinalError('Ended', 'the shell has ended');
    return { stdout, stderr, exitCode };
  }

  async ask(command) {
    check('ask: command', command, 'text');
    const { stdout, ok } = await this.#question({ type: 'ask', command });
    return { stdout, exitCode: ok ? 0 : 1 };
  }

  async get(resource, namespace, name) {
    check('get: resource', resource, 'text');
    check('get: name', name, 'text');
    return this.#read(`kubectl get ${quoted(resource)} ${quoted(name)} ${within(optionalText('get: namespace', namespace) ?? 'default')}`);
  }

  async list(resource, namespace) {
    check('list: resource', resource, 'text');
    const place = optionalText('list: namespace', namespace);
    return (await this.#read(`kubectl get ${quoted(resource)} ${place === undefined ? '--all-namespaces' : within(place)}`)).items;
  }

  /** Nothing here can answer at once. */
  peek() {
    throw new OrdinalError('Unsupported', 'peek: the engine of a playground runs in a worker of another page and cannot answer at once; get answers with a promise');
  }

  watch(resource, namespace) {
    check('watch: resource', resource, 'text');
    const place = optionalText('watch: namespace', namespace);
    const id = (this.#asked += 1);
    this.#send({ type: 'watch', id, resource, namespace: place });
    const watch = new Watch(() => {
      if (this.#watches.delete(id) && this.#opened && this.#frame.contentWindow) this.#send({ type: 'unwatch', id });
    });
    this.#watches.set(id, watch);
    return watch;
  }

  async advance(ms) {
    check('advance: ms', ms, 'duration');
    await this.#pass({ ms });
  }

  async runUntil(condition, options = {}) {
    check('runUntil: condition', condition, 'condition');
    const { limitSeconds } = read(options, { limitSeconds: ['duration', DEFAULT_LIMIT_SECONDS] }, 'runUntil');
    const ms = limitSeconds * SECOND;
    if (condition === 'settled') return (await this.#pass({ ms, until: 'settled' })).reached;
    let { now } = await this.#pass({ ms: 0 });
    const end = now + ms;
    while (!(await condition(this))) {
      if (now >= end) return false;
      const passed = await this.#pass({ ms: end - now, until: 'event' });
      // Nothing happens any more before the limit.
      now = passed.reached ? passed.now : (await this.#pass({ ms: end - passed.now })).now;
    }
    return true;
  }

  async snapshot() {
    const { journal, now } = await this.#question({ type: 'export' });
    return new Snapshot(this, journal, now);
  }

  async restore(snapshot) {
    if (!(snapshot instanceof Snapshot) || snapshot.owner !== this) throw new OrdinalError('InvalidOption', 'restore: not a snapshot of this playground');
    await this.#import({ journal: snapshot.journal, now: snapshot.now });
  }

  async importSession(journal) {
    check('importSession: journal', journal, 'text');
    await this.#import({ journal });
  }

  async exportSession() {
    return (await this.#question({ type: 'export' })).journal;
  }

  pause() {
    this.#send({ type: 'pause' });
  }

  resume() {
    this.#send({ type: 'resume' });
  }

  setSpeed(speed) {
    this.#send({ type: 'speed', speed: check('setSpeed: speed', speed, 'speed') });
  }

  /** Takes the page away, and its cluster with it. A second call does nothing. */
  destroy() {
    if (!this.#opened) return;
    removeEventListener('message', this.#onMessage);
    this.#frame.remove();
    const gone = new OrdinalError('Destroyed', 'the playground has been destroyed');
    this.#opened.reject(gone);
    this.#opened = null;
    this.#refuse(gone, null);
    this[emit]('destroy');
    this[silence]();
  }

  #pass(span) {
    const passed = this.#passing.then(() => this.#question({ type: 'pass', ...span }));
    this.#passing = passed.catch(() => {});
    return passed;
  }

  async #import(session) {
    const asked = this.#question({ type: 'import', ...session });
    const id = this.#asked;
    this.#importing = id;
    try {
      const { message } = await asked;
      if (message !== undefined) throw new OrdinalError('InvalidSession', message);
    } finally {
      if (this.#importing === id) this.#importing = null;
    }
  }

  async #read(command) {
    const { stdout, exitCode } = await this.ask(`${command} -o json 2>&1`);
    if (exitCode === 0) return JSON.parse(stdout);
    const message = stdout.trim();
    const code = /\(NotFound\)/.test(message) ? 'NotFound' : /doesn't have a resource type/.test(message) ? 'UnknownResource' : 'Refused';
    throw new OrdinalError(code, message);
  }

  #question(message) {
    if (this.#crash) return Promise.reject(this.#crash);
    const id = (this.#asked += 1);
    return new Promise((resolve, reject) => {
      this.#questions.set(id, { resolve, reject });
      try {
        this.#send({ ...message, id });
      } catch (error) {
        this.#questions.delete(id);
        reject(error);
      }
    });
  }

  // What was asked before the question `until` is answered with an error, and watches that began before it end, with another one or none.
  #refuse(error, end, until = Infinity) {
    for (const [id, { reject }] of [...this.#questions].filter(([id]) => id < until)) {
      this.#questions.delete(id);
      reject(error);
    }
    for (const [id, watch] of [...this.#watches].filter(([id]) => id < until)) {
      this.#watches.delete(id);
      watch.end(end);
    }
  }

  #send(message) {
    // A frame that the page has taken out has lost its cluster.
    if (!this.#opened || !this.#frame.contentWindow) throw new OrdinalError('Destroyed', 'the playground has been destroyed, or its frame taken out of the document');
    this.#frame.contentWindow.postMessage({ ordinal: VERSION, ...message }, this.#origin);
  }

  #hear({ source, origin, data }) {
    if (source !== this.#frame.contentWindow || origin !== this.#origin || data?.ordinal === undefined) return;
    if (data.ordinal !== VERSION) return this.#opened.reject(new OrdinalError('LoadFailed', `the playground speaks version ${data.ordinal}, this package version ${VERSION}`));
    const handle = {
      ready: () => {
        this.#send(this.#begin);
        this.#opened.resolve();
      },
      state: () => this[emit]('state', (this.#state = { running: data.running, pods: data.pods })),
      begun: () => {
        this.#crash = null;
        const gone = new OrdinalError('Expired', 'another session has begun: ask again');
        if (this.#begun) this.#refuse(gone, gone, this.#importing ?? Infinity);
        this.#begun = true;
      },
      answer: () => this.#settle(data),
      ran: () => this.#settle(data),
      passed: () => this.#settle(data),
      session: () => this.#settle(data),
      imported: () => this.#settle(data),
      watched: () => {
        const watch = this.#watches.get(data.id);
        watch?.push(data.events.map((event) => JSON.parse(event)));
        if (data.reason !== undefined) {
          this.#watches.delete(data.id);
          watch?.end(new OrdinalError(data.reason, data.message));
        }
      },
      refused: () => {
        const error = new OrdinalError('Refused', String(data.message));
        const asked = this.#questions.get(data.id);
        this.#questions.delete(data.id);
        if (asked) asked.reject(error);
        else this[emit]('failed', error);
      },
      crashed: () => {
        this.#crash = new OrdinalError('Crashed', String(data.message));
        this.#refuse(this.#crash, this.#crash);
        this[emit]('failed', this.#crash);
      },
    };
    if (Object.hasOwn(handle, data.type)) handle[data.type]();
  }

  #settle(data) {
    this.#questions.get(data.id)?.resolve(data);
    this.#questions.delete(data.id);
  }
}

const within = (namespace) => `--namespace=${quoted(namespace)}`;
const quoted = (word) => `'${word.replaceAll("'", "'\\''")}'`;
