// Usage: node healthcheck.js http://127.0.0.1:8080/readyz | tcp://127.0.0.1:8081
// Exit 0 when the page answers 200, or the port accepts a connection, within 3 seconds.
import { connect } from 'node:net';

const url = new URL(process.argv[2]);
setTimeout(() => process.exit(1), 3_000).unref();
if (url.protocol === 'tcp:') {
  const socket = connect({ host: url.hostname, port: Number(url.port) });
  socket.once('connect', () => socket.destroy());
  socket.once('error', () => process.exit(1));
} else {
  const { ok } = await fetch(url).catch(() => ({ ok: false }));
  process.exit(ok ? 0 : 1);
}
