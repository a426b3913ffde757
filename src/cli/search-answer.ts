/** What the tables need of a search reply. */
export interface SearchAnswer {
  hits: {
    id: string;
    score: number;
    product: Record<string, unknown>;
    scores?: { text: number; vector: number; type: number; exact: number };
    explain?: HitExplanation;
  }[];
  rewritten?: { from: string; to: string } | null;
  did_you_mean?: string[];
  understood?: { text: string; filter?: object; sort?: unknown }[];
  explain?: ReadText;
  took_ms: number;
  timings_ms: { embed: number; search: number; join: number };
  embedding?: string;
  partial: {
    missing: { part: string; shard?: string; category?: string; reason: string }[];
  } | null;
}

/** Why a hit is where it is, as the reply says it. */
interface HitExplanation {
  matched: {
    /** As typed in the query. */
    text: string;
    /** Of the product. */
    word: string;
    weight: number;
    /** 1 to 255. */
    impact: number;
    /** What it adds to `scores.text`. */
    part: number;
    fields: string[];
  }[];
  /** What the cosine adds to the score. */
  vector_part: number;
}

/** How the text was read, as the reply says it. */
export interface ReadText {
  words?: {
    text: string;
    word: string;
    df: number;
    idf: number;
    known: boolean;
    alternatives: { words: string[]; weight: number; why: string }[];
  }[];
  /** Null: nothing was, by `mode` or because no word of the text is known. */
  embedded?: string | null;
}
