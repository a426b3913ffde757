import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { OmniSearchError } from '../../src/client/errors.js';
import { OmniSearch } from '../../src/client/omnisearch.js';
import type { TransportOptions } from '../../src/client/transport.js';

const A = 'http://a.test';
const B = 'http://b.test/search';
const REPLY = { hits: [], took_ms: 1, partial: null };

type Server = (url: URL, init: RequestInit) => Response | Promise<Response>;

interface Asked {
  url: URL;
  init: RequestInit;
}

const json = (body: unknown, status = 200, headers = {}): Response =>
  new Response(JSON.stringify(body), { status, headers });
const refused = (status: number, code: string, headers = {}): Response =>
  json(
    { error: { code, message: `it is ${code}`, field: 'f', request_id: 'r1' } },
    status,
    headers,
  );
const broken: Server = () => {
  throw new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') });
};
/** Never answers, but ends when it is told to, as `fetch` does. */
const hung: Server = (_, { signal }) =>
  new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => {
      reject(signal.reason as Error);
    });
  });

describe('calls of the client', () => {
  let asked: Asked[];
  let servers: Record<string, Server>;

  beforeEach(() => {
    vi.useFakeTimers();
    asked = [];
    servers = { 'a.test': () => json(REPLY), 'b.test': () => json(REPLY) };
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  function open(options: Partial<TransportOptions> = {}): OmniSearch {
    const send = async (input: URL, init: RequestInit): Promise<Response> => {
      asked.push({ url: input, init });
      return (servers[input.host] as Server)(input, init);
    };
    return new OmniSearch({ addresses: [A, B], fetch: send as typeof fetch, ...options });
  }
  const hosts = (): string[] => asked.map(({ url }) => url.host);
  const search = (shop: OmniSearch, options = {}) => shop.search({ query: 'x' }, options);
  async function failure(call: Promise<unknown>): Promise<OmniSearchError> {
    const error = await call.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(OmniSearchError);
    return error as OmniSearchError;
  }

  test('carry key, tenant and JSON to the address with its path', async () => {
    let key = 'first';
    const shop = open({ addresses: [B], apiKey: () => key, tenant: 'north' });
    await search(shop);
    key = 'second';
    await search(shop, { tenant: 'south' });
    expect(asked.map(({ url }) => url.href)).toEqual(Array(2).fill(`${B}/search/text`));
    expect(asked.map(({ init }) => init.headers)).toMatchObject([
      { authorization: 'Bearer first', 'x-omnisearch-tenant': 'north' },
      { authorization: 'Bearer second', 'x-omnisearch-tenant': 'south' },
    ]);
    expect(asked[0]?.init.body).toBe('{"query":"x"}');
  });

  test('a server that cannot be reached rests for a minute, and the next is asked', async () => {
    servers['a.test'] = broken;
    const shop = open();
    await search(shop);
    await search(shop);
    expect(hosts()).toEqual(['a.test', 'b.test', 'b.test']);
    servers['a.test'] = () => json(REPLY);
    await vi.advanceTimersByTimeAsync(59_000);
    await search(shop);
    await vi.advanceTimersByTimeAsync(1_500);
    await search(shop);
    expect(hosts().slice(3)).toEqual(['b.test', 'a.test']);
  });

  test('an attempt ends after its time, and the next address is asked', async () => {
    servers['a.test'] = hung;
    const reply = search(open({ attemptTimeoutMs: 500 }));
    await vi.advanceTimersByTimeAsync(499);
    expect(hosts()).toEqual(['a.test']);
    await vi.advanceTimersByTimeAsync(1);
    await expect(reply).resolves.toEqual(REPLY);
    expect(hosts()).toEqual(['a.test', 'b.test']);
  });

  test('a body that breaks off is an attempt that failed', async () => {
    const cut = new ReadableStream({
      pull: (controller) => {
        controller.error(new TypeError('terminated'));
      },
    });
    servers['a.test'] = () => new Response(cut);
    await expect(search(open())).resolves.toEqual(REPLY);
  });

  test('where all rest, that is asked whose rest ends first; errors tell what failed', async () => {
    servers['a.test'] = broken;
    servers['b.test'] = hung;
    const call = failure(search(open({ attemptTimeoutMs: 100, maxAttempts: 4 })));
    await vi.advanceTimersByTimeAsync(5_000);
    const error = await call;
    expect(hosts()).toEqual(['a.test', 'b.test', 'a.test', 'b.test']);
    expect(error).toMatchObject({ status: 0, code: 'timeout' });
    expect(error.message).toBe(`${B} does not answer: no answer in time`);
  });

  test('the whole call ends after its time', async () => {
    servers['a.test'] = hung;
    servers['b.test'] = hung;
    const call = failure(search(open({ timeoutMs: 700, attemptTimeoutMs: 500 })));
    await vi.advanceTimersByTimeAsync(699);
    expect(hosts()).toEqual(['a.test', 'b.test']);
    await vi.advanceTimersByTimeAsync(1);
    expect((await call).code).toBe('timeout');
  });

  test('a refusal is waited out as long as it asks for, and said before', async () => {
    let refusals = 2;
    servers['a.test'] = () =>
      refusals-- > 0 ? refused(429, 'rate_limited', { 'retry-after': '2' }) : json(REPLY);
    const waits: number[] = [];
    const onRetry = (waitMs: number): void => void waits.push(waitMs);
    const reply = search(open(), { onRetry });
    await vi.advanceTimersByTimeAsync(1_999);
    expect(hosts()).toEqual(['a.test']);
    await vi.advanceTimersByTimeAsync(2_001);
    await expect(reply).resolves.toEqual(REPLY);
    expect(waits).toEqual([2_000, 2_000]);
    // One who asks too much is not helped by another server.
    expect(hosts()).toEqual(Array(3).fill('a.test'));
  });

  test('a refusal longer than the call may take is handed on at once', async () => {
    servers['a.test'] = () => refused(429, 'quota_exceeded', { 'retry-after': '3600' });
    const error = await failure(search(open()));
    expect(error).toMatchObject({ status: 429, code: 'quota_exceeded', retryAfterMs: 3_600_000 });
    expect(hosts()).toEqual(['a.test']);
  });

  test('an overloaded server rests as long as it asks for', async () => {
    servers['a.test'] = () => refused(503, 'overloaded', { 'retry-after': '5' });
    const shop = open();
    await search(shop);
    await vi.advanceTimersByTimeAsync(4_000);
    await search(shop);
    await vi.advanceTimersByTimeAsync(1_500);
    await search(shop);
    expect(hosts()).toEqual(['a.test', 'b.test', 'b.test', 'a.test', 'b.test']);
  });

  test.each([
    [400, 'invalid_field'],
    [401, 'unauthorized'],
    [404, 'not_found'],
    [500, 'internal'],
    [504, 'deadline_exceeded'],
  ])('a %i is an answer: nobody is asked again', async (status, code) => {
    servers['a.test'] = () => refused(status, code);
    const error = await failure(search(open()));
    expect(error).toMatchObject({ status, code, field: 'f', requestId: 'r1' });
    expect(error.message).toBe(`it is ${code}`);
    expect(hosts()).toEqual(['a.test']);
  });

  test("a proxy's page is no answer", async () => {
    servers['a.test'] = () => new Response('<html>', { status: 502 });
    await expect(search(open())).resolves.toEqual(REPLY);
    servers['a.test'] = () => new Response('<html>');
    const error = await failure(search(open({ addresses: [A], maxAttempts: 1 })));
    expect(error).toMatchObject({ status: 502, message: 'the answer was not JSON' });
  });

  test('an event is sent again only where it certainly was not counted', async () => {
    const event = { type: 'click', query_id: 'q', id: 'p', position: 1 } as const;
    servers['a.test'] = broken;
    await failure(open().sendEvent(event));
    expect(hosts()).toEqual(['a.test']);
    servers['a.test'] = () => refused(503, 'unavailable');
    await failure(open().sendEvent(event));
    expect(hosts()).toEqual(['a.test', 'a.test']);
    servers['a.test'] = () => refused(503, 'overloaded');
    servers['b.test'] = () => new Response(undefined, { status: 202 });
    await open().sendEvent(event);
    expect(hosts()).toEqual(['a.test', 'a.test', 'a.test', 'b.test']);
  });

  test('a signal ends a call while it is asked and while it waits', async () => {
    const why = new Error('superseded');
    servers['a.test'] = hung;
    const asking = new AbortController();
    const first = search(open(), { signal: asking.signal });
    asking.abort(why);
    await expect(first).rejects.toBe(why);
    expect(hosts()).toEqual(['a.test']);

    servers['a.test'] = () => refused(429, 'rate_limited', { 'retry-after': '5' });
    const waiting = new AbortController();
    const second = search(open(), { signal: waiting.signal });
    await vi.advanceTimersByTimeAsync(100);
    waiting.abort(why);
    await expect(second).rejects.toBe(why);
    await expect(search(open(), { signal: waiting.signal })).rejects.toBe(why);
    expect(hosts()).toEqual(['a.test', 'a.test']);
  });

  test('what a plan has no room for is not sent again', async () => {
    servers['a.test'] = () => refused(429, 'quota_exceeded');
    await failure(search(open()));
    expect(hosts()).toEqual(['a.test']);
  });

  test('what is no address is refused at once', () => {
    expect(() => open({ addresses: [] })).toThrow(TypeError);
    expect(() => open({ addresses: ['nowhere'] })).toThrow(TypeError);
  });
});
