import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { Deadline } from '../core/deadline.js';
import { reasonOf } from '../core/errors.js';
import { hostPortOf, textOf } from '../core/host-port.js';

/** A name is looked up again after that: a container that came back has another address. */
const KEPT_MS = 5_000;
/** Others do not wait for longer for a name. */
const LOOKUP_LIMIT_MS = 1_000;

interface Found {
  ip: string;
  atMs: number;
}

/**
 * Addresses by number, of those by name: HAProxy looks up no name of a server that is added while it runs, and nginx
 * refuses all of a configuration for one name that nobody knows.
 */
export class ServerAddresses {
  private readonly found = new Map<string, Found>();

  constructor(
    /** What is left out, and why. */
    private readonly onProblem: (line: string) => void,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Each once. A name that cannot be looked up keeps its last address; one that never could be is left out. */
  async resolve(addresses: readonly string[]): Promise<string[]> {
    const resolved = await Promise.all(addresses.map((address) => this.resolveOne(address)));
    return [...new Set(resolved.filter((address) => address !== undefined))].sort();
  }

  private async resolveOne(address: string): Promise<string | undefined> {
    const place = hostPortOf(address);
    if (place === undefined) return undefined;
    const ip = isIP(place.host) === 0 ? await this.ipOf(place.host) : place.host;
    return ip && textOf({ host: ip, port: place.port });
  }

  private async ipOf(name: string): Promise<string | undefined> {
    const kept = this.found.get(name);
    if (kept !== undefined && this.now() - kept.atMs < KEPT_MS) return kept.ip;
    try {
      const looking = Deadline.after(LOOKUP_LIMIT_MS).race(lookup(name), 'the look-up');
      const { address: ip } = await looking;
      this.found.set(name, { ip, atMs: this.now() });
      return ip;
    } catch (error) {
      this.onProblem(`${name} is not known: ${reasonOf(error)}`);
      return kept?.ip;
    }
  }
}
