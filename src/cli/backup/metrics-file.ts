import { readFile, rename, writeFile } from 'node:fs/promises';
import { MetricsPage } from '../metrics-text.js';

const NAME = 'backup_last_success_timestamp_seconds';
const KINDS = ['full', 'changes'] as const;

export type BackupKind = (typeof KINDS)[number];

/**
 * Writes for node_exporter's textfile collector when a backup of a kind was last whole. The backup is taken elsewhere than
 * where the servers run: who takes it is who knows.
 */
export async function writeMetricsFile(file: string, kind: BackupKind, at: Date): Promise<void> {
  const before = new MetricsPage(await readFile(file, 'utf8').catch(() => ''));
  const lines = KINDS.map((each) => {
    const seconds = each === kind ? at.getTime() / 1_000 : (before.max(NAME, { kind: each }) ?? 0);
    return `${NAME}{kind="${each}"} ${seconds}\n`;
  });
  const help = `# HELP ${NAME} When a backup was last whole; 0: never.\n# TYPE ${NAME} gauge\n`;
  // The collector may read at any time.
  await writeFile(`${file}.tmp`, help + lines.join(''), { mode: 0o644 });
  await rename(`${file}.tmp`, file);
}
