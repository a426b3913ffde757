import { isDeepStrictEqual } from 'node:util';
import { changeRecord } from '../../store/change-record.js';
import { TOLD_KINDS, type RecordState, type ToldKind } from '../../store/copies.js';
import type { RecordStore } from '../../store/record-store.js';
import type { Primary } from './primary.js';

const MAX_ATTEMPTS = 6;
/** Says that a tenant's rules changed by being put again, whatever it has. */
const TALLY_KIND: ToldKind = 'merchandising';
const LISTED_AT_ONCE = 200;

/** Has records be what the primary's are. What is applied again changes nothing. */
export class RecordFollower {
  constructor(
    private readonly records: RecordStore,
    private readonly primary: Pick<Primary, 'records'>,
  ) {}

  /** In the order in which they changed. */
  async apply(changes: readonly RecordState[]): Promise<void> {
    for (const change of changes) await this.put(change, change.kind === TALLY_KIND);
  }

  /** All records of all kinds; those that the primary does not have go. Tallies last: they tell of rules. */
  async compare(signal: AbortSignal): Promise<void> {
    let changed = 0;
    const kinds = TOLD_KINDS.filter((kind) => kind !== TALLY_KIND);
    for (const kind of kinds) changed += await this.compareKind(kind, false, signal);
    await this.compareKind(TALLY_KIND, changed > 0, signal);
  }

  private async compareKind(kind: ToldKind, isTold: boolean, signal: AbortSignal): Promise<number> {
    let changed = 0;
    for (let after: string | undefined, atEnd = false; !atEnd;) {
      const page = await this.primary.records(kind, after, signal);
      atEnd = page.at_end;
      const next = page.records.at(-1)?.id;
      changed += await this.removeOthers(kind, after, atEnd ? undefined : next, page.records);
      for (const record of page.records) changed += Number(await this.put(record, isTold));
      after = next;
    }
    return changed;
  }

  /** Removes what is here behind `after` up to `until` (undefined: the end) and not among `there`. */
  private async removeOthers(
    kind: ToldKind,
    after: string | undefined,
    until: string | undefined,
    there: readonly RecordState[],
  ): Promise<number> {
    const ids = new Set(there.map(({ id }) => id));
    let removed = 0;
    for (let from = after; ;) {
      const found = await this.records.ids(kind, from, LISTED_AT_ONCE, until);
      for (const id of found) {
        if (ids.has(id)) continue;
        await this.put({ kind, id, value: null }, false);
        removed += 1;
      }
      from = found.at(-1);
      if (found.length < LISTED_AT_ONCE) return removed;
    }
  }

  /** Whether it was another. @param isAlways it is put also where it is the same */
  private async put({ kind, id, value }: RecordState, isAlways: boolean): Promise<boolean> {
    const at = { kind, id, what: `the record ${kind} ${id}`, attempts: MAX_ATTEMPTS };
    const { after } = await changeRecord(this.records, at, (stored) => {
      if (value === null) return stored === undefined ? undefined : 'gone';
      return !isAlways && isDeepStrictEqual(stored?.value, value) ? undefined : value;
    });
    return after !== undefined;
  }
}
