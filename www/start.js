// Loads the page. A file of its own, since the page's policy forbids inline scripts.
import init from './page.js';

try {
  await init();
} catch (error) {
  const note = document.createElement('p');
  note.setAttribute('role', 'alert');
  note.textContent = `Ordinal could not start: ${error}`;
  document.body.append(note);
  throw error;
}
