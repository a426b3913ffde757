import { connect, type Socket } from 'node:net';
import type { Deadline } from '../core/deadline.js';
import { OmniError } from '../core/errors.js';
import { encodeFrame, FrameReader } from '../protocol/frames.js';
import type { Reply, Request } from '../protocol/messages.js';
import { endpointOf, type ShardAddress } from '../protocol/shard-address.js';
import { ClientHandshake, type Credentials } from './client-handshake.js';

/** Requests under way on one connection; past it the caller gets `overloaded` at once. */
const MAX_IN_FLIGHT = 1_024;
const CONNECT_TIMEOUT_MS = 1_000;
const KEEP_ALIVE_MS = 10_000;
/** Pause after a refused attempt, so short that a shard that is back is found back. */
const RETRY_REFUSED_MS = 50;
/** Pause after an attempt without any answer, which has cost its callers their time. */
const RETRY_SILENT_MS = 1_000;
/** Bytes that a shard may leave unread before further requests are refused. */
const MAX_UNSENT_BYTES = 16 * 1024 * 1024;

interface Waiter {
  resolve: (reply: Reply) => void;
  reject: (error: OmniError) => void;
  timer: NodeJS.Timeout;
}

/**
 * One connection to one shard process, with many requests under way at once.
 *
 *   closed ──ensure()──> connecting ──welcome──> open ──error, end──> closed, again after a pause
 *
 * A request that finds no connection waits for one within its own deadline; during the pause after
 * a failed attempt it is refused at once.
 */
export class ShardConnection {
  private socket: Socket | undefined;
  private opening: Promise<Socket> | undefined;
  /** Any socket not yet gone, open or not. */
  private live: Socket | undefined;
  private readonly waiting = new Map<number, Waiter>();
  /** Requests that wait for the connection or for their answer. */
  private underWay = 0;
  private lastRequest = 0;
  private retryAtMs = 0;
  private closed = false;
  /** Why there is no connection, for operators. */
  private problem = 'the shard cannot be reached';

  constructor(
    readonly address: ShardAddress,
    private readonly credentials: Credentials,
  ) {}

  /** The reply to `message`. Rejects `unavailable`, `overloaded` or `deadline_exceeded`. */
  async request(message: Request, deadline: Deadline): Promise<Reply> {
    if (this.underWay >= MAX_IN_FLIGHT || this.isClogged()) {
      throw new OmniError('overloaded', 'too many requests to a shard', { retryAfterMs: 1_000 });
    }
    this.underWay += 1;
    try {
      const socket = this.socket ?? (await deadline.race(this.ensure(), 'connecting to a shard'));
      return await this.send(socket, message, deadline);
    } finally {
      this.underWay -= 1;
    }
  }

  /** Sends what wants no answer, if there is a connection. */
  notify(message: Request): void {
    if (this.isClogged()) return;
    if (this.socket !== undefined) this.socket.write(encodeFrame(0, message));
    else this.ensure().catch(() => undefined);
  }

  close(): void {
    this.closed = true;
    this.socket = undefined;
    this.live?.destroy();
    this.fail(new OmniError('unavailable', 'closing'));
  }

  private isClogged(): boolean {
    return this.socket !== undefined && this.socket.writableLength > MAX_UNSENT_BYTES;
  }

  private async send(socket: Socket, message: Request, deadline: Deadline): Promise<Reply> {
    // Lost again before its first request: nobody would answer.
    if (socket !== this.socket) throw new OmniError('unavailable', 'the connection was lost');
    this.lastRequest = (this.lastRequest % 0xffffffff) + 1;
    const request = this.lastRequest;
    const frame = encodeFrame(request, message);
    return new Promise<Reply>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.delete(request);
        socket.write(encodeFrame(0, { type: 'cancel', request }));
        reject(new OmniError('deadline_exceeded', 'a shard did not answer in time'));
      }, deadline.remainingMs());
      this.waiting.set(request, { resolve, reject, timer });
      socket.write(frame);
    });
  }

  private ensure(): Promise<Socket> {
    if (this.closed || performance.now() < this.retryAtMs) {
      return Promise.reject(new OmniError('unavailable', this.problem));
    }
    this.opening ??= this.open().finally(() => {
      this.opening = undefined;
    });
    return this.opening;
  }

  private open(): Promise<Socket> {
    return new Promise<Socket>((resolve, reject) => {
      const socket = connect(endpointOf(this.address));
      this.live = socket;
      const reader = new FrameReader();
      const handshake = new ClientHandshake(this.credentials);
      let state: 'opening' | 'open' | 'lost' = 'opening';
      const lost = (message: string, retryMs = RETRY_REFUSED_MS): void => {
        if (state === 'lost') return;
        socket.destroy();
        this.problem = message;
        const error = new OmniError('unavailable', message);
        // One that worked is tried again at once: a shard that was restarted may be back.
        if (state === 'opening') this.retryAtMs = performance.now() + retryMs;
        reject(error);
        if (state === 'open') {
          this.socket = undefined;
          this.fail(error);
        }
        state = 'lost';
      };
      socket.setNoDelay(true);
      // A machine that vanished closes nothing.
      socket.setKeepAlive(true, KEEP_ALIVE_MS);
      socket.setTimeout(CONNECT_TIMEOUT_MS, () =>
        lost('the shard did not answer the handshake', RETRY_SILENT_MS),
      );
      socket.once('connect', () => socket.write(encodeFrame(0, handshake.hello())));
      socket.on('error', () => lost('the connection to the shard broke'));
      socket.on('close', () => lost('the connection to the shard ended'));
      socket.on('data', (chunk) => {
        try {
          for (const frame of reader.push(chunk)) {
            const reply = frame.message as Reply;
            if (state === 'open') {
              this.settle(frame.request, reply);
              continue;
            }
            const step = handshake.step(reply);
            if ('problem' in step) lost(step.problem);
            else if ('send' in step) socket.write(encodeFrame(0, step.send));
            else {
              state = 'open';
              socket.setTimeout(0);
              this.socket = socket;
              resolve(socket);
            }
          }
        } catch (error) {
          lost(`the shard sent nonsense: ${String(error)}`);
        }
      });
    });
  }

  private settle(request: number, reply: Reply): void {
    const waiter = this.waiting.get(request);
    if (waiter === undefined) return;
    this.waiting.delete(request);
    clearTimeout(waiter.timer);
    waiter.resolve(reply);
  }

  private fail(error: OmniError): void {
    for (const waiter of this.waiting.values()) {
      clearTimeout(waiter.timer);
      waiter.reject(error);
    }
    this.waiting.clear();
  }
}
