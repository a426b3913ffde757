import type { TraceContext } from './trace-context.js';

/** OpenTelemetry's names of ways to choose what is traced. */
export type SamplerName =
  | 'always_on'
  | 'always_off'
  | 'traceidratio'
  | 'parentbased_always_on'
  | 'parentbased_always_off'
  | 'parentbased_traceidratio';

/** Whether a request is traced: by its trace, and by what its caller has decided where there is one. */
export type Sampler = (traceId: string, parent: TraceContext | undefined) => boolean;

const PARENT_BASED = 'parentbased_';
/** Digits of a trace id that are random by W3C's second level, and how many values they have. */
const RANDOM_DIGITS = 14;
const RANDOM_VALUES = 2 ** 56;

/**
 * @param ratio part of all traces, of the samplers by ratio: the same traces whoever decides (the threshold of
 *   OpenTelemetry's consistent sampling, on the last 56 bits of the id)
 */
export function samplerOf(name: SamplerName, ratio: number): Sampler {
  if (name.startsWith(PARENT_BASED)) {
    const root = samplerOf(name.slice(PARENT_BASED.length) as SamplerName, ratio);
    return (traceId, parent) => parent?.isSampled ?? root(traceId, undefined);
  }
  if (name !== 'traceidratio') return () => name === 'always_on';
  const threshold = (1 - ratio) * RANDOM_VALUES;
  return (traceId) => parseInt(traceId.slice(-RANDOM_DIGITS), 16) >= threshold;
}
