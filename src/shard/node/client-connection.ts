import type { Socket } from 'node:net';
import { Cancellation, type CancelSignal } from '../../core/cancellation.js';
import { encodeFrame, FrameReader, MAX_FRAME_BYTES, type Frame } from '../../protocol/frames.js';
import type { Failure, Message, Reply, Request } from '../../protocol/messages.js';
import { ServerHandshake, type HandshakeOptions } from './handshake.js';

/** What a stranger may make this process hold, and for how long, in all. */
const GREETING_BYTES = 4 * 1024;
const GREETING_MS = 5_000;
/** After the last word to a client: then the descriptor is closed, whatever it does. */
const LINGER_MS = 500;
/** Requests of one client that are not answered yet: above what a query node has under way. */
const MAX_OUTSTANDING = 4_096;

/** What a client asks once it is known. */
export type ClientRequest = Exclude<Request, { type: 'hello' | 'proof' | 'cancel' }>;

export interface ReaderLimits {
  /** Bytes of answers a client may leave unread before it is cut off. */
  maxUnreadBytes: number;
  /** How long it may leave any unread, milliseconds. */
  unreadMs: number;
}

export const READER_LIMITS: ReaderLimits = { maxUnreadBytes: 64 * 1024 * 1024, unreadMs: 30_000 };

/** What a connection asks of its server. */
export interface ConnectionHandlers {
  /** Never rejects. Aborted when nobody waits for the answer any more. */
  answer: (request: ClientRequest, signal: CancelSignal) => Promise<Reply | undefined>;
  /** The client sent what no client of ours would. */
  onNonsense: (error: unknown) => void;
  onClose: () => void;
}

/**
 * One client of a shard.
 *
 *   greeting ──hello, proof──> open ──close, nonsense, unread answers──> closed
 *      └─ deadline, refusal, too many bytes ──────────────────────────────^
 */
export class ClientConnection {
  private readonly reader = new FrameReader(GREETING_BYTES);
  private readonly handshake: ServerHandshake;
  private state: 'greeting' | 'open' | 'ended' = 'greeting';
  private readonly outstanding = new Map<number, Cancellation>();
  /** Ends the greeting, or a client that does not read. */
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly socket: Socket,
    options: HandshakeOptions,
    private readonly limits: ReaderLimits,
    private readonly handlers: ConnectionHandlers,
  ) {
    this.handshake = new ServerHandshake(options);
    this.destroyAfter(GREETING_MS);
    socket.on('close', () => this.closed());
    socket.on('error', () => socket.destroy());
    socket.on('drain', () => {
      if (this.state === 'open') this.stopTimer();
    });
    socket.on('data', (chunk) => this.read(chunk));
  }

  /** Takes no more requests; the descriptor is gone soon, whatever the client does. */
  end(): void {
    this.state = 'ended';
    this.socket.end();
    this.destroyAfter(LINGER_MS);
  }

  private read(chunk: Buffer): void {
    try {
      for (const frame of this.reader.push(chunk)) {
        if (this.socket.destroyed || this.state === 'ended') return;
        if (this.state === 'open') this.handle(frame);
        else this.greet(frame);
      }
    } catch (error) {
      this.handlers.onNonsense(error);
      this.socket.destroy();
    }
  }

  private greet({ message }: Frame): void {
    const step = this.handshake.step(message);
    if (step === undefined) {
      this.socket.destroy();
      return;
    }
    this.socket.write(encodeFrame(0, step.reply));
    if (step.next === 'end') this.end();
    if (step.next !== 'open') return;
    this.state = 'open';
    this.reader.limitBytes = MAX_FRAME_BYTES;
    this.stopTimer();
  }

  private handle({ request, message }: Frame): void {
    if (message.type === 'cancel') {
      this.outstanding.get(message.request)?.abort();
      return;
    }
    if (!isRequest(message)) throw new Error(`a client does not send ${message.type}`);
    if (this.outstanding.size >= MAX_OUTSTANDING) {
      this.reply(request, TOO_MANY);
      return;
    }
    const cancellation = new Cancellation();
    this.outstanding.set(request, cancellation);
    void this.handlers.answer(message, cancellation).then((reply) => {
      if (this.outstanding.get(request) === cancellation) this.outstanding.delete(request);
      if (reply !== undefined && !cancellation.aborted) this.reply(request, reply);
    });
  }

  private reply(request: number, message: Reply): void {
    const { socket, limits } = this;
    if (socket.destroyed) return;
    if (socket.writableLength > limits.maxUnreadBytes) socket.destroy();
    else if (!socket.write(frameOf(request, message)) && this.timer === undefined) {
      this.destroyAfter(limits.unreadMs);
    }
  }

  private closed(): void {
    this.stopTimer();
    for (const each of this.outstanding.values()) each.abort();
    this.handlers.onClose();
  }

  private destroyAfter(ms: number): void {
    this.stopTimer();
    this.timer = setTimeout(() => this.socket.destroy(), ms);
  }

  private stopTimer(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}

function isRequest(message: Message): message is ClientRequest {
  return REQUESTS.has(message.type);
}

const REQUESTS: ReadonlySet<string> = new Set<ClientRequest['type']>([
  'search',
  'words',
  'nudge',
  'reach',
  'await',
  'status',
  'offer',
  'read',
  'end-transfer',
]);

/** Tens of thousands of hits with long ids are more than a frame holds. */
function frameOf(request: number, message: Reply): Buffer {
  try {
    return encodeFrame(request, message);
  } catch (error) {
    return encodeFrame(request, { type: 'failure', code: 'internal', message: String(error) });
  }
}

const TOO_MANY: Failure = {
  type: 'failure',
  code: 'overloaded',
  message: 'too many requests of this connection are under way',
};
