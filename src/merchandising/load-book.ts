import { createHash } from 'node:crypto';
import { compareBytes } from '../core/ids.js';
import type { Logger } from '../core/logger.js';
import type { JsonObject } from '../core/product.js';
import { Slices } from '../core/slices.js';
import type { RecordReader, StoredRecord } from '../store/record-store.js';
import { tenantRecords } from '../store/tenant-records.js';
import type { TextSettings } from '../text/text-settings.js';
import { parseRule } from './parse-rule.js';
import { CompiledBook, type RuleBook } from './rule-book.js';
import { RuleIndex } from './rule-index.js';
import type { RuleBody } from './rule.js';
import { SynonymTable, type SynonymBody } from './synonyms.js';

const RECORDS_AT_ONCE = 500;

interface LoadDeps {
  records: RecordReader;
  logger: Logger;
}

interface LoadOptions {
  /** Nothing was ever stored. */
  isEmpty?: boolean;
  /** In place of stored rules of the same ids. */
  drafts?: readonly RuleBody[];
}

/** A tenant's rules and synonyms as they are stored; `bytes` are those of them as JSON. */
export async function loadBook(
  { records, logger }: LoadDeps,
  tenant: string,
  settings: TextSettings,
  { isEmpty = false, drafts = [] }: LoadOptions,
): Promise<{ book: RuleBook; bytes: number }> {
  const { language, stopWords } = settings;
  const hash = createHash('sha256').update(JSON.stringify([language, stopWords]));
  let bytes = 0;
  const read = async (kind: 'rule' | 'synonym', add: (value: JsonObject) => void) => {
    if (isEmpty) return;
    for await (const { id, value } of all(records, kind, tenant)) {
      const text = JSON.stringify(value);
      hash.update(text);
      bytes += Buffer.byteLength(text);
      try {
        add(value);
      } catch (err) {
        // It was right once: what is stored outlives what is taken.
        logger.warn({ err, tenant, kind, id }, 'left out of what a search goes by');
      }
    }
  };
  const rules = drafts.map((draft) => parseRule(draft));
  const drafted = new Set(rules.map(({ id }) => id));
  await read('rule', (value) => {
    const rule = parseRule(value as unknown as RuleBody);
    if (!drafted.has(rule.id)) rules.push(rule);
  });
  hash.update(JSON.stringify(drafts));
  const index = new RuleIndex(language);
  if (drafts.length > 0) rules.sort((a, b) => compareBytes(a.id, b.id));
  const slices = new Slices();
  for (const rule of rules) {
    if (slices.isOver) await slices.next();
    index.add(rule);
  }
  const synonyms = new SynonymTable(settings);
  await read('synonym', (value) => synonyms.add(value as unknown as SynonymBody));
  const version = hash.digest('hex').slice(0, 16);
  return { book: new CompiledBook(version, index, synonyms), bytes };
}

async function* all(
  records: RecordReader,
  kind: 'rule' | 'synonym',
  tenant: string,
): AsyncGenerator<StoredRecord> {
  const slices = new Slices();
  for (let after: string | undefined; ;) {
    const found = await tenantRecords(records, kind, tenant, after, RECORDS_AT_ONCE);
    for (const record of found) {
      if (slices.isOver) await slices.next();
      yield record;
    }
    after = found.at(-1)?.id;
    if (after === undefined) return;
  }
}
