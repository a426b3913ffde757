import type { Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import type { CancelSignal } from '../core/cancellation.js';
import { Deadline } from '../core/deadline.js';
import { OmniError } from '../core/errors.js';
import { encodeFrame, FrameReader } from '../protocol/frames.js';
import { OLDEST_PROTOCOL, spokenSince, type Reply, type Request } from '../protocol/messages.js';
import type { ShardAddress } from '../protocol/shard-address.js';
import { ClientHandshake, type Credentials } from './client-handshake.js';
import { brokenBy, reach } from './reach-shard.js';
import { ConnectionLost } from './replicas/refusals.js';
import { PING_AFTER_MS, ShardPulse } from './shard-pulse.js';

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
/** A request up to so long is sent again when its connection breaks. */
const SMALL_REQUEST_BYTES = 64 * 1024;
/** How long a ping waits, and the pause before a silent shard gets the next. */
const PING_TIMEOUT_MS = 5_000;
const PING_PAUSE_MS = 200;

interface Waiter {
  resolve: (reply: Reply) => void;
  reject: (error: OmniError) => void;
  timer: NodeJS.Timeout;
  /** Stops listening to the caller's signal. */
  unlisten: (() => void) | undefined;
}

/**
 * One connection to one shard process, with many requests under way at once.
 *
 *   closed ──ensure()──> connecting ──welcome──> open ──error, end──> closed, again after a pause
 *
 * A request that finds no connection waits for one within its own deadline; during the pause after
 * a failed attempt, and while the shard is silent (see `ShardPulse`), it is refused at once.
 */
export class ShardConnection {
  private socket: Socket | undefined;
  /** What is spoken on `socket`. */
  private protocol = OLDEST_PROTOCOL;
  private opening: Promise<Socket> | undefined;
  /** Any socket not yet gone, open or not. */
  private live: Socket | undefined;
  private readonly waiting = new Map<number, Waiter>();
  /** Requests that wait for the connection or for their answer, but for those that may take long. */
  private underWay = 0;
  readonly pulse: ShardPulse;
  private pinging = false;
  private lookTimer: NodeJS.Timeout | undefined;
  private lastRequest = 0;
  private retryAtMs = 0;
  private closed = false;
  /** When an open connection last broke; monotonic, milliseconds. */
  lostAtMs = -Infinity;
  /** Why there is no connection, for operators. */
  private problem = 'the shard cannot be reached';

  /** @param now injectable for virtual clocks */
  constructor(
    readonly address: ShardAddress,
    private readonly credentials: Credentials,
    now?: () => number,
  ) {
    this.pulse = new ShardPulse(now);
  }

  /** Nothing has come from the shard for so long that only a probe still asks it. */
  get isSilent(): boolean {
    return this.pulse.isSilent;
  }

  /**
   * The reply to `message`. Rejects `unavailable`, `overloaded` or `deadline_exceeded`; also when
   * `signal` is aborted, and then the shard is told to stop.
   */
  async request(message: Request, deadline: Deadline, signal?: CancelSignal): Promise<Reply> {
    if (this.pulse.isSilent) throw new OmniError('unavailable', 'the shard does not answer');
    // What waits for the feed may do so for minutes: it says nothing of the shard.
    if (message.type === 'await') return this.exchange(message, deadline, signal);
    // Where this process was held up itself, what the shard has said meanwhile is to be heard first.
    if (!this.pulse.admits(this.underWay)) await nextTurn();
    if (this.underWay >= MAX_IN_FLIGHT || !this.pulse.admits(this.underWay)) throw tooMany();
    this.pulse.asked(this.underWay);
    this.underWay += 1;
    this.lookTimer ??= setTimeout(() => this.look(), PING_AFTER_MS);
    try {
      return await this.exchange(message, deadline, signal);
    } catch (error) {
      const isLate = error instanceof OmniError && error.code === 'deadline_exceeded';
      if (isLate && signal?.aborted !== true) this.missed();
      throw error;
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

  /** Sends `message`, a small one again when its connection breaks, and waits for the reply. */
  private async exchange(
    message: Request,
    deadline: Deadline,
    signal?: CancelSignal,
  ): Promise<Reply> {
    if (this.isClogged()) throw tooMany();
    const socket = this.socket ?? (await this.connected(deadline));
    this.checkSpoken(message);
    this.lastRequest = (this.lastRequest % 0xffffffff) + 1;
    const request = this.lastRequest;
    const frame = encodeFrame(request, message);
    try {
      return await this.send(socket, request, frame, deadline, signal);
    } catch (error) {
      const isSmall = frame.byteLength <= SMALL_REQUEST_BYTES;
      if (!(error instanceof ConnectionLost) || !isSmall || this.closed) throw error;
      try {
        const next = await this.connected(deadline);
        this.checkSpoken(message);
        return await this.send(next, request, frame, deadline, signal);
      } catch (again) {
        // The request itself may have ended the shard.
        throw again instanceof OmniError && again.code === 'unavailable' ? error : again;
      }
    }
  }

  private async connected(deadline: Deadline): Promise<Socket> {
    return this.socket ?? deadline.race(this.ensure(), 'connecting to a shard');
  }

  private checkSpoken(message: Request): void {
    if (spokenSince(message) <= this.protocol) return;
    throw new OmniError('unavailable', `the shard speaks protocol ${this.protocol} only`);
  }

  private send(
    socket: Socket,
    request: number,
    frame: Buffer,
    deadline: Deadline,
    signal: CancelSignal | undefined,
  ): Promise<Reply> {
    return new Promise<Reply>((resolve, reject) => {
      // Lost again before its first request: nobody would answer.
      if (socket !== this.socket) throw new ConnectionLost('the connection was lost');
      if (signal?.aborted === true) throw gaveUp();
      const stop = (error: OmniError): void => {
        if (this.take(request) === undefined) return;
        socket.write(encodeFrame(0, { type: 'cancel', request }));
        reject(error);
      };
      const timer = setTimeout(
        () => stop(new OmniError('deadline_exceeded', 'a shard did not answer in time')),
        deadline.remainingMs(),
      );
      const waiter: Waiter = { resolve, reject, timer, unlisten: undefined };
      if (signal !== undefined) {
        const onAbort = (): void => stop(gaveUp());
        signal.addEventListener('abort', onAbort);
        waiter.unlisten = () => signal.removeEventListener('abort', onAbort);
      }
      this.waiting.set(request, waiter);
      socket.write(frame);
    });
  }

  /** Ends the wait for an answer; undefined where nobody waits any more. */
  private take(request: number): Waiter | undefined {
    const waiter = this.waiting.get(request);
    if (waiter === undefined) return undefined;
    this.waiting.delete(request);
    clearTimeout(waiter.timer);
    waiter.unlisten?.();
    return waiter;
  }

  /** While requests wait: asks a shard that says nothing whether it is alive. */
  private look(): void {
    const isAsking = this.underWay > 0 && !this.closed;
    if (isAsking && this.pulse.isQuiet && !this.pinging) void this.ping();
    this.lookTimer = isAsking ? setTimeout(() => this.look(), PING_AFTER_MS) : undefined;
  }

  private missed(): void {
    this.pulse.missed();
    if (this.pulse.isSilent && !this.pinging) void this.ping();
  }

  /** Asks whether the shard is alive; of a silent one until it says anything. Never rejects. */
  private async ping(): Promise<void> {
    this.pinging = true;
    do {
      const deadline = Deadline.after(PING_TIMEOUT_MS);
      this.pulse.pinged();
      try {
        await this.exchange({ type: 'status' }, deadline);
      } catch {
        await pause(PING_PAUSE_MS);
        // Where the network has forgotten this connection, another one finds the shard.
        if (this.pulse.isDead) this.socket?.destroy();
      }
    } while (this.pulse.isSilent && !this.closed);
    this.pinging = false;
    this.pulse.pingEnded();
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
      const { socket, readyEvent } = reach(this.address, this.credentials);
      this.live = socket;
      const reader = new FrameReader();
      const handshake = new ClientHandshake(this.credentials);
      let state: 'opening' | 'open' | 'lost' = 'opening';
      const lost = (message: string, retryMs = RETRY_REFUSED_MS): void => {
        if (state === 'lost') return;
        socket.destroy();
        this.problem = message;
        const error = new ConnectionLost(message);
        // One that worked is tried again at once: a shard that was restarted may be back.
        if (state === 'opening') this.retryAtMs = performance.now() + retryMs;
        reject(error);
        if (state === 'open') {
          this.socket = undefined;
          this.lostAtMs = performance.now();
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
      socket.once(readyEvent, () => socket.write(encodeFrame(0, handshake.hello())));
      socket.on('error', (error) => lost(brokenBy(error, readyEvent)));
      socket.on('close', () => lost('the connection to the shard ended'));
      socket.on('data', (chunk) => {
        try {
          for (const frame of reader.push(chunk)) {
            this.pulse.heard();
            const reply = frame.message as Reply;
            if (state === 'open') {
              this.take(frame.request)?.resolve(reply);
              continue;
            }
            const step = handshake.step(reply);
            if ('problem' in step) lost(step.problem);
            else if ('send' in step) socket.write(encodeFrame(0, step.send));
            else {
              state = 'open';
              this.protocol = step.open;
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

  private fail(error: OmniError): void {
    for (const request of [...this.waiting.keys()]) this.take(request)?.reject(error);
  }
}

function tooMany(): OmniError {
  return new OmniError('overloaded', 'too many requests to a shard');
}

const gaveUp = (): OmniError => new OmniError('deadline_exceeded', 'the caller went away');
