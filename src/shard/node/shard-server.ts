import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, Server as TlsServer } from 'node:tls';
import { Budget } from '../../core/budget.js';
import type { CancelSignal } from '../../core/cancellation.js';
import { Deadline } from '../../core/deadline.js';
import { OmniError, toOmniError } from '../../core/errors.js';
import { CREDIT_MS, FairQueue } from '../../core/fair-queue.js';
import type { Logger } from '../../core/logger.js';
import { removeSocket } from '../../core/remove-socket.js';
import { inSpan, type Span, type Tracer } from '../../core/span.js';
import type { Certificate } from '../../core/tls-files.js';
import type {
  CountWords,
  Failure,
  FailureCode,
  Reply,
  SearchLeaf,
} from '../../protocol/messages.js';
import { addressOf, endpointOf, type ShardAddress } from '../../protocol/shard-address.js';
import {
  ClientConnection,
  READER_LIMITS,
  type ClientRequest,
  type ReaderLimits,
} from './client-connection.js';
import type { HandshakeOptions } from './handshake.js';
import { RequestCounts } from './request-counts.js';
import type { ShardNode } from './shard-node.js';

export interface ShardServerOptions extends HandshakeOptions {
  /** Port 0 takes any free one. */
  address: ShardAddress;
  /** Searches waiting at once, in all and of one tenant; past it `overloaded`. */
  queueLimit: number;
  tenantQueueLimit: number;
  /** Shown on TCP; undefined: there is no TLS. */
  tls?: Certificate | undefined;
  /** Of clients that do not read their answers. */
  readers?: ReaderLimits;
  /** Absent: nothing is traced. */
  tracer?: Tracer | undefined;
}

/** Of a search's time, what is left to bring its answer to the caller before he gives up. */
const REPLY_SHARE = 0.1;
const MAX_REPLY_MS = 20;
/** Whatever is asked for, no search costs a tenant more than a hundred. */
const MIN_WEIGHT = 0.01;
const MIN_TLS = 'TLSv1.3';
/** Whoever connects without TLS, or stays silent, is gone after that. */
const HANDSHAKE_LIMIT_MS = 2_000;

/** Speaks the protocol for a `ShardNode`: a fair queue of searches, deadlines, cancellation. */
export class ShardServer {
  private readonly server: Server | TlsServer;
  private readonly connections = new Set<ClientConnection>();
  private readonly queue: FairQueue;
  /** Searches that wait for the store, all at once. */
  private readonly lookUps: FairQueue;
  private closing = false;
  /** Since the start. */
  readonly requests = new RequestCounts();

  constructor(
    private readonly node: ShardNode,
    private readonly options: ShardServerOptions,
    private readonly logger: Logger,
  ) {
    this.queue = new FairQueue({
      what: 'searches',
      // They are CPU work on one thread: side by side all of them would only be late.
      concurrency: 1,
      creditMs: CREDIT_MS,
      maxWaiting: options.queueLimit,
      maxWaitingOfTenant: options.tenantQueueLimit,
    });
    this.lookUps = new FairQueue({
      what: 'searches',
      concurrency: options.queueLimit,
      concurrencyOfTenant: options.tenantQueueLimit,
      maxWaiting: 0,
      maxWaitingOfTenant: 0,
    });
    this.server = listener(options, (socket) => this.accept(socket));
  }

  /** Searches that wait, and for how long the first of them does. */
  get waiting(): { length: number; oldestMs: number } {
    return { length: this.queue.waitingCount, oldestMs: this.queue.oldestMs };
  }

