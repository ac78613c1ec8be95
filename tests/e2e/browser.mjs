// A Chromium for the tests: CHROMIUM names the program, DIST the folder of the built page (`cargo xtask test` sets both).
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { chromium } from 'playwright-core';
import { serve } from './site.mjs';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

export const DIST = resolve(process.env.DIST ?? '../../dist');

export function launch(flags = []) {
  const usual = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? usual, headless: true, chromiumSandbox: false, args: [...FLAGS, ...flags] });
}

// Opens the page in a new context that ends with the test `t`. The answer keeps what the browser reported: console errors and warnings, exceptions,
// failed requests (`problems`), and every file asked for, relative to the base (`requests`).
export async function open(t, browser, { base = '/', path = '', context: options = {}, init } = {}) {
  const site = await serve(DIST, base);
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce', ...options });
  t.after(async () => {
    await context.close();
    site.close();
  });
  const page = await context.newPage();
  const problems = [];
  const requests = new Set();
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) problems.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => problems.push(`exception: ${error.message}`));
  page.on('requestfailed', (request) => {
    // A browser that leaves a page gives up what it was still asking for.
    if (request.failure()?.errorText !== 'net::ERR_ABORTED') problems.push(`failed: ${request.url()}`);
  });
  context.on('response', (response) => {
    if (response.status() >= 400) problems.push(`${response.status()}: ${response.url()}`);
  });
  context.on('request', (request) => {
    requests.add(request.url().startsWith(site.url) ? request.url().slice(site.url.length) || 'index.html' : request.url());
  });
  if (init) await page.addInitScript(init);
  await page.goto(site.url + path);
  return { page, problems, requests };
}
