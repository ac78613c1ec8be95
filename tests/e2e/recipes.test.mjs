// The recipes of examples/: each is built by its own tool, opened in Chromium, and a command is run in the cluster. RECIPES is the folder of programs in which
// `cargo xtask test` has put Hugo, mdBook and MkDocs; a tool that is not there has made the page in the example's folder `built`, which is then opened.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { DIST, launch } from './browser.mjs';
import { serveFolders } from './site.mjs';

const EXAMPLES = resolve('../../examples');
const TOOLS = process.env.RECIPES;
const POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'";

let browser, scratch;
before(async () => {
  browser = await launch();
  scratch = mkdtempSync(join(tmpdir(), 'ordinal-recipes-'));
});
after(async () => {
  await browser?.close();
  rmSync(scratch, { recursive: true, force: true });
});

// The example as its tool builds it now, or as it was built.
function build(t, name, program, words) {
  const [source, out] = [join(EXAMPLES, name), join(scratch, name)];
  if (!program) return source;
  const tool = TOOLS && join(TOOLS, program);
  if (!tool || !existsSync(tool)) {
    t.diagnostic(`${program} is not there: the page that it has made is opened`);
    return join(source, 'built');
  }
  execFileSync(tool, words(out), { cwd: source, stdio: 'pipe' });
  return out;
}

async function open(t, folder, path, policy) {
  const site = await serveFolders({ '/': folder, '/ordinal/': DIST }, policy);
  const context = await browser.newContext({ viewport: { width: 1100, height: 900 }, reducedMotion: 'reduce' });
  t.after(async () => {
    await context.close();
    site.close();
  });
  const page = await context.newPage();
  const problems = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => message.type() === 'error' && /ordinal|Security Policy/.test(message.text()) && problems.push(message.text()));
  await page.goto(site.url + path);
  return { page, problems };
}

const inside = (page, owner) => page.frameLocator(`${owner} iframe`);

async function runsCommand(page, owner) {
  await inside(page, owner).getByRole('button', { name: 'kubectl get pods' }).click({ timeout: 30_000 });
  await inside(page, owner).locator('.terminal-log').getByText('web-0').first().waitFor({ timeout: 30_000 });
}

const RECIPES = {
  'plain-html': { path: '' },
  hugo: { path: 'statefulset/', program: 'hugo', words: (out) => ['--quiet', '--noBuildLock', '-d', out] },
  mdbook: { path: 'statefulset.html', program: 'mdbook', words: (out) => ['build', '-d', out] },
  mkdocs: { path: '', program: 'mkdocs', words: (out) => ['build', '--quiet', '-d', out] },
  docusaurus: { path: '', program: 'docusaurus', words: (out) => ['build', '--out-dir', out] },
};

for (const [name, { path, program, words }] of Object.entries(RECIPES)) {
  test(`${name}: the page is built, and a command runs in it`, { timeout: 90_000 }, async (t) => {
    const { page, problems } = await open(t, build(t, name, program, words), path);
    const element = page.locator('ordinal-playground');
    assert.match(await element.innerText(), /kubectl get pods|kind: StatefulSet/, 'there is something to read before the cluster starts');
    await element.getByRole('button', { name: 'kubectl get pods' }).click();
    await inside(page, 'ordinal-playground').locator('.terminal-log').getByText('web-0').first().waitFor({ timeout: 30_000 });
    await runsCommand(page, 'ordinal-playground');
    assert.deepEqual(problems, []);
  });
}

// What is opened where a tool is not there must be what it would make today: its element, its script and its manifest.
for (const [name, { path, program, words }] of Object.entries(RECIPES).filter(([, { program }]) => program)) {
  test(`${name}: the page that was built before is of the present sources`, { timeout: 60_000 }, (t) => {
    const element = (html) => /<ordinal-playground[^>]*>/.exec(html)?.[0];
    const page = (folder) => readFileSync(join(folder, path.endsWith('.html') ? path : `${path}index.html`), 'utf8');
    const kept = page(join(EXAMPLES, name, 'built'));
    assert.match(kept, /<script src="\/ordinal\/embed\.js" defer/);
    const now = build(t, name, program, words);
    const sources = readdirSync(join(EXAMPLES, name), { recursive: true }).map(String).filter((file) => /^(content|docs|src)\b.*\.mdx?$/.test(file));
    const written = sources.map((file) => element(readFileSync(join(EXAMPLES, name, file), 'utf8'))).find(Boolean);
    // A shortcode makes Hugo's.
    const expected = now === join(EXAMPLES, name, 'built') ? written ?? element(kept) : element(page(now));
    assert.ok(expected);
    assert.equal(element(kept), expected);
  });
}

for (const bundler of ['vite', 'webpack']) {
  test(`${bundler}: the package is bundled, its engine and its page work`, { timeout: 120_000 }, async (t) => {
    const cwd = join(EXAMPLES, 'bundlers');
    if (!existsSync(join(cwd, 'node_modules'))) execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--silent'], { cwd, stdio: 'pipe' });
    execFileSync('npm', ['run', '--silent', bundler], { cwd, stdio: 'pipe' });
    const { page, problems } = await open(t, join(cwd, 'build', bundler), '', POLICY);
    await page.locator('#said').getByText('web-1').waitFor({ timeout: 30_000 });
    assert.match(await page.locator('#said').textContent(), /web-0 +1\/1 +Running/);
    await runsCommand(page, '#playground');
    assert.deepEqual(problems, []);
  });
}

test('every recipe has the same manifest as the lesson', () => {
  const expected = readFileSync(resolve('../../www/lessons/statefulset-basics/web.yaml'), 'utf8');
  for (const copy of ['hugo/static/examples', 'mdbook/src', 'mkdocs/docs', 'docusaurus/static', 'bundlers/public', 'hugo/built/examples', 'mdbook/built', 'mkdocs/built', 'docusaurus/built']) {
    assert.equal(readFileSync(join(EXAMPLES, copy, 'web.yaml'), 'utf8'), expected, copy);
  }
});
