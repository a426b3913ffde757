import { setTimeout as sleep } from 'node:timers/promises';
import { finding, type Attack } from './attack.js';

const MIB = 1024 * 1024;

/** A MiB of rows that are all rejected, again and again. */
export const invalidRows: Attack = {
  name: '1 MiB of tiny invalid rows in a loop',
  async run({ hostile }, seconds) {
    const body = Buffer.from(`[${'1,'.repeat(MIB / 2 - 2)}1]`);
    const endMs = performance.now() + seconds * 1_000;
    const statuses = new Map<number, number>();
    while (performance.now() < endMs) {
      const { status } = await hostile.request('POST', '/products', body);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (status !== 400) await sleep(50);
    }
    const only = [...statuses.keys()].every((status) => [400, 413, 429, 503].includes(status));
    return [finding('each is refused', only, JSON.stringify([...statuses]))];
  },
};

/** Two batches, all of whose answers stay unread. */
export const unreadAnswers: Attack = {
  name: 'two batches with unread answers',
  async run(target, seconds) {
    const { catalogue } = target;
    const query = catalogue.products[0]?.title ?? 'x';
    await target.hostile.expect('POST', '/products', productsOf(1_000, 2_000), NDJSON);
    const sockets = [100, 28].map((count) => {
      const searches = Array.from({ length: count }, () => ({ query, top_k: 1_000 }));
      const body = JSON.stringify({ searches });
      const socket = target.socket().pause();
      const headers = { 'content-type': 'application/json', 'content-length': `${body.length}` };
      socket.write(target.head('POST', '/search/batch', headers) + body);
      return socket;
    });
    await sleep(seconds * 1_000);
    const body = { query, timeout_ms: target.timeoutMs };
    const { status } = await target.quiet.request('POST', '/search/text', body);
    for (const socket of sockets) socket.destroy();
    return [finding('others are answered', status === 200, status)];
  },
};

/** Uploads that never end, and one that says that it will be a terabyte. */
export const endlessUploads: Attack = {
  name: 'eight endless uploads, and one of Content-Length 1e12',
  async run(target, seconds) {
    const type = { 'content-type': 'application/x-ndjson' };
    const sockets = Array.from({ length: 8 }, (_, i) => {
      const tenant = { 'x-omnisearch-tenant': `endless-${i % 4}` };
      const socket = target.socket();
      const chunked = { ...type, ...tenant, 'transfer-encoding': 'chunked' };
      socket.write(`${target.head('POST', '/products', chunked)}1\r\n{\r\n`);
      return socket;
    });
    const huge = target.socket();
    huge.write(target.head('POST', '/products', { ...type, 'content-length': '1000000000000' }));
    huge.write('{');
    await sleep(500);
    let refused = 0;
    let slowestMs = 0;
    const endMs = performance.now() + seconds * 1_000;
    for (let i = 0; performance.now() < endMs; i++) {
      const startMs = performance.now();
      const { status } = await target.quiet.request('POST', '/products', product(`w${i}`, 100));
      slowestMs = Math.max(slowestMs, performance.now() - startMs);
      if (status !== 200) refused += 1;
      for (const socket of sockets) if (!socket.destroyed) socket.write('1\r\n \r\n');
      await sleep(200);
    }
    for (const socket of [...sockets, huge]) socket.destroy();
    return [
      finding('writes of others are accepted', refused === 0, `${refused} refused`),
      finding('the slowest write of others, ms', true, Math.round(slowestMs)),
    ];
  },
};

/** Replies of 62 MB each, 120 at once. */
export const largeReplies: Attack = {
  name: '120 searches of top_k 1,000 over products of 62 KB',
  async run(target, seconds) {
    for (let i = 0; i < 10; i++) {
      await target.hostile.expect('POST', '/products', productsOf(100, 62_000, `l${i}-`), NDJSON);
    }
    await target.hostile.expect('POST', '/products?wait=searchable', product('last', 100));
    const endMs = performance.now() + seconds * 1_000;
    let answered = 0;
    const statuses = new Map<number, number>();
    do {
      const replies = await Promise.all(
        Array.from({ length: 120 }, async () => {
          const body = { query: 'large product', top_k: 1_000, timeout_ms: 30_000 };
          return target.hostile.request('POST', '/search/text', body).catch(() => undefined);
        }),
      );
      for (const reply of replies) {
        statuses.set(reply?.status ?? 0, (statuses.get(reply?.status ?? 0) ?? 0) + 1);
        if (reply?.status === 200) answered += 1;
      }
    } while (performance.now() < endMs);
    const { peakBytes } = target.processOf('query-node');
    return [
      finding('some are answered, the others told so', answered > 0, JSON.stringify([...statuses])),
      finding(
        'the query node stays below 1 GB',
        peakBytes < 1e9,
        `${Math.round(peakBytes / 1e6)} MB`,
      ),
    ];
  },
};

/** One product of 12 MiB. */
export const hugeProduct: Attack = {
  name: 'a product of 12 MiB',
  async run({ hostile }) {
    const { status, body } = await hostile.request('POST', '/products', product('huge', 12 * MIB));
    const said = JSON.stringify(body).slice(0, 200);
    const named = said.includes('1048576') || said.includes('MAX_PRODUCT_BYTES');
    return [
      finding('it is refused, the bound named', status === 413 && named, `${status} ${said}`),
    ];
  },
};

/** Batches whose callers hang up at once. */
export const abandonedBatches: Attack = {
  name: '1,000 abandoned batches',
  async run(target, seconds) {
    const count = Math.min(1_000, seconds * 50);
    const { products } = target.catalogue;
    const titles = products.map(({ title }) => title);
    const own = products.slice(0, 3_000).map(({ line }) => line);
    await target.hostile.expect('POST', '/products?wait=searchable', own.join('\n'), NDJSON);
    for (let i = 0; i < count; i++) {
      const searches = Array.from({ length: 100 }, (_, j) => ({
        query: `${titles[(i * 100 + j) % titles.length] ?? ''} ${i}`,
        exact: true,
      }));
      const body = JSON.stringify({ searches });
      const headers = {
        'content-type': 'application/json',
        'content-length': `${Buffer.byteLength(body)}`,
      };
      const socket = target.socket();
      socket.write(target.head('POST', '/search/batch', headers) + body);
      setTimeout(() => socket.destroy(), 100);
      await sleep(20);
    }
    await sleep(1_000);
    const asked = { query: 'mouse', timeout_ms: target.timeoutMs };
    const { status } = await target.quiet.request('POST', '/search/text', asked);
    return [finding('others are answered', status === 200, status)];
  },
};

const NDJSON = 'application/x-ndjson';

function product(id: string, bytes: number): string {
  return JSON.stringify({
    id,
    title: `Large product ${id}`,
    category: 'Large',
    note: 'x'.repeat(bytes),
  });
}

function productsOf(count: number, bytes: number, prefix = 'p'): string {
  return Array.from({ length: count }, (_, i) => product(`${prefix}${i}`, bytes)).join('\n');
}
