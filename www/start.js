// Loads the page. A file of its own, since the page's policy forbids inline scripts.
//
// The engine's worker is started first: the two programs come and are compiled side by side. What the worker says before the page listens is kept for it.
const said = [];
try {
  const worker = new Worker('worker_loader.js');
  worker.onmessage = (event) => said.push(event);
  worker.onerror = (event) => {
    event.preventDefault();
    said.push(event);
  };
  globalThis.ordinalEngine = { worker, said };
  // The reader is there: what a first session does without is loaded.
  const touch = () => worker.postMessage('touched');
  for (const act of ['pointerdown', 'keydown', 'wheel']) addEventListener(act, touch, { once: true, capture: true, passive: true });
} catch {
  // The page tries again, and says what is wrong.
}

try {
  const { default: init } = await import('./page.js');
  await init();
} catch (error) {
  const note = document.createElement('p');
  note.setAttribute('role', 'alert');
  note.textContent = `Ordinal could not start: ${error}`;
  document.body.append(note);
  throw error;
}
