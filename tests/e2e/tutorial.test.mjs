// The first half of "StatefulSet basics" typed into the page, with what the terminals say and what the picture shows.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch } from './browser.mjs';
import { Reader } from './terminal.mjs';

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const addresses = async (reader) => {
  await reader.types('kubectl run -i --tty --image busybox:1.28 dns-test --restart=Never --rm');
  await reader.sees(/\/ # $/);
  const found = [];
  for (const name of ['web-0.nginx', 'web-1.nginx']) {
    const said = await reader.runs(`nslookup ${name}`, { prompt: '/ # ' });
    assert.match(said, /^Server: {4}10\.96\.0\.10\n/);
    assert.match(said, new RegExp(`Name: {6}${name}\\nAddress 1: 10\\.244\\.\\d+\\.\\d+ ${name}\\.default\\.svc\\.cluster\\.local`));
    found.push(/Name: .*\nAddress 1: (\S+)/.exec(said)[1]);
  }
  const left = await reader.runs('exit');
  assert.match(left, /pod "dns-test" deleted/);
  return found;
};

const HOSTNAMES = `for i in 0 1; do kubectl exec "web-$i" -- sh -c 'hostname'; done`;
const CURLS = 'for i in 0 1; do kubectl exec -i -t "web-$i" -- curl http://localhost/; done';

test('the first half of the tutorial', async (t) => {
  const reader = await Reader.come(t, browser);
  await reader.speed(20);

  await t.test('a watch stands beside the command that it watches', async () => {
    await reader.types('kubectl get pods -w -l app=nginx &');
    const said = await reader.runs('kubectl apply -f web.yaml');
    assert.match(said, /service\/nginx created\n.*statefulset\.apps\/web created\n/s);
    const seen = await reader.sees(/web-0 +1\/1 +Running[^]*web-1 +0\/1 +Pending[^]*web-1 +1\/1 +Running/);
    assert.match(seen, /web-0 +0\/1 +Pending[^]*web-0 +0\/1 +ContainerCreating/);
    await reader.runs('kill %1');
  });

  await t.test('the picture has the pods on nodes, joined to their claims', async () => {
    await reader.seesPods(2, 'ready');
    assert.deepEqual(await reader.podNames(), ['web-0', 'web-1']);
    assert.deepEqual(await reader.claims(), ['www-web-0', 'www-web-1']);
    assert.equal(await reader.page.locator('.join').count(), 2);
    assert.equal(await reader.page.locator('.node').count(), 4);
  });

  await t.test('service, set and pods are as the tutorial shows them', async () => {
    assert.match(await reader.runs('kubectl get service nginx'), /^NAME +TYPE +CLUSTER-IP +EXTERNAL-IP +PORT\(S\) +AGE\nnginx +ClusterIP +None +<none> +80\/TCP +\d+s\n$/);
    assert.match(await reader.runs('kubectl get statefulset web'), /^NAME +READY +AGE\nweb +2\/2 +\d+s\n$/);
    assert.match(await reader.runs('kubectl get pods -l app=nginx'), /web-0 +1\/1 +Running +0 +\d+s\nweb-1 +1\/1 +Running/);
    assert.equal(await reader.runs(HOSTNAMES), 'web-0\nweb-1\n');
  });

  await t.test('names stay and addresses move when the pods are deleted', async () => {
    const old = await addresses(reader);
    assert.match(await reader.runs('kubectl delete pod -l app=nginx'), /pod "web-0" deleted.*\npod "web-1" deleted/);
    await reader.runsUntil('kubectl get pods -l app=nginx', /web-0 +1\/1 +Running[^]*web-1 +1\/1 +Running/);
    assert.equal(await reader.runs(HOSTNAMES), 'web-0\nweb-1\n');
    const moved = await addresses(reader);
    assert.equal(moved.filter((address) => old.includes(address)).length, 0, `${old} and then ${moved}`);
  });

  await t.test('what is written to the claims is served, also after the pods are gone', async () => {
    assert.match(await reader.runs('kubectl get pvc -l app=nginx'), /www-web-0 +Bound +pvc-\S+ +1Gi +RWO[^]*www-web-1 +Bound/);
    await reader.runs(`for i in 0 1; do kubectl exec "web-$i" -- sh -c 'echo "$(hostname)" > /usr/share/nginx/html/index.html'; done`);
    await reader.runs('for i in 0 1; do kubectl exec web-$i -- chmod 755 /usr/share/nginx/html; done');
    assert.equal(await reader.runs(CURLS), 'web-0\nweb-1\n');
    await reader.runs('kubectl delete pod -l app=nginx');
    await reader.runsUntil('kubectl get pods -l app=nginx', /web-0 +1\/1 +Running[^]*web-1 +1\/1 +Running/);
    assert.equal(await reader.runs(CURLS), 'web-0\nweb-1\n');
  });

  await t.test('it grows in order and shrinks in order, and the claims stay', async () => {
    assert.equal(await reader.runs('kubectl scale sts web --replicas=5'), 'statefulset.apps/web scaled\n');
    await reader.seesPods(5, 'ready');
    assert.deepEqual(await reader.podNames(), ['web-0', 'web-1', 'web-2', 'web-3', 'web-4']);
    const watched = await reader.types('kubectl get pods -w -l app=nginx &');
    assert.match(await reader.runs(`kubectl patch sts web -p '{"spec":{"replicas":3}}'`), /^statefulset\.apps\/web patched\n/);
    await reader.seesPods(3);
    const seen = await reader.sees(/web-3 +1\/1 +Terminating/, { from: watched });
    assert.ok(seen.indexOf('web-4   1/1     Terminating') < seen.indexOf('web-3   1/1     Terminating'), seen);
    await reader.runs('kill %1');
    assert.deepEqual(await reader.podNames(), ['web-0', 'web-1', 'web-2']);
    assert.equal((await reader.runs('kubectl get pvc -l app=nginx')).split('\n').length, 7);
    assert.equal((await reader.claims()).length, 5);
  });

  assert.deepEqual(reader.problems, []);
});

test('a file written by kubectl exec survives pods and set', async (t) => {
  const reader = await Reader.come(t, browser);
  await reader.speed(20);
  await reader.runs('kubectl apply -f web.yaml');
  await reader.seesPods(2, 'ready');
  await reader.runs(`kubectl exec web-1 -- sh -c 'echo "kept for later" > /usr/share/nginx/html/note.txt'`);
  assert.match(await reader.runs('kubectl delete statefulset web'), /statefulset\.apps "web" deleted/);
  await reader.seesPods(0);
  assert.match(await reader.runs('kubectl get pods'), /No resources found/);
  await reader.runs('kubectl apply -f web.yaml');
  await reader.seesPods(2, 'ready');
  assert.equal(await reader.runs('kubectl exec web-1 -- cat /usr/share/nginx/html/note.txt'), 'kept for later\n');
  assert.deepEqual(reader.problems, []);
});
