// axe finds nothing, in both themes and languages, at the three widths, with everything open.
import AxeBuilder from '@axe-core/playwright';
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch } from './browser.mjs';
import { Reader } from './terminal.mjs';

const WIDTHS = [360, 768, 1440];
const VIEWS = { en: ['Lesson', 'Cluster', 'Terminal', 'Editor', 'Events', 'Browser'], ja: ['レッスン', 'クラスター', 'ターミナル', 'エディター', 'イベント', 'ブラウザー'] };

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

async function isClean(reader, where) {
  // A lesson is long, and its blocks are of a few kinds: its beginning has each of them.
  const builder = new AxeBuilder({ page: reader.page }).setLegacyMode(true).exclude('.lesson-body > :nth-child(n + 30)').options({ resultTypes: ['violations'] });
  const { violations } = await builder.analyze();
  const found = violations.map(({ id, nodes }) => `${where}: ${id} at ${nodes.map((node) => node.target.join(' ')).slice(0, 4)}: ${nodes[0].failureSummary}`);
  assert.deepEqual(found, []);
}

for (const colorScheme of ['light', 'dark']) {
  for (const locale of ['en', 'ja']) {
    test(`${colorScheme}, ${locale}`, async (t) => {
      const reader = await Reader.come(t, browser, { context: { colorScheme, locale, viewport: { width: 1440, height: 900 } } });
      assert.equal(await reader.page.evaluate(() => document.documentElement.lang), locale);
      await reader.runs('kubectl apply -f web.yaml');
      await reader.page.getByRole('button', { name: locale === 'en' ? '100 times real time' : '実時間の 100 倍' }).click();
      await reader.seesPods(2, 'ready');
      await reader.runs('kubectl create pdb web --selector=app=nginx --min-available=2');
      await reader.runs('nonsense');
      await reader.pods().first().click();
      for (const width of WIDTHS) {
        await reader.page.setViewportSize({ width, height: 900 });
        if (width >= 900) {
          await isClean(reader, `${width}`);
          continue;
        }
        for (const view of VIEWS[locale]) {
          await reader.page.getByRole('navigation').getByRole('button', { name: view, exact: true }).click();
          if (view === VIEWS[locale][3]) await reader.page.locator('ordinal-editor .cm-content').waitFor();
          await isClean(reader, `${width} ${view}`);
        }
      }
    });
  }
}
