// The picture and the details: who belongs to whom, why a pod waits, places that stay, and all of it by keyboard.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch } from './browser.mjs';
import { Reader } from './terminal.mjs';

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const details = (reader) => reader.page.getByRole('region', { name: 'Details' });
const pod = (reader, name) => reader.page.locator(`.pod[aria-label^="Pod ${name},"]`);

async function withSet(t) {
  const reader = await Reader.come(t, browser);
  await reader.speed(20);
  await reader.runs('kubectl apply -f web.yaml');
  await reader.seesPods(2, 'ready');
  return reader;
}

test('what belongs together is lit up from either side', async (t) => {
  const reader = await withSet(t);
  await reader.runs('kubectl create pdb web --selector=app=nginx --min-available=1');
  const lit = async () => (await reader.page.locator('.related').evaluateAll((all) => all.map((one) => one.getAttribute('aria-label') ?? one.textContent))).map((text) => text.slice(0, 24));
  await pod(reader, 'web-0').hover();
  await reader.until(async () => (await reader.page.locator('.card.related').count()) === 3, async () => `lit are ${await lit()}`);
  assert.equal(await reader.page.locator('.claim.related').count(), 1);
  assert.equal(await reader.page.locator('.join.lit').count(), 1);
  assert.equal(await reader.page.locator('.node.related').count(), 1);
  await reader.page.locator('.card.budget').hover();
  await reader.until(async () => (await reader.page.locator('.pod.related').count()) === 2, async () => `lit are ${await lit()}`);
  await reader.page.locator('.card.service').hover();
  await reader.until(async () => (await reader.page.locator('.pod.related').count()) === 2, async () => `lit are ${await lit()}`);
});

test('a pod that fits nowhere says why, node by node', async (t) => {
  const reader = await withSet(t);
  await reader.runs('kubectl cordon node-1');
  await reader.page.locator('.node.cordoned').waitFor();
  await reader.runs(`kubectl run big --image=nginx --overrides='{"spec":{"containers":[{"name":"a","image":"nginx","resources":{"requests":{"cpu":"99"}}}]}}'`);
  await reader.seesPods(1, 'pending');
  await pod(reader, 'big').click();
  await reader.page.locator('.verdict').first().waitFor();
  assert.equal(await reader.page.locator('.verdict').count(), 4);
  const verdicts = await details(reader).locator('.verdicts li').allTextContents();
  assert.deepEqual(verdicts, ['node-1 node(s) were unschedulable', 'node-2 Insufficient cpu', 'node-3 Insufficient cpu', 'node-4 Insufficient cpu']);
  assert.match(await details(reader).locator('.field.why').textContent(), /0\/4 nodes are available: 1 node\(s\) were unschedulable, 3 Insufficient cpu/);
});

test('the details have summary, conditions, YAML and events, and a button types the command', async (t) => {
  const reader = await withSet(t);
  await pod(reader, 'web-0').click();
  await details(reader).locator('.condition', { hasText: 'ContainersReady' }).waitFor();
  await details(reader).getByRole('button', { name: 'YAML' }).click();
  assert.match(await details(reader).locator('.inspector-yaml').textContent(), /^apiVersion: v1\nkind: Pod\nmetadata:\n[^]*name: web-0\n[^]*phase: Running/);
  await details(reader).getByRole('button', { name: 'Events' }).click();
  assert.ok((await details(reader).locator('.event').allTextContents()).some((text) => text.includes('Scheduled')));
  await details(reader).getByRole('button', { name: 'Summary' }).click();
  await details(reader).getByRole('button', { name: 'Type: kubectl describe pod web-0' }).click();
  assert.equal(await reader.line().inputValue(), 'kubectl describe pod web-0');
  assert.equal((await reader.text()).includes('describe'), false, 'nothing is sent before the reader sends it');
  await reader.page.locator('.card.workload').click();
  await details(reader).getByText('web is as wanted').waitFor();
});

