import { decodeMark, encodeMark, MARK_BYTES } from '../position.js';
import type { ChangedTenants, Position } from '../store.js';
import type { Collections } from './collections.js';

const CHANGES = 'changes';
/** Who is further behind is told of every tenant. */
const REMEMBERED = 1_000;

/** The one document that tells who changed: how often anyone did, and who the last ones were. */
interface ChangeRecord {
  sequence: number;
  recent: string[];
}

/** Tells of changed tenants. One announcement at a time; those that come meanwhile share the next. */
export class Announcer {
  private waiting = new Set<string>();
  private next: Promise<void> | undefined;
  private last: Promise<void> = Promise.resolve();

  constructor(private readonly collections: Pick<Collections, 'meta'>) {}

  /** A tenant whose announcement fails is told of with the next one. */
  async announce(tenant: string): Promise<void> {
    this.waiting.add(tenant);
    this.next ??= this.last.then(() => this.send());
    await this.next;
  }

  private async send(): Promise<void> {
    const tenants = [...this.waiting];
    const sending = this.collections.meta.updateOne(
      { _id: CHANGES },
      {
        $inc: { sequence: tenants.length },
        $push: { recent: { $each: tenants, $slice: -REMEMBERED } },
      } as object,
      { upsert: true },
    );
    this.waiting = new Set();
    this.last = sending.then(
      () => undefined,
      () => undefined,
    );
    this.next = undefined;
    try {
      await sending;
    } catch (error) {
      for (const tenant of tenants) this.waiting.add(tenant);
      throw error;
    }
  }
}

/**
 * Tenants by their latest change. A position is a number of changes, or, while everything is told,
 * that and the last tenant told.
 */
export async function readChanges(
  { meta }: Collections,
  after: Position | undefined,
  limit: number,
  listTenants: (after: string | undefined, limit: number) => Promise<string[]>,
): Promise<ChangedTenants> {
  const place = after === undefined ? undefined : decodePlace(after);
  // Nothing crosses the wire when nothing changed.
  const filter =
    place?.name === undefined && place !== undefined
      ? { _id: CHANGES, sequence: { $ne: place.number } }
      : { _id: CHANGES };
  const record = (await meta.findOne(filter)) as unknown as ChangeRecord | null;
  if (record === null && place !== undefined && after !== undefined && place.name === undefined) {
    return { tenants: [], position: after, atEnd: true };
  }
  const { sequence, recent } = record ?? { sequence: 0, recent: [] };
  const behind = sequence - (place?.number ?? -Infinity);
  if (place !== undefined && place.name === undefined && behind >= 0 && behind <= recent.length) {
    return latest(recent.slice(recent.length - behind), place.number, limit);
  }
  const whole = place?.name === undefined ? { number: sequence, name: undefined } : place;
  const tenants = await listTenants(whole.name, limit);
  const atEnd = tenants.length < limit;
  const position = encodePlace(whole.number, atEnd ? undefined : tenants.at(-1));
  return { tenants, position, atEnd: atEnd && whole.number === sequence };
}

/** The first `limit` of what followed `number`, each tenant once. */
function latest(changed: readonly string[], number: number, limit: number): ChangedTenants {
  const taken = changed.slice(0, limit);
  const tenants = [...new Set(taken)];
  const position = encodePlace(number + taken.length, undefined);
  return { tenants, position, atEnd: taken.length === changed.length };
}

interface Place {
  number: number;
  /** The last tenant told. */
  name: string | undefined;
}

function encodePlace(number: number, name: string | undefined): Position {
  return Buffer.concat([encodeMark(number), Buffer.from(name ?? '')]);
}

function decodePlace(position: Position): Place | undefined {
  const bytes = Buffer.from(position);
  const number = decodeMark(bytes.subarray(0, MARK_BYTES));
  if (number === undefined) return undefined;
  const name = bytes.toString('utf8', MARK_BYTES);
  return { number, name: name === '' ? undefined : name };
}
