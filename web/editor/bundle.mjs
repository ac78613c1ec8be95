// Bundles the editor into the folder named by the first argument, or by Trunk. `cargo xtask build` and Trunk both call this.
import { build } from 'esbuild';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const out = process.argv[2] ?? process.env.TRUNK_STAGING_DIR;
if (!out) throw new Error('usage: node bundle.mjs FOLDER');
await build({
  absWorkingDir: dirname(fileURLToPath(import.meta.url)),
  entryPoints: ['editor.js'],
  outfile: resolve(out, 'editor.js'),
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  legalComments: 'none',
  logLevel: 'warning',
});
