import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { MetricsPage } from './metrics-page.js';

export interface MetricsServerOptions {
  host: string;
  /** 0 takes any free one. */
  port: number;
  /** What `/metrics` wants; undefined: it is there for this machine alone. */
  adminKey: string | undefined;
  /** `host` is a loopback address. */
  loopback: boolean;
}

/** Scrapers and probes are few. */
const MAX_CONNECTIONS = 64;
const PATIENCE_MS = 5_000;
/** How often it is looked whose patience is over. */
const CHECK_MS = 1_000;
const JSON_TYPE = 'application/json; charset=utf-8';

interface Reply {
  status: number;
  body: string;
  headers?: Record<string, string>;
}

/** `/metrics`, `/livez` and `/readyz` of a process that serves no other HTTP. */
export class MetricsServer {
  private readonly server: Server;
  private reason: () => string | undefined = () => 'starting';

  constructor(
    private readonly page: MetricsPage,
    private readonly options: MetricsServerOptions,
  ) {
    const limits = {
      ...{ headersTimeout: PATIENCE_MS, requestTimeout: PATIENCE_MS },
      connectionsCheckingInterval: CHECK_MS,
    };
    this.server = createServer(limits, (request, response) => void this.answer(request, response));
    this.server.maxConnections = MAX_CONNECTIONS;
  }

  /** Resolves with the port that is listened on. */
  async listen(): Promise<number> {
    const { host, port } = this.options;
    this.server.listen(port, host);
    await once(this.server, 'listening');
    return (this.server.address() as AddressInfo).port;
  }

  /** From now on `reason` says why the process cannot do its work; undefined: it can. */
  readyUnless(reason: () => string | undefined): void {
    this.reason = reason;
  }

  async close(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, body, headers } = await this.replyTo(request).catch((): Reply =>
      failure(500, 'internal', 'internal error'),
    );
    const type = { 'content-type': JSON_TYPE, 'cache-control': 'no-store', ...headers };
    response.writeHead(status, { ...type, 'content-length': Buffer.byteLength(body) });
    response.end(request.method === 'HEAD' ? undefined : body);
  }

  private async replyTo(request: IncomingMessage): Promise<Reply> {
    const [path] = (request.url ?? '').split('?');
    if (path !== '/metrics' && path !== '/livez' && path !== '/readyz') {
      return failure(404, 'not_found', 'there is no such route');
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return failure(405, 'method_not_allowed', 'use GET', { allow: 'GET, HEAD' });
    }
    if (path === '/livez') return OK;
    if (path === '/readyz') {
      const reason = this.reason();
      if (reason === undefined) return OK;
      return failure(503, 'unavailable', `not ready: ${reason}`, { 'retry-after': '1' });
    }
    const problem = this.refusal(request);
    if (problem !== undefined) {
      return failure(401, 'unauthorized', problem, { 'www-authenticate': 'Bearer' });
    }
    const body = await this.page.render();
    return { status: 200, body, headers: { 'content-type': this.page.contentType } };
  }

  /** Undefined for who may see the figures. */
  private refusal({ headers }: IncomingMessage): string | undefined {
    const { adminKey, loopback } = this.options;
    if (adminKey === undefined) {
      if (loopback) return undefined;
      return 'this process listens beyond loopback: set ADMIN_KEY for this page';
    }
    const [, bearer] = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '') ?? [];
    const token = bearer ?? headers['x-omnisearch-key'];
    const isRight = typeof token === 'string' && timingSafeEqual(sha256(token), sha256(adminKey));
    return isRight ? undefined : 'a valid key is needed: Authorization: Bearer KEY';
  }
}

const OK: Reply = { status: 200, body: '{"status":"ok"}' };

function failure(
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = {},
): Reply {
  return {
    ...{ status, headers },
    body: JSON.stringify({ error: { code, message, request_id: randomUUID() } }),
  };
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
