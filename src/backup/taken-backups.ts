import { changeRecord } from '../store/change-record.js';
import type { RecordStore } from '../store/record-store.js';

const TAKEN_KIND = 'backup taken';
const MAX_ATTEMPTS = 8;

/** `full`: all there is. `changes`: what was written after another one. */
export const BACKUP_KINDS = ['full', 'changes'] as const;

export type BackupKind = (typeof BACKUP_KINDS)[number];

/** When backups of all tenants were last taken, as those who took them told the server that they were taken of. */
export class TakenBackups {
  constructor(private readonly records: RecordStore) {}

  /** One was taken, and is whole. */
  async note(kind: BackupKind, at: Date = new Date()): Promise<void> {
    const record = {
      kind: TAKEN_KIND,
      id: kind,
      what: 'the latest backup',
      attempts: MAX_ATTEMPTS,
    };
    await changeRecord(this.records, record, () => ({ at: at.toISOString() }));
  }

  /** When the latest of each kind was, epoch ms. */
  async latest(): Promise<Map<BackupKind, number>> {
    const times = new Map<BackupKind, number>();
    for (const kind of BACKUP_KINDS) {
      const found = await this.records.get(TAKEN_KIND, kind);
      const at = found?.value['at'];
      if (typeof at === 'string') times.set(kind, Date.parse(at));
    }
    return times;
  }
}
