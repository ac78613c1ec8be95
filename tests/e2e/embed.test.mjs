// <ordinal-playground> in somebody else's page: another origin, a strict policy, and authors who make mistakes.
import AxeBuilder from '@axe-core/playwright';
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { DIST, launch } from './browser.mjs';
import { serve } from './site.mjs';

const POD = `apiVersion: v1
kind: Pod
metadata: {name: guest}
spec: {containers: [{name: c, image: "registry.k8s.io/pause:3.9"}]}
`;

let browser, site, host;
const pages = new Map();
before(async () => {
  browser = await launch();
  site = await serve(DIST);
  host = createServer((request, response) => {
    const page = pages.get(request.url);
    const origin = new URL(site.url).origin;
    const policy = `default-src 'none'; script-src ${origin}; frame-src ${origin}; connect-src 'self'`;
    response.writeHead(page ? 200 : 404, { 'content-type': page?.type ?? 'text/plain', 'content-security-policy': policy }).end(page?.body);
  });
  pages.set('/big', { body: `# ${'x'.repeat(1 << 20)}` });
  pages.set('/picture', { type: 'image/png', body: 'x' });
  await new Promise((resolve) => host.listen(0, '127.0.0.1', resolve));
  host.unref();
});
after(async () => {
  await browser?.close();
  site?.close();
  host?.close();
});

// Tells of long tasks and of what moves, from the first moment of a page.
function watchPage() {
  const seen = { longest: 0, shift: 0 };
  globalThis.seen = seen;
  new PerformanceObserver((list) => list.getEntries().forEach((entry) => { seen.longest = Math.max(seen.longest, entry.duration); })).observe({ type: 'longtask', buffered: true });
  new PerformanceObserver((list) => list.getEntries().forEach((entry) => { seen.shift += entry.hadRecentInput ? 0 : entry.value; })).observe({ type: 'layout-shift', buffered: true });
}

// A host page with this body, opened; what the browser reports is kept.
async function open(t, body, lang = 'en') {
  const html = `<!doctype html><html lang="${lang}"><title>Docs</title><script src="${site.url}embed.js"></script><h1>Docs</h1>${body}`;
  pages.set('/docs', { type: 'text/html', body: html });
  const context = await browser.newContext({ viewport: { width: 1000, height: 900 }, reducedMotion: 'reduce' });
  t.after(() => context.close());
  const page = await context.newPage();
  const problems = [];
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  page.on('pageerror', (error) => problems.push(error.message));
  const requests = [];
  page.on('request', (request) => requests.push(request.url()));
  await page.addInitScript(watchPage);
  await page.goto(`http://127.0.0.1:${host.address().port}/docs`);
  return { page, problems, requests };
}

const inside = (page) => page.frameLocator('ordinal-playground iframe');

test('the commands are readable and nothing is loaded until the reader asks', async (t) => {
  const { page, problems, requests } = await open(t, '<ordinal-playground commands="kubectl get nodes"><pre>kubectl get nodes</pre></ordinal-playground>');
  await page.getByText('Start the cluster').waitFor();
  assert.equal(await page.locator('pre').isVisible(), true);
  assert.deepEqual(requests.filter((url) => url.startsWith(site.url)), [`${site.url}embed.js`]);
  await page.getByRole('button', { name: 'kubectl get nodes' }).click();
  await inside(page).locator('.terminal-log').getByText('node-4').first().waitFor({ timeout: 30_000 });
  assert.deepEqual(problems, []);
});

test('a manifest of the author is in the cluster before the reader types', async (t) => {
  const body = `<ordinal-playground load="visible" views="terminal,picture" nodes="2" setup="kubectl create configmap note" commands="kubectl get pod,cm"><script type="application/yaml">${POD}</script></ordinal-playground>`;
  const { page, problems } = await open(t, body);
  await inside(page).getByRole('button', { name: 'kubectl get pod,cm' }).click({ timeout: 30_000 });
  await inside(page).getByText('configmap/note').first().waitFor({ timeout: 30_000 });
  const log = await inside(page).locator('.terminal-log').first().innerText();
  assert.match(log, /pod\/guest/);
  assert.doesNotMatch(log, /created/, 'the setup is not shown');
  assert.deepEqual(problems, []);
});

