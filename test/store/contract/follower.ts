import type { FeedEntry, Position, StoreReader, WriteMark } from '../../../src/store/store.js';
import { eventually } from './fixture.js';

/** More than any test writes: a follower that rebuilds for ever is to fail, not to hang. */
const MAX_PAGES = 1000;

/** A follower as a shard is one: it holds what it wants of a tenant, and knows only the feed. */
export class Follower {
  position: Position | undefined;
  /** Id to version. */
  readonly held = new Map<string, number>();
  rebuilds = 0;

  constructor(
    private readonly reader: Pick<StoreReader, 'readFeed' | 'covers'>,
    private readonly tenant: string,
    private readonly wants: (entry: FeedEntry) => boolean = () => true,
  ) {}

  /** Reads one page. True when the page was the last. */
  async readPage(limit: number): Promise<boolean> {
    const page = await this.reader.readFeed(this.tenant, this.position, limit);
    if (page.expired) {
      this.held.clear();
      this.position = undefined;
      this.rebuilds += 1;
      return false;
    }
    for (const entry of page.entries) {
      this.held.delete(entry.id);
      if (!entry.deleted && this.wants(entry)) this.held.set(entry.id, entry.version);
    }
    this.position = page.position;
    return page.atEnd;
  }

  /** Reads until everything behind `mark` is in. */
  async catchUp(mark: WriteMark, limit = 100): Promise<void> {
    await eventually('the follower covers the mark', async () => {
      for (let pages = 0; pages < MAX_PAGES && !(await this.readPage(limit)); pages++);
      return this.reader.covers(this.position, mark);
    });
  }

  ids(): string[] {
    return [...this.held.keys()].sort();
  }
}

/** Id to version of the live ones among `ids`, as the store has them. */
export async function liveVersions(
  reader: StoreReader,
  tenant: string,
  ids: readonly string[],
): Promise<Map<string, number>> {
  const documents = await reader.documents(tenant, ids);
  const live = new Map<string, number>();
  for (const [i, id] of ids.entries()) {
    const document = documents[i];
    if (document !== undefined) live.set(id, document.version);
  }
  return live;
}
