// The page opens: nothing is reported, nothing is asked for that `cargo xtask size` does not count, under any base path.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { DIST, launch, open } from './browser.mjs';

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

// Until the program has started: it fills the element that the sources leave empty.
const started = (page) => page.locator('#app > *').first().waitFor({ state: 'attached', timeout: 30_000 });

for (const base of ['/', '/some/where/']) {
  test(`opens without a report under ${base}`, async (t) => {
    const { page, problems } = await open(t, browser, { base });
    await started(page);
    await page.waitForLoadState('networkidle');
    assert.deepEqual(problems, []);
  });
}

test('the first load asks for nothing that the size table leaves out', async (t) => {
  const counted = JSON.parse(readFileSync(join(DIST, 'first-load.json'), 'utf8'));
  const { page, requests } = await open(t, browser);
  await started(page);
  await page.waitForLoadState('networkidle');
  assert.deepEqual([...requests].filter((file) => !counted.includes(file)), []);
});
