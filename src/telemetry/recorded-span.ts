import { toOmniError } from '../core/errors.js';
import type { Span, SpanAttribute, SpanAttributes, SpanKind } from '../core/span.js';
import { newSpanId } from './random-ids.js';
import { traceparentOf } from './trace-context.js';
import { unixNanos } from './wall-clock.js';

/** What the spans of one trace in this process have in common. */
export interface RecordedTrace {
  traceId: string;
  /** Takes what has ended, as JSON. */
  record(span: string): void;
  /** Spans that may still be begun: a batch of searches is not to fill the queue by itself. Who begins one takes it. */
  left: number;
}

/** Numbers of `SpanKind` in OTLP. */
const KINDS: Record<SpanKind, number> = { internal: 1, server: 2, client: 3 };
const STATUS_ERROR = 2;

/** A span that is written down when it ends, as OTLP has it in JSON. */
export class RecordedSpan implements Span {
  private readonly spanId = newSpanId();
  private readonly startedMs = performance.now();
  private readonly attributes: [name: string, value: SpanAttribute][];
  /** Its place was taken as it began: of a trace with too many the first are kept, whatever ends before them. */
  private readonly isRecorded: boolean;
  private hasEnded = false;

  constructor(
    private readonly trace: RecordedTrace,
    private readonly name: string,
    private readonly kind: SpanKind,
    private readonly parentId: string | undefined,
    attributes: SpanAttributes = {},
  ) {
    this.attributes = Object.entries(attributes);
    this.isRecorded = this.takePlace();
  }

  get traceId(): string {
    return this.trace.traceId;
  }

  get traceparent(): string {
    return traceparentOf(this.trace.traceId, this.spanId);
  }

  child(name: string, kind: SpanKind = 'internal', attributes?: SpanAttributes): Span {
    return new RecordedSpan(this.trace, name, kind, this.spanId, attributes);
  }

  past(name: string, startedMs: number, attributes: SpanAttributes = {}): void {
    if (!this.takePlace()) return;
    this.trace.record(
      spanJson({
        ...{ traceId: this.trace.traceId, spanId: newSpanId(), parentId: this.spanId },
        ...{ name, kind: 'internal', startedMs, attributes: Object.entries(attributes) },
        failure: undefined,
      }),
    );
  }

  set(name: string, value: SpanAttribute): void {
    this.attributes.push([name, value]);
  }

  end(error?: unknown): void {
    if (this.hasEnded || !this.isRecorded) return;
    this.hasEnded = true;
    const { name, kind, spanId, parentId, startedMs, attributes } = this;
    // The code alone: a message may hold what was asked for.
    const failure = error === undefined ? undefined : toOmniError(error).code;
    const { traceId } = this.trace;
    this.trace.record(
      spanJson({ traceId, spanId, parentId, name, kind, startedMs, attributes, failure }),
    );
  }

  private takePlace(): boolean {
    if (this.trace.left <= 0) return false;
    this.trace.left -= 1;
    return true;
  }
}

interface EndedSpan {
  traceId: string;
  spanId: string;
  parentId: string | undefined;
  name: string;
  kind: SpanKind;
  startedMs: number;
  attributes: readonly (readonly [string, SpanAttribute])[];
  failure: string | undefined;
}

/** A `Span` of opentelemetry/proto/trace/v1 in the JSON of OTLP: ids in hexadecimal, 64-bit numbers as text. */
function spanJson(span: EndedSpan): string {
  const { traceId, spanId, parentId, name, kind, startedMs, attributes, failure } = span;
  // By hand: a trace has dozens, and this is most of what one costs.
  const parent = parentId === undefined ? '' : `"parentSpanId":"${parentId}",`;
  const status = failure === undefined ? '' : `"code":${STATUS_ERROR},"message":"${failure}"`;
  const told = attributes.map(([key, value]) => JSON.stringify(attributeOf(key, value))).join(',');
  return (
    `{"traceId":"${traceId}","spanId":"${spanId}",${parent}"name":${JSON.stringify(name)},` +
    `"kind":${KINDS[kind]},"startTimeUnixNano":"${unixNanos(startedMs)}",` +
    `"endTimeUnixNano":"${unixNanos(performance.now())}","attributes":[${told}],"status":{${status}}}`
  );
}

/** An attribute as OTLP has it. */
export function attributeOf(key: string, value: SpanAttribute): object {
  if (typeof value === 'string') return { key, value: { stringValue: value } };
  if (typeof value === 'boolean') return { key, value: { boolValue: value } };
  const isWhole = Number.isInteger(value);
  return { key, value: isWhole ? { intValue: String(value) } : { doubleValue: value } };
}
