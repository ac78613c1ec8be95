// The lesson's pane: the whole first lesson by its buttons, gates by state, progress that is kept, text that stays text.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch } from './browser.mjs';
import { Reader } from './terminal.mjs';

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const WIDE = { context: { viewport: { width: 1440, height: 900 } } };

async function comes(t, options = {}) {
  const reader = await Reader.come(t, browser, { ...WIDE, ...options });
  await reader.page.locator('.lesson-gate').first().waitFor({ state: 'attached' });
  return reader;
}

const isDone = (step) => step.evaluate((element) => element.classList.contains('done'));

// No command runs in the first terminal: its shell, or the program in it, waits for a line.
const isFree = (page) => page.locator('.terminal').filter({ has: page.locator('#line-1') }).locator('.busy').count().then((count) => count === 0);

async function doStep(reader, step) {
  const page = reader.page;
  if (await step.evaluate((element) => element.classList.contains('lesson-command'))) {
    await step.locator('.lesson-run').click();
    await reader.until(() => isDone(step), 'a block does not say that it was typed');
    await reader.until(() => isFree(page), async () => `it does not end: ${await step.textContent()}`);
  } else {
    await reader.until(() => isDone(step), async () => `this does not come true: ${await step.textContent()}\n${(await reader.text()).slice(-1500)}`);
  }
}

test('the whole lesson by its buttons', { timeout: 240_000 }, async (t) => {
  const reader = await comes(t);
  const { page } = reader;
  await reader.speed(20);
  for (const fold of await page.locator('.lesson-fold').all()) await fold.evaluate((element) => { element.open = true; });
  const steps = await page.locator('.lesson-command, .lesson-wait, .lesson-gate').all();
  assert.ok(steps.length > 80, `${steps.length} steps`);
  for (const step of steps) await doStep(reader, step);
  assert.match(await page.locator('.lesson-score').textContent(), /^(\d+) of \1$/);
  assert.deepEqual(reader.problems, []);
});

test('gates are the cluster\'s state, whoever typed', async (t) => {
  const reader = await comes(t);
  const gate = reader.page.locator('.lesson-gate').first();
  await gate.getByRole('button', { name: 'Check now' }).click();
  await reader.until(async () => /Not yet/.test(await gate.textContent()), 'the gate does not answer');
  await reader.speed(20);
  await reader.runs('kubectl apply -f web.yaml');
  await reader.runs('kubectl rollout status sts/web');
  await gate.getByRole('button', { name: 'Check now' }).click();
  await reader.until(() => isDone(gate), 'the gate stays shut');
});

test('what is typed by hand counts, and what is passed by holds nothing up', async (t) => {
  const reader = await comes(t);
  const block = (text) => reader.page.locator('.lesson-command').filter({ hasText: text }).first();
  await reader.speed(20);
  await reader.runs('kubectl apply  -f web.yaml');
  await reader.runs('kubectl rollout status sts/web');
  assert.equal(await isDone(block('kubectl apply -f web.yaml')), true);
  const [first, second] = await reader.page.locator('.lesson-gate').all();
  await reader.runs('kubectl delete pod -l app=nginx');
  await reader.until(() => isDone(first), 'the reader has gone past the first gate');
  assert.equal(await isDone(second), false, 'nobody has come to the second gate');
});

