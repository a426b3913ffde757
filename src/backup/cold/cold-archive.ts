import { boundedCache } from '../../core/bounded-cache.js';
import { PatientSlices } from '../../core/slices.js';
import type { FullRow } from '../../store/catalogue-pages.js';
import type { BackupKey } from '../backup-key.js';
import { sealChunk, sha256Of, unsealChunk } from '../chunk-codec.js';
import { backupLineOf, copiedRow, putText } from '../lines.js';
import type { CopiedPut } from '../copy-writer.js';
import { BackupProblem } from '../problem.js';
import type { BackupTarget } from '../target.js';

/** Below the backups of the same target, none of which is named so. */
const FOLDER = 'cold';
/** How long searches take a tenant's list of chunks to be what it was, and of how many tenants it is kept. */
const LISTED_MS = 5_000;
const LISTED_TENANTS = 32;

/**
 * Products that are in no index: chunks of lines as backups have them, each named by the SHA-256 of its bytes, so that
 * none is ever written twice and none is read that is not what it was.
 */
export class ColdArchive {
  private readonly listed = boundedCache<Promise<string[]>>({
    ...{ max: LISTED_TENANTS, ttl: LISTED_MS },
  });

  constructor(
    private readonly target: BackupTarget,
    private readonly key: BackupKey | undefined,
  ) {}

  /**
   * Resolves with the chunk's name once its bytes were read back and are what was written. Rejects `BackupProblem`, or
   * what the target says.
   */
  async put(tenant: string, rows: readonly FullRow[]): Promise<string> {
    const lines = rows.map((row) => `${putText(row)}\n`).join('');
    const sealed = await sealChunk(lines, placeOf(tenant), this.key);
    const chunk = sha256Of(sealed);
    await this.target.write(fileOf(tenant, chunk), sealed);
    this.listed.delete(tenant);
    await this.bytes(tenant, chunk);
    return chunk;
  }

  /** The products of a chunk, in the order in which they were put. Rejects `BackupProblem` where it is not whole. */
  async read(tenant: string, chunk: string): Promise<CopiedPut[]> {
    const place = fileOf(tenant, chunk);
    const lines = await unsealChunk(await this.bytes(tenant, chunk), placeOf(tenant), this.key);
    const slices = new PatientSlices();
    const rows: CopiedPut[] = [];
    for (const text of lines.toString().split('\n').filter(Boolean)) {
      if (slices.isOver) await slices.next();
      rows.push(copiedRow(backupLineOf(text, place)) as CopiedPut);
    }
    return rows;
  }

  /** Names of all chunks of a tenant. */
  async chunks(tenant: string): Promise<string[]> {
    const files = await this.target.list(`${placeOf(tenant)}/`);
    return files.map((file) => file.slice(placeOf(tenant).length + 1));
  }

  /** The same for searches, which may come at any rate: as of some seconds ago, at most one listing at a time. */
  recentChunks(tenant: string): Promise<string[]> {
    let listed = this.listed.get(tenant);
    if (listed === undefined) {
      listed = this.chunks(tenant);
      this.listed.set(tenant, listed);
      listed.catch(() => this.listed.delete(tenant));
    }
    return listed;
  }

  async remove(tenant: string, chunk: string): Promise<void> {
    this.listed.delete(tenant);
    await this.target.remove(fileOf(tenant, chunk));
  }

  private async bytes(tenant: string, chunk: string): Promise<Buffer> {
    const file = fileOf(tenant, chunk);
    const bytes = await this.target.read(file);
    if (bytes === undefined) throw new BackupProblem(`${file} is not there`);
    if (sha256Of(bytes) === chunk) return bytes;
    throw new BackupProblem(`${file} is not what was written: its SHA-256 differs`);
  }
}

function placeOf(tenant: string): string {
  return `${FOLDER}/${tenant}`;
}

function fileOf(tenant: string, chunk: string): string {
  return `${placeOf(tenant)}/${chunk}`;
}