test('a file that is written shows on its claim, and the pod comes back to its cell', async (t) => {
  const reader = await withSet(t);
  await reader.runs(`kubectl exec web-1 -- sh -c 'echo kept > /usr/share/nginx/html/note.txt'`);
  await reader.page.locator('.claim[aria-label*="www-web-1"] .claim-files', { hasText: 'note.txt' }).waitFor();
  const node = async () => /on (node-\d)/.exec(await pod(reader, 'web-1').getAttribute('aria-label'))[1];
  const place = () => pod(reader, 'web-1').getAttribute('transform');
  const before = [await node(), await place()];
  await reader.runs('kubectl delete pod web-1');
  await reader.seesPods(2, 'ready');
  if ((await node()) === before[0]) assert.equal(await place(), before[1]);
  await reader.page.locator('.claim[aria-label*="www-web-1"] .claim-files', { hasText: 'note.txt' }).waitFor();
});

test('the picture is walked by keyboard: one stop for Tab, arrows inside, Enter opens', async (t) => {
  const reader = await withSet(t);
  assert.equal(await reader.page.locator('.cluster [tabindex="0"]').count(), 1);
  await reader.page.locator('.cluster [tabindex="0"]').focus();
  const named = () => reader.page.evaluate(() => document.activeElement.getAttribute('aria-label'));
  assert.match(await named(), /^Node node-1/);
  for (let step = 0; step < 4; step += 1) await reader.page.keyboard.press('ArrowRight');
  assert.match(await named(), /^Pod web-0/);
  await reader.page.locator('.claim.related').waitFor();
  await reader.page.keyboard.press('Enter');
  await details(reader).getByRole('heading', { name: /web-0/ }).waitFor();
  await reader.page.keyboard.press('End');
  assert.match(await named(), /^Claim www-web-1/);
});

test('a budget is a shield with what may go, and the revision of a pod is a stripe during a rollout', async (t) => {
  const reader = await withSet(t);
  await reader.runs('kubectl create pdb web --selector=app=nginx --min-available=2');
  await reader.page.locator('.card.budget.tight .shield', { hasText: '0' }).waitFor();
  await reader.page.locator('.card.budget').click();
  await details(reader).getByText('2 pods are healthy and 2 must stay, so 0 may go').waitFor();
  await reader.runs(`kubectl patch statefulset web -p '{"spec":{"updateStrategy":{"rollingUpdate":{"partition":1}}}}'`);
  await reader.runs('kubectl set image statefulset/web nginx=registry.k8s.io/nginx-slim:0.24');
  await reader.page.locator('.pod-stripe.new').waitFor({ state: 'attached' });
  assert.equal(await reader.page.locator('.pod-stripe.old').count(), 1);
});

test('why is told in the reader\'s language, and what Kubernetes says stays as it says it', async (t) => {
  const reader = await withSet(t);
  await pod(reader, 'web-1').click();
  await details(reader).getByText('web-1 was created because web-0 became Ready').waitFor();
  await reader.page.getByLabel('Language').selectOption('ja');
  await reader.page.getByText('web-1 は、web-0 が Ready になったので作成されました').waitFor();
  await reader.page.locator('.card.workload', { hasText: 'web は望まれた状態です' }).waitFor();
  await reader.runs(`kubectl run big --image=nginx --overrides='{"spec":{"containers":[{"name":"a","image":"nginx","resources":{"requests":{"cpu":"99"}}}]}}'`);
  await reader.pods('pending').first().click();
  await reader.page.locator('.field.why', { hasText: '配置できるノードがありません：0/4 nodes are available' }).waitFor();
  assert.deepEqual(reader.problems, []);
});

test('a budget that has refused an eviction says so', async (t) => {
  const reader = await withSet(t);
  await reader.runs('kubectl create pdb web --selector=app=nginx --min-available=2');
  await reader.page.locator('.card.budget.tight').waitFor();
  assert.equal(await reader.page.locator('.card.refused').count(), 0);
  const node = /on (node-\d)/.exec(await pod(reader, 'web-0').getAttribute('aria-label'))[1];
  assert.match(await reader.runs(`kubectl drain ${node} --timeout=2s`), /Cannot evict pod as it would violate/);
  await reader.page.locator('.card.budget.refused', { hasText: 'The eviction of web-0 was refused' }).waitFor();
  await reader.runs('kubectl patch pdb web -p \'{"spec":{"minAvailable":1}}\'');
  await reader.page.locator('.card.refused').waitFor({ state: 'detached' });
});

