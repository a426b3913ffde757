import type { Logger } from '../core/logger.js';
import type { Span, SpanAttributes, Tracer } from '../core/span.js';
import { Outbox } from './outbox.js';
import { newTraceId } from './random-ids.js';
import { attributeOf, RecordedSpan } from './recorded-span.js';
import type { Sampler } from './sampler.js';
import { readTraceparent } from './trace-context.js';
import { followClock } from './wall-clock.js';

export interface OtlpOptions {
  /** Where traces are sent: OTLP over HTTP, JSON. */
  url: URL;
  headers: Readonly<Record<string, string>>;
  timeoutMs: number;
  /** What made the spans: `service.name` and the rest. */
  resource: SpanAttributes;
  version: string;
  sampler: Sampler;
  /** Spans that may wait, how many go in one request, and how long the first waits for others. */
  queueSpans: number;
  batchSpans: number;
  delayMs: number;
}

/** Of one trace in one process: a batch of searches is not to push out everybody else's. */
const MAX_SPANS_A_TRACE = 512;

/** Writes spans down, and sends them in batches. */
export class OtlpTracer implements Tracer {
  private readonly outbox: Outbox;
  private readonly sampler: Sampler;

  constructor(options: OtlpOptions, logger: Pick<Logger, 'warn'>) {
    const { url, timeoutMs, queueSpans, batchSpans, delayMs } = options;
    this.sampler = options.sampler;
    const before = envelopeOf(options);
    this.outbox = new Outbox(
      {
        ...{ url, timeoutMs, delayMs, limit: queueSpans, batch: batchSpans, what: 'traces' },
        headers: { 'content-type': 'application/json', ...options.headers },
        write: (spans) => {
          followClock();
          return `${before}${spans.join(',')}]}]}]}`;
        },
      },
      logger,
    );
  }

  begin(
    name: string,
    traceparent: string | undefined,
    attributes?: SpanAttributes,
  ): Span | undefined {
    const parent = readTraceparent(traceparent);
    const traceId = parent?.traceId ?? newTraceId();
    if (!this.sampler(traceId, parent)) return undefined;
    const record = (span: string): void => this.outbox.add(span);
    const trace = { traceId, record, left: MAX_SPANS_A_TRACE };
    return new RecordedSpan(trace, name, 'server', parent?.spanId, attributes);
  }

  /** Spans that were lost so far. */
  get dropped(): number {
    return this.outbox.dropped;
  }

  /** Sends what waits, for no longer than `timeoutMs`. */
  close(timeoutMs: number): Promise<void> {
    return this.outbox.close(timeoutMs);
  }
}

/** An `ExportTraceServiceRequest` up to its first span. */
function envelopeOf({ resource, version }: OtlpOptions): string {
  const attributes = Object.entries(resource).map(([key, value]) => attributeOf(key, value));
  const scope = { name: 'omnisearch', version };
  const head = JSON.stringify({ resource: { attributes }, scopeSpans: [{ scope, spans: [] }] });
  return `{"resourceSpans":[${head.slice(0, -']}]}'.length)}`;
}
