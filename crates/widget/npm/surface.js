// What a cluster and a playground have in common: manifests, faults and listeners, over the `run` of each.
import { OrdinalError, check } from './options.js';

/** Tells the listeners of an event. */
export const emit = Symbol('emit');
/** Forgets all listeners. */
export const silence = Symbol('silence');

export class Surface {
  #listeners;

  constructor(...events) {
    this.#listeners = new Map(events.map((event) => [event, new Set()]));
  }

  async apply(manifest) {
    check('apply: manifest', manifest, 'text');
    return accepted(await this.run(`kubectl apply -f - ${hereDocument(manifest)}`));
  }

  async inject(fault) {
    check('inject: fault', fault, 'text');
    return accepted(await this.run(`fault ${fault}`));
  }

  on(event, listener) {
    const listeners = this.#listeners.get(event);
    if (!listeners) throw new OrdinalError('InvalidOption', `on: unknown event "${event}"; there are: ${[...this.#listeners.keys()].join(', ')}`);
    listeners.add(check('on: listener', listener, 'listener'));
    return () => listeners.delete(listener);
  }

  [emit](event, value) {
    for (const listener of [...this.#listeners.get(event)]) listener(value);
  }

  [silence]() {
    for (const listeners of this.#listeners.values()) listeners.clear();
  }

  [Symbol.dispose ?? Symbol.for('Symbol.dispose')]() {
    this.destroy();
  }
}

// An async iterator over the changes of one resource; `return()` or `break` ends it.
export class Watch {
  #events = [];
  #waiting = [];
  #ended = false;
  #error = null;
  #forget;

  constructor(forget) {
    this.#forget = forget;
  }

  push(events) {
    if (this.#ended) return;
    this.#events.push(...events);
    while (this.#waiting.length > 0 && this.#events.length > 0) {
      this.#waiting.shift().resolve({ value: this.#events.shift(), done: false });
    }
  }

  end(error) {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#forget();
    for (const { resolve, reject } of this.#waiting.splice(0)) {
      if (this.#error) reject(this.#error);
      else resolve({ value: undefined, done: true });
    }
  }

  async next() {
    if (this.#events.length > 0) return { value: this.#events.shift(), done: false };
    if (this.#ended && this.#error) throw this.#error;
    if (this.#ended) return { value: undefined, done: true };
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  async return() {
    this.end(null);
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator]() {
    return this;
  }
}

function accepted(said) {
  if (said.exitCode !== 0) throw new OrdinalError('Refused', said.stderr.trim() || said.stdout.trim());
  return said;
}

// The text as a here-document whose end no line of it is.
function hereDocument(text) {
  const lines = new Set(text.split('\n'));
  let end = 'EOF';
  while (lines.has(end)) end += '_';
  return `<<'${end}'\n${text}${text.endsWith('\n') ? '' : '\n'}${end}`;
}
