import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A path of a Unix socket, or a port of this machine. */
export type Place = string | number;

/** The two ways of a connection: what its opener says, and what it hears. */
type Way = 'said' | 'heard';

/** What a link does to all that goes over it from now on. */
interface Condition {
  delayMs: number;
  /** Up to so much more, at random. */
  jitterMs: number;
  bytesPerS: number;
  /** What goes these ways is kept until another condition lets it go on, as TCP would send it again. */
  mute: readonly Way[];
  /** New connections are taken, and nobody ever answers on them. */
  swallows: boolean;
}

const WELL: Condition = {
  ...{ delayMs: 0, jitterMs: 0, bytesPerS: Infinity },
  ...{ mute: [], swallows: false },
};

const POLL_MS = 10;

interface Pair {
  opener: Socket;
  /** Absent where the connection was swallowed. */
  target: Socket | undefined;
  /** Both ends keep it, and nothing ever goes over it again. */
  isForgotten: boolean;
}

/** Connections to a place go through it, and it treats them as a bad network would. */
export class FaultyLink {
  private readonly pairs = new Set<Pair>();
  private condition = WELL;
  private isStopped = false;

  private constructor(
    private readonly server: Server,
    private readonly to: Place,
    private readonly random: () => number,
  ) {
    server.on('connection', (opener) => this.open(opener));
  }

  /** @param at 0: any free port */
  static async start(at: Place, to: Place, random: () => number): Promise<FaultyLink> {
    const server = createServer();
    server.listen(placeOf(at));
    await once(server, 'listening');
    return new FaultyLink(server, to, random);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Well again but for what is named here. */
  become(condition: Partial<Condition>): void {
    this.condition = { ...WELL, ...condition };
    if (this.condition.swallows) return;
    for (const { opener, target } of this.pairs) if (target === undefined) opener.destroy();
  }

  /** All connections break. */
  drop(): void {
    for (const { opener, target } of this.pairs) {
      for (const socket of [opener, target]) cut(socket);
    }
  }

  /** Those that are open now are silent for ever, new ones are well: as after a gateway was started anew. */
  forget(): void {
    for (const pair of this.pairs) pair.isForgotten = true;
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    this.become({});
    this.server.close();
    this.drop();
    await once(this.server, 'close');
  }

  private open(opener: Socket): void {
    const target = this.condition.swallows ? undefined : connect(placeOf(this.to));
    const pair: Pair = { opener, target, isForgotten: false };
    this.pairs.add(pair);
    const close = (): void => {
      // What was forgotten is not told to the other end either.
      if (!pair.isForgotten || this.isStopped) for (const end of [opener, target]) end?.destroy();
      if (opener.destroyed && target?.destroyed !== false) this.pairs.delete(pair);
    };
    for (const socket of [opener, target]) {
      socket?.on('error', () => undefined);
      socket?.on('close', close);
    }
    if (target === undefined) {
      opener.resume();
      return;
    }
    void this.carry('said', opener, target, pair).finally(close);
    void this.carry('heard', target, opener, pair).finally(close);
  }

  /** Until either end closes. */
  private async carry(way: Way, from: Socket, to: Socket, pair: Pair): Promise<void> {
    try {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        const { delayMs, jitterMs, bytesPerS } = this.condition;
        const waitMs = delayMs + jitterMs * this.random() + (chunk.length / bytesPerS) * 1_000;
        if (waitMs > 0) await sleep(waitMs);
        while (this.condition.mute.includes(way) && !to.destroyed) await sleep(POLL_MS);
        // Read all the same: to leave the loop would close it.
        if (pair.isForgotten) continue;
        if (to.destroyed) return;
        if (!to.write(chunk)) await Promise.race([once(to, 'drain'), once(to, 'close')]);
      }
    } catch {
      // It broke: so does the other end.
    }
  }
}

function placeOf(place: Place): { path: string } | { port: number; host: string } {
  return typeof place === 'string' ? { path: place } : { port: place, host: '127.0.0.1' };
}

/** With a reset where there is such a thing. */
function cut(socket: Socket | undefined): void {
  if (socket?.remoteAddress === undefined) socket?.destroy();
  else socket.resetAndDestroy();
}
