// The session as a whole: reload, pause, speed, hostile input, a page that never hangs.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { launch } from './browser.mjs';
import { Reader } from './terminal.mjs';

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const now = (reader) => reader.page.locator('.clock-time').textContent();

test('a reload keeps the session', async (t) => {
  const reader = await Reader.come(t, browser);
  await reader.speed(20);
  await reader.runs('kubectl apply -f web.yaml');
  await reader.seesPods(2, 'ready');
  await reader.runs('echo remembered > note.txt');
  const before = await reader.runs('kubectl get pods -o name');
  await reader.page.reload();
  await reader.sees(/remembered > note\.txt\n[^]*\$ $/);
  await reader.seesPods(2, 'ready');
  assert.equal(await reader.runs('cat note.txt'), 'remembered\n');
  assert.equal(await reader.runs('kubectl get pods -o name'), before);
  assert.deepEqual(reader.problems, []);
});

test('the clock stands when it is stopped, answers are still given, and speed is obeyed', async (t) => {
  const reader = await Reader.come(t, browser);
  await reader.page.getByRole('button', { name: 'Pause' }).click();
  await reader.runs('kubectl apply -f web.yaml');
  const stopped = await now(reader);
  assert.match(await reader.runs('kubectl get statefulset web'), /web +0\/2/);
  assert.equal(await reader.pods('ready').count(), 0);
  assert.ok(Date.parse(await now(reader)) - Date.parse(stopped) <= 2_000, 'a command takes some of its own time and no more');
  await reader.speed(100);
  await reader.seesPods(2, 'ready');
  await reader.page.getByRole('button', { name: 'Pause' }).click();
  await reader.page.getByRole('button', { name: 'Continue' }).waitFor();
  const at = await now(reader);
  await reader.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  assert.equal(await now(reader), at);
  await reader.page.getByRole('button', { name: 'Continue' }).click();
  await reader.page.getByRole('button', { name: '100 times real time', pressed: true }).waitFor();
  assert.deepEqual(reader.problems, []);
});

test('until ready runs to where the set has what it wants', async (t) => {
  const reader = await Reader.come(t, browser);
  await reader.runs('kubectl apply -f web.yaml');
  await reader.page.getByRole('button', { name: 'Until ready' }).click();
  await reader.seesPods(2, 'ready');
  assert.match(await reader.runs('kubectl get statefulset web'), /web +2\/2/);
});

test('a command that never ends leaves the page alive and is interrupted', async (t) => {
  const reader = await Reader.come(t, browser);
  await reader.types('while true; do :; done');
  await reader.sees(/do :; done\n$/);
  const at = await now(reader);
  await reader.until(async () => (await now(reader)) !== at, 'time does not pass beside the loop');
  await reader.interrupts();
  await reader.sees(/\^C\n\$ $/);
  assert.equal(await reader.runs('echo alive'), 'alive\n');
  assert.deepEqual(reader.problems, []);
});

const LINE = '0123456789 and so on until the line is full\n';

