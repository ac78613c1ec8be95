// The site around the playground (`dist/site`): every page can be read without JavaScript, every link leads somewhere, under any base path, in both schemes, wide
// and narrow; and its examples are alive.
import AxeBuilder from '@axe-core/playwright';
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { DIST, launch, open } from './browser.mjs';

const PAGES = readdirSync(join(DIST, 'site'), { recursive: true }).map(String).filter((name) => name.endsWith('.html')).map((name) => `site/${name.replaceAll('\\', '/')}`).sort();

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

test('there are a start, lessons, a guide, a reference and the score, in both languages', () => {
  for (const language of ['en', 'ja']) {
    for (const name of ['index', 'lessons', 'lessons/statefulset-basics', 'lessons/zookeeper', 'embedding', 'api', 'truth']) {
      assert.ok(PAGES.includes(`site/${language}/${name}.html`), `${language} ${name}`);
    }
  }
  const map = readFileSync(join(DIST, 'sitemap.xml'), 'utf8');
  for (const page of PAGES) assert.ok(map.includes(`/${page}</loc>`), page);
  assert.ok(existsSync(join(DIST, 'site/social.png')));
});

test('without JavaScript everything is there, and every link leads to a file under any base path', { timeout: 90_000 }, async (t) => {
  const base = '/some/where/';
  const { page, problems } = await open(t, browser, { base, path: PAGES[0], context: { javaScriptEnabled: false } });
  for (const path of PAGES) {
    await page.goto(page.url().replace(/\/where\/.*/, `/where/${path}`));
    assert.equal(await page.locator('h1').count(), 1, path);
    const links = await page.locator('a[href], link[href], script[src], img[src]').evaluateAll((all) => all.map((one) => one.href || one.src));
    for (const link of links.map((link) => new URL(link)).filter((link) => link.origin === new URL(page.url()).origin)) {
      assert.ok(link.pathname.startsWith(base), `${path}: ${link}`);
      assert.ok(existsSync(join(DIST, link.pathname.slice(base.length))), `${path}: ${link}`);
      if (link.hash && link.pathname === new URL(page.url()).pathname) assert.equal(await page.locator(`[id="${decodeURIComponent(link.hash.slice(1))}"]`).count(), 1, `${path}: ${link}`);
    }
  }
  await page.goto(page.url().replace(/\/where\/.*/, '/where/site/en/lessons/statefulset-basics.html'));
  const text = await page.locator('main').innerText();
  for (const words of ['kubectl apply -f web.yaml', 'volumeClaimTemplates', 'statefulset.apps/web created', 'Open this lesson in the playground']) assert.ok(text.includes(words), words);
  assert.deepEqual(problems, []);
});

for (const colorScheme of ['light', 'dark']) {
  test(`axe finds nothing and nothing is too wide, ${colorScheme}`, { timeout: 240_000 }, async (t) => {
    const { page, problems } = await open(t, browser, { path: PAGES[0], context: { colorScheme } });
    for (const path of PAGES) {
      await page.goto(page.url().replace(/\/site\/.*/, `/${path}`));
      for (const width of [390, 1440]) {
        await page.setViewportSize({ width, height: 900 });
        const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(over <= 0, `${path} at ${width}: ${over} px too wide`);
      }
      // The longest pages repeat a few kinds of elements: their beginning has each of them.
      const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).exclude('main > :nth-child(n + 60)').options({ resultTypes: ['violations'] }).analyze();
      assert.deepEqual(violations.map(({ id, nodes }) => `${path}: ${id} at ${nodes.map((node) => node.target.join(' ')).slice(0, 3)}: ${nodes[0].failureSummary}`), []);
    }
    assert.deepEqual(problems, []);
  });
}

for (const [path, command, words] of [['site/en/index.html', 'kubectl get pvc', 'www-web-0'], ['site/ja/embedding.html', 'kubectl get pods -w', 'hello']]) {
  test(`a live example of ${path} runs a command`, { timeout: 60_000 }, async (t) => {
    const { page, problems } = await open(t, browser, { base: '/deep/er/', path });
    await page.locator('ordinal-playground').first().getByRole('button', { name: command }).click();
    await page.frameLocator('ordinal-playground iframe').first().locator('.terminal-log').getByText(words).first().waitFor({ timeout: 30_000 });
    assert.deepEqual(problems, []);
  });
}
