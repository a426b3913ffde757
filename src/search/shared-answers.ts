import type { JsonObject } from '../core/product.js';
import { sharedJson, type SharedValues } from '../core/shared-values.js';
import type { HitScores } from '../query/leaf-result.js';
import { Hit, type HitExtras, type SearchReply } from './search-types.js';

/** Larger ones take longer to read out than they spare. */
const MAX_BYTES = 64 * 1024;

/** An answer, and of what it is one. */
export interface SharedAnswer {
  /** As long as that is the same, so is the answer. */
  state: string;
  reply: SearchReply;
  /** What its caller was charged. */
  bytes: number;
}

/** Answers that query nodes share: each is of one state of the catalogue, by name, and of no other. */
export class SharedAnswers {
  constructor(private readonly values: SharedValues) {}

  /** The answer to the request with this key, of this state. */
  async get(key: string, state: string): Promise<SharedAnswer | undefined> {
    const stored = await sharedJson(this.values, key);
    const answer = stored as unknown as StoredAnswer | undefined;
    if (answer?.state !== state) return undefined;
    const hits = answer.hits.map(revived);
    const reply = { ...answer.reply, hits } as unknown as SearchReply;
    return { state, reply, bytes: answer.bytes };
  }

  set(key: string, { state, reply, bytes }: SharedAnswer): void {
    const { hits, ...others } = reply;
    const stored = { state, bytes, hits: hits.map(written), reply: others };
    const text = Buffer.from(JSON.stringify(stored));
    if (text.length <= MAX_BYTES) this.values.set(key, text);
  }
}

interface StoredAnswer {
  state: string;
  bytes: number;
  hits: StoredHit[];
  reply: JsonObject;
}

/** A product's JSON is kept as its text: nobody has to read it on its way. */
interface StoredHit {
  id: string;
  score: number;
  json: string;
  scores?: HitScores;
  extras?: Omit<HitExtras, 'group'> & { group?: StoredGroup };
}

type StoredGroup = Omit<NonNullable<HitExtras['group']>, 'hits'> & { hits: StoredHit[] };

function written({ id, score, json, scores, extras }: Hit): StoredHit {
  const { group, ...others } = extras ?? {};
  return {
    ...{ id, score, json: json.toString() },
    ...(scores && { scores }),
    ...(extras && {
      extras: { ...others, ...(group && { group: { ...group, hits: group.hits.map(written) } }) },
    }),
  };
}

function revived({ id, score, json, scores, extras }: StoredHit): Hit {
  if (extras === undefined) return new Hit(id, score, json, scores);
  const { group, ...others } = extras;
  const revivedGroup = group && { group: { ...group, hits: group.hits.map(revived) } };
  return new Hit(id, score, json, scores, { ...others, ...revivedGroup });
}
