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

// CPU seconds of the one thread that runs the wasm; Node's compiler threads work beside it.
function timed(work) {
  const usage = process.threadCpuUsage ?? process.cpuUsage;
  const before = usage.call(process);
  work();
  const { user, system } = usage.call(process, before);
  return (user + system) / 1e6;
}

// The first run in a process still runs code that the wasm engine has not optimised: `cold`. The second one is `seconds`.
function measure(name) {
  const bench = load();
  const first = bench.Run.prepare(name);
  const cold = timed(() => first.work());
  first.free();
  const run = bench.Run.prepare(name);
  const seconds = timed(() => run.work());
  const bytes = bench.wasm_memory().buffer.byteLength;
  console.log(JSON.stringify({ seconds, cold, bytes, ...JSON.parse(run.report()) }));
}

function best(name) {
  const one = () => spawnSync(process.execPath, [fileURLToPath(import.meta.url), moduleFile, '--one', name], { encoding: 'utf8' });
  const answers = Array.from({ length: RUNS }, one);
  const failed = answers.find((answer) => answer.status !== 0);
  if (failed) return { error: failed.stderr.trim() };
  return answers.map((answer) => JSON.parse(answer.stdout)).sort((a, b) => a.seconds - b.seconds)[0];
}

// What is printed beside the figures; `value` of a figure may be a number or its text.
const amount = (value) => (Number.isInteger(value) ? value.toLocaleString('en') : value.toFixed(value < 10 ? 2 : 0));

function line(indent, name, value, unit, budget, peer) {
  const verdict = budget == null ? '' : value <= budget ? `  budget ${amount(budget)} ${unit}` : `  OVER the budget of ${amount(budget)} ${unit}`;
  const beside = peer == null ? '' : `  (best peer in a browser ${amount(peer)} ${unit})`;
  console.log(`${indent}${name.padEnd(46 - indent.length)} ${value} ${unit}${verdict}${beside}`);
}

function print(name, { seconds, cold, bytes, budget, peer, figures }) {
  line('', name, seconds.toFixed(3), 's', budget, peer);
  line('    ', 'the first time in its process', cold.toFixed(3), 's', budget);
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
