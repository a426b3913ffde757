// Usage: node healthcheck.js [http://127.0.0.1:8080/readyz]
// Exit 0 when the page answers 200 within 3 seconds. Without an address it is /livez where this container's settings
// have it: on METRICS_PORT, which every role has, else on the PORT of a query node.
const { OMNISEARCH_METRICS_PORT: metrics, OMNISEARCH_PORT: port } = process.env;
setTimeout(() => process.exit(1), 3_000).unref();

const { ok } = await fetch(
  process.argv[2] ?? `http://127.0.0.1:${metrics || port || '8080'}/livez`,
).catch(() => ({ ok: false }));
process.exit(ok ? 0 : 1);
