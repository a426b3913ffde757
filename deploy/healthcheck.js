// Usage: node healthcheck.js [http://127.0.0.1:8080/readyz | tcp://127.0.0.1:8081]
// Exit 0 when the page answers 200, or the port accepts a connection, within 3 seconds. Without an address
// it asks what this container's settings make it: the port of a shard (LISTEN), else the page of a node.
import { connect } from 'node:net';

const { OMNISEARCH_LISTEN: listen, OMNISEARCH_PORT: port = '8080' } = process.env;
setTimeout(() => process.exit(1), 3_000).unref();

const given = process.argv[2];
if (given?.startsWith('tcp:')) tryPort(new URL(given));
else if (given === undefined && listen) tryListen(listen);
else await tryPage(given ?? `http://127.0.0.1:${port}/livez`);

/** LISTEN is `host:port`, or the path of a Unix socket. */
function tryListen(address) {
  if (address.includes('/')) tryConnection({ path: address });
  else tryPort(new URL(`tcp://127.0.0.1:${address.split(':').at(-1)}`));
}

function tryPort({ hostname, port }) {
  tryConnection({ host: hostname, port: Number(port) });
}

function tryConnection(endpoint) {
  const socket = connect(endpoint);
  socket.once('connect', () => socket.destroy());
  socket.once('error', () => process.exit(1));
}

async function tryPage(url) {
  const { ok } = await fetch(url).catch(() => ({ ok: false }));
  process.exit(ok ? 0 : 1);
}
