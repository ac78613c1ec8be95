// Prints, for every file that the list names, its name, its size and its size in brotli at the highest quality.
// usage: node brotli.mjs FOLDER LIST.json [MORE FILES…]
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';

const [folder, list, ...more] = process.argv.slice(2);
for (const name of [...JSON.parse(readFileSync(list, 'utf8')), ...more]) {
  const raw = readFileSync(join(folder, name));
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24, [constants.BROTLI_PARAM_SIZE_HINT]: raw.length };
  console.log(`${name}\t${raw.length}\t${brotliCompressSync(raw, { params }).length}`);
}
