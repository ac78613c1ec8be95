// createPlayground: the page in an iframe, driven by messages (docs/embedding.md). The engine runs in the page's own worker, so that nothing here blocks.
import { OrdinalError, check, optionalText, read } from './options.js';

const VERSION = 1;
const MANIFEST_BYTES_MAX = 1 << 20;
const PAGE = 'page/';

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
  await playground.open(element, wanted.limitSeconds * 1000);
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

class Playground {
  #frame = document.createElement('iframe');
  #origin;
  #begin;
  #opened = null;
  #questions = new Map();
  #asked = 0;
  #listeners = new Map([['state', new Set()], ['failed', new Set()], ['destroy', new Set()]]);
  #onMessage = (event) => this.#hear(event);
  // The engine is gone, until a new one begins.
  #crash = null;
  #state = { running: false, pods: 0 };

  constructor(address, { title, manifest, setup, commands }) {
    this.#origin = address.origin;
    this.#begin = { type: 'begin', manifest, setup, commands };
    this.#frame.title = title;
    this.#frame.src = address.href;
    this.#frame.allow = 'clipboard-write';
  }

  async open(element, limit) {
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

  async run(command) {
    check('run: command', command, 'text');
    this.#send({ type: 'run', command });
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

  on(event, listener) {
    const listeners = this.#listeners.get(event);
    if (!listeners) throw new OrdinalError('InvalidOption', `on: unknown event "${event}"; there are: ${[...this.#listeners.keys()].join(', ')}`);
    listeners.add(check('on: listener', listener, 'listener'));
    return () => listeners.delete(listener);
  }

  /** Takes the page away, and its cluster with it. A second call does nothing. */
  destroy() {
    if (!this.#opened) return;
    removeEventListener('message', this.#onMessage);
    this.#frame.remove();
    const gone = new OrdinalError('Destroyed', 'the playground has been destroyed');
    this.#opened.reject(gone);
    this.#opened = null;
    this.#refuse(gone);
    this.#emit('destroy');
    for (const listeners of this.#listeners.values()) listeners.clear();
  }

  [Symbol.dispose ?? Symbol.for('Symbol.dispose')]() {
    this.destroy();
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

  #refuse(error) {
    for (const { reject } of this.#questions.values()) reject(error);
    this.#questions.clear();
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
      state: () => this.#emit('state', (this.#state = { running: data.running, pods: data.pods })),
      begun: () => { this.#crash = null; },
      answer: () => this.#settle(data),
      session: () => this.#settle(data),
      refused: () => this.#emit('failed', new OrdinalError('Refused', String(data.message))),
      crashed: () => {
        this.#crash = new OrdinalError('Crashed', String(data.message));
        this.#refuse(this.#crash);
        this.#emit('failed', this.#crash);
      },
    };
    if (Object.hasOwn(handle, data.type)) handle[data.type]();
  }

  #settle(data) {
    this.#questions.get(data.id)?.resolve(data);
    this.#questions.delete(data.id);
  }

  #emit(event, value) {
    for (const listener of [...this.#listeners.get(event)]) listener(value);
  }
}

const within = (namespace) => `--namespace=${quoted(namespace)}`;
const quoted = (word) => `'${word.replaceAll("'", "'\\''")}'`;
