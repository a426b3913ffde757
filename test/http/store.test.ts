import { afterAll, beforeAll, expect, test } from 'vitest';
import { auditOf, openHttp, type HttpHarness } from './harness.js';

let node: HttpHarness;
beforeAll(async () => {
  node = await openHttp();
});
afterAll(async () => node.close());

const replicas = [{ server: 'm2:27017', lag_ms: 12 }];
const put = (reads: unknown) => node.send('PUT', '/admin/store', { reads });

test('where joins read is shown, changed and noted', async () => {
  const get = async () => (await node.send('GET', '/admin/store')).json();
  expect(await get()).toEqual({ reads: 'primary', replicas });
  expect((await put('secondary:5000')).json()).toEqual({ reads: 'secondary:5000', replicas });
  expect(await get()).toEqual({ reads: 'secondary:5000', replicas });
  expect((await put('primary')).statusCode).toBe(200);
  expect(await get()).toEqual({ reads: 'primary', replicas });
  const noted = (await auditOf(node)).filter(({ kind }) => kind === 'store');
  expect(noted.map(({ target, before, after }) => [target, before, after] as unknown)).toEqual([
    ['reads', { reads: 'primary' }, { reads: 'secondary:5000' }],
    ['reads', { reads: 'secondary:5000' }, { reads: 'primary' }],
  ]);
});

test.each([
  'secondary',
  'secondary:1999',
  'secondary:02000',
  'secondary:100000000',
  'any',
  5,
  null,
])('where else than it can be is refused: %j', async (reads) => {
  const reply = await put(reads);
  expect(reply.statusCode).toBe(400);
  expect(reply.json().error).toMatchObject({ code: 'invalid_field', field: 'reads' });
});

test('where there are no secondaries nothing is changed, and nothing noted', async () => {
  const alone = await openHttp({ replicas: 'none' });
  const reply = await alone.send('PUT', '/admin/store', { reads: 'secondary:5000' });
  expect([reply.statusCode, reply.json().error.field]).toEqual([400, 'reads']);
  expect((await auditOf(alone)).filter(({ kind }) => kind === 'store')).toEqual([]);
  await alone.close();
});
