import { randomUUID } from 'node:crypto';
import { Deadline } from '../../core/deadline.js';
import { RepeatedWork } from '../../core/repeated-work.js';
import type { ClientRecord, Collections } from './collections.js';
import type { ConnectionGate } from './connection-gate.js';

export interface ShareTimes {
  beatMs: number;
  /** Who has not beaten for so long uses no connections any more, and is forgotten. */
  deadMs: number;
}

export const SHARE_TIMES: ShareTimes = { beatMs: 5_000, deadMs: 15_000 };

const MAX_CLIENTS = 10_000;
/** Beside those of the gate: the driver watches a server over two, one is for beats, one may be for a change stream. */
const OWN_CONNECTIONS = 4;
/** Until the others have heard of who has just come, or come back. */
const FIRST_CONNECTIONS = 2;
/** A stop does not wait for longer for a store that does not answer. */
const LEAVE_LIMIT_MS = 2_000;

/**
 * This process's share of the connections that the server allows: as much as every other process that uses the store has.
 * Each beats in a document of its own; who lives is told by the server's clock alone, so that none here has to be right.
 */
export class ConnectionShare {
  private readonly id = randomUUID();
  private readonly beating: RepeatedWork;
  private hasBeaten = false;

  /** @param total connections that the server allows all of them together */
  constructor(
    private readonly clients: Collections['clients'],
    private readonly gate: ConnectionGate,
    private readonly total: number,
    private readonly most: number,
    private readonly times: ShareTimes,
  ) {
    // A store that is away leaves the share as it is.
    this.beating = new RepeatedWork(() => this.beat().catch(() => undefined), times.beatMs);
  }

  start(): void {
    this.beating.start();
  }

  /** Gives the share back. Never rejects: who is silent loses it as well. */
  async close(): Promise<void> {
    const left = this.beating.close().then(() => this.clients.deleteOne({ _id: this.id }));
    await Deadline.after(LEAVE_LIMIT_MS)
      .race(left, 'giving back the share')
      .catch(() => undefined);
  }

  private async beat(): Promise<void> {
    const before = await this.clients.findOneAndUpdate(
      { _id: this.id },
      { $currentDate: { at: true } },
      { upsert: true, returnDocument: 'before' },
    );
    const found = await this.clients.find({}, { sort: { _id: 1 }, limit: MAX_CLIENTS }).toArray();
    const own = found.find(({ _id }) => _id === this.id);
    if (own === undefined) return;
    const isDead = ({ at }: ClientRecord): boolean =>
      own.at.getTime() - at.getTime() >= this.times.deadMs;
    for (const { _id, at } of found.filter(isDead)) await this.clients.deleteOne({ _id, at });
    const living = found.filter((client) => !isDead(client)).length;
    const share = shareOf(this.total, living, this.most);
    // Whoever was silent for long was forgotten by the others, and they by it: none of them may be dead.
    const isBack = before === null ? this.hasBeaten : isDead(before);
    const isNew = isBack || (before === null && living > 1);
    this.hasBeaten = true;
    this.gate.limit = isNew ? Math.min(FIRST_CONNECTIONS, share) : share;
  }
}

/** What whoever comes may use until it knows of the others. */
export function firstShareOf(total: number, most: number): number {
  return Math.min(FIRST_CONNECTIONS, shareOf(total, 1, most));
}

/** What each of `clients` may use of `total` connections beside those that are its own at any rate; 1 at least. */
function shareOf(total: number, clients: number, most: number): number {
  return Math.max(1, Math.min(most, Math.floor(total / clients) - OWN_CONNECTIONS));
}
