import type { Store } from '../store/store.js';
import type { HandoverWatch } from './handover-watch.js';

/**
 * The same store, of which products are written only while this installation takes writes: a stream or an import that was
 * begun before waits with the others, and ends where another installation has taken over.
 */
export function heldStore(store: Store, handover: Pick<HandoverWatch, 'beforeWrite'>): Store {
  const write: Store['write'] = async (...asked) => {
    await handover.beforeWrite();
    return store.write(...asked);
  };
  return new Proxy(store, {
    get: (target, key) => (key === 'write' ? write : (Reflect.get(target, key, target) as unknown)),
    set: () => false,
  });
}
