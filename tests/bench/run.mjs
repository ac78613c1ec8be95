// Runs the measures of a compiled bench module and prints them beside their budgets: CPU seconds, wasm memory, counts.
// usage: node run.mjs bench.js [NAME…] (a name is a part of a measure's name)
// Each measure runs in a process of its own, so that memory counts from zero and one trap loses one line.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const RUNS = 3;
const GROWTH_BUDGET = 1.3; // of linear, per decade
const [moduleFile, ...wanted] = process.argv.slice(2);
const load = () => createRequire(import.meta.url)(resolve(moduleFile));

function measure(name) {
  const bench = load();
  const run = bench.Run.prepare(name);
  const before = process.cpuUsage();
  run.work();
  const { user, system } = process.cpuUsage(before);
  const bytes = bench.wasm_memory().buffer.byteLength;
  console.log(JSON.stringify({ seconds: (user + system) / 1e6, bytes, ...JSON.parse(run.report()) }));
}

function best(name) {
  const one = () => spawnSync(process.execPath, [fileURLToPath(import.meta.url), moduleFile, '--one', name], { encoding: 'utf8' });
  const answers = Array.from({ length: RUNS }, one);
  const failed = answers.find((answer) => answer.status !== 0);
  if (failed) return { error: failed.stderr.trim() };
  return answers.map((answer) => JSON.parse(answer.stdout)).sort((a, b) => a.seconds - b.seconds)[0];
}

const amount = (value) => (Number.isInteger(value) ? value.toLocaleString('en') : value.toFixed(value < 10 ? 2 : 0));

function line(indent, name, value, unit, budget, peer) {
  const verdict = budget == null ? '' : value <= budget ? `  budget ${amount(budget)} ${unit}` : `  OVER the budget of ${amount(budget)} ${unit}`;
  const beside = peer == null ? '' : `  (best peer in a browser ${amount(peer)} ${unit})`;
  console.log(`${indent}${name.padEnd(46 - indent.length)} ${value} ${unit}${verdict}${beside}`);
}

function print(name, { seconds, bytes, budget, peer, figures }) {
  line('', name, seconds.toFixed(3), 's', budget, peer);
  for (const figure of figures) line('    ', figure.name, amount(figure.value), figure.unit, figure.budget);
  line('    ', 'wasm memory', (bytes / 1048576).toFixed(0), 'MiB');
}

if (wanted[0] === '--one') {
  measure(wanted[1]);
} else {
  const names = load().names().filter((name) => wanted.length === 0 || wanted.some((part) => name.includes(part)));
  const lastOf = new Map();
  for (const name of names) {
    const result = best(name);
    if (result.error) {
      console.log(`${name}: FAILED\n${result.error}`);
      process.exitCode = 1;
      continue;
    }
    print(name, result);
    const before = lastOf.get(result.series);
    if (result.series && before) line('    ', 'growth per decade, of linear', (result.seconds / before / 10).toFixed(2), '', GROWTH_BUDGET);
    lastOf.set(result.series, result.seconds);
  }
}
