import { boundedCache } from '../core/bounded-cache.js';
import { abortSignalOf, type CancelSignal } from '../core/cancellation.js';
import { digest } from '../core/ids.js';
import { invalidField, OmniError } from '../core/errors.js';
import type { Deadline } from '../core/deadline.js';
import { vectorBytes } from '../query/leaf-query.js';
import type { UntilSearchable } from '../placement/until-searchable.js';
import { decodeMark } from '../store/position.js';
import type { Store } from '../store/store.js';
import { CursorKey } from './cursor-key.js';
import {
  expired,
  openCursor,
  sealCursor,
  type OpenWalk,
  type Walk,
  type WalkPlace,
} from './cursor.js';
import type { Asked } from './asked.js';
import type { ChosenSet } from './choose-set.js';
import { readInTime } from './failures.js';
import { checkLimits, searchesExcluded } from './narrowed-request.js';
import type { ReadWords } from './read-words.js';
import type { SearchRun } from './search-run.js';
import { rulesVersion, type Shaping } from './shape.js';
import { hashList } from './walk-window.js';
import { PLAIN_SHOP, PLAIN_TEXT, type MissingPart, type SearchRequest } from './search-types.js';

/** Of a request's time, the part in which shards may catch up before a walk begins. */
const CATCH_UP_SHARE = 0.3;
const MAX_KEPT = 10_000;
/** What a request has in place of a cursor when a walk begins. */
const START: readonly (string | undefined)[] = [undefined, '', '*'];

export interface WalkDeps {
  store: Pick<Store, 'head' | 'records'>;
  searchable: Pick<UntilSearchable, 'awaitApplied'>;
}

/** Begins walks, and tells where they stand in signed cursors. */
export class Walks {
  private readonly key: CursorKey;
  /** By tenant, up to which version all its shards have everything: nobody has to be asked again. */
  private readonly applied = boundedCache<number>({ max: MAX_KEPT });

  constructor(private readonly deps: WalkDeps) {
    this.key = new CursorKey(deps.store.records);
  }

  /** Undefined where no cursor is asked for. Throws `invalid_field` for one that does not fit. */
  async open(
    request: SearchRequest,
    shaping: Shaping,
    deadline: Deadline,
    signal: CancelSignal,
  ): Promise<OpenWalk | undefined> {
    const { cursor, wantsCursor, group } = request.shop ?? PLAIN_SHOP;
    if (cursor === undefined && !wantsCursor) return undefined;
    if (group !== undefined) throw invalidField('cursor', 'does not go with group_by: ask by page');
    if (START.includes(cursor)) return this.begin(request.tenant, deadline, signal);
    const { tenant } = request;
    const key = await readInTime(this.key.get(), deadline, 'the key of cursors');
    const of = { tenant, request: requestDigest(request), nowMs: Date.now() };
    const at = openCursor(cursor as string, key, of);
    if (at.rules !== rulesOf(shaping)) throw expired();
    checkLimits(request, at.given ?? 0);
    return { until: at.until, at, missing: [] };
  }

  /**
   * The token of a walk that goes on at `place`, behind so many `hits` of this page; undefined where none was
   * asked for, or may be given.
   */
  async seal(
    run: SearchRun,
    asked: Asked,
    chosen: ChosenSet | undefined,
    { window, after }: WalkPlace,
    hits: number,
  ): Promise<string | undefined> {
    const { request, shaping, walk, deadline } = run;
    if (walk === undefined) return undefined;
    // It can be read: of words that stand in hidden fields nothing may be in it.
    if (asked.text !== undefined && searchesExcluded(request, asked.text.settings.text))
      return undefined;
    const key = await readInTime(this.key.get(), deadline, 'the key of cursors');
    const { text, price } = asked;
    const next: Walk = {
      tenant: request.tenant,
      request: requestDigest(request),
      rules: rulesOf(shaping),
      generation: text?.settings.text.generation ?? 0,
      until: walk.until,
      given: (walk.at?.given ?? 0) + hits,
      ...{ window: hashList(window), issuedAtMs: Date.now() },
      ...(after === undefined ? {} : { after }),
      ...(text === undefined ? {} : { text: textOf(text.read) }),
      ...(chosen === undefined ? {} : { set: setOf(chosen) }),
      ...(price === undefined ? {} : { price }),
    };
    return sealCursor(next, key);
  }

  /**
   * Rows up to the tenant's latest version are the walk's: once all shards have them, what is not changed
   * later is there all along, and what is changed has a later version, in both kinds of store.
   */
  private async begin(tenant: string, deadline: Deadline, signal: CancelSignal): Promise<OpenWalk> {
    const mark = await readInTime(this.deps.store.head(tenant), deadline, 'the feed');
    const until = decodeMark(mark);
    if (until === undefined) throw new OmniError('internal', 'a mark that says no version');
    if (this.applied.get(tenant) === until) return { until, at: undefined, missing: [] };
    const patienceMs = deadline.remainingMs() * CATCH_UP_SHARE;
    const stop = abortSignalOf(signal);
    const lagging = await this.deps.searchable.awaitApplied(tenant, mark, patienceMs, stop);
    const missing = lagging.map((shard): MissingPart => {
      return { part: 'shard', shard, reason: 'stale_index' };
    });
    if (missing.length === 0) this.applied.set(tenant, until);
    return { until, at: undefined, missing };
  }
}

/** A rule's time may begin or end while somebody walks on. */
function rulesOf(shaping: Shaping): string {
  return digest(rulesVersion(shaping), ...shaping.rules);
}

function textOf({ words, embedded }: ReadWords): NonNullable<Walk['text']> {
  return {
    ...(words === undefined ? {} : { words }),
    ...(embedded === undefined ? {} : { embedded }),
  };
}

function setOf({ required, nearest, isNamed }: ChosenSet): NonNullable<Walk['set']> {
  return { required, nearest: Buffer.from(nearest).toString('base64'), isNamed };
}

/** Of all that decides the set and its order, what the key leaves of them included. */
function requestDigest(request: SearchRequest): string {
  const { query, text = PLAIN_TEXT, filter, priceList, exact, shop, narrowing } = request;
  const { sort, pinned, hidden, boosts, diversify, tags, rules } = shop ?? PLAIN_SHOP;
  const { mode, prefix, understand } = text;
  const asked =
    query instanceof Float32Array ? Buffer.from(vectorBytes(query)).toString('base64') : query;
  // Absent, it leaves the digest of a request as it was before there were lists.
  const shaped = { priceList, sort, pinned, hidden, boosts, diversify, tags, rules };
  const of = [asked, mode, prefix, understand, filter, exact, shaped];
  return digest(JSON.stringify(narrowing === undefined ? of : [...of, narrowing.version]));
}
