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

test('whoever comes, nothing of the rest is asked for before the reader touches the page, and all of it then', async (t) => {
  const paths = ['', '?lesson=zookeeper', '?seed=7'];
  for (const [at, width] of [1440, 390, 1024, 1920, 768, 1280].entries()) {
    const options = { viewport: { width, height: 700 + 50 * at }, locale: ['en-US', 'ja', 'en', 'ja-JP', 'de-DE', 'fr'][at], colorScheme: at % 3 ? 'light' : 'dark' };
    const { page, requests, problems } = await open(t, browser, { path: paths[at % 3], context: options });
    const context = page.context();
    await started(page);
    await page.mouse.move(300, 300);
    await page.mouse.move(width - 60, 500);
    await page.waitForLoadState('networkidle');
    const rest = () => [...requests].filter((name) => name.includes('_rest.wasm')).map((name) => name.split('_')[0]).sort();
    assert.deepEqual(rest(), [], `${width}`);
    await Promise.all([...['page', 'worker'].map((name) => context.waitForEvent('request', (request) => request.url().includes(`${name}_rest.wasm`))), page.keyboard.press('Shift')]);
    assert.deepEqual(rest(), ['page', 'worker'], `${width}`);
    assert.deepEqual(problems, []);
  }
});

test('a page that cannot get its rest says so', async (t) => {
  const { page } = await open(t, browser);
  await started(page);
  await page.route('**/*_rest.wasm*', (route) => route.abort());
  await page.getByRole('button', { name: 'Browser', exact: true }).click();
  await page.getByRole('alert').getByText(/cannot go on.*Reload the page: your session is kept/).waitFor();
});

test('the first load asks for nothing that the size table leaves out', async (t) => {
  const counted = JSON.parse(readFileSync(join(DIST, 'first-load.json'), 'utf8'));
  const { page, requests } = await open(t, browser);
  await started(page);
  await page.waitForLoadState('networkidle');
  assert.deepEqual([...requests].filter((file) => !counted.includes(file)), []);
});
