import type { DamagedValue } from '../core/shard-status.js';

/** Beyond so many no further one is named. */
const MAX_VALUES = 1_000;

/** What a process met of damaged values, until they are written anew or removed. */
export class DamageLog {
  private readonly values = new Map<string, DamagedValue>();

  /** Of which values there are, at most the first 1,000. */
  list(): DamagedValue[] {
    return [...this.values.values()];
  }

  has(what: string, key: Buffer): boolean {
    return this.values.size > 0 && this.values.has(nameOf(what, key));
  }

  add(key: Buffer, value: DamagedValue): void {
    if (this.values.size < MAX_VALUES) this.values.set(nameOf(value.what, key), value);
  }

  forget(what: string, key: Buffer): void {
    if (this.values.size > 0) this.values.delete(nameOf(what, key));
  }
}

function nameOf(what: string, key: Buffer): string {
  return `${what} ${key.toString('latin1')}`;
}
