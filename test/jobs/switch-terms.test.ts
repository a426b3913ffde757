import { beforeEach, describe, expect, test } from 'vitest';
import { createLogger } from '../../src/core/logger.js';
import { JobRunner } from '../../src/jobs/job-runner.js';
import { SWITCH_TERMS, switchTerms, type SwitchFleet } from '../../src/jobs/switch-terms.js';
import { TenantDirectory } from '../../src/tenancy/tenant-directory.js';
import { MemoryRecords } from '../tenancy/memory-records.js';

const logger = createLogger('silent', 'test');
const T = 'shop';

/** Shards that lag as they are told, and tell who switches. */
class Shards implements SwitchFleet {
  lagging: string[] = [];
  busy: string[] = [];
  asked: (number | undefined)[] = [];
  /** Before a wait is answered. */
  meanwhile: () => Promise<unknown> = async () => undefined;

  switching(): string[] {
    return this.busy;
  }

  async awaitApplied(...awaited: Parameters<SwitchFleet['awaitApplied']>): Promise<string[]> {
    this.asked.push(awaited[4]);
    await this.meanwhile();
    return this.lagging;
  }
}

let records: MemoryRecords;
let tenants: TenantDirectory;
let shards: Shards;
let nowMs: number;
beforeEach(async () => {
  records = new MemoryRecords();
  tenants = new TenantDirectory(records, true, () => 0);
  shards = new Shards();
  nowMs = 0;
  await tenants.ensure(T);
});

/** A node: its runner works on the jobs of all. */
function openRunner(): JobRunner {
  const store = { records, head: async () => Uint8Array.of(1) };
  const kinds = new Map([[SWITCH_TERMS, switchTerms({ store, tenants, fleet: shards })]]);
  return new JobRunner({ records, kinds, logger, now: () => nowMs });
}

async function pass(runner: JobRunner, ms = 2_000): Promise<void> {
  await runner.tick();
  await runner.settled();
  nowMs += ms;
}

const serving = async () => (await new TenantDirectory(records, true).settings(T)).text.generation;

describe('a switch of text settings', () => {
  test('waits until no shard lags that the tenant is searched on', async () => {
    await tenants.changeSettings(T, { language: 'none' });
    const runner = openRunner();
    await runner.request(SWITCH_TERMS, T);
    shards.lagging = ['s1'];
    for (let i = 0; i < 3; i++) await pass(runner);
    expect(await serving()).toBe(0);
    shards.lagging = [];
    for (let i = 0; i < 2; i++) await pass(runner);
    expect(await serving()).toBe(1);
    expect(new Set(shards.asked)).toEqual(new Set([1]));
    const asked = shards.asked.length;
    for (let i = 0; i < 3; i++) await pass(runner);
    expect(shards.asked.length).toBe(asked);
  });

  test('of a tenant whose settings change meanwhile ends at the last ones', async () => {
    await tenants.changeSettings(T, { language: 'none' });
    const runner = openRunner();
    await runner.request(SWITCH_TERMS, T);
    let changes = 0;
    shards.meanwhile = async () => {
      if (++changes > 3) return;
      await tenants.changeSettings(T, { identifiers: [`ref${changes}`] });
      await runner.request(SWITCH_TERMS, T);
    };
    for (let i = 0; i < 6; i++) await pass(runner);
    expect(await serving()).toBe(4);
    expect((await tenants.readSettings(T)).identifiers).toEqual(['ref3']);
  });

  test('whose node dies is done by another', async () => {
    await tenants.changeSettings(T, { language: 'none' });
    const dying = openRunner();
    await dying.request(SWITCH_TERMS, T);
    shards.meanwhile = () => new Promise(() => undefined);
    await dying.tick();
    shards.meanwhile = async () => undefined;
    const other = openRunner();
    for (let i = 0; i < 12; i++) await pass(other);
    expect(await serving()).toBe(1);
  });

  test('that nobody asked for, since the node died before, is found by what the shards do', async () => {
    await tenants.changeSettings(T, { language: 'none' });
    shards.busy = [T];
    const runner = openRunner();
    for (let i = 0; i < 40; i++) await pass(runner);
    expect(await serving()).toBe(1);
  });

  test('of a tenant that has none to make costs one read', async () => {
    const runner = openRunner();
    await runner.request(SWITCH_TERMS, T);
    await pass(runner);
    expect(shards.asked).toEqual([]);
  });
});
