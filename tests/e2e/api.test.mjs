// The package `ordinal-playground` as others use it: imported from the built folder, in Node and in Chromium, by the same cases.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { after, before, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { cases, watchMemories } from './api-cases.mjs';
import { DIST, launch } from './browser.mjs';
import { declared } from './declared.mjs';
import { serve } from './site.mjs';

setFlagsFromString('--expose-gc');
globalThis.gc = runInNewContext('gc');
watchMemories();
const ordinal = await import(pathToFileURL(join(DIST, 'npm/index.js')));

for (const [name, run] of Object.entries(cases)) test(`in Node: ${name}`, () => run(ordinal));

let browser, site, page;
before(async () => {
  browser = await launch(['--js-flags=--expose-gc', '--enable-precise-memory-info']);
  site = await serve(DIST, '/', Object.fromEntries(['api-cases', 'common-cases'].map((name) => [`/${name}.mjs`, new URL(`./${name}.mjs`, import.meta.url)])));
  page = await browser.newPage();
  // A page of the same policy, without the playground's own programs.
  await page.goto(`${site.url}icon.svg`);
});
after(async () => {
  await browser?.close();
  site?.close();
});

for (const name of Object.keys(cases)) {
  test(`in Chromium: ${name}`, () =>
    page.evaluate(async (wanted) => {
      const { cases: all, watchMemories } = await import('/api-cases.mjs');
      globalThis.watched ??= watchMemories() ?? true;
      await all[wanted](await import('/npm/index.js'));
    }, name));
}

test('the declarations name what there is, and nothing else', async () => {
  const text = readFileSync(join(DIST, 'npm/index.d.ts'), 'utf8');
  const exported = [...text.matchAll(/^export (?:class|function) (\w+)/gm)].map(([, name]) => name);
  assert.deepEqual(exported.sort(), Object.keys(ordinal).sort());
  const present = (object) => {
    const names = new Set();
    for (let at = Object.getPrototypeOf(object); at !== Object.prototype; at = Object.getPrototypeOf(at)) Object.getOwnPropertyNames(at).forEach((name) => names.add(name));
    names.delete('constructor');
    return names;
  };
  const cluster = await ordinal.createCluster();
  assert.deepEqual([...present(cluster)].sort(), [...declared(join(DIST, 'npm/index.d.ts'), 'Cluster')].sort());
  cluster.destroy();
  const codes = [...text.matchAll(/^ {2}\| '(\w+)'/gm)].map(([, code]) => code);
  const sources = ['index.js', 'options.js', 'playground.js', 'surface.js'].map((name) => readFileSync(join(DIST, 'npm', name), 'utf8')).join('');
  for (const [, code] of sources.matchAll(/new OrdinalError\('(\w+)'/g)) assert.ok(codes.includes(code), code);
});
