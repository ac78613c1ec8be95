// <ordinal-playground>: a living cluster in the middle of somebody else's page. This file is all that such a page loads at first; the playground itself comes
// into an iframe when it is asked for, so that neither page can disturb the other. Attributes and messages are described in docs/embedding.md.
(() => {
  const VERSION = 1;
  const MANIFEST_BYTES_MAX = 1 << 20;
  // A module has no script of its own to ask.
  const HOME = new URL('.', document.currentScript?.src ?? document.querySelector('script[src*="embed.js"]')?.src ?? document.baseURI);
  const ANSWER_MS_MAX = 60_000;
  const WORDS = {
    en: { start: 'Start the cluster', loading: 'Starting…', elsewhere: 'Runs in the playground of this page', wrong: 'This playground cannot start: ' },
    ja: { start: 'クラスターを起動', loading: '起動しています…', elsewhere: 'このページのプレイグラウンドで実行します', wrong: 'プレイグラウンドを起動できません: ' },
  };
  const whole = (least, most) => (text) => (/^\d+$/.test(text) && Number(text) >= least && Number(text) <= most ? text : null);
  const oneOf = (...words) => (text) => (words.includes(text) ? text : null);
  const list = (...words) => (text) => (text.split(/[\s,]+/).every((word) => words.includes(word)) ? text.split(/[\s,]+/).join(',') : null);
  // What goes into the address, and how each value is read; null refuses it.
  const ADDRESS = {
    lesson: [(text) => (/^[a-z0-9-]+$/.test(text) ? text : null), 'the name of a lesson'],
    nodes: [whole(1, 5000), 'a whole number from 1 to 5000'],
    seed: [whole(0, Number.MAX_SAFE_INTEGER), 'a whole number'],
    speed: [oneOf('1', '5', '20', '100'), '1, 5, 20 or 100'],
    views: [list('terminal', 'picture', 'editor', 'lesson', 'events'), 'some of terminal, picture, editor, lesson, events'],
    lang: [(text) => (/^[a-zA-Z-]+$/.test(text) ? text : null), 'a language tag'],
    theme: [oneOf('auto', 'light', 'dark'), 'auto, light or dark'],
  };
  const OURS = [...Object.keys(ADDRESS), 'manifest', 'setup', 'commands', 'height', 'readonly', 'cluster', 'load'];
  // Attributes that any element may have, and those of frameworks, which are no plain words.
  const GLOBAL = /[^a-z]|^(on.*|class|id|style|title|slot|hidden|dir|part|role|tabindex|translate|inert|draggable|accesskey|nonce|popover|spellcheck|autofocus|item.*)$/;
  const STYLE = `
    :host { display: block; min-height: var(--ordinal-height, 480px); position: relative; border: 1px solid color-mix(in srgb, currentColor 25%, transparent); border-radius: 8px; overflow: auto; }
    :host([hidden]) { display: none; }
    :host([cluster]:not([owner])) { min-height: 0; }
    iframe { position: absolute; inset: 0; width: 100%; height: 100%; border: 0; }
    .poster { padding: 1rem; } .gone { visibility: hidden; }
    button { font: inherit; padding: .4em .9em; margin: 0 .5em .5em 0; border: 1px solid currentColor; border-radius: 6px; background: transparent; color: inherit; cursor: pointer; }
    button.command { font-family: ui-monospace, monospace; }
    .note { margin: .5rem 0; } .wrong { font-weight: 600; }
    [hidden] { display: none; }`;
  // The elements of each name, the one with the cluster first.
  const clusters = new Map();
  const THEME_ATTRIBUTES = { attributeFilter: ['class', 'style', 'data-theme', 'data-bs-theme', 'data-color-mode'] };

  class Playground extends HTMLElement {
    #frame = null;
    #poster = null;
    #note = null;
    #waiting = [];
    #ready = false;
    #started = false;
    #asked = new Map();
    #last = 0;
    #begun = false;
    #late = 0;
    #theme = '';
    #themes = null;
    #onMessage = (event) => this.#hear(event);
    #watcher = null;

    connectedCallback() {
      if (!this.shadowRoot) this.#build();
      addEventListener('message', this.#onMessage);
      const name = this.getAttribute('cluster');
      if (name) clusters.set(name, (clusters.get(name) ?? new Set()).add(this));
      this.style.setProperty('--ordinal-height', `${this.#height()}px`);
      this.#settle();
    }

    disconnectedCallback() {
      removeEventListener('message', this.#onMessage);
      this.#watcher?.disconnect();
      this.#end(new Error('the playground was taken out of the page'));
      const others = clusters.get(this.getAttribute('cluster'));
      if (!others?.delete(this)) return;
      // The next of its name has a cluster of its own.
      const [next] = others;
      if (next && this.hasAttribute('owner')) next.#settle();
    }

    // Whether it has a cluster, and what stands there until it starts.
    #settle() {
      this.toggleAttribute('owner', this.#owner() === this);
      this.#offer();
      if (this.#isOwner() && (this.#started || this.getAttribute('load') === 'visible')) this.#startWhenSeen();
    }

    #owner() {
      const [owner = this] = clusters.get(this.getAttribute('cluster')) ?? [];
      return owner;
    }

    /** Types a command into the playground, which is started first if need be. Answers, when it has ended, with `{stdout, stderr, exitCode}`. */
    run(command) {
      const owner = this.#owner();
      if (owner !== this) {
        owner.scrollIntoView({ block: 'nearest' });
        return owner.run(command);
      }
      const id = (this.#last += 1);
      const ran = new Promise((resolve, reject) => this.#asked.set(id, { resolve, reject }));
      this.#send({ type: 'run', id, command: String(command) });
      this.start();
      return ran;
    }

    /** Loads the playground. */
    async start() {
      if (this.#frame) return;
      this.#started = true;
      this.#say(this.#words().loading);
      try {
        const [address, begin] = [this.#address(), await this.#begin()];
        if (this.#frame || !this.isConnected) return;
        this.#waiting.unshift(begin);
        this.#frame = document.createElement('iframe');
        this.#frame.src = address;
        this.#frame.title = 'Ordinal';
        this.#frame.allow = 'clipboard-write';
        this.shadowRoot.append(this.#frame);
        this.#late = setTimeout(() => this.#fail(`no answer from ${HOME.href}`), ANSWER_MS_MAX);
      } catch (error) {
        this.#fail(error.message);
      }
    }

    #isOwner() {
      return this.hasAttribute('owner');
    }

    #words() {
      const lang = this.closest('[lang]')?.lang || document.documentElement.lang || navigator.language;
      return WORDS[lang.slice(0, 2)] ?? WORDS.en;
    }

    #height() {
      const height = Number(this.getAttribute('height') ?? 480);
      return height >= 120 && height <= 4000 ? height : 480;
    }

    #build() {
      const root = this.attachShadow({ mode: 'open' });
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE);
      root.adoptedStyleSheets = [sheet];
      this.#poster = document.createElement('div');
      this.#poster.className = 'poster';
      this.#note = document.createElement('p');
      this.#note.className = 'note';
      this.#note.setAttribute('role', 'status');
      root.append(this.#poster);
    }

    // What is there before the playground: a button, the commands, and whatever the author wrote into the element.
    #offer() {
      const words = this.#words();
      const buttons = [];
      if (this.#isOwner()) buttons.push(button(words.start, 'start', () => this.start()));
      else this.#say(words.elsewhere);
      for (const command of this.#commands()) buttons.push(button(command, 'command', () => this.run(command).catch(() => {})));
      this.#poster.replaceChildren(...buttons, this.#note, document.createElement('slot'));
      this.#poster.classList.remove('gone');
    }

    #commands() {
      return lines(this.getAttribute('commands') ?? '');
    }

    #startWhenSeen() {
      this.#watcher = new IntersectionObserver((entries) => {
        if (entries.some((entry) => entry.isIntersecting)) {
          this.#watcher.disconnect();
          this.start();
        }
      });
      this.#watcher.observe(this);
    }

    #address() {
      const address = new URL('index.html', HOME);
      address.searchParams.set('embed', VERSION);
      for (const { name, value } of this.attributes) {
        if (GLOBAL.test(name) || name === 'owner') continue;
        if (!OURS.includes(name)) throw new Error(`unknown attribute "${name}"; there are: ${OURS.join(', ')}`);
        if (!ADDRESS[name]) continue;
        const [read, words] = ADDRESS[name];
        const text = read(value.trim());
        if (text === null) throw new Error(`${name}="${value}" must be ${words}`);
        address.searchParams.set(name, text);
      }
      if (this.hasAttribute('height') && String(this.#height()) !== this.getAttribute('height')) throw new Error('height must be a number of pixels from 120 to 4000');
      if (!['visible', 'click', null].includes(this.getAttribute('load'))) throw new Error('load must be visible or click');
      if (this.hasAttribute('readonly')) address.searchParams.set('readonly', '1');
      const lang = this.closest('[lang]')?.lang;
      if (lang && !address.searchParams.has('lang')) address.searchParams.set('lang', lang);
      if (!address.searchParams.has('theme') || this.getAttribute('theme') === 'auto') {
        address.searchParams.set('theme', (this.#theme = schemeOf(this)));
        this.#followTheme();
      }
      return address.href;
    }

    // A host page that turns dark takes its playgrounds along.
    #followTheme() {
      const look = () => {
        const theme = schemeOf(this);
        if (theme !== this.#theme && this.#frame) this.#send({ type: 'theme', theme: (this.#theme = theme) });
      };
      const observer = new MutationObserver(look);
      for (const root of [document.documentElement, document.body]) observer.observe(root, THEME_ATTRIBUTES);
      const scheme = matchMedia('(prefers-color-scheme: dark)');
      scheme.addEventListener('change', look);
      this.#themes = () => {
        observer.disconnect();
        scheme.removeEventListener('change', look);
      };
    }

    async #begin() {
      const setup = this.getAttribute('setup') ?? '';
      return { type: 'begin', manifest: await this.#manifest(), setup: lines(setup), commands: this.#commands() };
    }

    async #manifest() {
      const inline = this.querySelector('script[type="application/yaml"]');
      if (inline) return limited(dedented(inline.textContent), 'the manifest');
      const place = this.getAttribute('manifest');
      if (!place) return '';
      const answer = await fetch(new URL(place, document.baseURI)).catch(() => null);
      if (!answer) throw new Error(`${place} cannot be fetched`);
      if (!answer.ok) throw new Error(`${place}: ${answer.status} ${answer.statusText}`.trim());
      const type = answer.headers.get('content-type') ?? '';
      if (/html/.test(type)) throw new Error(`${place} is a page, not a manifest`);
      if (/^(image|audio|video|font)\//.test(type)) throw new Error(`${place} is ${type}, not a manifest`);
      if (Number(answer.headers.get('content-length')) > MANIFEST_BYTES_MAX) throw new Error(`${place} is larger than 1 MiB`);
      return limited(await answer.text(), place);
    }

    #send(message) {
      if (!this.#ready) return void this.#waiting.push(message);
      this.#frame.contentWindow.postMessage({ ordinal: VERSION, ...message }, HOME.origin);
    }

    #hear({ source, origin, data }) {
      if (!this.#frame || source !== this.#frame.contentWindow || origin !== HOME.origin || data?.ordinal === undefined) return;
      if (data.ordinal !== VERSION) return this.#fail(`the playground speaks version ${data.ordinal}, this page version ${VERSION}`);
      if (data.type === 'ready') {
        clearTimeout(this.#late);
        this.#ready = true;
        // Its place stays, so that nothing on the host page moves.
        this.#poster.classList.add('gone');
        for (const message of this.#waiting.splice(0)) this.#send(message);
      }
      if (data.type === 'failed') return this.#fail(String(data.message));
      if (data.type === 'ran') this.#answer(data);
      if (data.type === 'refused') this.#asked.get(data.id)?.reject(new Error(data.message));
      // What was asked of a cluster that is gone is not answered any more.
      if (data.type === 'crashed' || (data.type === 'begun' && this.#begun)) this.#forget(new Error(data.message ?? 'another cluster has begun'));
      this.#begun ||= data.type === 'begun';
      this.dispatchEvent(new CustomEvent(`ordinal-${data.type}`, { detail: data }));
    }

    #say(text) {
      this.#note.className = 'note';
      this.#note.textContent = text;
    }

    #answer({ id, stdout, stderr, exitCode }) {
      const asked = this.#asked.get(id);
      this.#asked.delete(id);
      if (exitCode === null) asked?.reject(new Error('the shell has ended'));
      else asked?.resolve({ stdout, stderr, exitCode });
    }

    #forget(error) {
      for (const { reject } of this.#asked.values()) reject(error);
      this.#asked.clear();
    }

    #end(error) {
      clearTimeout(this.#late);
      this.#themes?.();
      this.#frame?.remove();
      this.#frame = null;
      this.#ready = false;
      this.#waiting = [];
      this.#begun = false;
      this.#forget(error);
    }

    #fail(message) {
      this.#end(new Error(message));
      this.#offer();
      this.#note.className = 'note wrong';
      this.#note.textContent = this.#words().wrong + message;
      this.dispatchEvent(new CustomEvent('ordinal-failed', { detail: { message } }));
    }
  }

  function button(text, name, onclick) {
    const made = document.createElement('button');
    Object.assign(made, { type: 'button', className: name, textContent: text, onclick });
    return made;
  }

  const lines = (text) => text.split('\n').map((line) => line.trim()).filter(Boolean);

  // A manifest that an author has indented with the page around it.
  function dedented(text) {
    const indents = text.split('\n').filter((line) => line.trim()).map((line) => line.search(/\S/));
    const least = Math.min(...indents);
    return `${text.split('\n').map((line) => line.slice(least)).join('\n').replace(/^\n+/, '').trimEnd()}\n`;
  }

  function limited(text, what) {
    if (new Blob([text]).size > MANIFEST_BYTES_MAX) throw new Error(`${what} is larger than 1 MiB`);
    return text;
  }

  // The scheme in which the host page shows the element: its own, not the system's.
  function schemeOf(element) {
    const { colorScheme, color } = getComputedStyle(element);
    if (colorScheme === 'dark' || colorScheme === 'light') return colorScheme;
    const [r, g, b] = (color.match(/[\d.]+/g) ?? [0, 0, 0]).map(Number);
    return r + g + b > 384 ? 'dark' : 'light';
  }

  if (!customElements.get('ordinal-playground')) customElements.define('ordinal-playground', Playground);
})();
