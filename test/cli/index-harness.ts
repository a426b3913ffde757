import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import type { ImportConfig } from '../../src/cli/index/import-files.js';
import { openHttp, type HttpHarness } from '../http/harness.js';

/** A server, a folder for files, and what `index` prints; new for each test. */
export class IndexHarness {
  readonly printed: string[] = [];

  private constructor(
    public node: HttpHarness,
    readonly dir: string,
    readonly config: ImportConfig,
  ) {}

  static async open(): Promise<IndexHarness> {
    const node = await openHttp();
    const dir = await mkdtemp(join(tmpdir(), 'omnisearch-cli-'));
    const port = await node.server.listen({ port: 0, host: '127.0.0.1' });
    const harness = new IndexHarness(node, dir, configFor(`http://127.0.0.1:${port}`));
    vi.stubEnv('XDG_STATE_HOME', join(dir, 'state'));
    const capture = (text: string | Uint8Array): boolean => harness.printed.push(String(text)) > 0;
    vi.spyOn(process.stdout, 'write').mockImplementation(capture);
    vi.spyOn(process.stderr, 'write').mockImplementation(capture);
    return harness;
  }

  async feed(name: string, content: string | Buffer): Promise<string> {
    const path = join(this.dir, name);
    await writeFile(path, content);
    return path;
  }

  async close(): Promise<void> {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
    await this.node.close();
    await rm(this.dir, { recursive: true, force: true });
  }
}

function configFor(url: string): ImportConfig {
  return {
    url,
    tenant: 'default',
    apiKey: undefined,
    format: 'auto',
    locale: 'en',
    dryRun: false,
    map: [],
    rejects: undefined,
    resume: false,
    wait: false,
    waitTimeoutMs: 5_000,
    batchRows: 10,
    concurrency: 3,
    background: false,
    prune: false,
    confirmPrune: false,
  };
}

/** Products as NDJSON. */
export function lines(count: number, more: object = {}): string {
  return Array.from({ length: count }, (_, i) =>
    JSON.stringify({ id: `p${i}`, title: `t ${i}`, category: 'c', ...more }),
  ).join('\n');
}
