/** What one side of a span does to the other (OpenTelemetry's kinds). */
export type SpanKind = 'internal' | 'server' | 'client';

export type SpanAttribute = string | number | boolean;
export type SpanAttributes = Readonly<Record<string, SpanAttribute>>;

/**
 * A piece of work for one request, as a trace shows it. There is one only where the request is traced: everywhere else
 * it is undefined, and nothing is done for it.
 */
export interface Span {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** As W3C's header of that name, for whoever is asked on behalf of it. */
  readonly traceparent: string;
  /** Begins a part of it. */
  child(name: string, kind?: SpanKind, attributes?: SpanAttributes): Span;
  /** A part of it that began at `startedMs` (of `performance.now()`) and ends now. */
  past(name: string, startedMs: number, attributes?: SpanAttributes): void;
  set(name: string, value: SpanAttribute): void;
  /** Once; `error`: what became of it. */
  end(error?: unknown): void;
}

/** Begins the spans of what comes from outside. */
export interface Tracer {
  /**
   * The first span of this process for a request. Undefined where the request is not traced.
   *
   * @param traceparent as it came with the request; what is none counts as absent
   */
  begin(
    name: string,
    traceparent: string | undefined,
    attributes?: SpanAttributes,
  ): Span | undefined;
}

/** `work` as a part of `span`, which is told how it ends. */
export async function inSpan<T>(span: Span, work: () => Promise<T>): Promise<T> {
  try {
    const result = await work();
    span.end();
    return result;
  } catch (error) {
    span.end(error);
    throw error;
  }
}
