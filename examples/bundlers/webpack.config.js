import { fileURLToPath } from 'node:url';

export default {
  mode: 'production',
  entry: './src/main.js',
  experiments: { outputModule: true },
  output: { path: fileURLToPath(new URL('build/webpack', import.meta.url)), filename: 'main.js', module: true, publicPath: 'auto', clean: true },
  // The engine is a file of a megabyte and more, which is loaded once.
  performance: { hints: false },
};
