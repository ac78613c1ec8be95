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

// The reader is there: what a first session does without is loaded, of both programs (docs/decisions/0007).
async function touch() {
  worker?.postMessage('touched');
  const { rest } = await page;
  rest?.fetch(await started);
}
for (const act of ['pointerdown', 'keydown', 'wheel', 'message']) addEventListener(act, touch, { once: true, capture: true, passive: true });

// Where the second part was needed and could not be had, the page has been left in the middle of something. What the session has done is kept.
let told = false;
addEventListener('error', async () => {
  const { rest } = await page;
  if (rest?.error && !told) tell(`Ordinal cannot go on. ${rest.error.message} Reload the page: your session is kept.`);
  told ||= Boolean(rest?.error);
});

try {
  await started;
} catch (error) {
  tell(`Ordinal could not start: ${error}`);
  throw error;
}
