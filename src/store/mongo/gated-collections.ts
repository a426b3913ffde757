import type { Collections } from './collections.js';

/** Runs one command of the driver, which takes one connection: at once, later, or never. */
export type Gate = <T>(name: string, command: () => Promise<T>) => Promise<T>;

const COMMANDS = new Set([
  ...['findOne', 'findOneAndUpdate', 'updateOne', 'replaceOne', 'insertOne', 'deleteOne'],
  ...['deleteMany', 'bulkWrite', 'countDocuments'],
]);

type Call = (...args: unknown[]) => unknown;
type Command = (...args: unknown[]) => Promise<unknown>;
type Find = (...args: unknown[]) => AsyncIterable<unknown> & { toArray: () => Promise<unknown> };

/**
 * `collections`, with every command going through `gate`. Commands of a session do not: they take turns on the connection that
 * whoever opened the session has passed the gate for.
 */
export function gated(collections: Collections, gate: Gate): Collections {
  const entries = Object.entries(collections) as [string, object][];
  const wrapped = entries.map(([name, collection]) => [name, wrap(name, collection, gate)]);
  const result: unknown = Object.fromEntries(wrapped);
  return result as Collections;
}

function wrap(name: string, collection: object, gate: Gate): object {
  return new Proxy(collection, {
    get(target, property) {
      const member = Reflect.get(target, property) as unknown;
      if (typeof property !== 'string' || typeof member !== 'function') return member;
      const call = member.bind(target) as Call;
      const through: Gate = (command, run) => gate(`${name}.${command}`, run);
      if (property === 'find') return gatedFind(call as Find, through);
      if (!COMMANDS.has(property)) return call;
      return (...args: unknown[]) =>
        hasSession(args) ? call(...args) : through(property, () => (call as Command)(...args));
    },
  });
}

function gatedFind(find: Find, gate: Gate): Call {
  return (...args) => {
    const cursor = find(...args);
    if (hasSession(args)) return cursor;
    return {
      toArray: () => gate('find', () => cursor.toArray()),
      [Symbol.asyncIterator]: () => gatedIterator(cursor[Symbol.asyncIterator](), gate),
    };
  };
}

/** Between two of its results it has no connection. */
function gatedIterator(iterator: AsyncIterator<unknown>, gate: Gate): AsyncIterator<unknown> {
  return {
    next: () => gate('find', () => iterator.next()),
    return: async () => (await iterator.return?.()) ?? { done: true, value: undefined },
  };
}

function hasSession(args: readonly unknown[]): boolean {
  const options = args.at(-1);
  return typeof options === 'object' && options !== null && 'session' in options;
}
