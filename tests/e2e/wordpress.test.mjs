// The little browser: a site in the cluster, through its node port and through a forwarded port; its forms and its links.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch } from './browser.mjs';
import { Reader } from './terminal.mjs';

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const KUSTOMIZATION = [
  'secretGenerator:',
  '- name: mysql-pass',
  '  literals: [password=secret]',
  'resources: [mysql-deployment.yaml, wordpress-deployment.yaml]',
];

// A cluster with the site and its database, both running.
async function withSite(t) {
  const reader = await Reader.come(t, browser);
  await reader.speed(20);
  await reader.runs(`printf '%s\\n' ${KUSTOMIZATION.map((line) => `'${line}'`).join(' ')} > kustomization.yaml`);
  assert.match(await reader.runs('kubectl apply -k .'), /deployment\.apps\/wordpress created/);
  await reader.seesPods(2, 'ready');
  await reader.page.getByRole('button', { name: 'Browser', exact: true }).click();
  return Object.assign(reader, { pane: reader.page.locator('section.browser') });
}

async function visits(reader, url) {
  await reader.pane.getByRole('textbox', { name: 'Address' }).fill(url);
  await reader.pane.getByRole('button', { name: 'Go' }).click();
}

// Reloads until the page has the text: a database takes its time to begin.
async function comesToSay(reader, url, pattern) {
  const said = async () => (await reader.pane.textContent()) ?? '';
  await reader.until(async () => {
    if (pattern.test(await said())) return true;
    if ((await reader.pane.getAttribute('aria-busy')) === 'false') await visits(reader, url);
    return false;
  }, async () => `${url} does not come to say ${pattern}, but\n${await said()}`);
}

const waits = (reader, pattern) => reader.until(
  async () => pattern.test((await reader.pane.textContent()) ?? ''),
  async () => `the browser shows no ${pattern}:\n${await reader.pane.textContent()}`,
);

test('a site is installed, written to, and read through its node port', async (t) => {
  const reader = await withSite(t);
  const url = (await reader.runs('minikube service wordpress --url')).trim();
  assert.match(url, /^http:\/\/192\.168\.49\.2:3\d{4}$/);
  await comesToSay(reader, url, /Site Title/);

  const { pane } = reader;
  await pane.getByLabel('Site Title').fill('Corner shop');
  await pane.getByLabel('Username').fill('ann');
  await pane.getByLabel('Password').fill('a long one');
  await pane.getByLabel('Your Email').fill('ann@example.com');
  await pane.getByRole('button', { name: 'Install WordPress' }).click();
  await waits(reader, /WordPress has been installed/);

  await visits(reader, `${url}/wp-admin/post-new.php`);
  await waits(reader, /Username or Email Address/);
  await pane.getByLabel('Username or Email Address').fill('ann');
  await pane.getByLabel('Password').fill('a long one');
  await pane.getByRole('button', { name: 'Log In' }).click();
  await waits(reader, /Add New Post/);
  await pane.getByLabel('Title').fill('Bread & <b>butter</b>');
  await pane.getByLabel('Text').fill('Fresh every morning.');
  await pane.getByRole('button', { name: 'Publish' }).click();
  await waits(reader, /Post published\./);

  await visits(reader, url);
  await waits(reader, /Corner shop[^]*Bread & <b>butter<\/b>/);
  assert.equal(await pane.locator('b', { hasText: 'butter' }).count(), 0, 'what somebody wrote stays text');
  assert.deepEqual(reader.problems, []);
});

test('a site whose database is gone says so to its visitors and in the picture, and is well when it is back', async (t) => {
  const reader = await withSite(t);
  const url = (await reader.runs('minikube service wordpress --url')).trim();
  await comesToSay(reader, url, /Site Title/);
  const part = reader.page.locator('.card-parts', { hasText: 'site' });
  assert.equal(await part.first().textContent(), 'site 1');
  await reader.runs('kubectl scale deployment wordpress-mysql --replicas=0');
  await comesToSay(reader, url, /Error establishing a database connection/);
  await part.filter({ hasText: 'site without database 1' }).filter({ hasText: '1 not serving' }).waitFor();
  await reader.runs('kubectl scale deployment wordpress-mysql --replicas=1');
  await comesToSay(reader, url, /Site Title/);
  await part.filter({ hasText: /^site 1$/ }).waitFor();
});

test('a forwarded port leads to the same site, and nowhere when it is closed', async (t) => {
  const reader = await withSite(t);
  // A container that does not listen yet would end the forwarding.
  await comesToSay(reader, (await reader.runs('minikube service wordpress --url')).trim(), /Site Title/);
  await reader.types('kubectl port-forward service/wordpress 8080:80');
  await reader.sees(/Forwarding from 127\.0\.0\.1:8080 -> 80/);
  await visits(reader, 'http://localhost:8080/');
  await reader.sees(/Handling connection for 8080/);
  await waits(reader, /Site Title/);
  await reader.interrupts();
  await reader.sees(/\^C\n[^]*\$ $/);
  await visits(reader, 'http://localhost:8080/');
  await waits(reader, /nobody listens there/);
  assert.deepEqual(reader.problems, []);
});
