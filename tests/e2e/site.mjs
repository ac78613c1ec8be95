// Serves a folder on a free port of the loopback interface, with the page's own content security policy, as
// `cargo xtask serve` does; `base` is the path under which the folder appears, `others` are files from elsewhere by path.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { brotliCompressSync } from 'node:zlib';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.wasm': 'application/wasm',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.md': 'text/markdown; charset=utf-8',
  '.yaml': 'text/plain; charset=utf-8',
};

// What a good static host sends: compressed, and kept by the browser.
const compressed = new Map();
function compress(file, body) {
  if (!compressed.has(file)) compressed.set(file, brotliCompressSync(body));
  return [compressed.get(file), { 'content-encoding': 'br', 'cache-control': 'max-age=3600' }];
}

// A link of so many bytes a second, which all answers share, and a delay before each of them. It is the server that holds them back: a browser's own
// emulation leaves its workers out.
function linkOf({ delay_ms, rate }) {
  const CHUNK = 8192;
  let free = 0;
  const until = (time) => new Promise((resolve) => setTimeout(resolve, Math.max(0, time - performance.now())));
  return async (response, body) => {
    await until(performance.now() + delay_ms);
    for (let at = 0; at < body.length; at += CHUNK) {
      const chunk = body.subarray(at, at + CHUNK);
      free = Math.max(free, performance.now()) + (chunk.length / rate) * 1000;
      await until(free);
      response.write(chunk);
    }
    response.end();
  };
}

export async function serve(folder, base = '/', others = {}, { like = 'a test', link } = {}) {
  const send = link ? linkOf(link) : (response, body) => response.end(body);
  const index = readFileSync(join(folder, 'index.html'), 'utf8');
  const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(index)[1];
  // How often each file was sent.
  const sent = new Map();
  const server = createServer((request, response) => {
    const path = new URL(request.url, 'http://localhost').pathname;
    const below = path.endsWith('/') ? `${path}index.html` : path;
    try {
      if (!below.startsWith(base)) throw new Error('not below the base');
      const file = others[below] ? fileURLToPath(others[below]) : join(folder, normalize(`/${below.slice(base.length)}`));
      const body = readFileSync(file);
      const type = TYPES[extname(file)] ?? 'application/octet-stream';
      const [answer, headers] = like === 'a host' ? compress(file, body) : [body, { 'cache-control': 'no-cache' }];
      send(response.writeHead(200, { 'content-type': type, 'content-security-policy': policy, ...headers }), answer);
      sent.set(below, (sent.get(below) ?? 0) + 1);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A test that fails before it closes the site must not keep the process.
  server.unref();
  return { url: `http://127.0.0.1:${server.address().port}${base}`, sent, close: () => server.close() && server.closeAllConnections() };
}

// Serves folders by the path under which each appears, as a host of other people's pages does; with a policy, if one is given.
export async function serveFolders(folders, policy) {
  const bases = Object.keys(folders).sort((one, other) => other.length - one.length);
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url, 'http://localhost').pathname);
    const base = bases.find((start) => path.startsWith(start));
    const below = normalize(`/${path.slice(base.length)}`);
    try {
      const file = join(folders[base], below.endsWith('/') ? `${below}index.html` : below);
      const body = readFileSync(file);
      const headers = { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream', 'cache-control': 'no-cache' };
      response.writeHead(200, policy ? { ...headers, 'content-security-policy': policy } : headers).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return { url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() && server.closeAllConnections() };
}
