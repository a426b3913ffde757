import { afterEach, beforeEach, expect, test } from 'vitest';
import { Outbox, type OutboxOptions } from '../../src/telemetry/outbox.js';
import { Receiver } from './receiver.js';

let receiver: Receiver;
const warnings: unknown[] = [];
const logger = { warn: (details: unknown) => warnings.push(details) };

beforeEach(async () => {
  receiver = await Receiver.start();
  warnings.length = 0;
});
afterEach(() => receiver.close());

function outbox(options: Partial<OutboxOptions> = {}): Outbox {
  const url = new URL('/there', receiver.url);
  return new Outbox(
    {
      ...{ url, headers: { 'x-key': 'k' }, timeoutMs: 2_000, what: 'things' },
      ...{ limit: 100, batch: 10, delayMs: 1, write: (entries) => entries.join(',') },
      ...options,
    },
    logger as never,
  );
}

const bodies = (): string[] => receiver.posts.map(({ body }) => body);

test('entries go together, in their order, and no more than a batch of them', async () => {
  const box = outbox({ batch: 3, delayMs: 20 });
  for (const entry of ['a', 'b', 'c', 'd', 'e']) box.add(entry);
  await expect.poll(bodies).toEqual(['a,b,c', 'd,e']);
  box.add('f');
  await expect.poll(bodies).toEqual(['a,b,c', 'd,e', 'f']);
  expect(receiver.posts[0]?.headers).toMatchObject({ 'x-key': 'k' });
  expect(box.dropped).toBe(0);
  await box.close(1_000);
});

test('a full batch waits for nothing', async () => {
  const box = outbox({ batch: 3, delayMs: 600_000 });
  for (const entry of ['a', 'b', 'c', 'd']) box.add(entry);
  await expect.poll(bodies).toEqual(['a,b,c']);
  for (const entry of ['e', 'f']) box.add(entry);
  await expect.poll(bodies).toEqual(['a,b,c', 'd,e,f']);
  await box.close(1_000);
});

test('what is too many is dropped, counted and told once', async () => {
  const box = outbox({ limit: 4, delayMs: 60_000 });
  for (let i = 0; i < 10; i++) box.add(String(i));
  expect(box.dropped).toBe(6);
  expect(warnings).toEqual([{ dropped: 1, problem: 'too many wait' }]);
  await box.close(1_000);
  expect(bodies()).toEqual(['0,1,2,3']);
});

test('what was refused for now is sent again', async () => {
  receiver.answers.push({ status: 503, headers: { 'retry-after': '0' } });
  const box = outbox();
  box.add('a');
  await expect.poll(bodies).toEqual(['a', 'a']);
  expect(box.dropped).toBe(0);
  await box.close(1_000);
});

test('a pause that is asked for is kept, whatever waits meanwhile', async () => {
  receiver.answers.push({ status: 429, headers: { 'retry-after': '600' } });
  const box = outbox({ limit: 20 });
  box.add('a');
  await expect.poll(bodies).toEqual(['a']);
  for (let i = 0; i < 50; i++) box.add('b');
  // Whoever goes on at once would be heard before these.
  for (let i = 0; i < 20; i++) await fetch(receiver.url, { method: 'POST' });
  expect(bodies().filter((body) => body !== '')).toEqual(['a']);
  expect(box.dropped).toBe(30);
  await box.close(1_000);
});

test('what was refused for good is dropped, and a stop does not wait for a pause', async () => {
  receiver.answers.push({ status: 400, headers: { 'retry-after': '600' } });
  const box = outbox();
  box.add('a');
  await expect.poll(() => box.dropped).toBe(1);
  box.add('b');
  await box.close(5_000);
  expect(bodies()).toEqual(['a', 'b']);
  box.add('late');
  expect(box.dropped).toBe(2);
});

test('a stop ends by its bound where nobody answers', async () => {
  const box = outbox({ url: new URL('http://127.0.0.1:9/') });
  box.add('a');
  await box.close(2_000);
  expect(box.dropped).toBe(1);
});
