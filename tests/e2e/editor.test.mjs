// The editor: loaded when asked for, mistakes at their place, completion, apply and diff typed for all to see, and kubectl edit.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch } from './browser.mjs';
import { Reader } from './terminal.mjs';

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const pane = (reader) => reader.page.getByRole('region', { name: 'Editor', exact: true });
const content = (within) => within.locator('ordinal-editor .cm-content');

async function withEditor(t) {
  const reader = await Reader.come(t, browser);
  assert.ok(!reader.requests.has('editor.js'), 'the editor is not part of the first load');
  await reader.page.getByRole('button', { name: 'Editor' }).click();
  await content(pane(reader)).getByText('StatefulSet').waitFor();
  return reader;
}

// Replaces everything in a code editor, as a paste does.
async function write(reader, within, text) {
  await content(within).click();
  await reader.page.keyboard.press('Control+a');
  await content(within).evaluate((element, pasted) => {
    const data = new DataTransfer();
    data.setData('text/plain', pasted);
    element.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
  }, text);
}

// The editor takes no candidate that has only just come.
const frames = (reader) => reader.page.evaluate(async () => {
  for (let count = 0; count < 12; count += 1) await new Promise((resolve) => requestAnimationFrame(resolve));
});

test('a file of the session is opened, changed, and applied by a command that is seen', async (t) => {
  const reader = await withEditor(t);
  await reader.speed(20);
  const files = await pane(reader).getByRole('combobox', { name: 'File' }).locator('option').allTextContents();
  assert.ok(files.includes('web.yaml'), files.join());
  await write(reader, pane(reader), 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: written\ndata:\n  a: "1"\n');
  await pane(reader).getByText('not saved').waitFor();
  await pane(reader).getByRole('button', { name: 'Apply' }).click();
  await reader.sees(/kubectl apply -f web\.yaml\nconfigmap\/written created\n\$ $/);
  assert.match(await reader.runs('cat web.yaml'), /name: written/);
  await write(reader, pane(reader), 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: written\ndata:\n  a: "2"\n');
  await pane(reader).getByRole('button', { name: 'Diff' }).click();
  await reader.sees(/kubectl diff -f web\.yaml\n[^]*-  a: "1"\n\+  a: "2"\n[^]*\$ $/);
  assert.deepEqual(reader.problems, []);
});

test('a mistake is marked at its line and column, with the name that was meant', async (t) => {
  const reader = await withEditor(t);
  await write(reader, pane(reader), 'apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: a\n    imagee: nginx\n');
  const problem = pane(reader).getByRole('list', { name: 'Problems' }).getByRole('button');
  await problem.getByText('6:5 unknown field "spec.containers[0].imagee"').waitFor();
  await problem.getByText('did you mean image?').waitFor();
  const marked = pane(reader).locator('.cm-lintRange-error');
  assert.equal(await marked.textContent(), 'imagee');
  await problem.click();
  const line = await pane(reader).locator('.cm-activeLine').textContent();
  assert.match(line, /imagee/);
  await write(reader, pane(reader), 'a: [');
  await problem.getByText('1:').waitFor();
});

test('fields and values are offered from the description of the API', async (t) => {
  const reader = await withEditor(t);
  await write(reader, pane(reader), 'apiVersion: apps/v1\nkind: StatefulSet\nspec:\n');
  await reader.page.keyboard.type('  podM');
  const offered = pane(reader).locator('.cm-tooltip-autocomplete');
  await offered.getByText('podManagementPolicy').waitFor();
  await frames(reader);
  await reader.page.keyboard.press('Tab');
  await reader.page.keyboard.type('Par');
  await offered.getByText('Parallel').waitFor();
  await frames(reader);
  await reader.page.keyboard.press('Enter');
  assert.match(await content(pane(reader)).textContent(), /podManagementPolicy: Parallel/);
  assert.deepEqual(reader.problems, []);
});

test('kubectl edit opens the editor, and what the server refuses comes back as comments', async (t) => {
  const reader = await Reader.come(t, browser);
  await reader.speed(20);
  await reader.runs('kubectl create configmap settings --from-literal=a=1');
  await reader.types('kubectl edit configmap settings');
  const dialog = reader.page.getByRole('dialog');
  await content(dialog).getByText('kind: ConfigMap').waitFor();
  const wrong = (await dialog.locator('ordinal-editor').evaluate((editor) => editor.text)).replace('  name: settings', '  name: settings\n  labels:\n    bad: "not valid!"');
  await write(reader, dialog, wrong);
  await dialog.getByRole('button', { name: 'Save and close' }).click();
  await reader.until(async () => /^# .*invalid/im.test((await dialog.locator('ordinal-editor').evaluateAll((all) => all[0]?.text)) ?? ''), 'no comment about the mistake');
  const again = (await dialog.locator('ordinal-editor').evaluate((editor) => editor.text)).replace('bad: "not valid!"', 'good: valid').replace('a: "1"', 'a: "2"');
  await write(reader, dialog, again);
  await dialog.getByRole('button', { name: 'Save and close' }).click();
  await reader.sees(/configmap\/settings edited\n\$ $/);
  assert.match(await reader.runs(`kubectl get configmap settings -o jsonpath='{.data.a}'`), /^2/);
  assert.deepEqual(reader.problems, []);
});

test('vi opens a file, and leaving without saving changes nothing', async (t) => {
  const reader = await Reader.come(t, browser);
  await reader.runs('echo old > note.txt');
  await reader.types('vi note.txt');
  const dialog = reader.page.getByRole('dialog');
  await content(dialog).getByText('old').waitFor();
  await write(reader, dialog, 'new');
  await dialog.getByRole('button', { name: 'Close without saving' }).click();
  await reader.sees(/vi note\.txt\n\$ $/);
  assert.equal(await reader.runs('cat note.txt'), 'old\n');
});
