// Prints, for every file, its name, its size and its size in brotli at the highest quality. Of a list in JSON: for every file that it names.
// usage: node brotli.mjs FOLDER FILE…
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';

const [folder, ...files] = process.argv.slice(2);
const listed = (name) => (name.endsWith('.json') ? JSON.parse(readFileSync(join(folder, name), 'utf8')) : [name]);
for (const name of files.flatMap(listed)) {
  const raw = readFileSync(join(folder, name));
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24, [constants.BROTLI_PARAM_SIZE_HINT]: raw.length };
  console.log(`${name}\t${raw.length}\t${brotliCompressSync(raw, { params }).length}`);
}
