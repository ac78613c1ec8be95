// Visits the page in Node, and prints what it shows.
// usage: node page-session.mjs FOLDER WASM first|long [--rest REST.wasm] [--marks FILE BASE COUNT]
// FOLDER: the built page, with its worker in one piece. The options are those of worker-session.mjs.
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Visit } from './window.mjs';

const [folder, module, length, ...options] = process.argv.slice(2);
const [option, file, base, count] = options;
const worker = new WebAssembly.Module(readFileSync(join(folder, 'worker_bg.wasm')));
const program = new WebAssembly.Module(readFileSync(module));
const marks = new Uint8Array(option === '--marks' ? Number(count) : 0);
const said = [];
let visits = 0;

async function visited(visitor, act) {
  visits += 1;
  const visit = new Visit({ folder, worker, ...visitor });
  const page = await import(`${pathToFileURL(resolve(folder, 'page.js'))}?visit=${visits}`);
  if (option === '--rest') page.rest.read = () => readFileSync(file);
  const { memory } = shifted(visits, () => page.initSync({ module: program }));
  await visit.until('a prompt', () => /\$ $/.test(log(visit)));
  await visit.until('a lesson', () => visit.document.querySelector('.lesson-command'));
  await act(visit);
  await leaves(visit);
  const { stored } = visit;
  new Uint8Array(memory.buffer, Number(base ?? 0), marks.length).forEach((mark, at) => { marks[at] |= mark; });
  await visit.close();
  return stored;
}

// Hash maps are seeded by where things lie in memory. In each visit they lie elsewhere.
function shifted(by, init) {
  const { Instance } = WebAssembly;
  WebAssembly.Instance = function (program, imports) {
    const instance = new Instance(program, imports);
    instance.exports.__wbindgen_malloc(8 * (1 + ((by * 7919) % 4093)), 8);
    return instance;
  };
  try {
    return init();
  } finally {
    WebAssembly.Instance = Instance;
  }
}

const log = (visit) => visit.document.querySelector('.terminal-log')?.textContent ?? '';

function press(visit, key, more = {}) {
  visit.fires(visit.document.querySelector('#line-1'), 'keydown', { key, ...more }, visit.window.KeyboardEvent);
}

// Types a line into the first terminal, and waits for the next prompt.
async function runs(visit, line) {
  visit.document.querySelector('#line-1').value = line;
  press(visit, 'Enter');
  await visit.frame();
  await visit.until(line, () => /\$ $/.test(log(visit)));
}

const all = (visit, selector) => [...visit.document.querySelectorAll(selector)];

// The mouse goes over everything; it touches nothing.
async function looks(visit) {
  for (const element of all(visit, 'body *')) {
    visit.fires(element, 'mouseover', {}, visit.window.MouseEvent);
    visit.fires(element, 'pointermove', {}, visit.window.PointerEvent);
    if (element.matches('.node, .pod, .claim, .cluster, .summary, .terminal-log')) await visit.frame();
  }
  for (const element of all(visit, '.cluster, .summary, .terminal-log, .events')) visit.fires(element, 'mouseleave', { bubbles: false }, visit.window.MouseEvent);
  for (const element of all(visit, '.terminal-log, .lesson-body, .pane-picture')) visit.fires(element, 'scroll');
  for (const width of [300, 1_234, visit.size.width]) {
    visit.resize(width);
    await visit.frames(5);
  }
}

// Another tab, and back, and away.
async function leaves(visit) {
  for (const hidden of [true, false, true]) {
    Object.defineProperty(visit.document, 'hidden', { value: hidden, configurable: true });
    visit.fires(visit.document, 'visibilitychange');
    visit.document.onvisibilitychange?.();
    await visit.frames(3);
  }
}

async function presses(visit, button) {
  visit.fires(button, 'click', {}, visit.window.MouseEvent);
  await visit.frames(3);
}

// What a reader does first: reads, types, or presses the lesson's buttons.
async function begins(visit, number) {
  await looks(visit);
  if (number % 2 === 0) {
    await runs(visit, 'kubectl apply -f web.yaml');
  } else {
    for (const button of all(visit, '.lesson-run').slice(0, 2)) await presses(visit, button);
  }
  await visit.frames(100);
}

const LESSONS = ['', '&lesson=wordpress-mysql', '&lesson=cassandra', '&lesson=zookeeper'];
const LANGUAGES = [['en-US', 'en'], ['ja'], ['en'], ['ja-JP', 'en'], ['de-DE', 'de', 'en-GB'], ['fr'], ['zh-Hant-TW', 'ja']];
const WIDTHS = [1440, 390, 1024, 768, 1920];

// They differ in all that a page can see; what differs unseen, as where things lie in memory, follows.
const visitor = (number) => ({
  query: number % 5 === 0 ? '' : `?seed=${number}${LESSONS[number % 4]}`,
  width: WIDTHS[number % 5],
  height: 600 + ((number * 137) % 500),
  languages: LANGUAGES[number % 7],
  start: 1_767_225_600_000 + number * 2_345_678_901,
  latency: number % 4,
  tick: (number % 6) * 1.3,
});

// So many look around, some of whom begin to do something and come again, and so many more only come.
const LOOKING = 20;
const COMING = 60;

if (length === 'first') {
  for (let number = 0; number < LOOKING; number += 1) {
    const begun = number % 4 === 0;
    const stored = await visited(visitor(number), begun ? (visit) => begins(visit, number / 4) : looks);
    if (begun) await visited({ ...visitor(number), stored }, looks);
  }
  const { localStorage } = await visited(visitor(1), () => {});
  await visited({ ...visitor(1), query: '', stored: { localStorage } }, () => {});
  for (let number = LOOKING; number < LOOKING + COMING; number += 1) await visited(visitor(number), () => {});
} else {
  const stored = await visited(visitor(1), goesOn);
  await visited({ ...visitor(1), stored }, show);
}

// What most first sessions do not do. What the page shows is printed after each step.
async function goesOn(visit) {
  await begins(visit, 0);
  show(visit);
  for (const lines of ['kubectl get pods -o wide', 'kubectl describe pod web-0', 'cat <<EOF > x\none\nEOF', 'kubectl get nope', 'kubectl create deployment many --image=nginx --replicas=40']) await runs(visit, lines);
  show(visit);
  visit.document.querySelector('#line-1').value = 'kubectl get po';
  for (const key of ['Tab', 'ArrowDown', 'Escape', 'ArrowUp', 'ArrowUp', 'Enter']) press(visit, key);
  press(visit, 'r', { ctrlKey: true });
  await visit.frames(60);
  show(visit);
  for (const element of ['.node', '.pod', '.claim', '.workload', '.event a']) {
    for (const one of all(visit, element).slice(0, 1)) await presses(visit, one);
    show(visit);
  }
  // Each button once, as they stand now; one of them begins a new cluster. What compresses a session takes as long as it likes.
  for (const button of all(visit, 'button')) {
    if (button.isConnected && !button.closest('.share-menu')) await presses(visit, button);
    show(visit);
  }
  for (const select of all(visit, 'select')) {
    select.value = select.options[select.options.length - 1].value;
    visit.fires(select, 'change');
    await visit.frames(10);
    show(visit);
  }
}

function show(visit) {
  said.push(visit.document.body.innerHTML);
}

if (option === '--marks') writeFileSync(file, marks);
console.log(said.join('\n'));
