import { Histogram } from '../core/histogram.js';

/** How the operations of a store went, by their names, which are those of its methods. */
export class StoreTimes {
  readonly operations = new Map<string, OperationTimes>();

  of(operation: string): OperationTimes {
    let times = this.operations.get(operation);
    if (times === undefined) {
      times = new OperationTimes();
      this.operations.set(operation, times);
    }
    return times;
  }
}

export class OperationTimes {
  readonly seconds = new Histogram();
  ok = 0;
  failed = 0;

  ended(startedMs: number, isOk: boolean): void {
    this.seconds.observe((performance.now() - startedMs) / 1_000);
    if (isOk) this.ok += 1;
    else this.failed += 1;
  }
}

type Method = (...args: unknown[]) => unknown;

/** What belongs to the store and has operations of its own. */
const PARTS: ReadonlySet<string> = new Set(['records', 'spool']);

/**
 * The same store, of which each operation that is waited for is timed. What the store asks of itself meanwhile counts
 * as the operation that asked. Whoever wants a member of it to do something else has to say so before.
 */
export function timedStore<S extends object>(store: S, times: StoreTimes, prefix = ''): S {
  const known = new Map<PropertyKey, unknown>();
  return new Proxy(store, {
    get: (target, key) => {
      const found = known.get(key);
      if (found !== undefined) return found;
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value === 'function') {
        const method = timedMethod(value.bind(target) as Method, times, prefix + String(key));
        known.set(key, method);
        return method;
      }
      if (typeof value !== 'object' || value === null || !PARTS.has(String(key))) return value;
      const part = timedStore(value, times, `${String(key)}.`);
      known.set(key, part);
      return part;
    },
    set: () => false,
  });
}

function timedMethod(method: Method, times: StoreTimes, operation: string): Method {
  let of: OperationTimes | undefined;
  return (...args) => {
    const startedMs = performance.now();
    const result = method(...args);
    if (!(result instanceof Promise)) return result;
    const operationTimes = (of ??= times.of(operation));
    result.then(
      () => operationTimes.ended(startedMs, true),
      () => operationTimes.ended(startedMs, false),
    );
    return result;
  };
}
