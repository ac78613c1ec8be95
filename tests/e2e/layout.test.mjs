// The parts of the page: their sizes by keyboard and pointer, what is remembered, and one part at a time on a phone.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch } from './browser.mjs';
import { Reader } from './terminal.mjs';

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const height = (reader) => reader.page.locator('.dock').evaluate((dock) => dock.getBoundingClientRect().height);
const edge = (reader, name) => reader.page.getByRole('separator', { name });

test('two terminals stand side by side from the start', async (t) => {
  const reader = await Reader.come(t, browser);
  const [one, two] = await reader.page.locator('.terminal').evaluateAll((all) => all.map((pane) => pane.getBoundingClientRect().toJSON()));
  assert.equal(one.top, two.top);
  assert.ok(two.left >= one.right - 1 && one.width > 300, JSON.stringify([one, two]));
});

test('an edge moves by keyboard and pointer, and stays where it was put after a reload', async (t) => {
  const reader = await Reader.come(t, browser);
  const before = await height(reader);
  await edge(reader, 'Height of the terminals').focus();
  await reader.page.keyboard.press('ArrowUp');
  await reader.page.keyboard.press('ArrowUp');
  assert.equal(await height(reader), before + 48);
  const box = await edge(reader, 'Height of the terminals').boundingBox();
  await reader.page.mouse.move(box.x + 200, box.y);
  await reader.page.mouse.down();
  await reader.page.mouse.move(box.x + 200, box.y + 100, { steps: 4 });
  await reader.page.mouse.up();
  const moved = await height(reader);
  assert.ok(Math.abs(moved - (before - 52)) <= 2, `${moved} from ${before}`);
  assert.equal(await edge(reader, 'Height of the terminals').getAttribute('aria-valuenow'), String(Math.round(moved)));
  await reader.page.reload();
  await reader.sees(/\$ $/);
  assert.equal(await height(reader), moved);
  assert.deepEqual(reader.problems, []);
});

test('a part closes and opens, and that is remembered, too', async (t) => {
  const reader = await Reader.come(t, browser);
  await edge(reader, 'Width of the details').focus();
  await reader.page.keyboard.press('Enter');
  await reader.page.locator('.pane-side').waitFor({ state: 'detached' });
  await reader.page.reload();
  await reader.sees(/\$ $/);
  assert.equal(await reader.page.locator('.pane-side').count(), 0);
  await reader.page.getByRole('button', { name: 'Details' }).click();
  await reader.page.locator('.pane-side').waitFor();
});

test('on a phone one part is seen at a time, and a choice in the picture shows its details over it', async (t) => {
  const reader = await Reader.come(t, browser, { context: { viewport: { width: 390, height: 844 } } });
  const seen = () => reader.page.locator('.lesson, .pane-picture, .dock, .pane-side, .pane-editor').filter({ visible: true }).evaluateAll((all) => all.map((part) => part.className.split(' ').at(-1)));
  const show = (name) => reader.page.getByRole('navigation').getByRole('button', { name, exact: true }).click();
  assert.deepEqual(await seen(), ['lesson'], 'a newcomer reads first');
  await reader.page.keyboard.press('Tab');
  await reader.page.keyboard.press('Enter');
  assert.deepEqual(await seen(), ['dock']);
  assert.ok(await reader.line().evaluate((line) => line === document.activeElement), 'the link at the top leads to the terminal');
  await reader.speed(20);
  await reader.runs('kubectl apply -f web.yaml');
  await show('Cluster');
  assert.deepEqual(await seen(), ['pane-picture']);
  await reader.seesPods(2, 'ready');
  await reader.pods().first().click();
  assert.deepEqual(await seen(), ['pane-picture', 'chosen']);
  await show('Events');
  assert.deepEqual(await seen(), ['chosen']);
  await show('Editor');
  assert.ok((await seen()).includes('pane-editor'));
  const overflow = await reader.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(overflow <= 0, `${overflow} px too wide`);
  assert.deepEqual(reader.problems, []);
});

test('on a phone what is touched is as large as a finger', async (t) => {
  const reader = await Reader.come(t, browser, { context: { viewport: { width: 390, height: 844 }, hasTouch: true } });
  const show = (name) => reader.page.getByRole('navigation').getByRole('button', { name, exact: true }).click();
  await show('Terminal');
  await reader.types('sleep 1000');
  const small = async (within, least) => (await reader.page.locator(`${within} :is(button, select)`).filter({ visible: true }).evaluateAll((all) => all.map((one) => ({ name: one.getAttribute('aria-label') ?? one.textContent, ...one.getBoundingClientRect().toJSON() })))).filter(({ width, height }) => height < least || width < 24).map(({ name, width, height }) => `${name}: ${width} × ${height}`);
  await reader.page.getByRole('button', { name: 'Skip the wait' }).waitFor();
  assert.deepEqual(await small('.terminals', 44), []);
  assert.deepEqual(await small('.toolbar', 44), []);
  for (const view of ['Lesson', 'Cluster', 'Terminal', 'Editor', 'Events', 'Browser']) {
    await show(view);
    assert.deepEqual(await small('.page', 24), [], view);
  }
});

test('a browser that keeps nothing is told so, and the page works', async (t) => {
  const reader = await Reader.come(t, browser, { init: () => Object.defineProperty(window, 'sessionStorage', { get: () => { throw new DOMException('no', 'SecurityError'); } }) });
  await reader.page.getByText('does not let the page keep the session').waitFor();
  assert.equal(await reader.runs('echo works'), 'works\n');
  assert.deepEqual(reader.problems, []);
});
