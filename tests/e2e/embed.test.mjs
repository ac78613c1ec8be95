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
    // A connection that breaks.
    if (request.url === '/broken') return void response.destroy();
    const page = pages.get(request.url);
    const origin = new URL(site.url).origin;
    const policy = `default-src 'none'; script-src ${origin}; frame-src ${origin}; connect-src 'self'`;
    response.writeHead(page ? 200 : 404, { 'content-type': page?.type ?? 'text/plain', 'content-security-policy': policy }).end(page?.body);
  });
  pages.set('/big', { body: `# ${'x'.repeat(1 << 20)}` });
  pages.set('/wide', { body: `# ${'日'.repeat(400_000)}` });
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
  ['no node', 'nodes="0"', 'must be a whole number from 1 to 5000'],
  ['too many nodes', 'nodes="5001"', 'must be a whole number from 1 to 5000'],
  ['a wrong seed', 'seed="-1"', 'must be a whole number'],
  ['a wrong speed', 'speed="3"', 'must be 1, 5, 20 or 100'],
  ['a wrong theme', 'theme="pink"', 'must be auto, light or dark'],
  ['a wrong language', 'lang="1"', 'must be a language tag'],
  ['a path for a lesson', 'lesson="../x"', 'must be the name of a lesson'],
  ['a lesson that there is not', 'lesson="nope"', 'there is no lesson "nope"; there are: statefulset-basics'],
  ['a wrong view', 'views="sky"', 'some of terminal, picture'],
  ['a manifest that is not there', 'manifest="/nope.yaml"', '/nope.yaml: 404'],
  ['a manifest that is too large', 'manifest="/big"', '/big is larger than 1 MiB'],
  ['a manifest that is too large in bytes, though not in letters', 'manifest="/wide"', '/wide is larger than 1 MiB'],
  ['a manifest that does not come', 'manifest="/broken"', '/broken cannot be fetched'],
  ['a manifest of an origin that the host forbids', 'manifest="http://localhost:1/web.yaml"', 'http://localhost:1/web.yaml cannot be fetched'],
  ['an address that is none', 'manifest="http://["', 'Invalid URL'],
  ['a manifest that is a picture', 'manifest="/picture"', '/picture is image/png, not a manifest'],
  ['a height that is none', 'height="tall"', 'height must be a number of pixels'],
  ['a manifest that is a page', 'manifest="/docs"', 'is a page, not a manifest'],
]) {
  test(`${what} is said where it stands, and the host page goes on`, async (t) => {
    const { page } = await open(t, `<ordinal-playground load="visible" ${attributes}></ordinal-playground>`);
    await page.getByText(words).waitFor();
    assert.equal(await page.locator('iframe').count(), 0);
    assert.equal(await page.locator('h1').innerText(), 'Docs');
    // It can be tried again.
    assert.equal(await page.getByRole('button', { name: 'Start the cluster' }).isEnabled(), true);
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

test('what stands in the element is read where there is no JavaScript', async (t) => {
  const html = `<!doctype html><title>Docs</title><script src="${site.url}embed.js"></script><ordinal-playground commands="kubectl get nodes"><script type="application/yaml">${POD}</script><pre>kubectl get nodes</pre></ordinal-playground>`;
  pages.set('/plain', { type: 'text/html', body: html });
  const context = await browser.newContext({ javaScriptEnabled: false });
  t.after(() => context.close());
  const page = await context.newPage();
  await page.goto(`http://127.0.0.1:${host.address().port}/plain`);
  assert.equal(await page.locator('pre').isVisible(), true);
  assert.doesNotMatch(await page.locator('body').innerText(), /apiVersion/);
});

test('nodes, seed, speed, views, readonly, height and lesson are what the author says', { timeout: 90_000 }, async (t) => {
  const body = '<ordinal-playground load="visible" nodes="2" seed="7" speed="20" lesson="zookeeper" readonly height="700" class="x" data-y="1" _ngcontent-z commands="kubectl get nodes -o name"></ordinal-playground>';
  const { page, problems } = await open(t, body);
  const frame = inside(page);
  await frame.getByRole('heading', { name: /ZooKeeper/ }).first().waitFor({ timeout: 30_000 });
  assert.equal((await page.locator('ordinal-playground').boundingBox()).height, 702, 'with its border');
  await frame.locator('.terminal-input').first().waitFor();
  assert.equal(await frame.locator('.terminal-input').first().isDisabled(), true);
  await frame.getByRole('button', { name: 'kubectl get nodes -o name' }).click();
  await frame.locator('.terminal-log').getByText('node/node-2').first().waitFor();
  assert.equal(await frame.locator('.terminal-log').getByText('node/node-3').count(), 0);
  const same = await page.evaluate(async () => (await document.querySelector('ordinal-playground').run('date +%s; kubectl get nodes -o jsonpath={.items[0].metadata.uid}')).stdout);
  const [before, uid] = same.split('\n');
  const after = await page.evaluate(async () => {
    for (let frames = 0; frames < 60; frames += 1) await new Promise(requestAnimationFrame);
    return (await document.querySelector('ordinal-playground').run('date +%s')).stdout;
  });
  assert.ok(after - before >= 5, `${after - before} virtual seconds in one`);
  assert.match(uid, /^[0-9a-f-]{36}$/);
  assert.deepEqual(await page.evaluate(() => Object.keys(localStorage)), []);
  assert.deepEqual(problems, []);
});

test('run answers with what the command printed, and says when it cannot', { timeout: 90_000 }, async (t) => {
  const { page, problems } = await open(t, '<ordinal-playground views="terminal"></ordinal-playground>');
  const element = (work) => page.evaluate(work);
  assert.deepEqual(await element(() => document.querySelector('ordinal-playground').run('echo out; echo err >&2; false')), { stdout: 'out\n', stderr: 'err\n', exitCode: 1 });
  await inside(page).locator('.terminal-log').getByText('err').first().waitFor();
  const ended = await element(async () => {
    const playground = document.querySelector('ordinal-playground');
    const running = playground.run('sleep 1000').catch((error) => error.message);
    playground.remove();
    return running;
  });
  assert.match(ended, /taken out/);
  assert.deepEqual(problems, []);
});

test('a setup of minutes ends before the reader comes, and one of many commands is no hung engine', { timeout: 180_000 }, async (t) => {
  const loop = 'i=0; while [ $i -lt 400 ]; do kubectl create configmap c$i; i=$((i+1)); done';
  const body = `<ordinal-playground load="visible" views="terminal" setup="kubectl create deployment web --image=nginx --replicas=3\nkubectl rollout status deployment/web\nsleep 600\n${loop}" commands="kubectl get deploy,cm"></ordinal-playground>`;
  const { page, problems } = await open(t, body);
  const start = performance.now();
  await inside(page).getByRole('button', { name: 'kubectl get deploy,cm' }).click({ timeout: 30_000 });
  await inside(page).locator('.terminal-log').getByText('configmap/c399').first().waitFor({ timeout: 150_000 });
  t.diagnostic(`${((performance.now() - start) / 1000).toFixed(1)} s on the wall for a setup of more than ten virtual minutes`);
  const said = await page.evaluate(async () => (await document.querySelector('ordinal-playground').run('kubectl get deploy web -o jsonpath={.status.readyReplicas}')).stdout);
  assert.equal(said, '3');
  assert.equal(await inside(page).getByRole('dialog').count(), 0, 'no report of a crash');
  assert.deepEqual(problems, []);
});

test('where the owner of a shared cluster leaves, the next has one', { timeout: 90_000 }, async (t) => {
  const body = '<ordinal-playground id="one" cluster="c"></ordinal-playground><ordinal-playground id="two" cluster="c" views="terminal" commands="kubectl get nodes"></ordinal-playground>';
  const { page, problems } = await open(t, body);
  await page.evaluate(() => document.querySelector('#one').remove());
  await page.getByRole('button', { name: 'Start the cluster' }).waitFor();
  assert.ok((await page.locator('#two').boundingBox()).height > 400, 'it has the place for one');
  await page.getByRole('button', { name: 'kubectl get nodes' }).click();
  await page.frameLocator('#two iframe').locator('.terminal-log').getByText('node-4').first().waitFor({ timeout: 30_000 });
  assert.deepEqual(problems, []);
});

test('it turns dark with its host', { timeout: 60_000 }, async (t) => {
  const { page } = await open(t, '<ordinal-playground load="visible" views="terminal"></ordinal-playground>');
  await inside(page).locator('.terminal-input').first().waitFor({ timeout: 30_000 });
  const theme = () => inside(page).locator('html').getAttribute('data-theme');
  assert.equal(await theme(), 'light');
  await page.evaluate(() => {
    document.documentElement.style.colorScheme = 'dark';
    document.documentElement.dataset.theme = 'dark';
  });
  await inside(page).locator('html[data-theme="dark"]').waitFor();
});

test('the host page keeps its keys, its styles and its focus', { timeout: 60_000 }, async (t) => {
  const { page, problems } = await open(t, '<button id="before">before</button><ordinal-playground load="visible" views="terminal"></ordinal-playground><button id="after">after</button>');
  await inside(page).locator('.terminal-input').first().waitFor({ timeout: 30_000 });
  const [sheets, keys] = await page.evaluate(async () => {
    const keys = [];
    addEventListener('keydown', (event) => keys.push([event.key, event.defaultPrevented]));
    for (const key of ['/', 'k', 'Escape', 'Tab']) document.querySelector('#before').dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
    return [document.styleSheets.length + document.adoptedStyleSheets.length, keys];
  });
  assert.equal(sheets, 0);
  assert.deepEqual(keys.map(([, prevented]) => prevented), [false, false, false, false]);
  await page.locator('#before').focus();
  const seen = [];
  for (let presses = 0; presses < 60 && seen.at(-1) !== 'after'; presses += 1) {
    // In a terminal, Tab completes: Esc, then Tab leaves it, as it says.
    await page.keyboard.press('Escape');
    await page.keyboard.press('Tab');
    seen.push(await page.evaluate(() => document.activeElement.id || document.activeElement.tagName));
  }
  assert.equal(seen.at(-1), 'after', seen.join(' '));
  assert.ok(seen.includes('ORDINAL-PLAYGROUND'), 'it was gone through');
  assert.deepEqual(problems, []);
});

test('a window that does not hold the playground is not heard', { timeout: 60_000 }, async (t) => {
  const frames = [1, 2].map(() => `<iframe src="${site.url}index.html?embed=1&views=terminal"></iframe>`).join('');
  const { page } = await open(t, frames);
  const ready = (frame) => frame.locator('.page').waitFor({ timeout: 30_000 });
  const [, one, two] = page.frames();
  await Promise.all([ready(one), ready(two)]);
  const heard = await page.evaluate(() => {
    globalThis.heard = [];
    addEventListener('message', ({ data }) => globalThis.heard.push(data.type));
    frames[0].postMessage({ ordinal: 1, type: 'begin' }, '*');
  });
  assert.equal(heard, undefined);
  // Its neighbour, of the same origin even, is not its host.
  await two.evaluate(() => parent.frames[0].postMessage({ ordinal: 1, type: 'ask', id: 1, command: 'echo forged' }, '*'));
  await two.evaluate(() => parent.frames[0].postMessage({ ordinal: 1, type: 'fly' }, '*'));
  const answers = await page.evaluate(async () => {
    frames[0].postMessage({ ordinal: 1, type: 'ask', id: 2, command: 'echo mine' }, '*');
    while (!globalThis.heard.includes('answer')) await new Promise((resolve) => addEventListener('message', resolve, { once: true }));
    return globalThis.heard.filter((type) => ['answer', 'refused'].includes(type));
  });
  assert.deepEqual(answers, ['answer']);
});

test('what begins wrongly is refused, and begins nothing', { timeout: 60_000 }, async (t) => {
  const { page } = await open(t, `<iframe src="${site.url}index.html?embed=1&views=terminal"></iframe>`);
  await page.frames()[1].locator('.page').waitFor({ timeout: 30_000 });
  const answers = await page.evaluate(async () => {
    const answers = [];
    const next = () => new Promise((resolve) => addEventListener('message', ({ data }) => (data.type === 'state' ? next().then(resolve) : resolve(data.type)), { once: true }));
    for (const wrong of [{ manifest: 7 }, { manifest: 'x'.repeat((1 << 20) + 1) }, { setup: 'kubectl' }, { setup: [7] }, { commands: {} }]) {
      frames[0].postMessage({ ordinal: 1, type: 'begin', ...wrong }, '*');
      answers.push(await next());
    }
    frames[0].postMessage({ ordinal: 1, type: 'begin', manifest: `# ${'x'.repeat((1 << 20) - 2)}` }, '*');
    answers.push(await next());
    return answers;
  });
  assert.deepEqual(answers, ['refused', 'refused', 'refused', 'refused', 'refused', 'begun']);
});