test('a block that another program would read is not typed, and says so', async (t) => {
  const reader = await comes(t);
  const block = (text) => reader.page.locator('.lesson-command').filter({ hasText: text }).first();
  const press = (step) => step.locator('.lesson-run').click();
  await press(block('nslookup web-0.nginx'));
  await block('nslookup web-0.nginx').getByText(/there is no program that reads this/).waitFor();
  await reader.speed(20);
  await press(block('kubectl run -i --tty'));
  await reader.sees(/\/ # $/);
  await press(block('kubectl delete pod'));
  await block('kubectl delete pod').getByText(/inside a program/).waitFor();
  assert.equal(await isDone(block('kubectl delete pod')), false);
  await press(block(/^exit/));
  await reader.sees(/deleted from default namespace\n\$ $/);
  await press(block('kubectl get service nginx'));
  await reader.sees(/NotFound/);
  assert.doesNotMatch(await reader.text(), /not found\n\/ #|web-0"/, 'nothing came into the wrong hands');
});

test('progress is kept over a change of language and a reload, and belongs to its cluster', async (t) => {
  const reader = await comes(t);
  const { page } = reader;
  const block = page.locator('.lesson-command').first();
  await block.locator('.lesson-run').click();
  await reader.until(() => isDone(block), 'a block does not say that it was typed');
  await page.getByLabel('Language').selectOption('ja');
  await page.getByText('ターミナルを2つ使う').waitFor();
  assert.equal(await isDone(block), true);
  assert.equal(await page.locator('.lesson').getAttribute('lang'), 'ja');
  await page.reload();
  await page.getByText('ターミナルを2つ使う').waitFor();
  await reader.until(() => isDone(block), 'progress is lost with a reload');
  page.once('dialog', (dialog) => dialog.accept());
  await page.getByRole('button', { name: '新しいクラスターで始める' }).click();
  await reader.until(async () => !(await isDone(block)), 'what was done in another cluster counts');
});

test('a lesson\'s text stays text, and a wrong one says where', async (t) => {
  const head = '---\ntitle: T\nrecorded: now\n---\n';
  const bodies = { good: '# <img src=x onerror=alert(1)>\n\n[a](javascript:alert(1)) <script>alert(2)</script>\n\n```check\nkubectl get nodes == 1\n```\n', bad: 'a\n\n```sch\n```\n' };
  for (const [name, body] of Object.entries(bodies)) {
    const reader = await Reader.come(t, browser, WIDE);
    await reader.page.route('**/lessons/*/en.md', (route) => route.fulfill({ body: head + body, contentType: 'text/markdown' }));
    await reader.page.reload();
    const pane = reader.page.locator('.lesson');
    if (name === 'good') {
      await pane.getByRole('heading', { name: '<img src=x onerror=alert(1)>' }).waitFor();
      assert.equal(await pane.locator('article img, article script, article a').count(), 0);
      assert.match(await pane.textContent(), /<script>alert\(2\)<\/script>/);
    } else {
      await pane.getByRole('alert').waitFor();
      assert.match(await pane.textContent(), /en\.md:7: there is no block "sch"/);
    }
  }
});

// Goes on with Tab until the focus has left the lesson; `visit` deals with what has it.
async function tabThrough(page, visit) {
  const place = () => page.evaluate(() => {
    const here = document.activeElement;
    const steps = [...document.querySelectorAll('.lesson-command, .lesson-wait, .lesson-gate')];
    // A button that goes when its condition comes true leaves the focus to the page; Tab goes on from its place.
    return { inLesson: here === document.body || here.closest('.lesson-body') !== null, isFold: here.tagName === 'SUMMARY' && !here.parentElement.open, isRun: here.matches('.lesson-run'), step: steps.indexOf(here.closest('.lesson-command')) };
  });
  let entered = false;
  for (let presses = 0; presses < 2_000; presses += 1) {
    await page.keyboard.press('Tab');
    const here = await place();
    if (entered && !here.inLesson) return;
    entered ||= here.isRun;
    if (here.inLesson) await visit(here);
  }
  assert.fail('the lesson has no end');
}

test('the whole lesson by keyboard alone', { timeout: 240_000 }, async (t) => {
  const reader = await comes(t);
  const { page } = reader;
  const pressed = () => page.evaluate(() => document.activeElement.getAttribute('aria-label'));
  for (let presses = 0; (await pressed()) !== '20 times real time'; presses += 1) {
    assert.ok(presses < 20, 'the speeds are not reached');
    await page.keyboard.press('Tab');
  }
  await page.keyboard.press('Enter');
  let done = 0;
  await tabThrough(page, async ({ isFold, isRun, step }) => {
    if (isFold) await page.keyboard.press('Enter');
    if (!isRun) return;
    const steps = await page.locator('.lesson-command, .lesson-wait, .lesson-gate').all();
    // What comes before has to be true.
    for (const before of steps.slice(done, step)) await reader.until(() => isDone(before), async () => `this does not come true: ${await before.textContent()}`);
    await page.keyboard.press('Enter');
    await reader.until(() => isDone(steps[step]), 'a block does not say that it was typed');
    await reader.until(() => isFree(page), async () => `it does not end: ${await steps[step].textContent()}`);
    done = step + 1;
  });
  const score = page.locator('.lesson-score');
  await reader.until(async () => /^(\d+) of \1$/.test(await score.textContent()), async () => `only ${await score.textContent()}`);
  assert.ok(done > 80, `${done} steps`);
  assert.deepEqual(reader.problems, []);
});
