import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A span as OTLP has it in JSON. */
export interface ReceivedSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  status: { code?: number; message?: string };
  attributes: { key: string; value: Record<string, string | number | boolean> }[];
  /** `omnisearch.role` and `omnisearch.shard` of what sent it. */
  from: string;
}

interface Attribute {
  key: string;
  value: { stringValue?: string };
}
interface ExportedTraces {
  resourceSpans: {
    resource: { attributes: Attribute[] };
    scopeSpans: { spans: Omit<ReceivedSpan, 'from'>[] }[];
  }[];
}

export interface ReceivedPost {
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** Takes what processes tell of themselves, as a collector and as Sentry. */
export class Receiver {
  readonly posts: ReceivedPost[] = [];
  /** What the next posts are answered with; 200 where nothing is said. */
  readonly answers: { status: number; headers?: Record<string, string> }[] = [];
  private readonly server: Server;
  url = '';

  private constructor() {
    this.server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      request.on('end', () => {
        this.posts.push({ url: request.url ?? '', headers: request.headers, body });
        const { status, headers = {} } = this.answers.shift() ?? { status: 200 };
        response.writeHead(status, headers).end('{}');
      });
    });
  }

  static async start(): Promise<Receiver> {
    const receiver = new Receiver();
    await new Promise<void>((resolve) => receiver.server.listen(0, '127.0.0.1', resolve));
    receiver.url = `http://127.0.0.1:${(receiver.server.address() as AddressInfo).port}`;
    return receiver;
  }

  /** `DSN` of a project here. */
  get dsn(): string {
    return `${this.url.replace('//', '//publickey@')}/42`;
  }

  get spans(): ReceivedSpan[] {
    const traces = this.posts.filter(({ url }) => url === '/v1/traces');
    return traces.flatMap(({ body }) => spansOf(JSON.parse(body) as ExportedTraces));
  }

  /** Lines of each envelope. */
  get envelopes(): Record<string, unknown>[][] {
    const sent = this.posts.filter(({ url }) => url === '/api/42/envelope/');
    return sent.map(({ body }) =>
      body
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    );
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

function spansOf({ resourceSpans }: ExportedTraces): ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const named = (wanted: string): string =>
      resource.attributes.find(({ key }) => key === wanted)?.value.stringValue ?? '';
    const from = `${named('omnisearch.role')} ${named('omnisearch.shard')}`.trim();
    return scopeSpans.flatMap(({ spans }) => spans.map((span) => ({ ...span, from })));
  });
}
