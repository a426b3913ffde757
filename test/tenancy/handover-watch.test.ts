import { describe, expect, test } from 'vitest';
import {
  HANDOVER_ID,
  HANDOVER_KIND,
  handoverValue,
  type Handover,
} from '../../src/tenancy/handover.js';
import { HandoverWatch } from '../../src/tenancy/handover-watch.js';
import { MemoryRecords } from './memory-records.js';

const HANDOVER: Handover = {
  ...{ id: 'h1', side: 'old', writes: 'here', reads: 'here', peer: 'http://10.0.0.5:8080' },
  ...{ walker: 'w1', beat: 0, walk: {} },
};

function open() {
  const clock = { ms: 0 };
  const records = new MemoryRecords();
  const logger = { warn: () => undefined };
  const node = () => new HandoverWatch({ records, logger, now: () => clock.ms });
  const set = async (changes: Partial<Handover>): Promise<void> => {
    const stored = await records.get(HANDOVER_KIND, HANDOVER_ID);
    const value = handoverValue({ ...HANDOVER, ...stored?.value, ...changes });
    await records.put(HANDOVER_KIND, HANDOVER_ID, value, stored?.revision ?? 0);
  };
  const stored = async () => (await records.get(HANDOVER_KIND, HANDOVER_ID))?.value;
  return { clock, node, set, stored, records };
}

describe('a node of an installation that is handed over', () => {
  test('takes writes where there is no handover, and by what it read last', async () => {
    const { node } = open();
    expect(await node().writer()).toBe('here');
    await node().beforeWrite();
  });

  test('has writes wait until it is known who takes them', async () => {
    const { node, set } = open();
    await set({ writes: 'held' });
    const watch = node();
    await watch.look();
    const waiting = watch.writer();
    const isThere = { done: false };
    void waiting.then(() => (isThere.done = true));
    await watch.look();
    expect(isThere.done).toBe(false);
    await set({ writes: 'there', reads: 'there' });
    expect(await waiting).toBe('there');
    expect([watch.writesThere, watch.readsThere]).toEqual([true, true]);
  });

  test('refuses what waits for too long, and what goes away', async () => {
    const { clock, node, set } = open();
    await set({ writes: 'held' });
    const watch = node();
    await watch.look();
    const waiting = watch.writer();
    clock.ms += 30_001;
    await expect(waiting).rejects.toMatchObject({ code: 'unavailable', retryAfterMs: 1_000 });
    const gone = new AbortController();
    const left = watch.writer(gone.signal);
    gone.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
  });

  test('takes writes again by itself where whoever holds them says no more', async () => {
    const { clock, node, set, stored } = open();
    await set({ writes: 'held' });
    const watch = node();
    const looked = async (ms: number) => {
      for (let i = 0; i < ms / 500; i++) {
        clock.ms += 500;
        await watch.look();
      }
    };
    await watch.look();
    await looked(14_000);
    await set({ beat: 1 });
    await looked(14_500);
    expect(await stored()).toMatchObject({ writes: 'held', beat: 1 });
    await looked(1_000);
    // By a change of the record: whoever held them can not go on as if nothing was.
    expect(await stored()).toMatchObject({ writes: 'here', beat: 2 });
  });

  test('takes none for gone while it stood still itself', async () => {
    const { clock, node, set, stored } = open();
    await set({ writes: 'held' });
    const watch = node();
    await watch.look();
    clock.ms += 600_000;
    await watch.look();
    expect(await stored()).toMatchObject({ writes: 'held' });
  });

  test('answers reads of a copy only while it is told that nothing is missing', async () => {
    const { clock, node, set } = open();
    await set({ side: 'new', writes: 'there', reads: 'followed', beat: 7 });
    const watch = node();
    await watch.look();
    // However many there were: it may be long ago.
    expect(watch.readsThere).toBe(true);
    await set({ beat: 8 });
    await watch.look();
    expect(watch.readsThere).toBe(false);
    clock.ms += 10_000;
    await watch.look();
    expect(watch.readsThere).toBe(false);
    clock.ms += 1;
    expect(watch.readsThere).toBe(true);
    await set({ id: 'h2', beat: 9 });
    await watch.look();
    expect(watch.readsThere).toBe(true);
  });

  test('stores what was let in before writes were held, for a moment; after it nothing', async () => {
    const { clock, node, set } = open();
    await set({});
    const watch = node();
    await watch.look();
    await set({ writes: 'held' });
    await watch.look();
    clock.ms += 1_000;
    await watch.beforeWrite();
    clock.ms += 1;
    const late = watch.beforeWrite();
    await set({ writes: 'there', reads: 'there' });
    await expect(late).rejects.toMatchObject({ code: 'unavailable' });
    // A copy that is filled has sweeps of its own.
    await set({ reads: 'followed' });
    await watch.look();
    await watch.beforeWrite();
  });

  test('takes no write where it can not be read who does', async () => {
    const { clock, node, records } = open();
    const watch = node();
    await watch.look();
    clock.ms += 2_001;
    records.get = async () => Promise.reject(new Error('away'));
    await expect(watch.writer()).rejects.toMatchObject({ code: 'unavailable' });
    await expect(watch.beforeWrite()).rejects.toMatchObject({ code: 'unavailable' });
  });
});
