// The session as a whole: reload, pause, speed, hostile input, a page that never hangs.
import assert from 'node:assert/strict';
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

test('ten megabytes pasted leave the page responsive', async (t) => {
  const reader = await Reader.come(t, browser);
  const longest = await reader.page.evaluate(async () => {
    const line = document.querySelector('#line-1');
    const paste = new DataTransfer();
    paste.setData('text/plain', `cat > big.txt <<'END'\n${'0123456789 and so on until the line is full\n'.repeat(240_000)}END\n`);
    let [longest, last, going] = [0, performance.now(), true];
    const watch = (now) => {
      longest = Math.max(longest, now - last);
      last = now;
      if (going) requestAnimationFrame(watch);
    };
    requestAnimationFrame(watch);
    line.dispatchEvent(new ClipboardEvent('paste', { clipboardData: paste, bubbles: true, cancelable: true }));
    await new Promise((resolve) => {
      const look = () => (/\nEND\n?|> END/.test(document.querySelector('.terminal-log').textContent.slice(-200)) ? resolve() : requestAnimationFrame(look));
      look();
    });
    going = false;
    return longest;
  });
  t.diagnostic(`the longest frame took ${Math.round(longest)} ms`);
  assert.ok(longest < 2_000, `a frame took ${longest} ms`);
  assert.match(await reader.runs('wc -l big.txt'), /^240000 big\.txt\n$/);
  assert.deepEqual(reader.problems, []);
});

test('names that look like markup stay text', async (t) => {
  const reader = await Reader.come(t, browser);
  const evil = '<img src=x onerror=alert(1)>';
  assert.equal(await reader.runs(`echo '${evil}'`), `${evil}\n`);
  assert.match(await reader.runs(`kubectl get '${evil}'`), /the server doesn't have a resource type/);
  await reader.runs(`echo '<b>bold</b>' > '<i>file</i>'`);
  assert.match(await reader.runs('ls'), /<i>file<\/i>/);
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
  await reader.sees(/statefulset\.apps\/web created\n[^]*\$ $/);
  assert.doesNotMatch(await reader.text(), /the last thing/);
  await reader.seesPods(2, 'ready');
  await reader.page.getByRole('button', { name: 'Continue' }).waitFor();
  assert.match(await reader.runs('kubectl get statefulset web'), /web +2\/2/);
});
