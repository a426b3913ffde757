import { invalidField } from '../core/errors.js';
import { checkSound, describeValue } from '../core/json.js';
import type { JsonValue } from '../core/product.js';
import { validId } from '../ingest/validate-product.js';
import type { RuleBody } from '../merchandising/rule.js';
import type { SynonymBody } from '../merchandising/synonyms.js';
import type { RuleRequest, SynonymRequest } from './rule-schemas.js';

/** Rules and synonyms that their schemas accepted, as they are stored. All throw `invalid_field`. */

export function ruleBody({ id, when, then }: RuleRequest, ofPath: string): RuleBody {
  checkSound({ when, then } as JsonValue, '');
  const { pinned = [], hidden = [] } = then;
  pinned.forEach((pin, i) => validId(pin.id, `then.pinned[${i}].id`));
  hidden.forEach((one, i) => validId(one, `then.hidden[${i}]`));
  return { id: sameId(id, ofPath), when, then } as RuleBody;
}

export function synonymBody({ id, ...body }: SynonymRequest, ofPath: string): SynonymBody {
  const known = sameId(id, ofPath);
  checkSound(body, '');
  const { words, from, to } = body;
  if (words !== undefined) {
    if (from === undefined && to === undefined) return { id: known, words };
    const extra = from === undefined ? 'to' : 'from';
    throw invalidField(extra, 'must be absent where words are given');
  }
  if (from === undefined) throw invalidField('words', 'must be given, or from and to');
  if (to === undefined) throw invalidField('to', 'must be given where from is');
  return { id: known, from, to };
}

function sameId(ofBody: string | undefined, ofPath: string): string {
  const id = validId(ofPath);
  if (ofBody === undefined || ofBody === id) return id;
  throw invalidField('id', `must be that of the path, got ${describeValue(ofBody)}`);
}
