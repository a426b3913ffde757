import type { Collections } from '../../src/store/mongo/collections.js';

/** Runs one operation of the driver: later, in another order, or never. */
export type Gate = <T>(name: string, operation: () => Promise<T>) => Promise<T>;

const OPERATIONS = new Set([
  'findOne',
  'findOneAndUpdate',
  'updateOne',
  'replaceOne',
  'insertOne',
  'deleteOne',
  'deleteMany',
  'bulkWrite',
]);

type Operation = (...args: unknown[]) => Promise<unknown>;

/** `collections`, with every operation going through `gate`: what lies between two may be anything. */
export function gated(collections: Collections, gate: Gate): Collections {
  const entries = Object.entries(collections) as [string, object][];
  const wrapped = entries.map(([name, collection]) => [name, wrap(name, collection, gate)]);
  return Object.fromEntries(wrapped);
}

function wrap(name: string, collection: object, gate: Gate): object {
  return new Proxy(collection, {
    get(target, property) {
      const member = Reflect.get(target, property) as unknown;
      if (typeof property !== 'string' || typeof member !== 'function') return member;
      const call = member.bind(target) as Operation;
      if (OPERATIONS.has(property)) {
        return (...args: unknown[]) => gate(`${name}.${property}`, () => call(...args));
      }
      if (property !== 'find') return call;
      const find = call as unknown as (...args: unknown[]) => { toArray: () => Promise<unknown> };
      return (...args: unknown[]) => ({
        toArray: () => gate(`${name}.find`, () => find(...args).toArray()),
      });
    },
  });
}
