// The package `ordinal-playground` as others use it: imported from the built folder, in Node and in Chromium, by the same cases.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { after, before, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { cases, watchMemories } from './api-cases.mjs';
import { DIST, launch } from './browser.mjs';
import { serve } from './site.mjs';

setFlagsFromString('--expose-gc');
globalThis.gc = runInNewContext('gc');
watchMemories();
const ordinal = await import(pathToFileURL(join(DIST, 'npm/index.js')));

for (const [name, run] of Object.entries(cases)) test(`in Node: ${name}`, () => run(ordinal));

let browser, site, page;
before(async () => {
  browser = await launch(['--js-flags=--expose-gc', '--enable-precise-memory-info']);
  site = await serve(DIST, '/', { '/api-cases.mjs': new URL('./api-cases.mjs', import.meta.url) });
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
