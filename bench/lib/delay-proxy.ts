import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Transform, type TransformCallback } from 'node:stream';
import type { Resource } from './bench.js';

/** Bytes that may be under way in one direction of a connection; past them its sender waits. */
const IN_FLIGHT_BYTES = 1 << 20;

/** A TCP proxy on loopback through which everything takes longer, as over a network of that length. */
export class DelayProxy implements Resource {
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  /** `delayMs` each way: a round trip takes twice that longer. A connection is there at once. */
  static async start(target: string, delayMs: number): Promise<DelayProxy> {
    const { hostname, port } = new URL(target);
    const server = createServer({ allowHalfOpen: true });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port: own } = server.address() as AddressInfo;
    const proxy = new DelayProxy(server, `http://127.0.0.1:${String(own)}`);
    server.on('connection', (near) => {
      const far = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
      proxy.join(near, far, delayMs);
      proxy.join(far, near, delayMs);
    });
    return proxy;
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private join(from: Socket, to: Socket, delayMs: number): void {
    this.sockets.add(from);
    from.setNoDelay(true);
    from.on('error', () => to.destroy());
    from.on('close', () => this.sockets.delete(from));
    from.pipe(new Delay(delayMs)).pipe(to);
  }
}

/** Hands each chunk on after a while, in order; several are under way at once. */
class Delay extends Transform {
  private inFlightBytes = 0;
  private held: TransformCallback | undefined;
  private last: Promise<void> = Promise.resolve();

  constructor(private readonly delayMs: number) {
    super();
  }

  override _transform(chunk: Buffer, _encoding: string, done: TransformCallback): void {
    this.inFlightBytes += chunk.length;
    this.later(() => {
      this.push(chunk);
      this.inFlightBytes -= chunk.length;
      const held = this.held;
      this.held = undefined;
      held?.();
    });
    if (this.inFlightBytes < IN_FLIGHT_BYTES) done();
    else this.held = done;
  }

  override _flush(done: TransformCallback): void {
    this.later(done);
  }

  /** Timers of one length come in the order in which they were set, but for rounding to milliseconds. */
  private later(act: () => void): void {
    const due = new Promise<void>((resolve) => setTimeout(resolve, this.delayMs));
    this.last = this.last.then(() => due).then(act);
  }
}
