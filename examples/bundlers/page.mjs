// What is no part of the bundle and lies beside it: the page that createPlayground shows, and for webpack (Vite does it itself) the static files.
import { copyFileSync, cpSync } from 'node:fs';

const folder = process.argv[2];
cpSync('node_modules/ordinal-playground/page', `${folder}/ordinal`, { recursive: true });
if (folder === 'build/webpack') {
  cpSync('public', folder, { recursive: true });
  copyFileSync('index.webpack.html', `${folder}/index.html`);
}
