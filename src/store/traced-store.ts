import type { Span } from '../core/span.js';

/**
 * The same store, each call of which is a part of `span`. Made for a request that is traced, of what all others use as
 * it is.
 */
export function tracedStore<S extends object>(store: S, span: Span): S {
  return new Proxy(store, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key, target);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]): unknown => {
        const call = span.child(`store ${String(key)}`, 'client');
        const result: unknown = Reflect.apply(member, target, args);
        if (result instanceof Promise)
          result.then(
            () => call.end(),
            (error: unknown) => call.end(error),
          );
        return result;
      };
    },
  });
}
