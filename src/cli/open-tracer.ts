import { hostname } from 'node:os';
import { ConfigError } from '../config/setting.js';
import type { Config } from '../config/settings.js';
import type { Logger } from '../core/logger.js';
import type { Tracer } from '../core/span.js';
import { packageVersion } from './package-file.js';
import type { Opened } from './run-role.js';

/** Below the endpoint, as OTLP over HTTP has it. */
const TRACES = 'v1/traces';
/** What a stop gives to the spans that wait. */
const CLOSE_MS = 1_000;

/** What writes traces; undefined where nobody takes any: then none of it is loaded. */
export async function openTracer(
  config: Config,
  role: string,
  logger: Logger,
  opened: Opened,
): Promise<Tracer | undefined> {
  const { otelExporterOtlpEndpoint: endpoint, environment, shard } = config;
  if (endpoint === undefined) return undefined;
  const { OtlpTracer } = await import('../telemetry/otlp-tracer.js');
  const { samplerOf } = await import('../telemetry/sampler.js');
  const tracer = new OtlpTracer(
    {
      url: urlOf(endpoint),
      headers: pairsOf(config.otelExporterOtlpHeaders),
      timeoutMs: config.otelExporterOtlpTimeout,
      resource: {
        'service.name': config.otelServiceName,
        'service.version': packageVersion(),
        'service.instance.id': `${hostname()}:${process.pid}`,
        'omnisearch.role': role,
        ...(role === 'shard-node' ? { 'omnisearch.shard': shard } : {}),
        ...(environment === undefined ? {} : { 'deployment.environment.name': environment }),
        ...pairsOf(config.otelResourceAttributes),
      },
      version: packageVersion(),
      sampler: samplerOf(config.otelTracesSampler, config.otelTracesSamplerArg),
      queueSpans: config.otelBspMaxQueueSize,
      batchSpans: config.otelBspMaxExportBatchSize,
      delayMs: config.otelBspScheduleDelay,
    },
    logger,
  );
  opened.add(() => tracer.close(CLOSE_MS));
  return tracer;
}

function urlOf(endpoint: string): URL {
  try {
    return new URL(TRACES, endpoint.endsWith('/') ? endpoint : `${endpoint}/`);
  } catch {
    throw new ConfigError(`OTEL_EXPORTER_OTLP_ENDPOINT must be a URL, got ${endpoint}`);
  }
}

/** `NAME=VALUE` with commas between, percent-encoded as W3C's baggage. */
function pairsOf(list = ''): Record<string, string> {
  const pairs = list.split(',').filter((pair) => pair.includes('='));
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      return [pair.slice(0, at), pair.slice(at + 1)].map((part) => decoded(part.trim()));
    }),
  ) as Record<string, string>;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