test('during a rollout the old and the new ReplicaSet stand side by side, and pods have the stripe of theirs', async (t) => {
  const reader = await withSet(t);
  await reader.runs('kubectl create deployment api --image=nginx --replicas=4');
  assert.match(await reader.runs('kubectl rollout status deployment api'), /successfully rolled out/);
  const made = reader.page.locator('.card.made');
  await reader.until(async () => (await made.count()) === 1, 'not one ReplicaSet');
  assert.equal(await reader.page.locator('.card-revision').count(), 0);
  await reader.runs('kubectl set image deployment/api nginx=nginx:1.27; kubectl rollout pause deployment/api');
  await made.filter({ hasText: 'old' }).waitFor();
  await made.filter({ hasText: 'new' }).waitFor();
  await reader.page.locator('.pod-stripe.new').first().waitFor({ state: 'attached' });
  assert.ok((await reader.page.locator('.pod-stripe.old').count()) >= 2);
  const hues = await made.evaluateAll((cards) => cards.map((card) => /hue-\d/.exec(card.className)[0]));
  assert.equal(new Set(hues).size, 1, 'both belong to one Deployment');
});

test('a program that says what it is shows it: leader, followers, and a quorum that is lost', async (t) => {
  const reader = await Reader.come(t, browser);
  await reader.speed(100);
  await reader.runs('kubectl apply -f zookeeper.yaml');
  await reader.seesPods(3, 'ready');
  const parts = async () => (await reader.page.locator('.pod-part').allTextContents()).sort();
  await reader.until(async () => (await parts()).join() === 'follower,follower,leader', async () => `they are ${await parts()}`);
  await reader.page.locator('.card-parts', { hasText: 'follower 2 · leader 1' }).waitFor();
  assert.equal(await reader.page.locator('.card-idle').count(), 0);
  await reader.runs('kubectl scale statefulset zk --replicas=1');
  await reader.page.locator('.card-idle', { hasText: '1 not serving' }).waitFor();
  assert.deepEqual(reader.problems, []);
});

test('a ring is drawn with what each member owns, and a member that is gone without leaving stays in it, down', async (t) => {
  const reader = await Reader.come(t, browser);
  await reader.speed(100);
  for (const file of ['service', 'statefulset']) await reader.runs(`kubectl apply -f https://k8s.io/examples/application/cassandra/cassandra-${file}.yaml`);
  await reader.seesPods(3, 'ready');
  const members = async () => (await reader.page.locator('.ring-member').allTextContents()).map((text) => text.trim());
  await reader.until(async () => (await members()).length === 3, async () => `members are ${await members()}`);
  // Shares and circles are read at one instant, for a ring that still gossips changes in between. All circles together cover it once, and each is as
  // long as its member's share says.
  const ring = () => reader.page.locator('.ring-drawing').first().evaluate((drawing) => {
    const lengths = (arc) => arc.getAttribute('stroke-dasharray').split(' ').map(Number).reduce((sum, length, at) => sum + (at % 2 === 0 ? length : 0), 0);
    const texts = [...drawing.parentElement.querySelectorAll('.ring-member')].map((member) => member.textContent.trim());
    return { texts, drawn: [...drawing.querySelectorAll('.ring-arc')].map(lengths) };
  });
  let seen;
  const agrees = async () => {
    seen = await ring();
    const shares = seen.texts.map((text) => Number(/^cassandra-\dUN ([\d.]+)%$/.exec(text)?.[1]));
    const sum = (numbers) => numbers.reduce((one, other) => one + other, 0);
    return Math.abs(sum(shares) - 100) < 0.5 && sum(seen.drawn) === 65_536 && shares.every((share, at) => Math.abs(share - seen.drawn[at] / 655.36) < 0.2);
  };
  await reader.until(agrees, () => `shares and circles differ: ${JSON.stringify(seen)}`);
  await reader.runs('kubectl scale statefulset cassandra --replicas=2');
  await reader.page.locator('.ring-drawing .ring-arc.down').waitFor({ state: 'attached' });
  // Its pod is no more: what the others know is its address.
  await reader.until(async () => /,10\.244\.[\d.]+DN [\d.]+%$/.test((await members()).join()), async () => `members are ${await members()}`);
  assert.deepEqual(reader.problems, []);
});

