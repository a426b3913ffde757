import type { Config } from '../config/settings.js';
import type { RecordStore } from '../store/record-store.js';
import type { AuditLog } from '../tenancy/audit-log.js';
import { KeyDesk } from '../tenancy/keys/key-desk.js';
import { KeyDirectory } from '../tenancy/keys/key-directory.js';
import { KeyRing } from '../tenancy/keys/key-ring.js';
import { KeyVault } from '../tenancy/keys/key-vault.js';

/** Keys of shops and operators: who is let in by them, and who changes them. */
export function openKeys(
  records: RecordStore,
  audit: AuditLog,
  { keysSecret }: Pick<Config, 'keysSecret'>,
) {
  const vault = new KeyVault(keysSecret);
  const keyDirectory = new KeyDirectory(records);
  return {
    keyDirectory,
    keys: new KeyRing(keyDirectory, vault),
    keyDesk: new KeyDesk({ records, audit, vault, directory: keyDirectory }),
  };
}
