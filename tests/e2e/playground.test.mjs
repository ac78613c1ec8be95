// createPlayground of the package: a page in an element, driven from JavaScript; its refusals are typed.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DIST, launch } from './browser.mjs';
import { serve } from './site.mjs';

let browser, site;
before(async () => {
  browser = await launch();
  site = await serve(DIST);
});
after(async () => {
  await browser?.close();
  site?.close();
});

// Runs `work` in a page of its own, under the playground's own policy.
async function within(t, work) {
  const context = await browser.newContext({ viewport: { width: 1000, height: 800 }, reducedMotion: 'reduce' });
  t.after(() => context.close());
  const page = await context.newPage();
  await page.goto(`${site.url}first-load.json`);
  await page.evaluate(() => {
    document.body.replaceChildren(Object.assign(document.createElement('div'), { id: 'place' }));
    globalThis.told = async (promise) => {
      try {
        return ['nothing was refused', await promise()];
      } catch (error) {
        return [error.name, error.code, error.message];
      }
    };
  });
  return { page, answer: await page.evaluate(work) };
}

test('it shows a page, types, answers questions, and exports what the engine imports', { timeout: 90_000 }, async (t) => {
  const { page, answer } = await within(t, async () => {
    const { createPlayground, importSession } = await import('/npm/index.js');
    const manifest = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: note}\n';
    const playground = await createPlayground(document.querySelector('#place'), { manifest, setup: ['kubectl create namespace other'], views: ['terminal'], nodes: 2, seed: 3, lang: 'en' });
    await playground.run('kubectl create configmap typed');
    // What was typed takes its time, as it does for a reader.
    while (!(await playground.list('configmaps', 'default')).some((one) => one.metadata.name === 'typed')) await new Promise(requestAnimationFrame);
    const [note, nodes, said, failed] = [await playground.get('cm', null, 'note'), await playground.list('nodes'), await playground.ask('echo asked'), await playground.ask('false')];
    const missing = await told(() => playground.get('pod', 'default', "no'pe"));
    const unknown = await told(() => playground.list('foos'));
    playground.setSpeed(20);
    playground.pause();
    const again = await importSession(await playground.exportSession());
    const imported = (await again.list('namespaces')).map((one) => one.metadata.name);
    again.destroy();
    return { note: note.metadata.name, nodes: nodes.length, said, failed, missing, unknown, imported };
  });
  assert.deepEqual([answer.note, answer.nodes, answer.said, answer.failed.exitCode], ['note', 2, { stdout: 'asked\n', exitCode: 0 }, 1]);
  assert.deepEqual(answer.missing.slice(0, 2), ['OrdinalError', 'NotFound']);
  assert.match(answer.missing[2], /pods "no'pe" not found/);
  assert.deepEqual(answer.unknown.slice(0, 2), ['OrdinalError', 'UnknownResource']);
  assert.ok(answer.imported.includes('other'), 'the setup is in the journal');
  const log = page.frameLocator('iframe').locator('.terminal-log').first();
  assert.match(await log.innerText(), /configmap\/typed created/);
  assert.doesNotMatch(await log.innerText(), /asked|namespace\/other/);
});

test('wrong options are refused and named', async (t) => {
  const { answer } = await within(t, async () => {
    const { createPlayground } = await import('/npm/index.js');
    const place = document.querySelector('#place');
    const wrong = [{ node: 4 }, { nodes: 0 }, { nodes: '4' }, { seed: -1 }, { speed: 3 }, { views: ['sky'] }, { views: 'terminal' }, { lang: 'fr' }, { theme: 'pink' }, { setup: 'kubectl' }, { readonly: 1 }, { manifest: 7 }, { page: 'data:text/html,x' }, { lesson: '../x' }, 7];
    const answers = [];
    for (const options of wrong) answers.push([JSON.stringify(options), ...await told(() => createPlayground(place, options))]);
    answers.push(['no element', ...await told(() => createPlayground('#place'))]);
    answers.push(['outside', ...await told(() => createPlayground(document.createElement('div')))]);
    answers.push(['large', ...await told(() => createPlayground(place, { manifest: 'x'.repeat((1 << 20) + 1) }))]);
    return { answers, children: place.childElementCount };
  });
  for (const [what, name, code] of answer.answers) assert.deepEqual([name, code], ['OrdinalError', what === 'large' ? 'TooLong' : 'InvalidOption'], what);
  assert.equal(answer.children, 0, 'nothing is left in the page');
});

test('a page that is not there, or speaks another version, is a typed error', async (t) => {
  const { answer } = await within(t, async () => {
    const { createPlayground } = await import('/npm/index.js');
    const place = document.querySelector('#place');
    const nowhere = await told(() => createPlayground(place, { page: '/lessons/', limitSeconds: 0.5 }));
    const open = createPlayground(place, { page: '/lessons/' });
    const frame = place.querySelector('iframe');
    const answer = told(() => open);
    dispatchEvent(new MessageEvent('message', { source: frame.contentWindow, origin: location.origin, data: { ordinal: 2, type: 'ready' } }));
    return { nowhere, version: await answer, children: place.childElementCount };
  });
  assert.deepEqual(answer.nowhere.slice(0, 2), ['OrdinalError', 'LoadFailed']);
  assert.deepEqual(answer.version.slice(0, 2), ['OrdinalError', 'LoadFailed']);
  assert.match(answer.version[2], /version 2/);
  assert.equal(answer.children, 0);
});

test('a destroyed playground answers with a typed error, and so does one whose frame is gone', { timeout: 90_000 }, async (t) => {
  const { answer } = await within(t, async () => {
    const { createPlayground } = await import('/npm/index.js');
    const place = document.querySelector('#place');
    const [one, two] = await Promise.all([createPlayground(place), createPlayground(place)]);
    const waiting = told(() => one.ask('kubectl get nodes'));
    let destroyed = 0;
    one.on('destroy', () => { destroyed += 1; });
    one.destroy();
    one.destroy();
    two.frame.remove();
    const calls = [waiting];
    for (const playground of [one, two]) {
      for (const call of [() => playground.run('true'), () => playground.ask('true'), () => playground.get('pod', null, 'x'), () => playground.list('pods'), () => playground.exportSession(), async () => playground.pause()]) calls.push(told(call));
    }
    const answers = await Promise.all(calls);
    two.destroy();
    return { answers, destroyed, children: place.childElementCount };
  });
  for (const [name, code] of answer.answers) assert.deepEqual([name, code], ['OrdinalError', 'Destroyed']);
  assert.deepEqual([answer.destroyed, answer.children], [1, 0]);
});

test('an engine that dies refuses what it was asked', { timeout: 90_000 }, async (t) => {
  const { page } = await within(t, async () => {
    const { createPlayground } = await import('/npm/index.js');
    globalThis.playground = await createPlayground(document.querySelector('#place'), { lang: 'en' });
    await playground.ask('true');
    globalThis.failed = new Promise((resolve) => playground.on('failed', (error) => resolve([error.name, error.code])));
  });
  await page.workers()[0].evaluate(() => void setTimeout(() => { throw new Error('planted'); }));
  assert.deepEqual(await page.evaluate(() => globalThis.failed), ['OrdinalError', 'Crashed']);
  await page.frameLocator('iframe').getByRole('dialog').waitFor();
});
