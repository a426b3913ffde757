import { AuditLog } from '../../../src/tenancy/audit-log.js';
import { KeyDesk } from '../../../src/tenancy/keys/key-desk.js';
import { KeyDirectory } from '../../../src/tenancy/keys/key-directory.js';
import { KeyRing } from '../../../src/tenancy/keys/key-ring.js';
import { KeyVault } from '../../../src/tenancy/keys/key-vault.js';
import type { RecordStore } from '../../../src/store/record-store.js';

/** A clock that stands until it is moved. */
export interface Clock {
  ms: number;
}

/** Keys as a node has them that shares `records` with others. */
export function keyedNode(
  records: RecordStore,
  clock: Clock = { ms: 0 },
  keysSecret: string | null = 'a secret of sixteen',
) {
  const vault = new KeyVault(keysSecret ?? undefined);
  const directory = new KeyDirectory(records, () => clock.ms);
  const startedMs = Date.now();
  return {
    directory,
    ring: new KeyRing(directory, vault, () => startedMs + clock.ms),
    desk: new KeyDesk({ records, audit: new AuditLog(records), vault, directory }),
  };
}
