import { OmniError } from '../core/errors.js';
import { digest } from '../core/ids.js';
import type { JsonObject } from '../core/product.js';
import type { RecordStore } from '../store/record-store.js';
import type { AuditLog } from './audit-log.js';
import {
  COPIES_ID,
  HANDOVER_ID,
  HANDOVER_KIND,
  handoverOf,
  handoverValue,
  type Handover,
} from './handover.js';
import type { HandoverWatch } from './handover-watch.js';
import { DEFAULT_TENANT } from './tenant-directory.js';

interface Deps {
  records: RecordStore;
  audit: Pick<AuditLog, 'note'>;
  watch: Pick<HandoverWatch, 'look'>;
}

/** The record of a handover, as the command that walks through it reads and writes it. */
export class HandoverDesk {
  constructor(private readonly deps: Deps) {}

  /** Revision 0: there is none. */
  async get(): Promise<{ handover: Handover | undefined; revision: number }> {
    const stored = await this.deps.records.get(HANDOVER_KIND, HANDOVER_ID);
    return {
      handover: stored && handoverOf(stored.value),
      revision: stored?.revision ?? 0,
    };
  }

  /**
   * Replaces the record as of `revision`, or removes it; other nodes go by it within half a second. Rejects `conflict`
   * where another has changed it since.
   */
  async put(next: Handover | undefined, revision: number, by: string | null): Promise<number> {
    const { records, audit, watch } = this.deps;
    const { handover: before, revision: last } = await this.get();
    if (last !== revision) throw changed();
    if (isAnother(before, next)) {
      const bodies = { before: before && shown(before), after: next && shown(next) };
      await audit.note(DEFAULT_TENANT, { by, kind: 'handover', target: HANDOVER_ID, ...bodies });
    }
    if (next === undefined && before?.side === 'new') await this.noteCopies(before);
    const isDone =
      next === undefined
        ? revision === 0 || (await records.remove(HANDOVER_KIND, HANDOVER_ID, revision))
        : await records.put(HANDOVER_KIND, HANDOVER_ID, handoverValue(next), revision);
    if (!isDone) throw changed();
    await watch.look();
    return next === undefined ? 0 : revision + 1;
  }

  /** Before the record goes: what it was filled with is its own by now, or is the other one's. */
  private async noteCopies({ writes }: Handover): Promise<void> {
    const { records } = this.deps;
    const { revision = 0 } = (await records.get(HANDOVER_KIND, COPIES_ID)) ?? {};
    if (writes !== 'here') await records.put(HANDOVER_KIND, COPIES_ID, {}, revision);
    else if (revision > 0) await records.remove(HANDOVER_KIND, COPIES_ID, revision);
  }

  /** Whether it is the command that may fill this installation now. */
  async isFilledBy(walker: string | undefined): Promise<boolean> {
    const { handover } = await this.get();
    return handover !== undefined && handover.writes !== 'here' && handover.walker === walker;
  }
}

/** With a digest in place of what only the command knows. */
export function shown({ walker, ...rest }: Handover): JsonObject {
  return { ...rest, walker: digest(walker) };
}

/** Beats alone are not worth a line in the audit. */
function isAnother(before: Handover | undefined, after: Handover | undefined): boolean {
  const told = (one: Handover | undefined) =>
    one && JSON.stringify([one.writes, one.reads, one.peer, one.walk]);
  return told(before) !== told(after);
}

function changed(): OmniError {
  return new OmniError('conflict', 'another has changed it since', { field: 'revision' });
}
