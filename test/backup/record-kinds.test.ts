import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { isRestored, LEFT_OUT, RECORD_KINDS, renamed } from '../../src/backup/record-kinds.js';
import { KINDS_OF_TENANTS } from '../../src/store/tenant-records.js';

const SRC = fileURLToPath(new URL('../../src', import.meta.url));

/** Kinds of records that the source names. */
function kindsInSource(): string[] {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  const named = files.flatMap((file) => {
    const text = readFileSync(join(SRC, file), 'utf8');
    const isOfRecords = /\brecords\b|RecordStore|RecordReader/.test(text);
    const found = text.matchAll(/^(?:export )?const (?:[A-Z_]+_)?KIND = '([^']+)'/gm);
    return isOfRecords ? [...found].map(([, kind = '']) => kind) : [];
  });
  return [...new Set([...named, ...KINDS_OF_TENANTS])].sort();
}

describe('kinds of records', () => {
  it('each is in a backup, or left out on purpose', () => {
    const known = new Set([...RECORD_KINDS, ...LEFT_OUT]);
    expect(kindsInSource().length).toBeGreaterThan(15);
    expect(kindsInSource().filter((kind) => !known.has(kind))).toEqual([]);
  });

  it('of one tenant: what is its own, under another name without its aliases', () => {
    const rule = { kind: 'rule', id: 'a/r', value: {} };
    const alias = { kind: 'alias', id: 'live', value: { tenant: 'a' } };
    const plan = { kind: 'plan', id: 'a', value: {} };
    const audit = { kind: 'audit entry', id: 'a/000000000001', value: {} };
    // How old versions are: of another store's.
    const clock = { kind: 'tiers', id: 'a/clock', value: {} };
    const all = [rule, alias, plan, audit, clock];
    const ofAll = [true, true, true, false, false];
    expect(all.map((each) => isRestored(each))).toEqual(ofAll);
    expect(all.map((each) => isRestored(each, 'a'))).toEqual([true, true, false, false, false]);
    const renamedOnes = [true, false, false, false, false];
    expect(all.map((each) => isRestored(each, 'a', 'b'))).toEqual(renamedOnes);
    for (const own of ['tiers', 'found']) expect(RECORD_KINDS).not.toContain(own);
    expect(isRestored(rule, 'ab')).toBe(false);
    expect(renamed(rule, 'b')).toEqual({ ...rule, id: 'b/r' });
    const tenant = { kind: 'tenant', id: 'a', value: { id: 'a', plan: 'x' } };
    expect(renamed(tenant, 'b')).toEqual({
      kind: 'tenant',
      id: 'b',
      value: { id: 'b', plan: 'x' },
    });
  });
});
