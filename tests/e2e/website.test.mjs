// The site around the playground (`dist/site`): every page can be read without JavaScript, every link leads somewhere, under any base path, in both schemes, wide
// and narrow; and its examples are alive.
import AxeBuilder from '@axe-core/playwright';
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
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

// Without a browser: what a crawler reads.
const text = (path) => readFileSync(join(DIST, path), 'utf8');
const unescaped = (html) => html.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&');
const ids = (path) => new Set([...text(path).matchAll(/ id="([^"]*)"/g)].map(([, id]) => unescaped(id)));

test('every link of every page leads to a file, and to a place in it', () => {
  let checked = 0;
  for (const path of [...PAGES, 'index.html']) {
    for (const [, written] of text(path).matchAll(/(?:href|src)="([^"]*)"/g)) {
      const link = new URL(unescaped(written), `https://here/${path}`);
      if (link.origin !== 'https://here') {
        assert.ok(['https:', 'http:'].includes(link.protocol), `${path}: ${written}`);
        continue;
      }
      assert.ok(!written.startsWith('/'), `${path}: ${written} breaks under a base path`);
      const file = decodeURIComponent(link.pathname.slice(1));
      assert.ok(existsSync(join(DIST, file)), `${path}: ${written}`);
      if (link.hash && file.endsWith('.html')) assert.ok(ids(file).has(decodeURIComponent(link.hash.slice(1))), `${path}: ${written}`);
      checked += 1;
    }
  }
  assert.ok(checked > 200, `${checked} links`);
});

test('every page has what search engines and other sites show of it, and no two are the same', () => {
  const seen = new Set();
  for (const path of PAGES) {
    const html = text(path);
    const one = (what, pattern) => {
      const found = [...html.matchAll(pattern)].map(([, value]) => value);
      assert.ok(found.length === 1 && found[0].length > 0, `${path}: ${what}: ${found}`);
      return found[0];
    };
    const title = one('title', /<title>([^<]*)<\/title>/g);
    const language = one('language', /<html lang="([a-z]+)"/g);
    assert.ok(!seen.has(language + title), `${path}: ${title}`);
    seen.add(language + title);
    const summary = one('description', /<meta name="description" content="([^"]*)"/g);
    assert.ok(summary.length >= 15 && summary.length <= 400, `${path}: ${summary.length} letters`);
    assert.match(one('image', /<meta property="og:image" content="([^"]*)"/g), /^https?:\/\/.+\/site\/social\.png$/);
    one('viewport', /<meta name="viewport" content="([^"]*)"/g);
    for (const [tag] of html.matchAll(/<img [^>]*>/g)) assert.match(tag, / alt="[^"]+"/, `${path}: ${tag}`);
    for (const [tag] of html.matchAll(/<img [^>]*>/g)) assert.match(tag, / width="\d+" height="\d+"/, `${path}: ${tag}`);
    assert.equal([...html.matchAll(/rel="alternate" hreflang="(en|ja)"/g)].length, 2, path);
  }
  const social = readFileSync(join(DIST, 'site/social.png'));
  assert.deepEqual([social.readUInt32BE(16), social.readUInt32BE(20)], [1200, 630], 'as those who show it want it');
  const map = text('sitemap.xml');
  const home = /<loc>([^<]*)<\/loc>/.exec(map)[1];
  for (const [, place] of map.matchAll(/<loc>([^<]*)<\/loc>|href="([^"]*)"/g)) {
    if (place) assert.ok(place.startsWith(home) && existsSync(join(DIST, place.slice(home.length) || 'index.html')), place);
  }
});

test('the reference has every export and every member of the declarations', () => {
  const declarations = readFileSync(join(DIST, 'npm/index.d.ts'), 'utf8');
  const page = unescaped(text('site/en/api.html'));
  const places = ids('site/en/api.html');
  const exported = [...declarations.matchAll(/^export (?:class|interface|type|function) (\w+)/gm)].map(([, name]) => name);
  assert.ok(exported.length > 10);
  for (const name of exported) assert.ok(places.has(name), name);
  for (const line of declarations.split('\n').filter((line) => /^ {2}\S/.test(line) && !line.startsWith('  *'))) assert.ok(page.includes(line), line);
  for (const [, comment] of declarations.matchAll(/^ \* (.+)$/gm)) if (!/^(Kubernetes for|Time is virtual: a)/.test(comment)) assert.ok(page.includes(comment), comment);
});

test('the score is the one that the tests measure', () => {
  const folder = resolve('../parity');
  const named = readFileSync(join(folder, 'differences.tsv'), 'utf8').trim().split('\n').slice(1).map((line) => line.split('\t'));
  for (const language of ['en', 'ja']) {
    const page = unescaped(text(`site/${language}/truth.html`));
    for (const file of readdirSync(join(folder, 'recordings')).filter((name) => name.endsWith('.jsonl'))) {
      const records = readFileSync(join(folder, 'recordings', file), 'utf8').trim().split('\n').map((line) => JSON.parse(line));
      const name = file.replace('.jsonl', '');
      const all = records.filter(({ kind }) => kind === 'run').length;
      const same = all - named.filter(([recording, kind]) => recording === name && kind === 'command').length;
      assert.ok(page.includes(`${same} / ${all}</span>`), `${language}: ${name}: ${same} of ${all}`);
    }
    for (const [, , , command] of named) assert.ok(page.includes(`<code>${command}</code>`), command);
    assert.match(page, /20\d\d-\d\d-\d\d, Kubernetes v1\./);
  }
});

test('nothing moves while a page loads, and no task is long', { timeout: 120_000 }, async (t) => {
  const init = () => {
    const seen = { longest: 0, shift: 0 };
    globalThis.seen = seen;
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => { seen.shift += entry.value; })).observe({ type: 'layout-shift', buffered: true });
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => { seen.longest = Math.max(seen.longest, entry.duration); })).observe({ type: 'longtask', buffered: true });
  };
  const { page, problems } = await open(t, browser, { path: PAGES[0], init });
  // The elements' program comes after the page has been drawn.
  await page.route(/embed\.js$/, async (route) => {
    await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint').length > 0);
    await route.continue();
  });
  let [longest, shift] = [0, 0];
  for (const path of PAGES) {
    await page.goto(page.url().replace(/\/site\/.*/, `/${path}`));
    await page.waitForLoadState('networkidle');
    const seen = await page.evaluate(() => globalThis.seen);
    assert.ok(seen.shift <= 0.1, `${path}: a shift of ${seen.shift}`);
    [longest, shift] = [Math.max(longest, seen.longest), Math.max(shift, seen.shift)];
  }
  t.diagnostic(`longest task ${longest.toFixed(0)} ms, greatest shift ${shift.toFixed(3)}`);
  assert.deepEqual(problems, []);
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
