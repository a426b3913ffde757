import type { JsonObject } from '../core/product.js';
import { TENANT_KIND } from '../store/record-store.js';
import type { Partition } from '../store/store.js';
import { chainOf } from './chain.js';
import type { BackupKey } from './backup-key.js';
import { addImported, type Imported } from './copy-writer.js';
import { backupLineOf, type BackupLine } from './lines.js';
import type { Manifest } from './manifest.js';
import { BackupProblem } from './problem.js';
import { chunksOf, frameLine, readLines, verifyChain } from './read-chain.js';
import type { ChainChunk, ChainFacts } from './read-chain.js';
import { isRestored, keysOf, renamed, type KindRecord } from './record-kinds.js';
import { RowSender } from './row-sender.js';
import type { BackupTarget } from './target.js';

/** Where a restore goes: a server. */
export interface RestoreSink {
  model(): Promise<{ fingerprint: string; name: string } | undefined>;
  /** Products of a tenant; 0 where there is none. */
  count(tenant: string): Promise<number>;
  /** Whether it is another name of a tenant's. */
  isAlias(name: string): Promise<boolean>;
  /** Resolves once the tenant is gone. */
  drop(tenant: string): Promise<void>;
  products(tenant: string, model: string, lines: string): Promise<Imported>;
  records(lines: string, replace: boolean): Promise<void>;
  /** Names of the shards that lag behind after a while. */
  settle(tenant: string): Promise<string[]>;
}

export interface RestoreOptions {
  /** Which; `latest`. */
  name: string;
  tenant?: string | undefined;
  /** The name that the tenant gets. */
  as?: string | undefined;
  /** What is there of these tenants goes first, and records give way to those of the backup. */
  replace: boolean;
  /** Goes on with a restore that was interrupted: what is there is kept. */
  resume: boolean;
  /** Until all is searchable. */
  wait: boolean;
  key?: BackupKey | undefined;
  onProgress?: (what: string) => void;
}

export interface Restored extends Imported {
  manifest: Manifest;
  tenants: string[];
  /** Shards that had not caught up when the wait ended. */
  lagging: string[];
}

/** A tenant of the backup and its name from now on. */
interface Renaming {
  tenant: string;
  as: string;
}

/**
 * Verifies a backup with all that it goes on from, then brings it back; nothing is changed before every byte was read.
 * Tenants are suspended until they have all: nobody finds half a catalogue. Rejects `BackupProblem`.
 */
export async function restoreBackup(
  target: BackupTarget,
  sink: RestoreSink,
  options: RestoreOptions,
): Promise<Restored> {
  const { key, onProgress = () => undefined } = options;
  const chain = await chainOf(target, options, key);
  const manifest = chain.at(-1)?.manifest as Manifest;
  const facts = await verifyChain(target, chain, key, (place) => onProgress(`${place} is whole`));
  const names = namesOf(manifest, facts, options);
  const model = await checkModel(manifest, sink);
  await makeRoom(sink, names, options);
  for (const name of names) await beginTenant(sink, name, facts);
  const sum: Imported = { written: 0, deleted: 0, unchanged: 0 };
  const chunks = chunksOf(chain);
  for (const chunk of chunks) {
    const wanted = names.filter(({ tenant }) => chunk.entry.tenants.includes(tenant));
    if (wanted.length === 0) continue;
    const sender = new RowSender((as, lines) => sink.products(as, model, lines));
    const lines = await readLines(target, chunk, key);
    addImported(sum, await sender.send(rowsOf(lines, chunk, wanted, facts)));
    onProgress(`${chunk.place}: ${sum.written} written`);
  }
  const lagging = new Set<string>();
  if (options.wait) {
    for (const { as } of names) for (const shard of await sink.settle(as)) lagging.add(shard);
  }
  const { tenant, as = tenant } = options;
  const isOwnKey = tenant !== undefined && as === tenant ? keysOf(tenant) : () => false;
  for (const chunk of chunks.filter(({ isOfLast }) => isOfLast)) {
    const lines = await readLines(target, chunk, key);
    await sendRecords(sink, recordsOf(lines, options), options.replace);
    await sendRecords(sink, keysIn(lines, isOwnKey), false);
  }
  await sendRecords(sink, tenantsOf(names, facts), true);
  return { ...sum, manifest, tenants: names.map(({ as }) => as), lagging: [...lagging] };
}

/** Throws `BackupProblem` where nothing of it is wanted, or not all that is wanted is there. */
function namesOf(
  { tenants }: Manifest,
  facts: ChainFacts,
  { tenant, as }: RestoreOptions,
): Renaming[] {
  const isGoing = (name: string): boolean => facts.tenants.get(name)?.['state'] === 'dropping';
  const known = new Set([...Object.keys(tenants), ...facts.tenants.keys()]);
  const all = [...known].filter((name) => !isGoing(name)).sort();
  if (tenant !== undefined && !all.includes(tenant)) {
    throw new BackupProblem(`the backup has no tenant ${tenant}: ${all.slice(0, 20).join(', ')}`);
  }
  const wanted = tenant === undefined ? all : [tenant];
  const [only] = wanted;
  if (as === undefined) return wanted.map((each) => ({ tenant: each, as: each }));
  if (wanted.length === 1 && only !== undefined) return [{ tenant: only, as }];
  throw new BackupProblem('--as is for one tenant: say which with --tenant');
}

