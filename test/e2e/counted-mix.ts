/** What a search is by, as metrics name it. */
type Mode = 'text' | 'keyword' | 'meaning' | 'vector' | 'similar' | 'browse' | 'unread';

/** One request, and what each search of it is by; `unread`: it is sent so that it cannot be read. */
export interface Sent {
  path: string;
  tenant?: string;
  body: string;
  modes: readonly Mode[];
}

export interface Seen {
  status: number;
  json: Record<string, unknown>;
  seconds: number;
}

const DIMENSIONS = 256;
const SINGLE: readonly (readonly [path: string, mode: Mode, body: object])[] = [
  ['/search/text', 'text', { query: 'red shoe' }],
  ['/search/text', 'keyword', { query: 'shoe', mode: 'keyword' }],
  ['/search/text', 'meaning', { query: 'footwear', mode: 'vector' }],
  ['/search/vector', 'vector', { vector: vectorOf(1) }],
  ['/search/similar', 'similar', { id: 'p7' }],
  ['/search/text', 'browse', { browse: true, top_k: 3 }],
];
/** What cannot be read, or is not there. */
const BAD: readonly (readonly [path: string, body: unknown, tenant?: string])[] = [
  ['/search/text', { query: '' }],
  ['/search/text', { query: 'x', nonsense: 1 }],
  ['/search/text', '{broken'],
  ['/search/text', { query: 'x' }, 'nobody'],
  ['/search/vector', { vector: [1, 2] }],
];

/** A request for each of `count` turns, the same for the same seed. `gaps`: such as need all shards, or take what there is. */
export function mixOf(count: number, seed: number, kind: 'all' | 'gaps' = 'all'): Sent[] {
  const random = randomOf(seed);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  const single = (more: object = {}): Sent => {
    const [path, mode, body] = pick(SINGLE);
    // Told apart, so that few answers are kept ones.
    const own = 'query' in body ? { query: `${String(body.query)} ${pick(WORDS)}` } : {};
    return { path, modes: [mode], body: JSON.stringify({ ...body, ...own, ...more }) };
  };
  const bad = (): Sent => {
    const [path, body, tenant] = pick(BAD);
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return { path, body: text, modes: ['unread'], ...(tenant === undefined ? {} : { tenant }) };
  };
  return Array.from({ length: count }, (_, i): Sent => {
    if (kind === 'gaps')
      return single({ timeout_ms: 400, ...(i % 2 ? { min_coverage: 100 } : {}) });
    const turn = random();
    if (turn < 0.2) return bad();
    if (turn < 0.3) return { ...single(), tenant: 'limited' };
    if (turn < 0.5)
      return batchOf(Array.from({ length: 1 + Math.floor(random() * 4) }, single), random);
    return single();
  });
}

/** Those of `parts` that a batch takes, and now and then one that is none. */
function batchOf(parts: readonly Sent[], random: () => number): Sent {
  const searches = parts.filter(({ path }) => path !== '/search/similar');
  const entries: unknown[] = searches.map(({ body }) => JSON.parse(body) as unknown);
  const modes = searches.flatMap((each) => each.modes);
  if (random() < 0.3 || entries.length === 0) {
    entries.push({ query: '' });
    modes.push('unread');
  }
  return { path: '/search/batch', modes, body: JSON.stringify({ searches: entries }) };
}

export async function send(url: string, { path, tenant, body }: Sent): Promise<Seen> {
  const startedMs = performance.now();
  const headers = {
    'content-type': 'application/json',
    ...(tenant === undefined ? {} : { 'x-omnisearch-tenant': tenant }),
  };
  const answer = await fetch(url + path, { method: 'POST', body, headers });
  const json = (await answer.json()) as Record<string, unknown>;
  return { status: answer.status, json, seconds: (performance.now() - startedMs) / 1_000 };
}

/** What a client makes of its answers, in the terms of the metrics. */
export class ClientCounts {
  /** By mode and outcome. */
  readonly outcomes = new Map<string, number>();
  readonly errors = new Map<string, number>();
  readonly rejections = new Map<string, number>();
  readonly refusals = new Map<string, number>();
  readonly gaps = new Map<string, number>();
  readonly kinds = new Set<string>();
  /** All but rejected ones. */
  searches = 0;
  refused = 0;
  /** Requests that were answered with 200. */
  answered = 0;
  limitedRequests = 0;
  /** Of each search, as long as its request. */
  waitedSeconds = 0;
  /** What no client should see. */
  readonly problems: string[] = [];

  saw({ path, modes, body }: Sent, { status, json, seconds }: Seen): void {
    this.waitedSeconds += seconds * modes.length;
    if (status === 200) this.answered += 1;
    if (status === 429) this.limitedRequests += 1;
    if (status === 200 && path === '/search/batch') {
      const results = json['results'] as Record<string, unknown>[];
      results.forEach((result, i) => this.result(modes[i] ?? 'unread', result));
    } else if (status === 200) this.result(modes[0] ?? 'unread', json);
    else {
      // Of a batch that is answered as a whole those that could be read.
      const read = modes.filter((mode) => mode !== 'unread');
      const counted = path === '/search/batch' && read.length > 0 ? read : modes.slice(0, 1);
      if (status === 500) this.problems.push(`${path} ${body}: ${JSON.stringify(json)}`);
      for (const mode of counted) this.failure(mode, codeOf(json));
    }
  }

  private result(mode: Mode, json: Record<string, unknown>): void {
    if ('error' in json) {
      this.failure(mode, codeOf(json));
      return;
    }
    const partial = json['partial'] as { missing: { reason: string }[] } | null;
    for (const reason of new Set(partial?.missing.map((part) => part.reason) ?? [])) {
      add(this.gaps, reason);
    }
    this.ended(mode, partial === null ? 'ok' : 'partial');
  }

  private failure(mode: Mode, code: string): void {
    if (code === 'rate_limited' || code === 'overloaded') {
      add(this.refusals, code);
      if (code === 'overloaded') add(this.errors, code);
      this.refused += 1;
      this.ended(mode, 'refused');
    } else if (['unavailable', 'deadline_exceeded', 'internal'].includes(code)) {
      add(this.errors, code);
      this.ended(mode, 'failed');
    } else {
      this.kinds.add('rejected');
      add(this.rejections, code);
    }
  }

  private ended(mode: Mode, outcome: string): void {
    this.kinds.add(outcome);
    this.searches += 1;
    add(this.outcomes, `${mode} ${outcome}`);
  }
}

const WORDS = ['one', 'two', 'three', 'large', 'small', 'blue', 'number', 'sole', 'lace', 'heel'];

function codeOf(json: Record<string, unknown>): string {
  return (json['error'] as { code: string }).code;
}

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function vectorOf(seed: number): number[] {
  const random = randomOf(seed);
  const values = Array.from({ length: DIMENSIONS }, () => random() - 0.5);
  const length = Math.hypot(...values);
  return values.map((value) => value / length);
}

/** Mulberry32. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
