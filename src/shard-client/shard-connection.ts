import { connect, type Socket } from 'node:net';
import type { Deadline } from '../core/deadline.js';
import { OmniError } from '../core/errors.js';
import { encodeFrame, FrameReader } from '../protocol/frames.js';
import { PROTOCOL_VERSION, type Reply, type Request } from '../protocol/messages.js';

/** Requests under way on one connection; past it the caller gets `overloaded` at once. */
const MAX_IN_FLIGHT = 1_024;
const CONNECT_TIMEOUT_MS = 1_000;
const RETRY_FIRST_MS = 50;
const RETRY_LAST_MS = 1_000;

interface Waiter {
  resolve: (reply: Reply) => void;
  reject: (error: OmniError) => void;
  timer: NodeJS.Timeout;
}

/** Where a shard process listens: a Unix socket's path, or `host:port`. */
export type ShardAddress = string;

/**
 * One connection to one shard process, with many requests under way at once.
 *
 *   closed ──ensure()──> connecting ──welcome──> open ──error, end──> closed, again after a pause
 *
 * A request that finds no connection waits for one within its own deadline.
 */
export class ShardConnection {
  private socket: Socket | undefined;
  private opening: Promise<Socket> | undefined;
  private readonly waiting = new Map<number, Waiter>();
  private lastRequest = 0;
  private retryMs = RETRY_FIRST_MS;
  private retryAtMs = 0;
  private closed = false;

  constructor(
    private readonly address: ShardAddress,
    private readonly storeId: string,
  ) {}

  /** The reply to `message`. Rejects `unavailable`, `overloaded` or `deadline_exceeded`. */
  async request(message: Request, deadline: Deadline): Promise<Reply> {
    if (this.waiting.size >= MAX_IN_FLIGHT) {
      throw new OmniError('overloaded', 'too many requests to a shard', { retryAfterMs: 1_000 });
    }
    const socket = this.socket ?? (await deadline.race(this.ensure(), 'connecting to a shard'));
    return this.send(socket, message, deadline);
  }

  /** Sends what wants no answer, if there is a connection. */
  notify(message: Request): void {
    if (this.socket !== undefined) this.socket.write(encodeFrame(0, message));
    else this.ensure().catch(() => undefined);
  }

  close(): void {
    this.closed = true;
    this.socket?.destroy();
    this.fail(new OmniError('unavailable', 'closing'));
  }

  private send(socket: Socket, message: Request, deadline: Deadline): Promise<Reply> {
    this.lastRequest = (this.lastRequest % 0xffffffff) + 1;
    const request = this.lastRequest;
    return new Promise<Reply>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.delete(request);
        socket.write(encodeFrame(0, { type: 'cancel', request }));
        reject(new OmniError('deadline_exceeded', 'a shard did not answer in time'));
      }, deadline.remainingMs());
      this.waiting.set(request, { resolve, reject, timer });
      socket.write(encodeFrame(request, message));
    });
  }

  private ensure(): Promise<Socket> {
    if (this.closed || performance.now() < this.retryAtMs) {
      return Promise.reject(new OmniError('unavailable', 'the shard cannot be reached'));
    }
    this.opening ??= this.open().finally(() => {
      this.opening = undefined;
    });
    return this.opening;
  }

  private open(): Promise<Socket> {
    return new Promise<Socket>((resolve, reject) => {
      const socket = connectTo(this.address);
      const reader = new FrameReader();
      let open = false;
      const lost = (message: string): void => {
        socket.destroy();
        const error = new OmniError('unavailable', message);
        this.retryAtMs = performance.now() + this.retryMs;
        this.retryMs = Math.min(RETRY_LAST_MS, this.retryMs * 2);
        reject(error);
        if (!open) return;
        open = false;
        this.socket = undefined;
        this.fail(error);
      };
      socket.setNoDelay(true);
      socket.setTimeout(CONNECT_TIMEOUT_MS, () => lost('the shard did not answer the handshake'));
      socket.once('connect', () => {
        const hello: Request = { type: 'hello', protocol: PROTOCOL_VERSION, storeId: this.storeId };
        socket.write(encodeFrame(0, hello));
      });
      socket.on('error', () => lost('the connection to the shard broke'));
      socket.on('close', () => lost('the connection to the shard ended'));
      socket.on('data', (chunk) => {
        try {
          for (const frame of reader.push(chunk)) {
            const reply = frame.message as Reply;
            if (open) this.settle(frame.request, reply);
            else if (reply.type === 'welcome') {
              open = true;
              socket.setTimeout(0);
              this.socket = socket;
              this.retryMs = RETRY_FIRST_MS;
              resolve(socket);
            } else
              lost(reply.type === 'failure' ? reply.message : 'the shard refused the handshake');
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

function connectTo(address: ShardAddress): Socket {
  const tcp = /^(.+):(\d+)$/.exec(address);
  if (tcp?.[1] !== undefined) return connect({ host: tcp[1], port: Number(tcp[2]) });
  return connect({ path: address });
}
