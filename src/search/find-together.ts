import type { OmniError } from '../core/errors.js';
import type { ModelIdentity } from '../core/product.js';
import type { Store } from '../store/store.js';
import { answerOf, missingOfAll } from './answer.js';
import type { AskedShards } from './ask-shards.js';
import { reliedOf, type Asked } from './asked.js';
import { withCheap } from './cheap-price.js';
import { checkCoverage } from './coverage.js';
import type { QueryVector } from './embed.js';
import { noAnswer, PlacementReshaped, type FailureLog } from './failures.js';
import { findPage } from './find-page.js';
import { look, nothingFound, viewOnce, type Looked } from './look.js';
import { checkUnchanged, NO_STATES, RowsChanged } from './row-states.js';
import type { SearchRun } from './search-run.js';
import type { MissingPart, SearchReply } from './search-types.js';
import type { SetChooser, SetOf } from './set-chooser.js';
import type { Group } from './together.js';
import type { Walks } from './walk.js';
import { findUnknownFields } from './unknown-fields.js';
import { unknownValues } from './warnings.js';

export interface FindTools {
  store: Store;
  model: ModelIdentity;
  asked: Asked;
  shards: AskedShards;
  chooser: SetChooser;
  walks: Walks;
  failures: FailureLog;
}

/**
 * Searches of one query: choose the result set → look at it, once for all → for each of them arrange its page,
 * join it, and reply. Rejects as `noAnswer` where no shard tells what the set is, and with `PlacementReshaped` and
 * `RowsChanged`.
 */
export async function findTogether(
  group: Group,
  vector: QueryVector,
  tools: FindTools,
): Promise<(SearchReply | OmniError)[]> {
  const { chooser, shards, store, failures } = tools;
  const [lead] = group;
  const fields = group.map((run) => {
    const looking = findUnknownFields(run, store, shards);
    // Looked at later; a search that fails first leaves it alone.
    looking.catch(() => undefined);
    return looking;
  });
  const of = await chooser.choose(lead, tools.asked, shards);
  const asked = await withCheap(tools.asked, lead, shards, of);
  const isNothing = isForNothing(asked, shards);
  // Nobody is asked who would tell that there is something by now.
  if (isNothing) checkUnchanged(reliedOf(asked), NOBODY);
  const looked = isNothing
    ? group.map(nothingFound)
    : await look(group, asked, shards, of, chooser);
  const finishing = group.map(async (run, i) => {
    const parts = {
      vector,
      of,
      looked: looked[i] as Looked,
      fields: fields[i] as Promise<string[]>,
    };
    return finish(run, parts, { ...tools, asked });
  });
  const noted = (error: unknown): OmniError => {
    if (error instanceof PlacementReshaped || error instanceof RowsChanged) throw error;
    return failures.noted(error);
  };
  return Promise.all(finishing.map((one) => one.catch(noted)));
}

interface FinishParts {
  vector: QueryVector;
  of: SetOf;
  looked: Looked;
  fields: Promise<string[]>;
}

async function finish(
  run: SearchRun,
  { vector, of, looked, fields }: FinishParts,
  tools: FindTools,
): Promise<SearchReply> {
  const { asked, shards, store, chooser, walks, model } = tools;
  if (!looked.isAnswered) throw noAnswer(looked.missing);
  const same = chosenBy(of, looked);
  const page = await findPage(looked, run, {
    ...{ asked, shards, store },
    again: async (atLeast) => {
      const [wider] = await look([run], asked, shards, same, chooser, atLeast);
      return wider as Looked;
    },
    view: (view) => viewOnce(view, run, asked, shards, same),
  });
  const inFields = await knownUnless(fields, tools.failures);
  const before = [asked.missing, of.kind === 'chosen' ? of.missing : [], run.walk?.missing ?? []];
  const parts = missingOfAll([page.missing, ...before, inFields.missing]);
  const { missing, coverage } = await checkCoverage(run, parts, shards.placement, store);
  const isEmpty = looked.main.total === 0 && missing.length === 0;
  return answerOf(run, asked, model, {
    ...{ page, looked, missing, coverage },
    ...{ embedding: vector.source, unknownFields: inFields.fields },
    warnings: isEmpty ? await unknownValues(run, asked, shards) : [],
    nextCursor:
      page.next && (await walks.seal(run, asked, looked.chosen, page.next, page.hits.length)),
  });
}

/** Nothing of the text is known to anybody: nothing fits, and nobody needs to be asked. */
function isForNothing({ text, words, order }: Asked, { vector }: AskedShards): boolean {
  return text !== undefined && vector === undefined && (words === undefined || order === 'meaning');
}

/** The set that was looked at, for whoever looks again. */
function chosenBy(of: SetOf, { chosen }: Looked): SetOf {
  const relied = of.kind === 'chosen' ? of.relied : NO_STATES;
  return chosen === undefined ? of : { kind: 'chosen', chosen, missing: [], relied };
}

const NOBODY = { rows: new Map<string, string>(), silent: new Set<string>() };

async function knownUnless(
  fields: FinishParts['fields'],
  failures: FailureLog,
): Promise<{ fields: string[]; missing: MissingPart[] }> {
  try {
    return { fields: await fields, missing: [] };
  } catch (error) {
    const { code } = failures.noted(error);
    const reason = code === 'deadline_exceeded' ? 'timeout' : 'unavailable';
    return { fields: [], missing: [{ part: 'store', reason }] };
  }
}
