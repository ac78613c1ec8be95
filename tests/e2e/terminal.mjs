// A reader at the page: types into its terminals, reads what they show, looks at the picture. Everything waits for a condition, nothing for a time.
import assert from 'node:assert/strict';
import { open } from './browser.mjs';

const LIMIT_MS = 30_000;

export class Reader {
  constructor(page) {
    this.page = page;
  }

  // A page of its own, with a cluster of this seed, whose prompt is there.
  static async come(t, browser, { query = '?seed=7', ...options } = {}) {
    const opened = await open(t, browser, { path: query, ...options });
    const reader = new Reader(opened.page);
    await reader.sees(/\$ $/);
    return Object.assign(reader, opened);
  }

  log(number = 1) {
    return this.page.locator('.terminal').filter({ has: this.page.locator(`#line-${number}`) }).locator('.terminal-log');
  }

  line(number = 1) {
    return this.page.locator(`#line-${number}`);
  }

  async text(number = 1) {
    return (await this.log(number).textContent()) ?? '';
  }

  // Waits until a terminal's text has the pattern; `from` leaves out what came before.
  async sees(pattern, { from = 0, terminal = 1 } = {}) {
    return this.reads(pattern, { from, terminal }, (said) => `terminal ${terminal} shows no ${pattern}:\n${said}`);
  }

  // What a terminal shows from a place on, once it has the pattern. The page itself looks, frame by frame: asking it each time would take longer than the
  // answer.
  async reads(pattern, { from, terminal }, complaint) {
    const shown = ([number, source, flags, from]) => {
      const said = document.getElementById(`line-${number}`)?.closest('.terminal').querySelector('.terminal-log').textContent.slice(from);
      if (said === undefined) return false;
      // Yew draws a long change in pieces: what is read is what stands for two frames.
      const stands = said === window.ordinalSaid;
      window.ordinalSaid = said;
      return stands && new RegExp(source, flags).test(said) && { said };
    };
    const waits = { polling: 'raf', timeout: LIMIT_MS };
    const found = await this.page.waitForFunction(shown, [terminal, pattern.source, pattern.flags, from], waits).catch(() => undefined);
    return found ? (await found.jsonValue()).said : assert.fail(complaint((await this.text(terminal)).slice(from)));
  }

  async until(condition, complaint) {
    const end = Date.now() + LIMIT_MS;
    while (!(await condition())) {
      if (Date.now() > end) assert.fail(typeof complaint === 'string' ? complaint : await complaint());
      await this.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
    }
  }

  // Types a line and Enter. The answer is where the terminal's text stood before.
  async types(line, { terminal = 1 } = {}) {
    const from = (await this.text(terminal)).length;
    await this.line(terminal).fill(line);
    await this.line(terminal).press('Enter');
    return from;
  }

  // Types a line and waits until the same prompt is back. The answer is what was put out in between.
  async runs(line, { terminal = 1, prompt = '$ ' } = {}) {
    const from = await this.types(line, { terminal });
    const echo = `${line}\n`;
    const literal = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    const back = new RegExp(`${literal(echo)}[^]*${literal(prompt)}$`);
    const said = await this.reads(back, { from, terminal }, (said) => `${line} does not end:\n${said}`);
    return said.slice(said.indexOf(echo) + echo.length, -prompt.length);
  }

  // Runs a line until it puts out what the pattern says.
  async runsUntil(line, pattern) {
    let said = '';
    await this.until(async () => pattern.test((said = await this.runs(line))), () => `${line} does not come to say ${pattern}, but\n${said}`);
    return said;
  }

  async interrupts({ terminal = 1 } = {}) {
    await this.line(terminal).press('Control+c');
  }

  speed(times) {
    return this.page.getByRole('button', { name: `${times} times real time` }).click();
  }

  // Pods of the picture in this state.
  pods(state) {
    return this.page.locator(state ? `.pod.state-${state}` : '.pod');
  }

  async seesPods(count, state) {
    await this.until(async () => (await this.pods(state).count()) === count, async () => `not ${count} pods ${state ?? ''}, but ${await this.pods(state).count()}`);
  }

  // The names of the pods in the picture, in order.
  async podNames() {
    const labels = await this.pods().evaluateAll((pods) => pods.map((pod) => pod.getAttribute('aria-label')));
    return labels.map((label) => /^Pod ([^,]+),/.exec(label)[1]).sort();
  }

  async claims() {
    const labels = await this.page.locator('.claim').evaluateAll((claims) => claims.map((claim) => claim.getAttribute('aria-label')));
    return labels.map((label) => /^Claim ([^,]+),/.exec(label)[1]).sort();
  }
}
