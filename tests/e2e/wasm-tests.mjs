// Runs wasm-bindgen tests in Chromium where there is no chromedriver: the runner serves its page, this opens it.
// usage: node wasm-tests.mjs COMMAND… (a `cargo test` of one test target)
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { launch } from './browser.mjs';

const LIMIT_MS = 10 * 60_000;
const [program, ...words] = process.argv.slice(2);
const env = { ...process.env, NO_HEADLESS: '1', WASM_BINDGEN_TEST_ADDRESS: '127.0.0.1:0' };
const runner = spawn(program, words, { env, stdio: ['ignore', 'pipe', 'inherit'], detached: true });
const ended = new Promise((_, reject) => runner.on('exit', (code) => reject(new Error(`the runner ended with ${code}`))));

async function address() {
  for await (const line of createInterface({ input: runner.stdout })) {
    const url = /available at (http:\S+)/.exec(line)?.[1];
    if (url) return url;
  }
  return ended;
}

async function results(url) {
  const browser = await launch();
  try {
    const page = await browser.newPage();
    await page.goto(url);
    const output = page.locator('#output');
    await output.filter({ hasText: 'test result:' }).waitFor({ timeout: LIMIT_MS });
    return await output.textContent();
  } finally {
    await browser.close();
  }
}

try {
  const output = await Promise.race([address().then(results), ended]);
  console.log(output);
  process.exitCode = output.includes('test result: ok') ? 0 : 1;
} finally {
  process.kill(-runner.pid);
}
