import { describe, expect, it } from 'vitest';
import { Deadline } from '../../src/core/deadline.js';
import { prepareWrite } from '../../src/store/mongo/prepare.js';
import { encodeMark } from '../../src/store/position.js';
import { WriteLanes } from '../../src/store/mongo/write-lanes.js';
import { eventually } from './contract/fixture.js';
import { put } from './contract/writes.js';

const LIMITS = { batchBytes: 1_000_000, batchWrites: 1, waitingBytes: 1_000_000 };

describe('write lanes', () => {
  it('what was given up before its turn is never applied, and later writes go on', async () => {
    let nowMs = 0;
    const deadline = () => Deadline.after(100, () => nowMs);
    const applied: string[] = [];
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const lanes = new WriteLanes(async (_, writes) => {
      applied.push(...writes.map(({ write }) => write.id));
      await held;
      return { statuses: writes.map(() => 'applied' as const), mark: encodeMark(1) };
    }, LIMITS);
    const add = (id: string) => lanes.add('shop', [prepareWrite(put(id))], deadline());

    const first = add('first');
    const givenUp = Promise.allSettled([add('old-1'), add('old-2')]);
    await eventually('the first is under way', () => Promise.resolve(applied.length > 0));
    nowMs = 100;
    const newer = add('newer');
    release();
    await expect(first).resolves.toMatchObject({ statuses: ['applied'] });
    await expect(newer).resolves.toMatchObject({ statuses: ['applied'] });
    for (const result of await givenUp) {
      expect(result).toMatchObject({
        status: 'rejected',
        reason: { code: 'deadline_exceeded' },
      });
    }
    await lanes.drained();
    expect(applied).toEqual(['first', 'newer']);
  });
});
