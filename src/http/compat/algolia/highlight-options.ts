import { invalidField } from '../../../core/errors.js';
import { describeValue } from '../../../core/json.js';
import type { CollectionSchema } from '../../../tenancy/collection-schemas.js';
import type { Parameters } from '../parameters.js';
import { everyText } from '../schema-fields.js';

/** Texts that products have. */
const USUAL = ['title', 'brand', 'description', 'category', 'categories'];
const DEFAULT_WORDS = 10;
const MAX_WORDS = 1_000;

/** How the words of a query are marked in hits. */
export interface HighlightOptions {
  /** Those whose words are marked. */
  fields: readonly string[];
  /** Those that are told of, marked or not: all, or these. */
  told: 'all' | readonly string[];
  /** Words around the first match, by field; `*` for all others. */
  snippets: ReadonlyMap<string, number>;
  preTag: string;
  postTag: string;
  ellipsis: string;
}

export function highlightOptions(
  parameters: Parameters,
  schema: CollectionSchema | undefined,
): HighlightOptions {
  const isTold = parameters.value('attributesToHighlight') !== undefined;
  const asked = parameters.list('attributesToHighlight');
  const snippets = snippetsOf(parameters.list('attributesToSnippet'));
  const isAll = !isTold || asked.includes('*');
  const usual = [...USUAL, ...everyText(schema)];
  const fields = [...(isAll ? usual : asked), ...snippets.keys()].filter((name) => name !== '*');
  return {
    fields: [...new Set(snippets.has('*') ? [...fields, ...usual] : fields)],
    told: isAll ? 'all' : asked,
    snippets,
    preTag: parameters.text('highlightPreTag') ?? '<em>',
    postTag: parameters.text('highlightPostTag') ?? '</em>',
    ellipsis: parameters.text('snippetEllipsisText') ?? '…',
  };
}

/** `description:20` by field. */
function snippetsOf(asked: readonly string[]): Map<string, number> {
  return new Map(
    asked.map((one) => {
      const [, name = '', words] = /^(.+?)(?::(\d+))?$/.exec(one) ?? [];
      const count = words === undefined ? DEFAULT_WORDS : Number(words);
      if (name !== '' && count <= MAX_WORDS) return [name, count] as const;
      const expected = `must be fields, each with :words up to ${MAX_WORDS}`;
      throw invalidField('attributesToSnippet', `${expected}, got ${describeValue(one)}`);
    }),
  );
}