test('elements of one name share one cluster', async (t) => {
  const body = '<ordinal-playground cluster="one"></ordinal-playground><p>Then</p><ordinal-playground cluster="one" commands="kubectl get nodes"></ordinal-playground>';
  const { page } = await open(t, body);
  await page.getByText('Runs in the playground of this page').waitFor();
  await page.getByRole('button', { name: 'kubectl get nodes' }).click();
  await inside(page).locator('.terminal-log').getByText('node-4').first().waitFor({ timeout: 30_000 });
  assert.equal(await page.locator('iframe').count(), 1);
});

test('it speaks the language and takes the scheme of its host', async (t) => {
  const { page } = await open(t, '<ordinal-playground theme="dark" load="visible"></ordinal-playground>', 'ja');
  const root = inside(page).locator('html');
  await inside(page).locator('.page').waitFor({ timeout: 30_000 });
  assert.deepEqual(await root.evaluate((html) => [html.lang, html.dataset.theme, getComputedStyle(html).colorScheme]), ['ja', 'dark', 'dark']);
});

for (const [what, attributes, words] of [
  ['an unknown attribute', 'node="4"', 'unknown attribute "node"'],
  ['a wrong number', 'nodes="many"', 'must be a whole number from 1 to 5000'],
  ['a wrong view', 'views="sky"', 'some of terminal, picture'],
  ['a manifest that is not there', 'manifest="/nope.yaml"', '/nope.yaml: 404'],
  ['a manifest that is too large', 'manifest="/big"', '/big is larger than 1 MiB'],
  ['a manifest that is a picture', 'manifest="/picture"', '/picture is image/png, not a manifest'],
  ['a height that is none', 'height="tall"', 'height must be a number of pixels'],
  ['a manifest that is a page', 'manifest="/docs"', 'is a page, not a manifest'],
]) {
  test(`${what} is said where it stands, and the host page goes on`, async (t) => {
    const { page } = await open(t, `<ordinal-playground load="visible" ${attributes}></ordinal-playground>`);
    await page.getByText(words).waitFor();
    assert.equal(await page.locator('iframe').count(), 0);
    assert.equal(await page.locator('h1').innerText(), 'Docs');
  });
}

test('removed and put back, it starts again; messages from elsewhere are not heard', async (t) => {
  const { page, problems } = await open(t, '<ordinal-playground load="visible"></ordinal-playground>');
  await inside(page).locator('.page').waitFor({ timeout: 30_000 });
  await page.evaluate(() => {
    const element = document.querySelector('ordinal-playground');
    element.remove();
    document.body.append(element);
    postMessage({ ordinal: 99, type: 'ready' }, '*');
    postMessage({ ordinal: 1, type: 'failed', message: 'forged' }, '*');
  });
  await inside(page).locator('.page').waitFor({ timeout: 30_000 });
  assert.equal(await page.getByText('forged').count(), 0);
  assert.deepEqual(problems, []);
});

test('where no script may run, an iframe with an address is enough', async (t) => {
  const context = await browser.newContext({ viewport: { width: 900, height: 600 } });
  t.after(() => context.close());
  const page = await context.newPage();
  await page.setContent(`<iframe src="${site.url}index.html?views=terminal&nodes=3&readonly=1" width="800" height="500"></iframe>`);
  const frame = page.frameLocator('iframe');
  await frame.locator('.terminal-input').first().waitFor({ timeout: 30_000 });
  assert.equal(await frame.locator('.terminal-input').first().isDisabled(), true);
  assert.equal(await frame.locator('.pane-picture').isVisible(), false);
});

test('a manifest that the cluster refuses is said in the playground', async (t) => {
  const { page } = await open(t, '<ordinal-playground load="visible" views="terminal"><script type="application/yaml">kind: Nope</script></ordinal-playground>');
  await inside(page).getByText('apiVersion not set').waitFor({ timeout: 30_000 });
});

