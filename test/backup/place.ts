import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BackupSource } from '../../src/backup/backup-source.js';
import { pageOf, type Page } from '../../src/backup/backup-source.js';
import { ExportDesk } from '../../src/backup/export-desk.js';
import { FolderTarget } from '../../src/backup/folder-target.js';
import { RestoreDesk } from '../../src/backup/restore-desk.js';
import { CopyWriter } from '../../src/backup/copy-writer.js';
import { backupLineOf } from '../../src/backup/lines.js';
import type { RestoreSink } from '../../src/backup/restore-backup.js';
import type { Store } from '../../src/store/store.js';
import { openIngest, type IngestHarness } from '../ingest/harness.js';

/** A place that backups are taken of and restored to, without HTTP between. */
export interface Place extends IngestHarness {
  source: BackupSource;
  sink: RestoreSink;
  /** Pages that were asked for. */
  pages: number;
}

export async function openPlace(options: { store?: Store } = {}): Promise<Place> {
  const node = await openIngest(options);
  const { store, directory, deps } = node;
  await store.setModel(deps.model);
  const exports = new ExportDesk(store);
  const nudge = () => undefined;
  const restores = new RestoreDesk({
    ...{ store, tenants: directory, model: deps.model, nudge },
    rows: new CopyWriter({ store, nudge, place: (...asked) => deps.placement.ensure(...asked) }),
    nodes: async () => ['s1'],
    awaitApplied: async () => [],
  });
  const read = async (lines: AsyncGenerator<string>): Promise<Page> => {
    place.pages += 1;
    let text = '';
    for await (const part of lines) text += part;
    return pageOf(text) as Page;
  };
  const linesOf = (text: string) => text.split('\n').map((line) => backupLineOf(line, 'a line'));
  const place: Place = {
    ...node,
    pages: 0,
    source: {
      head: () => exports.head(),
      products: (tenant, from) => read(exports.products(tenant, from)),
      records: (tenant, cursor) => read(exports.records(tenant, cursor)),
    },
    sink: {
      model: async () => deps.model,
      count: async (tenant) => (await store.usage(tenant)).products,
      isAlias: async (name) => (await store.records.get('alias', name)) !== undefined,
      drop: async (tenant) => {
        while (!(await store.dropTenant(tenant, 1_000)));
      },
      products: async (tenant, model, lines) => {
        restores.checkModel(model);
        return restores.products(tenant, linesOf(lines));
      },
      records: async (lines, replace) => {
        for (const line of linesOf(lines)) {
          if ('record' in line) await restores.record(line.record, replace);
          if ('placement' in line) await restores.placement(line.placement);
        }
      },
      settle: async () => [],
    },
  };
  return place;
}

/** A folder of its own as a target. */
export function openFolder(): { folder: string; target: FolderTarget; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'omnisearch-backup-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  return { folder, target: new FolderTarget(folder), remove };
}

export function product(id: string, more: object = {}) {
  return { id, title: `Product ${id}`, category: `c${id.length % 3}`, price: 5, ...more };
}
