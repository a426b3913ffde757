import { setImmediate as nextTurn } from 'node:timers/promises';
import type { StoreReader } from '../../src/store/store.js';

/**
 * A store as one across a network would behave: every answer comes some turns after it was read, so
 * that whatever else runs gets in between. `fail` makes calls reject.
 */
export function slowReader(
  store: StoreReader,
  turns: () => number,
  fail: () => boolean = () => false,
): StoreReader {
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      const method = member.bind(target) as (...args: unknown[]) => unknown;
      // `covers` computes; it does not read.
      if (name === 'covers') return method;
      return async (...args: unknown[]) => {
        for (let left = turns(); left > 0; left--) await nextTurn();
        if (fail()) throw new Error('the store cannot be reached');
        const answer = await method(...args);
        for (let left = turns(); left > 0; left--) await nextTurn();
        return answer;
      };
    },
  });
}
