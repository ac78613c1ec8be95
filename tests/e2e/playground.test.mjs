// createPlayground of the package: a page in an element, driven from JavaScript; its refusals are typed.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { DIST, launch } from './browser.mjs';
import { common } from './common-cases.mjs';
import { declared } from './declared.mjs';
import { serve } from './site.mjs';

let browser, site;
before(async () => {
  browser = await launch();
  site = await serve(DIST, '/', { '/common-cases.mjs': new URL('./common-cases.mjs', import.meta.url) });
});
after(async () => {
  await browser?.close();
  site?.close();
});

// Runs `work` in a page of its own, under the playground's own policy.
async function within(t, work, argument) {
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
  return { page, answer: await page.evaluate(work, argument) };
}

test('it shows a page, types, answers questions, and exports what the engine imports', { timeout: 90_000 }, async (t) => {
  const { page, answer } = await within(t, async () => {
    const { createPlayground, importSession } = await import('/npm/index.js');
    const manifest = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: note}\n';
    const playground = await createPlayground(document.querySelector('#place'), { manifest, setup: ['kubectl create namespace other'], views: ['terminal'], nodes: 2, seed: 3, lang: 'en' });
    const typed = await playground.run('kubectl create configmap typed');
    const [note, nodes, said, failed] = [await playground.get('cm', null, 'note'), await playground.list('nodes'), await playground.ask('echo asked'), await playground.ask('false')];
    const missing = await told(() => playground.get('pod', 'default', "no'pe"));
    const unknown = await told(() => playground.list('foos'));
    playground.setSpeed(20);
    playground.pause();
    const again = await importSession(await playground.exportSession());
    const imported = (await again.list('namespaces')).map((one) => one.metadata.name);
    again.destroy();
    return { typed, note: note.metadata.name, nodes: nodes.length, said, failed, missing, unknown, imported };
  });
  assert.deepEqual(answer.typed, { stdout: 'configmap/typed created\n', stderr: '', exitCode: 0 });
  assert.deepEqual([answer.note, answer.nodes, answer.said, answer.failed.exitCode], ['note', 2, { stdout: 'asked\n', exitCode: 0 }, 1]);
  assert.deepEqual(answer.missing.slice(0, 2), ['OrdinalError', 'NotFound']);
  assert.match(answer.missing[2], /pods "no'pe" not found/);
  assert.deepEqual(answer.unknown.slice(0, 2), ['OrdinalError', 'UnknownResource']);
  assert.ok(answer.imported.includes('other'), 'the setup is in the journal');
  const log = page.frameLocator('iframe').locator('.terminal-log').first();
  assert.match(await log.innerText(), /configmap\/typed created/);
  assert.doesNotMatch(await log.innerText(), /asked|namespace\/other/);
});

for (const name of Object.keys(common)) {
  test(`on a page: ${name}`, { timeout: 60_000 }, (t) =>
    within(t, async (wanted) => {
      const [{ common: all }, { createPlayground }] = await Promise.all([import('/common-cases.mjs'), import('/npm/index.js')]);
      const playground = await createPlayground(document.querySelector('#place'), { views: ['terminal'], speed: 100, seed: 1, lang: 'en' });
      await all[wanted](playground);
      playground.destroy();
    }, name));
}

test('a session is taken in place of the present one; one that cannot be read leaves it', { timeout: 90_000 }, async (t) => {
  const { page, answer } = await within(t, async () => {
    const { createCluster, createPlayground } = await import('/npm/index.js');
    const cluster = await createCluster({ nodes: 2, seed: 5 });
    await cluster.run('kubectl create secret generic elsewhere');
    const playground = await createPlayground(document.querySelector('#place'), { views: ['terminal'], lang: 'en' });
    playground.pause();
    await playground.run('kubectl create secret generic here');
    const names = async () => (await playground.list('secrets', 'default')).map((one) => one.metadata.name);
    const wrong = [await told(() => playground.importSession('nonsense')), await told(() => playground.importSession('{"v":99}'))];
    const before = await names();
    const [watch, endless] = [playground.watch('pods'), told(() => playground.run('sleep 1000'))];
    await playground.importSession(cluster.exportSession());
    await playground.advance(5_000);
    const expired = [await told(() => watch.next()), await endless];
    const after = await names();
    const peeked = await told(async () => playground.peek('pod', null, 'x'));
    return { wrong, before, expired, after, peeked, nodes: (await playground.list('nodes')).length };
  });
  for (const refusal of answer.wrong) assert.deepEqual(refusal.slice(0, 2), ['OrdinalError', 'InvalidSession']);
  for (const refusal of answer.expired) assert.deepEqual(refusal.slice(0, 2), ['OrdinalError', 'Expired']);
  assert.deepEqual([answer.before, answer.after, answer.nodes], [['here'], ['elsewhere'], 2]);
  assert.deepEqual(answer.peeked.slice(0, 2), ['OrdinalError', 'Unsupported']);
  assert.match(await page.frameLocator('iframe').locator('.terminal-log').first().innerText(), /secret\/elsewhere created/);
});

test('time stands, and goes on at the speed that was set', { timeout: 60_000 }, async (t) => {
  const { answer } = await within(t, async () => {
    const { createPlayground } = await import('/npm/index.js');
    const playground = await createPlayground(document.querySelector('#place'), { views: ['terminal'], lang: 'en' });
    const at = async () => (await playground.snapshot()).now;
    playground.pause();
    playground.setSpeed(100);
    // Twice: an answer of before the pause may still be under way.
    await playground.run('true');
    const stands = await at();
    for (let frames = 0; frames < 30; frames += 1) await new Promise(requestAnimationFrame);
    const stood = (await at()) - stands;
    playground.resume();
    let ran = 0;
    for (let frames = 0; frames < 600 && ran < 5_000; frames += 1) {
      await new Promise(requestAnimationFrame);
      ran = (await at()) - stands;
    }
    playground.pause();
    playground.resume();
    const again = await at();
    const before = performance.now();
    while ((await at()) - again < 20_000) await new Promise(requestAnimationFrame);
    const wrong = await told(async () => playground.setSpeed(1000));
    return { stood, ran, seconds: (performance.now() - before) / 1000, wrong };
  });
  assert.equal(answer.stood, 0);
  assert.ok(answer.ran >= 5_000, `${answer.ran}`);
  assert.ok(answer.seconds < 15, `20 virtual seconds took ${answer.seconds} s: the speed was forgotten`);
  assert.deepEqual(answer.wrong.slice(0, 2), ['OrdinalError', 'InvalidOption']);
});

test('the declarations name every member of a playground, and no other', async (t) => {
  const { answer } = await within(t, async () => {
    const { createPlayground } = await import('/npm/index.js');
    const playground = await createPlayground(document.querySelector('#place'));
    const names = new Set();
    for (let at = Object.getPrototypeOf(playground); at !== Object.prototype; at = Object.getPrototypeOf(at)) Object.getOwnPropertyNames(at).forEach((name) => names.add(name));
    playground.destroy();
    return [...names].filter((name) => name !== 'constructor');
  });
  assert.deepEqual(answer.sort(), [...declared(join(DIST, 'npm/index.d.ts'), 'Playground')].sort());
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
