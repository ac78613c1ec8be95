// What a cluster without a page and a playground promise alike: each case gets one that is new, and throws where a promise is broken. api.test.mjs runs them in Node and in
// Chromium, playground.test.mjs on a page.

export const SET = `
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: web
spec:
  serviceName: nginx
  replicas: 2
  selector:
    matchLabels: {app: nginx}
  template:
    metadata:
      labels: {app: nginx}
    spec:
      containers:
      - name: nginx
        image: registry.k8s.io/nginx-slim:0.24
`;

export function same(found, expected, what) {
  const [one, other] = [JSON.stringify(found), JSON.stringify(expected)];
  if (one !== other) throw new Error(`${what}: ${one} is not ${other}`);
}

export async function refused(code, work, words = '') {
  try {
    await work();
  } catch (error) {
    same([error.name, error.code], ['OrdinalError', code], error.message);
    if (!error.message.includes(words)) throw new Error(`${error.message} does not say ${words}`);
    return;
  }
  throw new Error(`nothing was refused; ${code} was expected`);
}

export const common = {
  async 'a command answers with what it printed and how it ended'(cluster) {
    same(await cluster.run('echo one; echo two >&2; false'), { stdout: 'one\n', stderr: 'two\n', exitCode: 1 }, 'run');
    same(await cluster.run('kubectl get pod nope'), { stdout: '', stderr: 'Error from server (NotFound): pods "nope" not found\n', exitCode: 1 }, 'kubectl');
    same(await cluster.run('echo a\necho b'), { stdout: 'a\nb\n', stderr: '', exitCode: 0 }, 'two lines');
    same((await cluster.run('sleep 1000', { limitSeconds: 1 })).exitCode, 124, 'the limit');
    same((await cluster.run("echo 'open")).exitCode, 2, 'an open quote');
    same((await cluster.run('echo on')).stdout, 'on\n', 'the next command');
    same(await Promise.all([cluster.run('echo 1'), cluster.run('echo 2')]).then((all) => all.map((one) => one.stdout)), ['1\n', '2\n'], 'two at a time');
  },

  async 'a manifest becomes pods, which can be read, listed and watched'(cluster) {
    const watch = cluster.watch('pods', 'default');
    same((await cluster.apply(SET)).stdout, 'statefulset.apps/web created\n', 'apply');
    same(await cluster.runUntil('settled'), true, 'settled');
    same((await cluster.list('pods')).map((pod) => pod.metadata.name).filter((name) => name.startsWith('web')), ['web-0', 'web-1'], 'list');
    same((await cluster.get('sts', undefined, 'web')).status.readyReplicas, 2, 'get');
    const told = [];
    for await (const { type, object } of watch) {
      told.push(`${type} ${object.metadata.name} ${object.status?.phase}`);
      if (object.metadata.name === 'web-1' && object.status?.phase === 'Running') break;
    }
    same([told[0], told.at(-1)], ['ADDED web-0 Pending', 'MODIFIED web-1 Running'], 'watch');
  },

  async 'time passes when it is told to'(cluster) {
    cluster.pause();
    const at = async () => Number((await cluster.run('date +%s')).stdout);
    const before = await at();
    await cluster.advance(600_000);
    const passed = (await at()) - before;
    same(passed >= 600 && passed <= 605, true, `${passed} seconds`);
    await Promise.all([cluster.advance(60_000), cluster.advance(60_000)]);
    same((await at()) - before >= 720, true, 'one after the other');
    same(await cluster.runUntil(() => false, { limitSeconds: 5 }), false, 'the limit');
    await cluster.run('kubectl create deployment big --image=nginx --replicas=3');
    same(await cluster.runUntil('settled'), true, 'settled');
    same((await cluster.get('deploy', null, 'big')).status.availableReplicas, 3, 'and it is');
  },

  async 'a moment is gone back to, and a watch over it ends'(cluster) {
    cluster.pause();
    await cluster.run('kubectl create secret generic before');
    const snapshot = await cluster.snapshot();
    const watch = cluster.watch('secrets', 'default');
    await cluster.run('kubectl create secret generic after');
    const names = async () => (await cluster.list('secrets', 'default')).map((one) => one.metadata.name);
    same(await names(), ['after', 'before'], 'it went on');
    await cluster.restore(snapshot);
    same(await names(), ['before'], 'and back');
    const told = [];
    await refused('Expired', async () => {
      for await (const { object } of watch) told.push(object.metadata.name);
    });
    same(told, ['after'], 'what was told stays');
    same((await cluster.run('kubectl delete secret before')).exitCode, 0, 'and it goes on from there');
    await cluster.restore(snapshot);
    same(await names(), ['before'], 'as often as one likes');
    await refused('InvalidOption', async () => cluster.restore({ ...snapshot }), 'not a snapshot');
  },

  async 'a fault is injected, and one that there is not is refused'(cluster) {
    // Nodes join in the first moments.
    await cluster.advance(5_000);
    await cluster.inject('node stop node-1');
    await cluster.advance(120_000);
    const ready = async () => (await cluster.get('node', null, 'node-1')).status.conditions.find((one) => one.type === 'Ready').status;
    same(await ready(), 'Unknown', 'the node is gone');
    await refused('Refused', () => cluster.inject('moon'), 'moon');
  },

  async 'what is wrong is refused and named'(cluster) {
    await refused('InvalidOption', () => cluster.run(7));
    await refused('InvalidOption', () => cluster.run('true', { limit: 3 }), 'limitSeconds');
    await refused('InvalidOption', () => cluster.advance(Number.NaN));
    await refused('InvalidOption', () => cluster.runUntil('later'));
    await refused('InvalidOption', async () => cluster.on('tick', () => {}), 'unknown event');
    await refused('InvalidOption', async () => cluster.setSpeed(0));
    await refused('UnknownResource', () => cluster.list('foos'), 'resource type "foos"');
    await refused('UnknownResource', async () => cluster.watch('foos').next(), 'resource type "foos"');
    await refused('NotFound', () => cluster.get('pod', 'default', 'nope'), 'pods "nope" not found');
    await refused('Refused', () => cluster.apply('kind: Nope'), 'apiVersion not set');
    await refused('TooLong', () => cluster.run('#'.repeat(2 << 20)));
    same((await cluster.run('echo alive')).stdout, 'alive\n', 'nothing is harmed');
  },

  async 'a shell that has ended says so'(cluster) {
    same((await cluster.run('exit 3')).exitCode, 3, 'exit');
    await refused('Ended', () => cluster.run('true'));
    same((await cluster.list('nodes')).length > 0, true, 'the cluster goes on');
  },

  async 'calls during destroy and after it are refused, and a waiting reader is told'(cluster) {
    const waiting = cluster.watch('pods').next();
    const refusals = [];
    cluster.on('destroy', () => refusals.push(refused('Destroyed', () => cluster.run('true')), refused('Destroyed', async () => cluster.exportSession())));
    cluster.destroy();
    cluster.destroy();
    same(refusals.length, 2, 'the listener was told once');
    await Promise.all(refusals);
    same(await waiting, { done: true }, 'a waiting reader');
    const calls = ['run', 'apply', 'inject'].map((name) => () => cluster[name]('x'));
    calls.push(() => cluster.get('pods', null, 'x'), () => cluster.list('pods'), () => cluster.watch('pods'), () => cluster.advance(1), () => cluster.runUntil('settled'));
    calls.push(() => cluster.pause(), () => cluster.resume(), () => cluster.setSpeed(5), () => cluster.snapshot());
    for (const call of calls) await refused('Destroyed', async () => call());
  },
};