  /** Resolves with the address that is listened on. */
  async listen(): Promise<ShardAddress> {
    const endpoint = endpointOf(this.options.address);
    if ('path' in endpoint) await removeSocket(endpoint.path);
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

  /** From now on clients are shown this one. */
  renew(certificate: Certificate): void {
    if (this.server instanceof TlsServer) {
      // It takes the place of all that was said of TLS before.
      this.server.setSecureContext({ ...certificate, minVersion: MIN_TLS });
    }
  }

  /** Stops listening, lets searches that wait or run end, closes connections. */
  async close(): Promise<void> {
    this.closing = true;
    const closed = new Promise((resolve) => this.server.close(resolve));
    await this.queue.drained();
    for (const connection of this.connections) connection.end();
    await closed;
  }

  private accept(socket: Socket): void {
    const connection = new ClientConnection(
      socket,
      this.options,
      this.options.readers ?? READER_LIMITS,
      {
        answer: async (request, signal) => {
          try {
            return await this.answer(request, signal);
          } catch (error) {
            return signal.aborted ? undefined : this.failed(error);
          }
        },
        onNonsense: (error) => {
          this.logger.warn({ error: String(error) }, 'a client sent nonsense');
        },
        onClose: () => this.connections.delete(connection),
      },
    );
    this.connections.add(connection);
  }

  /** Undefined for what wants no answer. Throws what the client is told instead of one. */
  private async answer(message: ClientRequest, signal: CancelSignal): Promise<Reply | undefined> {
    switch (message.type) {
      case 'search':
        return this.traced(message, signal, (budget) => this.node.search(message, budget));
      case 'words':
        return this.traced(message, signal, (budget) => this.node.countWords(message, budget));
      case 'nudge':
        this.node.nudge(message.tenant);
        return undefined;
      case 'reach':
        this.node.told(message.sample, message.score);
        return undefined;
      case 'await':
        return { type: 'applied', applied: await this.node.awaitApplied(message) };
      case 'status':
        return this.node.status();
      case 'offer':
        return this.node.offer(message);
      case 'read':
        return { type: 'range', bytes: await this.node.files.read(message) };
      case 'end-transfer':
        this.node.files.end(message.transfer);
        return undefined;
    }
  }

  /** As a part of the trace that it is asked for in. */
  private traced(
    message: SearchLeaf | CountWords,
    signal: CancelSignal,
    work: (budget: Budget) => Promise<Reply>,
  ): Promise<Reply> {
    const { shard, tracer } = this.options;
    const { type, tenant, trace } = message;
    const span = trace === undefined ? undefined : tracer?.begin(type, trace);
    if (span === undefined) return this.counted(message, signal, work);
    span.set('omnisearch.shard', shard);
    span.set('omnisearch.tenant', tenant);
    return inSpan(span, () => this.counted(message, signal, work, span));
  }

  private counted(
    message: SearchLeaf | CountWords,
    signal: CancelSignal,
    work: (budget: Budget) => Promise<Reply>,
    span?: Span,
  ): Promise<Reply> {
    return this.requests.count(message.type, signal, () =>
      this.inTurn(message, signal, work, span),
    );
  }

  private async inTurn(
    message: SearchLeaf | CountWords,
    signal: CancelSignal,
    work: (budget: Budget) => Promise<Reply>,
    span?: Span,
  ): Promise<Reply> {
    if (this.closing) throw new OmniError('unavailable', 'the shard is closing');
    const { tenant, budgetMs, weight = 1 } = message;
    const deadline = Deadline.after(budgetMs - Math.min(MAX_REPLY_MS, budgetMs * REPLY_SHARE));
    // Before its turn in the queue: the searches behind it do not wait for the store.
    const lookingUp = this.node.lookUp(message, deadline);
    const comeMs = performance.now();
    if (lookingUp !== undefined) await this.lookUps.run(tenant, () => lookingUp, { signal });
    const queuedMs = performance.now();
    span?.past('look_up', comeMs);
    return this.queue.run(
      tenant,
      (turn) => {
        span?.past('queue', queuedMs);
        deadline.check('waiting in the shard');
        const budget = new Budget(deadline, { signal, yieldTurn: () => turn.yield() });
        return work(budget);
      },
      { signal, weight: Math.max(MIN_WEIGHT, weight) },
    );
  }

  private failed(error: unknown): Failure {
    const { code, message } = toOmniError(error);
    if (code === 'internal') this.logger.error(error, 'a request failed');
    const known = FAILURES.has(code) ? (code as FailureCode) : 'internal';
    return { type: 'failure', code: known, message };
  }
}

/** Who is on the machine needs no TLS. */
function listener(
  { address, tls }: Pick<ShardServerOptions, 'address' | 'tls'>,
  accept: (socket: Socket) => void,
): Server | TlsServer {
  const noDelay = true;
  if (tls === undefined || 'path' in endpointOf(address)) return createServer({ noDelay }, accept);
  const limits = { minVersion: MIN_TLS, handshakeTimeout: HANDSHAKE_LIMIT_MS } as const;
  const server = createTlsServer({ ...tls, ...limits, noDelay }, accept);
  // Node leaves it open, also when its time is over.
  return server.on('tlsClientError', (_, socket) => socket.destroy());
}

const FAILURES: ReadonlySet<string> = new Set<FailureCode>([
  'overloaded',
  'deadline_exceeded',
  'unavailable',
]);