// Pastes a here-document of so many lines and tells how long the longest frame took until the condition holds.
const paste = (reader, lines, condition) =>
  reader.page.evaluate(async ([text, condition]) => {
    const clipboard = new DataTransfer();
    clipboard.setData('text/plain', text);
    let [longest, last] = [0, performance.now()];
    const holds = new RegExp(condition);
    document.querySelector('#line-1').dispatchEvent(new ClipboardEvent('paste', { clipboardData: clipboard, bubbles: true, cancelable: true }));
    await new Promise((resolve) => {
      const frame = () => {
        const now = performance.now();
        longest = Math.max(longest, now - last);
        last = now;
        if (holds.test(document.querySelector('.page').textContent)) resolve();
        else requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
    });
    return longest;
  }, [`cat > big.txt <<'END'\n${LINE.repeat(lines)}END\n`, condition]);

test('ten megabytes pasted are refused in a sentence, and the page stays responsive', async (t) => {
  const reader = await Reader.come(t, browser);
  const longest = await paste(reader, 240_000, 'longer than 1 MiB and was not taken');
  t.diagnostic(`the longest frame took ${Math.round(longest)} ms`);
  assert.ok(longest < 2_000, `a frame took ${longest} ms`);
  assert.equal(await reader.runs('echo alive'), 'alive\n');
  assert.deepEqual(reader.problems, []);
});

test('a here-document of half a megabyte is taken whole', async (t) => {
  const reader = await Reader.come(t, browser);
  const longest = await paste(reader, 12_000, '> END\n\\$ ');
  t.diagnostic(`the longest frame took ${Math.round(longest)} ms`);
  assert.equal(await reader.runs('wc -l big.txt'), '12000 big.txt\n');
  assert.deepEqual(reader.problems, []);
});

test('names that look like markup stay text', async (t) => {
  const reader = await Reader.come(t, browser);
  const evil = '<img src=x onerror=alert(1)>';
  assert.equal(await reader.runs(`echo '${evil}'`), `${evil}\n`);
  assert.match(await reader.runs(`kubectl get '${evil}'`), /the server doesn't have a resource type/);
  await reader.runs(`echo '<b>bold</b>' > '<i>file'`);
  assert.match(await reader.runs('ls; cat *file'), /<i>file[^]*<b>bold<\/b>\n$/);
  assert.equal(await reader.page.locator('.terminal-log img, .terminal-log b, .terminal-log i').count(), 0);
  assert.deepEqual(reader.problems, []);
});

test('Tab completes a verb and a name', async (t) => {
  const reader = await Reader.come(t, browser);
  await reader.speed(20);
  await reader.runs('kubectl apply -f web.yaml');
  await reader.seesPods(2, 'ready');
  await reader.line().fill('kubectl desc');
  await reader.line().press('Tab');
  await reader.until(async () => (await reader.line().inputValue()) === 'kubectl describe ', 'the verb is not completed');
  await reader.line().pressSequentially('sts w');
  await reader.line().press('Tab');
  await reader.until(async () => (await reader.line().inputValue()) === 'kubectl describe sts web ', 'the name is not completed');
});

test('an engine that dies leaves a report, and the session without the last thing done', async (t) => {
  const reader = await Reader.come(t, browser);
  await reader.speed(20);
  await reader.runs('kubectl apply -f web.yaml');
  await reader.seesPods(2, 'ready');
  await reader.runs('echo the last thing');
  // What a trap looks like from the page: the worker's error event.
  await reader.page.workers()[0].evaluate(() => void setTimeout(() => { throw new Error('planted'); }));
  const report = reader.page.getByRole('dialog');
  await report.waitFor();
  const text = await report.locator('.report-text').textContent();
  assert.match(text, /planted/);
  assert.match(text, /"seed":7/);
  assert.match(text, /kubectl apply -f web\.yaml/);
  await report.getByRole('button', { name: 'Go back' }).click();
  await report.waitFor({ state: 'detached' });
  await reader.until(async () => !(await reader.text()).includes('the last thing'), 'the last thing is still there');
  await reader.sees(/statefulset\.apps\/web created\n[^]*\$ $/);
  await reader.seesPods(2, 'ready');
  await reader.page.getByRole('button', { name: 'Continue' }).waitFor();
  assert.match(await reader.runs('kubectl get statefulset web'), /web +2\/2/);
});

test('a second terminal watches beside the first, and a third one comes and goes', async (t) => {
  const reader = await Reader.come(t, browser);
  await reader.speed(20);
  await reader.sees(/\$ $/, { terminal: 2 });
  await reader.page.getByRole('button', { name: 'New terminal' }).click();
  await reader.sees(/\$ $/, { terminal: 3 });
  await reader.types('kubectl get pods -w -l app=nginx', { terminal: 2 });
  await reader.runs('kubectl apply -f web.yaml');
  await reader.sees(/web-0 +1\/1 +Running[^]*web-1 +1\/1 +Running/, { terminal: 2 });
  await reader.interrupts({ terminal: 2 });
  await reader.sees(/\^C\n\$ $/, { terminal: 2 });
  await reader.page.reload();
  await reader.sees(/web-1 +1\/1 +Running[^]*\^C\n\$ $/, { terminal: 2 });
  await reader.sees(/\$ $/, { terminal: 3 });
  await reader.page.getByRole('button', { name: 'Close terminal 3' }).click();
  await reader.line(3).waitFor({ state: 'detached' });
  assert.match(await reader.runs('kubectl get statefulset web'), /web +2\/2/);
  assert.deepEqual(reader.problems, []);
});

test('the highest speed has no limit but the machine', async (t) => {
  const reader = await Reader.come(t, browser);
  const start = Date.parse(await now(reader));
  await reader.page.getByRole('button', { name: 'As fast as the machine goes' }).click();
  // At a thousand times real time this would take half a minute.
  await reader.until(async () => Date.parse(await now(reader)) - start > 8 * 3_600_000, 'time does not fly');
  await reader.page.getByRole('button', { name: 'Pause' }).click();
  assert.match(await reader.runs('kubectl get nodes'), /node-1 +Ready/);
  assert.deepEqual(reader.problems, []);
});

test('a link carries the whole session to somebody else', async (t) => {
  const reader = await Reader.come(t, browser, { context: { permissions: ['clipboard-read', 'clipboard-write'] } });
  await reader.speed(20);
  await reader.runs('kubectl apply -f web.yaml');
  await reader.seesPods(2, 'ready');
  await reader.runs('echo "für 日本" > note.txt');
  const names = await reader.runs('kubectl get pods -o name');
  await reader.page.getByRole('button', { name: 'Share' }).click();
  await reader.page.getByRole('button', { name: 'Copy a link to this session' }).click();
  await reader.page.getByText('is in the clipboard').waitFor();
  const link = await reader.page.evaluate(() => navigator.clipboard.readText());
  assert.match(link, /#session=[\w-]+$/);
  assert.ok(link.length < 1_000, `${link.length} letters`);
  const other = Object.assign(new Reader(await reader.page.context().newPage()));
  await other.page.goto(link);
  await other.sees(/note\.txt\n[^]*\$ $/);
  assert.equal(await other.runs('cat note.txt'), 'für 日本\n');
  assert.equal(await other.runs('kubectl get pods -o name'), names);
  assert.equal(new URL(other.page.url()).hash, '', 'a reload goes on from here');
  await other.page.reload();
  await other.sees(/get pods -o name\n[^]*\$ $/);
  await other.page.goto(link.slice(0, -20));
  await other.page.reload();
  await other.sees(/\$ $/);
  assert.deepEqual(reader.problems, []);
});

test('a link that is damaged is said to be, and the page begins with a new cluster', async (t) => {
  const reader = await Reader.come(t, browser, { query: '?seed=7#session=AAAA' });
  await reader.page.getByText('holds no session that can be read').waitFor();
  assert.equal(await reader.runs('echo works'), 'works\n');
});

test('what was done is saved as the draft of a lesson', async (t) => {
  const reader = await Reader.come(t, browser);
  await reader.speed(20);
  await reader.types('kubectl get pods -w', { terminal: 2 });
  await reader.runs('kubectl apply -f web.yaml');
  await reader.seesPods(2, 'ready');
  await reader.interrupts({ terminal: 2 });
  await reader.runs('kubectl get statefulset web');
  await reader.page.getByRole('button', { name: 'Share' }).click();
  const saved = reader.page.waitForEvent('download');
  await reader.page.getByRole('button', { name: 'Save as a lesson' }).click();
  const text = readFileSync(await (await saved).path(), 'utf8');
  assert.match(text, /^---\ntitle: A session\n[^]*\nseed: 7\n[^]*recorded: Kubernetes v1\.36/);
  assert.match(text, /```sh terminal=2 background\nkubectl get pods -w\n```/);
  assert.match(text, /```sh\nkubectl apply -f web\.yaml\n```\n\n```console\nservice\/nginx created\nstatefulset\.apps\/web created\n```/);
  assert.match(text, /```wait\nstatefulset\/web --for=jsonpath=\{\.status\.readyReplicas\}=2\n```/);
  assert.match(text, /```console terminal=2\n[^]*web-1 +1\/1 +Running +0 +\[\.\.\]\n```\n\n```sh terminal=2\n\^C\n```/);
  assert.match(text, /web +2\/2 +\[\.\.\]\n```\n$/);
});
