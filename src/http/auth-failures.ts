import { isIPv6 } from 'node:net';
import { boundedCache } from '../core/bounded-cache.js';

const WINDOW_MS = 60_000;
const MAX_ADDRESSES = 100_000;
/** Of an IPv6 address: what one customer has of a network, 64 bits. */
const NETWORK_GROUPS = 4;

interface Failures {
  count: number;
  sinceMs: number;
}

/** Counts, by address, who comes with a key that there is not: past so many a minute further such are sent away. */
export class AuthFailures {
  private readonly byNetwork = boundedCache<Failures>({ max: MAX_ADDRESSES });

  /** @param perMinute 0: nobody is sent away */
  constructor(
    private readonly perMinute: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Counts one. How long further ones are sent away, milliseconds; undefined: this one is not yet. */
  count(address: string): number | undefined {
    if (this.perMinute === 0) return undefined;
    const nowMs = this.now();
    const network = networkOf(address);
    const known = this.byNetwork.get(network);
    const isOver = known === undefined || nowMs - known.sinceMs >= WINDOW_MS;
    const failures = isOver ? { count: 0, sinceMs: nowMs } : known;
    if (isOver) this.byNetwork.set(network, failures);
    failures.count += 1;
    if (failures.count <= this.perMinute) return undefined;
    return failures.sinceMs + WINDOW_MS - nowMs;
  }
}

/** One that is free to choose among addresses is counted by what they have in common. */
function networkOf(address: string): string {
  if (!isIPv6(address) || address.includes('.')) return address;
  const [before = '', behind] = address.split('::');
  const groups = (text: string | undefined): string[] =>
    text === undefined || text === '' ? [] : text.split(':');
  const [first, last] = [groups(before), groups(behind)];
  const zeros = Array.from({ length: Math.max(0, 8 - first.length - last.length) }, () => '0');
  return [...first, ...(behind === undefined ? [] : zeros), ...last]
    .slice(0, NETWORK_GROUPS)
    .join(':');
}
