// A window for the page's program in Node: happy-dom's document and events, a clock that moves by frames alone, and the real worker on the same thread.
// It has no layout: every element is as large as the window.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import vm from 'node:vm';
import { Window } from 'happy-dom';

const FRAME_MS = 1000 / 60;
// What the page's program finds beside it, as properties of the global object.
const NAMES = ['document', 'location', 'history', 'navigator', 'localStorage', 'sessionStorage', 'Element', 'HTMLElement', 'HTMLButtonElement', 'HTMLFormElement', 'HTMLInputElement', 'HTMLSelectElement', 'HTMLTextAreaElement', 'SVGElement', 'ShadowRoot', 'ClipboardEvent', 'CustomEvent', 'MessageEvent', 'ErrorEvent'];

// Lets everything that is promised come true.
const settled = () => new Promise((resolve) => setImmediate(resolve));

export class Visit {
  #frames = new Map();
  #timers = new Map();
  #count = 0;
  #observers = [];
  #messages = [];

  // `worker` is the engine's compiled module, `folder` the built page. The visitor's: `query`, `width`, `height`, `languages`, `stored` (what an earlier
  // visit left), `start` (a date), and how fast the machine is: `latency`, after how many frames a message arrives, and `tick`, what a look at the clock
  // takes.
  constructor({ folder, worker, query = '', width = 1440, height = 900, languages = ['en'], stored = {}, start = 1_767_225_600_000, latency = 0, tick = 0 }) {
    Object.assign(this, { folder, worker, size: { width, height }, now: start, start, latency, tick });
    this.window = new Window({ url: `http://ordinal.test/${query}`, width, height });
    Object.defineProperty(this.window.navigator, 'languages', { value: languages });
    for (const [area, entries] of Object.entries(stored)) for (const [key, value] of entries) this.window[area].setItem(key, value);
    this.document = this.window.document;
    this.document.body.innerHTML = '<div id="app"></div>';
    this.#install();
  }

  #install() {
    const { window } = this;
    const give = (name, value) => Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
    for (const name of NAMES) give(name, window[name]);
    give('Window', class { static [Symbol.hasInstance](one) { return one === globalThis; } });
    for (const name of ['window', 'self', 'parent']) give(name, globalThis);
    give('addEventListener', window.addEventListener.bind(window));
    give('removeEventListener', window.removeEventListener.bind(window));
    give('confirm', () => true);
    give('getSelection', () => ({ isCollapsed: true }));
    give('fetch', async (path) => this.#answer(String(path)));
    give('requestAnimationFrame', (call) => this.#keep(this.#frames, call));
    give('setTimeout', (call, after = 0) => this.#keep(this.#timers, { call, at: this.now + after }));
    give('clearTimeout', (number) => this.#timers.delete(number));
    give('ResizeObserver', this.#observer());
    give('Worker', this.#workerClass());
    Date.now = () => Math.floor(this.now += this.tick);
    // As `start.js` does it.
    const said = [];
    const engine = new Worker();
    engine.onmessage = (event) => said.push(event);
    give('ordinalEngine', { worker: engine, said });
    const size = (name, of) => Object.defineProperty(window.HTMLElement.prototype, name, { get: () => of(this.size), configurable: true });
    size('clientWidth', ({ width }) => width);
    for (const name of ['clientHeight', 'scrollHeight']) size(name, ({ height }) => height);
    window.HTMLElement.prototype.getBoundingClientRect = () => ({ left: 0, right: this.size.width, bottom: this.size.height });
    window.Element.prototype.setPointerCapture = () => {};
  }

  #keep(those, one) {
    this.#count += 1;
    those.set(this.#count, one);
    return this.#count;
  }

  #answer(path) {
    try {
      return new Response(readFileSync(join(this.folder, path.replace(/^\//, ''))));
    } catch {
      return new Response('', { status: 404 });
    }
  }

  #observer() {
    const observers = this.#observers;
    return class {
      constructor(call) { this.call = call; }
      observe() { observers.push(this); }
      disconnect() { observers.splice(observers.indexOf(this), 1); }
    };
  }

  // The engine, on this thread; messages arrive between two frames.
  #workerClass() {
    const visit = this;
    return class {
      constructor() {
        const scope = vm.createContext({ TextDecoder, TextEncoder, WebAssembly, Uint8Array, program: visit.worker });
        scope.self = scope;
        scope.Date = { now: () => visit.now };
        scope.postMessage = (bytes) => visit.#post(() => this.onmessage?.(new visit.window.MessageEvent('message', { data: new Uint8Array(bytes) })));
        this.scope = scope;
        vm.runInContext(readFileSync(join(visit.folder, 'worker.js'), 'utf8'), scope);
        vm.runInContext('wasm_bindgen.initSync({ module: program })', scope);
      }

      postMessage(bytes) {
        visit.#post(() => this.scope.onmessage({ data: bytes }), visit.latency);
      }

      terminate() {
        this.onmessage = null;
      }
    };
  }

  #post(message, frames = 0) {
    this.#messages.push({ message, frames });
  }

  // A frame passes: messages, timers, frames, and what they promise.
  async frame() {
    this.now += FRAME_MS;
    await settled();
    while (this.#messages.length > 0 && this.#messages[0].frames <= 0) {
      this.#messages.shift().message();
      await settled();
    }
    if (this.#messages.length > 0) this.#messages[0].frames -= 1;
    for (const [number, { call, at }] of [...this.#timers]) {
      if (at <= this.now && this.#timers.delete(number)) call();
      await settled();
    }
    const calls = [...this.#frames.values()];
    this.#frames.clear();
    for (const call of calls) call(this.now - this.start);
    await settled();
  }

  async frames(count) {
    for (let at = 0; at < count; at += 1) await this.frame();
  }

  async until(what, condition) {
    for (let at = 0; !condition(); at += 1) {
      if (at > 2_000) throw new Error(`a visit waits in vain for ${what}:\n${this.document.body.textContent.slice(0, 2000)}`);
      await this.frame();
    }
  }

  resize(width) {
    this.size.width = width;
    for (const observer of this.#observers) observer.call([], observer);
  }

  // What a next visit finds.
  get stored() {
    return Object.fromEntries(['localStorage', 'sessionStorage'].map((area) => [area, Object.entries(this.window[area])]));
  }

  fires(element, kind, options = {}, Kind = this.window.Event) {
    return element.dispatchEvent(new Kind(kind, { bubbles: true, cancelable: true, composed: true, ...options }));
  }

  close() {
    return this.window.happyDOM.close();
  }
}
