import { OmniError } from '../../core/errors.js';
import type { JsonObject } from '../../core/product.js';
import { changeRecord } from '../../store/change-record.js';
import type { RecordReader, RecordStore } from '../../store/record-store.js';

/** The kind of the records that say in which order a tenant's imports run; the id is the tenant and a slash. */
export const QUEUE_KIND = 'imports';
/** Imports of a tenant that wait. */
const MAX_WAITING = 1_000;
const ATTEMPTS = 50;

interface Turn {
  id: string;
  number: number;
  /** Another worker takes small ones first, of other tenants. */
  isLarge: boolean;
}

/**
 * A tenant's imports that have not ended, one document changed by compare-and-set:
 *
 *   202 ──> waiting ──first of all──> running ──> gone
 *              ▲                         └─ wants to prune much ──> unconfirmed ──the next begins──> gone
 *              └──────────── confirmed: before all that wait ───────────┘
 */
export interface ImportQueue {
  /** The number of the next one. */
  next: number;
  waiting: readonly Turn[];
  running: Turn | null;
  /** One that waits for its confirmation, and holds up nobody. */
  unconfirmed: Turn | null;
  /** The highest number of one that began and wrote. */
  begun: number;
  /** What all imports of the tenant have in the spool. */
  spooledBytes: number;
}

const EMPTY: ImportQueue = {
  ...{ next: 1, waiting: [], running: null, unconfirmed: null, begun: 0, spooledBytes: 0 },
};

function queueId(tenant: string): string {
  return `${tenant}/queue`;
}

export async function readQueue(records: RecordReader, tenant: string): Promise<ImportQueue> {
  return toQueue((await records.get(QUEUE_KIND, queueId(tenant)))?.value);
}

export function toQueue(value: JsonObject | undefined): ImportQueue {
  return value === undefined ? EMPTY : (value as unknown as ImportQueue);
}

/** `next` returns undefined where nothing is to be changed; resolves with the queue as it is then. */
export async function changeQueue(
  records: RecordStore,
  tenant: string,
  next: (queue: ImportQueue) => ImportQueue | undefined | Promise<ImportQueue | undefined>,
): Promise<ImportQueue> {
  const at = { kind: QUEUE_KIND, id: queueId(tenant), what: 'the imports', attempts: ATTEMPTS };
  const { before, after } = await changeRecord(records, at, async (stored) => {
    return (await next(toQueue(stored?.value))) as unknown as JsonObject | undefined;
  });
  return toQueue(after === 'gone' ? undefined : (after ?? before?.value));
}

/** Throws `overloaded` where too many wait already. */
export function enqueued(
  queue: ImportQueue,
  { id, number = queue.next, isLarge }: Omit<Turn, 'number'> & { number?: number },
): ImportQueue {
  if (queue.waiting.length >= MAX_WAITING) {
    throw new OmniError('overloaded', `the tenant has ${MAX_WAITING} imports that wait already`);
  }
  const next = Math.max(queue.next, number + 1);
  return { ...queue, next, waiting: [...queue.waiting, { id, number, isLarge }] };
}

/** The one whose confirmation came, before all that wait. */
export function confirmed(queue: ImportQueue): ImportQueue {
  const { unconfirmed, waiting } = queue;
  if (unconfirmed === null) return queue;
  return { ...queue, unconfirmed: null, waiting: [unconfirmed, ...waiting] };
}

/** Without an import that waits, runs or waits for its confirmation. */
export function without(queue: ImportQueue, id: string): ImportQueue {
  return {
    ...queue,
    waiting: queue.waiting.filter((turn) => turn.id !== id),
    running: queue.running?.id === id ? null : queue.running,
    unconfirmed: queue.unconfirmed?.id === id ? null : queue.unconfirmed,
  };
}

/** Whether a worker has anything to do. */
export function hasWork({ waiting, running }: ImportQueue): boolean {
  return running !== null || waiting.length > 0;
}

/** Small imports go before large ones, between tenants. */
export function priorityOf({ waiting, running }: ImportQueue): number {
  return (running ?? waiting[0])?.isLarge === true ? 1 : 0;
}
