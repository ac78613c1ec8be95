// Loads the page. A file of its own, since the page's policy forbids inline scripts.
//
// The engine's worker is started first: the two programs come and are compiled side by side. What the worker says before the page listens is kept for it.
const said = [];
let worker;
try {
  worker = new Worker('worker_loader.js');
  worker.onmessage = (event) => said.push(event);
  worker.onerror = (event) => {
    event.preventDefault();
    said.push(event);
  };
  globalThis.ordinalEngine = { worker, said };
} catch {
  // The page tries again, and says what is wrong.
}

const page = import('./page.js');
const started = page.then(({ default: init }) => init());

function tell(problem) {
  const note = document.createElement('p');
  note.setAttribute('role', 'alert');
  note.textContent = problem;
  document.body.append(note);
}

// What a first session does without is loaded when the reader is there, of both programs (docs/decisions/0007). A host's message is heard by the page alone;
// the worker loads its own with the first command.
async function fetchRest() {
  const { rest } = await page;
  rest?.fetch(await started);
}
function touch() {
  worker?.postMessage('touched');
  fetchRest();
}
const once = { once: true, capture: true, passive: true };
for (const act of ['pointerdown', 'keydown', 'wheel']) addEventListener(act, touch, once);
addEventListener('message', fetchRest, once);

// Where the second part was needed and could not be had, the page has been left in the middle of something. What the session has done is kept.
addEventListener('error', async function stop() {
  const { rest } = await page;
  if (!rest?.error) return;
  removeEventListener('error', stop);
  tell(`Ordinal cannot go on. ${rest.error.message} Reload the page: your session is kept.`);
});

try {
  await started;
} catch (error) {
  tell(`Ordinal could not start: ${error}`);
  throw error;
}
