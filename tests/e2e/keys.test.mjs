// The terminal's line and its text: search, paste, links, a long scrollback, a long list.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch } from './browser.mjs';
import { Reader } from './terminal.mjs';

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const value = (reader) => reader.line().inputValue();

test('Ctrl-R finds a command, goes on to an older one, and Enter runs it', async (t) => {
  const reader = await Reader.come(t, browser);
  await reader.runs('echo first');
  await reader.runs('echo second');
  await reader.runs('pwd');
  await reader.line().fill('draft');
  await reader.line().press('Control+r');
  await reader.page.keyboard.type('echo');
  const found = reader.page.locator('.terminal-found');
  await found.getByText('echo second').waitFor();
  await reader.line().press('Control+r');
  await found.getByText('echo first').waitFor();
  const from = (await reader.text()).length;
  await reader.line().press('Enter');
  await reader.sees(/echo first\nfirst\n\$ $/, { from: from - 200 });
  await reader.line().fill('draft');
  await reader.line().press('Control+r');
  await reader.page.keyboard.type('pw');
  await reader.line().press('Escape');
  assert.equal(await value(reader), 'pwd');
  await reader.line().press('Control+r');
  await reader.line().press('Control+g');
  assert.equal(await value(reader), 'pwd', 'the line is as before the search');
});

test('the line is edited as in a shell', async (t) => {
  const reader = await Reader.come(t, browser);
  await reader.line().fill('get pods');
  await reader.line().press('Control+a');
  await reader.page.keyboard.type('kubectl ');
  assert.equal(await value(reader), 'kubectl get pods');
  await reader.line().press('Control+k');
  assert.equal(await value(reader), 'kubectl ');
  await reader.line().press('Control+u');
  assert.equal(await value(reader), '');
});

test('many lines with a here-document are pasted at once', async (t) => {
  const reader = await Reader.come(t, browser);
  const text = 'cat <<EOF > made.txt\n  two words\n  $HOME\nEOF\ncat made.txt\necho unfinished';
  await reader.line().focus();
  await reader.page.evaluate((pasted) => {
    const data = new DataTransfer();
    data.setData('text/plain', pasted);
    document.activeElement.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
  }, text);
  await reader.sees(/  two words\n  \/home\/user\n\$ $/);
  assert.equal(await value(reader), 'echo unfinished', 'a line without end waits to be sent');
});

test('a name in the text lights up its object and opens its details', async (t) => {
  const reader = await Reader.come(t, browser);
  await reader.speed(20);
  await reader.runs('kubectl apply -f web.yaml');
  await reader.seesPods(2, 'ready');
  await reader.runs('kubectl get pods');
  const name = reader.log().locator('.name', { hasText: /^web-1$/ }).last();
  await name.hover();
  await reader.page.locator('.pod.related[aria-label^="Pod web-1,"]').waitFor();
  await reader.page.locator('.claim.related[aria-label*="www-web-1"]').waitFor();
  assert.equal(await reader.page.locator('.claim.related').count(), 1);
  await name.click();
  await reader.page.getByRole('region', { name: 'Details' }).getByRole('heading', { name: /web-1/ }).waitFor();
  assert.match(await reader.log().locator('.name').allTextContents().then((all) => all.join(' ')), /statefulset\.apps\/web/);
});

test('a hundred thousand lines scroll by, and the line stays quick', async (t) => {
  const reader = await Reader.come(t, browser);
  await reader.runs('seq 1 100000 > /dev/null');
  await reader.types('seq 1 100000');
  await reader.sees(/\n100000\n\$ $/);
  const [slowest, nodes] = await reader.page.evaluate(async () => {
    const line = document.querySelector('#line-1');
    let slowest = 0;
    for (const letter of 'echo quick') {
      const start = performance.now();
      line.setRangeText(letter, line.value.length, line.value.length, 'end');
      line.dispatchEvent(new InputEvent('input', { bubbles: true }));
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      slowest = Math.max(slowest, performance.now() - start);
    }
    return [slowest, document.querySelectorAll('.terminal-log *').length];
  });
  t.diagnostic(`${slowest.toFixed(0)} ms for the slowest letter, ${nodes} elements`);
  assert.ok(slowest < 500 && nodes < 20_000, `${slowest} ms, ${nodes} elements`);
  const at = await reader.log().evaluate((log) => log.scrollHeight - log.scrollTop - log.clientHeight);
  assert.ok(at < 40, 'the end is seen');
});

test('names in the text are gone to by keyboard, and Enter opens the details', async (t) => {
  const reader = await Reader.come(t, browser);
  await reader.speed(20);
  await reader.runs('kubectl apply -f web.yaml');
  await reader.seesPods(2, 'ready');
  await reader.runs('kubectl get pods');
  const { keyboard } = reader.page;
  const focused = () => reader.page.evaluate(() => document.activeElement.textContent);
  await reader.line().focus();
  await keyboard.press('Shift+Tab');
  await reader.page.getByText('go from name to name').first().waitFor();
  await keyboard.press('ArrowLeft');
  assert.equal(await focused(), 'web-1');
  await keyboard.press('ArrowLeft');
  assert.equal(await focused(), 'web-0');
  await reader.page.locator('.pod.related[aria-label^="Pod web-0,"]').waitFor();
  await keyboard.press('ArrowRight');
  assert.equal(await focused(), 'web-1');
  await keyboard.press('Enter');
  await reader.page.getByRole('region', { name: 'Details' }).getByRole('heading', { name: /web-1/ }).waitFor();
  await keyboard.press('Escape');
  await keyboard.type('echo back');
  assert.equal(await value(reader), 'echo back', 'Esc goes back to the line');
  assert.deepEqual(reader.problems, []);
});
