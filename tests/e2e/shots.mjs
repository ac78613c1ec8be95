// Pictures of the page that are the same wherever they are taken: the clock stands but for what a test asks for, nothing moves, the fonts are those of the
// tests. They are compared block by block, so that the edges of letters, which differ from machine to machine, count for little.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { Reader } from './terminal.mjs';

const KEPT = resolve(import.meta.dirname, 'screenshots');
const TAKEN = resolve(import.meta.dirname, '../../target/screenshots');
const IS_UPDATE = process.env.SCREENSHOTS === 'update';

// Blocks have so many pixels a side; two blocks differ whose means are further apart than this, in any colour (0 to 255); so large a share may differ.
const [BLOCK, APART, SHARE] = [8, 20, 0.004];

const SIZES = { desk: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };

const font = (name, weight) => {
  const file = createRequire(import.meta.url).resolve(`@fontsource/${name}/files/${name}-latin-${weight}-normal.woff2`);
  return `@font-face { font-family: "${name}"; font-weight: ${weight}; src: url(data:font/woff2;base64,${readFileSync(file, 'base64')}); }`;
};
const STYLE = [
  font('dejavu-sans', 400), font('dejavu-sans', 700), font('dejavu-mono', 400), font('dejavu-mono', 700),
  ':root { --font: "dejavu-sans"; --mono: "dejavu-mono"; font-family: "dejavu-sans"; }',
  '*, ::before, ::after { animation: none !important; transition: none !important; caret-color: transparent !important; scrollbar-width: none !important; }',
].join('\n');

// A page whose clock stands until something is asked for: time of the host does not pass, so none of the cluster does. The lesson is closed: it is seen
// where it is what is looked at.
export async function comeToRest(t, browser, query = '') {
  const init = () => {
    const frame = window.requestAnimationFrame.bind(window);
    window.requestAnimationFrame = (then) => frame(() => then(0));
    Date.now = () => Date.UTC(2026, 0, 1);
  };
  const reader = await Reader.come(t, browser, { query: `?seed=7${query}`, init, context: { viewport: SIZES.desk, bypassCSP: true, colorScheme: 'light' } });
  await reader.page.addStyleTag({ content: STYLE });
  await reader.page.evaluate(() => Promise.all([...document.fonts].map((face) => face.load())));
  await reader.page.getByRole('button', { name: 'Pause' }).click();
  await reader.page.locator('.panes').getByRole('button', { name: 'Lesson' }).click();
  return reader;
}

// Time passes until all is as wanted.
export async function untilReady(reader) {
  const button = reader.page.getByRole('button', { name: 'Until ready' });
  const time = () => reader.page.locator('.clock').textContent();
  const before = await time();
  await button.click();
  await reader.until(async () => (await time()) !== before && (await button.getAttribute('aria-pressed')) === 'false', 'it never comes to rest');
}

// Takes the page at a desk and on a phone, where it shows `view`, light and dark, and compares each with what is kept.
export async function compare(reader, name, view) {
  const { page } = reader;
  const link = await page.context().newCDPSession(page);
  const problems = [];
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport);
    if (size === 'phone') await page.getByRole('navigation').getByRole('button', { name: view, exact: true }).click();
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      await page.evaluate(() => document.activeElement?.blur());
      await page.mouse.move(0, 0);
      problems.push(await compareOne(page, link, `${name}-${size}-${colorScheme}`));
    }
  }
  assert.deepEqual(problems.filter(Boolean), []);
}

async function compareOne(page, link, name) {
  const taken = await atRest(link);
  const kept = join(KEPT, `${name}.webp`);
  if (IS_UPDATE) {
    // What differs by letters' edges alone is left as it is: no new file for nothing.
    if (!existsSync(kept) || (await distance(page, taken, kept)) > SHARE / 10) writeFileSync(kept, await shoot(link, { format: 'webp', quality: 40 }));
    return undefined;
  }
  if (!existsSync(kept)) return `${name} is not kept: SCREENSHOTS=update`;
  const share = await distance(page, taken, kept);
  if (share <= SHARE) return undefined;
  mkdirSync(TAKEN, { recursive: true });
  writeFileSync(join(TAKEN, `${name}.png`), taken);
  return `${name} differs in ${(share * 100).toFixed(1)} % of its blocks: see target/screenshots/${name}.png`;
}

const shoot = async (link, options) => Buffer.from((await link.send('Page.captureScreenshot', options)).data, 'base64');

// The picture that does not change any more.
async function atRest(link) {
  for (let [before, round] = [await shoot(link, { format: 'png' }), 0]; round < 50; round += 1) {
    const now = await shoot(link, { format: 'png' });
    if (now.equals(before)) return now;
    before = now;
  }
  return assert.fail('the page does not come to rest');
}

// The share of blocks in which two pictures differ; 1 where their sizes do.
function distance(page, taken, kept) {
  const images = [`data:image/png;base64,${taken.toString('base64')}`, `data:image/webp;base64,${readFileSync(kept, 'base64')}`];
  return page.evaluate(async ([images, size, apart]) => {
    const means = async (address) => {
      const bitmap = await createImageBitmap(await (await fetch(address)).blob());
      const { width, height } = bitmap;
      const context = new OffscreenCanvas(width, height).getContext('2d');
      context.drawImage(bitmap, 0, 0);
      const { data } = context.getImageData(0, 0, width, height);
      const [across, down] = [Math.ceil(width / size), Math.ceil(height / size)];
      const [sums, counts] = [new Float64Array(across * down * 3), new Float64Array(across * down)];
      for (let y = 0; y < height; y += 1) {
        for (let x = 0; x < width; x += 1) {
          const block = Math.floor(y / size) * across + Math.floor(x / size);
          counts[block] += 1;
          for (let colour = 0; colour < 3; colour += 1) sums[block * 3 + colour] += data[(y * width + x) * 4 + colour];
        }
      }
      return { width, height, means: sums.map((sum, at) => sum / counts[Math.floor(at / 3)]) };
    };
    const [one, other] = await Promise.all(images.map(means));
    if (one.width !== other.width || one.height !== other.height) return 1;
    const blocks = one.means.length / 3;
    let differing = 0;
    for (let block = 0; block < blocks; block += 1) {
      differing += [0, 1, 2].some((colour) => Math.abs(one.means[block * 3 + colour] - other.means[block * 3 + colour]) > apart);
    }
    return differing / blocks;
  }, [images, BLOCK, APART]);
}
