import type { Socket } from 'node:net';
import type { ServerResponse } from 'node:http';
import { abortSignalOf, Cancellation, type CancelSignal } from '../core/cancellation.js';
import { OmniError } from '../core/errors.js';
import type { Span } from '../core/span.js';
import { rawErrorReply } from './error-reply.js';
import { REQUESTS_OF_CONNECTION, type HttpLimits } from './limits.js';

const SWEEP_MS = 1_000;

/** A request from its head to the last byte of its reply. */
export class Exchange {
  private readonly cancellation = new Cancellation();
  private nodes: AbortSignal | undefined;
  private readonly endings: (() => void)[] = [];
  private hasEnded = false;
  /** Where it is traced. */
  span: Span | undefined;
  /** What it was answered with, where that is an error. */
  problem: OmniError | undefined;
  /** When the reply was ready, and when some of it was last taken; undefined before. */
  private reply: { readyMs: number; takenMs: number } | undefined;

  constructor(private readonly response: ServerResponse) {}

  /** Aborted when the caller goes away before the reply has left. */
  get caller(): CancelSignal {
    return this.cancellation;
  }

  /** The same as Node's own. */
  get signal(): AbortSignal {
    this.nodes ??= abortSignalOf(this.cancellation);
    return this.nodes;
  }

  /** Calls `leave` once the reply has left, or its connection is gone. */
  onEnd(leave: () => void): void {
    if (this.hasEnded) leave();
    else this.endings.push(leave);
  }

  /** The reply is ready, or its reader has taken some of it. */
  progress(): void {
    const now = performance.now();
    if (this.reply === undefined) this.reply = { readyMs: now, takenMs: now };
    else this.reply.takenMs = now;
  }

  /** Whether the reader of the reply has had long enough. */
  isOverdue(nowMs: number, { replyTimeoutMs, replyIdleTimeoutMs }: HttpLimits): boolean {
    if (this.reply === undefined) return false;
    const { readyMs, takenMs } = this.reply;
    return nowMs - readyMs > replyTimeoutMs || nowMs - takenMs > replyIdleTimeoutMs;
  }

  end(): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    if (!this.response.writableFinished) {
      this.cancellation.abort(new OmniError('unavailable', 'the caller went away'));
    }
    for (const leave of this.endings) leave();
  }
}

/**
 * Who is connected. Past `maxConnections` the connection that was idle longest makes room; no
 * connection has more than its share of requests in flight; a reader that takes too long is cut off.
 */
export class Connections {
  private readonly open = new Set<Socket>();
  /** Those without a request, the one that was idle longest first. */
  private readonly idle = new Set<Socket>();
  /** Requests of a connection, in order. Node itself closes only the first of them with it. */
  private readonly exchanges = new Map<Socket, Set<Exchange>>();
  private readonly sweeper: NodeJS.Timeout;

  constructor(private readonly limits: HttpLimits) {
    const everyMs = Math.min(SWEEP_MS, limits.replyIdleTimeoutMs);
    this.sweeper = setInterval(() => this.cutOffSlowReaders(), everyMs).unref();
  }

  /** Takes a new connection in, or turns it away. */
  accept(socket: Socket): void {
    if (this.open.size >= this.limits.maxConnections) {
      const [longestIdle] = this.idle;
      if (longestIdle === undefined) {
        const error = new OmniError('overloaded', 'too many connections');
        socket.end(rawErrorReply('503 Service Unavailable', error));
        socket.destroySoon();
        return;
      }
      this.forget(longestIdle);
      longestIdle.destroy();
    }
    this.open.add(socket);
    this.idle.add(socket);
    socket.once('close', () => this.forget(socket));
  }

  /** A request has come. Throws `overloaded` where its connection has too many. */
  begin(socket: Socket, response: ServerResponse): Exchange {
    const exchange = new Exchange(response);
    if (socket.destroyed) {
      exchange.end();
      return exchange;
    }
    const all = this.exchangesOf(socket);
    if (all.size >= REQUESTS_OF_CONNECTION) {
      const message = `a connection may have ${REQUESTS_OF_CONNECTION} requests in flight`;
      throw new OmniError('overloaded', message);
    }
    all.add(exchange);
    this.idle.delete(socket);
    response.once('close', () => {
      exchange.end();
      all.delete(exchange);
      if (all.size === 0 && this.open.has(socket)) this.idle.add(socket);
    });
    return exchange;
  }

  get counts(): { open: number; idle: number } {
    return { open: this.open.size, idle: this.idle.size };
  }

  close(): void {
    clearInterval(this.sweeper);
  }

  private exchangesOf(socket: Socket): Set<Exchange> {
    let all = this.exchanges.get(socket);
    if (all === undefined) {
      const created = new Set<Exchange>();
      this.exchanges.set(socket, created);
      socket.once('close', () => {
        this.exchanges.delete(socket);
        for (const exchange of created) exchange.end();
      });
      all = created;
    }
    return all;
  }

  private forget(socket: Socket): void {
    this.open.delete(socket);
    this.idle.delete(socket);
  }

  private cutOffSlowReaders(): void {
    const nowMs = performance.now();
    for (const [socket, all] of this.exchanges) {
      // Replies leave in order: the first is the one that is being read.
      const [first] = all;
      if (first?.isOverdue(nowMs, this.limits) === true) socket.destroy();
    }
  }
}