test('a new cluster has what the host gave to the first one', async (t) => {
  const body = `<ordinal-playground load="visible" setup="kubectl create configmap note" commands="kubectl get pod,cm"><script type="application/yaml">${POD}</script></ordinal-playground>`;
  const { page } = await open(t, body);
  const frame = inside(page);
  await frame.getByRole('button', { name: 'kubectl get pod,cm' }).click({ timeout: 30_000 });
  await frame.getByText('configmap/note').first().waitFor({ timeout: 30_000 });
  // What a trap looks like from the page: the worker's error event.
  await page.workers()[0].evaluate(() => void setTimeout(() => { throw new Error('planted'); }));
  await frame.getByRole('dialog').getByRole('button', { name: 'New cluster' }).click();
  await frame.getByRole('dialog').waitFor({ state: 'detached' });
  // The terminal is a new one.
  await frame.getByText('configmap/note').first().waitFor({ state: 'detached' });
  await frame.getByRole('button', { name: 'kubectl get pod,cm' }).click();
  await frame.getByText('configmap/note').first().waitFor({ timeout: 30_000 });
  assert.match(await frame.locator('.terminal-log').first().innerText(), /pod\/guest/);
});

test('messages that cannot be read are answered, and those that are not for it are not', async (t) => {
  const { page, problems } = await open(t, '<ordinal-playground load="visible" views="terminal"></ordinal-playground>');
  await inside(page).locator('.terminal-input').first().waitFor({ timeout: 30_000 });
  const answers = await page.evaluate(async () => {
    const frame = document.querySelector('ordinal-playground').shadowRoot.querySelector('iframe').contentWindow;
    const heard = [];
    const told = (wanted) => new Promise((resolve) => {
      const hear = ({ source, data }) => {
        if (source !== frame || !['refused', 'answer'].includes(data.type)) return;
        heard.push(data.type);
        if (heard.length === wanted) {
          removeEventListener('message', hear);
          resolve();
        }
      };
      addEventListener('message', hear);
    });
    const done = told(6);
    for (const message of [{ ordinal: 9, type: 'run', command: 'x' }, { ordinal: 1, type: 'fly' }, { ordinal: 1, type: 'run', command: 7 }, { ordinal: 1, type: 'ask', id: -1, command: 'x' }, { ordinal: 1 }]) frame.postMessage(message, '*');
    // Of others: no answer.
    for (const message of ['text', null, 7, { type: 'run', command: 'x' }]) frame.postMessage(message, '*');
    frame.postMessage({ ordinal: 1, type: 'ask', id: 1, command: 'echo asked' }, '*');
    await done;
    return heard;
  });
  assert.deepEqual(answers, ['refused', 'refused', 'refused', 'refused', 'refused', 'answer']);
  assert.deepEqual(problems, []);
});

test('ten of them on a page: nothing moves or blocks before they are asked for, and the engine comes once', { timeout: 120_000 }, async (t) => {
  const before = site;
  // As a good host sends it: compressed, and kept by the browser.
  site = await serve(DIST, '/', {}, { like: 'a host' });
  t.after(() => {
    site.close();
    site = before;
  });
  const one = (number) => `<p>Part ${number}</p><ordinal-playground views="terminal" nodes="2" height="200" commands="kubectl get nodes"><pre tabindex="0">kubectl get nodes</pre></ordinal-playground>`;
  const { page, problems } = await open(t, Array.from({ length: 10 }, (_, number) => one(number)).join(''));
  await page.getByText('Start the cluster').last().waitFor();
  await page.waitForLoadState('networkidle');
  const idle = await page.evaluate(() => ({ ...globalThis.seen }));
  assert.ok(idle.longest <= 50, `a task of ${idle.longest} ms`);
  const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).disableRules(['region', 'landmark-one-main']).analyze();
  assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes[0].failureSummary}`), []);
  for (let number = 0; number < 10; number += 1) {
    await page.locator('ordinal-playground').nth(number).getByText('Start the cluster').click();
    await page.frameLocator(`:nth-match(ordinal-playground, ${number + 1}) >> iframe`).locator('.terminal-input').first().waitFor({ timeout: 60_000 });
  }
  for (const file of ['/page_bg.wasm', '/worker_bg.wasm']) assert.equal(site.sent.get(file), 1, file);
  const { shift } = await page.evaluate(() => globalThis.seen);
  t.diagnostic(`longest task before ${idle.longest} ms, layout shift ${shift.toFixed(3)}`);
  assert.ok(shift <= 0.1, `layout shift ${shift}`);
  assert.deepEqual(problems, []);
});
