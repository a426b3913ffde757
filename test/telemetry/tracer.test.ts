import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { OmniError } from '../../src/core/errors.js';
import { OtlpTracer, type OtlpOptions } from '../../src/telemetry/otlp-tracer.js';
import { samplerOf, type SamplerName } from '../../src/telemetry/sampler.js';
import { readTraceparent, traceparentOf } from '../../src/telemetry/trace-context.js';
import { tracedStore } from '../../src/store/traced-store.js';
import { Receiver } from './receiver.js';

let receiver: Receiver;
beforeEach(async () => void (receiver = await Receiver.start()));
afterEach(() => receiver.close());

function tracer(options: Partial<OtlpOptions> = {}): OtlpTracer {
  return new OtlpTracer(
    {
      ...{ url: new URL('/v1/traces', receiver.url), headers: {}, timeoutMs: 2_000, version: '1' },
      resource: { 'service.name': 'shop', 'omnisearch.role': 'query-node' },
      sampler: samplerOf('parentbased_always_on', 1),
      ...{ queueSpans: 2_000, batchSpans: 500, delayMs: 1 },
      ...options,
    },
    { warn: () => undefined } as never,
  );
}

const HEX_DIGITS = '0123456789abcdef'.split('');

const hex = (length: number) =>
  fc
    .array(fc.constantFrom(...HEX_DIGITS), { minLength: length, maxLength: length })
    .map((digits) => digits.join(''))
    .filter((digits) => !/^0+$/.test(digits));

test('a traceparent is read back as it was written', () => {
  fc.assert(
    fc.property(hex(32), hex(16), (traceId, spanId) => {
      const context = { traceId, spanId, isSampled: true };
      expect(readTraceparent(traceparentOf(traceId, spanId))).toEqual(context);
    }),
  );
});

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

test.each([
  undefined,
  '',
  'nonsense',
  `ff-${TRACE}-${SPAN}-01`,
  `00-${'0'.repeat(32)}-${SPAN}-01`,
  `00-${TRACE}-${'0'.repeat(16)}-01`,
  `00-${TRACE}-${SPAN}-01-more`,
  `00-${TRACE.toUpperCase()}-${SPAN}-01`,
  `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`,
])('%j is no traceparent', (header) => {
  expect(readTraceparent(header)).toBeUndefined();
});

test('later versions may say more; only the last flag is looked at', () => {
  expect(readTraceparent(`01-${TRACE}-${SPAN}-03-more`)).toMatchObject({ isSampled: true });
  expect(readTraceparent(`00-${TRACE}-${SPAN}-02`)).toMatchObject({ isSampled: false });
});

test('samplers by ratio take their part, and more of it the higher the ratio', () => {
  const ids = fc.sample(hex(32), { numRuns: 4_000, seed: 1 });
  const taken = (ratio: number): string[] =>
    ids.filter((id) => samplerOf('traceidratio', ratio)(id, undefined));
  expect(taken(0)).toEqual([]);
  expect(taken(1)).toHaveLength(ids.length);
  expect(Math.abs(taken(0.1).length / ids.length - 0.1)).toBeLessThan(0.03);
  const half = new Set(taken(0.5));
  expect(taken(0.1).every((id) => half.has(id))).toBe(true);
});

test.each<[SamplerName, parent: boolean, own: boolean]>([
  ['parentbased_always_on', false, true],
  ['parentbased_always_off', true, false],
  ['parentbased_traceidratio', true, false],
])('%s goes by its caller, and by itself where there is none', (name, parent, own) => {
  const sampler = samplerOf(name, 0);
  const context = { traceId: TRACE, spanId: SPAN, isSampled: parent };
  expect(sampler(TRACE, context)).toBe(parent);
  expect(sampler(TRACE, undefined)).toBe(own);
});

test('always_off traces nothing, whatever the caller says', () => {
  const off = tracer({ sampler: samplerOf('always_off', 1) });
  expect(off.begin('GET /', traceparentOf(TRACE, SPAN))).toBeUndefined();
});

test('spans arrive as OTLP has them, each below its own', async () => {
  const own = tracer();
  const span = own.begin('POST /search/text', traceparentOf(TRACE, SPAN), { n: 3, part: 0.5 });
  const child = span?.child('fan_out', 'client', { isHedge: true });
  child?.past('queue', performance.now() - 5);
  child?.end(new OmniError('deadline_exceeded', 'what was asked for'));
  span?.set('route', '/search/text');
  span?.end();
  span?.end();
  await own.close(2_000);
  const [queue, fanOut, root] = receiver.spans;
  expect(receiver.spans).toHaveLength(3);
  expect(root).toMatchObject({ traceId: TRACE, parentSpanId: SPAN, kind: 2, status: {} });
  expect(root?.attributes).toEqual([
    { key: 'n', value: { intValue: '3' } },
    { key: 'part', value: { doubleValue: 0.5 } },
    { key: 'route', value: { stringValue: '/search/text' } },
  ]);
  expect(fanOut).toMatchObject({ parentSpanId: root?.spanId, kind: 3 });
  expect(fanOut?.status).toEqual({ code: 2, message: 'deadline_exceeded' });
  expect(queue).toMatchObject({ parentSpanId: fanOut?.spanId, kind: 1, name: 'queue' });
  const lasted = BigInt(queue?.endTimeUnixNano ?? 0) - BigInt(queue?.startTimeUnixNano ?? 0);
  expect(lasted).toBeGreaterThanOrEqual(5_000_000n);
  expect(JSON.stringify(receiver.posts)).not.toContain('what was asked for');
});

test('one trace does not fill the queue, and what began first is in it whenever it ends', async () => {
  const own = tracer();
  const span = own.begin('POST /search/batch', undefined);
  if (span === undefined) throw new Error('not sampled');
  const fanOut = span.child('fan_out');
  for (let i = 0; i < 1_000; i++) span.past('embed', 0);
  span.child('late').end();
  fanOut.end();
  span.end();
  await own.close(2_000);
  expect(receiver.spans).toHaveLength(512);
  const names = receiver.spans.map(({ name }) => name);
  expect(names.slice(-2)).toEqual(['fan_out', 'POST /search/batch']);
  expect(names).not.toContain('late');
  expect(own.dropped).toBe(0);
});

test('calls of a traced store are spans; what is no call stays what it is', async () => {
  class Counting {
    #calls = 0;
    readonly size = 7;
    async read(): Promise<number> {
      this.#calls += 1;
      return this.#calls;
    }
    async fail(): Promise<void> {
      throw new OmniError('unavailable', 'away');
    }
  }
  const own = tracer();
  const span = own.begin('GET /', undefined);
  if (span === undefined) throw new Error('not sampled');
  const store = tracedStore(new Counting(), span);
  expect([await store.read(), await store.read(), store.size]).toEqual([1, 2, 7]);
  await expect(store.fail()).rejects.toMatchObject({ code: 'unavailable' });
  await own.close(2_000);
  expect(receiver.spans.map(({ name, status }) => [name, status.message])).toEqual([
    ['store read', undefined],
    ['store read', undefined],
    ['store fail', 'unavailable'],
  ]);
});
