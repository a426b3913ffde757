import type { Choice } from '../query/result-set.js';
import type { AskedShards } from './ask-shards.js';
import type { Asked } from './asked.js';
import { choiceOf, decide, type ChosenSet } from './choose-set.js';
import { noAnswer } from './failures.js';
import type { FanOutResult } from './fan-out.js';
import { KeptChoices, type ChoiceScope } from './kept-choices.js';
import type { SearchRun } from './search-run.js';
import { rulesVersion } from './shape.js';
import { PLAIN_TEXT, type MissingPart } from './search-types.js';

/** What products a search is of. */
export type SetOf =
  /** All that match the filter: it has no text, or asks for its meaning alone. */
  | { kind: 'all' }
  | { kind: 'chosen'; chosen: ChosenSet; missing: readonly MissingPart[] }
  /** The only shard that there is chooses as it searches. */
  | { kind: 'open'; choice: Choice; scope: ChoiceScope; asOfMs: number };

/** Of the time that the shards have, the part that choosing may take: the search itself comes after it. */
const CHOOSE_SHARE = 0.5;

/** Chooses the result sets of texts, and keeps them for two seconds. */
export class SetChooser {
  private readonly kept: KeptChoices;

  constructor(private readonly now: () => number = () => performance.now()) {
    this.kept = new KeptChoices(now);
  }

  /**
   * The set of a text: over all products of the tenant, whatever filters say. Rejects as `noAnswer` where no
   * shard told anything.
   */
  async choose(lead: SearchRun, asked: Asked, shards: AskedShards): Promise<SetOf> {
    const { words, text, order } = asked;
    const known = lead.walk?.at?.set;
    if (known !== undefined) {
      const nearest = Buffer.from(known.nearest, 'base64');
      return { kind: 'chosen', chosen: { ...known, nearest }, missing: [] };
    }
    if (words === undefined || text === undefined || order !== 'fused') return { kind: 'all' };
    const choice = choiceOf(words, shards.vector !== undefined);
    const scope = scopeOf(lead, text, choice);
    const fresh = lead.request.exact ? undefined : this.kept.fresh(scope);
    if (fresh !== undefined) return { kind: 'chosen', chosen: fresh, missing: [] };
    const asOfMs = this.now();
    // What is cheap is read off the set before it is searched.
    if (shards.isOnly && asked.cheap === undefined) return { kind: 'open', choice, scope, asOfMs };

    const found = await shards.ask({
      ...{ choose: choice, views: [], ofAll: true, holds: true, share: CHOOSE_SHARE },
    });
    if (!found.answered && found.missing.length > 0) throw noAnswer(found.missing);
    const chosen = this.settle({ choice, scope, asOfMs }, found);
    return { kind: 'chosen', chosen, missing: found.missing };
  }

  /** What the shards that answered chose together; kept where all did. */
  settle(
    { choice, scope, asOfMs }: { choice: Choice; scope: ChoiceScope; asOfMs: number },
    { answers, missing }: FanOutResult,
  ): ChosenSet {
    const chosen = decide(
      choice,
      answers.flatMap((answer) => answer.chosen ?? []),
    );
    if (missing.length === 0) this.kept.put(scope, chosen, asOfMs);
    return chosen;
  }
}

function scopeOf(
  { request, shaping }: SearchRun,
  { rest, settings }: NonNullable<Asked['text']>,
  { drop, nearest }: Choice,
): ChoiceScope {
  return {
    tenant: request.tenant,
    generation: settings.text.generation,
    rules: rulesVersion(shaping),
    text: rest,
    isPrefix: (request.text ?? PLAIN_TEXT).prefix,
    byMeaning: nearest > 0,
    met: drop.toSorted((a, b) => a - b),
  };
}
