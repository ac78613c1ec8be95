// How the page looks in each of its main states, at a desk and on a phone, light and dark, against the pictures in `screenshots`.
// A change that is meant: `SCREENSHOTS=update node --test screenshots.test.mjs`, then look at each picture that git says has changed.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch } from './browser.mjs';
import { comeToRest, compare, untilReady } from './shots.mjs';

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const pod = (reader, name) => reader.page.locator(`.pod[aria-label^="Pod ${name},"]`);
const press = (reader, name) => reader.page.getByRole('button', { name, exact: true }).click();

async function sleeps(reader, seconds) {
  const from = await reader.types(`sleep ${seconds}`);
  await press(reader, 'Skip the wait');
  await reader.sees(/\$ $/, { from: from + `sleep ${seconds}`.length });
}

// A name, what the phone shows, and how the page comes there.
const STATES = [
  ['start', 'Lesson', async (reader) => {
    await reader.page.locator('.panes').getByRole('button', { name: 'Lesson' }).click();
    await reader.page.locator('.lesson-body button').first().waitFor();
  }],
  ['terminal', 'Terminal', async (reader) => {
    await reader.runs('kubectl apply -f web.yaml');
    await reader.types('kubectl get pods -w -l app=nginx', { terminal: 2 });
    await reader.sees(/web-0/, { terminal: 2 });
    await untilReady(reader);
    await reader.runs('kubectl get pods,pvc');
    await reader.runs('kubectl get pod web-7');
  }],
  ['details', 'Cluster', async (reader) => {
    await reader.runs('kubectl apply -f web.yaml');
    await reader.runs('kubectl create pdb web --selector=app=nginx --min-available=2');
    await untilReady(reader);
    await pod(reader, 'web-1').click();
    await reader.page.locator('.condition').first().waitFor({ state: 'attached' });
  }],
  ['rollout', 'Cluster', async (reader) => {
    await reader.runs('kubectl apply -f web.yaml; kubectl create deployment api --image=nginx --replicas=4');
    await untilReady(reader);
    await reader.runs('kubectl set image deployment/api nginx=nginx:1.27; kubectl rollout pause deployment/api');
    await reader.page.locator('.card-revision').first().waitFor();
  }],
  ['trouble', 'Events', async (reader) => {
    await reader.runs('kubectl apply -f web.yaml');
    await untilReady(reader);
    await reader.runs(`kubectl run big --image=nginx --overrides='{"spec":{"containers":[{"name":"a","image":"nginx","resources":{"requests":{"cpu":"99"}}}]}}'`);
    await reader.runs('kubectl run typo --image=nginx:no-such-tag; kubectl cordon node-2; fault node stop node-3');
    await sleeps(reader, 90);
    await reader.page.locator('.node.not-ready').waitFor();
  }],
  ['ring', 'Cluster', async (reader) => {
    await reader.runs('kubectl apply -f https://k8s.io/examples/application/cassandra/cassandra-service.yaml');
    await reader.runs('kubectl apply -f https://k8s.io/examples/application/cassandra/cassandra-statefulset.yaml');
    await untilReady(reader);
    await reader.seesPods(3, 'ready');
  }],
  ['many', 'Cluster', async (reader) => {
    await reader.runs('kubectl create deployment many --image=nginx --replicas=1100');
    await untilReady(reader);
    await reader.page.locator('.bar').nth(19).waitFor();
  }, '&nodes=20'],
  ['heat', 'Cluster', async (reader) => {
    await reader.runs('kubectl create deployment many --image=nginx --replicas=200');
    await untilReady(reader);
    await reader.page.locator('.node.cell').nth(119).waitFor();
  }, '&nodes=120'],
  ['editor', 'Editor', async (reader) => {
    await press(reader, 'Editor');
    const content = reader.page.locator('ordinal-editor .cm-content');
    await content.getByText('StatefulSet').waitFor();
    await content.click();
    await reader.page.keyboard.press('Control+Home');
    await reader.page.keyboard.type('kin: Service\n');
    await reader.page.locator('.cm-lintRange, .cm-lint-marker').first().waitFor();
  }],
  ['browser', 'Browser', async (reader) => {
    await reader.runs(`printf '%s\\n' 'secretGenerator: [{name: mysql-pass, literals: [password=a]}]' 'resources: [mysql-deployment.yaml, wordpress-deployment.yaml]' > kustomization.yaml`);
    await reader.runs('kubectl apply -k .');
    await untilReady(reader);
    await sleeps(reader, 60);
    await reader.runs('minikube service wordpress');
    await reader.page.locator('section.browser', { hasText: 'Site Title' }).waitFor();
  }],
];

for (const [name, view, comes, query] of STATES) {
  test(`the page looks as it should: ${name}`, async (t) => {
    const reader = await comeToRest(t, browser, query);
    await comes(reader);
    await compare(reader, name, view);
    assert.deepEqual(reader.problems, []);
  });
}
