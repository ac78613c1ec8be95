// <ordinal-editor>: CodeMirror in a shadow root, where its styles need no permission from the page's policy. The page talks to it through its properties
// and methods and hears it through two events; it knows nothing of the page.
import { acceptCompletion, autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { yaml } from '@codemirror/lang-yaml';
import { HighlightStyle, bracketMatching, indentOnInput, syntaxHighlighting } from '@codemirror/language';
import { lintGutter, setDiagnostics } from '@codemirror/lint';
import { EditorState } from '@codemirror/state';
import { EditorView, drawSelection, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';

const CHANGE_PAUSE_MS = 200;
// An answer that does not come leaves the editor without candidates, not waiting.
const ANSWER_LIMIT_MS = 2000;

const theme = EditorView.theme({
  '&': { height: '100%', backgroundColor: 'var(--panel)', color: 'var(--ink)', fontSize: '13px' },
  '&.cm-focused': { outline: '2px solid var(--focus)', outlineOffset: '-2px' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.55' },
  '.cm-content': { caretColor: 'var(--accent)' },
  '.cm-cursor': { borderLeftColor: 'var(--accent)', borderLeftWidth: '2px' },
  '.cm-gutters': { backgroundColor: 'var(--panel)', color: 'var(--ink-soft)', border: 'none' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'color-mix(in srgb, var(--accent) 7%, transparent)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'color-mix(in srgb, var(--accent) 24%, transparent)',
  },
  '.cm-tooltip': { backgroundColor: 'var(--raised)', color: 'var(--ink)', border: '1px solid var(--line-strong)', borderRadius: '6px', overflow: 'hidden' },
  '.cm-tooltip-autocomplete > ul > li[aria-selected]': { backgroundColor: 'var(--accent)', color: 'var(--accent-ink)' },
  '.cm-completionDetail': { color: 'var(--ink-soft)', fontStyle: 'normal', marginLeft: '1.5em' },
  'li[aria-selected] .cm-completionDetail': { color: 'inherit' },
  '.cm-tooltip-autocomplete > ul': { maxWidth: 'min(640px, 90vw)', fontFamily: 'var(--mono)' },
  '.cm-diagnostic-error': { borderLeftColor: 'var(--bad)' },
});

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'var(--accent)', fontWeight: '600' },
  { tag: tags.comment, color: 'var(--ink-soft)', fontStyle: 'italic' },
  { tag: tags.string, color: 'var(--good)' },
  { tag: [tags.meta, tags.separator, tags.punctuation], color: 'var(--ink-soft)' },
]);

class OrdinalEditor extends HTMLElement {
  #view;
  #pause;
  #asked = new Map();
  #ticket = 0;
  // While a text is opened, its change is not the reader's.
  #opening = false;

  connectedCallback() {
    if (this.#view) return;
    const root = this.shadowRoot ?? this.attachShadow({ mode: 'open' });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(':host { display: block; min-height: 0; } .cm-editor { height: 100%; }');
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
    const doc = this.querySelector('textarea')?.value ?? '';
    this.#view = new EditorView({ root, parent: root, state: EditorState.create({ doc, extensions: this.#extensions() }) });
  }

  #extensions() {
    const { label = '', description = '' } = this.dataset;
    return [
      lineNumbers(),
      lintGutter(),
      history(),
      drawSelection(),
      indentOnInput(),
      bracketMatching(),
      closeBrackets(),
      highlightActiveLine(),
      yaml(),
      theme,
      syntaxHighlighting(colours),
      EditorState.tabSize.of(2),
      EditorView.contentAttributes.of({ tabindex: '0', 'aria-label': label, 'aria-description': description }),
      EditorState.phrases.of({ Completions: label }),
      autocompletion({ override: [(context) => this.#complete(context)], icons: false }),
      keymap.of([{ key: 'Tab', run: acceptCompletion }, ...closeBracketsKeymap, ...completionKeymap, ...defaultKeymap, ...historyKeymap, indentWithTab]),
      EditorView.updateListener.of((update) => update.docChanged && this.#changed()),
    ];
  }

  get text() {
    return this.#view?.state.doc.toString();
  }

  open(text) {
    if (!this.#view || this.text === text) return;
    this.#opening = true;
    this.#view.dispatch({ changes: { from: 0, to: this.#view.state.doc.length, insert: text } });
    this.#opening = false;
  }

  // Rows of line and column (both from 1) and message.
  mark(rows) {
    if (!this.#view) return;
    const { doc } = this.#view.state;
    const diagnostics = rows.map(([line, column, message]) => {
      const at = doc.line(Math.min(Math.max(line, 1), doc.lines));
      const from = Math.min(at.from + column - 1, at.to);
      const word = /^[^\s:]+/.exec(doc.sliceString(from, at.to))?.[0] ?? '';
      return { from, to: from + word.length, severity: 'error', message };
    });
    this.#view.dispatch(setDiagnostics(this.#view.state, diagnostics));
  }

  reveal(line, column) {
    if (!this.#view) return;
    const at = this.#view.state.doc.line(Math.min(Math.max(line, 1), this.#view.state.doc.lines));
    const anchor = Math.min(at.from + column - 1, at.to);
    this.#view.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor, { y: 'center' }) });
    this.#view.focus();
  }

  suggest(ticket, from, candidates) {
    this.#asked.get(ticket)?.({ from, candidates });
  }

  #changed() {
    clearTimeout(this.#pause);
    if (this.#opening) return;
    this.#pause = setTimeout(() => this.dispatchEvent(new CustomEvent('ordinal-change', { detail: this.text })), CHANGE_PAUSE_MS);
  }

  async #complete(context) {
    const line = context.state.doc.lineAt(context.pos);
    const before = line.text.slice(0, context.pos - line.from);
    // Without being asked it offers where a word or a value begins.
    if (!context.explicit && !/[\w.]$|: $|^\s*- $/.test(before)) return null;
    const ticket = ++this.#ticket;
    const answer = await new Promise((resolve) => {
      this.#asked.set(ticket, resolve);
      setTimeout(() => resolve(null), ANSWER_LIMIT_MS);
      this.dispatchEvent(new CustomEvent('ordinal-question', { detail: [ticket, line.number - 1, [...before].length, context.state.doc.toString()] }));
    });
    this.#asked.delete(ticket);
    if (!answer || context.aborted || answer.candidates.length === 0) return null;
    const options = answer.candidates.map(([label, detail], index) => ({ label: label.trimEnd(), apply: label, detail, boost: -index }));
    const start = line.from + [...before].slice(0, answer.from).join('').length;
    return { from: start, options, validFor: /^[\w-]*$/ };
  }
}

customElements.define('ordinal-editor', OrdinalEditor);
