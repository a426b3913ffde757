import { expect, test } from 'vitest';
import { Deadline } from '../../src/core/deadline.js';
import type { Request } from '../../src/protocol/messages.js';
import {
  searchCall,
  wordsCall,
  type LeafSearch,
  type WordsAsked,
} from '../../src/shard-client/leaf-calls.js';

test("a tenant's weight goes with what a shard is asked for, where it is not the usual one", async () => {
  const sent: Request[] = [];
  const send = async (_: string, message: Request) => {
    sent.push(message);
    return { type: 'moved' as const, counter: 1 };
  };
  const asked = { tenant: 'shop', model: 'm', counter: 0, group: 'g', partitions: null };
  const leaf = { ...asked, query: {} } as unknown as LeafSearch;
  const words = { ...asked, words: [] } as unknown as WordsAsked;
  const until = Deadline.after(1_000);
  const { signal } = new AbortController();
  for (const weight of [1, 4]) {
    await searchCall({ nodes: ['s1'] }, leaf, weight, send).ask('s1', until, signal);
    await wordsCall({ nodes: ['s1'] }, words, weight, send).ask('s1', until, signal);
  }
  expect(sent.map((message) => ('weight' in message ? message.weight : undefined))).toEqual([
    ...[undefined, undefined, 4, 4],
  ]);
});
