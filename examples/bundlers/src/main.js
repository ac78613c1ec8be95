import { createCluster, createPlayground } from 'ordinal-playground';

const manifest = await (await fetch('web.yaml')).text();

// An engine without a page, on this thread.
const cluster = await createCluster({ timing: 'instant' });
await cluster.apply(manifest);
await cluster.runUntil('settled');
document.querySelector('#said').textContent = (await cluster.run('kubectl get pods')).stdout;
cluster.destroy();

// A page, with an engine in a worker.
await createPlayground(document.querySelector('#playground'), {
  page: new URL('ordinal/', document.baseURI),
  manifest,
  views: ['terminal', 'picture'],
  commands: ['kubectl get pods'],
});
