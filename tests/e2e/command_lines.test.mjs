// Every command line of the four tutorials, typed into the page's terminals: what `tests/tutorials/command_lines.tsv` says of each must come.
//
// Watches run in the second terminal. What natively ends by a limit of time (124) is interrupted here once all that is expected has been said.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { launch } from './browser.mjs';
import { Reader } from './terminal.mjs';

const ENDLESS = 124;
// Between two commands the reader reads, and a watch that has nothing to say is looked at for a while.
const PAUSE_SECONDS = 90;

const rows = readFileSync(new URL('../tutorials/command_lines.tsv', import.meta.url), 'utf8').trimEnd().split('\n');
const LINES = rows.map((row) => {
  const [tutorial, place, rc, expected, ...command] = row.split('\t');
  return { tutorial, place, rc: Number(rc), expected: expected.split('¦').filter(Boolean), command: command.join('\t').replaceAll('\\n', '\n') };
});
const isInside = (line) => line.command.startsWith('nslookup ');

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const clock = async (reader) => Date.parse((await reader.page.locator('.clock-time').textContent()).replace(' UTC', 'Z').replace(' ', 'T'));

async function waits(reader) {
  const end = (await clock(reader)) + PAUSE_SECONDS * 1_000;
  await reader.until(async () => (await clock(reader)) >= end, 'the clock stands');
}

const missing = (line, said) => line.expected.filter((text) => !said.includes(text));

// Types a line of one or more lines; the answer is where its output begins.
async function types(reader, command, terminal) {
  let from = 0;
  for (const part of command.split('\n')) {
    from = (await reader.types(part, { terminal })) + `${part}\n`.length;
    await reader.sees(/\n/, { from: from - 1, terminal });
  }
  return from;
}

async function watches(reader, line, terminal) {
  const from = await types(reader, line.command, terminal);
  const said = async () => (await reader.text(terminal)).slice(from);
  await reader.until(async () => missing(line, await said()).length === 0, async () => `${line.place} ${line.command}: not said is ${missing(line, await said())}, but\n${await said()}`);
  if (line.expected.length === 0) {
    await waits(reader);
    assert.equal(await said(), '', `${line.place} ${line.command}`);
  }
  await reader.interrupts({ terminal });
  await reader.sees(/\$ $/, { from, terminal });
}

// Types a line, and in the container that it opens what follows; it ends by itself, or with the end of the input.
async function runs(reader, line, inside) {
  const from = await types(reader, line.command, 1);
  for (const { command } of inside) {
    await reader.sees(/\/ # $/, { from });
    await reader.runs(command, { prompt: '/ # ' });
  }
  if (inside.length > 0) await reader.line().press('Control+d');
  const said = (await reader.sees(/\$ $/, { from })).slice(0, -'$ '.length);
  for (const one of [line, ...inside]) {
    assert.deepEqual(missing(one, said), [], `${one.place} ${one.command} says\n${said}`);
  }
  if (line.expected.length === 0) assert.equal(said, '', `${line.place} ${line.command}`);
  assert.equal(await reader.runs(`rc=$?; sleep ${PAUSE_SECONDS}; echo $rc`), `${line.rc}\n`, `${line.place} ${line.command} says\n${said}`);
}

test('there are 125 of them', () => assert.equal(LINES.length, 125));

for (const tutorial of new Set(LINES.map((line) => line.tutorial))) {
  test(`every command line of the tutorial comes to what it must: ${tutorial}`, async (t) => {
    const reader = await Reader.come(t, browser, { query: '?seed=1' });
    await reader.page.getByRole('button', { name: 'As fast as the machine goes' }).click();
    const lines = LINES.filter((line) => line.tutorial === tutorial);
    while (lines.length > 0) {
      const line = lines.shift();
      const inside = lines.splice(0, lines.findIndex((next) => !isInside(next)));
      if (line.rc === ENDLESS) await watches(reader, line, 2);
      else await runs(reader, line, inside);
    }
    assert.deepEqual(reader.problems, []);
  });
}
