// Runs the measures of a compiled bench module and prints, for each, CPU seconds, the wasm memory afterwards and the
// measure's own counts. usage: node run.mjs bench.js [NAME…] (a name is a part of a measure's name)
// Each measure runs in a process of its own, so that memory counts from zero and one trap loses one line.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const RUNS = 3;
const [moduleFile, ...wanted] = process.argv.slice(2);
const load = () => createRequire(import.meta.url)(resolve(moduleFile));

function measure(name) {
  const bench = load();
  const before = process.cpuUsage();
  const counts = bench.run(name);
  const { user, system } = process.cpuUsage(before);
  const bytes = bench.wasm_memory().buffer.byteLength;
  console.log(JSON.stringify({ seconds: (user + system) / 1e6, bytes, counts }));
}

function best(name) {
  const one = () => spawnSync(process.execPath, [fileURLToPath(import.meta.url), moduleFile, '--one', name], { encoding: 'utf8' });
  const answers = Array.from({ length: RUNS }, one);
  const failed = answers.find((answer) => answer.status !== 0);
  if (failed) return { failed: failed.stderr.trim() };
  return answers.map((answer) => JSON.parse(answer.stdout)).sort((a, b) => a.seconds - b.seconds)[0];
}

if (wanted[0] === '--one') {
  measure(wanted[1]);
} else {
  const names = load().names().filter((name) => wanted.length === 0 || wanted.some((part) => name.includes(part)));
  for (const name of names) {
    const { seconds, bytes, counts, failed } = best(name);
    if (failed) {
      console.log(`${name}: FAILED\n${failed}`);
      process.exitCode = 1;
      continue;
    }
    const mib = (bytes / 1048576).toFixed(0);
    console.log(`${name.padEnd(44)} ${seconds.toFixed(3).padStart(8)} s ${mib.padStart(5)} MiB  ${counts}`);
  }
}
