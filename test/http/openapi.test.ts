import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openHttp, type HttpHarness } from './harness.js';

interface Operation {
  requestBody?: { content: Record<string, { schema: object }> };
  parameters?: { name: string; in: string; schema: object }[];
  responses: Record<string, { content?: Record<string, { schema: object }> }>;
}
interface Document {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object> };
}

let node: HttpHarness;
let document: Document;

beforeAll(async () => {
  node = await openHttp();
  await node.send('POST', '/products', { id: 'a', title: 'mouse', category: 'Mice', price: 1 });
  const reply = await node.send('GET', '/openapi.json');
  expect(reply.statusCode).toBe(200);
  document = reply.json() as unknown as Document;
});
afterAll(async () => node.close());

describe('GET /openapi.json', () => {
  test('has every route but pages, with what each takes and answers', () => {
    expect(document.openapi).toBe('3.1.0');
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    for (const one of [
      ...['post /search/text', 'post /search/vector', 'post /search/similar', 'post /search/batch'],
      ...['get /search', 'post /products', 'get /products/{id}', 'patch /products/{id}'],
      ...['delete /products/{id}', 'get /settings', 'put /settings', 'get /stats', 'get /livez'],
      ...['get /suggest', 'post /events', 'get /analytics', 'get /rules', 'put /rules/{id}'],
      ...['post /keys', 'patch /keys/{id}', 'post /keys/{id}/rotate', 'get /audit'],
      ...['get /categories', 'put /synonyms/{id}', 'post /rules/preview', 'put /aliases/{name}'],
      ...['get /admin/cluster', 'get /admin/placement/plan', 'post /admin/placement/apply'],
      ...['post /admin/placement/move', 'post /admin/placement/pin'],
      ...['post /admin/placement/split', 'post /admin/placement/merge'],
      ...['post /admin/nodes/{name}/drain', 'delete /admin/nodes/{name}/drain'],
    ])
      expect(operations).toContain(one);
    expect(Object.keys(document.paths).filter((path) => /web|demo|\*/.test(path))).toEqual([]);
    for (const methods of Object.values(document.paths))
      for (const { responses } of Object.values(methods))
        expect(Object.keys(responses)).toEqual(expect.arrayContaining(['4XX', '5XX']));
  });

  test('its schemas are schemas, which know real requests and replies', async () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema(document, 'doc');
    const pointer = (path: string, rest: string): string =>
      `doc#/paths/${path.replaceAll('~', '~0').replaceAll('/', '~1')}/${rest}`;
    const reply = (path: string, method: string, status = '200') =>
      pointer(path, `${method}/responses/${status}/content/application~1json/schema`);
    const body = (path: string) =>
      pointer(path, 'post/requestBody/content/application~1json/schema');
    const fits = (ref: string, value: unknown): void => {
      const validate = ajv.getSchema(encodeURI(ref).replace('%23', '#'));
      if (validate === undefined) throw new Error(`no schema at ${ref}`);
      expect([ref, validate(value), validate.errors]).toEqual([ref, true, null]);
    };
    const filter = { or: [{ price: { lte: 5 } }, { not: { brand: ['X', null] } }], in_stock: true };
    const asked = { query: 'mouse', filter, facets: ['brand', { field: 'price', limit: 3 }] };
    fits(body('/search/text'), asked);
    const searched = await node.send('POST', '/search/text', asked);
    fits(reply('/search/text', 'post'), searched.json());
    fits(reply('/search', 'get'), (await node.send('GET', '/search?q=x')).json());
    const batch = { searches: [asked, {}] };
    const answered = await node.send('POST', '/search/batch', batch);
    fits(reply('/search/batch', 'post'), answered.json());
    const refused = await node.send('POST', '/search/text', {});
    fits(reply('/search/text', 'post', '4XX'), refused.json());
    fits(reply('/products/{id}', 'get'), (await node.send('GET', '/products/a')).json());
    for (const path of ['/settings', '/categories', '/livez', '/readyz', '/healthz', '/stats'])
      fits(reply(path, 'get'), (await node.send('GET', path)).json());
    for (const path of ['/admin/cluster', '/admin/placement/plan'])
      fits(reply(path, 'get'), (await node.send('GET', path)).json());
    const move = { tenant: 'default', category: 'Mice', to: ['s2'] };
    fits(body('/admin/placement/move'), move);
    const moved = await node.send('POST', '/admin/placement/move', move);
    fits(reply('/admin/placement/move', 'post'), moved.json());
    const pin = { tenant: 'default', category: 'Mice', pinned: true };
    fits(body('/admin/placement/pin'), pin);
    const pinned = await node.send('POST', '/admin/placement/pin', pin);
    fits(reply('/admin/placement/pin', 'post'), pinned.json());
    const applied = await node.send('POST', '/admin/placement/apply', {});
    fits(reply('/admin/placement/apply', 'post'), applied.json());
    const drain = '/admin/nodes/{name}/drain';
    const drained = await node.send('POST', '/admin/nodes/s2/drain', {});
    fits(reply(drain, 'post'), drained.json());
    const undrained = await node.send('DELETE', '/admin/nodes/s2/drain');
    fits(reply(drain, 'delete'), undrained.json());
    const products = [
      { id: 'b', title: 'b', category: 'c' },
      { op: 'delete', id: 'b' },
    ];
    const written = await node.send('POST', '/products', products);
    fits(reply('/products', 'post'), written.json());
  });
});

const run = promisify(execFile);
const schemathesis = process.env['SCHEMATHESIS'] ?? 'schemathesis';
const isThere = await run(schemathesis, ['--version']).then(
  () => true,
  () => false,
);
const CONFIG = fileURLToPath(new URL('schemathesis.toml', import.meta.url));
const isCi = process.env['CI'] !== undefined;
if (!isThere && !isCi) console.warn('schemathesis is not there: pip install schemathesis');

test.skipIf(!isThere && !isCi)('schemathesis finds no fault', { timeout: 600_000 }, async () => {
  // It makes keys: from the first on, none is let in without one.
  const guarded = await openHttp({ adminKey: 'boss' });
  const port = await guarded.server.listen({ port: 0, host: '127.0.0.1' });
  const url = `http://127.0.0.1:${port}/openapi.json`;
  // Random requests; all that its phase `coverage` can think of are twenty thousand, minutes long:
  // SCHEMATHESIS_PHASES=coverage npx vitest run --config .ci/vitest.config.ts test/http/openapi.test.ts
  // What goes together with what (`top_k` with `page`, say) is more than a schema can tell: such requests are
  // 400 though each of their members fits.
  const unfit = ['--exclude-checks', 'positive_data_acceptance'];
  const chosen = process.env['SCHEMATHESIS_PHASES'] ?? 'fuzzing';
  const phases = ['--phases', chosen, '--max-examples', '5'];
  const header = ['--header', 'Authorization: Bearer boss'];
  const options = [...header, '--seed', '14', '--no-color', ...phases, ...unfit];
  const report = await run(schemathesis, ['--config-file', CONFIG, 'run', url, ...options], {
    maxBuffer: 64 * 1024 * 1024,
    // It leaves what it found where it runs.
    cwd: tmpdir(),
  }).then(
    ({ stdout }) => ({ failed: false, stdout }),
    (error: unknown) => {
      const { stdout, stderr, message } = error as Error & { stdout: string; stderr: string };
      // Where it was killed, neither says anything.
      return { failed: true, stdout: [stdout, stderr, message.slice(0, 200)].join('\n') };
    },
  );
  await guarded.close();
  expect(report.failed, report.stdout).toBe(false);
});