test('a node that is lost is told from one that is cordoned', async (t) => {
  const reader = await withSet(t);
  await reader.runs('kubectl cordon node-2');
  await reader.runs('fault node stop node-3');
  await reader.speed(100);
  const node = (name) => reader.page.locator(`.node[aria-label^="Node ${name},"]`);
  await reader.page.locator('.node.not-ready[aria-label^="Node node-3, NotReady"]').waitFor();
  await reader.page.locator('.node.cordoned[aria-label^="Node node-2, Ready,SchedulingDisabled"]').waitFor();
  assert.equal(await reader.page.locator('.node.not-ready, .node.cordoned').count(), 2);
  await node('node-3').click();
  await details(reader).getByText('Its kubelet has stopped renewing the lease').waitFor();
  await details(reader).getByRole('button', { name: 'Type: fault node start node-3' }).waitFor();
});

test('a pod can be made unready, and ready again, from its details', async (t) => {
  const reader = await Reader.come(t, browser);
  await reader.speed(20);
  await reader.runs(`kubectl run probed --image=nginx --overrides='{"spec":{"containers":[{"name":"a","image":"nginx","readinessProbe":{"httpGet":{"path":"/","port":80},"periodSeconds":1}}]}}'`);
  await reader.seesPods(1, 'ready');
  await reader.pods().first().click();
  await details(reader).getByRole('button', { name: 'Type: fault pod unready probed' }).click();
  await reader.line().press('Enter');
  await reader.seesPods(1, 'running');
  await details(reader).locator('.field.why', { hasText: 'It is not ready: containers with unready status: [a]' }).waitFor();
  await details(reader).getByRole('button', { name: 'Type: fault pod ready probed' }).click();
  await reader.line().press('Enter');
  await reader.seesPods(1, 'ready');
});

const LEVELS = [
  { query: '?seed=7&nodes=4', replicas: 40, pods: 40, bars: 0, cells: 0 },
  { query: '?seed=7&nodes=20', replicas: 1_100, pods: 0, bars: 20, cells: 0 },
  { query: '?seed=7&nodes=120', replicas: 200, pods: 0, bars: 0, cells: 120 },
];
for (const { query, replicas, pods, bars, cells } of LEVELS) {
  test(`${replicas} pods are ${pods ? 'shapes' : bars ? 'a bar per node' : 'a map of nodes'}`, async (t) => {
    const reader = await Reader.come(t, browser, { query });
    await reader.runs(`kubectl create deployment many --image=nginx --replicas=${replicas}`);
    await reader.page.getByRole('button', { name: 'Until ready' }).click();
    await reader.page.locator('.card.workload', { hasText: `${replicas}/${replicas}` }).first().waitFor();
    const seen = async () => [await reader.pods('ready').count(), await reader.page.locator('.bar').count(), await reader.page.locator('.node.cell').count()];
    await reader.until(async () => `${await seen()}` === `${[pods, bars, cells]}`, async () => `seen are ${await seen()}`);
    const counts = await reader.page.locator('.bar-counts').allTextContents();
    if (bars) assert.equal(counts.map((text) => Number(/✓ (\d+)/.exec(text)[1])).reduce((sum, count) => sum + count), replicas);
    // Pods come a few a frame.
    if (cells) await reader.until(async () => (await reader.page.locator('.node:not(.shade-0)').count()) > 100, 'shades say where the pods are');
    assert.deepEqual(reader.problems, []);
  });
}
