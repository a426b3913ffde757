import { unlink } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Deadline } from '../core/deadline.js';
import { OmniError, toOmniError } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { encodeFrame, FrameReader, MAX_FRAME_BYTES, type Frame } from '../protocol/frames.js';
import type { Failure, FailureCode, Reply, SearchLeaf } from '../protocol/messages.js';
import { addressOf, endpointOf, type ShardAddress } from '../protocol/shard-address.js';
import { Greeting, type GreetingOptions } from './greeting.js';
import { SearchQueue } from './search-queue.js';
import type { ShardNode } from './shard-node.js';

export interface ShardServerOptions extends GreetingOptions {
  /** Port 0 takes any free one. */
  address: ShardAddress;
  /** Searches waiting at once; past it `overloaded`. */
  queueLimit: number;
}

/** Bytes of answers a client may leave unread before it is cut off. */
const MAX_UNREAD_BYTES = 64 * 1024 * 1024;
/** What a stranger may make this process hold, and for how long. */
const GREETING_BYTES = 4 * 1024;
const GREETING_TIMEOUT_MS = 5_000;

/** Speaks the protocol for a `ShardNode`: handshake, queue, deadlines, cancellation. */
export class ShardServer {
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private readonly queue: SearchQueue;
  private closing = false;
  /** Searches that wait for the placement. */
  private lookUps = 0;

  constructor(
    private readonly node: ShardNode,
    private readonly options: ShardServerOptions,
    private readonly logger: Logger,
  ) {
    this.queue = new SearchQueue(options.queueLimit);
    this.server = createServer({ noDelay: true }, (socket) => this.accept(socket));
  }

  /** Resolves with the address that is listened on. */
  async listen(): Promise<ShardAddress> {
    const endpoint = endpointOf(this.options.address);
    // A socket file that a killed process left behind refuses the next one.
    if ('path' in endpoint) await unlink(endpoint.path).catch(() => undefined);
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.once('listening', () => {
        this.server.removeListener('error', reject);
        // Too many open files, say: one connection is refused, the others go on.
        this.server.on('error', (error) => {
          this.logger.error({ error: String(error) }, 'a connection could not be accepted');
        });
      });
      this.server.listen(endpoint, resolve);
    });
    if ('path' in endpoint) return endpoint.path;
    return addressOf({ ...endpoint, port: (this.server.address() as AddressInfo).port });
  }

  /** Stops listening, lets running searches end, closes connections. */
  async close(): Promise<void> {
    this.closing = true;
    const closed = new Promise((resolve) => this.server.close(resolve));
    await this.queue.drained();
    for (const socket of this.sockets) socket.end();
    const timer = setTimeout(() => this.sockets.forEach((socket) => socket.destroy()), 200);
    await closed;
    clearTimeout(timer);
  }

  private accept(socket: Socket): void {
    this.sockets.add(socket);
    const reader = new FrameReader(GREETING_BYTES);
    const greeting = new Greeting(this.options);
    let greeted = false;
    socket.setTimeout(GREETING_TIMEOUT_MS, () => socket.destroy());
    socket.on('close', () => {
      this.sockets.delete(socket);
      this.queue.cancelAll(socket);
    });
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      try {
        for (const frame of reader.push(chunk)) {
          if (greeted) this.handle(socket, frame);
          else if (greet(socket, greeting, frame)) {
            greeted = true;
            reader.limitBytes = MAX_FRAME_BYTES;
            socket.setTimeout(0);
          }
        }
      } catch (error) {
        this.logger.warn({ error: String(error) }, 'a client sent nonsense');
        socket.destroy();
      }
    });
  }

  private handle(socket: Socket, { request, message }: Frame): void {
    switch (message.type) {
      case 'search':
        this.search(socket, request, message);
        break;
      case 'cancel':
        this.queue.cancel(socket, message.request);
        break;
      case 'judged':
        this.node.judged(message);
        break;
      case 'nudge':
        this.node.nudge(message.tenant);
        break;
      case 'await':
        void this.node.awaitApplied(message).then(
          (applied) => reply(socket, request, { type: 'applied', applied }),
          (error: unknown) => reply(socket, request, failure(error)),
        );
        break;
      case 'status':
        void this.node.status().then(
          (status) => reply(socket, request, status),
          (error: unknown) => reply(socket, request, failure(error)),
        );
        break;
      case 'hello':
      case 'proof':
      case 'challenge':
      case 'welcome':
      case 'hits':
      case 'applied':
      case 'failure':
        socket.destroy();
    }
  }

  private search(socket: Socket, request: number, message: SearchLeaf): void {
    if (this.closing) {
      reply(socket, request, failure(new OmniError('unavailable', 'the shard is closing')));
      return;
    }
    const deadline = Deadline.after(message.budgetMs);
    const run = async (): Promise<void> => {
      try {
        deadline.check('waiting in the shard');
        reply(socket, request, await this.node.search(message, deadline));
      } catch (error) {
        if (toOmniError(error).code === 'internal') this.logger.error(error, 'a search failed');
        reply(socket, request, failure(error));
      }
    };
    const enqueue = (): void => {
      if (!this.queue.add({ owner: socket, request, run })) reply(socket, request, OVERLOADED);
    };
    // Before its turn in the queue: the searches behind it do not wait for the store.
    const lookingUp = this.node.lookUp(message, deadline);
    if (lookingUp === undefined) enqueue();
    else if (this.lookUps >= this.options.queueLimit) reply(socket, request, OVERLOADED);
    else {
      this.lookUps += 1;
      void lookingUp.then(() => {
        this.lookUps -= 1;
        enqueue();
      });
    }
  }
}

const OVERLOADED: Failure = {
  type: 'failure',
  code: 'overloaded',
  message: 'too many searches are waiting',
};

/** Answers a client that is not known yet; returns whether it is now. */
function greet(socket: Socket, greeting: Greeting, { message }: Frame): boolean {
  const step = greeting.step(message);
  if (step === undefined) {
    socket.destroy();
    return false;
  }
  reply(socket, 0, step.reply);
  if (step.next === 'end') socket.end();
  return step.next === 'open';
}

function reply(socket: Socket, request: number, message: Reply): void {
  if (socket.destroyed) return;
  if (socket.writableLength > MAX_UNREAD_BYTES) socket.destroy();
  else socket.write(encodeFrame(request, message));
}

const FAILURES: ReadonlySet<string> = new Set<FailureCode>([
  'overloaded',
  'deadline_exceeded',
  'unavailable',
]);

function failure(error: unknown): Failure {
  const { code, message } = toOmniError(error);
  const known = FAILURES.has(code) ? (code as FailureCode) : 'internal';
  return { type: 'failure', code: known, message };
}
