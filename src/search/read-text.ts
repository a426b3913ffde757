import type { ModelIdentity } from '../core/product.js';
import type { Encoder } from '../embedding/encoder.js';
import { categoriesOf } from '../filter/analyse.js';
import type { PlacementCache } from '../placement/placement-cache.js';
import type { TenantDirectory } from '../tenancy/tenant-directory.js';
import { askedByText, type Asked } from './asked.js';
import type { WordCounter } from './count-words.js';
import { expired } from './cursor.js';
import { readInTime } from './failures.js';
import { seenFilter } from './narrowed-request.js';
import { readWords, wordsOfWalk } from './read-words.js';
import type { Group } from './together.js';
import { understandQuery } from './understand-query.js';
import { explainedSlot } from './word-slots.js';

export interface TextDeps {
  tenants: Pick<TenantDirectory, 'settings'>;
  placements: PlacementCache;
  encoder: Encoder | undefined;
  model: ModelIdentity;
  counter: WordCounter;
  /** See `WordReading`. */
  mayRely: boolean;
}

/** The first steps of searches by one text: it is understood, and its words are counted and mended. */
export async function readText(
  query: string,
  group: Group,
  { tenants, placements, encoder, model, counter, mayRely }: TextDeps,
): Promise<Asked> {
  const [lead] = group;
  const { request, deadline, clock, explainer, walk } = lead;
  const settings = await readInTime(tenants.settings(request.tenant), deadline, 'the tenant');
  const startedMs = performance.now();
  const understood = understandQuery(query, request, settings);
  const begun = walk?.at;
  if (begun !== undefined) {
    if (begun.generation !== settings.text.generation) throw expired();
    return askedByText(lead, understood, wordsOfWalk(begun.text ?? {}), settings, mayRely);
  }
  const placement = await readInTime(placements.get(request.tenant), deadline, 'the placement');
  const where = { placement, categories: categoriesOfGroup(group), mayRely };
  const { synonyms } = lead.shaping.book ?? {};
  const reading = { settings, counter, synonyms, encoder, model: model.fingerprint, ...where };
  const words = await readWords(query, understood, reading, lead);
  clock.spent('words', startedMs);
  explainer?.read(words.slots.map(explainedSlot), words.embedded);
  return askedByText(lead, understood, words, settings, mayRely);
}

/** Where the searches look; undefined: everywhere. */
function categoriesOfGroup(group: Group): readonly string[] | undefined {
  const all = new Set<string>();
  for (const { request } of group) {
    const categories = categoriesOf(seenFilter(request, request.filter));
    if (categories === undefined) return undefined;
    for (const category of categories) all.add(category);
  }
  return [...all];
}