async function checkModel({ model }: Manifest, sink: RestoreSink): Promise<string> {
  const there = await sink.model();
  if (model === null || there?.fingerprint === model.fingerprint) return model?.fingerprint ?? '-';
  const what = `the backup's vectors are of the model ${model.name} (${model.fingerprint}), the server's of ${there?.name ?? 'none'} (${there?.fingerprint ?? 'none'})`;
  throw new BackupProblem(
    `${what}: restore with a server that was started with --model ${model.name}; then start it with another model and --reembed`,
  );
}

async function makeRoom(
  sink: RestoreSink,
  names: readonly Renaming[],
  { replace, resume }: RestoreOptions,
): Promise<void> {
  for (const { as } of names) {
    if (await sink.isAlias(as)) {
      throw new BackupProblem(`${as} is another name of a tenant there: restore --as what is none`);
    }
    if (resume) continue;
    const products = await sink.count(as);
    if (products === 0) continue;
    if (!replace) {
      throw new BackupProblem(
        `the tenant ${as} has ${products} products: --replace drops them first, --as NAME restores beside them, --resume goes on with a restore that broke off`,
      );
    }
    await sink.drop(as);
  }
}

/** Its record comes first, suspended, and its placement before any product: a first partition promises that. */
async function beginTenant(
  sink: RestoreSink,
  { tenant, as }: Renaming,
  { tenants, placements }: ChainFacts,
): Promise<void> {
  const record = tenants.get(tenant);
  const lines: BackupLine[] = [];
  if (record !== undefined) lines.push(tenantLine(as, { ...record, state: 'suspended' }));
  const partitions = placements.get(tenant);
  const nodes = new Set([...placements.values()].flat().flatMap(nodesOf));
  if (partitions !== undefined) {
    lines.push({ placement: { tenant: as, partitions, nodes: [...nodes] } });
  }
  await sendRecords(sink, lines, true);
}

function nodesOf({ replicas }: Partition): string[] {
  return replicas.map(({ node }) => node);
}

function tenantsOf(names: readonly Renaming[], { tenants }: ChainFacts): BackupLine[] {
  return names.flatMap(({ tenant, as }) => {
    const record = tenants.get(tenant);
    return record === undefined ? [] : [tenantLine(as, record)];
  });
}

function tenantLine(id: string, record: JsonObject): BackupLine {
  return { record: { kind: TENANT_KIND, id, value: { ...record, id } } };
}

/** A chunk's lines of products by the tenant that they go to, without what came before that counts. */
function* rowsOf(
  lines: readonly string[],
  { place, number }: ChainChunk,
  wanted: readonly Renaming[],
  { starts }: ChainFacts,
): Generator<{ as: string; text: string }> {
  const names = new Map(wanted.map(({ tenant, as }) => [tenant, as]));
  let as: string | undefined;
  let firstLine = 0;
  for (const [line, text] of lines.entries()) {
    const said = frameLine(text, place);
    if (said === undefined) {
      if (as !== undefined && line >= firstLine) yield { as, text };
    } else if ('tenant' in said) {
      firstLine = firstLineOf(number, starts.get(said.tenant));
      as = names.get(said.tenant);
    } else as = undefined;
  }
}

/** From which line on a chunk's rows of a tenant count. */
function firstLineOf(chunk: number, start: { chunk: number; line: number } | undefined): number {
  if (start === undefined || chunk > start.chunk) return 0;
  return chunk < start.chunk ? Infinity : start.line;
}

function* recordsOf(
  lines: readonly string[],
  { tenant, as }: RestoreOptions,
): Generator<BackupLine> {
  for (const text of lines) {
    if (!text.startsWith('{"record":')) continue;
    const line = backupLineOf(text, 'a record');
    if (!('record' in line) || line.record.kind === TENANT_KIND) continue;
    if (!isRestored(line.record, tenant, as)) continue;
    yield { record: as === undefined ? line.record : renamed(line.record, as) };
  }
}

/** Those that went with the tenant come back; what is there of them stays. */
function* keysIn(
  lines: readonly string[],
  isOwn: (record: KindRecord) => boolean,
): Generator<BackupLine> {
  for (const text of lines) {
    if (!text.startsWith('{"record":')) continue;
    const line = backupLineOf(text, 'a record');
    if ('record' in line && isOwn(line.record)) yield line;
  }
}

const RECORDS_AT_ONCE = 200;

/** A tenant's own always count: there was nothing of it. */
async function sendRecords(
  sink: RestoreSink,
  lines: Iterable<BackupLine>,
  replace: boolean,
): Promise<void> {
  let batch: string[] = [];
  const send = async (): Promise<void> => {
    if (batch.length > 0) await sink.records(batch.join('\n'), replace);
    batch = [];
  };
  for (const line of lines) {
    batch.push(JSON.stringify(line));
    if (batch.length >= RECORDS_AT_ONCE) await send();
  }
  await send();
}
