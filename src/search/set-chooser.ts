import { digest } from '../core/ids.js';
import type { Choice } from '../query/result-set.js';
import type { AskedShards } from './ask-shards.js';
import type { Asked } from './asked.js';
import { choiceOf, decide, nearestOf, type ChosenSet } from './choose-set.js';
import { noAnswer } from './failures.js';
import type { FanOutResult } from './fan-out.js';
import { choiceKey, KeptChoices, type ChoiceScope, type KeptChoice } from './kept-choices.js';
import { reachVersion } from './listed-views.js';
import {
  areOf,
  areStill,
  checkUnchanged,
  joined,
  NO_STATES,
  type RowStates,
} from './row-states.js';
import type { SearchRun } from './search-run.js';
import { rulesVersion } from './shape.js';
import { PLAIN_TEXT, type MissingPart } from './search-types.js';

/** A choice that is to be made. */
export interface OpenChoice {
  choice: Choice;
  scope: ChoiceScope;
  asOfMs: number;
  /** Cosine that the nearest have to reach. */
  cutoff: number;
  /** By what words and meaning it is chosen; undefined: it is not to be held. */
  by: string | undefined;
  /** Of the rows that the words were counted in; undefined: of different ones. */
  counted: RowStates | undefined;
}

/** What products a search is of. */
export type SetOf =
  /** All that match the filter: it has no text, or asks for its meaning alone. */
  | { kind: 'all' }
  | {
      kind: 'chosen';
      chosen: ChosenSet;
      missing: readonly MissingPart[];
      /** States of rows that it, or what was counted before, is of: who looks at it compares them. */
      relied: RowStates;
    }
  /** The only shard that there is chooses as it searches. */
  | ({ kind: 'open' } & OpenChoice);

/** Of the time that the shards have, the part that choosing may take: the search itself comes after it. */
const CHOOSE_SHARE = 0.5;

/** Chooses the result sets of texts, and keeps them for two seconds. */
export class SetChooser {
  private readonly kept: KeptChoices;
  /** Under way: who asks the same, and gives as much time, waits for the same answer. */
  private readonly flights = new Map<string, Promise<KeptChoice>>();

  constructor(private readonly now: () => number = () => performance.now()) {
    this.kept = new KeptChoices(now);
  }

  /**
   * The set of a text: over all products of the tenant, whatever filters say. Rejects as `noAnswer` where no
   * shard told anything, and with `RowsChanged`.
   */
  async choose(lead: SearchRun, asked: Asked, shards: AskedShards): Promise<SetOf> {
    const { words, text, order } = asked;
    const begun = lead.walk?.at?.set;
    if (begun !== undefined) {
      const nearest = Buffer.from(begun.nearest, 'base64');
      return { kind: 'chosen', chosen: { ...begun, nearest }, missing: [], relied: NO_STATES };
    }
    if (words === undefined || text === undefined || order !== 'fused') return { kind: 'all' };
    const choice = choiceOf(words, shards.vector !== undefined);
    const scope = scopeOf(lead, text, choice);
    const { exact, explain } = lead.request;
    const { relied, basis: counted } = text.read.states;
    const fresh = exact ? undefined : this.kept.fresh(scope);
    if (fresh !== undefined) return { kind: 'chosen', ...fresh, relied };
    const by = JSON.stringify([words.slots, words.cutoff, choice.drop, text.read.embedded]);
    const held = asked.mayRely && !exact && !explain ? this.kept.held(scope, by) : undefined;
    if (held !== undefined && areOf(held.rows, shards.groups)) {
      const both = joined(relied, held.rows);
      if (both !== undefined) return { kind: 'chosen', ...held.choice, relied: both };
    }
    // What is chosen among the rows of a walk, or by words that some shard did not count, is not what all have.
    const isPlain = lead.walk === undefined && !exact && !text.read.isApproximate;
    const known = { by: isPlain ? by : undefined, counted };
    const open = { choice, scope, asOfMs: this.now(), cutoff: words.cutoff ?? -1, ...known };
    // What is cheap is read off the set before it is searched.
    if (shards.isOnly && asked.cheap === undefined) return { kind: 'open', ...open };

    const isOwn = exact || explain || lead.walk !== undefined;
    const choosing = isOwn ? this.ask(open, shards, false) : this.join(open, lead, shards);
    const made = await shards.deadline.race(choosing, 'choosing a result set');
    // It was made just now: what was counted before must have been of the same rows.
    checkUnchanged(relied, made.states);
    return { kind: 'chosen', ...made, relied: NO_STATES };
  }

  /** Many may ask for one text at once, and beside a shard that hangs they pile up. */
  private join(open: OpenChoice, lead: SearchRun, shards: AskedShards): Promise<KeptChoice> {
    const key = `${lead.request.timeoutMs}\n${open.by ?? ''}\n${choiceKey(open.scope)}`;
    const known = this.flights.get(key);
    if (known !== undefined) return known;
    const flight = this.ask(open, shards, true).finally(() => {
      this.flights.delete(key);
    });
    this.flights.set(key, flight);
    return flight;
  }

  private async ask(open: OpenChoice, shards: AskedShards, isShared: boolean): Promise<KeptChoice> {
    const found = await shards.ask({
      ...{ choose: open.choice, views: [], ofAll: true, holds: true, share: CHOOSE_SHARE },
      isShared,
    });
    if (!found.answered && found.missing.length > 0) throw noAnswer(found.missing);
    shards.tellReach(found, () => {
      const parts = found.answers.flatMap(({ chosen }) => chosen ?? []);
      return nearestOf(parts, open.choice.nearest).map(({ score }) => score);
    });
    return this.settle(open, found);
  }

  /** What the shards that answered chose together. */
  settle(
    { choice, scope, asOfMs, cutoff, by, counted }: OpenChoice,
    { answers, missing, answered, rows, silent }: FanOutResult,
  ): KeptChoice {
    const parts = answers.flatMap((answer) => answer.chosen ?? []);
    // Who had no time may not have found all that is near.
    const chosen = decide(choice, parts, missing.length > 0 ? undefined : cutoff);
    const isOfOne = counted !== undefined && areStill(counted, rows);
    const basis = by !== undefined && isOfOne ? { by, rows: counted } : undefined;
    const settled = { chosen, missing, asOfMs, states: { rows, silent }, basis };
    if (answered) this.kept.put(scope, settled);
    return settled;
  }
}

function scopeOf(
  run: SearchRun,
  { rest, settings }: NonNullable<Asked['text']>,
  { drop, nearest }: Choice,
): ChoiceScope {
  const { request, shaping } = run;
  return {
    tenant: request.tenant,
    generation: settings.text.generation,
    rules: rulesVersion(shaping),
    narrowing: digest(reachVersion(run)),
    text: rest,
    isPrefix: (request.text ?? PLAIN_TEXT).prefix,
    byMeaning: nearest > 0,
    met: drop.toSorted((a, b) => a - b),
  };
}
