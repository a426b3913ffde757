import type { Dedicated } from '../placement/dedicate.js';
import { changeRecord } from '../store/change-record.js';
import type { RecordStore } from '../store/record-store.js';
import { KeptView } from './kept-view.js';

/** One record of all nodes: no two tenants can be given the same. */
const KIND = 'dedicated nodes';
const ID = 'all';
const MAX_ATTEMPTS = 10;

export interface Dedication extends Dedicated {
  /** Tenants that have no node of their own any more, and are to be spread over those of all. */
  freed: readonly string[];
}

/** As it is stored. */
interface Value {
  owners: Record<string, string>;
  missing: Record<string, number>;
  freed: string[];
}

/** Which nodes are one tenant's alone, and who waits for some. Each process's view is a second old at most. */
export class DedicatedNodes {
  private readonly kept: KeptView<Dedication>;

  constructor(
    private readonly records: RecordStore,
    now?: () => number,
  ) {
    this.kept = new KeptView(async () => read((await records.get(KIND, ID))?.value), now);
  }

  all(): Promise<Dedication> {
    return this.kept.get();
  }

  /** A tenant's own nodes, and how many it still lacks. */
  async of(tenant: string): Promise<{ nodes: string[]; missing: number }> {
    const { owners, missing } = await this.all();
    const nodes = [...owners].flatMap(([node, owner]) => (owner === tenant ? [node] : []));
    return { nodes: nodes.sort(), missing: missing.get(tenant) ?? 0 };
  }

  /** Gives and takes nodes. Who had some and has none is freed. */
  async assign(to: (now: Dedication) => Dedicated): Promise<Dedication> {
    return this.change((now) => {
      const { owners, missing } = to(now);
      const having = new Set(owners.values());
      const before = [...now.freed, ...now.owners.values()];
      return { owners, missing, freed: [...new Set(before)].filter((each) => !having.has(each)) };
    });
  }

  /** A freed tenant is spread. */
  async spread(tenant: string): Promise<void> {
    await this.change((now) => ({ ...now, freed: now.freed.filter((each) => each !== tenant) }));
  }

  private async change(to: (now: Dedication) => Dedication): Promise<Dedication> {
    const at = { kind: KIND, id: ID, what: 'whose nodes are whose', attempts: MAX_ATTEMPTS };
    await changeRecord(this.records, at, (stored) => {
      const next = valueOf(to(read(stored?.value)));
      const isSame = JSON.stringify(next) === JSON.stringify(valueOf(read(stored?.value)));
      return isSame ? undefined : { ...next };
    });
    return this.kept.refresh();
  }
}

function read(value: object | undefined): Dedication {
  const { owners = {}, missing = {}, freed = [] } = (value ?? {}) as Partial<Value>;
  const maps = {
    owners: new Map(Object.entries(owners)),
    missing: new Map(Object.entries(missing)),
  };
  return { ...maps, freed };
}

/** In one order, whatever it was made in. */
function valueOf({ owners, missing, freed }: Dedication): Value {
  const sorted = <T>(map: ReadonlyMap<string, T>): Record<string, T> =>
    Object.fromEntries([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
  return { owners: sorted(owners), missing: sorted(missing), freed: [...freed].sort() };
}
