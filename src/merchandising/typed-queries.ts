import { intentText } from './query-id.js';

/** One answered search. */
export interface AnsweredQuery {
  /** As typed. */
  text: string;
  /** Products found. */
  total: number;
  /** Its last word may still be typed. */
  isTyping: boolean;
}

interface Typed extends AnsweredQuery {
  intent: string;
  atMs: number;
}

/** What is typed on within so long was not meant yet. */
const TYPING_PAUSE_MS = 2_500;
/** The same for a search that does not say that it is one while typing. */
const SEARCH_PAUSE_MS = 1_000;
const MOST_OPEN = 500;

/**
 * Tells what a tenant's shoppers meant from what they typed on the way: `w`, `wi`, … `wireless mouse` is one
 * query. A text is settled once nobody has gone on typing it for a moment.
 */
export class TypedQueries {
  private open: Typed[] = [];

  constructor(private readonly settled: (query: AnsweredQuery) => void) {}

  get size(): number {
    return this.open.length;
  }

  add(query: AnsweredQuery, nowMs: number): void {
    this.settle(nowMs);
    const intent = intentText(query.text);
    // The latest that this one continues, takes letters away from, or repeats.
    const at = query.isTyping
      ? this.open.findLastIndex((typed) => isOnTheWay(intent, typed.intent))
      : this.open.findLastIndex((typed) => intent.startsWith(typed.intent));
    if (at !== -1) this.open.splice(at, 1);
    this.open.push({ ...query, intent, atMs: nowMs });
    if (this.open.length > MOST_OPEN) this.settleOne(this.open.shift() as Typed);
  }

  /** Somebody went on with what was found: that text was meant. */
  meant(text: string): void {
    const intent = intentText(text);
    const at = this.open.findIndex((typed) => typed.intent === intent);
    if (at !== -1) this.settleOne(this.open.splice(at, 1)[0] as Typed);
  }

  /** Settles those that nobody goes on with any more; all of them at `Infinity`. */
  settle(nowMs: number): void {
    // In the order in which they came: those behind the first that is too young are younger.
    const young = this.open.findIndex(({ atMs }) => nowMs - atMs < SEARCH_PAUSE_MS);
    const old = this.open.slice(0, young === -1 ? undefined : young);
    if (old.length === 0) return;
    const isDone = ({ isTyping, atMs }: Typed): boolean =>
      nowMs - atMs >= (isTyping ? TYPING_PAUSE_MS : SEARCH_PAUSE_MS);
    const left = old.filter((typed) => !isDone(typed));
    if (left.length === old.length) return;
    this.open.splice(0, old.length, ...left);
    for (const typed of old) if (isDone(typed)) this.settleOne(typed);
  }

  /** Those that are not settled yet, as if they were. */
  *pending(): Generator<AnsweredQuery> {
    yield* this.open;
  }

  private settleOne({ text, total, isTyping }: Typed): void {
    this.settled({ text, total, isTyping });
  }
}

/** Whether one of them is how the other begins. */
function isOnTheWay(a: string, b: string): boolean {
  return a.startsWith(b) || b.startsWith(a);
}
