import type { JsonObject } from '../core/product.js';
import type { Partition } from '../store/store.js';
import type { BackupKey } from './backup-key.js';
import { openChunk } from './chunk-codec.js';
import { backupLineOf, type BackupLine } from './lines.js';
import type { ChunkEntry, SealedManifest } from './manifest.js';
import { BackupProblem } from './problem.js';
import type { BackupTarget } from './target.js';
import { TENANT_KIND } from '../store/record-store.js';

/** A chunk of a chain of backups. */
export interface ChainChunk {
  /** Which it is, from 0, in the order in which they are applied. */
  number: number;
  /** `20261129T211020123Z/00000.ndjson.gz`. */
  place: string;
  entry: ChunkEntry;
  /** Of the last backup: its records are those that count. */
  isOfLast: boolean;
}

/** What has to be known of a chain before any of it is applied. */
export interface ChainFacts {
  /** Of each tenant, where what counts of it begins: chunk and line. */
  starts: Map<string, { chunk: number; line: number }>;
  /** Records of tenants, of the last backup. */
  tenants: Map<string, JsonObject>;
  placements: Map<string, readonly Partition[]>;
  bytes: number;
}

export function chunksOf(chain: readonly SealedManifest[]): ChainChunk[] {
  const chunks = chain.flatMap(({ manifest }, i) =>
    manifest.chunks.map((entry) => ({
      ...{ entry, place: `${manifest.name}/${entry.file}` },
      isOfLast: i === chain.length - 1,
    })),
  );
  return chunks.map((chunk, number) => ({ ...chunk, number }));
}

/** The lines of a chunk. Rejects `BackupProblem` where it is not whole. */
export async function readLines(
  target: BackupTarget,
  { place, entry }: Pick<ChainChunk, 'place' | 'entry'>,
  key: BackupKey | undefined,
): Promise<string[]> {
  const stored = await target.read(place);
  if (stored === undefined) throw new BackupProblem(`${place} is missing`);
  const lines = (await openChunk(stored, place, entry, key)).toString().split('\n');
  if (lines.pop() !== '') throw new BackupProblem(`${place} ends within a line`);
  return lines;
}

/** What a line says that is not of a product: those are told by how they begin, and left as they are. */
export function frameLine(text: string, place: string): BackupLine | undefined {
  if (text.startsWith('{"put":') || text.startsWith('{"delete":')) return undefined;
  try {
    return backupLineOf(text, place);
  } catch (error) {
    throw new BackupProblem(error instanceof Error ? error.message : `${place} is damaged`);
  }
}

/** Reads every byte of a chain. Rejects `BackupProblem`, which names the first that is damaged or missing. */
export async function verifyChain(
  target: BackupTarget,
  chain: readonly SealedManifest[],
  key: BackupKey | undefined,
  onProgress: (place: string) => void = () => undefined,
): Promise<ChainFacts> {
  const facts: ChainFacts = {
    ...{ starts: new Map(), tenants: new Map(), placements: new Map() },
    bytes: 0,
  };
  for (const chunk of chunksOf(chain)) {
    const lines = await readLines(target, chunk, key);
    lines.forEach((text, line) => {
      const said = frameLine(text, `${chunk.place}, line ${line + 1},`);
      if (said !== undefined) noteLine(facts, said, chunk, line);
    });
    facts.bytes += chunk.entry.bytes;
    onProgress(chunk.place);
  }
  return facts;
}

function noteLine(facts: ChainFacts, said: BackupLine, chunk: ChainChunk, line: number): void {
  if ('tenant' in said) {
    const isStart = said.reset === true || !facts.starts.has(said.tenant);
    if (isStart) facts.starts.set(said.tenant, { chunk: chunk.number, line });
  }
  if (!chunk.isOfLast) return;
  if ('record' in said && said.record.kind === TENANT_KIND) {
    facts.tenants.set(said.record.id, said.record.value);
  }
  if ('placement' in said) {
    facts.placements.set(said.placement.tenant, said.placement.partitions);
  }
}
